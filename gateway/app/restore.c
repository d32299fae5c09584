/* SPDX-License-Identifier: Apache-2.0 */
#include "app/restore.h"

#include <string.h>

#include "app/gateway.h"
#include "app/ward_keys.h"
#include "core/reading.h"
#include "io/journal.h"

/* What the file says of records by their numbers is of the epoch before: also after a kill right after it was made. */
static bool is_of_epoch_before(const struct ward_store_snapshot *snapshot)
{
    bool is = snapshot->set_aside[0] != '\0';

    for (size_t i = 0; i < snapshot->row_count && !is; i++)
        is = snapshot->rows[i].kind == WARD_STORE_SETTING &&
             strcmp(snapshot->rows[i].name.text, WARD_STORE_BEGUN) == 0;
    return is;
}

void ward_restore_begun(struct ward_gateway *gateway)
{
    const struct ward_store_change forget = {.kind = WARD_STORE_SETTING, .name = {WARD_STORE_BEGUN}};
    struct ward_store_group group = {.urgent = true, .changes = &forget, .change_count = 1};

    (void)ward_gateway_submit(gateway, &group, NULL);
}

static void restore_watch(struct ward_gateway *gateway, const struct ward_store_patient *patient,
                          const struct ward_store_snapshot *snapshot, bool rebooted)
{
    struct ward_watch *watch = ward_gateway_look_after(gateway, &patient->id, &patient->episode);
    const struct ward_store_alarm_state *stored = NULL;
    char error[1024];

    if (!watch) {
        ward_journal_print_matter(LOG_CRIT, WARD_JOURNAL_NOT_LOOKED_AFTER, "%s is not looked after: no room",
                                  patient->id.text);
        return;
    }
    for (size_t i = 0; i < snapshot->row_count; i++)
        if (snapshot->rows[i].kind == WARD_STORE_PLAN &&
            strcmp(snapshot->rows[i].plan.patient.text, patient->id.text) == 0 &&
            !ward_watch_restore_plan(watch, snapshot->rows[i].document, error, sizeof(error)))
            ward_journal_print_matter(LOG_CRIT, WARD_JOURNAL_NOT_LOOKED_AFTER,
                                      "%s: the stored care plan is refused: %s", patient->id.text, error);
    for (size_t i = 0; i < snapshot->state_count; i++)
        if (strcmp(snapshot->states[i].patient.text, patient->id.text) == 0)
            stored = &snapshot->states[i];
    if (!ward_watch_restore(watch, stored, rebooted, is_of_epoch_before(snapshot)))
        ward_journal_print(LOG_CRIT, "%s: the stored alarm state cannot be read: alarms start afresh",
                           patient->id.text);
    ward_technical_tell(gateway, watch);
}

void ward_restore(struct ward_gateway *gateway, const struct ward_store_snapshot *snapshot)
{
    const bool rebooted = strcmp(snapshot->last_boot.text, gateway->boot.text) != 0;

    /*
     * After a reboot each state is moved to the boot that counts now. A kill between the commits of two of them would leave
     * one of the boot before, whose moments the next process would take for those of this one.
     */
    ward_store_hold(gateway->store, true);
    gateway->restored = true;
    gateway->epoch = snapshot->epoch;
    gateway->head_seq = snapshot->head_seq;
    memcpy(gateway->head_chain, snapshot->head_chain, sizeof(gateway->head_chain));
    ward_chronicle_raise_floor(gateway, snapshot);
    ward_outbox_restore(&gateway->outbox, snapshot);
    for (size_t i = 0; i < snapshot->row_count; i++) {
        ward_inbox_restore(&gateway->inbox, &snapshot->rows[i]);
        ward_unassigned_restore(gateway, &snapshot->rows[i]);
        ward_settled_restore(&gateway->settled, &snapshot->rows[i]);
        ward_chronicle_restore(gateway, &snapshot->rows[i]);
        ward_dating_restore(gateway, &snapshot->rows[i]);
        ward_inforce_restore(&gateway->inforce, &snapshot->rows[i]);
        ward_recollection_restore(gateway, &snapshot->rows[i]);
        ward_outbox_again_restore(&gateway->outbox, &snapshot->rows[i]);
        ward_keys_restore(gateway, &snapshot->rows[i]);
        ward_ask_restore(gateway, &snapshot->rows[i]);
        ward_departures_restore(gateway, &snapshot->rows[i]);
        if (!ward_registry_apply(&gateway->registry, &snapshot->rows[i]))
            ward_journal_print(LOG_CRIT, "The database holds more patients or devices than fit");
    }
    for (size_t i = 0; i < snapshot->known_count; i++)
        if (!ward_known_restore(&gateway->known, &snapshot->known[i]))
            ward_journal_print(LOG_CRIT, "%s: not all that it gave is known again",
                               snapshot->known[i].device.text);
    for (size_t i = 0; i < gateway->registry.patient_count; i++)
        restore_watch(gateway, &gateway->registry.patients[i], snapshot, rebooted);
    /* Of which no link is known: what ends with it has ended, and a stream that goes on shows again how it is. */
    for (size_t i = 0; i < gateway->registry.device_count; i++)
        ward_upkeep_not_poor(gateway, gateway->registry.devices[i].id.text);
    ward_ask_restored(gateway);
    ward_gateway_tell_sources(gateway);
    if (snapshot->set_aside[0])
        ward_journal_print_matter(LOG_CRIT, WARD_JOURNAL_DATABASE_SET_ASIDE,
                                  "The database was set aside as %s: %s", snapshot->set_aside,
                                  snapshot->set_aside_reason);
    if (is_of_epoch_before(snapshot)) {
        ward_technical_set(gateway, WARD_TECHNICAL_DATABASE_REPLACED, true);
        ward_dating_new_epoch(gateway);
        ward_inforce_new_epoch(gateway);
        ward_restore_begun(gateway);
    }
    /* An alarm that was active when the last process ended is so now, without anything that would show it again. */
    (void)ward_gateway_annunciate(gateway);
    ward_chronicle_begin(gateway, snapshot);
    ward_store_hold(gateway->store, false);
}

void ward_restore_nothing(struct ward_gateway *gateway)
{
    ward_journal_print_matter(LOG_CRIT, WARD_JOURNAL_DATABASE_UNREADABLE,
                              "%s cannot be read: it is not known who is to be looked after, and nobody is",
                              gateway->config.store.path);
    (void)ward_id_set(&gateway->epoch, "unknown");
    (void)ward_gateway_annunciate(gateway);
}
