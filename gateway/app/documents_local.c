/* SPDX-License-Identifier: Apache-2.0 */
/* The documents of the local API: what wardctl shows, and prints as it is with --json. */
#include <string.h>

#include "app/documents.h"
#include "app/gateway.h"
#include "core/quantity.h"
#include "core/reading.h"

static size_t finish(struct ward_json *json)
{
    size_t length = 0;

    return ward_json_finish(json, &length) == WARD_JSON_OK ? length : 0;
}

static void member_uint(struct ward_json *json, const char *name, uint64_t value)
{
    ward_json_key(json, name);
    ward_json_uint(json, value);
}

static void member_bool(struct ward_json *json, const char *name, bool value)
{
    ward_json_key(json, name);
    ward_json_bool(json, value);
}

static void member_utc(struct ward_json *json, const char *name, int64_t utc_ms)
{
    ward_json_key(json, name);
    ward_json_utc(json, utc_ms);
}

static void write_reasons(struct ward_json *json, const struct ward_id *reasons, size_t count)
{
    ward_json_key(json, "reasons");
    ward_json_array(json);
    for (size_t i = 0; i < count; i++)
        ward_json_string(json, reasons[i].text);
    ward_json_array_end(json);
}

static void write_condition(const struct ward_gateway *gateway, const struct ward_alarm_present *present,
                            struct ward_json *json)
{
    const struct ward_active_condition condition = {&present->newest, present->raised_at_ms};

    ward_condition_write_json(&condition, gateway->epoch.text, json);
}

static void write_last_values(struct ward_json *json, const struct ward_watch *watch,
                              const struct ward_alarm_context *context)
{
    struct ward_last_valid values[WARD_PLAN_QUANTITIES_MAX];
    size_t count = ward_alarm_last_valid(&watch->state, context, values);

    ward_json_key(json, "last_valid");
    ward_json_array(json);
    for (size_t i = 0; i < count; i++) {
        const struct ward_quantity_info *info = ward_quantity_info(values[i].quantity);

        ward_json_object(json);
        ward_json_member(json, "quantity", info->name);
        ward_json_key(json, "value");
        ward_json_decimal(json, values[i].value);
        ward_json_member_if(json, "unit", info->unit);
        member_utc(json, "measured_at", values[i].measured_at_ms);
        ward_json_object_end(json);
    }
    ward_json_array_end(json);
}

static void write_patient(const struct ward_gateway *gateway, const struct ward_watch *watch,
                          struct ward_json *json)
{
    const struct ward_store_patient *patient = ward_registry_patient(&gateway->registry, watch->patient.text);
    const struct ward_alarm_context context = ward_watch_context(watch);
    struct ward_id reasons[WARD_MONITORING_REASONS_MAX];
    size_t reason_count = 0, count;
    enum ward_monitoring monitoring = ward_alarm_monitoring(&watch->state, &context, reasons, &reason_count);
    struct ward_adherence_report adherence[WARD_PLAN_QUANTITIES_MAX];
    struct ward_news2_report news2;

    ward_json_object(json);
    ward_json_member(json, "patient", watch->patient.text);
    ward_json_member(json, "episode", watch->episode.text);
    if (patient) {
        ward_json_member_if(json, "label", patient->label);
        ward_json_member_if(json, "check_word", patient->check_word);
        member_utc(json, "admitted_at", patient->admitted_at_ms);
    }
    ward_json_member(json, "monitoring", ward_monitoring_name(monitoring));
    write_reasons(json, reasons, reason_count);
    if (watch->has_plan) {
        ward_json_key(json, "plan");
        ward_json_object(json);
        ward_json_member(json, "id", watch->plan.id.text);
        member_uint(json, "version", watch->plan.version);
        ward_json_member_if(json, "title", watch->plan.title);
        member_bool(json, "signed", watch->plan_signed);
        ward_json_object_end(json);
    }
    ward_json_key(json, "devices");
    ward_json_uint(json, ward_registry_bound(&gateway->registry, watch->patient.text));
    write_last_values(json, watch, &context);
    if (ward_alarm_news2(&watch->state, &context, &news2)) {
        ward_json_key(json, "news2");
        ward_news2_write_json(&news2, json);
    }
    count = ward_alarm_adherence(&watch->state, &context, adherence);
    if (count > 0) {
        ward_json_key(json, "adherence");
        ward_adherence_write_json(adherence, count, json);
    }
    ward_json_key(json, "conditions");
    ward_json_array(json);
    count = ward_alarm_present(&watch->state, &context, gateway->present, WARD_PRESENT_MAX);
    for (size_t i = 0; i < count && i < WARD_PRESENT_MAX; i++)
        write_condition(gateway, &gateway->present[i], json);
    ward_json_array_end(json);
    ward_json_object_end(json);
}

