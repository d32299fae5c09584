/* SPDX-License-Identifier: Apache-2.0 */
/* The codes are made by tests/fakes/enrolment_code.py, which was written from the header. */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdio.h>
#include <string.h>

#include <cmocka.h>

#include "ward/enrolment.h"

#define SERVER "est.ward.example"
#define GROUPS                                                                                               \
    "M2GTC-58X4M-MPKA1-FA59Y-000G8-40R4T-0M305-E209R-185GE-R38E2-1W81C-24GKM-2GAH4-C5RR5-34D1E-P70X6-3RFZ9-" \
    "5RKMW"
#define CODE SERVER "/" GROUPS

static const char alphabet[] = "0123456789ABCDEFGHJKMNPQRSTVWXYZ";

static void expect_code(const char *text, const char *host, uint16_t port, const char *secret, uint8_t first)
{
    struct ward_enrolment_code code;
    char fault[WARD_ENROLMENT_FAULT_MAX] = "";

    if (!ward_enrolment_code_read(text, strlen(text), &code, fault))
        fail_msg("%s: %s", text, fault);
    assert_string_equal(code.host, host);
    assert_int_equal(code.port, port);
    assert_string_equal(code.secret, secret);
    assert_int_equal(code.fingerprint[0], first);
    assert_int_equal(code.fingerprint[31], first == 0 && port != 1 ? 31 : first);
}

static void expect_fault(const char *text, const char *fault)
{
    struct ward_enrolment_code code, untouched;
    char told[WARD_ENROLMENT_FAULT_MAX] = "";

    memset(&code, 0x5a, sizeof(code));
    untouched = code;
    if (ward_enrolment_code_read(text, strlen(text), &code, told))
        fail_msg("taken: %s", text);
    assert_string_equal(told, fault);
    assert_memory_equal(&code, &untouched, sizeof(code));
}

static void codes_are_read(void **state)
{
    (void)state;
    expect_code(CODE, SERVER, 443, "M2GT58X4MPKAFA59", 0);
    expect_code(
        "[2001:db8::1]:8443/M2GTC-58X4M-MPKA1-FA59Y-000G8-40R4T-0M305-E209R-185GE-R38E2-1W81C-24GKM-2GAH4-"
        "C5RR5-34D1E-P70X6-3RFYS-VRPM8",
        "2001:db8::1", 8443, "M2GT58X4MPKAFA59", 0);
    expect_code(
        "EST.ward.example:1/00001-00002-00003-00004-00005-00006-00007-00008-00009-0000A-0000B-0000C-0000D-"
        "0000E-0000F-0000G-000CF-DX06W",
        "est.ward.example", 1, "0000000000000000", 0);
    expect_code(
        "10.0.0.1:65535/ZZZZC-ZZZZF-ZZZZE-ZZZZ9-ZZZZ8-ZZZZB-ZZZZA-ZZZZ5-ZZZZ4-ZZZZ7-ZZZZ6-ZZZZ1-ZZZZ0-"
        "ZZZZ3-ZZZZ2-ZZZZX-ZZZGQ-C7269",
        "10.0.0.1", 65535, "ZZZZZZZZZZZZZZZZ", 0xff);
}

static void codes_are_read_as_people_type_them(void **state)
{
    char text[sizeof(CODE) + 8];
    size_t length = 0;

    (void)state;
    for (size_t i = 0; CODE[i]; i++)
        text[length++] = (char)(CODE[i] == '0'            ? 'o'
                                : CODE[i] == '1' && i % 2 ? 'L'
                                : CODE[i] == '1'          ? 'i'
                                                          : CODE[i]);
    text[length] = '\0';
    expect_code(text, SERVER, 443, "M2GT58X4MPKAFA59", 0);

    length = 0;
    for (size_t i = 0; CODE[i]; i++)
        if (i < sizeof(SERVER) || CODE[i] != '-')
            text[length++] = CODE[i];
    text[length] = '\0';
    expect_code(text, SERVER, 443, "M2GT58X4MPKAFA59", 0);

    snprintf(text, sizeof(text), "  %s\r\n", CODE);
    for (size_t i = sizeof(SERVER) + 2; text[i]; i++)
        if (text[i] == '-')
            text[i] = ' ';
    expect_code(text, SERVER, 443, "M2GT58X4MPKAFA59", 0);
}

static const char *const ordinals[] = {"first",     "second",      "third",      "fourth",     "fifth",
                                       "sixth",     "seventh",     "eighth",     "ninth",      "tenth",
                                       "eleventh",  "twelfth",     "thirteenth", "fourteenth", "fifteenth",
                                       "sixteenth", "seventeenth", "eighteenth"};

