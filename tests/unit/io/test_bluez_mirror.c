/* SPDX-License-Identifier: Apache-2.0 */ /* adapter: bluez */
/* The mirror of bluetoothd's objects, and who a device says it is. */
#include "io/bluez_internal.h"

#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdio.h>
#include <string.h>

#include <cmocka.h>

#define CUFF  "/org/bluez/hci0/dev_C0_FF_EE_00_00_01"
#define OTHER "/org/bluez/hci0/dev_C0_FF_EE_00_00_02"
#define UUID  "00002a35-0000-1000-8000-00805f9b34fb"

static void characteristics_belong_to_the_device_above_them(void **state)
{
    struct ward_bluez_mirror mirror = {0};
    (void)state;
    struct ward_bluez_mirror_device *cuff = ward_bluez_mirror_put(&mirror, CUFF);
    assert_non_null(ward_bluez_mirror_put(&mirror, OTHER));
    assert_ptr_equal(ward_bluez_mirror_find(&mirror, CUFF "/service0010/char0011"), cuff);
    assert_null(ward_bluez_mirror_find(&mirror, CUFF "2/service0010"));
    struct ward_bluez_mirror_characteristic *made =
        ward_bluez_mirror_put_characteristic(cuff, CUFF "/service0010/char0011", UUID);
    assert_int_equal(made->short_uuid, 0x2A35);
    assert_ptr_equal(ward_bluez_mirror_put_characteristic(cuff, made->path, UUID), made);
    assert_ptr_equal(ward_bluez_mirror_find_characteristic(cuff, CUFF "/service0010/char0011"), made);
    assert_true(ward_bluez_mirror_remove(&mirror, CUFF "/service0010/char0011"));
    assert_false(ward_bluez_mirror_remove(&mirror, CUFF "/service0010/char0011"));
    assert_int_equal(cuff->characteristic_count, 0);
    assert_true(ward_bluez_mirror_remove(&mirror, CUFF));
    assert_null(ward_bluez_mirror_find(&mirror, CUFF));
    ward_bluez_mirror_done(&mirror);
}

/* Two services of a device may have the same characteristic, and one may have the same UUID as another vendor's. */
static void characteristics_belong_to_the_service_above_them(void **state)
{
    struct ward_bluez_mirror mirror = {0};
    char ff12[WARD_BLUEZ_UUID_SIZE], fff0[WARD_BLUEZ_UUID_SIZE], ff02[WARD_BLUEZ_UUID_SIZE];
    (void)state;
    assert_true(ward_bluez_uuid_normalise("ff12", ff12));
    assert_true(ward_bluez_uuid_normalise("FFF0", fff0));
    assert_true(ward_bluez_uuid_normalise("ff02", ff02));
    struct ward_bluez_mirror_device *device = ward_bluez_mirror_put(&mirror, CUFF);
    struct ward_bluez_mirror_service *service =
        ward_bluez_mirror_put_service(device, CUFF "/service0010", ff12);
    assert_int_equal(service->short_uuid, 0xFF12);
    assert_ptr_equal(ward_bluez_mirror_put_service(device, CUFF "/service0010", ff12), service);
    assert_non_null(ward_bluez_mirror_put_service(device, CUFF "/service001", fff0));
    struct ward_bluez_mirror_characteristic *one =
        ward_bluez_mirror_put_characteristic(device, CUFF "/service0010/char0011", ff02);
    struct ward_bluez_mirror_characteristic *other =
        ward_bluez_mirror_put_characteristic(device, CUFF "/service001/char0002", ff02);
    struct ward_bluez_mirror_characteristic *orphan =
        ward_bluez_mirror_put_characteristic(device, CUFF "/service0030/char0031", ff02);
    assert_ptr_equal(ward_bluez_mirror_service_of(device, one), service);
    assert_null(ward_bluez_mirror_service_of(device, orphan));
    assert_ptr_equal(ward_bluez_mirror_look_up(device, ff12, ff02), one);
    assert_ptr_equal(ward_bluez_mirror_look_up(device, fff0, ff02), other);
    assert_null(ward_bluez_mirror_look_up(device, ff12, ff12));
    assert_true(ward_bluez_mirror_remove(&mirror, CUFF "/service0010"));
    assert_null(ward_bluez_mirror_look_up(device, ff12, ff02));
    assert_int_equal(device->service_count, 1);
    ward_bluez_mirror_done(&mirror);
}

