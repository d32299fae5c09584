/* SPDX-License-Identifier: Apache-2.0 */
/* What a device gave once is known, for as many records as any device keeps, and across a restart. */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include <cmocka.h>

#include "app/known.h"

struct key {
    uint8_t octets[WARD_STORE_KEY_OCTETS];
};

static struct key key_of(uint32_t number)
{
    struct key key = {{0xA5}};

    memcpy(key.octets + 4, &number, sizeof(number));
    return key;
}

static struct ward_store_known add(struct ward_known *known, const char *device, uint32_t number)
{
    const struct key key = key_of(number);
    struct ward_store_known stored;

    assert_false(ward_known_has(known, device, key.octets));
    assert_true(ward_known_add(known, device, key.octets, &stored));
    assert_true(ward_known_has(known, device, key.octets));
    return stored;
}

static bool has(const struct ward_known *known, const char *device, uint32_t number)
{
    const struct key key = key_of(number);

    return ward_known_has(known, device, key.octets);
}

static void test_each_device_has_its_own(void **state)
{
    struct ward_known known = {0};

    (void)state;
    assert_int_equal(add(&known, "d-1", 7).number, 0);
    assert_int_equal(add(&known, "d-1", 8).number, 1);
    assert_false(has(&known, "d-2", 7));
    assert_int_equal(add(&known, "d-2", 7).number, 0);
    ward_known_done(&known);
}

static void test_the_oldest_makes_room(void **state)
{
    struct ward_known known = {0};

    (void)state;
    for (uint32_t i = 0; i < WARD_STORE_KNOWN_MAX + 10; i++)
        assert_int_equal(add(&known, "d-1", i).number, i);
    assert_false(has(&known, "d-1", 9));
    assert_true(has(&known, "d-1", 10));
    assert_true(has(&known, "d-1", WARD_STORE_KNOWN_MAX + 9));
    ward_known_done(&known);
}

/* Through a file: every change is put there under number modulo the bound, and read back in order. */
static void test_a_restart_changes_nothing(void **state)
{
    struct ward_store_known *file = calloc(WARD_STORE_KNOWN_MAX, sizeof(*file));
    struct ward_known before = {0}, after = {0};
    struct ward_known_position position = {0};
    struct ward_store_known told;
    const uint32_t count = WARD_STORE_KNOWN_MAX + 3;
    size_t told_count = 0;

    (void)state;
    for (uint32_t i = 0; i < count; i++) {
        const struct ward_store_known stored = add(&before, "d-1", i);

        file[stored.number % WARD_STORE_KNOWN_MAX] = stored;
    }
    for (uint32_t i = 3; i < count; i++)
        assert_true(ward_known_restore(&after, &file[i % WARD_STORE_KNOWN_MAX]));
    assert_false(has(&after, "d-1", 2));
    for (uint32_t i = 3; i < count; i++)
        assert_true(has(&after, "d-1", i));
    while (ward_known_next(&after, &position, &told)) {
        const struct ward_store_known *stored = &file[told.number % WARD_STORE_KNOWN_MAX];

        assert_int_equal(told.number, stored->number);
        assert_string_equal(told.device.text, stored->device.text);
        assert_memory_equal(told.key, stored->key, sizeof(told.key));
        told_count++;
    }
    assert_int_equal(told_count, WARD_STORE_KNOWN_MAX);
    assert_int_equal(add(&after, "d-1", count).number, count);
    free(file);
    ward_known_done(&before);
    ward_known_done(&after);
}

static void test_too_many_devices_are_said(void **state)
{
    struct ward_known known = {0};
    const struct key key = key_of(1);
    struct ward_store_known stored = {.number = 77};
    char device[16];

    (void)state;
    for (int i = 0; i < WARD_DEVICES_MAX; i++) {
        snprintf(device, sizeof(device), "d-%d", i);
        (void)add(&known, device, 1);
    }
    assert_false(ward_known_add(&known, "d-more", key.octets, &stored));
    assert_int_equal(stored.number, 77);
    ward_known_done(&known);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(test_each_device_has_its_own),
        cmocka_unit_test(test_the_oldest_makes_room),
        cmocka_unit_test(test_a_restart_changes_nothing),
        cmocka_unit_test(test_too_many_devices_are_said),
    };

    return cmocka_run_group_tests_name("known", tests, NULL, NULL);
}
