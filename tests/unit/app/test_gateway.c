/* SPDX-License-Identifier: Apache-2.0 */
/*
 * The daemon as a whole, but for the radio: a bus of this test's own, real files, and values as the Bluetooth adapter
 * tells them. What the gateway knows of a device over months: whose it is, what it gave before, when nobody watched.
 */
#include "app_bench.h"
#include "app_disk.h"

#include <errno.h>
#include <fcntl.h>
#include <linux/input.h>
#include <poll.h>
#include <signal.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/prctl.h>
#include <sys/socket.h>
#include <sys/stat.h>
#include <sys/un.h>
#include <sys/wait.h>
#include <unistd.h>

#include <sqlite3.h>

#include "app/binding_change.h"
#include "app/documents.h"
#include "app/gateway.h"
#include "app/listeners.h"
#include "core/clinical.h"
#include "core/reading.h"
#include "core/record_run.h"
#include "core/vendor.h"
#include "io/annunciator_pattern.h"
#include "io/numbers.h"
#include "ward/link.h"

#define CUFF     0x2A35
#define OXIMETER 0x2A5F

/* --- patients, devices --------------------------------------------------------------------------------------- */

static void bind_to(struct bench *bench, const char *device, const char *patient, uint8_t slot, bool shared)
{
    const struct ward_binding_order order = {.device =
                                                 ward_registry_device(&bench->gateway->registry, device),
                                             .watch = ward_gateway_watch(bench->gateway, patient),
                                             .slot = slot,
                                             .shared = shared};

    assert_int_equal(ward_binding_make(bench->gateway, &order, NULL), 0);
}

static int take_reply(sd_bus_message *message, void *userdata, sd_bus_error *error)
{
    struct bench *bench = userdata;

    (void)error;
    bench->reply = sd_bus_message_ref(message);
    return 0;
}

/* `wardctl measure`, over the bus. Returns the error's name, "" when it was done. */
static const char *measure(struct bench *bench, const char *patient, const char *device)
{
    sd_bus *bus = NULL;

    bench->reply = sd_bus_message_unref(bench->reply);
    assert_true(sd_bus_open_system(&bus) >= 0);
    assert_true(sd_bus_attach_event(bus, bench->event, 0) >= 0);
    assert_true(sd_bus_call_method_async(bus, NULL, "org.wardgate", "/org/wardgate", "org.wardgate.Gateway1",
                                         "Measure", take_reply, bench, "ssu", patient, device,
                                         UINT32_C(300)) >= 0);
    WAIT_FOR(bench, bench->reply != NULL);
    sd_bus_detach_event(bus);
    sd_bus_flush_close_unref(bus);
    return sd_bus_message_is_method_error(bench->reply, NULL) ? sd_bus_message_get_error(bench->reply)->name
                                                              : "";
}

/* --- what a device says, what is stored ---------------------------------------------------------------------- */

struct said {
    const char *device;
    uint16_t characteristic;
    const char *hex;
    bool enrolling;
};

/* Returns how many octets. */
static size_t read_octets(const char *hex, uint8_t *ret_octets)
{
    size_t count = 0;

    for (char *at = (char *)(uintptr_t)hex, *end; *at != '\0'; at = end) {
        ret_octets[count++] = (uint8_t)strtoul(at, &end, 16);
        end += strspn(end, " ");
    }
    return count;
}

/* One frame. The address is the id's, since nobody is at the other end. */
static void say_over(struct bench *bench, const struct said *said, bool proved)
{
    struct ward_bluez_device device = {.security = WARD_BLUEZ_BONDED};
    char uuid[WARD_BLUEZ_UUID_SIZE], service[WARD_BLUEZ_UUID_SIZE];
    uint8_t octets[64];
    struct ward_bluez_value value = {.device = &device,
                                     .characteristic = said->characteristic,
                                     .uuid = uuid,
                                     .service_uuid = service,
                                     .octets = octets,
                                     .receipt_us = ward_gateway_now(bench->gateway).boot_us,
                                     .connection = bench->connection,
                                     .proved = proved,
                                     .enrolling = said->enrolling};

    snprintf(uuid, sizeof(uuid), "0000%04x" WARD_GATT_BASE_UUID_TAIL, said->characteristic);
    snprintf(service, sizeof(service), "0000%04x" WARD_GATT_BASE_UUID_TAIL,
             said->characteristic == CUFF     ? WARD_SERVICE_BLOOD_PRESSURE
             : said->characteristic == 0x2A18 ? WARD_SERVICE_GLUCOSE
                                              : WARD_SERVICE_PULSE_OXIMETER);
    assert_true(ward_id_set(&device.id, said->device));
    value.length = read_octets(said->hex, octets);
    ward_talk_value(bench->gateway, &value);
}

/* … over a link that is proved. */
static void say(struct bench *bench, const struct said *said)
{
    say_over(bench, said, true);
}

/* What follows comes later, by more than so much. */
static void say_before(struct bench *bench, const struct said *said, uint64_t by_us)
{
    uint64_t then_us;

    say(bench, said);
    then_us = ward_gateway_now(bench->gateway).boot_us;
    WAIT_FOR(bench, ward_gateway_now(bench->gateway).boot_us > then_us + by_us);
}

/* A frame of a maker's own protocol. */
static void say_as(struct bench *bench, const char *driver_name, const char *name, const char *hex)
{
    const struct ward_vendor_driver *driver = ward_vendor_by_name(driver_name);
    struct ward_bluez_device device = {.security = WARD_BLUEZ_BONDED};
    uint8_t octets[64];
    struct ward_bluez_value value = {.device = &device,
                                     .uuid = driver->notify,
                                     .service_uuid = driver->service,
                                     .octets = octets,
                                     .length = read_octets(hex, octets),
                                     .receipt_us = ward_gateway_now(bench->gateway).boot_us,
                                     .connection = bench->connection,
                                     .proved = true};

    assert_true(ward_id_set(&device.id, name));
    ward_talk_value(bench->gateway, &value);
}

static void tell_link(struct bench *bench, const char *name, enum ward_bluez_link_state state)
{
    struct ward_bluez_device device = {.security = WARD_BLUEZ_BONDED};
    const struct ward_bluez_link link = {
        .device = &device, .state = state, .connection = bench->connection, .text = ""};

    assert_true(ward_id_set(&device.id, name));
    ward_bluez_events.link(&link, bench->gateway);
}

static void hang_up(struct bench *bench, const char *name)
{
    tell_link(bench, name, WARD_BLUEZ_LINK_DISCONNECTED);
    bench->connection++;
}

/* The device has told which services it has: none that could be asked. */
static void resolve(struct bench *bench, const char *name)
{
    tell_link(bench, name, WARD_BLUEZ_LINK_RESOLVED);
}

/* What is measured once comes over a link of its own. */
static void hear(struct bench *bench, const struct said *said)
{
    say(bench, said);
    if (said->characteristic != OXIMETER)
        hang_up(bench, said->device);
}

/* What is on the disk once all is committed, newest first, in bench->records. */
static size_t read_back(struct bench *bench)
{
    const struct ward_store_filter filter = {.since_ms = WARD_UTC_UNKNOWN};

    WAIT_FOR(bench, bench->gateway->waiters == NULL);
    bench->answered = false;
    assert_int_equal(ward_store_query(bench->gateway->store, &filter, bench_records, bench), 0);
    WAIT_FOR(bench, bench->answered);
    return bench->record_count;
}

static const struct ward_reading *newest(const struct bench *bench)
{
    return &bench->records[0].reading;
}

static bool is_condition(const struct bench *bench, const char *patient, const char *name)
{
    return bench_condition(bench, patient, name) != NULL;
}

/* 120/80, of user 1 and of user 2, an hour apart; and one that is beyond no limit of a stream. */
#define USER_1 "0A 78 00 50 00 5A 00 EA 07 0B 16 09 00 02 01"
#define USER_2 "0A 78 00 50 00 5A 00 EA 07 0B 16 0A 00 02 02"
/* … and later. */
#define LATER_1 "0A 78 00 50 00 5A 00 EA 07 0B 16 0B 00 02 01"
#define LATER_2 "0A 78 00 50 00 5A 00 EA 07 0B 16 0C 00 02 02"
/* The patient moved. */
#define MOVED_1 "1A 78 00 50 00 5A 00 EA 07 0B 16 0D 00 02 01 01 00"
/* The cuff could not measure. */
#define ERROR_1 "0A FF 07 FF 07 FF 07 EA 07 0B 16 0D 00 02 01"

static struct bench *couple(void **state)
{
    struct bench *bench = *state;

    bench_admit(bench, "p-ann");
    bench_admit(bench, "p-bob");
    bench_enrol(bench, "d-1", "blood-pressure-cuff");
    return bench;
}

/* --- the tests ----------------------------------------------------------------------------------------------- */

static void a_reading_finds_its_patient_or_nobody(void **state)
{
    struct bench *bench = couple(state);

    bind_to(bench, "d-1", "p-ann", 1, false);
    hear(bench, &(struct said){"d-1", CUFF, USER_1, false});
    assert_int_equal(read_back(bench), 1);
    assert_string_equal(newest(bench)->patient.text, "p-ann");
    assert_false(is_condition(bench, "p-ann", "reading-without-patient"));

    hear(bench, &(struct said){"d-1", CUFF, USER_2, false});
    assert_int_equal(read_back(bench), 2);
    assert_true(newest(bench)->unassigned);
    assert_string_equal(newest(bench)->patient.text, "");
    assert_int_equal(newest(bench)->value_count, 3); /* kept here */
    assert_int_equal(bench->gateway->unassigned.count, 1);
    assert_true(is_condition(bench, "p-ann", "reading-without-patient"));

    bench_restart(bench); /* it is not forgotten with the process */
    assert_int_equal(bench->gateway->unassigned.count, 1);
    assert_true(is_condition(bench, "p-bob", "reading-without-patient"));
}

static void a_record_that_comes_again_is_counted_and_nothing_else(void **state)
{
    struct bench *bench = couple(state);
    const struct said cuff = {"d-1", CUFF, USER_1, false};

    bind_to(bench, "d-1", "p-ann", WARD_SLOT_NONE, false);
    hear(bench, &cuff);
    hear(bench, &cuff);
    assert_int_equal(read_back(bench), 1);
    assert_int_equal(bench->gateway->pipeline.duplicates, 1);
    assert_int_equal(ward_devices_find(&bench->gateway->devices, "d-1")->duplicates, 1);

    bench_restart(bench);
    hear(bench, &cuff);
    hear(bench, &(struct said){"d-1", CUFF, USER_2, false});
    assert_int_equal(read_back(bench), 2);
    assert_int_equal(newest(bench)->device_time.hour, 10);
    assert_int_equal(bench->gateway->pipeline.duplicates, 1);
}

/* A record that comes again over a new link, while the disk is slow, may be forgotten by its device only once it is there. */
static void a_record_that_comes_again_is_durable_before_it_is_forgotten(void **state)
{
    const struct said stored = {"d-2", 0x2A5E, "03 61 00 48 00 EA 07 0B 16 09 00 00 00 02", false};
    struct bench *bench = couple(state);

    bench_enrol(bench, "d-2", "oximeter");
    bind_to(bench, "d-2", "p-ann", WARD_SLOT_NONE, false);
    ward_binding_read_out(bench->gateway, "d-2");
    read_back(bench);
    say(bench, &stored);
    hang_up(bench, "d-2");
    say(bench, &stored);
    assert_int_equal(bench->gateway->head_seq, 0);
    assert_int_equal(bench->gateway->talks->exchange.committed, 0);
    WAIT_FOR(bench, bench->gateway->talks->exchange.committed == 1);
    assert_int_equal(bench->gateway->head_seq, 1);
}

/* A disk that takes nothing is no reason to remember each of the times that it comes. */
static void what_comes_again_while_the_disk_fails_is_not_waited_for(void **state)
{
    const struct said stored = {"d-2", 0x2A5E, "03 61 00 48 00 EA 07 0B 16 09 00 00 00 02", false};
    struct bench *bench = couple(state);
    size_t waiters = 0;

    bench_enrol(bench, "d-2", "oximeter");
    bind_to(bench, "d-2", "p-ann", WARD_SLOT_NONE, false);
    ward_binding_read_out(bench->gateway, "d-2");
    read_back(bench);
    disk_fails = true;
    say(bench, &stored);
    WAIT_FOR(bench, bench->gateway->technical.active[WARD_TECHNICAL_STORAGE_FAILING]);
    for (int i = 0; i < 5; i++) {
        hang_up(bench, "d-2");
        say(bench, &stored);
        assert_int_equal(bench->gateway->talks->exchange.committed, 0);
    }
    for (const struct ward_commit_waiter *waiter = bench->gateway->waiters; waiter; waiter = waiter->next)
        waiters += waiter->place.device.text[0] != '\0';
    assert_int_equal(waiters, 1);
    disk_fails = false;
    WAIT_FOR(bench, bench->gateway->head_seq == 1);
}

/* Who copies a record and an address over a link that is never proved takes nothing from the true device. */
static void a_copy_makes_nothing_known(void **state)
{
    struct bench *bench = couple(state);
    const struct said cuff = {"d-1", CUFF, USER_1, false}, other = {"d-1", CUFF, USER_2, false};

    bind_to(bench, "d-1", "p-ann", 1, false);
    for (int i = 0; i < 2; i++) { /* Ann's, and nobody's */
        say_over(bench, i == 0 ? &cuff : &other, false);
        hang_up(bench, "d-1");
    }
    assert_int_equal(read_back(bench), 2);
    assert_int_equal(newest(bench)->security, WARD_LINK_BONDED_UNPROVED);
    assert_true(newest(bench)->reasons & WARD_REASON_LINK_UNPROVED);
    hear(bench, &cuff);
    hear(bench, &other);
    assert_int_equal(read_back(bench), 4);
    assert_int_equal(bench->gateway->pipeline.duplicates, 0);
    assert_int_equal(newest(bench)->quality, WARD_VALID);

    hear(bench, &cuff); /* proved by now */
    bench_restart(bench);
    hear(bench, &other);
    assert_int_equal(read_back(bench), 4);
}

/* One record twice before its link is proved is one record: of its memory, so that nothing else decides of when it is. */
static void what_waits_for_its_proof_is_known_then(void **state)
{
    const struct said stored = {"d-2", 0x2A5E, "03 61 00 48 00 EA 07 0B 16 09 00 00 00 02", false};
    struct bench *bench = couple(state);

    bench_enrol(bench, "d-2", "oximeter");
    bind_to(bench, "d-2", "p-ann", WARD_SLOT_NONE, false);
    ward_binding_read_out(bench->gateway, "d-2");
    say_over(bench, &stored, false);
    say_over(bench, &stored, false);
    assert_int_equal(bench->gateway->pipeline.held_count, 2);
    tell_link(bench, "d-2", WARD_BLUEZ_LINK_PROVED);
    assert_int_equal(bench->gateway->pipeline.held_count, 0);
    assert_int_equal(read_back(bench), 1);
    assert_int_equal(newest(bench)->security, WARD_LINK_BONDED);
    assert_int_equal(bench->gateway->pipeline.duplicates, 1);
}

/* How far the true device's records are here is not for others to say. */
static void a_copy_does_not_count_records(void **state)
{
    const struct said far = {"d-g", 0x2A18, "02 60 EA EA 07 0B 16 09 00 00 32 B0 11",
                             false}; /* number 60000 */
    const struct said before = {"d-g", 0x2A18, "02 10 00 EA 07 0B 16 0A 00 00 32 B0 11", false}; /* 16 */
    const struct said last = {"d-g", 0x2A18, "02 11 00 EA 07 0B 16 0B 00 00 32 B0 11", false};   /* 17 */
    struct bench *bench = couple(state);

    bench_enrol(bench, "d-g", "glucose-meter");
    bind_to(bench, "d-g", "p-ann", WARD_SLOT_NONE, false);
    say_over(bench, &far, false);
    hang_up(bench, "d-g");
    assert_int_equal(read_back(bench), 1);
    assert_false(ward_recollection_of(bench->gateway, "d-g").has_record);
    hear(bench, &before);
    hear(bench, &last);
    assert_int_equal(read_back(bench), 3);
    assert_int_equal(ward_recollection_of(bench->gateway, "d-g").last_record, 17);
    say_over(bench, &before, false); /* it is known, and is not from its own */
    hang_up(bench, "d-g");
    assert_int_equal(read_back(bench), 3);
    assert_int_equal(ward_recollection_of(bench->gateway, "d-g").last_record, 17);
}

static void a_stream_is_never_a_duplicate(void **state)
{
    struct bench *bench = couple(state);

    bench_enrol(bench, "d-2", "oximeter");
    bind_to(bench, "d-2", "p-ann", WARD_SLOT_NONE, false);
    hear(bench, &(struct said){"d-2", OXIMETER, "00 61 00 48 00", false});
    hear(bench, &(struct said){"d-2", OXIMETER, "00 61 00 48 00", false});
    assert_int_equal(read_back(bench), 2);
}

static void what_a_device_brings_along_belongs_to_nobody(void **state)
{
    struct bench *bench = couple(state);

    hear(bench, &(struct said){"d-new", CUFF, USER_1, true});
    assert_int_equal(read_back(bench), 1);
    assert_true(newest(bench)->unassigned);
    bench_restart(bench); /* in the midst of it */
    bench_enrol(bench, "d-new", "blood-pressure-cuff");
    bind_to(bench, "d-new", "p-ann", WARD_SLOT_NONE, false);
    say(bench, &(struct said){"d-new", CUFF, USER_1, false}); /* the same record: not Ann's now */
    resolve(bench, "d-new");
    hang_up(bench, "d-new");
    assert_int_equal(read_back(bench), 1);
    assert_true(ward_registry_next_binding(&bench->gateway->registry, "d-new", NULL)->read_out);
    bench_restart(bench);
    assert_true(ward_registry_next_binding(&bench->gateway->registry, "d-new", NULL)->read_out);
}

