/* SPDX-License-Identifier: Apache-2.0 */
#include "ctl/try_order.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "core/alarm_names.h"
#include "core/alarm_pack.h"
#include "core/message.h"
#include "core/quantity.h"
#include "core/reading.h"
#include "core/utc.h"
#include "ctl/try_private.h"

enum outcome {
    DONE,
    REFUSED, /* as the gateway would; the order says why */
    WRONG,   /* so would no gateway be told */
};

struct order {
    const json_t *value;
    struct ward_id by;
    const char *why;                   /* REFUSED, WRONG */
    bool for_all;                      /* nobody is named */
    const struct ward_care_plan *plan; /* of a change of plan, read once for all patients */
    const struct ward_zone *zone;
};

static enum outcome say(struct order *order, enum outcome outcome, const char *why)
{
    order->why = why;
    return outcome;
}

/* The occurrence that is meant, by its id or its condition. */
static bool find_occurrence(struct ward_try_patient *patient, const char *meant, struct ward_alarm_id *ret)
{
    struct ward_alarm_context context = ward_try_context(patient);
    struct ward_alarm_present *present = calloc(WARD_TRY_PRESENT_MAX, sizeof(*present));
    size_t count =
        present != NULL ? ward_alarm_present(&patient->state, &context, present, WARD_TRY_PRESENT_MAX) : 0;
    bool found = ward_alarm_id_parse(meant, ret);

    for (size_t i = 0; i < count && i < WARD_TRY_PRESENT_MAX && !found; i++) {
        found = strcmp(present[i].newest.condition.text, meant) == 0;
        *ret = found ? present[i].newest.id : *ret;
    }
    free(present);
    return found;
}

static enum outcome acknowledge(struct ward_try_patient *patient, struct order *order)
{
    struct ward_alarm_context context = ward_try_context(patient);
    struct ward_alarm_id id;

    if (!json_is_string(order->value)) {
        return say(order, WRONG, "acknowledge is not the name of a condition or the id of an event");
    }
    if (!find_occurrence(patient, json_string_value(order->value), &id)) {
        return say(order, REFUSED, "there is no such condition to acknowledge");
    }
    switch (ward_alarm_acknowledge(&patient->state, &context, &id, &order->by, true)) {
    case WARD_ALARM_DONE: return DONE;
    case WARD_ALARM_ALREADY: return say(order, REFUSED, "the condition is acknowledged already");
    case WARD_ALARM_NOT_FOUND:
    case WARD_ALARM_CLINICAL: break;
    }
    return say(order, REFUSED, "there is no such condition to acknowledge");
}

static enum outcome silence(struct ward_try_patient *patient, struct order *order)
{
    struct ward_alarm_context context = ward_try_context(patient);

    return ward_alarm_silence(&patient->state, &context, &order->by) > 0
               ? DONE
               : say(order, REFUSED, "nothing sounds that could be silenced");
}

static enum outcome suspend(struct ward_try_patient *patient, struct order *order)
{
    struct ward_alarm_context context = ward_try_context(patient);
    json_int_t seconds = json_integer_value(order->value);

    return seconds > 0 && seconds <= WARD_ALARM_SUSPEND_MAX_MS / 1000 &&
                   ward_alarm_suspend(
                       &patient->state, &context,
                       &(struct ward_alarm_suspension){(uint32_t)seconds * 1000, order->by, NULL})
               ? DONE
               : say(order, WRONG, "suspend_s must be from 1 to 86400");
}

static enum outcome resume(struct ward_try_patient *patient, struct order *order)
{
    struct ward_alarm_context context = ward_try_context(patient);

    ward_alarm_resume(&patient->state, &context, &order->by);
    return DONE;
}

static enum outcome take_back(struct ward_try_patient *patient, struct order *order)
{
    if (!json_is_integer(order->value) || json_integer_value(order->value) <= 0) {
        return say(order, WRONG, "void is not the seq of a reading");
    }
    ward_try_take_back(patient, (uint64_t)json_integer_value(order->value));
    return DONE;
}

