/* SPDX-License-Identifier: Apache-2.0 */
#include "app/commits.h"

#include <errno.h>
#include <stdlib.h>
#include <string.h>

#include "app/documents.h"
#include "app/gateway.h"
#include "app/order.h"
#include "app/restore.h"
#include "app/ward_keys.h"
#include "io/journal.h"

#define KNOWN_A_GROUP 256
/* For so long all groups have to be taken before it is over that one was not. */
#define UNSUBMITTED_US (60 * UINT64_C(1000000))

struct ward_commit_waiter *ward_commit_waiter_new(const struct ward_record *records, size_t count)
{
    struct ward_commit_waiter *waiter = malloc(sizeof(*waiter) + count * sizeof(*records));

    if (waiter) {
        *waiter = (struct ward_commit_waiter){.record_count = count};
        for (size_t i = 0; i < count; i++)
            waiter->records[i] = records[i];
    }
    return waiter;
}

struct ward_store_group ward_arrival_group(const struct ward_arrival *arrival, bool urgent)
{
    return (struct ward_store_group){.records = &arrival->record,
                                     .record_count = 1,
                                     .changes = &arrival->known,
                                     .change_count = arrival->named,
                                     .urgent = urgent};
}

struct ward_commit_waiter *ward_commit_waiter_of(const struct ward_arrival *arrival)
{
    struct ward_commit_waiter *waiter = ward_commit_waiter_new(&arrival->record, 1);

    if (waiter)
        waiter->place = arrival->place;
    return waiter;
}

/* Tells a record of a commit to whoever follows the readings on the bus. */
static void tell_record(struct ward_gateway *gateway, const char *text)
{
    const char *const texts[] = {text};

    if (text)
        ward_bus_emit(gateway->bus, WARD_BUS_READING, texts);
}

static void answer_call(struct ward_gateway *gateway, struct ward_commit_waiter *waiter)
{
    const struct ward_store_device *device =
        ward_registry_device(&gateway->registry, waiter->answer_device.text);
    char text[WARD_DOCUMENTS_DEVICE_MAX];

    if (waiter->failed)
        ward_bus_reply_error(waiter->call, WARD_BUS_FAILED,
                             "It could not be stored. `wardctl status` says more.");
    else if (waiter->answer)
        ward_bus_reply_text(waiter->call, waiter->answer);
    else if (device && ward_documents_device(gateway, (size_t)(device - gateway->registry.devices), text,
                                             sizeof(text)) > 0)
        ward_bus_reply_text(waiter->call, text);
    else if (waiter->answer_device.text[0])
        ward_bus_reply_error(
            waiter->call, WARD_BUS_FAILED,
            "It was paired, and is no longer enrolled: it has been forgotten since, or there is no "
            "room for one more.");
    else
        ward_bus_reply(waiter->call);
}

static void finish_waiter(struct ward_gateway *gateway, struct ward_commit_waiter *waiter)
{
    if (waiter->call)
        answer_call(gateway, waiter);
    if (waiter->answer && waiter->to_ward && !waiter->failed)
        ward_outbox_result(
            &gateway->outbox,
            &(struct ward_outbox_result){.text = waiter->answer, .reply = waiter->reply, .fresh = true});
    if (waiter->command.text[0])
        ward_inbox_told(&gateway->inbox, waiter->command.text, waiter->failed);
    if (waiter->then)
        waiter->then(gateway, waiter->failed);
    free(waiter->answer);
    free(waiter);
}

/* Takes the waiter of token out of the list; NULL when nobody waits for it. */
static struct ward_commit_waiter *take_waiter(struct ward_gateway *gateway, uint64_t token)
{
    struct ward_commit_waiter **place = &gateway->waiters, *waiter;

    while (*place && (*place)->token != token)
        place = &(*place)->next;
    waiter = *place;
    if (!waiter)
        return NULL;
    *place = waiter->next;
    if (gateway->waiters_end == &waiter->next)
        gateway->waiters_end = place;
    waiter->next = NULL;
    return waiter;
}

void ward_commits_finish_failed(struct ward_gateway *gateway)
{
    struct ward_commit_waiter *waiter = gateway->waiters;

    while (waiter) {
        struct ward_commit_waiter *next = waiter->next;

        if (waiter->failed)
            finish_waiter(gateway, take_waiter(gateway, waiter->token));
        waiter = next;
    }
}

