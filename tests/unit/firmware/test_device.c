/* SPDX-License-Identifier: Apache-2.0 */
/* Reads and writes of a central, and what they lead to as text, one line a value that goes out. */
#include "wearable/core/device.h"

#include <setjmp.h>
#include <stdarg.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include <cmocka.h>

#define SECOND UINT64_C(1000000)
#define RACP   WARD_CHAR_RECORD_ACCESS_CONTROL_POINT

struct bench {
    struct ward_device device;
    char log[4096];
};

/* A device with so many records, connected; everything is subscribed to. */
static struct bench *bench_with(const char *profile, unsigned records)
{
    struct bench *bench = calloc(1, sizeof(*bench));
    const struct ward_wearable_characteristic *at;

    assert_non_null(bench);
    ward_device_init(&bench->device, ward_wearable_profile_find(profile));
    for (unsigned i = 0; i < records; i++) {
        struct ward_sample sample = {.present = 1u << WARD_FIELD_SYSTOLIC | 1u << WARD_FIELD_SPO2 |
                                                1u << WARD_FIELD_GLUCOSE};

        sample.value[WARD_FIELD_SYSTOLIC].mantissa = sample.value[WARD_FIELD_SPO2].mantissa =
            sample.value[WARD_FIELD_GLUCOSE].mantissa = (int32_t)(90 + i);
        if (i == 0 && strcmp(profile, "glucose-meter") == 0)
            sample.present |= 1u << WARD_FIELD_MEAL;
        assert_true(ward_memory_store(&bench->device.memory, &sample, bench->device.profile->record));
    }
    ward_device_connected(&bench->device, true);
    for (size_t i = 0; (at = ward_wearable_characteristic_at(bench->device.profile, i)); i++)
        ward_device_subscribed(&bench->device, at->uuid, true);
    ward_device_subscribed(&bench->device, WARD_CHAR_BLOOD_PRESSURE_RECORD, false);
    return bench;
}

static enum ward_att_error write(struct bench *bench, uint16_t characteristic, const char *hex)
{
    uint8_t octets[32];
    size_t length = strlen(hex) / 2;

    for (size_t i = 0; i < length; i++) {
        unsigned octet = 0;

        sscanf(hex + 2 * i, "%2x", &octet);
        octets[i] = (uint8_t)octet;
    }
    return ward_device_write(&bench->device, characteristic, octets, length, SECOND);
}

static void log_action(struct bench *bench, const struct ward_player_action *action)
{
    size_t used = strlen(bench->log), size = sizeof(bench->log);

    if (action->kind == WARD_ACTION_DISCONNECT) {
        snprintf(bench->log + used, size - used, "disconnect\n");
        return;
    }
    used += (size_t)snprintf(bench->log + used, size - used, "%04x ", action->characteristic);
    for (size_t i = 0; i < action->length; i++)
        used += (size_t)snprintf(bench->log + used, size - used, "%02x", action->octets[i]);
    snprintf(bench->log + used, size - used, "\n");
}

/* What goes out without a confirmation. */
static const char *due(struct bench *bench)
{
    struct ward_player_action action;

    bench->log[0] = '\0';
    while (ward_device_next(&bench->device, SECOND, &action))
        log_action(bench, &action);
    return bench->log;
}

/* What goes out when everything is confirmed at once. */
static const char *all(struct bench *bench)
{
    struct ward_player_action action;

    bench->log[0] = '\0';
    while (ward_device_next(&bench->device, SECOND, &action)) {
        log_action(bench, &action);
        ward_device_confirmed(&bench->device, action.characteristic);
    }
    return bench->log;
}

static void assert_read(struct bench *bench, uint16_t characteristic, const char *expected)
{
    static const struct ward_wearable_identity nobody = {"", "", "", "", {0}};
    uint8_t octets[WARD_GATT_VALUE_MAX];
    char text[64] = "";
    size_t length = 0;

    assert_int_equal(ward_device_read(&bench->device, &nobody, characteristic, 3 * SECOND, octets, &length),
                     WARD_ATT_OK);
    for (size_t i = 0; i < length; i++)
        snprintf(text + 2 * i, sizeof(text) - 2 * i, "%02x", octets[i]);
    assert_string_equal(text, expected);
}

