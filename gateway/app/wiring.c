/* SPDX-License-Identifier: Apache-2.0 */
/*
 * How the parts of the gateway are made, joined and taken apart. The order matters at both ends: everything that
 * catches a reading stands before the radio goes on, and the radio goes off before any of it is taken away.
 */
#include <errno.h>
#include <libgen.h>
#include <pwd.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/epoll.h>

#include "app/documents.h"
#include "app/gateway.h"
#include "app/listeners.h"
#include "app/restore.h"
#include "core/model.h"
#include "io/journal.h"
#include "io/numbers.h"

#define TESTAMENT_MAX   4096
#define PASSWD_TEXT_MAX 4096
/* 2025-11-01T00:00:00Z: no clock that shows less can be right, since this program did not exist. */
#define CLOCK_FLOOR_MS INT64_C(1761955200000)

static int store_readable(sd_event_source *source, int fd, uint32_t events, void *userdata)
{
    struct ward_gateway *gateway = userdata;

    (void)source;
    (void)fd;
    (void)events;
    ward_store_dispatch(gateway->store);
    ward_gateway_settle(gateway);
    return 0;
}

/* --- making --------------------------------------------------------------------------------------------------- */

/* Logs what failed, and hands the error on. */
static int failed(int result, const char *what)
{
    if (result < 0)
        ward_journal_print(LOG_ERR, "%s: %s", what, strerror(-result));
    return result;
}

static int start_store(struct ward_gateway *gateway)
{
    const struct ward_store_options options = {.path = gateway->config.store.path,
                                               .commit_window_ms = gateway->config.store.commit_window_ms,
                                               .quota_octets = gateway->config.store.quota_octets,
                                               .ballast_octets = gateway->config.store.ballast_octets,
                                               .listener = ward_commits_listener(gateway)};
    struct ward_store_snapshot *snapshot = NULL;
    char error[WARD_STORE_TEXT_MAX];
    int result;

    ward_outbox_init(&gateway->outbox, gateway);
    result = ward_store_open(&options, &gateway->store, &snapshot, error);
    if (result < 0) {
        ward_journal_print(LOG_ERR, "%s: %s", gateway->config.store.path, error);
        return result;
    }
    if (snapshot)
        ward_restore(gateway, snapshot);
    else
        ward_restore_nothing(gateway);
    ward_store_snapshot_free(snapshot);
    return sd_event_add_io(gateway->event, &gateway->store_source, ward_store_fd(gateway->store), EPOLLIN,
                           store_readable, gateway);
}

/* The two testaments are signed now, because when they are published the core cannot be asked. */
static int leave_testaments(struct ward_gateway *gateway)
{
    char text[TESTAMENT_MAX], topic[WARD_TOPIC_MAX + 1], signature[WARD_SIGNATURE_MAX + 1];
    int result = 0;

    for (unsigned silent = 0; silent <= 1 && result >= 0; silent++) {
        struct ward_message message = {.message_class = WARD_MESSAGE_STATE,
                                       .qos = 1,
                                       .retain = true,
                                       .topic = topic,
                                       .payload = (const uint8_t *)text};

        message.payload_length = ward_documents_testament(gateway, silent == 1, text, sizeof(text));
        if (message.payload_length == 0 ||
            ward_topic_write(WARD_TOPIC_STATE, gateway->config.gateway.site, gateway->config.gateway.id, NULL,
                             topic) == 0 ||
            !ward_outbox_sign(&gateway->outbox, &message, NULL, signature))
            return -EINVAL;
        result = ward_spool_testament(gateway->spool, silent ? WARD_TESTAMENT_SILENT : WARD_TESTAMENT_WILL,
                                      &message);
    }
    return result;
}

