/* SPDX-License-Identifier: Apache-2.0 */
/*
 * The packed alarm state of a patient, as a damaged file may hold it: the first octet says how the daemon comes back (bit 0:
 * after a reboot), the rest is the state. One that is taken lives on, and so does what was packed of it: both tell the same
 * events of whatever happens next, and are the same at the end.
 */
#include <stdint.h>
#include <stdlib.h>
#include <string.h>

#include "core/alarm.h"
#include "core/alarm_pack.h"
#include "core/careplan.h"

#define SECOND_US  UINT64_C(1000000)
#define EVENTS_MAX 4096

static const char plan_text[] =
    "{\"schema\":\"wardgate.care-plan/1\",\"id\":\"fuzz\",\"version\":1,\"title\":\"Some of everything\","
    "\"source\":{\"example\":true,\"citation\":\"made for the tests\"},\"review_by\":\"2099-12-31\",\"zone\":\"UTC\","
    "\"quantities\":[{\"quantity\":\"spo2\",\"mode\":\"stream\"},{\"quantity\":\"pulse_rate\",\"mode\":\"spot\"},"
    "{\"quantity\":\"body_temperature\",\"mode\":\"spot\"}],"
    "\"rules\":[{\"id\":\"spo2-red\",\"quantity\":\"spo2\",\"level\":\"red\",\"below\":90,\"on_delay_s\":15},"
    "{\"id\":\"pulse-red\",\"quantity\":\"pulse_rate\",\"level\":\"red\",\"above\":130},"
    "{\"id\":\"temperature-amber\",\"quantity\":\"body_temperature\",\"level\":\"amber\",\"above\":38}],"
    "\"schedule\":[{\"quantity\":\"pulse_rate\",\"at\":[\"08:00\",\"20:00\"],\"grace_s\":7200,"
    "\"prompt_text\":\"Please measure.\"}]}";

/* What one of the two told. */
struct life {
    struct ward_alarm_patient state;
    struct ward_alarm_event events[EVENTS_MAX];
    size_t count;
};

int LLVMFuzzerInitialize(int *count, char ***arguments);
int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size);

static struct ward_care_plan plan;
static const struct ward_zone utc; /* without a transition */
static struct life first, second;

static void on_event(void *context, const struct ward_alarm_event *event)
{
    struct life *life = context;

    if (life->count < EVENTS_MAX)
        life->events[life->count++] = *event;
}

int LLVMFuzzerInitialize(int *count, char ***arguments)
{
    static struct ward_plan_errors errors;

    (void)count;
    (void)arguments;
    if (!ward_care_plan_parse(plan_text, strlen(plan_text), &plan, &errors))
        abort();
    return 0;
}

/* A boot's clock has not run for a century, and Linux has no wall clock before 1970 or after 2262. */
static struct ward_time sane(const struct ward_time *stored)
{
    const bool runs = stored->boot_us < UINT64_C(1) << 51;
    const bool dated = stored->utc_ms >= 0 && stored->utc_ms < INT64_C(1) << 43;

    return (struct ward_time){.boot_us = (runs ? stored->boot_us : 0) + SECOND_US,
                              .utc_ms = (dated ? stored->utc_ms : INT64_C(1795338000000)) + 1000,
                              .clock = WARD_CLOCK_SYNCED};
}

static void pass(struct ward_time *now, uint64_t us)
{
    now->boot_us += us;
    now->utc_ms += (int64_t)(us / 1000);
}

static struct ward_reading reading_of(const struct ward_alarm_patient *state, const struct ward_time *now,
                                      uint8_t quantity, int32_t mantissa)
{
    return (struct ward_reading){.patient = state->patient,
                                 .episode = state->episode,
                                 .device = {"d-1"},
                                 .boot = {"b-1"},
                                 .mono_us = now->boot_us,
                                 .measured_at_ms = now->utc_ms,
                                 .received_at_ms = now->utc_ms,
                                 .kind = WARD_READING_SPOT,
                                 .quality = WARD_VALID,
                                 .clock = WARD_CLOCK_SYNCED,
                                 .value_count = 1,
                                 .values = {{.quantity = quantity, .number = {.mantissa = mantissa}}}};
}