/* Its records are new when they come again. What is known of records that were stored before stays so. */
static void lose(struct ward_gateway *gateway, const struct ward_store_group *group)
{
    for (size_t i = 0; i < group->change_count; i++)
        if (group->changes[i].kind == WARD_STORE_KNOWN)
            ward_known_forget(&gateway->known, &group->changes[i].known);
    ward_technical_set(gateway, WARD_TECHNICAL_READINGS_DROPPED, true);
}

int ward_gateway_submit(struct ward_gateway *gateway, struct ward_store_group *group,
                        struct ward_commit_waiter *waiter)
{
    int result;

    group->boot = gateway->boot;
    group->now = ward_gateway_now(gateway);
    ward_chronicle_submitting(gateway, group);
    group->token = ++gateway->next_token;
    if (waiter) {
        waiter->token = group->token;
        *gateway->waiters_end = waiter;
        gateway->waiters_end = &waiter->next;
    }
    result = ward_store_submit(gateway->store, group);
    if (result < 0) {
        ward_journal_print(LOG_CRIT, "A group cannot be given to the store: %s", strerror(-result));
        if (group->record_count > 0)
            lose(gateway, group);
        gateway->unsubmitted_us = group->now.boot_us;
        ward_technical_set(gateway, WARD_TECHNICAL_STORAGE_FAILING, true);
        if (waiter)
            waiter->failed = true;
    }
    return result;
}

void ward_gateway_apply(struct ward_gateway *gateway, const struct ward_store_change *changes, size_t count)
{
    for (size_t i = 0; i < count; i++)
        if (!ward_registry_apply(&gateway->registry, &changes[i]))
            ward_journal_print(LOG_ERR, "The registry is full: a change counts after the next start only");
    ward_binding_counted(gateway);
    for (size_t i = 0; i < count; i++)
        if (changes[i].kind == WARD_STORE_BINDING)
            ward_technical_bound(gateway, changes[i].binding.device.text);
    ward_gateway_tell_sources(gateway);
    ward_outbox_state_changed(&gateway->outbox);
}

int ward_gateway_change(struct ward_gateway *gateway, const struct ward_store_change *changes, size_t count,
                        struct ward_commit_waiter *waiter)
{
    struct ward_store_group group = {.urgent = true, .changes = changes, .change_count = count};
    int result = ward_gateway_submit(gateway, &group, waiter);

    ward_gateway_apply(gateway, changes, result >= 0 ? count : 0);
    return result;
}

/* The records of a commit have their numbers. */
static void tell_records(struct ward_gateway *gateway, struct ward_commit_waiter *waiter,
                         const struct ward_store_commit *commit)
{
    const size_t count =
        waiter->record_count < commit->record_count ? waiter->record_count : commit->record_count;

    for (size_t i = 0; i < count; i++) {
        struct ward_reading *reading = &waiter->records[i].reading;
        struct ward_watch *watch = ward_gateway_watch(gateway, reading->patient.text);

        reading->seq = commit->first_seq + i;
        reading->derived_first = commit->records[i].derived.first;
        reading->derived_last = commit->records[i].derived.last;
        memcpy(reading->chain, commit->records[i].chain, sizeof(reading->chain));
        if (watch)
            ward_alarm_committed(&watch->state, watch->has_plan ? &watch->plan : NULL, reading);
        tell_record(gateway, commit->records[i].text);
    }
}

/* The store, which says when the disk takes something again, knows nothing of what it was not given. Memory that is short
 * now and then does not raise each time. */
static void note_committed(struct ward_gateway *gateway)
{
    if (gateway->unsubmitted_us == 0 ||
        ward_gateway_now(gateway).boot_us - gateway->unsubmitted_us < UNSUBMITTED_US)
        return;
    gateway->unsubmitted_us = 0;
    ward_technical_set(gateway, WARD_TECHNICAL_STORAGE_FAILING, gateway->store_fails);
}

static void store_committed(void *context, const struct ward_store_commit *commit)
{
    struct ward_gateway *gateway = context;
    struct ward_commit_waiter *waiter = take_waiter(gateway, commit->token);

    note_committed(gateway);
    if (commit->token != 0)
        gateway->committed_token = commit->token;
    if (commit->record_count > 0) {
        gateway->head_seq = commit->first_seq + commit->record_count - 1;
        memcpy(gateway->head_chain, commit->records[commit->record_count - 1].chain,
               sizeof(gateway->head_chain));
        ward_outbox_committed(&gateway->outbox, commit);
    }
    if (waiter)
        tell_records(gateway, waiter, commit);
    if (waiter && (waiter->place.number != 0 || waiter->place.has_record))
        ward_talk_committed(gateway, &waiter->place);
    if (waiter)
        finish_waiter(gateway, waiter);
}

