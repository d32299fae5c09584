/* SPDX-License-Identifier: Apache-2.0 */
/*
 * Runs every tests/scenarios/NAME.scn: what happened to a patient and what the engine had to say, as text that a nurse
 * can read and write, in virtual time. tests/scenarios/README.md has the words.
 */
#include <glob.h>
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include <cmocka.h>

#include "core/alarm.h"
#include "core/alarm_names.h"
#include "core/alarm_pack.h"
#include "core/careplan.h"
#include "core/decimal.h"
#include "core/quantity.h"
#include "core/utc.h"

#define SECOND_US   UINT64_C(1000000)
#define START_US    (1000 * SECOND_US)
#define WORDS_MAX   24
#define STEPS_MAX   512
#define EVENTS_MAX  4096
#define PROMPTS_MAX 256
#define GIVEN_MAX   1024

struct line {
    char text[256];
    char *words[WORDS_MAX];
    int count;
    int number;
};

/* One thing that happens, or that is asked for, at a time; a stream is one step that repeats. */
struct step {
    uint64_t at_s, until_s, every_s;
    struct line line;
    int first; /* index of the word after the time */
};

struct expectation {
    uint64_t at_s;
    struct line line;
    bool met;
};

struct scenario {
    const char *path;
    int faults;
    struct ward_care_plan plan;
    bool has_plan;
    struct ward_zone zone;
    bool has_zone;
    struct ward_alarm_patient patient;
    uint64_t now_us;         /* virtual time since START_US, what the scenario's times mean */
    uint64_t boot_offset_us; /* subtracted after a reboot */
    int64_t start_utc_ms;
    uint8_t clock;
    uint64_t seq;
    uint64_t newest_seq[WARD_QUANTITY_COUNT];
    struct {
        uint64_t at_s, seq;
        uint8_t quantity;
    } given[GIVEN_MAX]; /* what was measured when: the newest of them */
    size_t given_count;
    uint64_t seeds;
    uint64_t end_s;
    size_t step_count, expectation_count, event_count;
    struct step steps[STEPS_MAX];
    struct expectation expectations[STEPS_MAX];
    struct ward_alarm_event events[EVENTS_MAX];
    uint64_t event_s[EVENTS_MAX];
    bool event_met[EVENTS_MAX];
    size_t derived_count;
    struct ward_alarm_derived derived[EVENTS_MAX];
    uint64_t derived_s[EVENTS_MAX];
    bool derived_met[EVENTS_MAX];
    size_t prompt_count;
    struct ward_alarm_prompt prompts[PROMPTS_MAX];
    uint64_t prompt_s[PROMPTS_MAX];
    bool prompt_met[PROMPTS_MAX];
};

static void fault(struct scenario *scenario, const struct line *line, const char *what)
{
    scenario->faults++;
    print_error("%s:%d: %s\n", scenario->path, line->number, what);
}

/* --- reading the text --- */

static bool read_time(const char *word, uint64_t *ret_s)
{
    unsigned hours = 0, minutes = 0, seconds = 0;
    char rest;

    if (sscanf(word, "%u:%2u:%2u%c", &hours, &minutes, &seconds, &rest) != 3) {
        hours = 0;
        if (sscanf(word, "%u:%2u%c", &minutes, &seconds, &rest) != 2) {
            return false;
        }
    }
    *ret_s = hours * 3600u + minutes * 60u + seconds;
    return true;
}

static void split(struct line *line)
{
    char *save = NULL;

    line->text[strcspn(line->text, "#\n")] = '\0';
    line->count = 0;
    for (char *word = strtok_r(line->text, " \t", &save); word != NULL && line->count < WORDS_MAX;
         word = strtok_r(NULL, " \t", &save)) {
        line->words[line->count++] = word;
    }
}

/* The words of a copied line point into the copy. */
static void copy_line(struct line *to, const struct line *from)
{
    *to = *from;
    for (int i = 0; i < from->count; i++) {
        to->words[i] = to->text + (from->words[i] - from->text);
    }
}

static const char *word_at(const struct line *line, int index)
{
    return index < line->count ? line->words[index] : "";
}

/* The word after `name`, or NULL. */
static const char *word_after(const struct line *line, const char *name)
{
    for (int i = 0; i + 1 < line->count; i++) {
        if (strcmp(line->words[i], name) == 0) {
            return line->words[i + 1];
        }
    }
    return NULL;
}

