/* SPDX-License-Identifier: Apache-2.0 */
/*
 * bluez-probe [ADAPTER]: the BlueZ adapter by itself, driven by lines on standard input, for the tests of the lab.
 *
 *   scan SECONDS   pair ADDRESS SECONDS [open]   cancel   forget ADDRESS   remove ADDRESS   counters
 *   add ADDRESS bonded|open ID SERIAL            a device that was enrolled in an earlier life
 *
 * Everything that the adapter tells is a line on standard output. It ends with standard input, or on SIGTERM.
 */
#include <errno.h>
#include <signal.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/epoll.h>
#include <unistd.h>

#include "io/bluez.h"

struct probe {
    sd_event *event;
    struct ward_bluez *bluez;
    char line[256];
    size_t length;
};

static const char *const step_names[] = {
    "looking",
    "discovered",
    "bonding",
    "connecting",
    "bonded",
    "reading-identity",
    "waiting-for-return",
    "waiting-for-reading",
    "paired",
    "failed",
};
static const char *const link_names[] = {"connected",     "proved",   "disconnected",
                                         "needs-pairing", "impostor", "fault"};
static const char *const radio_names[] = {"absent", "preparing", "ready", "failed"};

static void on_value(const struct ward_bluez_value *value, void *userdata)
{
    (void)userdata;
    printf("value %s %04x ", value->device->address, value->characteristic);
    for (size_t i = 0; i < value->length; i++)
        printf("%02x", value->octets[i]);
    printf(" connection=%u proved=%d enrolling=%d id=%s\n", value->connection, value->proved,
           value->enrolling, value->device->id.text);
}

static void on_link(const struct ward_bluez_link *link, void *userdata)
{
    (void)userdata;
    printf("link %s %s connection=%u gap=%d %s\n", link->device->address, link_names[link->state],
           link->connection, link->possible_gap, link->text);
}

static void on_battery(const struct ward_bluez_device *device, uint8_t percent, uint64_t receipt_us,
                       void *userdata)
{
    (void)receipt_us;
    (void)userdata;
    printf("battery %s %u\n", device->address, percent);
}

static void on_radio(enum ward_bluez_radio state, const char *reason, void *userdata)
{
    (void)userdata;
    printf("radio %s %s\n", radio_names[state], reason);
}

static void on_found(const struct ward_bluez_found *found, void *userdata)
{
    (void)userdata;
    printf("found %s paired=%d enrolled=%d name=%s services=", found->address, found->paired, found->enrolled,
           found->name);
    for (size_t i = 0; i < found->service_count; i++)
        printf("%s%04x", i ? "," : "", found->services[i]);
    printf("\n");
}

static void on_scan_ended(int error, void *userdata)
{
    (void)userdata;
    printf("scan-ended %d\n", error);
}

static void on_enrolment(const struct ward_bluez_enrolment *enrolment, void *userdata)
{
    (void)userdata;
    printf("enrolment %s %s id=%s %s\n", enrolment->address, step_names[enrolment->step],
           enrolment->device ? enrolment->device->id.text : "", enrolment->text);
}

static int on_identified(struct ward_bluez_device *device, void *userdata)
{
    (void)userdata;
    printf("identified %s serial=%s system-id=%s model=%s\n", device->address, device->identity.serial_number,
           device->identity.system_id, device->identity.model);
    if (!device->identity.serial_number[0])
        return -ENODATA;
    snprintf(device->id.text, sizeof device->id.text, "d-%.32s", device->identity.serial_number);
    return 0;
}

static void on_forgotten(const char *address, int error, void *userdata)
{
    (void)userdata;
    printf("forgotten %s %d\n", address, error);
}

static void on_recovery(const struct ward_bluez_recovering *recovering, void *userdata)
{
    static const char *const names[] = {"none", "discovery", "power", "restart", "reset"};

    (void)userdata;
    printf("recovery %s %d %s\n", names[recovering->rung], recovering->error, recovering->reason);
}

static void print_counters(const struct probe *probe)
{
    struct ward_bluez_counters c = ward_bluez_counters(probe->bluez);
    printf(
        "counters daemon_restarts=%u start_failures=%u power_losses=%u scan_failures=%u connect_retries=%u "
        "incomplete_links=%u unproved_drops=%u pairings_refused=%u subscribe_failures=%u values=%u "
        "values_unproved=%u\n",
        c.daemon_restarts, c.start_failures, c.power_losses, c.scan_failures, c.connect_retries,
        c.incomplete_links, c.unproved_drops, c.pairings_refused, c.subscribe_failures, c.values,
        c.values_unproved);
}

