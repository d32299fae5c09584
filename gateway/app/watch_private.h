/* SPDX-License-Identifier: Apache-2.0 */
/*
 * What watch*.c share, and nobody else: an input to the engine is begun, given, and carried out.
 *
 *     struct ward_watch_effects effects;
 *     struct ward_alarm_sink sink = ward_watch_sink(watch, &effects);
 *     struct ward_alarm_context context = ward_watch_begin(watch, &sink);
 *
 *     ward_alarm_…(&watch->state, &context, …);
 *     ward_watch_carry_out(watch, &effects, …);
 */
#ifndef WARD_APP_WATCH_PRIVATE_H
#define WARD_APP_WATCH_PRIVATE_H

#include "app/watch.h"

#define WARD_WATCH_EVENTS_USUAL    48
#define WARD_WATCH_TRANSITIONS_MAX 16

struct ward_talk_place;

/* What one input to the engine has brought about. */
struct ward_watch_effects {
    struct ward_alarm_event room[WARD_WATCH_EVENTS_USUAL];
    struct ward_alarm_event *events; /* in room; or on the heap, since a reboot tells of all that stands */
    size_t count, places;
    bool overflow; /* no memory for more events: the state is right, the ward sees it in up/active */
    bool changed;  /* a condition went from one state to another: */
    struct {
        struct ward_id condition;
        const char *from, *signal, *to;
    } transitions[WARD_WATCH_TRANSITIONS_MAX]; /* the first of them */
    size_t transition_count;
    struct ward_derived derived;
    const struct ward_talk_place *place; /* where the record comes from that is stored with it; NULL */
    bool prompted;                       /* the patient was asked to measure: that is part of the state */
    struct ward_gateway *gateway;
};

/* Where the engine says what follows from an input: into effects, which are empty now. */
struct ward_alarm_sink ward_watch_sink(const struct ward_watch *watch, struct ward_watch_effects *effects);

/* The context of an input, as ward_watch_context and with a seed and the sink, which it borrows. */
struct ward_alarm_context ward_watch_begin(struct ward_watch *watch, const struct ward_alarm_sink *sink);

/*
 * Carries out what the engine said (the order of watch.h). with: what else belongs into the same transaction, or
 * NULL. waiter: may be NULL; owned from now on. store_state: the state has changed even without an event or a transition.
 */
void ward_watch_carry_out(struct ward_watch *watch, struct ward_watch_effects *effects,
                          const struct ward_store_group *with, struct ward_commit_waiter *waiter,
                          bool store_state);

#endif
