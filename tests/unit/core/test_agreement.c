/* SPDX-License-Identifier: Apache-2.0 */
/* Two devices on one patient: who disagrees with whom, and until when. */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <string.h>

#include <cmocka.h>

#include "core/agreement.h"
#include "core/clinical.h"

#define NOW 1000000000

static struct ward_reading pulse_of(const char *device, uint8_t quantity, int64_t rate)
{
    struct ward_reading reading = {.kind = WARD_READING_CONTINUOUS,
                                   .value_count = 2,
                                   .values = {{.quantity = WARD_SPO2, .number = {.mantissa = 97}},
                                              {.quantity = quantity, .number = {.mantissa = rate}}}};

    strcpy(reading.device.text, device);
    return reading;
}

/* What the second says after the first, and how long after. */
static struct ward_reading after(struct ward_reading first, struct ward_reading second, uint64_t later_us)
{
    struct ward_agreement agreement = {0};

    ward_agreement_take(&agreement, &first, NOW);
    assert_int_equal(first.reasons, 0);
    ward_agreement_take(&agreement, &second, NOW + later_us);
    return second;
}

static void test_a_difference_beyond_the_bound_is_questionable(void **state)
{
    const int64_t bound = WARD_DISAGREEMENT_RATE;
    struct ward_reading clip = pulse_of("d-1", WARD_PULSE_RATE, 72), second;

    (void)state;
    second = after(clip, pulse_of("d-2", WARD_HEART_RATE, 72 + bound), 0);
    assert_int_equal(second.quality, WARD_VALID); /* equal does not */
    assert_int_equal(second.reasons, 0);
    second = after(clip, pulse_of("d-2", WARD_HEART_RATE, 72 + bound + 1), 0);
    assert_int_equal(second.quality, WARD_QUESTIONABLE);
    assert_int_equal(second.reasons, WARD_REASON_DISAGREEMENT);
    second = after(clip, pulse_of("d-2", WARD_PULSE_RATE_CUFF, 72 - bound - 1), 0);
    assert_int_equal(second.reasons, WARD_REASON_DISAGREEMENT);
}

static void test_both_are_questionable_as_they_go_on(void **state)
{
    struct ward_agreement agreement = {0};
    struct ward_reading clip = pulse_of("d-1", WARD_PULSE_RATE, 72),
                        strap = pulse_of("d-2", WARD_HEART_RATE, 150);
    struct ward_reading clip_again = clip;

    (void)state;
    ward_agreement_take(&agreement, &clip, NOW);
    ward_agreement_take(&agreement, &strap, NOW + 1);
    ward_agreement_take(&agreement, &clip_again, NOW + 2);
    assert_int_equal(clip.quality, WARD_VALID);
    assert_int_equal(strap.quality, WARD_QUESTIONABLE);
    assert_int_equal(clip_again.quality, WARD_QUESTIONABLE);
    assert_int_equal(clip_again.reasons, WARD_REASON_DISAGREEMENT);
}

static void test_what_says_nothing_of_now_does_not_count(void **state)
{
    const struct ward_reading clip = pulse_of("d-1", WARD_PULSE_RATE, 72),
                              strap = pulse_of("d-2", WARD_HEART_RATE, 150);
    struct ward_reading other;

    (void)state;
    assert_int_equal(after(clip, strap, WARD_DISAGREEMENT_US).reasons, WARD_REASON_DISAGREEMENT);
    assert_int_equal(after(clip, strap, WARD_DISAGREEMENT_US + 1).reasons, 0);
    assert_int_equal(after(clip, pulse_of("d-1", WARD_PULSE_RATE, 150), 0).reasons, 0); /* itself */
    other = clip;
    other.quality = WARD_INVALID;
    assert_int_equal(after(other, strap, 0).reasons, 0);
    other = clip;
    other.late = true;
    assert_int_equal(after(other, strap, 0).reasons, 0);
    other = clip;
    other.kind = WARD_READING_STORED;
    assert_int_equal(after(other, strap, 0).reasons, 0);
    other = pulse_of("d-1", WARD_BP_SYSTOLIC, 72);
    assert_int_equal(after(other, strap, 0).reasons, 0);
    other = clip;
    other.values[1].number.special = WARD_NAN;
    assert_int_equal(after(other, strap, 0).reasons, 0);
}

static void test_a_worse_quality_stays(void **state)
{
    struct ward_reading strap = pulse_of("d-2", WARD_HEART_RATE, 150);

    (void)state;
    strap.quality = WARD_QUESTIONABLE;
    strap.reasons = WARD_REASON_MOTION;
    strap = after(pulse_of("d-1", WARD_PULSE_RATE, 72), strap, 0);
    assert_int_equal(strap.quality, WARD_QUESTIONABLE);
    assert_int_equal(strap.reasons, WARD_REASON_MOTION | WARD_REASON_DISAGREEMENT);
}

static void test_more_devices_than_places(void **state)
{
    struct ward_agreement agreement = {0};
    char device[] = "d-a";

    (void)state;
    for (unsigned i = 0; i < 2 * WARD_AGREEMENT_DEVICES_MAX; i++) {
        struct ward_reading reading = pulse_of(device, WARD_PULSE_RATE, 72);

        device[2] = (char)('a' + i);
        ward_agreement_take(&agreement, &reading, NOW + i);
        assert_int_equal(reading.reasons, 0);
    }
    assert_int_equal(agreement.count, WARD_AGREEMENT_DEVICES_MAX);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(test_a_difference_beyond_the_bound_is_questionable),
        cmocka_unit_test(test_both_are_questionable_as_they_go_on),
        cmocka_unit_test(test_what_says_nothing_of_now_does_not_count),
        cmocka_unit_test(test_a_worse_quality_stays),
        cmocka_unit_test(test_more_devices_than_places),
    };

    return cmocka_run_group_tests_name("agreement", tests, NULL, NULL);
}
