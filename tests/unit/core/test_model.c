/* SPDX-License-Identifier: Apache-2.0 */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <string.h>

#include <cmocka.h>

#include "core/decode.h"
#include "core/firmware.h"
#include "core/model.h"
#include "core/vendor.h"

static size_t names_of(struct ward_gatt_name name, const struct ward_gatt_name *names, size_t count)
{
    size_t found = 0;

    for (size_t i = 0; i < count; i++)
        found += ward_gatt_name_equal(names[i], name);
    return found;
}

/* A row that names a characteristic without a decoder would be listened to and never understood. */
static void every_measurement_has_a_decoder(void **state)
{
    struct ward_gatt_name services[WARD_MODEL_UUIDS_MAX], subscriptions[WARD_MODEL_UUIDS_MAX];
    const size_t service_count = ward_model_service_names(services);
    const size_t subscription_count = ward_model_subscriptions(subscriptions);
    size_t model_count;
    const struct ward_model *models = ward_models(&model_count);

    (void)state;
    for (size_t i = 0; i < model_count; i++) {
        assert_int_equal(names_of(ward_model_service(&models[i]), services, service_count), 1);
        for (size_t j = 0; j < WARD_MODEL_MEASUREMENTS_MAX && models[i].measurements[j] != 0; j++) {
            assert_true(ward_decode_is_measurement(models[i].measurements[j]));
            assert_int_equal(
                names_of(WARD_GATT_NUMBER(models[i].measurements[j]), subscriptions, subscription_count), 1);
            assert_non_null(ward_model_by_characteristic(models[i].measurements[j]));
        }
    }
}

static void every_row_is_whole(void **state)
{
    size_t model_count;
    const struct ward_model *models = ward_models(&model_count);

    (void)state;
    assert_true(model_count > 20);
    for (size_t i = 0; i < model_count; i++) {
        const struct ward_model *row = &models[i];

        assert_ptr_equal(ward_model_by_id(row->id), row); /* so no id is there twice */
        assert_true(row->label[0] != '\0');
        assert_true(row->pairing[0] != '\0');
        assert_true((row->service != 0) != (row->vendor != 0));
        assert_true((row->vendor != 0) != (row->measurements[0] != 0));
        assert_true(row->quantities != 0);
        assert_true((row->rest_after_ms != 0) || row->rest_ms == 0);
        assert_true(row->records != WARD_MODEL_RECORDS_NONE || !row->erase_records);
        if (row->vendor != 0)
            assert_non_null(ward_vendor_by_number(row->vendor));
    }
}

static void every_vendor_has_a_row(void **state)
{
    struct ward_gatt_name services[WARD_MODEL_UUIDS_MAX], subscriptions[WARD_MODEL_UUIDS_MAX];
    const size_t service_count = ward_model_service_names(services);
    const size_t subscription_count = ward_model_subscriptions(subscriptions);
    size_t driver_count;
    const struct ward_vendor_driver *const *drivers = ward_vendor_drivers(&driver_count);

    (void)state;
    for (size_t i = 0; i < driver_count; i++) {
        const struct ward_model *row = ward_model_by_characteristic(drivers[i]->number);

        assert_non_null(row);
        assert_int_equal(row->vendor, drivers[i]->number);
        assert_int_equal(names_of(ward_model_service(row), services, service_count), 1);
        assert_int_equal(names_of(ward_gatt_name(drivers[i]->notify), subscriptions, subscription_count), 1);
        /* What gives its values to bonded peers alone is not offered to be enrolled without a bond. */
        assert_true(!drivers[i]->is_bonded || row->bond == WARD_MODEL_BOND_REQUIRED);
    }
    assert_int_equal(
        names_of(WARD_GATT_NUMBER(WARD_CHAR_RECORD_ACCESS_CONTROL_POINT), subscriptions, subscription_count),
        1);
    assert_int_equal(
        names_of(WARD_GATT_NUMBER(WARD_CHAR_GLUCOSE_MEASUREMENT_CONTEXT), subscriptions, subscription_count),
        1);
    assert_true(subscription_count < WARD_MODEL_UUIDS_MAX); /* the list is not cut short */
    assert_true(service_count < WARD_MODEL_UUIDS_MAX);
}

