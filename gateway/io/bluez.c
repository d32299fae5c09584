/* SPDX-License-Identifier: Apache-2.0 */
#include "io/bluez_internal.h"

#include <errno.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <time.h>

#define BEFORE_THE_BUS (INT64_C(10) * SD_EVENT_PRIORITY_IMPORTANT)

uint64_t ward_bluez_now(void)
{
    struct timespec now;
    clock_gettime(CLOCK_BOOTTIME, &now);
    return (uint64_t)now.tv_sec * UINT64_C(1000000) + (uint64_t)now.tv_nsec / 1000;
}

static void node_free(struct ward_bluez_node *node)
{
    sd_event_source_disable_unref(node->services);
    sd_event_source_disable_unref(node->rest_end);
    free(node);
}

struct ward_bluez_node *ward_bluez_node_new(struct ward_bluez *bluez, const struct ward_bluez_device *device)
{
    if (bluez->node_count >= WARD_BLUEZ_DEVICES_MAX)
        return NULL;
    struct ward_bluez_node *node = calloc(1, sizeof *node);
    if (!node)
        return NULL;
    node->bluez = bluez;
    node->device = *device;
    node->signal.rssi = WARD_BLUEZ_RSSI_UNKNOWN;
    node->connection = bluez->connections_before;
    node->next = bluez->nodes;
    bluez->nodes = node;
    bluez->node_count++;
    return node;
}

/* Freed by ward_bluez_reap: whoever is telling of it right now may still look at it. */
void ward_bluez_node_remove(struct ward_bluez_node *node)
{
    struct ward_bluez *bluez = node->bluez;
    for (struct ward_bluez_node **at = &bluez->nodes; *at; at = &(*at)->next)
        if (*at == node) {
            *at = node->next;
            break;
        }
    node->services = sd_event_source_disable_unref(node->services);
    node->rest_end = sd_event_source_disable_unref(node->rest_end);
    ward_bluez_requests_drop(node);
    if (node->connection > bluez->connections_before)
        bluez->connections_before = node->connection;
    node->next = bluez->removed;
    bluez->removed = node;
    bluez->node_count--;
    if (bluez->enrolment.node == node)
        bluez->enrolment.node = NULL;
}

void ward_bluez_reap(struct ward_bluez *bluez)
{
    while (bluez->removed) {
        struct ward_bluez_node *node = bluez->removed;
        bluez->removed = node->next;
        node_free(node);
    }
}

bool ward_bluez_is_ours(const struct ward_bluez *bluez, const char *path, const char *address)
{
    if (ward_bluez_node_find(bluez, address))
        return true;
    return bluez->enrolment.machine.state != WARD_BLUEZ_ENROL_CLOSED &&
           (strcmp(bluez->enrolment.address, address) == 0 || strcmp(bluez->enrolment.path, path) == 0);
}

bool ward_bluez_is_wanted(const struct ward_bluez *bluez, const char *path, const char *address)
{
    return bluez->discovery.scanning || ward_bluez_is_ours(bluez, path, address);
}

static bool keeps(const struct ward_bluez_mirror_device *device, void *userdata)
{
    return ward_bluez_is_wanted(userdata, device->path, device->facts.address);
}

void ward_bluez_sweep(struct ward_bluez *bluez)
{
    ward_bluez_mirror_sweep(&bluez->mirror, keeps, bluez);
}

void ward_bluez_path_of(const struct ward_bluez *bluez, const char *address,
                        char ret[static WARD_BLUEZ_PATH_SIZE])
{
    const struct ward_bluez_mirror_device *device = ward_bluez_mirror_find_address(&bluez->mirror, address);
    if (device) {
        strcpy(ret, device->path);
        return;
    }
    size_t length = strlen(bluez->adapter);
    memcpy(ret, bluez->adapter, length);
    snprintf(ret + length, WARD_BLUEZ_PATH_SIZE - length, "/dev_%s", address);
    for (char *at = ret + length; *at; at++)
        if (*at == ':')
            *at = '_';
}

static size_t count(const char *const *texts)
{
    size_t n = 0;
    while (texts && texts[n])
        n++;
    return n;
}