static bool has_word_from(const struct line *line, int first, const char *name)
{
    for (int i = first; i < line->count; i++) {
        if (strcmp(line->words[i], name) == 0) {
            return true;
        }
    }
    return false;
}

static bool has_word(const struct line *line, const char *name)
{
    return has_word_from(line, 0, name);
}

static void load_zone(struct scenario *scenario, const struct line *line)
{
    static uint8_t octets[WARD_ZONE_FILE_MAX];
    char path[128];
    FILE *file;

    scenario->has_zone = false;
    if (scenario->plan.zone[0] == '\0') {
        return;
    }
    snprintf(path, sizeof(path), "/usr/share/zoneinfo/%s", scenario->plan.zone);
    file = fopen(path, "r");
    scenario->has_zone =
        file != NULL && ward_zone_parse(octets, fread(octets, 1, sizeof(octets), file), &scenario->zone);
    if (!scenario->has_zone) {
        fault(scenario, line, "the plan's time zone is not there");
    }
    if (file != NULL) {
        fclose(file);
    }
}

static void load_plan(struct scenario *scenario, const struct line *line, const char *name)
{
    static struct ward_plan_errors errors;
    static char text[WARD_PLAN_TEXT_MAX];
    FILE *file = NULL;

    for (size_t i = 0; i < 2 && file == NULL; i++) {
        char path[256];

        snprintf(path, sizeof(path), "%s/%s.json", i == 0 ? "scenarios" : "../config/care-plans", name);
        file = fopen(path, "r");
    }
    if (file == NULL) {
        fault(scenario, line, "there is no such plan");
        return;
    }
    if (!ward_care_plan_parse(text, fread(text, 1, sizeof(text), file), &scenario->plan, &errors)) {
        for (size_t i = 0; i < errors.count; i++) {
            print_error("%s: %s: %s\n", name, errors.list[i].pointer, errors.list[i].reason);
        }
        fault(scenario, line, "the plan is not valid");
    }
    scenario->has_plan = true;
    fclose(file);
    load_zone(scenario, line);
}

static void add_step(struct scenario *scenario, const struct line *line, uint64_t at_s, int first)
{
    struct step *step = &scenario->steps[scenario->step_count];
    size_t at = scenario->step_count;

    if (scenario->step_count == STEPS_MAX) {
        fault(scenario, line, "too many lines");
        return;
    }
    scenario->step_count++;
    while (at > 0 && scenario->steps[at - 1].at_s > at_s) { /* in order of time, then of the text */
        struct step moved = scenario->steps[at - 1];

        scenario->steps[at] = moved;
        copy_line(&scenario->steps[at].line, &scenario->steps[at - 1].line);
        at--;
    }
    step = &scenario->steps[at];
    *step = (struct step){.at_s = at_s, .until_s = at_s + 1, .every_s = 1, .first = first};
    copy_line(&step->line, line);
    if (at_s > scenario->end_s) {
        scenario->end_s = at_s;
    }
}

static void read_stream(struct scenario *scenario, const struct line *line)
{
    uint64_t from_s, to_s, at_s;
    const char *every = word_after(line, "every");
    unsigned every_s = every != NULL ? (unsigned)strtoul(every, NULL, 10) : 1;

    if (line->count < 6 || !read_time(line->words[1], &from_s) || strcmp(line->words[2], "to") != 0 ||
        !read_time(line->words[3], &to_s) || every_s == 0) {
        fault(scenario, line, "should read: from TIME to TIME QUANTITY VALUE");
        return;
    }
    add_step(scenario, line, from_s, 4);
    for (size_t i = 0; i < scenario->step_count; i++) {
        if (scenario->steps[i].line.number == line->number) {
            scenario->steps[i].until_s = to_s;
            scenario->steps[i].every_s = every_s;
        }
    }
    at_s = to_s > 0 ? to_s - 1 : 0;
    scenario->end_s = at_s > scenario->end_s ? at_s : scenario->end_s;
}

/* "2026-11-22 02:50" at index `first`: what the clock shows from now on. */
static void read_clock(struct scenario *scenario, const struct line *line, int first)
{
    char text[WARD_UTC_TEXT_SIZE + 8];

    if (strcmp(word_at(line, first), "unknown") == 0) {
        scenario->clock = WARD_CLOCK_UNSYNCED;
        return;
    }
    scenario->clock = WARD_CLOCK_SYNCED;
    snprintf(text, sizeof(text), "%.10sT%.5s:00.000Z", word_at(line, first), word_at(line, first + 1));
    if (!ward_utc_parse(text, strlen(text), &scenario->start_utc_ms)) {
        fault(scenario, line, "should read: clock 2026-11-22 02:50");
    }
    scenario->start_utc_ms -= (int64_t)(scenario->now_us / 1000);
}

