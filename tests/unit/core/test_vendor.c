/* SPDX-License-Identifier: Apache-2.0 */
/*
 * The drivers' table, and frames in streams: split, joined, corrupted, with garbage between, and more than a buffer
 * holds. What the single frames say is in tests/vectors/vendor-NAME.
 */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdlib.h>
#include <string.h>

#include <cmocka.h>

#include "core/validate.h"
#include "core/vendor.h"

#define ALL(array) (array), sizeof(array)

/* One measurement of each driver with SpO2 97 and pulse 72, and another with 84 and 130; a checksum is left at 0. */
struct sample {
    const char *driver;
    size_t length;
    uint8_t good[24];
    uint8_t worse[24];
};

static const struct sample samples[] = {
    {"nonin", 10, {10, 0x54, 30, 0, 250, 0, 7, 97, 0, 72}, {10, 0x54, 30, 0, 250, 0, 8, 84, 0, 130}},
    {"masimo",
     19,
     {0x77, 17, 5, 0, 0, 0, 0, 0, 97, 0, 72, 0, 22, 0, 0x58, 2, 0, 14, 0},
     {0x77, 17, 5, 0, 0, 0, 0, 0, 84, 0, 130, 0, 22, 0, 0x58, 2, 0, 14, 0}},
    {"o2ring",
     21,
     {0x55, 0, 0xFF, 0, 0, 13, 0, 97, 72, 0, 0, 0, 0, 0, 85, 0, 3, 25, 1, 0, 0},
     {0x55, 0, 0xFF, 0, 0, 13, 0, 84, 130, 0, 0, 0, 0, 0, 85, 0, 3, 25, 1, 0, 0}},
    {"pc60fw",
     12,
     {0xAA, 0x55, 0x0F, 8, 1, 97, 72, 0, 80, 0, 0xC0, 0},
     {0xAA, 0x55, 0x0F, 8, 1, 84, 130, 0, 80, 0, 0xC0, 0}},
    {"jumper", 4, {0x81, 72, 97, 20}, {0x81, 130, 84, 20}},
    {"berrymed", 5, {0x86, 64, 3, 72, 97}, {0x86, 64, 0x43, 2, 84}},
    {"contec", 8, {0xEB, 1, 4, 72, 97, 0x7F, 0, 0}, {0xEB, 1, 6, 2, 84, 0x7F, 0, 0}},
};

#define SAMPLE_COUNT (sizeof(samples) / sizeof(samples[0]))

/*
 * Sets the last octet to what makes the frame a whole one, so that the samples above need no checksum. That it is the
 * right one is shown by the vectors.
 */
static void seal(const char *name, uint8_t *frame, size_t length)
{
    const struct ward_vendor_driver *driver = ward_vendor_by_name(name);
    const uint8_t last = frame[length - 1];
    size_t found_length;

    assert_non_null(driver);
    for (unsigned i = 0; i < 256; i++) {
        frame[length - 1] = (uint8_t)(last + i);
        if (driver->find(frame, length, &found_length) == WARD_VENDOR_FRAME)
            return;
    }
    fail_msg("no last octet makes a frame of %s", name);
}

static struct sample sealed(size_t index)
{
    struct sample sample = samples[index];

    seal(sample.driver, sample.good, sample.length);
    seal(sample.driver, sample.worse, sample.length);
    return sample;
}

/* What a test heard. */
struct heard {
    struct ward_vendor_stream stream;
    unsigned measurements, refused, others;
    int64_t spo2[64];
    uint8_t outcome; /* of the frame refused last */
};

static void listen(struct heard *heard, const char *driver)
{
    *heard = (struct heard){0};
    assert_non_null(ward_vendor_by_name(driver));
    ward_vendor_init(&heard->stream, ward_vendor_by_name(driver));
}