static int copy_options(struct ward_bluez *bluez, const struct ward_bluez_options *options)
{
    size_t services = count(options->services), characteristics = count(options->characteristics);
    if (services > WARD_BLUEZ_SERVICES_MAX)
        return -E2BIG;
    bluez->connections_max = options->connections_max ? options->connections_max : WARD_BLUEZ_CONNECTIONS_MAX;
    bluez->enrolment.awaits_reading = options->awaits_reading;
    bluez->services = calloc(services + 1, sizeof *bluez->services);
    bluez->characteristics = calloc(characteristics + 1, sizeof *bluez->characteristics);
    if (!bluez->services || !bluez->characteristics)
        return -ENOMEM;
    if (options->adapter && !(bluez->adapter_wanted = strdup(options->adapter)))
        return -ENOMEM;
    if (options->recovery_directory && options->recovery_directory[0] &&
        !(bluez->ladder.directory = strdup(options->recovery_directory)))
        return -ENOMEM;
    for (size_t i = 0; i < services; i++) {
        bluez->services[i] = calloc(1, WARD_BLUEZ_UUID_SIZE);
        if (!bluez->services[i])
            return -ENOMEM;
        if (!ward_bluez_uuid_normalise(options->services[i], bluez->services[i]))
            return -EINVAL;
    }
    for (size_t i = 0; i < characteristics; i++)
        if (!ward_bluez_uuid_normalise(options->characteristics[i], bluez->characteristics[i]))
            return -EINVAL;
    return 0;
}

static int on_begin(sd_event_source *source, uint64_t usec, void *userdata)
{
    struct ward_bluez *bluez = userdata;
    (void)source;
    (void)usec;
    ward_bluez_start(bluez);
    return 0;
}

/* The loop ends; the bus closes itself then, a little later than this. */
static int on_exit_of_loop(sd_event_source *source, void *userdata)
{
    (void)source;
    ward_bluez_start_power_off(userdata);
    return 0;
}

static void dismantle(struct ward_bluez *bluez)
{
    for (size_t i = 0; i < bluez->slot_count; i++)
        sd_bus_slot_unref(bluez->slots[i]);
    ward_bluez_calls_drop(bluez);
    ward_bluez_identity_drop(bluez);
    ward_bluez_discovery_done(bluez);
    ward_bluez_enrolment_done(bluez);
    sd_event_source_disable_unref(bluez->slots_due);
    sd_event_source_disable_unref(bluez->returns_due);
    ward_bluez_ladder_done(bluez);
    sd_event_source_disable_unref(bluez->restart);
    sd_event_source_disable_unref(bluez->end);
    ward_bluez_mirror_done(&bluez->mirror);
    while (bluez->nodes)
        ward_bluez_node_remove(bluez->nodes);
    ward_bluez_reap(bluez);
    for (size_t i = 0; bluez->services && bluez->services[i]; i++)
        free(bluez->services[i]);
    free(bluez->services);
    free(bluez->characteristics);
    free(bluez->adapter_wanted);
    sd_event_unref(bluez->event);
    sd_bus_unref(bluez->bus);
    free(bluez);
}

int ward_bluez_new(struct ward_bluez **ret, sd_event *event, sd_bus *bus,
                   const struct ward_bluez_options *options, const struct ward_bluez_listener *listener,
                   void *userdata)
{
    struct ward_bluez *bluez = calloc(1, sizeof *bluez);
    if (!bluez)
        return -ENOMEM;
    bluez->event = sd_event_ref(event);
    bluez->bus = sd_bus_ref(bus);
    bluez->listener = *listener;
    bluez->userdata = userdata;
    int r = copy_options(bluez, options);
    if (r >= 0)
        r = ward_bluez_signals_watch(bluez);
    if (r >= 0)
        r = ward_bluez_agent_export(bluez);
    if (r >= 0)
        r = ward_bluez_profile_export(bluez);
    if (r >= 0)
        r = sd_event_add_time_relative(event, &bluez->restart, CLOCK_BOOTTIME, 0, 0, on_begin, bluez);
    if (r >= 0)
        r = ward_bluez_ladder_begin(bluez);
    if (r >= 0)
        r = sd_event_add_exit(event, &bluez->end, on_exit_of_loop, bluez);
    if (r >= 0)
        r = sd_event_source_set_priority(bluez->end, BEFORE_THE_BUS);
    if (r < 0) {
        dismantle(bluez);
        return r;
    }
    *ret = bluez;
    return 0;
}

