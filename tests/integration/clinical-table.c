/* SPDX-License-Identifier: Apache-2.0 */
/*
 * Writes the clinical figures of core/clinical.h and clinical.c, and the bounds of what is plausible, as the tables that
 * stand in docs/safety/intended-use.md. test_safety.py holds the two together, and each #define against this list.
 */
#include <inttypes.h>
#include <stdio.h>

#include "core/clinical.h"
#include "core/decimal.h"
#include "core/quantity.h"

enum unit { MILLISECONDS, MICROSECONDS, SECONDS, MINUTE_OF_DAY, PERCENT, NUMBER, DAYS, PRIORITY };

static const char *const priority_names[] = {
    [WARD_PRIORITY_NONE] = "none",
    [WARD_PRIORITY_LOW] = "low",
    [WARD_PRIORITY_MEDIUM] = "medium",
    [WARD_PRIORITY_HIGH] = "high",
};

struct figure {
    const char *name;
    uint64_t value;
    enum unit unit;
    const char *means;
};

#define FIGURE(name, unit, means)                                                                            \
    {                                                                                                        \
#name, (uint64_t)(name), unit, means                                                                 \
    }

static const struct figure figures[] = {
    FIGURE(WARD_INPUT_STOP_US, MICROSECONDS,
           "without a value for this long the input of a stream has stopped"),
    FIGURE(
        WARD_STEADY_US, MICROSECONDS,
        "a value counts when steady for this long; beyond a limit for this long when its input stops, it raises"),
    FIGURE(
        WARD_UNPROVED_US, MICROSECONDS,
        "questionable values beyond a limit, none of them valid, or those of a clip beyond a red one, never "
        "steady, raise and ask to repeat after this long (of a clip after the `settle_s` of the plan, if that is longer)"),
    FIGURE(WARD_NO_VALID_US, MICROSECONDS,
           "frames of a stream without a valid value for this long: `no-valid-data`"),
    FIGURE(WARD_DERIVE_US, MICROSECONDS,
           "mode spot: while worn, a value is taken from a stream at least this often"),
    FIGURE(WARD_ALARM_SILENCE_MS, MILLISECONDS, "the sound is silenced in the room for this long"),
    FIGURE(WARD_ALARM_SUSPEND_MAX_MS, MILLISECONDS,
           "monitoring is suspended by a clinician for at most this long"),
    FIGURE(WARD_STALE_STREAM_MS, MILLISECONDS, "`stale_s`: a stream's value is stale"),
    FIGURE(WARD_STALE_STREAM_MIN_MS, MILLISECONDS, "the least that a plan may say for it"),
    FIGURE(WARD_STALE_SPOT_MS, MILLISECONDS, "`stale_spot_s`: a spot value is stale; the most for both"),
    FIGURE(WARD_EXPECT_MIN_MS, MILLISECONDS, "`expect_every_s`: the least that a plan may say; no default"),
    FIGURE(WARD_SETTLE_MS, MILLISECONDS, "`settle_s`: contact before a value of a clip may count as steady"),
    FIGURE(WARD_SETTLE_MAX_MS, MILLISECONDS, "the most that a plan may say for it"),
    FIGURE(WARD_ON_DELAY_MAX_MS, MILLISECONDS, "the most that a plan may say for `on_delay_s`"),
    FIGURE(WARD_OFF_DELAY_MAX_MS, MILLISECONDS, "the most that a plan may say for `off_delay_s`"),
    FIGURE(
        WARD_LATE_MAX_AGE_MS, MILLISECONDS,
        "`late_max_age_s`: a late value that is older does not raise, it is `late-out-of-limits`; also the most"),
    FIGURE(WARD_LATE_AFTER_MS, MILLISECONDS, "a measurement taken longer ago than this when it came is late"),
    FIGURE(WARD_LAST_KEPT_US, MICROSECONDS,
           "none after it for this long: a device's last measurement is of now"),
    FIGURE(WARD_CLOCK_WAIT_US, MICROSECONDS,
           "a measurement waits this long for the device's clock, then no more"),
    FIGURE(WARD_DEVICE_CLOCK_WRONG_MS, MILLISECONDS, "a device's clock that is further off is wrong"),
    FIGURE(WARD_NEWS2_FRESH_MS, MILLISECONDS, "`fresh_s`: an input of NEWS2 counts this long"),
    FIGURE(WARD_NEWS2_FRESH_MIN_MS, MILLISECONDS, "the least that a plan may say for it"),
    FIGURE(WARD_NEWS2_FRESH_MAX_MS, MILLISECONDS, "the most"),
    FIGURE(WARD_NEWS2_STREAM_MIN_US, MICROSECONDS, "NEWS2: a stream counts once it has run for this long"),
    FIGURE(WARD_NEWS2_MEDIUM_FROM, NUMBER, "NEWS2: medium from this minimum on"),
    FIGURE(WARD_NEWS2_HIGH_FROM, NUMBER, "NEWS2: high from this minimum on"),
    FIGURE(WARD_NEWS2_WORSE_BY, NUMBER, "NEWS2: an acknowledgement ends when the score is this much higher"),
    FIGURE(WARD_WITHIN_MIN_MS, MILLISECONDS, "the least that a plan may say for `within_s`"),
    FIGURE(WARD_WITHIN_MAX_MS, MILLISECONDS, "the most"),
    FIGURE(WARD_BASELINE_READINGS_MIN, NUMBER, "a baseline is learnt from at least so many readings"),
    FIGURE(WARD_BASELINE_READINGS_MAX, NUMBER, "and from at most so many"),
    FIGURE(WARD_BASELINE_STREAM_EVERY_US, MICROSECONDS, "of a stream one value enters a baseline so often"),
    FIGURE(WARD_AT_LEAST_MAX, NUMBER, "the most that a plan may say for `at_least` and `of`"),
    FIGURE(
        WARD_REPEAT_US, MICROSECONDS,
        "some of the spot values beyond a limit, but not enough, and no other for this long: `measurement-incomplete`"),
    FIGURE(WARD_GRACE_MS, MILLISECONDS, "`grace_s`: a measurement that was due is missed after this long"),
    FIGURE(WARD_GRACE_MIN_MS, MILLISECONDS, "the least that a plan may say for it"),
    FIGURE(WARD_GRACE_MAX_MS, MILLISECONDS, "the most"),
    FIGURE(WARD_QUIET_FROM_MIN, MINUTE_OF_DAY, "`quiet_hours`: prompts keep quiet from; alarms do not"),
    FIGURE(WARD_QUIET_UNTIL_MIN, MINUTE_OF_DAY, "until"),
    FIGURE(WARD_PROMPTS_MAX, NUMBER, "prompts for one measurement"),
    FIGURE(WARD_SILENT_MS, MILLISECONDS,
           "`silent_s`: nothing from a device that is to be worn: `device-silent`"),
    FIGURE(WARD_SILENT_MIN_MS, MILLISECONDS, "the least that a plan may say for it"),
    FIGURE(WARD_SILENT_MAX_MS, MILLISECONDS, "the most"),
    FIGURE(WARD_UNDELIVERED_US, MICROSECONDS,
           "an alarm event without a receipt for this long is told in the room"),
    FIGURE(WARD_ALARM_CONFIRM_US, MICROSECONDS,
           "an alarm event without a receipt for this long: `hub-not-confirming`"),
    FIGURE(WARD_READING_CONFIRM_US, MICROSECONDS, "a live reading without a receipt for this long: the same"),
    FIGURE(WARD_RADIO_GRACE_US, MICROSECONDS, "the radio is not ready for this long: `radio-off`"),
    FIGURE(WARD_CLOCK_GRACE_US, MICROSECONDS,
           "the time is not known so long after a start: `clock-untrusted`"),
    FIGURE(WARD_UNMONITORED_MIN_US, MICROSECONDS, "a shorter time in which nobody was watched is not told"),
    FIGURE(WARD_POOR_SIGNAL_US, MICROSECONDS, "a poor signal for this long, no value valid: `poor-signal`"),
    FIGURE(WARD_CERTIFICATE_DAYS, DAYS, "so long before the certificate's end: `certificate-expiring`"),
    FIGURE(WARD_CLAIM_S, SECONDS,
           "a device without slots is one patient's for this long after `wardctl measure`"),
    FIGURE(WARD_CLAIM_MAX_S, SECONDS, "the most that may be said for it"),
    FIGURE(WARD_ASK_S, SECONDS, "the ward's `ask`: the patient is asked for this long"),
    FIGURE(WARD_ASK_MAX_S, SECONDS, "the most that the command may say"),
    FIGURE(WARD_DISAGREEMENT_US, MICROSECONDS,
           "pulses of two devices are held against each other over this long"),
    FIGURE(WARD_DISAGREEMENT_RATE, NUMBER, "and both are questionable when they differ by more, /min"),
    FIGURE(WARD_BATTERY_LOW_PERCENT, PERCENT, "a device's battery below this: `battery-low`, low"),
    FIGURE(WARD_BATTERY_EMPTY_PERCENT, PERCENT, "below this: medium"),
    FIGURE(WARD_BATTERY_RECOVERED_BY, PERCENT, "above a bound by this much, before it is taken back"),
    FIGURE(WARD_PRIORITY_OF_INCOMPLETE, PRIORITY, "`measurement-incomplete`"),
    FIGURE(WARD_PRIORITY_OF_NO_VALID_DATA, PRIORITY, "`no-valid-data`"),
    FIGURE(WARD_PRIORITY_OF_NO_DATA, PRIORITY, "`no-data`"),
    FIGURE(WARD_PRIORITY_OF_NO_SOURCE, PRIORITY, "`rule-without-source`"),
    FIGURE(WARD_PRIORITY_OF_LATE, PRIORITY, "`late-out-of-limits`"),
    FIGURE(WARD_PRIORITY_OF_NO_PLAN, PRIORITY, "`no-plan`"),
    FIGURE(WARD_PRIORITY_OF_PLAN_EXPIRED, PRIORITY, "`plan-expired`"),
    FIGURE(WARD_PRIORITY_OF_SILENT, PRIORITY, "`device-silent`"),
    FIGURE(WARD_PRIORITY_OF_SCHEDULE_UNKNOWN, PRIORITY, "`schedule-unknown`"),
    FIGURE(WARD_PRIORITY_OF_MISSED, PRIORITY, "`reading-missed`"),
    FIGURE(WARD_PRIORITY_OF_MISSED_AGAIN, PRIORITY, "`reading-missed`, from the second in a row"),
    FIGURE(WARD_PRIORITY_OF_MISSED_RED, PRIORITY,
           "`reading-missed`, the value before was beyond a red limit"),
    FIGURE(WARD_PRIORITY_OF_UNDECODABLE, PRIORITY, "`undecodable-frame` of a device"),
    FIGURE(WARD_PRIORITY_OF_BOND_LOST, PRIORITY, "`bond-lost` of a device"),
    FIGURE(WARD_PRIORITY_OF_POOR_SIGNAL, PRIORITY, "`poor-signal` of a device"),
    FIGURE(WARD_PRIORITY_OF_FIRMWARE, PRIORITY,
           "`device-firmware`: a revision that the ward has not qualified"),
    FIGURE(WARD_PRIORITY_OF_CONCERN, PRIORITY, "`concern`: a nurse, carer or the patient is worried"),
    FIGURE(WARD_PRIORITY_OF_NEWS2_THREE, PRIORITY, "`news2-three-in-one`"),
};

