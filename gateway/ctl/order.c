/* SPDX-License-Identifier: Apache-2.0 */
#include "ctl/order.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "ctl/client.h"
#include "ctl/document.h"
#include "ctl/file.h"
#include "ctl/verbs.h"

/* The command may have been carried, and refused by what it says or by who signed it. */
static int show_outcome(const char *text, const struct ward_ctl_order *order)
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
        puts(*reason != '\0' ? reason : order->done);
    json_decref(document);
    return status;
}

static int send_signed(const struct ward_ctl_order *order, char ***ret_texts)
{
    char *jws = NULL;
    int status = ward_file_read(order->signed_file, &jws);

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
        status = ward_ctl_fail("out of memory");
    else
        status = ward_client_fetch(ret_texts, "Order", "sss", order->patient, order->by, text);
    free(text);
    return status;
}

int ward_ctl_order(const struct ward_ctl_order *order)
{
    char **texts = NULL;
    int status = order->signed_file != NULL ? send_signed(order, &texts) : send_unsigned(order, &texts);

    if (status == WARD_CTL_DONE)
        status = show_outcome(texts[0], order);
    ward_client_free_texts(texts);
    json_decref(order->body);
    return status;
}
