/* SPDX-License-Identifier: Apache-2.0 */
/*
 * bluez-probe [ADAPTER [CONNECTIONS]]: the BlueZ adapter by itself, driven by lines on standard input, for the tests of
 * the lab.
 *
 *   scan SECONDS   pair ADDRESS SECONDS [open|by-address]   cancel   forget ADDRESS   remove ADDRESS   counters
 *   add ADDRESS bonded|open|by-address ID SERIAL            a device that was enrolled in an earlier life (SERIAL may be
 *                                                           -, for none)
 *   has ADDRESS SERVICE CHARACTERISTIC   read ADDRESS SERVICE CHARACTERISTIC   write ADDRESS SERVICE CHARACTERISTIC HEX
 *   disconnect ADDRESS   rest ADDRESS SECONDS   priority ADDRESS N
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
#include "ward/gatt.h"

#define WORDS_MAX        5
#define BERRYMED_SERVICE "49535343-fe7d-4ae5-8fa9-9fafd205e455"
#define BERRYMED_NOTIFY  "49535343-1e4d-4bd9-ba61-23c647249616"

struct probe {
    sd_event *event;
    struct ward_bluez *bluez;
    char line[1200];
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
static const char *const link_names[] = {"connected",     "proved",   "resolved", "disconnected",
                                         "needs-pairing", "impostor", "resting",  "fault"};
static const char *const radio_names[] = {"absent", "preparing", "ready", "failed"};

static void on_value(const struct ward_bluez_value *value, void *userdata)
{
    (void)userdata;
    printf("value %s %04x ", value->device->address, value->characteristic);
    if (!value->service)
        printf("(%s) ", value->service_uuid);
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
    for (size_t i = 0; i < found->vendor_count; i++)
        printf(" vendor=%s", found->vendors[i]);
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
    device->presence = WARD_BLUEZ_ALWAYS;
    if (device->security == WARD_BLUEZ_OPEN_BY_ADDRESS)
        snprintf(device->id.text, sizeof device->id.text, "d-by-address");
    else if (!device->identity.serial_number[0])
        return -ENODATA;
    else
        snprintf(device->id.text, sizeof device->id.text, "d-%.32s", device->identity.serial_number);
    return 0;
}

static void print_answer(const char *what, const struct ward_bluez_answer *answer)
{
    printf("%s %s %.8s %.8s error=%d att=%02x connection=%u ", what, answer->device->address,
           answer->service_uuid, answer->uuid, answer->error, answer->att_error, answer->connection);
    for (size_t i = 0; i < answer->length; i++)
        printf("%02x", answer->octets[i]);
    printf(" %s\n", answer->text);
}

static void on_read_done(const struct ward_bluez_answer *answer, void *userdata)
{
    (void)userdata;
    print_answer("read-done", answer);
}

static void on_write_done(const struct ward_bluez_answer *answer, void *userdata)
{
    (void)userdata;
    print_answer("write-done", answer);
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
        "values_unproved=%u request_failures=%u rests_for_slots=%u recalls=%u\n",
        c.daemon_restarts, c.start_failures, c.power_losses, c.scan_failures, c.connect_retries,
        c.incomplete_links, c.unproved_drops, c.pairings_refused, c.subscribe_failures, c.values,
        c.values_unproved, c.request_failures, c.rests_for_slots, c.recalls);
}

static enum ward_bluez_security security_of(const char *word)
{
    if (word && strcmp(word, "open") == 0)
        return WARD_BLUEZ_OPEN;
    return word && strcmp(word, "by-address") == 0 ? WARD_BLUEZ_OPEN_BY_ADDRESS : WARD_BLUEZ_BONDED;
}

static int do_scan(struct ward_bluez *bluez, char *const words[])
{
    return ward_bluez_scan(bluez, (unsigned)atoi(words[1]));
}

static int do_pair(struct ward_bluez *bluez, char *const words[])
{
    return ward_bluez_pair(bluez, words[1], security_of(words[3]), (unsigned)atoi(words[2]));
}

static int do_cancel(struct ward_bluez *bluez, char *const words[])
{
    (void)words;
    return ward_bluez_pair_cancel(bluez);
}

static int do_forget(struct ward_bluez *bluez, char *const words[])
{
    return ward_bluez_forget(bluez, words[1]);
}

static int do_remove(struct ward_bluez *bluez, char *const words[])
{
    return ward_bluez_remove(bluez, words[1]);
}

static int do_add(struct ward_bluez *bluez, char *const words[])
{
    struct ward_bluez_device device = {.security = (uint8_t)security_of(words[2]),
                                       .presence = WARD_BLUEZ_ALWAYS};
    snprintf(device.address, sizeof device.address, "%s", words[1]);
    snprintf(device.id.text, sizeof device.id.text, "%s", words[3]);
    if (strcmp(words[4], "-") != 0)
        snprintf(device.identity.serial_number, sizeof device.identity.serial_number, "%s", words[4]);
    return ward_bluez_add(bluez, &device);
}

static int do_has(struct ward_bluez *bluez, char *const words[])
{
    return ward_bluez_has(bluez, words[1], words[2], words[3]);
}

static int do_read(struct ward_bluez *bluez, char *const words[])
{
    return ward_bluez_read(bluez, words[1], words[2], words[3]);
}

static int do_write(struct ward_bluez *bluez, char *const words[])
{
    uint8_t octets[WARD_GATT_VALUE_MAX];
    size_t length = 0;
    unsigned octet;
    for (const char *at = words[4]; sscanf(at, "%2x", &octet) == 1 && length < sizeof octets; at += 2)
        octets[length++] = (uint8_t)octet;
    return ward_bluez_write(bluez, words[1], words[2], words[3], octets, length);
}

static int do_disconnect(struct ward_bluez *bluez, char *const words[])
{
    return ward_bluez_disconnect_device(bluez, words[1]);
}

static int do_rest(struct ward_bluez *bluez, char *const words[])
{
    return ward_bluez_rest(bluez, words[1], (unsigned)atoi(words[2]));
}

static int do_priority(struct ward_bluez *bluez, char *const words[])
{
    return ward_bluez_set_priority(bluez, words[1], (uint8_t)atoi(words[2]));
}

static void obey(struct probe *probe, char *line)
{
    static const struct {
        const char *name;
        size_t words; /* at least, with the name */
        int (*obey)(struct ward_bluez *bluez, char *const words[]);
    } verbs[] = {
        {"scan", 2, do_scan},     {"pair", 3, do_pair}, {"cancel", 1, do_cancel},
        {"forget", 2, do_forget}, {"add", 5, do_add},   {"remove", 2, do_remove},
        {"has", 4, do_has},       {"read", 4, do_read}, {"disconnect", 2, do_disconnect},
        {"write", 5, do_write},   {"rest", 3, do_rest}, {"priority", 3, do_priority},
    };
    char *words[WORDS_MAX + 1] = {NULL}, *rest = line;
    size_t count = 0;
    int r = -EINVAL;
    while (count < WORDS_MAX && (words[count] = strtok_r(rest, " ", &rest)))
        count++;
    if (count == 0)
        return;
    for (size_t i = 0; i < sizeof verbs / sizeof verbs[0]; i++)
        if (strcmp(words[0], verbs[i].name) == 0 && count >= verbs[i].words)
            r = verbs[i].obey(probe->bluez, words);
    if (strcmp(words[0], "counters") == 0) {
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
    static const char *const services[] = {"180d", "1810", "1822", "1808", "ff12", BERRYMED_SERVICE, NULL};
    static const char *const characteristics[] = {"2a37", "2a35", "2a36", "2a5e",          "2a5f", "2a18",
                                                  "2a34", "2a52", "ff02", BERRYMED_NOTIFY, NULL};
    static const struct ward_bluez_listener listener = {
        .value = on_value,
        .link = on_link,
        .battery = on_battery,
        .radio = on_radio,
        .found = on_found,
        .scan_ended = on_scan_ended,
        .enrolment = on_enrolment,
        .identified = on_identified,
        .forgotten = on_forgotten,
        .read_done = on_read_done,
        .write_done = on_write_done,
        .recovery = on_recovery,
    };
    struct ward_bluez_options options = {.adapter = argc > 1 ? argv[1] : "hci0",
                                         .services = services,
                                         .characteristics = characteristics,
                                         .connections_max = argc > 2 ? (unsigned)atoi(argv[2]) : 0};
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
