/* SPDX-License-Identifier: Apache-2.0 */
/* Expected texts are written from RFC 8259 §7, RFC 8785 §3.2 and ECMA-262 Number::toString. */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdio.h>
#include <string.h>

#include <cmocka.h>

#include "core/json.h"

static char buffer[512];

static void start(struct ward_json *json, enum ward_json_numbers numbers)
{
    memset(buffer, '#', sizeof(buffer));
    ward_json_init(json, buffer, sizeof(buffer), numbers);
}

static void expect(struct ward_json *json, const char *text)
{
    size_t length = 0;

    assert_int_equal(ward_json_finish(json, &length), WARD_JSON_OK);
    assert_string_equal(buffer, text);
    assert_int_equal(length, strlen(text));
}

static void structure_gets_its_commas(void **state)
{
    struct ward_json json;

    (void)state;
    start(&json, WARD_JSON_PRINTED);
    ward_json_object(&json);
    ward_json_key(&json, "a");
    ward_json_array(&json);
    ward_json_array_end(&json);
    ward_json_key(&json, "b");
    ward_json_array(&json);
    ward_json_int(&json, -1);
    ward_json_object(&json);
    ward_json_object_end(&json);
    ward_json_null(&json);
    ward_json_array_end(&json);
    ward_json_key(&json, "c");
    ward_json_bool(&json, true);
    ward_json_key(&json, "d");
    ward_json_raw(&json, "{\"x\":1}", 7);
    ward_json_member(&json, "e", "f");
    ward_json_member_if(&json, "g", "");
    ward_json_object_end(&json);
    expect(&json, "{\"a\":[],\"b\":[-1,{},null],\"c\":true,\"d\":{\"x\":1},\"e\":\"f\"}");
}

static void strings_have_the_fewest_escapes(void **state)
{
    struct ward_json json;

    (void)state;
    start(&json,
          WARD_JSON_CANONICAL); /* the example of RFC 8785 §3.2.2.2, and "/" and DEL that stay as they are */
    ward_json_string_n(&json, "\xE2\x82\xAC$\x0F\nA'B\"\\\\\"/\x7F", 15);
    expect(&json, "\"\xE2\x82\xAC$\\u000f\\nA'B\\\"\\\\\\\\\\\"/\x7F\"");

    start(&json, WARD_JSON_PRINTED);
    ward_json_string_n(&json, "\0\b\t\v\f\r\x1f", 7);
    expect(&json, "\"\\u0000\\b\\t\\u000b\\f\\r\\u001f\"");
}

/* Wherever it stands, since most octets are looked at several at a time: what it becomes alone. */
static void an_octet_is_the_same_at_every_place(void **state)
{
    char text[20], alone[16], wanted[64];
    struct ward_json json;
    size_t length;

    (void)state;
    for (unsigned octet = 0; octet < 0x100; octet++) {
        const char one = (char)octet;

        start(&json, WARD_JSON_CANONICAL);
        ward_json_string_n(&json, &one, 1);
        assert_int_equal(ward_json_finish(&json, &length), WARD_JSON_OK);
        assert_true(length <= sizeof(alone));
        memcpy(alone, json.buffer, length);
        for (size_t place = 0; place < sizeof(text); place++) {
            memset(text, ' ', sizeof(text)); /* the least that stands for itself */
            text[place] = one;
            snprintf(wanted, sizeof(wanted), "\"%*s%.*s%*s\"", (int)place, "", (int)length - 2, alone + 1,
                     (int)(sizeof(text) - 1 - place), "");
            start(&json, WARD_JSON_CANONICAL);
            ward_json_string_n(&json, text, sizeof(text));
            expect(&json, wanted);
        }
    }
}

static void no_string_is_null(void **state)
{
    struct ward_json json;

    (void)state;
    start(&json, WARD_JSON_PRINTED);
    ward_json_string(&json, NULL);
    expect(&json, "null");
}

