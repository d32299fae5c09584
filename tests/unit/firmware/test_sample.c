/* SPDX-License-Identifier: Apache-2.0 */
/* Octets written out from the field tables of PLXS 1.0.1 §3.1–3.2, HRS 1.0 §3.1 and BLS 1.1.1 §3.1. */
#include "wearable/core/sample.h"

#include <setjmp.h>
#include <stdarg.h>
#include <stdlib.h>
#include <string.h>

#include <cmocka.h>

#include "ward/gatt.h"

static struct ward_sample sample_with(enum ward_sample_field field, int32_t mantissa, int8_t exponent)
{
    struct ward_sample sample = {.present = 1u << field};

    sample.value[field] = (struct ward_number){.mantissa = mantissa, .exponent = exponent};
    return sample;
}

static void add(struct ward_sample *sample, enum ward_sample_field field, int32_t mantissa)
{
    sample->present |= 1u << field;
    sample->value[field] = (struct ward_number){.mantissa = mantissa};
}

static void assert_octets(const struct ward_sample *sample, uint16_t characteristic, const char *expected)
{
    uint8_t octets[WARD_SAMPLE_OCTETS_MAX];
    char text[2 * WARD_SAMPLE_OCTETS_MAX + 1] = "";
    size_t length = ward_sample_encode(sample, characteristic, octets, sizeof(octets));

    for (size_t i = 0; i < length; i++) {
        text[2 * i] = "0123456789abcdef"[octets[i] >> 4];
        text[2 * i + 1] = "0123456789abcdef"[octets[i] & 15];
    }
    assert_string_equal(text, expected);
}

static void spot_check_with_two_numbers(void **state)
{
    struct ward_sample sample = sample_with(WARD_FIELD_SPO2, 96, 0);

    (void)state;
    add(&sample, WARD_FIELD_PULSE, 72);
    assert_octets(&sample, WARD_CHAR_PLX_SPOT_CHECK_MEASUREMENT, "0060004800");
}

static void spot_check_with_everything(void **state)
{
    struct ward_sample sample = sample_with(WARD_FIELD_SPO2, 97, 0);

    (void)state;
    add(&sample, WARD_FIELD_PULSE, 66);
    add(&sample, WARD_FIELD_STATUS, 0x0100);
    add(&sample, WARD_FIELD_SENSOR_STATUS, 0x0020);
    add(&sample, WARD_FIELD_AMPLITUDE, 42);
    sample.value[WARD_FIELD_AMPLITUDE].exponent = -1;
    sample.time = (struct ward_device_time){2026, 11, 22, 9, 5, 59, true};
    assert_octets(&sample, WARD_CHAR_PLX_SPOT_CHECK_MEASUREMENT,
                  "0f"
                  "6100"
                  "4200"
                  "ea070b1609053b"
                  "0001"
                  "200000"
                  "2af0");
}

static void continuous_with_everything(void **state)
{
    struct ward_sample sample = sample_with(WARD_FIELD_SPO2, 98, 0);

    (void)state;
    add(&sample, WARD_FIELD_PULSE, 70);
    add(&sample, WARD_FIELD_SPO2_FAST, 97);
    add(&sample, WARD_FIELD_PULSE_FAST, 71);
    add(&sample, WARD_FIELD_SPO2_SLOW, 99);
    add(&sample, WARD_FIELD_PULSE_SLOW, 69);
    add(&sample, WARD_FIELD_STATUS, 0x0020);
    add(&sample, WARD_FIELD_SENSOR_STATUS, 0x0001);
    add(&sample, WARD_FIELD_AMPLITUDE, 3);
    assert_octets(&sample, WARD_CHAR_PLX_CONTINUOUS_MEASUREMENT,
                  "1f62004600"
                  "61004700"
                  "63004500"
                  "2000"
                  "010000"
                  "0300");
}

static void half_of_a_pair_brings_the_other_as_nan(void **state)
{
    struct ward_sample sample = sample_with(WARD_FIELD_SPO2, 98, 0);

    (void)state;
    add(&sample, WARD_FIELD_SPO2_FAST, 97);
    assert_octets(&sample, WARD_CHAR_PLX_CONTINUOUS_MEASUREMENT, "016200ff076100ff07");
}