static int start_spool(struct ward_gateway *gateway)
{
    const char *name = gateway->config.spool.uplink_user;
    char text[PASSWD_TEXT_MAX];
    struct passwd entry, *user = NULL;
    struct ward_spool_options options = {.event = gateway->event,
                                         .path = gateway->config.spool.socket,
                                         .listener = &ward_spool_events,
                                         .userdata = gateway};
    int result;

    if (getpwnam_r(name, &entry, text, sizeof(text), &user) != 0 || !user) {
        ward_journal_print_matter(LOG_ERR, WARD_JOURNAL_CONFIGURATION,
                                  "[spool] uplink_user: there is no user %s", name);
        return -ENOENT;
    }
    options.peer_uid = user->pw_uid;
    result = ward_spool_new(&gateway->spool, &options);
    return result < 0 ? result : leave_testaments(gateway);
}

/* The UUIDs of the models, as the adapter takes them: texts, ended by NULL. */
struct uuid_list {
    char texts[WARD_MODEL_UUIDS_MAX][WARD_BLUEZ_UUID_SIZE];
    const char *entries[WARD_MODEL_UUIDS_MAX + 1];
};

static void list_uuids(size_t (*names_of)(struct ward_gatt_name ret[WARD_MODEL_UUIDS_MAX]),
                       struct uuid_list *ret)
{
    struct ward_gatt_name names[WARD_MODEL_UUIDS_MAX];
    const size_t count = names_of(names);

    for (size_t i = 0; i < count; i++) {
        if (names[i].number != 0)
            snprintf(ret->texts[i], sizeof(ret->texts[i]), "%04x", names[i].number);
        else
            snprintf(ret->texts[i], sizeof(ret->texts[i]), "%s", names[i].uuid);
        ret->entries[i] = ret->texts[i];
    }
    ret->entries[count] = NULL;
}

static int start_bluez(struct ward_gateway *gateway)
{
    struct uuid_list services, characteristics;
    const struct ward_bluez_options options = {.adapter = gateway->config.bluetooth.adapter,
                                               .services = services.entries,
                                               .characteristics = characteristics.entries,
                                               .awaits_reading = true,
                                               .recovery_directory =
                                                   gateway->config.bluetooth.recovery_directory};
    int result;

    list_uuids(ward_model_service_names, &services);
    list_uuids(ward_model_subscriptions, &characteristics);
    result = ward_bluez_new(&gateway->bluez, gateway->event, gateway->system_bus, &options,
                            &ward_bluez_events, gateway);
    for (size_t i = 0; i < gateway->registry.device_count && result >= 0; i++) {
        const struct ward_bluez_device device = ward_enrolment_known(&gateway->registry.devices[i]);

        const int added = ward_bluez_add(gateway->bluez, &device);

        if (added < 0) /* its address is not told: it is as good as a name */
            ward_journal_print(LOG_ERR, "%s cannot be heard: %s", device.id.text, strerror(-added));
    }
    if (result >= 0)
        ward_gateway_tell_priorities(gateway);
    return result;
}

/*
 * The gateway's own key lies beside the database, and may be out of reach like it. Without it nothing goes up, since nobody
 * would believe it; patients are looked after all the same.
 */
static int open_signer(struct ward_gateway *gateway)
{
    char path[WARD_CONFIG_TEXT_MAX + 1];
    struct ward_crypto_error error;
    int result;

    memcpy(path, gateway->config.store.path, sizeof(path));
    result = ward_signer_new(&gateway->signer, dirname(path), &error);
    if (result < 0)
        ward_journal_print_matter(LOG_CRIT, WARD_JOURNAL_OWN_KEY, "%s", error.text);
    return result == -EBADMSG || result == -ENOMEM ? result : 0;
}

/* Without the ward's keys nothing from the ward is believed, but the patient is watched all the same. */
static void open_keyring(struct ward_gateway *gateway)
{
    struct ward_crypto_error error;

    if (gateway->config.hub.ward_keys[0] &&
        ward_keyring_new(&gateway->keyring, gateway->config.hub.ward_keys, &error) < 0)
        ward_journal_print_matter(LOG_ERR, WARD_JOURNAL_WARD_KEYS, "%s", error.text);
    gateway->technical.active[WARD_TECHNICAL_NO_WARD_KEYS] =
        gateway->config.hub.ward_keys[0] && !gateway->keyring;
}

