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

static const char *const document_members[] = {
    "schema",           "id",          "version",       "title", "source",
    "review_by",        "quantities",  "rules",         "news2", "zone",
    "schedule",         "quiet_hours", "service_hours", "times", "late_max_age_s",
    "undelivered_text", NULL};
static const char *const source_members[] = {"example", "citation", NULL};
static const char *const times_members[] = {"high", "medium", "low", NULL};
static const char *const time_members[] = {"realarm_s", "escalate_s", "acknowledgement_s", NULL};
static const char *const priority_names[] = {"low", "medium", "high", NULL};

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
            ward_plan_read_quantity(&item, plan);
        }
    }
    list = ward_plan_list(document, "rules", WARD_PLAN_RULES_MAX);
    for (size_t i = 0; i < json_array_size(list.json); i++) {
        struct ward_plan_object item = ward_plan_item(&list, i);

        if (item.json != NULL) {
            ward_plan_read_rule(&item, plan);
        } else {
            plan->rule_count++;
        }
    }
    ward_plan_read_news2(document, plan);
    ward_plan_read_schedule(document, plan);
    ward_plan_check_rules(plan, &list);
    ward_plan_check_scale_2(plan, document);
}

/* The plan within what was signed: the body of a care plan, or a part of that of an admission. Borrowed. */
static json_t *plan_within(const json_t *signed_part)
{
    const char *type = json_string_value(json_object_get(signed_part, "type"));
    json_t *body = json_object_get(signed_part, "body");

    return type != NULL && strcmp(type, "command") == 0 ? json_object_get(body, "plan") : body;
}

/* The plan of a signed form (RFC 7515 §7.2.2), a new reference; NULL, which has been told, when there is none. */
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
    body = json_incref(plan_within(signed_part));
    json_decref(signed_part);
    if (body == NULL) {
        ward_plan_fault(envelope, "payload", NULL, "the signed form has no body that can be read");
    }
    return body;
}

/* Where it is no JSON (or a name stands twice in one object), as an editor counts. */
static void fault_syntax(const struct ward_plan_object *document, const json_error_t *error)
{
    const struct ward_decimal line = {.mantissa = error->line}, column = {.mantissa = error->column};
    char line_text[WARD_DECIMAL_TEXT_SIZE], column_text[WARD_DECIMAL_TEXT_SIZE];
    const char *const parts[] = {"line ", line_text, ", column ", column_text, ": ", error->text, NULL};

    line_text[ward_decimal_print(&line, line_text)] = '\0';
    column_text[ward_decimal_print(&column, column_text)] = '\0';
    ward_plan_fault_parts(document, NULL, NULL, parts);
}

/* Not to be seen in an editor, nor in the words of the JSON library about it. */
#define BYTE_ORDER_MARK "\xEF\xBB\xBF"

_Static_assert(WARD_PLAN_TEXT_MAX == 65536, "the words of load()");

static json_t *load(const char *json, size_t length, struct ward_plan_object *document)
{
    json_error_t error;
    json_t *root;

    if (length > WARD_PLAN_TEXT_MAX) {
        ward_plan_fault(document, NULL, NULL, "is longer than a plan may be: 65536 octets");
        return NULL;
    }
    if (length >= strlen(BYTE_ORDER_MARK) && memcmp(json, BYTE_ORDER_MARK, strlen(BYTE_ORDER_MARK)) == 0) {
        ward_plan_fault(document, NULL, NULL, "begins with a byte order mark: save it as UTF-8 without one");
        return NULL;
    }
    root = json_loadb(json, length, JSON_REJECT_DUPLICATES, &error);
    if (root == NULL) {
        fault_syntax(document, &error);
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

char *ward_care_plan_plain(const char *document)
{
    struct ward_plan_errors *errors = calloc(1, sizeof(*errors));
    struct ward_plan_object object = {.errors = errors};
    json_t *root = errors != NULL ? load(document, strlen(document), &object) : NULL;
    char *text = root != NULL ? json_dumps(root, JSON_COMPACT | JSON_REAL_PRECISION(15)) : NULL;

    json_decref(root);
    free(errors);
    return text;
}

bool ward_care_plan_is_same(const char *a, const char *b)
{
    struct ward_plan_errors *errors = calloc(1, sizeof(*errors));
    struct ward_plan_object document = {.errors = errors};
    json_t *one = errors != NULL ? load(a, strlen(a), &document) : NULL;
    json_t *other = errors != NULL ? load(b, strlen(b), &document) : NULL;
    const bool same = one != NULL && other != NULL && json_equal(one, other) == 1;

    json_decref(one);
    json_decref(other);
    free(errors);
    return same;
}

bool ward_care_plan_is_signed(const char *json, size_t length)
{
    json_t *root =
        length <= WARD_PLAN_TEXT_MAX ? json_loadb(json, length, JSON_REJECT_DUPLICATES, NULL) : NULL;
    const bool is_signed = json_object_get(root, "payload") != NULL;

    json_decref(root);
    return is_signed;
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

/* Runs several times for each value of a stream: nothing larger than these is made for it. */
static const struct ward_plan_rule *find_rule(const struct ward_care_plan *plan, bool change,
                                              uint8_t quantity, enum ward_plan_side side,
                                              enum ward_plan_level level)
{
    for (size_t i = 0; plan != NULL && i < plan->rule_count; i++) {
        const struct ward_plan_rule *rule = &plan->rules[i];

        if (rule->quantity == quantity && rule->side == side && rule->level == level &&
            (rule->kind != WARD_RULE_LIMIT) == change) {
            return rule;
        }
    }
    return NULL;
}

const struct ward_plan_rule *ward_care_plan_rule(const struct ward_care_plan *plan, uint8_t quantity,
                                                 enum ward_plan_side side, enum ward_plan_level level)
{
    return find_rule(plan, false, quantity, side, level);
}

const struct ward_plan_rule *ward_care_plan_change(const struct ward_care_plan *plan, uint8_t quantity,
                                                   enum ward_plan_side side, enum ward_plan_level level)
{
    return find_rule(plan, true, quantity, side, level);
}

const struct ward_plan_schedule *ward_care_plan_schedule(const struct ward_care_plan *plan, uint8_t quantity)
{
    for (size_t i = 0; plan != NULL && i < plan->schedule_count; i++) {
        if (plan->schedules[i].quantity == quantity) {
            return &plan->schedules[i];
        }
    }
    return NULL;
}
