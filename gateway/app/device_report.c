/* SPDX-License-Identifier: Apache-2.0 */
#include "app/device_report.h"

#include "app/gateway.h"
#include "core/clinical.h"
#include "core/decode.h"
#include "core/exchange.h"
#include "core/status.h"
#include "io/journal.h"

/* After two frames that cannot be decoded without such a time between them, as much has to go by without one. */
#define UNDECODABLE_AGAIN_US (60 * WARD_SECOND_US)

/* So long a device must not have said that its battery is low, when that was said and taken back before. */
#define BATTERY_AGAIN_US (600 * WARD_SECOND_US)

static void note_heard(const struct ward_heard *heard)
{
    struct ward_gateway *gateway = heard->talk->gateway;
    struct ward_device_now *now = ward_devices_entry(&gateway->devices, heard->talk->device.id.text);

    if (now)
        now->heard = ward_gateway_now(gateway);
}

/* A device that sends good frames and bad ones in turn has one condition, and not one with each bad frame. */
static bool is_decodable_again(const struct ward_device_now *now, uint64_t now_us)
{
    return !now->undecodable_again || now_us - now->undecodable_us >= UNDECODABLE_AGAIN_US;
}

static void end_undecodable(struct ward_gateway *gateway, struct ward_device_now *now, uint64_t now_us)
{
    now->decodable_since = !is_decodable_again(now, now_us);
    if (!now->decodable_since)
        ward_technical_device(gateway, now->device.text, WARD_DEVICE_UNDECODABLE_FRAME, WARD_PRIORITY_NONE);
}

void ward_device_report_check(struct ward_gateway *gateway, uint64_t now_us)
{
    for (size_t i = 0; i < gateway->devices.count; i++)
        if (gateway->devices.list[i].decodable_since)
            end_undecodable(gateway, &gateway->devices.list[i], now_us);
}

static void note_outcome(const struct ward_heard *heard)
{
    struct ward_gateway *gateway = heard->talk->gateway;
    const struct ward_decoded *decoded = heard->measurement->decoded;
    const char *device = heard->talk->device.id.text;
    struct ward_device_now *now = ward_devices_entry(&gateway->devices, device);
    const uint64_t now_us = ward_gateway_now(gateway).boot_us;

    if (now && decoded->outcome == WARD_DECODE_OK)
        end_undecodable(gateway, now, now_us);
    if (decoded->outcome == WARD_DECODE_OK)
        return;
    if (now) {
        now->decodable_since = false;
        now->undecodable_again =
            now->undecodable_us != 0 && now_us - now->undecodable_us < UNDECODABLE_AGAIN_US;
        now->undecodable_us = now_us;
    }
    ward_technical_device(gateway, device, WARD_DEVICE_UNDECODABLE_FRAME, WARD_PRIORITY_OF_UNDECODABLE);
    gateway->pipeline.undecodable++;
    ward_journal_print(LOG_WARNING, "%s: a frame cannot be decoded: %s", device, decoded->error);
}

/* A status that wavers with each frame does not raise again and again: the second time it stands until it has not been said
 * for a while. */
static void note_battery_status(struct ward_device_now *now, uint16_t characteristic, bool low,
                                uint64_t now_us)
{
    const bool lately = now->battery_low_said_us != 0 && now_us - now->battery_low_said_us < BATTERY_AGAIN_US;

    if (low) {
        if (now->battery_low_said_by == 0)
            now->battery_low_said_again = lately;
        now->battery_low_said_us = now_us;
        now->battery_low_said_by = characteristic;
    } else if (now->battery_low_said_by == characteristic && !(now->battery_low_said_again && lately)) {
        now->battery_low_said_by = 0;
    }
}

/* A ring, a clip or a meter says in its frames how its battery is. An old record says how it was. */
static void note_battery(const struct ward_heard *heard)
{
    struct ward_gateway *gateway = heard->talk->gateway;
    const struct ward_decoded *decoded = heard->measurement->decoded;
    const char *device = heard->talk->device.id.text;
    struct ward_device_now *now = ward_devices_entry(&gateway->devices, device);

    if (!now || decoded->outcome != WARD_DECODE_OK || heard->measurement->late)
        return;
    if (decoded->has_battery)
        now->battery_percent = (int8_t)decoded->battery_percent;
    note_battery_status(now, decoded->characteristic,
                        (decoded->statuses & WARD_STATUS_BIT(WARD_STATUS_DEVICE_BATTERY_LOW)) != 0,
                        ward_gateway_now(gateway).boot_us);
    ward_technical_battery(gateway, device);
}

void ward_device_report_take(const struct ward_heard *heard)
{
    note_heard(heard);
    note_outcome(heard);
    note_battery(heard);
}
