/* SPDX-License-Identifier: Apache-2.0 */
/* The rules of one quantity against its values: detectors in, signals out. */
#include "core/alarm_private.h"
#include "core/decimal.h"

/* A quantity's four conditions of its value, in the order in which they are evaluated. */
static const struct ground {
    enum ward_alarm_cause cause;
    enum ward_plan_side side;
    bool change;
} grounds[WARD_GROUND_COUNT] = {
    {WARD_CAUSE_LOW, WARD_SIDE_BELOW, false},
    {WARD_CAUSE_HIGH, WARD_SIDE_ABOVE, false},
    {WARD_CAUSE_FALL, WARD_SIDE_BELOW, true},
    {WARD_CAUSE_RISE, WARD_SIDE_ABOVE, true},
};

/* One of them while a value is held against it. */
struct side {
    struct ward_alarm_run *run;
    struct ward_alarm_input_state *input;
    struct ward_alarm_subject subject;
    struct ward_alarm_detector *detectors; /* amber, red */
    const struct ward_plan_rule *rules[2]; /* NULL where there is none */
    struct ward_plan_rule made[2];         /* of changes: with the limit that they have now */
    const struct ward_alarm_measure *measure;
};

struct ward_alarm_subject ward_alarm_subject_of(struct ward_alarm_input_state *input,
                                                enum ward_alarm_cause cause)
{
    return (struct ward_alarm_subject){
        .condition = &input->conditions[cause], .input = input, .cause = cause};
}

struct ward_alarm_subject ward_alarm_ground(struct ward_alarm_input_state *input, size_t index,
                                            struct ward_alarm_detector **ret_detectors)
{
    const struct ground *ground = &grounds[index];

    *ret_detectors = ground->change ? input->changes[ground->side] : input->detectors[ground->side];
    return ward_alarm_subject_of(input, ground->cause);
}

bool ward_alarm_is_pending(const struct ward_alarm_subject *subject)
{
    for (size_t i = 0; subject->input != NULL && i < WARD_GROUND_COUNT; i++) {
        struct ward_alarm_detector *detectors;

        if (ward_alarm_ground(subject->input, i, &detectors).cause == subject->cause) {
            return detectors[0].pending || detectors[1].pending;
        }
    }
    return false;
}

const struct ward_plan_rule *ward_alarm_ground_rule(const struct ward_alarm_run *run,
                                                    const struct ward_alarm_input_state *input, size_t index,
                                                    enum ward_plan_level level, struct ward_plan_rule *made)
{
    const struct ground *ground = &grounds[index];

    if (!ground->change) {
        return ward_care_plan_rule(run->context->plan, input->quantity, ground->side, level);
    }
    return ward_alarm_change_rule(run, input, ground->side, level, made) ? made : NULL;
}

/* The plan's rules of one quantity, by ground and level: found in one pass, since each value of a stream asks for all. */
struct rules {
    const struct ward_plan_rule *of[WARD_GROUND_COUNT][2]; /* NULL where there is none */
};

static struct rules rules_of(const struct ward_care_plan *plan, uint8_t quantity)
{
    struct rules rules = {0};

    for (size_t i = 0; plan != NULL && i < plan->rule_count; i++) {
        const struct ward_plan_rule *rule = &plan->rules[i];

        if (rule->quantity == quantity) {
            size_t ground = rule->side == WARD_SIDE_BELOW ? 0 : 1;

            ground += rule->kind == WARD_RULE_LIMIT ? 0 : WARD_GROUND_LIMITS;
            rules.of[ground][rule->level - WARD_LEVEL_AMBER] = rule;
        }
    }
    return rules;
}

static void begin_side(struct side *side, struct ward_alarm_run *run, struct ward_alarm_input_state *input,
                       const struct ward_alarm_measure *measure, const struct rules *rules, size_t index)
{
    side->run = run;
    side->input = input;
    side->measure = measure;
    side->subject = ward_alarm_ground(input, index, &side->detectors);
    for (int i = 0; i < 2; i++) {
        side->rules[i] = rules->of[index][i];
        if (side->rules[i] != NULL && grounds[index].change) {
            side->rules[i] = ward_alarm_ground_rule(
                run, input, index, (enum ward_plan_level)(WARD_LEVEL_AMBER + i), &side->made[i]);
        }
    }
}

