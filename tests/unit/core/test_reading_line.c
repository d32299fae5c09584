/* SPDX-License-Identifier: Apache-2.0 */
/*
 * The quick reader against the JSON library: where it takes a line it must have read the same, and what is not plain it
 * must leave alone.
 */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include <cmocka.h>
#include <jansson.h>

#include "core/decimal.h"
#include "core/reading_json.h"
#include "core/reading_line.h"

#define PLAIN                                                                                                \
    "{\"measured_at\":\"2026-11-22T09:00:00.000Z\",\"patient\":\"p-1\",\"values\":[{\"quantity\":\"spo2\",\"value\":96}]}"

/* Of all lines that a test has given so far: whatever was learnt from them, the next is read as it stands. */
static struct ward_reading_line_order learnt;

/* From a copy of exactly that length, so that reading past its end is seen. */
static bool parse(const char *text, size_t length, struct ward_reading_line *ret)
{
    char *copy = malloc(length > 0 ? length : 1);
    bool taken;

    assert_non_null(copy);
    memcpy(copy, text, length);
    taken = ward_reading_line_parse(copy, length, &learnt, ret);
    free(copy);
    return taken;
}

static void assert_same(const struct ward_reading *quick, const struct ward_reading *slow)
{
    assert_int_equal(quick->seq, slow->seq);
    assert_string_equal(quick->patient.text, slow->patient.text);
    assert_string_equal(quick->episode.text, slow->episode.text);
    assert_string_equal(quick->device.text, slow->device.text);
    assert_int_equal(quick->measured_at_ms, slow->measured_at_ms);
    assert_int_equal(quick->received_at_ms, slow->received_at_ms);
    assert_int_equal(quick->reasons, slow->reasons);
    assert_int_equal(quick->kind, slow->kind);
    assert_int_equal(quick->quality, slow->quality);
    assert_int_equal(quick->late, slow->late);
    assert_int_equal(quick->value_count, slow->value_count);
    for (size_t i = 0; i < quick->value_count; i++) {
        int order = 1;

        assert_int_equal(quick->values[i].quantity, slow->values[i].quantity);
        assert_true(ward_decimal_compare(&quick->values[i].number, &slow->values[i].number, &order));
        assert_int_equal(order, 0);
    }
}

/* Returns whether the quick reader took it; then the JSON library has read the same. */
static bool takes(const char *text, size_t length)
{
    struct ward_reading_line quick;
    struct ward_reading slow;
    json_t *line;

    if (!parse(text, length, &quick)) {
        return false;
    }
    line = json_loadb(text, length, JSON_REJECT_DUPLICATES, NULL);
    assert_non_null(line);
    assert_null(ward_reading_from_json(line, &slow));
    assert_same(&quick.reading, &slow);
    assert_int_equal(quick.has_late, json_is_boolean(json_object_get(line, "late")));
    json_decref(line);
    return true;
}

static bool takes_text(const char *text)
{
    return takes(text, strlen(text));
}

static void plain_lines_are_taken(void **state)
{
    static const char *const lines[] = {
        PLAIN,
        " { \"values\" : [ ] , \"received_at\" : null }\r\n",
        "{\"boot\":\"b-77\",\"chain\":\"00ff\",\"clock\":\"synced\",\"device\":\"d-91c2\",\"device_time\":null,"
        "\"episode\":\"s-01\",\"epoch\":\"e-5d01\",\"kind\":\"continuous\",\"late\":true,"
        "\"measured_at\":\"2026-11-22T09:00:00Z\",\"mono_us\":81230000,\"patient\":\"p-1\",\"quality\":"
        "\"questionable\",\"raw\":\"2a5f:0060\",\"reasons\":[\"poor-signal\",\"motion\"],\"received_at\":"
        "\"2026-11-22T09:00:01.5Z\",\"security\":\"bonded\",\"seq\":120,\"values\":[{\"loinc\":[\"2708-6\"],"
        "\"mdc\":150456,\"quantity\":\"spo2\",\"unit\":\"%\",\"value\":96},{\"mdc\":149546,\"quantity\":"
        "\"pulse_rate\",\"value\":72.50},{\"quantity\":\"body_temperature\",\"unit\":\"Cel\",\"value\":3.64e1}]}",
        "{\"late\":false,\"measured_at\":\"2026-11-22T09:00:00Z\",\"values\":[{\"quantity\":\"spo2\",\"value\":-0.0}]}",
    };

    (void)state;
    for (size_t i = 0; i < sizeof(lines) / sizeof(lines[0]); i++) {
        assert_true(takes_text(lines[i]));
    }
}

