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
 *   8. what is settled is so by a valid value within the limit
 *   9. a late reading that is older than what was evaluated raises nothing but the advisory, and clears nothing
 *  10. what happens to one quantity is the same whatever comes of the others
 *  11. a session of 1 to 60 s in spot mode gives a measurement, or asks for another
 *  12. what stands without a reboot stands with reboots too, after any step
 */
#include <inttypes.h>
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

#define SECOND_US UINT64_C(1000000)
#define STEPS     20000
#define PAIRS     4 /* seeds of the properties of two worlds */
#define PLANS     4 /* of streams */
#define SPOT_PLAN PLANS
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
    bool restarts;    /* after each step */
    bool reboots;     /* now and then */
    bool undisturbed; /* nobody acts */
    bool alone;       /* and nothing comes but spo2 */
    int plan;
    uint64_t boot_us, rebooted_us; /* where boot time begins; when that began to be so */
    uint64_t spo2_digest;          /* of the events of spo2, without ids */
    bool valid;                    /* the reading that is given */
    bool old;                      /* it is late, and older than the newest */
    struct ward_alarm_patient patient;
    bool pending[2];          /* amber, red of spo2-low */
    uint64_t beyond_since_us; /* valid values below 93, without one of another kind between */
    uint64_t last_value_us;
    uint64_t newest_us; /* newest value that was not invalid */
    int value, phase, phase_left;
    struct occurrence tracked[TRACKED];
    size_t tracked_count;
    uint64_t derived;
};

static struct ward_care_plan plans[PLANS + 1];
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

static void digest(uint64_t *sum, const char *text)
{
    for (; *text != '\0'; text++) {
        *sum = (*sum ^ (uint8_t)*text) * UINT64_C(1099511628211);
    }
}