static void who_is_recognised(void **state)
{
    static const struct {
        const char *service, *name, *model_number, *id;
    } cases[] = {
        {"00001810-0000-1000-8000-00805f9b34fb", NULL, NULL, "blood-pressure-cuff"},
        {"00001810-0000-1000-8000-00805f9b34fb", "", "", "blood-pressure-cuff"},
        {"00001810-0000-1000-8000-00805f9b34fb", "A&D_UA-651BLE_75E8D1", NULL, "aandd-cuff"},
        {"00001810-0000-1000-8000-00805f9b34fb", NULL, "UA-651BLE", "aandd-cuff"},
        {"00001810-0000-1000-8000-00805f9b34fb", "BM85", NULL, "beurer-bm85"},
        {"00001810-0000-1000-8000-00805f9b34fb", "xBM85", NULL, "blood-pressure-cuff"},
        {"00001810-0000-1000-8000-00805f9b34fb", "BM59", NULL, "beurer-bm59"},
        {"00001810-0000-1000-8000-00805f9b34fb", NULL, "Elite 900", "elite-900"},
        {"00001810-0000-1000-8000-00805f9b34fb", "BLEsmart_0000021F", NULL, "omron-cuff"},
        {"00001809-0000-1000-8000-00805f9b34fb", "A&D_UT201BLE_1", NULL, "aandd-thermometer"},
        {"0000181d-0000-1000-8000-00805f9b34fb", "A&D_UC-352BLE_1", NULL, "aandd-scale"},
        {"00001808-0000-1000-8000-00805f9b34fb", "CareSens 0001", NULL, "i-sens-glucose-meter"},
        {"00001808-0000-1000-8000-00805f9b34fb", "meter", NULL, "glucose-meter"},
        {"0000180d-0000-1000-8000-00805f9b34fb", "A&D_UA-651BLE", NULL, "heart-rate-strap"},
        {"14839ac4-7d7e-415c-9a42-167340cf2339", "O2Ring 1", NULL, "viatom-o2ring"},
        {"0000ff12-0000-1000-8000-00805f9b34fb", NULL, NULL, "contec-cms50d-bt"},
        {"6e400001-b5a3-f393-e0a9-e50e24dcca9e", "PC-60F_SN1", NULL, "viatom-pc-60fw"},
        {"6e400001-b5a3-f393-e0a9-e50e24dcca9e", "my light bulb", NULL, NULL},
        {"6e400001-b5a3-f393-e0a9-e50e24dcca9e", NULL, NULL, NULL},
        {"0000180f-0000-1000-8000-00805f9b34fb", NULL, NULL, NULL},
    };

    (void)state;
    for (size_t i = 0; i < sizeof(cases) / sizeof(cases[0]); i++) {
        const struct ward_gatt_name services[] = {WARD_GATT_NUMBER(WARD_SERVICE_BATTERY),
                                                  ward_gatt_name(cases[i].service)};
        const struct ward_model *model =
            ward_model_recognise(&(struct ward_model_traits){.services = services,
                                                             .service_count = 2,
                                                             .name = cases[i].name,
                                                             .model_number = cases[i].model_number});

        if (cases[i].id == NULL)
            assert_null(model);
        else if (model == NULL)
            fail_msg("case %zu: nobody instead of %s", i, cases[i].id);
        else
            assert_string_equal(model->id, cases[i].id);
    }
}

static void who_sends_what(void **state)
{
    (void)state;
    assert_null(ward_model_by_id("toaster"));
    assert_null(ward_model_by_characteristic(0));
    assert_null(ward_model_by_characteristic(WARD_CHAR_BATTERY_LEVEL));
    assert_null(ward_model_by_characteristic(WARD_VENDOR_LAST));
    assert_string_equal(ward_model_by_characteristic(WARD_CHAR_BLOOD_PRESSURE_MEASUREMENT)->id,
                        "blood-pressure-cuff");
    assert_string_equal(ward_model_by_sender(WARD_CHAR_BLOOD_PRESSURE_MEASUREMENT, "BM85")->id,
                        "beurer-bm85");
    assert_string_equal(ward_model_by_sender(WARD_CHAR_GLUCOSE_MEASUREMENT, "BM85")->id, "glucose-meter");
}