static void malformed_utf8_is_replaced(void **state)
{
    static const char *const bad[] = {
        "\xC0\xAF",         "\xE0\x80\x80",     "\xED\xA0\x80",
        "\xF0\x80\x80\x80", "\xF4\x90\x80\x80", "\xF5\x80\x80\x80",
    };
    struct ward_json json;

    (void)state;
    for (size_t i = 0; i < sizeof(bad) / sizeof(bad[0]); i++) {
        char wanted[32] = "\"";
        for (size_t k = 0; k < strlen(bad[i]); k++) {
            strcat(wanted, "\xEF\xBF\xBD");
        }
        start(&json, WARD_JSON_PRINTED);
        ward_json_string(&json, bad[i]);
        expect(&json, strcat(wanted, "\""));
    }
    start(&json, WARD_JSON_PRINTED); /* cut short by the end of the text */
    ward_json_string_n(&json, "a\xE2\x82\xAC", 3);
    expect(&json, "\"a\xEF\xBF\xBD\xEF\xBF\xBD\"");
}

static void text_of_decimal(struct ward_decimal value, const char *printed, const char *canonical)
{
    struct ward_json json;

    start(&json, WARD_JSON_PRINTED);
    ward_json_decimal(&json, value);
    expect(&json, printed);
    start(&json, WARD_JSON_CANONICAL);
    ward_json_decimal(&json, value);
    expect(&json, canonical);
}

#define DECIMAL(m, e)                                                                                        \
    (struct ward_decimal)                                                                                    \
    {                                                                                                        \
        .mantissa = (m), .exponent = (e)                                                                     \
    }

static void decimals_keep_or_drop_their_zeros(void **state)
{
    (void)state;
    text_of_decimal(DECIMAL(364, -1), "36.4", "36.4");
    text_of_decimal(DECIMAL(3640, -2), "36.40", "36.4");
    text_of_decimal(DECIMAL(9600, -2), "96.00", "96");
    text_of_decimal(DECIMAL(96, 0), "96", "96");
    text_of_decimal(DECIMAL(12, 1), "120", "120");
    text_of_decimal(DECIMAL(-5, -1), "-0.5", "-0.5");
    text_of_decimal(DECIMAL(0, 0), "0", "0");
    text_of_decimal(DECIMAL(0, -2), "0.00", "0");
    text_of_decimal(DECIMAL(0, 3), "0", "0");
    text_of_decimal(DECIMAL(1, -6), "0.000001", "0.000001");
    text_of_decimal(DECIMAL(1, -7), "1e-7", "1e-7");
    text_of_decimal(DECIMAL(125, -9), "1.25e-7", "1.25e-7");
    text_of_decimal(DECIMAL(1, 20), "100000000000000000000", "100000000000000000000");
    text_of_decimal(DECIMAL(1, 21), "1e+21", "1e+21");
    text_of_decimal(DECIMAL(15, 127), "1.5e+128", "1.5e+128");
    text_of_decimal(DECIMAL(1, -128), "1e-128", "1e-128");
    text_of_decimal((struct ward_decimal){.special = WARD_NAN}, "null", "null");
}

static void integers_of_all_sizes(void **state)
{
    struct ward_json json;

    (void)state;
    start(&json, WARD_JSON_PRINTED);
    ward_json_array(&json);
    ward_json_int(&json, INT64_MIN);
    ward_json_int(&json, 0);
    ward_json_uint(&json, UINT64_MAX);
    ward_json_decimal(&json, DECIMAL(INT64_MIN, 0));
    ward_json_array_end(&json);
    expect(&json, "[-9223372036854775808,0,18446744073709551615,-9223372036854775808]");

    start(&json, WARD_JSON_CANONICAL);
    ward_json_uint(&json, UINT64_C(9007199254740991));
    expect(&json, "9007199254740991");
    start(&json, WARD_JSON_CANONICAL);
    ward_json_uint(&json, UINT64_C(9007199254740992));
    assert_int_equal(ward_json_finish(&json, NULL), WARD_JSON_INEXACT);
    start(&json, WARD_JSON_CANONICAL);
    ward_json_decimal(&json, DECIMAL(1234567890123456, -3));
    assert_int_equal(ward_json_finish(&json, NULL), WARD_JSON_INEXACT);
}

static void octets_as_text(void **state)
{
    struct ward_json json;
    static const uint8_t octets[] = {0x2a, 0x5e, 0x00, 0xff};

    (void)state;
    start(&json, WARD_JSON_PRINTED);
    ward_json_array(&json);
    ward_json_hex(&json, octets, 4);
    ward_json_base64url(&json, octets, 4);
    ward_json_hex(&json, octets, 0);
    ward_json_string_begin(&json);
    ward_json_part_hex(&json, octets, 2);
    ward_json_part(&json, ":", 1);
    ward_json_part_hex(&json, octets + 2, 2);
    ward_json_string_end(&json);
    ward_json_array_end(&json);
    expect(&json, "[\"2a5e00ff\",\"Kl4A_w\",\"\",\"2a5e:00ff\"]");
}

