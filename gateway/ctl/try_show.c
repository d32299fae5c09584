/* SPDX-License-Identifier: Apache-2.0 */
#include "ctl/try_show.h"

#include <inttypes.h>
#include <stdio.h>

#include "core/alarm_names.h"
#include "core/careplan.h"
#include "core/message.h"
#include "core/quantity.h"
#include "core/utc.h"

struct list {
    bool as_json;
    bool any;
};

static void show_event_json(const struct ward_alarm_event *event)
{
    static const struct ward_origin origin = {.gateway = "g-try", .epoch = "e-try"};
    char text[8192];
    struct ward_json json;

    ward_json_init(&json, text, sizeof(text), WARD_JSON_PRINTED);
    ward_alarm_event_write_json(event, &origin, &json);
    if (ward_json_finish(&json, NULL) == WARD_JSON_OK) {
        puts(text);
    }
}

void ward_try_show_event(const struct ward_alarm_event *event, bool as_json)
{
    char at[WARD_UTC_TEXT_SIZE] = "";

    if (as_json) {
        show_event_json(event);
        return;
    }
    (void)ward_utc_format(event->at.utc_ms, at);
    printf("%s  %-12s %-12s %-7s %-24s %s%s\n", at, event->patient.text, ward_alarm_event_name(event->event),
           ward_alarm_priority_name(event->priority), event->condition.text, event->again ? "again: " : "",
           event->text);
}

static void show_present(void *context, const struct ward_alarm_present *present)
{
    struct list *list = context;
    const struct ward_alarm_event *event = &present->newest;

    if (list->as_json) {
        printf("%s{\"patient\":\"%s\",\"condition\":\"%s\",\"priority\":\"%s\",\"state\":\"%s\"}",
               list->any ? "," : "", event->patient.text, event->condition.text,
               ward_alarm_priority_name(event->priority), ward_alarm_state_name(event->state));
    } else {
        printf("  %-12s %-24s %-7s %s\n", event->patient.text, event->condition.text,
               ward_alarm_priority_name(event->priority), ward_alarm_state_name(event->state));
    }
    list->any = true;
}

static void show_news2(void *context, const struct ward_id *patient, const struct ward_news2_report *report)
{
    struct list *list = context;
    char text[4096];
    struct ward_json json;

    if (list->as_json) {
        ward_json_init(&json, text, sizeof(text), WARD_JSON_PRINTED);
        ward_news2_write_json(report, &json);
        if (ward_json_finish(&json, NULL) == WARD_JSON_OK) {
            printf("%s{\"patient\":\"%s\",\"news2\":%s}", list->any ? "," : "", patient->text, text);
        }
    } else {
        printf("  %-12s NEWS2 %u", patient->text, report->score.minimum);
        printf(report->score.complete ? "\n" : " or more, up to %u\n", report->score.maximum);
    }
    list->any = true;
}

static double per_day(uint64_t count, uint64_t days)
{
    return days > 0 ? (double)count / (double)days : 0.0;
}

/* --- JSON ---------------------------------------------------------------------------------------------------- */

/* Null where no time passed between first and last line. */
static void write_share(const char *name, int64_t part_ms, int64_t span_ms)
{
    if (span_ms > 0) {
        printf("\"%s\":%.4f", name, (double)part_ms / (double)span_ms);
    } else {
        printf("\"%s\":null", name);
    }
}

static void write_monitored(const struct ward_try_figures *figures, const struct ward_care_plan *plan)
{
    putchar(',');
    write_share("monitored", figures->monitored_ms, figures->span_ms);
    fputs(",\"monitored_by\":{", stdout);
    for (size_t i = 0; i < plan->quantity_count; i++) {
        uint8_t quantity = plan->quantities[i].quantity;

        fputs(i > 0 ? "," : "", stdout);
        write_share(ward_quantity_info(quantity)->name, figures->quantity_ms[quantity], figures->span_ms);
    }
    putchar('}');
}

static void write_red(const struct ward_try_figures *figures)
{
    char from[WARD_UTC_TEXT_SIZE];

    printf(",\"longest_beyond_red_without_alarm_s\":%.3f", (double)figures->red_ms / 1000);
    if (figures->red_ms > 0 && ward_utc_format(figures->red_from_ms, from)) {
        printf(",\"longest_beyond_red\":{\"patient\":\"%s\",\"quantity\":\"%s\",\"from\":\"%s\"}",
               figures->red_patient.text, ward_quantity_info(figures->red_quantity)->name, from);
    }
}

void ward_try_show_summary_json(const struct ward_try *run, const struct ward_care_plan *plan)
{
    struct ward_try_figures figures = ward_try_figures(run);
    const uint64_t *raised = figures.raised;
    struct list list = {.as_json = true};

    printf("{\"schema\":\"wardgate.try/1\",\"plan\":{\"id\":\"%s\",\"version\":%" PRIu32
           "},\"readings\":%" PRIu64 ",\"days_with_data\":%" PRIu64 ",\"raised\":{\"high\":%" PRIu64
           ",\"medium\":%" PRIu64 ",\"low\":%" PRIu64 ",\"technical\":%" PRIu64
           "},\"raised_per_day\":{\"high\":%.3f,\"medium\":%.3f,\"low\":%.3f}",
           plan->id.text, plan->version, figures.readings, figures.days, raised[WARD_PRIORITY_HIGH],
           raised[WARD_PRIORITY_MEDIUM], raised[WARD_PRIORITY_LOW], figures.technical,
           per_day(raised[WARD_PRIORITY_HIGH], figures.days),
           per_day(raised[WARD_PRIORITY_MEDIUM], figures.days),
           per_day(raised[WARD_PRIORITY_LOW], figures.days));
    printf(",\"again\":%" PRIu64 ",\"reminders\":%" PRIu64, figures.again, figures.reminders);
    write_monitored(&figures, plan);
    write_red(&figures);
    printf(",\"left_out\":%" PRIu64 ",\"skipped\":%" PRIu64 ",\"out_of_order\":%" PRIu64
           ",\"refused\":%" PRIu64 ",\"present\":[",
           figures.left_out, figures.skipped, figures.out_of_order, figures.refused);
    ward_try_present(run, show_present, &list);
    printf("],\"prompts\":%" PRIu64 ",\"news2\":[", figures.prompts);
    list.any = false;
    ward_try_news2(run, show_news2, &list);
    fputs("]}", stdout);
}

