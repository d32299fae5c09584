/* SPDX-License-Identifier: Apache-2.0 */
#include "app/listeners.h"

#include <string.h>

#include "app/documents.h"
#include "app/gateway.h"
#include "core/clinical.h"
#include "core/model.h"
#include "io/journal.h"
#include "ward/link.h"

#define REFUSED 0x80 /* MQTT 5 §2.4: reason codes from here on are failures */

static void spool_link(void *userdata, bool up, const char *text, int64_t certificate_expires_ms)
{
    struct ward_gateway *gateway = userdata;

    ward_outbox_link(&gateway->outbox, up, text, certificate_expires_ms);
    ward_gateway_settle(gateway);
}

static void spool_credit(void *userdata)
{
    ward_gateway_settle(userdata);
}

static void spool_result(void *userdata, uint64_t id, uint8_t reason)
{
    struct ward_gateway *gateway = userdata;

    ward_outbox_broker_answered(&gateway->outbox, id, reason);
    ward_hub_test_answered(gateway, id, reason);
    /* What was given up says nothing of the broker; and that it takes one message nothing of another. */
    if (reason >= REFUSED && reason != WARD_LINK_RESULT_GIVEN_UP) {
        gateway->refused_us = ward_gateway_now(gateway).boot_us;
        ward_technical_set(gateway, WARD_TECHNICAL_HUB_REFUSES, true);
    }
    ward_gateway_settle(gateway);
}

static void spool_down(void *userdata, const struct ward_spool_down *down)
{
    ward_inbox_down(userdata, down);
    ward_gateway_settle(userdata);
}

static void spool_provisioned(void *userdata, enum ward_provision_outcome outcome, const char *step,
                              uint32_t ms, const char *text)
{
    ward_provisioning_told(userdata, outcome, step, ms, text);
    ward_gateway_settle(userdata);
}

static void spool_outcome(void *userdata, uint64_t id, bool done, const char *text)
{
    ward_rotation_outcome(userdata, id, done, text);
    ward_gateway_settle(userdata);
}

static void spool_fetched(void *userdata, bool failed, const char *text)
{
    ward_fetching_heard(userdata, failed, text);
}

static void spool_probed(void *userdata, const struct ward_spool_probed *probed)
{
    ward_hub_test_probed(userdata, probed);
    ward_gateway_settle(userdata);
}

static void spool_trouble(void *userdata, const char *text)
{
    (void)userdata;
    ward_journal_print(LOG_WARNING, "spool: %s", text);
}

const struct ward_spool_listener ward_spool_events = {.link = spool_link,
                                                      .credit = spool_credit,
                                                      .result = spool_result,
                                                      .down = spool_down,
                                                      .provisioned = spool_provisioned,
                                                      .outcome = spool_outcome,
                                                      .fetched = spool_fetched,
                                                      .probed = spool_probed,
                                                      .trouble = spool_trouble};

static void bluez_value(const struct ward_bluez_value *value, void *userdata)
{
    ward_talk_value(userdata, value);
    ward_gateway_settle(userdata);
}

/* What a device can measure has stopped coming when its link ends. */
static void tell_input_stopped(struct ward_gateway *gateway, const char *device_id)
{
    const struct ward_store_device *device = ward_registry_device(&gateway->registry, device_id);
    const struct ward_model *model = device ? ward_model_by_id(device->model.text) : NULL;

    for (size_t i = 0; model && i < gateway->watch_count; i++)
        if (ward_registry_is_bound(&gateway->registry, device_id, gateway->watches[i]->patient.text))
            ward_watch_input_stopped(gateway->watches[i], model->quantities, device_id);
}

static void note_link(struct ward_gateway *gateway, const struct ward_bluez_link *link)
{
    struct ward_device_now *now = ward_devices_entry(&gateway->devices, link->device->id.text);

    if (!now)
        return;
    if (link->state == WARD_BLUEZ_LINK_CONNECTED || link->state == WARD_BLUEZ_LINK_DISCONNECTED)
        now->connected = link->state == WARD_BLUEZ_LINK_CONNECTED;
    if (link->state == WARD_BLUEZ_LINK_CONNECTED || link->state == WARD_BLUEZ_LINK_NEEDS_PAIRING)
        now->proved = false;
    else if (link->state == WARD_BLUEZ_LINK_PROVED)
        now->proved = true;
    if (link->state == WARD_BLUEZ_LINK_NEEDS_PAIRING || link->state == WARD_BLUEZ_LINK_PROVED)
        now->needs_pairing = link->state == WARD_BLUEZ_LINK_NEEDS_PAIRING;
}

static void bluez_link(const struct ward_bluez_link *link, void *userdata)
{
    struct ward_gateway *gateway = userdata;

    if (link->text[0])
        ward_journal_print(LOG_NOTICE, "%s: %s", link->device->id.text, link->text);
    ward_talk_link(gateway, link);
    ward_pipeline_link(gateway, link);
    note_link(gateway, link);
    ward_trial_link(gateway, link);
    if (link->state == WARD_BLUEZ_LINK_DISCONNECTED) {
        tell_input_stopped(gateway, link->device->id.text);
        ward_upkeep_not_poor(gateway, link->device->id.text);
    }
    if (link->state == WARD_BLUEZ_LINK_NEEDS_PAIRING)
        ward_technical_device(gateway, link->device->id.text, WARD_DEVICE_BOND_LOST,
                              WARD_PRIORITY_OF_BOND_LOST);
    else if (link->state == WARD_BLUEZ_LINK_PROVED)
        ward_technical_device(gateway, link->device->id.text, WARD_DEVICE_BOND_LOST, WARD_PRIORITY_NONE);
    ward_outbox_state_changed(&gateway->outbox);
    ward_gateway_settle(gateway);
}