static void read_line(struct scenario *scenario, const struct line *line)
{
    uint64_t at_s = 0;
    const char *first = word_at(line, 0);

    if (line->count == 0) {
        return;
    }
    if (strcmp(first, "plan") == 0) {
        load_plan(scenario, line, word_at(line, 1));
    } else if (strcmp(first, "clock") == 0) {
        read_clock(scenario, line, 1);
    } else if (strcmp(first, "from") == 0) {
        read_stream(scenario, line);
    } else if (strcmp(first, "at") == 0 && read_time(word_at(line, 1), &at_s)) {
        add_step(scenario, line, at_s, 2);
    } else if (strcmp(first, "until") == 0 && read_time(word_at(line, 1), &at_s)) {
        scenario->end_s = at_s;
    } else if (strcmp(first, "expect") == 0 && read_time(word_at(line, 1), &at_s)) {
        struct expectation *expectation = &scenario->expectations[scenario->expectation_count++];

        assert_true(scenario->expectation_count < STEPS_MAX);
        expectation->at_s = at_s;
        copy_line(&expectation->line, line);
    } else {
        fault(scenario, line, "this line is not understood");
    }
}

/* --- running it --- */

static void on_prompt(void *context, const struct ward_alarm_prompt *prompt)
{
    struct scenario *scenario = context;

    assert_true(scenario->prompt_count < PROMPTS_MAX);
    scenario->prompts[scenario->prompt_count] = *prompt;
    scenario->prompt_s[scenario->prompt_count++] = scenario->now_us / SECOND_US;
}

static void on_event(void *context, const struct ward_alarm_event *event)
{
    struct scenario *scenario = context;

    assert_true(scenario->event_count < EVENTS_MAX);
    scenario->event_s[scenario->event_count] = scenario->now_us / SECOND_US;
    scenario->events[scenario->event_count++] = *event;
}

static void on_derived(void *context, const struct ward_alarm_derived *derived)
{
    struct scenario *scenario = context;
    struct ward_alarm_derived *kept;

    assert_true(scenario->derived_count < EVENTS_MAX);
    scenario->derived_s[scenario->derived_count] = scenario->now_us / SECOND_US;
    kept = &scenario->derived[scenario->derived_count++];
    *kept = *derived;
    kept->from_mono_us += scenario->boot_offset_us - START_US; /* the scenario's times, of whatever boot */
    kept->to_mono_us += scenario->boot_offset_us - START_US;
}

static struct ward_alarm_context now(struct scenario *scenario, const struct ward_alarm_sink *sink)
{
    struct ward_alarm_context context = {
        .plan = scenario->has_plan ? &scenario->plan : NULL,
        .zone = scenario->has_zone ? &scenario->zone : NULL,
        .now = {.boot_us = START_US + scenario->now_us - scenario->boot_offset_us,
                .utc_ms = scenario->clock == WARD_CLOCK_SYNCED
                              ? scenario->start_utc_ms + (int64_t)(scenario->now_us / 1000)
                              : WARD_UTC_UNKNOWN,
                .clock = scenario->clock},
        .sink = sink,
    };
    uint64_t seed = ++scenario->seeds << 8;

    for (size_t i = 0; i < 8; i++) {
        context.seed.octets[15 - i] = (uint8_t)(seed >> (8 * i));
    }
    return context;
}

/* "88", "LO", "HI", "nothing" (a frame without a value) */
static struct ward_decimal number_of(const char *word)
{
    struct ward_decimal number = {.special = WARD_NAN};

    if (strcmp(word, "LO") == 0) {
        number.special = WARD_NEGATIVE_INFINITY;
    } else if (strcmp(word, "HI") == 0) {
        number.special = WARD_POSITIVE_INFINITY;
    } else {
        (void)ward_decimal_parse(word, strlen(word), &number);
    }
    return number;
}

