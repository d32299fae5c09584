/* SPDX-License-Identifier: Apache-2.0 */
/* A plan is read and comes into force. */
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "app/gateway.h"
#include "app/watch_private.h"
#include "core/careplan.h"
#include "io/journal.h"

/* Every fault of a plan on a line of its own, as `wardctl plan check` prints them. */
static void describe(const struct ward_plan_errors *errors, char *ret, size_t size)
{
    size_t used = 0;

    ret[0] = '\0';
    for (size_t i = 0; i < errors->count && used < size; i++) {
        const struct ward_plan_error *error = &errors->list[i];
        int length = snprintf(ret + used, size - used, "%s%s: %s%s%s", i ? "\n" : "",
                              error->pointer[0] ? error->pointer : "plan", error->reason,
                              error->value[0] ? ", found " : "", error->value);

        used += length > 0 ? (size_t)length : 0;
    }
}

/* A plan whose zone this system does not know is taken: its limits count, and schedule-unknown says the rest. */
static void read_zone(struct ward_watch *watch)
{
    int result = 0;

    watch->has_zone = false;
    if (watch->plan.zone[0] == '\0')
        return;
    result = ward_clock_zone(watch->plan.zone, &watch->zone);
    watch->has_zone = result == 0;
    if (result < 0)
        ward_journal_print(LOG_ERR, "%s: the time zone %s cannot be read: %s", watch->patient.text,
                           watch->plan.zone, strerror(-result));
}

/* document is owned from now on. */
static void hold_plan(struct ward_watch *watch, const struct ward_care_plan *plan, char *document)
{
    free(watch->plan_document);
    watch->plan_document = document;
    watch->plan_signed = ward_care_plan_is_signed(document, strlen(document));
    watch->plan = *plan;
    watch->has_plan = true;
    watch->prompted = UINT32_MAX; /* it may have other words for what it asks for */
    read_zone(watch);
}

/*
 * document is owned from now on. with and waiter: as in ward_watch_carry_out; from which record on the plan is in force
 * belongs into the same transaction. False, and nothing happened, when memory is out.
 */
static bool put_in_force(struct ward_watch *watch, const struct ward_care_plan *plan, char *document,
                         const struct ward_store_group *with, struct ward_commit_waiter *waiter)
{
    const size_t brought = with->change_count;
    struct ward_store_change *changes = calloc(brought + 1, sizeof(*changes));
    struct ward_care_plan *before = malloc(sizeof(*before));
    struct ward_store_group group = *with;
    struct ward_inforce_text inforce;
    struct ward_watch_effects effects;
    struct ward_alarm_sink sink = ward_watch_sink(watch, &effects);
    struct ward_alarm_context context;

    if (!changes || !before) {
        free(changes);
        free(before);
        free(document);
        return false;
    }
    *before = watch->plan;
    hold_plan(watch, plan, document);
    memcpy(changes, with->changes, brought * sizeof(*changes));
    changes[brought] = ward_inforce_begin(watch->gateway, &watch->patient, plan->version, &inforce);
    group.changes = changes;
    group.change_count = brought + 1;
    context = ward_watch_begin(watch, &sink);
    context.before = before;
    ward_alarm_replace_plan(&watch->state, &context);
    ward_watch_carry_out(watch, &effects, &group, waiter, true);
    watch->plan_token = watch->gateway->next_token;
    free(changes);
    free(before);
    return true;
}

/* How a plan is stored: with another change (NULL: none), and who is told of it. */
struct storing {
    const struct ward_store_change *with;
    struct ward_commit_waiter *waiter;
};

/* Reads a plan, and gives it with a copy of its document to put. */
typedef bool put_plan(struct ward_watch *watch, const struct ward_care_plan *plan, char *document,
                      const struct storing *storing);

static bool read_plan(struct ward_watch *watch, const char *document, put_plan *put,
                      const struct storing *storing, char *ret_error, size_t size)
{
    struct ward_plan_errors *errors = malloc(sizeof(*errors));
    struct ward_care_plan *plan = malloc(sizeof(*plan));
    char *copy = strdup(document);
    bool taken = false;

    if (!errors || !plan || !copy) {
        snprintf(ret_error, size, "Out of memory.");
    } else if (!ward_care_plan_parse(document, strlen(document), plan, errors)) {
        describe(errors, ret_error, size);
    } else {
        taken = put(watch, plan, copy, storing);
        copy = NULL;
        if (!taken)
            snprintf(ret_error, size, "Out of memory.");
    }
    free(errors);
    free(plan);
    free(copy);
    return taken;
}

static bool put_and_store(struct ward_watch *watch, const struct ward_care_plan *plan, char *document,
                          const struct storing *storing)
{
    struct ward_store_change changes[2];
    struct ward_store_group group = {.urgent = true, .changes = changes};

    if (storing->with)
        changes[group.change_count++] = *storing->with;
    changes[group.change_count++] = (struct ward_store_change){
        .kind = WARD_STORE_PLAN, .document = document, .plan = {watch->patient, plan->version}};
    return put_in_force(watch, plan, document, &group, storing->waiter);
}

bool ward_watch_apply_plan(struct ward_watch *watch, const char *document,
                           const struct ward_store_change *with, struct ward_commit_waiter *waiter,
                           char *ret_error, size_t size)
{
    const struct storing storing = {with, waiter};

    return read_plan(watch, document, put_and_store, &storing, ret_error, size);
}

static bool put_back(struct ward_watch *watch, const struct ward_care_plan *plan, char *document,
                     const struct storing *storing)
{
    (void)storing; /* it is stored already */
    hold_plan(watch, plan, document);
    return true;
}

bool ward_watch_restore_plan(struct ward_watch *watch, const char *document, char *ret_error, size_t size)
{
    return read_plan(watch, document, put_back, NULL, ret_error, size);
}

bool ward_watch_take_plan(struct ward_watch *watch, const struct ward_care_plan *plan, const char *document,
                          const struct ward_store_group *with, struct ward_commit_waiter *waiter)
{
    char *copy = strdup(document);

    return copy && put_in_force(watch, plan, copy, with, waiter);
}
