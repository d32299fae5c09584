/* SPDX-License-Identifier: Apache-2.0 */
/*
 * What the loop gives to the store: each is copied, put where the thread finds it, and answered later. Nothing here waits
 * for the disk.
 */
#include <errno.h>
#include <stdlib.h>
#include <string.h>
#include <sys/eventfd.h>

#include "io/store_thread.h"

/* --- writing ------------------------------------------------------------------------------------------------ */

/* Takes the oldest routine group out of the queue; NULL when there is none. Under lock. */
static struct ward_group *take_oldest_routine(struct ward_queue *queue)
{
    struct ward_item *before = NULL;

    for (struct ward_item *item = queue->first; item; before = item, item = item->next) {
        if (!((struct ward_group *)item)->routine) {
            continue;
        }
        if (before) {
            before->next = item->next;
        } else {
            queue->first = item->next;
        }
        queue->last = queue->last == item ? before : queue->last;
        queue->count--;
        return (struct ward_group *)item;
    }
    return NULL;
}

/* Under lock. */
static void drop(struct ward_store *store, struct ward_group *group)
{
    struct ward_lost *lost = &store->lost;

    for (const struct ward_queued_record *record = group->records; record; record = record->next) {
        lost->from_ms = lost->count == 0 ? record->received_at_ms : lost->from_ms;
        lost->to_ms = record->received_at_ms;
        lost->count++;
    }
    lost->boot = group->boot;
    lost->now = group->now;
    store->waiting_records -= group->record_count;
    store->counters.dropped_records += group->record_count;
    group->dropped = true;
    ward_queue_push(&store->results, &group->item);
    eventfd_write(store->descriptor, 1);
}

/* There was no memory for it. */
static void lose(struct ward_store *store, const struct ward_store_group *group)
{
    struct ward_lost *lost = &store->lost;

    pthread_mutex_lock(&store->lock);
    for (size_t i = 0; i < group->record_count; i++) {
        lost->from_ms = lost->count == 0 ? group->records[i].reading.received_at_ms : lost->from_ms;
        lost->to_ms = group->records[i].reading.received_at_ms;
        lost->count++;
    }
    lost->boot = group->boot;
    lost->now = group->now;
    store->counters.dropped_records += group->record_count;
    pthread_mutex_unlock(&store->lock);
}

int ward_store_submit(struct ward_store *store, const struct ward_store_group *group)
{
    struct ward_group *copy, *oldest;
    int error = ward_group_new(group, &copy);

    if (error == -ENOMEM && group->record_count > 0) {
        lose(store, group);
    }
    if (error) {
        return error;
    }
    pthread_mutex_lock(&store->lock);
    if (store->untold_epochs > 0 && ward_group_names_record(copy)) { /* one of the epoch before */
        copy->dropped = true;
        ward_queue_push(&store->results, &copy->item);
        eventfd_write(store->descriptor, 1);
        pthread_mutex_unlock(&store->lock);
        return 0;
    }
    if (store->untold_epochs > 0) {
        ward_group_keep_begun(copy);
    }
    ward_queue_push(&store->waiting, &copy->item);
    store->waiting_records += copy->record_count;
    while (store->waiting_records > store->queue_records && (oldest = take_oldest_routine(&store->waiting))) {
        drop(store, oldest);
    }
    bool sooner = store->first_waiting_us == 0 || !copy->routine; /* otherwise the thread may sleep on */
    store->urgent = store->urgent || !copy->routine;
    if (store->first_waiting_us == 0) {
        store->first_waiting_us = ward_store_clock_us();
    }
    if (sooner) {
        pthread_cond_signal(&store->wake);
    }
    pthread_mutex_unlock(&store->lock);
    return 0;
}

