/* SPDX-License-Identifier: Apache-2.0 */
/*
 * wardctl readings: what is in the database, and with --follow what comes in. With --fhir as FHIR Bundles, which are the
 * daemon's to write (docs/mqtt/fhir.md).
 *
 * Reads of each record: epoch, seq, patient, unassigned, device, kind, and what record_words.h says of it.
 *
 * Following subscribes first and asks then, so that nothing falls between; what comes twice by that is known by its
 * epoch and seq and shown once.
 */
#include <errno.h>
#include <getopt.h>
#include <stddef.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <time.h>

#include "core/quantity.h"
#include "ctl/client.h"
#include "ctl/document.h"
#include "ctl/filter.h"
#include "ctl/moment.h"
#include "ctl/prose.h"
#include "ctl/readings.h"
#include "ctl/record_words.h"
#include "ctl/show.h"
#include "ctl/terminal.h"

#define LIMIT 100

struct query {
    struct ward_filter filter;
    bool follow, as_json;
    char epoch[80]; /* of the newest record shown */
    int64_t seq;
};

static int64_t now_ms(void)
{
    struct timespec now = {0};

    (void)clock_gettime(CLOCK_REALTIME, &now);
    return (int64_t)now.tv_sec * 1000 + now.tv_nsec / 1000000;
}

static bool parse_limit(const char *text, uint32_t *ret)
{
    const unsigned long most = 100000;
    unsigned long limit;
    char *end;

    errno = 0;
    limit = strtoul(text, &end, 10);
    if (errno != 0 || end == text || *end != '\0' || limit < 1 || limit > most)
        return false;
    *ret = (uint32_t)limit;
    return true;
}

static int parse_query(int argc, char **argv, struct query *query)
{
    static const struct option options[] = {{"since", required_argument, NULL, 's'},
                                            {"device", required_argument, NULL, 'd'},
                                            {"quantity", required_argument, NULL, 'q'},
                                            {"patient", required_argument, NULL, 'p'},
                                            {"limit", required_argument, NULL, 'l'},
                                            {"follow", no_argument, NULL, 'f'},
                                            {"json", no_argument, NULL, 'j'},
                                            {"fhir", no_argument, NULL, 'b'},
                                            {NULL, 0, NULL, 0}};
    int option;

    while ((option = getopt_long(argc, argv, "", options, NULL)) != -1) {
        switch (option) {
        case 's':
            query->filter.has_since = true;
            if (!ward_moment_parse(optarg, now_ms(), &query->filter.since_ms))
                return ward_ctl_usage(&ward_verb_readings,
                                      "\"%s\" is no moment; try 2h or 2026-11-22T09:00:00Z", optarg);
            break;
        case 'd': query->filter.device = optarg; break;
        case 'q':
            query->filter.quantity = optarg;
            if (ward_quantity_by_name(optarg) == WARD_QUANTITY_NONE)
                return ward_ctl_usage(&ward_verb_readings, "\"%s\" is no quantity; try spo2 or pulse_rate",
                                      optarg);
            break;
        case 'p': query->filter.patient = optarg; break;
        case 'l':
            if (!parse_limit(optarg, &query->filter.limit))
                return ward_ctl_usage(&ward_verb_readings, "\"%s\" is not 1 to 100000", optarg);
            break;
        case 'f': query->follow = true; break;
        case 'j': query->as_json = true; break;
        case 'b': query->filter.as_fhir = true; break;
        default:
            return ward_ctl_usage(&ward_verb_readings, "\"%s\" is no option, or lacks its value",
                                  argv[optind - 1]);
        }
    }
    if (query->filter.as_fhir && query->follow)
        return ward_ctl_usage(&ward_verb_readings, "--fhir does not follow: ask again with --since");
    if (query->filter.as_fhir && query->filter.limit > WARD_READINGS_PAGE)
        return ward_ctl_usage(&ward_verb_readings, "with --fhir --limit is %d at most", WARD_READINGS_PAGE);
    if (optind < argc)
        return ward_ctl_usage(&ward_verb_readings, "it takes no argument \"%s\"", argv[optind]);
    return WARD_CTL_DONE;
}

static bool has_quantity(const json_t *document, const char *quantity)
{
    const json_t *value;
    size_t index;

    json_array_foreach(json_object_get(document, "values"), index, value)
    {
        if (strcmp(ward_document_text(value, "quantity"), quantity) == 0)
            return true;
    }
    return false;
}

static bool matches(const json_t *document, const struct query *query)
{
    return (query->filter.device == NULL ||
            strcmp(ward_document_text(document, "device"), query->filter.device) == 0) &&
           (query->filter.patient == NULL ||
            strcmp(ward_document_text(document, "patient"), query->filter.patient) == 0) &&
           (query->filter.quantity == NULL || has_quantity(document, query->filter.quantity));
}

/* Whether the record is newer than all that was shown; remembers it. A record without a seq always is. */
static bool is_new(const json_t *document, struct query *query)
{
    const char *epoch = ward_document_text(document, "epoch");
    const json_t *seq = json_object_get(document, "seq");

    if (!json_is_integer(seq))
        return true;
    if (strcmp(epoch, query->epoch) == 0 && json_integer_value(seq) <= query->seq)
        return false;
    snprintf(query->epoch, sizeof(query->epoch), "%s", epoch);
    query->seq = json_integer_value(seq);
    return true;
}

