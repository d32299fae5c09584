/* SPDX-License-Identifier: Apache-2.0 */
/* The methods that are answered from the store, and so later. */
#include <errno.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "app/api_private.h"
#include "app/bundles.h"
#include "app/gateway.h"
#include "core/alarm_names.h"
#include "core/json.h"
#include "core/quantity.h"
#include "core/reading.h"
#include "core/record.h"

struct pending {
    struct ward_gateway *gateway;
    struct ward_bus_call *call;
};

static void answer_readings(void *context, int error, const struct ward_record *records, size_t count)
{
    struct pending *pending = context;
    struct ward_api_list list = {0};
    char *text = malloc(WARD_RECORD_TEXT_MAX);

    for (size_t i = 0; i < count && text; i++) {
        struct ward_json json;

        ward_json_init(&json, text, WARD_RECORD_TEXT_MAX, WARD_JSON_CANONICAL);
        ward_record_write(&json, pending->gateway->epoch.text, &records[i], true);
        if (ward_json_finish(&json, NULL) == WARD_JSON_OK)
            (void)ward_api_list_add(&list, text);
    }
    free(text);
    if (error < 0) {
        ward_bus_reply_error(pending->call, WARD_BUS_FAILED, "The database cannot be read now.");
        ward_api_list_free(&list);
    } else {
        ward_api_reply_list(pending->call, &list);
    }
    free(pending);
}

/* As they go up with format = fhir, rising: as many in a Bundle as go in one message. */
static void list_bundles(struct ward_gateway *gateway, const struct ward_store_records *found,
                         struct ward_api_list *list)
{
    struct ward_record *rising = calloc(found->count + 1, sizeof(*rising));
    char *text = malloc(WARD_LINK_FRAME_MAX);
    struct ward_bundle_of of = {.epoch = gateway->epoch.text,
                                .backlog = true,
                                .records = rising,
                                .voided = found->voided,
                                .voided_count = found->voided_count};
    size_t written = 1, length;

    for (size_t i = 0; rising && i < found->count; i++)
        rising[i] = found->records[found->count - 1 - i];
    for (size_t left = found->count; rising && text && left > 0 && written > 0; left -= written) {
        of.records = rising + (found->count - left);
        of.count = left < WARD_READINGS_RECORDS_MAX ? left : WARD_READINGS_RECORDS_MAX;
        written =
            ward_bundles_write(gateway, &of, false, text, WARD_LINK_FRAME_MAX, WARD_LINK_FRAME_MAX, &length);
        if (written > 0)
            (void)ward_api_list_add(list, text);
    }
    free(text);
    free(rising);
}

static void answer_bundles(void *context, int error, const struct ward_store_records *found)
{
    struct pending *pending = context;
    struct ward_api_list list = {0};

    if (error < 0) {
        ward_bus_reply_error(pending->call, WARD_BUS_FAILED, "The database cannot be read now.");
    } else {
        list_bundles(pending->gateway, found, &list);
        ward_api_reply_list(pending->call, &list);
    }
    free(pending);
}

static void answer_alarms(void *context, int error, const struct ward_store_event *events, size_t count)
{
    struct pending *pending = context;
    struct ward_api_list list = {0};

    if (error < 0) {
        ward_bus_reply_error(pending->call, WARD_BUS_FAILED, "The database cannot be read now.");
    } else {
        for (size_t i = 0; i < count; i++) {
            char *text = strndup(events[i].payload, events[i].payload_length);

            if (text)
                (void)ward_api_list_add(&list, text);
            free(text);
        }
        ward_api_reply_list(pending->call, &list);
    }
    free(pending);
}

/* Fills the store's filter. Returns NULL, or a sentence that says what is wrong. */
static const char *fill_filter(const struct ward_bus_arguments *arguments, struct ward_store_filter *filter)
{
    *filter = (struct ward_store_filter){.since_ms = arguments->filter.since_ms ? arguments->filter.since_ms
                                                                                : WARD_UTC_UNKNOWN,
                                         .until_ms = arguments->filter.until_ms,
                                         .before_seq = arguments->filter.before_seq,
                                         .limit = arguments->filter.limit};
    if (arguments->filter.device && !ward_id_set(&filter->device, arguments->filter.device))
        return "That is no id of a device.";
    if (arguments->filter.patient && !ward_id_set(&filter->patient, arguments->filter.patient))
        return "That is no id of a patient.";
    if (arguments->filter.quantity) {
        filter->quantity = (uint8_t)ward_quantity_by_name(arguments->filter.quantity);
        if (filter->quantity == WARD_QUANTITY_NONE)
            return "That is no quantity. Known are spo2, pulse_rate, heart_rate, bp_systolic and so on.";
    }
    return NULL;
}

static void answer_audit(void *context, int error, const struct ward_store_audit *rows, size_t count)
{
    struct pending *pending = context;
    struct ward_api_list list = {0};
    char text[WARD_AUDIT_TEXT_MAX];

    if (error < 0) {
        ward_bus_reply_error(pending->call, WARD_BUS_FAILED, "The database cannot be read now.");
    } else {
        for (size_t i = 0; i < count; i++)
            if (ward_audit_write_json(&rows[i], text, sizeof(text)) > 0)
                (void)ward_api_list_add(&list, text);
        ward_api_reply_list(pending->call, &list);
    }
    free(pending);
}

