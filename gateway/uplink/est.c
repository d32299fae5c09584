/* SPDX-License-Identifier: Apache-2.0 */
#include "uplink/est.h"

#include <errno.h>
#include <stdarg.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <time.h>

#include <openssl/pem.h>

#include "uplink/enrolment_files.h"
#include "uplink/enrolment_key.h"
#include "uplink/est_check.h"
#include "uplink/est_message.h"
#include "uplink/exchange_process.h"
#include "uplink/system.h"

#define REQUEST_MS 30000
#define UNSAID_S   30 /* between two requests where the ward does not say how long */
#define URL_MAX    (WARD_ENROLMENT_SERVER_MAX + 64)

struct attempt {
    struct ward_est_task *task;
    ward_est_step *step;
    void *userdata;
    uint64_t since_ms;                      /* when the present step began */
    char server[WARD_ENROLMENT_SERVER_MAX]; /* "HOST:PORT" */
    struct ward_enrolment_paths now, next;  /* what is in use, and what is made */
    X509 *authority, *present;              /* present: the certificate that is renewed */
    EVP_PKEY *key;
    char *authority_pem;
};

/* Ends a step. After DONE and FAILED there is no other. */
static void tell(struct attempt *attempt, enum ward_provision_outcome outcome, const char *step,
                 const char *format, ...) __attribute__((format(printf, 4, 5)));

static void tell(struct attempt *attempt, enum ward_provision_outcome outcome, const char *step,
                 const char *format, ...)
{
    const uint64_t at_ms = ward_system_now_us() / 1000;
    char text[WARD_LINK_TEXT_MAX + 1];
    va_list arguments;

    va_start(arguments, format);
    vsnprintf(text, sizeof(text), format, arguments);
    va_end(arguments);
    attempt->step(attempt->userdata, outcome, step, (uint32_t)(at_ms - attempt->since_ms), text);
    attempt->since_ms = at_ms;
}

/* ---- certificates as text ---- */

/* NULL for want of memory, or for nothing to write. */
static char *pem_of(X509 *first, STACK_OF(X509) * others, const X509 *authority)
{
    BIO *memory = BIO_new(BIO_s_mem());
    char *data = NULL, *text = NULL;
    long length = 0;
    bool good = memory && PEM_write_bio_X509(memory, first) == 1;

    for (int i = 0; good && i < sk_X509_num(others); i++) {
        X509 *other = sk_X509_value(others, i);

        if (X509_cmp(other, first) != 0 && X509_cmp(other, authority) != 0)
            good = PEM_write_bio_X509(memory, other) == 1;
    }
    if (good)
        length = BIO_get_mem_data(memory, &data);
    if (length > 0)
        text = strndup(data, (size_t)length);
    BIO_free(memory);
    return text;
}

static X509 *read_certificate(const char *path)
{
    FILE *file = fopen(path, "re");
    X509 *certificate = file ? PEM_read_X509(file, NULL, NULL, NULL) : NULL;

    if (file)
        fclose(file);
    return certificate;
}

/* ---- the server ---- */

static void url_of(const struct attempt *attempt, const char *what, char ret[static URL_MAX])
{
    snprintf(ret, URL_MAX, "https://%s/.well-known/est/%s", attempt->server, what);
}

/* RFC 7030 §4.1.3, §4.2.3: certificates come as this. */
static bool has_certificates(const struct ward_exchange_answer *answer)
{
    static const char type[] = "application/pkcs7-mime";

    return answer->status == 200 && strncasecmp(answer->content_type, type, sizeof(type) - 1) == 0;
}

/* What a server says in words, as far as it is short and printable, and does not repeat what it was told in secret. */
static void quote(const struct attempt *attempt, const struct ward_exchange_answer *answer,
                  char ret[static 96])
{
    const char *secret = attempt->task->code.secret;
    size_t length = strcspn(answer->body, "\r\n");

    ret[0] = '\0';
    if (strncasecmp(answer->content_type, "text/plain", 10) != 0 || length == 0 || length > 80)
        return;
    if (secret[0] && strcasestr(answer->body, secret))
        return;
    for (size_t i = 0; i < length; i++)
        if (answer->body[i] < ' ' || answer->body[i] > '~')
            return;
    snprintf(ret, 96, ": \"%.*s\"", (int)length, answer->body);
}

/* Whether the server answered, whatever; otherwise that has been told. */
static bool is_answered(struct attempt *attempt, const char *step,
                        const struct ward_exchange_request *request, struct ward_exchange_answer *ret)
{
    char why[WARD_EXCHANGE_WHY_MAX];

    ward_exchange_ask(request, -1, ret);
    if (ret->end == WARD_EXCHANGE_ANSWERED)
        return true;
    ward_exchange_why(ret, why);
    ward_exchange_answer_done(ret);
    tell(attempt, WARD_PROVISION_FAILED, step, "%s", why);
    return false;
}

