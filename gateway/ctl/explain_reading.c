/* SPDX-License-Identifier: Apache-2.0 */
/*
 * Why a reading did not alarm. The record says whether it was judged at all; the plan in force, what it was held
 * against; the history, whether it made a condition pending that settled, or stood under an alarm that was there.
 */
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "core/careplan.h"
#include "core/decimal.h"
#include "core/quantity.h"
#include "core/reading_json.h"
#include "ctl/client.h"
#include "ctl/document.h"
#include "ctl/explain.h"
#include "ctl/prose.h"
#include "ctl/verbs.h"

#define BEFORE_MS INT64_C(1800000)
#define AFTER_MS  INT64_C(600000)
#define SAME_MS   250 /* from the receipt of a reading to the event that it caused */

struct case_of {
    json_t *record;
    struct ward_reading reading;
    struct ward_care_plan *plan; /* NULL: the patient has none */
    json_t *events;              /* of the patient about that time */
    json_t *answers;             /* {"quantity", "why", "rule"?} */
};

static void answer(struct case_of *about, const char *quantity, const char *rule, const char *why)
{
    json_array_append_new(about->answers,
                          json_pack("{s:s*,s:s*,s:s}", "quantity", quantity, "rule", rule, "why", why));
}

static int64_t moment_of(const struct case_of *about)
{
    return about->reading.received_at_ms != WARD_UTC_UNKNOWN ? about->reading.received_at_ms
                                                             : about->reading.measured_at_ms;
}

/*
 * The newest event of the condition's quantity at the time of the reading or before, or the first one after it. That
 * nobody measures the quantity is about it too, and nothing that a value does.
 */
static const json_t *event_about(const struct case_of *about, const char *quantity, const char *kind,
                                 bool after)
{
    const json_t *found = NULL;

    for (size_t i = 0; i < json_array_size(about->events); i++) {
        const json_t *event = json_array_get(about->events, i);
        const bool fits = strcmp(ward_document_text(event, "quantity"), quantity) == 0 &&
                          strcmp(ward_document_text(event, "kind"), "physiological") == 0 &&
                          strcmp(ward_document_text(event, "event"), kind) == 0;
        const bool later = ward_explain_moment(event) >= moment_of(about) + SAME_MS;

        if (fits && after && later)
            return event;
        if (fits && !later)
            found = after ? found : event;
    }
    return found;
}

/* An alarm of the quantity that stood when the reading came: raised and not cleared since. */
static const json_t *standing(const struct case_of *about, const char *quantity)
{
    const json_t *raised = event_about(about, quantity, "raised", false);
    const json_t *cleared = event_about(about, quantity, "cleared", false);

    return raised != NULL && (cleared == NULL || ward_explain_moment(cleared) < ward_explain_moment(raised))
               ? raised
               : NULL;
}

/* Whether the reading is what raised: that is told, not explained away. */
static bool raised_now(const struct case_of *about, const json_t *raised)
{
    const json_t *seq = json_object_get(json_object_get(raised, "reading"), "seq");
    const int64_t after_ms = raised != NULL ? ward_explain_moment(raised) - moment_of(about) : -1;

    /* A reading that had no number yet when it raised is known by the moment. */
    return json_is_integer(seq) ? (uint64_t)json_integer_value(seq) == about->reading.seq
                                : after_ms >= 0 && after_ms < SAME_MS;
}

