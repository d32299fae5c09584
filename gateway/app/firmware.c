/* SPDX-License-Identifier: Apache-2.0 */
#include "app/firmware.h"

#include <stdio.h>
#include <string.h>

#include "app/gateway.h"
#include "core/clinical.h"
#include "core/firmware.h"
#include "core/model.h"
#include "io/journal.h"

/* What wardgate.conf accepts of the model; "": it does not name it. */
static const char *accepted_of(const struct ward_gateway *gateway, const char *model)
{
    const struct ward_config *config = &gateway->config;

    for (size_t i = 0; i < config->firmware.count; i++)
        if (strcmp(config->firmware.list[i].model, model) == 0)
            return config->firmware.list[i].accepted;
    return "";
}

const char *ward_firmware_of(const struct ward_gateway *gateway, const struct ward_store_device *device)
{
    const char *told = ward_recollection_firmware(gateway, device->id.text);

    return told[0] ? told : device->firmware;
}

bool ward_firmware_is_trusted(const struct ward_gateway *gateway, const struct ward_store_device *device)
{
    return ward_firmware_is_accepted(ward_model_by_id(device->model.text),
                                     accepted_of(gateway, device->model.text),
                                     ward_firmware_of(gateway, device));
}

static void check(struct ward_gateway *gateway, const char *device)
{
    const struct ward_store_device *known = ward_registry_device(&gateway->registry, device);

    if (known)
        ward_technical_device(gateway, device, WARD_DEVICE_FIRMWARE,
                              ward_firmware_is_trusted(gateway, known) ? WARD_PRIORITY_NONE
                                                                       : WARD_PRIORITY_OF_FIRMWARE);
}

void ward_firmware_check_all(struct ward_gateway *gateway)
{
    for (size_t i = 0; i < gateway->registry.device_count; i++)
        check(gateway, gateway->registry.devices[i].id.text);
}

void ward_firmware_enrolled(struct ward_gateway *gateway, const char *device)
{
    struct ward_recollection recollection = ward_recollection_of(gateway, device);

    recollection.firmware[0] = '\0';
    ward_recollection_keep(gateway, &recollection);
    check(gateway, device);
}

void ward_firmware_told(struct ward_gateway *gateway, const char *device, const char *revision)
{
    const struct ward_store_device *known = ward_registry_device(&gateway->registry, device);
    struct ward_recollection recollection = ward_recollection_of(gateway, device);

    if (!known)
        return;
    if (strcmp(ward_firmware_of(gateway, known), revision) != 0) {
        ward_journal_print(LOG_NOTICE, "%s: its firmware is \"%s\" now; it was \"%s\" when it was enrolled",
                           device, revision, known->firmware);
        /* What was said of the old one is over; the new one is judged anew. */
        ward_technical_device(gateway, device, WARD_DEVICE_FIRMWARE, WARD_PRIORITY_NONE);
    }
    snprintf(recollection.firmware, sizeof(recollection.firmware), "%s", revision);
    ward_recollection_keep(gateway, &recollection);
    check(gateway, device);
}

void ward_firmware_describe(const struct ward_gateway *gateway, const char *device, char *ret, size_t size)
{
    const struct ward_store_device *known = ward_registry_device(&gateway->registry, device);
    const char *revision = known ? ward_firmware_of(gateway, known) : "";
    const char *accepted = known ? accepted_of(gateway, known->model.text) : "";

    if (accepted[0] && !revision[0])
        snprintf(ret, size, "it does not tell its firmware; accepted is %s", accepted);
    else if (accepted[0])
        snprintf(ret, size, "its firmware is %s; accepted is %s", revision, accepted);
    else
        snprintf(ret, size, "its firmware, %s, is known to be bad", revision);
}
