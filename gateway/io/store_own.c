/* SPDX-License-Identifier: Apache-2.0 */
/*
 * The new number of a record is its place among those that are taken over: it is found from the ones that are not.
 */
#include "io/store_own.h"

#include <errno.h>
#include <stdlib.h>

#include "io/store_read.h"
#include "io/store_salvage.h"

/* Records in a row that are left out. */
struct left_out {
    struct ward_seq_range range;
    uint64_t total; /* of all up to here */
};

struct own {
    struct ward_database *fresh, *source;
    struct ward_head head;
    uint64_t common;  /* what comes behind it is taken over */
    uint64_t dropped; /* up to here it made room, which was told then */
    struct left_out *left_out;
    size_t count, capacity;
    uint64_t lost; /* of those, what neither made room nor was erased */
    bool give_up;  /* what may be read later is lost, too */
};

static int leave_out(struct own *own, uint64_t seq)
{
    struct left_out *newest = own->count > 0 ? &own->left_out[own->count - 1] : NULL;

    if (newest && newest->range.last + 1 == seq) {
        newest->range.last = seq;
        newest->total++;
        return 0;
    }
    if (own->count == own->capacity) {
        const size_t capacity = own->capacity > 0 ? 2 * own->capacity : 64;
        struct left_out *longer = reallocarray(own->left_out, capacity, sizeof(longer[0]));

        if (!longer) {
            return -ENOMEM;
        }
        own->left_out = longer;
        own->capacity = capacity;
    }
    const uint64_t before = own->count > 0 ? own->left_out[own->count - 1].total : 0;
    own->left_out[own->count++] = (struct left_out){{seq, seq}, before + 1};
    return 0;
}

/* How many in front of that record are left out. From the newest on: what a record speaks of is mostly near. */
static uint64_t left_out_before(const struct own *own, uint64_t seq)
{
    for (size_t i = own->count; i-- > 0;) {
        const struct left_out *left_out = &own->left_out[i];

        if (left_out->range.first < seq) {
            return left_out->total - (left_out->range.last >= seq ? left_out->range.last - seq + 1 : 0);
        }
    }
    return 0;
}

/* The number that a record gets; of one that is left out, the number of the next that is not. */
static uint64_t renumbered(const struct own *own, uint64_t seq)
{
    return seq - own->common - left_out_before(own, seq);
}

static bool is_taken_over(const struct own *own, uint64_t seq)
{
    return seq > own->common && renumbered(own, seq + 1) > renumbered(own, seq);
}

/* False for what would speak of one that is not there. */
static bool renumber(const struct own *own, struct ward_record *record)
{
    struct ward_reading *reading = &record->reading;

    if (reading->kind == WARD_RECORD_VOID || record->assigned) {
        if (!is_taken_over(own, record->note.subject)) {
            return false;
        }
        record->note.subject = renumbered(own, record->note.subject);
    }
    if (reading->derived_last > 0) {
        const uint64_t first =
            reading->derived_first > own->common ? reading->derived_first : own->common + 1;
        const uint64_t last = reading->derived_last > own->common ? reading->derived_last : own->common;

        reading->derived_first = renumbered(own, first);
        reading->derived_last = renumbered(own, last + 1) - 1;
        if (reading->derived_first > reading->derived_last) { /* none is there: derived from itself */
            reading->derived_first = reading->derived_last = renumbered(own, reading->seq);
        }
    }
    return true;
}

static int write_one(struct own *own, const struct ward_record *record)
{
    const struct ward_store_group group = {.token = 1, .records = record, .record_count = 1};
    struct ward_group *copy;
    int error = ward_group_new(&group, &copy);

    if (error) {
        return error;
    }
    error = ward_group_write(own->fresh, copy, &own->head);
    ward_group_free(copy);
    return error;
}

static int take_over_one(struct own *own, uint64_t seq)
{
    struct ward_record record;
    uint8_t erased[32];

    if (seq <= own->dropped) {
        return leave_out(own, seq);
    }
    int row = ward_record_read(own->source, seq, &record);
    if (ward_salvage_may_pass(row) && !own->give_up) {
        return ward_salvage_later(own->fresh, own->source);
    }
    bool was_erased = row == 0 && ward_database_chain_at(own->source, seq, erased) > 0;
    int error = row > 0 && renumber(own, &record) ? write_one(own, &record) : -EINVAL;

    if (error != -EINVAL) {
        return error;
    }
    own->lost += was_erased ? 0 : 1;
    return leave_out(own, seq);
}

static int write_gap(struct own *own)
{
    struct ward_group *gap;
    int error = ward_salvage_gap(own->fresh, own->lost, &gap);

    if (error) {
        return error;
    }
    error = ward_group_write(own->fresh, gap, &own->head);
    ward_group_free(gap);
    return error;
}

int ward_own_take_over(struct ward_database *fresh, struct ward_database *source,
                       const struct ward_seq_range *range, bool give_up)
{
    struct own own = {.fresh = fresh,
                      .source = source,
                      .common = range->first - 1,
                      .dropped = ward_dropped_through(source),
                      .give_up = give_up};
    int error = ward_database_head(fresh, &own.head.seq, own.head.chain);

    for (uint64_t seq = range->first; !error && seq <= range->last; seq++) {
        error = take_over_one(&own, seq);
    }
    if (!error && own.lost > 0) {
        error = write_gap(&own);
    }
    free(own.left_out);
    return error;
}
