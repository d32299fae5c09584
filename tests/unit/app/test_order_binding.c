/* SPDX-License-Identifier: Apache-2.0 */
/*
 * Whose a device is, as the ward orders it: what becomes of the bindings, together and after a restart, and what is refused
 * and then changes nothing.
 */
#include "app_orders.h"

#include <errno.h>
#include <stdio.h>
#include <string.h>

#include "app/binding_change.h"
#include "app/listeners.h"
#include "app/ownership.h"
#include "core/reading.h"

#define OTHER   "p-2"
#define MINUTE  INT64_C(60000)
#define NO_SLOT WARD_COMMAND_NO_SLOT

static int set_up(void **state)
{
    struct bench *bench;

    assert_int_equal(orders_set_up(state), 0);
    bench = *state;
    bench_admit(bench, OTHER);
    bench_enrol(bench, "d-1", "blood-pressure-cuff");
    bench_enrol(bench, "d-2", "blood-pressure-cuff");
    return 0;
}

static struct ward_order about(struct bench *bench, enum ward_command_kind kind, const char *patient,
                               const char *device)
{
    struct ward_order order = orders_make(bench, kind);

    strcpy(order.patient.text, patient);
    strcpy(order.command.binding.device.text, device);
    order.command.binding.slot = NO_SLOT;
    return order;
}

/* Who has the device now: "p-1/255 p-2/255 ", in no certain order but that of the registry. */
static const char *owners(const struct bench *bench, const char *device)
{
    static char text[256];
    const struct ward_store_binding *binding = NULL;
    size_t used = 0;

    text[0] = '\0';
    while ((binding = ward_registry_next_binding(&bench->gateway->registry, device, binding)))
        used += (size_t)snprintf(text + used, sizeof(text) - used, "%s/%u ", binding->patient.text,
                                 binding->slot);
    return text;
}

/* Whose a record from the memory of the device is that was measured then. */
static const char *whose(const struct bench *bench, const char *device, int64_t measured_ms)
{
    const struct ward_provenance provenance = {
        .device = device, .slot = WARD_SLOT_NONE, .measured_at_ms = measured_ms};
    const struct ward_store_binding *binding = ward_whose(&bench->gateway->registry, &provenance);

    return binding ? binding->patient.text : "";
}

static void a_device_is_bound_and_stays_so(void **state)
{
    struct bench *bench = *state;
    struct ward_order order = about(bench, WARD_COMMAND_BIND, PATIENT, "d-1");

    assert_non_null(bench_condition(bench, PATIENT, "rule-without-source"));
    orders_done(bench, &order);
    assert_string_equal(owners(bench, "d-1"), "p-1/255 ");
    order = about(bench, WARD_COMMAND_BIND, PATIENT, "d-1");
    assert_non_null(strstr(orders_give(bench, &order), "bound so already"));
    orders_restart(bench);
    assert_string_equal(owners(bench, "d-1"), "p-1/255 ");

    order = about(bench, WARD_COMMAND_BIND, OTHER, "d-1"); /* it moves */
    orders_done(bench, &order);
    assert_string_equal(owners(bench, "d-1"), "p-2/255 ");
    order = about(bench, WARD_COMMAND_BIND, PATIENT, "d-1");
    order.command.binding.shared = true;
    orders_done(bench, &order);
    orders_restart(bench);
    assert_true(ward_registry_is_bound(&bench->gateway->registry, "d-1", PATIENT));
    assert_true(ward_registry_is_bound(&bench->gateway->registry, "d-1", OTHER));
}

static void slots_are_bound_one_by_one(void **state)
{
    struct bench *bench = *state;
    struct ward_order order = about(bench, WARD_COMMAND_BIND, PATIENT, "d-1");

    order.command.binding.slot = 1;
    orders_done(bench, &order);
    order = about(bench, WARD_COMMAND_BIND, OTHER, "d-1");
    order.command.binding.slot = 2;
    orders_done(bench, &order);
    assert_string_equal(owners(bench, "d-1"), "p-1/1 p-2/2 ");
    order = about(bench, WARD_COMMAND_UNBIND, "", "d-1");
    order.episode.text[0] = '\0';
    order.command.binding.slot = 2;
    orders_done(bench, &order);
    assert_string_equal(owners(bench, "d-1"), "p-1/1 ");
}