/* The notification lies in an allocation of its exact length, so that a sanitizer sees a read past its end. */
static void notify(struct heard *heard, const uint8_t *octets, size_t length)
{
    uint8_t *copy = malloc(length + (length == 0));
    struct ward_vendor_chunk chunk = {copy, length};
    struct ward_vendor_frame frame;

    if (length > 0)
        memcpy(copy, octets, length);
    while (ward_vendor_next(&heard->stream, &chunk, &frame)) {
        assert_true(frame.length > 0 && frame.length <= WARD_VENDOR_FRAME_MAX);
        ward_validate(&frame.decoded);
        if (frame.decoded.outcome != WARD_DECODE_OK) {
            heard->outcome = frame.decoded.outcome;
            heard->refused++;
            assert_true(frame.decoded.is_measurement);
            assert_int_equal(frame.decoded.reasons, WARD_REASON_UNDECODABLE);
        } else if (frame.decoded.is_measurement) {
            assert_int_equal(frame.decoded.values[0].quantity, WARD_SPO2);
            heard->spo2[heard->measurements++ % 64] = frame.decoded.values[0].number.mantissa;
        } else {
            heard->others++;
        }
    }
    assert_int_equal(chunk.length, 0);
    free(copy);
}

/* --- the table ------------------------------------------------------------------------------------------------- */

static bool is_uuid(const char *text)
{
    return strlen(text) == 36 && text[8] == '-' && text[13] == '-' && text[18] == '-' && text[23] == '-' &&
           strspn(text, "0123456789abcdef-") == 36;
}

static void rows_are_whole(void **state)
{
    size_t count;
    const struct ward_vendor_driver *const *drivers = ward_vendor_drivers(&count);

    (void)state;
    assert_int_equal(count, SAMPLE_COUNT);
    for (size_t i = 0; i < count; i++) {
        const struct ward_vendor_driver *driver = drivers[i];

        assert_int_equal(driver->number, WARD_VENDOR_FIRST + i);
        assert_true(driver->number <= WARD_VENDOR_LAST);
        assert_true(is_uuid(driver->service) && is_uuid(driver->notify));
        assert_true(driver->write == NULL || is_uuid(driver->write));
        assert_true(driver->write != NULL || (driver->start_count == 0 && driver->again_interval_ms == 0));
        assert_true(driver->start_count == 0 || driver->start != NULL);
        for (size_t j = 0; j < driver->start_count; j++)
            assert_in_range(driver->start[j].length, 1, WARD_VENDOR_WRITE_MAX);
        assert_int_equal(driver->again.length > 0, driver->again_interval_ms > 0);
        assert_true(driver->label[0] != '\0');
        assert_ptr_equal(ward_vendor_by_name(driver->name), driver);
        assert_ptr_equal(ward_vendor_by_number(driver->number), driver);
        assert_ptr_equal(ward_vendor_by_notify(driver->notify), driver);
        for (size_t j = 0; j < WARD_VENDOR_ALIASES_MAX; j++)
            assert_true(driver->aliases[j] == NULL || ward_vendor_by_name(driver->aliases[j]) == driver);
        assert_true(ward_decode_is_known(driver->number) && ward_decode_is_measurement(driver->number));
    }
    assert_null(ward_vendor_by_name("polar"));
    assert_null(ward_vendor_by_name(""));
    assert_null(ward_vendor_by_number(0));
    assert_null(ward_vendor_by_number(WARD_VENDOR_LAST));
    assert_ptr_equal(ward_vendor_by_name("NONIN"), ward_vendor_by_name("nonin"));
}

static void writes_are_what_the_devices_expect(void **state)
{
    static const uint8_t read_sensors[] = {0xAA, 0x17, 0xE8, 0, 0, 0, 0, 0x1B};
    static const uint8_t configure[] = {0x77, 0x05, 0x03, 0x1F, 0x00, 0x03, 0xD6};
    const struct ward_vendor_driver *masimo = ward_vendor_by_name("masimo");
    const struct ward_vendor_driver *o2ring = ward_vendor_by_name("o2ring");

    (void)state;
    assert_memory_equal(o2ring->again.octets, read_sensors, sizeof(read_sensors));
    assert_int_equal(masimo->start_count, 2);
    assert_int_equal(masimo->start[1].length, sizeof(configure));
    assert_memory_equal(masimo->start[1].octets, configure, sizeof(configure));
}

