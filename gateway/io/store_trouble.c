/* SPDX-License-Identifier: Apache-2.0 */
/*
 * What the store thread does when a write failed, or the file is not the one that it should be. The batch stays as it is
 * and the file is closed, but for one on a full disk: what it holds can be read, and goes to the ward. After a pause
 * (doubled each time) it is opened again and looked at. If its head is the one before the batch, the batch is written
 * again with all that has come since. If it is the one that the batch would have reached, COMMIT had failed only in
 * telling. Any other head is not ours: the file is replaced. So it is when the failure was damage in the file, and when
 * the disk has failed again and again: another file may lie where it does not. Nothing else leads to one that
 * somebody took from its place: it stays open, unless it is damaged.
 *
 * After trouble the log is first moved into the file as a whole: what the kernel marked clean when a flush failed is
 * so written anew, and nothing is told to be committed on the strength of a page that never reached the disk.
 */
#include "io/store_thread.h"

#include <errno.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

/* Without memory for the notice nothing is told now: the next attempt tells, and no data depends on it. */
static void post_trouble(struct ward_store *store, int error, const char *text, uint32_t retry_in_ms)
{
    struct ward_notice *notice = calloc(1, sizeof(*notice));

    if (notice) {
        notice->item.kind = WARD_ITEM_NOTICE;
        notice->error = error;
        notice->attempts = store->attempts + store->again_failed;
        notice->retry_in_ms = retry_in_ms;
        snprintf(notice->text, sizeof(notice->text), "%s", text);
        ward_store_post(store, &notice->item);
    }
}

/* NULL without memory. */
static struct ward_notice *make_replaced(struct ward_store *store, const struct ward_set_aside *aside,
                                         bool put_back)
{
    struct ward_notice *notice = calloc(1, sizeof(*notice));

    if (notice) {
        notice->item.kind = WARD_ITEM_NOTICE;
        notice->replaced = true;
        notice->put_back = put_back;
        notice->epoch = store->database.epoch;
        notice->head_seq = store->head.seq;
        memcpy(notice->head_chain, store->head.chain, sizeof(notice->head_chain));
        notice->aside = *aside;
    }
    return notice;
}

static uint64_t pause_after_ms(const struct ward_store *store, uint32_t failures)
{
    uint64_t pause_ms = store->retry_ms;

    for (uint32_t i = 0; i < failures && pause_ms < WARD_STORE_RETRY_MAX_MS; i++) {
        pause_ms *= 2;
    }
    return pause_ms < WARD_STORE_RETRY_MAX_MS ? pause_ms : WARD_STORE_RETRY_MAX_MS;
}

bool ward_store_gives_up(const struct ward_store *store)
{
    return store->attempts - store->renewed_at >= WARD_STORE_GIVE_UP_AFTER ||
           store->again_failed >= WARD_SALVAGE_TRIES;
}

bool ward_store_is_open_elsewhere(struct ward_store *store)
{
    return store->found && store->database.connection && !ward_database_is_in_place(&store->database);
}

uint64_t ward_store_pause_us(const struct ward_store *store, uint32_t failures)
{
    return pause_after_ms(store, failures) * 1000;
}

void ward_store_begin_trouble(struct ward_store *store, int error)
{
    const uint64_t pause_ms = pause_after_ms(store, store->attempts);
    const bool elsewhere = ward_store_is_open_elsewhere(store); /* what lies there is not what is damaged */

    store->attempts++;
    store->damaged =
        !elsewhere && (error == -EUCLEAN || (error == -EAGAIN && store->damaged) ||
                       (error == -EIO && store->attempts - store->renewed_at >= WARD_STORE_RENEW_AFTER));
    store->retry_at_us = ward_store_clock_us() + pause_ms * 1000;
    pthread_mutex_lock(&store->lock);
    store->counters.failed_commits++;
    pthread_mutex_unlock(&store->lock);
    post_trouble(store, error, store->database.text, (uint32_t)pause_ms);
    ward_salvage_done(&store->salvage);
    if (error == -ENOSPC) {
        ward_purge_give_up_ballast(store->path, &store->purge);
    }
    if (store->damaged || error == -EUCLEAN) {
        ward_database_abandon(&store->database); /* what is set aside stays as it was found */
    } else if (error != -ENOSPC && !elsewhere) {
        ward_database_close(&store->database);
    }
}

void ward_store_end_trouble(struct ward_store *store)
{
    const bool over = store->attempts > 0 && store->again_failed == 0;

    store->attempts = store->renewed_at = 0;
    store->damaged = false;
    if (over) {
        post_trouble(store, 0, "the disk takes data again", 0);
    }
}

static bool same_head(const struct ward_head *a, const struct ward_head *b)
{
    return a->seq == b->seq && memcmp(a->chain, b->chain, sizeof(a->chain)) == 0;
}

/*
 * Groups that are about records of the file that was: those of another one are not meant. What the store's own would tell is
 * found again there; what was ordered of one is refused, into ret_dropped. Returns how many records they had.
 */
