/* SPDX-License-Identifier: Apache-2.0 */
/*
 * One rule against the values of its quantity.
 *
 *   valid, beyond the limit      a spot value holds at once. A stream is pending from the first such value and holds at
 *                                the first valid one that comes on_delay after it
 *   valid, within the limit      pending ends: settled. A spot value ends holding at once; a stream when every valid
 *                                value was at or past clear_at for off_delay
 *   questionable, beyond         a spot value holds at once, to be confirmed. In a stream it neither restarts nor stops
 *                                an on-delay; after 30 s of them without a valid value it holds, to be confirmed. What
 *                                holds already has not recovered: its off-delay begins anew
 *   questionable, within         changes nothing but the runs: the last values were not all beyond
 *   spot, at least n of m        counted over the newest m valid ones: holds with n of them beyond, pending with fewer,
 *                                and ends with a value within the limit that leaves fewer than n
 *   judged before, by a plan     may begin or hold by the new one's rule. It is no new value: it ends nothing, breaks no run,
 *   that was replaced            and is counted once. What is pending holds when the new rule does not wait for so much
 *   the input stops              pending ends: holds if the last 5 s were all beyond the limit, abandoned otherwise
 *
 * The limits are compared as exact decimals; an infinity is beyond every limit on its side.
 */
#include "core/alarm_private.h"
#include "core/decimal.h"

void ward_alarm_detector_init(struct ward_alarm_detector *detector)
{
    *detector = (struct ward_alarm_detector){.onset_us = WARD_NEVER,
                                             .beyond_us = WARD_NEVER,
                                             .run_us = WARD_NEVER,
                                             .unproved_us = WARD_NEVER,
                                             .recovered_us = WARD_NEVER};
}

bool ward_alarm_is_beyond(const struct ward_plan_rule *rule, const struct ward_decimal *value)
{
    int order = 0;

    if (!ward_decimal_compare(value, &rule->limit, &order)) {
        return false;
    }
    if (order == 0) {
        return rule->kind !=
               WARD_RULE_LIMIT; /* a change of so much is one; a limit is not crossed by reaching it */
    }
    return (order < 0) == (rule->side == WARD_SIDE_BELOW);
}

static bool is_past_clear_at(const struct ward_plan_rule *rule, const struct ward_decimal *value)
{
    int order = 0;

    if (!ward_decimal_compare(value, &rule->clear_at, &order)) {
        return false;
    }
    return rule->side == WARD_SIDE_BELOW ? order >= 0 : order <= 0;
}

/* Since may lie before the boot, which no comparison would see. */
static uint64_t earliest(uint64_t since_us, uint64_t now_us)
{
    return since_us != WARD_NEVER ? since_us : now_us;
}

static void stop_pending(struct ward_alarm_detector *detector)
{
    detector->pending = false;
    detector->elapsed = false;
    detector->long_run = false;
    detector->beyond_us = WARD_NEVER;
}

static enum ward_alarm_verdict hold(struct ward_alarm_detector *detector, bool confirm)
{
    detector->holds = true;
    detector->confirm = confirm;
    detector->recovered_us = WARD_NEVER;
    stop_pending(detector);
    return WARD_VERDICT_HOLDS;
}

void ward_alarm_detector_rest(struct ward_alarm_detector *detector)
{
    const uint8_t recent = detector->recent, counted = detector->counted;

    ward_alarm_detector_init(detector);
    detector->recent = recent;
    detector->counted = counted;
}

static enum ward_alarm_verdict let_go(struct ward_alarm_detector *detector)
{
    ward_alarm_detector_rest(detector);
    detector->counted = 0;
    return WARD_VERDICT_RECOVERED;
}

static enum ward_alarm_verdict settle(struct ward_alarm_detector *detector)
{
    stop_pending(detector);
    detector->onset_us = WARD_NEVER;
    return WARD_VERDICT_SETTLED;
}

static enum ward_alarm_verdict valid_within(struct ward_alarm_detector *detector,
                                            const struct ward_plan_rule *rule,
                                            const struct ward_alarm_sample *sample)
{
    detector->run_us = WARD_NEVER;
    detector->unproved_us = WARD_NEVER;
    if (detector->pending) {
        return settle(detector);
    }
    if (!detector->holds) {
        return WARD_VERDICT_SAME;
    }
    if (sample->spot) {
        return let_go(detector);
    }
    if (!is_past_clear_at(rule, &sample->value)) {
        detector->recovered_us = WARD_NEVER;
        return WARD_VERDICT_SAME;
    }
    detector->recovered_us = earliest(detector->recovered_us, sample->now_us);
    if (sample->now_us - detector->recovered_us >= rule->off_delay_ms * WARD_MS_US) {
        return let_go(detector);
    }
    return WARD_VERDICT_SAME;
}