/* Beside a user's slot nobody can have the whole device: the user's readings would be his. */
static void what_is_shared_takes_nothing_from_anybody(void **state)
{
    struct bench *bench = *state;
    struct ward_order order = about(bench, WARD_COMMAND_BIND, PATIENT, "d-1");

    order.command.binding.slot = 1;
    orders_done(bench, &order);
    order = about(bench, WARD_COMMAND_BIND, OTHER, "d-1");
    order.command.binding.shared = true;
    orders_refused(bench, &order, "Others have a user slot of it");
    assert_string_equal(owners(bench, "d-1"), "p-1/1 ");

    order = about(bench, WARD_COMMAND_BIND, PATIENT, "d-1"); /* his own gives way */
    order.command.binding.shared = true;
    orders_done(bench, &order);
    order = about(bench, WARD_COMMAND_BIND, OTHER, "d-1");
    order.command.binding.shared = true;
    order.command.binding.slot = 2;
    orders_refused(bench, &order, "Others have it as a whole");
    assert_string_equal(owners(bench, "d-1"), "p-1/255 ");
}

/* What it measured since then is the patient's, but nothing that may be another's. */
static void a_binding_may_begin_in_the_past(void **state)
{
    struct bench *bench = *state;
    const int64_t now_ms = ward_gateway_now(bench->gateway).utc_ms;
    struct ward_store_change admitted = {
        .kind = WARD_STORE_PATIENT,
        .patient = {.id = {PATIENT}, .episode = {"s-1"}, .admitted_at_ms = now_ms - 30 * MINUTE}};
    struct ward_order order = about(bench, WARD_COMMAND_BIND, PATIENT, "d-1");

    assert_int_equal(ward_gateway_change(bench->gateway, &admitted, 1, NULL), 0);
    order.command.binding.from_ms = now_ms - 31 * MINUTE;
    orders_refused(bench, &order, "before the patient was admitted");
    order = about(bench, WARD_COMMAND_BIND, PATIENT, "d-1");
    order.command.binding.from_ms = now_ms + 10 * MINUTE;
    orders_refused(bench, &order, "lies ahead");
    order = about(bench, WARD_COMMAND_BIND, PATIENT, "d-1");
    order.command.binding.from_ms = now_ms - 10 * MINUTE;
    bench_set_clock(bench, false);
    orders_refused(bench, &order, "clock of the gateway is not trusted");
    bench_set_clock(bench, true);
    assert_string_equal(owners(bench, "d-1"), "");

    order = about(bench, WARD_COMMAND_BIND, PATIENT, "d-1");
    order.command.binding.from_ms = now_ms - 10 * MINUTE;
    orders_done(bench, &order);
    assert_string_equal(whose(bench, "d-1", now_ms - 5 * MINUTE), PATIENT);
    assert_string_equal(whose(bench, "d-1", now_ms - 11 * MINUTE), "");

    order = about(bench, WARD_COMMAND_BIND, OTHER, "d-1");
    order.command.binding.from_ms = now_ms - 5 * MINUTE; /* it was p-1's */
    orders_refused(bench, &order, "another patient's after from");
    order = about(bench, WARD_COMMAND_UNBIND, "", "d-1");
    orders_done(bench, &order);
    order = about(bench, WARD_COMMAND_BIND, OTHER, "d-1");
    order.command.binding.from_ms = now_ms - 5 * MINUTE; /* and it was so until now */
    orders_refused(bench, &order, "another patient's after from");
    assert_string_equal(owners(bench, "d-1"), "");
}

