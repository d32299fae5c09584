/* SPDX-License-Identifier: Apache-2.0 */
#include "app/departure.h"

#include <errno.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "app/documents.h"
#include "app/gateway.h"
#include "app/order.h"
#include "app/outbox_private.h"
#include "io/journal.h"
#include "io/numbers.h"

/* What was held back at the discharge is committed by then. */
#define HOLD_US  (WARD_PIPELINE_HOLD_US + UINT64_C(1000000))
#define AGAIN_US (5 * UINT64_C(1000000))
#define MORE_MAX 2 /* changes beside that of the stage */

static uint64_t now_us(const struct ward_gateway *gateway)
{
    return ward_gateway_now(gateway).boot_us;
}

const struct ward_departure *ward_departure_of(const struct ward_gateway *gateway, const char *patient)
{
    for (size_t i = 0; i < gateway->departures.count; i++)
        if (strcmp(gateway->departures.list[i]->patient.text, patient) == 0)
            return gateway->departures.list[i];
    return NULL;
}

static struct ward_departure *by_slot(const struct ward_gateway *gateway, unsigned slot)
{
    for (size_t i = 0; i < gateway->departures.count; i++)
        if (gateway->departures.list[i]->slot == slot)
            return gateway->departures.list[i];
    return NULL;
}

static struct ward_departure *at_work(const struct ward_gateway *gateway)
{
    return by_slot(gateway, gateway->departures.working);
}

/* --- the beginning ------------------------------------------------------------------------------------------- */

static bool has_another(const struct ward_registry *registry, const char *device, const char *patient)
{
    const struct ward_store_binding *binding = NULL;

    while ((binding = ward_registry_next_binding(registry, device, binding)))
        if (strcmp(binding->patient.text, patient) != 0)
            return true;
    return false;
}

static void collect_devices(const struct ward_registry *registry, struct ward_departure *departure)
{
    for (size_t i = 0; i < registry->device_count; i++) {
        const char *device = registry->devices[i].id.text;

        if (ward_registry_is_bound(registry, device, departure->patient.text) &&
            !has_another(registry, device, departure->patient.text))
            departure->devices[departure->device_count++] = registry->devices[i].id;
    }
}

struct ward_departure *ward_departure_begin(struct ward_gateway *gateway, const struct ward_id *patient,
                                            const struct ward_id *episode, const struct ward_id *command,
                                            struct ward_departure_text *ret_text,
                                            struct ward_store_change *ret_change)
{
    struct ward_departures *departures = &gateway->departures;
    struct ward_departure *departure =
        departures->count < WARD_PATIENTS_MAX ? calloc(1, sizeof(*departure)) : NULL;

    if (!departure)
        return NULL;
    while (by_slot(gateway, departure->slot))
        departure->slot++;
    departure->patient = *patient;
    departure->episode = *episode;
    departure->command = *command;
    departure->held_us = now_us(gateway) + HOLD_US;
    collect_devices(&gateway->registry, departure);
    ret_text->text = ward_departure_write(departure);
    if (!ret_text->text) {
        free(departure);
        return NULL;
    }
    *ret_change = ward_departure_setting(departure, ret_text->text);
    departures->list[departures->count++] = departure;
    return departure;
}

/* --- what it waits for --------------------------------------------------------------------------------------- */

static bool is_held(const struct ward_gateway *gateway, const struct ward_departure *departure)
{
    return now_us(gateway) < departure->held_us;
}

static bool has_records(const struct ward_gateway *gateway, const struct ward_departure *departure)
{
    return departure->last_seq == 0 ? gateway->head_seq > 0 && is_held(gateway, departure)
                                    : gateway->outbox.delivery.through < departure->last_seq;
}

const char *ward_departure_waits_for(const struct ward_gateway *gateway,
                                     const struct ward_departure *departure, size_t index)
{
    const bool waits = departure->stage == WARD_DEPARTURE_WAITS;
    const struct {
        bool is;
        const char *text;
    } reasons[] = {
        {waits && departure->device_count > 0, "bonds of his devices"},
        {waits && !departure->emptied, "the broker, to empty his topic"},
        {waits && is_held(gateway, departure), "what was just measured"},
        {waits && has_records(gateway, departure), "the ward's receipt of his records"},
        {waits && departure->counts.undelivered_events > 0, "the ward's receipt of his alarms"},
        {waits && !gateway->outbox.past.nothing, "records of an earlier database"},
        {departure->stage == WARD_DEPARTURE_ERASES, "the disk, to erase"},
    };

    for (size_t i = 0; i < sizeof(reasons) / sizeof(reasons[0]); i++)
        if (reasons[i].is && index-- == 0)
            return reasons[i].text;
    return NULL;
}

