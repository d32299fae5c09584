/* SPDX-License-Identifier: Apache-2.0 */
#include "app/watch.h"

#include <errno.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "app/documents.h"
#include "app/gateway.h"
#include "core/alarm_names.h"
#include "core/alarm_pack.h"
#include "core/careplan.h"
#include "core/message.h"
#include "core/quantity.h"
#include "io/journal.h"
#include "io/numbers.h"

#define EVENT_JSON_MAX  4096
#define TRANSITIONS_MAX 16

/* What one input to the engine has brought about. */
struct effects {
    struct ward_alarm_event events[WARD_WATCH_EVENTS_MAX];
    size_t count;
    bool overflow; /* more events than places: the state is right, the ward sees it in up/active */
    bool changed;  /* a condition went from one state to another: */
    struct {
        struct ward_id condition;
        const char *from, *signal, *to;
    } transitions[TRANSITIONS_MAX]; /* the first of them */
    size_t transition_count;
    struct ward_derived derived;
    const struct ward_talk_place *place; /* where the record comes from that is stored with it; NULL */
    bool prompted;                       /* the patient was asked to measure: that is part of the state */
    struct ward_gateway *gateway;
};

static void collect_event(void *context, const struct ward_alarm_event *event)
{
    struct effects *effects = context;

    effects->changed = true;
    if (effects->count == WARD_WATCH_EVENTS_MAX) {
        effects->overflow = true;
        return;
    }
    effects->events[effects->count++] = *event;
}

static void collect_transition(void *context, const struct ward_alarm_trace *trace)
{
    struct effects *effects = context;

    effects->changed = true;
    if (effects->transition_count == TRANSITIONS_MAX)
        return;
    effects->transitions[effects->transition_count].from = trace->from;
    effects->transitions[effects->transition_count].signal = trace->signal;
    effects->transitions[effects->transition_count].to = trace->to;
    snprintf(effects->transitions[effects->transition_count++].condition.text, sizeof(struct ward_id), "%s",
             trace->condition);
}

static void collect_derived(void *context, const struct ward_alarm_derived *derived)
{
    struct effects *effects = context;

    ward_derived_add(&effects->derived, derived);
}

/* A measurement is due: the room hears the same as when one is to be repeated. */
static void give_prompt(void *context, const struct ward_alarm_prompt *prompt)
{
    struct effects *effects = context;

    ward_journal_print(LOG_INFO, "%s: prompt %u for %s", prompt->patient.text, prompt->number,
                       ward_quantity_info(prompt->quantity)->name);
    (void)ward_annunciator_answer(effects->gateway->annunciator, WARD_ANSWER_REPEAT);
    effects->prompted = true;
}

