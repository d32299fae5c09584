/* SPDX-License-Identifier: Apache-2.0 */
/* The chain of calls that makes an adapter a wearable: see peripheral.c. */
#include <stdio.h>

#include "wearable/bluez/agent.h"
#include "wearable/bluez/peripheral_part.h"

#define RETRY_US UINT64_C(1000000)

static int begin(struct ward_peripheral *peripheral);

static int on_retry(sd_event_source *source, uint64_t usec, void *userdata)
{
    (void)source, (void)usec;
    return begin(userdata);
}

static int retry_later(struct ward_peripheral *peripheral, const char *what, const sd_bus_error *refusal)
{
    fprintf(stderr, "wardgate-wearable: %s: %s: %s; trying again\n", peripheral->adapter_path, what,
            refusal->message);
    peripheral->retry = sd_event_source_disable_unref(peripheral->retry);
    return sd_event_add_time_relative(sd_bus_get_event(peripheral->bus), &peripheral->retry, CLOCK_BOOTTIME,
                                      RETRY_US, 0, on_retry, peripheral);
}

static int on_registered(sd_bus_message *reply, void *userdata, sd_bus_error *error)
{
    struct ward_peripheral *peripheral = userdata;
    const sd_bus_error *refusal = sd_bus_message_get_error(reply);

    (void)error;
    if (refusal)
        return retry_later(peripheral, "RegisterApplication", refusal);
    peripheral->events.ready(peripheral->events.userdata);
    return 0;
}

static int on_named(sd_bus_message *reply, void *userdata, sd_bus_error *error)
{
    struct ward_peripheral *peripheral = userdata;
    const sd_bus_error *refusal = sd_bus_message_get_error(reply);

    (void)error;
    if (refusal)
        return retry_later(peripheral, "Alias", refusal);
    peripheral->pending = sd_bus_slot_unref(peripheral->pending);
    return sd_bus_call_method_async(peripheral->bus, &peripheral->pending, BLUEZ, peripheral->adapter_path,
                                    "org.bluez.GattManager1", "RegisterApplication", on_registered,
                                    peripheral, "oa{sv}", peripheral->application_path, 0);
}

static int on_pairable(sd_bus_message *reply, void *userdata, sd_bus_error *error)
{
    struct ward_peripheral *peripheral = userdata;
    const sd_bus_error *refusal = sd_bus_message_get_error(reply);

    (void)error;
    if (refusal)
        return retry_later(peripheral, "Pairable", refusal);
    peripheral->pending = sd_bus_slot_unref(peripheral->pending);
    return sd_bus_call_method_async(peripheral->bus, &peripheral->pending, BLUEZ, peripheral->adapter_path,
                                    PROPERTIES, "Set", on_named, peripheral, "ssv", ADAPTER, "Alias", "s",
                                    peripheral->name);
}

static int on_powered(sd_bus_message *reply, void *userdata, sd_bus_error *error)
{
    struct ward_peripheral *peripheral = userdata;
    const sd_bus_error *refusal = sd_bus_message_get_error(reply);

    (void)error;
    if (refusal)
        return retry_later(peripheral, "Powered", refusal);
    peripheral->pending = sd_bus_slot_unref(peripheral->pending);
    return sd_bus_call_method_async(peripheral->bus, &peripheral->pending, BLUEZ, peripheral->adapter_path,
                                    PROPERTIES, "Set", on_pairable, peripheral, "ssv", ADAPTER, "Pairable",
                                    "b", 1);
}

static int begin(struct ward_peripheral *peripheral)
{
    peripheral->pending = sd_bus_slot_unref(peripheral->pending);
    return sd_bus_call_method_async(peripheral->bus, &peripheral->pending, BLUEZ, peripheral->adapter_path,
                                    PROPERTIES, "Set", on_powered, peripheral, "ssv", ADAPTER, "Powered", "b",
                                    1);
}

int ward_peripheral_appear(struct ward_peripheral *peripheral)
{
    int r;

    if (peripheral->present)
        return 0;
    peripheral->present = true;
    r = ward_agent_register(peripheral->agent);
    if (r >= 0)
        r = ward_agent_prefer(peripheral->agent);
    return r < 0 ? r : begin(peripheral);
}
