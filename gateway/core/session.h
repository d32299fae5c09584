/* SPDX-License-Identifier: Apache-2.0 */
/*
 * Sessions: how a finger clip that streams for half a minute becomes a spot check.
 *
 *   off ──contact──▶ settling ──steady (±1) for 5 s, settle_s after contact──▶ settled ──▶ settled …
 *    ▲                  │                                                       │
 *    └── finger off, or nothing for WARD_INPUT_STOP_US ─────────────────────────┘
 *
 * Settled gives a derived value; again when the steady value has moved by 2 and stayed there for 5 s (one value that
 * jumps is none), once a minute while worn, and at finger-off if it changed. A session that ends before it settled gives its last value as questionable when the last
 * 5 s were all beyond a red limit, which the caller knows, and is incomplete otherwise. It need not end for that: the same
 * is given while worn, after 30 s beyond a red limit in which nothing was derived, or settle_s if that is longer, unless it
 * is steady: then it derives a valid one within the minute.
 */
#ifndef WARD_CORE_SESSION_H
#define WARD_CORE_SESSION_H

#include <stdbool.h>
#include <stdint.h>

#include "core/clinical.h"
#include "ward/quantity.h"

struct ward_session {
    bool worn;
    bool settled; /* it has given a value */
    bool moved;   /* the newest value lies away from the derived one by moved_by or more */
    uint64_t contact_us;
    uint64_t steady_us;  /* since when the values lie within low .. high */
    uint64_t last_us;    /* newest value */
    uint64_t derived_us; /* when it gave a value last */
    uint64_t moved_us;   /* moved: since when every value does */
    struct ward_decimal low, high, newest, derived;
};

enum ward_session_outcome {
    WARD_SESSION_NOTHING,
    WARD_SESSION_DERIVED,    /* *ret_value is a valid spot value */
    WARD_SESSION_INCOMPLETE, /* the session ended before it settled */
};

/* What the session is held against. */
struct ward_session_rules {
    const struct ward_clinical_quantity *figures;
    uint32_t settle_ms; /* contact before a value may count as steady */
};

/* A valid value of the stream, at boot time now_us. ret_value is unchanged unless derived. */
enum ward_session_outcome ward_session_value(struct ward_session *session,
                                             const struct ward_session_rules *rules,
                                             const struct ward_decimal *value, uint64_t now_us,
                                             struct ward_decimal *ret_value);

/* Whether its valid values are steady, and came until now: what it derives next is valid. */
bool ward_session_is_steady(const struct ward_session *session, uint64_t now_us);

/*
 * The finger was taken off, or nothing came for WARD_INPUT_STOP_US. A session that was not worn gives nothing, nor does
 * one that settled and whose last values were not steady: they are noise of the finger leaving.
 */
enum ward_session_outcome ward_session_end(struct ward_session *session, struct ward_decimal *ret_value);

#endif
