/* SPDX-License-Identifier: Apache-2.0 */
/*
 * A record: what gets a sequence number. Readings, and the small records that the gateway writes about itself.
 *
 * It has two forms besides the struct: the canonical text (RFC 8785), which is published and over which the chain
 * runs, and the packed body, which is stored. Both are defined octet by octet in docs/records.md. The chain is made
 * from a record that went through the packed form, so that what is read back later always gives the same text.
 */
#ifndef WARD_CORE_RECORD_H
#define WARD_CORE_RECORD_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "core/json.h"
#include "ward/reading.h"

/*
 * What a record says beyond its reading. Which members count depends on reading.kind, and on whether it is assigned;
 * the others are ignored.
 */
struct ward_record_note {
    struct ward_id reason; /* gap, void, unmonitored: why, as an id ("queue-full", "power") */
    struct ward_id by;     /* entry, void, assigned: who */
    uint64_t
        subject; /* gap: how many records were lost; void: the seq that is taken back; assigned: the seq of
                               the unassigned reading */
    int64_t from_ms, to_ms; /* gap, unmonitored: UTC, or WARD_UTC_UNKNOWN; assigned: from_ms is when */
    int64_t offset_ms;      /* clock: UTC in ms = mono_us / 1000 + offset_ms, for the whole of reading.boot */
    uint32_t uncertainty_ms; /* clock */
};

/*
 * For kinds from WARD_RECORD_GAP on, of the reading only seq, patient, episode, boot, mono_us, received_at_ms, clock,
 * kind and chain count.
 */
struct ward_record {
    struct ward_reading reading;
    struct ward_record_note note;
    bool
        assigned; /* an unassigned reading once more, with whose it is: docs/records.md. A stored one; note says more */
    /*
     * Of a derived reading on its way to the store: when the first reading that it is from was received, in the boot of
     * the reading. The commit makes derived_first and derived_last of it. 0 otherwise; not part of any form.
     */
    uint64_t derived_since_us;
};

/* Bounds that every record of valid ids keeps: of its text with the chain and a NUL, and of its packed body. */
#define WARD_RECORD_TEXT_MAX   8192
#define WARD_RECORD_PACKED_MAX 1024

/*
 * Writes the record as one JSON object, its members in the order of their names, "chain" among them when with_chain
 * is set. An unassigned reading is written without patient, values, raw octets and the times of measurement: the ward
 * learns that it exists, not what it says. Faults stay in the writer. Only a WARD_JSON_CANONICAL one gives
 * canonical numbers; from a WARD_JSON_PRINTED one a reader gets them by writing the values anew (RFC 8785).
 */
void ward_record_write(struct ward_json *json, const char *epoch, const struct ward_record *record,
                       bool with_chain);

/*
 * The canonical text: the object without "chain". Returns its octets before the terminating NUL, or 0, with the
 * buffer undefined, when it does not fit or the record holds a number that no double can hold.
 */
size_t ward_record_canonical(const struct ward_record *record, const char *epoch, char *buffer, size_t size);

/*
 * The published text, octet for octet what ward_record_write gives with the chain, made of the canonical one. Terminates
 * it and returns its octets before the NUL. ret has room for length + WARD_RECORD_CHAIN_MEMBER + 1.
 */
#define WARD_RECORD_CHAIN_MEMBER 75 /* "chain":"64 digits", */
size_t ward_record_publish(const char *canonical, size_t length, const uint8_t chain[static 32], char *ret);

/*
 * The packed body: all of a record but what has a column of its own (seq, patient, episode, device, boot, kind,
 * mono_us, measured_at_ms, received_at_ms, chain). Returns its octets; 0 when size is too small or the record is
 * not well formed: a kind, quality, clock, security, quantity or special out of range, too many values, a note's id
 * that is not one.
 */
size_t ward_record_pack(const struct ward_record *record, uint8_t *buffer, size_t size);

/*
 * Fills what pack stored; record->reading.kind must be set before, the other columns are left alone. Returns false,
 * with record's content undefined, for octets that pack did not make.
 */
bool ward_record_unpack(const uint8_t *body, size_t length, struct ward_record *record);

#endif