/* "From measurement storage": somebody's, from before the binding for all we know, until the memory has been read out. */
static void what_is_stored_belongs_to_nobody_in_the_first_transfer(void **state)
{
    struct bench *bench = couple(state);

    bench_enrol(bench, "d-2", "oximeter");
    bind_to(bench, "d-2", "p-ann", WARD_SLOT_NONE, false);
    say(bench, &(struct said){"d-2", 0x2A5E, "02 50 00 48 00 00 02", false});
    resolve(bench, "d-2");
    hang_up(bench, "d-2");
    assert_int_equal(read_back(bench), 1);
    assert_true(newest(bench)->unassigned);
    hear(bench, &(struct said){"d-2", 0x2A5E, "02 50 00 48 00 00 02", false});
    assert_int_equal(read_back(bench), 2);
    assert_string_equal(newest(bench)->patient.text, "p-ann");
    assert_true(newest(bench)->late);
    assert_true(newest(bench)->measured_at_ms == WARD_UTC_UNKNOWN);
    assert_true(is_condition(bench, "p-ann", "late-out-of-limits"));
    assert_false(is_condition(bench, "p-ann", "spo2-low"));
}

/* A live value, and the link drops before its memory was asked for: what that holds may still be anybody's. */
static void a_memory_that_was_not_asked_for_is_not_read_out(void **state)
{
    struct bench *bench = couple(state);

    bench_enrol(bench, "d-2", "oximeter");
    bind_to(bench, "d-2", "p-ann", WARD_SLOT_NONE, false);
    hear(bench, &(struct said){"d-2", 0x2A5E, "00 61 00 48 00", false});
    assert_int_equal(read_back(bench), 1);
    assert_string_equal(newest(bench)->patient.text, "p-ann");
    hear(bench, &(struct said){"d-2", 0x2A5E, "02 50 00 48 00 00 02", false}); /* of no known time */
    assert_int_equal(read_back(bench), 2);
    assert_true(newest(bench)->unassigned);
    assert_false(is_condition(bench, "p-ann", "late-out-of-limits"));
}

/* Ten records of somebody else, then the device is hers; and a memory of which the last alone is of now. */
static void a_memory_of_another_reaches_nobody(void **state)
{
    struct bench *bench = couple(state);
    char frame[64];

    for (unsigned day = 1; day <= 10; day++) {
        snprintf(frame, sizeof(frame), "02 C8 00 78 00 8C 00 EA 07 0B %02X 09 00 00", day);
        say(bench, &(struct said){"d-new", CUFF, frame, true});
    }
    bench_enrol(bench, "d-new", "blood-pressure-cuff"); /* it is paired while it still talks */
    bind_to(bench, "d-new", "p-ann", WARD_SLOT_NONE, false);
    for (unsigned day = 11; day <= 12; day++) {
        snprintf(frame, sizeof(frame), "02 C8 00 78 00 8C 00 EA 07 0B %02X 09 00 00", day);
        say(bench, &(struct said){"d-new", CUFF, frame, false});
    }
    hang_up(bench, "d-new");
    assert_int_equal(read_back(bench), 12);
    for (size_t i = 0; i < 12; i++)
        assert_true(bench->records[i].reading.unassigned);

    for (unsigned day = 20; day <= 22; day++) {
        snprintf(frame, sizeof(frame), "02 6E 00 46 00 50 00 EA 07 0B %02X 09 00 00", day);
        say(bench, &(struct said){"d-new", CUFF, frame, false});
    }
    hang_up(bench, "d-new");
    assert_int_equal(read_back(bench), 15);
    assert_false(newest(bench)->late);
    assert_string_equal(newest(bench)->patient.text, "p-ann");
    for (size_t i = 1; i < 3; i++) {
        assert_true(bench->records[i].reading.late);
        assert_true(bench->records[i].reading.unassigned); /* nobody knows of when they are */
    }
}

/* One that stays connected after it was paired is heard over the same connection. */
static void what_follows_the_pairing_is_the_patients(void **state)
{
    struct bench *bench = couple(state);

    say(bench, &(struct said){"d-new", CUFF, "00 78 00 50 00 5A 00", true});
    assert_int_equal(read_back(bench), 1);
    assert_true(newest(bench)->unassigned);
    bench_enrol(bench, "d-new", "blood-pressure-cuff");
    bind_to(bench, "d-new", "p-ann", WARD_SLOT_NONE, false);
    ward_talk_paired(bench->gateway, "d-new");
    say(bench, &(struct said){"d-new", CUFF, "00 79 00 50 00 5A 00", false});
    assert_int_equal(read_back(bench), 2);
    assert_string_equal(newest(bench)->patient.text, "p-ann");
}

/* The cuff is hers when it measures, and his before it is decided that it was of now. */
static void what_was_bound_when_it_came_decides(void **state)
{
    struct bench *bench = couple(state);
    int64_t said_ms;

    bench_set_clock(bench, true);
    bind_to(bench, "d-1", "p-ann", WARD_SLOT_NONE, false);
    ward_binding_read_out(bench->gateway, "d-1");
    said_ms = ward_gateway_now(bench->gateway).utc_ms;
    WAIT_FOR(bench, ward_gateway_now(bench->gateway).utc_ms > said_ms + 2);
    say(bench, &(struct said){"d-1", CUFF, USER_1, false});
    said_ms = ward_gateway_now(bench->gateway).utc_ms;
    WAIT_FOR(bench, ward_gateway_now(bench->gateway).utc_ms > said_ms + 2);
    bind_to(bench, "d-1", "p-bob", WARD_SLOT_NONE, false);
    hang_up(bench, "d-1");
    assert_int_equal(read_back(bench), 1);
    assert_string_equal(newest(bench)->patient.text, "p-ann");
    hear(bench, &(struct said){"d-1", CUFF, USER_2, false});
    assert_int_equal(read_back(bench), 2);
    assert_string_equal(newest(bench)->patient.text, "p-bob");
}

/* Without a date nobody knows which was first: it is not his. */
static void nor_does_what_was_bound_since_without_a_date(void **state)
{
    struct bench *bench = couple(state);

    bench_set_clock(bench, false);
    bind_to(bench, "d-1", "p-ann", WARD_SLOT_NONE, false);
    ward_binding_read_out(bench->gateway, "d-1");
    say_before(bench, &(struct said){"d-1", CUFF, USER_1, false}, 0);
    bind_to(bench, "d-1", "p-bob", WARD_SLOT_NONE, false);
    hang_up(bench, "d-1");
    assert_int_equal(read_back(bench), 1);
    assert_true(newest(bench)->unassigned);
    hear(bench, &(struct said){"d-1", CUFF, USER_2, false});
    assert_int_equal(read_back(bench), 2);
    assert_string_equal(newest(bench)->patient.text, "p-bob");
}

/* Ann had her slot before: that Bob gets one of the same cuff takes nothing of hers. */
static void what_came_before_another_had_a_slot_of_it_is_hers(void **state)
{
    struct bench *bench = couple(state);

    bench_set_clock(bench, false);
    bind_to(bench, "d-1", "p-ann", 1, false);
    ward_binding_read_out(bench->gateway, "d-1");
    say_before(bench, &(struct said){"d-1", CUFF, USER_1, false}, 0);
    bind_to(bench, "d-1", "p-bob", 2, false);
    hang_up(bench, "d-1");
    assert_int_equal(read_back(bench), 1);
    assert_string_equal(newest(bench)->patient.text, "p-ann");
}

/* The date becomes known between the two, and with it that of the binding: it is hers as before. */
static void what_came_before_the_date_was_known_is_hers(void **state)
{
    struct bench *bench = couple(state);

    bench_set_clock(bench, false);
    bind_to(bench, "d-1", "p-ann", WARD_SLOT_NONE, false);
    assert_true(ward_registry_next_binding(&bench->gateway->registry, "d-1", NULL)->from_ms ==
                WARD_BOUND_FROM_UNKNOWN);
    say_before(bench, &(struct said){"d-1", CUFF, USER_1, false}, 5000);
    bench_set_clock(bench, true);
    ward_binding_dated(bench->gateway);
    hang_up(bench, "d-1");
    assert_int_equal(read_back(bench), 1);
    assert_string_equal(newest(bench)->patient.text, "p-ann");
}

/* Who claims a device that another has just measured with has the next measurement. */
static void a_claim_is_for_what_comes_then(void **state)
{
    struct bench *bench = couple(state);

    if (geteuid() != 0)
        skip(); /* changes are for root */
    bind_to(bench, "d-1", "p-ann", WARD_SLOT_NONE, false);
    bind_to(bench, "d-1", "p-bob", WARD_SLOT_NONE, true);
    say(bench, &(struct said){"d-1", CUFF, USER_1, false});
    assert_string_equal(measure(bench, "p-bob", "d-1"), "");
    hang_up(bench, "d-1");
    assert_int_equal(read_back(bench), 1);
    assert_true(newest(bench)->unassigned);
    hear(bench, &(struct said){"d-1", CUFF, USER_2, false});
    assert_int_equal(read_back(bench), 2);
    assert_string_equal(newest(bench)->patient.text, "p-bob");
}

/* He has given the device up, and has it again: nobody has claimed it for that. */
static void a_claim_does_not_come_back_with_the_binding(void **state)
{
    struct bench *bench = couple(state);
    const struct ward_binding_choice bobs = {
        .device = "d-1", .patient = "p-bob", .episode = "", .slot = WARD_SLOT_ANY};
    struct ward_store_change changes[WARD_BINDING_CHANGES_MAX];
    size_t count;

    if (geteuid() != 0)
        skip(); /* changes are for root */
    bind_to(bench, "d-1", "p-ann", WARD_SLOT_NONE, false);
    bind_to(bench, "d-1", "p-bob", WARD_SLOT_NONE, true);
    assert_string_equal(measure(bench, "p-bob", "d-1"), "");
    count = ward_binding_ends(bench->gateway, &bobs, changes);
    assert_int_equal(ward_gateway_change(bench->gateway, changes, count, NULL), 0);
    bind_to(bench, "d-1", "p-bob", WARD_SLOT_NONE, true);
    hear(bench, &(struct said){"d-1", CUFF, USER_1, false});
    assert_int_equal(read_back(bench), 1);
    assert_true(newest(bench)->unassigned);
}

/* What the two of them share may have his measurements in its memory when he gives it up. */
static void a_memory_of_one_who_left_is_not_hers(void **state)
{
    const struct ward_binding_choice bobs = {
        .device = "d-1", .patient = "p-bob", .episode = "", .slot = WARD_SLOT_ANY};
    struct ward_store_change changes[WARD_BINDING_CHANGES_MAX];
    struct bench *bench = couple(state);
    size_t count;

    bind_to(bench, "d-1", "p-ann", WARD_SLOT_NONE, false);
    bind_to(bench, "d-1", "p-bob", WARD_SLOT_NONE, true);
    ward_binding_read_out(bench->gateway, "d-1");
    count = ward_binding_ends(bench->gateway, &bobs, changes);
    assert_int_equal(ward_gateway_change(bench->gateway, changes, count, NULL), 0);
    read_back(bench);
    bench_restart(bench);
    say(bench, &(struct said){"d-1", CUFF, USER_1, false}); /* of no known time, as another follows */
    say(bench, &(struct said){"d-1", CUFF, USER_2, false});
    resolve(bench, "d-1");
    hang_up(bench, "d-1");
    assert_int_equal(read_back(bench), 2);
    assert_string_equal(newest(bench)->patient.text, "p-ann");
    assert_true(bench->records[1].reading.unassigned);

    say(bench, &(struct said){"d-1", CUFF, LATER_1, false}); /* now it has been read out */
    say(bench, &(struct said){"d-1", CUFF, LATER_2, false});
    hang_up(bench, "d-1");
    assert_int_equal(read_back(bench), 4);
    assert_true(bench->records[1].reading.late);
    assert_string_equal(bench->records[1].reading.patient.text, "p-ann");
}

/* It is Ann's, and is being paired for Bob: whoever measures so that it is heard is not Ann. */
static void what_is_measured_while_it_is_paired_for_another_is_nobodys(void **state)
{
    struct bench *bench = couple(state);
    struct ward_enrolment *enrolment = &bench->gateway->enrolment;

    bind_to(bench, "d-1", "p-ann", WARD_SLOT_NONE, false);
    ward_binding_read_out(bench->gateway, "d-1");
    strcpy(enrolment->pair_address, ward_registry_device(&bench->gateway->registry, "d-1")->address);
    strcpy(enrolment->patient.text, "p-bob");
    hear(bench, &(struct said){"d-1", CUFF, USER_1, false});
    assert_int_equal(read_back(bench), 1);
    assert_true(newest(bench)->unassigned);

    strcpy(enrolment->patient.text, "p-ann"); /* it has lost its bond, and stays hers */
    hear(bench, &(struct said){"d-1", CUFF, USER_2, false});
    assert_int_equal(read_back(bench), 2);
    assert_string_equal(newest(bench)->patient.text, "p-ann");
    enrolment->patient.text[0] = '\0';
}

/* It is worn by one of the two, and nobody knows by which. */
static void a_stream_while_it_is_paired_for_another_is_nobodys(void **state)
{
    struct bench *bench = couple(state);
    struct ward_enrolment *enrolment = &bench->gateway->enrolment;

    bench_enrol(bench, "d-2", "oximeter");
    bind_to(bench, "d-2", "p-ann", WARD_SLOT_NONE, false);
    strcpy(enrolment->pair_address, ward_registry_device(&bench->gateway->registry, "d-2")->address);
    strcpy(enrolment->patient.text, "p-bob");
    hear(bench, &(struct said){"d-2", OXIMETER, "00 61 00 48 00", false});
    assert_int_equal(read_back(bench), 1);
    assert_true(newest(bench)->unassigned);

    strcpy(enrolment->patient.text, "p-gone"); /* he was discharged meanwhile: it stays hers */
    hear(bench, &(struct said){"d-2", OXIMETER, "00 60 00 48 00", false});
    assert_int_equal(read_back(bench), 2);
    assert_string_equal(newest(bench)->patient.text, "p-ann");
    enrolment->patient.text[0] = '\0';
}

/* Its memory has what she measured an hour before anybody began to pair it. */
static void what_was_measured_before_it_was_paired_for_another_is_hers(void **state)
{
    struct bench *bench = couple(state);
    struct ward_enrolment *enrolment = &bench->gateway->enrolment;
    const struct ward_device_time hour_later = {
        .present = true, .year = 2026, .month = 11, .day = 22, .hour = 10, .second = 2};

    bench_set_clock(bench, false);
    bind_to(bench, "d-1", "p-ann", WARD_SLOT_NONE, false);
    ward_binding_read_out(bench->gateway, "d-1");
    strcpy(enrolment->pair_address, ward_registry_device(&bench->gateway->registry, "d-1")->address);
    strcpy(enrolment->patient.text, "p-bob");
    enrolment->begun_us = bench_now_us(bench);
    say(bench, &(struct said){"d-1", CUFF, USER_1, false});
    bench->gateway->talks->exchange.clock.before = (struct ward_device_clock_pair){
        .device_ms = ward_device_time_to_ms(&hour_later), .at = ward_gateway_now(bench->gateway)};
    resolve(bench, "d-1");
    hang_up(bench, "d-1");
    assert_int_equal(read_back(bench), 1);
    assert_true(newest(bench)->late);
    assert_string_equal(newest(bench)->patient.text, "p-ann");

    say(bench, &(struct said){"d-1", CUFF, USER_2, false}); /* of now, and decided after it has begun */
    enrolment->begun_us = ward_gateway_now(bench->gateway).boot_us;
    hang_up(bench, "d-1");
    assert_int_equal(read_back(bench), 2);
    assert_false(newest(bench)->late);
    assert_string_equal(newest(bench)->patient.text, "p-ann");
    enrolment->patient.text[0] = '\0';
}

/* Until it is told which device is paired next, that is not the one that was paired last. */
static void a_pairing_is_over_with_its_end(void **state)
{
    struct bench *bench = couple(state);
    struct ward_enrolment *enrolment = &bench->gateway->enrolment;
    const struct ward_bluez_enrolment failed = {
        .step = WARD_BLUEZ_STEP_FAILED,
        .address = ward_registry_device(&bench->gateway->registry, "d-1")->address,
        .text = ""};

    bind_to(bench, "d-1", "p-ann", WARD_SLOT_NONE, false);
    ward_enrolment_step(bench->gateway, &failed);
    strcpy(enrolment->patient.text, "p-bob");
    hear(bench, &(struct said){"d-1", CUFF, USER_1, false});
    assert_int_equal(read_back(bench), 1);
    assert_string_equal(newest(bench)->patient.text, "p-ann");
    enrolment->patient.text[0] = '\0';
}

/* A part of 18 is missing: it is asked for again, whatever came behind it. */
static void a_record_that_came_broken_is_asked_for_again(void **state)
{
    static const char *const parts[] = {"03 11 00 35 2A 00 78 00 50 00 5D 00", "01 12 00 35 2A 00 78",
                                        "0A 00 50 00 5D 00", "03 13 00 35 2A 00 78 00 50 00 5D 00"};
    struct bench *bench = couple(state);
    struct ward_recollection known;

    bind_to(bench, "d-1", "p-ann", WARD_SLOT_NONE, false);
    for (size_t i = 0; i < sizeof(parts) / sizeof(parts[0]); i++)
        say(bench, &(struct said){"d-1", WARD_CHAR_BLOOD_PRESSURE_RECORD, parts[i], false});
    assert_int_equal(read_back(bench), 2);
    known = ward_recollection_of(bench->gateway, "d-1");
    assert_true(known.has_record);
    assert_int_equal(known.last_record, 17);
}

/* An alarm does not wait until it is known that no other record follows; what is stored does. */
static void an_alarm_does_not_wait_for_the_last_record(void **state)
{
    struct bench *bench = couple(state);

    bench_enrol(bench, "d-2", "oximeter");
    bind_to(bench, "d-2", "p-ann", WARD_SLOT_NONE, false);
    ward_binding_read_out(bench->gateway, "d-2");
    assert_int_equal(read_back(bench), 0);
    say(bench, &(struct said){"d-2", 0x2A5E, "01 50 00 48 00 EA 07 0B 16 09 00 00", false});
    assert_true(is_condition(bench, "p-ann", "spo2-low"));
    assert_int_equal(read_back(bench), 0);
    WAIT_FOR(bench, bench->gateway->head_seq == 1); /* it was the last: nothing else has come */
    assert_int_equal(read_back(bench), 1);
    assert_string_equal(newest(bench)->patient.text, "p-ann");
    assert_int_equal(newest(bench)->kind, WARD_READING_SPOT);
}