/* --- for people ---------------------------------------------------------------------------------------------- */

struct row {
    const char *label;
    char cells[2][32];
};

/* A figure of each run in words; the table has no place for more. */
static void fill(char cells[2][32], const struct ward_try_figures figures[2],
                 void (*write)(const struct ward_try_figures *figures, char cell[32]))
{
    for (int i = 0; i < 2; i++) {
        write(&figures[i], cells[i]);
    }
}

static void write_of_priority(const struct ward_try_figures *figures, enum ward_alarm_priority priority,
                              char cell[32])
{
    snprintf(cell, 32, "%" PRIu64 " (%.2f a day)", figures->raised[priority],
             per_day(figures->raised[priority], figures->days));
}

static void write_high(const struct ward_try_figures *figures, char cell[32])
{
    write_of_priority(figures, WARD_PRIORITY_HIGH, cell);
}

static void write_medium(const struct ward_try_figures *figures, char cell[32])
{
    write_of_priority(figures, WARD_PRIORITY_MEDIUM, cell);
}

static void write_low(const struct ward_try_figures *figures, char cell[32])
{
    write_of_priority(figures, WARD_PRIORITY_LOW, cell);
}

static void write_again(const struct ward_try_figures *figures, char cell[32])
{
    snprintf(cell, 32, "%" PRIu64, figures->again);
}

static void write_reminders(const struct ward_try_figures *figures, char cell[32])
{
    snprintf(cell, 32, "%" PRIu64, figures->reminders);
}

static void write_technical(const struct ward_try_figures *figures, char cell[32])
{
    snprintf(cell, 32, "%" PRIu64, figures->technical);
}

static void write_monitored_share(const struct ward_try_figures *figures, char cell[32])
{
    if (figures->span_ms > 0) {
        snprintf(cell, 32, "%.1f %%", 100.0 * (double)figures->monitored_ms / (double)figures->span_ms);
    } else {
        snprintf(cell, 32, "-");
    }
}

static void write_longest_red(const struct ward_try_figures *figures, char cell[32])
{
    snprintf(cell, 32, "%.0f s", (double)figures->red_ms / 1000);
}

static void write_prompts(const struct ward_try_figures *figures, char cell[32])
{
    snprintf(cell, 32, "%" PRIu64, figures->prompts);
}

static const struct {
    const char *label;
    void (*write)(const struct ward_try_figures *figures, char cell[32]);
} burden[] = {
    {"Raised, high", write_high},
    {"Raised, medium", write_medium},
    {"Raised, low", write_low},
    {"  of them again", write_again},
    {"  re-alarms, escalations", write_reminders},
    {"Technical", write_technical},
    {"Time monitored", write_monitored_share},
    {"Longest beyond red, no alarm", write_longest_red},
    {"Patient asked to measure", write_prompts},
};

#define BURDEN (sizeof(burden) / sizeof(burden[0]))

static void show_days(const struct ward_try_figures *figures)
{
    printf("%" PRIu64 " reading%s on %" PRIu64 " patient-day%s with data\n", figures->readings,
           figures->readings == 1 ? "" : "s", figures->days, figures->days == 1 ? "" : "s");
}

/* Lines that were not judged as they stand: without this a file that is not in order would only look like few alarms. */
static void show_lines(const struct ward_try_figures *figures, const char *indent)
{
    if (figures->skipped > 0) {
        printf("%s%-30s %" PRIu64 "\n", indent, "Records that are no readings", figures->skipped);
    }
    if (figures->out_of_order > 0) {
        printf("%s%-30s %" PRIu64 " (--sort puts them in order first)\n", indent, "Lines out of order",
               figures->out_of_order);
    }
}

void ward_try_show_summary(const struct ward_try *run)
{
    struct ward_try_figures figures = ward_try_figures(run);
    struct list list = {0};
    char cell[32];

    putchar('\n');
    show_days(&figures);
    for (size_t i = 0; i < BURDEN; i++) {
        burden[i].write(&figures, cell);
        printf("  %-30s %s\n", burden[i].label, cell);
    }
    show_lines(&figures, "  ");
    puts("Present at the end:");
    ward_try_present(run, show_present, &list);
    if (!list.any) {
        puts("  nothing");
    }
    ward_try_news2(run, show_news2, &list);
}

void ward_try_show_comparison(const struct ward_try *const runs[2],
                              const struct ward_care_plan *const plans[2])
{
    const struct ward_try_figures figures[2] = {ward_try_figures(runs[0]), ward_try_figures(runs[1])};
    char cells[2][32];

    show_days(&figures[0]);
    putchar('\n');
    for (int i = 0; i < 2; i++) {
        snprintf(cells[i], sizeof(cells[i]), "%.22s v%" PRIu32, plans[i]->id.text, plans[i]->version);
    }
    printf("%-30s %-26s %s\n", "", cells[0], cells[1]);
    for (size_t i = 0; i < BURDEN; i++) {
        fill(cells, figures, burden[i].write);
        printf("%-30s %-26s %s\n", burden[i].label, cells[0], cells[1]);
    }
    show_lines(&figures[0], ""); /* of the same file: as many for both */
}
