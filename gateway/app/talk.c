/* SPDX-License-Identifier: Apache-2.0 */
#include "app/talk.h"

#include <stdlib.h>
#include <string.h>
#include <time.h>

#include "app/gateway.h"
#include "app/talk_private.h"
#include "io/journal.h"

static struct ward_talk *find(const struct ward_gateway *gateway, const char *device)
{
    struct ward_talk *talk = gateway->talks;

    while (talk && strcmp(talk->device.id.text, device) != 0)
        talk = talk->next;
    return talk;
}

static struct ward_talk *of_connection(const struct ward_gateway *gateway, const char *device,
                                       uint32_t connection)
{
    struct ward_talk *talk = find(gateway, device);

    return talk && talk->connection == connection && talk->model ? talk : NULL;
}

/* What our wall clock is east of UTC then: devices show local time. */
static int16_t zone_min(int64_t utc_ms)
{
    const time_t then = utc_ms == WARD_UTC_UNKNOWN ? 0 : (time_t)(utc_ms / 1000);
    struct tm local;
    long minutes = 0;

    if (localtime_r(&then, &local))
        minutes = local.tm_gmtoff / 60;
    return (int16_t)minutes;
}

static void enter(struct ward_talk *talk, struct ward_exchange_sink *ret_sink,
                  struct ward_exchange_context *ret)
{
    *ret_sink = (struct ward_exchange_sink){.action = ward_talk_carry_out, .context = talk};
    *ret = (struct ward_exchange_context){.now = ward_gateway_now(talk->gateway), .sink = ret_sink};
}

static uint32_t committed_up_to(const struct ward_talk *talk)
{
    uint32_t up_to = talk->settled;

    for (size_t i = 0; i < talk->uncommitted_count; i++)
        if (talk->uncommitted[i] <= up_to)
            up_to = talk->uncommitted[i] - 1;
    return talk->lost_count ? 0 : up_to;
}

/*
 * What is in its memory may be another person's: only when all of that has come is what follows of now. What could not be
 * stored comes again.
 */
static bool has_told_all(const struct ward_talk *talk)
{
    return !talk->transfer_failed && !talk->lost_record && !ward_exchange_is_unasked(&talk->exchange);
}

/*
 * After every input: the exchange is told what came of its actions while it could not be entered, and whoever waits for
 * the device to have told all learns that it has.
 */
static void leave(struct ward_talk *talk, const struct ward_exchange_context *context)
{
    while (talk->failed < 0 || talk->has_news) {
        const int error = talk->failed;

        talk->failed = 0;
        if (error < 0 && talk->failed_is_read) {
            ward_exchange_read_done(&talk->exchange, error, NULL, 0, context);
        } else if (error < 0) {
            ward_exchange_write_done(&talk->exchange, error, context);
        } else {
            talk->has_news = false;
            ward_exchange_committed(&talk->exchange, committed_up_to(talk), context);
        }
    }
    if (!talk->proved || !talk->has_reading || !ward_exchange_is_read_out(&talk->exchange))
        return;
    /* -ENOENT most often: it is not being enrolled. Of one that only streams it is not known whether it has a memory. */
    if (ward_bluez_pair_reading(talk->gateway->bluez, talk->device.address) == 0)
        talk->gateway->enrolment.read_out =
            has_told_all(talk) && (talk->has_spot || talk->model->records != WARD_MODEL_RECORDS_NONE);
}

static void begin(struct ward_talk *talk, const struct ward_model *model)
{
    struct ward_gateway *gateway = talk->gateway;
    const struct ward_recollection known = ward_recollection_of(gateway, talk->device.id.text);
    const struct ward_exchange_terms terms = {.model = model,
                                              .has_record = known.has_record && !talk->enrolling,
                                              .last_record = known.last_record,
                                              .last_digest = known.last_digest,
                                              .clock = known.clock,
                                              .enrolling = talk->enrolling,
                                              .may_set_clock = true,
                                              .zone_min = zone_min(ward_gateway_now(gateway).utc_ms)};
    struct ward_exchange_sink sink;
    struct ward_exchange_context context;

    talk->model = model;
    if (talk->enrolling)
        gateway->enrolment.model = model;
    enter(talk, &sink, &context);
    ward_exchange_begin(&talk->exchange, &terms, &context);
}

