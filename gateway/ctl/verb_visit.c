/* SPDX-License-Identifier: Apache-2.0 */
/*
 * wardctl visit report: what was proved on this visit, so that nobody leaves a patient who is not watched. The hub is
 * tried now; what else is proved the daemon has on record. It is complete when every check is good, and so only while
 * every patient is monitored in full.
 */
#include <getopt.h>
#include <stdbool.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <time.h>

#include "ctl/client.h"
#include "ctl/document.h"
#include "ctl/explain.h"
#include "ctl/filter.h"
#include "ctl/findings.h"
#include "ctl/hub_steps.h"
#include "ctl/moment.h"
#include "ctl/prose.h"
#include "ctl/readings.h"
#include "ctl/show.h"
#include "ctl/visit.h"

#define VISIT_MS     (INT64_C(2) * 3600 * 1000) /* how long ago it began, unless that is said */
#define READINGS_MAX 200                        /* of a device, among which a good one is looked for */
#define EVENTS_MAX   1000

struct options {
    int64_t since_ms;
    bool as_json;
};

static int64_t now_ms(void)
{
    struct timespec now = {0};

    (void)clock_gettime(CLOCK_REALTIME, &now);
    return (int64_t)now.tv_sec * 1000 + now.tv_nsec / 1000000;
}

/* --- what the daemon has --------------------------------------------------------------------------------------- */

static int get_list(sd_bus *bus, const char *method, const struct ward_filter *filter, json_t **ret)
{
    char **texts = NULL;
    const int status = ward_filter_ask(bus, method, filter, &texts);

    if (status == WARD_CTL_DONE)
        *ret = ward_explain_list(texts);
    ward_client_free_texts(texts);
    return status;
}

static bool takes_back(const json_t *record, const json_t *reading)
{
    return strcmp(ward_document_text(record, "kind"), "void") == 0 &&
           json_equal(json_object_get(record, "voids"), json_object_get(reading, "seq")) &&
           json_equal(json_object_get(record, "epoch"), json_object_get(reading, "epoch"));
}

/*
 * By a record that came after it, which its number says and no clock: a reading of somebody else proves nothing. Nor does one of
 * which that cannot be known.
 */
static bool is_taken_back(sd_bus *bus, const json_t *reading)
{
    const uint64_t seq = (uint64_t)json_integer_value(json_object_get(reading, "seq"));
    struct ward_filter filter = {.patient = ward_document_text(reading, "patient"),
                                 .limit = WARD_READINGS_PAGE};
    size_t at, count = WARD_READINGS_PAGE;
    bool found = false;

    while (!found && count == WARD_READINGS_PAGE && (filter.before_seq == 0 || filter.before_seq > seq)) {
        json_t *records = NULL;
        const json_t *record;

        if (get_list(bus, "Readings", &filter, &records) != WARD_CTL_DONE)
            return true;
        json_array_foreach(records, at, record)
        {
            found = found || takes_back(record, reading);
            filter.before_seq = (uint64_t)json_integer_value(json_object_get(record, "seq"));
        }
        count = json_array_size(records);
        json_decref(records);
    }
    return found;
}

/* {PATIENT: the newest that is good and his}. */
static json_t *good_ones(sd_bus *bus, const json_t *readings)
{
    json_t *found = json_object(), *reading;
    size_t at;

    json_array_foreach(readings, at, reading)
    {
        const char *patient = ward_document_text(reading, "patient");

        if (strcmp(ward_document_text(reading, "quality"), "valid") == 0 && *patient != '\0' &&
            json_object_get(found, patient) == NULL && !is_taken_back(bus, reading))
            (void)json_object_set(found, patient, reading);
    }
    return found;
}

static int get_readings(sd_bus *bus, const json_t *status_document, json_t *ret)
{
    const json_t *device;
    size_t at;
    int status = WARD_CTL_DONE;

    json_array_foreach(json_object_get(status_document, "devices"), at, device)
    {
        const char *id = ward_document_text(device, "device");
        struct ward_filter filter = {.device = id, .limit = READINGS_MAX};
        json_t *readings = NULL;

        filter.has_since =
            ward_moment_parse(ward_document_text(device, "enrolled_at"), now_ms(), &filter.since_ms);
        status = get_list(bus, "Readings", &filter, &readings);
        if (status != WARD_CTL_DONE)
            break;
        (void)json_object_set_new(ret, id, good_ones(bus, readings));
        json_decref(readings);
    }
    return status;
}

/* That somebody may not try the hub, or that it is being tried already, is a finding and no end of the report. */
static json_t *try_hub(sd_bus *bus, const char **ret_why_not)
{
    char **texts = NULL;
    const int status = ward_hub_steps(bus, &texts);
    json_t *steps = status == WARD_CTL_DONE ? ward_explain_list(texts) : json_array();

    ward_client_free_texts(texts);
    *ret_why_not = status == WARD_CTL_NOT_ALLOWED ? "that is for root and the group wardgate-admin"
                                                  : "the daemon did not do it";
    return steps;
}

/* --- what is said ---------------------------------------------------------------------------------------------- */

