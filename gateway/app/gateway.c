/* SPDX-License-Identifier: Apache-2.0 */
#include "app/gateway.h"

#include <string.h>

#include "app/documents.h"
#include "core/clinical.h"
#include "core/model.h"
#include "core/reading.h"

#define COMMIT_WINDOW_SOON_MS 1000
/* Longer than from any message to the same once more: a broker that has refused nothing for so long takes everything. */
#define REFUSES_US (2 * WARD_DELIVERY_RESEND_MAX_US)

struct ward_time ward_gateway_now(const struct ward_gateway *gateway)
{
    return ward_clock_now(gateway->clock);
}

struct ward_watch *ward_gateway_watch(const struct ward_gateway *gateway, const char *patient)
{
    for (size_t i = 0; i < gateway->watch_count; i++)
        if (strcmp(gateway->watches[i]->patient.text, patient) == 0)
            return gateway->watches[i];
    return NULL;
}

struct ward_watch *ward_gateway_look_after(struct ward_gateway *gateway, const struct ward_id *patient,
                                           const struct ward_id *episode)
{
    struct ward_watch *watch;

    if (gateway->watch_count == WARD_PATIENTS_MAX)
        return NULL;
    watch = ward_watch_new(gateway, patient, episode);
    if (watch)
        gateway->watches[gateway->watch_count++] = watch;
    return watch;
}

void ward_gateway_leave(struct ward_gateway *gateway, struct ward_watch *watch)
{
    for (size_t i = 0; i < gateway->watch_count; i++)
        if (gateway->watches[i] == watch)
            gateway->watches[i] = gateway->watches[--gateway->watch_count];
    ward_watch_free(watch);
}

void ward_gateway_tell_sources(struct ward_gateway *gateway)
{
    for (size_t i = 0; i < gateway->watch_count; i++) {
        const char *patient = gateway->watches[i]->patient.text;
        uint32_t quantities = 0;
        bool by_address = false;

        for (size_t j = 0; j < gateway->registry.device_count; j++) {
            const struct ward_store_device *device = &gateway->registry.devices[j];
            const struct ward_model *model = ward_model_by_id(device->model.text);

            if (!ward_registry_is_bound(&gateway->registry, device->id.text, patient))
                continue;
            if (model)
                quantities |= model->quantities;
            if (strcmp(device->policy.text, WARD_ENROLMENT_BY_ADDRESS) == 0)
                by_address = true;
        }
        ward_watch_sources(gateway->watches[i], quantities);
        ward_technical_set_for(gateway->watches[i], WARD_TECHNICAL_KNOWN_BY_ADDRESS, by_address);
    }
    ward_gateway_tell_priorities(gateway);
}

/* The highest priority that a limit on what this model measures has for somebody who has the device. */
static uint8_t priority_of(const struct ward_gateway *gateway, const char *device,
                           const struct ward_model *model)
{
    uint8_t priority = WARD_PRIORITY_NONE;

    for (size_t i = 0; i < gateway->watch_count; i++) {
        const struct ward_watch *watch = gateway->watches[i];

        if (!watch->has_plan || !ward_registry_is_bound(&gateway->registry, device, watch->patient.text))
            continue;
        for (size_t j = 0; j < watch->plan.rule_count; j++) {
            const struct ward_plan_rule *rule = &watch->plan.rules[j];

            if ((model->quantities & (UINT32_C(1) << rule->quantity)) != 0 && rule->priority > priority)
                priority = rule->priority;
        }
    }
    return priority;
}

void ward_gateway_tell_priorities(struct ward_gateway *gateway)
{
    for (size_t i = 0; i < gateway->registry.device_count && gateway->bluez; i++) {
        const struct ward_store_device *device = &gateway->registry.devices[i];
        const struct ward_model *model = ward_model_by_id(device->model.text);

        if (model) /* one that the radio does not know yet is told when it does */
            (void)ward_bluez_set_priority(gateway->bluez, device->address,
                                          priority_of(gateway, device->id.text, model));
    }
}

/* The plan's own words come first. */
static const char *undelivered_text(const struct ward_gateway *gateway)
{
    for (size_t i = 0; i < gateway->watch_count; i++)
        if (gateway->watches[i]->has_plan && gateway->watches[i]->plan.undelivered_text[0])
            return gateway->watches[i]->plan.undelivered_text;
    return WARD_TEXT_UNDELIVERED;
}

/* --- what is shown on the spot ------------------------------------------------------------------------------- */

static bool sounds(const struct ward_alarm_event *event)
{
    return event->state == WARD_ALARM_ACTIVE || event->state == WARD_ALARM_UNKNOWN;
}

/* Ended and acknowledged conditions are the ward's business: on the spot only what is present now shows. */
static bool shows(const struct ward_alarm_event *event)
{
    return sounds(event) || event->state == WARD_ALARM_SILENCED;
}