/* "spo2 88 and pulse_rate 70": the values of one reading. */
static void read_values(struct scenario *scenario, const struct line *line, int at,
                        struct ward_reading *reading)
{
    do {
        struct ward_value *value = &reading->values[reading->value_count++];
        const char *number = word_at(line, at + 1);

        value->quantity = (uint8_t)ward_quantity_by_name(word_at(line, at));
        if (strcmp(word_at(line, at), "cuff_pulse") == 0) {
            value->quantity = WARD_PULSE_RATE_CUFF;
        }
        if (!ward_quantity_code_by_name(value->quantity, number, &value->number)) {
            value->number = number_of(number);
        }
        if (value->quantity == WARD_QUANTITY_NONE) {
            fault(scenario, line, "this is neither a quantity nor anything else that can happen");
        }
        scenario->newest_seq[value->quantity] = reading->seq;
        scenario->given[scenario->given_count % GIVEN_MAX].at_s = scenario->now_us / SECOND_US;
        scenario->given[scenario->given_count % GIVEN_MAX].seq = reading->seq;
        scenario->given[scenario->given_count++ % GIVEN_MAX].quantity = value->quantity;
        at += 3;
    } while (strcmp(word_at(line, at - 1), "and") == 0 && reading->value_count < WARD_READING_VALUES_MAX);
}

static void give_reading(struct scenario *scenario, const struct step *step,
                         const struct ward_alarm_context *context)
{
    const struct line *line = &step->line;
    bool late = strcmp(word_at(line, step->first), "late") == 0;
    bool entry = strcmp(word_at(line, step->first), "entry") == 0;
    struct ward_reading reading = {.kind = strcmp(line->words[0], "from") == 0 ? WARD_READING_CONTINUOUS
                                                                               : WARD_READING_SPOT,
                                   .late = late,
                                   .mono_us = context->now.boot_us,
                                   .measured_at_ms = context->now.utc_ms,
                                   .received_at_ms = context->now.utc_ms,
                                   .seq = ++scenario->seq};
    uint64_t measured_s = 0;

    if (entry) {
        reading.kind = WARD_READING_ENTRY;
    }
    read_values(scenario, line, step->first + (late || entry ? 1 : 0), &reading);
    if (has_word(line, "finger") && has_word(line, "off")) {
        reading.quality = WARD_INVALID;
        reading.reasons = WARD_REASON_NO_CONTACT;
    } else if (has_word(line, "questionable")) {
        reading.quality = WARD_QUESTIONABLE;
    } else if (has_word(line, "invalid") || reading.values[0].number.special == WARD_NAN) {
        reading.quality = WARD_INVALID;
    }
    if (late && word_after(line, "measured") != NULL &&
        read_time(word_after(line, "measured"), &measured_s)) {
        reading.measured_at_ms = scenario->start_utc_ms + (int64_t)measured_s * 1000;
    }
    ward_alarm_reading(&scenario->patient, context, &reading);
}

static void acknowledge(struct scenario *scenario, const struct line *line,
                        const struct ward_alarm_context *context)
{
    static struct ward_alarm_present present[128];
    size_t count = ward_alarm_present(&scenario->patient, context, present, 128);
    const char *by = word_after(line, "by");
    const char *condition = word_after(line, "acknowledge");
    struct ward_id who = {{0}};

    snprintf(who.text, sizeof(who.text), "%s", by != NULL ? by : "nurse");
    for (size_t i = 0; i < count; i++) {
        if (condition != NULL && strcmp(present[i].newest.condition.text, condition) == 0) {
            const bool done = ward_alarm_acknowledge(&scenario->patient, context, &present[i].newest.id, &who,
                                                     !has_word(line, "locally")) == WARD_ALARM_DONE;

            if (done == has_word(line, "refused")) {
                fault(scenario, line,
                      done ? "the acknowledgement was taken" : "the acknowledgement was refused");
            }
            return;
        }
    }
    fault(scenario, line, "there is no such condition to acknowledge");
}

static void check_state(struct scenario *scenario, const struct line *line,
                        const struct ward_alarm_context *context)
{
    static struct ward_alarm_present present[128];
    size_t count = ward_alarm_present(&scenario->patient, context, present, 128);
    const char *is = "inactive";

    for (size_t i = 0; i < count; i++) {
        if (strcmp(present[i].newest.condition.text, word_at(line, 2)) == 0) {
            is = ward_alarm_state_name(present[i].newest.state);
        }
    }
    if (strcmp(is, word_at(line, 4)) != 0) {
        print_error("%s is %s\n", word_at(line, 2), is);
        fault(scenario, line, "the condition is in another state");
    }
}

