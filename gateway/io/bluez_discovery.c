/* SPDX-License-Identifier: Apache-2.0 */
/*
 * Active discovery: only while somebody scans or an enrolment looks for its device, and always for a bounded time.
 * Otherwise the kernel waits for the known devices by itself and nothing scans.
 *
 * While Pair or Connect is out nothing is stopped: bluetoothd (5.66) has suspended the scan for it then, fails to stop
 * what is suspended, believes from then on that it still scans, and starts no scan ever again.
 *
 * StartDiscovery that answers InProgress or NotReady is stopped and started again after a second, five times; then
 * whoever wants it is told.
 */
#include "io/bluez_internal.h"

#include <errno.h>
#include <string.h>

#define RETRY_US    UINT64_C(1000000)
#define RETRIES_MAX 5

static void start(struct ward_bluez *bluez);

static void adapter_call(struct ward_bluez *bluez, const char *member,
                         void (*done)(struct ward_bluez *bluez, const char *path, sd_bus_message *reply))
{
    struct ward_bluez_request request = {bluez->adapter, WARD_BLUEZ_ADAPTER, member, 0, done, NULL};
    (void)ward_bluez_call(bluez, &request, NULL); /* unsendable: the bus is gone, and everything with it */
}

static void scan_over(struct ward_bluez *bluez, int error)
{
    bluez->discovery.scan_end = sd_event_source_disable_unref(bluez->discovery.scan_end);
    if (!bluez->discovery.scanning)
        return;
    bluez->discovery.scanning = false;
    ward_bluez_sweep(bluez);
    bluez->listener.scan_ended(error, bluez->userdata);
}

static int on_retry(sd_event_source *source, uint64_t usec, void *userdata)
{
    struct ward_bluez *bluez = userdata;
    (void)source;
    (void)usec;
    bluez->discovery.retry = sd_event_source_disable_unref(bluez->discovery.retry);
    if (bluez->discovery.scanning || bluez->discovery.enrolling)
        start(bluez);
    return 0;
}

static void on_started(struct ward_bluez *bluez, const char *path, sd_bus_message *reply)
{
    (void)path;
    bluez->discovery.starting = false;
    const char *error = ward_bluez_error_of(reply);
    if (!error) {
        bluez->discovery.failures = 0;
        bluez->discovery.running = true;
        ward_bluez_ladder_listen(bluez);
        if (!bluez->discovery.scanning && !bluez->discovery.enrolling)
            ward_bluez_discovery_want(bluez, false); /* nobody waited for it */
        return;
    }
    bool passes = strcmp(error, "InProgress") == 0 || strcmp(error, "NotReady") == 0;
    if (passes && ++bluez->discovery.failures <= RETRIES_MAX) {
        adapter_call(bluez, "StopDiscovery", NULL);
        (void)sd_event_add_time_relative(bluez->event, &bluez->discovery.retry, CLOCK_BOOTTIME, RETRY_US, 0,
                                         on_retry, bluez);
        return;
    }
    bluez->discovery.failures = 0;
    bluez->counters.scan_failures++;
    scan_over(bluez, -EIO);
    if (bluez->discovery.enrolling)
        ward_bluez_enrolment_event(bluez, WARD_BLUEZ_ENROL_LOOK_FAILED);
    ward_bluez_ladder_trouble(bluez, WARD_BLUEZ_TROUBLE_SCAN,
                              "The Bluetooth service refuses to look for devices.");
}

static void start(struct ward_bluez *bluez)
{
    if (bluez->discovery.running || bluez->discovery.starting || bluez->discovery.retry)
        return;
    bluez->discovery.starting = true;
    struct ward_bluez_request filter = {
        bluez->adapter, WARD_BLUEZ_ADAPTER, "SetDiscoveryFilter", 0, NULL, NULL};
    (void)ward_bluez_call(bluez, &filter, "a{sv}", 2, "Transport", "s", "le", "DuplicateData", "b", 1);
    adapter_call(bluez, "StartDiscovery", on_started);
}

void ward_bluez_discovery_want(struct ward_bluez *bluez, bool enrolling)
{
    bluez->discovery.enrolling = enrolling;
    if (bluez->discovery.scanning || bluez->discovery.enrolling) {
        start(bluez);
        return;
    }
    if (!bluez->discovery.running || bluez->discovery.held)
        return;
    bluez->discovery.running = false;
    adapter_call(bluez, "StopDiscovery", NULL);
    ward_bluez_ladder_listened(bluez);
}

