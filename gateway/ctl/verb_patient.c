/* SPDX-License-Identifier: Apache-2.0 */
/*
 * wardctl patient: who is admitted here.
 *
 * Reads of each patient: patient, label, episode, monitoring, reasons[], plan, last_valid[], devices[]; show prints
 * every member there is, and a line for each of conditions[].
 */
#include <getopt.h>
#include <stddef.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "ctl/client.h"
#include "ctl/document.h"
#include "ctl/order.h"
#include "ctl/plan_file.h"
#include "ctl/present.h"
#include "ctl/show.h"

static int list(int argc, char **argv)
{
    static const struct ward_column columns[] = {
        {"PATIENT", "patient", WARD_COLUMN_PLAIN}, {"LABEL", "label", WARD_COLUMN_PLAIN},
        {"EPISODE", "episode", WARD_COLUMN_PLAIN}, {"MONITORING", "monitoring", WARD_COLUMN_PLAIN},
        {"WHY", "reasons", WARD_COLUMN_PLAIN},     {"LAST VALUES", "last_valid", WARD_COLUMN_VALUES},
        {NULL, NULL, WARD_COLUMN_PLAIN},
    };
    char **texts = NULL;
    bool as_json;
    int status = ward_show_options(&ward_verb_patient, argc, argv, 0, &as_json);

    if (status == WARD_CTL_DONE)
        status = ward_client_fetch(&texts, "Patients", NULL);
    if (status != WARD_CTL_DONE)
        return status;
    if (as_json)
        ward_document_print_lines(texts);
    else
        ward_show_table(texts, columns, "No patient is admitted.");
    ward_client_free_texts(texts);
    return status;
}

/* The member, for the caller to release, which the object has no longer; NULL without one. */
static json_t *take(json_t *object, const char *name)
{
    json_t *member = json_incref(json_object_get(object, name));

    (void)json_object_del(object, name);
    return member;
}

static void show_inputs(const json_t *inputs)
{
    const json_t *input;
    size_t at;

    json_array_foreach(inputs, at, input)
    {
        printf("%-22s %s\n", "news2 input", ward_document_brief(input).text);
    }
}

static void show_adherence(const json_t *list)
{
    json_t *report, *span;
    const char *name;
    size_t at;

    json_array_foreach(list, at, report)
    {
        json_object_foreach(report, name, span)
        {
            if (json_is_object(span))
                printf("%-22s %s, %s: %s\n", "adherence", ward_document_member(report, "quantity").text, name,
                       ward_document_brief(span).text);
        }
    }
}

/* What is a list of objects has lines of its own, so that nothing of it is cut. */
static void show_patient(json_t *patient)
{
    static const struct ward_present_layout layout = {.indent = 0, .label = 22};
    json_t *conditions = take(patient, "conditions"), *values = take(patient, "last_valid");
    json_t *inputs = take(json_object_get(patient, "news2"), "inputs");
    json_t *adherence = take(patient, "adherence");
    char *rest = json_dumps(patient, JSON_COMPACT);

    if (rest != NULL)
        ward_show_document(rest);
    free(rest);
    show_inputs(inputs);
    show_adherence(adherence);
    ward_present_conditions(conditions, &layout);
    ward_present_last(values, &layout);
    json_decref(conditions);
    json_decref(values);
    json_decref(inputs);
    json_decref(adherence);
}

static int show(int argc, char **argv)
{
    char **texts = NULL;
    bool found = false;
    bool as_json;
    int status = ward_show_options(&ward_verb_patient, argc, argv, 1, &as_json);

    if (status == WARD_CTL_DONE)
        status = ward_client_fetch(&texts, "Patients", NULL);
    if (status != WARD_CTL_DONE)
        return status;
    for (char **text = texts; *text != NULL; text++) {
        json_t *document = ward_document_parse(*text);

        if (strcmp(ward_document_text(document, "patient"), argv[optind]) == 0) {
            found = true;
            if (as_json)
                puts(*text);
            else
                show_patient(document);
        }
        json_decref(document);
    }
    ward_client_free_texts(texts);
    return found ? WARD_CTL_DONE
                 : ward_ctl_fail("no patient %s is admitted here; `wardctl patient` shows who is",
                                 argv[optind]);
}

struct admission {
    const char *patient, *episode, *label, *check_word, *plan_file, *signed_file;
    bool as_json;
};

static int parse_admission(int argc, char **argv, struct admission *ret)
{
    static const struct option options[] = {{"episode", required_argument, NULL, 'e'},
                                            {"label", required_argument, NULL, 'l'},
                                            {"check-word", required_argument, NULL, 'w'},
                                            {"plan", required_argument, NULL, 'p'},
                                            {"signed", required_argument, NULL, 's'},
                                            {"json", no_argument, NULL, 'j'},
                                            {NULL, 0, NULL, 0}};
    struct admission admission = {.label = "", .check_word = ""};
    int option;

    while ((option = getopt_long(argc, argv, "", options, NULL)) != -1) {
        switch (option) {
        case 'e': admission.episode = optarg; break;
        case 'l': admission.label = optarg; break;
        case 'w': admission.check_word = optarg; break;
        case 'p': admission.plan_file = optarg; break;
        case 's': admission.signed_file = optarg; break;
        case 'j': admission.as_json = true; break;
        default:
            return ward_ctl_usage(&ward_verb_patient, "\"%s\" is no option, or lacks its value",
                                  argv[optind - 1]);
        }
    }
    *ret = admission;
    if (admission.signed_file != NULL)
        return argc == optind
                   ? WARD_CTL_DONE
                   : ward_ctl_usage(&ward_verb_patient, "a signed admission names the patient itself");
    if (argc - optind != 1)
        return ward_ctl_usage(&ward_verb_patient, "exactly one PATIENT is admitted at a time");
    if (admission.episode == NULL || admission.plan_file == NULL)
        return ward_ctl_usage(&ward_verb_patient,
                              "--episode and --plan are needed: nobody is admitted without a plan");
    admission.patient = argv[optind];
    *ret = admission;
    return WARD_CTL_DONE;
}

