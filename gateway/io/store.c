/* SPDX-License-Identifier: Apache-2.0 */
/*
 * The loop's side of the store: it is opened and closed, and tells what came of what it was given (store_submit.c).
 */
#include "io/store.h"

#include <errno.h>
#include <signal.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/eventfd.h>
#include <unistd.h>

#include "io/store_pages.h"
#include "io/store_read.h"
#include "io/store_thread.h"

/* --- opening and closing ------------------------------------------------------------------------------------ */

static int start_thread(struct ward_store *store)
{
    sigset_t all, before;

    sigfillset(&all); /* signals are for the loop */
    pthread_sigmask(SIG_SETMASK, &all, &before);
    int error = pthread_create(&store->thread, NULL, ward_store_thread, store);
    pthread_sigmask(SIG_SETMASK, &before, NULL);
    return -error;
}

static void init_lock(struct ward_store *store)
{
    pthread_condattr_t attributes;

    pthread_condattr_init(&attributes);
    pthread_condattr_setclock(&attributes, CLOCK_MONOTONIC);
    pthread_cond_init(&store->wake, &attributes);
    pthread_condattr_destroy(&attributes);
    pthread_mutex_init(&store->lock, NULL);
}

static struct ward_store *discard(struct ward_store *store)
{
    ward_database_close(&store->database);
    ward_queue_clear(&store->waiting);
    ward_queue_clear(&store->batch.groups);
    ward_queue_clear(&store->requests);
    ward_queue_clear(&store->results);
    ward_marks_done(&store->marks);
    ward_marks_done(&store->batch.marks);
    ward_store_forget_texts(store);
    if (store->descriptor >= 0) {
        close(store->descriptor);
    }
    pthread_cond_destroy(&store->wake);
    pthread_mutex_destroy(&store->lock);
    free(store->path);
    free(store);
    return NULL;
}

static int fail_open(struct ward_store *store, int error, char ret_error[static WARD_STORE_TEXT_MAX])
{
    const char *says = store->database.text;

    if (says[0] != '\0') {
        snprintf(ret_error, WARD_STORE_TEXT_MAX, "%s", says);
    } else {
        snprintf(ret_error, WARD_STORE_TEXT_MAX, "%s: %s", store->path, strerror(-error));
    }
    discard(store);
    return error;
}

int ward_store_open(const struct ward_store_options *options, struct ward_store **ret_store,
                    struct ward_store_snapshot **ret_snapshot, char ret_error[static WARD_STORE_TEXT_MAX])
{
    struct ward_store *store = calloc(1, sizeof(*store));
    struct ward_store_snapshot *snapshot = NULL;
    uint32_t window_ms = options->commit_window_ms;

    if (!store || !(store->path = strdup(options->path))) {
        free(store);
        snprintf(ret_error, WARD_STORE_TEXT_MAX, "%s: %s", options->path, strerror(ENOMEM));
        return -ENOMEM;
    }
    init_lock(store);
    store->listener = options->listener;
    store->window_us = (uint64_t)(window_ms > 0 ? window_ms : WARD_STORE_COMMIT_WINDOW_MS) * 1000;
    store->queue_records = options->queue_records > 0 ? options->queue_records : WARD_STORE_QUEUE_RECORDS;
    store->log_pages = options->log_pages > 0 ? options->log_pages : WARD_STORE_LOG_PAGES;
    store->retry_ms = options->retry_ms > 0 ? options->retry_ms : WARD_STORE_RETRY_MS;
    store->purge = ward_purge_of(options->path, options->quota_octets, options->ballast_octets);
    store->descriptor = eventfd(0, EFD_NONBLOCK | EFD_CLOEXEC);
    if (store->descriptor < 0) {
        return fail_open(store, -errno, ret_error);
    }
    int error = ward_store_find(store, &snapshot);
    if (ward_store_may_pass(error)) {
        ward_store_begin_trouble(store, error);
        snapshot = ward_store_read_only(store);
        error = 0;
    }
    store->database.text[0] = error ? store->database.text[0] : '\0';
    error = error ? error : start_thread(store);
    if (error) {
        ward_store_snapshot_free(snapshot);
        return fail_open(store, error, ret_error);
    }
    *ret_store = store;
    *ret_snapshot = snapshot;
    return 0;
}

struct ward_store *ward_store_free(struct ward_store *store)
{
    if (!store) {
        return NULL;
    }
    pthread_mutex_lock(&store->lock);
    store->stop = true;
    pthread_cond_signal(&store->wake);
    pthread_mutex_unlock(&store->lock);
    pthread_join(store->thread, NULL);
    return discard(store);
}

int ward_store_fd(const struct ward_store *store)
{
    return store->descriptor;
}

/* --- telling ------------------------------------------------------------------------------------------------ */

static void tell_group(struct ward_store *store, const struct ward_group *group)
{
    const struct ward_store_listener *listener = &store->listener;

    if (group->dropped) {
        listener->dropped(listener->context, group->token, group->routine ? group->record_count : 0);
        return;
    }
    const struct ward_store_commit commit = {
        .token = group->token,
        .first_seq = group->first_seq,
        .record_count = group->record_count,
        .records = group->committed,
    };
    if (group->purged.undelivered > 0) {
        listener->given_up(listener->context, group->purged.through, group->purged.undelivered);
    }
    listener->committed(listener->context, &commit);
}