static enum outcome discharge(struct ward_try_patient *patient, struct order *order)
{
    struct ward_alarm_context context = ward_try_context(patient);

    if (patient->run->patient_count > 1 && order->for_all) {
        return say(order, WRONG, "patient must say who is discharged, since there are several");
    }
    ward_alarm_discharge(&patient->state, &context);
    return DONE;
}

/* As when the program ends and starts: through the stored form. */
static enum outcome start_anew(struct ward_try_patient *patient, struct order *order, bool reboot)
{
    uint8_t *packed = malloc(WARD_ALARM_PACKED_MAX);
    size_t length = packed != NULL ? ward_alarm_pack(&patient->state, packed, WARD_ALARM_PACKED_MAX) : 0;
    bool good = length > 0 && ward_alarm_unpack(packed, length, &patient->state);
    struct ward_alarm_context context = ward_try_context(patient);

    free(packed);
    if (good && reboot) {
        ward_alarm_reboot(&patient->state, &context);
    }
    return good ? DONE : say(order, WRONG, "the state could not be stored and read again");
}

static enum outcome restart(struct ward_try_patient *patient, struct order *order)
{
    return start_anew(patient, order, false);
}

static enum outcome reboot(struct ward_try_patient *patient, struct order *order)
{
    return start_anew(patient, order, true);
}

/* What the device has given; of readings without a device, each quantity is one. */
static uint32_t quantities_of(const struct ward_try_patient *patient, const char *device)
{
    for (size_t i = 0; i < patient->device_count; i++) {
        if (strcmp(patient->devices[i].id.text, device) == 0) {
            return patient->devices[i].quantities;
        }
    }
    return patient->without_device & 1u << ward_quantity_judged_as((uint8_t)ward_quantity_by_name(device));
}

static enum outcome stop(struct ward_try_patient *patient, struct order *order)
{
    struct ward_alarm_context context = ward_try_context(patient);
    const char *device = json_string_value(order->value);
    uint32_t quantities;

    if (device == NULL) {
        return say(order, WRONG, "stop is not the id of a device");
    }
    quantities = quantities_of(patient, device);
    if (quantities == 0) {
        return say(order, REFUSED, "no reading has come from that device");
    }
    ward_alarm_input_stopped(&patient->state, &context, quantities, device);
    return DONE;
}

static enum outcome replace_plan(struct ward_try_patient *patient, struct order *order)
{
    const struct ward_care_plan *before = patient->plan;
    struct ward_alarm_context context;

    patient->plan = order->plan;
    patient->zone = order->zone;
    context = ward_try_context(patient);
    context.before = before;
    ward_alarm_replace_plan(&patient->state, &context);
    return DONE;
}

static const struct {
    const char *member;
    enum outcome (*perform)(struct ward_try_patient *patient, struct order *order);
    bool flag; /* its value is true */
} orders[] = {
    {"acknowledge", acknowledge, false},
    {"silence", silence, true},
    {"suspend_s", suspend, false},
    {"resume", resume, true},
    {"plan", replace_plan, false},
    {"void", take_back, false},
    {"stop", stop, false},
    {"restart", restart, true},
    {"reboot", reboot, true},
    {"discharge", discharge, true},
};

#define ORDERS (sizeof(orders) / sizeof(orders[0]))

/* A member that no order has, or NULL. */
static const char *unknown_member(json_t *line)
{
    static const char *const others[] = {"at", "patient", "by"};
    const char *name;
    json_t *value;

    json_object_foreach(line, name, value)
    {
        bool known = false;

        for (size_t i = 0; i < ORDERS; i++) {
            known |= strcmp(name, orders[i].member) == 0;
        }
        for (size_t i = 0; i < sizeof(others) / sizeof(others[0]); i++) {
            known |= strcmp(name, others[i]) == 0;
        }
        if (!known) {
            return name;
        }
    }
    return NULL;
}