static void drop(struct ward_gateway *gateway, struct ward_talk *talk)
{
    struct ward_talk **place = &gateway->talks;

    while (*place != talk)
        place = &(*place)->next;
    *place = talk->next;
    free(talk);
}

static void end(struct ward_gateway *gateway, struct ward_talk *talk)
{
    struct ward_exchange_sink sink;
    struct ward_exchange_context context;

    if (talk->model) {
        enter(talk, &sink, &context);
        ward_exchange_ended(&talk->exchange, &context);
        leave(talk, &context);
        if (talk->proved && !talk->enrolling && talk->has_spot && has_told_all(talk))
            ward_binding_read_out(gateway, talk->device.id.text);
    }
    drop(gateway, talk);
}

static struct ward_talk *start(struct ward_gateway *gateway, const struct ward_bluez_device *device,
                               uint32_t connection)
{
    const struct ward_store_device *known = ward_registry_device(&gateway->registry, device->id.text);
    struct ward_talk *talk = find(gateway, device->id.text);

    if (talk)
        end(gateway, talk);
    talk = calloc(1, sizeof(*talk));
    if (!talk) {
        ward_journal_print(LOG_CRIT, "%s: out of memory: what it says is lost", device->id.text);
        return NULL;
    }
    talk->gateway = gateway;
    talk->device = *device;
    talk->connection = connection;
    talk->enrolling = !known;
    talk->next = gateway->talks;
    gateway->talks = talk;
    if (known && ward_model_by_id(known->model.text))
        begin(talk, ward_model_by_id(known->model.text));
    return talk;
}

static void resolved(struct ward_talk *talk)
{
    const struct ward_exchange_services services = {.has = ward_talk_has, .context = talk};
    const struct ward_model *model = talk->model;
    struct ward_exchange_sink sink;
    struct ward_exchange_context context;

    if (!model && !(model = ward_talk_recognise(talk->gateway, &talk->device))) {
        ward_journal_print(LOG_WARNING, "%s: it offers nothing that is known here", talk->device.id.text);
        return;
    }
    if (!talk->model)
        begin(talk, model);
    enter(talk, &sink, &context);
    ward_exchange_resolved(&talk->exchange, &services, &context);
    leave(talk, &context);
}

void ward_talk_link(struct ward_gateway *gateway, const struct ward_bluez_link *link)
{
    struct ward_talk *talk = find(gateway, link->device->id.text);

    if (link->state == WARD_BLUEZ_LINK_CONNECTED)
        talk = start(gateway, link->device, link->connection);
    if (!talk || talk->connection != link->connection)
        return;
    if (link->state == WARD_BLUEZ_LINK_PROVED)
        talk->proved = true;
    else if (link->state == WARD_BLUEZ_LINK_RESOLVED)
        resolved(talk);
    else if (link->state == WARD_BLUEZ_LINK_DISCONNECTED)
        end(gateway, talk);
}

void ward_talk_value(struct ward_gateway *gateway, const struct ward_bluez_value *value)
{
    struct ward_talk *talk = find(gateway, value->device->id.text);
    const struct ward_gatt_place place = {ward_gatt_name(value->service_uuid), ward_gatt_name(value->uuid)};
    const struct ward_model *model;
    struct ward_exchange_sink sink;
    struct ward_exchange_context context;

    if (!talk || talk->connection != value->connection)
        talk = start(gateway, value->device, value->connection);
    if (!talk)
        return;
    talk->proved = value->proved;
    model = talk->model ? talk->model : ward_talk_model_by_value(value);
    if (!model)
        return; /* what the control point of a device says before it is known, of which nothing was asked */
    if (!talk->model)
        begin(talk, model);
    enter(talk, &sink, &context);
    context.now.boot_us = value->receipt_us;
    ward_exchange_value(&talk->exchange, place, value->octets, value->length, &context);
    leave(talk, &context);
}

