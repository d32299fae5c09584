/* SPDX-License-Identifier: Apache-2.0 */
/*
 * Care plans: whatever stands in one, it is taken as a whole or refused with a reason. Behind an octet 0 another may follow,
 * which is to take its place.
 */
#include <stdlib.h>
#include <string.h>

#include "core/careplan.h"

int LLVMFuzzerTestOneInput(const uint8_t *octets, size_t length);

/* One that was taken is itself, in its plain form too, and no quieter than itself; what is found in it is its own. */
static void check_taken(const uint8_t *octets, size_t length, const struct ward_care_plan *plan)
{
    char *text = malloc(length + 1);
    char *plain;

    if (text == NULL) {
        abort();
    }
    memcpy(text, octets, length);
    text[length] = '\0';
    plain = ward_care_plan_plain(text);
    if (plain == NULL || ward_care_plan_is_signed(plain, strlen(plain)) ||
        !ward_care_plan_is_same(text, plain) || ward_care_plan_is_quieter(plan, plan)) {
        abort();
    }
    free(plain);
    free(text);
    for (size_t i = 0; i < plan->quantity_count; i++) {
        if (ward_care_plan_quantity(plan, plan->quantities[i].quantity) != &plan->quantities[i]) {
            abort(); /* each stands in it once */
        }
    }
    for (size_t i = 0; i < plan->rule_count; i++) {
        const struct ward_plan_rule *rule = &plan->rules[i];
        const enum ward_plan_side side = (enum ward_plan_side)rule->side;
        const enum ward_plan_level level = (enum ward_plan_level)rule->level;

        if ((rule->kind == WARD_RULE_LIMIT
                 ? ward_care_plan_rule(plan, rule->quantity, side, level)
                 : ward_care_plan_change(plan, rule->quantity, side, level)) == NULL) {
            abort();
        }
    }
    for (size_t i = 0; i < plan->schedule_count; i++) {
        if (ward_care_plan_schedule(plan, plan->schedules[i].quantity) != &plan->schedules[i]) {
            abort();
        }
    }
}

/* Whatever the next one is, that can be said; what makes nothing quieter has all rules of the one before. */
static void check_next(const uint8_t *octets, size_t length, const struct ward_care_plan *plan)
{
    static struct ward_plan_errors errors;
    static struct ward_care_plan next;

    if (ward_care_plan_parse((const char *)octets, length, &next, &errors) &&
        !ward_care_plan_is_quieter(plan, &next) && next.rule_count < plan->rule_count) {
        abort();
    }
}

int LLVMFuzzerTestOneInput(const uint8_t *octets, size_t whole)
{
    const uint8_t *end = whole > 0 ? memchr(octets, 0, whole) : NULL;
    const size_t length = end != NULL ? (size_t)(end - octets) : whole;
    static struct ward_plan_errors errors;
    static struct ward_care_plan plan;
    bool taken;

    memset(&plan, 0x5A, sizeof(plan));
    taken = ward_care_plan_parse((const char *)octets, length, &plan, &errors);
    if (taken != (errors.total == 0) || errors.count > WARD_PLAN_ERRORS_MAX) {
        abort();
    }
    for (size_t i = 0; i < errors.count; i++) {
        if (errors.list[i].reason[0] == '\0') {
            abort();
        }
    }
    if (!taken && plan.version != 0x5A5A5A5A) {
        abort(); /* what was in force is still what it was */
    }
    (void)ward_care_plan_is_signed((const char *)octets, length);
    if (taken) {
        check_taken(octets, length, &plan);
    }
    if (taken && end != NULL) {
        check_next(end + 1, whole - length - 1, &plan);
    }
    return 0;
}
