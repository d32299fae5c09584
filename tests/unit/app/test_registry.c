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

/* The patient of the first open binding; "" when there is none. */
static const char *has(const struct ward_registry *registry, const char *device)
{
    const struct ward_store_binding *binding = ward_registry_next_binding(registry, device, NULL);

    return binding ? binding->patient.text : "";
}

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
    assert_string_equal(has(registry, "d-1"), "p-ann");
    assert_string_equal(has(registry, "d-2"), "");
    assert_int_equal(ward_registry_bound(registry, "p-ann"), 1);
    assert_int_equal(ward_registry_bound(registry, "p-bob"), 0);
    free(registry);
}

static void test_rebinding_ends_the_old_binding(void **state)
{
    struct ward_registry *registry = couple();

    (void)state;
    apply(registry, binding("d-1", "p-ann", 100, 200));
    assert_string_equal(has(registry, "d-1"), "");
    apply(registry, binding("d-1", "p-bob", 200, WARD_UTC_UNKNOWN));
    assert_string_equal(has(registry, "d-1"), "p-bob");
    assert_false(ward_registry_is_bound(registry, "d-1", "p-ann"));
    assert_int_equal(registry->binding_count, 2); /* the old one is kept */
    free(registry);
}

static void test_a_patient_who_leaves_takes_the_bindings_along(void **state)
{
    struct ward_registry *registry = couple();

    (void)state;
    apply(registry, patient(WARD_STORE_PATIENT_REMOVED, "p-ann"));
    assert_null(ward_registry_patient(registry, "p-ann"));
    assert_non_null(ward_registry_patient(registry, "p-bob"));
    assert_string_equal(has(registry, "d-1"), "");
    assert_non_null(ward_registry_device(registry, "d-1"));
    free(registry);
}

static void test_a_forgotten_device_is_gone(void **state)
{
    struct ward_registry *registry = couple();

    (void)state;
    apply(registry, device(WARD_STORE_DEVICE_FORGOTTEN, "d-1"));
    assert_null(ward_registry_device(registry, "d-1"));
    assert_string_equal(has(registry, "d-1"), "");
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

static void test_two_patients_share_a_device(void **state)
{
    struct ward_registry *registry = couple();
    struct ward_store_change slot = binding("d-2", "p-ann", 100, WARD_UTC_UNKNOWN);

    (void)state;
    assert_false(ward_registry_is_shared(registry, "d-1"));
    apply(registry, binding("d-1", "p-bob", 100, WARD_UTC_UNKNOWN));
    assert_true(ward_registry_is_shared(registry, "d-1"));
    assert_true(ward_registry_is_bound(registry, "d-1", "p-ann"));
    assert_true(ward_registry_is_bound(registry, "d-1", "p-bob"));
    slot.binding.slot = 1;
    apply(registry, slot);
    strcpy(slot.binding.patient.text, "p-bob");
    slot.binding.slot = 2;
    apply(registry, slot);
    assert_false(ward_registry_is_shared(registry, "d-2"));
    free(registry);
}

static void test_a_binding_gets_its_date(void **state)
{
    struct ward_registry *registry = couple();

    (void)state;
    apply(registry, binding("d-2", "p-bob", WARD_BOUND_FROM_UNKNOWN, WARD_UTC_UNKNOWN));
    apply(registry, binding("d-2", "p-bob", 300, WARD_UTC_UNKNOWN));
    assert_int_equal(registry->binding_count, 2);
    assert_int_equal(ward_registry_next_binding(registry, "d-2", NULL)->from_ms, 300);
    free(registry);
}

/* Years of rebinding: what has ended longest ago goes, and never what is in force. */
static void test_the_oldest_binding_that_has_ended_makes_room(void **state)
{
    struct ward_registry *registry = couple();

    (void)state;
    for (int i = 0; i < 2 * WARD_BINDINGS_MAX; i++)
        apply(registry, binding("d-2", "p-bob", 1000 + i, 1001 + i));
    assert_int_equal(registry->binding_count, WARD_BINDINGS_MAX);
    assert_string_equal(has(registry, "d-1"), "p-ann");
    for (size_t i = 0; i < registry->binding_count; i++)
        if (registry->bindings[i].until_ms != WARD_UTC_UNKNOWN)
            assert_true(registry->bindings[i].from_ms > 1000 + WARD_BINDINGS_MAX);
    apply(registry, binding("d-1", "p-bob", 9000, WARD_UTC_UNKNOWN));
    assert_true(ward_registry_is_bound(registry, "d-1", "p-bob"));
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
        cmocka_unit_test(test_two_patients_share_a_device),
        cmocka_unit_test(test_a_binding_gets_its_date),
        cmocka_unit_test(test_the_oldest_binding_that_has_ended_makes_room),
        cmocka_unit_test(test_a_full_registry_says_so),
    };

    return cmocka_run_group_tests_name("registry", tests, NULL, NULL);
}
