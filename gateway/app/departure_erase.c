/* SPDX-License-Identifier: Apache-2.0 */
/* The store's part of a departure: to count, to erase, to wipe; each answer brings it to its next stage. */
#include <errno.h>
#include <stdlib.h>
#include <string.h>

#include "app/departure_private.h"
#include "app/gateway.h"
#include "app/order.h"
#include "io/journal.h"
#include "io/numbers.h"

#define MORE_MAX 2 /* changes beside that of the stage */

static struct ward_departure *at_work(const struct ward_gateway *gateway)
{
    return ward_departure_by_slot(gateway, gateway->departures.working);
}

static void try_later(struct ward_gateway *gateway, struct ward_departure *departure, int error)
{
    if (error != -EBUSY)
        ward_journal_print(LOG_WARNING, "What is here of an episode that ended cannot be erased now: %s",
                           strerror(-error));
    departure->due_us = ward_gateway_now(gateway).boot_us + WARD_DEPARTURE_AGAIN_US;
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
        departure->due_us = ward_gateway_now(gateway).boot_us + WARD_DEPARTURE_AGAIN_US;
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
        departure->due_us = ward_gateway_now(gateway).boot_us + WARD_DEPARTURE_AGAIN_US;
    }
    end_work(gateway);
}

static void counted(void *context, int error, const struct ward_store_erased *counts)
{
    struct ward_gateway *gateway = context;
    struct ward_departure *departure = at_work(gateway);

    if (departure && error == 0)
        departure->counts = *counts;
    if (!departure || error < 0 || counts->undelivered_events > 0 ||
        !ward_departure_is_delivered(gateway, departure)) { /* one more record came meanwhile */
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
        departure->due_us = ward_gateway_now(gateway).boot_us + WARD_DEPARTURE_AGAIN_US;
}

void ward_departure_count(struct ward_gateway *gateway, struct ward_departure *departure)
{
    ask(gateway, departure, true, counted);
}

void ward_departure_erase(struct ward_gateway *gateway, struct ward_departure *departure)
{
    ask(gateway, departure, false, erased);
}

void ward_departure_wipe(struct ward_gateway *gateway, struct ward_departure *departure)
{
    ask(gateway, departure, false, wiped);
}