/* What the pipeline makes of a frame: the number stands where a characteristic stands. */
static void a_frame_becomes_a_reading(void **state)
{
    (void)state;
    for (size_t i = 0; i < SAMPLE_COUNT; i++) {
        const struct sample sample = sealed(i);
        const struct ward_vendor_driver *driver = ward_vendor_by_name(sample.driver);
        struct ward_reading reading = {.seq = 3};
        struct ward_decoded decoded;

        ward_decode(driver->number, sample.worse, sample.length, &decoded);
        ward_validate(&decoded);
        ward_decoded_fill_reading(&decoded, sample.worse, sample.length, &reading);
        assert_int_equal(reading.characteristic, driver->number);
        assert_int_equal(reading.quality, WARD_VALID);
        assert_int_equal(reading.kind, WARD_READING_CONTINUOUS);
        assert_int_equal(reading.values[0].number.mantissa, 84);
        assert_int_equal(reading.values[1].quantity, WARD_PULSE_RATE);
        assert_int_equal(reading.values[1].number.mantissa, 130);
        assert_int_equal(reading.raw_length, sample.length);
        assert_memory_equal(reading.raw, sample.worse, sample.length);
    }
}

/* --- streams ---------------------------------------------------------------------------------------------------- */

static void every_cut(void **state)
{
    (void)state;
    for (size_t i = 0; i < SAMPLE_COUNT; i++) {
        const struct sample sample = sealed(i);
        struct heard heard;

        for (size_t cut = 1; cut < sample.length; cut++) {
            listen(&heard, sample.driver);
            notify(&heard, sample.good, cut);
            if (heard.stream.driver->is_datagram) {
                assert_int_equal(heard.refused, 1);
                assert_int_equal(heard.outcome, WARD_DECODE_TRUNCATED);
                continue;
            }
            assert_int_equal(heard.measurements + heard.refused, 0);
            notify(&heard, sample.good + cut, sample.length - cut);
            assert_int_equal(heard.measurements, 1);
            assert_int_equal(heard.spo2[0], 97);
            assert_int_equal(heard.stream.skipped_octets, 0);
        }
    }
}

/* Without a checksum two halves of two measurements would be believed: they must never meet. */
static void halves_of_two_measurements_never_meet(void **state)
{
    (void)state;
    for (size_t i = 0; i < SAMPLE_COUNT; i++) {
        const struct sample sample = sealed(i);
        struct heard heard;

        for (size_t cut = 1; cut < sample.length; cut++) {
            listen(&heard, sample.driver);
            if (!heard.stream.driver->is_datagram)
                continue;
            notify(&heard, sample.good, cut);
            notify(&heard, sample.worse + cut, sample.length - cut);
            assert_int_equal(heard.measurements, 0);
            notify(&heard, sample.worse, sample.length);
            assert_int_equal(heard.measurements, 1);
            assert_int_equal(heard.spo2[0], 84);
        }
    }
}

static void one_octet_at_a_time(void **state)
{
    (void)state;
    for (size_t i = 0; i < SAMPLE_COUNT; i++) {
        const struct sample sample = sealed(i);
        struct heard heard;

        listen(&heard, sample.driver);
        if (heard.stream.driver->is_datagram)
            continue;
        for (unsigned round = 0; round < 5; round++)
            for (size_t j = 0; j < sample.length; j++)
                notify(&heard, (round % 2 == 0 ? sample.good : sample.worse) + j, 1);
        assert_int_equal(heard.measurements, 5);
        assert_int_equal(heard.spo2[3], 84);
        assert_int_equal(heard.spo2[4], 97);
    }
}

/* 20 frames in one notification are more octets than the buffer of a stream has. */
static void joined(void **state)
{
    uint8_t notification[20 * sizeof(samples[0].good)];

    (void)state;
    for (size_t i = 0; i < SAMPLE_COUNT; i++) {
        const struct sample sample = sealed(i);
        struct heard heard;

        for (unsigned j = 0; j < 20; j++)
            memcpy(notification + j * sample.length, j % 2 == 0 ? sample.good : sample.worse, sample.length);
        listen(&heard, sample.driver);
        notify(&heard, notification, 20 * sample.length);
        assert_int_equal(heard.measurements, 20);
        assert_int_equal(heard.spo2[0], 97);
        assert_int_equal(heard.spo2[19], 84);
        assert_int_equal(heard.refused + heard.stream.skipped_octets, 0);
    }
}

