/* SPDX-License-Identifier: Apache-2.0 */
/*
 * The alarm state as octets, for the database: version first, integers little-endian, only what is not at rest.
 *
 * Unpacking what was packed gives a state that behaves the same, event for event.
 */
#ifndef WARD_CORE_ALARM_PACK_H
#define WARD_CORE_ALARM_PACK_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "core/alarm_state.h"

#define WARD_ALARM_PACK_VERSION 5
/* Room for any state. Ordinary ones need a few hundred octets. */
#define WARD_ALARM_PACKED_MAX (sizeof(struct ward_alarm_patient) + 1024)

/*
 * Returns the octets used, or 0 when size is too small. The state is not changed; it is not const because one
 * description of it serves both ways.
 */
size_t ward_alarm_pack(struct ward_alarm_patient *state, uint8_t *buffer, size_t size);

/*
 * Takes versions 1 to 4 too. Returns false, with ret unchanged, for a version that is not known, octets missing or left
 * over, a number out of its range, or for want of memory. The caller then starts from ward_alarm_init and says so: what
 * was present is raised again by new data.
 */
bool ward_alarm_unpack(const uint8_t *buffer, size_t length, struct ward_alarm_patient *ret);

#endif
