/* SPDX-License-Identifier: Apache-2.0 */
/* What the wearable encodes, the gateway decodes: for each measurement of a standard service, from a line of a script. */
#include <setjmp.h>
#include <stdarg.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include <cmocka.h>

#include "core/decode.h"
#include "core/status.h"
#include "wearable/core/player.h"
#include "wearable/script/parse.h"

/* What the line of profile's script sends first, decoded; the second value is a glucose measurement's context. */
static struct ward_decoded sent(const char *profile, const char *line)
{
    struct ward_script *script = malloc(sizeof(*script));
    struct ward_player *player = malloc(sizeof(*player));
    struct ward_script_error error;
    struct ward_player_action action;
    struct ward_decoded decoded;
    uint64_t deadline_us;

    if (!ward_script_parse(script, ward_wearable_profile_find(profile), line, strlen(line), &error))
        fail_msg("%s %s", error.text, error.word);
    ward_player_init(player, script);
    assert_int_equal(ward_player_step(player, 0, &action, &deadline_us), WARD_PLAYER_ACTION);
    ward_decode(action.characteristic, action.octets, action.length, &decoded);
    if (decoded.outcome != WARD_DECODE_OK)
        fail_msg("%s: %s", line, decoded.error);
    assert_int_equal(decoded.trailing_octets, 0);
    free(player);
    free(script);
    return decoded;
}

static void assert_value(const struct ward_decoded *decoded, enum ward_quantity quantity, int64_t mantissa,
                         int exponent)
{
    for (size_t i = 0; i < decoded->value_count; i++) {
        const struct ward_decimal *number = &decoded->values[i].number;

        if (decoded->values[i].quantity != quantity)
            continue;
        assert_int_equal(number->special, WARD_FINITE);
        assert_int_equal(number->mantissa, mantissa);
        assert_int_equal(number->exponent, exponent);
        return;
    }
    fail_msg("no value of quantity %d", (int)quantity);
}

static void assert_time(const struct ward_decoded *decoded)
{
    const struct ward_device_time *time = &decoded->device_time;

    assert_true(time->present && !decoded->device_time_is_wrong);
    assert_int_equal(time->year, 2026);
    assert_int_equal(time->month, 11);
    assert_int_equal(time->day, 28);
    assert_int_equal(time->hour, 14);
    assert_int_equal(time->minute, 22);
    assert_int_equal(time->second, 59);
}

#define TIME " time 2026-11-28T14:22:59"

static void oximetry(void **state)
{
    struct ward_decoded spot = sent("oximeter", "measure spo2 97 pulse 66 amplitude 4.2" TIME);
    struct ward_decoded stream = sent("oximeter", "stream 1s spo2 93 pulse 71 spo2-fast 92 pulse-slow 70");

    (void)state;
    assert_value(&spot, WARD_SPO2, 97, 0);
    assert_value(&spot, WARD_PULSE_AMPLITUDE_INDEX, 42, -1);
    assert_time(&spot);
    assert_value(&stream, WARD_SPO2_FAST, 92, 0);
    assert_value(&stream, WARD_PULSE_RATE_SLOW, 70, 0);
}

static void heart_rate(void **state)
{
    struct ward_decoded decoded = sent("strap", "measure rate 260 energy 12 rr 812,830");

    (void)state;
    assert_value(&decoded, WARD_HEART_RATE, 260, 0);
    assert_int_equal(decoded.energy_kj, 12);
    assert_int_equal(decoded.rr_count, 2);
}

static void blood_pressure(void **state)
{
    static const char *const cuffs[] = {"cuff", "enhanced-cuff"};

    (void)state;
    for (size_t i = 0; i < 2; i++) {
        struct ward_decoded decoded =
            sent(cuffs[i], "measure systolic 128 diastolic 82 mean 97 pulse 71 user 2 status 4" TIME);
        struct ward_decoded inflating = sent(cuffs[i], "stream 1s cuff 154");

        assert_value(&decoded, WARD_BP_SYSTOLIC, 128, 0);
        assert_value(&decoded, WARD_BP_DIASTOLIC, 82, 0);
        assert_value(&decoded, WARD_PULSE_RATE_CUFF, 71, 0);
        assert_int_equal(decoded.user, 2);
        assert_true(decoded.statuses & WARD_STATUS_BIT(WARD_STATUS_IRREGULAR_PULSE));
        assert_time(&decoded);
        assert_value(&inflating, WARD_CUFF_PRESSURE, 154, 0);
    }
}

static void temperature(void **state)
{
    struct ward_decoded celsius = sent("thermometer", "measure temperature 36.45 type 3" TIME);
    struct ward_decoded fahrenheit = sent("thermometer", "measure temperature 98.6 unit F");
    struct ward_decoded rising = sent("thermometer", "stream 1s temperature 35.1");

    (void)state;
    assert_value(&celsius, WARD_BODY_TEMPERATURE, 3645, -2);
    assert_int_equal(celsius.detail.temperature.type, 3);
    assert_time(&celsius);
    assert_int_equal(fahrenheit.values[0].number.mantissa, 37);
    assert_int_equal(rising.characteristic, WARD_CHAR_INTERMEDIATE_TEMPERATURE);
    assert_value(&rising, WARD_BODY_TEMPERATURE, 351, -1);
}

