/* SPDX-License-Identifier: Apache-2.0 */
#include "io/store_purge.h"

#include <errno.h>
#include <fcntl.h>
#include <limits.h>
#include <stdio.h>
#include <string.h>
#include <unistd.h>

#include "io/store.h"
#include "io/store_pages.h"
#include "io/store_read.h"

#define FULL_MIN (UINT64_C(1) << 20)

/* --- how much ----------------------------------------------------------------------------------------------- */

struct ward_purge ward_purge_of(const char *path, uint64_t quota_octets, uint64_t ballast_octets)
{
    struct ward_purge purge = {.quota_octets = quota_octets, .ballast_octets = ballast_octets};
    struct ward_store_space space;

    if (quota_octets > 0 && ward_store_space(path, &space) == 0) {
        uint64_t most = space.total_octets - space.total_octets / 4;

        purge.quota_octets = quota_octets < most ? quota_octets : most;
    }
    return purge;
}

/* Without a quota, all there is. */
static uint64_t limit_of(const struct ward_purge *purge)
{
    return purge->quota_octets > 0 ? purge->quota_octets - purge->quota_octets / 10 : UINT64_MAX;
}

static uint64_t lower_limit(const struct ward_purge *purge)
{
    const uint64_t limit = limit_of(purge);

    return purge->full_octets > 0 && purge->full_octets < limit ? purge->full_octets : limit;
}

static bool enough_is_free(const struct ward_purge *purge)
{
    return purge->used_octets <= lower_limit(purge) - lower_limit(purge) / 16;
}

static int look(struct ward_database *database, struct ward_purge *purge)
{
    sqlite3_stmt *statement = ward_database_statement(database, WARD_SQL_PAGES_USED);
    int row = ward_database_row(database, statement);

    if (row > 0) {
        purge->used_octets = (uint64_t)sqlite3_column_int64(statement, 0) * WARD_PAGE_OCTETS;
        sqlite3_reset(statement);
    }
    return row < 0 ? row : 0;
}

int ward_purge_look(struct ward_database *database, struct ward_purge *purge)
{
    int error = look(database, purge);

    if (!error && purge->used_octets > lower_limit(purge)) {
        purge->purging = true;
    }
    return error;
}

/* --- what goes ---------------------------------------------------------------------------------------------- */

static int lowest_record(struct ward_database *database, uint64_t *ret)
{
    sqlite3_stmt *statement = ward_database_statement(database, WARD_SQL_LOWEST);
    int row = ward_database_row(database, statement);

    *ret = 0;
    if (row > 0) {
        *ret = (uint64_t)sqlite3_column_int64(statement, 0);
        sqlite3_reset(statement);
    }
    return row < 0 ? row : 0;
}

/* Of first .. last, what the marks do not say to be delivered. */
static uint64_t count_undelivered(const struct ward_store_snapshot *mark, uint64_t first, uint64_t last)
{
    uint64_t count = 0;

    for (uint64_t seq = first; seq <= last; seq++) {
        bool delivered = seq <= mark->through;

        for (size_t i = 0; i < mark->range_count && !delivered; i++) {
            delivered = mark->ranges[i].first <= seq && seq <= mark->ranges[i].last;
        }
        count += delivered ? 0 : 1;
    }
    return count;
}

static int drop_events(struct ward_database *database, int *ret_count)
{
    sqlite3_stmt *statement = ward_database_statement(database, WARD_SQL_DROP_EVENTS);

    sqlite3_bind_int(statement, 1, WARD_PURGE_STEP);
    int error = ward_database_run(database, statement);
    *ret_count = error ? 0 : sqlite3_changes(database->connection);
    return error;
}

/* The next slice by the order of classes, but for what is given up. The newest record always stays: it is the head. */
static int drop_slice(struct ward_database *database, const struct ward_store_snapshot *mark,
                      bool also_undelivered, struct ward_purged *ret, bool *ret_nothing)
{
    uint64_t first;
    int events = 0;
    int error = lowest_record(database, &first);
    uint64_t last = first + WARD_PURGE_STEP - 1;

    if (!error && first > mark->through) {
        error = drop_events(database, &events);
    } else {
        last = last < mark->through ? last : mark->through;
    }
    last = last < mark->head_seq ? last : mark->head_seq - 1;
    if (error || events > 0) {
        return error;
    }
    bool kept = first > mark->through && !also_undelivered;
    if (kept || first == 0 || mark->head_seq == 0 || last < first) {
        *ret_nothing = true;
        return 0;
    }
    *ret = (struct ward_purged){
        .records = last - first + 1, .undelivered = count_undelivered(mark, first, last), .through = last};
    return ret->undelivered > 0 ? 0 : ward_records_drop(database, last);
}

int ward_purge_step(struct ward_database *database, struct ward_purge *purge, struct ward_purged *ret_purged,
                    struct ward_group **ret_gap)
{
    struct ward_store_snapshot mark = {0};
    struct ward_purged purged = {0};
    struct ward_group *gap = NULL;
    bool nothing = false;
    int error = look(database, purge);

    *ret_gap = NULL;
    *ret_purged = purged;
    if (error || enough_is_free(purge)) {
        purge->purging = false;
        return error;
    }
    const bool also_undelivered = purge->used_octets > limit_of(purge) - limit_of(purge) / 16;
    error = ward_database_run(database, ward_database_statement(database, WARD_SQL_BEGIN));
    error = error ? error : ward_mark_read(database, &mark);
    error = error ? error : ward_database_head(database, &mark.head_seq, mark.head_chain);
    error = error ? error : drop_slice(database, &mark, also_undelivered, &purged, &nothing);
    if (!error && purged.undelivered > 0) {
        error = ward_gap_new(&mark, "quota", purged.undelivered, &gap);
    }
    if (gap) {
        gap->purged = purged;
    }
    error = error ? error : ward_database_run(database, ward_database_statement(database, WARD_SQL_COMMIT));
    if (error) {
        ward_database_rollback(database);
        ward_group_free(gap);
        return error;
    }
    purge->purging = !nothing;
    if (!gap) {
        *ret_purged = purged;
    }
    *ret_gap = gap;
    return 0;
}

/* --- ballast ------------------------------------------------------------------------------------------------ */

void ward_purge_keep_ballast(const char *path, struct ward_purge *purge)
{
    char name[PATH_MAX];
    struct ward_store_space space;

    if (purge->ballast || purge->ballast_octets == 0 || ward_store_space(path, &space) < 0 ||
        space.free_octets < 4 * purge->ballast_octets) {
        return;
    }
    snprintf(name, sizeof(name), "%s.ballast", path);
    int descriptor = open(name, O_WRONLY | O_CREAT | O_CLOEXEC, 0600);
    if (descriptor < 0) {
        return;
    }
    purge->ballast = posix_fallocate(descriptor, 0, (off_t)purge->ballast_octets) == 0;
    close(descriptor);
    if (!purge->ballast) {
        unlink(name);
    }
}

void ward_purge_give_up_ballast(const char *path, struct ward_purge *purge)
{
    char name[PATH_MAX];

    snprintf(name, sizeof(name), "%s.ballast", path);
    if (unlink(name) == 0) {
        purge->ballast = false;
    }
    if (purge->used_octets >= FULL_MIN) { /* a smaller one has nothing to give */
        purge->full_octets = purge->used_octets;
    }
}
