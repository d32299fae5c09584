/* SPDX-License-Identifier: Apache-2.0 */
#include "app/chronicle.h"

#include <inttypes.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "app/gateway.h"
#include "core/clinical.h"
#include "core/reading.h"

#define STOPPED_SETTING "stopped-cleanly"
#define FLOOR_SETTING   "clock-floor" /* UTC in milliseconds */
/* How far UTC may be off that a time service holds, or that the boot clock has carried on. */
#define SYNCED_MS    1000
#define ESTIMATED_MS 60000

/* --- the small records --------------------------------------------------------------------------------------- */

static struct ward_record record_of(const struct ward_gateway *gateway, uint8_t kind)
{
    const struct ward_time now = ward_gateway_now(gateway);

    return (struct ward_record){.reading = {.kind = kind,
                                            .boot = gateway->boot,
                                            .mono_us = now.boot_us,
                                            .measured_at_ms = WARD_UTC_UNKNOWN,
                                            .received_at_ms = now.utc_ms,
                                            .clock = now.clock,
                                            .security = WARD_LINK_NONE}};
}

static void submit(struct ward_gateway *gateway, const struct ward_record *record)
{
    struct ward_store_group group = {.records = record, .record_count = 1, .urgent = true};

    (void)ward_gateway_submit(gateway, &group, ward_commit_waiter_new(record, 1));
}

static void tell_clock(struct ward_gateway *gateway)
{
    struct ward_record record = record_of(gateway, WARD_RECORD_CLOCK);
    struct ward_store_group group = {.records = &record, .record_count = 1, .urgent = true};
    struct ward_store_change changes[2];
    struct ward_outbox_again_text again;
    struct ward_dating_text dated;
    struct ward_seq_range range;

    record.note.offset_ms = record.reading.received_at_ms - (int64_t)(record.reading.mono_us / 1000);
    record.note.uncertainty_ms = record.reading.clock == WARD_CLOCK_SYNCED ? SYNCED_MS : ESTIMATED_MS;
    changes[group.change_count++] = ward_dating_known(gateway, &record, &dated, &range);
    if (range.first > 0 && gateway->config.hub.format == WARD_FORMAT_FHIR &&
        ward_outbox_again_records(&gateway->outbox, range, &again, &changes[group.change_count]))
        group.change_count++;
    group.changes = changes;
    (void)ward_gateway_submit(gateway, &group, ward_commit_waiter_new(&record, 1));
}

static void tell_unmonitored(struct ward_gateway *gateway, int64_t from_ms, const char *reason)
{
    struct ward_record record = record_of(gateway, WARD_RECORD_UNMONITORED);

    record.note.from_ms = from_ms;
    record.note.to_ms = record.reading.received_at_ms;
    (void)ward_id_set(&record.note.reason, reason);
    submit(gateway, &record);
    ward_technical_unmonitored(gateway);
}

/* --- the floor of the clock ---------------------------------------------------------------------------------- */

static void keep_floor(struct ward_gateway *gateway)
{
    const int64_t floor_ms = ward_clock_floor_ms(gateway->clock);
    char text[24];
    const struct ward_store_change change = {
        .kind = WARD_STORE_SETTING, .name = {FLOOR_SETTING}, .document = text};
    struct ward_store_group group = {.urgent = true, .changes = &change, .change_count = 1};

    snprintf(text, sizeof(text), "%" PRId64, floor_ms);
    if (ward_gateway_submit(gateway, &group, NULL) == 0)
        gateway->chronicle.kept_floor_ms = floor_ms;
}

void ward_chronicle_raise_floor(struct ward_gateway *gateway, const struct ward_store_snapshot *snapshot)
{
    int64_t *kept_ms = &gateway->chronicle.kept_floor_ms;

    for (size_t i = 0; i < snapshot->row_count; i++)
        if (snapshot->rows[i].kind == WARD_STORE_SETTING &&
            strcmp(snapshot->rows[i].name.text, FLOOR_SETTING) == 0)
            *kept_ms = strtoll(snapshot->rows[i].document, NULL, 10);
    ward_clock_raise_floor(gateway->clock, *kept_ms);
    if (snapshot->last_commit.utc_ms == WARD_UTC_UNKNOWN)
        return;
    ward_clock_raise_floor(gateway->clock, snapshot->last_commit.utc_ms);
    /* The next commit takes the place of this moment, and may not know better. */
    if (ward_gateway_now(gateway).utc_ms == WARD_UTC_UNKNOWN && snapshot->last_commit.utc_ms > *kept_ms)
        keep_floor(gateway);
}

void ward_chronicle_issued(struct ward_gateway *gateway, int64_t issued_at_ms)
{
    ward_clock_raise_floor(gateway->clock, issued_at_ms);
    if (ward_gateway_now(gateway).utc_ms == WARD_UTC_UNKNOWN &&
        issued_at_ms >= gateway->chronicle.kept_floor_ms + WARD_FLOOR_STEP_MS)
        keep_floor(gateway);
}