/*
 * What ordered it is used up, and is answered that it was not carried out: when that is on the disk, and every time from
 * then on. Its counter is among those that the fresh file gets. Returns false when there is no memory for it.
 */
static bool answer_dropped(struct ward_gateway *gateway, struct ward_commit_waiter *waiter)
{
    const struct ward_result_message message = {.command = waiter->command.text,
                                                .outcome = WARD_OUTCOME_FAILED,
                                                .reason = WARD_TEXT_REPLACED_MEANWHILE};
    char text[WARD_ANSWER_TEXT_MAX];
    const struct ward_store_change answered = {
        .kind = WARD_STORE_COMMAND, .document = text, .name = waiter->command};
    struct ward_store_group group = {.urgent = true, .changes = &answered, .change_count = 1};
    char *answer;

    if (!ward_order_write_answer(gateway, &message, text) || !(answer = strdup(text)))
        return false;
    free(waiter->answer);
    waiter->answer = answer;
    ward_inbox_remember(&gateway->inbox, &waiter->command, text);
    (void)ward_gateway_submit(gateway, &group, waiter);
    return true;
}

static void store_dropped(void *context, uint64_t token, size_t record_count)
{
    struct ward_gateway *gateway = context;
    struct ward_commit_waiter *waiter = take_waiter(gateway, token);

    if (record_count > 0) {
        ward_journal_print_matter(LOG_CRIT, WARD_JOURNAL_READINGS_DROPPED,
                                  "%zu readings were dropped: the queue to the database is full",
                                  record_count);
        ward_technical_set(gateway, WARD_TECHNICAL_READINGS_DROPPED, true);
    } else {
        ward_journal_print(LOG_WARNING,
                           "An order about a record is not carried out: the database was replaced meanwhile");
    }
    if (waiter && waiter->unassigned != 0)
        ward_unassigned_undo(gateway, waiter->unassigned);
    if (waiter && waiter->command.text[0] && answer_dropped(gateway, waiter))
        return;
    if (waiter) {
        waiter->failed = true;
        finish_waiter(gateway, waiter);
    }
}

static void store_trouble(void *context, const struct ward_store_trouble *trouble)
{
    struct ward_gateway *gateway = context;

    if (trouble->error)
        ward_journal_print_matter(LOG_CRIT, WARD_JOURNAL_STORAGE_FAILING,
                                  "The database cannot be written (attempt %u): %s", trouble->attempts,
                                  trouble->text);
    gateway->store_fails = trouble->error != 0 && trouble->error != -ENOSPC;
    ward_technical_set(gateway, WARD_TECHNICAL_STORAGE_FAILING,
                       gateway->store_fails || gateway->unsubmitted_us != 0);
    ward_technical_set(gateway, WARD_TECHNICAL_STORAGE_FULL, trouble->error == -ENOSPC);
}

/* Everything that a fresh file must know: patients, plans, devices, bindings. */
static void submit_rows_again(struct ward_gateway *gateway)
{
    const struct ward_registry *registry = &gateway->registry;
    const size_t most =
        registry->patient_count + gateway->watch_count + registry->device_count + registry->binding_count;
    struct ward_store_change *changes = calloc(most + 1, sizeof(*changes));
    struct ward_store_group group = {.urgent = true, .changes = changes};

    if (!changes)
        return;
    for (size_t i = 0; i < registry->patient_count; i++)
        changes[group.change_count++] =
            (struct ward_store_change){.kind = WARD_STORE_PATIENT, .patient = registry->patients[i]};
    for (size_t i = 0; i < gateway->watch_count; i++)
        if (gateway->watches[i]->has_plan)
            changes[group.change_count++] =
                (struct ward_store_change){.kind = WARD_STORE_PLAN,
                                           .document = gateway->watches[i]->plan_document,
                                           .plan = {.patient = gateway->watches[i]->patient,
                                                    .version = gateway->watches[i]->plan.version}};
    for (size_t i = 0; i < registry->device_count; i++)
        changes[group.change_count++] =
            (struct ward_store_change){.kind = WARD_STORE_DEVICE, .device = registry->devices[i]};
    for (size_t i = 0; i < registry->binding_count; i++)
        changes[group.change_count++] =
            (struct ward_store_change){.kind = WARD_STORE_BINDING, .binding = registry->bindings[i]};
    (void)ward_gateway_submit(gateway, &group, NULL);
    free(changes);
}

