/* SPDX-License-Identifier: Apache-2.0 */
#include "app/upkeep.h"

#include <string.h>

#include "app/device_report.h"
#include "app/gateway.h"
#include "core/clinical.h"
#include "io/journal.h"

#define DAY_MS INT64_C(86400000)

bool ward_upkeep_is_short(const struct ward_store_space *space, bool before)
{
    const uint64_t free_octets = before ? space->free_octets / 5 * 4 : space->free_octets;

    return free_octets < WARD_STORAGE_SPARE_OCTETS || free_octets < space->total_octets / 10;
}

static void check_space(struct ward_gateway *gateway)
{
    int result = ward_store_space(gateway->config.store.path, &gateway->upkeep.space);

    if (result < 0)
        ward_journal_print(LOG_WARNING, "%s: the room on the disk is not known: %s",
                           gateway->config.store.path, strerror(-result));
    else
        ward_technical_set(gateway, WARD_TECHNICAL_STORAGE_FILLING,
                           ward_upkeep_is_short(&gateway->upkeep.space,
                                                gateway->technical.active[WARD_TECHNICAL_STORAGE_FILLING]));
}

/* What is configured has to work; what is not there by intent is no fault. */
static bool fails(const struct ward_config *config, const struct ward_annunciator_health *health)
{
    return (config->alarm.leds[0] && !health->light) || (config->alarm.sound_command[0] && !health->sound) ||
           (config->alarm.patient_text[0] && !health->text);
}

static void check_annunciator(struct ward_gateway *gateway, const struct ward_time *now)
{
    struct ward_annunciator_health health = ward_annunciator_check(gateway->annunciator);

    if (fails(&gateway->config, &health)) { /* what could not be written may be writable now */
        (void)ward_gateway_annunciate(gateway);
        health = ward_annunciator_check(gateway->annunciator);
    }
    gateway->upkeep.annunciator = health;
    gateway->upkeep.annunciator_checked = *now;
    ward_technical_set(gateway, WARD_TECHNICAL_ANNUNCIATION_FAILING, fails(&gateway->config, &health));
}

/* The ward has opened or closed: what the room reads may say that it will call. */
static void check_hours(struct ward_gateway *gateway)
{
    bool changed = false;

    for (size_t i = 0; i < gateway->watch_count; i++) {
        struct ward_watch *watch = gateway->watches[i];
        const struct ward_alarm_context context = ward_watch_context(watch);
        const bool before = watch->answered;

        watch->answered = ward_alarm_is_answered(&context);
        changed = changed || watch->answered != before;
    }
    if (changed)
        (void)ward_gateway_annunciate(gateway);
}

static void check_certificate(struct ward_gateway *gateway, const struct ward_time *now)
{
    const int64_t expires_ms = gateway->outbox.certificate_expires_ms;

    if (expires_ms == WARD_UTC_UNKNOWN)
        ward_technical_set(gateway, WARD_TECHNICAL_CERTIFICATE_EXPIRING, false);
    else if (now->utc_ms != WARD_UTC_UNKNOWN) /* without a date nothing is said, and nothing taken back */
        ward_technical_set(gateway, WARD_TECHNICAL_CERTIFICATE_EXPIRING,
                           expires_ms - now->utc_ms < WARD_CERTIFICATE_DAYS * DAY_MS);
}

uint64_t ward_upkeep_check(struct ward_gateway *gateway, const struct ward_time *now)
{
    struct ward_upkeep *upkeep = &gateway->upkeep;

    check_certificate(gateway, now);
    if (now->boot_us >= upkeep->due_us) {
        upkeep->due_us = now->boot_us + WARD_UPKEEP_US;
        check_space(gateway);
        (void)ward_gateway_join(gateway);
        check_hours(gateway);
        check_annunciator(gateway, now);
        ward_device_report_check(gateway, now->boot_us);
    }
    return upkeep->due_us;
}

void ward_upkeep_not_poor(struct ward_gateway *gateway, const char *device)
{
    struct ward_device_now *now = ward_devices_entry(&gateway->devices, device);

    if (now)
        now->poor_since_us = 0;
    ward_technical_device(gateway, device, WARD_DEVICE_POOR_SIGNAL, WARD_PRIORITY_NONE);
}

void ward_upkeep_signal(struct ward_gateway *gateway, const struct ward_reading *reading)
{
    const bool poor = (reading->reasons & (WARD_REASON_POOR_SIGNAL | WARD_REASON_MOTION)) != 0;
    struct ward_device_now *now = ward_devices_entry(&gateway->devices, reading->device.text);

    if (!now || reading->kind != WARD_READING_CONTINUOUS)
        return;
    if (!poor || reading->quality == WARD_VALID) {
        ward_upkeep_not_poor(gateway, reading->device.text);
        return;
    }
    if (now->poor_since_us == 0)
        now->poor_since_us = reading->mono_us;
    if (reading->mono_us - now->poor_since_us >= WARD_POOR_SIGNAL_US)
        ward_technical_device(gateway, reading->device.text, WARD_DEVICE_POOR_SIGNAL,
                              WARD_PRIORITY_OF_POOR_SIGNAL);
}
