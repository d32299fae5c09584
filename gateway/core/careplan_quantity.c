/* SPDX-License-Identifier: Apache-2.0 */
/* The quantities of a care plan: how each is watched. */
#include "core/careplan_private.h"
#include "core/clinical.h"
#include "core/decimal.h"
#include "core/quantity.h"

static const char *const quantity_members[] = {"quantity",       "mode",     "stale_s",   "stale_spot_s",
                                               "expect_every_s", "settle_s", "median_of", "baseline",
                                               "wear",           NULL};
static const char *const baseline_members[] = {"value", "readings", NULL};
static const char *const wear_members[] = {"from", "until", "days", "silent_s", NULL};
static const char *const mode_names[] = {[WARD_MODE_SPOT] = "spot", [WARD_MODE_STREAM] = "stream", NULL};

static bool is_plausible(const struct ward_plan_quantity *row, const struct ward_decimal *number)
{
    return ward_quantity_is_plausible(&(struct ward_value){.number = *number, .quantity = row->quantity});
}

static void read_baseline(const struct ward_plan_object *object, struct ward_plan_quantity *row)
{
    struct ward_plan_object baseline;
    bool given, learnt;

    if (json_object_get(object->json, "baseline") == NULL) {
        return;
    }
    baseline = ward_plan_child(object, "baseline");
    if (baseline.json == NULL) {
        return;
    }
    ward_plan_refuse_unknown(&baseline, baseline_members);
    given = json_object_get(baseline.json, "value") != NULL;
    learnt = json_object_get(baseline.json, "readings") != NULL;
    if (given == learnt) {
        ward_plan_fault(&baseline, NULL, NULL, "must have either value, or readings to learn it from");
    } else if (given && ward_plan_decimal(&baseline, "value", WARD_PLAN_REQUIRED, &row->baseline_value)) {
        row->baseline = WARD_BASELINE_GIVEN;
        if (row->quantity != WARD_QUANTITY_NONE && !is_plausible(row, &row->baseline_value)) {
            ward_plan_fault(&baseline, "value", json_object_get(baseline.json, "value"),
                            "lies outside what is plausible for the quantity");
        }
    } else if (learnt &&
               ward_plan_integer(&baseline, "readings", WARD_PLAN_REQUIRED, WARD_BASELINE_READINGS_MIN,
                                 WARD_BASELINE_READINGS_MAX, &row->baseline_readings)) {
        row->baseline = WARD_BASELINE_LEARNT;
    }
}

static void read_wear(const struct ward_plan_object *object, struct ward_plan_quantity *row)
{
    struct ward_plan_object wear;

    if (json_object_get(object->json, "wear") == NULL) {
        return;
    }
    wear = ward_plan_child(object, "wear");
    if (wear.json == NULL) {
        return;
    }
    ward_plan_refuse_unknown(&wear, wear_members);
    row->worn = ward_plan_hours(&wear, &row->wear);
    ward_plan_seconds(&wear, "silent_s", (struct ward_plan_range){WARD_SILENT_MIN_MS, WARD_SILENT_MAX_MS},
                      &row->silent_ms);
}

static void read_median(const struct ward_plan_object *object, struct ward_plan_quantity *row)
{
    if (ward_plan_integer(object, "median_of", WARD_PLAN_OPTIONAL, 1, WARD_PLAN_MEDIAN_MAX,
                          &row->median_of) &&
        row->median_of % 2 == 0) {
        ward_plan_fault(object, "median_of", json_object_get(object->json, "median_of"),
                        "must be odd, so that the median is a value that was measured");
    }
}

static void read_times(const struct ward_plan_object *object, struct ward_plan_quantity *row)
{
    const struct ward_plan_range stale = {WARD_STALE_STREAM_MIN_MS, WARD_STALE_SPOT_MS};
    const struct ward_plan_range expect = {WARD_EXPECT_MIN_MS, WARD_STALE_SPOT_MS};
    const struct ward_plan_range settle = {0, WARD_SETTLE_MAX_MS};

    ward_plan_seconds(object, "stale_s", stale, &row->stale_ms);
    ward_plan_seconds(object, "stale_spot_s", stale, &row->stale_spot_ms);
    ward_plan_seconds(object, "expect_every_s", expect, &row->expect_ms);
    if (ward_plan_seconds(object, "settle_s", settle, &row->settle_ms) && row->mode != WARD_MODE_SPOT) {
        ward_plan_fault(object, "settle_s", json_object_get(object->json, "settle_s"),
                        "only mode spot settles");
    }
}

void ward_plan_read_quantity(const struct ward_plan_object *object, struct ward_care_plan *plan)
{
    struct ward_plan_quantity row = {.stale_ms = WARD_STALE_STREAM_MS,
                                     .stale_spot_ms = WARD_STALE_SPOT_MS,
                                     .settle_ms = WARD_SETTLE_MS,
                                     .median_of = 1,
                                     .wear = {.days = WARD_PLAN_EVERY_DAY},
                                     .silent_ms = WARD_SILENT_MS};

    ward_plan_refuse_unknown(object, quantity_members);
    row.quantity = ward_plan_quantity(object);
    ward_plan_choice(object, "mode", WARD_PLAN_REQUIRED, mode_names, &row.mode);
    read_times(object, &row);
    read_median(object, &row);
    read_baseline(object, &row);
    read_wear(object, &row);
    if (row.quantity == WARD_QUANTITY_NONE) {
        return;
    }
    if (ward_care_plan_quantity(plan, row.quantity) != NULL) {
        ward_plan_fault(object, "quantity", json_object_get(object->json, "quantity"), "stands here twice");
        return;
    }
    plan->quantities[plan->quantity_count++] = row;
}
