/* SPDX-License-Identifier: Apache-2.0 */
/*
 * What a clip of the wearable sends, the gateway's driver for it understands, and what the driver writes, the clip
 * answers. The two were written apart.
 */
#include "wearable/core/clip.h"

#include <setjmp.h>
#include <stdarg.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include <cmocka.h>

#include "core/vendor.h"
#include "wearable/core/profile.h"

static const char *const names[] = {"nonin", "masimo", "o2ring", "pc60fw", "jumper", "berrymed", "contec"};

#define COUNT(array) (sizeof(array) / sizeof((array)[0]))

static struct ward_clip clip_named(const char *name)
{
    struct ward_clip clip = {.kind = ward_wearable_profile_find(name)->clip, .battery = 80};

    ward_clip_begin(&clip);
    return clip;
}

static struct ward_sample sample_of(int32_t spo2, int32_t pulse)
{
    struct ward_sample sample = {.present = 1u << WARD_FIELD_SPO2 | 1u << WARD_FIELD_PULSE,
                                 .contact = WARD_SAMPLE_CONTACT_OK};

    sample.value[WARD_FIELD_SPO2].mantissa = spo2;
    sample.value[WARD_FIELD_PULSE].mantissa = pulse;
    return sample;
}

static struct ward_decoded decoded_of(const char *name, const struct ward_sample *sample)
{
    struct ward_clip clip = clip_named(name);
    struct ward_decoded decoded;
    uint8_t octets[WARD_CLIP_OCTETS_MAX];
    size_t length = ward_clip_encode(&clip, sample, octets, sizeof(octets));

    assert_true(length > 0);
    ward_vendor_decode(ward_vendor_by_name(name), octets, length, &decoded);
    if (decoded.outcome != WARD_DECODE_OK)
        fail_msg("%s: %s", name, decoded.error);
    return decoded;
}

static const struct ward_value *value_of(const struct ward_decoded *decoded, enum ward_quantity quantity)
{
    for (size_t i = 0; i < decoded->value_count; i++)
        if (decoded->values[i].quantity == quantity)
            return &decoded->values[i];
    return NULL;
}

static void assert_number(const struct ward_decoded *decoded, enum ward_quantity quantity, int64_t mantissa,
                          int exponent)
{
    const struct ward_value *value = value_of(decoded, quantity);

    assert_non_null(value);
    assert_int_equal(value->number.special, WARD_FINITE);
    assert_int_equal(value->number.mantissa, mantissa);
    assert_int_equal(value->number.exponent, exponent);
}

static void what_is_sent_is_understood(void **state)
{
    (void)state;
    for (size_t i = 0; i < COUNT(names); i++) {
        struct ward_sample low = sample_of(88, 40), fast = sample_of(100, 201);
        struct ward_decoded decoded = decoded_of(names[i], &low);

        assert_number(&decoded, WARD_SPO2, 88, 0);
        assert_number(&decoded, WARD_PULSE_RATE, 40, 0);
        assert_true(!decoded.has_contact || decoded.contact == WARD_CONTACT_MADE);
        decoded = decoded_of(names[i], &fast); /* needs the eighth bit */
        assert_number(&decoded, WARD_SPO2, 100, 0);
        assert_number(&decoded, WARD_PULSE_RATE, 201, 0);
    }
}

static void no_value_is_no_number(void **state)
{
    (void)state;
    for (size_t i = 0; i < COUNT(names); i++) {
        struct ward_sample none = sample_of(0, 0);
        struct ward_decoded decoded;

        none.value[WARD_FIELD_SPO2].special = none.value[WARD_FIELD_PULSE].special = WARD_NAN;
        decoded = decoded_of(names[i], &none);
        assert_int_equal(value_of(&decoded, WARD_SPO2)->number.special, WARD_NAN);
        assert_int_equal(value_of(&decoded, WARD_PULSE_RATE)->number.special, WARD_NAN);
        none.present = 0;
        decoded = decoded_of(names[i], &none);
        assert_int_equal(value_of(&decoded, WARD_SPO2)->number.special, WARD_NAN);
    }
}

static void no_finger_is_contact_lost(void **state)
{
    (void)state;
    for (size_t i = 0; i < COUNT(names); i++) {
        struct ward_sample off = sample_of(97, 70);
        struct ward_decoded decoded;

        off.contact = WARD_SAMPLE_CONTACT_LOST;
        if (strcmp(names[i], "nonin") == 0) /* with numbers it only doubts the fit */
            off.present = 0;
        decoded = decoded_of(names[i], &off);
        assert_true(decoded.has_contact);
        assert_int_equal(decoded.contact, WARD_CONTACT_LOST);
    }
}