static void tell_refusal(struct attempt *attempt, const char *step, const struct ward_exchange_answer *answer)
{
    char words[96];

    quote(attempt, answer, words);
    if (answer->status == 200)
        tell(attempt, WARD_PROVISION_FAILED, step,
             "%s answers with something else than certificates: is it the EST server?", attempt->server);
    else if (answer->status >= 300 && answer->status < 400)
        tell(attempt, WARD_PROVISION_FAILED, step,
             "%s sends us elsewhere (status %u), which is not followed: the code needs its true name",
             attempt->server, answer->status);
    else if (answer->status == 401 && !attempt->task->renew)
        tell(attempt, WARD_PROVISION_FAILED, step,
             "the ward does not take this code: it was used, or is too old. Ask for a new one%s", words);
    else if (answer->status == 404)
        tell(attempt, WARD_PROVISION_FAILED, step,
             "%s knows nothing of EST (status 404): is it the EST server?", attempt->server);
    else
        tell(attempt, WARD_PROVISION_FAILED, step, "the ward refuses (status %u)%s", answer->status, words);
}

/* ---- the steps; each returns whether the next may follow, and has told what came of it ---- */

static bool fetch_authority(struct attempt *attempt)
{
    const struct ward_enrolment_code *code = &attempt->task->code;
    char url[URL_MAX], wrong[WARD_EST_WRONG_MAX];
    const struct ward_exchange_request request = {
        .url = url, .unproved = true, .answer_max = WARD_EST_BODY_MAX, .timeout_ms = REQUEST_MS};
    struct ward_exchange_answer answer;
    STACK_OF(X509) *certificates = NULL;
    const char *how = NULL;

    url_of(attempt, "cacerts", url);
    if (!is_answered(attempt, "server", &request, &answer))
        return false;
    if (!has_certificates(&answer))
        tell_refusal(attempt, "server", &answer);
    else if (!(certificates = ward_est_certificates(answer.body, answer.length, &how)))
        tell(attempt, WARD_PROVISION_FAILED, "server", "what %s sends as its authority is %s",
             attempt->server, how);
    ward_exchange_answer_done(&answer);
    if (!certificates)
        return false;
    tell(attempt, WARD_PROVISION_STEP, "server", "%s answers", attempt->server);
    attempt->authority = ward_est_authority(certificates, code->fingerprint, wrong);
    if (attempt->authority && X509_up_ref(attempt->authority) == 1)
        attempt->authority_pem = pem_of(attempt->authority, NULL, attempt->authority);
    sk_X509_pop_free(certificates, X509_free);
    if (attempt->authority_pem)
        tell(attempt, WARD_PROVISION_STEP, "authority", "it is the one that the code names");
    else
        tell(attempt, WARD_PROVISION_FAILED, "authority",
             "%s. Nothing was sent. Try in another network, or ask for a new code",
             attempt->authority ? "out of memory" : wrong);
    return attempt->authority_pem != NULL;
}

/* What is kept: where to ask, whom to believe, what to renew. */
static bool recall(struct attempt *attempt)
{
    FILE *file = fopen(attempt->now.server, "re");

    if (file && fgets(attempt->server, sizeof(attempt->server), file))
        attempt->server[strcspn(attempt->server, "\r\n")] = '\0';
    if (file)
        fclose(file);
    attempt->authority = read_certificate(attempt->now.authority);
    attempt->present = read_certificate(attempt->now.certificate);
    if (attempt->authority)
        attempt->authority_pem = pem_of(attempt->authority, NULL, attempt->authority);
    if (attempt->server[0] && attempt->authority_pem && attempt->present)
        return true;
    tell(attempt, WARD_PROVISION_FAILED, "certificate",
         "there is none that can be renewed: enrol with a code");
    return false;
}

static bool make_key(struct attempt *attempt)
{
    char uri[sizeof("file:") + WARD_ENROLMENT_PATH_MAX];
    int result = ward_enrolment_files_begin(attempt->task->directory, &attempt->next);

    snprintf(uri, sizeof(uri), "file:%s", attempt->next.key);
    if (result == 0)
        result = ward_key_by_uri(uri, true, &attempt->key);
    if (result == 0)
        tell(attempt, WARD_PROVISION_STEP, "key", "there is a new one");
    else
        tell(attempt, WARD_PROVISION_FAILED, "key", "none can be made in %s: %s", attempt->task->directory,
             strerror(-result));
    return result == 0;
}

/* Asks until the ward has decided (RFC 7030 §4.2.3: the same request after a while). False when it has been told. */
static bool ask(struct attempt *attempt, const struct ward_exchange_request *request,
                struct ward_exchange_answer *ret)
{
    uint32_t waited_s = 0;

    for (;;) {
        uint32_t wait_s;
        bool is_said;

        if (!is_answered(attempt, "request", request, ret))
            return false;
        if (ret->status != 202)
            return true;
        is_said = ret->retry_after_s > 0;
        wait_s = is_said ? ret->retry_after_s : UNSAID_S;
        ward_exchange_answer_done(ret);
        if (wait_s > WARD_EST_PATIENCE_S - waited_s) {
            tell(attempt, WARD_PROVISION_FAILED, "request",
                 "the ward has not decided yet: %s, try again in %u min",
                 attempt->task->renew ? "the present certificate stays in use" : "the code stays good",
                 (wait_s + 59) / 60);
            return false;
        }
        tell(attempt, WARD_PROVISION_STEP, "waiting",
             is_said ? "the ward wants %u s to decide"
                     : "the ward has not decided: it is asked again in %u s",
             wait_s);
        (void)nanosleep(&(struct timespec){.tv_sec = (time_t)wait_s}, NULL);
        waited_s += wait_s;
    }
}