/* The largest unit that leaves a whole number. */
static void put_ms(uint64_t ms)
{
    if (ms == 0)
        printf("0 s");
    else if (ms % (UINT64_C(2) * 24 * WARD_HOUR_MS) == 0)
        printf("%" PRIu64 " days", ms / (24 * WARD_HOUR_MS));
    else if (ms % WARD_HOUR_MS == 0)
        printf("%" PRIu64 " h", ms / WARD_HOUR_MS);
    else if (ms % WARD_MINUTE_MS == 0)
        printf("%" PRIu64 " min", ms / WARD_MINUTE_MS);
    else if (ms % 1000 == 0)
        printf("%" PRIu64 " s", ms / 1000);
    else
        printf("%" PRIu64 " ms", ms);
}

static void put_value(const struct figure *figure)
{
    switch (figure->unit) {
    case MILLISECONDS: put_ms(figure->value); break;
    case MICROSECONDS: put_ms(figure->value / 1000); break;
    case SECONDS: put_ms(figure->value * 1000); break;
    case MINUTE_OF_DAY: printf("%02" PRIu64 ":%02" PRIu64, figure->value / 60, figure->value % 60); break;
    case PERCENT: printf("%" PRIu64 " %%", figure->value); break;
    case NUMBER: printf("%" PRIu64, figure->value); break;
    case DAYS: printf("%" PRIu64 " days", figure->value); break;
    case PRIORITY: printf("%s", priority_names[figure->value]); break;
    }
}