/* "adherence spo2 is in_time 2 late 1 missed 0", "adherence heart_rate is worn 30 of 1800" (seconds): since admission. */
static void check_adherence(struct scenario *scenario, const struct line *line, int first,
                            const struct ward_alarm_context *context)
{
    struct ward_adherence_report reports[WARD_PLAN_QUANTITIES_MAX];
    const uint8_t quantity = (uint8_t)ward_quantity_by_name(word_at(line, first + 1));
    const size_t count = ward_alarm_adherence(&scenario->patient, context, reports);
    const char *worn = word_after(line, "worn"), *of = word_after(line, "of");
    size_t i = 0;

    while (i < count && reports[i].quantity != quantity) {
        i++;
    }
    if (i == count) {
        fault(scenario, line, "nothing is known of that quantity");
    } else if (worn != NULL && of != NULL) {
        const struct ward_wear *wear = &reports[i].total.wear;

        if (wear->worn_ms / 1000 != strtoull(worn, NULL, 10) ||
            wear->expected_ms / 1000 != strtoull(of, NULL, 10)) {
            print_error("  worn %llu of %llu ms\n", (unsigned long long)wear->worn_ms,
                        (unsigned long long)wear->expected_ms);
            fault(scenario, line, "it was worn otherwise");
        }
    } else {
        const struct ward_adherence_figures *slots = &reports[i].total.slots;

        if (slots->in_time != (uint32_t)number_of(word_after(line, "in_time")).mantissa ||
            slots->late != (uint32_t)number_of(word_after(line, "late")).mantissa ||
            slots->missed != (uint32_t)number_of(word_after(line, "missed")).mantissa) {
            print_error("  in_time %u late %u missed %u\n", slots->in_time, slots->late, slots->missed);
            fault(scenario, line, "the figures are others");
        }
    }
}

static void check_monitoring(struct scenario *scenario, const struct line *line,
                             const struct ward_alarm_context *context)
{
    struct ward_id reasons[WARD_MONITORING_REASONS_MAX];
    size_t count;
    const char *is =
        ward_monitoring_name(ward_alarm_monitoring(&scenario->patient, context, reasons, &count));

    if (strcmp(is, word_at(line, 4)) != 0) {
        print_error("monitoring is %s\n", is);
        fault(scenario, line, "monitoring is different");
    }
}

/* "news2 is 7" of a complete score, "news2 is 5 to 11" of a partial one. */
static void check_news2(struct scenario *scenario, const struct step *step,
                        const struct ward_alarm_context *context)
{
    const struct line *line = &step->line;
    const char *to = word_after(line, "to");
    unsigned minimum = (unsigned)strtoul(word_at(line, step->first + 2), NULL, 10);
    unsigned maximum = to != NULL ? (unsigned)strtoul(to, NULL, 10) : minimum;
    struct ward_news2_report news2;

    if (!ward_alarm_news2(&scenario->patient, context, &news2)) {
        fault(scenario, line, "the plan does not ask for NEWS2");
    } else if (news2.score.minimum != minimum || news2.score.maximum != maximum ||
               news2.score.complete == (to != NULL)) {
        print_error("NEWS2 is %u to %u, %s\n", news2.score.minimum, news2.score.maximum,
                    news2.score.complete ? "complete" : "partial");
        fault(scenario, line, "NEWS2 is different");
    }
}

static void restart(struct scenario *scenario)
{
    static uint8_t packed[WARD_ALARM_PACKED_MAX];
    size_t length = ward_alarm_pack(&scenario->patient, packed, sizeof(packed));

    assert_true(length > 0);
    memset(&scenario->patient, 0xA5, sizeof(scenario->patient));
    assert_true(ward_alarm_unpack(packed, length, &scenario->patient));
}

static uint32_t duration_ms(const struct line *line)
{
    const char *amount = word_after(line, "for");
    uint32_t unit = has_word(line, "h") ? 3600000 : has_word(line, "min") ? 60000 : 1000;

    return amount != NULL ? (uint32_t)strtoul(amount, NULL, 10) * unit : 0;
}

static void give_technical(struct scenario *scenario, const struct line *line,
                           const struct ward_alarm_context *context)
{
    uint8_t priority = WARD_PRIORITY_LOW;
    struct ward_alarm_technical technical = {.name = word_at(line, 3), .text = "said by the scenario"};

    if (!has_word(line, "off") && !ward_alarm_priority_by_name(word_at(line, 4), &priority)) {
        fault(scenario, line, "should read: at TIME technical NAME PRIORITY, or off");
    }
    technical.priority = (enum ward_alarm_priority)priority;
    if (ward_alarm_technical(&scenario->patient, context, &technical, !has_word(line, "off")) != 0) {
        fault(scenario, line, "the technical condition was refused");
    }
}

