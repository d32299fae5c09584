/* SPDX-License-Identifier: Apache-2.0 */
/*
 * wardgate-wearable: plays a script as a GATT peripheral on one BlueZ adapter.
 */
#include <errno.h>
#include <getopt.h>
#include <signal.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <systemd/sd-bus.h>
#include <systemd/sd-event.h>
#include <time.h>

#include "wearable/bluez/advertisement.h"
#include "wearable/bluez/options.h"
#include "wearable/bluez/peripheral.h"
#include "wearable/bluez/server.h"
#include "wearable/core/player.h"

struct wearable {
    sd_event *event;
    sd_bus *bus;
    sd_event_source *timer;
    struct ward_server *server;
    struct ward_peripheral *peripheral;
    struct ward_advertisement *advertisement;
    struct ward_player player;
    uint64_t began_us;
    bool ready;
};

static uint64_t now_us(const struct wearable *wearable)
{
    uint64_t now = 0;

    sd_event_now(wearable->event, CLOCK_BOOTTIME, &now);
    return now;
}

/*
 * One line per thing done, as a record of what really went out: seconds since the start, line of the
 * script, what.
 */
static void say(const struct wearable *wearable, uint32_t line, const char *what)
{
    fprintf(stderr, "%8.3f  line %-3u %s\n", (double)(now_us(wearable) - wearable->began_us) / 1e6, line,
            what);
}

static void say_sent(const struct wearable *wearable, const struct ward_player_action *action, int sent)
{
    char text[2 * WARD_GATT_VALUE_MAX + 40];
    int length = snprintf(text, sizeof(text), "%s %04x:", sent > 0 ? "sent" : "nobody subscribed to",
                          action->characteristic);

    for (size_t i = 0; i < action->length; i++)
        length += snprintf(text + length, sizeof(text) - (size_t)length, "%02x", action->octets[i]);
    say(wearable, action->line, text);
}

static int carry_out(struct wearable *wearable, const struct ward_player_action *action)
{
    int r = 0;

    switch ((enum ward_player_action_kind)action->kind) {
    case WARD_ACTION_ADVERTISE_ON:
        say(wearable, action->line, "advertises");
        return ward_advertisement_set(wearable->advertisement, true);
    case WARD_ACTION_ADVERTISE_OFF:
        say(wearable, action->line, "stops advertising");
        return ward_advertisement_set(wearable->advertisement, false);
    case WARD_ACTION_DISCONNECT:
        say(wearable, action->line, "disconnects");
        return ward_peripheral_disconnect(wearable->peripheral);
    case WARD_ACTION_FORGET_BONDS:
        say(wearable, action->line, "forgets its bonds");
        return ward_peripheral_forget_bonds(wearable->peripheral);
    case WARD_ACTION_BATTERY:
    case WARD_ACTION_SEND:
        r = ward_server_send(wearable->server, action->characteristic, action->octets, action->length);
        if (r >= 0)
            say_sent(wearable, action, r);
        return r;
    }
    return -EINVAL;
}

static int on_timer(sd_event_source *source, uint64_t usec, void *userdata);

static int wake_at(struct wearable *wearable, uint64_t deadline_us)
{
    int r;

    if (deadline_us == WARD_PLAYER_NEVER)
        return sd_event_source_set_enabled(wearable->timer, SD_EVENT_OFF);
    r = sd_event_source_set_time(wearable->timer, deadline_us);
    return r < 0 ? r : sd_event_source_set_enabled(wearable->timer, SD_EVENT_ONESHOT);
}

/* Plays what is due; an error ends the program with it. */
static void play(struct wearable *wearable)
{
    int r = 0;

    while (wearable->ready && r >= 0) {
        struct ward_player_action action;
        uint64_t deadline_us = WARD_PLAYER_NEVER;

        switch (ward_player_step(&wearable->player, now_us(wearable), &action, &deadline_us)) {
        case WARD_PLAYER_ACTION: r = carry_out(wearable, &action); break;
        case WARD_PLAYER_WAIT:
            r = wake_at(wearable, deadline_us);
            if (r >= 0)
                return;
            break;
        case WARD_PLAYER_DONE: sd_event_exit(wearable->event, 0); return;
        }
    }
    if (r < 0) {
        fprintf(stderr, "wardgate-wearable: %s\n", strerror(-r));
        sd_event_exit(wearable->event, r);
    }
}

static int on_timer(sd_event_source *source, uint64_t usec, void *userdata)
{
    (void)source, (void)usec;
    play(userdata);
    return 0;
}

static void on_ready(void *userdata)
{
    struct wearable *wearable = userdata;
    int r = ward_advertisement_renew(wearable->advertisement);

    say(wearable, 0, "ready");
    if (r < 0)
        fprintf(stderr, "wardgate-wearable: cannot advertise: %s\n", strerror(-r));
    wearable->ready = true;
    play(wearable);
}

static void on_lost(void *userdata)
{
    struct wearable *wearable = userdata;

    say(wearable, 0, "the adapter is gone");
    wearable->ready = false;
    ward_server_forget_subscriptions(wearable->server);
}

static void on_connected(void *userdata, bool connected)
{
    struct wearable *wearable = userdata;

    say(wearable, 0, connected ? "connected" : "disconnected");
    ward_player_connected(&wearable->player, connected);
    play(wearable);
}

static void on_subscribed(void *userdata, uint16_t characteristic, bool subscribed)
{
    struct wearable *wearable = userdata;
    char text[40];

    snprintf(text, sizeof(text), "%s %04x", subscribed ? "subscribed to" : "unsubscribed from",
             characteristic);
    say(wearable, 0, text);
    ward_player_subscribed(&wearable->player, characteristic, subscribed);
    play(wearable);
}

