/* SPDX-License-Identifier: Apache-2.0 */
#include "io/store_queue.h"

#include <errno.h>
#include <stdlib.h>
#include <string.h>

#include "core/reading.h"

void ward_queue_push(struct ward_queue *queue, struct ward_item *item)
{
    item->next = NULL;
    if (queue->last) {
        queue->last->next = item;
    } else {
        queue->first = item;
    }
    queue->last = item;
    queue->count++;
}

struct ward_item *ward_queue_pop(struct ward_queue *queue)
{
    struct ward_item *item = queue->first;

    if (item) {
        queue->first = item->next;
        queue->last = item->next ? queue->last : NULL;
        queue->count--;
    }
    return item;
}

void ward_queue_append(struct ward_queue *queue, struct ward_queue *source)
{
    if (!source->first) {
        return;
    }
    if (queue->last) {
        queue->last->next = source->first;
    } else {
        queue->first = source->first;
    }
    queue->last = source->last;
    queue->count += source->count;
    *source = (struct ward_queue){0};
}

/* --- records ------------------------------------------------------------------------------------------------ */

static bool id_is_valid_or_empty(const struct ward_id *id)
{
    return id->text[0] == '\0' || ward_id_is_valid(id->text);
}

static int queued_record_new(const struct ward_record *record, struct ward_queued_record **ret)
{
    const struct ward_reading *reading = &record->reading;
    uint8_t body[WARD_RECORD_PACKED_MAX];
    size_t length = ward_record_pack(record, body, sizeof(body));

    if (length == 0 || !id_is_valid_or_empty(&reading->patient) || !id_is_valid_or_empty(&reading->episode) ||
        !id_is_valid_or_empty(&reading->device) || !id_is_valid_or_empty(&reading->boot)) {
        return -EINVAL;
    }
    struct ward_queued_record *queued = malloc(sizeof(*queued) + length);
    if (!queued) {
        return -ENOMEM;
    }
    *queued = (struct ward_queued_record){
        .patient = reading->patient,
        .episode = reading->episode,
        .device = reading->device,
        .boot = reading->boot,
        .mono_us = reading->mono_us,
        .derived_since_us = record->derived_since_us,
        .measured_at_ms = reading->measured_at_ms,
        .received_at_ms = reading->received_at_ms,
        .kind = reading->kind,
        .length = (uint16_t)length,
    };
    memcpy(queued->body, body, length);
    *ret = queued;
    return 0;
}

bool ward_queued_record_unpack(const struct ward_queued_record *queued, struct ward_record *ret)
{
    struct ward_reading *reading = &ret->reading;

    memset(ret, 0, sizeof(*ret));
    reading->patient = queued->patient;
    reading->episode = queued->episode;
    reading->device = queued->device;
    reading->boot = queued->boot;
    reading->mono_us = queued->mono_us;
    reading->measured_at_ms = queued->measured_at_ms;
    reading->received_at_ms = queued->received_at_ms;
    reading->kind = queued->kind;
    return ward_record_unpack(queued->body, queued->length, ret);
}

static int copy_records(const struct ward_store_group *group, struct ward_group *copy)
{
    struct ward_queued_record **end = &copy->records;

    if (group->record_count == 0) {
        return 0;
    }
    copy->committed = calloc(group->record_count, sizeof(copy->committed[0]));
    if (!copy->committed) {
        return -ENOMEM;
    }
    for (size_t i = 0; i < group->record_count; i++) {
        int error = queued_record_new(&group->records[i], end);

        if (error) {
            return error;
        }
        end = &(*end)->next;
        copy->record_count++;
    }
    return 0;
}

/* --- events, states, changes -------------------------------------------------------------------------------- */

static void *copy_octets(const void *octets, size_t length)
{
    char *copy = malloc(length + 1);

    if (copy) {
        if (length > 0) {
            memcpy(copy, octets, length);
        }
        copy[length] = '\0';
    }
    return copy;
}

bool ward_event_copy(const struct ward_store_event *event, struct ward_store_event *ret)
{
    const char *payload = copy_octets(event->payload, event->payload_length);

    if (!payload) {
        return false;
    }
    *ret = *event;
    ret->payload = payload;
    return true;
}

void ward_event_done(struct ward_store_event *event)
{
    free((void *)(uintptr_t)event->payload);
    event->payload = NULL;
}