/* "void spo2", the newest one; "void spo2 of 1:00", the one that was given then. */
static void take_back(struct scenario *scenario, const struct step *step,
                      const struct ward_alarm_context *context)
{
    const uint8_t quantity = (uint8_t)ward_quantity_by_name(word_at(&step->line, step->first + 1));
    const char *when = word_after(&step->line, "of");
    uint64_t seq = scenario->newest_seq[quantity], at_s = 0;

    if (when != NULL) {
        seq = 0;
        assert_true(read_time(when, &at_s));
        for (size_t i = 0; i < scenario->given_count && i < GIVEN_MAX; i++) {
            if (scenario->given[i].at_s == at_s && scenario->given[i].quantity == quantity) {
                seq = scenario->given[i].seq;
            }
        }
    }
    if (seq == 0) {
        fault(scenario, &step->line, "there is no such reading to be taken back");
    }
    (void)ward_alarm_void(&scenario->patient, context, seq);
}

static void perform(struct scenario *scenario, const struct step *step, const struct ward_alarm_sink *sink)
{
    struct ward_alarm_context context = now(scenario, sink);
    const struct line *line = &step->line;
    const char *verb = word_at(line, step->first);
    struct ward_id by = {"nurse"};

    if (strcmp(verb, "acknowledge") == 0) {
        acknowledge(scenario, line, &context);
    } else if (strcmp(verb, "silence") == 0) {
        (void)ward_alarm_silence(&scenario->patient, &context, &by);
    } else if (strcmp(verb, "suspend") == 0) {
        assert_true(ward_alarm_suspend(&scenario->patient, &context,
                                       &(struct ward_alarm_suspension){duration_ms(line), by, NULL}));
    } else if (strcmp(verb, "resume") == 0) {
        ward_alarm_resume(&scenario->patient, &context, &by);
    } else if (strcmp(verb, "plan") == 0) {
        static struct ward_care_plan before;

        before = scenario->plan;
        load_plan(scenario, line, word_at(line, step->first + 1));
        context = now(scenario, sink); /* with its zone */
        context.before = &before;
        ward_alarm_replace_plan(&scenario->patient, &context);
    } else if (strcmp(verb, "restart") == 0) {
        restart(scenario);
    } else if (strcmp(verb, "reboot") == 0) {
        restart(scenario);
        scenario->boot_offset_us = scenario->now_us + START_US - 20 * SECOND_US;
        context = now(scenario, sink);
        ward_alarm_reboot(&scenario->patient, &context);
    } else if (strcmp(verb, "clock") == 0) {
        read_clock(scenario, line, step->first + 1);
        context = now(scenario, sink);
        ward_alarm_tick(&scenario->patient, &context);
    } else if (strcmp(verb, "technical") == 0) {
        give_technical(scenario, line, &context);
    } else if (strcmp(verb, "void") == 0) {
        take_back(scenario, step, &context);
    } else if (strcmp(verb, "discharge") == 0) {
        ward_alarm_discharge(&scenario->patient, &context);
    } else if (strcmp(word_at(line, step->first + 1), "is") == 0 && strcmp(verb, "news2") == 0) {
        check_news2(scenario, step, &context);
    } else if (strcmp(verb, "adherence") == 0) {
        check_adherence(scenario, line, step->first, &context);
    } else if (strcmp(word_at(line, step->first + 1), "is") == 0 && strcmp(verb, "monitoring") == 0) {
        check_monitoring(scenario, line, &context);
    } else if (strcmp(word_at(line, step->first + 1), "is") == 0) {
        check_state(scenario, line, &context);
    } else {
        give_reading(scenario, step, &context);
    }
}

/* Ticks at each deadline up to and including until_us of the scenario. */
static void advance(struct scenario *scenario, uint64_t until_us, const struct ward_alarm_sink *sink)
{
    for (;;) {
        uint64_t due_us =
            ward_alarm_deadline_us(&scenario->patient, scenario->has_plan ? &scenario->plan : NULL);
        uint64_t offset_us = START_US - scenario->boot_offset_us;

        if (due_us == UINT64_MAX || due_us - offset_us > until_us) {
            break;
        }
        scenario->now_us = due_us - offset_us > scenario->now_us ? due_us - offset_us : scenario->now_us;
        struct ward_alarm_context context = now(scenario, sink);
        ward_alarm_tick(&scenario->patient, &context);
        assert_true(ward_alarm_deadline_us(&scenario->patient, context.plan) > context.now.boot_us);
    }
    scenario->now_us = until_us;
}

