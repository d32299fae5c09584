/* SPDX-License-Identifier: Apache-2.0 */
#include "app/diagnostics.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/utsname.h>

#include "app/documents.h"
#include "app/gateway.h"
#include "app/order_private.h"
#include "app/outbox_private.h"
#include "core/reading.h"
#include "io/journal.h"

/* So many fit into a piece, whatever they say. */
#define DEVICES_A_PIECE 24
#define LINES_A_PIECE   32
#define FIXED_PIECES    2

static unsigned device_pieces(const struct ward_gateway *gateway)
{
    return (unsigned)((gateway->registry.device_count + DEVICES_A_PIECE - 1) / DEVICES_A_PIECE);
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

/* --- the sections -------------------------------------------------------------------------------------------- */

static void write_versions(const struct ward_gateway *gateway, struct ward_json *json)
{
    const struct ward_config *config = &gateway->config;
    struct ward_summary summary;
    struct utsname system = {.release = ""};

    (void)uname(&system);
    ward_documents_summary(gateway, &summary);
    ward_json_member(json, "wardgate", WARD_VERSION);
    ward_json_member(json, "kernel", system.release);
    ward_json_member(json, "machine", system.machine);
    ward_json_member(json, "boot", gateway->boot.text);
    member_uint(json, "boot_s", ward_gateway_now(gateway).boot_us / 1000000);
    member_uint(json, "running_s", (ward_gateway_now(gateway).boot_us - gateway->started_us) / 1000000);
    ward_json_member(json, "monitoring", ward_monitoring_name(summary.monitoring));
    member_uint(json, "patients", gateway->watch_count);
    ward_json_member(json, "radio", ward_documents_radio_name(gateway->radio));
    member_bool(json, "link_up", gateway->outbox.link_up);
    member_uint(json, "ward_keys", gateway->keyring ? ward_keyring_count(gateway->keyring) : 0);
    member_uint(json, "ward_keys_version", gateway->keyring ? ward_keyring_version(gateway->keyring) : 0);
    member_uint(json, "commit_window_ms", config->store.commit_window_ms);
    member_bool(json, "require_signature", config->plan.require_signature);
    member_bool(json, "confirm_by_receipt", config->hub.confirm == WARD_CONFIRM_RECEIPT);
    ward_json_key(json, "conditions");
    ward_json_array(json);
    for (unsigned i = 0; i < WARD_TECHNICAL_COUNT; i++)
        if (gateway->technical.active[i])
            ward_json_string(json, ward_technical_name((enum ward_technical_condition)i));
    ward_json_array_end(json);
}

static void write_counters(const struct ward_gateway *gateway, struct ward_json *json)
{
    const struct ward_annunciator_health health = ward_annunciator_check(gateway->annunciator);
    const struct ward_bluez_counters radio = ward_bluez_counters(gateway->bluez);
    struct ward_store_counters store;

    ward_store_counters(gateway->store, &store);
    member_uint(json, "undelivered_readings", ward_delivery_undelivered(&gateway->outbox.delivery));
    member_uint(json, "undelivered_alarms", gateway->outbox.alarms.count);
    member_uint(json, "lost_alarms", gateway->outbox.lost_alarms);
    member_uint(json, "unassigned", gateway->unassigned.count);
    member_uint(json, "duplicates", gateway->pipeline.duplicates);
    member_uint(json, "refused_messages", gateway->inbox.flood.refused);
    member_uint(json, "commits", store.commits);
    member_uint(json, "failed_commits", store.failed_commits);
    member_uint(json, "records", store.records);
    member_uint(json, "dropped_records", store.dropped_records);
    member_uint(json, "waiting_for_commit", store.queued_records);
    member_uint(json, "used_octets", store.used_octets);
    member_uint(json, "quota_octets", store.quota_octets);
    member_uint(json, "purged_records", store.purged_records);
    member_uint(json, "given_up_records", store.given_up_records);
    member_uint(json, "flushes", store.flushes);
    member_uint(json, "written_octets", store.written_octets);
    member_bool(json, "ballast", store.ballast);
    for (enum ward_bluez_rung rung = WARD_BLUEZ_RUNG_DISCOVERY; rung < WARD_BLUEZ_RUNG_COUNT; rung++) {
        char name[32] = "recovery_";

        strncat(name, ward_documents_rung_name(rung), sizeof(name) - strlen(name) - 1);
        member_uint(json, name, radio.rungs[rung]);
    }
    member_bool(json, "light_works", health.light);
    member_bool(json, "sound_works", health.sound);
    member_bool(json, "text_works", health.text);
}

/* What it is and how it does; not whose, not where it is reached, and not what people call it. */
static void write_device(const struct ward_gateway *gateway, const struct ward_store_device *device,
                         struct ward_json *json)
{
    const struct ward_device_now *now = ward_devices_find(&gateway->devices, device->id.text);

    ward_json_object(json);
    ward_json_member(json, "device", device->id.text);
    ward_json_member(json, "model", device->model.text);
    ward_json_member(json, "policy", device->policy.text);
    ward_json_member_if(json, "firmware", device->firmware);
    member_uint(json, "bindings", ward_binding_count(gateway, device->id.text));
    member_bool(json, "connected", now && now->connected);
    member_bool(json, "needs_pairing", now && now->needs_pairing);
    member_uint(json, "duplicates", now ? now->duplicates : 0);
    if (now && now->battery_percent != WARD_BATTERY_UNKNOWN)
        member_uint(json, "battery", (uint64_t)now->battery_percent);
    if (now && now->heard.boot_us)
        member_uint(json, "last_heard_age_s",
                    (ward_gateway_now(gateway).boot_us - now->heard.boot_us) / 1000000);
    ward_json_object_end(json);
}

static void write_devices(const struct ward_gateway *gateway, size_t page, struct ward_json *json)
{
    const struct ward_registry *registry = &gateway->registry;

    ward_json_array(json);
    for (size_t i = page * DEVICES_A_PIECE; i < registry->device_count && i < (page + 1) * DEVICES_A_PIECE;
         i++)
        write_device(gateway, &registry->devices[i], json);
    ward_json_array_end(json);
}

static void write_lines(size_t page, struct ward_json *json)
{
    struct ward_journal_line lines[WARD_JOURNAL_KEPT];
    const size_t count = ward_journal_kept(lines);

    ward_json_array(json);
    for (size_t i = page * LINES_A_PIECE; i < count && i < (page + 1) * LINES_A_PIECE; i++) {
        ward_json_object(json);
        ward_json_member(json, "line", lines[i].format);
        member_uint(json, "priority", (uint64_t)lines[i].priority);
        member_uint(json, "count", lines[i].count);
        member_uint(json, "newest_boot_s", lines[i].boot_us / 1000000);
        ward_json_object_end(json);
    }
    ward_json_array_end(json);
}

static void write_section(const struct ward_gateway *gateway, unsigned piece, struct ward_json *json)
{
    const unsigned devices = device_pieces(gateway);

    if (piece <= FIXED_PIECES) {
        ward_json_key(json, piece == 1 ? "versions" : "counters");
        ward_json_object(json);
        if (piece == 1)
            write_versions(gateway, json);
        else
            write_counters(gateway, json);
        ward_json_object_end(json);
    } else if (piece <= FIXED_PIECES + devices) {
        ward_json_key(json, "devices");
        write_devices(gateway, piece - FIXED_PIECES - 1, json);
    } else {
        ward_json_key(json, "journal");
        write_lines(piece - FIXED_PIECES - devices - 1, json);
    }
}

size_t ward_diagnostics_write(const struct ward_gateway *gateway, unsigned piece, char *text, size_t size)
{
    const struct ward_time now = ward_gateway_now(gateway);
    struct ward_json json;
    size_t length = 0;

    ward_json_init(&json, text, size, WARD_JSON_PRINTED);
    ward_json_object(&json);
    ward_json_member(&json, "schema", "wardgate.diagnostics/1");
    ward_json_member(&json, "gateway", gateway->config.gateway.id);
    ward_json_member(&json, "id", gateway->diagnostics.command.text);
    member_uint(&json, "piece", piece);
    member_uint(&json, "pieces", gateway->diagnostics.pieces);
    ward_json_key(&json, "at");
    ward_json_utc(&json, now.utc_ms);
    ward_json_member(&json, "clock", ward_clock_quality_name(now.clock));
    write_section(gateway, piece, &json);
    ward_json_object_end(&json);
    return ward_json_finish(&json, &length) == WARD_JSON_OK ? length : 0;
}

/* --- on its way ---------------------------------------------------------------------------------------------- */

void ward_diagnostics_order(struct ward_gateway *gateway, const struct ward_order *order)
{
    struct ward_diagnostics *diagnostics = &gateway->diagnostics;
    struct ward_execution *execution = ward_execution_new(gateway, order);
    char reason[80];

    if (!execution)
        return;
    if (diagnostics->piece != 0) {
        ward_execution_refuse(execution, "They are on their way already, for another command.");
    } else {
        *diagnostics = (struct ward_diagnostics){.command = order->id,
                                                 .piece = 1,
                                                 .pieces = FIXED_PIECES + device_pieces(gateway) +
                                                           WARD_JOURNAL_KEPT / LINES_A_PIECE};
        snprintf(reason, sizeof(reason), "%u pieces follow on up/diagnostics.", diagnostics->pieces);
        ward_execution_conclude(execution, WARD_OUTCOME_DONE, reason);
        ward_execution_submit(execution);
    }
    free(execution);
}

static void next_piece(struct ward_diagnostics *diagnostics)
{
    if (diagnostics->piece++ == diagnostics->pieces)
        *diagnostics = (struct ward_diagnostics){.piece = 0};
}

void ward_diagnostics_pump(struct ward_gateway *gateway)
{
    struct ward_diagnostics *diagnostics = &gateway->diagnostics;
    struct ward_outgoing outgoing = {.topic = WARD_TOPIC_DIAGNOSTICS, .message_class = WARD_MESSAGE_BACKLOG};
    char *text;

    if (diagnostics->piece == 0 || diagnostics->id != 0 || !ward_outbox_results_told(&gateway->outbox))
        return;
    text = malloc(WARD_DIAGNOSTICS_PIECE_MAX);
    if (!text)
        return;
    outgoing.payload = text;
    outgoing.length = ward_diagnostics_write(gateway, diagnostics->piece, text, WARD_DIAGNOSTICS_PIECE_MAX);
    if (outgoing.length > 0)
        (void)ward_outbox_hand_over(&gateway->outbox, &outgoing, &diagnostics->id);
    else
        next_piece(diagnostics);
    free(text);
}

bool ward_diagnostics_answered(struct ward_gateway *gateway, uint64_t id)
{
    struct ward_diagnostics *diagnostics = &gateway->diagnostics;

    if (diagnostics->id == 0 || diagnostics->id != id)
        return false;
    diagnostics->id = 0;
    next_piece(diagnostics);
    return true;
}

void ward_diagnostics_reset(struct ward_gateway *gateway)
{
    gateway->diagnostics.id = 0;
}
