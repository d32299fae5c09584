/* SPDX-License-Identifier: Apache-2.0 */
#include "uplink/enrolment.h"

#include <errno.h>
#include <fcntl.h>
#include <pthread.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <time.h>
#include <unistd.h>

#include "uplink/certificate.h"
#include "uplink/est.h"
#include "uplink/log.h"
#include "uplink/renewal.h"
#include "uplink/system.h"

/* What goes through the pipe: short enough to be taken and given whole (PIPE_BUF). */
struct message {
    enum ward_provision_outcome outcome;
    uint32_t ms;
    char step[WARD_LINK_STEP_MAX + 1];
    char text[WARD_LINK_TEXT_MAX + 1];
};

/* The thread's own. */
struct attempt {
    struct ward_est_task task;
    int tell_to;
};

struct ward_enrolment {
    sd_event *event;
    struct ward_enrolment_options options;
    char directory[256], gateway[65], crl[256];
    struct ward_identity configured, identity;
    int tell_from;    /* -1: no attempt is under way */
    bool renewing;    /* what is under way, or was last */
    bool has_former;  /* no broker has taken the certificate in use yet, and there is the one before */
    pthread_t thread; /* of the attempt */
    char fault[WARD_ENROLMENT_FAULT_MAX];
    sd_event_source *answers;
    sd_event_source *renewal;
};

/* ---- the thread ---- */

static void pass_on(void *userdata, enum ward_provision_outcome outcome, const char *step, uint32_t ms,
                    const char *text)
{
    const struct attempt *attempt = userdata;
    struct message message = {.outcome = outcome, .ms = ms};
    ssize_t written;

    snprintf(message.step, sizeof(message.step), "%s", step);
    snprintf(message.text, sizeof(message.text), "%s", text);
    written = write(attempt->tell_to, &message, sizeof(message)); /* fails when nobody listens any more */
    (void)written;
}

static void *run_attempt(void *data)
{
    struct attempt *attempt = data;

    ward_est_run(&attempt->task, pass_on, attempt);
    close(attempt->tell_to);
    free(attempt);
    return NULL;
}

/* ---- what is in use ---- */

/* Whether the configuration's file has anything in it: the unit puts an empty line where the ward gave nothing. */
static bool has_something(const char *path)
{
    char text[64] = "";
    FILE *file = fopen(path, "re");
    size_t length = file ? fread(text, 1, sizeof(text) - 1, file) : 0;

    if (file)
        fclose(file);
    return strspn(text, " \r\n") < length;
}

static void look(struct ward_enrolment *enrolment)
{
    struct ward_enrolment_paths paths, former;
    struct ward_identity *identity = &enrolment->identity;
    const bool enrolled =
        enrolment->directory[0] && ward_enrolment_files_current(enrolment->directory, &paths);

    if (enrolled) {
        memcpy(identity->authority, paths.authority, sizeof(identity->authority));
        memcpy(identity->certificate, paths.certificate, sizeof(identity->certificate));
        memcpy(identity->key, paths.key, sizeof(identity->key));
    } else
        *identity = enrolment->configured;
    identity->renewed = enrolled;
    enrolment->has_former = enrolled && ward_enrolment_files_former(enrolment->directory, &former);
    /* Of two files one that is missing is a mistake to be told, and not a gateway that nobody has enrolled yet. */
    identity->present = enrolled || has_something(identity->certificate) || has_something(identity->key);
}

static int on_renewal(sd_event_source *source, uint64_t time_us, void *userdata);

static int on_pause_over(sd_event_source *source, uint64_t time_us, void *userdata);

/*
 * By the wall clock, and whenever that is set. again: one attempt has just ended, well or not; the next one comes a while
 * after that, also when the ward gives certificates that are in their last third from the beginning. That while is not of
 * the wall clock: if the attempt failed because the clock was wrong, the next one must not wait for that time to come.
 */
static void plan_renewal(struct ward_enrolment *enrolment, bool again)
{
    int64_t from_ms, until_ms, wait_ms;
    int result;

    enrolment->renewal = sd_event_source_disable_unref(enrolment->renewal);
    if (!enrolment->identity.renewed ||
        !ward_certificate_validity(enrolment->identity.certificate, &from_ms, &until_ms))
        return;
    if (again) {
        wait_ms = ward_renewal_retry_ms(from_ms, until_ms, ward_system_random());
        result = sd_event_add_time_relative(enrolment->event, &enrolment->renewal, CLOCK_BOOTTIME,
                                            (uint64_t)wait_ms * 1000, 0, on_pause_over, enrolment);
    } else
        result =
            sd_event_add_time(enrolment->event, &enrolment->renewal, CLOCK_REALTIME,
                              (uint64_t)ward_renewal_due_ms(from_ms, until_ms, ward_system_random()) * 1000,
                              0, on_renewal, enrolment);
    if (result < 0)
        sd_event_exit(enrolment->event, EXIT_FAILURE); /* nothing would renew it: be started anew */
}

