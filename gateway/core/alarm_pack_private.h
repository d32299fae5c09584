/* SPDX-License-Identifier: Apache-2.0 */
/*
 * Fields of the packed state, for the files of alarm_pack. Each function writes its field or reads it, as the pack says,
 * and after a fault does neither.
 */
#ifndef WARD_CORE_ALARM_PACK_PRIVATE_H
#define WARD_CORE_ALARM_PACK_PRIVATE_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "core/alarm_pack.h"

struct ward_pack {
    uint8_t version;   /* of what is written or read */
    uint8_t *out;      /* writing; NULL: reading */
    const uint8_t *in; /* reading */
    size_t size, at;
    bool fault; /* there was no room, something is missing, or a number is out of its range */
};

/* alarm_pack_field.c: little-endian, in as many octets as the name says. */
void ward_pack_u64(struct ward_pack *pack, uint64_t *value);
void ward_pack_i64(struct ward_pack *pack, int64_t *value);
void ward_pack_u32(struct ward_pack *pack, uint32_t *value);
void ward_pack_enum(struct ward_pack *pack, uint8_t *value, uint8_t max); /* one octet, at most max */
void ward_pack_bool(struct ward_pack *pack, bool *value);
void ward_pack_octets(struct ward_pack *pack, void *octets, size_t count);
void ward_pack_text(struct ward_pack *pack, char *text, uint8_t max); /* its length, then itself */
void ward_pack_id(struct ward_pack *pack, struct ward_id *id);
void ward_pack_decimal(struct ward_pack *pack, struct ward_decimal *value);
/* A set of `count` bits, in as many octets as it needs. */
void ward_pack_set(struct ward_pack *pack, uint32_t *set, unsigned count);

/* alarm_pack_input.c */
void ward_pack_condition(struct ward_pack *pack, struct ward_alarm_condition *condition);
bool ward_pack_is_at_rest(const struct ward_alarm_condition *condition);
void ward_pack_input(struct ward_pack *pack, struct ward_alarm_input_state *input);

/* alarm_pack_memory.c: from version 4 on, behind everything else of the quantity; before the window of the source. */
void ward_pack_memory(struct ward_pack *pack, struct ward_alarm_input_state *input);
void ward_pack_vital_memory(struct ward_pack *pack, struct ward_alarm_vital *vital);

#endif
