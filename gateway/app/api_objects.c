/* SPDX-License-Identifier: Apache-2.0 */
#include "app/api_objects.h"

#include <stdio.h>
#include <string.h>

#include "app/documents.h"
#include "app/gateway.h"
#include "core/alarm_names.h"
#include "core/model.h"
#include "core/quantity.h"
#include "core/reading.h"
#include "io/bus_objects.h"
#include "io/journal.h"

#define QUANTITY_BITS 32 /* of the set in struct ward_model */

void ward_api_objects_annunciated(struct ward_gateway *gateway, const struct ward_annunciation *what)
{
    struct ward_api_objects *objects = &gateway->objects;

    objects->priority = (uint8_t)what->priority;
    objects->silenced = what->priority != WARD_PRIORITY_NONE && what->sound == WARD_PRIORITY_NONE;
    objects->undelivered = what->undelivered;
    snprintf(objects->text, sizeof(objects->text), "%s", what->text ? what->text : "");
}

static int64_t utc_or_0(int64_t utc_ms)
{
    return utc_ms == WARD_UTC_UNKNOWN ? 0 : utc_ms;
}

static const char *storage_name(const struct ward_gateway *gateway)
{
    const bool *active = gateway->technical.active;

    return active[WARD_TECHNICAL_STORAGE_FAILING]   ? "failing"
           : active[WARD_TECHNICAL_STORAGE_FULL]    ? "full"
           : active[WARD_TECHNICAL_STORAGE_FILLING] ? "filling"
                                                    : "ok";
}

static int tell_gateway(struct ward_gateway *gateway)
{
    const struct ward_api_objects *shown = &gateway->objects;
    const uint8_t clock = ward_gateway_now(gateway).clock;
    const char *reasons[WARD_DOCUMENTS_REASONS_MAX], *patients[WARD_PATIENTS_MAX];
    struct ward_summary summary;

    ward_documents_summary(gateway, &summary);
    for (size_t i = 0; i < summary.reason_count; i++)
        reasons[i] = summary.reasons[i].text;
    for (size_t i = 0; i < gateway->watch_count; i++)
        patients[i] = gateway->watches[i]->patient.text;
    const struct ward_bus_value values[WARD_BUS_GATEWAY_PROPERTIES] = {
        [WARD_BUS_VERSION] = {.text = WARD_VERSION},
        [WARD_BUS_GATEWAY] = {.text = gateway->config.gateway.id},
        [WARD_BUS_SITE] = {.text = gateway->config.gateway.site},
        [WARD_BUS_EPOCH] = {.text = gateway->epoch.text},
        [WARD_BUS_MONITORING] = {.text = ward_monitoring_name(summary.monitoring)},
        [WARD_BUS_REASONS] = {.texts = reasons, .count = summary.reason_count},
        [WARD_BUS_WATCHED] = {.texts = patients, .count = gateway->watch_count},
        [WARD_BUS_PRIORITY] = {.text = ward_alarm_priority_name(shown->priority)},
        [WARD_BUS_SILENCED] = {.number = shown->silenced},
        [WARD_BUS_UNDELIVERED] = {.number = shown->undelivered},
        [WARD_BUS_TEXT] = {.text = shown->text},
        [WARD_BUS_QUEUE_DEPTH] = {.number = (int64_t)ward_delivery_undelivered(&gateway->outbox.delivery)},
        [WARD_BUS_QUEUED_ALARMS] = {.number = (int64_t)gateway->outbox.alarms.count},
        [WARD_BUS_HUB_CONNECTED] = {.number = gateway->outbox.link_up},
        [WARD_BUS_HUB_REASON] = {.text = gateway->outbox.link_text},
        [WARD_BUS_CERTIFICATE_EXPIRES] = {.number = utc_or_0(gateway->outbox.certificate_expires_ms)},
        [WARD_BUS_CLOCK_TRUSTED] = {.number = clock != WARD_CLOCK_UNSYNCED},
        [WARD_BUS_CLOCK] = {.text = ward_clock_quality_name(clock)},
        [WARD_BUS_RADIO] = {.text = ward_documents_radio_name(gateway->radio)},
        [WARD_BUS_STORAGE] = {.text = storage_name(gateway)},
    };
    return ward_bus_objects_tell(ward_bus_objects_of(gateway->bus), values);
}

/* Several quantities may have one name, and then stand beside each other. */
static size_t list_quantities(const struct ward_model *model, const char *ret[QUANTITY_BITS])
{
    size_t count = 0;

    for (uint8_t quantity = 0; model && quantity < QUANTITY_BITS; quantity++) {
        const char *name = ward_quantity_info(quantity)->name;

        if ((model->quantities & (UINT32_C(1) << quantity)) != 0 &&
            (count == 0 || strcmp(ret[count - 1], name) != 0))
            ret[count++] = name;
    }
    return count;
}

static size_t list_patients(const struct ward_registry *registry, const char *device,
                            const char *ret[WARD_BINDINGS_MAX])
{
    const struct ward_store_binding *binding = NULL;
    size_t count = 0;

    while ((binding = ward_registry_next_binding(registry, device, binding)))
        ret[count++] = binding->patient.text;
    return count;
}

