/* SPDX-License-Identifier: Apache-2.0 */
#include "app/watch.h"

#include <stdlib.h>

#include "app/gateway.h"
#include "app/watch_private.h"
#include "core/alarm_pack.h"
#include "io/journal.h"
#include "io/numbers.h"

struct ward_watch *ward_watch_new(struct ward_gateway *gateway, const struct ward_id *patient,
                                  const struct ward_id *episode)
{
    struct ward_watch *watch = calloc(1, sizeof(*watch));

    if (!watch)
        return NULL;
    watch->packed = malloc(WARD_ALARM_PACKED_MAX);
    if (!watch->packed)
        return ward_watch_free(watch);
    watch->gateway = gateway;
    watch->unheard = true;
    watch->patient = *patient;
    watch->episode = *episode;
    watch->stored_us = ward_gateway_now(gateway).boot_us;
    ward_alarm_init(&watch->state, patient, episode);
    return watch;
}

struct ward_watch *ward_watch_free(struct ward_watch *watch)
{
    if (watch) {
        free(watch->plan_document);
        free(watch->packed);
    }
    free(watch);
    return NULL;
}

struct ward_alarm_context ward_watch_context(const struct ward_watch *watch)
{
    return (struct ward_alarm_context){.plan = watch->has_plan ? &watch->plan : NULL,
                                       .zone = watch->has_zone ? &watch->zone : NULL,
                                       .now = ward_gateway_now(watch->gateway)};
}

static uint32_t newest_number(void *context, const struct ward_alarm_id *id)
{
    return ward_numbers_newest(context, id);
}

bool ward_watch_restore(struct ward_watch *watch, const struct ward_store_alarm_state *stored, bool rebooted,
                        bool new_epoch)
{
    const bool is_known = stored && ward_alarm_unpack(stored->state, stored->length, &watch->state);
    struct ward_watch_effects effects;
    struct ward_alarm_sink sink = ward_watch_sink(watch, &effects);
    struct ward_alarm_context context = ward_watch_begin(watch, &sink);

    if (is_known && new_epoch)
        ward_alarm_new_epoch(&watch->state);
    if (!is_known && watch->has_plan)
        ward_alarm_replace_plan(&watch->state, &context);
    else if (is_known && rebooted)
        ward_alarm_reboot(&watch->state, &context);
    else if (is_known)
        ward_alarm_restart(&watch->state, &context,
                           &(struct ward_alarm_told){newest_number, watch->gateway->numbers});
    if (rebooted || new_epoch || effects.count > 0)
        ward_watch_carry_out(watch, &effects, NULL, NULL, is_known);
    return is_known || !stored;
}

/* Somebody may have asked for it: for the reading (NULL: none), or for what was derived of a stream. */
static void tell_measured(const struct ward_watch *watch, const struct ward_watch_effects *effects,
                          const struct ward_reading *reading)
{
    if (reading)
        ward_ask_heard(watch->gateway, reading);
    for (size_t i = 0; i < effects->derived.count; i++)
        ward_ask_heard(watch->gateway, &effects->derived.records[i].reading);
}

void ward_watch_reading(struct ward_watch *watch, const struct ward_reading *reading,
                        const struct ward_arrival *commit)
{
    const struct ward_store_group group =
        commit ? ward_arrival_group(commit, reading->kind != WARD_READING_CONTINUOUS)
               : (struct ward_store_group){0};
    struct ward_watch_effects effects;
    struct ward_alarm_sink sink = ward_watch_sink(watch, &effects);
    struct ward_alarm_context context = ward_watch_begin(watch, &sink);

    effects.place = commit ? &commit->place : NULL;
    ward_derived_note_source(watch->derived_sources, reading);
    ward_alarm_reading(&watch->state, &context, reading);
    ward_watch_carry_out(watch, &effects, &group, NULL, true);
    tell_measured(watch, &effects, reading);
}

void ward_watch_early(struct ward_watch *watch, const struct ward_reading *reading)
{
    struct ward_watch_effects effects;
    struct ward_alarm_sink sink = ward_watch_sink(watch, &effects);
    struct ward_alarm_context context = ward_watch_begin(watch, &sink);

    ward_alarm_reading_early(&watch->state, &context, reading);
    ward_watch_carry_out(watch, &effects, NULL, NULL, false);
}

void ward_watch_record(struct ward_watch *watch, const struct ward_store_group *with,
                       struct ward_commit_waiter *waiter)
{
    struct ward_watch_effects effects;
    struct ward_alarm_sink sink = ward_watch_sink(watch, &effects);
    struct ward_alarm_context context = ward_watch_begin(watch, &sink);

    ward_alarm_reading(&watch->state, &context, &with->records[0].reading);
    ward_watch_carry_out(watch, &effects, with, waiter, true);
    tell_measured(watch, &effects, &with->records[0].reading);
}

void ward_watch_take_back(struct ward_watch *watch, const struct ward_reading *reading,
                          const struct ward_store_group *with, struct ward_commit_waiter *waiter)
{
    struct ward_watch_effects effects;
    struct ward_alarm_sink sink = ward_watch_sink(watch, &effects);
    struct ward_alarm_context context = ward_watch_begin(watch, &sink);

    /* A state that was stored with its reading does not know the number that this one got. */
    ward_alarm_committed(&watch->state, context.plan, reading);
    (void)ward_alarm_void(&watch->state, &context, reading->seq);
    ward_watch_carry_out(watch, &effects, with, waiter, true);
}

