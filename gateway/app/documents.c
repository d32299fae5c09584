/* SPDX-License-Identifier: Apache-2.0 */
#include "app/documents.h"

#include <stdlib.h>
#include <string.h>

#include "app/enrolment.h"
#include "app/gateway.h"
#include "core/reading.h"

struct ward_origin ward_documents_origin(const struct ward_gateway *gateway)
{
    return (struct ward_origin){.gateway = gateway->config.gateway.id, .epoch = gateway->epoch.text};
}

static size_t finish(struct ward_json *json)
{
    size_t length = 0;

    return ward_json_finish(json, &length) == WARD_JSON_OK ? length : 0;
}

static void add_reason(struct ward_summary *summary, const char *reason)
{
    for (size_t i = 0; i < summary->reason_count; i++)
        if (strcmp(summary->reasons[i].text, reason) == 0)
            return;
    if (summary->reason_count < WARD_DOCUMENTS_REASONS_MAX)
        (void)ward_id_set(&summary->reasons[summary->reason_count++], reason);
}

void ward_documents_summary(const struct ward_gateway *gateway, struct ward_summary *ret)
{
    struct ward_id reasons[WARD_MONITORING_REASONS_MAX];

    ret->reason_count = 0;
    ret->monitoring = gateway->watch_count > 0 ? WARD_MONITORING_FULL : WARD_MONITORING_NONE;
    if (gateway->watch_count == 0)
        add_reason(ret,
                   gateway->restored ? "no-patient" : ward_technical_name(WARD_TECHNICAL_STORAGE_FAILING));
    for (size_t i = 0; i < gateway->watch_count; i++) {
        const struct ward_alarm_context context = ward_watch_context(gateway->watches[i]);
        size_t count = 0;
        enum ward_monitoring monitoring =
            ward_alarm_monitoring(&gateway->watches[i]->state, &context, reasons, &count);

        if (monitoring < ret->monitoring)
            ret->monitoring = monitoring;
        for (size_t j = 0; j < count; j++)
            add_reason(ret, reasons[j].text);
    }
}

int64_t ward_documents_oldest_age_ms(const struct ward_gateway *gateway)
{
    const uint64_t now_us = ward_gateway_now(gateway).boot_us;
    uint64_t record_us = now_us, alarm_us = now_us;
    bool record = ward_delivery_oldest_us(&gateway->outbox.delivery, &record_us);
    bool alarm = ward_alarm_queue_oldest_us(&gateway->outbox.alarms, &alarm_us);
    uint64_t oldest_us = record_us < alarm_us ? record_us : alarm_us;

    if (!record && !alarm)
        return -1;
    return now_us > oldest_us ? (int64_t)((now_us - oldest_us) / 1000) : 0;
}

/* What is known of its newest connection; before the first since the start nothing is proved. */
static uint8_t security_of(const struct ward_store_device *device, const struct ward_device_now *now)
{
    if (ward_enrolment_known(device).security != WARD_BLUEZ_BONDED)
        return WARD_LINK_OPEN;
    return now && now->proved ? WARD_LINK_BONDED : WARD_LINK_BONDED_UNPROVED;
}

/* The devices for up/state. The texts point into the gateway. Returns how many. */
static size_t list_devices(const struct ward_gateway *gateway, struct ward_state_device *ret)
{
    const struct ward_registry *registry = &gateway->registry;

    for (size_t i = 0; i < registry->device_count; i++) {
        const struct ward_store_device *device = &registry->devices[i];
        const struct ward_store_binding *binding =
            ward_registry_next_binding(registry, device->id.text, NULL);
        const struct ward_device_now *now = ward_devices_find(&gateway->devices, device->id.text);

        ret[i] = (struct ward_state_device){
            .device = device->id.text,
            .model = device->model.text,
            /* Of several patients none can be named here. */
            .patient = binding && !ward_registry_next_binding(registry, device->id.text, binding)
                           ? binding->patient.text
                           : "",
            .security = security_of(device, now),
            .connected = now && now->connected,
            .battery_percent = (int8_t)(now ? now->battery_percent : WARD_BATTERY_UNKNOWN),
            .last_heard_at_ms = now && now->heard.boot_us ? now->heard.utc_ms : WARD_UTC_UNKNOWN};
    }
    return registry->device_count;
}