static void print_line(const json_t *document)
{
    printf("%-20s  %s  %s  %-10s  %s", ward_record_moment(document).text,
           ward_document_member(document, "patient").text, ward_document_member(document, "device").text,
           ward_document_member(document, "kind").text, ward_record_words(document).text);
    putchar('\n');
}

static void print_followed(const char *text, struct query *query)
{
    json_t *document = ward_document_parse(text);

    if (matches(document, query) && is_new(document, query)) {
        if (query->as_json)
            puts(text);
        else
            print_line(document);
        fflush(stdout);
    }
    json_decref(document);
}

static int show_reading(sd_bus_message *message, void *userdata, sd_bus_error *error)
{
    const char *text;

    (void)error;
    if (sd_bus_message_read(message, "s", &text) >= 0)
        print_followed(text, userdata);
    return 0;
}

static bool has_unassigned(char *const *texts)
{
    bool found = false;

    for (; *texts != NULL && !found; texts++) {
        json_t *document = ward_document_parse(*texts);

        found = json_is_true(json_object_get(document, "unassigned"));
        json_decref(document);
    }
    return found;
}

static void show_table(char **texts)
{
    static const struct ward_column columns[] = {
        {"SEQ", "seq", WARD_COLUMN_PLAIN},         {"WHEN", NULL, WARD_COLUMN_RECORD_MOMENT},
        {"PATIENT", "patient", WARD_COLUMN_PLAIN}, {"DEVICE", "device", WARD_COLUMN_PLAIN},
        {"KIND", "kind", WARD_COLUMN_PLAIN},       {"WHAT", NULL, WARD_COLUMN_RECORD},
        {NULL, NULL, WARD_COLUMN_PLAIN},
    };

    ward_records_mark_taken_back(texts);
    ward_pager_begin();
    ward_show_table(texts, columns, "No reading.");
    ward_prose_begin();
    if (has_unassigned(texts))
        puts(
            "Without a patient: it was in the device's memory when it was paired, came from a device or a user "
            "of it that nobody has, or was a test. Its values are kept, and shown to nobody.");
    ward_prose_end();
    ward_pager_end();
}

/* The daemon gives the newest first; here that is the last, since what comes in follows it. */
static void begin_following(char **texts, struct query *query)
{
    size_t count = 0;

    if (!query->as_json)
        ward_records_mark_taken_back(texts);
    while (texts[count] != NULL)
        count++;
    while (count-- > 0)
        print_followed(texts[count], query);
}

static void show_stored(char **texts, struct query *query)
{
    if (query->filter.as_fhir)
        for (; *texts != NULL; texts++)
            puts(*texts);
    else if (query->follow)
        begin_following(texts, query);
    else if (query->as_json)
        ward_document_print_lines(texts);
    else
        show_table(texts);
}

static int ask(sd_bus *bus, struct query *query)
{
    char **texts = NULL;
    /* Bundles have no number that the next page could lie before. */
    const int status = query->filter.as_fhir ? ward_filter_ask(bus, "Readings", &query->filter, &texts)
                                             : ward_readings_ask(bus, &query->filter, &texts);

    if (status == WARD_CTL_DONE)
        show_stored(texts, query);
    ward_client_free_texts(texts);
    return status;
}

static int run(int argc, char **argv)
{
    struct query query = {.filter = {.limit = LIMIT}};
    sd_bus *bus = NULL;
    int status;

    if (argc > 1 && strcmp(argv[1], "void") == 0)
        return ward_readings_void(argc - 1, argv + 1);
    status = parse_query(argc, argv, &query);

    if (status == WARD_CTL_DONE)
        status = ward_client_open(&bus);
    if (status == WARD_CTL_DONE && query.follow && !query.as_json)
        ward_prose_begin();
    if (status == WARD_CTL_DONE && query.follow)
        status = ward_client_listen_to_readings(bus, show_reading, &query);
    if (status == WARD_CTL_DONE)
        status = ask(bus, &query);
    if (status == WARD_CTL_DONE && query.follow)
        status = ward_client_follow(bus);
    sd_bus_flush_close_unref(bus);
    return status;
}

const struct ward_verb ward_verb_readings = {
    .name = "readings",
    .usage =
        "readings [--since MOMENT] [--patient PATIENT] [--device DEVICE] [--quantity QUANTITY] [--limit N] [--follow] [--json]\n"
        "readings [--since MOMENT] [--patient PATIENT] [--device DEVICE] [--quantity QUANTITY] [--limit N] --fhir\n"
        "readings void [EPOCH:]SEQ --reason WORD [--by PERSON] [--json]\n"
        "readings void --signed FILE [--json]\n",
    .summary = "What was measured, and what comes in",
    .help =
        "  --since     2026-11-22T09:00:00Z, or how long ago: 90s, 15min, 2h, 3d\n"
        "  --patient   of this patient only; --device and --quantity (spo2, bp_systolic, …) likewise\n"
        "  --limit     at most so many (100), up to 100000; with --fhir up to 1000\n"
        "  --follow    goes on with what comes in, until interrupted\n"
        "  --json      one JSON object a line\n"
        "  --fhir      FHIR R4 Bundles, one a line, as they go up with format = fhir\n"
        "\n"
        "  void        takes a reading back: it stays in the record, and counts for nothing any more. That is a\n"
        "              clinician's order: a signed command in a file (- for standard input), or, where the\n"
        "              gateway asks for no signature, the number of the reading\n"
        "  --reason    why, as one word: wrong-patient\n"
        "  --by        id of who says so; without it the user of this computer\n",
    .run = run,
};
