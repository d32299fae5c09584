/* SPDX-License-Identifier: Apache-2.0 */
#include "wearable/core/memory.h"

#include <setjmp.h>
#include <stdarg.h>
#include <stdlib.h>
#include <string.h>

#include <cmocka.h>

#include "ward/gatt.h"

#define ALL ((struct ward_memory_range){0, UINT16_MAX})

static struct ward_sample blood_pressure(int32_t systolic, int32_t user)
{
    struct ward_sample sample = {.present = 1u << WARD_FIELD_SYSTOLIC | 1u << WARD_FIELD_USER};

    sample.value[WARD_FIELD_SYSTOLIC].mantissa = systolic;
    sample.value[WARD_FIELD_USER].mantissa = user;
    return sample;
}

static void store(struct ward_memory *memory, int32_t systolic)
{
    struct ward_sample sample = blood_pressure(systolic, 2);

    assert_true(ward_memory_store(memory, &sample, WARD_CHAR_BLOOD_PRESSURE_MEASUREMENT));
}

static void a_record_keeps_its_number_and_its_person(void **state)
{
    struct ward_memory memory;
    uint32_t place = 0;
    const struct ward_memory_record *record;

    (void)state;
    ward_memory_init(&memory);
    store(&memory, 120);
    store(&memory, 130);
    assert_int_equal(ward_memory_count(&memory, ALL), 2);
    record = ward_memory_next(&memory, ALL, &place);
    assert_int_equal(record->sequence, 0);
    assert_memory_equal(record->octets, "\x08\x78\x00\xff\x07\xff\x07\x02", 8); /* user 2 */
    record = ward_memory_next(&memory, ALL, &place);
    assert_int_equal(record->sequence, 1);
    assert_null(ward_memory_next(&memory, ALL, &place));
}

static void what_cannot_be_encoded_is_not_stored(void **state)
{
    struct ward_memory memory;
    struct ward_sample sample = blood_pressure(120, 256);

    (void)state;
    ward_memory_init(&memory);
    assert_false(ward_memory_store(&memory, &sample, WARD_CHAR_BLOOD_PRESSURE_MEASUREMENT));
    assert_int_equal(memory.count, 0);
    assert_int_equal(memory.next_sequence, 0);
}

static void the_oldest_goes_when_it_is_full(void **state)
{
    struct ward_memory *memory = malloc(sizeof(*memory));
    uint32_t place = 0;

    (void)state;
    ward_memory_init(memory);
    for (int32_t i = 0; i < WARD_MEMORY_RECORDS_MAX + 3; i++)
        store(memory, 100 + i);
    assert_int_equal(memory->count, WARD_MEMORY_RECORDS_MAX);
    assert_int_equal(ward_memory_next(memory, ALL, &place)->sequence, 3);
    free(memory);
}

static void ranges_are_of_sequence_numbers(void **state)
{
    struct ward_memory memory;
    const struct ward_memory_range middle = {1, 3}, above = {5, UINT16_MAX}, one = {2, 2};
    uint32_t place = 0;

    (void)state;
    ward_memory_init(&memory);
    for (int32_t i = 0; i < 5; i++)
        store(&memory, 100 + i);
    assert_int_equal(ward_memory_count(&memory, middle), 3);
    assert_int_equal(ward_memory_count(&memory, above), 0);
    assert_int_equal(ward_memory_delete(&memory, one), 1);
    assert_int_equal(ward_memory_delete(&memory, one), 0);
    assert_int_equal(ward_memory_next(&memory, middle, &place)->sequence, 1);
    assert_int_equal(ward_memory_next(&memory, middle, &place)->sequence, 3);
    assert_null(ward_memory_next(&memory, middle, &place));
}

static void numbers_are_not_given_again_after_a_delete(void **state)
{
    struct ward_memory memory;

    (void)state;
    ward_memory_init(&memory);
    store(&memory, 120);
    store(&memory, 121);
    assert_int_equal(ward_memory_delete(&memory, ALL), 2);
    store(&memory, 122);
    assert_int_equal(memory.records[0].sequence, 2);
}

static void a_place_stays_right_when_the_oldest_goes(void **state)
{
    struct ward_memory memory;
    uint32_t place = 0;

    (void)state;
    ward_memory_init(&memory);
    for (int32_t i = 0; i < 4; i++)
        store(&memory, 100 + i);
    assert_int_equal(ward_memory_next(&memory, ALL, &place)->sequence, 0);
    assert_int_equal(ward_memory_next(&memory, ALL, &place)->sequence, 1);
    ward_memory_drop_oldest(&memory);
    assert_int_equal(ward_memory_next(&memory, ALL, &place)->sequence, 2);
    ward_memory_drop_oldest(&memory);
    ward_memory_drop_oldest(&memory);
    ward_memory_drop_oldest(&memory);
    ward_memory_drop_oldest(&memory); /* there is none */
    assert_null(ward_memory_next(&memory, ALL, &place));
    store(&memory, 110);
    assert_int_equal(ward_memory_next(&memory, ALL, &place)->sequence, 4);
}

static void a_spot_check_from_the_memory_says_so(void **state)
{
    struct ward_memory memory;
    struct ward_sample sample = {.present = 1u << WARD_FIELD_SPO2};

    (void)state;
    ward_memory_init(&memory);
    sample.value[WARD_FIELD_SPO2].mantissa = 96;
    assert_true(ward_memory_store(&memory, &sample, WARD_CHAR_PLX_SPOT_CHECK_MEASUREMENT));
    assert_memory_equal(memory.records[0].octets, "\x02\x60\x00\xff\x07\x00\x02", 7);
}

static void a_glucose_record_has_its_number_and_its_context(void **state)
{
    struct ward_memory memory;
    struct ward_sample sample = {.present = 1u << WARD_FIELD_GLUCOSE | 1u << WARD_FIELD_MEAL};

    (void)state;
    ward_memory_init(&memory);
    memory.next_sequence = 0x1234;
    sample.value[WARD_FIELD_GLUCOSE] = (struct ward_number){.mantissa = 54, .exponent = -1};
    sample.value[WARD_FIELD_MEAL].mantissa = 2;
    assert_true(ward_memory_store(&memory, &sample, WARD_CHAR_GLUCOSE_MEASUREMENT));
    assert_memory_equal(memory.records[0].octets + 1, "\x34\x12", 2);
    assert_int_equal(memory.records[0].context_length, 4);
    assert_memory_equal(memory.records[0].context, "\x02\x34\x12\x02", 4);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(a_record_keeps_its_number_and_its_person),
        cmocka_unit_test(what_cannot_be_encoded_is_not_stored),
        cmocka_unit_test(the_oldest_goes_when_it_is_full),
        cmocka_unit_test(ranges_are_of_sequence_numbers),
        cmocka_unit_test(numbers_are_not_given_again_after_a_delete),
        cmocka_unit_test(a_place_stays_right_when_the_oldest_goes),
        cmocka_unit_test(a_spot_check_from_the_memory_says_so),
        cmocka_unit_test(a_glucose_record_has_its_number_and_its_context),
    };

    return cmocka_run_group_tests(tests, NULL, NULL);
}
