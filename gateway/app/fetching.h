/* SPDX-License-Identifier: Apache-2.0 */
/*
 * Care plans that the uplink fetches over HTTPS, where [https] care_plan_url says so: it is told whose, by their ids,
 * and says how it goes. What it fetches comes like anything else from the ward (inbox.h).
 */
#ifndef WARD_APP_FETCHING_H
#define WARD_APP_FETCHING_H

#include <stdbool.h>

#include "ward/link.h"

struct ward_gateway;

struct ward_fetching {
    bool known, failed;
    char text[WARD_LINK_TEXT_MAX + 1]; /* why it failed */
};

/* Tells the uplink who is looked after, if that has changed. */
void ward_fetching_tell(struct ward_gateway *gateway);

/* The uplink says how it goes. */
void ward_fetching_heard(struct ward_gateway *gateway, bool failed, const char *text);

#endif