static void a_clock_is_read_set_and_kept(void **state)
{
    struct bench *bench = bench_with("glucose-meter", 0);

    (void)state;
    assert_read(bench, WARD_CHAR_CURRENT_TIME, "d0070101000003060000"); /* three seconds after its epoch */
    assert_int_equal(write(bench, WARD_CHAR_CURRENT_TIME, "ea070b1c0e1600060000"), WARD_ATT_OK);
    assert_true(bench->device.clock_was_written);
    assert_read(bench, WARD_CHAR_CURRENT_TIME, "ea070b1c0e1602060000"); /* two seconds later, a Saturday */
    ward_device_connected(&bench->device, false);
    assert_false(bench->device.clock_was_written);
    assert_read(bench, WARD_CHAR_CURRENT_TIME, "ea070b1c0e1602060000");
    free(bench);
}

static void a_clock_refuses_what_does_not_exist(void **state)
{
    struct bench *meter = bench_with("glucose-meter", 0), *cuff = bench_with("cuff", 0);

    (void)state;
    assert_int_equal(write(meter, WARD_CHAR_CURRENT_TIME, "ea07021e0e1600060000"),
                     WARD_ATT_DATA_FIELD_IGNORED);
    assert_int_equal(write(meter, WARD_CHAR_CURRENT_TIME, "ea070b1c0e1600"), WARD_ATT_INVALID_LENGTH);
    assert_int_equal(write(cuff, WARD_CHAR_DATE_TIME, "ea07021e0e1600"), WARD_ATT_OUT_OF_RANGE);
    assert_int_equal(write(cuff, WARD_CHAR_DATE_TIME, "ea070b1c0e1600ff"), WARD_ATT_INVALID_LENGTH);
    assert_int_equal(write(cuff, WARD_CHAR_DATE_TIME, "ea070b1c0e1600"), WARD_ATT_OK);
    assert_read(cuff, WARD_CHAR_DATE_TIME, "ea070b1c0e1602");
    free(meter);
    free(cuff);
}

static void a_time_zone_is_kept(void **state)
{
    struct bench *bench = bench_with("oximeter", 0);

    (void)state;
    assert_read(bench, WARD_CHAR_LOCAL_TIME_INFORMATION, "80ff");
    assert_int_equal(write(bench, WARD_CHAR_LOCAL_TIME_INFORMATION, "0404"), WARD_ATT_OK);
    assert_int_equal(write(bench, WARD_CHAR_LOCAL_TIME_INFORMATION, "3904"), WARD_ATT_DATA_FIELD_IGNORED);
    assert_int_equal(write(bench, WARD_CHAR_LOCAL_TIME_INFORMATION, "0403"), WARD_ATT_DATA_FIELD_IGNORED);
    assert_int_equal(write(bench, WARD_CHAR_LOCAL_TIME_INFORMATION, "04"), WARD_ATT_INVALID_LENGTH);
    assert_read(bench, WARD_CHAR_LOCAL_TIME_INFORMATION, "0404");
    free(bench);
}

static void what_is_not_served_is_not_permitted(void **state)
{
    struct bench *bench = bench_with("cuff", 0);
    static const struct ward_wearable_identity nobody = {"", "", "", "", {0}};
    uint8_t octets[WARD_GATT_VALUE_MAX];
    size_t length = 0;

    (void)state;
    assert_int_equal(write(bench, RACP, "0101"), WARD_ATT_WRITE_NOT_PERMITTED);
    assert_int_equal(write(bench, WARD_CHAR_BATTERY_LEVEL, "01"), WARD_ATT_WRITE_NOT_PERMITTED);
    assert_int_equal(
        ward_device_read(&bench->device, &nobody, WARD_CHAR_BLOOD_PRESSURE_MEASUREMENT, 0, octets, &length),
        WARD_ATT_READ_NOT_PERMITTED);
    free(bench);
}

static void records_come_before_the_answer(void **state)
{
    struct bench *bench = bench_with("glucose-meter", 2);

    (void)state;
    assert_int_equal(write(bench, RACP, "0101"), WARD_ATT_OK);
    assert_string_equal(due(bench), "2a18 160000000000000000005ad011\n"
                                    "2a34 02000000\n"
                                    "2a18 060100000000000000005bd011\n"
                                    "2a52 06000101\n");
    assert_false(bench->device.was_transferred);
    ward_device_confirmed(&bench->device, RACP);
    assert_true(bench->device.was_transferred);
    free(bench);
}

