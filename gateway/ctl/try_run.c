/* SPDX-License-Identifier: Apache-2.0 */
#include "ctl/try_run.h"

#include <jansson.h>
#include <stdlib.h>
#include <string.h>

#include "core/alarm_names.h"
#include "core/alarm_pack.h"
#include "core/quantity.h"
#include "core/reading.h"
#include "core/reading_json.h"
#include "core/utc.h"

#define START_US     (UINT64_C(3600) * 1000000) /* of the virtual boot-time clock: after any delay of a plan */
#define PATIENTS_MAX 256
#define PRESENT_MAX  160
#define MEMORY_MAX   256 /* readings kept of a patient, for when one is taken back */
#define DAY_MS       INT64_C(86400000)

struct patient {
    struct ward_alarm_patient state;
    int64_t last_day;
    struct ward_reading memory[MEMORY_MAX];
    uint64_t remembered;
};

struct ward_try {
    const struct ward_care_plan *plan;
    const struct ward_zone *zone; /* NULL: the plan needs none */
    ward_try_event_fn *on_event;
    void *context;
    struct ward_alarm_sink sink;
    struct patient *patients[PATIENTS_MAX];
    size_t patient_count;
    bool started;
    int64_t now_ms; /* UTC */
    uint64_t seeds, lines;
    struct ward_try_figures figures;
};

static void count_event(struct ward_try *run, const struct ward_alarm_event *event)
{
    run->figures.events++;
    if (event->event != WARD_EVENT_RAISED) {
        return;
    }
    if (event->kind == WARD_ALARM_PHYSIOLOGICAL) {
        run->figures.occurrences[event->priority]++;
    } else {
        run->figures.technical++;
    }
}

static void take_event(void *context, const struct ward_alarm_event *event)
{
    struct ward_try *run = context;

    count_event(run, event);
    run->on_event(run->context, event);
}

static void count_prompt(void *context, const struct ward_alarm_prompt *prompt)
{
    struct ward_try *run = context;

    (void)prompt;
    run->figures.prompts++;
}

struct ward_try *ward_try_new(const struct ward_care_plan *plan, const struct ward_zone *zone,
                              ward_try_event_fn *on_event, void *context)
{
    struct ward_try *run = calloc(1, sizeof(*run));

    if (run != NULL) {
        run->plan = plan;
        run->zone = zone;
        run->on_event = on_event;
        run->context = context;
        run->sink = (struct ward_alarm_sink){.event = take_event, .prompt = count_prompt, .context = run};
    }
    return run;
}

struct ward_try *ward_try_free(struct ward_try *run)
{
    if (run != NULL) {
        for (size_t i = 0; i < run->patient_count; i++) {
            free(run->patients[i]);
        }
        free(run);
    }
    return NULL;
}

static uint64_t boot_us(const struct ward_try *run, int64_t utc_ms)
{
    return START_US + (uint64_t)(utc_ms - run->figures.first_ms) * 1000;
}

/* The same readings give the same ids: what is tried twice can be compared. */
static struct ward_alarm_context context_at(struct ward_try *run, int64_t utc_ms)
{
    struct ward_alarm_context context = {
        .plan = run->plan,
        .zone = run->zone,
        .now = {.boot_us = boot_us(run, utc_ms), .utc_ms = utc_ms, .clock = WARD_CLOCK_SYNCED},
        .sink = &run->sink,
    };
    uint64_t seed = ++run->seeds << 8; /* leaves room for all that one call can raise */

    for (size_t i = 0; i < sizeof(seed); i++) {
        context.seed.octets[sizeof(context.seed.octets) - 1 - i] = (uint8_t)(seed >> (8 * i));
    }
    return context;
}

/* The earliest patient that is due by until_us, or NULL. */
static struct patient *due_first(struct ward_try *run, uint64_t until_us, uint64_t *ret_us)
{
    struct patient *first = NULL;

    for (size_t i = 0; i < run->patient_count; i++) {
        uint64_t due_us = ward_alarm_deadline_us(&run->patients[i]->state, run->plan);

        if (due_us <= until_us && (first == NULL || due_us < *ret_us)) {
            first = run->patients[i];
            *ret_us = due_us;
        }
    }
    return first;
}

