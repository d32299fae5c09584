/* SPDX-License-Identifier: Apache-2.0 */
/* What a conversation wants done: asked of the radio, handed to the pipeline, remembered of the device. */

#include "app/gateway.h"
#include "app/talk_private.h"
#include "io/journal.h"

static void ask(struct ward_talk *talk, const struct ward_exchange_action *action)
{
    const struct ward_talk_name service = ward_talk_name_of(action->place.service);
    const struct ward_talk_name characteristic = ward_talk_name_of(action->place.characteristic);
    struct ward_bluez *bluez = talk->gateway->bluez;
    const char *address = talk->device.address;

    talk->failed_is_read = action->type == WARD_EXCHANGE_READ;
    talk->failed = talk->failed_is_read ? ward_bluez_read(bluez, address, service.text, characteristic.text)
                                        : ward_bluez_write(bluez, address, service.text, characteristic.text,
                                                           action->octets, action->length);
}

static void note_uncommitted(struct ward_talk *talk, uint32_t number)
{
    if (number > talk->settled)
        talk->settled = number;
    if (talk->uncommitted_count < WARD_TALK_UNCOMMITTED_MAX)
        talk->uncommitted[talk->uncommitted_count++] = number;
    else
        talk->lost_count = true;
}

/* A battery, or what is said about a measurement, is no measurement. */
static bool is_reading(const struct ward_exchange_measurement *measurement)
{
    return measurement->code != WARD_CHAR_BATTERY_LEVEL &&
           measurement->code != WARD_CHAR_GLUCOSE_MEASUREMENT_CONTEXT;
}

static void hear(struct ward_talk *talk, const struct ward_exchange_measurement *measurement)
{
    const struct ward_heard heard = {.talk = talk, .measurement = measurement};

    if (measurement->is_settled && measurement->number != 0)
        note_uncommitted(talk, measurement->number);
    if (measurement->is_settled && is_reading(measurement)) {
        talk->has_reading = true;
        talk->has_spot |= measurement->number != 0;
    }
    ward_pipeline_measurement(talk->gateway, &heard);
}

/* The link may never last until all of them are asked for, were it asked from the last known one on each time. */
static void forget_last_record(struct ward_talk *talk)
{
    struct ward_recollection recollection = ward_recollection_of(talk->gateway, talk->device.id.text);

    recollection.has_record = false;
    ward_recollection_keep(talk->gateway, &recollection);
}

/* All that it has may be here already, and is not told again: then it has said that there is nothing else. */
static void note_transfer(struct ward_talk *talk, const struct ward_exchange_transfer *transfer)
{
    struct ward_gateway *gateway = talk->gateway;
    struct ward_device_now *now = ward_devices_entry(&gateway->devices, talk->device.id.text);

    talk->transfer_failed = !transfer->is_complete;
    if (transfer->received > 0 && transfer->is_complete)
        talk->has_reading = talk->has_spot = true;
    if (transfer->received > 0 && now)
        now->heard = ward_gateway_now(gateway);
    if (transfer->begins_anew && talk->proved)
        forget_last_record(talk);
    ward_journal_print(LOG_INFO, "%s: %u of %u stored records were read", talk->device.id.text,
                       (unsigned)transfer->received, (unsigned)transfer->announced);
}

static void note_clock(struct ward_talk *talk, const struct ward_exchange_clock *clock)
{
    struct ward_gateway *gateway = talk->gateway;
    struct ward_recollection recollection = ward_recollection_of(gateway, talk->device.id.text);
    struct ward_device_now *now = ward_devices_entry(&gateway->devices, talk->device.id.text);

    if (ward_device_clock_is_pair(&clock->pair)) {
        ward_device_clock_note(&recollection.habit,
                               &(struct ward_device_clock_look){.earlier = recollection.clock,
                                                                .found = clock->found,
                                                                .left = clock->pair});
        recollection.clock = clock->pair;
        recollection.clock.boot = gateway->boot;
        ward_recollection_keep(gateway, &recollection);
    }
    if (now) {
        now->clock_state = (uint8_t)clock->state;
        now->has_clock = true;
    }
    ward_journal_print(clock->state == WARD_DEVICE_CLOCK_RIGHT ? LOG_DEBUG : LOG_NOTICE,
                       "%s: its clock is %s%s", talk->device.id.text,
                       ward_device_clock_state_name(clock->state), clock->was_set ? ", and was set" : "");
}

static void rest(struct ward_talk *talk, uint32_t rest_ms)
{
    struct ward_bluez *bluez = talk->gateway->bluez;

    if (rest_ms == 0 || ward_bluez_rest(bluez, talk->device.address, rest_ms / 1000) < 0)
        (void)ward_bluez_disconnect_device(bluez, talk->device.address); /* it may have gone already */
}

void ward_talk_carry_out(void *context, const struct ward_exchange_action *action)
{
    struct ward_talk *talk = context;
    const char *device = talk->device.id.text;

    switch (action->type) {
    case WARD_EXCHANGE_READ:
    case WARD_EXCHANGE_WRITE: ask(talk, action); break;
    case WARD_EXCHANGE_MEASUREMENT: hear(talk, action->measurement); break;
    case WARD_EXCHANGE_TRANSFER_DONE: note_transfer(talk, &action->transfer); break;
    case WARD_EXCHANGE_ERASED:
        ward_journal_print(LOG_INFO, "%s: the records that are stored here were deleted on it", device);
        break;
    case WARD_EXCHANGE_CLOCK: note_clock(talk, &action->clock); break;
    case WARD_EXCHANGE_FIRMWARE: ward_firmware_told(talk->gateway, device, action->firmware); break;
    case WARD_EXCHANGE_FAULT:
        ward_journal_print(LOG_WARNING, "%s: %s (%s, %d)", device, action->fault.text, action->fault.name,
                           action->fault.error);
        break;
    case WARD_EXCHANGE_REST: rest(talk, action->rest_ms); break;
    }
}
