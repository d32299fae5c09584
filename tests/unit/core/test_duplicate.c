/* SPDX-License-Identifier: Apache-2.0 */
/* The same record read again must be known, and two measurements must never be taken for one. */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdlib.h>
#include <string.h>

#include <cmocka.h>

#include "core/duplicate.h"

static const struct ward_id cuff = {"d-1"}, other = {"d-2"};

/* "1E 78 00": the octets of a frame. */
static struct ward_decoded decoded_of(uint16_t characteristic, const char *hex)
{
    struct ward_decoded decoded;
    uint8_t octets[64];
    size_t count = 0;

    for (char *end; *hex != '\0'; hex = end) {
        octets[count++] = (uint8_t)strtoul(hex, &end, 16);
        end += strspn(end, " ");
    }
    ward_decode(characteristic, octets, count, &decoded);
    return decoded;
}

static bool are_same(uint16_t a_characteristic, const char *a_hex, uint16_t b_characteristic,
                     const char *b_hex)
{
    const struct ward_decoded a = decoded_of(a_characteristic, a_hex),
                              b = decoded_of(b_characteristic, b_hex);
    struct ward_identity first, second;

    assert_true(ward_identity_of(&a, &cuff, NULL, &first));
    assert_true(ward_identity_of(&b, &cuff, NULL, &second));
    return first.length == second.length && memcmp(first.octets, second.octets, first.length) == 0;
}

static void test_which_records_are_the_same(void **state)
{
    static const struct {
        const char *why;
        uint16_t a;
        const char *a_hex;
        uint16_t b;
        const char *b_hex;
        bool same;
    } table[] = {
        {"the same frame", 0x2A35, "02 78 00 50 00 5A 00 EA 07 0B 16 09 00 02", 0x2A35,
         "02 78 00 50 00 5A 00 EA 07 0B 16 09 00 02", true},
        {"a second later", 0x2A35, "02 78 00 50 00 5A 00 EA 07 0B 16 09 00 02", 0x2A35,
         "02 78 00 50 00 5A 00 EA 07 0B 16 09 00 03", false},
        {"another value in the same second", 0x2A35, "02 78 00 50 00 5A 00 EA 07 0B 16 09 00 02", 0x2A35,
         "02 79 00 50 00 5A 00 EA 07 0B 16 09 00 02", false},
        {"another user", 0x2A35, "0A 78 00 50 00 5A 00 EA 07 0B 16 09 00 02 01", 0x2A35,
         "0A 78 00 50 00 5A 00 EA 07 0B 16 09 00 02 02", false},
        {"read again, now from measurement storage", 0x2A5E, "03 60 00 48 00 EA 07 0B 16 09 00 02 00 00",
         0x2A5E, "03 60 00 48 00 EA 07 0B 16 09 00 02 00 02", true},
        {"read again, now in the enhanced form", 0x2A35, "02 78 00 50 00 5A 00 EA 07 0B 16 09 00 02", 0x2B34,
         "42 78 00 50 00 5A 00 92 6B 95 32", true},
        {"… a second later", 0x2A35, "02 78 00 50 00 5A 00 EA 07 0B 16 09 00 03", 0x2B34,
         "42 78 00 50 00 5A 00 92 6B 95 32", false},
        {"a meter's number and base time, whatever else", 0x2A18, "02 11 00 EA 07 0B 16 09 00 02 5F B0 11",
         0x2A18, "02 11 00 EA 07 0B 16 09 00 02 60 B0 11", true},
        {"the next number", 0x2A18, "02 11 00 EA 07 0B 16 09 00 02 5F B0 11", 0x2A18,
         "02 12 00 EA 07 0B 16 09 00 02 5F B0 11", false},
        {"the same number after the meter was reset", 0x2A18, "02 11 00 EA 07 0B 16 09 00 02 5F B0 11",
         0x2A18, "02 11 00 EB 07 0B 16 09 00 02 5F B0 11", false},
        {"a number without a date, another value", 0x2A18, "02 11 00 00 00 00 00 00 00 00 5F B0 11", 0x2A18,
         "02 11 00 00 00 00 00 00 00 00 60 B0 11", false},
    };

    (void)state;
    for (size_t i = 0; i < sizeof(table) / sizeof(table[0]); i++)
        if (are_same(table[i].a, table[i].a_hex, table[i].b, table[i].b_hex) != table[i].same)
            fail_msg("%s", table[i].why);
}

