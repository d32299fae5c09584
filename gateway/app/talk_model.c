/* SPDX-License-Identifier: Apache-2.0 */
/* With which model a conversation is, by what the device offers and sends. */
#include <stdio.h>
#include <string.h>

#include "app/gateway.h"
#include "app/talk_private.h"
#include "core/vendor.h"

struct ward_talk_name ward_talk_name_of(struct ward_gatt_name name)
{
    struct ward_talk_name ret;

    if (name.number != 0)
        snprintf(ret.text, sizeof(ret.text), "%04x", name.number);
    else
        snprintf(ret.text, sizeof(ret.text), "%s", name.uuid ? name.uuid : "");
    return ret;
}

static bool offers(struct ward_gateway *gateway, const char *address, struct ward_gatt_place place)
{
    const struct ward_talk_name service = ward_talk_name_of(place.service);
    const struct ward_talk_name characteristic = ward_talk_name_of(place.characteristic);

    return ward_bluez_has(gateway->bluez, address, service.text, characteristic.text);
}

bool ward_talk_has(void *context, struct ward_gatt_place place)
{
    const struct ward_talk *talk = context;

    return offers(talk->gateway, talk->device.address, place);
}

/* Whether one of the characteristics that a row's measurements come from is there, in the row's service. */
static bool offers_model(struct ward_gateway *gateway, const char *address, const struct ward_model *model)
{
    const struct ward_vendor_driver *driver = model->vendor ? ward_vendor_by_number(model->vendor) : NULL;
    struct ward_gatt_place place = {.service = ward_model_service(model)};

    if (driver) {
        place.characteristic = ward_gatt_name(driver->notify);
        return offers(gateway, address, place);
    }
    for (size_t i = 0; i < WARD_MODEL_MEASUREMENTS_MAX; i++) {
        place.characteristic = WARD_GATT_NUMBER(model->measurements[i]);
        if (model->measurements[i] != 0 && offers(gateway, address, place))
            return true;
    }
    return false;
}

const struct ward_model *ward_talk_recognise(struct ward_gateway *gateway,
                                             const struct ward_bluez_device *device)
{
    struct ward_gatt_name services[WARD_MODEL_UUIDS_MAX];
    size_t rows, count = 0;
    const struct ward_model *models = ward_models(&rows);

    for (size_t i = 0; i < rows && count < WARD_MODEL_UUIDS_MAX; i++)
        if (offers_model(gateway, device->address, &models[i]))
            services[count++] = ward_model_service(&models[i]);
    return ward_model_recognise(&(struct ward_model_traits){
        .services = services, .service_count = count, .model_number = device->identity.model});
}

/* Who sends this, when nothing else tells: a vendor by the characteristic of its stream, else the row that measures so. */
const struct ward_model *ward_talk_model_by_value(const struct ward_bluez_value *value)
{
    size_t count;
    const struct ward_vendor_driver *const *drivers = ward_vendor_drivers(&count);

    for (size_t i = 0; i < count; i++)
        if (strcmp(drivers[i]->notify, value->uuid) == 0 &&
            strcmp(drivers[i]->service, value->service_uuid) == 0)
            return ward_model_by_sender(drivers[i]->number, NULL);
    return ward_model_by_sender(value->characteristic, value->device->identity.model);
}