static void strangers_fill_a_table_and_no_more(void **state)
{
    struct ward_bluez_mirror mirror = {0};
    char path[WARD_BLUEZ_PATH_SIZE];
    size_t made = 0;
    (void)state;
    for (unsigned i = 0; i < 10000; i++) {
        snprintf(path, sizeof path, "/org/bluez/hci0/dev_00_00_00_00_%02X_%02X", i >> 8, i & 0xFF);
        made += ward_bluez_mirror_put(&mirror, path) != NULL;
    }
    assert_int_equal(made, WARD_BLUEZ_MIRROR_DEVICES_MAX);
    struct ward_bluez_mirror_device *device = mirror.devices;
    for (unsigned i = 0; i < 1000; i++) {
        char below[2 * WARD_BLUEZ_PATH_SIZE];
        snprintf(below, sizeof below, "%s/service0001/char%04x", device->path, i);
        ward_bluez_mirror_put_characteristic(device, below, UUID);
    }
    assert_int_equal(device->characteristic_count, WARD_BLUEZ_CHARACTERISTICS_MAX);
    for (unsigned i = 0; i < 1000; i++) {
        char below[2 * WARD_BLUEZ_PATH_SIZE];
        snprintf(below, sizeof below, "%s/service%04x", device->path, i);
        ward_bluez_mirror_put_service(device, below, UUID);
    }
    assert_int_equal(device->service_count, WARD_BLUEZ_MIRROR_SERVICES_MAX);
    ward_bluez_mirror_done(&mirror);
    memset(path, 'a', sizeof path - 1);
    path[sizeof path - 1] = '\0';
    char too_long[WARD_BLUEZ_PATH_SIZE + 1];
    memset(too_long, 'a', WARD_BLUEZ_PATH_SIZE);
    too_long[WARD_BLUEZ_PATH_SIZE] = '\0';
    assert_non_null(ward_bluez_mirror_put(&mirror, path));
    ward_bluez_mirror_done(&mirror);
    assert_null(ward_bluez_mirror_put(&mirror, too_long));
}

static bool keep_cuff(const struct ward_bluez_mirror_device *device, void *userdata)
{
    (void)userdata;
    return strcmp(device->path, CUFF) == 0;
}

static void a_sweep_keeps_what_it_is_told_to(void **state)
{
    struct ward_bluez_mirror mirror = {0};
    (void)state;
    ward_bluez_mirror_put(&mirror, OTHER);
    ward_bluez_mirror_put(&mirror, CUFF);
    ward_bluez_mirror_put(&mirror, OTHER "3");
    ward_bluez_mirror_sweep(&mirror, keep_cuff, NULL);
    assert_int_equal(mirror.device_count, 1);
    assert_non_null(ward_bluez_mirror_find(&mirror, CUFF));
    ward_bluez_mirror_done(&mirror);
}

static void only_what_changed_is_a_change(void **state)
{
    struct ward_bluez_mirror_device device = {0};
    struct ward_bluez_facts facts = {.known = WARD_BLUEZ_FACT_CONNECTED | WARD_BLUEZ_FACT_PAIRED,
                                     .connected = true};
    (void)state;
    assert_int_equal(ward_bluez_mirror_apply(&device, &facts, false), WARD_BLUEZ_FACT_CONNECTED);
    assert_int_equal(ward_bluez_mirror_apply(&device, &facts, false), 0);
    facts.known = 0;
    facts.connected = false;
    assert_int_equal(ward_bluez_mirror_apply(&device, &facts, true), 0);
    assert_true(device.facts.connected);
    facts.known = WARD_BLUEZ_FACT_SERVICES;
    facts.offered = 2; /* a vendor's: it has no 16-bit number */
    assert_int_equal(ward_bluez_mirror_apply(&device, &facts, true), WARD_BLUEZ_FACT_SERVICES);
    assert_int_equal(ward_bluez_mirror_apply(&device, &facts, true), 0);
}

/* bluetoothd signals changes only: a second "connected" hides a disconnection, and what was proved is proved no more. */
static void connected_twice_is_a_new_connection(void **state)
{
    struct ward_bluez_mirror_device device = {.facts = {.connected = true, .resolved = true}};
    struct ward_bluez_facts facts = {.known = WARD_BLUEZ_FACT_CONNECTED, .connected = true};
    (void)state;
    assert_int_equal(ward_bluez_mirror_apply(&device, &facts, true), WARD_BLUEZ_FACT_CONNECTED);
    assert_false(device.facts.resolved);
    facts.known = WARD_BLUEZ_FACT_RESOLVED;
    facts.resolved = true;
    assert_int_equal(ward_bluez_mirror_apply(&device, &facts, true), WARD_BLUEZ_FACT_RESOLVED);
}

static void uuids_have_one_form(void **state)
{
    char uuid[WARD_BLUEZ_UUID_SIZE] = "unchanged";
    (void)state;
    assert_false(ward_bluez_uuid_normalise("2a3", uuid));
    assert_false(ward_bluez_uuid_normalise("2a35x", uuid));
    assert_false(ward_bluez_uuid_normalise("0000g000-0000-1000-8000-00805f9b34fb", uuid));
    assert_string_equal(uuid, "unchanged");
    assert_true(ward_bluez_uuid_normalise("2A35", uuid));
    assert_string_equal(uuid, UUID);
    assert_true(ward_bluez_uuid_normalise("0AAD7EA0-0D60-11E2-8E3C-0002A5D5C51B", uuid));
    assert_string_equal(uuid, "0aad7ea0-0d60-11e2-8e3c-0002a5d5c51b");
    assert_int_equal(ward_bluez_uuid_short(uuid), 0);
    assert_int_equal(ward_bluez_uuid_short(UUID), 0x2A35);
    assert_int_equal(ward_bluez_uuid_short("00012a35-0000-1000-8000-00805f9b34fb"), 0);
}

