/* SPDX-License-Identifier: Apache-2.0 */
/*
 * NEWS2 in a care plan. The score is made for adults who are not pregnant, and its scale 2 for confirmed hypercapnic
 * failure on a named clinician's decision: neither is ever inferred, so a plan that does not say it is refused.
 */
#include "core/careplan_private.h"
#include "core/clinical.h"

static const char *const news2_members[] = {
    "spo2_scale", "adult_not_pregnant", "clinician", "decided_on",   "oxygen",
    "fresh_s",    "low_from",           "text",      "patient_text", NULL};

enum { OXYGEN_ENTERED, OXYGEN_ALWAYS };
static const char *const oxygen_names[] = {[OXYGEN_ENTERED] = "entered", [OXYGEN_ALWAYS] = "always", NULL};

static void read_eligibility(const struct ward_plan_object *object, struct ward_plan_news2 *news2)
{
    bool eligible = false;

    if (json_object_get(object->json, "adult_not_pregnant") == NULL) {
        ward_plan_fault(object, "adult_not_pregnant", NULL,
                        "this member is missing: NEWS2 is not for patients under 16, nor in pregnancy");
    } else if (ward_plan_flag(object, "adult_not_pregnant", &eligible) && !eligible) {
        ward_plan_fault(object, "adult_not_pregnant", json_object_get(object->json, "adult_not_pregnant"),
                        "NEWS2 is not for patients under 16, nor in pregnancy: leave news2 out");
    }
    ward_plan_id(object, "clinician", &news2->clinician);
}

static void read_scale(const struct ward_plan_object *object, struct ward_plan_news2 *news2)
{
    uint8_t oxygen = OXYGEN_ENTERED;
    bool scale_2;

    scale_2 =
        ward_plan_integer(object, "spo2_scale", WARD_PLAN_REQUIRED, 1, 2, &news2->scale) && news2->scale == 2;
    news2->decided_ms = WARD_UTC_UNKNOWN;
    if (json_object_get(object->json, "decided_on") != NULL) {
        ward_plan_date(object, "decided_on", &news2->decided_ms);
    } else if (scale_2) {
        ward_plan_fault(object, "decided_on", NULL,
                        "this member is missing: scale 2 needs the date of the clinician's decision");
    }
    if (scale_2 && json_object_get(object->json, "oxygen") == NULL) {
        ward_plan_fault(object, "oxygen", NULL,
                        "this member is missing: scale 2 must say whether oxygen is always given or entered");
    }
    ward_plan_choice(object, "oxygen", WARD_PLAN_OPTIONAL, oxygen_names, &oxygen);
    news2->oxygen_always = oxygen == OXYGEN_ALWAYS;
}

void ward_plan_read_news2(const struct ward_plan_object *document, struct ward_care_plan *plan)
{
    struct ward_plan_news2 *news2 = &plan->news2;
    struct ward_plan_object object;

    if (json_object_get(document->json, "news2") == NULL) {
        return;
    }
    object = ward_plan_child(document, "news2");
    if (object.json == NULL) {
        return;
    }
    news2->used = true;
    news2->fresh_ms = WARD_NEWS2_FRESH_MS;
    ward_plan_refuse_unknown(&object, news2_members);
    read_scale(&object, news2);
    read_eligibility(&object, news2);
    ward_plan_seconds(&object, "fresh_s",
                      (struct ward_plan_range){WARD_NEWS2_FRESH_MIN_MS, WARD_NEWS2_FRESH_MAX_MS},
                      &news2->fresh_ms);
    ward_plan_integer(&object, "low_from", WARD_PLAN_OPTIONAL, 1, WARD_NEWS2_MEDIUM_FROM - 1,
                      &news2->low_from);
    ward_plan_text(&object, "text", WARD_PLAN_OPTIONAL, news2->text, sizeof(news2->text));
    ward_plan_patient_text(&object, "patient_text", news2->patient_text);
}

void ward_plan_check_scale_2(const struct ward_care_plan *plan, const struct ward_plan_object *document)
{
    struct ward_plan_object object;

    if (!plan->news2.used || plan->news2.scale != 2) {
        return;
    }
    object = ward_plan_child(document, "news2");
    for (int level = WARD_LEVEL_AMBER; level <= WARD_LEVEL_RED; level++) {
        if (ward_care_plan_rule(plan, WARD_SPO2, WARD_SIDE_ABOVE, (enum ward_plan_level)level) == NULL) {
            ward_plan_fault(
                &object, "spo2_scale", json_object_get(object.json, "spo2_scale"),
                level == WARD_LEVEL_RED
                    ? "scale 2 needs a red rule for spo2 with above (96 is usual): too much oxygen"
                    : "scale 2 needs an amber rule for spo2 with above (92 is usual): too much oxygen");
        }
    }
}
