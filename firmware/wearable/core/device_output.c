/* SPDX-License-Identifier: Apache-2.0 */
/*
 * What goes out because a central wrote something, in this order: the end of the link that a fault asks for, the rest of
 * a clip's answer, the context of the record sent last, the record once more, the next record, the answer of the record
 * access control point. An indication waits until the one before was confirmed.
 */
#include "wearable/core/device.h"

/* BLS 1.1.1, Blood Pressure Record: the only segment of its record; then sequence number and UUID. */
#define ONLY_SEGMENT         0x03
#define RECORD_HEADER_LENGTH 5

static void put(struct ward_player_action *action, uint16_t characteristic, const uint8_t *octets,
                size_t length)
{
    action->kind = WARD_ACTION_SEND;
    action->characteristic = characteristic;
    action->length = (uint16_t)length;
    for (size_t i = 0; i < length; i++)
        action->octets[i] = octets[i];
}

static bool is_measurement(uint16_t characteristic)
{
    return characteristic != WARD_CHAR_RECORD_ACCESS_CONTROL_POINT &&
           characteristic != WARD_CHAR_BATTERY_LEVEL;
}

static void apply_faults(struct ward_faults *faults, struct ward_player_action *action)
{
    if (faults->cut > 0)
        action->length = action->length > faults->cut ? (uint16_t)(action->length - faults->cut) : 0;
    while (action->length < faults->pad)
        action->octets[action->length++] = 0;
    faults->cut = faults->pad = 0;
}

void ward_device_sends(struct ward_device *device, struct ward_player_action *action)
{
    const struct ward_wearable_characteristic *served =
        ward_wearable_characteristic_find(device->profile, action->characteristic);

    if (is_measurement(action->characteristic))
        apply_faults(&device->faults, action);
    if ((served->properties & WARD_PROPERTY_INDICATE) && ward_device_is_heard(device, action->characteristic))
        device->awaited = action->characteristic;
}

void ward_device_put_record(struct ward_device *device, const struct ward_memory_record *record,
                            uint16_t characteristic, struct ward_player_action *action)
{
    if (characteristic == WARD_CHAR_BLOOD_PRESSURE_RECORD) {
        const uint16_t inner = device->profile->record;
        uint8_t octets[RECORD_HEADER_LENGTH + WARD_SAMPLE_OCTETS_MAX] = {
            ONLY_SEGMENT, (uint8_t)record->sequence, (uint8_t)(record->sequence >> 8), (uint8_t)inner,
            (uint8_t)(inner >> 8)};

        for (size_t i = 0; i < record->length; i++)
            octets[RECORD_HEADER_LENGTH + i] = record->octets[i];
        put(action, characteristic, octets, RECORD_HEADER_LENGTH + (size_t)record->length);
    } else {
        put(action, characteristic, record->octets, record->length);
    }
    if (device->faults.drop_after > 0 && --device->faults.drop_after == 0)
        device->dropping = true;
}

static void put_answer_part(struct ward_device *device, struct ward_player_action *action)
{
    size_t left = (size_t)device->answer_length - device->answer_sent;
    size_t part = left > WARD_CLIP_NOTIFY_MAX ? WARD_CLIP_NOTIFY_MAX : left;

    put(action, WARD_CLIP_NOTIFY, device->answer + device->answer_sent, part);
    device->answer_sent = (uint8_t)(device->answer_sent + part);
    if (device->answer_sent == device->answer_length)
        device->answer_length = 0;
}

/* Blood pressure goes in records with their numbers where the central has subscribed to those. */
static uint16_t record_characteristic(const struct ward_device *device)
{
    return ward_device_is_heard(device, WARD_CHAR_BLOOD_PRESSURE_RECORD) ? WARD_CHAR_BLOOD_PRESSURE_RECORD
                                                                         : device->profile->record;
}

/* The rest of the record that was sent last. */
static bool put_again(struct ward_device *device, struct ward_player_action *action)
{
    struct ward_memory_record *again = &device->again;

    if (again->context_length > 0) {
        put(action, WARD_CHAR_GLUCOSE_MEASUREMENT_CONTEXT, again->context, again->context_length);
        again->context_length = 0;
        return true;
    }
    if (again->length > 0) {
        ward_device_put_record(device, again, record_characteristic(device), action);
        again->length = 0;
        return true;
    }
    return false;
}

static void put_racp_answer(struct ward_device *device, struct ward_player_action *action)
{
    uint8_t *answer = device->racp.answer;

    if (answer[0] == WARD_RACP_NUMBER && device->faults.miscount) {
        answer[2] = (uint8_t)device->faults.miscount_as;
        answer[3] = (uint8_t)(device->faults.miscount_as >> 8);
        device->faults.miscount = false;
    }
    if (answer[0] == WARD_RACP_RESPONSE && answer[2] == WARD_RACP_REPORT)
        device->faults.duplicate = false;
    put(action, WARD_CHAR_RECORD_ACCESS_CONTROL_POINT, answer, WARD_RACP_ANSWER_LENGTH);
}

static bool put_racp(struct ward_device *device, struct ward_player_action *action)
{
    const struct ward_memory_record *record = NULL;

    if (device->muted || device->awaited != 0)
        return false;
    if (put_again(device, action))
        return true;
    switch (ward_racp_server_next(&device->racp, &device->memory, &record)) {
    case WARD_RACP_NOTHING: return false;
    case WARD_RACP_RECORD:
        device->again = *record;
        if (!device->faults.duplicate)
            device->again.length = 0;
        if (!ward_device_is_heard(device, WARD_CHAR_GLUCOSE_MEASUREMENT_CONTEXT))
            device->again.context_length = 0;
        ward_device_put_record(device, record, record_characteristic(device), action);
        return true;
    case WARD_RACP_ANSWER: put_racp_answer(device, action); return true;
    }
    return false;
}

bool ward_device_next(struct ward_device *device, uint64_t now_us, struct ward_player_action *action)
{
    size_t length;

    if (device->dropping) {
        device->dropping = false;
        action->kind = WARD_ACTION_DISCONNECT;
        return true;
    }
    if (device->answer_length > 0) {
        put_answer_part(device, action);
        return true;
    }
    length = ward_clip_end(&device->clip, now_us, action->octets);
    if (length > 0) {
        action->kind = WARD_ACTION_SEND;
        action->characteristic = WARD_CLIP_NOTIFY;
        action->length = (uint16_t)length;
        return true;
    }
    if (!put_racp(device, action))
        return false;
    ward_device_sends(device, action);
    return true;
}