static size_t forget_what_is_of_records(struct ward_queue *groups, struct ward_queue *ret_dropped)
{
    struct ward_queue kept = {0};
    size_t records = 0;

    for (struct ward_item *item; (item = ward_queue_pop(groups)) != NULL;) {
        struct ward_group *group = (struct ward_group *)item;

        if (group->past != 0 || group->purged.through > 0) {
            records += group->record_count;
            ward_group_free(group);
        } else if (ward_group_names_record(group)) {
            records += group->record_count;
            group->dropped = true;
            ward_queue_push(ret_dropped, item);
        } else {
            ward_group_keep_begun(group);
            ward_queue_push(&kept, item);
        }
    }
    *groups = kept;
    return records;
}

/* Another file is in the place of the one that was: its records, and everything that is counted from them. */
static void begin_epoch(struct ward_store *store, const struct ward_set_aside *aside,
                        const struct ward_head *head, bool put_back)
{
    struct ward_queue dropped = {0};

    store->head = *head;
    store->epoch = store->database.epoch;
    store->batch.opened = head->seq;
    store->batch.agreed = false;
    (void)forget_what_is_of_records(&store->batch.groups, &dropped);
    ward_marks_forget_records(&store->batch.marks);
    store->renewed_at = store->attempts;
    store->again_failed = 0;
    store->again_at_us = 0;
    struct ward_notice *notice = make_replaced(store, aside, put_back);
    pthread_mutex_lock(&store->lock);
    store->salvaging = true;
    store->common = head->seq;
    store->put_back = false;
    store->untold_epochs += notice ? 1 : 0;
    store->waiting_records -= forget_what_is_of_records(&store->waiting, &dropped);
    ward_marks_forget_records(&store->marks);
    ward_queue_append(&store->results, &dropped);
    pthread_mutex_unlock(&store->lock);
    if (notice) {
        ward_store_post(store, &notice->item);
    }
}

/* When the ward has others than the present file: what of it is common, and what it has for itself. */
static void ask_for_own(struct ward_store *store, struct ward_renewal *ret)
{
    pthread_mutex_lock(&store->lock);
    ret->put_back = store->put_back;
    ret->common = store->common < store->head.seq ? store->common : store->head.seq;
    ret->through = store->put_back_through;
    pthread_mutex_unlock(&store->lock);
    ret->last = store->head.seq;
    ret->give_up = ward_store_gives_up(store);
}

int ward_store_reopen(struct ward_store *store, bool *ret_committed)
{
    struct ward_database *database = &store->database;
    struct ward_set_aside aside = {"", ""};
    struct ward_head found;
    char reason[WARD_STORE_TEXT_MAX];
    bool has_records = store->batch.reached.seq > store->head.seq;
    struct ward_renewal renewal = {.reason = reason, .head = store->head.seq, .epoch = &store->epoch};

    memcpy(reason, database->text, sizeof(reason));
    ask_for_own(store, &renewal); /* it fails before it was replaced for that */
    int error = store->damaged ? ward_database_replace(database, &renewal, &aside)
                               : ward_database_open(database, store->path, &renewal, &aside);
    error = error ? error : ward_database_head(database, &found.seq, found.chain);
    bool ours = !error && strcmp(database->epoch.text, store->epoch.text) == 0;
    bool committed =
        ours && has_records && store->batch.in_commit && same_head(&found, &store->batch.reached);
    bool known = committed || (ours && same_head(&found, &store->head));

    error = error ? error : ward_database_checkpoint(database, true);
    if (!error && !known && aside.path[0] == '\0') {
        renewal = (struct ward_renewal){.reason = "it is not the file that was here before",
                                        .head = found.seq > store->head.seq ? found.seq : store->head.seq,
                                        .epoch = &store->epoch,
                                        .give_up = renewal.give_up};
        error = ward_database_replace(database, &renewal, &aside);
        error = error ? error : ward_database_head(database, &found.seq, found.chain);
    }
    if (error && !known) {
        ward_database_abandon(database); /* nothing is read from another file */
    }
    if (error) {
        return error;
    }
    if (aside.path[0] != '\0') {
        begin_epoch(store, &aside, &found, false);
    }
    store->head = found;
    *ret_committed = committed;
    return 0;
}

/* --- a file that was put back ------------------------------------------------------------------------------- */

void ward_store_begin_again(struct ward_store *store)
{
    struct ward_set_aside aside;
    struct ward_head found;
    struct ward_renewal renewal = {.reason = "the ward has other records than it: it was put back"};

    ask_for_own(store, &renewal);
    ward_salvage_done(&store->salvage);
    const bool failed_before = store->again_failed > 0;
    int error = ward_database_replace(&store->database, &renewal, &aside);
    error = error ? error : ward_database_head(&store->database, &found.seq, found.chain);
    if (error) {
        ward_store_begin_trouble(store, error); /* and when that is over, once more, but not at once: */
        store->again_at_us = ward_store_clock_us() + pause_after_ms(store, ++store->again_failed) * 1000;
        return;
    }
    begin_epoch(store, &aside, &found, true);
    if (failed_before) {
        post_trouble(store, 0, "the disk takes data again", 0);
    }
}
