/* SPDX-License-Identifier: Apache-2.0 */
/*
 * A care plan over recorded readings, in virtual time: the gateway's own alarm engine, one state a patient.
 *
 * Time is that of the readings (received_at, else measured_at). A reading that lies before the time reached came now. It
 * is late when it was measured more than two minutes before it came, as on the gateway, unless it says itself whether it
 * was. Each patient has a time of its own, so that files may be put one behind the other; between two lines the
 * engine is called at each of its deadlines, as the gateway's timer would.
 */
#ifndef WARD_CTL_TRY_RUN_H
#define WARD_CTL_TRY_RUN_H

#include <stdint.h>

#include "core/alarm.h"
#include "ctl/try_burden.h"

struct ward_try;

struct ward_try_calls {
    /* Each event, in order. */
    void (*event)(void *context, const struct ward_alarm_event *event);
    /* What is told of a line that is not wrong: a quantity that is not known, an order that is refused. */
    void (*note)(void *context, uint64_t line, const char *text);
    /*
     * The plan that a line names: NULL for one that cannot be had, which has been told. It and its zone (NULL: it needs
     * none, or it is not known) must stay until ward_try_free. name NULL: no line may change the plan.
     */
    const struct ward_care_plan *(*plan)(void *context, const char *name, const struct ward_zone **ret_zone);
    void *context;
};

/* plan and zone (NULL where the plan names none) are borrowed until ward_try_free. NULL when there is no memory. */
struct ward_try *ward_try_new(const struct ward_care_plan *plan, const struct ward_zone *zone,
                              const struct ward_try_calls *calls);
struct ward_try *ward_try_free(struct ward_try *run);

/*
 * One line, of that number: a reading, a record, or what somebody did (ctl/try_order.h). Returns NULL, or what is wrong
 * with the line in a plain sentence, which lasts until the next call; nothing has been done then.
 */
const char *ward_try_line(struct ward_try *run, const char *text, size_t length, uint64_t number);

/* When the line happened, for those who put lines in order. False for one that does not say, or is wrong. */
bool ward_try_moment(const char *text, size_t length, int64_t *ret_ms);

/* Time goes on after the last line until every stream has gone stale, or for after_ms if that is longer. */
void ward_try_finish(struct ward_try *run, uint64_t after_ms);

struct ward_try_figures ward_try_figures(const struct ward_try *run);

/* What is present at the end, patient by patient. */
typedef void ward_try_present_fn(void *context, const struct ward_alarm_present *present);
void ward_try_present(const struct ward_try *run, ward_try_present_fn *each, void *context);

/* NEWS2 at the end, of each patient, where the plan asks for it. */
typedef void ward_try_news2_fn(void *context, const struct ward_id *patient,
                               const struct ward_news2_report *report);
void ward_try_news2(const struct ward_try *run, ward_try_news2_fn *each, void *context);

#endif
