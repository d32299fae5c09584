/* SPDX-License-Identifier: Apache-2.0 */
/*
 * wardctl status: one screen that answers "is this patient being monitored, and if not, why".
 *
 * Reads wardgate.status/1: gateway, version, monitoring, reasons[], patients[]{patient, label, monitoring, reasons[],
 * conditions[]{condition, priority, state}, last_valid[]{quantity, value, unit, measured_at}, news2{complete, minimum,
 * maximum, missing[], stale[]}}, devices[]{device, model,
 * patient, bindings[]{patient, slot}, connected, battery, last_heard_age_s or last_heard_at}, queue{undelivered_readings, undelivered_alarms, oldest_age_s},
 * link{up, reason}, radio, recovery{rung, power, restart, reset}, annunciator{light, sound, text}, clock, storage.
 */
#include <getopt.h>
#include <stdbool.h>
#include <stdio.h>
#include <string.h>

#include "ctl/advice.h"
#include "ctl/client.h"
#include "ctl/devices.h"
#include "ctl/document.h"
#include "ctl/present.h"
#include "ctl/prose.h"
#include "ctl/table.h"
#include "ctl/terminal.h"
#include "ctl/verbs.h"

/* `monitoring` in words that cannot be misread. */
static const char *verdict(const char *monitoring)
{
    if (strcmp(monitoring, "full") == 0)
        return "MONITORED";
    if (strcmp(monitoring, "degraded") == 0)
        return "MONITORED, WITH GAPS";
    if (strcmp(monitoring, "suspended") == 0)
        return "NOT MONITORED (suspended)";
    if (strcmp(monitoring, "ended") == 0)
        return "NOT MONITORED (discharged)";
    return "NOT MONITORED";
}

/* Green means full alone; in words it says the same without a colour. */
static void print_verdict(const json_t *object)
{
    const char *monitoring = ward_document_text(object, "monitoring");
    const char *colour = strcmp(monitoring, "full") == 0       ? "1;32"
                         : strcmp(monitoring, "degraded") == 0 ? "1;33"
                                                               : "1;31";

    if (ward_terminal_has_colour())
        printf("\033[%sm%s\033[0m", colour, verdict(monitoring));
    else
        fputs(verdict(monitoring), stdout);
}

static void print_reasons(const json_t *object)
{
    const json_t *reasons = json_object_get(object, "reasons");

    if (json_array_size(reasons) > 0)
        printf(": %s", ward_document_brief(reasons).text);
    putchar('\n');
}

/* "    why      no-data: nothing has come …" and what to do about it. */
static void print_advice(const char *patient, const json_t *reasons)
{
    const json_t *reason;
    size_t index;

    json_array_foreach(reasons, index, reason)
    {
        const char *name = json_is_string(reason) ? json_string_value(reason) : "";
        const struct ward_advice advice = ward_advice(name);

        if (*advice.why != '\0')
            printf("    why      %s: %s.\n", name, advice.why);
        else
            printf("    why      %s\n", name);
        printf("    next     %s\n", ward_advice_of(advice.next, patient, NULL).text);
    }
}

/* "NEWS2 5 or more, up to 14; not known: consciousness, …": what is not measured is never called well. */
static void print_news2(const json_t *news2)
{
    json_t *unknown = json_array();

    if (json_is_object(news2)) {
        printf("    NEWS2    %s", ward_document_member(news2, "minimum").text);
        if (!json_is_true(json_object_get(news2, "complete"))) {
            json_array_extend(unknown, json_object_get(news2, "missing"));
            json_array_extend(unknown, json_object_get(news2, "stale"));
            printf(" or more, up to %s; not known: ", ward_document_member(news2, "maximum").text);
            printf("%s", ward_document_brief(unknown).text);
        }
        putchar('\n');
    }
    json_decref(unknown);
}

static void print_patients(const json_t *patients)
{
    static const struct ward_present_layout layout = {.indent = 4, .label = 8};
    const json_t *patient;
    size_t index;

    if (json_array_size(patients) == 0)
        printf("No patient is admitted: nobody is monitored by this gateway.\n    next     %s\n",
               ward_advice("no-patient").next);
    json_array_foreach(patients, index, patient)
    {
        printf("  %s", ward_document_text(patient, "patient"));
        if (*ward_document_text(patient, "label") != '\0')
            printf(" (%s)", ward_document_text(patient, "label"));
        fputs(": ", stdout);
        print_verdict(patient);
        print_reasons(patient);
        print_advice(ward_document_text(patient, "patient"), json_object_get(patient, "reasons"));
        ward_present_conditions(json_object_get(patient, "conditions"), &layout);
        ward_present_last(json_object_get(patient, "last_valid"), &layout);
        print_news2(json_object_get(patient, "news2"));
    }
}