static void names_of_places(void **state)
{
    const struct ward_gatt_name own = {.uuid = "14839ac4-7d7e-415c-9a42-167340cf2339"};
    const struct ward_gatt_name other = {.uuid = "14839ac4-7d7e-415c-9a42-167340cf2330"};
    const struct ward_gatt_name none = {0};
    const struct ward_gatt_place clock = {WARD_GATT_NUMBER(0x1805), WARD_GATT_NUMBER(0x2A08)};

    (void)state;
    assert_int_equal(ward_gatt_name("00002a37-0000-1000-8000-00805f9b34fb").number, 0x2A37);
    assert_int_equal(ward_gatt_name("00002f3a-0000-1000-8000-00805f9b34fb").number, 0x2F3A);
    assert_int_equal(ward_gatt_name("00002a37-0000-1000-8000-00805f9b34fc").number, 0);
    assert_int_equal(ward_gatt_name("00002a-7-0000-1000-8000-00805f9b34fb").number, 0);
    assert_int_equal(ward_gatt_name("00002ag7-0000-1000-8000-00805f9b34fb").number, 0);
    assert_int_equal(ward_gatt_name("10002a37-0000-1000-8000-00805f9b34fb").number, 0);
    assert_null(ward_gatt_name("2a37").uuid);
    assert_null(ward_gatt_name(NULL).uuid);
    assert_true(ward_gatt_name_equal(own, own));
    assert_false(ward_gatt_name_equal(own, other));
    assert_false(ward_gatt_name_equal(own, none));
    assert_false(ward_gatt_name_equal(own, WARD_GATT_NUMBER(1)));
    assert_true(ward_gatt_name_equal(none, none));
    assert_true(ward_gatt_place_equal(clock, (struct ward_gatt_place){none, WARD_GATT_NUMBER(0x2A08)}));
    assert_true(ward_gatt_place_equal((struct ward_gatt_place){none, WARD_GATT_NUMBER(0x2A08)}, clock));
    assert_false(ward_gatt_place_equal(
        clock, (struct ward_gatt_place){WARD_GATT_NUMBER(0x1810), WARD_GATT_NUMBER(0x2A08)}));
    assert_false(ward_gatt_place_equal(
        clock, (struct ward_gatt_place){WARD_GATT_NUMBER(0x1805), WARD_GATT_NUMBER(0x2A2B)}));
}

/* What the ward has qualified alone counts; without it, all but what the row knows to be bad. */
static void which_firmware_is_accepted(void **state)
{
    static const struct {
        const char *accepted, *revision;
        bool is_accepted;
    } cases[] = {
        {"", "1.0", true},
        {"", "", true},
        {"", "0.9", false},
        {"0.9", "0.9", true},
        {"1.0", "1.0", true},
        {"1.0", "1.00", false},
        {"1.0", "1", false},
        {"1.0", "", false},
        {"1.0, 2.0", "2.0", true},
        {" 1.0 ,2.0 ", "1.0", true},
        {"1.0,2.0", "1.0,2.0", false},
        {"1.0", "2.0", false},
        {"rev A 3, 2", "rev A 3", true},
        {"1.0,", "", false},
    };
    const struct ward_model model = {.bad_firmware = {"0.8", "0.9"}};

    (void)state;
    for (size_t i = 0; i < sizeof(cases) / sizeof(cases[0]); i++)
        if (ward_firmware_is_accepted(&model, cases[i].accepted, cases[i].revision) != cases[i].is_accepted)
            fail_msg("\"%s\" of \"%s\"", cases[i].revision, cases[i].accepted);
    assert_true(ward_firmware_is_accepted(NULL, "", "0.9"));
}

static void a_revision_is_safe_text(void **state)
{
    static const uint8_t padded[] = {'1', '.', 0x1B, '2', ' ', 0, 0};
    uint8_t endless[200];
    char text[WARD_FIRMWARE_SIZE];

    (void)state;
    memset(endless, 'x', sizeof(endless));
    ward_firmware_text(padded, sizeof(padded), text);
    assert_string_equal(text, "1.?2");
    ward_firmware_text(padded, 0, text);
    assert_string_equal(text, "");
    ward_firmware_text(endless, sizeof(endless), text);
    assert_int_equal(strlen(text), WARD_FIRMWARE_SIZE - 1);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(every_measurement_has_a_decoder),
        cmocka_unit_test(every_row_is_whole),
        cmocka_unit_test(every_vendor_has_a_row),
        cmocka_unit_test(who_is_recognised),
        cmocka_unit_test(who_sends_what),
        cmocka_unit_test(names_of_places),
        cmocka_unit_test(which_firmware_is_accepted),
        cmocka_unit_test(a_revision_is_safe_text),
    };

    return cmocka_run_group_tests(tests, NULL, NULL);
}