void ward_api_from_store(struct ward_gateway *gateway, enum ward_bus_method method,
                         struct ward_bus_call *call, const struct ward_bus_arguments *arguments)
{
    struct ward_store_filter filter;
    const char *fault = fill_filter(arguments, &filter);
    struct pending *pending = malloc(sizeof(*pending));
    int result = -ENOMEM;

    if (fault) {
        ward_bus_reply_error(call, WARD_BUS_INVALID_ARGUMENT, fault);
        free(pending);
        return;
    }
    if (pending) {
        *pending = (struct pending){gateway, call};
        if (method == WARD_BUS_AUDIT)
            result = ward_store_audit(gateway->store, &filter, answer_audit, pending);
        else if (method == WARD_BUS_ALARMS)
            result = ward_store_alarm_history(gateway->store, &filter, answer_alarms, pending);
        else if (arguments->filter.fhir)
            result = ward_store_query_whole(gateway->store, &filter, answer_bundles, pending);
        else
            result = ward_store_query(gateway->store, &filter, answer_readings, pending);
    }
    if (result < 0) {
        ward_bus_reply_error(call, WARD_BUS_BUSY, "The database has too much to do. Try again.");
        free(pending);
    }
}

static void answer_verified(void *context, int error, uint64_t first, uint64_t last)
{
    struct pending *pending = context;
    char text[256];
    struct ward_json json;

    if (error < 0 && error != -EUCLEAN) {
        ward_bus_reply_error(pending->call, WARD_BUS_FAILED, "The database cannot be read now.");
    } else {
        ward_json_init(&json, text, sizeof(text), WARD_JSON_PRINTED);
        ward_json_object(&json);
        ward_json_member(&json, "epoch", pending->gateway->epoch.text);
        ward_json_key(&json, "first");
        ward_json_uint(&json, first);
        ward_json_key(&json, "last");
        ward_json_uint(&json, last);
        ward_json_key(&json, "head");
        ward_json_uint(&json, pending->gateway->head_seq);
        ward_json_key(&json, "damaged");
        ward_json_bool(&json, error == -EUCLEAN);
        ward_json_object_end(&json);
        (void)ward_json_finish(&json, NULL); /* no number is too long for the room */
        ward_bus_reply_text(pending->call, text);
    }
    free(pending);
}

void ward_api_verify(struct ward_gateway *gateway, struct ward_bus_call *call, const char *from)
{
    struct pending *pending = malloc(sizeof(*pending));
    int result = -ENOMEM;

    if (pending) {
        *pending = (struct pending){gateway, call};
        result = ward_store_verify(gateway->store, strtoull(from, NULL, 10), answer_verified, pending);
    }
    if (result < 0) {
        ward_bus_reply_error(call, WARD_BUS_BUSY, "The database has too much to do. Try again.");
        free(pending);
    }
}

/* "EPOCH:SEQ", or "SEQ" of this database. Returns 0 for anything else. */
static uint64_t parse_seq(const struct ward_gateway *gateway, const char *text)
{
    const char *colon = strchr(text, ':'), *digits = colon ? colon + 1 : text;
    char *end;

    if (colon && (strncmp(text, gateway->epoch.text, (size_t)(colon - text)) != 0 ||
                  gateway->epoch.text[colon - text] != '\0'))
        return 0;
    if (*digits < '1' || *digits > '9' || strlen(digits) > 18)
        return 0;
    const uint64_t seq = strtoull(digits, &end, 10);
    return *end == '\0' ? seq : 0;
}

/* What is stored of an alarm or of a reading; what it means is for whoever asks. */
void ward_api_explain(struct ward_gateway *gateway, struct ward_bus_call *call, const char *what)
{
    struct ward_store_filter filter = {.since_ms = WARD_UTC_UNKNOWN};
    const uint64_t seq = parse_seq(gateway, what);
    struct pending *pending;
    int result = -ENOMEM;

    filter.of_occurrence = seq == 0 && ward_alarm_id_parse(what, &filter.occurrence);
    if (seq == 0 && !filter.of_occurrence) {
        ward_bus_reply_error(call, WARD_BUS_NOT_FOUND,
                             "That is neither the id of an alarm (32 hexadecimal digits) nor the number of a "
                             "record of this database (SEQ or EPOCH:SEQ).");
        return;
    }
    pending = malloc(sizeof(*pending));
    if (pending) {
        *pending = (struct pending){gateway, call};
        result = seq > 0 ? ward_store_fetch(gateway->store, (struct ward_seq_range){seq, seq},
                                            answer_readings, pending)
                         : ward_store_alarm_history(gateway->store, &filter, answer_alarms, pending);
    }
    if (result < 0) {
        ward_bus_reply_error(call, WARD_BUS_BUSY, "The database has too much to do. Try again.");
        free(pending);
    }
}
