/* SPDX-License-Identifier: Apache-2.0 */
/*
 * When the certificates that came are good. The years are those behind 2038-01-19, where a time_t of 32 bits ends.
 */
#include "uplink/est_check.h"

#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <string.h>

#include <cmocka.h>
#include <openssl/x509v3.h>

/* UTC */
#define Y2037 INT64_C(2114380800)
#define Y2040 INT64_C(2208988800)
#define Y2045 INT64_C(2366841600)
#define Y2060 INT64_C(2840140800)

struct fixture {
    EVP_PKEY *authority_key, *key;
    X509 *authority;
    STACK_OF(X509) * answer;
};

static void add_extension(X509 *certificate, int nid, const char *value)
{
    X509_EXTENSION *extension = X509V3_EXT_conf_nid(NULL, NULL, nid, value);

    assert_non_null(extension);
    assert_int_equal(X509_add_ext(certificate, extension, -1), 1);
    X509_EXTENSION_free(extension);
}

/* issuer: NULL for one that signs itself. */
static X509 *made(const struct fixture *fixture, const X509 *issuer, const char *name, const char *from,
                  const char *until)
{
    X509 *certificate = X509_new();
    X509_NAME *subject = X509_get_subject_name(certificate);

    assert_int_equal(X509_set_version(certificate, X509_VERSION_3), 1);
    assert_int_equal(ASN1_INTEGER_set(X509_get_serialNumber(certificate), issuer ? 2 : 1), 1);
    assert_int_equal(
        X509_NAME_add_entry_by_txt(subject, "CN", MBSTRING_UTF8, (const unsigned char *)name, -1, -1, 0), 1);
    assert_int_equal(X509_set_issuer_name(certificate, issuer ? X509_get_subject_name(issuer) : subject), 1);
    assert_int_equal(ASN1_TIME_set_string(X509_getm_notBefore(certificate), from), 1);
    assert_int_equal(ASN1_TIME_set_string(X509_getm_notAfter(certificate), until), 1);
    assert_int_equal(X509_set_pubkey(certificate, issuer ? fixture->key : fixture->authority_key), 1);
    if (!issuer)
        add_extension(certificate, NID_basic_constraints, "critical,CA:TRUE");
    assert_true(X509_sign(certificate, fixture->authority_key, EVP_sha256()) > 0);
    return certificate;
}

static int set_up(void **state)
{
    static struct fixture fixture;

    fixture = (struct fixture){.authority_key = EVP_EC_gen("P-256"), .key = EVP_EC_gen("P-256")};
    fixture.answer = sk_X509_new_null();
    *state = &fixture;
    return fixture.authority_key && fixture.key && fixture.answer ? 0 : -1;
}

static int tear_down(void **state)
{
    struct fixture *fixture = *state;

    sk_X509_pop_free(fixture->answer, X509_free);
    X509_free(fixture->authority);
    EVP_PKEY_free(fixture->authority_key);
    EVP_PKEY_free(fixture->key);
    return 0;
}

static void issue(struct fixture *fixture, const char *authority_until, const char *from, const char *until)
{
    fixture->authority = made(fixture, NULL, "authority", "20260101000000Z", authority_until);
    assert_true(sk_X509_push(fixture->answer, made(fixture, fixture->authority, "g-1", from, until)) > 0);
}

/* What is wrong at that second; NULL for nothing. */
static const char *wrong_at(const struct fixture *fixture, int64_t now_s)
{
    static char wrong[WARD_EST_WRONG_MAX];
    const struct ward_est_wanted wanted = {
        .authority = fixture->authority, .key = fixture->key, .name = "g-1", .now_s = now_s};

    return ward_est_own(fixture->answer, &wanted, wrong) ? NULL : wrong;
}

static void it_is_good_from_its_first_second_to_its_last(void **state)
{
    struct fixture *fixture = *state;

    issue(fixture, "20600101000000Z", "20400101000000Z", "20450101000000Z");
    assert_null(wrong_at(fixture, Y2040));
    assert_null(wrong_at(fixture, Y2045));
    assert_non_null(strstr(wrong_at(fixture, Y2040 - 1), "not valid yet"));
    assert_non_null(strstr(wrong_at(fixture, Y2045 + 1), "has run out"));
}

static void one_that_was_issued_long_before_2038_ends_after_it(void **state)
{
    struct fixture *fixture = *state;

    issue(fixture, "20600101000000Z", "20260101000000Z", "20500101000000Z"); /* a GeneralizedTime */
    assert_null(wrong_at(fixture, Y2037));
    assert_null(wrong_at(fixture, Y2040));
    assert_non_null(strstr(wrong_at(fixture, Y2060), "has run out"));
}

static void its_authority_must_be_good_as_well(void **state)
{
    struct fixture *fixture = *state;

    issue(fixture, "20391231235959Z", "20260101000000Z", "20450101000000Z");
    assert_null(wrong_at(fixture, Y2040 - 1));
    assert_non_null(
        strstr(wrong_at(fixture, Y2040), "does not prove this hub to the ward: certificate has expired"));
}

/* RFC 5280, 4.1.2.5: seconds are there, and the zone is Z. */
static void a_time_in_another_form_is_none(void **state)
{
    struct fixture *fixture = *state;

    issue(fixture, "20600101000000Z", "20260101000000Z", "4501010000Z");
    assert_non_null(strstr(wrong_at(fixture, Y2040), "does not say from when until when"));
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test_setup_teardown(it_is_good_from_its_first_second_to_its_last, set_up, tear_down),
        cmocka_unit_test_setup_teardown(one_that_was_issued_long_before_2038_ends_after_it, set_up,
                                        tear_down),
        cmocka_unit_test_setup_teardown(its_authority_must_be_good_as_well, set_up, tear_down),
        cmocka_unit_test_setup_teardown(a_time_in_another_form_is_none, set_up, tear_down),
    };

    return cmocka_run_group_tests(tests, NULL, NULL);
}