static int tell_device(struct ward_gateway *gateway, const struct ward_store_device *device)
{
    static const struct ward_device_now nothing = {.battery_percent = WARD_BATTERY_UNKNOWN};
    const struct ward_device_now *known = ward_devices_find(&gateway->devices, device->id.text);
    const struct ward_device_now *now = known ? known : &nothing;
    const struct ward_model *model = ward_model_by_id(device->model.text);
    const char *quantities[QUANTITY_BITS], *patients[WARD_BINDINGS_MAX];
    const struct ward_bus_value values[WARD_BUS_DEVICE_PROPERTIES] = {
        [WARD_BUS_DEVICE] = {.text = device->id.text},
        [WARD_BUS_NAME] = {.text = device->name},
        [WARD_BUS_MODEL] = {.text = device->model.text},
        [WARD_BUS_KIND] = {.text = model ? model->label : ""},
        [WARD_BUS_QUANTITIES] = {.texts = quantities, .count = list_quantities(model, quantities)},
        [WARD_BUS_MANUFACTURER] = {.text = device->manufacturer},
        [WARD_BUS_MODEL_NUMBER] = {.text = device->model_number},
        [WARD_BUS_SERIAL_NUMBER] = {.text = device->serial_number},
        [WARD_BUS_FIRMWARE] = {.text = ward_firmware_of(gateway, device)},
        [WARD_BUS_FIRMWARE_TRUSTED] = {.number = ward_firmware_is_trusted(gateway, device)},
        [WARD_BUS_ADDRESS] = {.text = device->address},
        [WARD_BUS_SECURITY] = {.text = device->policy.text},
        [WARD_BUS_PATIENTS_BOUND] = {.texts = patients,
                                     .count = list_patients(&gateway->registry, device->id.text, patients)},
        [WARD_BUS_SHARED] = {.number = ward_registry_is_shared(&gateway->registry, device->id.text)},
        [WARD_BUS_CLAIMED_BY] = {.text = ward_binding_claimant(gateway, device->id.text)},
        [WARD_BUS_CONNECTED] = {.number = now->connected},
        [WARD_BUS_NEEDS_PAIRING] = {.number = now->needs_pairing},
        [WARD_BUS_LAST_SEEN] = {.number = now->heard.boot_us > 0 ? utc_or_0(now->heard.utc_ms) : 0},
        [WARD_BUS_BATTERY] = {.number = now->battery_percent},
        [WARD_BUS_DEVICE_CLOCK] = {.text =
                                       now->has_clock ? ward_device_clock_state_name(now->clock_state) : ""},
        [WARD_BUS_ENROLLED_AT] = {.number = utc_or_0(device->enrolled_at_ms)},
    };

    return ward_bus_objects_tell_device(ward_bus_objects_of(gateway->bus), values);
}

/* What may change of a device without a change of the registry. */
static struct ward_device_shown shown_of(const struct ward_device_now *now, uint64_t now_us)
{
    struct ward_device_shown shown = {.told = true,
                                      .connected = now->connected,
                                      .needs_pairing = now->needs_pairing,
                                      .has_clock = now->has_clock,
                                      .battery_percent = now->battery_percent,
                                      .clock_state = now->clock_state,
                                      .last_seen_ms =
                                          now->heard.boot_us > 0 ? utc_or_0(now->heard.utc_ms) : 0};

    if (now->claimed_until_us > now_us)
        shown.claimed_by = now->claimed_by;
    return shown;
}

/* As the object tells it by itself. */
static bool was_seen_again(int64_t before_ms, int64_t now_ms)
{
    const int64_t moved_ms = now_ms > before_ms ? now_ms - before_ms : before_ms - now_ms;

    return before_ms == 0 || now_ms == 0 ? moved_ms != 0 : moved_ms >= WARD_BUS_LAST_SEEN_STEP_MS;
}

static bool differs(const struct ward_device_shown *a, const struct ward_device_shown *b)
{
    return a->told != b->told || a->connected != b->connected || a->needs_pairing != b->needs_pairing ||
           a->has_clock != b->has_clock || a->battery_percent != b->battery_percent ||
           a->clock_state != b->clock_state || was_seen_again(a->last_seen_ms, b->last_seen_ms) ||
           strcmp(a->claimed_by.text, b->claimed_by.text) != 0;
}

/* One of which nothing else has changed. What could not be told is told when there is the next reason to look. */
static int tell_if_changed(struct ward_gateway *gateway, struct ward_device_now *now, uint64_t now_us)
{
    const struct ward_device_shown shown = shown_of(now, now_us);
    const struct ward_store_device *device;
    int result = 0;

    if (!differs(&now->shown, &shown))
        return 0;
    device = ward_registry_device(&gateway->registry, now->device.text);
    result = device ? tell_device(gateway, device) : 0;
    if (result >= 0)
        now->shown = shown;
    return result;
}

static int tell_devices(struct ward_gateway *gateway, uint64_t now_us)
{
    const uint64_t generation = gateway->registry.generation + gateway->recollections.generation;
    const bool every = generation != gateway->objects.generation;
    int result = 0;

    for (size_t i = 0; every && i < gateway->registry.device_count; i++) {
        const int told = tell_device(gateway, &gateway->registry.devices[i]);

        result = told < 0 ? told : result;
    }
    if (result >= 0)
        gateway->objects.generation = generation;
    for (size_t i = 0; i < gateway->devices.count; i++) {
        const int told = tell_if_changed(gateway, &gateway->devices.list[i], now_us);

        result = told < 0 ? told : result;
    }
    ward_bus_objects_told(ward_bus_objects_of(gateway->bus), every);
    return result;
}

uint64_t ward_api_objects_check(struct ward_gateway *gateway, uint64_t now_us)
{
    int result, told;

    if (now_us < gateway->objects.next_us)
        return gateway->objects.next_us;
    gateway->objects.next_us = now_us + WARD_API_LOOK_US;
    result = tell_gateway(gateway);
    told = tell_devices(gateway, now_us);
    result = told < 0 ? told : result;
    if (result < 0) /* it is told when there is the next reason to look */
        ward_journal_print(LOG_WARNING, "What stands on the bus is not up to date: %s", strerror(-result));
    return UINT64_MAX;
}