static bool request_certificate(struct attempt *attempt, STACK_OF(X509) * *ret)
{
    static const char headers[] = "Content-Type: application/pkcs10\n"
                                  "Content-Transfer-Encoding: base64\n"
                                  "Accept: application/pkcs7-mime\n";
    const struct ward_est_task *task = attempt->task;
    char url[URL_MAX], *body = ward_est_request(attempt->key, task->name, attempt->present);
    const struct ward_exchange_request request = {
        .url = url,
        .headers = headers,
        .body = body,
        .body_length = body ? strlen(body) : 0,
        .user = task->renew ? NULL : task->name,
        .password = task->renew ? NULL : task->code.secret,
        .ca_pem = attempt->authority_pem,
        .crl_file = task->crl[0] ? task->crl : NULL,
        .certificate = task->renew ? attempt->now.certificate : NULL,
        .key = task->renew ? attempt->now.key : NULL,
        .answer_max = WARD_EST_BODY_MAX,
        .timeout_ms = REQUEST_MS,
    };
    struct ward_exchange_answer answer;
    const char *how = NULL;
    bool asked;

    url_of(attempt, task->renew ? "simplereenroll" : "simpleenroll", url);
    if (!body) {
        tell(attempt, WARD_PROVISION_FAILED, "request", "out of memory");
        return false;
    }
    asked = ask(attempt, &request, &answer);
    free(body);
    if (!asked)
        return false;
    *ret = NULL;
    if (!has_certificates(&answer))
        tell_refusal(attempt, "request", &answer);
    else if (!(*ret = ward_est_certificates(answer.body, answer.length, &how)))
        tell(attempt, WARD_PROVISION_FAILED, "request", "what %s sends as our certificate is %s",
             attempt->server, how);
    else
        tell(attempt, WARD_PROVISION_STEP, "request", "the ward has answered with a certificate");
    ward_exchange_answer_done(&answer);
    return *ret != NULL;
}

static void check_and_keep(struct attempt *attempt, STACK_OF(X509) * certificates)
{
    const struct ward_est_wanted wanted = {.authority = attempt->authority,
                                           .key = attempt->key,
                                           .name = attempt->task->name,
                                           .now_s = time(NULL)};
    char wrong[WARD_EST_WRONG_MAX], *pem;
    struct ward_enrolment_contents contents = {
        .authority = attempt->authority_pem, .server = attempt->server, .renews = attempt->task->renew};
    X509 *own = ward_est_own(certificates, &wanted, wrong);
    struct tm end;
    int result;

    if (!own) {
        tell(attempt, WARD_PROVISION_FAILED, "certificate", "not used: %s", wrong);
        return;
    }
    (void)ASN1_TIME_to_tm(X509_get0_notAfter(own), &end); /* it could be compared */
    tell(attempt, WARD_PROVISION_STEP, "certificate", "it is this hub's, good until %04d-%02d-%02d",
         end.tm_year + 1900, end.tm_mon + 1, end.tm_mday);
    pem = pem_of(own, certificates, attempt->authority);
    contents.certificate = pem;
    result = pem ? ward_enrolment_files_keep(attempt->task->directory, &contents) : -ENOMEM;
    free(pem);
    if (result == 0)
        tell(attempt, WARD_PROVISION_DONE, "kept", "it is in use");
    else
        tell(attempt, WARD_PROVISION_FAILED, "kept", "it cannot be written to %s: %s",
             attempt->task->directory, strerror(-result));
}

static void run(struct attempt *attempt)
{
    STACK_OF(X509) *certificates = NULL;

    if (!(attempt->task->renew ? recall(attempt) : fetch_authority(attempt)) || !make_key(attempt) ||
        !request_certificate(attempt, &certificates))
        return;
    check_and_keep(attempt, certificates);
    sk_X509_pop_free(certificates, X509_free);
}

void ward_est_run(struct ward_est_task *task, ward_est_step *step, void *userdata)
{
    struct attempt attempt = {
        .task = task, .step = step, .userdata = userdata, .since_ms = ward_system_now_us() / 1000};
    const bool literal = strchr(task->code.host, ':') != NULL; /* an IPv6 address */

    (void)ward_enrolment_files_current(task->directory, &attempt.now);
    if (!task->renew)
        snprintf(attempt.server, sizeof(attempt.server), "%s%s%s:%u", literal ? "[" : "", task->code.host,
                 literal ? "]" : "", task->code.port);
    run(&attempt);
    explicit_bzero(task->code.secret, sizeof(task->code.secret));
    X509_free(attempt.authority);
    X509_free(attempt.present);
    EVP_PKEY_free(attempt.key);
    free(attempt.authority_pem);
}