static void garbage_between(void **state)
{
    static const uint8_t garbage[] = {0x00, 0x13, 0x37, 0x42, 0x01};
    uint8_t notification[64];

    (void)state;
    for (size_t i = 0; i < SAMPLE_COUNT; i++) {
        const struct sample sample = sealed(i);
        struct heard heard;

        listen(&heard, sample.driver);
        notify(&heard, ALL(garbage));
        notify(&heard, sample.good, sample.length);
        notify(&heard, ALL(garbage));
        assert_int_equal(heard.measurements, 1);
        assert_int_equal(heard.stream.skipped_octets, 2 * sizeof(garbage));
        memcpy(notification, garbage, sizeof(garbage));
        memcpy(notification + sizeof(garbage), sample.worse, sample.length);
        notify(&heard, notification, sizeof(garbage) + sample.length);
        assert_int_equal(heard.measurements, heard.stream.driver->is_datagram ? 1 : 2);
    }
}

/* Any single bit wrong in a frame with a checksum: no value of it is believed, and the next frame is. */
static void every_flipped_bit(void **state)
{
    (void)state;
    for (size_t i = 0; i < SAMPLE_COUNT; i++) {
        const struct sample sample = sealed(i);
        struct heard heard;

        if (strcmp(sample.driver, "masimo") != 0 && strcmp(sample.driver, "o2ring") != 0 &&
            strcmp(sample.driver, "pc60fw") != 0 && strcmp(sample.driver, "contec") != 0)
            continue;
        for (size_t bit = 0; bit < 8 * sample.length; bit++) {
            struct sample flipped = sample;

            flipped.good[bit / 8] ^= (uint8_t)(1u << bit % 8);
            /* A sum modulo 128 does not see bit 7 change; in Contec's frames it is never set. */
            if (strcmp(sample.driver, "contec") == 0 && bit % 8 == 7)
                continue;
            listen(&heard, sample.driver);
            notify(&heard, flipped.good, flipped.length);
            assert_int_equal(heard.measurements, 0);
            /* The longest that a wrong length can make it wait, and then a few frames to find its feet. */
            for (unsigned j = 0; j < 10; j++)
                notify(&heard, sample.worse, sample.length);
            assert_in_range(heard.measurements, 6, 10);
            for (unsigned j = 0; j < heard.measurements; j++)
                assert_int_equal(heard.spo2[j], 84);
        }
    }
}

/* The first octet of a frame and no more, then a whole one. */
static void a_frame_behind_a_false_start(void **state)
{
    (void)state;
    for (size_t i = 0; i < SAMPLE_COUNT; i++) {
        const struct sample sample = sealed(i);
        struct heard heard;

        listen(&heard, sample.driver);
        notify(&heard, sample.good, 1);
        for (unsigned j = 0; j < 10; j++)
            notify(&heard, j % 2 == 0 ? sample.good : sample.worse, sample.length);
        assert_in_range(heard.measurements, 6, 10);
        assert_int_equal(heard.spo2[heard.measurements - 1], 84);
    }
}

static void a_wrong_checksum_is_told(void **state)
{
    (void)state;
    for (size_t i = 0; i < SAMPLE_COUNT; i++) {
        struct sample sample = sealed(i);
        struct heard heard;

        if (strcmp(sample.driver, "masimo") != 0 && strcmp(sample.driver, "o2ring") != 0 &&
            strcmp(sample.driver, "pc60fw") != 0 && strcmp(sample.driver, "contec") != 0)
            continue;
        sample.good[sample.length - 1] ^= 1;
        listen(&heard, sample.driver);
        notify(&heard, sample.good, sample.length);
        notify(&heard, sample.worse, sample.length);
        assert_int_equal(heard.refused, 1);
        assert_int_equal(heard.outcome, WARD_DECODE_INVALID);
        assert_int_equal(heard.measurements, 1);
        assert_int_equal(heard.spo2[0], 84);
    }
}

