/* SPDX-License-Identifier: Apache-2.0 */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>

#include <cmocka.h>

#include "core/decode.h"
#include "core/model.h"

static size_t count_of(uint16_t number, const uint16_t *numbers, size_t count)
{
    size_t found = 0;

    for (size_t i = 0; i < count; i++)
        found += numbers[i] == number;
    return found;
}

/* A row that names a characteristic without a decoder would be listened to and never understood. */
static void every_measurement_has_a_decoder(void **state)
{
    uint16_t services[WARD_MODEL_UUIDS_MAX], measurements[WARD_MODEL_UUIDS_MAX];
    const size_t service_count = ward_model_services(services);
    const size_t measurement_count = ward_model_measurements(measurements);
    size_t model_count;
    const struct ward_model *models = ward_models(&model_count);

    (void)state;
    assert_true(model_count > 0);
    for (size_t i = 0; i < model_count; i++) {
        assert_ptr_equal(ward_model_by_id(models[i].id), &models[i]);
        assert_int_equal(count_of(models[i].service, services, service_count), 1);
        for (size_t j = 0; j < 2 && models[i].measurements[j] != 0; j++) {
            assert_true(ward_decode_is_measurement(models[i].measurements[j]));
            assert_int_equal(count_of(models[i].measurements[j], measurements, measurement_count), 1);
            assert_ptr_equal(ward_model_by_characteristic(models[i].measurements[j]), &models[i]);
        }
    }
}

static void no_row_for_what_no_model_has(void **state)
{
    (void)state;
    assert_null(ward_model_by_id("toaster"));
    assert_null(ward_model_by_characteristic(0));
    assert_null(ward_model_by_characteristic(WARD_CHAR_BATTERY_LEVEL));
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(every_measurement_has_a_decoder),
        cmocka_unit_test(no_row_for_what_no_model_has),
    };

    return cmocka_run_group_tests(tests, NULL, NULL);
}
