/* SPDX-License-Identifier: Apache-2.0 */
/*
 * Says in the journal that this gateway's certificate ends soon, or has ended: when that begins, and once a day from then
 * on. What has not come to an end may be used, whatever is said here.
 */
#ifndef WARD_UPLINK_EXPIRY_H
#define WARD_UPLINK_EXPIRY_H

#include <stdbool.h>
#include <systemd/sd-event.h>

#include "ward/journal.h"

#include "uplink/enrolment.h"

struct ward_expiry {
    sd_event *event;
    const struct ward_identity *identity;
    sd_event_source *timer;
    enum ward_journal_matter said; /* last */
    uint64_t said_us;
};

/* Looks now, and from time to time; also to be called when the identity is another one. Both are borrowed. */
void ward_expiry_watch(struct ward_expiry *expiry, sd_event *event, const struct ward_identity *identity);

void ward_expiry_done(struct ward_expiry *expiry);

#endif