/* All of them are good or bad lines for the JSON library; none is for this reader. */
static void others_are_left_alone(void **state)
{
    static const char *const lines[] = {
        "",
        "{}",
        "[]",
        "{\"values\":[]}}",
        "{\"values\":[],}",
        "{\"values\":[{}]}",
        "{\"values\":[{\"quantity\":\"spo2\",\"value\":null,\"special\":\"nan\"}]}",
        "{\"values\":[{\"quantity\":\"spo2\",\"value\":NaN}]}",
        "{\"values\":[{\"quantity\":\"spo2\",\"value\":\"96\"}]}",
        "{\"values\":[{\"quantity\":\"spo2\",\"value\":096}]}",
        "{\"values\":[{\"quantity\":\"spo2\",\"value\":96,\"value\":97}]}",
        "{\"values\":[{\"quantity\":\"spo2\",\"value\":96,\"unit\":\"mmHg\"}]}",
        "{\"values\":[{\"quantity\":\"sp02\",\"value\":96}]}",
        "{\"values\":[{\"quantity\":\"oxygen\",\"value\":\"air\"}]}",
        "{\"values\":[],\"values\":[]}",
        "{\"values\":[],\"patient\":\"p\\u002d1\"}",
        "{\"values\":[],\"patient\":\"p\xc3\xa4\"}",
        "{\"values\":[],\"patient\":\"no id\"}",
        "{\"values\":[],\"patient\":7}",
        "{\"values\":[],\"kind\":\"void\"}",
        "{\"values\":[],\"kind\":\"sport\"}",
        "{\"values\":[],\"quality\":\"good\"}",
        "{\"values\":[],\"late\":1}",
        "{\"values\":[],\"seq\":-1}",
        "{\"values\":[],\"seq\":1.5}",
        "{\"values\":[],\"seq\":12345678901234567890}",
        "{\"values\":[],\"measured_at\":\"2026-11-22T09:00:00+00:00\"}",
        "{\"values\":[],\"reasons\":[\"tired\"]}",
        "{\"values\":[],\"derived_from\":[1,2]}",
        "{\"values\":[],\"unassigned\":true}",
        "{\"values\":[],\"note\":\"x\"}",
        "{\"values\":[],\"boot\":nothing}",
        "{\"values\":[],\"boot\":{}}",
        "{\"measured_at\":\"2026-11-22T09:00:00Z\"}",
    };

    (void)state;
    for (size_t i = 0; i < sizeof(lines) / sizeof(lines[0]); i++) {
        assert_false(takes_text(lines[i]));
    }
}

/* A member is found where the line before had it, where it had another, and where it had none any more. */
static void members_come_in_any_order(void **state)
{
    static const char *const members[] = {
        "\"patient\":\"p-1\"", "\"kind\":\"spot\"", "\"seq\":7",
        "\"values\":[{\"value\":96,\"quantity\":\"spo2\"},{\"quantity\":\"pulse_rate\",\"mdc\":149546,\"value\":72}]"};
    const size_t count = sizeof(members) / sizeof(members[0]);
    char line[1024];

    (void)state;
    for (size_t places = 0; places < count * count * count * count; places++) {
        size_t left = places, given = 0, length = 0;

        for (size_t i = 0; i < count; i++, left /= count) {
            given |= (size_t)1 << left % count;
            length += (size_t)snprintf(line + length, sizeof(line) - length, "%c%s", i == 0 ? '{' : ',',
                                       members[left % count]);
        }
        length += (size_t)snprintf(line + length, sizeof(line) - length, "}");
        assert_int_equal(takes(line, length), given == ((size_t)1 << count) - 1); /* none twice */
    }
}

static void half_a_line_is_no_line(void **state)
{
    (void)state;
    for (size_t length = 0; length < strlen(PLAIN); length++) {
        assert_false(takes(PLAIN, length));
    }
}

/* Every octet of a plain line changed to every other: what is still taken means the same to the JSON library. */
static void one_octet_makes_no_difference_to_the_library(void **state)
{
    char line[] = PLAIN;

    (void)state;
    for (size_t at = 0; at < strlen(PLAIN); at++) {
        for (int octet = 0; octet < 256; octet++) {
            line[at] = (char)octet;
            (void)takes(line, strlen(PLAIN));
        }
        line[at] = PLAIN[at];
    }
}

static void too_many_values_are_left_alone(void **state)
{
    char line[2048] = "{\"values\":[";

    (void)state;
    for (int i = 0; i < WARD_READING_VALUES_MAX; i++) {
        strcat(line, "{\"quantity\":\"spo2\",\"value\":96},");
    }
    line[strlen(line) - 1] = ']';
    strcat(line, "}");
    assert_true(takes_text(line));
    strcpy(strchr(line, ']'), ",{\"quantity\":\"spo2\",\"value\":96}]}");
    assert_false(takes_text(line));
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(plain_lines_are_taken),
        cmocka_unit_test(others_are_left_alone),
        cmocka_unit_test(members_come_in_any_order),
        cmocka_unit_test(half_a_line_is_no_line),
        cmocka_unit_test(one_octet_makes_no_difference_to_the_library),
        cmocka_unit_test(too_many_values_are_left_alone),
    };

    return cmocka_run_group_tests(tests, NULL, NULL);
}