/* --- devices ------------------------------------------------------------------------------------------------- */

static void drop_device(struct ward_departure *departure, bool forgotten)
{
    departure->device_count--;
    departure->forgotten += forgotten ? 1 : 0;
    departure->address.text[0] = '\0';
}

/* The last of the list. One that somebody has got since is his. */
static void forget_next(struct ward_gateway *gateway, struct ward_departure *departure)
{
    const char *id = departure->devices[departure->device_count - 1].text;
    const struct ward_store_device *device = ward_registry_device(&gateway->registry, id);

    if (!device || ward_registry_next_binding(&gateway->registry, id, NULL)) {
        drop_device(departure, !device);
        return;
    }
    if (!gateway->bluez || gateway->enrolment.forget_call ||
        ward_bluez_forget(gateway->bluez, device->address) < 0) {
        departure->due_us = now_us(gateway) + AGAIN_US;
        return;
    }
    snprintf(departure->address.text, sizeof(departure->address.text), "%s", device->address);
}

/* The row goes when the bond is gone: a kill between the two leaves a device that is forgotten again. */
void ward_departures_forgotten(struct ward_gateway *gateway, const char *address, int error)
{
    for (size_t i = 0; i < gateway->departures.count; i++) {
        struct ward_departure *departure = gateway->departures.list[i];
        const struct ward_store_device *device = ward_registry_device_at(&gateway->registry, address);
        struct ward_store_change change = {.kind = WARD_STORE_DEVICE_FORGOTTEN};

        if (strcmp(departure->address.text, address) != 0)
            continue;
        if (error < 0)
            ward_journal_print(LOG_WARNING, "A bond could not be removed from Bluetooth: %s",
                               strerror(-error));
        if (device) {
            change.device = *device;
            change.device.enrolled_at_ms = ward_gateway_now(gateway).utc_ms;
            ward_devices_drop(&gateway->devices, device->id.text);
            ward_recollection_drop(gateway, device->id.text);
            (void)ward_gateway_change(gateway, &change, 1, NULL);
            ward_technical_bound(gateway, change.device.id.text);
        }
        drop_device(departure, true);
        return;
    }
}

/* --- erasing ------------------------------------------------------------------------------------------------- */

static void try_later(struct ward_gateway *gateway, struct ward_departure *departure, int error)
{
    if (error != -EBUSY)
        ward_journal_print(LOG_WARNING, "What is here of an episode that ended cannot be erased now: %s",
                           strerror(-error));
    departure->due_us = now_us(gateway) + AGAIN_US;
}

static void end_work(struct ward_gateway *gateway)
{
    gateway->departures.busy = false;
    free(gateway->departures.certificate);
    gateway->departures.certificate = NULL;
}

/* Stores the stage that it has come to, with so many changes more, and then goes on. */
static void store_stage(struct ward_gateway *gateway, const struct ward_departure *departure,
                        const struct ward_store_change *more, size_t more_count,
                        void (*then)(struct ward_gateway *, bool))
{
    char *text = ward_departure_write(departure);
    struct ward_store_change changes[1 + MORE_MAX] = {ward_departure_setting(departure, text)};
    struct ward_store_group group = {.urgent = true, .changes = changes, .change_count = 1};
    struct ward_commit_waiter *waiter = text ? ward_commit_waiter_new(NULL, 0) : NULL;

    for (size_t i = 0; i < more_count; i++)
        changes[group.change_count++] = more[i];
    if (waiter) {
        waiter->then = then;
        (void)ward_gateway_submit(gateway, &group, waiter);
    } else {
        then(gateway, true);
    }
    free(text);
}

static void wiped(void *context, int error, const struct ward_store_erased *erased)
{
    struct ward_gateway *gateway = context;
    struct ward_departure *departure = at_work(gateway);

    (void)erased;
    end_work(gateway);
    if (departure && error < 0)
        try_later(gateway, departure, error);
    else if (departure)
        departure->wiped = true;
    ward_gateway_settle(gateway);
}

