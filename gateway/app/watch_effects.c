/* SPDX-License-Identifier: Apache-2.0 */
/* What the engine says of one input: collected while it says it, and carried out when it has. */
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "app/documents.h"
#include "app/gateway.h"
#include "app/watch_private.h"
#include "core/alarm_names.h"
#include "core/alarm_pack.h"
#include "core/message.h"
#include "core/quantity.h"
#include "io/journal.h"
#include "io/numbers.h"

#define EVENT_JSON_MAX 4096

static bool make_room(struct ward_watch_effects *effects)
{
    struct ward_alarm_event *more = malloc(2 * effects->places * sizeof(*more));

    if (!more)
        return false;
    memcpy(more, effects->events, effects->count * sizeof(*more));
    if (effects->events != effects->room)
        free(effects->events);
    effects->events = more;
    effects->places *= 2;
    return true;
}

static void collect_event(void *context, const struct ward_alarm_event *event)
{
    struct ward_watch_effects *effects = context;

    effects->changed = true;
    if (effects->count == effects->places && !make_room(effects)) {
        effects->overflow = true;
        return;
    }
    effects->events[effects->count++] = *event;
}

static void collect_transition(void *context, const struct ward_alarm_trace *trace)
{
    struct ward_watch_effects *effects = context;

    effects->changed = true;
    if (effects->transition_count == WARD_WATCH_TRANSITIONS_MAX)
        return;
    effects->transitions[effects->transition_count].from = trace->from;
    effects->transitions[effects->transition_count].signal = trace->signal;
    effects->transitions[effects->transition_count].to = trace->to;
    snprintf(effects->transitions[effects->transition_count++].condition.text, sizeof(struct ward_id), "%s",
             trace->condition);
}

static void collect_derived(void *context, const struct ward_alarm_derived *derived)
{
    struct ward_watch_effects *effects = context;

    ward_derived_add(&effects->derived, derived);
}

/* A measurement is due: the room hears the same as when one is to be repeated. */
static void give_prompt(void *context, const struct ward_alarm_prompt *prompt)
{
    struct ward_watch_effects *effects = context;

    ward_journal_print(LOG_INFO, "%s: prompt %u for %s", prompt->patient.text, prompt->number,
                       ward_quantity_info(prompt->quantity)->name);
    (void)ward_annunciator_answer(effects->gateway->annunciator, WARD_ANSWER_REPEAT);
    effects->prompted = true;
}

struct ward_alarm_sink ward_watch_sink(const struct ward_watch *watch, struct ward_watch_effects *effects)
{
    effects->events = effects->room;
    effects->places = WARD_WATCH_EVENTS_USUAL;
    effects->count = effects->transition_count = 0;
    effects->overflow = effects->changed = effects->prompted = false;
    effects->gateway = watch->gateway;
    effects->place = NULL;
    effects->derived.watch = watch;
    effects->derived.count = 0;
    return (struct ward_alarm_sink){.event = collect_event,
                                    .derived = collect_derived,
                                    .trace = collect_transition,
                                    .prompt = give_prompt,
                                    .context = effects};
}

/* An alarm without a good id is better than no alarm: zeros when there are no random octets. */
static struct ward_alarm_id fresh_seed(void)
{
    struct ward_alarm_id seed = {{0}};

    (void)ward_random(seed.octets, sizeof(seed.octets));
    return seed;
}

/* Most inputs raise nothing: a seed is kept until it may have been used (ward_watch_carry_out). */
struct ward_alarm_context ward_watch_begin(struct ward_watch *watch, const struct ward_alarm_sink *sink)
{
    struct ward_alarm_context context = ward_watch_context(watch);

    if (!watch->has_seed)
        watch->seed = fresh_seed();
    watch->has_seed = true;
    context.seed = watch->seed;
    context.sink = sink;
    return context;
}

/* What was shown goes into the event, and its JSON to the outbox. Returns the length of that; 0: it cannot be written. */
static size_t publish(struct ward_watch *watch, struct ward_alarm_event *event,
                      const struct ward_annunciation_shown *shown, char *json_text, size_t size)
{
    struct ward_gateway *gateway = watch->gateway;
    const struct ward_origin origin = ward_documents_origin(gateway);
    struct ward_json json;
    size_t length = 0;

    event->signal_delay_ms = shown->delay_ms;
    event->shown_light = shown->light;
    event->shown_sound = shown->sound;
    ward_json_init(&json, json_text, size, WARD_JSON_PRINTED);
    ward_alarm_event_write_json(event, &origin, &json);
    if (ward_json_finish(&json, &length) != WARD_JSON_OK) {
        json_text[0] = '\0';
        return 0;
    }
    if (ward_alarm_event_is_published(event->event)) {
        ward_numbers_note(gateway->numbers, &event->id, event->n);
        ward_outbox_alarm(&gateway->outbox, event, json_text, length);
    }
    return length;
}