static void moments(void **state)
{
    struct ward_json json;
    struct ward_device_time device_time = {2026, 11, 22, 9, 0, 2, true};

    (void)state;
    start(&json, WARD_JSON_PRINTED);
    ward_json_array(&json);
    ward_json_utc(&json, INT64_C(1795338001120));
    ward_json_utc(&json, WARD_UTC_UNKNOWN);
    ward_json_device_time(&json, &device_time);
    device_time.present = false;
    ward_json_device_time(&json, &device_time);
    ward_json_array_end(&json);
    expect(&json, "[\"2026-11-22T09:00:01.120Z\",null,\"2026-11-22T09:00:02\",null]");
}

static void overflow_sticks_and_never_writes_beyond(void **state)
{
    (void)state;
    for (size_t size = 0; size < 8; size++) { /* [1,"a"] and its NUL need eight octets */
        struct ward_json json;
        size_t length = 99;
        memset(buffer, '#', sizeof(buffer));
        ward_json_init(&json, buffer, size, WARD_JSON_PRINTED);
        ward_json_array(&json);
        ward_json_int(&json, 1);
        ward_json_string(&json, "a");
        ward_json_array_end(&json);
        assert_int_equal(ward_json_finish(&json, &length), WARD_JSON_OVERFLOW);
        assert_int_equal(length, 99);
        assert_int_equal(buffer[size], '#');
    }
}

static void key_outside(struct ward_json *json)
{
    ward_json_array(json);
    ward_json_key(json, "a");
}

static void value_without_name(struct ward_json *json)
{
    ward_json_object(json);
    ward_json_null(json);
}

static void name_without_value(struct ward_json *json)
{
    ward_json_object(json);
    ward_json_key(json, "a");
    ward_json_object_end(json);
}

static void two_values(struct ward_json *json)
{
    ward_json_null(json);
    ward_json_null(json);
}

static void left_open(struct ward_json *json)
{
    ward_json_array(json);
}

static void wrong_end(struct ward_json *json)
{
    ward_json_array(json);
    ward_json_object_end(json);
}

static void end_of_nothing(struct ward_json *json)
{
    ward_json_array_end(json);
}

static void string_left_open(struct ward_json *json)
{
    ward_json_string_begin(json);
}

static void value_in_a_string(struct ward_json *json)
{
    ward_json_string_begin(json);
    ward_json_int(json, 1);
}

static void part_outside_a_string(struct ward_json *json)
{
    ward_json_part(json, "a", 1);
}

static void too_deep(struct ward_json *json)
{
    for (int i = 0; i <= WARD_JSON_DEPTH_MAX; i++) {
        ward_json_array(json);
    }
    for (int i = 0; i <= WARD_JSON_DEPTH_MAX; i++) {
        ward_json_array_end(json);
    }
}

static void nothing(struct ward_json *json)
{
    (void)json;
}

static void misuse_is_reported(void **state)
{
    static void (*const misuses[])(struct ward_json *) = {
        key_outside,        value_without_name,
        name_without_value, two_values,
        left_open,          wrong_end,
        end_of_nothing,     string_left_open,
        value_in_a_string,  part_outside_a_string,
        too_deep,           nothing,
    };
    struct ward_json json;

    (void)state;
    for (size_t i = 0; i < sizeof(misuses) / sizeof(misuses[0]); i++) {
        start(&json, WARD_JSON_PRINTED);
        misuses[i](&json);
        assert_int_equal(ward_json_finish(&json, NULL), WARD_JSON_MISUSED);
    }
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(structure_gets_its_commas),
        cmocka_unit_test(strings_have_the_fewest_escapes),
        cmocka_unit_test(an_octet_is_the_same_at_every_place),
        cmocka_unit_test(no_string_is_null),
        cmocka_unit_test(malformed_utf8_is_replaced),
        cmocka_unit_test(decimals_keep_or_drop_their_zeros),
        cmocka_unit_test(integers_of_all_sizes),
        cmocka_unit_test(octets_as_text),
        cmocka_unit_test(moments),
        cmocka_unit_test(overflow_sticks_and_never_writes_beyond),
        cmocka_unit_test(misuse_is_reported),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