/* How far a device's records are here, and what its clock showed, is known after a restart; nonsense is not. */
static void what_is_remembered_of_a_device_outlives_the_process(void **state)
{
    static const char *const nonsense[] = {"",
                                           "record",
                                           "record x, clock -",
                                           "record 70000, clock -",
                                           "record 5, clock 1 2",
                                           "record 5, clock 1 2 -3",
                                           "record 5, clock 1 2 3 4",
                                           "record 5, clock -, digest",
                                           "record 5, clock -, digest 123456789abcdef",
                                           "record 5, clock -, digest 0123456789abcdef0",
                                           "record 5, clock -, digest 0123456789ABCDEF",
                                           "record 5, clock -, digest 0123456789abcdefg",
                                           "record 5, clock -, digest 0000000000000000",
                                           "record 5, clock -, drift 1, digest 0123456789abcdef",
                                           "record -, clock -, digest 0123456789abcdef",
                                           "record 5, clock -, drift",
                                           "record 5, clock -, drift 1 2",
                                           "record 5, clock -, offset 1",
                                           "record 5, clock -, from 1 2",
                                           "record 5, clock -, drift 1, offset 1 2",
                                           "record 5, clock -, drift 3000000000"};
    static const char before[] = "record 5, clock 1 2 3"; /* as it was written before there was more */
    struct bench *bench = couple(state);
    struct ward_recollection known = ward_recollection_of(bench->gateway, "d-1");
    struct ward_store_change row = {.kind = WARD_STORE_SETTING, .name = {"device-d-9"}};

    assert_false(known.has_record);
    assert_false(ward_device_clock_is_pair(&known.clock));
    known.has_record = true;
    known.last_record = 17;
    known.last_digest = UINT64_C(0xFEDCBA9876543210);
    known.clock.device_ms = -1000; /* a cuff that believes in 1969 */
    known.clock.at.utc_ms = 3600000;
    known.clock.uncertainty_ms = 500;
    known.habit = (struct ward_device_clock_habit){.from = known.clock,
                                                   .has_offset = true,
                                                   .offset_ms = -3599000,
                                                   .looked_at_ms = 3600000,
                                                   .has_drift = true,
                                                   .drift_ppm = -12};
    strcpy(known.firmware, "1.0, offset 7");
    ward_recollection_keep(bench->gateway, &known);
    assert_int_equal(read_back(bench), 0);
    bench_restart(bench);
    known = ward_recollection_of(bench->gateway, "d-1");
    assert_true(known.has_record);
    assert_int_equal(known.last_record, 17);
    assert_true(known.last_digest == UINT64_C(0xFEDCBA9876543210));
    assert_true(known.clock.device_ms == -1000 && known.clock.at.utc_ms == 3600000);
    assert_int_equal(known.clock.uncertainty_ms, 500);
    assert_true(known.habit.has_offset && known.habit.offset_ms == -3599000 &&
                known.habit.looked_at_ms == 3600000);
    assert_true(known.habit.has_drift && known.habit.drift_ppm == -12);
    assert_true(known.habit.from.device_ms == -1000 && known.habit.from.uncertainty_ms == 500);
    assert_string_equal(known.firmware, "1.0, offset 7");
    for (size_t i = 0; i < sizeof(nonsense) / sizeof(nonsense[0]); i++) {
        row.document = nonsense[i];
        ward_recollection_restore(bench->gateway, &row);
        assert_false(ward_recollection_of(bench->gateway, "d-9").has_record);
        assert_true(ward_recollection_of(bench->gateway, "d-9").last_digest == 0);
    }
    row.document = before;
    ward_recollection_restore(bench->gateway, &row);
    known = ward_recollection_of(bench->gateway, "d-9");
    assert_true(known.has_record && known.clock.uncertainty_ms == 3 && !known.habit.has_offset);
    assert_true(known.last_digest == 0);
    assert_false(ward_device_clock_is_pair(&known.habit.from));
    ward_recollection_drop(bench->gateway, "d-9");
    ward_recollection_drop(bench->gateway, "d-1");
    bench_restart(bench);
    assert_false(ward_recollection_of(bench->gateway, "d-1").has_record);
}

static void a_shared_device_is_claimed_before_use(void **state)
{
    struct bench *bench = couple(state);

    if (geteuid() != 0)
        skip(); /* changes are for root */
    bind_to(bench, "d-1", "p-ann", WARD_SLOT_NONE, false);
    assert_string_equal(measure(bench, "p-ann", ""), "org.wardgate.Error.Refused"); /* hers alone */
    bind_to(bench, "d-1", "p-bob", WARD_SLOT_NONE, true);
    hear(bench, &(struct said){"d-1", CUFF, USER_1, false});
    assert_int_equal(read_back(bench), 1);
    assert_true(newest(bench)->unassigned);

    assert_string_equal(measure(bench, "p-bob", ""), "");
    assert_string_equal(measure(bench, "p-ann", "d-1"), "org.wardgate.Error.Busy");
    hear(bench, &(struct said){"d-1", CUFF, USER_2, false});
    assert_int_equal(read_back(bench), 2);
    assert_string_equal(newest(bench)->patient.text, "p-bob");

    /* Ann would believe that the cuff is hers now. */
    bench_enrol(bench, "d-2", "oximeter");
    bind_to(bench, "d-2", "p-ann", WARD_SLOT_NONE, false);
    bind_to(bench, "d-2", "p-bob", WARD_SLOT_NONE, true);
    assert_string_equal(measure(bench, "p-ann", ""), "org.wardgate.Error.Busy");
    assert_null(ward_binding_claimant(bench->gateway, "d-2"));
    assert_string_equal(measure(bench, "p-ann", "d-2"), "");

    bind_to(bench, "d-1", "p-ann", WARD_SLOT_NONE, false); /* moved: it is Ann's alone */
    assert_false(ward_registry_is_shared(&bench->gateway->registry, "d-1"));
    assert_false(ward_registry_is_bound(&bench->gateway->registry, "d-1", "p-bob"));
}

/* He was discharged in the midst of it, say: the others need not wait, and he is named no more. */
static void a_claim_ends_with_the_binding(void **state)
{
    const struct ward_binding_choice bobs = {
        .device = "d-1", .patient = "p-bob", .episode = "", .slot = WARD_SLOT_ANY};
    struct ward_store_change changes[WARD_BINDING_CHANGES_MAX];
    struct bench *bench = couple(state);

    if (geteuid() != 0)
        skip(); /* changes are for root */
    bench_admit(bench, "p-cyd");
    bind_to(bench, "d-1", "p-ann", WARD_SLOT_NONE, false);
    bind_to(bench, "d-1", "p-bob", WARD_SLOT_NONE, true);
    bind_to(bench, "d-1", "p-cyd", WARD_SLOT_NONE, true);
    assert_string_equal(measure(bench, "p-bob", "d-1"), "");
    assert_string_equal(ward_binding_claimant(bench->gateway, "d-1"), "p-bob");
    assert_int_equal(ward_binding_ends(bench->gateway, &bobs, changes), 1);
    assert_int_equal(ward_gateway_change(bench->gateway, changes, 1, NULL), 0);
    assert_null(ward_binding_claimant(bench->gateway, "d-1"));
    assert_string_equal(measure(bench, "p-ann", "d-1"), "");
}

/* A clip is worn: what it streams is stored, and once steady the measurement too, naming the stream. */
static void a_measurement_is_derived_from_its_stream(void **state)
{
    struct bench *bench = couple(state);
    const uint64_t until_us = bench_now_us(bench) + DEADLINE_US;
    const struct ward_reading *derived;

    bench_enrol(bench, "d-2", "oximeter");
    bind_to(bench, "d-2", "p-ann", WARD_SLOT_NONE, false);
    do {
        assert_true(bench_now_us(bench) < until_us);
        hear(bench, &(struct said){"d-2", OXIMETER, "00 5B 00 48 00", false});
        assert_true(read_back(bench) > 0);
    } while (newest(bench)->kind != WARD_READING_SPOT);
    derived = newest(bench);
    assert_int_equal(derived->values[0].quantity, WARD_SPO2);
    assert_int_equal(derived->values[0].number.mantissa, 91);
    assert_string_equal(derived->device.text, "d-2");
    assert_int_equal(derived->derived_first, 1);
    assert_int_equal(derived->derived_last, derived->seq - 1);
    assert_true(is_condition(bench, "p-ann", "spo2-low"));
}

/* The session of one clip ends while another one, in a drawer, says that it is not worn: it was the first one's. */
static void what_is_derived_is_of_the_device_that_was_worn(void **state)
{
    struct ward_derived_source sources[WARD_QUANTITY_COUNT] = {0};
    struct ward_reading worn = {.kind = WARD_READING_CONTINUOUS,
                                .device = {"d-1"},
                                .value_count = 1,
                                .values = {{.quantity = WARD_SPO2, .number = {.mantissa = 91}}}};
    struct ward_reading other = worn;

    (void)state;
    other.device = (struct ward_id){"d-2"};
    other.quality = WARD_INVALID;
    other.reasons = WARD_REASON_NO_CONTACT;
    ward_derived_note_source(sources, &worn);
    ward_derived_note_source(sources, &other);
    assert_string_equal(sources[WARD_SPO2].device.text, "d-1");
    other.quality = WARD_VALID;
    other.late = true;
    ward_derived_note_source(sources, &other);
    assert_string_equal(sources[WARD_SPO2].device.text, "d-1");
    other.late = false;
    ward_derived_note_source(sources, &other);
    assert_string_equal(sources[WARD_SPO2].device.text, "d-2");
}

static void run_sql(const struct bench *bench, const char *sql)
{
    sqlite3 *connection;

    /* Through the store's own pages, whose checksums would otherwise be wrong. */
    assert_int_equal(
        sqlite3_open_v2(bench->config.store.path, &connection, SQLITE_OPEN_READWRITE, "wardgate"), SQLITE_OK);
    assert_int_equal(sqlite3_exec(connection, "PRAGMA locking_mode = EXCLUSIVE", NULL, NULL, NULL),
                     SQLITE_OK);
    assert_int_equal(sqlite3_exec(connection, sql, NULL, NULL, NULL), SQLITE_OK);
    sqlite3_close(connection);
}

static void restart_after(struct bench *bench, const char *sql)
{
    bench_close(bench);
    run_sql(bench, sql);
    bench_open(bench);
    WAIT_FOR(bench, bench->gateway->waiters == NULL);
}

static void the_ward_learns_when_nobody_was_watched(void **state)
{
    static const struct {
        const char *sql, *reason;
    } ends[] = {
        {"UPDATE mark SET boot_us = boot_us - 60000000", "restart"},
        {"UPDATE mark SET boot = 'b-other'", "reboot"},
        {"UPDATE mark SET boot = 'b-other'; DELETE FROM setting WHERE key = 'stopped-cleanly'", "power"},
    };
    struct bench *bench = couple(state);

    restart_after(bench, "SELECT 1"); /* at once: nothing to tell */
    assert_int_equal(read_back(bench), 0);
    for (size_t i = 0; i < sizeof(ends) / sizeof(ends[0]); i++) {
        restart_after(bench, ends[i].sql);
        assert_int_equal(read_back(bench), i + 1);
        assert_int_equal(newest(bench)->kind, WARD_RECORD_UNMONITORED);
        assert_string_equal(bench->records[0].note.reason.text, ends[i].reason);
        assert_true(is_condition(bench, "p-ann", "was-unmonitored"));
    }
    restart_after(bench, "SELECT 1"); /* which is no reading */
    assert_true(is_condition(bench, "p-ann", "was-unmonitored"));
    bind_to(bench, "d-1", "p-ann", WARD_SLOT_NONE, false);
    hear(bench, &(struct said){"d-1", CUFF, USER_1, false});
    assert_false(is_condition(bench, "p-ann", "was-unmonitored"));
    assert_true(is_condition(bench, "p-bob", "was-unmonitored")); /* of whom nothing has come */
}

/* A process that is killed between two commits leaves no state whose moments are of the boot before. */
static void after_a_reboot_all_states_are_one_commit(void **state)
{
    struct bench *bench = couple(state);
    struct ward_gateway *gateway;
    char name[16];

    for (unsigned i = 0; i < 20; i++) {
        snprintf(name, sizeof(name), "p-%u", i);
        bench_admit(bench, name);
    }
    bench_close(bench);
    run_sql(bench, "UPDATE mark SET boot = 'b-other'");
    disk_hangs = true;
    bench_open(bench);
    gateway = bench->gateway;
    disk_hangs = false;
    WAIT_FOR(bench, gateway->committed_token > 0);
    assert_true(gateway->committed_token >= gateway->watch_count); /* each has been given to the store */
}

/* Moments that no wall clock shows during a test, so that whatever it shows is below the floor. */
#define COMMITTED_MS INT64_C(4102444800000)
#define ISSUED_MS    INT64_C(4102444860000)

/* A board without a battery begins in 1970 with each boot. */
static void no_clock_is_believed_below_what_is_on_the_disk(void **state)
{
    struct bench *bench = couple(state);

    assert_true(ward_clock_floor_ms(bench->gateway->clock) < COMMITTED_MS);
    restart_after(bench, "UPDATE mark SET utc_ms = 4102444800000, boot = 'b-other'");
    assert_true(ward_clock_floor_ms(bench->gateway->clock) == COMMITTED_MS);
    assert_true(ward_gateway_now(bench->gateway).utc_ms == WARD_UTC_UNKNOWN);
    restart_after(bench, "UPDATE mark SET boot = 'b-other'"); /* what was committed since says no moment */
    assert_true(ward_clock_floor_ms(bench->gateway->clock) == COMMITTED_MS);
    restart_after(bench, "UPDATE mark SET utc_ms = 4102444799999"); /* and an earlier one lowers nothing */
    assert_true(ward_clock_floor_ms(bench->gateway->clock) == COMMITTED_MS);

    ward_chronicle_issued(bench->gateway, ISSUED_MS);
    ward_chronicle_issued(bench->gateway, ISSUED_MS - 1);
    restart_after(bench, "SELECT 1");
    assert_true(ward_clock_floor_ms(bench->gateway->clock) == ISSUED_MS);
}

/* Two devices: what is wrong with one is not wrong with the other, and only who has it is told. */
static void what_is_wrong_with_a_device_is_its_own(void **state)
{
    struct bench *bench = couple(state);

    bench_enrol(bench, "d-2", "blood-pressure-cuff");
    bind_to(bench, "d-1", "p-ann", WARD_SLOT_NONE, false);
    bind_to(bench, "d-2", "p-ann", WARD_SLOT_NONE, false);
    hear(bench, &(struct said){"d-1", CUFF, "02 78", false});
    assert_true(is_condition(bench, "p-ann", "undecodable-frame"));
    assert_false(is_condition(bench, "p-bob", "undecodable-frame"));
    hear(bench, &(struct said){"d-2", CUFF, USER_1, false});
    assert_true(is_condition(bench, "p-ann", "undecodable-frame"));
    bind_to(bench, "d-1", "p-bob", WARD_SLOT_NONE, false);
    assert_false(is_condition(bench, "p-ann", "undecodable-frame"));
    assert_true(is_condition(bench, "p-bob", "undecodable-frame"));
    hear(bench, &(struct said){"d-1", CUFF, USER_2, false});
    assert_false(is_condition(bench, "p-bob", "undecodable-frame"));
}

/* A device that sends good frames and bad ones in turn would have an alarm raised and ended with each of them. */
static void a_frame_that_is_bad_again_and_again_is_told_once(void **state)
{
    struct bench *bench = couple(state);
    struct ward_device_now *now;
    size_t told;

    bind_to(bench, "d-1", "p-ann", WARD_SLOT_NONE, false);
    for (int i = 0; i < 2; i++) {
        hear(bench, &(struct said){"d-1", CUFF, "02 78", false});
        assert_true(is_condition(bench, "p-ann", "undecodable-frame"));
        hear(bench, &(struct said){"d-1", CUFF, USER_1, false});
        assert_int_equal(is_condition(bench, "p-ann", "undecodable-frame"), i == 1);
    }
    told = bench->gateway->outbox.alarms.count;
    hear(bench, &(struct said){"d-1", CUFF, "02 79", false});
    hear(bench, &(struct said){"d-1", CUFF, USER_2, false});
    assert_int_equal(bench->gateway->outbox.alarms.count, told);
    now = ward_devices_entry(&bench->gateway->devices, "d-1");
    now->undecodable_us -= 60 * UINT64_C(1000000); /* a minute later */
    hear(bench, &(struct said){"d-1", CUFF, USER_2, false});
    assert_false(is_condition(bench, "p-ann", "undecodable-frame"));
}

/* A minute has gone since the newest bad frame, and what is looked at from time to time is. */
static void let_frames_wait(struct bench *bench)
{
    ward_devices_entry(&bench->gateway->devices, "d-1")->undecodable_us -= 60 * UINT64_C(1000000);
    bench->gateway->upkeep.due_us = 0;
    ward_gateway_settle(bench->gateway);
}

/* A cuff that gave all of its memory, with two bad frames and good ones behind them, is not heard before tomorrow. */
static void frames_that_were_good_at_last_end_it_without_one_more(void **state)
{
    struct bench *bench = couple(state);

    bind_to(bench, "d-1", "p-ann", WARD_SLOT_NONE, false);
    for (int good = 0; good < 2; good++) {
        hear(bench, &(struct said){"d-1", CUFF, "02 78", false});
        hear(bench, &(struct said){"d-1", CUFF, "02 79", false});
        if (good > 0)
            hear(bench, &(struct said){"d-1", CUFF, USER_1, false});
        assert_true(is_condition(bench, "p-ann", "undecodable-frame"));
        let_frames_wait(bench);
        assert_int_equal(is_condition(bench, "p-ann", "undecodable-frame"), good == 0);
    }
}

