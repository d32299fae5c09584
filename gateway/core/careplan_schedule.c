/* SPDX-License-Identifier: Apache-2.0 */
/* When the patient measures, sleeps, and is answered: local times of the plan's zone. */
#include <string.h>

#include "core/careplan_private.h"
#include "core/clinical.h"

static const char *const schedule_members[] = {"quantity", "at", "days", "grace_s", "prompt_text", NULL};
static const char *const quiet_members[] = {"from", "until", NULL};
static const char *const service_members[] = {"from", "until", "days", "out_of_hours_text", NULL};

/* The name of a file below the zone directory: nothing that leads out of it. */
static bool is_zone(const char *name)
{
    bool start = true; /* of a part between slashes */

    for (; *name != '\0'; name++) {
        bool letter = (*name >= 'A' && *name <= 'Z') || (*name >= 'a' && *name <= 'z');
        bool other = (*name >= '0' && *name <= '9') || *name == '_' || *name == '-' || *name == '+';

        if (*name == '/' ? start : !(letter || (other && !start))) {
            return false;
        }
        start = *name == '/';
    }
    return !start;
}

static bool needs_zone(const struct ward_care_plan *plan, const struct ward_plan_object *document)
{
    bool worn = false;

    for (size_t i = 0; i < plan->quantity_count; i++) {
        worn |= plan->quantities[i].worn;
    }
    return worn || json_object_get(document->json, "schedule") != NULL ||
           json_object_get(document->json, "quiet_hours") != NULL ||
           json_object_get(document->json, "service_hours") != NULL;
}

static void read_zone(const struct ward_plan_object *document, struct ward_care_plan *plan)
{
    const json_t *zone = json_object_get(document->json, "zone");

    if (zone == NULL) {
        if (needs_zone(plan, document)) {
            ward_plan_fault(document, "zone", NULL,
                            "this member is missing: times of day need a time zone like \"Europe/London\"");
        }
    } else if (ward_plan_text(document, "zone", WARD_PLAN_REQUIRED, plan->zone, sizeof(plan->zone)) &&
               !is_zone(plan->zone)) {
        ward_plan_fault(document, "zone", zone, "must be the name of a time zone like \"Europe/London\"");
    }
}

/* Minutes from one time to the next one of the same day; a day's worth after the last. */
static unsigned gap_after(const struct ward_plan_schedule *row, size_t index)
{
    return index + 1u < row->time_count ? (unsigned)(row->at_min[index + 1] - row->at_min[index])
                                        : 1440u - row->at_min[index] + row->at_min[0];
}

static void check_grace(const struct ward_plan_object *object, const struct ward_plan_schedule *row)
{
    for (size_t i = 0; i < row->time_count; i++) {
        if (row->grace_ms >= gap_after(row, i) * WARD_MINUTE_MS) {
            ward_plan_fault(
                object, json_object_get(object->json, "grace_s") != NULL ? "grace_s" : "at",
                json_object_get(object->json, "grace_s"),
                "the grace must end before the next time, or nobody could say which one was missed");
            return;
        }
    }
}

static void read_row(const struct ward_plan_object *object, struct ward_care_plan *plan)
{
    struct ward_plan_schedule row = {.days = WARD_PLAN_EVERY_DAY, .grace_ms = WARD_GRACE_MS};

    ward_plan_refuse_unknown(object, schedule_members);
    row.quantity = ward_plan_quantity(object);
    ward_plan_days(object, &row.days);
    ward_plan_seconds(object, "grace_s", (struct ward_plan_range){WARD_GRACE_MIN_MS, WARD_GRACE_MAX_MS},
                      &row.grace_ms);
    ward_plan_patient_text(object, "prompt_text", row.prompt_text);
    if (ward_plan_minutes(object, "at", &row)) {
        check_grace(object, &row);
    }
    if (row.quantity == WARD_QUANTITY_NONE) {
        return;
    }
    if (ward_care_plan_quantity(plan, row.quantity) == NULL) {
        ward_plan_fault(object, "quantity", json_object_get(object->json, "quantity"),
                        "is not in the plan's list of quantities");
    } else if (ward_care_plan_schedule(plan, row.quantity) != NULL) {
        ward_plan_fault(object, "quantity", json_object_get(object->json, "quantity"), "stands here twice");
    } else {
        plan->schedules[plan->schedule_count++] = row;
    }
}

static void read_rows(const struct ward_plan_object *document, struct ward_care_plan *plan)
{
    struct ward_plan_object list;

    if (json_object_get(document->json, "schedule") == NULL) {
        return;
    }
    list = ward_plan_list(document, "schedule", WARD_PLAN_SCHEDULES_MAX);
    for (size_t i = 0; i < json_array_size(list.json); i++) {
        struct ward_plan_object item = ward_plan_item(&list, i);

        if (item.json != NULL) {
            read_row(&item, plan);
        }
    }
}

static void read_service(const struct ward_plan_object *document, struct ward_care_plan *plan)
{
    struct ward_plan_object service;

    if (json_object_get(document->json, "service_hours") == NULL) {
        return;
    }
    service = ward_plan_child(document, "service_hours");
    if (service.json == NULL) {
        return;
    }
    ward_plan_refuse_unknown(&service, service_members);
    plan->has_service = ward_plan_hours(&service, &plan->service);
    if (json_object_get(service.json, "out_of_hours_text") == NULL) {
        ward_plan_fault(&service, "out_of_hours_text", NULL,
                        "this member is missing: what does the patient do when the ward does not answer?");
    }
    ward_plan_patient_text(&service, "out_of_hours_text", plan->out_of_hours_text);
}

static void read_quiet(const struct ward_plan_object *document, struct ward_care_plan *plan)
{
    struct ward_plan_object quiet;

    if (json_object_get(document->json, "quiet_hours") == NULL) {
        return;
    }
    quiet = ward_plan_child(document, "quiet_hours");
    if (quiet.json != NULL) {
        ward_plan_refuse_unknown(&quiet, quiet_members);
        ward_plan_hours(&quiet, &plan->quiet);
    }
}

void ward_plan_read_schedule(const struct ward_plan_object *document, struct ward_care_plan *plan)
{
    plan->quiet = (struct ward_plan_hours){WARD_QUIET_FROM_MIN, WARD_QUIET_UNTIL_MIN, WARD_PLAN_EVERY_DAY};
    plan->service.days = WARD_PLAN_EVERY_DAY;
    read_zone(document, plan);
    read_rows(document, plan);
    read_quiet(document, plan);
    read_service(document, plan);
}