/* To the local API and the journal, which have time until the ward knows. */
static void tell(const struct ward_watch *watch, const struct ward_alarm_event *event, const char *json_text)
{
    const char *const signal_texts[] = {json_text};

    if (json_text[0] == '\0' || !ward_alarm_event_is_published(event->event))
        return;
    if (watch->gateway->bus)
        ward_bus_emit(watch->gateway->bus, WARD_BUS_ALARM, signal_texts);
    /* Without what was measured, and without the plan's own words: who reads the journal is no clinician. */
    ward_journal_print_with(event->priority == WARD_PRIORITY_HIGH ? LOG_ALERT : LOG_WARNING, "WARD_CONDITION",
                            event->condition.text, "%s: %s %s", event->patient.text, event->condition.text,
                            ward_alarm_event_name(event->event));
}

static void log_transitions(const struct ward_watch_effects *effects)
{
    for (size_t i = 0; i < effects->transition_count; i++)
        ward_journal_print(LOG_DEBUG, "%s: %s (%s) -> %s", effects->transitions[i].condition.text,
                           effects->transitions[i].from, effects->transitions[i].signal,
                           effects->transitions[i].to);
}

/* All events are on their way before any of them is told to anybody else. Returns how many are to be stored. */
static size_t publish_all(struct ward_watch *watch, struct ward_watch_effects *effects,
                          const struct ward_annunciation_shown *shown, char *texts,
                          struct ward_store_event *ret)
{
    size_t count = 0;

    for (size_t i = 0; i < effects->count && texts; i++) {
        struct ward_alarm_event *event = &effects->events[i];
        char *text = texts + i * EVENT_JSON_MAX;
        size_t length = publish(watch, event, shown, text, EVENT_JSON_MAX);

        if (length > 0)
            ret[count++] = (struct ward_store_event){.key = {event->id, event->n},
                                                     .patient = event->patient,
                                                     .at_ms = event->at.utc_ms,
                                                     .payload = text,
                                                     .payload_length = length};
    }
    for (size_t i = 0; i < effects->count && texts; i++)
        tell(watch, &effects->events[i], texts + i * EVENT_JSON_MAX);
    return count;
}

/* place: what it came from, NULL for nothing. */
static void submit(struct ward_watch *watch, struct ward_store_group *group,
                   struct ward_commit_waiter *waiter, const struct ward_talk_place *place)
{
    const bool submitted = ward_gateway_submit(watch->gateway, group, waiter) >= 0;

    if (!submitted && place)
        ward_talk_lost(watch->gateway, place);
    if (submitted && group->state_count > 0)
        watch->stored_token = group->token;
}

/* Whether the room is to be told of something else to measure than before. */
static bool asks_for_other(struct ward_watch *watch)
{
    const struct ward_alarm_context context = ward_watch_context(watch);
    const uint32_t before = watch->prompted;

    watch->prompted = ward_alarm_prompted(&watch->state, &context);
    return watch->prompted != before;
}

void ward_watch_carry_out(struct ward_watch *watch, struct ward_watch_effects *effects,
                          const struct ward_store_group *with, struct ward_commit_waiter *waiter,
                          bool store_state)
{
    static const struct ward_store_group nothing;
    struct ward_store_group group = with ? *with : nothing;
    struct ward_record records[1 + WARD_DERIVED_MAX];
    struct ward_store_event *stored =
        effects->count ? malloc(effects->count * (sizeof(*stored) + EVENT_JSON_MAX)) : NULL;
    struct ward_store_alarm_state state = {.patient = watch->patient, .version = WARD_ALARM_PACK_VERSION};
    struct ward_annunciation_shown shown = {0};
    char *texts = stored ? (char *)(stored + effects->count) : NULL;

    if (effects->changed)
        watch->has_seed = false;
    if (asks_for_other(watch) || effects->changed)
        shown = ward_gateway_annunciate(watch->gateway);
    group.event_count = publish_all(watch, effects, &shown, texts, stored);
    group.events = stored;
    log_transitions(effects);
    if (effects->overflow)
        ward_journal_print(LOG_ERR, "%s: no memory for all alarm events; up/active has all conditions",
                           watch->patient.text);
    group.record_count = ward_derived_append(&effects->derived, group.records, group.record_count, records);
    group.records = records;
    group.urgent = group.urgent || effects->changed || effects->derived.count > 0;
    if (!waiter && group.record_count > 0)
        waiter = ward_commit_waiter_new(records, group.record_count);
    if (waiter && effects->place)
        waiter->place = *effects->place;
    if (effects->changed || effects->prompted || store_state) {
        state.state = watch->packed;
        state.length = ward_alarm_pack(&watch->state, watch->packed, WARD_ALARM_PACKED_MAX);
        group.states = &state;
        group.state_count = state.length > 0;
        watch->stored_us = ward_gateway_now(watch->gateway).boot_us; /* or tried to: not again at once */
    }
    if (effects->changed)
        ward_outbox_state_changed(&watch->gateway->outbox);
    if (group.record_count || group.event_count || group.state_count || group.change_count || waiter)
        submit(watch, &group, waiter, effects->place);
    free(stored);
    if (effects->events != effects->room)
        free(effects->events);
}
