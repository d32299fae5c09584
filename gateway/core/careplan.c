/* SPDX-License-Identifier: Apache-2.0 */
/* A care plan from its document: the whole of it is read, whatever is wrong, so that everything wrong is told. */
#include "core/careplan.h"

#include <jansson.h>
#include <stdlib.h>
#include <string.h>

#include "core/base64url.h"
#include "core/careplan_private.h"
#include "core/clinical.h"
#include "core/decimal.h"
#include "core/quantity.h"

static const char *const document_members[] = {
    "schema", "id",    "version",        "title",      "source",           "review_by",
    "rules",  "times", "late_max_age_s", "quantities", "undelivered_text", NULL};
static const char *const source_members[] = {"example", "citation", NULL};
static const char *const quantity_members[] = {"quantity",       "mode",     "stale_s", "stale_spot_s",
                                               "expect_every_s", "settle_s", NULL};
static const char *const rule_members[] = {
    "id",       "quantity",   "level",       "below", "above",        "priority", "clear_at",
    "worse_by", "on_delay_s", "off_delay_s", "text",  "patient_text", NULL};
static const char *const times_members[] = {"high", "medium", "low", NULL};
static const char *const time_members[] = {"realarm_s", "escalate_s", "acknowledgement_s", NULL};

static const char *const mode_names[] = {[WARD_MODE_SPOT] = "spot", [WARD_MODE_STREAM] = "stream", NULL};
static const char *const level_names[] = {"amber", "red", NULL};
static const char *const priority_names[] = {"low", "medium", "high", NULL};

/* The patient reads it in distress: at most 15 words. */
static bool has_many_words(const char *text)
{
    size_t words = 0;
    bool inside = false;

    for (; *text != '\0'; text++) {
        words += *text != ' ' && !inside ? 1 : 0;
        inside = *text != ' ';
    }
    return words > 15;
}

static void read_patient_text(const struct ward_plan_object *object, char *ret)
{
    if (ward_plan_text(object, "patient_text", WARD_PLAN_OPTIONAL, ret, WARD_ALARM_TEXT_MAX + 1) &&
        has_many_words(ret)) {
        ward_plan_fault(object, "patient_text", json_object_get(object->json, "patient_text"),
                        "a text for the patient has at most 15 words");
    }
}

/* A quantity on which a plan may set limits, or WARD_QUANTITY_NONE, which has been told. */
static uint8_t read_quantity(const struct ward_plan_object *object)
{
    const json_t *value = json_object_get(object->json, "quantity");
    uint8_t quantity = (uint8_t)(json_is_string(value) ? ward_quantity_by_name(json_string_value(value))
                                                       : WARD_QUANTITY_NONE);

    if (value == NULL) {
        ward_plan_fault(object, "quantity", NULL, "this member is missing");
    } else if (ward_clinical_quantity(quantity) == NULL) {
        ward_plan_fault(object, "quantity", value, "is not a quantity that a plan can watch");
        return WARD_QUANTITY_NONE;
    }
    return quantity;
}

static void read_quantity_row(const struct ward_plan_object *object, struct ward_care_plan *plan)
{
    struct ward_plan_quantity row = {.quantity = read_quantity(object),
                                     .stale_ms = WARD_STALE_STREAM_MS,
                                     .stale_spot_ms = WARD_STALE_SPOT_MS,
                                     .settle_ms = WARD_SETTLE_MS};

    ward_plan_refuse_unknown(object, quantity_members);
    ward_plan_choice(object, "mode", WARD_PLAN_REQUIRED, mode_names, &row.mode);
    ward_plan_seconds(object, "stale_s",
                      (struct ward_plan_range){WARD_STALE_STREAM_MIN_MS, WARD_STALE_SPOT_MS}, &row.stale_ms);
    ward_plan_seconds(object, "stale_spot_s",
                      (struct ward_plan_range){WARD_STALE_STREAM_MIN_MS, WARD_STALE_SPOT_MS},
                      &row.stale_spot_ms);
    ward_plan_seconds(object, "expect_every_s",
                      (struct ward_plan_range){WARD_EXPECT_MIN_MS, WARD_STALE_SPOT_MS}, &row.expect_ms);
    if (ward_plan_seconds(object, "settle_s", (struct ward_plan_range){0, WARD_SETTLE_MAX_MS},
                          &row.settle_ms) &&
        row.mode != WARD_MODE_SPOT) {
        ward_plan_fault(object, "settle_s", json_object_get(object->json, "settle_s"),
                        "only mode spot settles");
    }
    if (row.quantity == WARD_QUANTITY_NONE) {
        return;
    }
    if (ward_care_plan_quantity(plan, row.quantity) != NULL) {
        ward_plan_fault(object, "quantity", json_object_get(object->json, "quantity"), "stands here twice");
        return;
    }
    plan->quantities[plan->quantity_count++] = row;
}