static void run(struct scenario *scenario)
{
    const struct ward_alarm_sink sink = {
        .event = on_event, .derived = on_derived, .prompt = on_prompt, .context = scenario};
    struct ward_alarm_context context = now(scenario, &sink);

    ward_alarm_init(&scenario->patient, &(struct ward_id){"p-7f3a"}, &(struct ward_id){"s-01"});
    ward_alarm_replace_plan(&scenario->patient, &context);
    for (uint64_t second = 0; second <= scenario->end_s; second++) {
        for (size_t i = 0; i < scenario->step_count; i++) {
            const struct step *step = &scenario->steps[i];

            if (second >= step->at_s && second < step->until_s &&
                (second - step->at_s) % step->every_s == 0) {
                advance(scenario, second * SECOND_US, &sink);
                perform(scenario, step, &sink);
            }
        }
    }
    advance(scenario, scenario->end_s * SECOND_US, &sink);
}

/* --- holding it against what was expected --- */

static bool is_number(const struct ward_decimal *value, const char *word)
{
    struct ward_decimal expected = number_of(word);
    int order = 1;

    return ward_decimal_compare(value, &expected, &order) && order == 0;
}

static bool fits(const struct ward_alarm_event *event, const struct line *line)
{
    const char *value = word_after(line, "value");
    const char *rule = word_after(line, "rule");
    const char *because = word_after(line, "because");
    const char *by = word_after(line, "by");

    return strcmp(word_at(line, 2), ward_alarm_event_name(event->event)) == 0 &&
           strcmp(word_at(line, 3), ward_alarm_priority_name(event->priority)) == 0 &&
           strcmp(word_at(line, 4), event->condition.text) == 0 && has_word(line, "again") == event->again &&
           has_word(line, "confirm") == event->confirm && has_word(line, "late") == event->late &&
           has_word_from(line, 5, "suspended") ==
               (event->suspended && event->event != WARD_EVENT_SUSPENDED) &&
           (value == NULL || is_number(&event->value, value)) &&
           (rule == NULL || strcmp(rule, event->rule.text) == 0) &&
           (by == NULL || strcmp(by, event->by.text) == 0) &&
           (because == NULL || strcmp(because, ward_cleared_reason_name(event->cleared_reason)) == 0);
}

/* "expect 0:10 derived valid spo2 91 from 0:04 to 0:10" */
static bool fits_derived(const struct ward_alarm_derived *derived, const struct line *line)
{
    const char *from = word_after(line, "from"), *to = word_after(line, "to");
    uint64_t from_s = 0, to_s = 0;

    return strcmp(word_at(line, 2), "derived") == 0 &&
           strcmp(word_at(line, 3), derived->valid ? "valid" : "questionable") == 0 &&
           ward_quantity_by_name(word_at(line, 4)) == derived->quantity &&
           is_number(&derived->value, word_at(line, 5)) && from != NULL && read_time(from, &from_s) &&
           derived->from_mono_us == from_s * SECOND_US && to != NULL && read_time(to, &to_s) &&
           derived->to_mono_us == to_s * SECOND_US;
}

static void compare_derived(struct scenario *scenario)
{
    for (size_t i = 0; i < scenario->expectation_count; i++) {
        struct expectation *expectation = &scenario->expectations[i];

        for (size_t j = 0; j < scenario->derived_count && !expectation->met; j++) {
            if (!scenario->derived_met[j] && scenario->derived_s[j] == expectation->at_s &&
                fits_derived(&scenario->derived[j], &expectation->line)) {
                expectation->met = scenario->derived_met[j] = true;
            }
        }
    }
    for (size_t j = 0; j < scenario->derived_count; j++) {
        const struct ward_alarm_derived *derived = &scenario->derived[j];

        if (!scenario->derived_met[j]) {
            scenario->faults++;
            print_error("  UNEXPECTED at %u s derived %s %s %d from %u s to %u s\n",
                        (unsigned)scenario->derived_s[j], derived->valid ? "valid" : "questionable",
                        ward_quantity_info(derived->quantity)->name, (int)derived->value.mantissa,
                        (unsigned)(derived->from_mono_us / SECOND_US),
                        (unsigned)(derived->to_mono_us / SECOND_US));
        }
    }
}

