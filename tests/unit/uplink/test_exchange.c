/* SPDX-License-Identifier: Apache-2.0 */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdlib.h>
#include <string.h>

#include <cmocka.h>

#include "uplink/exchange.h"

static const struct ward_exchange_request request = {
    .url = "https://est.example/.well-known/est/simpleenroll",
    .headers = "Accept: a/b\nX: y\n",
    .body = "a\0b",
    .body_length = 3,
    .user = "g-1",
    .password = "",
    .ca_pem = "-----BEGIN\n",
    .unproved = true,
    .certificate = "/c.pem",
    .answer_max = 70000,
    .timeout_ms = 30000,
    .slow_s = 5,
};

static void a_request_is_read_as_it_was_written(void **state)
{
    struct ward_exchange_octets octets = {0};
    struct ward_exchange_request read;

    (void)state;
    ward_exchange_write_request(&request, &octets);
    assert_true(ward_exchange_read_request(&octets, &read));
    assert_string_equal(read.url, request.url);
    assert_string_equal(read.headers, request.headers);
    assert_int_equal(read.body_length, 3);
    assert_memory_equal(read.body, "a\0b", 3);
    assert_string_equal(read.user, "g-1");
    assert_string_equal(read.password, ""); /* which is one, and another thing than none */
    assert_null(read.ca_file);
    assert_string_equal(read.ca_pem, request.ca_pem);
    assert_null(read.crl_file);
    assert_string_equal(read.certificate, "/c.pem");
    assert_null(read.key);
    assert_true(read.unproved);
    assert_int_equal(read.answer_max, 70000);
    assert_int_equal(read.timeout_ms, 30000);
    assert_int_equal(read.slow_s, 5);
    ward_exchange_octets_done(&octets);
}

static const struct ward_exchange_answer answer = {
    .end = WARD_EXCHANGE_ANSWERED,
    .verified = 20,
    .status = 202,
    .retry_after_s = 30,
    .content_type = "application/pkcs7-mime",
    .etag = "\"7\"",
    .body = (char *)(uintptr_t) "x\0y",
    .length = 3,
};

static void an_answer_is_read_as_it_was_written(void **state)
{
    struct ward_exchange_octets octets = {0};
    struct ward_exchange_answer read;

    (void)state;
    ward_exchange_write_answer(&answer, &octets);
    assert_true(ward_exchange_read_answer(&octets, &read));
    assert_int_equal(read.end, WARD_EXCHANGE_ANSWERED);
    assert_int_equal(read.verified, 20);
    assert_int_equal(read.status, 202);
    assert_int_equal(read.retry_after_s, 30);
    assert_string_equal(read.text, "");
    assert_string_equal(read.content_type, "application/pkcs7-mime");
    assert_string_equal(read.etag, "\"7\"");
    assert_int_equal(read.length, 3);
    assert_memory_equal(read.body, "x\0y", 4);
    ward_exchange_answer_done(&read);
    assert_null(read.body);
    ward_exchange_octets_done(&octets);
}

/* A program that ends in the midst of it, and one of another version. */
static void what_was_not_written_is_not_read(void **state)
{
    struct ward_exchange_octets octets = {0}, part;
    struct ward_exchange_request asked;
    struct ward_exchange_answer read;

    (void)state;
    ward_exchange_write_answer(&answer, &octets);
    for (part = octets; part.length > 0;) {
        part.length--;
        assert_false(ward_exchange_read_answer(&part, &read));
    }
    ward_exchange_append(&octets, "", 1);
    assert_false(ward_exchange_read_answer(&octets, &read));
    octets.length--;
    octets.data[0] ^= 1; /* of the format */
    assert_false(ward_exchange_read_answer(&octets, &read));
    octets.data[0] ^= 1;
    octets.data[4] = WARD_EXCHANGE_ENDS; /* none that there is, whichever end the number begins with */
    octets.data[7] = WARD_EXCHANGE_ENDS;
    assert_false(ward_exchange_read_answer(&octets, &read));
    ward_exchange_octets_done(&octets);

    ward_exchange_write_request(&request, &octets);
    for (part = octets; part.length > 0;) {
        part.length--;
        assert_false(ward_exchange_read_request(&part, &asked));
    }
    ward_exchange_octets_done(&octets);
    ward_exchange_write_request(&(struct ward_exchange_request){.user = "g-1"}, &octets);
    assert_false(ward_exchange_read_request(&octets, &asked)); /* of nothing */
    ward_exchange_octets_done(&octets);
}

static void a_text_too_long_for_its_place_is_not_read(void **state)
{
    struct ward_exchange_octets octets = {0};
    struct ward_exchange_answer read;
    const uint32_t place = 4 * 5; /* of the length of the first text, behind five numbers */
    uint32_t length;

    (void)state;
    ward_exchange_write_answer(&(struct ward_exchange_answer){.text = "a", .body = (char *)(uintptr_t) ""},
                               &octets);
    memcpy(&length, octets.data + place, sizeof(length));
    assert_int_equal(length, 1);
    assert_true(ward_exchange_read_answer(&octets, &read));
    ward_exchange_answer_done(&read);
    octets.data[place + 4 + 1] = 'b'; /* where its NUL was */
    assert_false(ward_exchange_read_answer(&octets, &read));
    octets.data[place + 4 + 1] = '\0';
    octets.data[place + 4] = '\0'; /* and one that ends before its end */
    assert_false(ward_exchange_read_answer(&octets, &read));
    ward_exchange_octets_done(&octets);
}

static void why_names_the_part_of_the_way(void **state)
{
    static const struct {
        enum ward_exchange_end end;
        const char *wanted;
    } ends[] = {
        {WARD_EXCHANGE_NO_HOST, "DNS: it says so"},
        {WARD_EXCHANGE_NO_CONNECTION, "TCP: it says so"},
        {WARD_EXCHANGE_UNPROVED, "TLS: it says so"},
        {WARD_EXCHANGE_NO_TLS, "TLS: it says so"},
        {WARD_EXCHANGE_SLOW, "HTTPS: it says so"},
        {WARD_EXCHANGE_HUNG_UP, "HTTPS: it says so"},
        {WARD_EXCHANGE_TOO_LARGE, "HTTPS: the answer is larger than any that is right"},
        {WARD_EXCHANGE_HEADERS, "HTTPS: the answer has more headers than any that is right"},
        {WARD_EXCHANGE_FAILED, "HTTPS: it says so"},
    };
    char why[WARD_EXCHANGE_WHY_MAX];

    (void)state;
    for (size_t i = 0; i < sizeof(ends) / sizeof(ends[0]); i++) {
        ward_exchange_why(&(struct ward_exchange_answer){.end = ends[i].end, .text = "it says so"}, why);
        assert_string_equal(why, ends[i].wanted);
    }
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(a_request_is_read_as_it_was_written),
        cmocka_unit_test(an_answer_is_read_as_it_was_written),
        cmocka_unit_test(what_was_not_written_is_not_read),
        cmocka_unit_test(a_text_too_long_for_its_place_is_not_read),
        cmocka_unit_test(why_names_the_part_of_the_way),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
