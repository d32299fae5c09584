/* SPDX-License-Identifier: Apache-2.0 */
/*
 * What must hold whatever happens, over hundreds of thousands of generated steps: a patient's values wander through
 * the limits, go questionable and invalid, stop and start again; people acknowledge, silence, replace the plan. One of
 * the plans has all that remembers: changes, medians, counts, NEWS2, a schedule.
 *
 *   1. valid values beyond the red limit for longer than its delay: the condition is present
 *   2. the same input gives the same events, byte for byte
 *   3. so it does when the program is restarted after any step
 *   4. nothing pending ends but by raised, settled or measurement-incomplete, and not later than its input stops
 *   5. the events of an occurrence are counted without a hole, and no id serves two conditions
 *   6. a high or medium condition leaves the list only when somebody who may has seen it
 *   7. after a tick the next deadline lies ahead
 */
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

#define SECOND_US UINT64_C(1000000)
#define STEPS     20000
#define SEEDS     15
#define PLANS     4
#define TRACKED   4096

struct occurrence {
    struct ward_alarm_id id;
    char condition[WARD_ID_MAX + 1];
    uint32_t n;
    bool owed; /* high or medium, raised, and nobody who may has seen it */
};

struct world {
    uint64_t random;
    uint64_t now_us;
    uint64_t calls;
    uint64_t digest, events, raised;
    bool restarts;
    int plan;
    struct ward_alarm_patient patient;
    bool pending[2];          /* amber, red of spo2-low */
    uint64_t beyond_since_us; /* valid values below 93, without one of another kind between */
    uint64_t last_value_us;
    int value, phase, phase_left;
    struct occurrence tracked[TRACKED];
    size_t tracked_count;
};

static struct ward_care_plan plans[PLANS];
static struct ward_zone zone;

static void load_plan(const char *path, struct ward_care_plan *ret)
{
    static struct ward_plan_errors errors;
    static char text[WARD_PLAN_TEXT_MAX];
    FILE *file = fopen(path, "r");

    assert_non_null(file);
    assert_true(ward_care_plan_parse(text, fread(text, 1, sizeof(text), file), ret, &errors));
    fclose(file);
}

static void load_zone(const char *path)
{
    static uint8_t octets[WARD_ZONE_FILE_MAX];
    FILE *file = fopen(path, "r");

    assert_non_null(file);
    assert_true(ward_zone_parse(octets, fread(octets, 1, sizeof(octets), file), &zone));
    fclose(file);
}

static uint32_t draw(struct world *world, uint32_t below)
{
    world->random ^= world->random << 13;
    world->random ^= world->random >> 7;
    world->random ^= world->random << 17;
    return (uint32_t)((world->random >> 20) % below);
}

static void digest(struct world *world, const char *text)
{
    for (; *text != '\0'; text++) {
        world->digest = (world->digest ^ (uint8_t)*text) * UINT64_C(1099511628211);
    }
}

static struct occurrence *track(struct world *world, const struct ward_alarm_event *event)
{
    for (size_t i = 0; i < world->tracked_count; i++) {
        if (memcmp(&world->tracked[i].id, &event->id, sizeof(event->id)) == 0) {
            return &world->tracked[i];
        }
    }
    assert_int_equal(event->n, 1);
    if (world->tracked_count == TRACKED) {
        memmove(&world->tracked[0], &world->tracked[1], (TRACKED - 1) * sizeof(world->tracked[0]));
        world->tracked_count--;
    }
    struct occurrence *fresh = &world->tracked[world->tracked_count++];

    *fresh = (struct occurrence){.id = event->id};
    strcpy(fresh->condition, event->condition.text);
    return fresh;
}

static void check_counting(struct world *world, const struct ward_alarm_event *event)
{
    struct occurrence *occurrence = track(world, event);

    assert_string_equal(occurrence->condition, event->condition.text);
    assert_int_equal(event->n, occurrence->n + 1);
    occurrence->n = event->n;
    if (event->event == WARD_EVENT_RAISED || event->event == WARD_EVENT_ESCALATED) {
        occurrence->owed = event->priority >= WARD_PRIORITY_MEDIUM && event->quantity != WARD_QUANTITY_NONE;
    } else if (event->event == WARD_EVENT_ACKNOWLEDGED) {
        occurrence->owed = false;
    } else if (event->event == WARD_EVENT_CLEARED && occurrence->owed) {
        assert_int_equal(event->state, WARD_ALARM_ENDED_UNSEEN);
    }
}