/* What the device measured before him may be of one who is not here any more, and of whom nothing is known. */
static void who_was_admitted_without_a_date_has_no_past(void **state)
{
    struct bench *bench = *state;
    struct ward_store_change admitted = {
        .kind = WARD_STORE_PATIENT,
        .patient = {.id = {PATIENT}, .episode = {"s-1"}, .admitted_at_ms = WARD_UTC_UNKNOWN}};
    struct ward_order order = about(bench, WARD_COMMAND_BIND, PATIENT, "d-1");

    assert_int_equal(ward_gateway_change(bench->gateway, &admitted, 1, NULL), 0);
    order.command.binding.from_ms = ward_gateway_now(bench->gateway).utc_ms - MINUTE;
    orders_refused(bench, &order, "admitted while the date was not known");
    order = about(bench, WARD_COMMAND_BIND, PATIENT, "d-1");
    orders_done(bench, &order);
}

/* He had it until a moment that had no date, as after a start without a time service. */
static void what_ended_without_a_date_may_have_lasted(void **state)
{
    struct bench *bench = *state;
    struct ward_order order = about(bench, WARD_COMMAND_BIND, OTHER, "d-1");

    orders_done(bench, &order);
    bench_set_clock(bench, false);
    order = about(bench, WARD_COMMAND_UNBIND, "", "d-1");
    orders_done(bench, &order);
    bench_set_clock(bench, true);
    order = about(bench, WARD_COMMAND_BIND, PATIENT, "d-1");
    order.command.binding.from_ms = ward_gateway_now(bench->gateway).utc_ms;
    orders_refused(bench, &order, "another patient's after from");
    order = about(bench, WARD_COMMAND_BIND, PATIENT, "d-1");
    orders_done(bench, &order);
}

static void what_cannot_be_bound_is_told_why(void **state)
{
    struct bench *bench = *state;
    struct ward_order order = about(bench, WARD_COMMAND_BIND, PATIENT, "d-9");

    orders_refused(bench, &order, "No such device");
    order = about(bench, WARD_COMMAND_BIND, "p-9", "d-1");
    orders_refused(bench, &order, "No such patient and episode");
    order = about(bench, WARD_COMMAND_BIND, PATIENT, "d-1");
    strcpy(order.episode.text, "s-9");
    orders_refused(bench, &order, "No such patient and episode");
    order = about(bench, WARD_COMMAND_UNBIND, PATIENT, "d-9");
    orders_refused(bench, &order, "No such device");
    order = about(bench, WARD_COMMAND_UNBIND, PATIENT, "d-1");
    orders_refused(bench, &order, "not bound like that");
    assert_string_equal(owners(bench, "d-1"), "");
    for (uint16_t slot = 0; slot < WARD_BOUND_MAX; slot++) {
        order = about(bench, WARD_COMMAND_BIND, PATIENT, "d-1");
        order.command.binding.slot = slot;
        orders_done(bench, &order);
    }
    order = about(bench, WARD_COMMAND_BIND, PATIENT, "d-1");
    order.command.binding.slot = WARD_BOUND_MAX;
    orders_refused(bench, &order, "No more patients fit");
    order = about(bench, WARD_COMMAND_SWAP, PATIENT, "d-1"); /* all of them, in one transaction */
    strcpy(order.command.binding.replacement.text, "d-2");
    orders_done(bench, &order);
    assert_string_equal(owners(bench, "d-1"), "");
    assert_int_equal(ward_binding_count(bench->gateway, "d-2"), WARD_BOUND_MAX);
}

/* It would be said to be bound, and count after the next start at the earliest. */
static void what_has_no_place_is_not_bound(void **state)
{
    struct bench *bench = *state;
    struct ward_registry *registry = &bench->gateway->registry;
    struct ward_bluez_device stranger = {.address = "C0:00:00:00:00:09", .identity.serial_number = "S-9"};
    struct ward_order order = about(bench, WARD_COMMAND_BIND, PATIENT, "d-1");

    orders_done(bench, &order);
    while (registry->binding_count < WARD_BINDINGS_MAX)
        registry->bindings[registry->binding_count++] =
            (struct ward_store_binding){.device = {"d-8"}, .patient = {"p-8"}, .until_ms = WARD_UTC_UNKNOWN};
    order = about(bench, WARD_COMMAND_BIND, PATIENT, "d-2");
    orders_refused(bench, &order, "No more bindings fit");
    assert_string_equal(owners(bench, "d-2"), "");
    assert_int_equal(ward_bluez_events.identified(&stranger, bench->gateway), -ENOSPC); /* nor paired */
    order = about(bench, WARD_COMMAND_BIND, OTHER, "d-1");                              /* it moves */
    orders_done(bench, &order);
    assert_string_equal(owners(bench, "d-1"), "p-2/255 ");
}

