/* SPDX-License-Identifier: Apache-2.0 */
/* An episode that ends while the disk hangs, the broker refuses, or the database is replaced. */
#include <errno.h>
#include <string.h>

#include "app/binding.h"
#include "app/departure_private.h"
#include "app/listeners.h"
#include "app_disk.h"
#include "app_uplink.h"

#define ACTIVE "ward/v1/home/g-test/up/active/" PATIENT

static struct ward_departure *only(struct bench *bench)
{
    assert_int_equal(bench->gateway->departures.count, 1);
    return bench->gateway->departures.list[0];
}

static bool waits_for(struct bench *bench, const char *what)
{
    const char *text;

    for (size_t i = 0; (text = ward_departure_waits_for(bench->gateway, only(bench), i)); i++)
        if (strcmp(text, what) == 0)
            return true;
    return false;
}

/* What was held back at the discharge is submitted. */
static void end_hold(struct bench *bench)
{
    only(bench)->held_us = bench_now_us(bench);
    ward_gateway_settle(bench->gateway);
}

/* His last reading waits for the disk longer than anything is held back: it is waited for, and is the ward's to confirm. */
static void what_waits_for_the_disk_is_not_left_behind(void **state)
{
    struct bench *bench = *state;
    struct ward_order order;
    uint64_t before;

    before = orders_measure(bench, WARD_SPO2, 97);
    disk_hangs = true;
    orders_tell(bench, WARD_SPO2, 97);
    order = orders_make(bench, WARD_COMMAND_DISCHARGE);
    ward_order_carry_out(bench->gateway, &order);
    end_hold(bench);
    assert_true(waits_for(bench, "what was just measured"));
    ward_gateway_settle(bench->gateway);
    assert_false(only(bench)->closed);
    disk_hangs = false;
    WAIT_FOR(bench, only(bench)->closed);
    assert_true(only(bench)->last_seq > before);
    assert_true(waits_for(bench, "the ward's receipt of his records"));
    assert_int_equal(only(bench)->stage, WARD_DEPARTURE_WAITS);
}

static void discharge(struct bench *bench)
{
    const struct ward_order order = orders_make(bench, WARD_COMMAND_DISCHARGE);

    orders_done(bench, &order);
    end_hold(bench);
    WAIT_FOR(bench, only(bench)->closed);
}

/* The numbers of the epoch that ended are nobody's: what is waited for are those of the new one. */
static void a_departure_outlives_the_epoch(void **state)
{
    struct bench *bench = *state;
    struct ward_receipt receipt = {.has_head = true};
    char epoch[WARD_ID_MAX + 1];

    for (int i = 0; i < 5; i++)
        (void)orders_measure(bench, WARD_SPO2, 97);
    receipt.epoch = bench->gateway->epoch;
    receipt.through = bench->gateway->head_seq;
    memcpy(receipt.head, bench->gateway->head_chain, sizeof(receipt.head));
    ward_receipt_take(bench->gateway, &receipt); /* the ward has all of it */
    discharge(bench);
    receipt.through = bench->gateway->head_seq + 4; /* and more than we have */
    strcpy(epoch, bench->gateway->epoch.text);
    ward_receipt_take(bench->gateway, &receipt);
    WAIT_FOR(bench, strcmp(bench->gateway->epoch.text, epoch) != 0);
    WAIT_FOR(bench, only(bench)->closed);
    assert_true(only(bench)->last_seq <= bench->gateway->head_seq);
    receipt.epoch = bench->gateway->epoch;
    receipt.through = bench->gateway->head_seq;
    receipt.has_head = false;
    ward_receipt_take(bench->gateway, &receipt);
    assert_false(waits_for(bench, "the ward's receipt of his records"));
}

/* Not at once, and with each round trip; but when the line is another one. */
static void what_the_broker_refuses_waits(void **state)
{
    struct bench *bench = *state;
    unsigned empties = 0;

    uplink_join(bench);
    uplink_open_link();
    discharge(bench);
    for (unsigned turn = 0; turn < 500; turn++) {
        assert_true(sd_event_run(bench->event, 1000) >= 0);
        while (uplink_has_come(WARD_LINK_PUBLISH)) {
            const bool is_empty = uplink_topic_is(ACTIVE) && uplink.frame.publish.payload_length == 0;

            empties += is_empty;
            uplink_tell(&(struct ward_link_frame){
                .type = WARD_LINK_RESULT,
                .result = {.id = uplink.frame.publish.id, .reason = is_empty ? 0x87 : 0}});
        }
    }
    assert_int_equal(empties, 1);
    assert_false(only(bench)->emptied);
    assert_true(ward_departures_due_us(bench->gateway) <= only(bench)->tell_us);

    uplink_tell(&(struct ward_link_frame){.type = WARD_LINK_LINK, .link = {.up = false, .text = ""}});
    uplink_open_link();
    WAIT_FOR(bench, uplink_has_published(ACTIVE) && uplink.frame.publish.payload_length == 0);
    uplink_answer();
    WAIT_FOR(bench, only(bench)->emptied);
}