static enum ward_alarm_verdict begin(struct ward_alarm_detector *detector,
                                     const struct ward_alarm_sample *sample)
{
    detector->pending = true;
    detector->onset_us = sample->now_us;
    return WARD_VERDICT_BEGAN;
}

static enum ward_alarm_verdict valid_beyond(struct ward_alarm_detector *detector,
                                            const struct ward_plan_rule *rule,
                                            const struct ward_alarm_sample *sample)
{
    enum ward_alarm_verdict verdict = WARD_VERDICT_SAME;

    detector->unproved_us = WARD_NEVER;
    detector->recovered_us = WARD_NEVER;
    if (detector->holds) {
        detector->confirm = false;
        return WARD_VERDICT_SAME;
    }
    if (sample->spot) {
        detector->onset_us = detector->pending ? detector->onset_us : sample->now_us;
        return hold(detector, false);
    }
    if (!detector->pending) {
        verdict = begin(detector, sample);
    }
    detector->beyond_us = earliest(detector->beyond_us, sample->now_us);
    if (detector->elapsed || sample->now_us - detector->beyond_us >= rule->on_delay_ms * WARD_MS_US) {
        return hold(detector, false);
    }
    return verdict;
}

static enum ward_alarm_verdict questionable_beyond(struct ward_alarm_detector *detector,
                                                   const struct ward_alarm_sample *sample)
{
    enum ward_alarm_verdict verdict = WARD_VERDICT_SAME;
    uint64_t since_us;

    if (detector->holds) {
        detector->recovered_us = WARD_NEVER;
        return WARD_VERDICT_SAME;
    }
    if (sample->spot) {
        detector->onset_us = detector->pending ? detector->onset_us : sample->now_us;
        return hold(detector, true);
    }
    if (!detector->pending) {
        verdict = begin(detector, sample);
    }
    detector->unproved_us = earliest(detector->unproved_us, sample->now_us);
    since_us = detector->beyond_us != WARD_NEVER && sample->last_valid_us != WARD_NEVER
                   ? sample->last_valid_us
                   : detector->unproved_us;
    return sample->now_us - since_us >= WARD_UNPROVED_US ? hold(detector, true) : verdict;
}

static unsigned count_bits(uint8_t bits)
{
    unsigned count = 0;

    for (; bits != 0; bits = (uint8_t)(bits & (bits - 1))) {
        count++;
    }
    return count;
}

/* How many of the newest values that a rule counts were beyond it. */
static unsigned count_beyond(const struct ward_alarm_detector *detector, const struct ward_plan_rule *rule)
{
    const unsigned most = detector->counted < rule->of ? detector->counted : rule->of;

    return count_bits((uint8_t)(detector->recent & ((1u << most) - 1)));
}

bool ward_alarm_is_enough(const struct ward_alarm_detector *detector, const struct ward_plan_rule *rule)
{
    return count_beyond(detector, rule) >= rule->at_least;
}

bool ward_alarm_is_none(const struct ward_alarm_detector *detector, const struct ward_plan_rule *rule)
{
    return count_beyond(detector, rule) == 0;
}

void ward_alarm_detector_skip(struct ward_alarm_detector *detector)
{
    detector->recent = (uint8_t)(detector->recent << 1);
    detector->counted =
        (uint8_t)(detector->counted < WARD_RECENT_MAX ? detector->counted + 1 : WARD_RECENT_MAX);
}

void ward_alarm_detector_forget(struct ward_alarm_detector *detector, unsigned place)
{
    const unsigned recent = detector->recent, newer = recent & ((1u << place) - 1),
                   older = recent >> (place + 1);

    detector->recent = (uint8_t)(newer | older << place);
    if (place == detector->counted) {
        detector->counted = WARD_RECENT_MAX; /* it was the one that it recovered with: it has not */
    } else if (place < detector->counted && detector->counted < WARD_RECENT_MAX) {
        detector->counted--;
    }
}

/* A valid spot value of a rule that wants so many of so many. */
static enum ward_alarm_verdict counted(struct ward_alarm_detector *detector,
                                       const struct ward_plan_rule *rule,
                                       const struct ward_alarm_sample *sample, bool beyond)
{
    bool enough;

    ward_alarm_detector_skip(detector);
    detector->recent |= beyond ? 1 : 0;
    detector->run_us = beyond ? earliest(detector->run_us, sample->now_us) : WARD_NEVER;
    detector->unproved_us = WARD_NEVER;
    enough = ward_alarm_is_enough(detector, rule);
    if (detector->holds) {
        detector->confirm &= !beyond;
        return enough || beyond ? WARD_VERDICT_SAME : let_go(detector);
    }
    if (enough) {
        detector->onset_us = detector->pending ? detector->onset_us : sample->now_us;
        return hold(detector, false);
    }
    if (ward_alarm_is_none(detector, rule)) {
        return detector->pending ? settle(detector) : WARD_VERDICT_SAME;
    }
    return detector->pending || !beyond ? WARD_VERDICT_SAME : begin(detector, sample);
}