/* Deadlines lie on milliseconds, as all times of a try do. */
static void pass_time(struct ward_try *run, int64_t until_ms)
{
    struct patient *patient;
    uint64_t due_us = 0;

    while ((patient = due_first(run, boot_us(run, until_ms), &due_us)) != NULL) {
        int64_t due_ms = run->figures.first_ms + (int64_t)((due_us - START_US + 999) / 1000);
        struct ward_alarm_context context = context_at(run, due_ms > run->now_ms ? due_ms : run->now_ms);

        ward_alarm_tick(&patient->state, &context);
    }
    run->now_ms = until_ms;
}

static struct patient *patient_of(struct ward_try *run, const struct ward_id *id)
{
    struct ward_alarm_context context;
    struct patient *patient;

    for (size_t i = 0; i < run->patient_count; i++) {
        if (strcmp(run->patients[i]->state.patient.text, id->text) == 0) {
            return run->patients[i];
        }
    }
    if (run->patient_count == PATIENTS_MAX || (patient = calloc(1, sizeof(*patient))) == NULL) {
        return NULL;
    }
    run->patients[run->patient_count++] = patient;
    ward_alarm_init(&patient->state, id, &(struct ward_id){{0}});
    patient->last_day = INT64_MIN;
    context = context_at(run, run->now_ms);
    ward_alarm_replace_plan(&patient->state, &context);
    return patient;
}

static void count_reading(struct ward_try *run, struct patient *patient)
{
    int64_t day = run->now_ms / DAY_MS;

    run->figures.readings++;
    if (day != patient->last_day) {
        patient->last_day = day;
        run->figures.days++;
    }
}

static void take_reading(struct ward_try *run, struct patient *patient, struct ward_reading *reading)
{
    struct ward_alarm_context context = context_at(run, run->now_ms);

    if (reading->episode.text[0] != '\0') {
        patient->state.episode = reading->episode;
    }
    reading->mono_us = context.now.boot_us;
    patient->memory[patient->remembered++ % MEMORY_MAX] = *reading;
    count_reading(run, patient);
    ward_alarm_reading(&patient->state, &context, reading);
}

/* The values of the reading that are of these quantities. Returns which of them there are. */
static uint32_t pick(const struct ward_reading *from, uint32_t quantities, struct ward_reading *ret)
{
    uint32_t found = 0;

    *ret = *from;
    ret->value_count = 0;
    for (size_t i = 0; i < from->value_count; i++) {
        uint32_t bit = 1u << ward_quantity_judged_as(from->values[i].quantity);

        if ((quantities & bit) != 0) {
            ret->values[ret->value_count++] = from->values[i];
            found |= bit;
        }
    }
    return found;
}

/* Takes the reading back, then gives the newest that remains of each quantity. */
static void take_back(struct ward_try *run, struct patient *patient, uint64_t seq)
{
    struct ward_alarm_context context = context_at(run, run->now_ms);
    uint32_t quantities = ward_alarm_void(&patient->state, &context, seq);
    uint64_t oldest = patient->remembered > MEMORY_MAX ? patient->remembered - MEMORY_MAX : 0;

    for (uint64_t i = oldest; i < patient->remembered; i++) {
        if (patient->memory[i % MEMORY_MAX].seq == seq) {
            patient->memory[i % MEMORY_MAX].value_count = 0;
        }
    }
    for (uint64_t i = patient->remembered; quantities != 0 && i-- > oldest;) {
        struct ward_reading reading;
        uint32_t found = pick(&patient->memory[i % MEMORY_MAX], quantities, &reading);

        if (found != 0) {
            context = context_at(run, run->now_ms);
            ward_alarm_reading(&patient->state, &context, &reading);
            quantities &= ~found;
        }
    }
}

