/* SPDX-License-Identifier: Apache-2.0 */
/* What a person may enter, and what is refused with which words. */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <string.h>

#include <cmocka.h>

#include "core/entry.h"

static struct ward_reading entry;
static char error[WARD_ENTRY_ERROR_SIZE];

static void refused(const char *text, const char *reason)
{
    error[0] = '\0';
    assert_false(ward_entry_parse(text, &entry, error));
    if (strstr(error, reason) == NULL) {
        fail_msg("\"%s\" was refused with: %s", text, error);
    }
}

static void a_nurse_counts_breaths(void **state)
{
    (void)state;
    assert_true(ward_entry_parse(
        "respiration_rate=18 consciousness=new_confusion  oxygen=oxygen oxygen_flow=2.5", &entry, error));
    assert_int_equal(entry.kind, WARD_READING_ENTRY);
    assert_int_equal(entry.quality, WARD_VALID);
    assert_int_equal(entry.security, WARD_LINK_NONE);
    assert_int_equal(entry.value_count, 4);
    assert_int_equal(entry.values[0].quantity, WARD_RESPIRATION_RATE);
    assert_int_equal(entry.values[0].number.mantissa, 18);
    assert_int_equal(entry.values[1].quantity, WARD_CONSCIOUSNESS);
    assert_int_equal(entry.values[1].number.mantissa, 1);
    assert_int_equal(entry.values[2].number.mantissa, 1);
    assert_int_equal(entry.values[3].number.mantissa, 25);
    assert_false(ward_entry_is_concern(&entry));
    assert_true(ward_entry_parse("concern=carer", &entry, error));
    assert_true(ward_entry_is_concern(&entry));
    assert_true(ward_entry_parse("concern=carer spo2=97", &entry, error));
    assert_false(ward_entry_is_concern(&entry));
}

static void what_cannot_be_is_refused(void **state)
{
    (void)state;
    refused("", "nothing to enter");
    refused("  ", "nothing to enter");
    refused("respiration_rate", "is not NAME=VALUE");
    refused("=18", "is not NAME=VALUE");
    refused("respiration_rate=", "is not NAME=VALUE");
    refused("mood=bad", "mood is nothing that can be entered");
    refused("battery=70", "nothing that can be entered");
    refused("news2=3", "nothing that can be entered");
    refused("respiration_rate=fast", "fast is not a number");
    refused("respiration_rate=180", "not plausible");
    refused("body_temperature=98.6", "another unit");
    refused("consciousness=asleep", "alert, new_confusion, voice, pain or unresponsive");
    refused("oxygen=2", "air or oxygen");
    refused("concern=yes", "who is worried");
    refused("spo2=97 spo2=96", "spo2 stands there twice");
    refused("oxygen=air oxygen_flow=2", "does not go with");
    refused("a234567890123456789012345678901234567890123456789012345678901234567890=1", "too long");
    refused(
        "spo2=97 spo2_fast=97 spo2_slow=97 pulse_rate=70 pulse_rate_fast=70 pulse_rate_slow=70 heart_rate=70 "
        "bp_systolic=120 bp_diastolic=80 bp_mean=90 body_temperature=37 body_mass=80 glucose=5",
        "one value too many");
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(a_nurse_counts_breaths),
        cmocka_unit_test(what_cannot_be_is_refused),
    };

    return cmocka_run_group_tests(tests, NULL, NULL);
}