/* Exactly one of below and above. Returns whether there is a limit. */
static bool read_limit(const struct ward_plan_object *object, struct ward_plan_rule *rule)
{
    bool below = json_object_get(object->json, "below") != NULL;
    bool above = json_object_get(object->json, "above") != NULL;

    if (below == above) {
        ward_plan_fault(object, NULL, NULL, "must have one limit: either below or above");
        return false;
    }
    rule->side = below ? WARD_SIDE_BELOW : WARD_SIDE_ABOVE;
    return ward_plan_decimal(object, below ? "below" : "above", WARD_PLAN_REQUIRED, &rule->limit);
}

static void read_delays(const struct ward_plan_object *object, const struct ward_care_plan *plan,
                        struct ward_plan_rule *rule)
{
    const struct ward_clinical_priority *figures = ward_clinical_priority(rule->priority);
    const struct ward_plan_quantity *row = ward_care_plan_quantity(plan, rule->quantity);
    const json_t *on_delay = json_object_get(object->json, "on_delay_s");
    const json_t *off_delay = json_object_get(object->json, "off_delay_s");

    rule->on_delay_ms = figures->on_delay_ms;
    rule->off_delay_ms = figures->off_delay_ms;
    ward_plan_seconds(object, "on_delay_s", (struct ward_plan_range){0, WARD_ON_DELAY_MAX_MS},
                      &rule->on_delay_ms);
    ward_plan_seconds(object, "off_delay_s", (struct ward_plan_range){0, WARD_OFF_DELAY_MAX_MS},
                      &rule->off_delay_ms);
    if (row == NULL || row->mode != WARD_MODE_SPOT) {
        return;
    }
    if (rule->on_delay_ms != 0 && json_is_integer(on_delay)) {
        ward_plan_fault(object, "on_delay_s", on_delay, "a spot value counts at once: must be 0 or absent");
    }
    if (rule->off_delay_ms != 0 && json_is_integer(off_delay)) {
        ward_plan_fault(object, "off_delay_s", off_delay, "a spot value counts at once: must be 0 or absent");
    }
}

static void read_margins(const struct ward_plan_object *object, struct ward_plan_rule *rule)
{
    const struct ward_clinical_quantity *figures = ward_clinical_quantity(rule->quantity);
    struct ward_decimal clear_by = figures->clear_by;

    if (rule->side == WARD_SIDE_ABOVE) {
        clear_by.mantissa = -clear_by.mantissa;
    }
    if (!ward_decimal_add(&rule->limit, &clear_by, &rule->clear_at)) {
        rule->clear_at = rule->limit;
    }
    rule->clear_at = ward_decimal_normalise(rule->clear_at);
    rule->worse_by = ward_decimal_normalise(figures->worse_by);
    ward_plan_decimal(object, "clear_at", WARD_PLAN_OPTIONAL, &rule->clear_at);
    ward_plan_decimal(object, "worse_by", WARD_PLAN_OPTIONAL, &rule->worse_by);
}

/* The rule keeps its place in plan->rules, right or wrong, so that the checks can name it by its index. */
static void read_rule(const struct ward_plan_object *object, struct ward_care_plan *plan)
{
    struct ward_plan_rule *rule = &plan->rules[plan->rule_count++];
    uint8_t level = 0, priority = 0;
    bool limited;

    ward_plan_refuse_unknown(object, rule_members);
    ward_plan_id(object, "id", &rule->id);
    rule->quantity = read_quantity(object);
    limited = read_limit(object, rule);
    if (ward_plan_choice(object, "level", WARD_PLAN_REQUIRED, level_names, &level)) {
        rule->level = (uint8_t)(WARD_LEVEL_AMBER + level);
    }
    rule->priority = rule->level == WARD_LEVEL_RED ? WARD_PRIORITY_HIGH : WARD_PRIORITY_MEDIUM;
    if (ward_plan_choice(object, "priority", WARD_PLAN_OPTIONAL, priority_names, &priority)) {
        rule->priority = (uint8_t)(WARD_PRIORITY_LOW + priority);
    }
    ward_plan_text(object, "text", WARD_PLAN_OPTIONAL, rule->text, sizeof(rule->text));
    read_patient_text(object, rule->patient_text);
    if (rule->quantity != WARD_QUANTITY_NONE) {
        read_delays(object, plan, rule);
    }
    if (rule->quantity != WARD_QUANTITY_NONE && limited) {
        read_margins(object, rule);
    } else {
        rule->level = WARD_LEVEL_NONE; /* not whole: the checks between rules pass it by */
    }
}