static int add(struct ward_bluez *bluez, char *const words[])
{
    struct ward_bluez_device device = {.security = strcmp(words[2], "open") == 0};
    snprintf(device.address, sizeof device.address, "%s", words[1]);
    snprintf(device.id.text, sizeof device.id.text, "%s", words[3]);
    snprintf(device.identity.serial_number, sizeof device.identity.serial_number, "%s", words[4]);
    return ward_bluez_add(bluez, &device);
}

static void obey(struct probe *probe, char *line)
{
    char *words[6] = {NULL}, *rest = line;
    size_t count = 0;
    int r = -EINVAL;
    while (count < 5 && (words[count] = strtok_r(rest, " ", &rest)))
        count++;
    if (count == 0)
        return;
    if (strcmp(words[0], "scan") == 0 && count == 2)
        r = ward_bluez_scan(probe->bluez, (unsigned)atoi(words[1]));
    else if (strcmp(words[0], "pair") == 0 && count >= 3)
        r = ward_bluez_pair(probe->bluez, words[1], count == 4 ? WARD_BLUEZ_OPEN : WARD_BLUEZ_BONDED,
                            (unsigned)atoi(words[2]));
    else if (strcmp(words[0], "cancel") == 0)
        r = ward_bluez_pair_cancel(probe->bluez);
    else if (strcmp(words[0], "forget") == 0 && count == 2)
        r = ward_bluez_forget(probe->bluez, words[1]);
    else if (strcmp(words[0], "remove") == 0 && count == 2)
        r = ward_bluez_remove(probe->bluez, words[1]);
    else if (strcmp(words[0], "add") == 0 && count == 5)
        r = add(probe->bluez, words);
    else if (strcmp(words[0], "counters") == 0) {
        print_counters(probe);
        r = 0;
    }
    printf("answer %s %d\n", words[0], r);
}

static int on_input(sd_event_source *source, int fd, uint32_t revents, void *userdata)
{
    struct probe *probe = userdata;
    char octet;
    (void)source;
    (void)revents;
    if (read(fd, &octet, 1) <= 0)
        return sd_event_exit(probe->event, 0);
    if (octet != '\n') {
        if (probe->length + 1 < sizeof probe->line)
            probe->line[probe->length++] = octet;
        return 0;
    }
    probe->line[probe->length] = '\0';
    probe->length = 0;
    obey(probe, probe->line);
    return 0;
}

int main(int argc, char **argv)
{
    static const char *const services[] = {"180d", "1810", "1822", NULL};
    static const char *const characteristics[] = {"2a37", "2a35", "2a36", "2a5e", "2a5f", NULL};
    static const struct ward_bluez_listener listener = {
        on_value,      on_link,      on_battery,    on_radio,     on_found,
        on_scan_ended, on_enrolment, on_identified, on_forgotten, on_recovery};
    struct ward_bluez_options options = {argc > 1 ? argv[1] : "hci0", services, characteristics, NULL};
    struct probe probe = {0};
    sd_bus *bus = NULL;
    sigset_t signals;

    setvbuf(stdout, NULL, _IOLBF, 0);
    sigemptyset(&signals);
    sigaddset(&signals, SIGTERM);
    sigprocmask(SIG_BLOCK, &signals, NULL);
    int r = sd_event_default(&probe.event);
    if (r >= 0)
        r = sd_bus_open_system(&bus);
    if (r >= 0)
        r = sd_bus_attach_event(bus, probe.event, SD_EVENT_PRIORITY_NORMAL);
    if (r >= 0)
        r = sd_event_add_signal(probe.event, NULL, SIGTERM, NULL, NULL);
    if (r >= 0)
        r = sd_event_add_io(probe.event, NULL, STDIN_FILENO, EPOLLIN, on_input, &probe);
    if (r >= 0)
        r = ward_bluez_new(&probe.bluez, probe.event, bus, &options, &listener, &probe);
    if (r >= 0)
        r = sd_event_loop(probe.event);
    ward_bluez_free(probe.bluez);
    sd_bus_flush_close_unref(bus);
    sd_event_unref(probe.event);
    if (r < 0)
        fprintf(stderr, "bluez-probe: %s\n", strerror(-r));
    return r < 0 ? EXIT_FAILURE : EXIT_SUCCESS;
}
