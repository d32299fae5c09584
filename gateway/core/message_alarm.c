/* SPDX-License-Identifier: Apache-2.0 */
/* Alarm events (up/alarms) and the conditions that are present (up/active). */
#include "core/alarm_names.h"
#include "core/message.h"
#include "core/message_private.h"
#include "core/quantity.h"

static void write_key(const struct ward_alarm_event *event, struct ward_json *json)
{
    ward_json_key(json, "id");
    ward_json_hex(json, event->id.octets, sizeof(event->id.octets));
    ward_json_key(json, "n");
    ward_json_uint(json, event->n);
}

/* "value", "limit", "unit", "quantity": what was compared with what. */
static void write_comparison(const struct ward_alarm_event *event, struct ward_json *json)
{
    const struct ward_quantity_info *info = ward_quantity_info(event->quantity);

    if (event->quantity == WARD_QUANTITY_NONE) {
        return;
    }
    ward_message_value(json, event->value);
    if (event->limit.special == WARD_FINITE) {
        ward_json_key(json, "limit");
        ward_json_decimal(json, event->limit);
    }
    ward_json_member_if(json, "unit", info->unit);
    ward_json_member(json, "quantity", info->name);
}

static void write_reading(const struct ward_alarm_event *event, const char *epoch, struct ward_json *json)
{
    if (!event->has_reading) {
        return;
    }
    ward_json_key(json, "reading");
    ward_json_object(json);
    ward_json_member_if(json, "epoch", epoch);
    ward_json_key(json, "seq");
    if (event->reading_seq == 0) {
        ward_json_null(json);
    } else {
        ward_json_uint(json, event->reading_seq);
    }
    ward_json_object_end(json);
}

static void write_annunciation(const struct ward_alarm_event *event, struct ward_json *json)
{
    ward_json_key(json, "delay_ms");
    ward_json_object(json);
    ward_json_key(json, "condition");
    ward_json_uint(json, event->condition_delay_ms);
    ward_json_key(json, "signal");
    ward_json_uint(json, event->signal_delay_ms);
    ward_json_object_end(json);
    ward_json_member_if(json, "text", event->text);
    ward_json_key(json, "shown");
    ward_json_object(json);
    ward_json_key(json, "light");
    ward_json_bool(json, event->shown_light);
    ward_json_key(json, "sound");
    ward_json_bool(json, event->shown_sound);
    ward_json_member_if(json, "text", event->shown_text);
    ward_json_object_end(json);
}

static void write_true(struct ward_json *json, const char *name, bool value)
{
    if (value) {
        ward_json_key(json, name);
        ward_json_bool(json, true);
    }
}

static void write_age(const struct ward_alarm_event *event, struct ward_json *json)
{
    if (event->late && event->late_age_ms >= 0) {
        ward_json_key(json, "late_age_ms");
        ward_json_int(json, event->late_age_ms);
    }
}

void ward_alarm_event_write_json(const struct ward_alarm_event *event, const struct ward_origin *origin,
                                 struct ward_json *json)
{
    ward_json_object(json);
    ward_json_member(json, "schema", "wardgate.alarm/1");
    ward_json_member_if(json, "gateway", origin->gateway);
    if (event->n > 0) {
        write_key(event, json);
    }
    ward_json_member_if(json, "patient", event->patient.text);
    ward_json_member_if(json, "episode", event->episode.text);
    ward_json_member(json, "condition", event->condition.text);
    ward_json_member_if(json, "device", event->device.text);
    ward_json_member_if(json, "rule", event->rule.text);
    ward_json_member(json, "kind", ward_alarm_kind_name(event->kind));
    ward_json_member(json, "priority", ward_alarm_priority_name(event->priority));
    ward_json_member(json, "event", ward_alarm_event_name(event->event));
    if (event->event == WARD_EVENT_CLEARED) {
        ward_json_member(json, "reason", ward_cleared_reason_name(event->cleared_reason));
    }
    ward_json_key(json, "again");
    ward_json_bool(json, event->again);
    ward_message_time(json, "at", event->at);
    write_comparison(event, json);
    ward_message_plan(json, event->plan_id.text, event->plan_version);
    write_reading(event, origin->epoch, json);
    write_annunciation(event, json);
    ward_json_member_if(json, "by", event->by.text);
    ward_json_key(json, "late");
    ward_json_bool(json, event->late);
    write_age(event, json);
    ward_json_key(json, "confirm");
    ward_json_bool(json, event->confirm);
    write_true(json, "suspended", event->suspended);
    ward_json_object_end(json);
}