static int copy_events(const struct ward_store_group *group, struct ward_group *copy)
{
    if (group->event_count == 0) {
        return 0;
    }
    copy->events = calloc(group->event_count, sizeof(copy->events[0]));
    for (size_t i = 0; copy->events && i < group->event_count; i++) {
        if (!id_is_valid_or_empty(&group->events[i].patient)) {
            return -EINVAL;
        }
        if (!ward_event_copy(&group->events[i], &copy->events[i])) {
            return -ENOMEM;
        }
        copy->event_count++;
    }
    return copy->events ? 0 : -ENOMEM;
}

static int copy_states(const struct ward_store_group *group, struct ward_group *copy)
{
    if (group->state_count == 0) {
        return 0;
    }
    copy->states = calloc(group->state_count, sizeof(copy->states[0]));
    for (size_t i = 0; copy->states && i < group->state_count; i++) {
        const struct ward_store_alarm_state *state = &group->states[i];
        const uint8_t *octets = copy_octets(state->state, state->length);

        if (!octets) {
            return -ENOMEM;
        }
        copy->states[i] = *state;
        copy->states[i].state = octets;
        copy->state_count++;
    }
    return copy->states ? 0 : -ENOMEM;
}

static bool change_is_valid(const struct ward_store_change *change)
{
    bool documented = change->document != NULL;

    switch ((enum ward_store_change_kind)change->kind) {
    case WARD_STORE_PATIENT:
        return ward_id_is_valid(change->patient.id.text) && ward_id_is_valid(change->patient.episode.text);
    case WARD_STORE_PATIENT_REMOVED: return ward_id_is_valid(change->patient.id.text);
    case WARD_STORE_PLAN: return documented && ward_id_is_valid(change->plan.patient.text);
    case WARD_STORE_DEVICE:
    case WARD_STORE_DEVICE_FORGOTTEN: return ward_id_is_valid(change->device.id.text);
    case WARD_STORE_BINDING:
        return ward_id_is_valid(change->binding.device.text) &&
               ward_id_is_valid(change->binding.patient.text) &&
               ward_id_is_valid(change->binding.episode.text) && change->binding.from_ms != WARD_UTC_UNKNOWN;
    case WARD_STORE_KNOWN:
        return ward_id_is_valid(change->known.device.text) && change->known.number <= INT64_MAX;
    case WARD_STORE_AUDIT:
        return ward_id_is_valid(change->audit.boot.text) && change->audit.boot_us <= INT64_MAX &&
               id_is_valid_or_empty(&change->audit.by) && id_is_valid_or_empty(&change->audit.patient);
    case WARD_STORE_COUNTER: return change->counter.kid[0] != '\0' && change->counter.counter <= INT64_MAX;
    case WARD_STORE_COMMAND: return documented && ward_id_is_valid(change->name.text);
    case WARD_STORE_SETTING: return ward_id_is_valid(change->name.text);
    }
    return false;
}

static int copy_changes(const struct ward_store_group *group, struct ward_group *copy)
{
    if (group->change_count == 0) {
        return 0;
    }
    copy->changes = calloc(group->change_count, sizeof(copy->changes[0]));
    for (size_t i = 0; copy->changes && i < group->change_count; i++) {
        const struct ward_store_change *change = &group->changes[i];

        if (!change_is_valid(change)) {
            return -EINVAL;
        }
        copy->changes[i] = *change;
        copy->change_count++;
        if (change->document) {
            copy->changes[i].document = copy_octets(change->document, strlen(change->document));
            if (!copy->changes[i].document) {
                return -ENOMEM;
            }
        }
    }
    return copy->changes ? 0 : -ENOMEM;
}

/* --- groups ------------------------------------------------------------------------------------------------- */

int ward_group_new(const struct ward_store_group *group, struct ward_group **ret)
{
    struct ward_group *copy = calloc(1, sizeof(*copy));

    if (!copy) {
        return -ENOMEM;
    }
    copy->item.kind = WARD_ITEM_GROUP;
    copy->token = group->token;
    copy->boot = group->boot;
    copy->now = group->now;
    copy->routine = !group->urgent && group->event_count == 0 && group->change_count == 0;
    int error = id_is_valid_or_empty(&group->boot) ? 0 : -EINVAL;
    error = error ? error : copy_records(group, copy);
    error = error ? error : copy_events(group, copy);
    error = error ? error : copy_states(group, copy);
    error = error ? error : copy_changes(group, copy);
    if (error) {
        ward_group_free(copy);
        return error;
    }
    *ret = copy;
    return 0;
}

