/* SPDX-License-Identifier: Apache-2.0 */
/*
 * The recovery ladder with hands: what goes wrong becomes a trouble of the machine in bluez_recovery.c, and the rung
 * that it answers with is taken here.
 *
 * bluetoothd is looked at every 10 s. While the radio is ready it is asked for its adapter, which it answers at once
 * or hangs; while it, or the adapter, is away, that is told to the machine again.
 *
 * In a discovery everything that bluetoothd tells of any device is a sound.
 *
 * The upper two rungs need more rights than this process has: they are requested by a file, which a unit of root's
 * watches for (systemd/wardgate-recover-*.path) and carries out, at its own limited rate.
 */
#include "io/bluez_internal.h"

#include <errno.h>
#include <fcntl.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#define LOOK_US   (10 * UINT64_C(1000000))
#define ANSWER_US (20 * UINT64_C(1000000)) /* bluetoothd may be slow on a busy board; it never is that slow */
#define LISTEN_US (10 * UINT64_C(1000000))

static void tell(struct ward_bluez *bluez, enum ward_bluez_rung rung, const char *reason, int error)
{
    const struct ward_bluez_recovering recovering = {.rung = rung, .reason = reason, .error = error};
    bluez->listener.recovery(&recovering, bluez->userdata);
}

/* A file that is there still was not carried out yet: it is the same request. */
static int request(const struct ward_bluez *bluez, const char *what, const char *reason)
{
    if (!bluez->ladder.directory)
        return -ENOENT;
    int directory = open(bluez->ladder.directory, O_RDONLY | O_DIRECTORY | O_CLOEXEC);
    if (directory < 0)
        return -errno;
    int file = openat(directory, what, O_WRONLY | O_CREAT | O_TRUNC | O_NOFOLLOW | O_CLOEXEC, 0644);
    int r = file < 0 ? -errno : 0;
    if (file >= 0) {
        (void)!write(file, reason,
                     strlen(reason)); /* that it is there is the request, the reason is for people */
        (void)close(file);
    }
    (void)close(directory);
    return r;
}

static int take(struct ward_bluez *bluez, enum ward_bluez_rung rung, const char *reason)
{
    switch (rung) {
    case WARD_BLUEZ_RUNG_DISCOVERY: ward_bluez_discovery_restart(bluez); return 0;
    case WARD_BLUEZ_RUNG_POWER: ward_bluez_start_power_cycle(bluez); return 0;
    case WARD_BLUEZ_RUNG_RESTART: return request(bluez, "bluetooth-restart", reason);
    case WARD_BLUEZ_RUNG_RESET: return request(bluez, "usb-reset", reason);
    case WARD_BLUEZ_RUNG_NONE:
    case WARD_BLUEZ_RUNG_COUNT: break;
    }
    return 0;
}

static int on_quiet(sd_event_source *source, uint64_t usec, void *userdata)
{
    struct ward_bluez *bluez = userdata;
    (void)source;
    (void)usec;
    if (ward_bluez_recovery_tick(&bluez->ladder.machine, ward_bluez_now()))
        tell(bluez, WARD_BLUEZ_RUNG_NONE, "", 0);
    return 0;
}

static void await_quiet(struct ward_bluez *bluez)
{
    bluez->ladder.quiet = sd_event_source_disable_unref(bluez->ladder.quiet);
    (void)sd_event_add_time(bluez->event, &bluez->ladder.quiet, CLOCK_BOOTTIME,
                            ward_bluez_recovery_due_us(&bluez->ladder.machine), 0, on_quiet, bluez);
}

void ward_bluez_ladder_trouble(struct ward_bluez *bluez, enum ward_bluez_trouble trouble, const char *reason)
{
    enum ward_bluez_rung rung =
        ward_bluez_recovery_trouble(&bluez->ladder.machine, trouble, ward_bluez_now());
    await_quiet(bluez);
    if (rung != WARD_BLUEZ_RUNG_NONE)
        tell(bluez, rung, reason, take(bluez, rung, reason));
}

/* --- is bluetoothd there? ------------------------------------------------------------------------------------------ */

static void on_answer(struct ward_bluez *bluez, const char *path, sd_bus_message *reply)
{
    static const char hangs[] = "The Bluetooth service does not answer.";
    const char *error = ward_bluez_error_of(reply);
    struct ward_bluez_adapter_facts facts;
    bluez->ladder.asking = false;
    if (error && strcmp(error, SD_BUS_ERROR_NO_REPLY) == 0) {
        ward_bluez_start_lost(bluez, WARD_BLUEZ_RADIO_FAILED, hangs);
        ward_bluez_ladder_trouble(bluez, WARD_BLUEZ_TROUBLE_HANGS, hangs);
    } else if (!error && ward_bluez_read_adapter(reply, &facts) >= 0) {
        ward_bluez_start_adapter(bluez, path, &facts);
    }
}