static void special_values(void **state)
{
    static const struct {
        enum ward_special special;
        const char *expected;
    } cases[] = {
        {WARD_NAN, "00ff07ff07"},
        {WARD_NRES, "000008ff07"},
        {WARD_RESERVED, "000108ff07"},
        {WARD_POSITIVE_INFINITY, "00fe07ff07"},
        {WARD_NEGATIVE_INFINITY, "000208ff07"},
    };

    (void)state;
    for (size_t i = 0; i < sizeof(cases) / sizeof(cases[0]); i++) {
        struct ward_sample sample = sample_with(WARD_FIELD_SPO2, 0, 0);

        sample.value[WARD_FIELD_SPO2].special = (uint8_t)cases[i].special;
        assert_octets(&sample, WARD_CHAR_PLX_SPOT_CHECK_MEASUREMENT, cases[i].expected);
    }
}

static void lost_contact_of_an_oximeter_is_sensor_status_bit_11(void **state)
{
    struct ward_sample sample = sample_with(WARD_FIELD_SPO2, 96, 0);

    (void)state;
    add(&sample, WARD_FIELD_PULSE, 72);
    sample.contact = WARD_SAMPLE_CONTACT_LOST;
    assert_octets(&sample, WARD_CHAR_PLX_CONTINUOUS_MEASUREMENT, "0860004800000800");
    add(&sample, WARD_FIELD_SENSOR_STATUS, 0x8020);
    assert_octets(&sample, WARD_CHAR_PLX_CONTINUOUS_MEASUREMENT, "0860004800208800");
    assert_octets(&sample, WARD_CHAR_PLX_SPOT_CHECK_MEASUREMENT, "0460004800208800");
}

static void heart_rates(void **state)
{
    struct ward_sample sample = sample_with(WARD_FIELD_RATE, 72, 0);

    (void)state;
    assert_octets(&sample, WARD_CHAR_HEART_RATE_MEASUREMENT, "0048");
    sample.contact = WARD_SAMPLE_CONTACT_OK;
    assert_octets(&sample, WARD_CHAR_HEART_RATE_MEASUREMENT, "0648");
    sample.contact = WARD_SAMPLE_CONTACT_LOST;
    assert_octets(&sample, WARD_CHAR_HEART_RATE_MEASUREMENT, "0448");
    sample.value[WARD_FIELD_RATE].mantissa = 255;
    assert_octets(&sample, WARD_CHAR_HEART_RATE_MEASUREMENT, "04ff");
    sample.value[WARD_FIELD_RATE].mantissa = 256;
    assert_octets(&sample, WARD_CHAR_HEART_RATE_MEASUREMENT, "050001");
}

static void heart_rate_with_energy_and_intervals(void **state)
{
    struct ward_sample sample = sample_with(WARD_FIELD_RATE, 72, 0);

    (void)state;
    add(&sample, WARD_FIELD_ENERGY, 300);
    sample.contact = WARD_SAMPLE_CONTACT_OK;
    sample.rr_count = 2;
    sample.rr_1024[0] = 831;
    sample.rr_1024[1] = 850;
    assert_octets(&sample, WARD_CHAR_HEART_RATE_MEASUREMENT, "1e482c013f035203");
}

static void blood_pressures(void **state)
{
    struct ward_sample sample = sample_with(WARD_FIELD_SYSTOLIC, 128, 0);

    (void)state;
    add(&sample, WARD_FIELD_DIASTOLIC, 82);
    assert_octets(&sample, WARD_CHAR_BLOOD_PRESSURE_MEASUREMENT, "0080005200ff07");
    add(&sample, WARD_FIELD_MEAN, 97);
    add(&sample, WARD_FIELD_PULSE, 71);
    assert_octets(&sample, WARD_CHAR_BLOOD_PRESSURE_MEASUREMENT, "048000520061004700");
    add(&sample, WARD_FIELD_USER, 1);
    add(&sample, WARD_FIELD_STATUS, 0x0004);
    sample.time = (struct ward_device_time){2026, 1, 2, 3, 4, 5, true};
    assert_octets(&sample, WARD_CHAR_BLOOD_PRESSURE_MEASUREMENT,
                  "1e800052006100"
                  "ea070102030405"
                  "4700"
                  "01"
                  "0400");
}

