/* SPDX-License-Identifier: Apache-2.0 */
/* Replays tests/vectors (see its README.md): each frame through the decoder, compared with what it must say. */
#include <glob.h>
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include <cmocka.h>
#include <jansson.h>

#include "core/decode_json.h"
#include "core/decode_quirk.h"
#include "core/model.h"
#include "core/validate.h"
#include "core/vendor.h"

struct vector {
    const char *clause;
    uint16_t characteristic;
    uint32_t quirks;
    uint8_t octets[WARD_GATT_VALUE_MAX];
    size_t length;
};

/* "2A5F", or "vendor:nonin"; returns what follows it. */
static char *parse_source(char *line, struct vector *vector)
{
    char name[16];
    char *end;

    if (sscanf(line, "vendor:%15[a-z0-9]", name) == 1) {
        assert_non_null(ward_vendor_by_name(name));
        vector->characteristic = ward_vendor_by_name(name)->number;
        return line + strcspn(line, " \n");
    }
    vector->characteristic = (uint16_t)strtoul(line, &end, 16);
    return end;
}

/* Takes " model beurer-bm85" off the end of a frame. */
static uint32_t parse_model(char *line)
{
    char *const words = strstr(line, " model ");
    char id[64];

    if (words == NULL)
        return 0;
    assert_int_equal(sscanf(words, " model %63[a-z0-9-]", id), 1);
    assert_non_null(ward_model_by_id(id));
    *words = '\0';
    return ward_model_by_id(id)->quirks;
}

/* "2A5F 00 6200 4800" */
static void parse_frame(char *line, struct vector *vector)
{
    char *next;
    char *end = parse_source(line, vector);

    vector->quirks = parse_model(line);

    vector->length = 0;
    for (next = end; *next != '\0' && *next != '\n';) {
        char digits[3] = {0};

        if (*next == ' ') {
            next++;
            continue;
        }
        memcpy(digits, next, 2);
        vector->octets[vector->length++] = (uint8_t)strtoul(digits, &end, 16);
        assert_ptr_equal(end, digits + 2);
        next += 2;
    }
}

/* The octets are copied to an allocation of their exact length, so that a sanitizer sees a read past their end. */
static void check(const struct vector *vector, const char *expected_text)
{
    uint8_t *octets = malloc(vector->length + (vector->length == 0));
    struct ward_decoded decoded;
    struct ward_json json;
    char text[8192];

    memcpy(octets, vector->octets, vector->length);
    memset(&decoded, 0xA5, sizeof(decoded));
    ward_decode_as(vector->quirks, vector->characteristic, octets, vector->length, &decoded);
    ward_validate(&decoded);
    ward_json_init(&json, text, sizeof(text), WARD_JSON_PRINTED);
    ward_decoded_write_json(&decoded, &json);
    assert_int_equal(ward_json_finish(&json, NULL), WARD_JSON_OK);

    json_t *expected = json_loads(expected_text, JSON_REJECT_DUPLICATES, NULL);
    json_t *actual = json_loads(text, JSON_REJECT_DUPLICATES, NULL);

    assert_non_null(expected);
    assert_non_null(actual);
    if (!json_equal(expected, actual))
        fail_msg("%s\n  expected %s  got      %s", vector->clause, expected_text, text);
    json_decref(expected);
    json_decref(actual);
    free(octets);
}

static unsigned replay_file(const char *path)
{
    char clause[4400] = "";
    char line[4096];
    struct vector vector = {.clause = clause};
    bool have_frame = false;
    unsigned count = 0;
    FILE *file = fopen(path, "r");

    assert_non_null(file);
    while (fgets(line, sizeof(line), file) != NULL) {
        if (line[0] == '#') {
            snprintf(clause, sizeof(clause), "%s: %s", path, line + 2);
        } else if (line[0] == '{') {
            assert_true(have_frame);
            check(&vector, line);
            have_frame = false;
            count++;
        } else if (line[0] != '\n') {
            parse_frame(line, &vector);
            have_frame = true;
        }
    }
    fclose(file);
    assert_false(have_frame);
    return count;
}

static void every_vector(void **state)
{
    glob_t files;

    (void)state;
    assert_int_equal(glob("vectors/*/*.vec", 0, NULL, &files), 0);
    for (size_t i = 0; i < files.gl_pathc; i++)
        assert_true(replay_file(files.gl_pathv[i]) > 0);
    globfree(&files);
}

/* Whatever prefix of a good frame arrives, it is decoded or refused, and a refused one leaves nothing behind. */
static void every_prefix(void **state)
{
    static const uint8_t frame[] = {0x1F, 0x62, 0, 0x48, 0, 0x61, 0, 0x49, 0,    0x60,
                                    0,    0x47, 0, 0,    1, 0,    0, 0,    0x19, 0xF0};
    struct ward_decoded decoded;
    struct ward_reading reading = {.seq = 7, .value_count = 3};

    (void)state;
    for (size_t length = 0; length < sizeof(frame); length++) {
        uint8_t *octets = malloc(length + (length == 0));

        memcpy(octets, frame, length);
        ward_decode(WARD_CHAR_PLX_CONTINUOUS_MEASUREMENT, octets, length, &decoded);
        assert_int_equal(decoded.outcome, WARD_DECODE_TRUNCATED);
        assert_int_equal(decoded.value_count, 0);
        assert_int_equal(decoded.quality, WARD_INVALID);
        assert_true(decoded.error[0] != '\0');
        ward_validate(&decoded);
        ward_decoded_fill_reading(&decoded, octets, length, &reading);
        assert_int_equal(reading.seq, 7);
        assert_int_equal(reading.value_count, 0);
        assert_int_equal(reading.quality, WARD_INVALID);
        assert_int_equal(reading.reasons, WARD_REASON_UNDECODABLE);
        assert_int_equal(reading.raw_length, length);
        assert_memory_equal(reading.raw, frame, length);
        free(octets);
    }
}

static void longer_than_a_value_can_be(void **state)
{
    static const uint8_t frame[WARD_GATT_VALUE_MAX + 1] = {0x10, 0x48};
    struct ward_decoded decoded;

    (void)state;
    ward_decode(WARD_CHAR_HEART_RATE_MEASUREMENT, frame, sizeof(frame), &decoded);
    assert_int_equal(decoded.outcome, WARD_DECODE_INVALID);
    assert_int_equal(decoded.value_count, 0);
    ward_decode(WARD_CHAR_HEART_RATE_MEASUREMENT, frame, sizeof(frame) - 1, &decoded);
    assert_int_equal(decoded.outcome, WARD_DECODE_OK);
    assert_int_equal(decoded.rr_count, WARD_RR_MAX);
    assert_int_equal(decoded.trailing_octets, 0);
    /* One of a vendor's is a measurement that did not come. */
    ward_decode(WARD_VENDOR_NONIN, frame, sizeof(frame), &decoded);
    assert_int_equal(decoded.outcome, WARD_DECODE_INVALID);
    assert_true(decoded.is_measurement);
    assert_int_equal(decoded.kind, WARD_READING_CONTINUOUS);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(every_vector),
        cmocka_unit_test(every_prefix),
        cmocka_unit_test(longer_than_a_value_can_be),
    };

    return cmocka_run_group_tests(tests, NULL, NULL);
}