/* What the schedule of a patient asks for now, in the plan's words; NULL: nothing. */
static const char *prompt_text(struct ward_gateway *gateway)
{
    for (size_t i = 0; i < gateway->watch_count; i++) {
        const struct ward_alarm_context context = ward_watch_context(gateway->watches[i]);
        const uint32_t prompted = ward_alarm_prompted(&gateway->watches[i]->state, &context);

        if (prompted != 0) {
            ward_ask_words(gateway->watches[i], (uint8_t)__builtin_ctz(prompted), gateway->patient_text,
                           sizeof(gateway->patient_text));
            return gateway->patient_text;
        }
    }
    return NULL;
}

struct ward_annunciation_shown ward_gateway_annunciate(struct ward_gateway *gateway)
{
    struct ward_alarm_present *present = gateway->present;
    struct ward_annunciation what = {.priority = WARD_PRIORITY_NONE, .sound = WARD_PRIORITY_NONE};
    uint64_t due_us;

    if (!gateway->restored) { /* without a sound: nobody could say who is meant, or silence it */
        what.priority = WARD_PRIORITY_HIGH;
        what.text = WARD_TEXT_NOBODY_WATCHED;
    }
    for (size_t i = 0; i < gateway->watch_count; i++) {
        const struct ward_alarm_context context = ward_watch_context(gateway->watches[i]);
        size_t count = ward_alarm_present(&gateway->watches[i]->state, &context, present, WARD_PRESENT_MAX);

        for (size_t j = 0; j < count && j < WARD_PRESENT_MAX; j++) {
            const struct ward_alarm_event *event = &present[j].newest;

            if (sounds(event) && event->priority > what.sound)
                what.sound = (enum ward_alarm_priority)event->priority;
            if (!shows(event) || event->priority < what.priority)
                continue;
            what.priority = (enum ward_alarm_priority)event->priority;
            if (event->shown_text[0]) {
                memcpy(gateway->patient_text, event->shown_text, sizeof(gateway->patient_text));
                what.text = gateway->patient_text;
            }
        }
    }
    if (!what.text)
        what.text = ward_ask_text(gateway);
    if (!what.text)
        what.text = prompt_text(gateway);
    what.undelivered =
        ward_outbox_alarm_undelivered(&gateway->outbox, ward_gateway_now(gateway).boot_us, &due_us);
    if (what.undelivered)
        what.text = undelivered_text(gateway);
    ward_api_objects_annunciated(gateway, &what);
    gateway->shown = ward_annunciator_show(gateway->annunciator, &what);
    return gateway->shown;
}

/* --- the one timer ------------------------------------------------------------------------------------------- */

static uint64_t earlier(uint64_t a, uint64_t b)
{
    return a < b ? a : b;
}

/*
 * Whether the hub confirms goes by the oldest alarm event and the oldest live reading, whatever the backlog does. Events of
 * this condition do not count: a hub that takes longer than that would have them raise and end it in turn, without end.
 */
static uint64_t check_hub(struct ward_gateway *gateway, uint64_t now_us)
{
    uint64_t alarm_us, reading_us, due = UINT64_MAX;
    bool alarm = ward_outbox_alarm_unconfirmed_us(&gateway->outbox, &alarm_us);
    bool reading = ward_delivery_unconfirmed_us(&gateway->outbox.delivery, &reading_us);
    bool late = (alarm && now_us - alarm_us >= WARD_ALARM_CONFIRM_US) ||
                (reading && now_us - reading_us >= WARD_READING_CONFIRM_US);

    if (!late && alarm)
        due = earlier(due, alarm_us + WARD_ALARM_CONFIRM_US);
    if (!late && reading)
        due = earlier(due, reading_us + WARD_READING_CONFIRM_US);
    ward_technical_set(gateway, WARD_TECHNICAL_HUB_NOT_CONFIRMING, late);
    return due;
}

/* Each change of the condition is an alarm event, and up/state: were it to end with each message that is taken, those two
 * alone would keep it going. */
static uint64_t check_refusals(struct ward_gateway *gateway, uint64_t now_us)
{
    if (!gateway->technical.active[WARD_TECHNICAL_HUB_REFUSES])
        return UINT64_MAX;
    if (now_us - gateway->refused_us < REFUSES_US)
        return gateway->refused_us + REFUSES_US;
    ward_technical_set(gateway, WARD_TECHNICAL_HUB_REFUSES, false);
    return UINT64_MAX;
}

/* Nobody says when the date becomes known, which need not be with a jump of the wall clock. */
static void note_date(struct ward_gateway *gateway, const struct ward_time *now)
{
    if (gateway->dated || !gateway->restored || now->utc_ms == WARD_UTC_UNKNOWN)
        return;
    gateway->dated = true;
    ward_binding_dated(gateway);
}