static uint32_t told(void *context, const struct ward_alarm_id *id)
{
    (void)context;
    return id->octets[0];
}

static void look(const struct ward_alarm_patient *state, const struct ward_alarm_context *context)
{
    static struct ward_alarm_present present[4];
    static struct ward_news2_report news2;
    struct ward_last_valid values[WARD_PLAN_QUANTITIES_MAX];
    struct ward_adherence_report adherence[WARD_PLAN_QUANTITIES_MAX];
    struct ward_id reasons[WARD_MONITORING_REASONS_MAX];
    size_t count;

    ward_alarm_present(state, context, present, 4);
    ward_alarm_news2(state, context, &news2);
    ward_alarm_last_valid(state, context, values);
    ward_alarm_adherence(state, context, adherence);
    ward_alarm_monitoring(state, context, reasons, &count);
    ward_alarm_is_tense(state);
}

static void live_on(struct life *life, bool rebooted)
{
    const struct ward_alarm_sink sink = {.event = on_event, .context = life};
    struct ward_alarm_context context = {
        .plan = &plan, .zone = &utc, .now = sane(&life->state.now), .sink = &sink};
    static const struct {
        uint8_t quantity;
        int32_t mantissa;
    } readings[] = {{WARD_SPO2, 85},
                    {WARD_PULSE_RATE, 150},
                    {WARD_BODY_TEMPERATURE, 39},
                    {WARD_SPO2, 97},
                    {WARD_PULSE_RATE, 70}};

    life->count = 0;
    if (rebooted) {
        context.now.boot_us = SECOND_US;
        ward_alarm_reboot(&life->state, &context);
    } else {
        ward_alarm_restart(&life->state, &context, &(struct ward_alarm_told){.newest = told});
    }
    look(&life->state, &context);
    for (size_t i = 0; i < sizeof(readings) / sizeof(readings[0]); i++) {
        const struct ward_reading reading =
            reading_of(&life->state, &context.now, readings[i].quantity, readings[i].mantissa);
        const uint64_t due_us = ward_alarm_deadline_us(&life->state, &plan);
        const uint64_t left_us = due_us > context.now.boot_us ? due_us - context.now.boot_us : 0;

        pass(&context.now, left_us < 3600 * SECOND_US ? left_us : SECOND_US);
        ward_alarm_tick(&life->state, &context);
        ward_alarm_reading(&life->state, &context, &reading);
    }
    ward_alarm_silence(&life->state, &context, &(struct ward_id){"patient"});
    if (life->count > 0)
        ward_alarm_acknowledge(&life->state, &context, &life->events[0].id, &(struct ward_id){"dr-1"}, true);
    ward_alarm_void(&life->state, &context, 1);
    ward_alarm_replace_plan(&life->state, &context);
    look(&life->state, &context);
    ward_alarm_discharge(&life->state, &context);
}

static bool is_same_event(const struct ward_alarm_event *a, const struct ward_alarm_event *b)
{
    return memcmp(&a->id, &b->id, sizeof(a->id)) == 0 && a->n == b->n && a->event == b->event &&
           a->state == b->state && a->priority == b->priority &&
           strcmp(a->condition.text, b->condition.text) == 0 && strcmp(a->text, b->text) == 0;
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
    static uint8_t packed[WARD_ALARM_PACKED_MAX], again[WARD_ALARM_PACKED_MAX];
    size_t length;

    if (size == 0 || !ward_alarm_unpack(data + 1, size - 1, &first.state))
        return 0;
    length = ward_alarm_pack(&first.state, packed, sizeof(packed));
    if (length == 0 || !ward_alarm_unpack(packed, length, &second.state))
        abort();
    live_on(&first, data[0] & 1);
    live_on(&second, data[0] & 1);
    if (first.count != second.count)
        abort();
    for (size_t i = 0; i < first.count; i++)
        if (!is_same_event(&first.events[i], &second.events[i]))
            abort();
    length = ward_alarm_pack(&first.state, packed, sizeof(packed));
    if (length == 0 || ward_alarm_pack(&second.state, again, sizeof(again)) != length ||
        memcmp(packed, again, length) != 0)
        abort();
    return 0;
}
