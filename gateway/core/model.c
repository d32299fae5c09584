/* SPDX-License-Identifier: Apache-2.0 */
#include "core/model.h"

#include <string.h>

#include "core/model_part.h"
#include "core/vendor.h"
#include "ward/gatt.h"

const struct ward_model *ward_models(size_t *ret_count)
{
    *ret_count = ward_model_row_count;
    return ward_model_rows;
}

struct ward_gatt_name ward_model_service(const struct ward_model *model)
{
    if (model->vendor == 0)
        return WARD_GATT_NUMBER(model->service);
    return ward_gatt_name(ward_vendor_by_number(model->vendor)->service);
}

/* --- which row ----------------------------------------------------------------------------------------------- */

static bool begins_with_one_of(const char *text, const char *const marks[WARD_MODEL_MARKS_MAX])
{
    for (size_t i = 0; i < WARD_MODEL_MARKS_MAX && text != NULL; i++)
        if (marks[i] != NULL && strncmp(text, marks[i], strlen(marks[i])) == 0)
            return true;
    return false;
}

/* The name and the model number; a row without marks takes any. */
static bool fits(const struct ward_model *model, const char *name, const char *model_number)
{
    if (model->names[0] == NULL && model->model_numbers[0] == NULL)
        return true;
    return begins_with_one_of(name, model->names) || begins_with_one_of(model_number, model->model_numbers);
}

static bool has_service(const struct ward_model_traits *traits, struct ward_gatt_name service)
{
    for (size_t i = 0; i < traits->service_count; i++)
        if (ward_gatt_name_equal(traits->services[i], service))
            return true;
    return false;
}

const struct ward_model *ward_model_recognise(const struct ward_model_traits *traits)
{
    for (size_t i = 0; i < ward_model_row_count; i++)
        if (has_service(traits, ward_model_service(&ward_model_rows[i])) &&
            fits(&ward_model_rows[i], traits->name, traits->model_number))
            return &ward_model_rows[i];
    return NULL;
}

static bool sends(const struct ward_model *model, uint16_t characteristic)
{
    if (model->vendor == characteristic)
        return true;
    for (size_t i = 0; i < WARD_MODEL_MEASUREMENTS_MAX; i++)
        if (model->measurements[i] == characteristic)
            return true;
    return false;
}

const struct ward_model *ward_model_by_sender(uint16_t characteristic, const char *model_number)
{
    const bool is_vendor = characteristic >= WARD_VENDOR_FIRST && characteristic <= WARD_VENDOR_LAST;

    for (size_t i = 0; i < ward_model_row_count && characteristic != 0; i++)
        if (sends(&ward_model_rows[i], characteristic) &&
            (is_vendor || fits(&ward_model_rows[i], NULL, model_number)))
            return &ward_model_rows[i];
    return NULL;
}

const struct ward_model *ward_model_by_characteristic(uint16_t characteristic)
{
    return ward_model_by_sender(characteristic, NULL);
}

const struct ward_model *ward_model_by_id(const char *id)
{
    for (size_t i = 0; i < ward_model_row_count; i++)
        if (strcmp(ward_model_rows[i].id, id) == 0)
            return &ward_model_rows[i];
    return NULL;
}

/* --- what to listen to ---------------------------------------------------------------------------------------- */

static size_t add_once(struct ward_gatt_name name, struct ward_gatt_name *names, size_t count)
{
    for (size_t i = 0; i < count; i++)
        if (ward_gatt_name_equal(names[i], name))
            return count;
    if (count < WARD_MODEL_UUIDS_MAX)
        names[count++] = name;
    return count;
}

/* Names nothing that is 0. */
static size_t add_numbers(const uint16_t *numbers, size_t number_count, struct ward_gatt_name *names,
                          size_t count)
{
    for (size_t i = 0; i < number_count; i++)
        if (numbers[i] != 0)
            count = add_once(WARD_GATT_NUMBER(numbers[i]), names, count);
    return count;
}

size_t ward_model_service_names(struct ward_gatt_name ret[WARD_MODEL_UUIDS_MAX])
{
    size_t count = 0;

    for (size_t i = 0; i < ward_model_row_count; i++)
        count = add_once(ward_model_service(&ward_model_rows[i]), ret, count);
    return count;
}

size_t ward_model_subscriptions(struct ward_gatt_name ret[WARD_MODEL_UUIDS_MAX])
{
    size_t count = 0;

    for (size_t i = 0; i < ward_model_row_count; i++) {
        const struct ward_model *row = &ward_model_rows[i];

        count = add_numbers(row->measurements, WARD_MODEL_MEASUREMENTS_MAX, ret, count);
        count = add_numbers(row->companions, WARD_MODEL_COMPANIONS_MAX, ret, count);
        if (row->records != WARD_MODEL_RECORDS_NONE)
            count = add_once(WARD_GATT_NUMBER(WARD_CHAR_RECORD_ACCESS_CONTROL_POINT), ret, count);
        if (row->vendor != 0)
            count = add_once(ward_gatt_name(ward_vendor_by_number(row->vendor)->notify), ret, count);
    }
    return count;
}
