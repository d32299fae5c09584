/* SPDX-License-Identifier: Apache-2.0 */
/* wardctl try: what a care plan would have said to recorded readings, without a daemon. */
#include <errno.h>
#include <getopt.h>
#include <inttypes.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "core/alarm_names.h"
#include "core/careplan.h"
#include "core/message.h"
#include "core/utc.h"
#include "ctl/plan_file.h"
#include "ctl/try_run.h"
#include "ctl/verbs.h"
#include "ctl/zone_file.h"

struct output {
    bool as_json;
    bool first; /* of a list */
};

static void print_event_json(const struct ward_alarm_event *event)
{
    static const struct ward_origin origin = {.gateway = "g-try", .epoch = ""};
    char text[8192];
    struct ward_json json;

    ward_json_init(&json, text, sizeof(text), WARD_JSON_PRINTED);
    ward_alarm_event_write_json(event, &origin, &json);
    if (ward_json_finish(&json, NULL) == WARD_JSON_OK) {
        puts(text);
    }
}

static void print_event(void *context, const struct ward_alarm_event *event)
{
    const struct output *output = context;
    char at[WARD_UTC_TEXT_SIZE] = "";

    if (output->as_json) {
        print_event_json(event);
        return;
    }
    (void)ward_utc_format(event->at.utc_ms, at);
    printf("%s  %-12s %-12s %-7s %-24s %s%s\n", at, event->patient.text, ward_alarm_event_name(event->event),
           ward_alarm_priority_name(event->priority), event->condition.text, event->again ? "again: " : "",
           event->text);
}

static void print_present(void *context, const struct ward_alarm_present *present)
{
    struct output *output = context;
    const struct ward_alarm_event *event = &present->newest;

    if (output->as_json) {
        printf("%s{\"patient\":\"%s\",\"condition\":\"%s\",\"priority\":\"%s\",\"state\":\"%s\"}",
               output->first ? "" : ",", event->patient.text, event->condition.text,
               ward_alarm_priority_name(event->priority), ward_alarm_state_name(event->state));
    } else {
        printf("  %-12s %-24s %-7s %s\n", event->patient.text, event->condition.text,
               ward_alarm_priority_name(event->priority), ward_alarm_state_name(event->state));
    }
    output->first = false;
}

static void print_news2(void *context, const struct ward_id *patient, const struct ward_news2_report *report)
{
    struct output *output = context;
    char text[4096];
    struct ward_json json;

    if (output->as_json) {
        ward_json_init(&json, text, sizeof(text), WARD_JSON_PRINTED);
        ward_news2_write_json(report, &json);
        if (ward_json_finish(&json, NULL) == WARD_JSON_OK) {
            printf("%s{\"patient\":\"%s\",\"news2\":%s}", output->first ? "" : ",", patient->text, text);
        }
    } else {
        printf("  %-12s NEWS2 %u", patient->text, report->score.minimum);
        printf(report->score.complete ? "\n" : " or more, up to %u\n", report->score.maximum);
    }
    output->first = false;
}

static double per_day(uint64_t count, uint64_t days)
{
    return days > 0 ? (double)count / (double)days : 0.0;
}

static void print_summary_json(const struct ward_try *run, const struct ward_care_plan *plan,
                               struct output *output)
{
    struct ward_try_figures figures = ward_try_figures(run);
    const uint64_t *raised = figures.occurrences;

    printf("{\"schema\":\"wardgate.try/1\",\"plan\":{\"id\":\"%s\",\"version\":%" PRIu32
           "},\"readings\":%" PRIu64 ",\"days_with_data\":%" PRIu64 ",\"raised\":{\"high\":%" PRIu64
           ",\"medium\":%" PRIu64 ",\"low\":%" PRIu64 ",\"technical\":%" PRIu64
           "},\"raised_per_day\":{\"high\":%.3f,\"medium\":%.3f,\"low\":%.3f},\"present\":[",
           plan->id.text, plan->version, figures.readings, figures.days, raised[WARD_PRIORITY_HIGH],
           raised[WARD_PRIORITY_MEDIUM], raised[WARD_PRIORITY_LOW], figures.technical,
           per_day(raised[WARD_PRIORITY_HIGH], figures.days),
           per_day(raised[WARD_PRIORITY_MEDIUM], figures.days),
           per_day(raised[WARD_PRIORITY_LOW], figures.days));
    output->first = true;
    ward_try_present(run, print_present, output);
    printf("],\"prompts\":%" PRIu64 ",\"news2\":[", figures.prompts);
    output->first = true;
    ward_try_news2(run, print_news2, output);
    puts("]}");
}

static void print_summary(const struct ward_try *run, struct output *output)
{
    struct ward_try_figures figures = ward_try_figures(run);
    const uint64_t *raised = figures.occurrences;

    printf("\n%" PRIu64 " readings on %" PRIu64 " patient-days. Raised (per patient-day): high %" PRIu64
           " (%.2f), medium %" PRIu64 " (%.2f), low %" PRIu64 " (%.2f); technical %" PRIu64 ".\n",
           figures.readings, figures.days, raised[WARD_PRIORITY_HIGH],
           per_day(raised[WARD_PRIORITY_HIGH], figures.days), raised[WARD_PRIORITY_MEDIUM],
           per_day(raised[WARD_PRIORITY_MEDIUM], figures.days), raised[WARD_PRIORITY_LOW],
           per_day(raised[WARD_PRIORITY_LOW], figures.days), figures.technical);
    puts("Present at the end:");
    output->first = true;
    ward_try_present(run, print_present, output);
    if (output->first) {
        puts("  nothing");
    }
    ward_try_news2(run, print_news2, output);
    if (figures.prompts > 0) {
        printf("The patient was asked to measure %" PRIu64 " times.\n", figures.prompts);
    }
}