/* What is said of records before the loop was told of a new epoch is of the one before. */
static int merge_marks(struct ward_store *store, const struct ward_marks *newer)
{
    int error = 0;

    pthread_mutex_lock(&store->lock);
    const bool counts = newer->alarm_count > 0 || store->untold_epochs == 0;
    if (counts) {
        error = ward_marks_merge(&store->marks, newer);
    }
    if (counts && !error && store->marks_since_us == 0) {
        store->marks_since_us = ward_store_clock_us();
        pthread_cond_signal(&store->wake);
    }
    pthread_mutex_unlock(&store->lock);
    return error;
}

int ward_store_mark_records(struct ward_store *store, uint64_t through, const struct ward_seq_range *ranges,
                            size_t count)
{
    struct ward_marks marks = {.records = true, .through = through};

    marks.range_count = count < WARD_DELIVERY_RANGES_MAX ? count : WARD_DELIVERY_RANGES_MAX;
    if (marks.range_count > 0) {
        memcpy(marks.ranges, ranges, marks.range_count * sizeof(ranges[0]));
    }
    return merge_marks(store, &marks);
}

int ward_store_mark_alarm(struct ward_store *store, struct ward_alarm_key key)
{
    const struct ward_marks marks = {.alarms = &key, .alarm_count = 1};

    return merge_marks(store, &marks);
}

int ward_store_agreed(struct ward_store *store, uint64_t seq)
{
    const struct ward_marks marks = {.agreed = true};
    int error = 0;

    pthread_mutex_lock(&store->lock);
    bool news = seq > store->common && store->untold_epochs == 0;
    store->common = news ? seq : store->common;
    pthread_mutex_unlock(&store->lock);
    if (news) {
        error = merge_marks(store, &marks);
    }
    return error;
}

/* So it is here: the file that this is said of is set aside already. */
void ward_store_put_back(struct ward_store *store, uint64_t through, uint64_t differs_at)
{
    pthread_mutex_lock(&store->lock);
    if (store->untold_epochs == 0) {
        const bool differs = differs_at > 0 && store->common >= differs_at;

        store->common = differs ? differs_at - 1 : store->common;
        store->put_back = true;
        store->put_back_through = through;
        pthread_cond_signal(&store->wake);
    }
    pthread_mutex_unlock(&store->lock);
}

void ward_store_set_commit_window(struct ward_store *store, uint32_t window_ms)
{
    pthread_mutex_lock(&store->lock);
    store->window_us = (uint64_t)window_ms * 1000;
    pthread_cond_signal(&store->wake);
    pthread_mutex_unlock(&store->lock);
}

void ward_store_hold(struct ward_store *store, bool held)
{
    pthread_mutex_lock(&store->lock);
    store->held = held;
    pthread_cond_signal(&store->wake);
    pthread_mutex_unlock(&store->lock);
}

/* --- reading ------------------------------------------------------------------------------------------------ */

static int ask(struct ward_store *store, const struct ward_request *request)
{
    struct ward_request *copy = malloc(sizeof(*copy));
    int error = copy ? 0 : -ENOMEM;

    if (!error) {
        *copy = *request;
        copy->item.kind = WARD_ITEM_REQUEST;
        pthread_mutex_lock(&store->lock);
        if (store->request_count < WARD_STORE_REQUESTS_MAX) {
            store->request_count++;
            ward_queue_push(&store->requests, &copy->item);
            pthread_cond_signal(&store->wake);
        } else {
            error = -EBUSY;
        }
        pthread_mutex_unlock(&store->lock);
    }
    if (error) {
        free(copy);
    }
    return error;
}

int ward_store_fetch(struct ward_store *store, struct ward_seq_range range, ward_store_records_fn *answer,
                     void *context)
{
    return ask(store,
               &(struct ward_request){
                   .kind = WARD_REQUEST_FETCH, .range = range, .answer_records = answer, .context = context});
}

/* The number that a query begins at and goes down from. */
static uint64_t newest_of(const struct ward_store_filter *filter)
{
    return filter->before_seq > 0 ? filter->before_seq - 1 : UINT64_MAX;
}