static struct ward_alarm_sink sink_of(const struct ward_watch *watch, struct effects *effects)
{
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

struct ward_alarm_context ward_watch_context(const struct ward_watch *watch)
{
    return (struct ward_alarm_context){.plan = watch->has_plan ? &watch->plan : NULL,
                                       .zone = watch->has_zone ? &watch->zone : NULL,
                                       .now = ward_gateway_now(watch->gateway)};
}

/* Most inputs raise nothing: a seed is kept until it may have been used (carry_out). */
static struct ward_alarm_context begin(struct ward_watch *watch, const struct ward_alarm_sink *sink)
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

static void log_transitions(const struct effects *effects)
{
    for (size_t i = 0; i < effects->transition_count; i++)
        ward_journal_print(LOG_DEBUG, "%s: %s (%s) -> %s", effects->transitions[i].condition.text,
                           effects->transitions[i].from, effects->transitions[i].signal,
                           effects->transitions[i].to);
}

/* All events are on their way before any of them is told to anybody else. Returns how many are to be stored. */
static size_t publish_all(struct ward_watch *watch, struct effects *effects,
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

/*
 * Carries out what the engine said (the order of watch.h). with: what else belongs into the same transaction, or
 * NULL. store_state: the state has changed even without an event or a transition.
 */
static void carry_out(struct ward_watch *watch, struct effects *effects, const struct ward_store_group *with,
                      struct ward_commit_waiter *waiter, bool store_state)
{
    static const struct ward_store_group nothing;
    struct ward_store_group group = with ? *with : nothing;
    struct ward_record records[1 + WARD_DERIVED_MAX];
    struct ward_store_event stored[WARD_WATCH_EVENTS_MAX];
    struct ward_store_alarm_state state = {.patient = watch->patient, .version = WARD_ALARM_PACK_VERSION};
    struct ward_annunciation_shown shown = {0};
    char *texts = effects->count ? malloc(effects->count * EVENT_JSON_MAX) : NULL;

    if (effects->changed) {
        watch->has_seed = false;
        shown = ward_gateway_annunciate(watch->gateway);
    }
    group.event_count = publish_all(watch, effects, &shown, texts, stored);
    group.events = stored;
    log_transitions(effects);
    if (effects->overflow)
        ward_journal_print(LOG_ERR, "%s: more alarm events at once than places; up/active has all conditions",
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
    }
    if (effects->changed)
        ward_outbox_state_changed(&watch->gateway->outbox);
    if (group.record_count || group.event_count || group.state_count || group.change_count || waiter)
        (void)ward_gateway_submit(watch->gateway, &group, waiter);
    free(texts);
}

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
    watch->patient = *patient;
    watch->episode = *episode;
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

static uint32_t newest_number(void *context, const struct ward_alarm_id *id)
{
    return ward_numbers_newest(context, id);
}

bool ward_watch_restore(struct ward_watch *watch, const struct ward_store_alarm_state *stored, bool rebooted)
{
    struct effects effects;
    struct ward_alarm_sink sink = sink_of(watch, &effects);
    struct ward_alarm_context context = begin(watch, &sink);

    if (!ward_alarm_unpack(stored->state, stored->length, &watch->state))
        return false;
    if (rebooted)
        ward_alarm_reboot(&watch->state, &context);
    else
        ward_alarm_restart(&watch->state, &context,
                           &(struct ward_alarm_told){newest_number, watch->gateway->numbers});
    if (rebooted || effects.count > 0)
        carry_out(watch, &effects, NULL, NULL, true);
    return true;
}

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

/*
 * document is owned from now on. with and waiter: as in carry_out; from which record on the plan is in force belongs into
 * the same transaction. False, and nothing happened, when memory is out.
 */
static bool put_in_force(struct ward_watch *watch, const struct ward_care_plan *plan, char *document,
                         const struct ward_store_group *with, struct ward_commit_waiter *waiter)
{
    const size_t brought = with ? with->change_count : 0;
    struct ward_store_change *changes = calloc(brought + 1, sizeof(*changes));
    struct ward_store_group group = with ? *with : (struct ward_store_group){0};
    struct ward_inforce_text inforce;
    struct effects effects;
    struct ward_alarm_sink sink = sink_of(watch, &effects);
    struct ward_alarm_context context;

    if (!changes) {
        free(document);
        return false;
    }
    free(watch->plan_document);
    watch->plan_document = document;
    watch->plan_signed = ward_care_plan_is_signed(document, strlen(document));
    watch->plan = *plan;
    watch->has_plan = true;
    read_zone(watch);
    if (with) {
        memcpy(changes, with->changes, brought * sizeof(*changes));
        changes[brought] = ward_inforce_begin(watch->gateway, &watch->patient, plan->version, &inforce);
        group.changes = changes;
        group.change_count = brought + 1;
    }
    context = begin(watch, &sink);
    ward_alarm_replace_plan(&watch->state, &context);
    carry_out(watch, &effects, with ? &group : NULL, waiter, with != NULL);
    free(changes);
    return true;
}

bool ward_watch_apply_plan(struct ward_watch *watch, const char *document, bool restored, char *ret_error,
                           size_t size)
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
        const struct ward_store_change change = {
            .kind = WARD_STORE_PLAN, .document = document, .plan = {watch->patient, plan->version}};
        const struct ward_store_group group = {.urgent = true, .changes = &change, .change_count = 1};

        taken = put_in_force(watch, plan, copy, restored ? NULL : &group, NULL);
        copy = NULL;
        if (!taken)
            snprintf(ret_error, size, "Out of memory.");
    }
    free(errors);
    free(plan);
    free(copy);
    return taken;
}

bool ward_watch_take_plan(struct ward_watch *watch, const struct ward_care_plan *plan, const char *document,
                          const struct ward_store_group *with, struct ward_commit_waiter *waiter)
{
    char *copy = strdup(document);

    return copy && put_in_force(watch, plan, copy, with, waiter);
}

/* Somebody may have asked for it: for the reading (NULL: none), or for what was derived of a stream. */
static void tell_measured(const struct ward_watch *watch, const struct effects *effects,
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
    struct effects effects;
    struct ward_alarm_sink sink = sink_of(watch, &effects);
    struct ward_alarm_context context = begin(watch, &sink);

    effects.place = commit ? &commit->place : NULL;
    ward_derived_note_source(watch->derived_sources, reading);
    ward_alarm_reading(&watch->state, &context, reading);
    carry_out(watch, &effects, &group, NULL, true);
    tell_measured(watch, &effects, reading);
}

void ward_watch_early(struct ward_watch *watch, const struct ward_reading *reading)
{
    struct effects effects;
    struct ward_alarm_sink sink = sink_of(watch, &effects);
    struct ward_alarm_context context = begin(watch, &sink);

    ward_alarm_reading_early(&watch->state, &context, reading);
    carry_out(watch, &effects, NULL, NULL, false);
}

void ward_watch_record(struct ward_watch *watch, const struct ward_store_group *with,
                       struct ward_commit_waiter *waiter)
{
    struct effects effects;
    struct ward_alarm_sink sink = sink_of(watch, &effects);
    struct ward_alarm_context context = begin(watch, &sink);

    ward_alarm_reading(&watch->state, &context, &with->records[0].reading);
    carry_out(watch, &effects, with, waiter, true);
    tell_measured(watch, &effects, &with->records[0].reading);
}

