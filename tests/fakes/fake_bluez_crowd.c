/* SPDX-License-Identifier: Apache-2.0 */
/*
 * What comes in masses. Each is a source of the event loop that sends a little at a time, and no more than the bus
 * takes, so that everything else goes on beside it.
 */
#include "fake_bluez.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <time.h>

#define A_TIME      100 /* strangers and rounds of churn at a time */
#define STORM_MS    10
#define STORM_VALUE 64

struct fake_crowd {
    sd_event_source *strangers, *storm, *churn;
    uint32_t stranger, stranger_count;
    bool strangers_stay;
    uint32_t storm_sent, storm_count, storm_rate;
    uint64_t storm_from_us;
    char storm_path[FAKE_PATH_SIZE];
    uint8_t storm_value[STORM_VALUE];
    size_t storm_length;
    struct fake_device *churned;
    bool churn_whole;
    uint32_t churn_left;
};

static struct fake_crowd *crowd_of(struct fake *fake)
{
    if (!fake->crowd)
        fake->crowd = calloc(1, sizeof(*fake->crowd));
    if (!fake->crowd)
        abort();
    return fake->crowd;
}

static void over(sd_event_source **source, const char *what)
{
    *source = sd_event_source_disable_unref(*source);
    printf("over %s\n", what);
    fflush(stdout);
}

/* The bus is asked to take what was sent before more is made. */
static void flush(struct fake *fake)
{
    fake_must(sd_bus_flush(fake->bus), "flush");
}

static int append_stranger(sd_bus_message *message, uint32_t number, const char *address, const char *path)
{
    int r = sd_bus_message_append(message, "o", path);

    if (r >= 0)
        r = sd_bus_message_open_container(message, 'a', "{sa{sv}}");
    if (r >= 0)
        r = sd_bus_message_open_container(message, 'e', "sa{sv}");
    if (r >= 0)
        r = sd_bus_message_append(message, "sa{sv}", FAKE_DEVICE1, 6, "Address", "s", address, "AddressType",
                                  "s", "random", "RSSI", "n", (int)(-40 - (int)(number % 50)), "Connected",
                                  "b", 0, "UUIDs", "as", 1, "0000180d-0000-1000-8000-00805f9b34fb", "Name",
                                  "s", "Stranger");
    if (r >= 0)
        r = sd_bus_message_close_container(message);
    return r < 0 ? r : sd_bus_message_close_container(message);
}

static void send_stranger(struct fake *fake, uint32_t number, bool stays)
{
    sd_bus_message *message = NULL;
    char address[18], path[FAKE_PATH_SIZE];

    snprintf(address, sizeof(address), "F0:00:00:%02X:%02X:%02X", number >> 16 & 0xFF, number >> 8 & 0xFF,
             number & 0xFF);
    snprintf(path, sizeof(path), FAKE_ADAPTER "/dev_F0_00_00_%02X_%02X_%02X", number >> 16 & 0xFF,
             number >> 8 & 0xFF, number & 0xFF);
    fake_must(sd_bus_message_new_signal(fake->bus, &message, "/", FAKE_OBJECT_MANAGER, "InterfacesAdded"),
              "a stranger");
    fake_must(append_stranger(message, number, address, path), "a stranger");
    fake_must(sd_bus_send(fake->bus, message, NULL), "a stranger");
    sd_bus_message_unref(message);
    fake_tell(fake, path, FAKE_DEVICE1, "RSSI", "n", -70);
    if (!stays)
        fake_tell_removed(fake, path, FAKE_DEVICE1);
}

static int on_strangers(sd_event_source *source, void *userdata)
{
    struct fake *fake = userdata;
    struct fake_crowd *crowd = fake->crowd;

    (void)source;
    for (int i = 0; i < A_TIME && crowd->stranger < crowd->stranger_count; i++)
        send_stranger(fake, crowd->stranger++, crowd->strangers_stay);
    flush(fake);
    if (crowd->stranger == crowd->stranger_count)
        over(&crowd->strangers, "strangers");
    return 0;
}

/* A source that is always ready, after everything else. */
static void always(struct fake *fake, sd_event_source **source, sd_event_handler_t handler)
{
    fake_must(sd_event_add_defer(fake->event, source, handler, fake), "defer");
    fake_must(sd_event_source_set_enabled(*source, SD_EVENT_ON), "defer");
    fake_must(sd_event_source_set_priority(*source, SD_EVENT_PRIORITY_IDLE), "defer");
}

void fake_strangers(struct fake *fake, uint32_t count, bool stay)
{
    struct fake_crowd *crowd = crowd_of(fake);

    crowd->stranger = 0;
    crowd->stranger_count = count;
    crowd->strangers_stay = stay;
    if (!crowd->strangers)
        always(fake, &crowd->strangers, on_strangers);
}

uint64_t fake_now_us(void)
{
    struct timespec now;

    clock_gettime(CLOCK_MONOTONIC, &now);
    return (uint64_t)now.tv_sec * 1000000 + (uint64_t)now.tv_nsec / 1000;
}