static void explain_beyond(struct case_of *about, const struct ward_plan_rule *rule, const char *quantity,
                           const char *value, const char *limit)
{
    const struct ward_plan_quantity *row = ward_care_plan_quantity(about->plan, rule->quantity);
    const bool stream = about->reading.kind == WARD_READING_CONTINUOUS;
    const json_t *alarm = standing(about, quantity), *settled = event_about(about, quantity, "settled", true);
    const json_t *later = event_about(about, quantity, "raised", true);
    char why[512];
    int length = snprintf(why, sizeof(why), "%s is %s %s: ", value,
                          rule->side == WARD_SIDE_BELOW ? "below" : "above", limit);
    char *rest = why + length;
    size_t room = sizeof(why) - (size_t)length;

    if (raised_now(about, alarm))
        snprintf(rest, room, "it raised the alarm %s", ward_document_text(alarm, "id"));
    else if (alarm != NULL)
        snprintf(rest, room, "the alarm %s stood already, since %s", ward_document_text(alarm, "id"),
                 ward_document_text(alarm, "at"));
    else if (about->reading.late)
        snprintf(rest, room,
                 "it came late, and older than what had been judged: it is only told as late-out-of-limits");
    else if (stream && row != NULL && row->mode == WARD_MODE_SPOT)
        snprintf(rest, room, "this stream is judged only by its steady values");
    else if (stream && settled != NULL &&
             (later == NULL || ward_explain_moment(settled) < ward_explain_moment(later)))
        snprintf(rest, room, "pending, and settled at %s, before the delay of %u s was over",
                 ward_document_text(settled, "at"), rule->on_delay_ms / 1000);
    else if (stream && later != NULL)
        snprintf(rest, room, "pending until the delay of %u s was over; alarm %s at %s",
                 rule->on_delay_ms / 1000, ward_document_text(later, "id"), ward_document_text(later, "at"));
    else if (rule->of > 1)
        snprintf(rest, room, "%u of %u values must be, and fewer were", rule->at_least, rule->of);
    else
        snprintf(rest, room,
                 "nothing in the history says what became of it; the plan in force may be another one");
    answer(about, quantity, rule->id.text, why);
}

static void explain_limits(struct case_of *about, const struct ward_value *value, const char *quantity)
{
    char text[WARD_DECIMAL_TEXT_SIZE] = "";
    bool any = false;

    if (ward_decimal_print(&value->number, text) == 0)
        snprintf(text, sizeof(text), "%s", value->number.special == WARD_POSITIVE_INFINITY ? "HI" : "LO");
    for (size_t i = 0; i < about->plan->rule_count; i++) {
        const struct ward_plan_rule *rule = &about->plan->rules[i];
        char limit[WARD_DECIMAL_TEXT_SIZE] = "", why[128];
        int order = 0;

        if (rule->quantity != ward_quantity_judged_as(value->quantity) || rule->kind != WARD_RULE_LIMIT)
            continue;
        any = true;
        (void)ward_decimal_print(&rule->limit, limit);
        if (ward_decimal_compare(&value->number, &rule->limit, &order) &&
            (rule->side == WARD_SIDE_BELOW ? order < 0 : order > 0)) {
            explain_beyond(about, rule, quantity, text, limit);
        } else {
            snprintf(why, sizeof(why), "%s is not %s %s", text,
                     rule->side == WARD_SIDE_BELOW ? "below" : "above", limit);
            answer(about, quantity, rule->id.text, why);
        }
    }
    if (!any)
        answer(about, quantity, NULL, "the plan has no limit for it");
}

static void explain_value(struct case_of *about, const struct ward_value *value)
{
    const char *quantity = ward_quantity_info(ward_quantity_judged_as(value->quantity))->name;

    if (*quantity == '\0')
        quantity = ward_quantity_info(value->quantity)->name;
    if (!ward_decimal_is_ordered(&value->number))
        answer(about, quantity, NULL, "the device gave no number: it neither raises nor clears");
    else if (!ward_quantity_is_plausible(value))
        answer(about, quantity, NULL, "the value cannot be a patient's: it neither raises nor clears");
    else if (ward_care_plan_quantity(about->plan, ward_quantity_judged_as(value->quantity)) == NULL)
        answer(about, quantity, NULL, "the plan does not watch it");
    else
        explain_limits(about, value, quantity);
}

static void explain_record(struct case_of *about)
{
    char why[256];

    if (about->reading.kind >= WARD_RECORD_GAP) {
        answer(about, NULL, NULL, "it is no reading");
    } else if (about->reading.unassigned || about->reading.patient.text[0] == '\0') {
        answer(about, NULL, NULL, "it belongs to no patient: it is kept and not judged");
    } else if (about->plan == NULL) {
        answer(about, NULL, NULL, "the patient has no care plan: nothing is judged");
    } else if (about->reading.quality == WARD_INVALID) {
        snprintf(why, sizeof(why), "it is invalid (%.200s): it neither raises nor clears",
                 ward_document_member(about->record, "reasons").text);
        answer(about, NULL, NULL, why);
    } else {
        for (size_t i = 0; i < about->reading.value_count; i++)
            explain_value(about, &about->reading.values[i]);
    }
}