/* The number of documents that Explain answers, and whether the first has that text; -1: an error. */
static int explain(struct bench *bench, const char *what, const char *text)
{
    sd_bus *bus = NULL;
    char **documents = NULL;
    int count = -1;

    bench->reply = sd_bus_message_unref(bench->reply);
    assert_true(sd_bus_open_system(&bus) >= 0);
    assert_true(sd_bus_attach_event(bus, bench->event, 0) >= 0);
    assert_true(sd_bus_call_method_async(bus, NULL, "org.wardgate", "/org/wardgate", "org.wardgate.Gateway1",
                                         "Explain", take_reply, bench, "s", what) >= 0);
    WAIT_FOR(bench, bench->reply != NULL);
    sd_bus_detach_event(bus);
    sd_bus_flush_close_unref(bus);
    if (sd_bus_message_is_method_error(bench->reply, NULL))
        return -1;
    assert_true(sd_bus_message_read_strv(bench->reply, &documents) >= 0);
    for (count = 0; documents && documents[count]; count++)
        if (count == 0)
            assert_non_null(strstr(documents[0], text));
    for (int i = 0; i < count; i++)
        free(documents[i]);
    free(documents);
    return count;
}

static int take_status(sd_bus_message *message, void *userdata, sd_bus_error *error)
{
    (void)message;
    (void)error;
    *(bool *)userdata = true;
    return 0;
}

/* A call whose answer waits for the disk, which hangs already. types and what follows: its arguments. */
static void call_while_the_disk_hangs(struct bench *bench, const char *method, const char *types, ...)
{
    bool answered = false;
    sd_bus *bus = NULL;
    va_list arguments;

    bench->reply = sd_bus_message_unref(bench->reply);
    assert_true(sd_bus_open_system(&bus) >= 0);
    assert_true(sd_bus_attach_event(bus, bench->event, 0) >= 0);
    va_start(arguments, types);
    assert_true(sd_bus_call_method_asyncv(bus, NULL, "org.wardgate", "/org/wardgate", "org.wardgate.Gateway1",
                                          method, take_reply, bench, types, arguments) >= 0);
    va_end(arguments);
    assert_true(sd_bus_call_method_async(bus, NULL, "org.wardgate", "/org/wardgate", "org.wardgate.Gateway1",
                                         "Status", take_status, &answered, NULL) >= 0);
    WAIT_FOR(bench, answered);
    assert_null(bench->reply);
    disk_hangs = false;
    WAIT_FOR(bench, bench->reply != NULL);
    assert_false(sd_bus_message_is_method_error(bench->reply, NULL));
    sd_bus_detach_event(bus);
    sd_bus_flush_close_unref(bus);
}

static void begin_admission(struct bench *bench, sd_bus *bus, const char *label)
{
    assert_true(sd_bus_call_method_async(bus, NULL, "org.wardgate", "/org/wardgate", "org.wardgate.Gateway1",
                                         "Admit", take_reply, bench, "sssss", "p-cyd", "s-1", label, "",
                                         ward_gateway_watch(bench->gateway, "p-ann")->plan_document) >= 0);
}

/* It is printed beside whether he is monitored, and could hide that. */
static void a_label_is_one_line_of_text(void **state)
{
    struct bench *bench = couple(state);
    sd_bus *bus = NULL;

    if (geteuid() != 0)
        skip(); /* changes are for root */
    assert_true(sd_bus_open_system(&bus) >= 0);
    assert_true(sd_bus_attach_event(bus, bench->event, 0) >= 0);
    begin_admission(bench, bus, "Cyd\033[2K");
    WAIT_FOR(bench, bench->reply != NULL);
    assert_true(sd_bus_message_is_method_error(bench->reply, "org.wardgate.Error.InvalidArgument"));
    assert_null(ward_gateway_watch(bench->gateway, "p-cyd"));
    sd_bus_detach_event(bus);
    sd_bus_flush_close_unref(bus);
}

/* A plan without its patient would wait for whoever is admitted by that id next. */
static void who_is_admitted_is_stored_with_his_plan(void **state)
{
    struct bench *bench = couple(state);
    const struct ward_commit_waiter *waiter = NULL;
    sd_bus *bus = NULL;

    if (geteuid() != 0)
        skip(); /* changes are for root */
    disk_hangs = true;
    assert_true(sd_bus_open_system(&bus) >= 0);
    assert_true(sd_bus_attach_event(bus, bench->event, 0) >= 0);
    begin_admission(bench, bus, "Cyd");
    while (!waiter) {
        assert_true(sd_event_run(bench->event, 50000) >= 0);
        for (waiter = bench->gateway->waiters; waiter && !waiter->call;)
            waiter = waiter->next;
    }
    assert_int_equal(waiter->token, ward_gateway_watch(bench->gateway, "p-cyd")->plan_token);
    disk_hangs = false;
    WAIT_FOR(bench, bench->reply != NULL);
    assert_false(sd_bus_message_is_method_error(bench->reply, NULL));
    sd_bus_detach_event(bus);
    sd_bus_flush_close_unref(bus);
    bench_restart(bench);
    assert_string_equal(ward_registry_patient(&bench->gateway->registry, "p-cyd")->label, "Cyd");
    assert_true(ward_gateway_watch(bench->gateway, "p-cyd")->has_plan);
}

/* Whoever is told that it is done goes away: after a power cut the old plan would be in force again. */
static void a_plan_is_stored_before_it_is_answered(void **state)
{
    struct bench *bench = couple(state);
    char *document;

    if (geteuid() != 0)
        skip(); /* changes are for root */
    document = strdup(ward_gateway_watch(bench->gateway, "p-ann")->plan_document);
    WAIT_FOR(bench, bench->gateway->committed_token == bench->gateway->next_token);
    disk_hangs = true;
    call_while_the_disk_hangs(bench, "ApplyPlan", "ss", "p-ann", document);
    free(document);
}

/* Who heard nothing of the first one binds it again: after a power cut neither would be there. */
static void a_binding_is_stored_before_one_that_stands_is_answered(void **state)
{
    struct bench *bench = couple(state);
    const uint64_t generation = bench->gateway->registry.generation;

    if (geteuid() != 0)
        skip(); /* changes are for root */
    WAIT_FOR(bench, bench->gateway->committed_token == bench->gateway->next_token);
    disk_hangs = true;
    bind_to(bench, "d-1", "p-ann", WARD_SLOT_NONE, false);
    call_while_the_disk_hangs(bench, "Bind", "sssu", "d-1", "p-ann", "move", (uint32_t)WARD_SLOT_NONE);
    assert_true(bench->gateway->registry.generation == generation + 1);
}

/* The answer to a pairing is the device's document. */
static void a_device_that_is_gone_before_its_commit_is_answered_all_the_same(void **state)
{
    struct bench *bench = couple(state);
    struct ward_store_change forgotten = {.kind = WARD_STORE_DEVICE_FORGOTTEN, .device.id = {"d-1"}};
    struct ward_commit_waiter *waiter;
    sd_bus *bus = NULL;

    WAIT_FOR(bench, bench->gateway->committed_token == bench->gateway->next_token);
    assert_true(sd_bus_open_system(&bus) >= 0);
    assert_true(sd_bus_attach_event(bus, bench->event, 0) >= 0);
    disk_hangs = true;
    assert_true(sd_bus_call_method_async(bus, NULL, "org.wardgate", "/org/wardgate", "org.wardgate.Gateway1",
                                         "Rename", take_reply, bench, "ss", "d-1", "Cuff") >= 0);
    for (waiter = NULL; !waiter;) {
        assert_true(sd_event_run(bench->event, 50000) >= 0);
        for (waiter = bench->gateway->waiters; waiter && !waiter->call;)
            waiter = waiter->next;
    }
    waiter->answer_device = forgotten.device.id; /* as a pairing's does */
    assert_int_equal(ward_gateway_change(bench->gateway, &forgotten, 1, NULL), 0);
    disk_hangs = false;
    WAIT_FOR(bench, bench->reply != NULL);
    assert_true(sd_bus_message_is_method_error(bench->reply, "org.wardgate.Error.Failed"));
    sd_bus_detach_event(bus);
    sd_bus_flush_close_unref(bus);
}

static uint32_t number_of(const struct bench *bench, struct ward_alarm_id *ret_id)
{
    const struct ward_watch *watch = ward_gateway_watch(bench->gateway, "p-ann");
    const struct ward_alarm_context context = ward_watch_context(watch);
    static struct ward_alarm_present present[WARD_PRESENT_MAX];
    const size_t count = ward_alarm_present(&watch->state, &context, present, WARD_PRESENT_MAX);

    for (size_t i = 0; i < count; i++) {
        if (strcmp(present[i].newest.condition.text, "bp-systolic-high") != 0)
            continue;
        *ret_id = present[i].newest.id;
        return present[i].newest.n;
    }
    return 0;
}

/* Events 2 and 3 went to the ward, and the process was killed before they were on the disk. */
static void what_was_told_before_a_kill_is_told_again(void **state)
{
    struct bench *bench = couple(state);
    struct ward_alarm_id id, same;

    bind_to(bench, "d-1", "p-ann", 1, false);
    hear(bench, &(struct said){"d-1", CUFF, "0A FA 00 50 00 5A 00 EA 07 0B 16 09 00 02 01", false});
    assert_int_equal(read_back(bench), 1);
    assert_int_equal(number_of(bench, &id), 1);
    ward_numbers_note(bench->gateway->numbers, &id, 3);
    bench_restart(bench);
    assert_int_equal(number_of(bench, &same), 4);
    assert_memory_equal(&same, &id, sizeof(id));
    WAIT_FOR(bench, bench->gateway->waiters == NULL);
    bench_restart(bench);
    assert_int_equal(number_of(bench, &same), 4); /* and no more than that */
}

static void an_alarm_and_a_reading_can_be_explained(void **state)
{
    struct bench *bench = couple(state);
    static struct ward_alarm_present present[WARD_PRESENT_MAX];
    char name[WARD_ID_MAX + 32], id[33] = "";

    bind_to(bench, "d-1", "p-ann", 1, false);
    hear(bench,
         &(struct said){"d-1", CUFF, "0A FA 00 50 00 5A 00 EA 07 0B 16 09 00 02 01", false}); /* 250/80 */
    assert_int_equal(read_back(bench), 1);
    assert_true(is_condition(bench, "p-ann", "bp-systolic-high"));
    const struct ward_watch *watch = ward_gateway_watch(bench->gateway, "p-ann");
    const struct ward_alarm_context context = ward_watch_context(watch);
    const size_t count = ward_alarm_present(&watch->state, &context, present, WARD_PRESENT_MAX);
    for (size_t i = 0; i < count; i++)
        if (strcmp(present[i].newest.condition.text, "bp-systolic-high") == 0)
            for (int octet = 0; octet < 16; octet++)
                snprintf(id + 2 * octet, 3, "%02x", present[i].newest.id.octets[octet]);
    assert_int_equal(explain(bench, id, "\"event\":\"raised\""), 1);
    assert_int_equal(explain(bench, "1", "\"seq\":1"), 1);
    snprintf(name, sizeof(name), "%s:1", bench->gateway->epoch.text);
    assert_int_equal(explain(bench, name, "\"seq\":1"), 1);
    assert_int_equal(explain(bench, "2", ""), 0);
    assert_int_equal(explain(bench, "e-other:1", ""), -1);
    assert_int_equal(explain(bench, "spo2-low", ""), -1);
}

/* --- an uplink that takes one message at a time --------------------------------------------------------------- */

static void say_frame(int uplink, const struct ward_link_frame *frame)
{
    static uint8_t octets[WARD_LINK_FRAME_MAX];
    const size_t length = ward_link_encode(frame, octets, sizeof(octets));

    assert_true(length > 0);
    assert_int_equal(send(uplink, octets, length, MSG_NOSIGNAL), (ssize_t)length);
}

static void say_link(int uplink, bool up)
{
    say_frame(uplink, &(struct ward_link_frame){
                          .type = WARD_LINK_LINK,
                          .link = {.up = up, .text = "", .certificate_expires_ms = WARD_UTC_UNKNOWN}});
}

static int join_as_uplink(struct bench *bench)
{
    struct sockaddr_un address = {.sun_family = AF_UNIX};
    const int uplink = socket(AF_UNIX, SOCK_SEQPACKET | SOCK_CLOEXEC | SOCK_NONBLOCK, 0);

    assert_true(strlen(bench->config.spool.socket) < sizeof(address.sun_path));
    strcpy(address.sun_path, bench->config.spool.socket);
    assert_int_equal(connect(uplink, (const struct sockaddr *)&address, sizeof(address)), 0);
    say_frame(uplink, &(struct ward_link_frame){
                          .type = WARD_LINK_HELLO,
                          .hello = {.version = WARD_LINK_VERSION, .frame_max = WARD_LINK_FRAME_MAX}});
    say_link(uplink, true);
    return uplink;
}

static void give_credit(int uplink, uint16_t frames, uint32_t octets)
{
    say_frame(uplink, &(struct ward_link_frame){.type = WARD_LINK_CREDIT,
                                                .credit = {.round = 1, .frames = frames, .octets = octets}});
}

static void answer_message(int uplink, uint64_t id)
{
    say_frame(uplink, &(struct ward_link_frame){.type = WARD_LINK_RESULT, .result = {.id = id}});
}

/* A message, if one has come: its id, and its topic from "up/" on. 0: none has. */
static uint64_t read_message(int uplink, char ret[static 64])
{
    static uint8_t octets[WARD_LINK_FRAME_MAX];
    struct ward_link_frame frame = {0};
    ssize_t length;

    while (frame.type != WARD_LINK_PUBLISH) {
        length = recv(uplink, octets, sizeof(octets), 0);
        if (length < 0)
            return 0;
        assert_true(ward_link_decode(octets, (size_t)length, &frame));
    }
    snprintf(ret, 64, "%.*s", frame.publish.topic_length, frame.publish.topic);
    memmove(ret, strstr(ret, "up/"), strlen(strstr(ret, "up/")) + 1);
    return frame.publish.id;
}

/* The next message, answered like a broker's. */
static void take_message(struct bench *bench, int uplink, char ret[static 64])
{
    uint64_t id;

    give_credit(uplink, 1, 1);
    WAIT_FOR(bench, (id = read_message(uplink, ret)) != 0);
    answer_message(uplink, id);
}

/* A change of state that comes while the state is being told does not begin it anew: what each round owes is told before
 * the next, and what waits behind the state has its turn. How many rounds there are is not asserted: an alarm that is
 * raised meanwhile is a change, too. */
static void what_tells_the_state_does_not_stand_in_its_own_way(void **state)
{
    enum { CHANGES = 2, ROUNDS_MAX = 8 };
    static const char *const round[] = {"up/state", "up/active/p-ann", "up/active/p-bob"};
    struct bench *bench = couple(state);
    char topic[64] = "";
    bool heartbeat = false;
    size_t told = 0;
    int taken = 0;

    bind_to(bench, "d-1", "p-ann", 1, false);
    hear(bench, &(struct said){"d-1", CUFF, USER_1, false});
    assert_int_equal(read_back(bench), 1);
    const int uplink = join_as_uplink(bench);
    while (strcmp(topic, "up/readings") != 0) {
        take_message(bench, uplink, topic);
        if (strcmp(topic, "up/alarms") == 0)
            continue; /* which go before everything */
        if (strcmp(topic, "up/heartbeat") == 0) {
            heartbeat = true;
        } else if (strcmp(topic, "up/readings") != 0) {
            assert_string_equal(topic, round[told++ % 3]);
            assert_true(heartbeat || told <= 3); /* it has its turn between two rounds */
            assert_true(told <= (size_t)3 * ROUNDS_MAX);
        }
        if (taken++ < CHANGES)
            ward_outbox_state_changed(&bench->gateway->outbox);
    }
    assert_true(told >= (size_t)2 * 3); /* what changed in the first round is told by another */
    assert_int_equal(told % 3, 0);
    close(uplink);
}

/* Answers what has come. Returns whether nothing more is to come by itself. */
static bool answers_all(struct bench *bench, int uplink)
{
    const struct ward_outbox *outbox = &bench->gateway->outbox;
    char topic[64];
    uint64_t id;

    while ((id = read_message(uplink, topic)) != 0)
        answer_message(uplink, id);
    return ward_spool_idle(bench->gateway->spool) && !outbox->state_dirty && outbox->document == 0;
}

/* An alarm of each of the two, of which the second is not answered yet. Returns its id. */
static uint64_t raise_alarms(struct bench *bench, int uplink, enum ward_technical_condition condition)
{
    char topic[64];
    uint64_t id;

    ward_technical_set(bench->gateway, condition, true);
    for (int i = 0; i < 2; i++) {
        WAIT_FOR(bench, (id = read_message(uplink, topic)) != 0);
        assert_string_equal(topic, "up/alarms");
        if (i == 0)
            answer_message(uplink, id);
    }
    return id;
}

/* What an alarm changes is told behind it: when the broker has answered, or when it does not for a tenth of a second. */
static void an_alarm_has_the_way_to_itself(void **state)
{
    struct bench *bench = couple(state);
    const struct ward_outbox *outbox = &bench->gateway->outbox;
    const int uplink = join_as_uplink(bench);
    char topic[64];
    uint64_t id, waits_us;

    give_credit(uplink, 1000, 1000000);
    WAIT_FOR(bench, answers_all(bench, uplink));
    id = raise_alarms(bench, uplink, WARD_TECHNICAL_ADAPTER_RECOVERY);
    assert_true(outbox->state_dirty); /* which has had to wait */
    waits_us = outbox->alone_until_us;
    assert_true(waits_us != 0 && ward_outbox_due_us(outbox) <= waits_us);
    answer_message(uplink, id);
    WAIT_FOR(bench, outbox->alone_until_us == 0);
    WAIT_FOR(bench, answers_all(bench, uplink));

    (void)raise_alarms(bench, uplink, WARD_TECHNICAL_STORAGE_FULL);
    waits_us = outbox->alone_until_us;
    assert_true(waits_us != 0 && outbox->state_dirty);
    WAIT_FOR(bench, read_message(uplink, topic) != 0);
    assert_true(bench_now_us(bench) >= waits_us);
    assert_string_equal(topic, "up/state");
    close(uplink);
}

/* With nothing to send the loop sleeps until the next thing that is told by the clock; also after the line was broken, when
 * it is known already that of earlier databases nothing is left, and while the store is still reading. */