static void a_binding_of_another_patient_is_not_ended(void **state)
{
    struct bench *bench = *state;
    struct ward_order order = about(bench, WARD_COMMAND_BIND, PATIENT, "d-1");

    orders_done(bench, &order);
    order = about(bench, WARD_COMMAND_BIND, OTHER, "d-1");
    order.command.binding.shared = true;
    orders_done(bench, &order);
    order = about(bench, WARD_COMMAND_UNBIND, PATIENT, "d-1");
    strcpy(order.episode.text, "s-9");
    orders_refused(bench, &order, "not bound like that");
    order = about(bench, WARD_COMMAND_UNBIND, PATIENT, "d-1");
    orders_done(bench, &order);
    assert_string_equal(owners(bench, "d-1"), "p-2/255 ");
}

static void a_device_is_swapped_at_once(void **state)
{
    struct bench *bench = *state;
    struct ward_order order = about(bench, WARD_COMMAND_BIND, PATIENT, "d-1");
    int64_t before_ms;

    order.command.binding.slot = 2;
    orders_done(bench, &order);
    before_ms = ward_gateway_now(bench->gateway).utc_ms;
    order = about(bench, WARD_COMMAND_SWAP, PATIENT, "d-1");
    strcpy(order.command.binding.replacement.text, "d-9");
    orders_refused(bench, &order, "replace it is not enrolled");
    order = about(bench, WARD_COMMAND_SWAP, OTHER, "d-1");
    strcpy(order.command.binding.replacement.text, "d-2");
    orders_refused(bench, &order, "not this patient's");
    order = about(bench, WARD_COMMAND_SWAP, "", "d-1");
    strcpy(order.command.binding.replacement.text, "d-2");
    orders_refused(bench, &order, "No such patient");
    assert_string_equal(owners(bench, "d-1"), "p-1/2 ");

    order = about(bench, WARD_COMMAND_SWAP, PATIENT, "d-1");
    strcpy(order.command.binding.replacement.text, "d-2");
    orders_done(bench, &order);
    orders_restart(bench);
    assert_string_equal(owners(bench, "d-1"), "");
    assert_string_equal(owners(bench, "d-2"), "p-1/2 ");
    assert_string_equal(whose(bench, "d-2", before_ms - 1),
                        ""); /* what it had in its memory is not the patient's */

    order = about(bench, WARD_COMMAND_BIND, OTHER, "d-1");
    orders_done(bench, &order);
    order = about(bench, WARD_COMMAND_SWAP, PATIENT, "d-2");
    strcpy(order.command.binding.replacement.text, "d-1");
    orders_refused(bench, &order, "bound already");
    assert_string_equal(owners(bench, "d-2"), "p-1/2 ");
}

#define ORDER_TEST(test) cmocka_unit_test_setup_teardown(test, set_up, bench_tear_down)

int main(void)
{
    const struct CMUnitTest tests[] = {
        ORDER_TEST(a_device_is_bound_and_stays_so),
        ORDER_TEST(slots_are_bound_one_by_one),
        ORDER_TEST(what_is_shared_takes_nothing_from_anybody),
        ORDER_TEST(a_binding_may_begin_in_the_past),
        ORDER_TEST(who_was_admitted_without_a_date_has_no_past),
        ORDER_TEST(what_ended_without_a_date_may_have_lasted),
        ORDER_TEST(what_cannot_be_bound_is_told_why),
        ORDER_TEST(what_has_no_place_is_not_bound),
        ORDER_TEST(a_binding_of_another_patient_is_not_ended),
        ORDER_TEST(a_device_is_swapped_at_once),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