static void addresses_have_one_form(void **state)
{
    char address[WARD_BLUEZ_ADDRESS_SIZE] = "unchanged";
    (void)state;
    assert_false(ward_bluez_address_normalise(NULL, address));
    assert_false(ward_bluez_address_normalise("", address));
    assert_false(ward_bluez_address_normalise("C0:FF:EE:00:00", address));
    assert_false(ward_bluez_address_normalise("C0:FF:EE:00:00:011", address));
    assert_string_equal(address, "unchanged");
    assert_true(ward_bluez_address_normalise("c0:ff:ee:00:00:01", address));
    assert_string_equal(address, "C0:FF:EE:00:00:01");
}

static void only_some_addresses_last(void **state)
{
    (void)state;
    assert_true(ward_bluez_address_is_lasting("00:11:22:33:44:55", WARD_BLUEZ_ADDRESS_PUBLIC));
    assert_true(ward_bluez_address_is_lasting("C0:11:22:33:44:55", WARD_BLUEZ_ADDRESS_RANDOM));
    assert_true(ward_bluez_address_is_lasting("FF:11:22:33:44:55", WARD_BLUEZ_ADDRESS_RANDOM));
    assert_false(ward_bluez_address_is_lasting("BF:11:22:33:44:55", WARD_BLUEZ_ADDRESS_RANDOM));
    assert_false(ward_bluez_address_is_lasting("40:11:22:33:44:55", WARD_BLUEZ_ADDRESS_RANDOM));
    assert_false(ward_bluez_address_is_lasting("0C:11:22:33:44:55", WARD_BLUEZ_ADDRESS_RANDOM));
}

static void an_identity_is_made_of_safe_text(void **state)
{
    struct ward_bluez_identity identity = {0};
    static const uint8_t serial[] = "SN-1\n42\0"; /* with a terminator and its padding */
    static const uint8_t system_id[] = {0x01, 0x23, 0x45, 0xFE, 0xFF, 0xAB, 0xCD, 0xEF};
    uint8_t endless[WARD_GATT_VALUE_MAX];
    (void)state;
    ward_bluez_identity_set(&identity, WARD_CHAR_SERIAL_NUMBER, serial, sizeof serial);
    assert_string_equal(identity.serial_number, "SN-1?42");
    ward_bluez_identity_set(&identity, WARD_CHAR_SYSTEM_ID, system_id, 7);
    assert_string_equal(identity.system_id, "");
    ward_bluez_identity_set(&identity, WARD_CHAR_SYSTEM_ID, system_id, 8);
    assert_string_equal(identity.system_id, "012345feffabcdef");
    memset(endless, 'x', sizeof endless);
    ward_bluez_identity_set(&identity, WARD_CHAR_MODEL_NUMBER, endless, sizeof endless);
    assert_int_equal(strlen(identity.model), WARD_BLUEZ_TEXT_SIZE - 1);
    ward_bluez_identity_set(&identity, WARD_CHAR_HEART_RATE_MEASUREMENT, endless, sizeof endless);
    assert_string_equal(identity.manufacturer, "");
}

static void nobody_is_not_somebody(void **state)
{
    struct ward_bluez_identity nobody = {0}, one = {.serial_number = "1"}, other = {.serial_number = "2"};
    struct ward_bluez_identity same = {.serial_number = "1", .firmware = "updated"};
    (void)state;
    assert_false(ward_bluez_identity_is_told(&nobody));
    assert_true(ward_bluez_identity_is_told(&one));
    assert_false(ward_bluez_identity_equal(&one, &other));
    assert_false(ward_bluez_identity_equal(&one, &nobody));
    assert_true(ward_bluez_identity_equal(&one, &same));
    strcpy(same.system_id, "012345feffabcdef");
    assert_false(ward_bluez_identity_equal(&one, &same));
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(characteristics_belong_to_the_device_above_them),
        cmocka_unit_test(characteristics_belong_to_the_service_above_them),
        cmocka_unit_test(strangers_fill_a_table_and_no_more),
        cmocka_unit_test(a_sweep_keeps_what_it_is_told_to),
        cmocka_unit_test(only_what_changed_is_a_change),
        cmocka_unit_test(connected_twice_is_a_new_connection),
        cmocka_unit_test(uuids_have_one_form),
        cmocka_unit_test(addresses_have_one_form),
        cmocka_unit_test(only_some_addresses_last),
        cmocka_unit_test(an_identity_is_made_of_safe_text),
        cmocka_unit_test(nobody_is_not_somebody),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