/* "expect 0:00 prompt spo2" */
static void meet_prompt(struct scenario *scenario, struct expectation *expectation)
{
    for (size_t j = 0; j < scenario->prompt_count && !expectation->met; j++) {
        const char *name = ward_quantity_info(scenario->prompts[j].quantity)->name;

        if (!scenario->prompt_met[j] && scenario->prompt_s[j] == expectation->at_s &&
            strcmp(name, word_at(&expectation->line, 3)) == 0) {
            expectation->met = scenario->prompt_met[j] = true;
        }
    }
}

static void compare_prompts(struct scenario *scenario)
{
    for (size_t j = 0; j < scenario->prompt_count; j++) {
        unsigned s = (unsigned)scenario->prompt_s[j];

        if (!scenario->prompt_met[j]) {
            scenario->faults++;
            print_error("  UNEXPECTED %u:%02u:%02u prompt %s\n", s / 3600, s / 60 % 60, s % 60,
                        ward_quantity_info(scenario->prompts[j].quantity)->name);
        }
    }
}

static void compare(struct scenario *scenario)
{
    compare_derived(scenario);
    for (size_t i = 0; i < scenario->expectation_count; i++) {
        struct expectation *expectation = &scenario->expectations[i];

        if (strcmp(word_at(&expectation->line, 2), "prompt") == 0) {
            meet_prompt(scenario, expectation);
        }
        for (size_t j = 0; j < scenario->event_count && !expectation->met; j++) {
            if (!scenario->event_met[j] && scenario->event_s[j] == expectation->at_s &&
                fits(&scenario->events[j], &expectation->line)) {
                expectation->met = scenario->event_met[j] = true;
            }
        }
        if (!expectation->met) {
            fault(scenario, &expectation->line, "this did not happen");
        }
    }
    compare_prompts(scenario);
    for (size_t j = 0; j < scenario->event_count; j++) {
        const struct ward_alarm_event *event = &scenario->events[j];

        if (!scenario->event_met[j] && ward_alarm_event_is_published(event->event)) {
            scenario->faults++;
        }
    }
    for (size_t j = 0; j < scenario->event_count && scenario->faults > 0; j++) {
        const struct ward_alarm_event *event = &scenario->events[j];
        unsigned s = (unsigned)scenario->event_s[j];

        print_error("%s %u:%02u:%02u %s %s %s%s%s%s (%s)\n",
                    scenario->event_met[j]                        ? "  expected  "
                    : ward_alarm_event_is_published(event->event) ? "  UNEXPECTED"
                                                                  : "            ",
                    s / 3600, s / 60 % 60, s % 60, ward_alarm_event_name(event->event),
                    ward_alarm_priority_name(event->priority), event->condition.text,
                    event->again ? " again" : "", event->confirm ? " confirm" : "",
                    event->late ? " late" : "", event->text);
    }
}

static bool run_file(const char *path)
{
    struct scenario *scenario = calloc(1, sizeof(*scenario));
    struct line line = {0};
    FILE *file = fopen(path, "r");
    bool good;

    assert_non_null(scenario);
    assert_non_null(file);
    scenario->path = path;
    scenario->clock = WARD_CLOCK_SYNCED;
    assert_true(ward_utc_parse("2026-11-22T09:00:00.000Z", 24, &scenario->start_utc_ms));
    while (fgets(line.text, sizeof(line.text), file) != NULL) {
        line.number++;
        split(&line);
        read_line(scenario, &line);
    }
    fclose(file);
    run(scenario);
    compare(scenario);
    good = scenario->faults == 0;
    free(scenario);
    return good;
}

static void scenarios_happen_as_written(void **state)
{
    glob_t files;
    int bad = 0;

    (void)state;
    assert_int_equal(glob("scenarios/*.scn", 0, NULL, &files), 0);
    for (size_t i = 0; i < files.gl_pathc; i++) {
        if (!run_file(files.gl_pathv[i])) {
            print_error("FAILED: %s\n", files.gl_pathv[i]);
            bad++;
        }
    }
    globfree(&files);
    assert_int_equal(bad, 0);
}

int main(void)
{
    const struct CMUnitTest tests[] = {cmocka_unit_test(scenarios_happen_as_written)};

    return cmocka_run_group_tests(tests, NULL, NULL);
}