static void confirm_all(struct bench *bench)
{
    const struct ward_alarm_queue *alarms = &bench->gateway->outbox.alarms;
    struct ward_receipt receipt = {.epoch = bench->gateway->epoch, .through = bench->gateway->head_seq};

    ward_receipt_take(bench->gateway, &receipt);
    for (receipt.alarm_count = 1; alarms->count > 0;) {
        receipt.alarms[0].id = alarms->entries[0].key.id;
        receipt.alarms[0].n = alarms->entries[0].key.n;
        ward_receipt_take(bench->gateway, &receipt);
    }
}

/* That it is taken back is a record of his, too: one that is erased before the ward has it would never be the ward's. */
static void a_reading_that_is_taken_back_later_is_waited_for(void **state)
{
    struct bench *bench = *state;
    const uint64_t seq = orders_measure(bench, WARD_SPO2, 97);
    struct ward_order order = orders_about(bench, WARD_COMMAND_VOID, seq);

    discharge(bench);
    confirm_all(bench);
    assert_false(waits_for(bench, "the ward's receipt of his records"));
    orders_done(bench, &order);
    WAIT_FOR(bench, only(bench)->closed);
    assert_true(waits_for(bench, "the ward's receipt of his records"));
    confirm_all(bench);
    assert_false(waits_for(bench, "the ward's receipt of his records"));
}

/* The count was under way when it came. */
static void nothing_is_erased_before_what_came_last(void **state)
{
    struct bench *bench = *state;

    discharge(bench);
    confirm_all(bench);
    ward_departure_count(bench->gateway, only(bench));
    assert_true(ward_departure_admits_record(bench->gateway, PATIENT));
    WAIT_FOR(bench, !bench->gateway->departures.busy);
    assert_int_equal(only(bench)->stage, WARD_DEPARTURE_WAITS);
}

/* It was counted when that was on the disk already, and not the ward's yet. */
static void nor_before_the_ward_has_it(void **state)
{
    struct bench *bench = *state;
    const uint64_t seq = orders_measure(bench, WARD_SPO2, 97);
    struct ward_order order = orders_about(bench, WARD_COMMAND_VOID, seq);

    discharge(bench);
    confirm_all(bench);
    orders_done(bench, &order);
    WAIT_FOR(bench, only(bench)->closed);
    ward_departure_count(bench->gateway, only(bench));
    WAIT_FOR(bench, !bench->gateway->departures.busy);
    assert_int_equal(only(bench)->stage, WARD_DEPARTURE_WAITS);
}

static void while_it_is_erased_nothing_is_taken_back(void **state)
{
    struct bench *bench = *state;
    const uint64_t seq = orders_measure(bench, WARD_SPO2, 97);
    struct ward_order order = orders_about(bench, WARD_COMMAND_VOID, seq);

    discharge(bench);
    only(bench)->stage = WARD_DEPARTURE_ERASES;
    bench->gateway->departures.busy = true; /* with another one */
    orders_refused(bench, &order, "is being erased");
    assert_int_equal(orders_newest(bench)->reading.kind, WARD_READING_SPOT);
}

#define ADDRESS "C0:00:00:00:00:01" /* bench_enrol() */

/* He has a device, whose bond is being removed. */
static void discharge_with_device(struct bench *bench)
{
    struct ward_binding_order order = {.slot = WARD_SLOT_NONE};

    bench_enrol(bench, "d-1", "oximeter");
    order.device = ward_registry_device(&bench->gateway->registry, "d-1");
    order.watch = ward_gateway_watch(bench->gateway, PATIENT);
    assert_int_equal(ward_binding_make(bench->gateway, &order, NULL), 0);
    discharge(bench);
    WAIT_FOR(bench, !ward_registry_next_binding(&bench->gateway->registry, "d-1", NULL));
    strcpy(only(bench)->address.text, ADDRESS);
}

static void a_bond_is_removed_once_the_radio_is_back(void **state)
{
    struct bench *bench = *state;

    discharge_with_device(bench);
    ward_bluez_events.forgotten(ADDRESS, -ENETDOWN, bench->gateway);
    assert_string_equal(only(bench)->address.text, "");
    assert_true(only(bench)->due_us > bench_now_us(bench));
    assert_true(waits_for(bench, "bonds of his devices"));
    assert_non_null(ward_registry_device(&bench->gateway->registry, "d-1"));

    strcpy(only(bench)->address.text, ADDRESS);
    ward_bluez_events.forgotten(ADDRESS, -EIO,
                                bench->gateway); /* it would not be removed the next time either */
    assert_false(waits_for(bench, "bonds of his devices"));
    assert_null(ward_registry_device(&bench->gateway->registry, "d-1"));
}