static void with_nothing_to_send_the_loop_sleeps(void **state)
{
    struct bench *bench = couple(state);
    struct ward_outbox *outbox = &bench->gateway->outbox;
    const int uplink = join_as_uplink(bench);
    uint32_t generation;

    give_credit(uplink, 1000, 1000000);
    WAIT_FOR(bench, answers_all(bench, uplink) && outbox->past.nothing);
    assert_true(ward_outbox_due_us(outbox) > bench_now_us(bench));

    generation = outbox->link_generation;
    say_link(uplink, false);
    say_link(uplink, true);
    give_credit(uplink, 1000, 1000000); /* what there was went with the line */
    WAIT_FOR(bench, outbox->link_generation == generation + 2 && answers_all(bench, uplink));
    assert_true(outbox->link_up && !outbox->blocked);
    assert_true(ward_outbox_due_us(outbox) > bench_now_us(bench));

    outbox->past.nothing = false;
    outbox->past.asked = true;
    ward_outbox_pump(outbox);
    assert_true(ward_outbox_due_us(outbox) > bench_now_us(bench));
    close(uplink);
}

/* There is no room for a document or a batch, by the linker's --wrap. */
static bool no_room;

void *__real_malloc(size_t size);
void *__wrap_malloc(size_t size);

/* There is none at all, for the loop. */
static _Thread_local bool no_memory;

void *__wrap_malloc(size_t size)
{
    if (no_memory)
        return NULL;
    return no_room && (size == WARD_LINK_FRAME_MAX || size == WARD_TOPIC_MAX + 1 + WARD_LINK_FRAME_MAX)
               ? NULL
               : __real_malloc(size);
}

/* It waits for some seconds, in which alarms go on, and the loop sleeps. */
static void a_document_without_memory_is_tried_again(void **state)
{
    struct bench *bench = couple(state);
    struct ward_outbox *outbox = &bench->gateway->outbox;
    const int uplink = join_as_uplink(bench);
    char topic[64];
    uint64_t id;

    give_credit(uplink, 1000, 1000000);
    WAIT_FOR(bench, answers_all(bench, uplink));
    no_room = true;
    ward_outbox_state_changed(outbox);
    ward_outbox_pump(outbox);
    assert_int_equal(read_message(uplink, topic), 0);
    assert_true(outbox->retry_due_us > bench_now_us(bench));
    assert_int_equal(ward_outbox_due_us(outbox), outbox->retry_due_us);
    answer_message(uplink, raise_alarms(bench, uplink, WARD_TECHNICAL_ADAPTER_RECOVERY));

    no_room = false;
    outbox->retry_due_us = bench_now_us(bench);
    ward_gateway_settle(bench->gateway);
    WAIT_FOR(bench, (id = read_message(uplink, topic)) != 0);
    assert_string_equal(topic, "up/state");
    answer_message(uplink, id);
    close(uplink);
}

/* Nor is the store asked all the time for what there is no room to send; nor for what is to go again. */
static void records_without_memory_are_tried_again(void **state)
{
    struct bench *bench = couple(state);
    struct ward_outbox *outbox = &bench->gateway->outbox;
    int uplink;

    bind_to(bench, "d-1", "p-ann", 1, false);
    hear(bench, &(struct said){"d-1", CUFF, USER_1, false});
    assert_int_equal(read_back(bench), 1);
    uplink = join_as_uplink(bench);
    give_credit(uplink, 1000, 1000000);
    outbox->again.records[0] = (struct ward_seq_range){1, 1};
    outbox->again.record_count = 1;
    no_room = true;
    for (int turns = 0; turns < 500 && (outbox->read_due_us == 0 || outbox->again.due_us == 0); turns++)
        assert_true(sd_event_run(bench->event, 1000) >= 0);
    no_room = false;
    assert_true(outbox->read_due_us > 0 && outbox->again.due_us > 0);
    close(uplink);
}

/* It is counted as lost, and is no duplicate when the device tells it again; and the store works again. */
static void a_reading_without_memory_may_come_again(void **state)
{
    struct bench *bench = couple(state);
    const struct said hers = {"d-1", CUFF, USER_1, false}, nobodys = {"d-1", CUFF, USER_2, false};

    bind_to(bench, "d-1", "p-ann", 1, false);
    read_back(bench);
    say(bench, &hers);
    no_memory = true;
    hang_up(bench, "d-1");
    no_memory = false;
    say(bench, &nobodys);
    no_memory = true;
    hang_up(bench, "d-1");
    no_memory = false;
    assert_true(bench->gateway->technical.active[WARD_TECHNICAL_STORAGE_FAILING]);
    assert_true(bench->gateway->technical.active[WARD_TECHNICAL_READINGS_DROPPED]);
    assert_int_equal(bench->gateway->unassigned.count, 0);
    bench->gateway->unsubmitted_us -= 60 * UINT64_C(1000000); /* as if that had gone by */
    hear(bench, &hers);
    WAIT_FOR(bench, !bench->gateway->technical.active[WARD_TECHNICAL_STORAGE_FAILING]);
    assert_true(read_back(bench) >= 2);
    assert_string_equal(newest(bench)->patient.text, "p-ann");
    assert_int_equal(newest(bench)->value_count, 3);
    assert_int_equal(bench->records[bench->record_count - 1].reading.kind, WARD_RECORD_GAP);
    assert_int_equal(bench->gateway->pipeline.duplicates, 0);
}

/* A fresh file is told again what the devices have given. What it cannot be told is not new for that. */
static void what_is_told_again_in_vain_stays_known(void **state)
{
    struct bench *bench = couple(state);
    const struct said cuff = {"d-1", CUFF, USER_1, false};
    struct ward_store_change changes[] = {{.kind = WARD_STORE_KNOWN}, {.kind = WARD_STORE_PATIENT_REMOVED}};
    struct ward_store_group group = {.changes = changes,
                                     .change_count = 2}; /* of no patient: it is refused */
    struct ward_known_position position = {0};

    bind_to(bench, "d-1", "p-ann", WARD_SLOT_NONE, false);
    hear(bench, &cuff);
    assert_true(ward_known_next(&bench->gateway->known, &position, &changes[0].known));
    assert_int_equal(ward_gateway_submit(bench->gateway, &group, NULL), -EINVAL);
    hear(bench, &cuff);
    assert_int_equal(read_back(bench), 1);
    assert_int_equal(bench->gateway->pipeline.duplicates, 1);
}

/* The device still has it, and is asked for it: those behind it are not what is known of its records. */
static void a_record_without_memory_is_asked_for_again(void **state)
{
    struct bench *bench = couple(state);
    struct ward_recollection known;

    bench_enrol(bench, "d-3", "glucose-meter");
    bind_to(bench, "d-3", "p-ann", WARD_SLOT_NONE, false);
    say(bench, &(struct said){"d-3", 0x2A18, "02 11 00 EA 07 0B 16 09 00 02 5F B0 11", false});
    resolve(bench, "d-3"); /* nothing more is waited for but what follows */
    say(bench, &(struct said){"d-3", 0x2A18, "02 12 00 EA 07 0B 16 0A 00 02 5F B0 11", false});
    no_memory = true; /* for the one that is decided now */
    say(bench, &(struct said){"d-3", 0x2A18, "02 13 00 EA 07 0B 16 0B 00 02 5F B0 11", false});
    no_memory = false;
    hang_up(bench, "d-3");
    read_back(bench);
    known = ward_recollection_of(bench->gateway, "d-3");
    assert_true(known.has_record);
    assert_int_equal(known.last_record, 0x11);
    assert_false(ward_registry_next_binding(&bench->gateway->registry, "d-3", NULL)->read_out);

    say(bench, &(struct said){"d-3", 0x2A18, "02 12 00 EA 07 0B 16 0A 00 02 5F B0 11", false});
    resolve(bench, "d-3");
    hang_up(bench, "d-3");
    assert_true(ward_registry_next_binding(&bench->gateway->registry, "d-3", NULL)->read_out);
}

/* What it had told is still on its way to the disk then: nothing is remembered of a device that is nobody's. */
static void a_device_that_was_forgotten_is_not_remembered(void **state)
{
    struct bench *bench = couple(state);
    struct ward_store_change forgotten = {.kind = WARD_STORE_DEVICE_FORGOTTEN};

    bench_enrol(bench, "d-3", "glucose-meter");
    forgotten.device = *ward_registry_device(&bench->gateway->registry, "d-3");
    say(bench, &(struct said){"d-3", 0x2A18, "02 11 00 EA 07 0B 16 09 00 02 5F B0 11", false});
    ward_talk_forgotten(bench->gateway, "d-3");
    ward_recollection_drop(bench->gateway, "d-3");
    assert_int_equal(ward_gateway_change(bench->gateway, &forgotten, 1, NULL), 0);
    assert_int_equal(read_back(bench), 1);
    assert_false(ward_recollection_of(bench->gateway, "d-3").has_record);
}

/* A cuff indicates what it has just measured in both forms: that is one, and of now. */
static void one_measurement_in_two_forms_is_of_now(void **state)
{
    struct bench *bench = couple(state);

    bind_to(bench, "d-1", "p-ann", WARD_SLOT_NONE, false);
    ward_binding_read_out(bench->gateway, "d-1");
    say(bench, &(struct said){"d-1", CUFF, "02 78 00 50 00 5A 00 EA 07 0B 16 09 00 02", false});
    resolve(bench, "d-1");
    say(bench, &(struct said){"d-1", 0x2B34, "42 78 00 50 00 5A 00 92 6B 95 32", false});
    hang_up(bench, "d-1");
    assert_int_equal(read_back(bench), 1);
    assert_false(newest(bench)->late);
}

/* When the loop is woken next, once it has done all that a change brings. */
static uint64_t next_us(struct bench *bench)
{
    uint64_t due_us;

    ward_gateway_settle(bench->gateway);
    while (sd_event_run(bench->event, 2 * WARD_API_LOOK_US) > 0)
        continue;
    assert_true(sd_event_source_get_time(bench->gateway->timer, &due_us) >= 0);
    return due_us - bench_now_us(bench);
}

/* Nobody says that a time service holds the clock: as long as none does it is looked for, whatever else there is to do. */
static void a_clock_that_nobody_holds_is_looked_for(void **state)
{
    struct bench *bench = *state;

    bench_set_clock(bench, true);
    assert_true(next_us(bench) > WARD_CLOCK_LOOK_US);
    bench_set_clock(bench, false);
    assert_true(next_us(bench) <= WARD_CLOCK_LOOK_US);
}

/* The records of a message are what bench->records, newest first, says of them. Counts each in seen, and returns
 * how many there are. */
static size_t expect_records(struct bench *bench, const struct ward_link_frame *frame, unsigned *seen)
{
    static char octets[WARD_LINK_FRAME_MAX];
    static const char list[] = "\"backlog\":false,\"records\":[";
    const char *begin = strstr((const char *)frame->publish.payload, list);
    struct ward_record_run run;
    uint64_t seq;

    assert_non_null(begin);
    assert_non_null(strstr(begin, "\"seq\":"));
    seq = strtoull(strstr(begin, "\"seq\":") + strlen("\"seq\":"), NULL, 10);
    ward_record_run_init(&run, octets, sizeof(octets));
    begin += strlen(list);
    do {
        assert_in_range(seq + run.count, 1, bench->record_count);
        assert_true(ward_record_run_write(&run, bench->gateway->epoch.text,
                                          &bench->records[bench->record_count - seq - run.count]));
        assert_memory_equal(begin, run.octets, run.length);
        seen[seq + run.count - 2]++; /* it has been counted */
    } while (begin[run.length] == ',');
    assert_memory_equal(begin + run.length, "]}", 2);
    return run.count;
}

/* What is committed while the way to the ward is open goes as it was committed, each once, also what is more than one
 * message holds. */
static void what_is_committed_goes_up_whole(void **state)
{
    enum { READINGS = 130 };
    static uint8_t octets[WARD_LINK_FRAME_MAX + 1];
    struct bench *bench = couple(state);
    unsigned seen[RECORDS_MAX] = {0};
    struct ward_link_frame frame;
    ssize_t length;
    const int uplink = join_as_uplink(bench);

    bench_enrol(bench, "d-2", "oximeter");
    bind_to(bench, "d-1", "p-ann", 1, false);
    bind_to(bench, "d-2", "p-ann", WARD_SLOT_NONE, false);
    WAIT_FOR(bench, bench->gateway->outbox.link_up);
    ward_store_set_commit_window(bench->gateway->store, 3600000);
    for (int i = 0; i < READINGS; i++)
        hear(bench, &(struct said){"d-2", OXIMETER, i % 2 ? "00 61 00 48 00" : "00 60 00 49 00", false});
    hear(bench, &(struct said){"d-1", CUFF, USER_1, false}); /* with which they are committed */
    say_frame(uplink, &(struct ward_link_frame){.type = WARD_LINK_CREDIT,
                                                .credit = {.round = 1, .frames = 60, .octets = 1 << 20}});
    assert_true(read_back(bench) > READINGS);
    for (size_t told = 0; told < bench->record_count;) {
        WAIT_FOR(bench, (length = recv(uplink, octets, sizeof(octets) - 1, 0)) > 0);
        assert_true(ward_link_decode(octets, (size_t)length, &frame));
        if (frame.type != WARD_LINK_PUBLISH)
            continue;
        octets[(size_t)(frame.publish.payload - octets) + frame.publish.payload_length] = '\0';
        if (strstr((const char *)frame.publish.payload, "wardgate.readings/1"))
            told += expect_records(bench, &frame, seen);
    }
    for (size_t i = 0; i < bench->record_count; i++)
        assert_int_equal(seen[i], 1);
    close(uplink);
}

/* --- what is looked at, told by the spool, or said by a button ------------------------------------------------ */

static void a_disk_that_is_nearly_full_is_told(void **state)
{
    const uint64_t spare = WARD_STORAGE_SPARE_OCTETS;
    struct bench *bench = couple(state);
    struct ward_time now;

    assert_true(ward_upkeep_is_short(&(struct ward_store_space){spare - 1, spare}, false));
    assert_true(ward_upkeep_is_short(&(struct ward_store_space){9 * spare, 100 * spare}, false));
    assert_false(ward_upkeep_is_short(&(struct ward_store_space){10 * spare, 100 * spare}, false));
    assert_true(ward_upkeep_is_short(&(struct ward_store_space){12 * spare, 100 * spare}, true));
    assert_false(ward_upkeep_is_short(&(struct ward_store_space){13 * spare, 100 * spare}, true));
    assert_true(ward_upkeep_is_short(&(struct ward_store_space){spare, spare}, true));
    assert_true(bench->gateway->upkeep.space.total_octets > 0);

    strcpy(bench->gateway->config.store.path, "/proc/ward.db"); /* a file system without any room */
    now = ward_gateway_now(bench->gateway);
    assert_int_equal(ward_upkeep_check(bench->gateway, &now), bench->gateway->upkeep.due_us);
    assert_false(is_condition(bench, "p-ann", "storage-filling")); /* not yet looked at again */
    now.boot_us = bench->gateway->upkeep.due_us;
    assert_int_equal(ward_upkeep_check(bench->gateway, &now), now.boot_us + WARD_UPKEEP_US);
    assert_true(is_condition(bench, "p-ann", "storage-filling"));
    strcpy(bench->gateway->config.store.path, bench->config.store.path);
    bench->gateway->upkeep.due_us = 0;
    ward_gateway_settle(bench->gateway);
    assert_int_equal(is_condition(bench, "p-ann", "storage-filling"),
                     ward_upkeep_is_short(&bench->gateway->upkeep.space, true));
}

/* As the store tells it: a full disk is one thing, a failing one another, and both end. */
static void a_disk_that_takes_nothing_is_told(void **state)
{
    struct bench *bench = couple(state);
    const struct ward_store_listener listener = ward_commits_listener(bench->gateway);

    listener.trouble(listener.context,
                     &(struct ward_store_trouble){.error = -EIO, .text = "", .attempts = 1});
    assert_true(is_condition(bench, "p-ann", "storage-failing"));
    assert_false(is_condition(bench, "p-ann", "storage-full"));
    listener.trouble(listener.context,
                     &(struct ward_store_trouble){.error = -ENOSPC, .text = "", .attempts = 2});
    assert_false(is_condition(bench, "p-ann", "storage-failing"));
    assert_true(is_condition(bench, "p-ann", "storage-full"));
    listener.trouble(listener.context, &(struct ward_store_trouble){.text = ""});
    assert_false(is_condition(bench, "p-ann", "storage-full"));
}

/* Once something is committed the store takes what it is given; it said nothing of what it was not given. */
static void a_group_that_cannot_be_given_to_the_store_is_told_until_one_can(void **state)
{
    struct bench *bench = couple(state);
    const struct ward_store_change change = {.kind = WARD_STORE_SETTING, .name = {"no id"}};
    struct ward_store_group wrong = {.changes = &change, .change_count = 1}, next = {.urgent = true};

    WAIT_FOR(bench, bench->gateway->committed_token == bench->gateway->next_token);
    assert_true(ward_gateway_submit(bench->gateway, &wrong, NULL) < 0);
    WAIT_FOR(bench, bench->gateway->committed_token == bench->gateway->next_token);
    assert_true(is_condition(bench, "p-ann", "storage-failing")); /* what tells that is committed, too */
    bench->gateway->unsubmitted_us -= 60 * UINT64_C(1000000);
    assert_int_equal(ward_gateway_submit(bench->gateway, &next, NULL), 0);
    WAIT_FOR(bench, !is_condition(bench, "p-ann", "storage-failing"));
}