static void put_range(uint32_t least_ms, uint32_t most_ms)
{
    printf(" (");
    put_ms(least_ms);
    printf(" to ");
    put_ms(most_ms);
    printf(")");
}

static void put_priorities(void)
{
    puts("| priority | on-delay | off-delay | again while nobody acknowledged | one priority up after | "
         "an acknowledgement lasts at most |\n|---|---|---|---|---|---|");
    for (uint8_t i = WARD_PRIORITY_HIGH; i >= WARD_PRIORITY_LOW; i--) {
        const struct ward_clinical_priority *row = ward_clinical_priority(i);

        printf("| %s | ", priority_names[i]);
        put_ms(row->on_delay_ms);
        printf(" | ");
        put_ms(row->off_delay_ms);
        printf(" | ");
        put_ms(row->times.realarm_ms);
        put_range(row->times_min.realarm_ms, row->times_max.realarm_ms);
        printf(" | ");
        if (row->times_max.escalate_ms == 0) {
            printf("–");
        } else {
            put_ms(row->times.escalate_ms);
            put_range(row->times_min.escalate_ms, row->times_max.escalate_ms);
        }
        printf(" | ");
        put_ms(row->times.acknowledgement_ms);
        put_range(row->times_min.acknowledgement_ms, row->times_max.acknowledgement_ms);
        puts(" |");
    }
}