static void digest_spo2(struct world *world, const struct ward_alarm_event *event)
{
    char text[256];

    if (event->quantity == WARD_SPO2) {
        snprintf(text, sizeof(text), "%d %d %s %s %d %lld %lld %u", event->event, event->priority,
                 event->condition.text, event->rule.text, event->again, (long long)event->at.utc_ms,
                 (long long)event->value.mantissa, (unsigned)event->n);
        digest(&world->spo2_digest, text);
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
        int order = -1;

        assert_true(world->valid);
        assert_true(ward_decimal_compare(&event->value, &event->limit, &order) && order >= 0);
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
    digest(&world->digest, text);
    digest_spo2(world, event);
    follow_pending(world, event);
    if (world->old) {
        assert_string_equal(event->condition.text, "late-out-of-limits");
    }
    if (ward_alarm_event_is_published(event->event)) {
        check_counting(world, event);
    }
}

static struct ward_alarm_context context_of(struct world *world, const struct ward_alarm_sink *sink)
{
    struct ward_alarm_context context = {.plan = &plans[world->plan],
                                         .zone = &zone,
                                         .now = {.boot_us = world->now_us - world->boot_us,
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

        if (due_us > until_us - world->boot_us) {
            break;
        }
        due_us += world->boot_us;
        world->now_us = due_us > world->now_us ? due_us : world->now_us;
        context = context_of(world, sink);
        ward_alarm_tick(&world->patient, &context);
        assert_true(ward_alarm_deadline_us(&world->patient, &plans[world->plan]) >
                    world->now_us - world->boot_us);
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

static void give(struct world *world, const struct ward_alarm_context *context, uint8_t kind)
{
    struct ward_reading reading = {.kind = kind,
                                   .mono_us = world->now_us - world->boot_us,
                                   .measured_at_ms = (int64_t)(world->now_us / 1000),
                                   .seq = world->calls,
                                   .value_count = 1,
                                   .values = {{.quantity = WARD_SPO2, .number = {.mantissa = world->value}}}};

    if (world->phase == SILENT) {
        return;
    }
    if (world->phase == QUESTIONABLE) {
        reading.quality = WARD_QUESTIONABLE;
        reading.values[0].number.mantissa = draw(world, 2) == 0 ? world->value : 98;
    } else if (world->phase == INVALID) {
        reading.quality = WARD_INVALID;
    } else if (world->phase == OFF) {
        reading.quality = WARD_INVALID;
        reading.reasons = WARD_REASON_NO_CONTACT;
    }
    if (reading.kind == WARD_READING_SPOT || world->phase == OFF) {
        world->beyond_since_us = UINT64_MAX;
    }
    world->valid = reading.quality == WARD_VALID;
    ward_alarm_reading(&world->patient, context, &reading);
    world->valid = false;
    world->newest_us = reading.quality != WARD_INVALID ? world->now_us : world->newest_us;
    follow_beyond(world, reading.quality == WARD_VALID && reading.kind == WARD_READING_CONTINUOUS);
}

static void give_value(struct world *world, const struct ward_alarm_context *context)
{
    give(world, context, draw(world, 200) == 0 ? WARD_READING_SPOT : WARD_READING_CONTINUOUS);
}

/* Out of a device's memory, from before the newest value. */
static void give_old(struct world *world, const struct ward_alarm_sink *sink)
{
    const bool due = draw(world, 50) == 0;
    const uint64_t before_us = (1 + draw(world, 3600)) * SECOND_US;
    const struct ward_alarm_context context = context_of(world, sink);
    struct ward_reading reading = {
        .kind = WARD_READING_STORED,
        .late = true,
        .mono_us = world->now_us - world->boot_us,
        .seq = world->calls,
        .value_count = 1,
        .values = {{.quantity = WARD_SPO2, .number = {.mantissa = 70 + (int)draw(world, 30)}}}};

    if (due && world->newest_us > before_us) {
        reading.measured_at_ms = (int64_t)((world->newest_us - before_us) / 1000);
        world->old = true;
        ward_alarm_reading(&world->patient, &context, &reading);
        world->old = false;
    }
}

/* A pulse that goes with the oxygen, a cuff now and then, and what a nurse says. */
static void give_others(struct world *world, const struct ward_alarm_context *context)
{
    struct ward_reading reading = {.kind = WARD_READING_CONTINUOUS,
                                   .mono_us = world->now_us - world->boot_us,
                                   .measured_at_ms = (int64_t)(world->now_us / 1000),
                                   .seq = world->calls,
                                   .value_count = 1};
    uint32_t what = draw(world, 300);

    if (world->phase == SILENT) {
        return;
    }
    reading.values[0] =
        (struct ward_value){.quantity = WARD_PULSE_RATE,
                            .number = {.mantissa = 60 + 3 * (99 - world->value) + (int)draw(world, 3)}};
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
        world->valid = true; /* the newest one, by other limits */
        ward_alarm_replace_plan(&world->patient, &next);
        world->valid = false;
        world->beyond_since_us = UINT64_MAX;
        world->pending[0] = world->pending[1] = false;
    }
}

static bool stands(const struct ward_alarm_condition *condition)
{
    return condition->state != WARD_ALARM_INACTIVE && condition->state != WARD_ALARM_PENDING &&
           condition->state != WARD_ALARM_ENDED_UNSEEN;
}

static void check_step(struct world *world)
{
    const struct ward_alarm_input_state *input = &world->patient.inputs[0];
    bool red_long = world->plan == 0 && world->beyond_since_us != UINT64_MAX &&
                    world->last_value_us - world->beyond_since_us > 15 * SECOND_US;

    if (red_long) {
        assert_true(stands(&world->patient.inputs[0].conditions[WARD_CAUSE_LOW]));
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

struct kind {
    bool restarts, reboots, undisturbed, alone;
    int plan;
};

static struct world *begin(uint64_t seed, const struct kind *kind, struct ward_alarm_sink *sink)
{
    struct world *world = calloc(1, sizeof(*world));
    struct ward_alarm_context context;

    assert_non_null(world);
    *sink = (struct ward_alarm_sink){.event = on_event, .context = world};
    world->restarts = kind->restarts;
    world->reboots = kind->reboots;
    world->undisturbed = kind->undisturbed;
    world->alone = kind->alone;
    world->plan = kind->plan;
    world->random = seed * UINT64_C(0x9E3779B97F4A7C15) + 1;
    world->digest = world->spo2_digest = UINT64_C(14695981039346656037);
    world->now_us = world->last_value_us = 1000 * SECOND_US;
    world->beyond_since_us = UINT64_MAX;
    world->value = 97;
    ward_alarm_init(&world->patient, &(struct ward_id){"p-1"}, &(struct ward_id){"s-1"});
    context = context_of(world, sink);
    ward_alarm_replace_plan(&world->patient, &context);
    return world;
}

static void reboot(struct world *world, const struct ward_alarm_sink *sink)
{
    struct ward_alarm_context context;

    restart(world);
    world->boot_us = world->now_us - 20 * SECOND_US; /* so long it took */
    world->rebooted_us = world->now_us;
    world->beyond_since_us = UINT64_MAX;
    context = context_of(world, sink);
    ward_alarm_reboot(&world->patient, &context);
}

static void step(struct world *world, const struct ward_alarm_sink *sink, int number)
{
    struct ward_alarm_context context;
    uint64_t random;

    tick_until(world, sink, world->now_us + (draw(world, 500) == 0 ? 1800 : 1) * SECOND_US);
    if (draw(world, 300) == 0 && world->reboots) {
        reboot(world, sink);
    }
    wander(world);
    context = context_of(world, sink);
    give_value(world, &context);
    give_old(world, sink);
    context = context_of(world, sink);
    random = world->random;
    if (!world->alone) {
        give_others(world, &context);
    }
    if (world->undisturbed) {
        world->random = random; /* the others take no part in the draw */
        (void)draw(world, 2);
    } else {
        act(world, &context);
    }
    if (world->restarts) {
        restart(world);
    }
    check_step(world);
    if (number % 64 == 0) {
        context = context_of(world, sink);
        check_owed(world, &context);
    }
}

/* The whole campaign asks for more of them. */
static uint64_t seeds(void)
{
    const char *text = getenv("WARD_SEEDS");

    return text ? strtoull(text, NULL, 10) : 5;
}

static struct world *live(uint64_t seed, const struct kind *kind)
{
    struct ward_alarm_sink sink;
    struct world *world = begin(seed, kind, &sink);

    for (int number = 0; number < STEPS; number++) {
        step(world, &sink, number);
    }
    return world;
}

static void whatever_happens(void **state)
{
    const uint64_t count = seeds();
    uint64_t events = 0, raised = 0;

    (void)state;
    for (uint64_t seed = 1; seed <= count; seed++) {
        struct world *once = live(seed, &(struct kind){0});
        struct world *again = live(seed, &(struct kind){0});
        struct world *restarted = live(seed, &(struct kind){.restarts = true});

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
    print_message("%" PRIu64 " steps: %" PRIu64 " events, %" PRIu64 " raised\n", count * STEPS * 3, events,
                  raised);
    assert_true(raised > count * 20);
}

static void others_do_not_interfere(void **state)
{
    (void)state;
    for (uint64_t seed = 1; seed <= PAIRS; seed++) {
        struct world *among = live(seed, &(struct kind){.undisturbed = true, .plan = (int)(seed % PLANS)});
        struct world *alone =
            live(seed, &(struct kind){.undisturbed = true, .alone = true, .plan = (int)(seed % PLANS)});

        assert_true(among->events > alone->events);
        assert_true(among->spo2_digest == alone->spo2_digest);
        free(among);
        free(alone);
    }
}

static void on_derived(void *context, const struct ward_alarm_derived *derived)
{
    struct world *world = context;

    assert_true(derived->from_mono_us <= derived->to_mono_us);
    world->derived++;
}

/* Steady, or nearly, or jumping; some of it questionable or invalid; then the finger is taken off, or nothing comes. */
static void measure(struct world *world, const struct ward_alarm_sink *sink)
{
    const int seconds = 1 + (int)draw(world, 60), value = 75 + (int)draw(world, 20);
    const uint32_t jitter = 1 + draw(world, 6), good = draw(world, 11);
    const uint64_t derived = world->derived;
    bool worn = false;

    world->phase = GOOD;
    for (int second = 0; second < seconds; second++) {
        struct ward_alarm_context context;

        tick_until(world, sink, world->now_us + SECOND_US);
        world->value = value + (int)draw(world, jitter);
        world->phase = draw(world, 10) < good ? GOOD : draw(world, 2) == 0 ? QUESTIONABLE : INVALID;
        worn |= world->phase != INVALID;
        context = context_of(world, sink);
        give(world, &context, WARD_READING_CONTINUOUS);
    }
    if (draw(world, 2) == 0) {
        const struct ward_alarm_context context = context_of(world, sink);

        ward_alarm_input_stopped(&world->patient, &context, 1u << WARD_SPO2, "");
    } else {
        tick_until(world, sink, world->now_us + 11 * SECOND_US);
    }
    assert_true(!worn || world->derived > derived ||
                stands(&world->patient.inputs[0].conditions[WARD_CAUSE_INCOMPLETE]));
    if (draw(world, 20) == 0) {
        tick_until(world, sink, world->now_us + 3600 * SECOND_US);
    }
}

#define SESSIONS 8000
static void each_session_says_something(void **state)
{
    struct ward_alarm_sink sink;
    struct world *world = begin(1, &(struct kind){.undisturbed = true, .plan = SPOT_PLAN}, &sink);

    (void)state;
    sink.derived = on_derived;
    for (int session = 0; session < SESSIONS; session++) {
        measure(world, &sink);
    }
    assert_in_range(world->derived, SESSIONS / 4, SESSIONS * 3);
    free(world);
}

/* A device has so long to come back after a reboot, before its silence ends what was pending. */
#define COME_BACK_US (60 * SECOND_US)

/* What limits and changes say of the values; the two have the same plan, and `there` was rebooted. */
static void assert_stands(const struct world *here, const struct world *there)
{
    static const enum ward_alarm_cause causes[] = {WARD_CAUSE_LOW, WARD_CAUSE_HIGH, WARD_CAUSE_FALL,
                                                   WARD_CAUSE_RISE};

    for (size_t i = 0; i < here->patient.input_count; i++) {
        for (size_t j = 0; j < sizeof(causes) / sizeof(causes[0]); j++) {
            assert_true(!stands(&here->patient.inputs[i].conditions[causes[j]]) ||
                        stands(&there->patient.inputs[i].conditions[causes[j]]));
        }
    }
}

static void a_reboot_loses_nothing(void **state)
{
    uint64_t checked = 0;

    (void)state;
    for (uint64_t seed = 1; seed <= PAIRS; seed++) {
        struct ward_alarm_sink sink, rebooting_sink;
        struct world *world =
            begin(seed, &(struct kind){.undisturbed = true, .plan = (int)(seed % PLANS)}, &sink);
        struct world *rebooting =
            begin(seed, &(struct kind){.undisturbed = true, .reboots = true, .plan = (int)(seed % PLANS)},
                  &rebooting_sink);

        for (int number = 0; number < STEPS; number++) {
            step(world, &sink, number);
            step(rebooting, &rebooting_sink, number);
            if (rebooting->now_us - rebooting->rebooted_us > COME_BACK_US) {
                assert_stands(world, rebooting);
                checked++;
            }
        }
        free(world);
        free(rebooting);
    }
    assert_true(checked > PAIRS * STEPS / 2);
}

static int load(void **state)
{
    (void)state;
    load_plan("../config/care-plans/oximetry-at-home.json", &plans[0]);
    load_plan("scenarios/oximetry-90.json", &plans[1]);
    load_plan("scenarios/oximetry-85.json", &plans[2]);
    load_plan("scenarios/properties.json", &plans[3]);
    load_plan("scenarios/everything.json", &plans[SPOT_PLAN]);
    load_zone("/usr/share/zoneinfo/Europe/London");
    return 0;
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(whatever_happens), cmocka_unit_test(others_do_not_interfere),
        cmocka_unit_test(each_session_says_something), cmocka_unit_test(a_reboot_loses_nothing)};

    return cmocka_run_group_tests(tests, load, NULL);
}
