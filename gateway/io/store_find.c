/* SPDX-License-Identifier: Apache-2.0 */
/*
 * How the store comes by its file, and by what that holds:
 *
 *   it opens, or is made            its snapshot goes to whoever opens the store
 *   the disk takes nothing          what can be read without writing is all that is needed: the thread begins in trouble,
 *                                   and goes on with this file when the disk is back (store_trouble.c)
 *   nothing can be read either      the thread begins in trouble, and tells the snapshot when it has one
 */
#include <errno.h>
#include <stdlib.h>
#include <string.h>

#include "io/store_read.h"
#include "io/store_thread.h"

bool ward_store_may_pass(int error)
{
    switch (-error) {
    case 0:
    case EPROTONOSUPPORT: /* only a newer program can help */
    case EBUSY:           /* another has it, and writes */
    case ENOMEM:
    case EINVAL:
    case ENAMETOOLONG: return false;
    default: return true;
    }
}

static int read_snapshot(struct ward_database *database, struct ward_store_snapshot **ret)
{
    struct ward_store_snapshot *snapshot = calloc(1, sizeof(*snapshot));
    int error = snapshot ? ward_snapshot_read(database, snapshot) : -ENOMEM;

    if (error) {
        ward_store_snapshot_free(snapshot);
        return error;
    }
    *ret = snapshot;
    return 0;
}

/* What the file holds is what the store goes on from. */
static void take_over(struct ward_store *store, const struct ward_store_snapshot *snapshot)
{
    store->found = true;
    store->epoch = snapshot->epoch;
    store->head.seq = snapshot->head_seq;
    memcpy(store->head.chain, snapshot->head_chain, sizeof(store->head.chain));
    store->batch.agreed = false;
    store->batch.opened = snapshot->agreed ? snapshot->head_seq : snapshot->opened;
    pthread_mutex_lock(&store->lock);
    store->common = store->batch.opened;
    store->salvaging = true;
    pthread_mutex_unlock(&store->lock);
}

/* One that opens but cannot be read through is set aside like one that does not open. */
int ward_store_find(struct ward_store *store, struct ward_store_snapshot **ret_snapshot)
{
    struct ward_database *database = &store->database;
    struct ward_store_snapshot *snapshot = NULL;
    struct ward_set_aside aside = {"", ""};
    char reason[WARD_STORE_TEXT_MAX];
    struct ward_renewal renewal = {.reason = reason, .give_up = ward_store_gives_up(store)};
    int error = store->damaged ? -EUCLEAN : ward_database_open(database, store->path, &renewal, &aside);

    error = error ? error : read_snapshot(database, &snapshot);
    if (error == -EUCLEAN && aside.path[0] == '\0') {
        memcpy(reason, database->text, sizeof(reason));
        error = ward_database_replace(database, &renewal, &aside);
        error = error ? error : read_snapshot(database, &snapshot);
    }
    if (error) {
        return error;
    }
    memcpy(snapshot->set_aside, aside.path, sizeof(snapshot->set_aside));
    memcpy(snapshot->set_aside_reason, aside.reason, sizeof(snapshot->set_aside_reason));
    take_over(store, snapshot);
    *ret_snapshot = snapshot;
    return 0;
}

struct ward_store_snapshot *ward_store_read_only(struct ward_store *store)
{
    struct ward_store_snapshot *snapshot = NULL;
    struct ward_database database;
    int error = ward_database_open_reading(&database, store->path);

    error = error ? error : read_snapshot(&database, &snapshot);
    ward_database_abandon(&database);
    if (error) {
        return NULL;
    }
    take_over(store, snapshot);
    return snapshot;
}

int ward_store_find_late(struct ward_store *store)
{
    struct ward_notice *notice = calloc(1, sizeof(*notice));

    if (!notice) {
        return -ENOMEM;
    }
    notice->item.kind = WARD_ITEM_NOTICE;
    int error = ward_store_find(store, &notice->opened);
    if (error) {
        free(notice);
        return error;
    }
    /* Only now it is known which partition it is on. */
    store->purge = ward_purge_of(store->path, store->purge.quota_octets, store->purge.ballast_octets);
    ward_store_post(store, &notice->item);
    return 0;
}
