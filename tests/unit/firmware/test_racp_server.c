/* SPDX-License-Identifier: Apache-2.0 */
/* Requests in, what comes out as text: "0 1 2 06000101" are the records 0 to 2 and an answer. */
#include "wearable/core/racp_server.h"

#include <setjmp.h>
#include <stdarg.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include <cmocka.h>

#include "ward/gatt.h"

struct meter {
    struct ward_memory memory;
    struct ward_racp_server server;
    char log[512];
};

static struct meter *meter_with(unsigned records, bool all_only)
{
    struct meter *meter = calloc(1, sizeof(*meter));

    assert_non_null(meter);
    ward_memory_init(&meter->memory);
    ward_racp_server_init(&meter->server, all_only);
    for (unsigned i = 0; i < records; i++) {
        struct ward_sample sample = {.present = 1u << WARD_FIELD_GLUCOSE};

        sample.value[WARD_FIELD_GLUCOSE].mantissa = (int32_t)(4 + i);
        assert_true(ward_memory_store(&meter->memory, &sample, WARD_CHAR_GLUCOSE_MEASUREMENT));
    }
    return meter;
}

static bool request(struct meter *meter, const char *hex)
{
    uint8_t octets[16];
    size_t length = strlen(hex) / 2;

    for (size_t i = 0; i < length; i++) {
        unsigned octet = 0;

        sscanf(hex + 2 * i, "%2x", &octet);
        octets[i] = (uint8_t)octet;
    }
    return ward_racp_server_request(&meter->server, &meter->memory, octets, length);
}

/* Puts the next output into the log; false when there is none. An answer is confirmed at once. */
static bool put_next(struct meter *meter)
{
    const struct ward_memory_record *record = NULL;
    size_t used = strlen(meter->log);
    char *at = meter->log + used;
    size_t size = sizeof(meter->log) - used;
    const char *blank = used > 0 ? " " : "";
    const uint8_t *answer = meter->server.answer;

    switch (ward_racp_server_next(&meter->server, &meter->memory, &record)) {
    case WARD_RACP_NOTHING: return false;
    case WARD_RACP_RECORD: snprintf(at, size, "%s%u", blank, (unsigned)record->sequence); return true;
    case WARD_RACP_ANSWER:
        snprintf(at, size, "%s%02x%02x%02x%02x", blank, answer[0], answer[1], answer[2], answer[3]);
        ward_racp_server_confirmed(&meter->server);
        return true;
    }
    return false;
}

static const char *outcome(struct meter *meter)
{
    meter->log[0] = '\0';
    while (put_next(meter))
        ;
    return meter->log;
}

static void assert_outcome(struct meter *meter, const char *hex, const char *expected)
{
    assert_true(request(meter, hex));
    assert_string_equal(outcome(meter), expected);
    assert_false(meter->server.busy);
}

static void requests_and_what_comes_of_them(void **state)
{
    static const struct {
        const char *request, *outcome;
    } cases[] = {
        {"0401", "05000500"},           /* number of all */
        {"0403010300", "05000200"},     /* … from 3 on */
        {"0402010300", "05000400"},     /* … up to 3 */
        {"04040101000300", "05000300"}, /* … from 1 to 3 */
        {"0405", "05000100"},           /* … first */
        {"0406", "05000100"},           /* … last */
        {"0403010900", "05000000"},     /* … of none is no error */
        {"0101", "0 1 2 3 4 06000101"}, /* report all */
        {"0102010100", "0 1 06000101"}, /* … up to 1 */
        {"0103010300", "3 4 06000101"},
        {"01040101000300", "1 2 3 06000101"},
        {"01040102000200", "2 06000101"},
        {"0105", "0 06000101"},
        {"0106", "4 06000101"},
        {"0103010900", "06000106"}, /* no records found */
        {"0203010900", "06000206"},
        {"0300", "06000307"}, /* abort, with nothing going on */
        {"0000", "06000002"}, /* op codes that no client writes */
        {"0501", "06000502"},
        {"0600", "06000602"},
        {"0701", "06000702"},
        {"ff00", "0600ff02"},
        {"0100", "06000103"}, /* operator: null is invalid, */
        {"01", "06000103"},   /* and so is none; */
        {"0107", "06000104"}, /* beyond the last is not supported */
        {"0207", "06000204"},
        {"0301", "06000303"},   /* abort takes null only */
        {"010100", "06000105"}, /* operands: one too many, */
        {"010501", "06000105"},
        {"030000", "06000305"},
        {"0102", "06000105"},   /* none, */
        {"010201", "06000105"}, /* one cut short, */
        {"01020103", "06000105"},
        {"0102010300aa", "06000105"}, /* one too long, */
        {"010401010003", "06000105"},
        {"01040103000100", "06000105"}, /* the wrong way round, */
        {"0102020300", "06000109"},     /* by the time that the user sees: not supported, */
        {"0103ff0300", "06000109"},     /* by what nobody knows */
    };
    struct meter *meter = meter_with(5, false);

    (void)state;
    for (size_t i = 0; i < sizeof(cases) / sizeof(cases[0]); i++)
        assert_outcome(meter, cases[i].request, cases[i].outcome);
    free(meter);
}

