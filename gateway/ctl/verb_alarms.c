/* SPDX-License-Identifier: Apache-2.0 */
/*
 * wardctl alarms: the conditions that are present, their sound, and a clinician's acknowledgement brought by hand.
 *
 * Reads of each alarm: at or raised_at, patient, priority, condition, event or state, text. An acknowledgement is a signed command:
 * whoever brings it, the signature decides.
 */
#include <getopt.h>
#include <stddef.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "ctl/alarm_ids.h"
#include "ctl/client.h"
#include "ctl/document.h"
#include "ctl/explain.h"
#include "ctl/filter.h"
#include "ctl/order.h"
#include "ctl/show.h"
#include "ctl/terminal.h"

static void show_alarms(char *const *texts, bool history)
{
    static const struct ward_column present[] = {
        {"PATIENT", "patient", WARD_COLUMN_PLAIN},
        {"PRIORITY", "priority", WARD_COLUMN_PLAIN},
        {"CONDITION", "condition", WARD_COLUMN_PLAIN},
        {"STATE", "state", WARD_COLUMN_PLAIN},
        {"RAISED", "raised_at", WARD_COLUMN_AGE},
        {"TEXT", "text", WARD_COLUMN_PLAIN},
        {NULL, NULL, WARD_COLUMN_PLAIN},
    };
    static const struct ward_column past[] = {
        {"AT", "at", WARD_COLUMN_MOMENT},
        {"PATIENT", "patient", WARD_COLUMN_PLAIN},
        {"PRIORITY", "priority", WARD_COLUMN_PLAIN},
        {"CONDITION", "condition", WARD_COLUMN_PLAIN},
        {"EVENT", "event", WARD_COLUMN_PLAIN},
        {"TEXT", "text", WARD_COLUMN_PLAIN},
        {NULL, NULL, WARD_COLUMN_PLAIN},
    };

    ward_pager_begin();
    ward_show_table(texts, history ? past : present, history ? "No alarm yet." : "No alarm is present.");
    if (*texts != NULL)
        puts("Why: `wardctl alarms explain CONDITION`.");
    ward_pager_end();
}

static int ask(const char *patient, bool history, char ***ret)
{
    sd_bus *bus = NULL;
    int status = ward_client_open(&bus);

    if (status == WARD_CTL_DONE)
        status = ward_filter_ask(bus, "Alarms", &(struct ward_filter){.patient = patient, .history = history},
                                 ret);
    sd_bus_flush_close_unref(bus);
    return status;
}

static int list(int argc, char **argv, bool history)
{
    static const struct option options[] = {{"patient", required_argument, NULL, 'p'},
                                            {"history", no_argument, NULL, 'h'},
                                            {"json", no_argument, NULL, 'j'},
                                            {NULL, 0, NULL, 0}};
    const char *patient = NULL;
    bool as_json = false;
    char **texts = NULL;
    int option;
    int status;

    while ((option = getopt_long(argc, argv, "", options, NULL)) != -1) {
        switch (option) {
        case 'p': patient = optarg; break;
        case 'h': history = true; break;
        case 'j': as_json = true; break;
        default:
            return ward_ctl_usage(&ward_verb_alarms, "\"%s\" is no option, or lacks its value",
                                  argv[optind - 1]);
        }
    }
    if (optind < argc)
        return ward_ctl_usage(&ward_verb_alarms, "it takes no argument \"%s\"", argv[optind]);
    status = ask(patient, history, &texts);
    if (status == WARD_CTL_DONE && as_json)
        ward_document_print_lines(texts);
    else if (status == WARD_CTL_DONE)
        show_alarms(texts, history);
    ward_client_free_texts(texts);
    return status;
}

static int silence(int argc, char **argv)
{
    sd_bus *bus = NULL;
    sd_bus_message *reply = NULL;
    bool as_json;
    int status = ward_show_options(&ward_verb_alarms, argc, argv, 1, &as_json);

    if (status == WARD_CTL_DONE)
        status = ward_client_open(&bus);
    if (status == WARD_CTL_DONE)
        status = ward_client_call(bus, &reply, "Silence", "s", argv[optind]);
    if (status == WARD_CTL_DONE)
        ward_show_done(as_json, json_pack("{ss}", "patient", argv[optind]),
                       "The sound of %s's alarms is off for at most 10 minutes. The alarms stay.",
                       argv[optind]);
    sd_bus_message_unref(reply);
    sd_bus_flush_close_unref(bus);
    return status;
}

/* The one alarm that is meant; *ret is its id, to be freed. */
static int find_one(const char *word, const char *patient, char **ret)
{
    char **ids = NULL;
    int status = WARD_CTL_DONE;

    if (!ward_alarm_is_condition(word)) {
        *ret = strdup(word);
        return *ret != NULL ? WARD_CTL_DONE : ward_ctl_fail("out of memory");
    }
    status = ward_alarm_ids(word, patient, false, &ids);
    if (status == WARD_CTL_DONE && ids[1] != NULL)
        status = ward_ctl_fail("%s has several alarms %s: name one by its id (`wardctl alarms --json`)",
                               patient, word);
    if (status == WARD_CTL_DONE) {
        *ret = ids[0];
        ids[0] = NULL;
    }
    ward_client_free_texts(ids);
    return status;
}