static void put_decimal(const struct ward_decimal *number)
{
    const struct ward_decimal shortest = ward_decimal_normalise(*number);
    char text[WARD_DECIMAL_TEXT_SIZE];

    ward_decimal_print(&shortest, text);
    printf("%s", text);
}

/* A name may stand for several rows with the same bounds (glucose by its sample): it is written once. */
static void put_quantities(void)
{
    puts(
        "| quantity | unit | an acknowledgement ends when worse by | recovered when inside by | "
        "taken again when moved by | steady within ± | plausible from | to |\n|---|---|---|---|---|---|---|---|");
    for (uint8_t i = WARD_QUANTITY_NONE + 1; i < WARD_QUANTITY_COUNT; i++) {
        const struct ward_quantity_info *info = ward_quantity_info(i);
        const struct ward_clinical_quantity *row = ward_clinical_quantity(i);

        if (!info->bounded || ward_quantity_by_name(info->name) != i)
            continue;
        printf("| `%s` | %s |", info->name, info->unit);
        if (row) {
            const struct ward_decimal *const numbers[] = {&row->worse_by, &row->clear_by, &row->moved_by,
                                                          &row->steady_by};

            for (size_t j = 0; j < sizeof(numbers) / sizeof(numbers[0]); j++) {
                printf(" ");
                put_decimal(numbers[j]);
                printf(" |");
            }
        } else {
            printf(" | | | |");
        }
        printf(" ");
        put_decimal(&info->low);
        printf(" | ");
        put_decimal(&info->high);
        puts(" |");
    }
}

int main(void)
{
    put_priorities();
    puts("");
    put_quantities();
    puts("\n| figure | | in the code |\n|---|---|---|");
    for (size_t i = 0; i < sizeof(figures) / sizeof(figures[0]); i++) {
        printf("| %s | ", figures[i].means);
        put_value(&figures[i]);
        printf(" | `%s` |\n", figures[i].name);
    }
    puts("\n| what the room reads | in the code |\n|---|---|");
    puts("| " WARD_TEXT_UNDELIVERED " | `WARD_TEXT_UNDELIVERED` |");
    puts("| " WARD_TEXT_NOBODY_WATCHED " | `WARD_TEXT_NOBODY_WATCHED` |");
    return 0;
}