/* The plans in force, for up/state. The texts point into the gateway. Returns how many. */
static size_t list_plans(const struct ward_gateway *gateway, struct ward_state_plan ret[WARD_PATIENTS_MAX])
{
    size_t count = 0;

    for (size_t i = 0; i < gateway->watch_count; i++) {
        const struct ward_watch *watch = gateway->watches[i];

        if (watch->has_plan)
            ret[count++] =
                (struct ward_state_plan){watch->patient.text, watch->plan.id.text, watch->plan.version};
    }
    return count;
}

static void fill_radio(const struct ward_gateway *gateway, struct ward_state_message *message)
{
    const struct ward_bluez_counters counters = ward_bluez_counters(gateway->bluez);

    message->radio.present = gateway->radio != WARD_BLUEZ_RADIO_ABSENT;
    message->radio.powered = gateway->radio == WARD_BLUEZ_RADIO_READY;
    message->radio.recovery.rung = ward_documents_rung_name(ward_bluez_rung(gateway->bluez));
    message->radio.recovery.discovery = counters.rungs[WARD_BLUEZ_RUNG_DISCOVERY];
    message->radio.recovery.power = counters.rungs[WARD_BLUEZ_RUNG_POWER];
    message->radio.recovery.restart = counters.rungs[WARD_BLUEZ_RUNG_RESTART];
    message->radio.recovery.reset = counters.rungs[WARD_BLUEZ_RUNG_RESET];
}

static void fill_storage(const struct ward_gateway *gateway, struct ward_state_message *message)
{
    const bool *active = gateway->technical.active;
    struct ward_store_counters counters;

    message->storage.state = active[WARD_TECHNICAL_STORAGE_FAILING]   ? "failing"
                             : active[WARD_TECHNICAL_STORAGE_FULL]    ? "full"
                             : active[WARD_TECHNICAL_STORAGE_FILLING] ? "filling"
                                                                      : "ok";
    ward_store_counters(gateway->store, &counters);
    message->storage.used_octets = counters.used_octets;
    message->storage.quota_octets = counters.quota_octets;
    message->annunciator.light = gateway->upkeep.annunciator.light;
    message->annunciator.sound = gateway->upkeep.annunciator.sound;
    message->annunciator.text = gateway->upkeep.annunciator.text;
    message->annunciator.checked_at_ms = gateway->upkeep.annunciator_checked.boot_us > 0
                                             ? gateway->upkeep.annunciator_checked.utc_ms
                                             : WARD_UTC_UNKNOWN;
}

size_t ward_documents_state(const struct ward_gateway *gateway, char *text, size_t size)
{
    const char *reasons[WARD_DOCUMENTS_REASONS_MAX];
    struct ward_state_plan plans[WARD_PATIENTS_MAX];
    struct ward_state_device *devices = calloc(WARD_DEVICES_MAX, sizeof(*devices));
    struct ward_state_message message = {.origin = ward_documents_origin(gateway),
                                         .now = ward_gateway_now(gateway),
                                         .boot = gateway->boot.text,
                                         .version = WARD_VERSION,
                                         .configuration = gateway->config.digest,
                                         .seq = gateway->head_seq,
                                         .head = gateway->head_seq ? gateway->head_chain : NULL,
                                         .certificate_expires_ms = gateway->outbox.certificate_expires_ms,
                                         .plans = plans,
                                         .devices = devices};
    struct ward_summary summary;
    struct ward_json json;

    if (!devices)
        return 0;
    ward_documents_summary(gateway, &summary);
    for (size_t i = 0; i < summary.reason_count; i++)
        reasons[i] = summary.reasons[i].text;
    message.monitoring = summary.monitoring;
    message.reasons = (struct ward_texts){reasons, summary.reason_count};
    message.queue.records = ward_delivery_undelivered(&gateway->outbox.delivery);
    message.queue.alarms = gateway->outbox.alarms.count;
    message.queue.oldest_age_ms = ward_documents_oldest_age_ms(gateway);
    message.unassigned = gateway->unassigned.count;
    message.duplicates = gateway->pipeline.duplicates;
    fill_storage(gateway, &message);
    fill_radio(gateway, &message);
    message.plan_count = list_plans(gateway, plans);
    message.device_count = list_devices(gateway, devices);
    ward_json_init(&json, text, size, WARD_JSON_PRINTED);
    ward_state_write_json(&message, &json);
    free(devices);
    return finish(&json);
}