int ward_gateway_join(struct ward_gateway *gateway)
{
    int result = 0;

    if (!gateway->signer)
        result = open_signer(gateway);
    if (result == 0 && gateway->signer && !gateway->spool)
        result = failed(start_spool(gateway), gateway->config.spool.socket);
    return result;
}

static int start_radio(struct ward_gateway *gateway)
{
    int result = failed(start_bluez(gateway), "The way to Bluetooth");

    if (result >= 0)
        ward_firmware_check_all(gateway);
    return result;
}

void ward_gateway_opened(struct ward_gateway *gateway, const struct ward_store_snapshot *snapshot)
{
    int result;

    ward_restore(gateway, snapshot);
    /* What the broker keeps, receipt and plans, may have come while nothing could be made of it. */
    if (gateway->spool)
        ward_spool_listen(gateway->spool);
    gateway->radio_off_us = ward_gateway_now(gateway).boot_us;
    (void)ward_gateway_join(gateway);
    if ((result = start_radio(gateway)) < 0) /* as at the start: the next process may have more luck */
        (void)sd_event_exit(gateway->event, result);
}

static void note_sound_helper(void *userdata, const char *text)
{
    (void)userdata;
    ward_journal_print_matter(LOG_WARNING, WARD_JOURNAL_SOUND_FAILS, "The sound helper %s", text);
}

/* Without it an alarm is told all the same. */
static void open_numbers(struct ward_gateway *gateway)
{
    (void)failed(ward_numbers_open(&gateway->numbers, gateway->config.alarm.numbers),
                 gateway->config.alarm.numbers);
}

/*
 * Without the bus no device is heard, and a connection that has ended does not come back: neither do what we own and
 * export there. The next process begins anew, and goes on with the deadlines of this one.
 */
static int on_bus_lost(sd_bus_message *message, void *userdata, sd_bus_error *error)
{
    struct ward_gateway *gateway = userdata;

    (void)message;
    (void)error;
    ward_journal_print(LOG_CRIT,
                       "The system bus has ended the connection: no device is heard. Starting anew");
    return sd_event_exit(gateway->event, -ECONNRESET);
}

static int open_system_bus(struct ward_gateway *gateway)
{
    int result = sd_bus_open_system(&gateway->system_bus);

    if (result >= 0)
        result = sd_bus_attach_event(gateway->system_bus, gateway->event, SD_EVENT_PRIORITY_NORMAL);
    if (result >= 0)
        result = sd_bus_match_signal(gateway->system_bus, NULL, "org.freedesktop.DBus.Local",
                                     "/org/freedesktop/DBus/Local", "org.freedesktop.DBus.Local",
                                     "Disconnected", on_bus_lost, gateway);
    return failed(result, "The system bus");
}