static void without_subscriptions_nothing_is_begun(void **state)
{
    struct bench *bench = bench_with("glucose-meter", 2);

    (void)state;
    ward_device_subscribed(&bench->device, WARD_CHAR_GLUCOSE_MEASUREMENT, false);
    assert_int_equal(write(bench, RACP, "0101"), WARD_ATT_CCC_NOT_CONFIGURED);
    assert_int_equal(write(bench, RACP, "0401"), WARD_ATT_OK); /* a number needs the control point alone */
    assert_string_equal(all(bench), "2a52 05000200\n");
    ward_device_subscribed(&bench->device, RACP, false);
    assert_int_equal(write(bench, RACP, "0401"), WARD_ATT_CCC_NOT_CONFIGURED);
    assert_string_equal(all(bench), "");
    free(bench);
}

static void one_procedure_at_a_time(void **state)
{
    struct bench *bench = bench_with("glucose-meter", 2);

    (void)state;
    assert_int_equal(write(bench, RACP, "0401"), WARD_ATT_OK);
    assert_int_equal(write(bench, RACP, "0401"), WARD_ATT_PROCEDURE_IN_PROGRESS);
    assert_string_equal(due(bench), "2a52 05000200\n");
    assert_int_equal(write(bench, RACP, "0401"), WARD_ATT_PROCEDURE_IN_PROGRESS); /* not confirmed yet */
    ward_device_confirmed(&bench->device, RACP);
    assert_int_equal(write(bench, RACP, "0401"), WARD_ATT_OK);
    ward_device_connected(&bench->device, false);
    ward_device_connected(&bench->device, true);
    assert_string_equal(due(bench), ""); /* forgotten with the link */
    assert_int_equal(write(bench, RACP, "0401"), WARD_ATT_OK);
    free(bench);
}

static void an_indication_waits_for_the_one_before(void **state)
{
    struct bench *bench = bench_with("enhanced-cuff", 2);

    (void)state;
    assert_int_equal(write(bench, RACP, "0101"), WARD_ATT_OK);
    assert_string_equal(due(bench), "2b34 005a00ff07ff07\n");
    assert_string_equal(due(bench), "");
    ward_device_confirmed(&bench->device, WARD_CHAR_ENHANCED_BLOOD_PRESSURE_MEASUREMENT);
    assert_string_equal(due(bench), "2b34 005b00ff07ff07\n");
    assert_int_equal(write(bench, RACP, "0300"), WARD_ATT_OK);
    ward_device_confirmed(&bench->device, WARD_CHAR_ENHANCED_BLOOD_PRESSURE_MEASUREMENT);
    assert_string_equal(due(bench), "2a52 06000301\n");
    free(bench);
}

static void blood_pressure_records_have_their_numbers(void **state)
{
    struct bench *bench = bench_with("enhanced-cuff", 2);

    (void)state;
    ward_device_subscribed(&bench->device, WARD_CHAR_BLOOD_PRESSURE_RECORD, true);
    assert_int_equal(write(bench, RACP, "0106"), WARD_ATT_OK);
    assert_string_equal(due(bench), "2b36 030100342b005b00ff07ff07\n2a52 06000101\n");
    free(bench);
}

static void an_oximeters_records_are_indicated(void **state)
{
    struct bench *bench = bench_with("oximeter", 1);

    (void)state;
    assert_int_equal(write(bench, RACP, "0105"), WARD_ATT_OK);
    assert_string_equal(all(bench), "2a52 06000104\n");
    assert_int_equal(write(bench, RACP, "0101"), WARD_ATT_OK);
    assert_string_equal(all(bench), "2a5e 025a00ff070002\n2a52 06000101\n");
    free(bench);
}