static void test_what_has_no_name_is_never_a_duplicate(void **state)
{
    static const struct {
        const char *why;
        uint16_t characteristic;
        const char *hex;
    } table[] = {
        {"a stream", 0x2A5F, "00 62 00 48 00"},
        {"a strap", 0x2A37, "00 48"},
        {"a spot value without a time stamp", 0x2A35, "00 78 00 50 00 5A 00"},
        {"a device that does not know the date", 0x2A35, "02 78 00 50 00 5A 00 00 00 00 00 09 00 02"},
        {"a date that does not exist", 0x2A35, "02 78 00 50 00 5A 00 EA 07 0D 16 09 00 02"},
        {"a frame cut short", 0x2A35, "02 78 00 50 00 5A 00 EA 07 0B"},
        {"no measurement", 0x2A24, "41 42"},
    };

    (void)state;
    for (size_t i = 0; i < sizeof(table) / sizeof(table[0]); i++) {
        const struct ward_decoded decoded = decoded_of(table[i].characteristic, table[i].hex);
        struct ward_identity identity = {.length = 7};

        if (ward_identity_of(&decoded, &cuff, NULL, &identity) || identity.length != 7)
            fail_msg("%s", table[i].why);
    }
}

/* Else it would be another one each time that the last record is asked for. */
static void test_a_stored_record_without_a_time_has_its_number(void **state)
{
    const struct ward_decoded decoded = decoded_of(0x2A35, "00 78 00 50 00 5A 00"),
                              higher = decoded_of(0x2A35, "00 79 00 50 00 5A 00"),
                              dated = decoded_of(0x2A35, "02 78 00 50 00 5A 00 EA 07 0B 16 09 00 02");
    const uint16_t numbers[] = {18, 19};
    struct ward_identity first, other_one;

    (void)state;
    assert_true(ward_identity_of(&decoded, &cuff, &numbers[0], &first));
    assert_true(ward_identity_of(&decoded, &cuff, &numbers[0], &other_one));
    assert_int_equal(first.length, other_one.length);
    assert_memory_equal(first.octets, other_one.octets, first.length);
    assert_true(ward_identity_of(&decoded, &cuff, &numbers[1], &other_one));
    assert_memory_not_equal(first.octets, other_one.octets, first.length);
    assert_true(ward_identity_of(&higher, &cuff, &numbers[0], &other_one));
    assert_memory_not_equal(first.octets, other_one.octets, first.length);

    assert_true(ward_identity_of(&dated, &cuff, &numbers[0], &first)); /* as when it came by itself */
    assert_true(ward_identity_of(&dated, &cuff, NULL, &other_one));
    assert_int_equal(first.length, other_one.length);
    assert_memory_equal(first.octets, other_one.octets, first.length);
}

static void test_two_devices_never_share_a_name(void **state)
{
    const struct ward_decoded decoded = decoded_of(0x2A35, "02 78 00 50 00 5A 00 EA 07 0B 16 09 00 02");
    struct ward_identity first, second;

    (void)state;
    assert_true(ward_identity_of(&decoded, &cuff, NULL, &first));
    assert_true(ward_identity_of(&decoded, &other, NULL, &second));
    assert_int_equal(first.length, second.length);
    assert_memory_not_equal(first.octets, second.octets, first.length);
}