static void read_times_of(const struct ward_plan_object *object, struct ward_care_plan *plan,
                          uint8_t priority)
{
    const struct ward_clinical_priority *figures = ward_clinical_priority(priority);
    struct ward_plan_times *times = &plan->times[priority];
    const json_t *escalate = json_object_get(object->json, "escalate_s");

    ward_plan_refuse_unknown(object, time_members);
    ward_plan_seconds(object, "realarm_s",
                      (struct ward_plan_range){figures->times_min.realarm_ms, figures->times_max.realarm_ms},
                      &times->realarm_ms);
    ward_plan_seconds(object, "acknowledgement_s",
                      (struct ward_plan_range){figures->times_min.acknowledgement_ms,
                                               figures->times_max.acknowledgement_ms},
                      &times->acknowledgement_ms);
    if (figures->times_max.escalate_ms == 0 && escalate != NULL) {
        ward_plan_fault(object, "escalate_s", escalate, "there is no priority above high");
    } else {
        ward_plan_seconds(
            object, "escalate_s",
            (struct ward_plan_range){figures->times_min.escalate_ms, figures->times_max.escalate_ms},
            &times->escalate_ms);
    }
}

static void read_times(const struct ward_plan_object *document, struct ward_care_plan *plan)
{
    struct ward_plan_object times;

    for (unsigned priority = WARD_PRIORITY_LOW; priority <= WARD_PRIORITY_HIGH; priority++) {
        plan->times[priority] = ward_clinical_priority((uint8_t)priority)->times;
    }
    if (json_object_get(document->json, "times") == NULL) {
        return;
    }
    times = ward_plan_child(document, "times");
    if (times.json == NULL) {
        return;
    }
    ward_plan_refuse_unknown(&times, times_members);
    for (uint8_t i = 0; priority_names[i] != NULL; i++) {
        if (json_object_get(times.json, priority_names[i]) != NULL) {
            struct ward_plan_object one = ward_plan_child(&times, priority_names[i]);

            if (one.json != NULL) {
                read_times_of(&one, plan, (uint8_t)(WARD_PRIORITY_LOW + i));
            }
        }
    }
}

static void read_source(const struct ward_plan_object *document, struct ward_care_plan *plan)
{
    struct ward_plan_object source = ward_plan_child(document, "source");
    const json_t *example;

    if (source.json == NULL) {
        return;
    }
    ward_plan_refuse_unknown(&source, source_members);
    ward_plan_text(&source, "citation", WARD_PLAN_REQUIRED, plan->citation, sizeof(plan->citation));
    example = json_object_get(source.json, "example");
    plan->example = json_is_true(example);
    if (example != NULL && !json_is_boolean(example)) {
        ward_plan_fault(&source, "example", example, "must be true or false");
    }
}

static void read_head(const struct ward_plan_object *document, struct ward_care_plan *plan)
{
    const json_t *schema = json_object_get(document->json, "schema");
    const json_t *version = json_object_get(document->json, "version");

    if (!json_is_string(schema) || strcmp(json_string_value(schema), WARD_PLAN_SCHEMA) != 0) {
        ward_plan_fault(document, "schema", schema, "must be \"" WARD_PLAN_SCHEMA "\"");
    }
    ward_plan_id(document, "id", &plan->id);
    if (!json_is_integer(version) || json_integer_value(version) < 1 ||
        json_integer_value(version) > INT32_MAX) {
        ward_plan_fault(document, "version", version, "must be a whole number from 1 on");
    } else {
        plan->version = (uint32_t)json_integer_value(version);
    }
    ward_plan_text(document, "title", WARD_PLAN_REQUIRED, plan->title, sizeof(plan->title));
    ward_plan_date(document, "review_by", &plan->review_by_ms);
    ward_plan_text(document, "undelivered_text", WARD_PLAN_OPTIONAL, plan->undelivered_text,
                   sizeof(plan->undelivered_text));
    plan->late_max_age_ms = WARD_LATE_MAX_AGE_MS;
    ward_plan_seconds(document, "late_max_age_s", (struct ward_plan_range){0, WARD_LATE_MAX_AGE_MS},
                      &plan->late_max_age_ms);
}