static void follow_pending(struct world *world, const struct ward_alarm_event *event)
{
    bool red = strcmp(event->rule.text, "spo2-red") == 0;

    if (strcmp(event->condition.text, "measurement-incomplete") == 0 && event->quantity == WARD_SPO2) {
        world->pending[0] = world->pending[1] = false;
    }
    if (strcmp(event->condition.text, "spo2-low") != 0) {
        return;
    }
    if (event->event == WARD_EVENT_PENDING) {
        world->pending[red] = true;
    } else if (event->event == WARD_EVENT_SETTLED) {
        world->pending[red] = false;
    } else if (event->event == WARD_EVENT_RAISED) {
        world->pending[0] = world->pending[1] = false;
    }
}

static void on_event(void *context, const struct ward_alarm_event *event)
{
    static const struct ward_origin origin = {.gateway = "g-1", .epoch = ""};
    struct world *world = context;
    char text[8192];
    struct ward_json json;

    world->events++;
    world->raised += event->event == WARD_EVENT_RAISED ? 1 : 0;
    ward_json_init(&json, text, sizeof(text), WARD_JSON_PRINTED);
    ward_alarm_event_write_json(event, &origin, &json);
    assert_int_equal(ward_json_finish(&json, NULL), WARD_JSON_OK);
    digest(world, text);
    follow_pending(world, event);
    if (ward_alarm_event_is_published(event->event)) {
        check_counting(world, event);
    }
}

static struct ward_alarm_context context_of(struct world *world, const struct ward_alarm_sink *sink)
{
    struct ward_alarm_context context = {.plan = &plans[world->plan],
                                         .zone = &zone,
                                         .now = {.boot_us = world->now_us,
                                                 .utc_ms = (int64_t)(world->now_us / 1000),
                                                 .clock = WARD_CLOCK_SYNCED},
                                         .sink = sink};
    uint64_t seed = ++world->calls << 8;

    memcpy(context.seed.octets, &(uint64_t){0}, 8);
    for (size_t i = 0; i < 8; i++) {
        context.seed.octets[15 - i] = (uint8_t)(seed >> (8 * i));
    }
    return context;
}

static void restart(struct world *world)
{
    static uint8_t packed[WARD_ALARM_PACKED_MAX];
    size_t length = ward_alarm_pack(&world->patient, packed, sizeof(packed));

    assert_true(length > 0);
    memset(&world->patient, 0x5A, sizeof(world->patient));
    assert_true(ward_alarm_unpack(packed, length, &world->patient));
}

static void tick_until(struct world *world, const struct ward_alarm_sink *sink, uint64_t until_us)
{
    for (;;) {
        uint64_t due_us = ward_alarm_deadline_us(&world->patient, &plans[world->plan]);
        struct ward_alarm_context context;

        if (due_us > until_us) {
            break;
        }
        world->now_us = due_us > world->now_us ? due_us : world->now_us;
        context = context_of(world, sink);
        ward_alarm_tick(&world->patient, &context);
        assert_true(ward_alarm_deadline_us(&world->patient, &plans[world->plan]) > world->now_us);
    }
    world->now_us = until_us;
}

enum phase { GOOD, FALLING, RISING, QUESTIONABLE, INVALID, OFF, SILENT, PHASES };

static void wander(struct world *world)
{
    if (world->phase_left-- <= 0) {
        world->phase = (int)draw(world, PHASES);
        world->phase_left = 1 + (int)draw(world, 60);
    }
    if (world->phase == FALLING && world->value > 75) {
        world->value -= (int)draw(world, 3);
    } else if ((world->phase == RISING || world->phase == GOOD) && world->value < 99) {
        world->value += (int)draw(world, 3);
    }
}

static void follow_beyond(struct world *world, bool valid)
{
    if (world->now_us - world->last_value_us > 9 * SECOND_US) {
        world->beyond_since_us = UINT64_MAX;
    }
    if (!valid) {
        return;
    }
    world->last_value_us = world->now_us;
    if (world->value >= 93) {
        world->beyond_since_us = UINT64_MAX;
    } else if (world->beyond_since_us == UINT64_MAX) {
        world->beyond_since_us = world->now_us;
    }
}