static void a_certificate_that_ends_soon_is_told(void **state)
{
    const int64_t month_ms = WARD_CERTIFICATE_DAYS * INT64_C(86400000), today_ms = INT64_C(1795338000000);
    struct bench *bench = couple(state);
    struct ward_time now = {.boot_us = ward_gateway_now(bench->gateway).boot_us, .utc_ms = today_ms};

    ward_spool_events.link(bench->gateway, true, "", today_ms + month_ms); /* as the uplink tells it */
    (void)ward_upkeep_check(bench->gateway, &now);
    assert_false(is_condition(bench, "p-ann", "certificate-expiring"));
    now.utc_ms = today_ms + 1;
    (void)ward_upkeep_check(bench->gateway, &now);
    assert_true(is_condition(bench, "p-ann", "certificate-expiring"));
    assert_true(is_condition(bench, "p-bob", "certificate-expiring"));
    now.utc_ms = WARD_UTC_UNKNOWN; /* nothing is taken back because nobody knows the date */
    (void)ward_upkeep_check(bench->gateway, &now);
    assert_true(is_condition(bench, "p-ann", "certificate-expiring"));
    bench->gateway->outbox.certificate_expires_ms += month_ms; /* renewed */
    now.utc_ms = today_ms + 1;
    (void)ward_upkeep_check(bench->gateway, &now);
    assert_false(is_condition(bench, "p-ann", "certificate-expiring"));
}

static void a_broker_that_refuses_is_told(void **state)
{
    struct bench *bench = couple(state);

    ward_spool_events.result(bench->gateway, 1, WARD_LINK_RESULT_GIVEN_UP);
    assert_false(is_condition(bench, "p-ann", "hub-refuses"));
    ward_spool_events.result(bench->gateway, 2, 0x87); /* not authorized */
    assert_true(is_condition(bench, "p-ann", "hub-refuses"));
    ward_spool_events.result(bench->gateway, 3, WARD_LINK_RESULT_GIVEN_UP);
    assert_true(is_condition(bench, "p-ann", "hub-refuses"));
    ward_spool_events.result(bench->gateway, 4, 0x10); /* no matching subscribers: taken all the same */
    assert_true(is_condition(bench, "p-ann", "hub-refuses")); /* it may still refuse what it refused */
    bench->gateway->refused_us -= 2 * WARD_DELIVERY_RESEND_MAX_US - UINT64_C(60000000);
    ward_gateway_settle(bench->gateway);
    assert_true(is_condition(bench, "p-ann", "hub-refuses"));
    bench->gateway->refused_us -= UINT64_C(60000000);
    ward_gateway_settle(bench->gateway);
    assert_false(is_condition(bench, "p-ann", "hub-refuses"));
}

/* A clip that slips streams on, with a weak signal: one of its samples. It is Ann's. */
static struct ward_reading poor_sample(struct bench *bench)
{
    bench_enrol(bench, "d-2", "oximeter");
    bind_to(bench, "d-2", "p-ann", WARD_SLOT_NONE, false);
    return (struct ward_reading){.device = {"d-2"},
                                 .kind = WARD_READING_CONTINUOUS,
                                 .quality = WARD_QUESTIONABLE,
                                 .reasons = WARD_REASON_POOR_SIGNAL,
                                 .mono_us = 1000};
}

static void poor_signal_for_a_minute_is_the_device_s(void **state)
{
    struct bench *bench = couple(state);
    struct ward_reading reading = poor_sample(bench);

    ward_upkeep_signal(bench->gateway, &reading);
    reading.mono_us += WARD_POOR_SIGNAL_US - 1;
    ward_upkeep_signal(bench->gateway, &reading);
    assert_false(is_condition(bench, "p-ann", "poor-signal"));
    reading.mono_us += 1;
    ward_upkeep_signal(bench->gateway, &reading);
    assert_true(is_condition(bench, "p-ann", "poor-signal"));
    assert_false(is_condition(bench, "p-bob", "poor-signal"));
    reading.quality = WARD_VALID;
    ward_upkeep_signal(bench->gateway, &reading);
    assert_false(is_condition(bench, "p-ann", "poor-signal"));
    reading.quality = WARD_QUESTIONABLE; /* the minute begins anew */
    reading.mono_us += 1;
    ward_upkeep_signal(bench->gateway, &reading);
    assert_false(is_condition(bench, "p-ann", "poor-signal"));
}

static void poor_signal_ends_with_the_link(void **state)
{
    struct bench *bench = couple(state);
    struct ward_reading reading = poor_sample(bench);

    ward_upkeep_signal(bench->gateway, &reading);
    reading.mono_us += WARD_POOR_SIGNAL_US;
    ward_upkeep_signal(bench->gateway, &reading);
    assert_true(is_condition(bench, "p-ann", "poor-signal"));
    tell_link(bench, "d-2", WARD_BLUEZ_LINK_DISCONNECTED);
    assert_false(is_condition(bench, "p-ann", "poor-signal"));
    tell_link(bench, "d-2", WARD_BLUEZ_LINK_CONNECTED);
    reading.mono_us += WARD_POOR_SIGNAL_US; /* the first sample of the next connection */
    ward_upkeep_signal(bench->gateway, &reading);
    assert_false(is_condition(bench, "p-ann", "poor-signal"));
}

/* The ward has more than this database, or other records: it was put back. */
static void a_database_that_was_put_back_is_told(void **state)
{
    struct bench *bench = couple(state);
    struct ward_receipt receipt = {.epoch = bench->gateway->epoch, .through = 1, .has_head = true};

    bind_to(bench, "d-1", "p-ann", 1, false);
    hear(bench, &(struct said){"d-1", CUFF, USER_1, false});
    assert_int_equal(read_back(bench), 1);
    memcpy(receipt.head, bench->gateway->head_chain, sizeof(receipt.head));
    ward_receipt_take(bench->gateway, &receipt);
    assert_false(is_condition(bench, "p-ann", "database-put-back"));
    assert_int_equal(ward_delivery_undelivered(&bench->gateway->outbox.delivery), 0);

    receipt.epoch = (struct ward_id){"e-other"}; /* of a database that was before: nothing of this one */
    receipt.through = 9;
    ward_receipt_take(bench->gateway, &receipt);
    assert_false(is_condition(bench, "p-ann", "database-put-back"));
    receipt.epoch = bench->gateway->epoch;
    ward_receipt_take(bench->gateway, &receipt);
    assert_true(is_condition(bench, "p-ann", "database-put-back"));
    WAIT_FOR(bench, strcmp(bench->gateway->epoch.text, receipt.epoch.text) != 0); /* a new epoch, by itself */
    assert_int_equal(read_back(bench),
                     0); /* what the ward has had been found to be ours: nothing goes again */
    assert_true(is_condition(bench, "p-ann", "database-put-back"));
    hear(bench, &(struct said){"d-1", CUFF, USER_1, false}); /* what was given before is known again */
    hear(bench, &(struct said){"d-1", CUFF, USER_2, false});
    assert_int_equal(read_back(bench), 1); /* and it goes on */
    assert_int_equal(newest(bench)->seq, 1);
    assert_int_equal(ward_delivery_undelivered(&bench->gateway->outbox.delivery), 1);
}

static void a_chain_that_differs_is_told(void **state)
{
    struct bench *bench = couple(state);
    struct ward_receipt receipt = {.epoch = bench->gateway->epoch, .through = 1, .has_head = true};

    bind_to(bench, "d-1", "p-ann", 1, false);
    hear(bench, &(struct said){"d-1", CUFF, USER_1, false});
    assert_int_equal(read_back(bench), 1);
    ward_clock_raise_floor(bench->gateway->clock, COMMITTED_MS);
    memcpy(receipt.head, bench->gateway->head_chain, sizeof(receipt.head));
    receipt.head[31] ^= 1;
    ward_receipt_take(bench->gateway, &receipt);
    assert_true(is_condition(bench, "p-ann", "database-put-back"));
    assert_int_equal(ward_delivery_undelivered(&bench->gateway->outbox.delivery), 1); /* and not believed */
    WAIT_FOR(bench, strcmp(bench->gateway->epoch.text, receipt.epoch.text) != 0);
    assert_int_equal(read_back(bench), 1); /* what only this database has got a number of the new epoch */
    assert_int_equal(bench->gateway->head_seq, 1);
    assert_memory_equal(newest(bench)->chain, bench->gateway->head_chain, 32);
    assert_int_equal(ward_delivery_undelivered(&bench->gateway->outbox.delivery), 1);
    restart_after(bench, "SELECT 1");
    assert_true(ward_clock_floor_ms(bench->gateway->clock) == COMMITTED_MS); /* and it knows the date */
}

/* The same of a record that is not the newest: it is looked up, and nothing is believed before. */
static void a_chain_that_differs_further_down_is_told(void **state)
{
    struct bench *bench = couple(state);
    struct ward_receipt receipt = {.epoch = bench->gateway->epoch, .through = 1, .has_head = true};
    const struct ward_delivery *delivery = &bench->gateway->outbox.delivery;

    bind_to(bench, "d-1", "p-ann", 1, false);
    hear(bench, &(struct said){"d-1", CUFF, USER_1, false});
    assert_int_equal(read_back(bench), 1);
    memcpy(receipt.head, newest(bench)->chain, sizeof(receipt.head));
    hear(bench,
         &(struct said){"d-1", CUFF, USER_2, false}); /* the database that was put back has grown past it */
    assert_int_equal(read_back(bench), 2);
    receipt.head[0] ^= 1;
    ward_receipt_take(bench->gateway, &receipt);
    assert_int_equal(ward_delivery_undelivered(delivery), 2);
    WAIT_FOR(bench, is_condition(bench, "p-ann", "database-put-back"));
    assert_int_equal(ward_delivery_undelivered(delivery), 2);
    WAIT_FOR(bench, strcmp(bench->gateway->epoch.text, receipt.epoch.text) != 0);
    assert_int_equal(read_back(bench), 2); /* where they begin to differ nobody knows: both go again */
    assert_int_equal(ward_delivery_undelivered(delivery), 2);
}

/* Receipts that come faster than the database answers: the newest says it all. */
static void a_receipt_waits_for_the_chain_that_it_claims(void **state)
{
    struct bench *bench = couple(state);
    struct ward_receipt first = {.epoch = bench->gateway->epoch, .through = 1, .has_head = true}, second;
    const struct ward_delivery *delivery = &bench->gateway->outbox.delivery;

    bind_to(bench, "d-1", "p-ann", 1, false);
    hear(bench, &(struct said){"d-1", CUFF, USER_1, false});
    assert_int_equal(read_back(bench), 1);
    memcpy(first.head, newest(bench)->chain, sizeof(first.head));
    second = first;
    second.through = 2;
    hear(bench, &(struct said){"d-1", CUFF, USER_2, false});
    assert_int_equal(read_back(bench), 2);
    memcpy(second.head, newest(bench)->chain, sizeof(second.head));
    hear(bench, &(struct said){"d-1", CUFF, LATER_1, false});
    assert_int_equal(read_back(bench), 3);
    ward_receipt_take(bench->gateway, &first);
    ward_receipt_take(bench->gateway, &first);
    ward_receipt_take(bench->gateway, &second);
    assert_int_equal(ward_delivery_undelivered(delivery), 3);
    WAIT_FOR(bench, ward_delivery_undelivered(delivery) == 1);
    assert_false(is_condition(bench, "p-ann", "database-put-back"));
}

/* Where our record made room there is nothing to compare: what the ward has above it counts. */
static void a_receipt_for_what_made_room_is_taken_over(void **state)
{
    struct bench *bench = couple(state);
    struct ward_receipt receipt = {
        .through = 1, .range_count = 1, .ranges = {{3, 3}}, .has_head = true, .head = {1}};

    bind_to(bench, "d-1", "p-ann", 1, false);
    hear(bench, &(struct said){"d-1", CUFF, USER_1, false});
    hear(bench, &(struct said){"d-1", CUFF, USER_2, false});
    hear(bench, &(struct said){"d-1", CUFF, LATER_1, false});
    hear(bench, &(struct said){"d-1", CUFF, LATER_2, false});
    assert_int_equal(read_back(bench), 4);
    restart_after(bench, "UPDATE mark SET dropped = 2, through = 2,"
                         " dropped_chain = (SELECT chain FROM record WHERE seq = 2);"
                         "DELETE FROM record WHERE seq <= 2");
    receipt.epoch = bench->gateway->epoch;
    assert_int_equal(ward_delivery_undelivered(&bench->gateway->outbox.delivery), 2);
    ward_receipt_take(bench->gateway, &receipt);
    WAIT_FOR(bench, ward_delivery_undelivered(&bench->gateway->outbox.delivery) == 1);
    assert_false(is_condition(bench, "p-ann", "database-put-back"));
}

/* Whether this machine knows the date or not, the ward is told the truth of it; but not before the clock had its time. */
static void a_clock_that_nobody_trusts_is_told(void **state)
{
    struct bench *bench = couple(state);
    const bool unknown = ward_gateway_now(bench->gateway).utc_ms == WARD_UTC_UNKNOWN;

    ward_gateway_settle(bench->gateway);
    assert_false(is_condition(bench, "p-ann", "clock-untrusted"));
    bench->gateway->started_us -= 120 * UINT64_C(1000000);
    ward_gateway_settle(bench->gateway);
    assert_int_equal(is_condition(bench, "p-ann", "clock-untrusted"), unknown);
}

/*
 * A gateway that booted in 1970: what is heard has no UTC and is kept all the same. Once a time service holds the clock,
 * a record tells how to date what came before, and what was committed stays as it is.
 */
static void a_clock_that_becomes_known_dates_what_came_before(void **state)
{
    struct bench *bench = couple(state);
    char synchronized[96];
    const struct ward_clock_options options = {.synchronized_path = synchronized};
    const struct ward_record *clock;
    struct ward_record before;
    FILE *file;

    snprintf(synchronized, sizeof(synchronized), "%s/synchronized", bench->directory);
    bench->gateway->clock = ward_clock_free(bench->gateway->clock);
    assert_int_equal(ward_clock_new(&bench->gateway->clock, bench->event, &options), 0);
    bind_to(bench, "d-1", "p-ann", WARD_SLOT_NONE, false);
    hear(bench, &(struct said){"d-1", CUFF, USER_1, false});
    assert_int_equal(read_back(bench), 1);
    before = bench->records[0];
    assert_int_equal(before.reading.received_at_ms, WARD_UTC_UNKNOWN);
    assert_int_equal(before.reading.clock, WARD_CLOCK_UNSYNCED);
    assert_int_equal(before.reading.values[0].number.mantissa, 120);

    file = fopen(synchronized, "we");
    assert_non_null(file);
    fclose(file);
    WAIT_FOR(bench, (ward_gateway_settle(bench->gateway), read_back(bench)) == 2);
    clock = &bench->records[0];
    assert_int_equal(clock->reading.kind, WARD_RECORD_CLOCK);
    assert_string_equal(clock->reading.boot.text, before.reading.boot.text);
    assert_true(clock->note.offset_ms + (int64_t)(before.reading.mono_us / 1000) <=
                clock->reading.received_at_ms);
    assert_memory_equal(&bench->records[1], &before, sizeof(before));
    ward_gateway_settle(bench->gateway);
    assert_int_equal(read_back(bench), 2); /* once */
}

/* The clock of a board may have been right before a time service said so: then it does not jump. */
static void a_binding_has_its_date_when_that_is_known(void **state)
{
    struct bench *bench = couple(state);
    const struct ward_store_binding *binding = &bench->gateway->registry.bindings[0];

    bench_set_clock(bench, false);
    bind_to(bench, "d-1", "p-ann", WARD_SLOT_NONE, false);
    ward_gateway_settle(bench->gateway);
    assert_int_equal(bench->gateway->registry.binding_count, 1);
    assert_true(binding->from_ms == WARD_BOUND_FROM_UNKNOWN);
    bench_restart(bench); /* … nor does it say so to the next process */
    binding = &bench->gateway->registry.bindings[0];
    bench_set_clock(bench, true);
    ward_gateway_settle(bench->gateway);
    assert_int_equal(bench->gateway->registry.binding_count, 1);
    assert_true(binding->from_ms != WARD_BOUND_FROM_UNKNOWN);
    assert_true(binding->from_ms <= ward_gateway_now(bench->gateway).utc_ms);
}

static void a_low_battery_is_the_device_s(void **state)
{
    struct ward_bluez_device device = {.id = {"d-1"}};
    struct bench *bench = couple(state);

    bind_to(bench, "d-1", "p-ann", WARD_SLOT_NONE, false);
    ward_bluez_events.battery(&device, WARD_BATTERY_LOW_PERCENT, 0, bench->gateway);
    assert_false(is_condition(bench, "p-ann", "battery-low"));
    ward_bluez_events.battery(&device, WARD_BATTERY_LOW_PERCENT - 1, 0, bench->gateway);
    assert_true(is_condition(bench, "p-ann", "battery-low"));
    assert_false(is_condition(bench, "p-bob", "battery-low"));
    ward_bluez_events.battery(&device, 101, 0, bench->gateway); /* no charge at all */
    assert_true(is_condition(bench, "p-ann", "battery-low"));
    ward_bluez_events.battery(&device, 90, 0, bench->gateway);
    assert_false(is_condition(bench, "p-ann", "battery-low"));
}

/* A ring says so in per cent, in every frame. What it measures of the patient is not what is low. */
static void a_ring_s_battery_is_in_its_frames(void **state)
{
    static const char at_85[] = "55 00 FF 00 00 0D 00 61 48 00 00 00 00 00 55 00 03 19 01 00 96";
    static const char at_9[] = "55 00 FF 00 00 0D 00 61 48 00 00 00 00 00 09 00 03 19 01 00 95";
    struct bench *bench = couple(state);

    bench_enrol(bench, "d-ring", "viatom-o2ring");
    bind_to(bench, "d-ring", "p-ann", WARD_SLOT_NONE, false);
    say_as(bench, "o2ring", "d-ring", at_85);
    assert_false(is_condition(bench, "p-ann", "battery-low"));
    say_as(bench, "o2ring", "d-ring", at_9);
    assert_true(is_condition(bench, "p-ann", "battery-low"));
    assert_false(is_condition(bench, "p-bob", "battery-low"));
    say_as(bench, "o2ring", "d-ring", at_85);
    assert_false(is_condition(bench, "p-ann", "battery-low"));
    assert_int_equal(read_back(bench), 3);
    assert_int_equal(newest(bench)->value_count, 4); /* it is no value of the patient's */
}

