/* SPDX-License-Identifier: Apache-2.0 */
/* What the parts of a conversation have of each other; for exchange*.c only. */
#ifndef WARD_CORE_EXCHANGE_PART_H
#define WARD_CORE_EXCHANGE_PART_H

#include "core/exchange.h"

/* --- exchange.c ---------------------------------------------------------------------------------------------- */

void ward_exchange_tell(const struct ward_exchange_context *context,
                        const struct ward_exchange_action *action);
void ward_exchange_tell_fault(const struct ward_exchange_context *context, const char *name, const char *text,
                              int error);
/* Nothing may be out. */
void ward_exchange_read(struct ward_exchange *exchange, enum ward_exchange_errand errand,
                        struct ward_gatt_place place, const struct ward_exchange_context *context);
void ward_exchange_write(struct ward_exchange *exchange, enum ward_exchange_errand errand,
                         const struct ward_exchange_action *write,
                         const struct ward_exchange_context *context);

/* --- exchange_clock.c: reads it, sets it, reads it back ---------------------------------------------------------- */

void ward_exchange_clock_resolve(struct ward_exchange *exchange,
                                 const struct ward_exchange_services *services);
/* Sends what is next. Returns whether something is out now. */
bool ward_exchange_clock_advance(struct ward_exchange *exchange, const struct ward_exchange_context *context);
/* Of the errands CLOCK_READ and CLOCK_READ_BACK; octets are NULL after an error. */
void ward_exchange_clock_answered(struct ward_exchange *exchange, enum ward_exchange_errand errand, int error,
                                  const uint8_t *octets, size_t length,
                                  const struct ward_exchange_context *context);
void ward_exchange_clock_written(struct ward_exchange *exchange, int error,
                                 const struct ward_exchange_context *context);
/* Tells what is known of it, when that was not told yet: the link is gone. */
void ward_exchange_clock_end(struct ward_exchange *exchange, const struct ward_exchange_context *context);
/* Whether it was not read yet and soon will be. */
bool ward_exchange_clock_is_awaited(const struct ward_exchange *exchange);

/* --- exchange_firmware.c: reads its firmware revision ------------------------------------------------------------ */

void ward_exchange_firmware_resolve(struct ward_exchange *exchange,
                                    const struct ward_exchange_services *services);
bool ward_exchange_firmware_advance(struct ward_exchange *exchange,
                                    const struct ward_exchange_context *context);
void ward_exchange_firmware_answered(int error, const uint8_t *octets, size_t length,
                                     const struct ward_exchange_context *context);

/* --- exchange_records.c: the records that a device has stored -------------------------------------------------- */

void ward_exchange_records_resolve(struct ward_exchange *exchange,
                                   const struct ward_exchange_services *services);
bool ward_exchange_records_advance(struct ward_exchange *exchange,
                                   const struct ward_exchange_context *context);
void ward_exchange_records_indication(struct ward_exchange *exchange, const uint8_t *octets, size_t length,
                                      const struct ward_exchange_context *context);
void ward_exchange_records_written(struct ward_exchange *exchange, int error,
                                   const struct ward_exchange_context *context);
void ward_exchange_records_segment(struct ward_exchange *exchange, const uint8_t *octets, size_t length,
                                   const struct ward_exchange_context *context);
/* When the last thing that it waited for has been committed: has them deleted. */
void ward_exchange_records_committed(struct ward_exchange *exchange,
                                     const struct ward_exchange_context *context);
void ward_exchange_records_tick(struct ward_exchange *exchange, const struct ward_exchange_context *context);
void ward_exchange_records_end(struct ward_exchange *exchange, const struct ward_exchange_context *context);

/* --- exchange_measure.c: what was measured, and whether it is late ------------------------------------------------ */

/* The octets of one value, whole, as they came or out of a record. */
struct ward_exchange_arrival {
    uint16_t code;
    const uint8_t *octets;
    size_t length;
    bool has_record;
    uint16_t record;
};
void ward_exchange_take(struct ward_exchange *exchange, const struct ward_exchange_arrival *arrival,
                        const struct ward_exchange_context *context);
/* A measurement of a stream; decoded is not validated yet. */
void ward_exchange_take_frame(struct ward_exchange *exchange, struct ward_decoded *decoded,
                              const struct ward_exchange_arrival *arrival,
                              const struct ward_exchange_context *context);
/* Settles what is decided now; at the end of the link, all of them. */
void ward_exchange_settle(struct ward_exchange *exchange, bool is_end,
                          const struct ward_exchange_context *context);
/* The earliest moment at which time alone settles one. */
uint64_t ward_exchange_settle_due_us(const struct ward_exchange *exchange);
void ward_exchange_tell_measurement(const struct ward_exchange_context *context,
                                    const struct ward_exchange_measurement *measurement);

/* --- exchange_context.c: what is said about a measurement beside it -------------------------------------------- */

/* Joins it to its measurement, or tells it alone. Settles nothing. */
void ward_exchange_take_context(struct ward_exchange *exchange, const uint8_t *octets, size_t length,
                                const struct ward_exchange_context *context);
bool ward_exchange_awaits_context(const struct ward_exchange_held *held, uint64_t now_us);
/* Into measurement, when there is one; decoded is room for it, and must live as long. */
void ward_exchange_add_context(const struct ward_exchange_held *held, struct ward_decoded *decoded,
                               struct ward_exchange_measurement *measurement);

#endif