static void certified(struct ward_gateway *gateway, bool failed)
{
    struct ward_departure *departure = at_work(gateway);

    if (departure && failed) {
        departure->stage = WARD_DEPARTURE_ERASES;
        departure->due_us = now_us(gateway) + AGAIN_US;
    } else if (departure) {
        if (gateway->departures.certificate)
            ward_inbox_remember(&gateway->inbox, &departure->command, gateway->departures.certificate);
        ward_inbox_told(&gateway->inbox, departure->command.text, false);
        departure->patient = departure->episode = (struct ward_id){""};
    }
    end_work(gateway);
}

static void certify(struct ward_gateway *gateway, struct ward_departure *departure, uint64_t files)
{
    const struct ward_erased_message erased = {.records = departure->counts.records,
                                               .events = departure->counts.events,
                                               .bindings = departure->counts.bindings,
                                               .devices = departure->forgotten,
                                               .files = files,
                                               .last_seq = departure->last_seq,
                                               .head = gateway->head_seq ? gateway->head_chain : NULL,
                                               .head_seq = gateway->head_seq};
    const struct ward_result_message message = {
        .command = departure->command.text, .outcome = WARD_OUTCOME_DONE, .reason = "", .erased = &erased};
    char text[WARD_ANSWER_TEXT_MAX] = "";
    struct ward_inforce_text inforce;
    struct ward_store_change more[MORE_MAX] = {
        {.kind = WARD_STORE_COMMAND, .name = departure->command, .document = text},
        ward_inforce_forget(gateway, departure->patient.text, &inforce)};

    (void)ward_order_write_answer(gateway, &message, text); /* no number is too long for the room */
    gateway->departures.certificate = strdup(text);
    ward_journal_print(LOG_NOTICE, "%s, episode %s: erased, %llu records", departure->patient.text,
                       departure->episode.text, (unsigned long long)departure->counts.records);
    departure->stage = WARD_DEPARTURE_TELLS;
    store_stage(gateway, departure, more, MORE_MAX, certified);
}

static void erased(void *context, int error, const struct ward_store_erased *counts)
{
    struct ward_gateway *gateway = context;
    struct ward_departure *departure = at_work(gateway);

    if (!departure || error < 0) {
        end_work(gateway);
        if (departure)
            try_later(gateway, departure, error);
    } else {
        if (gateway->watch_count == 0)
            ward_numbers_clear(gateway->numbers);
        certify(gateway, departure, counts->files);
    }
    ward_gateway_settle(gateway);
}

static void counts_stored(struct ward_gateway *gateway, bool failed)
{
    struct ward_departure *departure = at_work(gateway);

    if (departure && failed) {
        departure->stage = WARD_DEPARTURE_WAITS;
        departure->due_us = now_us(gateway) + AGAIN_US;
    }
    end_work(gateway);
}

static void counted(void *context, int error, const struct ward_store_erased *counts)
{
    struct ward_gateway *gateway = context;
    struct ward_departure *departure = at_work(gateway);

    if (departure && error == 0)
        departure->counts = *counts;
    if (!departure || error < 0 || counts->undelivered_events > 0) {
        end_work(gateway);
        if (departure)
            try_later(gateway, departure, error < 0 ? error : -EBUSY);
    } else {
        departure->stage = WARD_DEPARTURE_ERASES;
        store_stage(gateway, departure, NULL, 0, counts_stored);
    }
    ward_gateway_settle(gateway);
}

static void ask(struct ward_gateway *gateway, struct ward_departure *departure, bool only_count,
                ward_store_erased_fn *answer)
{
    const struct ward_store_erasure erasure = {departure->patient, departure->episode, only_count};

    gateway->departures.working = departure->slot;
    gateway->departures.busy = ward_store_erase(gateway->store, &erasure, answer, gateway) == 0;
    if (!gateway->departures.busy)
        departure->due_us = now_us(gateway) + AGAIN_US;
}

static void check(struct ward_gateway *gateway, struct ward_departure *departure)
{
    if (departure->stage == WARD_DEPARTURE_WAITS && !is_held(gateway, departure) && departure->last_seq == 0)
        departure->last_seq = gateway->head_seq;
    if (now_us(gateway) < departure->due_us || departure->address.text[0])
        return;
    if (departure->device_count > 0 && departure->stage == WARD_DEPARTURE_WAITS)
        forget_next(gateway, departure);
    else if (gateway->departures.busy)
        return;
    else if (departure->stage == WARD_DEPARTURE_WAITS && departure->emptied && !is_held(gateway, departure) &&
             !has_records(gateway, departure) && gateway->outbox.past.nothing)
        ask(gateway, departure, true, counted);
    else if (departure->stage == WARD_DEPARTURE_ERASES)
        ask(gateway, departure, false, erased);
    else if (departure->stage == WARD_DEPARTURE_TELLS && !departure->wiped)
        ask(gateway, departure, false, wiped);
}

