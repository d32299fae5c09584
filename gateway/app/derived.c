/* SPDX-License-Identifier: Apache-2.0 */
#include "app/derived.h"

#include <string.h>

#include "app/gateway.h"
#include "core/quantity.h"
#include "io/journal.h"

void ward_derived_note_source(struct ward_derived_source sources[WARD_QUANTITY_COUNT],
                              const struct ward_reading *reading)
{
    const bool streams =
        reading->kind == WARD_READING_CONTINUOUS && reading->quality != WARD_INVALID && !reading->late;

    for (size_t i = 0; i < reading->value_count && streams; i++) {
        struct ward_derived_source *source = &sources[ward_quantity_judged_as(reading->values[i].quantity)];

        source->device = reading->device;
        source->security = reading->security;
    }
}

/* The record that the value belongs into: one of the same device, quality and moment, or a new one; NULL: no room. */
static struct ward_record *record_for(struct ward_derived *derived, const struct ward_alarm_derived *value,
                                      const struct ward_derived_source *source)
{
    const struct ward_watch *watch = derived->watch;
    const struct ward_time now = ward_gateway_now(watch->gateway);
    const uint8_t quality = value->valid ? WARD_VALID : WARD_QUESTIONABLE;

    for (size_t i = 0; i < derived->count; i++) {
        struct ward_reading *reading = &derived->records[i].reading;

        if (reading->quality == quality && reading->mono_us == value->to_mono_us &&
            strcmp(reading->device.text, source->device.text) == 0 &&
            reading->value_count < WARD_READING_VALUES_MAX)
            return &derived->records[i];
    }
    if (derived->count == WARD_DERIVED_MAX)
        return NULL;
    derived->records[derived->count] = (struct ward_record){
        .derived_since_us = value->from_mono_us,
        .reading = {.patient = watch->patient,
                    .episode = watch->episode,
                    .device = source->device,
                    .boot = watch->gateway->boot,
                    .mono_us = value->to_mono_us,
                    .measured_at_ms = value->measured_at_ms,
                    .received_at_ms = now.utc_ms,
                    .reasons = value->valid ? 0 : WARD_REASON_MEASUREMENT_ONGOING,
                    .kind = WARD_READING_SPOT,
                    .quality = quality,
                    .clock = now.clock,
                    .security = source->device.text[0] ? source->security : WARD_LINK_NONE}};
    return &derived->records[derived->count++];
}

void ward_derived_add(struct ward_derived *derived, const struct ward_alarm_derived *value)
{
    struct ward_record *record =
        record_for(derived, value, &derived->watch->derived_sources[value->quantity]);

    if (!record) {
        ward_journal_print(LOG_ERR, "%s: more derived values at once than places; the stream is stored",
                           derived->watch->patient.text);
        return;
    }
    if (value->from_mono_us < record->derived_since_us)
        record->derived_since_us = value->from_mono_us;
    record->reading.values[record->reading.value_count++] =
        (struct ward_value){.quantity = value->quantity, .number = value->value};
}

size_t ward_derived_append(const struct ward_derived *derived, const struct ward_record *records,
                           size_t count, struct ward_record *ret)
{
    if (count > 0)
        memcpy(ret, records, count * sizeof(*ret));
    if (derived->count > 0)
        memcpy(ret + count, derived->records, derived->count * sizeof(*ret));
    return count + derived->count;
}