static const char *acknowledge(struct ward_try *run, struct patient *patient, const char *condition,
                               const struct ward_id *by)
{
    struct ward_alarm_context context = context_at(run, run->now_ms);
    struct ward_alarm_present *present = calloc(PRESENT_MAX, sizeof(*present));
    const char *wrong = "there is no such condition to acknowledge";
    size_t count = present != NULL ? ward_alarm_present(&patient->state, &context, present, PRESENT_MAX) : 0;

    for (size_t i = 0; i < count && i < PRESENT_MAX; i++) {
        if (strcmp(present[i].newest.condition.text, condition) == 0) {
            wrong = ward_alarm_acknowledge(&patient->state, &context, &present[i].newest.id, by, true) ==
                            WARD_ALARM_DONE
                        ? NULL
                        : "the condition is acknowledged already";
            break;
        }
    }
    free(present);
    return wrong;
}

/* As when the program ends and starts: through the stored form. */
static const char *restart(struct ward_try *run, struct patient *patient, bool reboot)
{
    uint8_t *packed = malloc(WARD_ALARM_PACKED_MAX);
    size_t length = packed != NULL ? ward_alarm_pack(&patient->state, packed, WARD_ALARM_PACKED_MAX) : 0;
    bool good = length > 0 && ward_alarm_unpack(packed, length, &patient->state);
    struct ward_alarm_context context = context_at(run, run->now_ms);

    free(packed);
    if (good && reboot) {
        ward_alarm_reboot(&patient->state, &context);
    }
    return good ? NULL : "the state could not be stored and read again";
}

static const char *perform(struct ward_try *run, struct patient *patient, const json_t *line)
{
    struct ward_alarm_context context = context_at(run, run->now_ms);
    struct ward_id by = {"somebody"};
    const char *name = json_string_value(json_object_get(line, "by"));
    const char *condition = json_string_value(json_object_get(line, "acknowledge"));
    json_int_t suspend_s = json_integer_value(json_object_get(line, "suspend_s"));

    if (name != NULL && !ward_id_set(&by, name)) {
        return "by is not an id";
    }
    if (condition != NULL) {
        return acknowledge(run, patient, condition, &by);
    }
    if (json_is_true(json_object_get(line, "silence"))) {
        (void)ward_alarm_silence(&patient->state, &context, &by);
    } else if (json_object_get(line, "suspend_s") != NULL) {
        bool good = suspend_s > 0 && suspend_s <= WARD_ALARM_SUSPEND_MAX_MS / 1000 &&
                    ward_alarm_suspend(&patient->state, &context, (uint32_t)suspend_s * 1000, &by);

        return good ? NULL : "suspend_s must be from 1 to 86400";
    } else if (json_object_get(line, "void") != NULL) {
        take_back(run, patient, (uint64_t)json_integer_value(json_object_get(line, "void")));
    } else if (json_is_true(json_object_get(line, "discharge"))) {
        ward_alarm_discharge(&patient->state, &context);
    } else if (json_is_true(json_object_get(line, "restart")) ||
               json_is_true(json_object_get(line, "reboot"))) {
        return restart(run, patient, json_is_true(json_object_get(line, "reboot")));
    }
    return NULL;
}

static void start(struct ward_try *run, int64_t at_ms)
{
    if (!run->started) {
        run->started = true;
        run->figures.first_ms = run->now_ms = at_ms;
    }
}

/* The time of a line may lie before the one reached: then it came now, and is late. */
static bool reach(struct ward_try *run, int64_t at_ms)
{
    start(run, at_ms);
    if (at_ms < run->now_ms) {
        return false;
    }
    pass_time(run, at_ms);
    run->figures.last_ms = at_ms;
    return true;
}

/* Of a line that does not say whether it was late: a stream would have gone stale in the time that it took. */
static bool was_old(const struct ward_reading *reading)
{
    return reading->received_at_ms != WARD_UTC_UNKNOWN && reading->measured_at_ms != WARD_UTC_UNKNOWN &&
           reading->received_at_ms - reading->measured_at_ms > (int64_t)WARD_STALE_STREAM_MS;
}