static struct ward_order binding_of(struct bench *bench, enum ward_command_kind kind, const char *patient,
                                    const char *device)
{
    struct ward_order order = orders_make(bench, kind);

    strcpy(order.patient.text, patient);
    strcpy(order.command.binding.device.text, device);
    order.command.binding.slot = WARD_COMMAND_NO_SLOT;
    return order;
}

/* It would be gone with the bond, after it was said to be bound. */
static void a_device_that_is_being_forgotten_is_not_bound(void **state)
{
    struct bench *bench = *state;
    struct ward_order order;

    bench_admit(bench, "p-2");
    discharge_with_device(bench);
    order = binding_of(bench, WARD_COMMAND_BIND, "p-2", "d-1");
    orders_refused(bench, &order, "It is being forgotten");

    bench_enrol(bench, "d-2", "oximeter");
    strcpy(bench->gateway->registry.devices[1].address, "C0:00:00:00:00:02");
    order = binding_of(bench, WARD_COMMAND_BIND, "p-2", "d-2");
    orders_done(bench, &order);
    order = binding_of(bench, WARD_COMMAND_SWAP, "p-2", "d-2");
    strcpy(order.command.binding.replacement.text, "d-1");
    orders_refused(bench, &order, "It is being forgotten");
    assert_true(ward_registry_is_bound(&bench->gateway->registry, "d-2", "p-2"));
}

static void forget_again(struct bench *bench)
{
    ward_bluez_events.forgotten(ADDRESS, -ENETDOWN, bench->gateway);
    only(bench)->due_us = 0;
    ward_gateway_settle(bench->gateway);
}

/* Bluetooth was lost before the bond was: somebody has the device by the time that it is back. */
static void a_device_that_is_anothers_by_then_is_heard_again(void **state)
{
    struct bench *bench = *state;
    struct ward_bluez_signal signal;
    struct ward_order order;

    bench_admit(bench, "p-2");
    discharge_with_device(bench);
    forget_again(bench);
    assert_true(waits_for(bench, "bonds of his devices")); /* there is no radio */
    assert_int_equal(ward_bluez_signal(bench->gateway->bluez, ADDRESS, &signal), -ENOENT);
    order = binding_of(bench, WARD_COMMAND_BIND, "p-2", "d-1");
    orders_done(bench, &order);
    only(bench)->due_us = 0;
    ward_gateway_settle(bench->gateway);
    assert_false(waits_for(bench, "bonds of his devices"));
    assert_true(ward_registry_is_bound(&bench->gateway->registry, "d-1", "p-2"));
    assert_int_equal(ward_bluez_signal(bench->gateway->bluez, ADDRESS, &signal), 0);
}

/* The link ends with the device, and nobody says so: the next who has it does not begin with what it told before. */
static void a_device_that_is_forgotten_tells_nothing_more(void **state)
{
    struct bench *bench = *state;
    struct ward_bluez_device device = {.id = {"d-1"}, .security = WARD_BLUEZ_BONDED};
    const struct ward_bluez_link link = {
        .device = &device, .state = WARD_BLUEZ_LINK_CONNECTED, .connection = 1, .text = ""};

    discharge_with_device(bench);
    ward_bluez_events.link(&link, bench->gateway);
    assert_non_null(bench->gateway->talks);
    ward_bluez_events.forgotten(ADDRESS, 0, bench->gateway);
    assert_null(bench->gateway->talks);
}

/* Others keep the device that he shared, and what he measured may still be in it. */
static void what_he_leaves_in_a_memory_is_not_theirs(void **state)
{
    struct bench *bench = *state;
    struct ward_binding_order order = {.slot = WARD_SLOT_NONE, .shared = true, .read_out = true};
    const struct ward_store_binding *kept;

    bench_admit(bench, "p-2");
    bench_enrol(bench, "d-1", "oximeter");
    order.device = ward_registry_device(&bench->gateway->registry, "d-1");
    order.watch = ward_gateway_watch(bench->gateway, PATIENT);
    assert_int_equal(ward_binding_make(bench->gateway, &order, NULL), 0);
    order.watch = ward_gateway_watch(bench->gateway, "p-2");
    assert_int_equal(ward_binding_make(bench->gateway, &order, NULL), 0);
    discharge(bench);
    kept = ward_registry_next_binding(&bench->gateway->registry, "d-1", NULL);
    assert_string_equal(kept->patient.text, "p-2");
    assert_false(kept->read_out);
}