static int start_parts(struct ward_gateway *gateway)
{
    const struct ward_config *config = &gateway->config;
    const struct ward_clock_options clock = {
        .floor_ms = CLOCK_FLOOR_MS, .jumped = ward_clock_event, .userdata = gateway};
    const struct ward_annunciator_options annunciator = {.led_directory = config->alarm.led_directory,
                                                         .leds = config->alarm.leds,
                                                         .sound_command = config->alarm.sound_command,
                                                         .patient_text = config->alarm.patient_text,
                                                         .complained = note_sound_helper};
    int result;

    open_numbers(gateway);
    if ((result = failed(ward_clock_boot_id(&gateway->boot), "The kernel's boot id")) < 0 ||
        (result = failed(ward_clock_new(&gateway->clock, gateway->event, &clock), "The clock")) < 0 ||
        (result = failed(sd_event_add_time(gateway->event, &gateway->timer, CLOCK_BOOTTIME, UINT64_MAX, 0,
                                           ward_gateway_timer_due, gateway),
                         "The timer")) < 0 ||
        (result = failed(ward_annunciator_new(&gateway->annunciator, gateway->event, &annunciator),
                         "The annunciator")) < 0 ||
        (config->alarm.silence_button[0] &&
         (result = failed(ward_button_new(&gateway->button, gateway->event, config->alarm.silence_button,
                                          ward_button_event, gateway),
                          config->alarm.silence_button)) < 0) ||
        (result = open_signer(gateway)) < 0 ||
        (result = failed(ward_inbox_init(&gateway->inbox), "The inbox")) < 0 ||
        (result = open_system_bus(gateway)) < 0 ||
        (result = failed(ward_bus_new(&gateway->bus, gateway->system_bus, ward_api_call, gateway),
                         "The name org.wardgate on the system bus")) < 0)
        return result;
    ward_bus_audit(gateway->bus, ward_audit_deed);
    gateway->started_us = gateway->radio_off_us = ward_gateway_now(gateway).boot_us;
    open_keyring(gateway);
    gateway->technical.active[WARD_TECHNICAL_DELIVERY_UNPROVEN] =
        config->hub.host[0] && config->hub.confirm == WARD_CONFIRM_BROKER;
    if ((result = failed(start_store(gateway), "The database")) < 0 ||
        (result = ward_gateway_join(gateway)) < 0 ||
        (gateway->restored && (result = start_radio(gateway)) < 0))
        return result;
    ward_gateway_settle(gateway);
    return 0;
}

int ward_gateway_new(struct ward_gateway **ret, const struct ward_config *config, sd_event *event)
{
    struct ward_gateway *gateway = calloc(1, sizeof(*gateway));
    int result;

    if (!gateway)
        return -ENOMEM;
    gateway->config = *config;
    gateway->event = sd_event_ref(event);
    gateway->waiters_end = &gateway->waiters;
    gateway->present = calloc(WARD_PRESENT_MAX, sizeof(*gateway->present));
    result = gateway->present ? start_parts(gateway) : -ENOMEM;
    if (result < 0) {
        ward_gateway_free(gateway);
        return result;
    }
    *ret = gateway;
    return 0;
}

struct ward_gateway *ward_gateway_free(struct ward_gateway *gateway)
{
    if (!gateway)
        return NULL;
    ward_talk_done(gateway);
    ward_rotation_done(gateway);
    gateway->bluez = ward_bluez_free(gateway->bluez); /* the radio goes off first */
    if (gateway->store) {
        ward_pipeline_done(gateway);
        ward_chronicle_end(gateway);
        sd_event_source_unref(gateway->store_source);
        gateway->store = ward_store_free(gateway->store);
        ward_commits_done(gateway);
        ward_outbox_done(&gateway->outbox);
    }
    gateway->spool = ward_spool_free(gateway->spool);
    gateway->bus = ward_bus_free(gateway->bus);
    while (gateway->watch_count > 0)
        ward_watch_free(gateway->watches[--gateway->watch_count]);
    ward_trial_done(&gateway->trial);
    ward_known_done(&gateway->known);
    ward_recollection_done(&gateway->recollections);
    ward_departures_done(&gateway->departures);
    gateway->button = ward_button_free(gateway->button);
    gateway->annunciator = ward_annunciator_free(gateway->annunciator);
    gateway->numbers = ward_numbers_free(gateway->numbers);
    ward_inbox_done(&gateway->inbox);
    ward_settled_forget(&gateway->settled);
    gateway->keyring = ward_keyring_free(gateway->keyring);
    gateway->signer = ward_signer_free(gateway->signer);
    sd_event_source_unref(gateway->timer);
    gateway->clock = ward_clock_free(gateway->clock);
    sd_bus_flush_close_unref(gateway->system_bus);
    sd_event_unref(gateway->event);
    free(gateway->present);
    free(gateway);
    return NULL;
}