static int on_pause_over(sd_event_source *source, uint64_t time_us, void *userdata)
{
    (void)source;
    (void)time_us;
    plan_renewal(userdata, false);
    return 0;
}

static void use_what_is_there(struct ward_enrolment *enrolment)
{
    look(enrolment);
    plan_renewal(enrolment, true);
    enrolment->options.changed(enrolment->options.userdata);
}

/* ---- what is told ---- */

static void tell(struct ward_enrolment *enrolment, enum ward_provision_outcome outcome, const char *step,
                 uint32_t ms, const char *text)
{
    const bool failed = outcome == WARD_PROVISION_FAILED;
    const enum ward_journal_matter matter = !failed               ? WARD_JOURNAL_NO_MATTER
                                            : enrolment->renewing ? WARD_JOURNAL_RENEWAL_FAILED
                                                                  : WARD_JOURNAL_ENROLMENT_FAILED;

    ward_log(failed ? LOG_ERR : LOG_INFO, matter, "enrolment: %s: %s (%u ms)", step, text, ms);
    enrolment->options.told(enrolment->options.userdata, outcome, step, ms, text);
}

/* wrong: why not all of it is gone, or NULL. */
static void tell_wiped(struct ward_enrolment *enrolment, const char *wrong)
{
    const char *text = wrong ? wrong : "the key and the certificate are gone";

    ward_log(wrong ? LOG_ERR : LOG_NOTICE, wrong ? WARD_JOURNAL_KEY_NOT_WIPED : WARD_JOURNAL_NO_MATTER,
             "retirement: %s", text);
    enrolment->options.told(enrolment->options.userdata, wrong ? WARD_PROVISION_FAILED : WARD_PROVISION_DONE,
                            "wipe", 0, text);
}

static void hear_no_more(struct ward_enrolment *enrolment)
{
    enrolment->answers = sd_event_source_disable_unref(enrolment->answers);
    close(enrolment->tell_from);
    enrolment->tell_from = -1;
}

/* It has told how it ended, and has only to put down what it holds. */
static void end_attempt(struct ward_enrolment *enrolment)
{
    hear_no_more(enrolment);
    pthread_join(enrolment->thread, NULL);
}

static int on_answer(sd_event_source *source, int descriptor, uint32_t events, void *userdata)
{
    struct ward_enrolment *enrolment = userdata;
    struct message message = {
        .outcome = WARD_PROVISION_FAILED, .step = "enrolment", .text = "it ended unheard"};
    ssize_t length = read(descriptor, &message, sizeof(message));

    (void)source;
    (void)events;
    (void)length; /* whole, or nothing when the thread could not tell how it ended */
    if (message.outcome != WARD_PROVISION_STEP)
        end_attempt(enrolment);
    if (message.outcome == WARD_PROVISION_DONE)
        use_what_is_there(enrolment);
    else if (message.outcome == WARD_PROVISION_FAILED)
        plan_renewal(enrolment, true);
    tell(enrolment, message.outcome, message.step, message.ms, message.text);
    return 0;
}

/* ---- what the broker makes of it ---- */

void ward_enrolment_taken(struct ward_enrolment *enrolment)
{
    if (!enrolment->has_former)
        return;
    enrolment->has_former = false;
    (void)ward_enrolment_files_forget_former(enrolment->directory); /* what stays is in nobody's way */
}

static bool is_good(const char *certificate)
{
    int64_t from_ms, until_ms;

    return ward_certificate_validity(certificate, &from_ms, &until_ms) &&
           (int64_t)time(NULL) * 1000 < until_ms;
}

void ward_enrolment_refused(struct ward_enrolment *enrolment)
{
    struct ward_enrolment_paths former;
    int result;

    if (!enrolment->has_former || enrolment->tell_from >= 0 ||
        !ward_enrolment_files_former(enrolment->directory, &former) || !is_good(former.certificate))
        return;
    result = ward_enrolment_files_go_back(enrolment->directory);
    ward_log(LOG_ERR, WARD_JOURNAL_RENEWAL_FAILED, "renewal: the broker refuses the new certificate: %s",
             result < 0 ? strerror(-result) : "the one before is in use again");
    use_what_is_there(enrolment);
}

/* ---- what is begun ---- */

static int begin(struct ward_enrolment *enrolment, const struct ward_est_task *task)
{
    struct attempt *attempt = calloc(1, sizeof(*attempt));
    int ends[2], result;

    if (!attempt)
        return -ENOMEM;
    if (pipe2(ends, O_CLOEXEC) < 0) {
        result = -errno;
        free(attempt);
        return result;
    }
    *attempt = (struct attempt){.task = *task, .tell_to = ends[1]};
    snprintf(attempt->task.directory, sizeof(attempt->task.directory), "%s", enrolment->directory);
    snprintf(attempt->task.crl, sizeof(attempt->task.crl), "%s", enrolment->crl);
    snprintf(attempt->task.name, sizeof(attempt->task.name), "%s", enrolment->gateway);
    enrolment->tell_from = ends[0];
    enrolment->renewing = task->renew;
    result = sd_event_add_io(enrolment->event, &enrolment->answers, ends[0], EPOLLIN, on_answer, enrolment);
    if (result >= 0)
        result = -pthread_create(&enrolment->thread, NULL, run_attempt, attempt);
    if (result < 0) {
        hear_no_more(enrolment);
        close(ends[1]);
        free(attempt);
        return result;
    }
    return 0;
}