static void print_devices(const json_t *devices)
{
    static const char *const headers[] = {"DEVICE",  "MODEL",      "PATIENT", "CONNECTED",
                                          "BATTERY", "LAST HEARD", NULL};
    struct ward_table *table = ward_table_new(headers);
    const json_t *device;
    size_t index;

    if (table == NULL)
        return;
    json_array_foreach(devices, index, device)
    {
        const struct ward_cell id = ward_document_member(device, "device");
        const struct ward_cell model = ward_document_member(device, "model");
        const struct ward_cell patient = ward_devices_patients(device);
        const struct ward_cell connected = ward_document_member(device, "connected");
        const struct ward_cell battery = ward_devices_battery(device);
        const struct ward_cell heard = ward_devices_heard(device);

        ward_table_add(table, (const char *const[]){id.text, model.text, patient.text, connected.text,
                                                    battery.text, heard.text, NULL});
    }
    putchar('\n');
    ward_table_print(table, "No device is enrolled.");
    ward_table_free(table);
}

/* What had to be done about the radio since the daemon was started; a discovery started twice is not worth a word. */
static void print_radio(const json_t *document)
{
    static const struct {
        const char *name, *words;
    } rungs[] = {{"power", "power cycles"}, {"restart", "restarts of Bluetooth"}, {"reset", "USB resets"}};
    const json_t *recovery = json_object_get(document, "recovery");

    printf("\nRadio        %s", ward_document_member(document, "radio").text);
    for (size_t i = 0; i < sizeof(rungs) / sizeof(rungs[0]); i++)
        if (json_integer_value(json_object_get(recovery, rungs[i].name)) > 0)
            printf(", %s: %s", rungs[i].words, ward_document_member(recovery, rungs[i].name).text);
    if (*ward_document_text(recovery, "rung") != '\0' &&
        strcmp(ward_document_text(recovery, "rung"), "none") != 0)
        printf(" (recovering: %s)", ward_document_text(recovery, "rung"));
    putchar('\n');
}

/* Who is in the room has nothing but these. */
static void print_signaller(const json_t *works)
{
    static const char *const parts[] = {"light", "sound", "text"};

    if (!json_is_object(works))
        return;
    printf("Signaller   ");
    for (size_t i = 0; i < sizeof(parts) / sizeof(parts[0]); i++)
        printf(" %s %s%s", parts[i],
               json_is_true(json_object_get(works, parts[i])) ? "works" : "DOES NOT WORK",
               i + 1 < sizeof(parts) / sizeof(parts[0]) ? "," : "\n");
}

static void print_count(const json_t *queue, const char *member, const char *what)
{
    const json_t *count = json_object_get(queue, member);

    printf("%s %s%s", ward_document_brief(count).text, what, json_integer_value(count) == 1 ? "" : "s");
}

static void print_link(const json_t *document)
{
    const json_t *link = json_object_get(document, "link");
    const json_t *queue = json_object_get(document, "queue");
    const json_t *age = json_object_get(queue, "oldest_age_s");

    printf("\nWard link    %s", json_is_true(json_object_get(link, "up")) ? "up" : "DOWN");
    if (*ward_document_text(link, "reason") != '\0')
        printf(" (%s)", ward_document_text(link, "reason"));
    fputs("\nUndelivered  ", stdout);
    print_count(queue, "undelivered_readings", "reading");
    fputs(", ", stdout);
    print_count(queue, "undelivered_alarms", "alarm");
    if (json_is_number(age))
        printf(", oldest %s", ward_document_duration(json_number_value(age)).text);
    print_radio(document);
    print_signaller(json_object_get(document, "annunciator"));
    printf("Clock        %s\n", ward_document_member(document, "clock").text);
    printf("Storage      %s\n", ward_document_member(document, "storage").text);
}

static void print_status(const json_t *document)
{
    printf("Wardgate %s, version %s: ", ward_document_member(document, "gateway").text,
           ward_document_member(document, "version").text);
    print_verdict(document);
    print_reasons(document);
    putchar('\n');
    print_patients(json_object_get(document, "patients"));
    print_devices(json_object_get(document, "devices"));
    print_link(document);
}

static int run(int argc, char **argv)
{
    static const struct option options[] = {{"json", no_argument, NULL, 'j'}, {NULL, 0, NULL, 0}};
    bool as_json = false;
    char **texts = NULL;
    int option;
    int status;

    while ((option = getopt_long(argc, argv, "", options, NULL)) != -1) {
        if (option != 'j')
            return ward_ctl_usage(&ward_verb_status, "\"%s\" is not an option of it", argv[optind - 1]);
        as_json = true;
    }
    if (optind < argc)
        return ward_ctl_usage(&ward_verb_status, "it takes no argument \"%s\"", argv[optind]);
    status = ward_client_fetch(&texts, "Status", NULL);
    if (status != WARD_CTL_DONE)
        return status;
    if (as_json) {
        ward_document_print_lines(texts);
    } else {
        json_t *document = ward_document_parse(texts[0]);

        /* What is most important comes first: it must not have run off the screen. */
        ward_pager_begin();
        ward_prose_begin();
        print_status(document);
        ward_prose_end();
        ward_pager_end();
        json_decref(document);
    }
    ward_client_free_texts(texts);
    return status;
}

const struct ward_verb ward_verb_status = {
    .name = "status",
    .usage = "status [--json]\n",
    .summary = "Is each patient being monitored, and if not, why",
    .help = "  --json  one JSON object (wardgate.status/1)\n"
            "\n"
            "Exit status 3 when the daemon does not answer: then nobody is monitored.\n",
    .run = run,
};