static const char *take_object(struct ward_try *run, const json_t *line)
{
    struct ward_reading reading;
    const json_t *at = json_object_get(line, "at");
    struct patient *patient;
    const char *wrong;
    int64_t at_ms;

    if (at != NULL && json_object_get(line, "values") == NULL) {
        struct ward_id id = {"patient"};
        const char *name = json_string_value(json_object_get(line, "patient"));

        if (!json_is_string(at) || !ward_utc_parse(json_string_value(at), json_string_length(at), &at_ms) ||
            (name != NULL && !ward_id_set(&id, name))) {
            return "at is not a moment, or patient is not an id";
        }
        (void)reach(run, at_ms);
        patient = name != NULL || run->patient_count == 0 ? patient_of(run, &id) : run->patients[0];
        return patient != NULL ? perform(run, patient, line) : "there are too many patients";
    }
    wrong = ward_reading_from_json(line, &reading);
    if (wrong != NULL) {
        return wrong;
    }
    at_ms = reading.received_at_ms != WARD_UTC_UNKNOWN ? reading.received_at_ms : reading.measured_at_ms;
    if (at_ms == WARD_UTC_UNKNOWN) {
        return "has neither measured_at nor received_at";
    }
    if (json_object_get(line, "late") == NULL) {
        reading.late = was_old(&reading);
    }
    if (!reach(run, at_ms)) {
        reading.late = true;
    }
    reading.seq = reading.seq != 0 ? reading.seq : run->lines;
    if (reading.patient.text[0] == '\0') {
        (void)ward_id_set(&reading.patient, "patient");
    }
    patient = patient_of(run, &reading.patient);
    if (patient == NULL) {
        return "there are too many patients";
    }
    take_reading(run, patient, &reading);
    return NULL;
}

const char *ward_try_line(struct ward_try *run, const char *text, size_t length)
{
    json_t *line = json_loadb(text, length, JSON_REJECT_DUPLICATES, NULL);
    const char *wrong;

    run->lines++;
    if (!json_is_object(line)) {
        json_decref(line);
        return "is not a JSON object";
    }
    wrong = take_object(run, line);
    json_decref(line);
    return wrong;
}

void ward_try_finish(struct ward_try *run, uint64_t after_ms)
{
    uint64_t tail_ms = after_ms;

    for (size_t i = 0; i < run->plan->quantity_count; i++) {
        const struct ward_plan_quantity *row = &run->plan->quantities[i];

        if (row->mode == WARD_MODE_STREAM && row->stale_ms > tail_ms) {
            tail_ms = row->stale_ms;
        }
    }
    if (tail_ms < WARD_INPUT_STOP_US / 1000) {
        tail_ms = WARD_INPUT_STOP_US / 1000;
    }
    if (run->started) {
        pass_time(run, run->now_ms + (int64_t)tail_ms);
    }
}

struct ward_try_figures ward_try_figures(const struct ward_try *run)
{
    return run->figures;
}

void ward_try_present(const struct ward_try *run, ward_try_present_fn *each, void *context)
{
    struct ward_alarm_present *present = calloc(PRESENT_MAX, sizeof(*present));
    const struct ward_alarm_context now = {
        .plan = run->plan,
        .zone = run->zone,
        .now = {.boot_us = boot_us(run, run->now_ms), .utc_ms = run->now_ms, .clock = WARD_CLOCK_SYNCED}};

    for (size_t i = 0; present != NULL && i < run->patient_count; i++) {
        size_t count = ward_alarm_present(&run->patients[i]->state, &now, present, PRESENT_MAX);

        for (size_t j = 0; j < count && j < PRESENT_MAX; j++) {
            each(context, &present[j]);
        }
    }
    free(present);
}

void ward_try_news2(const struct ward_try *run, ward_try_news2_fn *each, void *context)
{
    const struct ward_alarm_context now = {
        .plan = run->plan,
        .zone = run->zone,
        .now = {.boot_us = boot_us(run, run->now_ms), .utc_ms = run->now_ms, .clock = WARD_CLOCK_SYNCED}};
    struct ward_news2_report report;

    for (size_t i = 0; i < run->patient_count; i++) {
        if (ward_alarm_news2(&run->patients[i]->state, &now, &report)) {
            each(context, &run->patients[i]->state.patient, &report);
        }
    }
}