/* The finding at index 0 (amber) or 1 (red). */
static struct ward_alarm_finding finding_at(const struct side *side, int index)
{
    const struct ward_plan_rule *rule = side->rules[index];
    const struct ward_alarm_detector *detector = &side->detectors[index];

    return (struct ward_alarm_finding){
        .level = rule->level,
        .priority = rule->priority,
        .rule = rule,
        .value = side->measure->value,
        .value_seq = side->measure->seq,
        .value_mono_us = side->measure->mono_us,
        .onset_us = detector->onset_us,
        .beyond = ward_alarm_is_beyond(rule, &side->measure->value),
        .known = side->measure->known,
        .confirm = detector->holds ? detector->confirm : !side->measure->valid,
    };
}

static void signal_at(const struct side *side, int index, enum ward_alarm_signal_kind kind,
                      bool still_pending)
{
    struct ward_alarm_finding finding = finding_at(side, index);

    ward_alarm_signal(
        side->run, &side->subject,
        &(struct ward_alarm_signal){.kind = kind, .finding = &finding, .still_pending = still_pending});
}

/* -1: none */
static int highest_that_holds(const struct side *side)
{
    for (int i = 1; i >= 0; i--) {
        if (side->rules[i] != NULL && side->detectors[i].holds) {
            return i;
        }
    }
    return -1;
}

/* Whether a rule is pending once the one at index has been told of as settled. */
static bool is_pending_after(const struct side *side, const enum ward_alarm_verdict verdicts[2], int index)
{
    return side->detectors[0].pending || side->detectors[1].pending ||
           (index == 0 && verdicts[1] == WARD_VERDICT_SETTLED);
}

static void signal_verdicts(const struct side *side, const enum ward_alarm_verdict verdicts[2])
{
    int holds = highest_that_holds(side);
    bool recovered = verdicts[0] == WARD_VERDICT_RECOVERED || verdicts[1] == WARD_VERDICT_RECOVERED;

    for (int i = 0; i < 2; i++) {
        if (verdicts[i] == WARD_VERDICT_BEGAN) {
            signal_at(side, i, WARD_SIGNAL_PENDING, true);
        } else if (verdicts[i] == WARD_VERDICT_SETTLED) {
            signal_at(side, i, WARD_SIGNAL_SETTLED, is_pending_after(side, verdicts, i));
        }
    }
    if (holds >= 0) {
        const bool is_new = side->measure->valid && !side->measure->known;

        if (is_new || ward_alarm_is_beyond(side->rules[holds], &side->measure->value)) {
            signal_at(side, holds, WARD_SIGNAL_HOLDS, false);
        }
    } else if (recovered) {
        signal_at(side, verdicts[1] == WARD_VERDICT_RECOVERED ? 1 : 0, WARD_SIGNAL_RECOVERED, false);
    }
}

/* Red lets go while amber's delay still runs: the ward knows of it already, so amber does not wait. */
static void hand_down(const struct side *side, enum ward_alarm_verdict verdicts[2])
{
    if (verdicts[1] == WARD_VERDICT_RECOVERED && side->detectors[0].pending) {
        side->detectors[0].pending = false;
        side->detectors[0].holds = true;
        verdicts[0] = WARD_VERDICT_HOLDS;
    }
}

/* What another device disputes counts for the rules that it is beyond; of the others it settles and ends nothing. */
static enum ward_alarm_verdict hold_against(const struct side *side, int level,
                                            struct ward_alarm_sample sample)
{
    const struct ward_plan_rule *rule = side->rules[level];
    struct ward_alarm_detector *detector = &side->detectors[level];