size_t ward_documents_patient(const struct ward_gateway *gateway, const struct ward_watch *watch, char *text,
                              size_t size)
{
    struct ward_json json;

    ward_json_init(&json, text, size, WARD_JSON_PRINTED);
    write_patient(gateway, watch, &json);
    return finish(&json);
}

static void write_bindings(const struct ward_gateway *gateway, const char *device, struct ward_json *json)
{
    const struct ward_store_binding *binding = NULL;

    ward_json_key(json, "bindings");
    ward_json_array(json);
    while ((binding = ward_registry_next_binding(&gateway->registry, device, binding))) {
        const bool dated = binding->from_ms != WARD_BOUND_FROM_UNKNOWN;

        ward_json_object(json);
        ward_json_member(json, "patient", binding->patient.text);
        if (binding->slot != WARD_SLOT_NONE)
            member_uint(json, "slot", binding->slot);
        member_utc(json, "from", dated ? binding->from_ms : WARD_UTC_UNKNOWN);
        member_bool(json, "read_out", binding->read_out);
        ward_json_object_end(json);
    }
    ward_json_array_end(json);
}

/* How its clock goes: device − UTC when it was looked at last, and how much faster than ours. */
static void write_habit(struct ward_json *json, const struct ward_device_clock_habit *habit)
{
    if (habit->has_offset) {
        ward_json_key(json, "clock_offset_s");
        ward_json_int(json, habit->offset_ms / 1000);
        member_utc(json, "clock_looked_at", habit->looked_at_ms);
    }
    if (habit->has_drift) {
        ward_json_key(json, "clock_drift_ppm");
        ward_json_int(json, habit->drift_ppm);
    }
}

/* Also what it was enrolled with, where that was another one. */
static void write_firmware(const struct ward_gateway *gateway, const struct ward_store_device *device,
                           struct ward_json *json)
{
    const char *revision = ward_firmware_of(gateway, device);

    ward_json_member_if(json, "firmware", revision);
    if (strcmp(revision, device->firmware) != 0)
        ward_json_member_if(json, "firmware_when_enrolled", device->firmware);
    member_bool(json, "firmware_accepted", ward_firmware_is_trusted(gateway, device));
}

static void write_device(const struct ward_gateway *gateway, const struct ward_store_device *device,
                         struct ward_json *json)
{
    const struct ward_store_binding *binding =
        ward_registry_next_binding(&gateway->registry, device->id.text, NULL);
    const struct ward_device_now *now = ward_devices_find(&gateway->devices, device->id.text);
    const struct ward_recollection known = ward_recollection_of(gateway, device->id.text);

    ward_json_object(json);
    ward_json_member(json, "device", device->id.text);
    ward_json_member_if(json, "name", device->name);
    ward_json_member_if(json, "model", device->model.text);
    ward_json_member_if(json, "manufacturer", device->manufacturer);
    ward_json_member_if(json, "model_number", device->model_number);
    ward_json_member_if(json, "serial_number", device->serial_number);
    write_firmware(gateway, device, json);
    ward_json_member(json, "address", device->address);
    ward_json_member(json, "security", device->policy.text);
    if (binding) {
        ward_json_member(json, "patient", binding->patient.text);
        write_bindings(gateway, device->id.text, json);
    }
    if (ward_binding_claimant(gateway, device->id.text))
        ward_json_member(json, "claimed_by", ward_binding_claimant(gateway, device->id.text));
    member_bool(json, "shared", ward_registry_is_shared(&gateway->registry, device->id.text));
    member_uint(json, "duplicates", now ? now->duplicates : 0);
    member_bool(json, "connected", now && now->connected);
    member_bool(json, "needs_pairing", now && now->needs_pairing);
    if (now && now->battery_percent != WARD_BATTERY_UNKNOWN) {
        ward_json_key(json, "battery");
        ward_json_int(json, now->battery_percent);
    }
    if (now && now->heard.boot_us) {
        member_utc(json, "last_heard_at", now->heard.utc_ms);
        member_uint(json, "last_heard_age_s",
                    (ward_gateway_now(gateway).boot_us - now->heard.boot_us) / 1000000);
    }
    if (now && now->has_clock)
        ward_json_member(json, "clock", ward_device_clock_state_name(now->clock_state));
    write_habit(json, &known.habit);
    member_utc(json, "enrolled_at", device->enrolled_at_ms);
    ward_json_object_end(json);
}

size_t ward_documents_device(const struct ward_gateway *gateway, size_t index, char *text, size_t size)
{
    struct ward_json json;

    ward_json_init(&json, text, size, WARD_JSON_PRINTED);
    write_device(gateway, &gateway->registry.devices[index], &json);
    return finish(&json);
}