static void nothing_at_all_is_answered_too(void **state)
{
    struct meter *meter = meter_with(1, false);

    (void)state;
    assert_outcome(meter, "", "06000002");
    free(meter);
}

static void an_empty_memory_has_no_first_and_no_last(void **state)
{
    struct meter *meter = meter_with(0, false);

    (void)state;
    assert_outcome(meter, "0105", "06000106");
    assert_outcome(meter, "0206", "06000206");
    assert_outcome(meter, "0101", "06000106");
    assert_outcome(meter, "0405", "05000000");
    free(meter);
}

static void what_is_deleted_is_gone(void **state)
{
    struct meter *meter = meter_with(5, false);

    (void)state;
    assert_outcome(meter, "02040101000200", "06000201");
    assert_outcome(meter, "0101", "0 3 4 06000101");
    assert_outcome(meter, "0206", "06000201");
    assert_outcome(meter, "0401", "05000200");
    assert_outcome(meter, "0201", "06000201");
    assert_outcome(meter, "0201", "06000206");
    free(meter);
}

static void a_request_waits_for_the_last_answer(void **state)
{
    struct meter *meter = meter_with(3, false);
    const struct ward_memory_record *record = NULL;

    (void)state;
    assert_true(request(meter, "0101"));
    assert_false(request(meter, "0401"));
    assert_false(request(meter, "0201"));
    assert_int_equal(ward_racp_server_next(&meter->server, &meter->memory, &record), WARD_RACP_RECORD);
    assert_false(request(meter, "0101"));
    assert_int_equal(ward_racp_server_next(&meter->server, &meter->memory, &record), WARD_RACP_RECORD);
    assert_int_equal(ward_racp_server_next(&meter->server, &meter->memory, &record), WARD_RACP_RECORD);
    assert_int_equal(ward_racp_server_next(&meter->server, &meter->memory, &record), WARD_RACP_ANSWER);
    assert_false(request(meter, "0401")); /* sent, and not confirmed */
    ward_racp_server_confirmed(&meter->server);
    assert_outcome(meter, "0401", "05000300"); /* and nothing was deleted */
    free(meter);
}

static void an_abort_ends_a_report(void **state)
{
    struct meter *meter = meter_with(5, false);

    (void)state;
    assert_true(request(meter, "0101"));
    assert_true(put_next(meter) && put_next(meter));
    assert_string_equal(meter->log, "0 1");
    assert_true(request(meter, "0300"));
    assert_string_equal(outcome(meter), "06000301");
    assert_outcome(meter, "0401", "05000500");
    free(meter);
}

static void a_wrong_abort_is_answered_and_the_report_goes_on(void **state)
{
    struct meter *meter = meter_with(3, false);

    (void)state;
    assert_true(request(meter, "0101"));
    assert_true(put_next(meter));
    assert_true(request(meter, "0301"));
    assert_string_equal(outcome(meter), "06000303 1 2 06000101");
    assert_false(meter->server.busy);
    free(meter);
}

static void records_that_come_during_a_report_are_reported_too(void **state)
{
    struct meter *meter = meter_with(WARD_MEMORY_RECORDS_MAX, false);
    struct ward_sample sample = {.present = 1u << WARD_FIELD_GLUCOSE};

    (void)state;
    assert_true(request(meter, "0103011e00")); /* from 30 on */
    assert_true(put_next(meter));
    assert_true(
        ward_memory_store(&meter->memory, &sample, WARD_CHAR_GLUCOSE_MEASUREMENT)); /* drops record 0 */
    while (put_next(meter))
        ;
    assert_string_equal(meter->log, "30 31 32 06000101");
    free(meter);
}

static void an_oximeter_knows_all_only(void **state)
{
    struct meter *meter = meter_with(2, true);

    (void)state;
    assert_outcome(meter, "0101", "0 1 06000101");
    assert_outcome(meter, "0105", "06000104");
    assert_outcome(meter, "0402010300", "06000404");
    assert_outcome(meter, "0100", "06000103");
    assert_outcome(meter, "0201", "06000201");
    free(meter);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(requests_and_what_comes_of_them),
        cmocka_unit_test(nothing_at_all_is_answered_too),
        cmocka_unit_test(an_empty_memory_has_no_first_and_no_last),
        cmocka_unit_test(what_is_deleted_is_gone),
        cmocka_unit_test(a_request_waits_for_the_last_answer),
        cmocka_unit_test(an_abort_ends_a_report),
        cmocka_unit_test(a_wrong_abort_is_answered_and_the_report_goes_on),
        cmocka_unit_test(records_that_come_during_a_report_are_reported_too),
        cmocka_unit_test(an_oximeter_knows_all_only),
    };

    return cmocka_run_group_tests(tests, NULL, NULL);
}
