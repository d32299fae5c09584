/* SPDX-License-Identifier: Apache-2.0 */
/* up/state: the retained answer to "is that gateway there, and how is it?", and the two testaments. */
#include "core/message.h"
#include "core/message_private.h"
#include "core/reading.h"

static void write_device(const struct ward_state_device *device, struct ward_json *json)
{
    ward_json_object(json);
    ward_json_member(json, "device", device->device);
    ward_json_member_if(json, "model", device->model);
    ward_json_member_if(json, "patient", device->patient);
    ward_json_member(json, "security", ward_link_security_name(device->security));
    ward_json_key(json, "connected");
    ward_json_bool(json, device->connected);
    if (device->battery_percent >= 0) {
        ward_json_key(json, "battery");
        ward_json_int(json, device->battery_percent);
    }
    ward_json_key(json, "last_heard_at");
    ward_json_utc(json, device->last_heard_at_ms);
    ward_json_object_end(json);
}

static void write_plans(const struct ward_state_message *message, struct ward_json *json)
{
    ward_json_key(json, "plans");
    ward_json_array(json);
    for (size_t i = 0; i < message->plan_count; i++) {
        ward_json_object(json);
        ward_json_member(json, "patient", message->plans[i].patient);
        ward_json_member(json, "id", message->plans[i].id);
        ward_json_key(json, "version");
        ward_json_uint(json, message->plans[i].version);
        ward_json_object_end(json);
    }
    ward_json_array_end(json);
}

static void write_begin(const struct ward_origin *origin, struct ward_time now, const char *state,
                        struct ward_json *json)
{
    ward_json_object(json);
    ward_json_member(json, "schema", "wardgate.state/1");
    ward_json_member(json, "gateway", origin->gateway);
    ward_json_member(json, "state", state);
    ward_message_time(json, "at", now);
}

static void write_queue_and_storage(const struct ward_state_message *message, struct ward_json *json)
{
    ward_json_key(json, "queue");
    ward_json_object(json);
    ward_json_key(json, "records");
    ward_json_uint(json, message->queue.records);
    ward_json_key(json, "alarms");
    ward_json_uint(json, message->queue.alarms);
    if (message->queue.oldest_age_ms >= 0) {
        ward_json_key(json, "oldest_age_ms");
        ward_json_int(json, message->queue.oldest_age_ms);
    }
    ward_json_object_end(json);
    ward_json_key(json, "storage");
    ward_json_object(json);
    ward_json_member(json, "state", message->storage.state);
    ward_json_key(json, "used_octets");
    ward_json_uint(json, message->storage.used_octets);
    ward_json_key(json, "quota_octets");
    ward_json_uint(json, message->storage.quota_octets);
    ward_json_object_end(json);
}

static void write_radio_and_devices(const struct ward_state_message *message, struct ward_json *json)
{
    ward_json_key(json, "radio");
    ward_json_object(json);
    ward_json_key(json, "present");
    ward_json_bool(json, message->radio.present);
    ward_json_key(json, "powered");
    ward_json_bool(json, message->radio.powered);
    ward_json_key(json, "recovery");
    ward_json_object(json);
    ward_json_member(json, "rung", message->radio.recovery.rung);
    ward_json_key(json, "discovery");
    ward_json_uint(json, message->radio.recovery.discovery);
    ward_json_key(json, "power");
    ward_json_uint(json, message->radio.recovery.power);
    ward_json_key(json, "restart");
    ward_json_uint(json, message->radio.recovery.restart);
    ward_json_key(json, "reset");
    ward_json_uint(json, message->radio.recovery.reset);
    ward_json_object_end(json);
    ward_json_object_end(json);
    ward_json_key(json, "devices");
    ward_json_array(json);
    for (size_t i = 0; i < message->device_count; i++) {
        write_device(&message->devices[i], json);
    }
    ward_json_array_end(json);
}

static void write_annunciator(const struct ward_state_message *message, struct ward_json *json)
{
    ward_json_key(json, "annunciator");
    ward_json_object(json);
    ward_json_key(json, "light");
    ward_json_bool(json, message->annunciator.light);
    ward_json_key(json, "sound");
    ward_json_bool(json, message->annunciator.sound);
    ward_json_key(json, "text");
    ward_json_bool(json, message->annunciator.text);
    ward_json_key(json, "checked_at");
    ward_json_utc(json, message->annunciator.checked_at_ms);
    ward_json_object_end(json);
}

void ward_state_write_json(const struct ward_state_message *message, struct ward_json *json)
{
    write_begin(&message->origin, message->now, "online", json);
    ward_json_member(json, "boot", message->boot);
    ward_json_member(json, "version", message->version);
    ward_json_key(json, "configuration");
    ward_json_hex(json, message->configuration, 32);
    ward_message_monitoring(json, message->monitoring, &message->reasons);
    ward_json_member(json, "epoch", message->origin.epoch);
    ward_json_key(json, "seq");
    ward_json_uint(json, message->seq);
    if (message->head != NULL) {
        ward_json_key(json, "head");
        ward_json_hex(json, message->head, 32);
    }
    write_plans(message, json);
    write_queue_and_storage(message, json);
    write_annunciator(message, json);
    if (message->certificate_expires_ms != WARD_UTC_UNKNOWN) {
        ward_json_key(json, "certificate_expires_at");
        ward_json_utc(json, message->certificate_expires_ms);
    }
    ward_json_key(json, "unassigned");
    ward_json_uint(json, message->unassigned);
    ward_json_key(json, "duplicates");
    ward_json_uint(json, message->duplicates);
    write_radio_and_devices(message, json);
    ward_json_object_end(json);
}

void ward_testament_write_json(const struct ward_testament_message *message, struct ward_json *json)
{
    write_begin(&message->origin, message->now, message->silent ? "online" : "offline", json);
    ward_json_member(json, "boot", message->boot);
    ward_json_member(json, "epoch", message->origin.epoch);
    if (message->silent) {
        ward_message_monitoring(json, WARD_MONITORING_STOPPED, NULL);
    }
    ward_json_object_end(json);
}