/*
 * Radio and clock have their time after a start, and the radio after a restart of Bluetooth, before an alarm is made
 * of it. Nobody says that a time service holds the clock from now on: as long as none does it is looked for.
 */
static uint64_t check_radio_and_clock(struct ward_gateway *gateway, const struct ward_time *now)
{
    const bool off = gateway->radio != WARD_BLUEZ_RADIO_READY, unknown = now->utc_ms == WARD_UTC_UNKNOWN;
    const uint64_t radio_us = gateway->radio_off_us + WARD_RADIO_GRACE_US,
                   clock_us = gateway->started_us + WARD_CLOCK_GRACE_US;
    uint64_t due = UINT64_MAX;

    ward_technical_set(gateway, WARD_TECHNICAL_RADIO_OFF, off && now->boot_us >= radio_us);
    ward_technical_set(gateway, WARD_TECHNICAL_CLOCK_UNTRUSTED, unknown && now->boot_us >= clock_us);
    if (off && now->boot_us < radio_us)
        due = earlier(due, radio_us);
    if (unknown && now->boot_us < clock_us)
        due = earlier(due, clock_us);
    if (now->clock != WARD_CLOCK_SYNCED)
        due = earlier(due, now->boot_us + WARD_CLOCK_LOOK_US);
    return due;
}

static uint64_t check_undelivered(struct ward_gateway *gateway, uint64_t now_us)
{
    uint64_t due = UINT64_MAX;
    bool undelivered = ward_outbox_alarm_undelivered(&gateway->outbox, now_us, &due);

    if (undelivered != gateway->undelivered_shown) {
        gateway->undelivered_shown = undelivered;
        (void)ward_gateway_annunciate(gateway);
    }
    return due;
}

void ward_gateway_settle(struct ward_gateway *gateway)
{
    const struct ward_time now = ward_gateway_now(gateway);
    const uint32_t window_ms = gateway->config.store.commit_window_ms;
    bool soon = gateway->bus && ward_bus_is_followed(gateway->bus);
    uint64_t due;

    note_date(gateway, &now);
    due = earlier(check_hub(gateway, now.boot_us), check_radio_and_clock(gateway, &now));
    due = earlier(due, check_refusals(gateway, now.boot_us));
    due = earlier(due, ward_chronicle_check(gateway));
    due = earlier(due, ward_upkeep_check(gateway, &now));
    due = earlier(due, ward_ask_check(gateway));
    due = earlier(due, ward_inbox_check(gateway));
    ward_commits_finish_failed(gateway);
    ward_departures_check(gateway);
    ward_outbox_pump(&gateway->outbox);
    due = earlier(due, ward_restart_check(gateway));
    due = earlier(due, ward_rotation_check(gateway));
    ward_fetching_tell(gateway);
    due = earlier(due, ward_hub_test_check(gateway, now.boot_us));
    due = earlier(due, check_undelivered(gateway, now.boot_us));
    due = earlier(due, ward_talk_due_us(gateway));
    due = earlier(due, ward_pipeline_due_us(&gateway->pipeline));
    due = earlier(due, ward_trial_due_us(&gateway->trial));
    due = earlier(due, ward_outbox_due_us(&gateway->outbox));
    due = earlier(due, ward_departures_due_us(gateway));
    for (size_t i = 0; i < gateway->watch_count; i++) {
        due = earlier(due, ward_watch_due_us(gateway->watches[i]));
        soon = soon || ward_alarm_is_tense(&gateway->watches[i]->state);
    }
    if (soon != gateway->commits_soon) {
        gateway->commits_soon = soon;
        ward_store_set_commit_window(
            gateway->store, soon && window_ms > COMMIT_WINDOW_SOON_MS ? COMMIT_WINDOW_SOON_MS : window_ms);
    }
    due = earlier(due, ward_api_objects_check(gateway, now.boot_us));
    (void)sd_event_source_set_time(gateway->timer, due);
    (void)sd_event_source_set_enabled(gateway->timer, due == UINT64_MAX ? SD_EVENT_OFF : SD_EVENT_ONESHOT);
}

int ward_gateway_timer_due(sd_event_source *source, uint64_t usec, void *userdata)
{
    struct ward_gateway *gateway = userdata;
    const uint64_t now_us = ward_gateway_now(gateway).boot_us;

    (void)source;
    (void)usec;
    for (size_t i = 0; i < gateway->watch_count; i++)
        if (ward_watch_due_us(gateway->watches[i]) <= now_us)
            ward_watch_tick(gateway->watches[i]);
    ward_talk_tick(gateway);
    ward_pipeline_tick(gateway);
    ward_trial_tick(gateway);
    ward_gateway_settle(gateway);
    return 0;
}
