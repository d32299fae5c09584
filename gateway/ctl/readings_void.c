/* SPDX-License-Identifier: Apache-2.0 */
/* wardctl readings void: a reading that was not the patient's, or no measurement, is taken back. */
#include <getopt.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "ctl/client.h"
#include "ctl/document.h"
#include "ctl/order.h"
#include "ctl/readings.h"
#include "ctl/verbs.h"

/* Whose the record is, and its whole name: both stand in it. */
static int look_up(const char *record, struct ward_ctl_order *order, json_t **ret)
{
    char **texts = NULL;
    int status = ward_client_fetch(&texts, "Explain", "s", record);

    if (status == WARD_CTL_DONE && texts[0] == NULL)
        status = ward_ctl_fail("there is no record %s", record);
    if (status == WARD_CTL_DONE) {
        *ret = ward_document_parse(texts[0]);
        order->patient = ward_document_text(*ret, "patient");
    }
    ward_client_free_texts(texts);
    return status;
}

static int take_back(const char *record, const char *reason, struct ward_ctl_order *order)
{
    json_t *found = NULL;
    int status = look_up(record, order, &found);

    if (status == WARD_CTL_DONE) {
        order->body =
            json_pack("{s:s, s:O, s:O, s:s}", "command", "void", "epoch", json_object_get(found, "epoch"),
                      "seq", json_object_get(found, "seq"), "reason", reason);
        status = ward_ctl_order(order);
    }
    json_decref(found);
    return status;
}

/* A number, maybe behind its epoch. */
static bool is_record(const char *text)
{
    const char *colon = strrchr(text, ':');
    const char *seq = colon != NULL ? colon + 1 : text;

    return *seq != '\0' && seq[strspn(seq, "0123456789")] == '\0';
}

int ward_readings_void(int argc, char **argv)
{
    static const struct option options[] = {{"reason", required_argument, NULL, 'r'},
                                            {"by", required_argument, NULL, 'b'},
                                            {"signed", required_argument, NULL, 's'},
                                            {"json", no_argument, NULL, 'j'},
                                            {NULL, 0, NULL, 0}};
    struct ward_ctl_order order = {
        .verb = "readings void", .patient = "", .by = "", .done = "The reading is taken back."};
    const char *reason = NULL;
    int option;

    while ((option = getopt_long(argc, argv, "", options, NULL)) != -1) {
        switch (option) {
        case 'r': reason = optarg; break;
        case 'b': order.by = optarg; break;
        case 's': order.signed_file = optarg; break;
        case 'j': order.as_json = true; break;
        default:
            return ward_ctl_usage(&ward_verb_readings, "\"%s\" is no option, or lacks its value",
                                  argv[optind - 1]);
        }
    }
    if (order.signed_file != NULL)
        return argc == optind
                   ? ward_ctl_order(&order)
                   : ward_ctl_usage(&ward_verb_readings, "a signed command names the reading itself");
    if (argc - optind != 1 || reason == NULL)
        return ward_ctl_usage(&ward_verb_readings, "void needs one reading and --reason, or --signed");
    if (!is_record(argv[optind]))
        return ward_ctl_usage(
            &ward_verb_readings,
            "\"%s\" is no reading's number (SEQ or EPOCH:SEQ, as `wardctl readings` shows it)", argv[optind]);
    return take_back(argv[optind], reason, &order);
}
