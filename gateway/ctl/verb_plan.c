/* SPDX-License-Identifier: Apache-2.0 */
/* wardctl plan: the care plan in force, as the daemon has it, and putting another one in force. */
#include <getopt.h>
#include <stddef.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "ctl/client.h"
#include "ctl/document.h"
#include "ctl/order.h"
#include "ctl/plan_file.h"
#include "ctl/show.h"

/* The document on one line, every number as it was written. */
static void print_on_one_line(const char *text)
{
    bool inside = false; /* a string */

    for (; *text != '\0'; text++) {
        if (!inside && strchr(" \t\r\n", *text) != NULL)
            continue;
        putchar(*text);
        if (inside && *text == '\\' && text[1] != '\0')
            putchar(*++text);
        else if (*text == '"')
            inside = !inside;
    }
    putchar('\n');
}

static int show(int argc, char **argv)
{
    char **texts = NULL;
    bool as_json;
    int status = ward_show_options(&ward_verb_plan, argc, argv, 1, &as_json);

    if (status == WARD_CTL_DONE)
        status = ward_client_fetch(&texts, "Plan", "s", argv[optind]);
    if (status == WARD_CTL_DONE && as_json)
        print_on_one_line(texts[0]);
    else if (status == WARD_CTL_DONE)
        puts(texts[0]);
    ward_client_free_texts(texts);
    return status;
}

static int apply_unsigned(const char *file, const char *patient, bool as_json)
{
    sd_bus *bus = NULL;
    sd_bus_message *reply = NULL;
    char *plan = NULL;
    int status = ward_plan_file_text(file, &plan);

    if (status == WARD_CTL_DONE)
        status = ward_client_open(&bus);
    if (status == WARD_CTL_DONE)
        status = ward_client_call(bus, &reply, "ApplyPlan", "ss", patient, plan);
    if (status == WARD_CTL_FAILED && bus != NULL)
        (void)ward_ctl_fail("%s is not in force: what %s had before it stays.", file, patient);
    if (status == WARD_CTL_DONE)
        ward_show_done(as_json, json_pack("{ss}", "patient", patient), "The plan is in force for %s.",
                       patient);
    sd_bus_message_unref(reply);
    sd_bus_flush_close_unref(bus);
    free(plan);
    return status;
}

static int apply(int argc, char **argv)
{
    static const struct option options[] = {{"patient", required_argument, NULL, 'p'},
                                            {"signed", required_argument, NULL, 's'},
                                            {"json", no_argument, NULL, 'j'},
                                            {NULL, 0, NULL, 0}};
    struct ward_ctl_order order = {
        .verb = "plan apply", .patient = "", .by = "", .done = "The plan is in force."};
    const char *patient = NULL;
    int option;

    while ((option = getopt_long(argc, argv, "", options, NULL)) != -1) {
        switch (option) {
        case 'p': patient = optarg; break;
        case 's': order.signed_file = optarg; break;
        case 'j': order.as_json = true; break;
        default:
            return ward_ctl_usage(&ward_verb_plan, "\"%s\" is no option, or lacks its value",
                                  argv[optind - 1]);
        }
    }
    if (order.signed_file != NULL)
        return argc == optind && patient == NULL
                   ? ward_ctl_order(&order)
                   : ward_ctl_usage(&ward_verb_plan, "a signed plan says whose it is");
    if (argc - optind != 1 || patient == NULL)
        return ward_ctl_usage(&ward_verb_plan, "apply needs one FILE and --patient, or --signed");
    return apply_unsigned(argv[optind], patient, order.as_json);
}

static int check(int argc, char **argv)
{
    struct ward_care_plan *plan;
    bool as_json;
    int status = ward_show_options(&ward_verb_plan, argc, argv, 1, &as_json);

    if (status != WARD_CTL_DONE)
        return status;
    plan = calloc(1, sizeof(*plan));
    status = plan != NULL ? ward_plan_file_read(argv[optind], plan, as_json) : ward_ctl_fail("out of memory");
    if (status == WARD_CTL_DONE && as_json)
        printf("{\"valid\":true,\"id\":\"%s\",\"version\":%u}\n", plan->id.text, (unsigned)plan->version);
    else if (status == WARD_CTL_DONE)
        printf("%s: the care plan %s, version %u, is valid: %u quantities, %u limits.\n", argv[optind],
               plan->id.text, (unsigned)plan->version, plan->quantity_count, plan->rule_count);
    free(plan);
    return status;
}

static int run(int argc, char **argv)
{
    if (argc >= 2 && strcmp(argv[1], "show") == 0)
        return show(argc - 1, argv + 1);
    if (argc >= 2 && strcmp(argv[1], "apply") == 0)
        return apply(argc - 1, argv + 1);
    if (argc >= 2 && strcmp(argv[1], "check") == 0)
        return check(argc - 1, argv + 1);
    return ward_ctl_usage(&ward_verb_plan, "what to do is missing: show, check or apply");
}

const struct ward_verb ward_verb_plan = {
    .name = "plan",
    .usage = "plan show PATIENT [--json]\n"
             "plan check FILE [--json]\n"
             "plan apply FILE --patient PATIENT [--json]\n"
             "plan apply --signed FILE [--json]\n",
    .summary = "The care plan of a patient",
    .help =
        "  show   the plan in force, as JSON; with --json on one line\n"
        "  check  whether a plan is valid (- for standard input), with the place, reason and value of each error;\n"
        "         needs no daemon; the plan may be plain or signed\n"
        "  apply  puts a plan in force (- for standard input); a bad one is refused as a whole, with the\n"
        "         place and reason of each error, and the old one stays\n"
        "  --signed FILE  a plan that a clinician has signed for one patient and episode, as the ward sends it to\n"
        "         T/down/care-plan/{patient}. Without a signature where the gateway asks for none (require_signature)\n",
    .run = run,
};