/* And what the devices have given already, or their memories would be read into the fresh file again. */
static void submit_known_again(struct ward_gateway *gateway)
{
    struct ward_store_change *changes = calloc(KNOWN_A_GROUP, sizeof(*changes));
    struct ward_store_group group = {.urgent = true, .changes = changes};
    struct ward_known_position position = {0};
    bool more = changes != NULL;

    while (more) {
        group.change_count = 0;
        while (group.change_count < KNOWN_A_GROUP &&
               (more = ward_known_next(&gateway->known, &position, &changes[group.change_count].known)))
            changes[group.change_count++].kind = WARD_STORE_KNOWN;
        if (group.change_count > 0)
            (void)ward_gateway_submit(gateway, &group, NULL);
    }
    free(changes);
}

/* The file was replaced while running: what it must know again is submitted from memory. */
static void store_replaced(void *context, const struct ward_store_replaced *replaced)
{
    struct ward_gateway *gateway = context;

    ward_journal_print_matter(LOG_CRIT, WARD_JOURNAL_DATABASE_SET_ASIDE,
                              "The database was set aside as %s (%s); a new one begins", replaced->set_aside,
                              replaced->reason);
    gateway->epoch = replaced->epoch;
    gateway->head_seq = replaced->head_seq;
    memcpy(gateway->head_chain, replaced->head_chain, sizeof(gateway->head_chain));
    ward_settled_forget(&gateway->settled);
    submit_rows_again(gateway);
    for (size_t i = 0; i < gateway->watch_count; i++) {
        ward_alarm_new_epoch(&gateway->watches[i]->state);
        ward_watch_submit_again(gateway->watches[i]);
    }
    ward_outbox_submit_again(&gateway->outbox);
    submit_known_again(gateway);
    ward_inbox_submit_again(gateway);
    ward_keys_submit_again(gateway);
    ward_ask_submit_again(gateway);
    ward_unassigned_submit_again(gateway);
    ward_recollection_submit_again(gateway);
    ward_chronicle_submit_again(gateway);
    ward_dating_new_epoch(gateway);
    ward_inforce_new_epoch(gateway);
    ward_departures_submit_again(gateway);
    ward_departures_new_epoch(gateway);
    ward_outbox_new_epoch(&gateway->outbox);
    ward_technical_set(
        gateway, replaced->put_back ? WARD_TECHNICAL_DATABASE_PUT_BACK : WARD_TECHNICAL_DATABASE_REPLACED,
        true);
    ward_restore_begun(gateway);
}

/* The oldest readings made room although the ward does not have them. */
static void store_given_up(void *context, uint64_t through, uint64_t count)
{
    struct ward_gateway *gateway = context;

    ward_journal_print_matter(
        LOG_CRIT, WARD_JOURNAL_READINGS_DROPPED,
        "The database is full: %llu readings that the ward does not have were given up, to record %llu",
        (unsigned long long)count, (unsigned long long)through);
    ward_delivery_given_up(&gateway->outbox.delivery, ward_gateway_now(gateway).boot_us, through);
    ward_technical_set(gateway, WARD_TECHNICAL_READINGS_DROPPED, true);
}

static void store_removed(void *context, const char *path, uint64_t octets)
{
    (void)context;
    ward_journal_print(LOG_NOTICE, "%s was removed to make room for newer ones: %llu octets", path,
                       (unsigned long long)octets);
}

static void store_in_place_again(void *context, const char *set_aside)
{
    (void)context;
    ward_journal_print(
        LOG_ERR, "Somebody removed the database or its log%s%s. It is there again, and nothing is lost",
        set_aside ? " and put another one in its place, which is kept as " : "", set_aside ? set_aside : "");
}

static void store_opened(void *context, const struct ward_store_snapshot *snapshot)
{
    ward_journal_print(LOG_NOTICE, "The database can be read: what it holds counts from now on");
    ward_gateway_opened(context, snapshot);
}

struct ward_store_listener ward_commits_listener(struct ward_gateway *gateway)
{
    return (struct ward_store_listener){.committed = store_committed,
                                        .dropped = store_dropped,
                                        .trouble = store_trouble,
                                        .replaced = store_replaced,
                                        .given_up = store_given_up,
                                        .removed = store_removed,
                                        .in_place_again = store_in_place_again,
                                        .opened = store_opened,
                                        .context = gateway};
}

void ward_commits_done(struct ward_gateway *gateway)
{
    while (gateway->waiters) {
        gateway->waiters->failed = true;
        finish_waiter(gateway, take_waiter(gateway, gateway->waiters->token));
    }
}
