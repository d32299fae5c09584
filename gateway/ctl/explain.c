/* SPDX-License-Identifier: Apache-2.0 */
#include "ctl/explain.h"

#include <stdio.h>
#include <string.h>

#include "core/utc.h"
#include "ctl/client.h"
#include "ctl/document.h"
#include "ctl/prose.h"
#include "ctl/verbs.h"

#define READINGS_SHOWN 3 /* at either end */

/* --- what is asked ------------------------------------------------------------------------------------------- */

json_t *ward_explain_list(char *const *texts)
{
    json_t *list = json_array();

    for (; *texts != NULL; texts++)
        json_array_append_new(list, ward_document_parse(*texts));
    return list;
}

/* Newest first as the daemon answers; turned, since a story is told forwards. */
static json_t *list_forwards(char *const *texts)
{
    json_t *list = json_array();

    for (; *texts != NULL; texts++)
        json_array_insert_new(list, 0, ward_document_parse(*texts));
    return list;
}

static int append_span(sd_bus_message *call, const struct ward_explain_span *span, bool history)
{
    int result = sd_bus_message_open_container(call, 'a', "{sv}");

    if (result >= 0)
        result = sd_bus_message_append(call, "{sv}{sv}{sv}", "patient", "s", span->patient, "since", "x",
                                       span->from_ms, "until", "x", span->to_ms);
    if (result >= 0 && span->quantity != NULL)
        result = sd_bus_message_append(call, "{sv}", "quantity", "s", span->quantity);
    if (result >= 0 && history)
        result = sd_bus_message_append(call, "{sv}", "history", "b", 1);
    return result < 0 ? result : sd_bus_message_close_container(call);
}

static int ask(const char *method, const struct ward_explain_span *span, bool history, json_t **ret)
{
    sd_bus *bus = NULL;
    sd_bus_message *call = NULL, *reply = NULL;
    char **texts = NULL;
    int status = ward_client_open(&bus);

    if (status == WARD_CTL_DONE)
        status = ward_client_call_new(bus, method, &call);
    if (status == WARD_CTL_DONE && append_span(call, span, history) < 0)
        status = ward_ctl_fail("the question cannot be sent");
    if (status == WARD_CTL_DONE)
        status = ward_client_send(bus, call, WARD_CTL_TIMEOUT_S, &reply);
    if (status == WARD_CTL_DONE)
        status = ward_client_read(reply, &texts);
    if (status == WARD_CTL_DONE)
        *ret = list_forwards(texts);
    ward_client_free_texts(texts);
    sd_bus_message_unref(reply);
    sd_bus_message_unref(call);
    sd_bus_flush_close_unref(bus);
    return status;
}

int ward_explain_readings(const struct ward_explain_span *span, json_t **ret)
{
    return ask("Readings", span, false, ret);
}

int ward_explain_events(const struct ward_explain_span *span, json_t **ret)
{
    return ask("Alarms", span, true, ret);
}

int64_t ward_explain_moment(const json_t *document)
{
    static const char *const members[] = {"at", "received_at", "measured_at"};
    int64_t moment_ms;

    for (size_t i = 0; i < sizeof(members) / sizeof(members[0]); i++) {
        const char *text = ward_document_text(document, members[i]);

        if (ward_utc_parse(text, strlen(text), &moment_ms))
            return moment_ms;
    }
    return INT64_MIN;
}

/* --- one alarm ----------------------------------------------------------------------------------------------- */

/* Of the same condition: the same rule may have been pending for another one meanwhile. */
static bool is_of(const json_t *event, const json_t *raised)
{
    return strcmp(ward_document_text(event, "condition"), ward_document_text(raised, "condition")) == 0 &&
           strcmp(ward_document_text(event, "device"), ward_document_text(raised, "device")) == 0;
}

static bool is_event(const json_t *event, const char *kind)
{
    return strcmp(ward_document_text(event, "event"), kind) == 0;
}

/* The first event that has an id; NULL when nothing is stored. */
static json_t *first_raised(json_t *events)
{
    for (size_t i = 0; i < json_array_size(events); i++)
        if (json_object_get(json_array_get(events, i), "id") != NULL)
            return json_array_get(events, i);
    return NULL;
}

/* Leaves the alarm's own events and the last pending before it, with all of its later ones. */
static void keep_own(json_t *events, const json_t *raised)
{
    size_t last_pending = SIZE_MAX, at_raised = 0;

    for (size_t i = json_array_size(events); i-- > 0;)
        if (!is_of(json_array_get(events, i), raised))
            json_array_remove(events, i);
    for (size_t i = 0; i < json_array_size(events) && json_array_get(events, i) != raised; i++) {
        at_raised = i + 1;
        last_pending = is_event(json_array_get(events, i), "pending") ? i : last_pending;
    }
    for (size_t i = last_pending == SIZE_MAX ? at_raised : last_pending; i > 0; i--)
        json_array_remove(events, 0);
}

/* The readings from the one that made it pending to the one that raised it. */
static int fetch_grounds(json_t *events, const json_t *raised, json_t **ret)
{
    const char *quantity = ward_document_text(raised, "quantity");
    const int64_t delay_ms =
        json_integer_value(json_object_get(json_object_get(raised, "delay_ms"), "condition"));
    struct ward_explain_span span = {.patient = ward_document_text(raised, "patient"),
                                     .quantity = quantity,
                                     .to_ms = ward_explain_moment(raised)};

    *ret = NULL;
    if (json_object_get(raised, "reading") == NULL || *quantity == '\0' || span.to_ms == INT64_MIN)
        return WARD_CTL_DONE;
    span.from_ms = is_event(json_array_get(events, 0), "pending")
                       ? ward_explain_moment(json_array_get(events, 0))
                       : span.to_ms - delay_ms;
    return ward_explain_readings(&span, ret);
}