static void give_value(struct world *world, const struct ward_alarm_context *context)
{
    struct ward_reading reading = {.kind =
                                       draw(world, 200) == 0 ? WARD_READING_SPOT : WARD_READING_CONTINUOUS,
                                   .mono_us = world->now_us,
                                   .measured_at_ms = (int64_t)(world->now_us / 1000),
                                   .seq = world->calls,
                                   .value_count = 1,
                                   .values = {{.quantity = WARD_SPO2, .number = {.mantissa = world->value}}}};

    if (world->phase == SILENT) {
        return;
    }
    if (world->phase == QUESTIONABLE) {
        reading.quality = WARD_QUESTIONABLE;
    } else if (world->phase == INVALID) {
        reading.quality = WARD_INVALID;
    } else if (world->phase == OFF) {
        reading.quality = WARD_INVALID;
        reading.reasons = WARD_REASON_NO_CONTACT;
    }
    if (reading.kind == WARD_READING_SPOT || world->phase == OFF) {
        world->beyond_since_us = UINT64_MAX;
    }
    ward_alarm_reading(&world->patient, context, &reading);
    follow_beyond(world, reading.quality == WARD_VALID && reading.kind == WARD_READING_CONTINUOUS);
}

/* A pulse that goes with the oxygen, a cuff now and then, and what a nurse says. */
static void give_others(struct world *world, const struct ward_alarm_context *context)
{
    struct ward_reading reading = {.kind = WARD_READING_CONTINUOUS,
                                   .mono_us = world->now_us,
                                   .measured_at_ms = (int64_t)(world->now_us / 1000),
                                   .seq = world->calls,
                                   .value_count = 1};
    uint32_t what = draw(world, 300);

    if (world->phase == SILENT) {
        return;
    }
    reading.values[0] = (struct ward_value){.quantity = WARD_PULSE_RATE,
                                            .number = {.mantissa = 160 - world->value + (int)draw(world, 3)}};
    if (what == 0) {
        reading.kind = WARD_READING_SPOT;
        reading.values[0] = (struct ward_value){.quantity = WARD_BP_SYSTOLIC,
                                                .number = {.mantissa = 80 + (int)draw(world, 60)}};
    } else if (what == 1) {
        reading.kind = WARD_READING_ENTRY;
        reading.value_count = 3;
        reading.values[0] = (struct ward_value){.quantity = WARD_CONSCIOUSNESS,
                                                .number = {.mantissa = draw(world, 20) == 0 ? 1 : 0}};
        reading.values[1] = (struct ward_value){.quantity = WARD_RESPIRATION_RATE,
                                                .number = {.mantissa = 10 + (int)draw(world, 15)}};
        reading.values[2] =
            (struct ward_value){.quantity = WARD_OXYGEN, .number = {.mantissa = (int)draw(world, 2)}};
    } else if (what == 2) {
        reading.kind = WARD_READING_SPOT;
        reading.values[0] =
            (struct ward_value){.quantity = WARD_BODY_TEMPERATURE,
                                .number = {.mantissa = 350 + (int)draw(world, 45), .exponent = -1}};
    } else if (what == 3 && draw(world, 20) == 0) {
        reading.kind = WARD_READING_ENTRY;
        reading.values[0] = (struct ward_value){.quantity = WARD_CONCERN};
    }
    ward_alarm_reading(&world->patient, context, &reading);
}

static void act(struct world *world, const struct ward_alarm_context *context)
{
    static struct ward_alarm_present present[64];
    uint32_t what = draw(world, 400);
    size_t count;

    if (what == 0) {
        (void)ward_alarm_silence(&world->patient, context, &(struct ward_id){"patient"});
    } else if (what < 4) {
        count = ward_alarm_present(&world->patient, context, present, 64);
        if (count > 0) {
            (void)ward_alarm_acknowledge(&world->patient, context,
                                         &present[draw(world, (uint32_t)count)].newest.id,
                                         &(struct ward_id){"nurse"}, true);
        }
    } else if (what == 4 && draw(world, 3) == 0) {
        struct ward_alarm_context next = *context;

        world->plan = (int)draw(world, PLANS);
        next.plan = &plans[world->plan];
        ward_alarm_replace_plan(&world->patient, &next);
        world->beyond_since_us = UINT64_MAX;
        world->pending[0] = world->pending[1] = false;
    }
}