static void read_document(const struct ward_plan_object *document, struct ward_care_plan *plan)
{
    struct ward_plan_object list;

    ward_plan_refuse_unknown(document, document_members);
    read_head(document, plan);
    read_source(document, plan);
    read_times(document, plan);
    list = ward_plan_list(document, "quantities", WARD_PLAN_QUANTITIES_MAX);
    for (size_t i = 0; i < json_array_size(list.json); i++) {
        struct ward_plan_object item = ward_plan_item(&list, i);

        if (item.json != NULL) {
            read_quantity_row(&item, plan);
        }
    }
    list = ward_plan_list(document, "rules", WARD_PLAN_RULES_MAX);
    for (size_t i = 0; i < json_array_size(list.json); i++) {
        struct ward_plan_object item = ward_plan_item(&list, i);

        if (item.json != NULL) {
            read_rule(&item, plan);
        } else {
            plan->rule_count++;
        }
    }
    ward_plan_check_rules(plan, &list);
}

/* The body of a signed plan (RFC 7515 §7.2.2), a new reference; NULL, which has been told, when there is none. */
static json_t *open_signed(const struct ward_plan_object *envelope)
{
    const json_t *payload = json_object_get(envelope->json, "payload");
    size_t length = json_string_length(payload);
    uint8_t *text = malloc(length + 1);
    json_t *signed_part = NULL;
    json_t *body;
    size_t decoded = 0;

    if (text != NULL && length > 0 &&
        ward_base64url_decode(json_string_value(payload), length, text, length, &decoded)) {
        signed_part = json_loadb((const char *)text, decoded, JSON_REJECT_DUPLICATES, NULL);
    }
    free(text);
    body = json_incref(json_object_get(signed_part, "body"));
    json_decref(signed_part);
    if (body == NULL) {
        ward_plan_fault(envelope, "payload", NULL, "the signed form has no body that can be read");
    }
    return body;
}

static json_t *load(const char *json, size_t length, struct ward_plan_object *document)
{
    json_error_t error;
    json_t *root;

    if (length > WARD_PLAN_TEXT_MAX) {
        ward_plan_fault(document, NULL, NULL, "is longer than a plan may be");
        return NULL;
    }
    root = json_loadb(json, length, JSON_REJECT_DUPLICATES, &error);
    if (root == NULL) {
        ward_plan_fault(document, NULL, NULL, error.text);
        return NULL;
    }
    if (json_object_get(root, "payload") != NULL) {
        json_t *body;

        document->json = root;
        body = open_signed(document);
        json_decref(root);
        root = body;
    }
    if (root != NULL && !json_is_object(root)) {
        ward_plan_fault(document, NULL, root, "must be an object");
        json_decref(root);
        return NULL;
    }
    return root;
}

bool ward_care_plan_parse(const char *json, size_t length, struct ward_care_plan *ret,
                          struct ward_plan_errors *errors)
{
    struct ward_plan_object document = {.errors = errors};
    struct ward_care_plan *plan = calloc(1, sizeof(*plan));
    json_t *root;

    memset(errors, 0, sizeof(*errors));
    root = load(json, length, &document);
    if (root != NULL && plan != NULL) {
        document.json = root;
        read_document(&document, plan);
    }
    if (plan == NULL) {
        ward_plan_fault(&document, NULL, NULL, "no memory to read it");
    } else if (errors->total == 0) {
        *ret = *plan;
    }
    json_decref(root);
    free(plan);
    return errors->total == 0;
}

const struct ward_plan_quantity *ward_care_plan_quantity(const struct ward_care_plan *plan, uint8_t quantity)
{
    for (size_t i = 0; plan != NULL && i < plan->quantity_count; i++) {
        if (plan->quantities[i].quantity == quantity) {
            return &plan->quantities[i];
        }
    }
    return NULL;
}

const struct ward_plan_rule *ward_care_plan_rule(const struct ward_care_plan *plan, uint8_t quantity,
                                                 enum ward_plan_side side, enum ward_plan_level level)
{
    for (size_t i = 0; plan != NULL && i < plan->rule_count; i++) {
        const struct ward_plan_rule *rule = &plan->rules[i];

        if (rule->quantity == quantity && rule->side == side && rule->level == level) {
            return rule;
        }
    }
    return NULL;
}
