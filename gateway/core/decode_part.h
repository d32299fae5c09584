/* SPDX-License-Identifier: Apache-2.0 */
/* What the decoders of the single characteristics share; for decode*.c only. */
#ifndef WARD_CORE_DECODE_PART_H
#define WARD_CORE_DECODE_PART_H

#include "core/cursor.h"
#include "core/decode.h"

/*
 * A decoder reads from the cursor into decoded, which is empty but for characteristic, kind and
 * is_measurement. It may read past the end (the cursor yields zeros): ward_decode() then throws away what it
 * filled in.
 */
void ward_decode_heart_rate(struct ward_cursor *cursor, struct ward_decoded *decoded);
void ward_decode_plx_spot_check(struct ward_cursor *cursor, struct ward_decoded *decoded);
void ward_decode_plx_continuous(struct ward_cursor *cursor, struct ward_decoded *decoded);
void ward_decode_plx_features(struct ward_cursor *cursor, struct ward_decoded *decoded);
void ward_decode_blood_pressure(struct ward_cursor *cursor, struct ward_decoded *decoded);
void ward_decode_cuff_pressure(struct ward_cursor *cursor, struct ward_decoded *decoded);
void ward_decode_enhanced_blood_pressure(struct ward_cursor *cursor, struct ward_decoded *decoded);
void ward_decode_enhanced_cuff_pressure(struct ward_cursor *cursor, struct ward_decoded *decoded);
void ward_decode_blood_pressure_feature(struct ward_cursor *cursor, struct ward_decoded *decoded);
void ward_decode_temperature(struct ward_cursor *cursor, struct ward_decoded *decoded);
void ward_decode_temperature_type(struct ward_cursor *cursor, struct ward_decoded *decoded);
void ward_decode_measurement_interval(struct ward_cursor *cursor, struct ward_decoded *decoded);
void ward_decode_weight(struct ward_cursor *cursor, struct ward_decoded *decoded);
void ward_decode_weight_scale_feature(struct ward_cursor *cursor, struct ward_decoded *decoded);
void ward_decode_glucose(struct ward_cursor *cursor, struct ward_decoded *decoded);
void ward_decode_glucose_context(struct ward_cursor *cursor, struct ward_decoded *decoded);
void ward_decode_glucose_feature(struct ward_cursor *cursor, struct ward_decoded *decoded);
void ward_decode_date_time(struct ward_cursor *cursor, struct ward_decoded *decoded);
void ward_decode_current_time(struct ward_cursor *cursor, struct ward_decoded *decoded);
void ward_decode_local_time(struct ward_cursor *cursor, struct ward_decoded *decoded);
void ward_decode_reference_time(struct ward_cursor *cursor, struct ward_decoded *decoded);
void ward_decode_record_access(struct ward_cursor *cursor, struct ward_decoded *decoded);
void ward_decode_battery(struct ward_cursor *cursor, struct ward_decoded *decoded);
void ward_decode_battery_status(struct ward_cursor *cursor, struct ward_decoded *decoded);
void ward_decode_live_observation(struct ward_cursor *cursor, struct ward_decoded *decoded);
void ward_decode_body_sensor_location(struct ward_cursor *cursor, struct ward_decoded *decoded);
void ward_decode_system_id(struct ward_cursor *cursor, struct ward_decoded *decoded);
void ward_decode_pnp_id(struct ward_cursor *cursor, struct ward_decoded *decoded);
void ward_decode_text(struct ward_cursor *cursor, struct ward_decoded *decoded);
void ward_decode_opaque(struct ward_cursor *cursor, struct ward_decoded *decoded);

/* Adds a value; there is room for every characteristic's values (WARD_READING_VALUES_MAX). */
void ward_decoded_add(struct ward_decoded *decoded, enum ward_quantity quantity, struct ward_decimal number);

/* Reads a Date Time (GSS, 7 octets) into device_time. */
void ward_decoded_read_time(struct ward_cursor *cursor, struct ward_decoded *decoded);

/* Sets the outcome to something else than OK, with "what NUMBER at octet OFFSET why" as the error. */
void ward_decoded_refuse(struct ward_decoded *decoded, enum ward_decode_outcome outcome, const char *what,
                         uint32_t number, size_t offset, const char *why);

#endif