/* Which one it is; ORDERS: none, time just passes. NULL, or what is wrong. */
static const char *which(struct ward_try *run, json_t *line, size_t *ret)
{
    const char *unknown = unknown_member(line);

    *ret = ORDERS;
    if (unknown != NULL) {
        snprintf(run->wrong, sizeof(run->wrong),
                 "\"%.60s\" is a member neither of a reading nor of what somebody did (wardctl try --help)",
                 unknown);
        return run->wrong;
    }
    for (size_t i = 0; i < ORDERS; i++) {
        const json_t *value = json_object_get(line, orders[i].member);

        if (value != NULL && *ret != ORDERS) {
            return "says two things at once: give each a line of its own";
        }
        if (value != NULL && orders[i].flag && !json_is_true(value)) {
            return "what is done takes the value true";
        }
        *ret = value != NULL ? i : *ret;
    }
    return NULL;
}

/* A plan is read before anybody's time passes: a line that is wrong does nothing. */
static const char *read_plan(struct ward_try *run, const json_t *line, struct order *order)
{
    const json_t *plan = json_object_get(line, "plan");

    if (plan == NULL || json_is_null(plan)) {
        return NULL;
    }
    if (!json_is_string(plan)) {
        return "plan is not the name of a file";
    }
    if (run->calls.plan == NULL) {
        return "the plan must not change while two are compared";
    }
    order->plan = run->calls.plan(run->calls.context, json_string_value(plan), &order->zone);
    return order->plan != NULL ? NULL : "the plan that it names cannot be used";
}

/* For everybody, or for the one that is named. */
static const char *perform(struct ward_try *run, size_t which_one, struct order *order,
                           struct ward_try_patient *only, int64_t at_ms)
{
    enum outcome best = REFUSED;

    order->for_all = only == NULL;
    for (size_t i = 0; i < run->patient_count; i++) {
        struct ward_try_patient *patient = run->patients[i];
        enum outcome outcome = DONE;

        if (only != NULL && only != patient) {
            continue;
        }
        (void)ward_try_reach(patient, at_ms);
        if (which_one < ORDERS) {
            outcome = orders[which_one].perform(patient, order);
        }
        if (outcome == WRONG) {
            return order->why;
        }
        best = outcome == DONE ? DONE : best;
    }
    if (run->patient_count == 0 && which_one < ORDERS && orders[which_one].perform != replace_plan) {
        order->why = "nobody is known yet: no reading has come, and the line names no patient";
    }
    if (best == REFUSED && order->why != NULL) {
        run->figures.refused++;
        run->calls.note(run->calls.context, run->line, order->why);
    }
    return NULL;
}

const char *ward_try_order(struct ward_try *run, json_t *line)
{
    const char *at = json_string_value(json_object_get(line, "at"));
    const json_t *name = json_object_get(line, "patient"), *by = json_object_get(line, "by");
    struct order order = {.by = {"somebody"}};
    struct ward_try_patient *only = NULL;
    struct ward_id id;
    size_t one = 0;
    int64_t at_ms;
    const char *wrong = which(run, line, &one);

    if (wrong != NULL) {
        return wrong;
    }
    if (at == NULL || !ward_utc_parse(at, strlen(at), &at_ms)) {
        return "at is not a moment like 2026-11-22T09:00:00.000Z";
    }
    if (by != NULL && (!json_is_string(by) || !ward_id_set(&order.by, json_string_value(by)))) {
        return "by is not an id";
    }
    if (name != NULL && (!json_is_string(name) || !ward_id_set(&id, json_string_value(name)))) {
        return "patient is not an id";
    }
    wrong = read_plan(run, line, &order);
    if (wrong != NULL) {
        return wrong;
    }
    if (name != NULL && (only = ward_try_patient_of(run, &id, at_ms)) == NULL) {
        return "there are too many patients";
    }
    if (name == NULL && run->patient_count == 0) {
        run->begun_ms = run->begun_ms == INT64_MIN || at_ms < run->begun_ms ? at_ms : run->begun_ms;
    }
    ward_try_note_order(run, at_ms);
    order.value = one < ORDERS ? json_object_get(line, orders[one].member) : NULL;
    if (only == NULL && json_object_get(line, "plan") != NULL) {
        run->plan = order.plan; /* of those who come later, too */
        run->zone = order.zone;
    }
    return perform(run, one, &order, only, at_ms);
}