/* Every line of stream. Returns an exit status. */
static int give_lines(struct ward_try *run, FILE *stream, const char *path)
{
    char *line = NULL;
    size_t size = 0;
    ssize_t length;
    uint64_t number = 0;
    int status = WARD_CTL_DONE;

    while (status == WARD_CTL_DONE && (length = getline(&line, &size, stream)) >= 0) {
        const char *wrong = NULL;

        number++;
        if (strspn(line, " \t\r\n") != (size_t)length) {
            wrong = ward_try_line(run, line, (size_t)length);
        }
        if (wrong != NULL) {
            status = ward_ctl_fail("%s, line %" PRIu64 ": %s", path, number, wrong);
        }
    }
    if (status == WARD_CTL_DONE && ferror(stream)) {
        status = ward_ctl_fail("cannot read %s: %s", path, strerror(errno));
    }
    free(line);
    return status;
}

static int try_readings(const struct ward_care_plan *plan, const char *path, uint64_t after_s,
                        struct output *output)
{
    FILE *stream = strcmp(path, "-") == 0 ? stdin : fopen(path, "re");
    struct ward_zone zone;
    struct ward_try *run;
    int status;

    if (stream == NULL) {
        return ward_ctl_fail("cannot open %s: %s", path, strerror(errno));
    }
    run = ward_try_new(plan, ward_zone_file_read(plan->zone, &zone) ? &zone : NULL, print_event, output);
    status = run != NULL ? give_lines(run, stream, path) : ward_ctl_fail("out of memory");
    if (status == WARD_CTL_DONE) {
        ward_try_finish(run, after_s * 1000);
        if (output->as_json) {
            print_summary_json(run, plan, output);
        } else {
            print_summary(run, output);
        }
    }
    ward_try_free(run);
    if (stream != stdin) {
        (void)fclose(stream);
    }
    return status;
}

static bool parse_after(const char *text, uint64_t *ret)
{
    char *end;
    unsigned long long seconds = strtoull(text, &end, 10);

    if (end == text || *end != '\0' || seconds > 366ull * 86400) {
        return false;
    }
    *ret = seconds;
    return true;
}

static int run(int argc, char **argv)
{
    static const struct option options[] = {
        {"json", no_argument, NULL, 'j'}, {"after", required_argument, NULL, 'a'}, {NULL, 0, NULL, 0}};
    struct output output = {0};
    struct ward_care_plan *plan;
    uint64_t after_s = 0;
    int option;
    int status;

    while ((option = getopt_long(argc, argv, "", options, NULL)) != -1) {
        if (option == 'j') {
            output.as_json = true;
        } else if (option != 'a' || !parse_after(optarg, &after_s)) {
            return ward_ctl_usage(&ward_verb_try, "\"%s\" is no option, or lacks its value",
                                  argv[optind - 1]);
        }
    }
    if (argc - optind != 2) {
        return ward_ctl_usage(&ward_verb_try, "needs a PLAN and READINGS");
    }
    plan = calloc(1, sizeof(*plan));
    status = plan != NULL ? ward_plan_file_read(argv[optind], plan, false) : ward_ctl_fail("out of memory");
    if (status == WARD_CTL_DONE) {
        status = try_readings(plan, argv[optind + 1], after_s, &output);
    }
    free(plan);
    return status;
}

const struct ward_verb ward_verb_try = {
    .name = "try",
    .usage = "try PLAN READINGS [--after SECONDS] [--json]\n",
    .summary = "What a care plan would have said to recorded readings",
    .help =
        "Runs the gateway's alarm engine over READINGS (- for standard input) in virtual time and prints each\n"
        "event, then how many alarms there were and what is present at the end. READINGS has one JSON object\n"
        "a line: readings as `wardctl readings --json` prints them (measured_at, patient and values are enough),\n"
        "entries among them, and what somebody did:\n"
        "\n"
        "  {\"measured_at\":\"2026-11-22T09:00:00Z\",\"kind\":\"entry\",\"values\":[\n"
        "   {\"quantity\":\"respiration_rate\",\"value\":18},{\"quantity\":\"consciousness\",\"value\":\"alert\"}]}\n"
        "\n"
        "  {\"at\":\"2026-11-22T09:05:00Z\",\"acknowledge\":\"spo2-low\",\"by\":\"dr-1\"}\n"
        "  with \"silence\":true, \"suspend_s\":3600, \"void\":SEQ, \"restart\":true, \"reboot\":true or\n"
        "  \"discharge\":true instead; with none of them time just passes until then\n"
        "\n"
        "  --after SECONDS  how long time goes on after the last line; at least until every stream is stale\n"
        "  --json           each event as one JSON object a line, and the figures as the last one\n",
    .run = run,
};