void ward_chronicle_submit_again(struct ward_gateway *gateway)
{
    keep_floor(gateway);
}

/* --- when ---------------------------------------------------------------------------------------------------- */

void ward_chronicle_restore(struct ward_gateway *gateway, const struct ward_store_change *row)
{
    if (row->kind == WARD_STORE_SETTING && strcmp(row->name.text, STOPPED_SETTING) == 0)
        gateway->chronicle.stopped_cleanly = true;
}

/* How long the process was away; across a reboot only as far as both moments are known, and otherwise for ever. */
static uint64_t away_us(const struct ward_store_snapshot *snapshot, const struct ward_time *now,
                        bool same_boot)
{
    const struct ward_time *last = &snapshot->last_commit;

    if (same_boot)
        return now->boot_us > last->boot_us ? now->boot_us - last->boot_us : 0;
    if (last->utc_ms == WARD_UTC_UNKNOWN || now->utc_ms == WARD_UTC_UNKNOWN)
        return UINT64_MAX;
    return now->utc_ms > last->utc_ms ? (uint64_t)(now->utc_ms - last->utc_ms) * 1000 : 0;
}

void ward_chronicle_begin(struct ward_gateway *gateway, const struct ward_store_snapshot *snapshot)
{
    const struct ward_store_change forget = {.kind = WARD_STORE_SETTING, .name = {STOPPED_SETTING}};
    struct ward_store_group group = {.urgent = true, .changes = &forget, .change_count = 1};
    const struct ward_time now = ward_gateway_now(gateway);
    const bool same_boot = strcmp(snapshot->last_boot.text, gateway->boot.text) == 0;
    const char *reason = same_boot ? "restart" : gateway->chronicle.stopped_cleanly ? "reboot" : "power";

    gateway->chronicle.undated =
        same_boot && snapshot->head_seq > 0 && snapshot->last_commit.utc_ms == WARD_UTC_UNKNOWN;
    if (snapshot->last_boot.text[0] && gateway->registry.patient_count > 0 &&
        away_us(snapshot, &now, same_boot) >= WARD_UNMONITORED_MIN_US)
        tell_unmonitored(gateway, snapshot->last_commit.utc_ms, reason);
    if (gateway->chronicle.stopped_cleanly)
        (void)ward_gateway_submit(gateway, &group, NULL);
}

void ward_chronicle_submitting(struct ward_gateway *gateway, const struct ward_store_group *group)
{
    struct ward_chronicle *chronicle = &gateway->chronicle;

    chronicle->submitted_us = group->now.boot_us;
    if (group->now.utc_ms == WARD_UTC_UNKNOWN) {
        const bool begins = !chronicle->undated && group->record_count > 0;

        chronicle->undated = chronicle->undated || begins;
        if (begins)
            ward_dating_begin(gateway);
    } else if (chronicle->undated) {
        chronicle->undated = false;
        tell_clock(gateway);
    }
}

void ward_chronicle_radio_back(struct ward_gateway *gateway, uint64_t off_us)
{
    const struct ward_time now = ward_gateway_now(gateway);
    const uint64_t away = now.boot_us - off_us;

    if (away >= WARD_UNMONITORED_MIN_US && gateway->registry.patient_count > 0)
        tell_unmonitored(
            gateway, now.utc_ms == WARD_UTC_UNKNOWN ? WARD_UTC_UNKNOWN : now.utc_ms - (int64_t)(away / 1000),
            "radio");
}

uint64_t ward_chronicle_check(struct ward_gateway *gateway)
{
    const struct ward_time now = ward_gateway_now(gateway);
    struct ward_store_group alive = {0};
    const bool clock_came = gateway->chronicle.undated && now.utc_ms != WARD_UTC_UNKNOWN;

    if (!gateway->restored) /* nothing of this process may stand where its last commit is still to be read */
        return UINT64_MAX;
    if (clock_came || now.boot_us >= gateway->chronicle.submitted_us + WARD_ALIVE_US)
        (void)ward_gateway_submit(gateway, &alive, NULL);
    return gateway->chronicle.submitted_us + WARD_ALIVE_US;
}

void ward_chronicle_end(struct ward_gateway *gateway)
{
    const struct ward_store_change stopped = {
        .kind = WARD_STORE_SETTING, .name = {STOPPED_SETTING}, .document = "yes"};
    struct ward_store_group group = {.urgent = true, .changes = &stopped, .change_count = 1};

    if (!gateway->restored)
        return;
    if (gateway->radio != WARD_BLUEZ_RADIO_READY)
        ward_chronicle_radio_back(gateway, gateway->radio_off_us);
    (void)ward_gateway_submit(gateway, &group, NULL);
}