int ward_store_query(struct ward_store *store, const struct ward_store_filter *filter,
                     ward_store_records_fn *answer, void *context)
{
    return ask(store, &(struct ward_request){.kind = WARD_REQUEST_QUERY,
                                             .filter = *filter,
                                             .next_seq = newest_of(filter),
                                             .answer_records = answer,
                                             .context = context});
}

int ward_store_fetch_whole(struct ward_store *store, struct ward_seq_range range, ward_store_whole_fn *answer,
                           void *context)
{
    return ask(store,
               &(struct ward_request){
                   .kind = WARD_REQUEST_FETCH, .range = range, .answer_whole = answer, .context = context});
}

int ward_store_fetch_texts(struct ward_store *store, struct ward_seq_range range, ward_store_whole_fn *answer,
                           void *context)
{
    return ask(store,
               &(struct ward_request){
                   .kind = WARD_REQUEST_TEXTS, .range = range, .answer_whole = answer, .context = context});
}

int ward_store_query_whole(struct ward_store *store, const struct ward_store_filter *filter,
                           ward_store_whole_fn *answer, void *context)
{
    return ask(store, &(struct ward_request){.kind = WARD_REQUEST_QUERY,
                                             .filter = *filter,
                                             .next_seq = newest_of(filter),
                                             .answer_whole = answer,
                                             .context = context});
}

int ward_store_alarm_history(struct ward_store *store, const struct ward_store_filter *filter,
                             ward_store_events_fn *answer, void *context)
{
    return ask(store, &(struct ward_request){.kind = WARD_REQUEST_HISTORY,
                                             .filter = *filter,
                                             .answer_events = answer,
                                             .context = context});
}

int ward_store_verify(struct ward_store *store, uint64_t from, ward_store_verified_fn *answer, void *context)
{
    return ask(store, &(struct ward_request){.kind = WARD_REQUEST_VERIFY,
                                             .range = {.first = from},
                                             .answer_verified = answer,
                                             .context = context});
}

int ward_store_chain(struct ward_store *store, uint64_t seq, ward_store_chain_fn *answer, void *context)
{
    return ask(store, &(struct ward_request){.kind = WARD_REQUEST_CHAIN,
                                             .range = {.first = seq},
                                             .answer_chain = answer,
                                             .context = context});
}

int ward_store_erase(struct ward_store *store, const struct ward_store_erasure *erasure,
                     ward_store_erased_fn *answer, void *context)
{
    pthread_mutex_lock(&store->lock);
    /* What the ward has by now must not be taken for what it does not have: it is committed before this is looked at. */
    store->urgent = store->urgent || !ward_marks_empty(&store->marks);
    pthread_mutex_unlock(&store->lock);
    return ask(store, &(struct ward_request){.kind = WARD_REQUEST_ERASE,
                                             .erasure = *erasure,
                                             .next_seq = 1,
                                             .answer_erased = answer,
                                             .context = context});
}

int ward_store_audit(struct ward_store *store, const struct ward_store_filter *filter,
                     ward_store_audit_fn *answer, void *context)
{
    return ask(store, &(struct ward_request){.kind = WARD_REQUEST_AUDIT,
                                             .filter = *filter,
                                             .answer_audit = answer,
                                             .context = context});
}

int ward_store_fetch_past(struct ward_store *store, ward_store_past_fn *answer, void *context)
{
    return ask(store,
               &(struct ward_request){.kind = WARD_REQUEST_PAST, .answer_past = answer, .context = context});
}

int ward_store_past_delivered(struct ward_store *store, const struct ward_id *epoch, uint64_t through,
                              const struct ward_seq_range *ranges, size_t count)
{
    struct ward_request request = {.kind = WARD_REQUEST_PAST_DELIVERED, .epoch = *epoch};

    request.delivered.through = through;
    request.delivered.range_count = count < WARD_DELIVERY_RANGES_MAX ? count : WARD_DELIVERY_RANGES_MAX;
    if (request.delivered.range_count > 0) {
        memcpy(request.delivered.ranges, ranges, request.delivered.range_count * sizeof(ranges[0]));
    }
    return ask(store, &request);
}
