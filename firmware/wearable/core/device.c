/* SPDX-License-Identifier: Apache-2.0 */
/* Reads, writes, and what happens on the link. What goes out is in device_output.c. */
#include "wearable/core/device.h"

#define DATE_TIME_LENGTH    7
#define CURRENT_TIME_LENGTH 10
#define UNKNOWN_ZONE        0x80
#define UNKNOWN_DST         0xFF

void ward_device_init(struct ward_device *device, const struct ward_wearable_profile *profile)
{
    *device = (struct ward_device){.profile = profile,
                                   .local_time = {UNKNOWN_ZONE, UNKNOWN_DST},
                                   .clip = {.kind = profile->clip, .battery = 100},
                                   .battery = 100};
    ward_memory_init(&device->memory);
    ward_device_connected(device, false);
}

void ward_device_connected(struct ward_device *device, bool connected)
{
    device->connected = connected;
    device->clock_was_written = false;
    device->awaited = 0;
    device->again.length = device->again.context_length = 0;
    device->answer_length = 0;
    device->muted = false;
    device->dropping = false;
    ward_racp_server_init(&device->racp, device->profile->service == WARD_SERVICE_PULSE_OXIMETER);
    ward_clip_begin(&device->clip);
}

static uint32_t bit_of(const struct ward_device *device, uint16_t characteristic)
{
    const struct ward_wearable_characteristic *at;

    for (size_t i = 0; (at = ward_wearable_characteristic_at(device->profile, i)); i++)
        if (at->uuid == characteristic)
            return UINT32_C(1) << i;
    return 0;
}

void ward_device_subscribed(struct ward_device *device, uint16_t characteristic, bool subscribed)
{
    uint32_t bit = bit_of(device, characteristic);

    device->subscribed = subscribed ? device->subscribed | bit : device->subscribed & ~bit;
}

bool ward_device_is_heard(const struct ward_device *device, uint16_t characteristic)
{
    return device->connected && (device->subscribed & bit_of(device, characteristic));
}

void ward_device_confirmed(struct ward_device *device, uint16_t characteristic)
{
    if (device->awaited == characteristic)
        device->awaited = 0;
    if (characteristic != WARD_CHAR_RECORD_ACCESS_CONTROL_POINT)
        return;
    if (device->racp.busy && device->racp.answer[0] == WARD_RACP_RESPONSE &&
        device->racp.answer[2] == WARD_RACP_REPORT)
        device->was_transferred = true;
    ward_racp_server_confirmed(&device->racp);
}

static size_t put_date_time(const struct ward_device_time *time, uint8_t *buffer)
{
    buffer[0] = (uint8_t)time->year;
    buffer[1] = (uint8_t)(time->year >> 8);
    buffer[2] = time->month;
    buffer[3] = time->day;
    buffer[4] = time->hour;
    buffer[5] = time->minute;
    buffer[6] = time->second;
    return DATE_TIME_LENGTH;
}

/* CTS 1.1 §3.1: day of the week, no fraction, no reason for an adjustment. */
static size_t put_current_time(const struct ward_device_time *time, uint8_t *buffer)
{
    put_date_time(time, buffer);
    buffer[7] = ward_day_of_week(time);
    buffer[8] = buffer[9] = 0;
    return CURRENT_TIME_LENGTH;
}

enum ward_att_error ward_device_read(const struct ward_device *device,
                                     const struct ward_wearable_identity *identity, uint16_t characteristic,
                                     uint64_t now_us, uint8_t *buffer, size_t *ret_length)
{
    const struct ward_wearable_characteristic *served =
        ward_wearable_characteristic_find(device->profile, characteristic);
    const struct ward_device_time time = ward_wearable_clock_read(&device->clock, now_us, 0);

    if (!served || !(served->properties & WARD_PROPERTY_READ))
        return WARD_ATT_READ_NOT_PERMITTED;
    switch (characteristic) {
    case WARD_CHAR_BATTERY_LEVEL:
        buffer[0] = device->battery;
        *ret_length = 1;
        break;
    case WARD_CHAR_DATE_TIME: *ret_length = put_date_time(&time, buffer); break;
    case WARD_CHAR_CURRENT_TIME: *ret_length = put_current_time(&time, buffer); break;
    case WARD_CHAR_LOCAL_TIME_INFORMATION:
        buffer[0] = device->local_time[0];
        buffer[1] = device->local_time[1];
        *ret_length = 2;
        break;
    default: *ret_length = ward_wearable_read(identity, characteristic, buffer, WARD_GATT_VALUE_MAX); break;
    }
    return WARD_ATT_OK;
}