    if (side->measure->disputed && sample.valid && !ward_alarm_is_beyond(rule, &sample.value)) {
        if (sample.spot && rule->of > 1) {
            ward_alarm_detector_skip(detector);
        }
        sample.valid = false;
    }
    return ward_alarm_detect(detector, rule, &sample);
}

void ward_alarm_evaluate(struct ward_alarm_run *run, struct ward_alarm_input_state *input,
                         const struct ward_alarm_measure *measure, uint64_t last_valid_us)
{
    const struct ward_alarm_sample sample = {.value = measure->value,
                                             .valid = measure->valid,
                                             .spot = measure->spot,
                                             .known = measure->known,
                                             .counted = measure->counted,
                                             .now_us = run->context->now.boot_us,
                                             .last_valid_us = last_valid_us};
    const struct rules rules = rules_of(run->context->plan, input->quantity);

    for (size_t i = 0; i < WARD_GROUND_COUNT; i++) {
        struct side side;
        enum ward_alarm_verdict verdicts[2] = {WARD_VERDICT_SAME, WARD_VERDICT_SAME};

        if (rules.of[i][0] == NULL && rules.of[i][1] == NULL) {
            continue;
        }
        begin_side(&side, run, input, measure, &rules, i);
        for (int level = 0; level < 2; level++) {
            if (side.rules[level] != NULL) {
                verdicts[level] = hold_against(&side, level, sample);
            } else if (sample.valid && sample.spot && !sample.known) {
                ward_alarm_detector_skip(&side.detectors[level]);
            }
        }
        hand_down(&side, verdicts);
        signal_verdicts(&side, verdicts);
    }
}

const struct ward_plan_rule *ward_alarm_limit_crossed(const struct ward_care_plan *plan, uint8_t quantity,
                                                      const struct ward_decimal *value)
{
    const struct ward_plan_rule *crossed = NULL;

    for (size_t i = 0; i < plan->rule_count; i++) {
        const struct ward_plan_rule *rule = &plan->rules[i];

        if (rule->quantity == quantity && rule->kind == WARD_RULE_LIMIT &&
            ward_alarm_is_beyond(rule, value) && (crossed == NULL || rule->level > crossed->level)) {
            crossed = rule;
        }
    }
    return crossed;
}

/* Whether a rule counts for a value that may only raise, and the value is beyond it. */
static bool may_raise(const struct side *side, int level, enum ward_alarm_raising why)
{
    const struct ward_plan_rule *rule = side->rules[level];

    if (rule == NULL || !ward_alarm_is_beyond(rule, &side->measure->value)) {
        return false;
    }
    switch (why) {
    case WARD_RAISING_EARLY: return rule->at_least <= 1;
    case WARD_RAISING_LATE: return true;
    case WARD_RAISING_REMAINS:
        return rule->at_least <= 1 || ward_alarm_is_enough(&side->detectors[level], rule);
    }
    return false;
}

static bool raise_side(const struct side *side, enum ward_alarm_raising why)
{
    struct ward_alarm_finding finding;
    bool out = false;

    for (int level = 0; level < 2; level++) {
        struct ward_alarm_detector *detector = &side->detectors[level];

        if (!may_raise(side, level, why)) {
            continue;
        }
        if (!detector->holds) {
            ward_alarm_detector_rest(detector);
            detector->holds = true;
            detector->confirm = !side->measure->valid;
            detector->onset_us = side->run->context->now.boot_us;
        }
        detector->confirm &= !side->measure->valid;
        finding = finding_at(side, level);
        out = true;
    }
    if (out) {
        finding.late = why == WARD_RAISING_LATE;
        ward_alarm_signal(side->run, &side->subject,
                          &(struct ward_alarm_signal){.kind = WARD_SIGNAL_HOLDS, .finding = &finding});
    }
    return out;
}

