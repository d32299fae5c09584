/* SPDX-License-Identifier: Apache-2.0 */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>

#include <cmocka.h>
#include <string.h>

#include "core/record_run.h"

#define EPOCH "e-000102030405060708090a0b0c0d0e0f"

static void records_stand_side_by_side(void **state)
{
    char buffer[16];
    struct ward_record_run run;

    (void)state;
    ward_record_run_init(&run, buffer, sizeof(buffer));
    assert_true(ward_record_run_add(&run, 7, "{\"a\":1}", 7));
    assert_true(ward_record_run_add(&run, 9, "{}", 2));
    assert_int_equal(run.count, 2);
    assert_int_equal(run.length, 10);
    assert_memory_equal(run.octets, "{\"a\":1},{}", 10);
    assert_int_equal(run.records[0].seq, 7);
    assert_int_equal(run.records[0].end, 7);
    assert_int_equal(run.records[1].seq, 9);
    assert_int_equal(run.records[1].end, 10);
}

static void what_has_no_room_is_left_out(void **state)
{
    char buffer[10];
    struct ward_record_run run;

    (void)state;
    ward_record_run_init(&run, buffer, sizeof(buffer));
    assert_false(ward_record_run_add(&run, 1, "[1,2,3,4,5]", 11));
    assert_true(ward_record_run_add(&run, 1, "[1,2]", 5));
    assert_false(ward_record_run_add(&run, 2, "[3,4]", 5)); /* with its comma it is too long */
    assert_true(ward_record_run_add(&run, 2, "[34]", 4));
    assert_false(ward_record_run_add(&run, 3, "", 0));
    assert_int_equal(run.count, 2);
    assert_int_equal(run.length, 10);
}

static void a_run_ends_where_a_message_does(void **state)
{
    char buffer[4 * WARD_READINGS_RECORDS_MAX];
    struct ward_record_run run;

    (void)state;
    ward_record_run_init(&run, buffer, sizeof(buffer));
    for (uint64_t seq = 1; seq <= WARD_READINGS_RECORDS_MAX; seq++) {
        assert_true(ward_record_run_add(&run, seq, "{}", 2));
    }
    assert_false(ward_record_run_add(&run, WARD_READINGS_RECORDS_MAX + 1, "{}", 2));
    assert_int_equal(run.count, WARD_READINGS_RECORDS_MAX);
}

static void a_record_without_a_text_gets_one(void **state)
{
    struct ward_record record = {
        .reading = {.seq = 5, .kind = WARD_RECORD_CLOCK, .received_at_ms = WARD_UTC_UNKNOWN}};
    char buffer[2 * WARD_RECORD_TEXT_MAX];
    struct ward_record_run run;
    char text[WARD_RECORD_TEXT_MAX];
    struct ward_json json;
    size_t length;

    (void)state;
    ward_json_init(&json, text, sizeof(text), WARD_JSON_CANONICAL);
    ward_record_write(&json, EPOCH, &record, true);
    assert_int_equal(ward_json_finish(&json, &length), WARD_JSON_OK);
    ward_record_run_init(&run, buffer, sizeof(buffer));
    assert_true(ward_record_run_write(&run, EPOCH, &record));
    assert_int_equal(run.records[0].seq, 5);
    assert_int_equal(run.length, length);
    assert_memory_equal(run.octets, text, length);
    record.reading.mono_us = UINT64_MAX; /* a number that no double can hold */
    assert_false(ward_record_run_write(&run, EPOCH, &record));
    assert_int_equal(run.count, 1);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(records_stand_side_by_side),
        cmocka_unit_test(what_has_no_room_is_left_out),
        cmocka_unit_test(a_run_ends_where_a_message_does),
        cmocka_unit_test(a_record_without_a_text_gets_one),
    };

    return cmocka_run_group_tests(tests, NULL, NULL);
}
