/* SPDX-License-Identifier: Apache-2.0 */
/* Who is looked after with which devices: a reading must never find the wrong patient. */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>

#include <cmocka.h>

#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "app/registry.h"

static struct ward_store_change patient(enum ward_store_change_kind kind, const char *id)
{
    struct ward_store_change change = {.kind = (uint8_t)kind};

    strcpy(change.patient.id.text, id);
    strcpy(change.patient.episode.text, "s-1");
    return change;
}

static struct ward_store_change device(enum ward_store_change_kind kind, const char *id)
{
    struct ward_store_change change = {.kind = (uint8_t)kind};

    strcpy(change.device.id.text, id);
    snprintf(change.device.address, sizeof(change.device.address), "C0:00:00:00:00:%02X", id[2]);
    return change;
}

static struct ward_store_change binding(const char *device_id, const char *patient_id, int64_t from_ms,
                                        int64_t until_ms)
{
    struct ward_store_change change = {.kind = WARD_STORE_BINDING};

    strcpy(change.binding.device.text, device_id);
    strcpy(change.binding.patient.text, patient_id);
    change.binding.slot = 0xFF;
    change.binding.from_ms = from_ms;
    change.binding.until_ms = until_ms;
    return change;
}

static void apply(struct ward_registry *registry, struct ward_store_change change)
{
    assert_true(ward_registry_apply(registry, &change));
}

static struct ward_registry *couple(void)
{
    struct ward_registry *registry = calloc(1, sizeof(*registry));

    apply(registry, patient(WARD_STORE_PATIENT, "p-ann"));
    apply(registry, patient(WARD_STORE_PATIENT, "p-bob"));
    apply(registry, device(WARD_STORE_DEVICE, "d-1"));
    apply(registry, device(WARD_STORE_DEVICE, "d-2"));
    apply(registry, binding("d-1", "p-ann", 100, WARD_UTC_UNKNOWN));
    return registry;
}

static void test_a_device_belongs_to_whom_it_is_bound(void **state)
{
    struct ward_registry *registry = couple();

    (void)state;
    assert_string_equal(ward_registry_binding(registry, "d-1")->patient.text, "p-ann");
    assert_null(ward_registry_binding(registry, "d-2"));
    assert_int_equal(ward_registry_bound(registry, "p-ann"), 1);
    assert_int_equal(ward_registry_bound(registry, "p-bob"), 0);
    free(registry);
}

static void test_rebinding_ends_the_old_binding(void **state)
{
    struct ward_registry *registry = couple();

    (void)state;
    apply(registry, binding("d-1", "p-ann", 100, 200));
    assert_null(ward_registry_binding(registry, "d-1"));
    apply(registry, binding("d-1", "p-bob", 200, WARD_UTC_UNKNOWN));
    assert_string_equal(ward_registry_binding(registry, "d-1")->patient.text, "p-bob");
    assert_int_equal(registry->binding_count, 1);
    free(registry);
}

static void test_a_patient_who_leaves_takes_the_bindings_along(void **state)
{
    struct ward_registry *registry = couple();

    (void)state;
    apply(registry, patient(WARD_STORE_PATIENT_REMOVED, "p-ann"));
    assert_null(ward_registry_patient(registry, "p-ann"));
    assert_non_null(ward_registry_patient(registry, "p-bob"));
    assert_null(ward_registry_binding(registry, "d-1"));
    assert_non_null(ward_registry_device(registry, "d-1"));
    free(registry);
}

static void test_a_forgotten_device_is_gone(void **state)
{
    struct ward_registry *registry = couple();

    (void)state;
    apply(registry, device(WARD_STORE_DEVICE_FORGOTTEN, "d-1"));
    assert_null(ward_registry_device(registry, "d-1"));
    assert_null(ward_registry_binding(registry, "d-1"));
    assert_non_null(ward_registry_device_at(registry, "C0:00:00:00:00:32"));
    assert_null(ward_registry_device_at(registry, "C0:00:00:00:00:31"));
    free(registry);
}

static void test_replacing_does_not_add(void **state)
{
    struct ward_registry *registry = couple();

    (void)state;
    apply(registry, device(WARD_STORE_DEVICE, "d-1"));
    apply(registry, patient(WARD_STORE_PATIENT, "p-ann"));
    apply(registry, binding("d-1", "p-ann", 100, WARD_UTC_UNKNOWN));
    assert_int_equal(registry->device_count, 2);
    assert_int_equal(registry->patient_count, 2);
    assert_int_equal(registry->binding_count, 1);
    free(registry);
}

static void test_a_full_registry_says_so(void **state)
{
    struct ward_registry *registry = calloc(1, sizeof(*registry));
    char id[16];

    (void)state;
    for (unsigned i = 0; i < WARD_PATIENTS_MAX; i++) {
        snprintf(id, sizeof(id), "p-%u", i);
        apply(registry, patient(WARD_STORE_PATIENT, id));
    }
    const struct ward_store_change one_more = patient(WARD_STORE_PATIENT, "p-more");

    assert_false(ward_registry_apply(registry, &one_more));
    assert_null(ward_registry_patient(registry, "p-more"));
    assert_non_null(ward_registry_patient(registry, "p-0"));
    free(registry);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(test_a_device_belongs_to_whom_it_is_bound),
        cmocka_unit_test(test_rebinding_ends_the_old_binding),
        cmocka_unit_test(test_a_patient_who_leaves_takes_the_bindings_along),
        cmocka_unit_test(test_a_forgotten_device_is_gone),
        cmocka_unit_test(test_replacing_does_not_add),
        cmocka_unit_test(test_a_full_registry_says_so),
    };

    return cmocka_run_group_tests_name("registry", tests, NULL, NULL);
}