/* He may be admitted again, and share the device again: then he has not claimed it. */
static void nothing_is_claimed_by_one_who_left(void **state)
{
    struct bench *bench = *state;
    struct ward_binding_order order = {.slot = WARD_SLOT_NONE, .shared = true};
    struct ward_device_now *now = ward_devices_entry(&bench->gateway->devices, "d-1");

    bench_admit(bench, "p-2");
    bench_enrol(bench, "d-1", "oximeter");
    order.device = ward_registry_device(&bench->gateway->registry, "d-1");
    order.watch = ward_gateway_watch(bench->gateway, "p-2");
    assert_int_equal(ward_binding_make(bench->gateway, &order, NULL), 0);
    order.watch = ward_gateway_watch(bench->gateway, PATIENT);
    assert_int_equal(ward_binding_make(bench->gateway, &order, NULL), 0);
    strcpy(now->claimed_by.text, PATIENT);
    now->claimed_until_us = UINT64_MAX;
    assert_string_equal(ward_binding_claimant(bench->gateway, "d-1"), PATIENT);
    discharge(bench);
    assert_true(now->claimed_until_us == 0);
}

static void a_bond_of_his_is_not_the_one_that_somebody_waits_for(void **state)
{
    struct bench *bench = *state;
    struct ward_enrolment *enrolment = &bench->gateway->enrolment;

    discharge_with_device(bench);
    enrolment->forget_call = (struct ward_bus_call *)bench; /* nobody looks into it */
    strcpy(enrolment->forget_address, "C0:00:00:00:00:02");
    ward_bluez_events.forgotten(ADDRESS, 0, bench->gateway);
    assert_non_null(enrolment->forget_call);
    assert_false(waits_for(bench, "bonds of his devices"));
    enrolment->forget_call = NULL;
}

/* It may come under another id the next time: it would take the place of ours in the end. */
static void nothing_is_kept_of_one_that_was_not_enrolled_after_all(void **state)
{
    struct bench *bench = *state;
    struct ward_bluez_device device = {.id = {"d-9"}, .security = WARD_BLUEZ_BONDED};
    const struct ward_bluez_link link = {
        .device = &device, .state = WARD_BLUEZ_LINK_PROVED, .connection = 1, .text = ""};
    const struct ward_bluez_enrolment failed = {
        .step = WARD_BLUEZ_STEP_FAILED, .address = "C0:00:00:00:00:09", .text = ""};
    const struct ward_recollection recollection = {.device = device.id, .has_record = true};

    bench_enrol(bench, "d-1", "oximeter");
    (void)ward_devices_entry(&bench->gateway->devices, "d-1");
    ward_bluez_events.link(&link, bench->gateway);
    ward_recollection_keep(bench->gateway, &recollection);
    ward_bluez_events.enrolment(&failed, bench->gateway);
    assert_null(ward_devices_find(&bench->gateway->devices, "d-9"));
    assert_non_null(ward_devices_find(&bench->gateway->devices, "d-1"));
    assert_false(ward_recollection_of(bench->gateway, "d-9").has_record);
}

#define DEPARTURE_TEST(test) cmocka_unit_test_setup_teardown(test, uplink_set_up, uplink_tear_down)

int main(void)
{
    const struct CMUnitTest tests[] = {
        DEPARTURE_TEST(what_waits_for_the_disk_is_not_left_behind),
        DEPARTURE_TEST(a_departure_outlives_the_epoch),
        DEPARTURE_TEST(a_reading_that_is_taken_back_later_is_waited_for),
        DEPARTURE_TEST(nothing_is_erased_before_what_came_last),
        DEPARTURE_TEST(nor_before_the_ward_has_it),
        DEPARTURE_TEST(while_it_is_erased_nothing_is_taken_back),
        DEPARTURE_TEST(what_the_broker_refuses_waits),
        DEPARTURE_TEST(a_bond_is_removed_once_the_radio_is_back),
        DEPARTURE_TEST(a_device_that_is_being_forgotten_is_not_bound),
        DEPARTURE_TEST(a_device_that_is_anothers_by_then_is_heard_again),
        DEPARTURE_TEST(a_device_that_is_forgotten_tells_nothing_more),
        DEPARTURE_TEST(what_he_leaves_in_a_memory_is_not_theirs),
        DEPARTURE_TEST(nothing_is_kept_of_one_that_was_not_enrolled_after_all),
        DEPARTURE_TEST(nothing_is_claimed_by_one_who_left),
        DEPARTURE_TEST(a_bond_of_his_is_not_the_one_that_somebody_waits_for),
    };

    return cmocka_run_group_tests_name("departure", tests, NULL, NULL);
}