/* A status says that it is low, and by how much is not known. It is taken back by the same frame without it alone. */
static void a_status_says_that_the_battery_is_low(void **state)
{
    static const char low[] = "0A 34 1A 00 64 00 01 61 00 48";
    static const char good[] = "0A 14 1A 00 64 00 02 61 00 48";
    const struct ward_bluez_device device = {.id = {"d-clip"}};
    struct bench *bench = couple(state);

    bench_enrol(bench, "d-clip", "nonin-3230");
    bind_to(bench, "d-clip", "p-ann", WARD_SLOT_NONE, false);
    say_as(bench, "nonin", "d-clip", low);
    assert_true(is_condition(bench, "p-ann", "battery-low"));
    ward_bluez_events.battery(&device, 90, 0, bench->gateway);
    assert_true(is_condition(bench, "p-ann", "battery-low"));
    say_as(bench, "nonin", "d-clip", good);
    assert_false(is_condition(bench, "p-ann", "battery-low"));
}

/* Near its bound it would otherwise raise and end an alarm with each second of a stream. */
static void a_status_that_wavers_is_told_once(void **state)
{
    static const char *const frames[] = {"0A 34 1A 00 64 00 01 61 00 48", "0A 14 1A 00 64 00 02 61 00 48"};
    struct bench *bench = couple(state);
    size_t told = 0;

    bench_enrol(bench, "d-clip", "nonin-3230");
    bind_to(bench, "d-clip", "p-ann", WARD_SLOT_NONE, false);
    for (int i = 0; i < 8; i++) {
        say_as(bench, "nonin", "d-clip", frames[i % 2]);
        told = i == 2 ? bench->gateway->outbox.alarms.count : told;
    }
    assert_true(is_condition(bench, "p-ann", "battery-low"));
    assert_int_equal(bench->gateway->outbox.alarms.count, told);
    ward_devices_entry(&bench->gateway->devices, "d-clip")->battery_low_said_us -= 600 * UINT64_C(1000000);
    say_as(bench, "nonin", "d-clip", frames[1]); /* ten minutes later */
    assert_false(is_condition(bench, "p-ann", "battery-low"));
}

static const char *shown_text(struct bench *bench)
{
    static char text[WARD_ALARM_TEXT_MAX + 1];
    FILE *file = fopen(bench->config.alarm.patient_text, "re");
    size_t length;

    assert_non_null(file);
    length = fread(text, 1, sizeof(text) - 1, file);
    text[length] = '\0';
    fclose(file);
    return text;
}

/* Opens the gateway anew with a text in the room and a button, a FIFO in place of the device. */
static int furnish(struct bench *bench)
{
    int button;

    bench_close(bench);
    snprintf(bench->config.alarm.patient_text, sizeof(bench->config.alarm.patient_text), "%s/text",
             bench->directory);
    snprintf(bench->config.alarm.silence_button, sizeof(bench->config.alarm.silence_button), "%s/button",
             bench->directory);
    assert_int_equal(mkfifo(bench->config.alarm.silence_button, 0600), 0);
    button = open(bench->config.alarm.silence_button, O_RDWR | O_CLOEXEC);
    assert_true(button >= 0);
    bench_open(bench);
    return button;
}

#define HIGH_PRESSURE "0A FA 00 50 00 5A 00 EA 07 0B 16 09 00 02 01" /* 250/80 */

/* The ward confirms all that waits. */
static void confirm_alarms(struct bench *bench)
{
    const struct ward_alarm_queue *alarms = &bench->gateway->outbox.alarms;
    struct ward_receipt receipt = {.epoch = bench->gateway->epoch};

    for (size_t i = 0; i < alarms->count && i < WARD_RECEIPT_ALARMS_MAX; i++, receipt.alarm_count++) {
        receipt.alarms[i].id = alarms->entries[i].key.id;
        receipt.alarms[i].n = alarms->entries[i].key.n;
    }
    ward_outbox_alarm_receipt(&bench->gateway->outbox, &receipt);
    ward_gateway_settle(bench->gateway);
}

/* A minute passes for what waits for its receipt. */
static void let_alarms_wait(struct bench *bench)
{
    struct ward_alarm_queue *alarms = &bench->gateway->outbox.alarms;

    assert_true(alarms->count > 0);
    for (size_t i = 0; i < alarms->count; i++)
        alarms->entries[i].queued_us -= WARD_UNDELIVERED_US;
    ward_gateway_settle(bench->gateway);
}

static void an_alarm_without_a_receipt_shows_until_it_has_one(void **state)
{
    struct bench *bench = couple(state);
    const int button = furnish(bench);
    const struct ward_alarm_queue *alarms = &bench->gateway->outbox.alarms;

    bind_to(bench, "d-1", "p-ann", 1, false);
    hear(bench, &(struct said){"d-1", CUFF, HIGH_PRESSURE, false});
    assert_false(bench->gateway->undelivered_shown);
    let_alarms_wait(bench);
    assert_true(bench->gateway->undelivered_shown);
    assert_non_null(strstr(shown_text(bench), "could not reach"));
    assert_true(is_condition(bench, "p-ann", "hub-not-confirming"));

    for (int round = 0; round < 8 && alarms->count > 0; round++) /* what the condition itself has told, too */
        confirm_alarms(bench);
    assert_false(bench->gateway->undelivered_shown);
    assert_null(strstr(shown_text(bench), "could not reach"));
    assert_false(is_condition(bench, "p-ann", "hub-not-confirming"));
    close(button);
}

/* What tells that it does not confirm, and that it does again, waits as long: that is no news. */
static void a_hub_that_takes_its_time_is_told_of_once(void **state)
{
    struct bench *bench = couple(state);

    bind_to(bench, "d-1", "p-ann", 1, false);
    bench_restart(bench); /* what a start tells is told */
    confirm_alarms(bench);
    hear(bench, &(struct said){"d-1", CUFF, HIGH_PRESSURE, false});
    let_alarms_wait(bench);
    assert_true(is_condition(bench, "p-ann", "hub-not-confirming"));
    confirm_alarms(bench);
    assert_false(is_condition(bench, "p-ann", "hub-not-confirming"));
    let_alarms_wait(bench);
    assert_false(is_condition(bench, "p-ann", "hub-not-confirming"));
    bench_restart(bench);
    let_alarms_wait(bench);
    assert_false(is_condition(bench, "p-ann", "hub-not-confirming"));
}

static bool is_silenced(const struct bench *bench, const char *patient, const char *name)
{
    const struct ward_watch *watch = ward_gateway_watch(bench->gateway, patient);
    const struct ward_alarm_context context = ward_watch_context(watch);
    static struct ward_alarm_present present[WARD_PRESENT_MAX];
    const size_t count = ward_alarm_present(&watch->state, &context, present, WARD_PRESENT_MAX);

    for (size_t i = 0; i < count; i++)
        if (strcmp(present[i].newest.condition.text, name) == 0)
            return present[i].newest.state == WARD_ALARM_SILENCED &&
                   strcmp(present[i].newest.by.text, "button") == 0;
    return false;
}

static void the_button_silences_everybody_s_alarms(void **state)
{
    const struct input_event press = {.type = EV_KEY, .code = KEY_MUTE, .value = 1};
    struct bench *bench = couple(state);
    const int button = furnish(bench);

    bind_to(bench, "d-1", "p-ann", 1, false);
    bind_to(bench, "d-1", "p-bob", 2, false);
    hear(bench, &(struct said){"d-1", CUFF, HIGH_PRESSURE, false});
    hear(bench, &(struct said){"d-1", CUFF, "0A FA 00 50 00 5A 00 EA 07 0B 16 0A 00 02 02", false});
    assert_true(is_condition(bench, "p-ann", "bp-systolic-high"));
    assert_int_equal(write(button, &press, sizeof(press)), sizeof(press));
    WAIT_FOR(bench, is_silenced(bench, "p-ann", "bp-systolic-high"));
    assert_true(is_silenced(bench, "p-bob", "bp-systolic-high"));
    close(button);
}

/* Ann's high alarm is silenced; then Bob has a medium one. */
static void what_nobody_silenced_sounds_beside_what_is(void **state)
{
    const struct ward_alarm_technical high = {.name = "a", .text = "x", .priority = WARD_PRIORITY_HIGH};
    const struct ward_alarm_technical medium = {.name = "b", .text = "x", .priority = WARD_PRIORITY_MEDIUM};
    static const struct ward_id by = {"button"};
    struct bench *bench = couple(state);

    bench_close(bench);
    snprintf(bench->config.alarm.sound_command, sizeof(bench->config.alarm.sound_command),
             "exec cat > /dev/null");
    bench_open(bench);
    ward_watch_technical(ward_gateway_watch(bench->gateway, "p-ann"), &high, true);
    assert_true(bench->gateway->shown.sound);
    for (size_t i = 0; i < bench->gateway->watch_count; i++)
        (void)ward_watch_silence(bench->gateway->watches[i], &by);
    assert_false(bench->gateway->shown.sound);
    assert_true(bench->gateway->objects.silenced);
    ward_watch_technical(ward_gateway_watch(bench->gateway, "p-bob"), &medium, true);
    assert_true(bench->gateway->shown.sound);
    assert_false(bench->gateway->objects.silenced);
    assert_int_equal(bench->gateway->objects.priority, WARD_PRIORITY_HIGH);
}

/* What the sound program was given, from octet `from` on, is that pattern. */
static bool was_given(const struct bench *bench, long from, enum ward_pattern pattern, long *ret_end)
{
    static int16_t expected[WARD_PATTERN_SAMPLES_MAX], given[WARD_PATTERN_SAMPLES_MAX];
    struct ward_pulses pulses;
    char path[128];
    size_t samples, count = 0;
    FILE *file;

    ward_pulses_init(&pulses);
    samples = ward_pattern_render(pattern, &pulses, expected);
    snprintf(path, sizeof(path), "%s/sound", bench->directory);
    file = fopen(path, "re");
    if (file) {
        assert_int_equal(fseek(file, from, SEEK_SET), 0);
        count = fread(given, sizeof(*given), samples, file);
        fclose(file);
    }
    if (count < samples)
        return false;
    assert_memory_equal(given, expected, samples * sizeof(*given));
    *ret_end = from + (long)(samples * sizeof(*given));
    return true;
}

/* Whether it has come, never whether it is good. */
static void the_room_hears_that_it_has_come_or_should_be_repeated(void **state)
{
    const struct input_event press = {.type = EV_KEY, .code = KEY_MUTE, .value = 1};
    struct bench *bench = *state;
    char path[128];
    long end = 0;
    int button, go;

    /* It plays nothing until it may: what is silenced before that is never heard. */
    snprintf(bench->config.alarm.sound_command, sizeof(bench->config.alarm.sound_command),
             "until test -e %s/go; do sleep 0.05; done; exec cat > %s/sound", bench->directory,
             bench->directory);
    button = furnish(bench);
    bench_admit(bench, "p-ann");
    bench_enrol(bench, "d-1", "blood-pressure-cuff");
    bind_to(bench, "d-1", "p-ann", 1, false);
    assert_int_equal(write(button, &press, sizeof(press)), sizeof(press));
    WAIT_FOR(bench, is_silenced(bench, "p-ann", "rule-without-source"));
    hear(bench, &(struct said){"d-1", CUFF, USER_1, false});
    snprintf(path, sizeof(path), "%s/go", bench->directory);
    go = open(path, O_CREAT | O_WRONLY | O_CLOEXEC, 0600);
    assert_true(go >= 0);
    close(go);
    WAIT_FOR(bench, was_given(bench, 0, WARD_PATTERN_RECEIVED, &end));
    hear(bench, &(struct said){"d-1", CUFF, MOVED_1, false}); /* an error would have an alarm of its own */
    WAIT_FOR(bench, was_given(bench, end, WARD_PATTERN_REPEAT, &end));
    close(button);
}

/* The text has nowhere to go: that is told, and up/state says when it was looked at. */
static void an_annunciator_that_does_not_work_is_told(void **state)
{
    struct bench *bench = couple(state);
    static char document[65536];

    assert_false(is_condition(bench, "p-ann", "annunciation-failing")); /* nothing is configured */
    bench_close(bench);
    strcpy(bench->config.alarm.patient_text, "/proc/nowhere/text");
    bench_open(bench);
    assert_true(is_condition(bench, "p-ann", "annunciation-failing"));
    assert_true(ward_documents_state(bench->gateway, document, sizeof(document)) > 0);
    assert_non_null(strstr(document, "\"annunciator\":{\"light\":false,\"sound\":false,\"text\":false,"));
    bench_close(bench);
    snprintf(bench->config.alarm.patient_text, sizeof(bench->config.alarm.patient_text), "%s/text",
             bench->directory);
    bench_open(bench);
    assert_false(is_condition(bench, "p-ann", "annunciation-failing"));
}

static void a_text_that_can_be_written_again_is(void **state)
{
    struct bench *bench = couple(state);
    char directory[128];

    bench_close(bench);
    snprintf(directory, sizeof(directory), "%s/display", bench->directory);
    snprintf(bench->config.alarm.patient_text, sizeof(bench->config.alarm.patient_text), "%s/text",
             directory);
    bench_open(bench);
    assert_true(is_condition(bench, "p-ann", "annunciation-failing"));
    assert_int_equal(mkdir(directory, 0700), 0);
    bench->gateway->upkeep.due_us = 0; /* a minute passes */
    ward_gateway_settle(bench->gateway);
    assert_false(is_condition(bench, "p-ann", "annunciation-failing"));
    assert_string_equal(shown_text(bench), bench->gateway->objects.text);
}

/* --- trials -------------------------------------------------------------------------------------------------- */

static int take_step(sd_bus_message *message, void *userdata, sd_bus_error *error)
{
    struct bench *bench = userdata;
    const char *device, *step, *text;
    const size_t length = strlen(bench->steps);

    (void)error;
    assert_true(sd_bus_message_read(message, "sss", &device, &step, &text) >= 0);
    snprintf(bench->steps + length, sizeof(bench->steps) - length, "%s=%s ", step, text);
    return 0;
}

/* `wardctl devices test`, over the bus; its steps, and in the end its reply, are in the bench. */
static void try_device(struct bench *bench, const char *device, uint32_t seconds)
{
    bench->reply = sd_bus_message_unref(bench->reply);
    bench->steps[0] = '\0';
    if (!bench->asker) {
        assert_true(sd_bus_open_system(&bench->asker) >= 0);
        assert_true(sd_bus_attach_event(bench->asker, bench->event, 0) >= 0);
        assert_true(sd_bus_match_signal(bench->asker, NULL, "org.wardgate", "/org/wardgate",
                                        "org.wardgate.Gateway1", "TestStep", take_step, bench) >= 0);
    }
    assert_true(sd_bus_call_method_async(bench->asker, NULL, "org.wardgate", "/org/wardgate",
                                         "org.wardgate.Gateway1", "TestDevice", take_reply, bench, "su",
                                         device, seconds) >= 0);
    WAIT_FOR(bench, bench->reply != NULL || strstr(bench->steps, "prepare="));
}

/* How the trial ended: its document, or the sentence of the error. */
static const char *trial_end(struct bench *bench)
{
    const char *text;

    WAIT_FOR(bench, bench->reply != NULL);
    if (sd_bus_message_is_method_error(bench->reply, NULL))
        return sd_bus_message_get_error(bench->reply)->message;
    assert_true(sd_bus_message_read(bench->reply, "s", &text) >= 0);
    return text;
}

#define FINGER_OUT "04 FF 07 FF 07 00 10 00 00 10" /* no values, and no contact */
#define GOOD_SPO2  "00 5B 00 48 00"                /* 91 %, below Ann's limit */

static struct bench *clip(void **state)
{
    struct bench *bench = couple(state);

    if (geteuid() != 0)
        skip(); /* changes are for root */
    /* The adapter finds no Bluetooth here; after that it says no more, and we say what it would. */
    WAIT_FOR(bench, bench->gateway->radio == WARD_BLUEZ_RADIO_PREPARING);
    WAIT_FOR(bench, bench->gateway->radio == WARD_BLUEZ_RADIO_ABSENT);
    bench->gateway->radio = WARD_BLUEZ_RADIO_READY;
    bench_enrol(bench, "d-2", "oximeter");
    bind_to(bench, "d-2", "p-ann", WARD_SLOT_NONE, false);
    return bench;
}

static void what_a_device_measures_in_a_test_is_nobodys(void **state)
{
    struct bench *bench = clip(state);

    try_device(bench, "d-2", 60);
    tell_link(bench, "d-2", WARD_BLUEZ_LINK_CONNECTED);
    hear(bench, &(struct said){"d-2", OXIMETER, FINGER_OUT, false});
    hear(bench, &(struct said){"d-2", OXIMETER, FINGER_OUT, false});
    hear(bench, &(struct said){"d-2", OXIMETER, GOOD_SPO2, false});
    assert_non_null(strstr(trial_end(bench), "\"quality\":\"valid\",\"reasons\":[]"));
    assert_non_null(strstr(bench->steps, " connected="));
    assert_non_null(strstr(bench->steps, "reading=SpO2 91 %"));
    assert_non_null(strstr(bench->steps, "done="));

    assert_int_equal(read_back(bench), 3);
    for (size_t i = 0; i < 3; i++) {
        const struct ward_reading *reading = &bench->records[i].reading;

        assert_true(reading->unassigned);
        assert_true(reading->reasons & WARD_REASON_NOT_CLINICAL);
        assert_int_equal(reading->quality, WARD_INVALID);
        assert_string_equal(reading->patient.text, "");
    }
    assert_int_equal(newest(bench)->value_count, 2); /* kept here */
    assert_int_equal(bench->gateway->unassigned.count, 0);
    assert_false(is_condition(bench, "p-ann", "reading-without-patient"));
    assert_false(is_condition(bench, "p-ann", "spo2-low"));

    /* The trial is over: what comes now is Ann's. */
    hear(bench, &(struct said){"d-2", OXIMETER, GOOD_SPO2, false});
    assert_int_equal(read_back(bench), 4);
    assert_string_equal(newest(bench)->patient.text, "p-ann");
}

/* One step for each way in which it is not good, or a clip on a table would say so every second. */
static void the_same_fault_is_said_once(void **state)
{
    struct bench *bench = clip(state);
    const char *first;

    try_device(bench, "d-2", 60);
    for (int i = 0; i < 5; i++)
        hear(bench, &(struct said){"d-2", OXIMETER, FINGER_OUT, false});
    hear(bench, &(struct said){"d-2", OXIMETER, GOOD_SPO2, false});
    (void)trial_end(bench);
    first = strstr(bench->steps, "reading=");
    assert_non_null(first);
    first = strstr(first + 1, "reading=");
    assert_non_null(first);
    assert_non_null(strstr(first, "reading=SpO2 91 %"));
    assert_null(strstr(first + 1, "reading="));
}