/* As the exchange takes it: the device's own error where there is one. */
static int error_of(const struct ward_bluez_answer *answer)
{
    return answer->att_error ? answer->att_error : answer->error;
}

void ward_talk_read_done(struct ward_gateway *gateway, const struct ward_bluez_answer *answer)
{
    struct ward_talk *talk = of_connection(gateway, answer->device->id.text, answer->connection);
    struct ward_exchange_sink sink;
    struct ward_exchange_context context;

    if (!talk)
        return;
    enter(talk, &sink, &context);
    ward_exchange_read_done(&talk->exchange, error_of(answer), answer->octets, answer->length, &context);
    leave(talk, &context);
}

void ward_talk_write_done(struct ward_gateway *gateway, const struct ward_bluez_answer *answer)
{
    struct ward_talk *talk = of_connection(gateway, answer->device->id.text, answer->connection);
    struct ward_exchange_sink sink;
    struct ward_exchange_context context;

    if (!talk)
        return;
    enter(talk, &sink, &context);
    ward_exchange_write_done(&talk->exchange, error_of(answer), &context);
    leave(talk, &context);
}

void ward_talk_paired(struct ward_gateway *gateway, const char *device)
{
    struct ward_talk *talk = find(gateway, device);

    if (talk)
        talk->enrolling = false;
}

void ward_talk_forgotten(struct ward_gateway *gateway, const char *device)
{
    struct ward_talk *talk = find(gateway, device);

    if (talk)
        end(gateway, talk);
}

/* Its records are safe up to this one: a later conversation asks for those from it on. */
static void remember_record(struct ward_gateway *gateway, const struct ward_talk_place *place)
{
    struct ward_recollection recollection = ward_recollection_of(gateway, place->device.text);

    recollection.has_record = true;
    recollection.last_record = place->record;
    recollection.last_digest = place->digest;
    ward_recollection_keep(gateway, &recollection);
}

void ward_talk_committed(struct ward_gateway *gateway, const struct ward_talk_place *place)
{
    struct ward_talk *talk = of_connection(gateway, place->device.text, place->connection);

    if (place->has_record && (talk || ward_registry_device(&gateway->registry, place->device.text)))
        remember_record(gateway, place); /* otherwise it was forgotten meanwhile */
    if (!talk || place->number == 0)
        return;
    for (size_t i = 0; i < talk->uncommitted_count; i++)
        if (talk->uncommitted[i] == place->number) {
            talk->uncommitted[i] = talk->uncommitted[--talk->uncommitted_count];
            break;
        }
    talk->has_news =
        true; /* the exchange may be in the midst of telling us this record: the next tick enters it */
}

void ward_talk_lost(struct ward_gateway *gateway, const struct ward_talk_place *place)
{
    struct ward_talk *talk = of_connection(gateway, place->device.text, place->connection);

    if (talk)
        talk->lost_record = true;
}

void ward_talk_tick(struct ward_gateway *gateway)
{
    const uint64_t now_us = ward_gateway_now(gateway).boot_us;

    for (struct ward_talk *talk = gateway->talks; talk; talk = talk->next) {
        struct ward_exchange_sink sink;
        struct ward_exchange_context context;

        if (!talk->model || (!talk->has_news && ward_exchange_deadline_us(&talk->exchange) > now_us))
            continue;
        enter(talk, &sink, &context);
        ward_exchange_tick(&talk->exchange, &context);
        leave(talk, &context);
    }
}

uint64_t ward_talk_due_us(const struct ward_gateway *gateway)
{
    uint64_t due_us = UINT64_MAX;

    for (const struct ward_talk *talk = gateway->talks; talk; talk = talk->next) {
        const uint64_t next_us = !talk->model     ? UINT64_MAX
                                 : talk->has_news ? 0
                                                  : ward_exchange_deadline_us(&talk->exchange);

        if (next_us < due_us)
            due_us = next_us;
    }
    return due_us;
}

void ward_talk_done(struct ward_gateway *gateway)
{
    while (gateway->talks)
        end(gateway, gateway->talks);
}