void ward_departures_check(struct ward_gateway *gateway)
{
    for (size_t i = 0; i < gateway->departures.count; i++)
        check(gateway, gateway->departures.list[i]);
}

uint64_t ward_departures_due_us(const struct ward_gateway *gateway)
{
    const uint64_t now = now_us(gateway);
    uint64_t due = UINT64_MAX;

    for (size_t i = 0; i < gateway->departures.count; i++) {
        const struct ward_departure *departure = gateway->departures.list[i];

        if (departure->due_us > now && departure->due_us < due)
            due = departure->due_us;
        if (departure->held_us > now && departure->held_us < due)
            due = departure->held_us;
    }
    return due;
}

/* --- what goes up -------------------------------------------------------------------------------------------- */

static bool tell_ended(struct ward_gateway *gateway, struct ward_departure *departure)
{
    char text[1024];
    struct ward_outgoing outgoing = {.topic = WARD_TOPIC_ACTIVE,
                                     .message_class = WARD_MESSAGE_STATE,
                                     .patient = departure->patient.text,
                                     .retain = true,
                                     .expiry_s = WARD_ACTIVE_EXPIRY_S,
                                     .payload = text};
    uint64_t id;

    outgoing.length = ward_documents_ended(gateway, departure, text, sizeof(text));
    return outgoing.length > 0 && ward_outbox_hand_over(&gateway->outbox, &outgoing, &id);
}

static void pump(struct ward_gateway *gateway, struct ward_departure *departure)
{
    struct ward_outgoing outgoing = {.message_class = WARD_MESSAGE_STATE, .payload = ""};
    const char *certificate;

    if (departure->id != 0)
        return;
    if (departure->stage == WARD_DEPARTURE_WAITS && !departure->emptied) {
        outgoing.topic = WARD_TOPIC_ACTIVE;
        outgoing.patient = departure->patient.text;
        outgoing.retain = true;
        departure->ended_told = departure->ended_told || tell_ended(gateway, departure);
        if (departure->ended_told)
            (void)ward_outbox_hand_over(&gateway->outbox, &outgoing, &departure->id);
    } else if (departure->wiped) {
        certificate = ward_inbox_answer(&gateway->inbox, departure->command.text);
        outgoing.topic = WARD_TOPIC_RESULT;
        outgoing.payload = certificate ? certificate : "";
        outgoing.length = strlen(outgoing.payload);
        if (certificate)
            (void)ward_outbox_hand_over(&gateway->outbox, &outgoing, &departure->id);
    }
}

void ward_departures_pump(struct ward_gateway *gateway)
{
    for (size_t i = 0; i < gateway->departures.count; i++)
        pump(gateway, gateway->departures.list[i]);
}

void ward_departures_link(struct ward_gateway *gateway)
{
    for (size_t i = 0; i < gateway->departures.count; i++) {
        gateway->departures.list[i]->id = 0;
        gateway->departures.list[i]->ended_told = false;
    }
}

/* The certificate is the ward's: nothing has to be remembered any more. */
static void end(struct ward_gateway *gateway, size_t at)
{
    struct ward_departures *departures = &gateway->departures;
    struct ward_departure *departure = departures->list[at];
    const struct ward_store_change change = ward_departure_setting(departure, NULL);
    struct ward_store_group group = {.urgent = true, .changes = &change, .change_count = 1};

    (void)ward_gateway_submit(gateway, &group, NULL);
    departures->list[at] = departures->list[--departures->count];
    free(departure);
}

bool ward_departures_answered(struct ward_gateway *gateway, uint64_t id, bool good)
{
    for (size_t i = 0; i < gateway->departures.count; i++) {
        struct ward_departure *departure = gateway->departures.list[i];

        if (departure->id != id)
            continue;
        departure->id = 0;
        if (good && departure->stage == WARD_DEPARTURE_TELLS)
            end(gateway, i);
        else if (good)
            departure->emptied = true;
        return true;
    }
    return false;
}
