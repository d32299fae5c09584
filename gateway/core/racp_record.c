/* SPDX-License-Identifier: Apache-2.0 */
/*
 * How each record that comes is judged.
 *
 * The numbers of a meter that was reset begin at 0 again. "From 18 on" would then find nothing, or only what lies beyond in
 * the new count, and what comes before would never be fetched. So it is asked from the last known record on, that one
 * included, which comes first and is judged by its digest; and where there is none of that number or a higher one, for
 * whichever is the last. Asked so, of the records that have a number:
 *
 *   it came                          its digest    verdict
 *   the last known number            the same      passed over: it is here
 *                                    another       the numbers began anew
 *                                    not known ¹   known: whoever stores it looks whether it is here
 *   a higher one                                   asked for, though the last known one did not come ²; looking: known
 *   a lower one                                    asked for, the device does as it likes; looking: they began anew
 *
 * Once they began anew everything is passed over until this procedure is over; it is let end, since not each device can be
 * stopped, and takes no longer than what follows. Then all are asked for, and none of them is known. Where the link has ended
 * before that, no number is known the next time, and all are asked for at once.
 *
 *  ¹ of what was remembered before there were digests
 *  ² it may have been deleted, or have made room: then it is not known whether a later one is of the same count
 */
#include "core/racp_private.h"

static bool is_fetching(const struct ward_racp *racp)
{
    return racp->state == WARD_RACP_REPORTING ||
           (racp->state == WARD_RACP_ABORTING && racp->aborted == WARD_RACP_REPORTING);
}

static bool is_comparable(const struct ward_racp *racp, const struct ward_racp_stored *stored)
{
    return stored->number == racp->options.last && racp->options.last_digest != 0 && stored->digest != 0;
}

/* Of what was asked for from the last known one on. */
static bool shows_restart(const struct ward_racp *racp, const struct ward_racp_stored *stored)
{
    if (is_comparable(racp, stored))
        return stored->digest != racp->options.last_digest;
    return racp->state == WARD_RACP_LOOKING && stored->number < racp->options.last;
}

enum ward_racp_verdict ward_racp_judge(const struct ward_racp *racp, const struct ward_racp_stored *stored)
{
    const bool is_looking = racp->state == WARD_RACP_LOOKING;

    if (stored != NULL && ward_racp_begins_anew(racp))
        return WARD_RACP_PASSED_OVER;
    if (is_looking ? stored == NULL : !is_fetching(racp))
        return WARD_RACP_UNASKED;
    if (stored == NULL || !ward_racp_asks_from(racp))
        return WARD_RACP_ASKED_FOR;
    if (shows_restart(racp, stored) || is_comparable(racp, stored))
        return WARD_RACP_PASSED_OVER;
    return is_looking || stored->number == racp->options.last ? WARD_RACP_KNOWN : WARD_RACP_ASKED_FOR;
}

static void count(struct ward_racp *racp, uint16_t number, uint64_t now_us)
{
    if (racp->received == 0 || number < racp->lowest)
        racp->lowest = number;
    if (racp->received == 0 || number > racp->highest)
        racp->highest = number;
    if (racp->received < UINT16_MAX)
        racp->received++;
    if (racp->is_answered)
        racp->due_us = racp->received >= racp->announced ? now_us : now_us + WARD_RACP_STRAGGLER_US;
    else if (racp->state != WARD_RACP_ABORTING)
        racp->due_us = now_us + WARD_RACP_PROCEDURE_US;
}

enum ward_racp_verdict ward_racp_record(struct ward_racp *racp, const struct ward_racp_stored *stored,
                                        uint64_t now_us)
{
    const enum ward_racp_verdict verdict = ward_racp_judge(racp, stored);

    if (verdict == WARD_RACP_UNASKED || racp->state == WARD_RACP_COUNTING)
        return verdict;
    if (verdict == WARD_RACP_PASSED_OVER) {
        racp->restarts |= shows_restart(racp, stored);
        racp->has_passed = true;
    }
    count(racp, stored != NULL ? stored->number : 0, now_us);
    return verdict;
}

bool ward_racp_has_passed(const struct ward_racp *racp, uint16_t number)
{
    return racp->has_passed && ward_racp_asks_from(racp) && number == racp->options.last;
}