static int on_storm(sd_event_source *source, uint64_t usec, void *userdata)
{
    struct fake *fake = userdata;
    struct fake_crowd *crowd = fake->crowd;
    uint64_t due = (fake_now_us() - crowd->storm_from_us) * crowd->storm_rate / 1000000;

    (void)usec;
    for (; crowd->storm_sent < due && crowd->storm_sent < crowd->storm_count; crowd->storm_sent++) {
        if (crowd->storm_length)
            fake_tell_value(fake, crowd->storm_path, crowd->storm_value, crowd->storm_length);
        else
            fake_tell(fake, crowd->storm_path, FAKE_DEVICE1, "RSSI", "n", -50);
    }
    flush(fake);
    if (crowd->storm_sent == crowd->storm_count) {
        over(&crowd->storm, "storm");
        return 0;
    }
    fake_must(sd_event_source_set_time_relative(source, STORM_MS * 1000), "storm");
    fake_must(sd_event_source_set_enabled(source, SD_EVENT_ONESHOT), "storm");
    return 0;
}

void fake_storm(struct fake *fake, uint32_t a_second, uint32_t seconds, const char *path,
                const uint8_t *octets, size_t length)
{
    struct fake_crowd *crowd = crowd_of(fake);

    crowd->storm_sent = 0;
    crowd->storm_rate = a_second;
    crowd->storm_count = a_second * seconds;
    crowd->storm_from_us = fake_now_us();
    crowd->storm_length = length < STORM_VALUE ? length : STORM_VALUE;
    if (length)
        memcpy(crowd->storm_value, octets, crowd->storm_length);
    snprintf(crowd->storm_path, sizeof(crowd->storm_path), "%s", path);
    if (!crowd->storm)
        fake_must(
            sd_event_add_time_relative(fake->event, &crowd->storm, CLOCK_MONOTONIC, 0, 0, on_storm, fake),
            "storm");
}

static int on_churn(sd_event_source *source, void *userdata)
{
    struct fake *fake = userdata;
    struct fake_crowd *crowd = fake->crowd;

    (void)source;
    for (int i = 0; i < A_TIME && crowd->churn_left > 0; i++, crowd->churn_left--) {
        if (crowd->churn_whole) {
            fake_withdraw(fake, crowd->churned);
            fake_export(fake, crowd->churned);
        }
        fake_hide_services(fake, crowd->churned);
        fake_show_services(fake, crowd->churned);
    }
    flush(fake);
    if (crowd->churn_left == 0)
        over(&crowd->churn, "churn");
    return 0;
}

void fake_churn(struct fake *fake, struct fake_device *device, bool whole, uint32_t times)
{
    struct fake_crowd *crowd = crowd_of(fake);

    crowd->churned = device;
    crowd->churn_whole = whole;
    crowd->churn_left = times;
    if (!crowd->churn)
        always(fake, &crowd->churn, on_churn);
}

void fake_crowd_end(struct fake *fake)
{
    if (!fake->crowd)
        return;
    sd_event_source_disable_unref(fake->crowd->strangers);
    sd_event_source_disable_unref(fake->crowd->storm);
    sd_event_source_disable_unref(fake->crowd->churn);
    free(fake->crowd);
    fake->crowd = NULL;
}

void fake_tell_malformed(struct fake *fake, struct fake_device *device)
{
    static const char *const texts[] = {"Connected", "ServicesResolved", "Paired", "RSSI", "UUIDs"};
    static const char *const numbers[] = {"Address", "AddressType", "Name"};

    for (size_t i = 0; i < sizeof(texts) / sizeof(texts[0]); i++)
        fake_tell(fake, device->path, FAKE_DEVICE1, texts[i], "s", "yes");
    for (size_t i = 0; i < sizeof(numbers) / sizeof(numbers[0]); i++)
        fake_tell(fake, device->path, FAKE_DEVICE1, numbers[i], "i", -1);
    fake_tell(fake, device->path, FAKE_DEVICE1, "Address", "s", "not an address");
    fake_tell(fake, device->path, "org.bluez.Battery1", "Percentage", "s", "full");
    fake_tell(fake, FAKE_ADAPTER, FAKE_ADAPTER1, "Powered", "s", "off");
    for (size_t i = 0; i < device->characteristic_count; i++) {
        fake_tell(fake, device->characteristics[i].path, FAKE_CHARACTERISTIC1, "Value", "s", "\x01\x02");
        fake_tell(fake, device->characteristics[i].path, FAKE_CHARACTERISTIC1, "Value", "an", 2, 1, 2);
        fake_tell(fake, device->characteristics[i].path, FAKE_CHARACTERISTIC1, "UUID", "u", 10805);
        fake_tell(fake, device->characteristics[i].path, FAKE_CHARACTERISTIC1, "Flags", "s", "indicate");
    }
}

int fake_append_malformed(sd_bus_message *message)
{
    return sd_bus_message_append(message, "{oa{sa{sv}}}", FAKE_ADAPTER "/dev_BA_D0_00_00_00_01", 1,
                                 FAKE_DEVICE1, 4, "Address", "i", 7, "UUIDs", "s", "180d", "Connected", "as",
                                 1, "yes", "RSSI", "b", 1);
}