static void ask(struct ward_bluez *bluez)
{
    struct ward_bluez_request request = {
        bluez->adapter, WARD_BLUEZ_PROPERTIES, "GetAll", ANSWER_US, on_answer, NULL};
    if (!bluez->ladder.asking && ward_bluez_call(bluez, &request, "s", WARD_BLUEZ_ADAPTER) >= 0)
        bluez->ladder.asking = true;
}

static int on_look(sd_event_source *source, uint64_t usec, void *userdata)
{
    struct ward_bluez *bluez = userdata;
    (void)usec;
    (void)sd_event_source_set_time_relative(source, LOOK_US);
    (void)sd_event_source_set_enabled(source, SD_EVENT_ONESHOT);
    if (bluez->start == WARD_BLUEZ_START_READY)
        ask(bluez);
    else if (bluez->start == WARD_BLUEZ_START_WAITING && bluez->serves)
        ward_bluez_ladder_trouble(bluez, WARD_BLUEZ_TROUBLE_NO_ADAPTER, "There is no Bluetooth adapter.");
    else if (bluez->start == WARD_BLUEZ_START_WAITING)
        ward_bluez_ladder_trouble(bluez, WARD_BLUEZ_TROUBLE_NO_SERVICE,
                                  "The Bluetooth service is not running.");
    return 0;
}

/* --- is anything heard? -------------------------------------------------------------------------------------------- */

static int on_silent(sd_event_source *source, uint64_t usec, void *userdata)
{
    struct ward_bluez *bluez = userdata;
    (void)source;
    (void)usec;
    bluez->ladder.listen = sd_event_source_disable_unref(bluez->ladder.listen);
    bluez->ladder.silent = true;
    ward_bluez_ladder_trouble(bluez, WARD_BLUEZ_TROUBLE_SILENT, "Nothing is heard in a discovery.");
    return 0;
}

void ward_bluez_ladder_listen(struct ward_bluez *bluez)
{
    if (bluez->ladder.silent)
        return; /* started again, by the ladder itself */
    bluez->ladder.heard = false;
    bluez->ladder.listen = sd_event_source_disable_unref(bluez->ladder.listen);
    (void)sd_event_add_time_relative(bluez->event, &bluez->ladder.listen, CLOCK_BOOTTIME, LISTEN_US, 0,
                                     on_silent, bluez);
}

void ward_bluez_ladder_heard(struct ward_bluez *bluez)
{
    bluez->ladder.heard = true;
    bluez->ladder.listen = sd_event_source_disable_unref(bluez->ladder.listen);
    if (ward_bluez_recovery_heard(&bluez->ladder.machine))
        tell(bluez, WARD_BLUEZ_RUNG_NONE, "", 0);
}

void ward_bluez_ladder_deafened(struct ward_bluez *bluez)
{
    bluez->ladder.listen = sd_event_source_disable_unref(bluez->ladder.listen);
    bluez->ladder.silent = false;
    bluez->ladder.asking = false; /* every call was dropped */
}

static int on_deaf(sd_event_source *source, uint64_t usec, void *userdata)
{
    struct ward_bluez *bluez = userdata;
    (void)source;
    (void)usec;
    bluez->ladder.listen = sd_event_source_disable_unref(bluez->ladder.listen);
    ward_bluez_ladder_trouble(bluez, WARD_BLUEZ_TROUBLE_DEAF, "A whole discovery has heard nothing.");
    return 0;
}

void ward_bluez_ladder_listened(struct ward_bluez *bluez)
{
    bool deaf = bluez->ladder.silent && !bluez->ladder.heard;
    bluez->ladder.listen = sd_event_source_disable_unref(bluez->ladder.listen);
    bluez->ladder.silent = false;
    if (deaf) /* when whoever ends the discovery is through with that: the radio may go off */
        (void)sd_event_add_time_relative(bluez->event, &bluez->ladder.listen, CLOCK_BOOTTIME, 0, 0, on_deaf,
                                         bluez);
}

int ward_bluez_ladder_begin(struct ward_bluez *bluez)
{
    return sd_event_add_time_relative(bluez->event, &bluez->ladder.look, CLOCK_BOOTTIME, LOOK_US, 0, on_look,
                                      bluez);
}

void ward_bluez_ladder_done(struct ward_bluez *bluez)
{
    sd_event_source_disable_unref(bluez->ladder.look);
    sd_event_source_disable_unref(bluez->ladder.listen);
    sd_event_source_disable_unref(bluez->ladder.quiet);
    free(bluez->ladder.directory);
}
