/* SPDX-License-Identifier: Apache-2.0 */
/*
 * For how long things have waited: what is not delivered since its commit, and what went live for its receipt.
 */
#include <string.h>

#include "core/delivery_private.h"

/* --- since the commit ---------------------------------------------------------------------------------------- */

void ward_delivery_trim_stamps(struct ward_delivery *delivery)
{
    size_t gone = 0;

    while (gone + 1 < delivery->stamp_count && delivery->stamps[gone + 1].seq <= delivery->through + 1) {
        gone++;
    }
    if (delivery->through == delivery->head) {
        gone = delivery->stamp_count;
    }
    delivery->stamp_count -= gone;
    memmove(delivery->stamps, &delivery->stamps[gone], delivery->stamp_count * sizeof(delivery->stamps[0]));
}

/* A full table gives up the moment that tells least: an age may then be told as too old, never as too young. */
static void drop_least_stamp(struct ward_delivery *delivery)
{
    struct ward_delivery_stamp *stamps = delivery->stamps;
    size_t least = 1;

    for (size_t i = 2; i + 1 < delivery->stamp_count; i++) {
        if (stamps[i + 1].at_us - stamps[i - 1].at_us < stamps[least + 1].at_us - stamps[least - 1].at_us) {
            least = i;
        }
    }
    delivery->stamp_count--;
    memmove(&stamps[least], &stamps[least + 1], (delivery->stamp_count - least) * sizeof(stamps[0]));
}

void ward_delivery_add_stamp(struct ward_delivery *delivery, uint64_t seq, uint64_t now_us)
{
    if (delivery->stamp_count == WARD_DELIVERY_STAMPS_MAX) {
        drop_least_stamp(delivery);
    }
    delivery->stamps[delivery->stamp_count++] = (struct ward_delivery_stamp){.seq = seq, .at_us = now_us};
}

bool ward_delivery_oldest_us(const struct ward_delivery *delivery, uint64_t *ret_us)
{
    if (delivery->through == delivery->head || delivery->stamp_count == 0) {
        return false;
    }
    *ret_us = delivery->stamps[0].at_us;
    return true;
}

/* --- for a receipt ------------------------------------------------------------------------------------------- */

static const struct ward_delivery_batch *oldest_live(const struct ward_delivery *delivery)
{
    const struct ward_delivery_batch *oldest = NULL;

    for (size_t i = 0; i < delivery->in_flight_count; i++) {
        const struct ward_delivery_batch *batch = &delivery->in_flight[i];

        if (batch->live && (!oldest || batch->first_sent_us < oldest->first_sent_us)) {
            oldest = batch;
        }
    }
    return oldest;
}

void ward_delivery_remember_the_oldest(struct ward_delivery *delivery, uint64_t now_us)
{
    const struct ward_delivery_batch *batch = oldest_live(delivery);

    if (delivery->has_left && delivery->opened_us != UINT64_MAX) {
        delivery->left_us += now_us - delivery->opened_us;
    } else if (!delivery->has_left && batch) {
        delivery->has_left = true;
        delivery->left_us = now_us - batch->first_sent_us;
    }
}

bool ward_delivery_unconfirmed_us(const struct ward_delivery *delivery, uint64_t *ret_us)
{
    const struct ward_delivery_batch *batch = oldest_live(delivery);
    uint64_t oldest_us = batch ? batch->first_sent_us : UINT64_MAX;

    if (delivery->has_left && delivery->opened_us != UINT64_MAX &&
        delivery->opened_us - delivery->left_us < oldest_us) {
        oldest_us = delivery->opened_us - delivery->left_us;
    }
    if (oldest_us == UINT64_MAX) {
        return false;
    }
    *ret_us = oldest_us;
    return true;
}