static void perfusion_has_the_resolution_of_each(void **state)
{
    static const struct {
        const char *name;
        int64_t mantissa;
        int8_t exponent;
    } cases[] = {
        {"nonin", 425, -2}, {"masimo", 425, -2}, {"o2ring", 42, -1}, {"pc60fw", 42, -1}, {"jumper", 42, -1}};

    (void)state;
    for (size_t i = 0; i < COUNT(cases); i++) {
        struct ward_sample sample = sample_of(97, 70);
        struct ward_decoded decoded;

        sample.present |= 1u << WARD_FIELD_AMPLITUDE;
        sample.value[WARD_FIELD_AMPLITUDE] =
            (struct ward_number){(int32_t)cases[i].mantissa, cases[i].exponent, 0};
        decoded = decoded_of(cases[i].name, &sample);
        assert_number(&decoded, WARD_PULSE_AMPLITUDE_INDEX, cases[i].mantissa, cases[i].exponent);
    }
}

static void what_does_not_fit_is_refused(void **state)
{
    (void)state;
    for (size_t i = 0; i < COUNT(names); i++) {
        struct ward_clip clip = clip_named(names[i]);
        struct ward_sample much = sample_of(101, 70), broken = sample_of(97, 705),
                           wide = sample_of(97, 70000);
        uint8_t octets[WARD_CLIP_OCTETS_MAX];

        broken.value[WARD_FIELD_PULSE].exponent = -1;
        assert_int_equal(ward_clip_encode(&clip, &much, octets, sizeof(octets)), 0);
        assert_int_equal(ward_clip_encode(&clip, &broken, octets, sizeof(octets)), 0);
        assert_int_equal(ward_clip_encode(&clip, &wide, octets, sizeof(octets)), 0);
        much = sample_of(97, 70);
        assert_int_equal(ward_clip_encode(&clip, &much, octets, 3), 0);
    }
}

static void uuids_and_the_bond_are_those_of_the_drivers(void **state)
{
    (void)state;
    for (size_t i = 0; i < COUNT(names); i++) {
        const struct ward_vendor_driver *driver = ward_vendor_by_name(names[i]);
        const struct ward_wearable_profile *profile = ward_wearable_profile_find(names[i]);
        const struct ward_wearable_characteristic *notify =
            ward_wearable_characteristic_find(profile, WARD_CLIP_NOTIFY);
        const char *const expected[] = {driver->notify, driver->write, driver->service};

        for (uint16_t number = WARD_CLIP_NOTIFY; number <= WARD_CLIP_SERVICE; number++) {
            uint8_t octets[WARD_UUID_LENGTH];
            char text[40] = "", *at = text;

            if (!ward_wearable_characteristic_find(profile, number) && number != WARD_CLIP_SERVICE)
                continue;
            ward_wearable_uuid(profile, number, octets);
            for (size_t j = 0; j < sizeof(octets); j++)
                at += sprintf(at, "%s%02x", j == 4 || j == 6 || j == 8 || j == 10 ? "-" : "", octets[j]);
            assert_string_equal(text, expected[number - 1]);
        }
        assert_int_equal((notify->properties & WARD_PROPERTY_ENCRYPTED) != 0, driver->is_bonded);
        assert_true(!driver->write || ward_wearable_characteristic_find(profile, WARD_CLIP_WRITE));
    }
}

/* All that the driver writes, from the start on; the last answer in buffer. */
static size_t start(const struct ward_vendor_driver *driver, struct ward_clip *clip, uint64_t now_us,
                    uint8_t *buffer)
{
    size_t length = 0;

    for (size_t i = 0; i < driver->start_count; i++)
        length = ward_clip_write(clip, driver->start[i].octets, driver->start[i].length, now_us, buffer);
    if (driver->again_interval_ms > 0)
        length = ward_clip_write(clip, driver->again.octets, driver->again.length, now_us, buffer);
    return length;
}

static void what_the_drivers_write_starts_the_stream(void **state)
{
    (void)state;
    for (size_t i = 0; i < COUNT(names); i++) {
        struct ward_clip clip = clip_named(names[i]);
        uint8_t buffer[WARD_CLIP_OCTETS_MAX];
        bool waits = strcmp(names[i], "masimo") == 0 || strcmp(names[i], "contec") == 0;
        bool polled = strcmp(names[i], "o2ring") == 0;

        assert_int_equal(ward_clip_is_streaming(&clip, 1), !waits && !polled);
        start(ward_vendor_by_name(names[i]), &clip, 1, buffer);
        assert_int_equal(ward_clip_is_streaming(&clip, 1), !polled);
        ward_clip_begin(&clip); /* a new connection asks anew */
        assert_int_equal(ward_clip_is_streaming(&clip, 1), !waits && !polled);
    }
}

