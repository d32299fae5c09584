/* SPDX-License-Identifier: Apache-2.0 */
/* What is remembered of one quantity, and of one condition. */
#include "core/alarm_names.h"
#include "core/alarm_pack_private.h"
#include "core/alarm_private.h"
#include "core/schedule.h"

#define VERSION_1_CAUSES (WARD_CAUSE_LATE + 1)
#define EVENTS_MAX       1000000000 /* of one occurrence: one a second for thirty years */

void ward_pack_condition(struct ward_pack *pack, struct ward_alarm_condition *condition)
{
    ward_pack_enum(pack, &condition->state, WARD_ALARM_ENDED_UNSEEN);
    ward_pack_enum(pack, &condition->priority, WARD_PRIORITY_HIGH);
    ward_pack_enum(pack, &condition->level, WARD_LEVEL_RED);
    ward_pack_enum(pack, &condition->cleared_reason, WARD_CLEARED_DISCHARGED);
    ward_pack_enum(pack, &condition->last_event, WARD_EVENT_CLEARED);
    ward_pack_bool(pack, &condition->seen);
    ward_pack_bool(pack, &condition->acknowledgement_holds);
    ward_pack_bool(pack, &condition->data_since_acknowledgement);
    ward_pack_bool(pack, &condition->late);
    ward_pack_bool(pack, &condition->confirm);
    ward_pack_bool(pack, &condition->again);
    ward_pack_octets(pack, condition->id.octets, sizeof(condition->id.octets));
    ward_pack_u32(pack, &condition->n);
    ward_pack_id(pack, &condition->rule);
    ward_pack_id(pack, &condition->by);
    ward_pack_decimal(pack, &condition->value);
    ward_pack_decimal(pack, &condition->limit);
    ward_pack_decimal(pack, &condition->acknowledged_value);
    ward_pack_u64(pack, &condition->value_seq);
    ward_pack_u64(pack, &condition->value_mono_us);
    ward_pack_u64(pack, &condition->raised_us);
    ward_pack_utc(pack, &condition->raised_utc_ms);
    ward_pack_u64(pack, &condition->acknowledged_until_us);
    ward_pack_utc(pack, &condition->acknowledged_until_utc_ms);
    ward_pack_u64(pack, &condition->silenced_until_us);
    ward_pack_u64(pack, &condition->realarm_us);
    ward_pack_u64(pack, &condition->escalate_us);
    ward_pack_u32(pack, &condition->condition_delay_ms);
    ward_pack_u32(pack, &condition->held_ms);
    /* What is present was told of, and is told of again until its number has risen. */
    pack->fault |= condition->n > EVENTS_MAX || (ward_alarm_is_present(condition) &&
                                                 !ward_alarm_event_is_published(condition->last_event));
}

bool ward_pack_is_at_rest(const struct ward_alarm_condition *condition)
{
    return condition->state == WARD_ALARM_INACTIVE && !condition->acknowledgement_holds;
}

static void each_detector(struct ward_pack *pack, struct ward_alarm_detector *detector)
{
    ward_pack_bool(pack, &detector->holds);
    ward_pack_bool(pack, &detector->pending);
    ward_pack_bool(pack, &detector->elapsed);
    ward_pack_bool(pack, &detector->confirm);
    ward_pack_bool(pack, &detector->long_run);
    if (pack->version >= 2) {
        ward_pack_enum(pack, &detector->recent, UINT8_MAX);
    }
    if (pack->version >= 4) {
        ward_pack_enum(pack, &detector->counted, WARD_RECENT_MAX);
    } else {
        detector->counted = WARD_RECENT_MAX;
    }
    ward_pack_u64(pack, &detector->onset_us);
    ward_pack_u64(pack, &detector->beyond_us);
    ward_pack_u64(pack, &detector->run_us);
    ward_pack_u64(pack, &detector->unproved_us);
    ward_pack_u64(pack, &detector->recovered_us);
}

static void each_session(struct ward_pack *pack, struct ward_session *session)
{
    ward_pack_bool(pack, &session->worn);
    ward_pack_bool(pack, &session->settled);
    ward_pack_u64(pack, &session->contact_us);
    ward_pack_u64(pack, &session->steady_us);
    ward_pack_u64(pack, &session->last_us);
    ward_pack_u64(pack, &session->derived_us);
    ward_pack_decimal(pack, &session->low);
    ward_pack_decimal(pack, &session->high);
    ward_pack_decimal(pack, &session->newest);
    ward_pack_decimal(pack, &session->derived);
    if (pack->version >= 3) {
        ward_pack_bool(pack, &session->moved);
        ward_pack_u64(pack, &session->moved_us);
    }
}