static void show(const json_t *report, const struct ward_findings *findings)
{
    const unsigned missing = findings->counts[WARD_FINDING_FAIL] + findings->counts[WARD_FINDING_WARN];
    const json_t *alarm;
    size_t at;

    ward_prose_begin();
    printf("Visit report of gateway %s%s%s, version %s\n\n", ward_document_text(report, "gateway"),
           *ward_document_text(report, "site") != '\0' ? " at " : "", ward_document_text(report, "site"),
           ward_document_text(report, "version"));
    ward_findings_print(findings);
    putchar('\n');
    if (json_is_true(json_object_get(report, "complete")))
        puts("The visit is complete: every patient is monitored in full, and all of it was proved.");
    else
        printf(
            "THE VISIT IS NOT COMPLETE: %u of %zu checks %s not good. Do what is next, from the top, and ask "
            "again.\n",
            missing, json_array_size(findings->list), missing == 1 ? "is" : "are");
    json_array_foreach(json_object_get(report, "alarms"), at, alarm)
    {
        printf(
            "An alarm stands: %s of %s, %s. Do not leave before the ward has acknowledged it, or taken the trial back.\n",
            ward_document_text(alarm, "condition"), ward_document_text(alarm, "patient"),
            ward_document_text(alarm, "state"));
    }
}

static json_t *patients_of(const json_t *status)
{
    json_t *list = json_array(), *patient;
    size_t at;

    json_array_foreach(json_object_get(status, "patients"), at, patient)
    {
        (void)json_array_append_new(list, json_pack("{sO*, sO*, sO*}", "patient",
                                                    json_object_get(patient, "patient"), "monitoring",
                                                    json_object_get(patient, "monitoring"), "reasons",
                                                    json_object_get(patient, "reasons")));
    }
    return list;
}

static int tell(const struct ward_visit *visit, bool as_json)
{
    struct ward_findings findings = ward_findings_new();
    const json_t *status = visit->status;
    bool complete;
    json_t *report;

    ward_visit_look(visit, &findings);
    complete = findings.counts[WARD_FINDING_OK] == json_array_size(findings.list);
    report = json_pack("{ss, ss, ss, ss, sO*, sb, so, sO, sO, so}", "schema", "wardgate.visit/1", "gateway",
                       ward_document_text(status, "gateway"), "site", ward_document_text(status, "site"),
                       "version", ward_document_text(status, "version"), "at", json_object_get(status, "at"),
                       "complete", (int)complete, "patients", patients_of(status), "checks", findings.list,
                       "hub_steps", visit->steps, "alarms", ward_visit_present(visit));
    if (as_json)
        ward_show_json(json_incref(report));
    else
        show(report, &findings);
    json_decref(report);
    ward_findings_free(&findings);
    return complete ? WARD_CTL_DONE : WARD_CTL_FAILED;
}

static int ask_and_tell(sd_bus *bus, const struct options *options)
{
    struct ward_visit visit = {.not_tested = ""};
    const struct ward_filter since = {
        .has_since = true, .since_ms = options->since_ms, .history = true, .limit = EVENTS_MAX};
    json_t *status_document = NULL, *events = NULL, *readings = json_object(), *steps = NULL;
    char **texts = NULL;
    int status = ward_client_get(bus, "Status", &texts);

    if (status == WARD_CTL_DONE) {
        status_document = ward_document_parse(texts[0]);
        status = get_list(bus, "Alarms", &since, &events);
    }
    if (status == WARD_CTL_DONE)
        status = get_readings(bus, status_document, readings);
    if (status == WARD_CTL_DONE) {
        steps = try_hub(bus, &visit.not_tested);
        visit.status = status_document;
        visit.events = events;
        visit.readings = readings;
        visit.steps = steps;
        status = tell(&visit, options->as_json);
    }
    json_decref(status_document);
    json_decref(events);
    json_decref(readings);
    json_decref(steps);
    ward_client_free_texts(texts);
    return status;
}

static int report(int argc, char **argv)
{
    static const struct option options[] = {
        {"since", required_argument, NULL, 's'}, {"json", no_argument, NULL, 'j'}, {NULL, 0, NULL, 0}};
    struct options chosen = {.since_ms = now_ms() - VISIT_MS};
    sd_bus *bus = NULL;
    int option, status;

    while ((option = getopt_long(argc, argv, "", options, NULL)) != -1) {
        if (option == 'j')
            chosen.as_json = true;
        else if (option != 's')
            return ward_ctl_usage(&ward_verb_visit, "\"%s\" is no option, or lacks its value",
                                  argv[optind - 1]);
        else if (!ward_moment_parse(optarg, now_ms(), &chosen.since_ms))
            return ward_ctl_usage(&ward_verb_visit, "\"%s\" is no moment; try 2h or 2026-11-22T09:00:00Z",
                                  optarg);
    }
    if (optind < argc)
        return ward_ctl_usage(&ward_verb_visit, "\"%s\" is one argument too many", argv[optind]);
    status = ward_client_open(&bus);
    if (status == WARD_CTL_DONE)
        status = ask_and_tell(bus, &chosen);
    sd_bus_flush_close_unref(bus);
    return status;
}

static int run(int argc, char **argv)
{
    if (argc >= 2 && strcmp(argv[1], "report") == 0)
        return report(argc - 1, argv + 1);
    return ward_ctl_usage(&ward_verb_visit, "what to do is missing: report");
}

const struct ward_verb ward_verb_visit = {
    .name = "visit",
    .usage = "visit report [--since MOMENT] [--json]\n",
    .summary = "What was proved on this visit, and whether you may leave",
    .help =
        "  report   tries the way to the ward now, and says of each patient, plan, device, an alarm, the signaller\n"
        "           and the clock what is proved. Exit status 1 while anything is missing, with what to do next\n"
        "  --since  when the visit began: 2026-11-22T09:00:00Z, or how long ago (2h)\n"
        "  --json   one JSON object\n",
    .run = run,
};