static void tell_notice(struct ward_store *store, const struct ward_notice *notice)
{
    const struct ward_store_listener *listener = &store->listener;

    if (notice->opened) {
        listener->opened(listener->context, notice->opened);
        return;
    }
    if (notice->in_place_again) {
        const char *aside = notice->aside.path;

        listener->in_place_again(listener->context, aside[0] != '\0' ? aside : NULL);
        return;
    }
    if (notice->removed.path[0] != '\0') {
        listener->removed(listener->context, notice->removed.path, notice->removed.octets);
        return;
    }
    if (notice->replaced) {
        pthread_mutex_lock(&store->lock);
        store->untold_epochs--;
        pthread_mutex_unlock(&store->lock);
        const struct ward_store_replaced replaced = {.set_aside = notice->aside.path,
                                                     .reason = notice->aside.reason,
                                                     .put_back = notice->put_back,
                                                     .epoch = notice->epoch,
                                                     .head_seq = notice->head_seq,
                                                     .head_chain = notice->head_chain};

        listener->replaced(listener->context, &replaced);
        return;
    }
    const struct ward_store_trouble trouble = {.error = notice->error,
                                               .text = notice->text,
                                               .attempts = notice->attempts,
                                               .retry_in_ms = notice->retry_in_ms};
    listener->trouble(listener->context, &trouble);
}

static void tell_records(const struct ward_request *request, size_t count)
{
    if (!request->answer_whole) {
        request->answer_records(request->context, request->error, request->records, count);
        return;
    }
    const struct ward_store_records found = {
        .records = request->records,
        .count = count,
        .voided = request->voided_count > 0 ? request->records + request->count : NULL,
        .voided_count = request->error ? 0 : request->voided_count};
    request->answer_whole(request->context, request->error, &found);
}

static void tell_texts(const struct ward_request *request)
{
    const struct ward_record_run *texts = request->error ? NULL : &request->texts->run;
    const struct ward_store_records found = {.texts = texts, .count = texts ? texts->count : 0};

    request->answer_whole(request->context, request->error, &found);
}

static void tell_answer(struct ward_store *store, const struct ward_request *request)
{
    size_t count = request->error ? 0 : request->count;

    pthread_mutex_lock(&store->lock);
    store->request_count--;
    pthread_mutex_unlock(&store->lock);
    switch ((enum ward_request_kind)request->kind) {
    case WARD_REQUEST_HISTORY:
        request->answer_events(request->context, request->error, request->events, count);
        break;
    case WARD_REQUEST_FETCH:
    case WARD_REQUEST_QUERY: tell_records(request, count); break;
    case WARD_REQUEST_TEXTS: tell_texts(request); break;
    case WARD_REQUEST_PAST:
        request->answer_past(request->context, request->error, &request->epoch, request->records, count);
        break;
    case WARD_REQUEST_VERIFY:
        request->answer_verified(request->context, request->error, request->range.first, request->range.last);
        break;
    case WARD_REQUEST_ERASE:
        request->answer_erased(request->context, request->error, &request->erased);
        break;
    case WARD_REQUEST_AUDIT:
        request->answer_audit(request->context, request->error, request->audit, count);
        break;
    case WARD_REQUEST_CHAIN:
        request->answer_chain(request->context, request->error, count > 0 ? request->chain : NULL);
        break;
    case WARD_REQUEST_PAST_DELIVERED: break;
    }
}

/* The room that an answer was in is kept for the next. */
static void keep_texts(struct ward_store *store, struct ward_request *request)
{
    pthread_mutex_lock(&store->lock);
    for (size_t i = 0; i < WARD_STORE_SPARE_TEXTS && request->texts; i++) {
        if (!store->spare_texts[i]) {
            store->spare_texts[i] = request->texts;
            request->texts = NULL;
        }
    }
    pthread_mutex_unlock(&store->lock);
}

void ward_store_forget_texts(struct ward_store *store)
{
    struct ward_text_run *spare[WARD_STORE_SPARE_TEXTS];

    pthread_mutex_lock(&store->lock);
    memcpy(spare, store->spare_texts, sizeof(spare));
    memset(store->spare_texts, 0, sizeof(store->spare_texts));
    pthread_mutex_unlock(&store->lock);
    for (size_t i = 0; i < WARD_STORE_SPARE_TEXTS; i++) {
        free(spare[i]);
    }
}

void ward_store_dispatch(struct ward_store *store)
{
    struct ward_queue results = {0};
    eventfd_t ignored;

    eventfd_read(store->descriptor, &ignored);
    pthread_mutex_lock(&store->lock);
    ward_queue_append(&results, &store->results);
    pthread_mutex_unlock(&store->lock);
    for (struct ward_item *item; (item = ward_queue_pop(&results)) != NULL;) {
        switch ((enum ward_item_kind)item->kind) {
        case WARD_ITEM_GROUP: tell_group(store, (const struct ward_group *)item); break;
        case WARD_ITEM_REQUEST:
            tell_answer(store, (const struct ward_request *)item);
            keep_texts(store, (struct ward_request *)item);
            break;
        case WARD_ITEM_NOTICE: tell_notice(store, (const struct ward_notice *)item); break;
        }
        ward_item_free(item);
    }
}

void ward_store_counters(struct ward_store *store, struct ward_store_counters *ret)
{
    pthread_mutex_lock(&store->lock);
    *ret = store->counters;
    ret->queued_groups = store->waiting.count;
    ret->queued_records = store->waiting_records;
    ret->salvaging = store->salvaging;
    ret->purging = store->purging;
    pthread_mutex_unlock(&store->lock);
    const struct ward_pages_counters pages = ward_pages_count();
    ret->flushes = pages.flushes;
    ret->written_octets = pages.written_octets;
}