static void blood_pressure_in_kilopascal(void **state)
{
    struct ward_sample sample = sample_with(WARD_FIELD_SYSTOLIC, 171, -1);

    (void)state;
    sample.second_unit = true;
    assert_octets(&sample, WARD_CHAR_BLOOD_PRESSURE_MEASUREMENT, "01abf0ff07ff07");
}

static void what_does_not_fit_is_refused(void **state)
{
    static const struct {
        enum ward_sample_field field;
        int32_t mantissa;
        int8_t exponent;
        uint16_t characteristic;
    } cases[] = {
        {WARD_FIELD_SPO2, 20481, 0, WARD_CHAR_PLX_SPOT_CHECK_MEASUREMENT},
        {WARD_FIELD_STATUS, 0x10000, 0, WARD_CHAR_PLX_SPOT_CHECK_MEASUREMENT},
        {WARD_FIELD_SENSOR_STATUS, 0x1000000, 0, WARD_CHAR_PLX_SPOT_CHECK_MEASUREMENT},
        {WARD_FIELD_RATE, 65536, 0, WARD_CHAR_HEART_RATE_MEASUREMENT},
        {WARD_FIELD_RATE, -1, 0, WARD_CHAR_HEART_RATE_MEASUREMENT},
        {WARD_FIELD_RATE, 725, -1, WARD_CHAR_HEART_RATE_MEASUREMENT},
        {WARD_FIELD_USER, 256, 0, WARD_CHAR_BLOOD_PRESSURE_MEASUREMENT},
        {WARD_FIELD_SPO2, 96, 0, WARD_CHAR_BATTERY_LEVEL},
    };
    uint8_t octets[WARD_SAMPLE_OCTETS_MAX];

    (void)state;
    for (size_t i = 0; i < sizeof(cases) / sizeof(cases[0]); i++) {
        struct ward_sample sample = sample_with(cases[i].field, cases[i].mantissa, cases[i].exponent);

        assert_int_equal(ward_sample_encode(&sample, cases[i].characteristic, octets, sizeof(octets)), 0);
    }
}

static void a_rate_that_is_no_number_is_refused(void **state)
{
    struct ward_sample sample = sample_with(WARD_FIELD_RATE, 0, 0);
    uint8_t octets[WARD_SAMPLE_OCTETS_MAX];

    (void)state;
    sample.value[WARD_FIELD_RATE].special = WARD_NAN;
    assert_int_equal(ward_sample_encode(&sample, WARD_CHAR_HEART_RATE_MEASUREMENT, octets, sizeof(octets)),
                     0);
}

static void a_buffer_that_is_too_small_is_never_overrun(void **state)
{
    struct ward_sample sample = sample_with(WARD_FIELD_SPO2, 96, 0);

    (void)state;
    for (size_t size = 0; size < 5; size++) {
        uint8_t *octets = malloc(size + 1);

        octets[size] = 0xA5;
        assert_int_equal(ward_sample_encode(&sample, WARD_CHAR_PLX_SPOT_CHECK_MEASUREMENT, octets, size), 0);
        assert_int_equal(octets[size], 0xA5);
        free(octets);
    }
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(spot_check_with_two_numbers),
        cmocka_unit_test(spot_check_with_everything),
        cmocka_unit_test(continuous_with_everything),
        cmocka_unit_test(half_of_a_pair_brings_the_other_as_nan),
        cmocka_unit_test(special_values),
        cmocka_unit_test(lost_contact_of_an_oximeter_is_sensor_status_bit_11),
        cmocka_unit_test(heart_rates),
        cmocka_unit_test(heart_rate_with_energy_and_intervals),
        cmocka_unit_test(blood_pressures),
        cmocka_unit_test(blood_pressure_in_kilopascal),
        cmocka_unit_test(what_does_not_fit_is_refused),
        cmocka_unit_test(a_rate_that_is_no_number_is_refused),
        cmocka_unit_test(a_buffer_that_is_too_small_is_never_overrun),
    };

    return cmocka_run_group_tests(tests, NULL, NULL);
}