size_t ward_documents_active(const struct ward_gateway *gateway, const struct ward_watch *watch, char *text,
                             size_t size)
{
    const struct ward_alarm_context context = ward_watch_context(watch);
    struct ward_active_condition conditions[WARD_PRESENT_MAX];
    struct ward_last_valid last_valid[WARD_PLAN_QUANTITIES_MAX];
    struct ward_adherence_report adherence[WARD_PLAN_QUANTITIES_MAX];
    struct ward_id reasons[WARD_MONITORING_REASONS_MAX];
    const char *reason_texts[WARD_MONITORING_REASONS_MAX];
    size_t reason_count = 0, count;
    struct ward_news2_report news2;
    struct ward_active_message message = {.origin = ward_documents_origin(gateway),
                                          .patient = watch->patient.text,
                                          .episode = watch->episode.text,
                                          .now = context.now,
                                          .plan_id = watch->has_plan ? watch->plan.id.text : "",
                                          .plan_version = watch->has_plan ? watch->plan.version : 0,
                                          .conditions = conditions,
                                          .last_valid = last_valid,
                                          .adherence = adherence};
    struct ward_json json;

    message.monitoring = ward_alarm_monitoring(&watch->state, &context, reasons, &reason_count);
    for (size_t i = 0; i < reason_count; i++)
        reason_texts[i] = reasons[i].text;
    message.reasons = (struct ward_texts){reason_texts, reason_count};
    count = ward_alarm_present(&watch->state, &context, gateway->present, WARD_PRESENT_MAX);
    message.condition_count = count < WARD_PRESENT_MAX ? count : WARD_PRESENT_MAX;
    for (size_t i = 0; i < message.condition_count; i++)
        conditions[i] =
            (struct ward_active_condition){&gateway->present[i].newest, gateway->present[i].raised_at_ms};
    message.last_valid_count = ward_alarm_last_valid(&watch->state, &context, last_valid);
    message.adherence_count = ward_alarm_adherence(&watch->state, &context, adherence);
    message.news2 = ward_alarm_news2(&watch->state, &context, &news2) ? &news2 : NULL;
    ward_json_init(&json, text, size, WARD_JSON_PRINTED);
    ward_active_write_json(&message, &json);
    return finish(&json);
}

size_t ward_documents_heartbeat(const struct ward_gateway *gateway, uint64_t number, char *text, size_t size)
{
    struct ward_heartbeat_message message = {.origin = ward_documents_origin(gateway),
                                             .now = ward_gateway_now(gateway),
                                             .boot = gateway->boot.text,
                                             .number = number,
                                             .seq = gateway->head_seq};
    struct ward_summary summary;
    struct ward_json json;

    ward_documents_summary(gateway, &summary);
    message.monitoring = summary.monitoring;
    ward_json_init(&json, text, size, WARD_JSON_PRINTED);
    ward_heartbeat_write_json(&message, &json);
    return finish(&json);
}

size_t ward_documents_testament(const struct ward_gateway *gateway, bool silent, char *text, size_t size)
{
    const struct ward_testament_message message = {.origin = ward_documents_origin(gateway),
                                                   .now = ward_gateway_now(gateway),
                                                   .boot = gateway->boot.text,
                                                   .silent = silent};
    struct ward_json json;

    ward_json_init(&json, text, size, WARD_JSON_PRINTED);
    ward_testament_write_json(&message, &json);
    return finish(&json);
}