/* --- what is asked and shown --------------------------------------------------------------------------------- */

static int fetch_record(const char *name, struct case_of *about)
{
    char **texts = NULL;
    int status = ward_client_fetch(&texts, "Explain", "s", name);
    const char *wrong;

    if (status == WARD_CTL_DONE && texts[0] == NULL)
        status = ward_ctl_fail("no record %s is stored here", name);
    if (status == WARD_CTL_DONE) {
        about->record = ward_document_parse(texts[0]);
        wrong = ward_reading_from_json(about->record, &about->reading);
        status = wrong == NULL ? WARD_CTL_DONE : ward_ctl_fail("the record cannot be read: it %s", wrong);
    }
    ward_client_free_texts(texts);
    return status;
}

static int read_plan(const char *text, struct case_of *about)
{
    struct ward_plan_errors *errors = calloc(1, sizeof(*errors));
    int status = WARD_CTL_DONE;

    about->plan = calloc(1, sizeof(*about->plan));
    if (errors == NULL || about->plan == NULL)
        status = ward_ctl_fail("out of memory");
    else if (!ward_care_plan_parse(text, strlen(text), about->plan, errors))
        status = ward_ctl_fail("the care plan in force cannot be read: nobody knows here what it says of the "
                               "reading. It may be one of a newer version than this wardctl");
    free(errors);
    return status;
}

/* That the daemon refuses to give one is an answer: there is none. */
static int fetch_plan(struct case_of *about)
{
    char **texts = NULL;
    int status = ward_client_fetch(&texts, "Plan", "s", about->reading.patient.text);

    if (status == WARD_CTL_DONE)
        status = read_plan(texts[0], about);
    else if (status == WARD_CTL_FAILED)
        status = WARD_CTL_DONE;
    ward_client_free_texts(texts);
    return status;
}

static int fetch_events(struct case_of *about)
{
    const int64_t at_ms = moment_of(about);
    struct ward_explain_span span = {.patient = about->reading.patient.text};

    if (at_ms == WARD_UTC_UNKNOWN)
        return WARD_CTL_DONE;
    span.from_ms = at_ms - BEFORE_MS;
    span.to_ms = at_ms + AFTER_MS;
    return ward_explain_events(&span, &about->events);
}

static void show(const struct case_of *about, bool as_json)
{
    const struct ward_care_plan *plan = about->plan;

    if (as_json) {
        json_t *all = json_pack("{s:s,s:O,s:O}", "schema", "wardgate.explanation/1", "reading", about->record,
                                "answers", about->answers);

        if (plan != NULL)
            json_object_set_new(
                all, "plan",
                json_pack("{s:s,s:I}", "id", plan->id.text, "version", (json_int_t)plan->version));
        json_dumpf(all, stdout, JSON_COMPACT);
        putchar('\n');
        json_decref(all);
        return;
    }
    ward_prose_begin();
    printf("Reading    %s: %s, %s, %s\n", ward_document_member(about->record, "seq").text,
           ward_document_text(about->record, "kind"), ward_document_text(about->record, "quality"),
           ward_document_values(json_object_get(about->record, "values")).text);
    if (plan != NULL)
        printf("Plan       %s, version %u, in force now\n", plan->id.text, plan->version);
    for (size_t i = 0; i < json_array_size(about->answers); i++) {
        const json_t *one = json_array_get(about->answers, i);

        printf("  %-16s %-20s %s\n", ward_document_text(one, "quantity"), ward_document_text(one, "rule"),
               ward_document_text(one, "why"));
    }
}

int ward_explain_reading(const char *name, bool as_json)
{
    struct case_of about = {.answers = json_array()};
    int status = fetch_record(name, &about);

    if (status == WARD_CTL_DONE && about.reading.patient.text[0] != '\0') {
        if (about.reading.kind < WARD_RECORD_GAP) /* what is no reading no plan is asked about */
            status = fetch_plan(&about);
        if (status == WARD_CTL_DONE)
            status = fetch_events(&about);
    }
    if (status == WARD_CTL_DONE) {
        explain_record(&about);
        show(&about, as_json);
    }
    json_decref(about.record);
    json_decref(about.events);
    json_decref(about.answers);
    free(about.plan);
    return status;
}