bool ward_group_names_record(const struct ward_group *group)
{
    for (const struct ward_queued_record *queued = group->records; queued; queued = queued->next) {
        struct ward_record record;

        if (queued->kind == WARD_RECORD_VOID ||
            (ward_queued_record_unpack(queued, &record) && record.assigned)) {
            return true;
        }
    }
    return false;
}

void ward_group_keep_begun(struct ward_group *group)
{
    size_t kept = 0;

    for (size_t i = 0; i < group->change_count; i++) {
        const struct ward_store_change change = group->changes[i];

        if (change.kind != WARD_STORE_SETTING || strcmp(change.name.text, WARD_STORE_BEGUN) != 0) {
            group->changes[kept++] = change;
        } else {
            free((void *)(uintptr_t)change.document);
        }
    }
    group->change_count = kept;
}

struct ward_group *ward_group_free(struct ward_group *group)
{
    if (!group) {
        return NULL;
    }
    for (size_t i = 0; i < group->record_count; i++) {
        free(group->committed[i].text);
    }
    while (group->records) {
        struct ward_queued_record *record = group->records;

        group->records = record->next;
        free(record);
    }
    for (size_t i = 0; i < group->event_count; i++) {
        ward_event_done(&group->events[i]);
    }
    for (size_t i = 0; i < group->state_count; i++) {
        free((void *)(uintptr_t)group->states[i].state);
    }
    for (size_t i = 0; i < group->change_count; i++) {
        free((void *)(uintptr_t)group->changes[i].document);
    }
    free(group->committed);
    free(group->events);
    free(group->states);
    free(group->changes);
    free(group);
    return NULL;
}

static void request_free(struct ward_request *request)
{
    for (size_t i = 0; request->events && i < request->count; i++) {
        ward_event_done(&request->events[i]);
    }
    free(request->events);
    free(request->audit);
    free(request->records);
    free(request->texts);
    free(request);
}

void ward_item_free(struct ward_item *item)
{
    switch ((enum ward_item_kind)item->kind) {
    case WARD_ITEM_GROUP: ward_group_free((struct ward_group *)item); break;
    case WARD_ITEM_REQUEST: request_free((struct ward_request *)item); break;
    case WARD_ITEM_NOTICE:
        ward_store_snapshot_free(((struct ward_notice *)item)->opened);
        free(item);
        break;
    }
}

void ward_queue_clear(struct ward_queue *queue)
{
    for (struct ward_item *item; (item = ward_queue_pop(queue)) != NULL;) {
        ward_item_free(item);
    }
}

/* --- marks -------------------------------------------------------------------------------------------------- */

int ward_marks_merge(struct ward_marks *marks, const struct ward_marks *newer)
{
    size_t needed = marks->alarm_count + newer->alarm_count;

    if (needed > marks->alarm_capacity) {
        size_t capacity = 2 * needed;
        struct ward_alarm_key *alarms = reallocarray(marks->alarms, capacity, sizeof(alarms[0]));

        if (!alarms) {
            return -ENOMEM;
        }
        marks->alarms = alarms;
        marks->alarm_capacity = capacity;
    }
    if (newer->alarm_count > 0) {
        memcpy(&marks->alarms[marks->alarm_count], newer->alarms,
               newer->alarm_count * sizeof(newer->alarms[0]));
        marks->alarm_count = needed;
    }
    marks->agreed = marks->agreed || newer->agreed;
    if (newer->records && (!marks->records || newer->through >= marks->through)) {
        marks->records = true;
        marks->through = newer->through;
        marks->range_count = newer->range_count;
        memcpy(marks->ranges, newer->ranges, sizeof(newer->ranges));
    }
    return 0;
}

void ward_marks_done(struct ward_marks *marks)
{
    free(marks->alarms);
    *marks = (struct ward_marks){0};
}

void ward_marks_forget_records(struct ward_marks *marks)
{
    marks->records = marks->agreed = false;
    marks->through = 0;
    marks->range_count = 0;
}

bool ward_marks_empty(const struct ward_marks *marks)
{
    return !marks->agreed && !marks->records && marks->alarm_count == 0;
}
