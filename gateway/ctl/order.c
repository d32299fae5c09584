/* SPDX-License-Identifier: Apache-2.0 */
#include "ctl/order.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "core/jws.h"
#include "ctl/client.h"
#include "ctl/document.h"
#include "ctl/file.h"
#include "ctl/verbs.h"

/* --- what a file orders -------------------------------------------------------------------------------------- */

/* False where it cannot be understood, or is none of what is ordered. */
static bool read_claims(const char *jws, struct ward_claims *ret)
{
    struct ward_jws_work *work = malloc(sizeof(*work));
    struct ward_jws parsed;
    struct ward_jws_error error;
    const bool good =
        work != NULL &&
        ward_jws_parse((const uint8_t *)jws, strlen(jws), work, &parsed, &error) == WARD_JWS_OK &&
        ward_claims_parse(parsed.payload, parsed.payload_length, ret, &error) == WARD_JWS_OK &&
        ret->type != WARD_JWS_RECEIPT;

    free(work);
    return good;
}

/* The verb that brings it; NULL: it has none. */
static const char *verb_of(const struct ward_claims *claims)
{
    static const char *const verbs[] = {
        [WARD_COMMAND_ACKNOWLEDGE] = "alarms ack",      [WARD_COMMAND_ENTRY] = "entry",
        [WARD_COMMAND_VOID] = "readings void",          [WARD_COMMAND_ADMIT] = "patient admit",
        [WARD_COMMAND_DISCHARGE] = "patient discharge",
    };

    if (claims->type == WARD_JWS_CARE_PLAN)
        return "plan apply";
    return claims->command.kind < sizeof(verbs) / sizeof(verbs[0]) ? verbs[claims->command.kind] : NULL;
}

/* Whether it is for this verb and, where one is named, this patient; and what is said when it is done. */
static int look_into(const char *jws, const struct ward_ctl_order *order, const char **ret_done)
{
    struct ward_claims *claims = malloc(sizeof(*claims));
    const char *verb;
    bool good;
    int status = WARD_CTL_DONE;

    if (claims == NULL)
        return ward_ctl_fail("out of memory");
    good = read_claims(jws, claims);
    verb = good ? verb_of(claims) : NULL;
    if (good && order->patient[0] != '\0' && claims->patient.text[0] != '\0' &&
        strcmp(claims->patient.text, order->patient) != 0)
        status = ward_ctl_fail("nothing was done: what is signed there is about %s, not about %s",
                               claims->patient.text, order->patient);
    else if (verb == NULL)
        *ret_done = "The order is carried out.";
    else if (strcmp(verb, order->verb) == 0)
        *ret_done = order->done;
    else
        status = ward_ctl_fail(
            "nothing was done: what is signed there is for `wardctl %s --signed`, not for `wardctl %s`", verb,
            order->verb);
    free(claims);
    return status;
}

/* --- sending and telling ------------------------------------------------------------------------------------- */

/* The command may have been carried, and refused by what it says or by who signed it. */
static int show_outcome(const char *text, const struct ward_ctl_order *order, const char *done)
{
    json_t *document = ward_document_parse(text);
    const char *outcome = ward_document_text(document, "outcome");
    const char *reason = ward_document_text(document, "reason");
    int status = WARD_CTL_DONE;
    const char *file = order->signed_file == NULL             ? ""
                       : strcmp(order->signed_file, "-") == 0 ? "standard input"
                                                              : order->signed_file;
    const char *colon = *file != '\0' ? ": " : "";
    const json_t *error;
    size_t i;

    if (order->as_json)
        puts(text);
    json_array_foreach(json_object_get(document, "errors"), i, error)
    {
        const char *pointer = ward_document_text(error, "pointer"),
                   *value = ward_document_text(error, "value");

        fprintf(stderr, "%s%s%s: %s%s%s\n", file, colon, *pointer != '\0' ? pointer : "plan",
                ward_document_text(error, "reason"), *value != '\0' ? ", found " : "", value);
    }
    if (*outcome != '\0' && strcmp(outcome, "done") != 0)
        status =
            ward_ctl_fail("%s%s%s: %s", file, colon, outcome, *reason != '\0' ? reason : "no reason given");
    else if (!order->as_json)
        puts(*reason != '\0' ? reason : done);
    json_decref(document);
    return status;
}

static int send_signed(const struct ward_ctl_order *order, char ***ret_texts, const char **ret_done)
{
    char *jws = NULL;
    int status = ward_file_read(order->signed_file, &jws);

    if (status == WARD_CTL_DONE)
        status = look_into(jws, order, ret_done);
    if (status == WARD_CTL_DONE)
        status = ward_client_fetch(ret_texts, "Command", "s", jws);
    free(jws);
    return status;
}

static int send_unsigned(const struct ward_ctl_order *order, char ***ret_texts)
{
    char *text = NULL;
    int status = WARD_CTL_FAILED;

    if (order->body != NULL &&
        json_object_set_new(order->body, "schema", json_string("wardgate.command/1")) == 0)
        text = json_dumps(order->body, JSON_COMPACT | JSON_SORT_KEYS | JSON_REAL_PRECISION(15));
    if (text == NULL)
        status = ward_ctl_fail("an argument is not a text that can be sent: it must be UTF-8");
    else
        status = ward_client_fetch(ret_texts, "Order", "sss", order->patient, order->by, text);
    free(text);
    return status;
}

int ward_ctl_order(const struct ward_ctl_order *order)
{
    const char *done = order->done;
    char **texts = NULL;
    int status =
        order->signed_file != NULL ? send_signed(order, &texts, &done) : send_unsigned(order, &texts);

    if (status == WARD_CTL_DONE)
        status = show_outcome(texts[0], order, done);
    ward_client_free_texts(texts);
    json_decref(order->body);
    return status;
}
