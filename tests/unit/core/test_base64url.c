/* SPDX-License-Identifier: Apache-2.0 */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <string.h>

#include <cmocka.h>

#include "core/base64url.h"

/* RFC 4648 §10, without the padding, and RFC 7515 appendix C. */
static const struct {
    const char *octets;
    const char *text;
} vectors[] = {
    {"", ""},           {"f", "Zg"},          {"fo", "Zm8"},          {"foo", "Zm9v"},
    {"foob", "Zm9vYg"}, {"fooba", "Zm9vYmE"}, {"foobar", "Zm9vYmFy"}, {"\x03\xec\xff\xe0\xc1", "A-z_4ME"},
};

static void both_ways(void **state)
{
    (void)state;
    for (size_t i = 0; i < sizeof(vectors) / sizeof(vectors[0]); i++) {
        char text[16] = "";
        uint8_t octets[16];
        size_t count = strlen(vectors[i].octets);
        size_t length = ward_base64url_encode((const uint8_t *)vectors[i].octets, count, text);
        assert_int_equal(length, WARD_BASE64URL_LENGTH(count));
        text[length] = '\0';
        assert_string_equal(text, vectors[i].text);
        assert_true(ward_base64url_decode(text, length, octets, sizeof(octets), &count));
        assert_int_equal(count, strlen(vectors[i].octets));
        assert_memory_equal(octets, vectors[i].octets, count);
    }
}

static void one_octet_string_has_one_text(void **state)
{
    static const char *const bad[] = {"Z",   "Zm9vY", "Zg==", "Zh",   "Zm9",
                                      "Z g", "Z+8A",  "Z/8A", "Zg\n", "Z\xC3\xA4"};
    uint8_t octets[16];
    size_t count = 7;

    (void)state;
    for (size_t i = 0; i < sizeof(bad) / sizeof(bad[0]); i++) {
        if (ward_base64url_decode(bad[i], strlen(bad[i]), octets, sizeof(octets), &count)) {
            fail_msg("taken: %s", bad[i]);
        }
        assert_int_equal(count, 7);
    }
}

static void what_does_not_fit_is_refused(void **state)
{
    uint8_t octets[4] = {0, 0, 0, 9};
    size_t count = 7;

    (void)state;
    assert_false(ward_base64url_decode("Zm9vYg", 6, octets, 3, &count));
    assert_int_equal(count, 7);
    assert_int_equal(octets[3], 9);
    assert_true(ward_base64url_decode("Zm9vYg", 6, octets, 4, &count));
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(both_ways),
        cmocka_unit_test(one_octet_string_has_one_text),
        cmocka_unit_test(what_does_not_fit_is_refused),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