void ward_watch_take_back(struct ward_watch *watch, const struct ward_reading *reading,
                          const struct ward_store_group *with, struct ward_commit_waiter *waiter)
{
    struct effects effects;
    struct ward_alarm_sink sink = sink_of(watch, &effects);
    struct ward_alarm_context context = begin(watch, &sink);

    /* A state that was stored with its reading does not know the number that this one got. */
    ward_alarm_committed(&watch->state, reading);
    (void)ward_alarm_void(&watch->state, &context, reading->seq);
    carry_out(watch, &effects, with, waiter, true);
}

void ward_watch_suspend(struct ward_watch *watch, const struct ward_alarm_suspension *suspension,
                        const struct ward_store_group *with, ward_watch_concluded *concluded, void *context)
{
    struct effects effects;
    struct ward_alarm_sink sink = sink_of(watch, &effects);
    struct ward_alarm_context now = begin(watch, &sink);
    const bool done = ward_alarm_suspend(&watch->state, &now, suspension);

    carry_out(watch, &effects, with, concluded(context, done), true);
}

void ward_watch_resume(struct ward_watch *watch, const struct ward_id *by,
                       const struct ward_store_group *with, struct ward_commit_waiter *waiter)
{
    struct effects effects;
    struct ward_alarm_sink sink = sink_of(watch, &effects);
    struct ward_alarm_context context = begin(watch, &sink);

    ward_alarm_resume(&watch->state, &context, by);
    carry_out(watch, &effects, with, waiter, true);
}

void ward_watch_discharge(struct ward_watch *watch, const struct ward_store_group *with,
                          struct ward_commit_waiter *waiter)
{
    struct effects effects;
    struct ward_alarm_sink sink = sink_of(watch, &effects);
    struct ward_alarm_context context = begin(watch, &sink);

    ward_alarm_discharge(&watch->state, &context);
    carry_out(watch, &effects, with, waiter,
              false); /* the state goes with the patient, later in the transaction */
}

void ward_watch_tick(struct ward_watch *watch)
{
    struct effects effects;
    struct ward_alarm_sink sink = sink_of(watch, &effects);
    struct ward_alarm_context context = begin(watch, &sink);

    ward_alarm_tick(&watch->state, &context);
    carry_out(watch, &effects, NULL, NULL, false);
    tell_measured(watch, &effects, NULL);
}

void ward_watch_input_stopped(struct ward_watch *watch, uint32_t quantities)
{
    struct effects effects;
    struct ward_alarm_sink sink = sink_of(watch, &effects);
    struct ward_alarm_context context = begin(watch, &sink);

    ward_alarm_input_stopped(&watch->state, &context, quantities);
    carry_out(watch, &effects, NULL, NULL, true);
    tell_measured(watch, &effects, NULL);
}

void ward_watch_sources(struct ward_watch *watch, uint32_t quantities)
{
    struct effects effects;
    struct ward_alarm_sink sink = sink_of(watch, &effects);
    struct ward_alarm_context context = begin(watch, &sink);

    if (watch->has_sources && watch->sources == quantities)
        return;
    watch->has_sources = true;
    watch->sources = quantities;
    ward_alarm_sources(&watch->state, &context, quantities);
    carry_out(watch, &effects, NULL, NULL, true);
}

void ward_watch_technical(struct ward_watch *watch, const struct ward_alarm_technical *technical, bool active)
{
    struct effects effects;
    struct ward_alarm_sink sink = sink_of(watch, &effects);
    struct ward_alarm_context context = begin(watch, &sink);

    if (ward_alarm_technical(&watch->state, &context, technical, active) < 0)
        ward_journal_print(LOG_ERR, "%s: no place for the condition %s", watch->patient.text,
                           technical->name);
    carry_out(watch, &effects, NULL, NULL, false);
}

size_t ward_watch_silence(struct ward_watch *watch, const struct ward_id *by)
{
    struct effects effects;
    struct ward_alarm_sink sink = sink_of(watch, &effects);
    struct ward_alarm_context context = begin(watch, &sink);
    size_t silenced = ward_alarm_silence(&watch->state, &context, by);

    carry_out(watch, &effects, NULL, NULL, false);
    return silenced;
}

enum ward_alarm_answer ward_watch_acknowledge(struct ward_watch *watch,
                                              const struct ward_watch_acknowledgement *acknowledgement,
                                              const struct ward_store_group *with)
{
    struct effects effects;
    struct ward_alarm_sink sink = sink_of(watch, &effects);
    struct ward_alarm_context context = begin(watch, &sink);
    struct ward_commit_waiter *waiter;
    enum ward_alarm_answer answer = ward_alarm_acknowledge(&watch->state, &context, &acknowledgement->id,
                                                           &acknowledgement->by, acknowledgement->clinician);

    waiter = acknowledgement->concluded(acknowledgement->context, answer);
    carry_out(watch, &effects, with, waiter, false);
    return answer;
}

uint64_t ward_watch_due_us(const struct ward_watch *watch)
{
    return ward_alarm_deadline_us(&watch->state, watch->has_plan ? &watch->plan : NULL);
}