static int admit_unsigned(const struct admission *admission)
{
    sd_bus *bus = NULL;
    sd_bus_message *reply = NULL;
    char *plan = NULL;
    int status = ward_plan_file_text(admission->plan_file, &plan);

    if (status == WARD_CTL_DONE)
        status = ward_client_open(&bus);
    if (status == WARD_CTL_DONE)
        status = ward_client_call(bus, &reply, "Admit", "sssss", admission->patient, admission->episode,
                                  admission->label, admission->check_word, plan);
    if (status == WARD_CTL_DONE)
        ward_show_done(admission->as_json,
                       json_pack("{ss, ss}", "patient", admission->patient, "episode", admission->episode),
                       "%s is admitted, episode %s.", admission->patient, admission->episode);
    sd_bus_message_unref(reply);
    sd_bus_flush_close_unref(bus);
    free(plan);
    return status;
}

static int admit(int argc, char **argv)
{
    struct admission admission = {0};
    int status = parse_admission(argc, argv, &admission);

    if (status != WARD_CTL_DONE)
        return status;
    if (admission.signed_file == NULL)
        return admit_unsigned(&admission);
    return ward_ctl_order(&(struct ward_ctl_order){.signed_file = admission.signed_file,
                                                   .verb = "patient admit",
                                                   .patient = "",
                                                   .by = "",
                                                   .done = "The patient is admitted.",
                                                   .as_json = admission.as_json});
}

static int discharge(int argc, char **argv)
{
    static const struct option options[] = {{"reason", required_argument, NULL, 'r'},
                                            {"by", required_argument, NULL, 'b'},
                                            {"signed", required_argument, NULL, 's'},
                                            {"json", no_argument, NULL, 'j'},
                                            {NULL, 0, NULL, 0}};
    struct ward_ctl_order order = {
        .verb = "patient discharge",
        .patient = "",
        .by = "",
        .done = "The episode has ended. `wardctl patient show` says when it is erased."};
    const char *reason = NULL;
    int option;

    while ((option = getopt_long(argc, argv, "", options, NULL)) != -1) {
        switch (option) {
        case 'r': reason = optarg; break;
        case 'b': order.by = optarg; break;
        case 's': order.signed_file = optarg; break;
        case 'j': order.as_json = true; break;
        default:
            return ward_ctl_usage(&ward_verb_patient, "\"%s\" is no option, or lacks its value",
                                  argv[optind - 1]);
        }
    }
    if (order.signed_file != NULL)
        return argc == optind
                   ? ward_ctl_order(&order)
                   : ward_ctl_usage(&ward_verb_patient, "a signed discharge names the patient itself");
    if (argc - optind != 1 || reason == NULL)
        return ward_ctl_usage(&ward_verb_patient, "discharge needs one PATIENT and --reason, or --signed");
    order.patient = argv[optind];
    order.body = json_pack("{s:s, s:s}", "command", "discharge", "reason", reason);
    return ward_ctl_order(&order);
}

static int run(int argc, char **argv)
{
    if (argc < 2 || argv[1][0] == '-')
        return list(argc, argv);
    if (strcmp(argv[1], "list") == 0)
        return list(argc - 1, argv + 1);
    if (strcmp(argv[1], "show") == 0)
        return show(argc - 1, argv + 1);
    if (strcmp(argv[1], "admit") == 0)
        return admit(argc - 1, argv + 1);
    if (strcmp(argv[1], "discharge") == 0)
        return discharge(argc - 1, argv + 1);
    return ward_ctl_usage(&ward_verb_patient, "\"%s\" is not list, show, admit or discharge", argv[1]);
}

const struct ward_verb ward_verb_patient = {
    .name = "patient",
    .usage =
        "patient [list] [--json]\n"
        "patient show PATIENT [--json]\n"
        "patient admit PATIENT --episode EPISODE --plan FILE [--label TEXT] [--check-word WORD] [--json]\n"
        "patient admit --signed FILE [--json]\n"
        "patient discharge PATIENT --reason TEXT [--by WHO] [--json]\n"
        "patient discharge --signed FILE [--json]\n",
    .summary = "Who is admitted on this gateway",
    .help =
        "  --episode     id of the stay: letters, digits and hyphens, like PATIENT; never a name\n"
        "  --plan        care plan (JSON), - for standard input; checked before anybody is admitted\n"
        "  --label       how the gateway calls the patient, at most 64 octets\n"
        "  --check-word  what the patient says on the phone, at most 32 octets\n"
        "  --signed      a command that a clinician has signed (wardctl sign), - for standard input. Without one\n"
        "                only where the gateway asks for none (require_signature in wardgate.conf)\n"
        "  --reason      why the episode ends, for people\n"
        "  --json        one JSON object a line\n"
        "\n"
        "discharge ends the episode at once. When the ward has everything, all of it is erased here; until then\n"
        "show says what is waited for.\n",
    .run = run,
};