static const json_t *last_of_kind(const json_t *events, const char *kind)
{
    for (size_t i = json_array_size(events); i-- > 0;)
        if (is_event(json_array_get(events, i), kind))
            return json_array_get(events, i);
    return NULL;
}

static void print_json(const json_t *events, const json_t *raised, const json_t *readings)
{
    static const char *const copied[] = {"id",   "patient", "episode",  "condition", "device", "rule",
                                         "plan", "kind",    "quantity", "limit",     "unit",   "delay_ms"};
    const json_t *acknowledged = last_of_kind(events, "acknowledged");
    const json_t *cleared = last_of_kind(events, "cleared");
    json_t *all = json_pack("{s:s}", "schema", "wardgate.explanation/1");

    for (size_t i = 0; i < sizeof(copied) / sizeof(copied[0]); i++)
        if (json_object_get(raised, copied[i]) != NULL)
            json_object_set(all, copied[i], json_object_get(raised, copied[i]));
    json_object_set_new(all, "raised_at", json_incref(json_object_get(raised, "at")));
    if (acknowledged != NULL)
        json_object_set(all, "acknowledged_by", json_object_get(acknowledged, "by"));
    if (cleared != NULL)
        json_object_set(all, "cleared_reason", json_object_get(cleared, "reason"));
    json_object_set_new(all, "events", json_deep_copy(events));
    json_object_set_new(all, "readings", readings != NULL ? json_deep_copy(readings) : json_array());
    json_dumpf(all, stdout, JSON_COMPACT);
    putchar('\n');
    json_decref(all);
}

static void print_head(const json_t *raised)
{
    const json_t *plan = json_object_get(raised, "plan"), *delay = json_object_get(raised, "delay_ms");

    printf("Alarm      %s\n", ward_document_text(raised, "id"));
    printf("Condition  %s, %s, %s\n", ward_document_text(raised, "condition"),
           ward_document_text(raised, "kind"), ward_document_text(raised, "priority"));
    printf("Patient    %s\n", ward_document_text(raised, "patient"));
    if (*ward_document_text(raised, "device") != '\0')
        printf("Device     %s\n", ward_document_text(raised, "device"));
    if (*ward_document_text(raised, "rule") != '\0')
        printf("Rule       %s, limit %s %s\n", ward_document_text(raised, "rule"),
               ward_document_member(raised, "limit").text, ward_document_text(raised, "unit"));
    if (plan != NULL)
        printf("Plan       %s, version %s\n", ward_document_text(plan, "id"),
               ward_document_member(plan, "version").text);
    printf("Delays     %s ms from the first value beyond the limit, %s ms more to light and sound\n",
           ward_document_member(delay, "condition").text, ward_document_member(delay, "signal").text);
}

static void print_event(const json_t *event)
{
    const char *by = ward_document_text(event, "by"), *reason = ward_document_text(event, "reason");

    printf("  %s  %s%s%s%s%s%s: %s\n", ward_document_text(event, "at"), ward_document_text(event, "event"),
           json_is_true(json_object_get(event, "again")) ? " again" : "", *by != '\0' ? " by " : "", by,
           *reason != '\0' ? ", reason " : "", reason, ward_document_text(event, "text"));
}

static void print_reading(const json_t *reading)
{
    printf("  %s  seq %-8s %-12s %s\n",
           *ward_document_text(reading, "received_at") != '\0' ? ward_document_text(reading, "received_at")
                                                               : ward_document_text(reading, "measured_at"),
           ward_document_member(reading, "seq").text, ward_document_text(reading, "quality"),
           ward_document_values(json_object_get(reading, "values")).text);
}

static void print_readings(const json_t *readings)
{
    const size_t count = json_array_size(readings);

    if (count == 0)
        return;
    printf("Readings that made it pending and active: %zu\n", count);
    for (size_t i = 0; i < count; i++) {
        if (i >= READINGS_SHOWN && i + READINGS_SHOWN < count) {
            if (i == READINGS_SHOWN)
                printf("  ... %zu more\n", count - 2 * (size_t)READINGS_SHOWN);
            continue;
        }
        print_reading(json_array_get(readings, i));
    }
}

static int explain(json_t *events, bool as_json)
{
    json_t *raised = first_raised(events), *readings = NULL;
    int status;

    if (raised == NULL)
        return ward_ctl_fail("no alarm of that id is stored here");
    keep_own(events, raised);
    status = fetch_grounds(events, raised, &readings);
    if (status == WARD_CTL_DONE && as_json) {
        print_json(events, raised, readings);
    } else if (status == WARD_CTL_DONE) {
        ward_prose_begin();
        print_head(raised);
        print_readings(readings);
        puts("What became of it:");
        for (size_t i = 0; i < json_array_size(events); i++)
            print_event(json_array_get(events, i));
    }
    json_decref(readings);
    return status;
}

int ward_explain_alarm(const char *id, bool as_json)
{
    char **texts = NULL;
    json_t *events = NULL;
    int status = ward_client_fetch(&texts, "Explain", "s", id);

    if (status == WARD_CTL_DONE) {
        events = ward_explain_list(texts);
        status = explain(events, as_json);
    }
    json_decref(events);
    ward_client_free_texts(texts);
    return status;
}