/* One that was counted before has its bit already, and counts where nothing did. */
static enum ward_alarm_verdict counted_before(struct ward_alarm_detector *detector,
                                              const struct ward_plan_rule *rule,
                                              const struct ward_alarm_sample *sample, bool beyond)
{
    const bool was_beyond = (detector->recent & 1u) != 0;

    if (beyond && detector->counted == 0) {
        detector->counted = 1;
    }
    detector->recent = (uint8_t)((detector->recent & ~1u) | (beyond ? 1u : 0u));
    if (detector->holds) {
        return WARD_VERDICT_SAME;
    }
    if (ward_alarm_is_enough(detector, rule)) {
        detector->onset_us = detector->pending ? detector->onset_us : sample->now_us;
        return hold(detector, false);
    }
    if (detector->pending) {
        return ward_alarm_is_none(detector, rule) ? settle(detector) : WARD_VERDICT_SAME;
    }
    return beyond && !was_beyond ? begin(detector, sample) : WARD_VERDICT_SAME;
}

/* What is pending goes on waiting, but for what the new rule does not wait for: one value, or a delay that is over. */
static enum ward_alarm_verdict pending_before(struct ward_alarm_detector *detector,
                                              const struct ward_plan_rule *rule,
                                              const struct ward_alarm_sample *sample)
{
    const bool waited = detector->beyond_us != WARD_NEVER && sample->last_valid_us != WARD_NEVER &&
                        !ward_is_before_us(sample->last_valid_us, detector->beyond_us) &&
                        sample->last_valid_us - detector->beyond_us >= rule->on_delay_ms * WARD_MS_US;

    return sample->spot || waited ? hold(detector, false) : WARD_VERDICT_SAME;
}

/* A valid value that was held against the plan before this one. */
static enum ward_alarm_verdict judged_before(struct ward_alarm_detector *detector,
                                             const struct ward_plan_rule *rule,
                                             const struct ward_alarm_sample *sample, bool beyond)
{
    if (sample->spot && rule->of > 1) {
        return sample->counted ? counted_before(detector, rule, sample, beyond) : WARD_VERDICT_SAME;
    }
    if (!beyond || detector->holds) {
        return WARD_VERDICT_SAME;
    }
    if (detector->pending) {
        return pending_before(detector, rule, sample);
    }
    detector->run_us = earliest(detector->run_us, sample->now_us);
    return valid_beyond(detector, rule, sample);
}

enum ward_alarm_verdict ward_alarm_detect(struct ward_alarm_detector *detector,
                                          const struct ward_plan_rule *rule,
                                          const struct ward_alarm_sample *sample)
{
    bool beyond = ward_alarm_is_beyond(rule, &sample->value);

    if (sample->known) {
        return judged_before(detector, rule, sample, beyond);
    }
    if (sample->valid && sample->spot && rule->of > 1) {
        return counted(detector, rule, sample, beyond);
    }
    if (beyond) {
        detector->run_us = earliest(detector->run_us, sample->now_us);
        return sample->valid ? valid_beyond(detector, rule, sample) : questionable_beyond(detector, sample);
    }
    if (sample->valid) {
        return valid_within(detector, rule, sample);
    }
    detector->run_us = WARD_NEVER;
    detector->unproved_us = WARD_NEVER;
    return WARD_VERDICT_SAME;
}

enum ward_alarm_verdict ward_alarm_detect_stop(struct ward_alarm_detector *detector, uint64_t last_us,
                                               uint64_t last_valid_us)
{
    bool long_run = detector->elapsed && detector->long_run;
    bool confirm;

    if (detector->run_us != WARD_NEVER && last_us - detector->run_us >= WARD_STEADY_US) {
        long_run = true;
    }
    detector->recovered_us = WARD_NEVER;
    detector->run_us = WARD_NEVER;
    detector->unproved_us = WARD_NEVER;
    if (!detector->pending) {
        return WARD_VERDICT_SAME;
    }
    if (long_run) {
        confirm = last_valid_us == WARD_NEVER || last_us - last_valid_us > WARD_STEADY_US;
        return hold(detector, confirm);
    }
    return settle(detector);
}