/* "1E 78 00": the octets of a frame of record number. */
static uint64_t digest_of(uint16_t characteristic, uint16_t number, const char *hex)
{
    const struct ward_decoded decoded = decoded_of(characteristic, hex);
    uint8_t octets[64];
    size_t count = 0;

    for (char *end; *hex != '\0'; hex = end) {
        octets[count++] = (uint8_t)strtoul(hex, &end, 16);
        end += strspn(end, " ");
    }
    return ward_record_digest(&decoded, number, octets, count);
}

static void test_by_what_a_record_is_known_from_another_of_its_number(void **state)
{
    static const struct {
        const char *why;
        uint16_t characteristic;
        const char *a_hex, *b_hex;
        bool same;
    } table[] = {
        {"a meter's, whatever else", 0x2A18, "02 11 00 EA 07 0B 16 09 00 02 5F B0 11",
         "02 11 00 EA 07 0B 16 09 00 02 60 B0 11", true},
        {"a meter's, of another time", 0x2A18, "02 11 00 EA 07 0B 16 09 00 02 5F B0 11",
         "02 11 00 EA 07 0B 17 09 00 02 5F B0 11", false},
        {"a meter's that knows no date, another value", 0x2A18, "02 11 00 00 00 00 00 00 00 00 5F B0 11",
         "02 11 00 00 00 00 00 00 00 00 60 B0 11", false},
        {"a cuff's, stamped anew as its clock was set", 0x2A35, "02 78 00 50 00 5A 00 EA 07 0B 16 09 00 02",
         "02 78 00 50 00 5A 00 EA 07 0B 17 09 00 02", true},
        {"a cuff's, another value", 0x2A35, "02 78 00 50 00 5A 00 EA 07 0B 16 09 00 02",
         "02 79 00 50 00 5A 00 EA 07 0B 16 09 00 02", false},
        {"a cuff's, another user", 0x2A35, "0A 78 00 50 00 5A 00 EA 07 0B 16 09 00 02 01",
         "0A 78 00 50 00 5A 00 EA 07 0B 16 09 00 02 02", false},
        {"a cuff's without a time", 0x2A35, "00 78 00 50 00 5A 00", "00 78 00 50 00 5A 00", true},
        {"one cut short", 0x2A35, "02 78 00 50", "02 78 00 50", true},
        {"another one cut short", 0x2A35, "02 78 00 50", "02 79 00 50", false},
        {"one of which nothing came", 0x2A35, "", "", true},
    };

    (void)state;
    for (size_t i = 0; i < sizeof(table) / sizeof(table[0]); i++) {
        const uint64_t digest = digest_of(table[i].characteristic, 17, table[i].a_hex);

        if (digest == 0 ||
            (digest == digest_of(table[i].characteristic, 17, table[i].b_hex)) != table[i].same)
            fail_msg("%s", table[i].why);
    }
}

/* They are remembered across releases: were their form another, each device would seem to have been reset. */
static void test_the_form_of_a_digest_stays(void **state)
{
    (void)state;
    assert_true(digest_of(0x2A18, 17, "02 11 00 EA 07 0B 16 09 00 02 5F B0 11") ==
                UINT64_C(0x8B82529E9AEFE421));
    assert_true(digest_of(0x2A35, 17, "02 78 00 50 00 5A 00 EA 07 0B 16 09 00 02") ==
                UINT64_C(0x6172879AAFB51C43));
    assert_true(digest_of(0x2A35, 17, "02 78 00 50") == UINT64_C(0x47CEC69022F9462F));
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(test_which_records_are_the_same),
        cmocka_unit_test(test_what_has_no_name_is_never_a_duplicate),
        cmocka_unit_test(test_a_stored_record_without_a_time_has_its_number),
        cmocka_unit_test(test_two_devices_never_share_a_name),
        cmocka_unit_test(test_by_what_a_record_is_known_from_another_of_its_number),
        cmocka_unit_test(test_the_form_of_a_digest_stays),
    };

    return cmocka_run_group_tests_name("duplicate", tests, NULL, NULL);
}