static int on_renewal(sd_event_source *source, uint64_t time_us, void *userdata)
{
    struct ward_enrolment *enrolment = userdata;

    (void)source;
    (void)time_us;
    enrolment->renewal = sd_event_source_disable_unref(enrolment->renewal);
    if (enrolment->tell_from >= 0)
        return 0; /* it is planned anew when that ends */
    if (begin(enrolment, &(struct ward_est_task){.renew = true}) < 0)
        plan_renewal(enrolment, true);
    return 0;
}

static void retire(struct ward_enrolment *enrolment)
{
    const int result = ward_enrolment_files_wipe(enrolment->directory);

    use_what_is_there(enrolment);
    if (result < 0)
        tell_wiped(enrolment, strerror(-result));
    else if (enrolment->identity.present)
        tell_wiped(enrolment,
                   "what was enrolled is wiped; what the configuration names (certificate, key) is "
                   "not ours to wipe");
    else
        tell_wiped(enrolment, NULL);
}

/* Returns what is in the way, or NULL when it has begun. */
static const char *start(struct ward_enrolment *enrolment, enum ward_provision action, const char *code,
                         size_t code_length)
{
    struct ward_est_task task = {.renew = action == WARD_PROVISION_RENEW};
    int result;

    if (action == WARD_PROVISION_RENEW && !enrolment->identity.renewed)
        return "there is no certificate that was enrolled here: enrol with a code";
    if (action == WARD_PROVISION_ENROL &&
        !ward_enrolment_code_read(code, code_length, &task.code, enrolment->fault))
        return enrolment->fault;
    result = begin(enrolment, &task);
    explicit_bzero(&task.code, sizeof(task.code));
    return result < 0 ? strerror(-result) : NULL;
}

const char *ward_enrolment_provision(struct ward_enrolment *enrolment, enum ward_provision action,
                                     const char *code, size_t code_length)
{
    if (enrolment->tell_from >= 0)
        return action == WARD_PROVISION_RENEW ? NULL : "another attempt is under way: try again in a minute";
    if (!enrolment->directory[0])
        return "[hub] enrolled is empty: there is no place for a key";
    if (action != WARD_PROVISION_RETIRE)
        return start(enrolment, action, code, code_length);
    retire(enrolment);
    return NULL;
}

const struct ward_identity *ward_enrolment_identity(const struct ward_enrolment *enrolment)
{
    return &enrolment->identity;
}

int ward_enrolment_new(struct ward_enrolment **ret, const struct ward_enrolment_options *options)
{
    struct ward_enrolment *enrolment = calloc(1, sizeof(*enrolment));
    int result;

    if (!enrolment)
        return -ENOMEM;
    enrolment->event = sd_event_ref(options->event);
    enrolment->options = *options;
    enrolment->tell_from = -1;
    snprintf(enrolment->directory, sizeof(enrolment->directory), "%s", options->directory);
    snprintf(enrolment->gateway, sizeof(enrolment->gateway), "%s", options->gateway);
    snprintf(enrolment->crl, sizeof(enrolment->crl), "%s", options->files.crl);
    snprintf(enrolment->configured.authority, WARD_ENROLMENT_PATH_MAX, "%s", options->files.ca);
    snprintf(enrolment->configured.certificate, WARD_ENROLMENT_PATH_MAX, "%s", options->files.certificate);
    snprintf(enrolment->configured.key, WARD_ENROLMENT_PATH_MAX, "%s", options->files.key);
    result = enrolment->directory[0] ? ward_enrolment_files_settle(enrolment->directory) : 0;
    if (result < 0)
        ward_log(LOG_ERR, WARD_JOURNAL_ENROLMENT_FAILED, "enrolment: %s: %s", enrolment->directory,
                 strerror(-result));
    look(enrolment);
    plan_renewal(enrolment, false);
    *ret = enrolment;
    return 0;
}

struct ward_enrolment *ward_enrolment_free(struct ward_enrolment *enrolment)
{
    if (!enrolment)
        return NULL;
    sd_event_source_disable_unref(enrolment->renewal);
    if (enrolment->tell_from >= 0) {
        hear_no_more(enrolment);
        pthread_detach(enrolment->thread); /* it may wait for the server for long; nobody listens to it */
    }
    sd_event_unref(enrolment->event);
    free(enrolment);
    return NULL;
}
