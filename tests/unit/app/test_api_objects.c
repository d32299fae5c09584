/* SPDX-License-Identifier: Apache-2.0 */
/*
 * What changes of a device is told on the bus, whichever of the gateway's parts it stands in. A device's values are made
 * only when one of them may have changed: so each has a row here.
 */
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "app_bench.h"

#define DEVICE "d-1"

struct listener {
    struct bench *bench;
    sd_bus *bus;
    char told[512]; /* "Connected LastSeen ": of the device, since it was emptied last */
};

static int on_signal(sd_bus_message *message, void *userdata, sd_bus_error *error)
{
    struct listener *listener = userdata;
    const char *interface, *name;

    (void)error;
    if (sd_bus_message_read(message, "s", &interface) <= 0 || strcmp(interface, "org.wardgate.Device1") != 0)
        return 0;
    assert_true(sd_bus_message_enter_container(message, 'a', "{sv}") >= 0);
    while (sd_bus_message_enter_container(message, 'e', "sv") > 0) {
        const size_t used = strlen(listener->told);

        assert_true(sd_bus_message_read(message, "s", &name) > 0);
        snprintf(listener->told + used, sizeof(listener->told) - used, "%s ", name);
        assert_true(sd_bus_message_skip(message, "v") >= 0);
        assert_true(sd_bus_message_exit_container(message) >= 0);
    }
    return 0;
}

/* As if the time between two looks were over. */
static void look(struct bench *bench)
{
    bench->gateway->objects.next_us = 0;
    (void)ward_api_objects_check(bench->gateway, bench_now_us(bench));
}

static void listen_to(struct bench *bench, struct listener *ret)
{
    *ret = (struct listener){.bench = bench};
    assert_true(sd_bus_new(&ret->bus) >= 0);
    assert_true(sd_bus_set_address(ret->bus, bench->address) >= 0);
    assert_true(sd_bus_set_bus_client(ret->bus, 1) >= 0);
    assert_true(sd_bus_start(ret->bus) >= 0);
    assert_true(sd_bus_match_signal(ret->bus, NULL, NULL, NULL, "org.freedesktop.DBus.Properties",
                                    "PropertiesChanged", on_signal, ret) >= 0);
    assert_true(sd_bus_attach_event(ret->bus, bench->event, SD_EVENT_PRIORITY_NORMAL) >= 0);
}

static struct ward_device_now *now_of(const struct bench *bench)
{
    return ward_devices_entry(&bench->gateway->devices, DEVICE);
}

static void connected(struct bench *bench)
{
    now_of(bench)->connected = true;
}

static void bond_lost(struct bench *bench)
{
    now_of(bench)->needs_pairing = true;
}

static void battery(struct bench *bench)
{
    now_of(bench)->battery_percent = 40;
}

static void clock_looked_at(struct bench *bench)
{
    now_of(bench)->has_clock = true;
}

static void clock_judged(struct bench *bench)
{
    now_of(bench)->clock_state++;
}

static void heard(struct bench *bench)
{
    now_of(bench)->heard = (struct ward_time){.boot_us = 1, .utc_ms = 1000000};
}

static void heard_later(struct bench *bench)
{
    now_of(bench)->heard.utc_ms += WARD_BUS_LAST_SEEN_STEP_MS;
}

static void claimed(struct bench *bench)
{
    now_of(bench)->claimed_by = (struct ward_id){"p-ann"};
    now_of(bench)->claimed_until_us = UINT64_MAX;
}

static void claim_is_over(struct bench *bench)
{
    now_of(bench)->claimed_until_us = 1;
}

static void firmware_told(struct bench *bench)
{
    ward_firmware_told(bench->gateway, DEVICE, "9.9");
}

static void renamed(struct bench *bench)
{
    struct ward_store_change change = {.kind = WARD_STORE_DEVICE};

    change.device = *ward_registry_device(&bench->gateway->registry, DEVICE);
    strcpy(change.device.name, "Clip");
    assert_int_equal(ward_gateway_change(bench->gateway, &change, 1, NULL), 0);
}

static void bound(struct bench *bench)
{
    const struct ward_store_change change = {.kind = WARD_STORE_BINDING,
                                             .binding = {.device = {DEVICE},
                                                         .patient = {"p-ann"},
                                                         .episode = {"s-1"},
                                                         .slot = WARD_SLOT_NONE,
                                                         .from_ms = 1000,
                                                         .until_ms = WARD_UTC_UNKNOWN}};

    assert_int_equal(ward_gateway_change(bench->gateway, &change, 1, NULL), 0);
}

static const struct {
    void (*happens)(struct bench *bench);
    const char *told;
} rows[] = {
    {connected, "Connected "},     {bond_lost, "NeedsPairing "}, {battery, "Battery "},
    {clock_looked_at, "Clock "},   {clock_judged, "Clock "},     {heard, "LastSeen "},
    {heard_later, "LastSeen "},    {bound, "Patients "},         {claimed, "ClaimedBy "},
    {claim_is_over, "ClaimedBy "}, {renamed, "Name "},           {firmware_told, "Firmware "},
};

static void test_whatever_changes_of_a_device_is_told(void **state)
{
    struct bench *bench = *state;
    struct listener listener;

    bench_admit(bench, "p-ann");
    bench_enrol(bench, DEVICE, "pulse-oximeter");
    look(bench);
    listen_to(bench, &listener);
    for (size_t i = 0; i < sizeof(rows) / sizeof(rows[0]); i++) {
        listener.told[0] = '\0';
        rows[i].happens(bench);
        look(bench);
        WAIT_FOR(bench, listener.told[0] != '\0');
        assert_string_equal(listener.told, rows[i].told);
    }
    sd_bus_flush_close_unref(listener.bus);
}

/* A stream is heard each second: that alone is not told before it has moved by a step. */
static void test_what_is_heard_again_and_again_is_told_with_something_else(void **state)
{
    struct bench *bench = *state;
    struct listener listener;

    bench_enrol(bench, DEVICE, "pulse-oximeter");
    heard(bench);
    look(bench);
    listen_to(bench, &listener);
    now_of(bench)->heard.utc_ms += WARD_BUS_LAST_SEEN_STEP_MS - 1;
    look(bench);
    battery(bench);
    look(bench);
    WAIT_FOR(bench, listener.told[0] != '\0');
    assert_string_equal(listener.told, "LastSeen Battery ");
    sd_bus_flush_close_unref(listener.bus);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test_setup_teardown(test_whatever_changes_of_a_device_is_told, bench_set_up,
                                        bench_tear_down),
        cmocka_unit_test_setup_teardown(test_what_is_heard_again_and_again_is_told_with_something_else,
                                        bench_set_up, bench_tear_down),
    };

    return cmocka_run_group_tests(tests, NULL, NULL);
}