struct ward_bluez *ward_bluez_free(struct ward_bluez *bluez)
{
    if (!bluez)
        return NULL;
    ward_bluez_calls_drop(bluez);
    ward_bluez_start_power_off(bluez);
    dismantle(bluez);
    return NULL;
}

int ward_bluez_add(struct ward_bluez *bluez, const struct ward_bluez_device *device)
{
    struct ward_bluez_device normal = *device;
    if (!ward_bluez_address_normalise(device->address, normal.address))
        return -EINVAL;
    struct ward_bluez_node *node = ward_bluez_node_find(bluez, normal.address);
    if (node) {
        node->device = normal;
        return 0;
    }
    if (!ward_bluez_node_new(bluez, &normal))
        return -ENOSPC;
    /* What a scan has left of it in the mirror would make no news: all of it is to be told anew. */
    struct ward_bluez_mirror_device *seen = ward_bluez_mirror_find_address(&bluez->mirror, normal.address);
    if (seen && !ward_bluez_enrolment_is_of(bluez, seen))
        ward_bluez_mirror_remove(&bluez->mirror, seen->path);
    ward_bluez_refresh(bluez);
    return 0;
}

int ward_bluez_remove(struct ward_bluez *bluez, const char *address)
{
    char normal[WARD_BLUEZ_ADDRESS_SIZE];
    if (!ward_bluez_address_normalise(address, normal))
        return -EINVAL;
    struct ward_bluez_node *node = ward_bluez_node_find(bluez, normal);
    if (!node)
        return -ENOENT;
    if (bluez->enrolment.node == node)
        (void)ward_bluez_pair_cancel(bluez);
    ward_bluez_node_remove(node);
    return 0;
}

int ward_bluez_signal(const struct ward_bluez *bluez, const char *address, struct ward_bluez_signal *ret)
{
    char normal[WARD_BLUEZ_ADDRESS_SIZE];
    if (!ward_bluez_address_normalise(address, normal))
        return -EINVAL;
    const struct ward_bluez_node *node = ward_bluez_node_find(bluez, normal);
    if (!node)
        return -ENOENT;
    *ret = node->signal;
    return 0;
}

/* NULL: there is no reply any more. */
static int forget_result(sd_bus_message *reply)
{
    const char *error = reply ? ward_bluez_error_of(reply) : SD_BUS_ERROR_NO_REPLY;
    if (!error || strcmp(error, "DoesNotExist") == 0)
        return 0;
    if (strcmp(error, SD_BUS_ERROR_NO_REPLY) == 0 || strcmp(error, "NotReady") == 0)
        return -ENETDOWN;
    return -sd_bus_message_get_errno(reply);
}

static void on_forgotten(struct ward_bluez *bluez, const char *address, sd_bus_message *reply)
{
    ward_bluez_sweep(bluez);
    bluez->listener.forgotten(address, forget_result(reply), bluez->userdata);
}

void ward_bluez_forget_lost(struct ward_bluez *bluez)
{
    ward_bluez_calls_fail(bluez, on_forgotten);
}

int ward_bluez_forget(struct ward_bluez *bluez, const char *address)
{
    char normal[WARD_BLUEZ_ADDRESS_SIZE], path[WARD_BLUEZ_PATH_SIZE];
    if (!ward_bluez_address_normalise(address, normal))
        return -EINVAL;
    if (!bluez->adapter[0] || bluez->start == WARD_BLUEZ_START_WAITING)
        return -ENOTCONN;
    ward_bluez_path_of(bluez, normal, path);
    struct ward_bluez_request request = {bluez->adapter, WARD_BLUEZ_ADAPTER, "RemoveDevice", 0, on_forgotten,
                                         normal};
    int r = ward_bluez_call(bluez, &request, "o", path);
    if (r < 0)
        return r;
    (void)ward_bluez_remove(bluez, normal); /* -ENOENT: only bluetoothd knew it */
    return 0;
}

struct ward_bluez_counters ward_bluez_counters(const struct ward_bluez *bluez)
{
    struct ward_bluez_counters counters = {0};

    if (!bluez)
        return counters;
    counters = bluez->counters;
    memcpy(counters.rungs, bluez->ladder.machine.taken, sizeof counters.rungs);
    return counters;
}

enum ward_bluez_rung ward_bluez_rung(const struct ward_bluez *bluez)
{
    return bluez ? bluez->ladder.machine.rung : WARD_BLUEZ_RUNG_NONE;
}