static int acknowledge(int argc, char **argv)
{
    static const struct option options[] = {{"patient", required_argument, NULL, 'p'},
                                            {"by", required_argument, NULL, 'b'},
                                            {"signed", required_argument, NULL, 's'},
                                            {"json", no_argument, NULL, 'j'},
                                            {NULL, 0, NULL, 0}};
    struct ward_ctl_order order = {.verb = "alarms ack", .patient = "", .by = "", .done = "Acknowledged."};
    int option;

    while ((option = getopt_long(argc, argv, "", options, NULL)) != -1) {
        switch (option) {
        case 'p': order.patient = optarg; break;
        case 'b': order.by = optarg; break;
        case 's': order.signed_file = optarg; break;
        case 'j': order.as_json = true; break;
        default:
            return ward_ctl_usage(&ward_verb_alarms, "\"%s\" is no option, or lacks its value",
                                  argv[optind - 1]);
        }
    }
    if (argc - optind != (order.signed_file == NULL ? 1 : 0) ||
        (order.signed_file == NULL && order.patient[0] == '\0'))
        return ward_ctl_usage(&ward_verb_alarms,
                              "ack needs an alarm (its condition or id) and --patient, or --signed");
    if (order.signed_file == NULL) {
        char *id = NULL;
        const int status = find_one(argv[optind], order.patient, &id);

        if (status != WARD_CTL_DONE)
            return status;
        order.body = json_pack("{s:s, s:s}", "command", "acknowledge", "alarm", id);
        free(id);
    }
    return ward_ctl_order(&order);
}

/* Each that has the condition now; otherwise the newest that had. */
static int explain_condition(const char *condition, bool as_json)
{
    char **ids = NULL;
    int status = ward_alarm_ids(condition, NULL, true, &ids);

    for (size_t i = 0; status == WARD_CTL_DONE && ids[i] != NULL; i++) {
        if (i > 0 && !as_json)
            putchar('\n');
        status = ward_explain_alarm(ids[i], as_json);
    }
    ward_client_free_texts(ids);
    return status;
}

/*
 * An id of an alarm is 32 hexadecimal digits, a condition has letters; a reading is named by its number, with its epoch or
 * without.
 */
static int explain(int argc, char **argv)
{
    static const struct option options[] = {
        {"reading", required_argument, NULL, 'r'}, {"json", no_argument, NULL, 'j'}, {NULL, 0, NULL, 0}};
    const char *reading = NULL;
    bool as_json = false;
    int option;

    while ((option = getopt_long(argc, argv, "", options, NULL)) != -1) {
        switch (option) {
        case 'r': reading = optarg; break;
        case 'j': as_json = true; break;
        default:
            return ward_ctl_usage(&ward_verb_alarms, "\"%s\" is no option, or lacks its value",
                                  argv[optind - 1]);
        }
    }
    if (argc - optind != (reading == NULL ? 1 : 0))
        return ward_ctl_usage(&ward_verb_alarms,
                              "explain needs an alarm (its condition or id) or one reading");
    if (reading == NULL && ward_alarm_is_condition(argv[optind]))
        return explain_condition(argv[optind], as_json);
    if (reading == NULL && (strchr(argv[optind], ':') != NULL || strlen(argv[optind]) < 32))
        reading = argv[optind];
    return reading != NULL ? ward_explain_reading(reading, as_json)
                           : ward_explain_alarm(argv[optind], as_json);
}

static int run(int argc, char **argv)
{
    if (argc < 2 || argv[1][0] == '-')
        return list(argc, argv, false);
    if (strcmp(argv[1], "list") == 0)
        return list(argc - 1, argv + 1, false);
    if (strcmp(argv[1], "history") == 0)
        return list(argc - 1, argv + 1, true);
    if (strcmp(argv[1], "silence") == 0)
        return silence(argc - 1, argv + 1);
    if (strcmp(argv[1], "ack") == 0)
        return acknowledge(argc - 1, argv + 1);
    if (strcmp(argv[1], "explain") == 0)
        return explain(argc - 1, argv + 1);
    return ward_ctl_usage(&ward_verb_alarms, "\"%s\" is not list, history, explain, silence or ack", argv[1]);
}

const struct ward_verb ward_verb_alarms = {
    .name = "alarms",
    .usage = "alarms [list|history] [--patient PATIENT] [--json]\n"
             "alarms explain ALARM|[EPOCH:]SEQ [--json]\n"
             "alarms explain --reading SEQ [--json]\n"
             "alarms silence PATIENT [--json]\n"
             "alarms ack ALARM --patient PATIENT [--by PERSON] [--json]\n"
             "alarms ack --signed FILE [--json]\n",
    .summary = "The alarms that are present, and what became of earlier ones",
    .help =
        "  list     conditions that are present, also those that ended unseen\n"
        "  history  every event\n"
        "  explain  of an alarm: rule, plan, the readings behind it, delays, who acknowledged, why it cleared;\n"
        "           of a reading (its number, or --reading SEQ): why it raised no alarm. ALARM is a condition\n"
        "           as the list shows it (spo2-low), or an id, which --json shows\n"
        "  silence  the sound of a patient's alarms, for 10 minutes at most; the alarms stay\n"
        "  ack      a clinician takes an alarm over: a signed command in a file (- for standard input), or, where\n"
        "           the gateway asks for no signature, ALARM as above, with --by who it is. A technical alarm\n"
        "           needs none: who looks after the gateway takes it over\n"
        "  --json   one JSON object a line\n",
    .run = run,
};