/* Whatever one character becomes, its group is named; so is one in which two neighbours changed places. */
static void a_wrong_character_is_named_by_its_group(void **state)
{
    char text[] = CODE, fault[80];

    (void)state;
    for (size_t i = sizeof(SERVER); CODE[i]; i++) {
        const size_t group = (i - sizeof(SERVER)) / 6;

        if (CODE[i] == '-')
            continue;
        snprintf(fault, sizeof(fault), "the %s group is mistyped", ordinals[group]);
        for (const char *other = alphabet; *other; other++) {
            text[i] = *other;
            if (*other != CODE[i])
                expect_fault(text, fault);
        }
        text[i] = CODE[i];
        if (CODE[i + 1] && CODE[i + 1] != '-' && CODE[i + 1] != CODE[i]) {
            text[i] = CODE[i + 1];
            text[i + 1] = CODE[i];
            expect_fault(text, fault);
            text[i] = CODE[i];
            text[i + 1] = CODE[i + 1];
        }
    }
    assert_string_equal(text, CODE);
}

static void groups_that_changed_places_are_named(void **state)
{
    char text[] = CODE;

    (void)state;
    memcpy(text + sizeof(SERVER), "58X4M-M2GTC", 11);
    expect_fault(text, "the first group is mistyped");
}

static void characters_that_are_missing_or_too_many_are_named(void **state)
{
    char text[sizeof(CODE) + 16];

    (void)state;
    expect_fault(SERVER "/M2GTC-58X4-MPKA1-FA59Y",
                 "the second group has too few or too many characters: it has five");
    expect_fault(SERVER "/M2GTC-58X4M-MPKA11-FA59Y",
                 "the third group has too few or too many characters: it has five");
    expect_fault(SERVER "/M2GTC-58X4M-", "the third group is missing");
    expect_fault(SERVER "/M2GTC58X4MMPK", "the third group has too few or too many characters: it has five");
    expect_fault(SERVER "/", "the first group is missing");
    expect_fault(SERVER "/M2GTC-58U4M", "the second group has a character that is in no code");
    snprintf(text, sizeof(text), "%s-00001", CODE);
    expect_fault(text, "there is something behind the eighteenth group");
}

static void the_server_is_held_against_the_groups(void **state)
{
    static const char mismatch[] = "the groups do not fit the server before the slash: that is mistyped";

    (void)state;
    expect_fault("est.word.example/" GROUPS, mismatch);
    expect_fault(SERVER ":444/" GROUPS, mismatch);
    expect_code(SERVER ":443/" GROUPS, SERVER, 443, "M2GT58X4MPKAFA59", 0);
}

static void what_is_no_server_is_named(void **state)
{
    static const char *const servers[] = {"",        ".a",  "a b",      "a_b",     "a:",     "a:0", "a:080",
                                          "a:65536", "a:x", "a:999999", "[::1",    "[::1]x", "[g]", "[]",
                                          "a@b",     "a?b", "a\nb",     "[::1]:0", "a:1:2"};
    char text[2 * WARD_ENROLMENT_CODE_MAX];

    (void)state;
    expect_fault("", "there is no code");
    expect_fault(" \n", "there is no code");
    expect_fault(GROUPS, "the server before the slash is mistyped");
    for (size_t i = 0; i < sizeof(servers) / sizeof(servers[0]); i++) {
        snprintf(text, sizeof(text), "%s/%s", servers[i], GROUPS);
        expect_fault(text, "the server before the slash is mistyped");
    }
    memset(text, 'a', WARD_ENROLMENT_HOST_MAX + 1);
    snprintf(text + WARD_ENROLMENT_HOST_MAX + 1, sizeof(text) - WARD_ENROLMENT_HOST_MAX - 1, "/%s", GROUPS);
    expect_fault(text, "the server before the slash is mistyped");
    memset(text, 'a', WARD_ENROLMENT_CODE_MAX);
    snprintf(text + 3, sizeof(text) - 3, "/%s", GROUPS);
    memset(text + strlen(text), '-', sizeof(text) - strlen(text) - 1);
    text[WARD_ENROLMENT_CODE_MAX] = '0';
    text[WARD_ENROLMENT_CODE_MAX + 1] = '\0';
    expect_fault(text, "the server before the slash is mistyped");
}

int main(void)
{
    static const struct CMUnitTest tests[] = {
        cmocka_unit_test(codes_are_read),
        cmocka_unit_test(codes_are_read_as_people_type_them),
        cmocka_unit_test(a_wrong_character_is_named_by_its_group),
        cmocka_unit_test(groups_that_changed_places_are_named),
        cmocka_unit_test(characters_that_are_missing_or_too_many_are_named),
        cmocka_unit_test(the_server_is_held_against_the_groups),
        cmocka_unit_test(what_is_no_server_is_named),
    };

    return cmocka_run_group_tests(tests, NULL, NULL);
}
