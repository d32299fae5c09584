/* SPDX-License-Identifier: Apache-2.0 */
#include "core/message.h"

#include "core/message_private.h"
#include "core/quantity.h"
#include "core/reading.h"

const char *ward_monitoring_name(enum ward_monitoring monitoring)
{
    switch (monitoring) {
    case WARD_MONITORING_STOPPED: return "stopped";
    case WARD_MONITORING_ENDED: return "ended";
    case WARD_MONITORING_NONE: return "none";
    case WARD_MONITORING_SUSPENDED: return "suspended";
    case WARD_MONITORING_DEGRADED: return "degraded";
    case WARD_MONITORING_FULL: return "full";
    }
    return "none";
}

void ward_message_value(struct ward_json *json, struct ward_decimal value)
{
    bool infinite = value.special == WARD_POSITIVE_INFINITY || value.special == WARD_NEGATIVE_INFINITY;

    if (value.special != WARD_FINITE && !infinite) {
        return;
    }
    ward_json_key(json, "value");
    ward_json_decimal(json, value);
    if (infinite) {
        ward_json_member(json, "special", ward_special_name(value.special));
    }
}

void ward_message_plan(struct ward_json *json, const char *id, uint32_t version)
{
    if (id[0] == '\0') {
        return;
    }
    ward_json_key(json, "plan");
    ward_json_object(json);
    ward_json_member(json, "id", id);
    ward_json_key(json, "version");
    ward_json_uint(json, version);
    ward_json_object_end(json);
}

void ward_message_time(struct ward_json *json, const char *name, struct ward_time time)
{
    ward_json_key(json, name);
    ward_json_utc(json, time.utc_ms);
    ward_json_member(json, "clock", ward_clock_quality_name(time.clock));
}

void ward_message_monitoring(struct ward_json *json, enum ward_monitoring monitoring,
                             const struct ward_texts *reasons)
{
    ward_json_member(json, "monitoring", ward_monitoring_name(monitoring));
    if (reasons == NULL) {
        return;
    }
    ward_json_key(json, "reasons");
    ward_json_array(json);
    for (size_t i = 0; i < reasons->count; i++) {
        ward_json_string(json, reasons->items[i]);
    }
    ward_json_array_end(json);
}

void ward_readings_begin(const struct ward_readings_message *message, struct ward_json *json)
{
    ward_json_object(json);
    ward_json_member(json, "schema", "wardgate.readings/1");
    ward_json_member(json, "gateway", message->origin.gateway);
    ward_json_member(json, "epoch", message->origin.epoch);
    ward_json_key(json, "sent_at");
    ward_json_utc(json, message->sent_at_ms);
    ward_json_key(json, "backlog");
    ward_json_bool(json, message->backlog);
    ward_json_key(json, "records");
    ward_json_array(json);
}

void ward_readings_end(struct ward_json *json)
{
    ward_json_array_end(json);
    ward_json_object_end(json);
}

void ward_heartbeat_write_json(const struct ward_heartbeat_message *message, struct ward_json *json)
{
    ward_json_object(json);
    ward_json_member(json, "schema", "wardgate.heartbeat/1");
    ward_json_member(json, "gateway", message->origin.gateway);
    ward_message_time(json, "at", message->now);
    ward_json_member(json, "boot", message->boot);
    ward_json_key(json, "mono_us");
    ward_json_uint(json, message->now.boot_us);
    ward_json_key(json, "n");
    ward_json_uint(json, message->number);
    ward_json_member(json, "epoch", message->origin.epoch);
    ward_json_key(json, "seq");
    ward_json_uint(json, message->seq);
    ward_message_monitoring(json, message->monitoring, NULL);
    ward_json_object_end(json);
}

static const char *outcome_name(enum ward_outcome outcome)
{
    switch (outcome) {
    case WARD_OUTCOME_DONE: return "done";
    case WARD_OUTCOME_REFUSED: return "refused";
    case WARD_OUTCOME_FAILED: return "failed";
    }
    return "failed";
}

static void write_plan_errors(const struct ward_result_message *message, struct ward_json *json)
{
    ward_json_key(json, "errors");
    ward_json_array(json);
    for (size_t i = 0; i < message->error_count; i++) {
        ward_json_object(json);
        ward_json_member(json, "pointer", message->errors[i].pointer);
        ward_json_member(json, "reason", message->errors[i].reason);
        ward_json_member_if(json, "value", message->errors[i].value);
        ward_json_object_end(json);
    }
    ward_json_array_end(json);
}

static void write_count(struct ward_json *json, const char *name, uint64_t count)
{
    ward_json_key(json, name);
    ward_json_uint(json, count);
}

static void write_erased(const struct ward_result_message *message, struct ward_json *json)
{
    const struct ward_erased_message *erased = message->erased;

    ward_json_key(json, "erased");
    ward_json_object(json);
    write_count(json, "records", erased->records);
    write_count(json, "alarm_events", erased->events);
    write_count(json, "bindings", erased->bindings);
    write_count(json, "devices", erased->devices);
    write_count(json, "files", erased->files);
    ward_json_member(json, "epoch", message->origin.epoch);
    write_count(json, "through", erased->last_seq);
    if (erased->head != NULL) {
        write_count(json, "seq", erased->head_seq);
        ward_json_key(json, "head");
        ward_json_hex(json, erased->head, 32);
    }
    ward_json_object_end(json);
}

void ward_result_write_json(const struct ward_result_message *message, struct ward_json *json)
{
    ward_json_object(json);
    ward_json_member(json, "schema", "wardgate.result/1");
    ward_json_member(json, "gateway", message->origin.gateway);
    ward_json_member_if(json, "id", message->command);
    ward_json_member(json, "outcome", outcome_name(message->outcome));
    ward_json_member_if(json, "reason", message->reason);
    if (message->missing.first) {
        ward_json_key(json, "missing");
        ward_json_array(json);
        ward_json_uint(json, message->missing.first);
        ward_json_uint(json, message->missing.last);
        ward_json_array_end(json);
    }
    if (message->error_count > 0) {
        write_plan_errors(message, json);
    }
    if (message->erased != NULL) {
        write_erased(message, json);
    }
    ward_message_time(json, "at", message->now);
    ward_json_object_end(json);
}