void ward_bluez_discovery_restart(struct ward_bluez *bluez)
{
    if (!bluez->discovery.running || bluez->discovery.held)
        return;
    bluez->discovery.running = false;
    adapter_call(bluez, "StopDiscovery", NULL);
    start(bluez);
}

void ward_bluez_discovery_hold(struct ward_bluez *bluez, bool held)
{
    bluez->discovery.held = held;
    ward_bluez_discovery_want(bluez, bluez->discovery.enrolling);
}

static int on_scan_end(sd_event_source *source, uint64_t usec, void *userdata)
{
    struct ward_bluez *bluez = userdata;
    (void)source;
    (void)usec;
    scan_over(bluez, 0);
    ward_bluez_discovery_want(bluez, bluez->discovery.enrolling);
    return 0;
}

int ward_bluez_scan(struct ward_bluez *bluez, unsigned seconds)
{
    if (seconds < 1 || seconds > 300)
        return -EINVAL;
    if (bluez->start != WARD_BLUEZ_START_READY)
        return -ENETDOWN;
    if (bluez->discovery.scanning)
        return -EBUSY;
    int r = sd_event_add_time_relative(bluez->event, &bluez->discovery.scan_end, CLOCK_BOOTTIME,
                                       seconds * UINT64_C(1000000), 0, on_scan_end, bluez);
    if (r < 0)
        return r;
    bluez->discovery.scanning = true;
    for (struct ward_bluez_mirror_device *at = bluez->mirror.devices; at; at = at->next)
        at->told = 0;
    ward_bluez_refresh(bluez); /* devices that bluetoothd has seen before are told as changes only */
    start(bluez);
    return 0;
}

int ward_bluez_scan_cancel(struct ward_bluez *bluez)
{
    return bluez->discovery.scanning ? sd_event_source_set_time_relative(bluez->discovery.scan_end, 0)
                                     : -ENOENT;
}

static void tell_found(struct ward_bluez *bluez, const struct ward_bluez_mirror_device *device)
{
    struct ward_bluez_found found = {
        .address_type = device->facts.address_type,
        .rssi = device->facts.rssi,
        .paired = device->facts.paired,
        .enrolled = ward_bluez_node_find(bluez, device->facts.address) != NULL,
        .service_count = device->facts.service_count,
    };
    memcpy(found.address, device->facts.address, sizeof found.address);
    memcpy(found.name, device->facts.name, sizeof found.name);
    memcpy(found.services, device->facts.services, sizeof found.services);
    for (size_t i = 0; bluez->services[i] && found.vendor_count < WARD_BLUEZ_FOUND_VENDORS; i++)
        if ((device->facts.offered >> i & 1) && !ward_bluez_uuid_short(bluez->services[i]))
            found.vendors[found.vendor_count++] = bluez->services[i];
    bluez->listener.found(&found, bluez->userdata);
}

void ward_bluez_discovery_seen(struct ward_bluez *bluez, struct ward_bluez_mirror_device *device,
                               uint32_t changed)
{
    if (!bluez->discovery.scanning)
        return;
    const uint32_t news = WARD_BLUEZ_FACT_NAME | WARD_BLUEZ_FACT_SERVICES;
    bool heard = (changed & WARD_BLUEZ_FACT_RSSI) != 0;
    bool told = (device->told & WARD_BLUEZ_FACT_RSSI) != 0;
    if (told ? !(changed & news) : !heard)
        return; /* no news, or known from an earlier scan but not heard in this one */
    device->told |= WARD_BLUEZ_FACT_RSSI;
    tell_found(bluez, device);
}

void ward_bluez_discovery_lost(struct ward_bluez *bluez)
{
    bluez->discovery.running = bluez->discovery.starting = bluez->discovery.enrolling = false;
    bluez->discovery.held = false;
    bluez->discovery.failures = 0;
    bluez->discovery.retry = sd_event_source_disable_unref(bluez->discovery.retry);
    ward_bluez_ladder_deafened(bluez);
    scan_over(bluez, -ENETDOWN);
}

void ward_bluez_discovery_done(struct ward_bluez *bluez)
{
    sd_event_source_disable_unref(bluez->discovery.retry);
    sd_event_source_disable_unref(bluez->discovery.scan_end);
}