static enum ward_att_error write_clock(struct ward_device *device, const uint8_t *octets, uint64_t now_us,
                                       enum ward_att_error refusal)
{
    const struct ward_device_time time = {
        .year = (uint16_t)(octets[0] | octets[1] << 8),
        .month = octets[2],
        .day = octets[3],
        .hour = octets[4],
        .minute = octets[5],
        .second = octets[6],
        .present = true,
    };

    if (!ward_wearable_clock_set(&device->clock, &time, now_us))
        return refusal;
    device->clock_was_written = true;
    return WARD_ATT_OK;
}

/* GSS: 12 h west to 14 h east; daylight saving is none, half an hour, one hour or two. */
static enum ward_att_error write_local_time(struct ward_device *device, const uint8_t *octets)
{
    int8_t zone = (int8_t)octets[0];
    uint8_t dst = octets[1];

    if ((octets[0] != UNKNOWN_ZONE && (zone < -48 || zone > 56)) ||
        (dst != 0 && dst != 2 && dst != 4 && dst != 8 && dst != UNKNOWN_DST))
        return WARD_ATT_DATA_FIELD_IGNORED;
    device->local_time[0] = octets[0];
    device->local_time[1] = dst;
    return WARD_ATT_OK;
}

static bool records_are_heard(const struct ward_device *device)
{
    return ward_device_is_heard(device, device->profile->record) ||
           ward_device_is_heard(device, WARD_CHAR_BLOOD_PRESSURE_RECORD);
}

static enum ward_att_error write_racp(struct ward_device *device, const uint8_t *octets, size_t length)
{
    bool report = length > 0 && octets[0] == WARD_RACP_REPORT;
    bool begins = !device->racp.busy;

    if (!ward_device_is_heard(device, WARD_CHAR_RECORD_ACCESS_CONTROL_POINT) ||
        (report && !records_are_heard(device)))
        return WARD_ATT_CCC_NOT_CONFIGURED;
    if (!ward_racp_server_request(&device->racp, &device->memory, octets, length))
        return WARD_ATT_PROCEDURE_IN_PROGRESS;
    if (!device->racp.reporting) /* it was aborted */
        device->again.length = device->again.context_length = 0;
    if (begins && device->faults.mute) {
        device->faults.mute = false;
        device->muted = true;
    }
    return WARD_ATT_OK;
}

static enum ward_att_error write_clip(struct ward_device *device, const uint8_t *octets, size_t length,
                                      uint64_t now_us)
{
    size_t answer = ward_clip_write(&device->clip, octets, length, now_us, device->answer);

    if (answer > 0) {
        device->answer_length = (uint8_t)answer;
        device->answer_sent = 0;
    }
    return WARD_ATT_OK;
}

enum ward_att_error ward_device_write(struct ward_device *device, uint16_t characteristic,
                                      const uint8_t *octets, size_t length, uint64_t now_us)
{
    const struct ward_wearable_characteristic *served =
        ward_wearable_characteristic_find(device->profile, characteristic);

    if (!served || !(served->properties & WARD_PROPERTY_WRITE))
        return WARD_ATT_WRITE_NOT_PERMITTED;
    switch (characteristic) {
    case WARD_CHAR_DATE_TIME:
        return length == DATE_TIME_LENGTH ? write_clock(device, octets, now_us, WARD_ATT_OUT_OF_RANGE)
                                          : WARD_ATT_INVALID_LENGTH;
    case WARD_CHAR_CURRENT_TIME:
        return length == CURRENT_TIME_LENGTH
                   ? write_clock(device, octets, now_us, WARD_ATT_DATA_FIELD_IGNORED)
                   : WARD_ATT_INVALID_LENGTH;
    case WARD_CHAR_LOCAL_TIME_INFORMATION:
        return length == 2 ? write_local_time(device, octets) : WARD_ATT_INVALID_LENGTH;
    case WARD_CHAR_RECORD_ACCESS_CONTROL_POINT: return write_racp(device, octets, length);
    case WARD_CLIP_WRITE: return write_clip(device, octets, length, now_us);
    default: return WARD_ATT_WRITE_NOT_PERMITTED;
    }
}