size_t ward_documents_condition(const struct ward_watch *watch, size_t index, char *text, size_t size)
{
    const struct ward_alarm_context context = ward_watch_context(watch);
    struct ward_alarm_present *present = watch->gateway->present;
    struct ward_active_condition condition;
    struct ward_json json;

    if (index >= WARD_PRESENT_MAX ||
        ward_alarm_present(&watch->state, &context, present, WARD_PRESENT_MAX) <= index)
        return 0;
    condition = (struct ward_active_condition){&present[index].newest, present[index].raised_at_ms};
    ward_json_init(&json, text, size, WARD_JSON_PRINTED);
    ward_json_object(&json);
    ward_json_member(&json, "patient", watch->patient.text);
    ward_condition_write_members(&condition, watch->gateway->epoch.text, &json);
    ward_json_object_end(&json);
    return finish(&json);
}

/* To three places. */
static void member_per(struct ward_json *json, const char *name, uint64_t count, uint64_t of)
{
    ward_json_key(json, name);
    ward_json_decimal(json, (struct ward_decimal){.mantissa = (int64_t)(count * 1000 / of), .exponent = -3});
}

static void write_queue(const struct ward_gateway *gateway, struct ward_json *json)
{
    const int64_t age_ms = ward_documents_oldest_age_ms(gateway);
    struct ward_store_counters counters;

    ward_store_counters(gateway->store, &counters);
    ward_json_object(json);
    member_uint(json, "undelivered_readings", ward_delivery_undelivered(&gateway->outbox.delivery));
    member_uint(json, "undelivered_alarms", gateway->outbox.alarms.count);
    if (age_ms >= 0)
        member_uint(json, "oldest_age_s", (uint64_t)age_ms / 1000);
    ward_json_member(json, "epoch", gateway->epoch.text);
    member_uint(json, "committed", gateway->head_seq);
    member_uint(json, "delivered_through", gateway->outbox.delivery.through);
    member_uint(json, "waiting_for_commit", counters.queued_records);
    member_uint(json, "commits", counters.commits);
    member_uint(json, "failed_commits", counters.failed_commits);
    member_uint(json, "dropped", counters.dropped_records);
    member_uint(json, "used_octets", counters.used_octets);
    member_uint(json, "quota_octets", counters.quota_octets);
    member_bool(json, "ballast", counters.ballast);
    member_uint(json, "purged", counters.purged_records);
    member_uint(json, "given_up", counters.given_up_records);
    member_bool(json, "salvaging", counters.salvaging);
    member_uint(json, "flushes", counters.flushes);
    member_uint(json, "written_octets", counters.written_octets);
    if (counters.records > 0) {
        member_per(json, "flushes_per_record", counters.flushes, counters.records);
        member_per(json, "octets_per_record", counters.written_octets, counters.records);
    }
    member_uint(json, "unassigned", gateway->unassigned.count);
    member_uint(json, "duplicates", gateway->pipeline.duplicates);
    ward_json_object_end(json);
}

size_t ward_documents_queue(const struct ward_gateway *gateway, char *text, size_t size)
{
    struct ward_json json;

    ward_json_init(&json, text, size, WARD_JSON_PRINTED);
    write_queue(gateway, &json);
    return finish(&json);
}

static void write_link(const struct ward_gateway *gateway, struct ward_json *json)
{
    ward_json_object(json);
    member_bool(json, "up", gateway->outbox.link_up);
    ward_json_member(json, "reason", gateway->outbox.link_text);
    if (gateway->outbox.certificate_expires_ms != WARD_UTC_UNKNOWN)
        member_utc(json, "certificate_expires", gateway->outbox.certificate_expires_ms);
    ward_json_object_end(json);
}

static void write_fetching(const struct ward_gateway *gateway, struct ward_json *json)
{
    const struct ward_fetching *fetching = &gateway->fetching;

    ward_json_key(json, "care_plans");
    ward_json_object(json);
    ward_json_member(json, "url", gateway->config.https.care_plan_url);
    if (fetching->known) {
        member_bool(json, "fetched", !fetching->failed);
        ward_json_member(json, "reason", fetching->text);
    }
    ward_json_object_end(json);
}