static void each_conditions(struct ward_pack *pack, struct ward_alarm_input_state *input)
{
    uint32_t there = 0;

    for (int cause = 0; cause < WARD_CAUSE_COUNT; cause++) {
        there |= ward_pack_is_at_rest(&input->conditions[cause]) ? 0 : 1u << cause;
    }
    ward_pack_set(pack, &there, pack->version >= 2 ? WARD_CAUSE_COUNT : VERSION_1_CAUSES);
    for (int cause = 0; cause < WARD_CAUSE_COUNT; cause++) {
        if ((there & (1u << cause)) != 0) {
            ward_pack_condition(pack, &input->conditions[cause]);
        }
    }
}

static void each_decimals(struct ward_pack *pack, struct ward_decimal *values, uint8_t *count, uint8_t max)
{
    ward_pack_enum(pack, count, max);
    for (uint8_t i = 0; i < *count && !pack->fault; i++) {
        ward_pack_decimal(pack, &values[i]);
    }
}

static void each_trend(struct ward_pack *pack, struct ward_trend *trend)
{
    ward_pack_enum(pack, &trend->count, WARD_TREND_PIECES);
    for (uint8_t i = 0; i < trend->count && !pack->fault; i++) {
        ward_pack_u64(pack, &trend->pieces[i].first_us);
        ward_pack_u64(pack, &trend->pieces[i].last_us);
        ward_pack_decimal(pack, &trend->pieces[i].low[0]);
        ward_pack_decimal(pack, &trend->pieces[i].high[0]);
        if (pack->version < 4) {
            trend->pieces[i].low[1].special = trend->pieces[i].high[1].special = WARD_NAN;
        }
    }
}

static bool is_plain(const struct ward_alarm_detector *detector)
{
    struct ward_alarm_detector plain;

    ward_alarm_detector_init(&plain);
    return !detector->holds && !detector->pending && detector->recent == 0 &&
           detector->run_us == plain.run_us && detector->unproved_us == plain.unproved_us;
}

/* The detectors of changes, but for those at rest: most plans have none. */
static void each_changes(struct ward_pack *pack, struct ward_alarm_input_state *input)
{
    uint32_t there = 0;

    for (unsigned i = 0; i < 4; i++) {
        there |= is_plain(&input->changes[i / 2][i % 2]) ? 0 : 1u << i;
    }
    ward_pack_set(pack, &there, 4);
    for (unsigned i = 0; i < 4; i++) {
        if ((there & (1u << i)) != 0) {
            each_detector(pack, &input->changes[i / 2][i % 2]);
        }
    }
}

static void each_history(struct ward_pack *pack, struct ward_alarm_input_state *input)
{
    each_changes(pack, input);
    each_trend(pack, &input->trend);
    each_decimals(pack, input->newest, &input->newest_count, WARD_PLAN_MEDIAN_MAX);
    ward_pack_decimal(pack, &input->baseline);
    each_decimals(pack, input->learnt, &input->learnt_count, WARD_PLAN_BASELINE_MAX);
    ward_pack_u64(pack, &input->learnt_life_us);
    ward_pack_utc_or(pack, &input->slot_ms, WARD_SCHEDULE_NEVER);
    ward_pack_enum(pack, &input->prompts, WARD_PROMPTS_MAX);
    ward_pack_enum(pack, &input->missed_in_row, UINT8_MAX);
    ward_pack_u64(pack, &input->schedule_us);
    ward_pack_u64(pack, &input->heard_us);
    ward_pack_u64(pack, &input->wear_us);
}

void ward_pack_input(struct ward_pack *pack, struct ward_alarm_input_state *input)
{
    ward_pack_bool(pack, &input->planned);
    ward_pack_bool(pack, &input->running);
    ward_pack_bool(pack, &input->stale);
    ward_pack_bool(pack, &input->rebooted);
    ward_pack_decimal(pack, &input->value);
    ward_pack_u64(pack, &input->value_seq);
    ward_pack_u64(pack, &input->value_mono_us);
    ward_pack_u64(pack, &input->value_us);
    ward_pack_utc(pack, &input->value_measured_ms);
    ward_pack_bool(pack, &input->value_spot);
    ward_pack_decimal(pack, &input->last);
    ward_pack_u64(pack, &input->last_us);
    ward_pack_u64(pack, &input->last_seq);
    ward_pack_u64(pack, &input->last_mono_us);
    ward_pack_bool(pack, &input->last_spot);
    ward_pack_bool(pack, &input->last_valid);
    ward_pack_u64(pack, &input->unvalid_us);
    ward_pack_u64(pack, &input->steady_from_us);
    ward_pack_u64(pack, &input->expected_us);
    ward_pack_utc(pack, &input->newest_measured_ms);
    each_session(pack, &input->session);
    if (pack->version >= 2) {
        ward_pack_u64(pack, &input->derive_from_us);
    }
    for (int side = 0; side < 2; side++) {
        each_detector(pack, &input->detectors[side][0]);
        each_detector(pack, &input->detectors[side][1]);
    }
    each_conditions(pack, input);
    if (pack->version >= 2) {
        each_history(pack, input);
    }
    if (pack->version >= 4) {
        ward_pack_memory(pack, input);
    }
    if (pack->version >= 5) {
        ward_pack_id(pack, &input->source);
    }
}
