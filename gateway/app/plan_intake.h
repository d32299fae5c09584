/* SPDX-License-Identifier: Apache-2.0 */
/*
 * A signed care plan that was found to be the ward's (inbox.h): it becomes the one in force, or is refused as a whole.
 *
 *   patient and episode are looked after? ─▶ valid? ─▶ newer than the signed one in force? ─▶ quieter, without a clock?
 *                                                                                               │ no
 *       the signed form is stored, every condition is evaluated anew, and the answer follows the commit ◀┘
 *
 * The version only rises for an episode, and is the plan's own: both stand under the signature and must be the same. It is
 * kept with the plan, which nothing but a newer signed one replaces. The plan in force, come again, is answered as it was
 * the first time, not before it is stored, and does nothing; brought again by the broker, which keeps it, it is passed over (told.h).
 */
#ifndef WARD_APP_PLAN_INTAKE_H
#define WARD_APP_PLAN_INTAKE_H

#include <stdbool.h>

#include "core/careplan.h"
#include "core/jws.h"
#include "core/message.h"

struct ward_bus_call;
struct ward_gateway;
struct ward_watch;

struct ward_plan_arrival {
    const struct ward_claims *claims; /* of a care plan; accepted but for its version */
    const char *document;             /* the signed form as it came */
    const char *topic;                /* "": by hand */
    bool retained;
    struct ward_bus_call *call; /* answered exactly once; NULL: the answer is for the ward */
};

void ward_plan_take(struct ward_gateway *gateway, const struct ward_plan_arrival *arrival);

/* Whether the plan is in force already: the same patient, episode, version and content, in whatever envelope. */
bool ward_plan_is_in_force(const struct ward_gateway *gateway, const struct ward_claims *claims,
                           const char *document);

#endif