static void masimo_tells_what_it_is_and_refuses_what_is_broken(void **state)
{
    static const uint8_t who[] = {0x77, 0x02, 0x01, 0x07}, broken[] = {0x77, 0x02, 0x01, 0x08},
                         short_one[] = {0x77, 0x02, 0x01};
    struct ward_clip clip = clip_named("masimo");
    const struct ward_vendor_driver *driver = ward_vendor_by_name("masimo");
    struct ward_decoded decoded;
    uint8_t buffer[WARD_CLIP_OCTETS_MAX];
    size_t length = ward_clip_write(&clip, who, sizeof(who), 0, buffer);

    (void)state;
    assert_int_equal(length, 22);
    ward_vendor_decode(driver, buffer, length, &decoded);
    assert_int_equal(decoded.outcome, WARD_DECODE_OK);
    assert_memory_equal(decoded.detail.text.octets, "device-information", decoded.detail.text.length);
    length = ward_clip_write(&clip, broken, sizeof(broken), 0, buffer);
    ward_vendor_decode(driver, buffer, length, &decoded);
    assert_memory_equal(decoded.detail.text.octets, "refused", decoded.detail.text.length);
    length = ward_clip_write(&clip, short_one, sizeof(short_one), 0, buffer);
    ward_vendor_decode(driver, buffer, length, &decoded);
    assert_memory_equal(decoded.detail.text.octets, "refused", decoded.detail.text.length);
    assert_false(ward_clip_is_streaming(&clip, 0));
}

static void o2ring_answers_a_poll_with_its_last_measurement(void **state)
{
    struct ward_clip clip = clip_named("o2ring");
    const struct ward_vendor_driver *driver = ward_vendor_by_name("o2ring");
    struct ward_sample sample = sample_of(93, 77);
    struct ward_decoded decoded;
    uint8_t buffer[WARD_CLIP_OCTETS_MAX], frame[WARD_CLIP_OCTETS_MAX], poll[8];
    size_t length = start(driver, &clip, 0, buffer);

    (void)state;
    ward_vendor_decode(driver, buffer, length, &decoded); /* nothing was measured yet */
    assert_int_equal(decoded.outcome, WARD_DECODE_OK);
    assert_false(decoded.is_measurement);
    length = ward_clip_encode(&clip, &sample, frame, sizeof(frame));
    ward_clip_measured(&clip, frame, length);
    length = start(driver, &clip, 0, buffer);
    ward_vendor_decode(driver, buffer, length, &decoded);
    assert_number(&decoded, WARD_SPO2, 93, 0);
    memcpy(poll, driver->again.octets, sizeof(poll));
    poll[7] ^= 1; /* a wrong checksum is not answered */
    assert_int_equal(ward_clip_write(&clip, poll, sizeof(poll), 0, buffer), 0);
}

static void contec_stops_when_nobody_keeps_it_alive(void **state)
{
    static const uint8_t wrong[] = {0x9A, 0x1B};
    struct ward_clip clip = clip_named("contec");
    const struct ward_vendor_driver *driver = ward_vendor_by_name("contec");
    struct ward_decoded decoded;
    uint8_t buffer[WARD_CLIP_OCTETS_MAX];
    uint64_t interval_us = driver->again_interval_ms * UINT64_C(1000), now_us = 0;

    (void)state;
    start(driver, &clip, now_us, buffer);
    for (int i = 0; i < 10; i++) {
        now_us += interval_us;
        assert_true(ward_clip_is_streaming(&clip, now_us));
        assert_int_equal(ward_clip_end(&clip, now_us, buffer), 0);
        ward_clip_write(&clip, driver->again.octets, driver->again.length, now_us, buffer);
    }
    ward_clip_write(&clip, wrong, sizeof(wrong), now_us + interval_us, buffer);
    now_us += 2 * interval_us;
    assert_false(ward_clip_is_streaming(&clip, now_us));
    assert_int_equal(ward_clip_end(&clip, now_us, buffer), 3);
    ward_vendor_decode(driver, buffer, 3, &decoded);
    assert_memory_equal(decoded.detail.text.octets, "end", 3);
    assert_int_equal(ward_clip_end(&clip, now_us, buffer), 0); /* once */
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(what_is_sent_is_understood),
        cmocka_unit_test(no_value_is_no_number),
        cmocka_unit_test(no_finger_is_contact_lost),
        cmocka_unit_test(perfusion_has_the_resolution_of_each),
        cmocka_unit_test(what_does_not_fit_is_refused),
        cmocka_unit_test(uuids_and_the_bond_are_those_of_the_drivers),
        cmocka_unit_test(what_the_drivers_write_starts_the_stream),
        cmocka_unit_test(masimo_tells_what_it_is_and_refuses_what_is_broken),
        cmocka_unit_test(o2ring_answers_a_poll_with_its_last_measurement),
        cmocka_unit_test(contec_stops_when_nobody_keeps_it_alive),
    };

    return cmocka_run_group_tests(tests, NULL, NULL);
}
