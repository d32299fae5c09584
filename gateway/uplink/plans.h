/* SPDX-License-Identifier: Apache-2.0 */
/* Care plans that are fetched (https.h), handed on to the core as if they had come on ward/v1/…/down/care-plan/NAME. */
#ifndef WARD_UPLINK_PLANS_H
#define WARD_UPLINK_PLANS_H

#include <stddef.h>
#include <systemd/sd-event.h>

#include "uplink/https.h"
#include "uplink/teller.h"
#include "uplink/uplink.h"

struct ward_plans {
    struct ward_https *https; /* NULL: no URL is configured, and nothing is done */
    struct ward_teller *teller;
    const char *site, *gateway;
    struct ward_tls_files files;
};

/* options, as plans, teller and what files names, must stay. Returns 0 or a negative errno. */
int ward_plans_start(struct ward_plans *plans, sd_event *event, const struct ward_uplink_options *options,
                     const struct ward_tls_files *files, struct ward_teller *teller);
void ward_plans_done(struct ward_plans *plans);

/* See ward_https_names(), ward_https_go_on(). */
void ward_plans_names(struct ward_plans *plans, const char *names, size_t length);
void ward_plans_go_on(struct ward_plans *plans);

#endif