static void faults_of_a_transfer(void **state)
{
    static const char first[] = "2a18 160000000000000000005ad011\n", context[] = "2a34 02000000\n",
                      second[] = "2a18 060100000000000000005bd011\n", answer[] = "2a52 06000101\n";
    struct bench *bench = bench_with("glucose-meter", 2);
    char expected[256];

    (void)state;
    bench->device.faults.duplicate = true;
    write(bench, RACP, "0101");
    snprintf(expected, sizeof(expected), "%s%s%s%s%s%s", first, context, first, second, second, answer);
    assert_string_equal(all(bench), expected);
    write(bench, RACP, "0101"); /* once */
    snprintf(expected, sizeof(expected), "%s%s%s%s", first, context, second, answer);
    assert_string_equal(all(bench), expected);

    bench->device.faults.miscount = true;
    bench->device.faults.miscount_as = 0x1234;
    write(bench, RACP, "0401");
    assert_string_equal(all(bench), "2a52 05003412\n");
    write(bench, RACP, "0401");
    assert_string_equal(all(bench), "2a52 05000200\n");

    bench->device.faults.cut = 3;
    write(bench, RACP, "0101");
    snprintf(expected, sizeof(expected), "2a18 16000000000000000000\n%s%s%s", context, second, answer);
    assert_string_equal(all(bench), expected);
    free(bench);
}

static void a_link_that_ends_in_the_middle(void **state)
{
    struct bench *bench = bench_with("enhanced-cuff", 3);
    struct ward_player_action action;

    (void)state;
    bench->device.faults.drop_after = 2;
    write(bench, RACP, "0101");
    assert_string_equal(all(bench),
                        "2b34 005a00ff07ff07\n2b34 005b00ff07ff07\ndisconnect\n"
                        "2b34 005c00ff07ff07\n2a52 06000101\n"); /* for a port that does not do it */
    write(bench, RACP, "0101");
    bench->device.faults.drop_after = 1;
    assert_true(ward_device_next(&bench->device, SECOND, &action));
    ward_device_connected(&bench->device, false);
    ward_device_connected(&bench->device, true);
    assert_string_equal(all(bench), "");
    assert_int_equal(ward_memory_count(&bench->device.memory, (struct ward_memory_range){0, 9}), 3);
    free(bench);
}

static void a_request_that_is_never_answered(void **state)
{
    struct bench *bench = bench_with("glucose-meter", 2);

    (void)state;
    bench->device.faults.mute = true;
    assert_int_equal(write(bench, RACP, "0101"), WARD_ATT_OK);
    assert_string_equal(all(bench), "");
    assert_int_equal(write(bench, RACP, "0101"), WARD_ATT_PROCEDURE_IN_PROGRESS);
    ward_device_connected(&bench->device, false);
    ward_device_connected(&bench->device, true);
    assert_int_equal(write(bench, RACP, "0401"), WARD_ATT_OK);
    assert_string_equal(all(bench), "2a52 05000200\n");
    free(bench);
}

static void a_long_answer_of_a_clip_comes_in_two(void **state)
{
    struct bench *bench = bench_with("masimo", 0);

    (void)state;
    assert_int_equal(write(bench, WARD_CLIP_WRITE, "77020107"), WARD_ATT_OK);
    assert_string_equal(due(bench), "0001 7714010000000000000000000000000000000000\n0001 00d6\n");
    assert_string_equal(due(bench), "");
    free(bench);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(a_clock_is_read_set_and_kept),
        cmocka_unit_test(a_clock_refuses_what_does_not_exist),
        cmocka_unit_test(a_time_zone_is_kept),
        cmocka_unit_test(what_is_not_served_is_not_permitted),
        cmocka_unit_test(records_come_before_the_answer),
        cmocka_unit_test(without_subscriptions_nothing_is_begun),
        cmocka_unit_test(one_procedure_at_a_time),
        cmocka_unit_test(an_indication_waits_for_the_one_before),
        cmocka_unit_test(blood_pressure_records_have_their_numbers),
        cmocka_unit_test(an_oximeters_records_are_indicated),
        cmocka_unit_test(faults_of_a_transfer),
        cmocka_unit_test(a_link_that_ends_in_the_middle),
        cmocka_unit_test(a_request_that_is_never_answered),
        cmocka_unit_test(a_long_answer_of_a_clip_comes_in_two),
    };

    return cmocka_run_group_tests(tests, NULL, NULL);
}
