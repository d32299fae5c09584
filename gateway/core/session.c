/* SPDX-License-Identifier: Apache-2.0 */
#include "core/session.h"

#include "core/decimal.h"

static bool is_below(const struct ward_decimal *a, const struct ward_decimal *b)
{
    int order = 0;

    return ward_decimal_compare(a, b, &order) && order < 0;
}

/* Whether high − low exceeds span; what cannot be told exactly does. */
static bool is_wider(const struct ward_decimal *low, const struct ward_decimal *high,
                     const struct ward_decimal *span)
{
    struct ward_decimal top;

    return !ward_decimal_is_finite(low) || !ward_decimal_is_finite(high) ||
           !ward_decimal_add(low, span, &top) || is_below(&top, high);
}

static void restart_steady(struct ward_session *session, const struct ward_decimal *value, uint64_t now_us)
{
    session->low = session->high = *value;
    session->steady_us = now_us;
}

static void follow(struct ward_session *session, const struct ward_session_rules *rules,
                   const struct ward_decimal *value, uint64_t now_us)
{
    struct ward_decimal span = {0};

    if (is_below(value, &session->low)) {
        session->low = *value;
    }
    if (is_below(&session->high, value)) {
        session->high = *value;
    }
    /* A sum of a row's figure with itself always fits. */
    (void)ward_decimal_add(&rules->figures->steady_by, &rules->figures->steady_by, &span);
    if (is_wider(&session->low, &session->high, &span)) {
        restart_steady(session, value, now_us);
    }
}

static bool lies_away(const struct ward_session *session, const struct ward_session_rules *rules)
{
    bool down = is_below(&session->newest, &session->derived);
    const struct ward_decimal *low = down ? &session->newest : &session->derived;
    const struct ward_decimal *high = down ? &session->derived : &session->newest;
    struct ward_decimal bound;

    if (!ward_decimal_is_finite(low) || !ward_decimal_is_finite(high)) {
        return low->special != high->special;
    }
    return !ward_decimal_add(low, &rules->figures->moved_by, &bound) || !is_below(high, &bound);
}

static void follow_moved(struct ward_session *session, const struct ward_session_rules *rules,
                         uint64_t now_us)
{
    bool moved = session->settled && lies_away(session, rules);

    if (moved && !session->moved) {
        session->moved_us = now_us;
    }
    session->moved = moved;
}

static enum ward_session_outcome derive(struct ward_session *session, uint64_t now_us,
                                        struct ward_decimal *ret_value)
{
    session->settled = true;
    session->moved = false;
    session->derived = session->newest;
    session->derived_us = now_us;
    *ret_value = session->newest;
    return WARD_SESSION_DERIVED;
}

enum ward_session_outcome ward_session_value(struct ward_session *session,
                                             const struct ward_session_rules *rules,
                                             const struct ward_decimal *value, uint64_t now_us,
                                             struct ward_decimal *ret_value)
{
    bool steady;

    if (!session->worn) {
        *session = (struct ward_session){.worn = true, .contact_us = now_us};
        restart_steady(session, value, now_us);
    }
    session->newest = *value;
    session->last_us = now_us;
    follow(session, rules, value, now_us);
    follow_moved(session, rules, now_us);
    steady = now_us - session->steady_us >= WARD_STEADY_US &&
             now_us - session->contact_us >= rules->settle_ms * UINT64_C(1000);
    if (!steady) {
        return WARD_SESSION_NOTHING;
    }
    if (!session->settled || now_us - session->derived_us >= WARD_DERIVE_US ||
        (session->moved && now_us - session->moved_us >= WARD_STEADY_US)) {
        return derive(session, now_us, ret_value);
    }
    return WARD_SESSION_NOTHING;
}

bool ward_session_is_steady(const struct ward_session *session, uint64_t now_us)
{
    return session->worn && session->last_us - session->steady_us >= WARD_STEADY_US &&
           now_us - session->last_us < WARD_STEADY_US;
}

enum ward_session_outcome ward_session_end(struct ward_session *session, struct ward_decimal *ret_value)
{
    bool changed =
        is_below(&session->newest, &session->derived) || is_below(&session->derived, &session->newest);
    bool was_worn = session->worn;

    session->worn = false;
    if (!was_worn) {
        return WARD_SESSION_NOTHING;
    }
    if (!session->settled) {
        return WARD_SESSION_INCOMPLETE;
    }
    if (!changed || session->last_us - session->steady_us < WARD_STEADY_US ||
        (session->moved && session->last_us - session->moved_us < WARD_STEADY_US)) {
        return WARD_SESSION_NOTHING;
    }
    return derive(session, session->last_us, ret_value);
}
