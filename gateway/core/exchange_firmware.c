/* SPDX-License-Identifier: Apache-2.0 */
/*
 * The firmware revision, 2A26 (DIS 1.1 §3.5): read once in each connection, when nothing else has to be done, since a
 * device may have been given another one by a phone meanwhile.
 */
#include "core/exchange_part.h"
#include "core/firmware.h"

static const struct ward_gatt_place place = {.service = {.number = WARD_SERVICE_DEVICE_INFORMATION},
                                             .characteristic = {.number = WARD_CHAR_FIRMWARE_REVISION}};

void ward_exchange_firmware_resolve(struct ward_exchange *exchange,
                                    const struct ward_exchange_services *services)
{
    exchange->firmware_to_read = services->has(services->context, place);
}

bool ward_exchange_firmware_advance(struct ward_exchange *exchange,
                                    const struct ward_exchange_context *context)
{
    if (!exchange->firmware_to_read || exchange->clock_step != WARD_EXCHANGE_CLOCK_OVER ||
        exchange->transfer_step != WARD_EXCHANGE_TRANSFER_OVER)
        return false;
    exchange->firmware_to_read = false;
    ward_exchange_read(exchange, WARD_EXCHANGE_FIRMWARE_READ, place, context);
    return true;
}

void ward_exchange_firmware_answered(int error, const uint8_t *octets, size_t length,
                                     const struct ward_exchange_context *context)
{
    char revision[WARD_FIRMWARE_SIZE];

    if (error != 0) {
        ward_exchange_tell_fault(context, "firmware-not-read",
                                 "The device did not tell its firmware revision.", error);
        return;
    }
    ward_firmware_text(octets, length, revision);
    if (revision[0] != '\0')
        ward_exchange_tell(
            context, &(struct ward_exchange_action){.type = WARD_EXCHANGE_FIRMWARE, .firmware = revision});
}