void ward_watch_suspend(struct ward_watch *watch, const struct ward_alarm_suspension *suspension,
                        const struct ward_store_group *with, ward_watch_concluded *concluded, void *context)
{
    struct ward_watch_effects effects;
    struct ward_alarm_sink sink = ward_watch_sink(watch, &effects);
    struct ward_alarm_context now = ward_watch_begin(watch, &sink);
    const bool done = ward_alarm_suspend(&watch->state, &now, suspension);

    ward_watch_carry_out(watch, &effects, with, concluded(context, done), true);
}

void ward_watch_resume(struct ward_watch *watch, const struct ward_id *by,
                       const struct ward_store_group *with, struct ward_commit_waiter *waiter)
{
    struct ward_watch_effects effects;
    struct ward_alarm_sink sink = ward_watch_sink(watch, &effects);
    struct ward_alarm_context context = ward_watch_begin(watch, &sink);

    ward_alarm_resume(&watch->state, &context, by);
    ward_watch_carry_out(watch, &effects, with, waiter, true);
}

void ward_watch_discharge(struct ward_watch *watch, const struct ward_store_group *with,
                          struct ward_commit_waiter *waiter)
{
    struct ward_watch_effects effects;
    struct ward_alarm_sink sink = ward_watch_sink(watch, &effects);
    struct ward_alarm_context context = ward_watch_begin(watch, &sink);

    ward_alarm_discharge(&watch->state, &context);
    ward_watch_carry_out(watch, &effects, with, waiter,
                         false); /* the state goes with the patient, later in the transaction */
}

/* Not while the last one is on its way: of a disk that hangs for days the queue would grow. */
static uint64_t storing_due_us(const struct ward_watch *watch)
{
    return watch->stored_token <= watch->gateway->committed_token ? watch->stored_us + WARD_WATCH_STORE_US
                                                                  : UINT64_MAX;
}

void ward_watch_tick(struct ward_watch *watch)
{
    struct ward_watch_effects effects;
    struct ward_alarm_sink sink = ward_watch_sink(watch, &effects);
    struct ward_alarm_context context = ward_watch_begin(watch, &sink);

    ward_alarm_tick(&watch->state, &context);
    ward_watch_carry_out(watch, &effects, NULL, NULL, storing_due_us(watch) <= context.now.boot_us);
    tell_measured(watch, &effects, NULL);
}

void ward_watch_input_stopped(struct ward_watch *watch, uint32_t quantities, const char *device)
{
    struct ward_watch_effects effects;
    struct ward_alarm_sink sink = ward_watch_sink(watch, &effects);
    struct ward_alarm_context context = ward_watch_begin(watch, &sink);

    ward_alarm_input_stopped(&watch->state, &context, quantities, device);
    ward_watch_carry_out(watch, &effects, NULL, NULL, true);
    tell_measured(watch, &effects, NULL);
}

void ward_watch_sources(struct ward_watch *watch, uint32_t quantities)
{
    struct ward_watch_effects effects;
    struct ward_alarm_sink sink = ward_watch_sink(watch, &effects);
    struct ward_alarm_context context = ward_watch_begin(watch, &sink);

    if (watch->has_sources && watch->sources == quantities)
        return;
    watch->has_sources = true;
    watch->sources = quantities;
    ward_alarm_sources(&watch->state, &context, quantities);
    ward_watch_carry_out(watch, &effects, NULL, NULL, true);
}

void ward_watch_technical(struct ward_watch *watch, const struct ward_alarm_technical *technical, bool active)
{
    struct ward_watch_effects effects;
    struct ward_alarm_sink sink = ward_watch_sink(watch, &effects);
    struct ward_alarm_context context = ward_watch_begin(watch, &sink);

    if (ward_alarm_technical(&watch->state, &context, technical, active) < 0)
        ward_journal_print(LOG_ERR, "%s: no place for the condition %s", watch->patient.text,
                           technical->name);
    ward_watch_carry_out(watch, &effects, NULL, NULL, false);
}

size_t ward_watch_silence(struct ward_watch *watch, const struct ward_id *by)
{
    struct ward_watch_effects effects;
    struct ward_alarm_sink sink = ward_watch_sink(watch, &effects);
    struct ward_alarm_context context = ward_watch_begin(watch, &sink);
    size_t silenced = ward_alarm_silence(&watch->state, &context, by);

    ward_watch_carry_out(watch, &effects, NULL, NULL, false);
    return silenced;
}

enum ward_alarm_answer ward_watch_acknowledge(struct ward_watch *watch,
                                              const struct ward_watch_acknowledgement *acknowledgement,
                                              const struct ward_store_group *with)
{
    struct ward_watch_effects effects;
    struct ward_alarm_sink sink = ward_watch_sink(watch, &effects);
    struct ward_alarm_context context = ward_watch_begin(watch, &sink);
    struct ward_commit_waiter *waiter;
    enum ward_alarm_answer answer = ward_alarm_acknowledge(&watch->state, &context, &acknowledgement->id,
                                                           &acknowledgement->by, acknowledgement->clinician);

    waiter = acknowledgement->concluded(acknowledgement->context, answer);
    ward_watch_carry_out(watch, &effects, with, waiter, false);
    return answer;
}

void ward_watch_submit_again(struct ward_watch *watch)
{
    struct ward_watch_effects effects;

    (void)ward_watch_sink(watch, &effects);
    ward_watch_carry_out(watch, &effects, NULL, NULL, true);
}

uint64_t ward_watch_due_us(const struct ward_watch *watch)
{
    const struct ward_time now = ward_gateway_now(watch->gateway);
    const uint64_t alarm_us = ward_alarm_deadline_us(&watch->state, watch->has_plan ? &watch->plan : NULL),
                   storing_us = storing_due_us(watch);

    if (ward_alarm_clock_moved(&watch->state, &now))
        return 0;
    return alarm_us < storing_us ? alarm_us : storing_us;
}