/* A waveform holds any octets: what looks like values inside it is none. */
static void a_jumper_waveform_is_not_searched(void **state)
{
    static const uint8_t waveform[] = {0x80, 0x10, 0x81, 0x48, 0x61, 0x14, 0x81, 0x48, 0x61, 0x14};
    struct heard heard;

    (void)state;
    listen(&heard, "jumper");
    notify(&heard, ALL(waveform));
    assert_int_equal(heard.measurements, 0);
    assert_int_equal(heard.stream.skipped_octets, sizeof(waveform));
}

static void a_masimo_waveform_with_its_own_start_inside(void **state)
{
    uint8_t waveform[] = {0x77, 0x08, 0x04, 0x01, 0x77, 0x05, 0x10, 0x11, 0x12, 0};
    const struct sample sample = sealed(1);
    struct heard heard;

    (void)state;
    seal("masimo", waveform, sizeof(waveform));
    listen(&heard, "masimo");
    notify(&heard, waveform, 6);
    notify(&heard, waveform + 6, sizeof(waveform) - 6);
    notify(&heard, sample.good, sample.length);
    assert_int_equal(heard.others, 1);
    assert_int_equal(heard.measurements, 1);
    assert_int_equal(heard.refused + heard.stream.skipped_octets, 0);
}

/* --- repetition ------------------------------------------------------------------------------------------------- */

static void the_same_measurement_is_told_once_a_second(void **state)
{
    const struct sample sample = sealed(5);
    struct heard heard;

    (void)state;
    listen(&heard, "berrymed");
    for (unsigned i = 0; i < 300; i++)
        notify(&heard, sample.good, sample.length);
    assert_int_equal(heard.measurements, 3);
    assert_int_equal(heard.stream.repeated, 297);
}

static void a_change_is_told_at_once(void **state)
{
    static const uint8_t no_finger[] = {0x86, 64, 0x13, 72, 97};
    static const uint8_t searching[] = {0x86, 64, 0x23, 72, 97};
    static const uint8_t no_value[] = {0x86, 64, 0x03, 72, 127};
    const struct sample sample = sealed(5);
    struct heard heard;

    (void)state;
    listen(&heard, "berrymed");
    notify(&heard, sample.good, sample.length);
    notify(&heard, sample.good, sample.length);
    assert_int_equal(heard.measurements, 1);
    notify(&heard, sample.worse, sample.length);
    assert_int_equal(heard.measurements, 2);
    notify(&heard, sample.good, sample.length);
    assert_int_equal(heard.measurements, 3);
    notify(&heard, ALL(no_finger));
    assert_int_equal(heard.measurements, 4);
    notify(&heard, ALL(searching));
    assert_int_equal(heard.measurements, 5);
    notify(&heard, ALL(no_value));
    assert_int_equal(heard.measurements, 6);
    notify(&heard, ALL(no_value));
    assert_int_equal(heard.measurements, 6);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(rows_are_whole),
        cmocka_unit_test(writes_are_what_the_devices_expect),
        cmocka_unit_test(a_frame_becomes_a_reading),
        cmocka_unit_test(every_cut),
        cmocka_unit_test(halves_of_two_measurements_never_meet),
        cmocka_unit_test(one_octet_at_a_time),
        cmocka_unit_test(joined),
        cmocka_unit_test(garbage_between),
        cmocka_unit_test(every_flipped_bit),
        cmocka_unit_test(a_frame_behind_a_false_start),
        cmocka_unit_test(a_wrong_checksum_is_told),
        cmocka_unit_test(a_jumper_waveform_is_not_searched),
        cmocka_unit_test(a_masimo_waveform_with_its_own_start_inside),
        cmocka_unit_test(the_same_measurement_is_told_once_a_second),
        cmocka_unit_test(a_change_is_told_at_once),
    };

    return cmocka_run_group_tests(tests, NULL, NULL);
}