bool ward_alarm_evaluate_raising(struct ward_alarm_run *run, struct ward_alarm_input_state *input,
                                 const struct ward_alarm_measure *measure, enum ward_alarm_raising why)
{
    /* What a value is a change from can be told only when it is known of when it is. */
    const bool changes = why == WARD_RAISING_REMAINS || (why == WARD_RAISING_LATE && run->late_by_us != 0);
    const size_t count = changes ? WARD_GROUND_COUNT : WARD_GROUND_LIMITS;
    const struct rules rules = rules_of(run->context->plan, input->quantity);
    bool any = false;

    for (size_t i = 0; i < count; i++) {
        struct side side;
        bool stands;

        begin_side(&side, run, input, measure, &rules, i);
        stands = ward_alarm_is_present(side.subject.condition) &&
                 side.subject.condition->state != WARD_ALARM_ENDED_UNSEEN;
        any |= (why != WARD_RAISING_REMAINS || !stands) && raise_side(&side, why);
    }
    return any;
}

/* Returns whether something pending was abandoned. */
static bool stop_side(const struct side *side, uint64_t last_us, uint64_t last_valid_us)
{
    bool abandoned = false;
    bool raised = false;
    int holds;

    for (int level = 0; level < 2; level++) {
        enum ward_alarm_verdict verdict =
            ward_alarm_detect_stop(&side->detectors[level], last_us, last_valid_us);

        abandoned |= verdict == WARD_VERDICT_SETTLED;
        raised |= verdict == WARD_VERDICT_HOLDS;
    }
    holds = highest_that_holds(side);
    if (raised && holds >= 0) {
        signal_at(side, holds, WARD_SIGNAL_HOLDS, false);
    } else if (abandoned) {
        ward_alarm_signal(side->run, &side->subject,
                          &(struct ward_alarm_signal){.kind = WARD_SIGNAL_ABANDONED});
    }
    return abandoned;
}

void ward_alarm_evaluate_stop(struct ward_alarm_run *run, struct ward_alarm_input_state *input)
{
    const struct ward_alarm_measure last = {.value = input->last,
                                            .seq = input->last_seq,
                                            .mono_us = input->last_mono_us,
                                            .valid = input->last_valid};
    const struct rules rules = rules_of(run->context->plan, input->quantity);
    bool abandoned = false;

    for (size_t i = 0; i < WARD_GROUND_COUNT; i++) {
        struct side side;

        begin_side(&side, run, input, &last, &rules, i);
        abandoned |= stop_side(&side, input->last_us, input->value_us);
    }
    if (abandoned) {
        ward_alarm_set(run, input, WARD_CAUSE_INCOMPLETE, WARD_PRIORITY_OF_INCOMPLETE);
    }
}

void ward_alarm_set_found(struct ward_alarm_run *run, struct ward_alarm_input_state *input,
                          enum ward_alarm_cause cause, const struct ward_alarm_finding *finding)
{
    struct ward_alarm_subject subject = ward_alarm_subject_of(input, cause);
    bool covered = subject.condition->state == WARD_ALARM_ACKNOWLEDGED && !finding->anew;

    if (subject.condition->state != WARD_ALARM_ACTIVE && subject.condition->state != WARD_ALARM_SILENCED &&
        !covered) {
        ward_alarm_signal(run, &subject,
                          &(struct ward_alarm_signal){.kind = WARD_SIGNAL_HOLDS, .finding = finding});
    }
}

void ward_alarm_set(struct ward_alarm_run *run, struct ward_alarm_input_state *input,
                    enum ward_alarm_cause cause, uint8_t priority)
{
    const struct ward_alarm_finding finding = {.priority = priority,
                                               .value = {.special = WARD_NAN},
                                               .onset_us = run->context->now.boot_us,
                                               .beyond = true,
                                               .anew = cause == WARD_CAUSE_INCOMPLETE};

    ward_alarm_set_found(run, input, cause, &finding);
}

void ward_alarm_unset(struct ward_alarm_run *run, struct ward_alarm_input_state *input,
                      enum ward_alarm_cause cause)
{
    struct ward_alarm_subject subject = ward_alarm_subject_of(input, cause);

    if (subject.condition->state != WARD_ALARM_INACTIVE) {
        ward_alarm_signal(run, &subject, &(struct ward_alarm_signal){.kind = WARD_SIGNAL_RECOVERED});
    }
}