static void bluez_battery(const struct ward_bluez_device *device, uint8_t percent, uint64_t receipt_us,
                          void *userdata)
{
    struct ward_gateway *gateway = userdata;
    const char *id = device->id.text;
    struct ward_device_now *now = ward_devices_entry(&gateway->devices, id);

    (void)receipt_us;
    if (!now || percent > 100)
        return;
    now->battery_percent = (int8_t)percent;
    ward_technical_battery(gateway, id);
    ward_gateway_settle(gateway);
}

static void bluez_radio(enum ward_bluez_radio state, const char *reason, void *userdata)
{
    struct ward_gateway *gateway = userdata;

    ward_journal_print(state == WARD_BLUEZ_RADIO_READY ? LOG_INFO : LOG_WARNING, "radio %s%s%s",
                       ward_documents_radio_name(state), reason[0] ? ": " : "", reason);
    if (gateway->radio == WARD_BLUEZ_RADIO_READY)
        gateway->radio_off_us = ward_gateway_now(gateway).boot_us;
    else if (state == WARD_BLUEZ_RADIO_READY)
        ward_chronicle_radio_back(gateway, gateway->radio_off_us);
    gateway->radio = state;
    ward_outbox_state_changed(&gateway->outbox);
    ward_gateway_settle(gateway);
}

static void bluez_found(const struct ward_bluez_found *found, void *userdata)
{
    ward_enrolment_found(userdata, found);
}

static void bluez_scan_ended(int error, void *userdata)
{
    ward_enrolment_scan_ended(userdata, error);
}

static void bluez_enrolment(const struct ward_bluez_enrolment *enrolment, void *userdata)
{
    ward_enrolment_step(userdata, enrolment);
    ward_gateway_settle(userdata);
}

static int bluez_identified(struct ward_bluez_device *device, void *userdata)
{
    return ward_enrolment_identified(userdata, device);
}

static void bluez_forgotten(const char *address, int error, void *userdata)
{
    ward_enrolment_forgotten(userdata, address, error);
    ward_gateway_settle(userdata);
}

static void bluez_read_done(const struct ward_bluez_answer *answer, void *userdata)
{
    ward_talk_read_done(userdata, answer);
    ward_gateway_settle(userdata);
}

static void bluez_write_done(const struct ward_bluez_answer *answer, void *userdata)
{
    ward_talk_write_done(userdata, answer);
    ward_gateway_settle(userdata);
}

/* Discovery that has to be started twice is nobody's concern; what is done to the adapter is. */
static void bluez_recovery(const struct ward_bluez_recovering *recovering, void *userdata)
{
    struct ward_gateway *gateway = userdata;

    if (recovering->rung == WARD_BLUEZ_RUNG_NONE)
        ward_journal_print(LOG_INFO, "The radio works again");
    else if (recovering->error < 0)
        ward_journal_print_matter(LOG_ERR, WARD_JOURNAL_BLUETOOTH_FAILS, "%s Recovery by %s fails: %s",
                                  recovering->reason, ward_documents_rung_name(recovering->rung),
                                  strerror(-recovering->error));
    else if (recovering->rung == WARD_BLUEZ_RUNG_DISCOVERY)
        ward_journal_print(LOG_INFO, "%s Recovery by %s", recovering->reason,
                           ward_documents_rung_name(recovering->rung));
    else
        ward_journal_print_matter(LOG_WARNING, WARD_JOURNAL_BLUETOOTH_FAILS, "%s Recovery by %s",
                                  recovering->reason, ward_documents_rung_name(recovering->rung));
    ward_technical_set(gateway, WARD_TECHNICAL_ADAPTER_RECOVERY,
                       ward_bluez_rung(gateway->bluez) >= WARD_BLUEZ_RUNG_POWER);
    ward_outbox_state_changed(&gateway->outbox);
    ward_gateway_settle(gateway);
}

const struct ward_bluez_listener ward_bluez_events = {.value = bluez_value,
                                                      .link = bluez_link,
                                                      .battery = bluez_battery,
                                                      .radio = bluez_radio,
                                                      .found = bluez_found,
                                                      .scan_ended = bluez_scan_ended,
                                                      .enrolment = bluez_enrolment,
                                                      .identified = bluez_identified,
                                                      .forgotten = bluez_forgotten,
                                                      .read_done = bluez_read_done,
                                                      .write_done = bluez_write_done,
                                                      .recovery = bluez_recovery};

void ward_clock_event(void *userdata, struct ward_time now, int64_t by_ms)
{
    struct ward_gateway *gateway = userdata;

    (void)now;
    ward_journal_print(LOG_NOTICE, "The wall clock was set, by %lld ms", (long long)by_ms);
    ward_outbox_state_changed(&gateway->outbox);
    ward_gateway_settle(gateway);
}

void ward_button_event(void *userdata)
{
    static const struct ward_id by = {"button"};
    struct ward_gateway *gateway = userdata;

    for (size_t i = 0; i < gateway->watch_count; i++)
        (void)ward_watch_silence(gateway->watches[i], &by);
    ward_gateway_settle(gateway);
}