size_t ward_documents_hub(const struct ward_gateway *gateway, char *text, size_t size)
{
    struct ward_json json;

    ward_json_init(&json, text, size, WARD_JSON_PRINTED);
    ward_json_object(&json);
    ward_json_member(&json, "site", gateway->config.gateway.site);
    ward_json_member(&json, "gateway", gateway->config.gateway.id);
    ward_json_member(&json, "host", gateway->config.hub.host);
    member_uint(&json, "port", gateway->config.hub.port);
    ward_json_key(&json, "link");
    write_link(gateway, &json);
    if (gateway->config.https.care_plan_url[0])
        write_fetching(gateway, &json);
    member_uint(&json, "ward_keys", gateway->keyring ? ward_keyring_count(gateway->keyring) : 0);
    if (gateway->keyring) {
        member_uint(&json, "ward_keys_version", ward_keyring_version(gateway->keyring));
        ward_json_key(&json, "ward_key_list");
        ward_keyring_write_list(gateway->keyring, &json);
    }
    ward_json_key(&json, "key");
    if (gateway->signer)
        ward_signer_write_jwk(gateway->signer, &json);
    else
        ward_json_null(&json);
    ward_json_object_end(&json);
    return finish(&json);
}

const char *ward_documents_radio_name(enum ward_bluez_radio radio)
{
    switch (radio) {
    case WARD_BLUEZ_RADIO_ABSENT: return "absent";
    case WARD_BLUEZ_RADIO_PREPARING: return "preparing";
    case WARD_BLUEZ_RADIO_READY: return "ready";
    case WARD_BLUEZ_RADIO_FAILED: return "failed";
    }
    return "";
}

const char *ward_documents_rung_name(enum ward_bluez_rung rung)
{
    switch (rung) {
    case WARD_BLUEZ_RUNG_NONE: return "none";
    case WARD_BLUEZ_RUNG_DISCOVERY: return "discovery";
    case WARD_BLUEZ_RUNG_POWER: return "power";
    case WARD_BLUEZ_RUNG_RESTART: return "restart";
    case WARD_BLUEZ_RUNG_RESET: return "reset";
    case WARD_BLUEZ_RUNG_COUNT: break;
    }
    return "";
}

static void write_recovery(const struct ward_gateway *gateway, struct ward_json *json)
{
    const struct ward_bluez_counters counters = ward_bluez_counters(gateway->bluez);

    ward_json_object(json);
    ward_json_member(json, "rung", ward_documents_rung_name(ward_bluez_rung(gateway->bluez)));
    for (enum ward_bluez_rung rung = WARD_BLUEZ_RUNG_DISCOVERY; rung < WARD_BLUEZ_RUNG_COUNT; rung++)
        member_uint(json, ward_documents_rung_name(rung), counters.rungs[rung]);
    ward_json_object_end(json);
}

static void write_annunciator(const struct ward_gateway *gateway, struct ward_json *json)
{
    const struct ward_annunciator_health health = ward_annunciator_check(gateway->annunciator);

    ward_json_object(json);
    member_bool(json, "light", health.light);
    member_bool(json, "sound", health.sound);
    member_bool(json, "text", health.text);
    ward_json_object_end(json);
}

size_t ward_documents_status(const struct ward_gateway *gateway, char *text, size_t size)
{
    const struct ward_time now = ward_gateway_now(gateway);
    struct ward_summary summary;
    struct ward_json json;

    ward_documents_summary(gateway, &summary);
    ward_json_init(&json, text, size, WARD_JSON_PRINTED);
    ward_json_object(&json);
    ward_json_member(&json, "schema", "wardgate.status/1");
    ward_json_member(&json, "gateway", gateway->config.gateway.id);
    ward_json_member(&json, "site", gateway->config.gateway.site);
    ward_json_member(&json, "version", WARD_VERSION);
    member_utc(&json, "at", now.utc_ms);
    ward_json_member(&json, "monitoring", ward_monitoring_name(summary.monitoring));
    write_reasons(&json, summary.reasons, summary.reason_count);
    ward_json_key(&json, "patients");
    ward_json_array(&json);
    for (size_t i = 0; i < gateway->watch_count; i++)
        write_patient(gateway, gateway->watches[i], &json);
    ward_json_array_end(&json);
    ward_json_key(&json, "devices");
    ward_json_array(&json);
    for (size_t i = 0; i < gateway->registry.device_count; i++)
        write_device(gateway, &gateway->registry.devices[i], &json);
    ward_json_array_end(&json);
    ward_json_key(&json, "queue");
    write_queue(gateway, &json);
    ward_json_key(&json, "link");
    write_link(gateway, &json);
    ward_json_member(&json, "radio", ward_documents_radio_name(gateway->radio));
    ward_json_key(&json, "recovery");
    write_recovery(gateway, &json);
    ward_json_member(&json, "clock", ward_clock_quality_name(now.clock));
    ward_json_member(&json, "storage",
                     gateway->technical.active[WARD_TECHNICAL_STORAGE_FAILING] ? "failing"
                     : gateway->technical.active[WARD_TECHNICAL_STORAGE_FULL]  ? "full"
                                                                               : "ok");
    ward_json_key(&json, "annunciator");
    write_annunciator(gateway, &json);
    ward_json_object_end(&json);
    return finish(&json);
}