static bool is_standing(const struct world *world)
{
    const struct ward_alarm_condition *low = &world->patient.inputs[0].conditions[WARD_CAUSE_LOW];

    return low->state != WARD_ALARM_INACTIVE && low->state != WARD_ALARM_PENDING &&
           low->state != WARD_ALARM_ENDED_UNSEEN;
}

static void check_step(struct world *world)
{
    const struct ward_alarm_input_state *input = &world->patient.inputs[0];
    bool red_long = world->plan == 0 && world->beyond_since_us != UINT64_MAX &&
                    world->last_value_us - world->beyond_since_us > 15 * SECOND_US;

    if (red_long) {
        assert_true(is_standing(world));
    }
    if (!input->running && (world->pending[0] || world->pending[1])) {
        /* It was asked to repeat before, and that stands: it need not be told twice. */
        assert_true(input->conditions[WARD_CAUSE_INCOMPLETE].state == WARD_ALARM_ACTIVE ||
                    input->conditions[WARD_CAUSE_INCOMPLETE].state == WARD_ALARM_SILENCED);
        world->pending[0] = world->pending[1] = false;
    }
}

static void check_owed(struct world *world, const struct ward_alarm_context *context)
{
    static struct ward_alarm_present present[64];
    size_t count = ward_alarm_present(&world->patient, context, present, 64);

    for (size_t i = 0; i < world->tracked_count; i++) {
        bool found = !world->tracked[i].owed;

        for (size_t j = 0; j < count && !found; j++) {
            found = memcmp(&present[j].newest.id, &world->tracked[i].id, sizeof(world->tracked[i].id)) == 0;
        }
        assert_true(found);
    }
}

static struct world *live(uint64_t seed, bool restarts)
{
    struct world *world = calloc(1, sizeof(*world));
    const struct ward_alarm_sink sink = {.event = on_event, .context = world};
    struct ward_alarm_context context;

    assert_non_null(world);
    world->random = seed * UINT64_C(0x9E3779B97F4A7C15) + 1;
    world->digest = UINT64_C(14695981039346656037);
    world->now_us = world->last_value_us = 1000 * SECOND_US;
    world->restarts = restarts;
    world->beyond_since_us = UINT64_MAX;
    world->value = 97;
    ward_alarm_init(&world->patient, &(struct ward_id){"p-1"}, &(struct ward_id){"s-1"});
    context = context_of(world, &sink);
    ward_alarm_replace_plan(&world->patient, &context);
    for (int step = 0; step < STEPS; step++) {
        tick_until(world, &sink, world->now_us + (draw(world, 500) == 0 ? 1800 : 1) * SECOND_US);
        wander(world);
        context = context_of(world, &sink);
        give_value(world, &context);
        context = context_of(world, &sink);
        give_others(world, &context);
        act(world, &context);
        if (restarts) {
            restart(world);
        }
        check_step(world);
        if (step % 64 == 0) {
            context = context_of(world, &sink);
            check_owed(world, &context);
        }
    }
    return world;
}

static void whatever_happens(void **state)
{
    uint64_t events = 0, raised = 0;

    (void)state;
    for (uint64_t seed = 1; seed <= SEEDS; seed++) {
        struct world *once = live(seed, false);
        struct world *again = live(seed, false);
        struct world *restarted = live(seed, true);

        assert_int_equal(once->events, again->events);
        assert_true(once->digest == again->digest);
        assert_int_equal(once->events, restarted->events);
        assert_true(once->digest == restarted->digest);
        events += once->events;
        raised += once->raised;
        free(once);
        free(again);
        free(restarted);
    }
    print_message("%d steps: %u events, %u raised\n", SEEDS * STEPS * 3, (unsigned)events, (unsigned)raised);
    assert_true(raised > SEEDS * 20);
}

static int load(void **state)
{
    (void)state;
    load_plan("../config/care-plans/oximetry-at-home.json", &plans[0]);
    load_plan("scenarios/oximetry-90.json", &plans[1]);
    load_plan("scenarios/oximetry-85.json", &plans[2]);
    load_plan("scenarios/properties.json", &plans[3]);
    load_zone("/usr/share/zoneinfo/Europe/London");
    return 0;
}

int main(void)
{
    const struct CMUnitTest tests[] = {cmocka_unit_test(whatever_happens)};

    return cmocka_run_group_tests(tests, load, NULL);
}