static int on_followed(sd_bus_message *reply, void *userdata, sd_bus_error *error)
{
    (void)error;
    assert_false(sd_bus_message_is_method_error(reply, NULL));
    *(bool *)userdata = true;
    return 1;
}

static uint64_t committed(const struct bench *bench)
{
    struct ward_store_counters counters;

    ward_store_counters(bench->gateway->store, &counters);
    return counters.records;
}

/* A stream waits for others, for an hour if that is the window; but not while somebody looks at it. */
static void who_follows_has_readings_within_a_second(void **state)
{
    const struct ward_record record = {.reading = {.boot = {"b-1"},
                                                   .kind = WARD_READING_CONTINUOUS,
                                                   .measured_at_ms = WARD_UTC_UNKNOWN,
                                                   .clock = WARD_CLOCK_UNSYNCED}};
    struct ward_store_group group = {.boot = {"b-1"}, .records = &record, .record_count = 1};
    struct bench *bench = *state;
    bool followed = false;

    bench->config.store.commit_window_ms = 3600000;
    bench_restart(bench);
    WAIT_FOR(bench, bench->gateway->restored);
    const uint64_t before = committed(bench);
    group.token = UINT64_MAX;
    assert_int_equal(ward_store_submit(bench->gateway->store, &group), 0);
    ward_gateway_settle(bench->gateway);
    assert_false(bench->gateway->commits_soon);
    assert_true(sd_bus_open_system(&bench->asker) >= 0);
    assert_true(sd_bus_attach_event(bench->asker, bench->event, 0) >= 0);
    assert_true(sd_bus_call_method_async(bench->asker, NULL, "org.wardgate", "/org/wardgate",
                                         "org.wardgate.Gateway1", "Follow", on_followed, &followed,
                                         NULL) >= 0);
    WAIT_FOR(bench, followed && committed(bench) > before);
    sd_bus_detach_event(bench->asker);
    bench->asker = sd_bus_flush_close_unref(bench->asker);
    WAIT_FOR(bench, !ward_bus_is_followed(bench->gateway->bus));
    ward_gateway_settle(bench->gateway);
    assert_false(bench->gateway->commits_soon);
}

/* What others measure meanwhile, and what this one has in its memory, goes its usual way. */
static void a_test_takes_no_more_than_its_own(void **state)
{
    struct bench *bench = clip(state);

    bind_to(bench, "d-1", "p-bob", WARD_SLOT_NONE, false);
    ward_binding_read_out(bench->gateway, "d-2");
    try_device(bench, "d-2", 60);
    hear(bench, &(struct said){"d-1", CUFF, USER_1, false});
    assert_int_equal(read_back(bench), 1);
    assert_string_equal(newest(bench)->patient.text, "p-bob");
    hear(bench, &(struct said){"d-2", 0x2A5E, "02 50 00 48 00 00 02", false});
    assert_int_equal(read_back(bench), 2);
    assert_string_equal(newest(bench)->patient.text, "p-ann");
    assert_null(bench->reply);
}

static void a_test_is_done_when_it_is_proved_who_sent_the_reading(void **state)
{
    struct bench *bench = clip(state);

    try_device(bench, "d-2", 60);
    tell_link(bench, "d-2", WARD_BLUEZ_LINK_CONNECTED);
    say_over(bench, &(struct said){"d-2", OXIMETER, GOOD_SPO2, false}, false);
    tell_link(bench, "d-2", WARD_BLUEZ_LINK_DISCONNECTED); /* never proved: it counts for nothing */
    tell_link(bench, "d-2", WARD_BLUEZ_LINK_CONNECTED);
    tell_link(bench, "d-2", WARD_BLUEZ_LINK_PROVED);
    assert_int_equal(read_back(bench), 1);
    assert_non_null(bench->gateway->trial.call);
    say_over(bench, &(struct said){"d-2", OXIMETER, GOOD_SPO2, false}, false);
    assert_non_null(bench->gateway->trial.call);
    tell_link(bench, "d-2", WARD_BLUEZ_LINK_PROVED);
    assert_non_null(strstr(trial_end(bench), "\"value\":91"));
    assert_int_equal(read_back(bench), 2);
    assert_true(bench->records[0].reading.unassigned && bench->records[1].reading.unassigned);
}

static void a_test_that_fails_says_what_to_try_next(void **state)
{
    struct bench *bench = clip(state);

    try_device(bench, "d-2", 10); /* it stays silent */
    assert_non_null(strstr(trial_end(bench), "fresh battery"));
    assert_non_null(strstr(bench->steps, "failed="));

    try_device(bench, "d-2", 60);
    tell_link(bench, "d-2", WARD_BLUEZ_LINK_NEEDS_PAIRING);
    assert_non_null(strstr(trial_end(bench), "lost its pairing"));
    tell_link(bench, "d-2", WARD_BLUEZ_LINK_PROVED); /* it was paired again */

    try_device(bench, "d-2", 10);
    hear(bench, &(struct said){"d-2", OXIMETER, FINGER_OUT, false});
    assert_non_null(strstr(trial_end(bench), "nothing good came"));
}

static void a_test_as_short_as_the_listening_waits_for_nothing_more(void **state)
{
    struct bench *bench = clip(state);
    struct ward_trial *trial = &bench->gateway->trial;

    try_device(bench, "d-2", 10);
    trial->seen.listened_s = WARD_TRIAL_LOOK_S - 1;
    trial->listen_us = trial->until_us = 1; /* both are over */
    ward_trial_tick(bench->gateway);
    assert_non_null(strstr(trial_end(bench), "fresh battery"));
    WAIT_FOR(bench, strstr(bench->steps, "failed="));
    assert_non_null(strstr(bench->steps, "signal="));
    assert_null(strstr(strstr(bench->steps, "signal="), "waiting="));
}

static void a_test_is_over_when_whoever_asked_leaves(void **state)
{
    struct bench *bench = clip(state);

    try_device(bench, "d-2", 300);
    assert_non_null(bench->gateway->trial.call);
    sd_bus_detach_event(bench->asker);
    bench->asker = sd_bus_flush_close_unref(bench->asker);
    WAIT_FOR(bench, bench->gateway->trial.call == NULL);
    hear(bench, &(struct said){"d-2", OXIMETER, GOOD_SPO2, false});
    assert_int_equal(read_back(bench), 1);
    assert_string_equal(newest(bench)->patient.text, "p-ann");
}

/* Whether that connection is on the bus. */
static bool is_there(const char *name)
{
    sd_bus *bus = NULL;
    sd_bus_message *reply = NULL;
    int there = 0;

    assert_true(sd_bus_open_system(&bus) >= 0);
    assert_true(sd_bus_call_method(bus, "org.freedesktop.DBus", "/org/freedesktop/DBus",
                                   "org.freedesktop.DBus", "NameHasOwner", NULL, &reply, "s", name) >= 0);
    assert_true(sd_bus_message_read(reply, "b", &there) > 0);
    sd_bus_message_unref(reply);
    sd_bus_flush_close_unref(bus);
    return there != 0;
}

/* Between the bus' word who he is and the question whether he is still there. */
static void a_test_of_one_who_left_before_it_began_does_not_begin(void **state)
{
    struct bench *bench = clip(state);
    sd_bus *served = bench->gateway->system_bus, *bus = NULL;
    struct pollfd come = {.fd = sd_bus_get_fd(served), .events = POLLIN};
    const char *unique;
    char name[64];

    assert_true(sd_bus_open_system(&bus) >= 0);
    assert_true(sd_bus_get_unique_name(bus, &unique) >= 0);
    snprintf(name, sizeof(name), "%s", unique);
    while (sd_bus_process(served, NULL) > 0)
        ;
    assert_true(sd_bus_call_method_async(bus, NULL, "org.wardgate", "/org/wardgate", "org.wardgate.Gateway1",
                                         "TestDevice", NULL, NULL, "su", "d-2", UINT32_C(300)) >= 0);
    assert_true(sd_bus_flush(bus) >= 0);
    assert_int_equal(poll(&come, 1, (int)(DEADLINE_US / 1000)), 1); /* the call */
    assert_true(sd_bus_process(served, NULL) > 0);
    assert_true(sd_bus_flush(served) >= 0);
    assert_int_equal(poll(&come, 1, (int)(DEADLINE_US / 1000)), 1); /* who he is */
    sd_bus_close_unref(bus);
    while (is_there(name))
        ;
    assert_null(bench->gateway->trial.call);
    while (sd_bus_process(served, NULL) > 0)
        ;
    assert_null(bench->gateway->trial.call);
    try_device(bench, "d-2", 60); /* nobody is in the way */
    assert_non_null(bench->gateway->trial.call);
    sd_bus_detach_event(bench->asker);
    bench->asker = sd_bus_flush_close_unref(bench->asker);
    WAIT_FOR(bench, bench->gateway->trial.call == NULL);
}

static void a_test_is_refused(void **state)
{
    struct bench *bench = clip(state);

    try_device(bench, "d-9", 60);
    assert_non_null(strstr(trial_end(bench), "No such device"));
    try_device(bench, "d-2", 9);
    assert_non_null(strstr(trial_end(bench), "10 to 300 seconds"));
    try_device(bench, "d-2", 301);
    assert_non_null(strstr(trial_end(bench), "10 to 300 seconds"));
    bench->gateway->radio = WARD_BLUEZ_RADIO_ABSENT;
    try_device(bench, "d-2", 60);
    assert_non_null(strstr(trial_end(bench), "radio is not ready"));
    bench->gateway->radio = WARD_BLUEZ_RADIO_READY;

    /* Nothing local keeps a patient's values from the alarms. */
    hear(bench, &(struct said){"d-2", OXIMETER, GOOD_SPO2, false});
    try_device(bench, "d-2", 60);
    assert_non_null(strstr(trial_end(bench), "measuring for a patient just now"));
    /* A clip that lies on the table and says so is not measuring. */
    bench_enrol(bench, "d-3", "oximeter");
    bind_to(bench, "d-3", "p-bob", WARD_SLOT_NONE, false);
    hear(bench, &(struct said){"d-3", OXIMETER, FINGER_OUT, false});
    try_device(bench, "d-3", 60);
    assert_null(bench->reply);
    try_device(bench, "d-2", 60); /* one at a time */
    assert_non_null(strstr(trial_end(bench), "Wait for its end"));
}

#define GATEWAY_TEST(test) cmocka_unit_test_setup_teardown(test, bench_set_up, bench_tear_down)

int main(void)
{
    const struct CMUnitTest tests[] = {
        GATEWAY_TEST(a_reading_finds_its_patient_or_nobody),
        GATEWAY_TEST(a_record_that_comes_again_is_counted_and_nothing_else),
        GATEWAY_TEST(a_record_that_comes_again_is_durable_before_it_is_forgotten),
        GATEWAY_TEST(what_comes_again_while_the_disk_fails_is_not_waited_for),
        GATEWAY_TEST(a_label_is_one_line_of_text),
        GATEWAY_TEST(who_is_admitted_is_stored_with_his_plan),
        GATEWAY_TEST(a_plan_is_stored_before_it_is_answered),
        GATEWAY_TEST(a_binding_is_stored_before_one_that_stands_is_answered),
        GATEWAY_TEST(a_device_that_is_gone_before_its_commit_is_answered_all_the_same),
        GATEWAY_TEST(a_copy_makes_nothing_known),
        GATEWAY_TEST(what_waits_for_its_proof_is_known_then),
        GATEWAY_TEST(a_copy_does_not_count_records),
        GATEWAY_TEST(a_stream_is_never_a_duplicate),
        GATEWAY_TEST(what_a_device_brings_along_belongs_to_nobody),
        GATEWAY_TEST(what_is_stored_belongs_to_nobody_in_the_first_transfer),
        GATEWAY_TEST(a_memory_that_was_not_asked_for_is_not_read_out),
        GATEWAY_TEST(a_memory_of_another_reaches_nobody),
        GATEWAY_TEST(what_is_remembered_of_a_device_outlives_the_process),
        GATEWAY_TEST(what_follows_the_pairing_is_the_patients),
        GATEWAY_TEST(what_was_bound_when_it_came_decides),
        GATEWAY_TEST(nor_does_what_was_bound_since_without_a_date),
        GATEWAY_TEST(what_came_before_another_had_a_slot_of_it_is_hers),
        GATEWAY_TEST(what_came_before_the_date_was_known_is_hers),
        GATEWAY_TEST(a_claim_is_for_what_comes_then),
        GATEWAY_TEST(a_claim_does_not_come_back_with_the_binding),
        GATEWAY_TEST(a_memory_of_one_who_left_is_not_hers),
        GATEWAY_TEST(what_is_measured_while_it_is_paired_for_another_is_nobodys),
        GATEWAY_TEST(a_stream_while_it_is_paired_for_another_is_nobodys),
        GATEWAY_TEST(what_was_measured_before_it_was_paired_for_another_is_hers),
        GATEWAY_TEST(a_pairing_is_over_with_its_end),
        GATEWAY_TEST(a_record_that_came_broken_is_asked_for_again),
        GATEWAY_TEST(an_alarm_does_not_wait_for_the_last_record),
        GATEWAY_TEST(a_shared_device_is_claimed_before_use),
        GATEWAY_TEST(a_claim_ends_with_the_binding),
        GATEWAY_TEST(a_measurement_is_derived_from_its_stream),
        GATEWAY_TEST(what_is_derived_is_of_the_device_that_was_worn),
        GATEWAY_TEST(the_ward_learns_when_nobody_was_watched),
        GATEWAY_TEST(after_a_reboot_all_states_are_one_commit),
        GATEWAY_TEST(no_clock_is_believed_below_what_is_on_the_disk),
        GATEWAY_TEST(what_is_wrong_with_a_device_is_its_own),
        GATEWAY_TEST(a_frame_that_is_bad_again_and_again_is_told_once),
        GATEWAY_TEST(frames_that_were_good_at_last_end_it_without_one_more),
        GATEWAY_TEST(what_was_told_before_a_kill_is_told_again),
        GATEWAY_TEST(an_alarm_and_a_reading_can_be_explained),
        GATEWAY_TEST(a_disk_that_is_nearly_full_is_told),
        GATEWAY_TEST(a_disk_that_takes_nothing_is_told),
        GATEWAY_TEST(a_group_that_cannot_be_given_to_the_store_is_told_until_one_can),
        GATEWAY_TEST(a_certificate_that_ends_soon_is_told),
        GATEWAY_TEST(a_broker_that_refuses_is_told),
        GATEWAY_TEST(poor_signal_for_a_minute_is_the_device_s),
        GATEWAY_TEST(poor_signal_ends_with_the_link),
        GATEWAY_TEST(a_database_that_was_put_back_is_told),
        GATEWAY_TEST(a_chain_that_differs_is_told),
        GATEWAY_TEST(a_chain_that_differs_further_down_is_told),
        GATEWAY_TEST(a_receipt_waits_for_the_chain_that_it_claims),
        GATEWAY_TEST(a_receipt_for_what_made_room_is_taken_over),
        GATEWAY_TEST(a_clock_that_nobody_trusts_is_told),
        GATEWAY_TEST(a_clock_that_becomes_known_dates_what_came_before),
        GATEWAY_TEST(a_binding_has_its_date_when_that_is_known),
        GATEWAY_TEST(a_low_battery_is_the_device_s),
        GATEWAY_TEST(a_ring_s_battery_is_in_its_frames),
        GATEWAY_TEST(a_status_says_that_the_battery_is_low),
        GATEWAY_TEST(a_status_that_wavers_is_told_once),
        GATEWAY_TEST(what_tells_the_state_does_not_stand_in_its_own_way),
        GATEWAY_TEST(an_alarm_has_the_way_to_itself),
        GATEWAY_TEST(with_nothing_to_send_the_loop_sleeps),
        GATEWAY_TEST(a_document_without_memory_is_tried_again),
        GATEWAY_TEST(records_without_memory_are_tried_again),
        GATEWAY_TEST(a_reading_without_memory_may_come_again),
        GATEWAY_TEST(what_is_told_again_in_vain_stays_known),
        GATEWAY_TEST(one_measurement_in_two_forms_is_of_now),
        GATEWAY_TEST(a_device_that_was_forgotten_is_not_remembered),
        GATEWAY_TEST(a_record_without_memory_is_asked_for_again),
        GATEWAY_TEST(a_clock_that_nobody_holds_is_looked_for),
        GATEWAY_TEST(what_is_committed_goes_up_whole),
        GATEWAY_TEST(an_alarm_without_a_receipt_shows_until_it_has_one),
        GATEWAY_TEST(a_hub_that_takes_its_time_is_told_of_once),
        GATEWAY_TEST(the_button_silences_everybody_s_alarms),
        GATEWAY_TEST(what_nobody_silenced_sounds_beside_what_is),
        GATEWAY_TEST(the_room_hears_that_it_has_come_or_should_be_repeated),
        GATEWAY_TEST(an_annunciator_that_does_not_work_is_told),
        GATEWAY_TEST(a_text_that_can_be_written_again_is),
        GATEWAY_TEST(what_a_device_measures_in_a_test_is_nobodys),
        GATEWAY_TEST(the_same_fault_is_said_once),
        GATEWAY_TEST(who_follows_has_readings_within_a_second),
        GATEWAY_TEST(a_test_takes_no_more_than_its_own),
        GATEWAY_TEST(a_test_is_done_when_it_is_proved_who_sent_the_reading),
        GATEWAY_TEST(a_test_that_fails_says_what_to_try_next),
        GATEWAY_TEST(a_test_as_short_as_the_listening_waits_for_nothing_more),
        GATEWAY_TEST(a_test_is_over_when_whoever_asked_leaves),
        GATEWAY_TEST(a_test_of_one_who_left_before_it_began_does_not_begin),
        GATEWAY_TEST(a_test_is_refused),
    };

    return cmocka_run_group_tests_name("gateway", tests, NULL, NULL);
}