static void weight(void **state)
{
    struct ward_decoded metric = sent("scale", "measure weight 81.405 user 3 bmi 25.7 height 178.2" TIME);
    struct ward_decoded imperial = sent("scale", "measure weight 180.25 unit lb");
    struct ward_decoded failed = sent("scale", "measure weight nan");

    (void)state;
    assert_value(&metric, WARD_BODY_MASS, 81405, -3);
    assert_value(&metric, WARD_BMI, 257, -1);
    assert_value(&metric, WARD_BODY_HEIGHT, 1782, -1);
    assert_int_equal(metric.user, 3);
    assert_time(&metric);
    assert_value(&imperial, WARD_BODY_MASS, INT64_C(817600246925), -10); /* exactly */
    assert_int_equal(failed.values[0].number.special, WARD_NAN);
}

static void glucose(void **state)
{
    struct ward_decoded mole =
        sent("glucose-meter", "measure glucose 5.4 status 1 offset -60 time 2026-11-28T15:22:59");
    struct ward_decoded mass =
        sent("glucose-meter", "measure glucose 99 unit mg/dL type 3 location 2 meal 1");
    struct ward_decoded high = sent("glucose-meter", "measure glucose +inf");

    (void)state;
    assert_value(&mole, WARD_GLUCOSE, 54, -1);
    assert_time(&mole);
    assert_true(mole.statuses & WARD_STATUS_BIT(WARD_STATUS_DEVICE_BATTERY_LOW));
    assert_false(mole.detail.glucose.context_follows);
    assert_int_equal(mass.values[0].quantity, WARD_GLUCOSE_VENOUS_BLOOD);
    assert_int_equal(mass.detail.glucose.sample_location, 2);
    assert_true(mass.detail.glucose.context_follows);
    assert_int_equal(high.values[0].number.special, WARD_POSITIVE_INFINITY);
}

static void a_glucose_context(void **state)
{
    struct ward_sample sample = {.present = WARD_SAMPLE_CONTEXT_FIELDS, .sequence = 7};
    struct ward_decoded decoded;
    uint8_t octets[WARD_SAMPLE_CONTEXT_MAX];
    size_t length;

    (void)state;
    sample.value[WARD_FIELD_MEAL].mantissa = 2;
    sample.value[WARD_FIELD_CARBOHYDRATE_ID].mantissa = 1;
    sample.value[WARD_FIELD_CARBOHYDRATE].mantissa = 45;
    sample.value[WARD_FIELD_TESTER].mantissa = 1;
    sample.value[WARD_FIELD_HEALTH].mantissa = 5;
    sample.value[WARD_FIELD_HBA1C] = (struct ward_number){.mantissa = 61, .exponent = -1};
    length = ward_sample_encode_context(&sample, octets, sizeof(octets));
    ward_decode(WARD_CHAR_GLUCOSE_MEASUREMENT_CONTEXT, octets, length, &decoded);
    assert_int_equal(decoded.outcome, WARD_DECODE_OK);
    assert_int_equal(decoded.trailing_octets, 0);
    assert_int_equal(decoded.detail.glucose_context.sequence_number, 7);
    assert_int_equal(decoded.detail.glucose_context.meal, 2);
    assert_int_equal(decoded.detail.glucose_context.carbohydrate_kg.mantissa, 45);
    assert_int_equal(decoded.detail.glucose_context.carbohydrate_kg.exponent, -3);
    assert_int_equal(decoded.detail.glucose_context.tester, 1);
    assert_int_equal(decoded.detail.glucose_context.health, 5);
    assert_int_equal(decoded.detail.glucose_context.hba1c_percent.mantissa, 61);
    sample.present &= ~WARD_SAMPLE_CONTEXT_FIELDS;
    assert_int_equal(ward_sample_encode_context(&sample, octets, sizeof(octets)), 0);
}

static void what_each_profile_says_of_itself(void **state)
{
    static const struct ward_wearable_identity identity = {
        "Maker", "Model", "S1", "1.0", {1, 2, 3, 4, 5, 6, 7, 8}};
    const struct ward_wearable_profile *profile;

    (void)state;
    for (size_t i = 0; (profile = ward_wearable_profile_at(i)); i++) {
        const struct ward_wearable_characteristic *at;
        struct ward_device device;

        ward_device_init(&device, profile);
        for (size_t j = 0; (at = ward_wearable_characteristic_at(profile, j)); j++) {
            struct ward_decoded decoded;
            uint8_t octets[WARD_GATT_VALUE_MAX];
            size_t length = 0;

            if (!(at->properties & WARD_PROPERTY_READ))
                continue;
            assert_int_equal(ward_device_read(&device, &identity, at->uuid, 0, octets, &length), WARD_ATT_OK);
            assert_true(length > 0);
            ward_decode(at->uuid, octets, length, &decoded);
            if (decoded.outcome != WARD_DECODE_OK)
                fail_msg("%s %04x: %s", profile->name, at->uuid, decoded.error);
            assert_int_equal(decoded.trailing_octets, 0);
        }
    }
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(oximetry),
        cmocka_unit_test(heart_rate),
        cmocka_unit_test(blood_pressure),
        cmocka_unit_test(temperature),
        cmocka_unit_test(weight),
        cmocka_unit_test(glucose),
        cmocka_unit_test(a_glucose_context),
        cmocka_unit_test(what_each_profile_says_of_itself),
    };

    return cmocka_run_group_tests(tests, NULL, NULL);
}