void ward_condition_write_members(const struct ward_active_condition *condition, const char *epoch,
                                  struct ward_json *json)
{
    const struct ward_alarm_event *event = condition->newest;

    write_key(event, json);
    ward_json_member(json, "condition", event->condition.text);
    ward_json_member_if(json, "device", event->device.text);
    ward_json_member_if(json, "rule", event->rule.text);
    ward_json_member(json, "kind", ward_alarm_kind_name(event->kind));
    ward_json_member(json, "priority", ward_alarm_priority_name(event->priority));
    ward_json_member(json, "state", ward_alarm_state_name(event->state));
    ward_json_key(json, "raised_at");
    ward_json_utc(json, condition->raised_at_ms);
    write_comparison(event, json);
    write_reading(event, epoch, json);
    ward_json_member_if(json, "text", event->text);
    ward_json_member_if(json, "by", event->by.text);
    write_true(json, "late", event->late);
    write_age(event, json);
    write_true(json, "confirm", event->confirm);
    write_true(json, "suspended", event->suspended);
}

void ward_condition_write_json(const struct ward_active_condition *condition, const char *epoch,
                               struct ward_json *json)
{
    ward_json_object(json);
    ward_condition_write_members(condition, epoch, json);
    ward_json_object_end(json);
}

static void write_last_valid(const struct ward_last_valid *last, struct ward_json *json)
{
    const struct ward_quantity_info *info = ward_quantity_info(last->quantity);

    ward_json_object(json);
    ward_json_member(json, "quantity", info->name);
    if (info->mdc != 0) {
        ward_json_key(json, "mdc"); /* two quantities are named pulse_rate */
        ward_json_uint(json, info->mdc);
    }
    ward_message_value(json, last->value);
    ward_json_member_if(json, "unit", info->unit);
    ward_json_key(json, "measured_at");
    ward_json_utc(json, last->measured_at_ms);
    if (last->seq > 0) {
        ward_json_key(json, "seq");
        ward_json_uint(json, last->seq);
    }
    ward_json_object_end(json);
}

void ward_active_write_json(const struct ward_active_message *message, struct ward_json *json)
{
    ward_json_object(json);
    ward_json_member(json, "schema", "wardgate.active/1");
    ward_json_member(json, "gateway", message->origin.gateway);
    ward_json_member(json, "patient", message->patient);
    ward_json_member(json, "episode", message->episode);
    ward_message_time(json, "as_of", message->now);
    ward_json_member(json, "epoch", message->origin.epoch);
    ward_message_monitoring(json, message->monitoring, &message->reasons);
    ward_message_plan(json, message->plan_id, message->plan_version);
    ward_json_key(json, "conditions");
    ward_json_array(json);
    for (size_t i = 0; i < message->condition_count; i++) {
        ward_condition_write_json(&message->conditions[i], message->origin.epoch, json);
    }
    ward_json_array_end(json);
    ward_json_key(json, "last_valid");
    ward_json_array(json);
    for (size_t i = 0; i < message->last_valid_count; i++) {
        write_last_valid(&message->last_valid[i], json);
    }
    ward_json_array_end(json);
    if (message->news2 != NULL) {
        ward_json_key(json, "news2");
        ward_news2_write_json(message->news2, json);
    }
    if (message->adherence_count > 0) {
        ward_json_key(json, "adherence");
        ward_adherence_write_json(message->adherence, message->adherence_count, json);
    }
    ward_json_object_end(json);
}