static void on_confirmed(void *userdata, uint16_t characteristic)
{
    struct wearable *wearable = userdata;
    char text[40];

    snprintf(text, sizeof(text), "confirmed %04x", characteristic);
    say(wearable, 0, text);
    ward_player_confirmed(&wearable->player, characteristic);
    play(wearable);
}

/* The answer to the write goes out before what it leads to, since bluetoothd is told of both in this order. */
static void on_written(void *userdata, uint16_t characteristic, const uint8_t *octets, size_t length,
                       enum ward_att_error refusal)
{
    struct wearable *wearable = userdata;
    char text[2 * WARD_GATT_VALUE_MAX + 40];
    int used = snprintf(text, sizeof(text), "written %04x:", characteristic);

    for (size_t i = 0; i < length && i < WARD_GATT_VALUE_MAX; i++)
        used += snprintf(text + used, sizeof(text) - (size_t)used, "%02x", octets[i]);
    if (refusal != WARD_ATT_OK)
        snprintf(text + used, sizeof(text) - (size_t)used, " refused: 0x%02x", (unsigned)refusal);
    say(wearable, 0, text);
    if (wearable->ready)
        wake_at(wearable, now_us(wearable));
}

static int start_loop(struct wearable *wearable)
{
    sigset_t signals;
    int r;

    sigemptyset(&signals);
    sigaddset(&signals, SIGINT);
    sigaddset(&signals, SIGTERM);
    sigprocmask(SIG_BLOCK, &signals, NULL);
    r = sd_event_new(&wearable->event);
    if (r >= 0)
        r = sd_event_add_signal(wearable->event, NULL, SIGINT, NULL, NULL);
    if (r >= 0)
        r = sd_event_add_signal(wearable->event, NULL, SIGTERM, NULL, NULL);
    if (r >= 0)
        r = sd_event_add_time(wearable->event, &wearable->timer, CLOCK_BOOTTIME, 0, 0, on_timer, wearable);
    if (r >= 0)
        r = sd_event_source_set_enabled(wearable->timer, SD_EVENT_OFF);
    wearable->began_us = now_us(wearable);
    return r;
}

static int start_bluez(struct wearable *wearable, const struct ward_wearable_options *options)
{
    struct ward_server_events server_events = {on_subscribed, on_confirmed, on_written, wearable};
    struct ward_peripheral_events peripheral_events = {on_ready, on_lost, on_connected, wearable};
    struct ward_peripheral_options peripheral_options = {options->adapter, options->name, ward_server_path()};
    char adapter_path[80];
    int r = sd_bus_open_system(&wearable->bus);

    snprintf(adapter_path, sizeof(adapter_path), "/org/bluez/%s", options->adapter);
    if (r >= 0)
        r = sd_bus_attach_event(wearable->bus, wearable->event, SD_EVENT_PRIORITY_NORMAL);
    if (r >= 0)
        r = sd_bus_set_exit_on_disconnect(wearable->bus, true);
    if (r >= 0)
        r = ward_server_new(&wearable->server, wearable->bus, &wearable->player.device, &options->identity,
                            &server_events);
    if (r >= 0)
        r = ward_advertisement_new(&wearable->advertisement, wearable->bus, adapter_path, options->profile,
                                   options->name);
    if (r >= 0)
        r = ward_peripheral_new(&wearable->peripheral, wearable->bus, &peripheral_options,
                                &peripheral_events);
    return r;
}

static void stop(struct wearable *wearable)
{
    ward_peripheral_free(wearable->peripheral);
    ward_advertisement_free(wearable->advertisement);
    ward_server_free(wearable->server);
    sd_bus_flush_close_unref(wearable->bus);
    sd_event_source_disable_unref(wearable->timer);
    sd_event_unref(wearable->event);
}

/* The wearable's clock is right, until its script says otherwise: local time, as people set their devices to. */
static void set_clock(struct wearable *wearable)
{
    time_t now = time(NULL);
    struct tm local;

    if (!localtime_r(&now, &local))
        return;

    const struct ward_device_time device_time = {
        .year = (uint16_t)(local.tm_year + 1900),
        .month = (uint8_t)(local.tm_mon + 1),
        .day = (uint8_t)local.tm_mday,
        .hour = (uint8_t)local.tm_hour,
        .minute = (uint8_t)local.tm_min,
        .second = (uint8_t)(local.tm_sec > 59 ? 59 : local.tm_sec),
        .present = true,
    };

    ward_wearable_clock_set(&wearable->player.device.clock, &device_time, wearable->began_us);
}

int main(int argc, char **argv)
{
    static struct ward_script script;
    struct ward_wearable_options options;
    static struct wearable wearable;
    int r;

    setvbuf(stderr, NULL, _IOLBF, 0);
    switch (ward_wearable_options_parse(&options, &script, argc, argv)) {
    case WARD_OPTIONS_RUN: break;
    case WARD_OPTIONS_DONE: return EXIT_SUCCESS;
    case WARD_OPTIONS_WRONG: return 2;
    }
    ward_player_init(&wearable.player, &script);
    r = start_loop(&wearable);
    set_clock(&wearable);
    if (r >= 0)
        r = start_bluez(&wearable, &options);
    if (r < 0)
        fprintf(stderr, "wardgate-wearable: cannot start: %s\n", strerror(-r));
    else
        r = sd_event_loop(wearable.event);
    stop(&wearable);
    return r < 0 ? EXIT_FAILURE : EXIT_SUCCESS;
}
