/* SPDX-License-Identifier: Apache-2.0 */
/*
 * The gateway: the parts of wardgated and how they are wired. Everything here runs in one thread, the event loop;
 * the store has its own behind its queue.
 */
#ifndef WARD_APP_GATEWAY_H
#define WARD_APP_GATEWAY_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>
#include <systemd/sd-bus.h>
#include <systemd/sd-event.h>

#include "app/api.h"
#include "app/api_objects.h"
#include "app/ask.h"
#include "app/audit.h"
#include "app/binding.h"
#include "app/chronicle.h"
#include "app/commits.h"
#include "app/dating.h"
#include "app/departure.h"
#include "app/devices.h"
#include "app/diagnostics.h"
#include "app/enrolment.h"
#include "app/fetching.h"
#include "app/firmware.h"
#include "app/hub_test.h"
#include "app/inbox.h"
#include "app/inforce.h"
#include "app/known.h"
#include "app/outbox.h"
#include "app/pipeline.h"
#include "app/provisioning.h"
#include "app/recollection.h"
#include "app/registry.h"
#include "app/restart.h"
#include "app/rotation.h"
#include "app/settled.h"
#include "app/talk.h"
#include "app/technical.h"
#include "app/trial.h"
#include "app/unassigned.h"
#include "app/upkeep.h"
#include "app/watch.h"
#include "io/annunciator.h"
#include "io/bluez.h"
#include "io/bus.h"
#include "io/button.h"
#include "io/clock.h"
#include "io/crypto.h"
#include "io/spool.h"
#include "io/store.h"
#include "ward/config.h"

/* From one look at a clock that no time service holds to the next. */
#define WARD_CLOCK_LOOK_US (5 * UINT64_C(1000000))
/* Room for the conditions of one patient that are present. */
#define WARD_PRESENT_MAX 128

struct ward_gateway {
    struct ward_config config;
    sd_event *event;
    sd_event_source *timer, *store_source;
    sd_bus *system_bus;
    struct ward_clock *clock;
    struct ward_signer *signer;   /* NULL: the key cannot be read, and spool is NULL too */
    struct ward_keyring *keyring; /* NULL: no keys of the ward, nothing from it is believed */
    struct ward_store *store;
    struct ward_annunciator *annunciator;
    struct ward_numbers *numbers; /* NULL: the file cannot be used */
    struct ward_button *button;   /* NULL: none is configured */
    struct ward_spool *spool;
    struct ward_bluez *bluez;
    struct ward_bus *bus;

    bool restored; /* what the database holds is known (restore.h); until then bluez is NULL */
    bool dated;    /* since then the date was known, and what waited for it has it */
    struct ward_id boot, epoch;
    uint64_t head_seq;
    uint8_t head_chain[32];
    uint64_t next_token,
        committed_token; /* of the newest group that was submitted, and that is on the disk */
    struct ward_commit_waiter *waiters, **waiters_end; /* in the order of their tokens */
    bool store_fails;        /* as the store said last, and not because of a full disk */
    uint64_t unsubmitted_us; /* when a group could not be given to it last; 0: that is over */

    struct ward_registry registry;
    struct ward_devices devices;
    struct ward_known known;
    struct ward_unassigned unassigned;
    struct ward_settled settled;
    struct ward_chronicle chronicle;
    struct ward_dating dating;
    struct ward_inforce inforce;
    struct ward_watch *watches[WARD_PATIENTS_MAX];
    size_t watch_count;
    struct ward_technical technical;
    struct ward_talk *talks; /* with those that are connected */
    struct ward_recollections recollections;
    struct ward_upkeep upkeep;
    struct ward_pipeline pipeline;
    struct ward_enrolment enrolment;
    struct ward_provisioning provisioning;
    struct ward_trial trial;
    struct ward_outbox outbox;
    struct ward_inbox inbox;
    struct ward_asks asks;
    struct ward_diagnostics diagnostics;
    struct ward_restart restart;
    struct ward_rotation rotation;
    struct ward_fetching fetching;
    struct ward_hub_test hub_test;
    struct ward_departures departures;

    enum ward_bluez_radio radio;
    uint64_t radio_off_us; /* since when it is not ready */
    uint64_t refused_us;   /* when the broker refused a message last */
    uint64_t started_us;
    struct ward_annunciation_shown shown;
    struct ward_api_objects objects;
    struct ward_audit audit;
    struct ward_alarm_present *present; /* room for the conditions of one patient */
    char patient_text[WARD_ALARM_TEXT_MAX + 1];
    bool undelivered_shown, commits_soon;
};

/* Opens and wires everything and lets the radio on last. Returns 0, or negative errno after logging why. */
int ward_gateway_new(struct ward_gateway **ret, const struct ward_config *config, sd_event *event);
struct ward_gateway *ward_gateway_free(struct ward_gateway *gateway);

/* What the database holds is known at last: the patients are looked after, and the radio goes on. */
void ward_gateway_opened(struct ward_gateway *gateway, const struct ward_store_snapshot *snapshot);

/* Opens the way to the uplink, when it is not open yet for want of the key. Returns 0, also when it is still wanting. */
int ward_gateway_join(struct ward_gateway *gateway);

struct ward_time ward_gateway_now(const struct ward_gateway *gateway);
struct ward_watch *ward_gateway_watch(const struct ward_gateway *gateway, const char *patient);

/* Begins to look after a patient. NULL when there is no room. */
struct ward_watch *ward_gateway_look_after(struct ward_gateway *gateway, const struct ward_id *patient,
                                           const struct ward_id *episode);

/* Ends that: for one of whom nothing was stored yet, or who is discharged. */
void ward_gateway_leave(struct ward_gateway *gateway, struct ward_watch *watch);

/* Tells each engine which quantities the bound devices can give. */
void ward_gateway_tell_sources(struct ward_gateway *gateway);

/* Tells the radio how much each device matters, when there are more of them than connections. */
void ward_gateway_tell_priorities(struct ward_gateway *gateway);

/* Shows on the spot what is present now, over all patients. Returns what is shown. */
struct ward_annunciation_shown ward_gateway_annunciate(struct ward_gateway *gateway);

/* After any input: lets go what can go up, and sets the one timer to the next deadline of all. */
void ward_gateway_settle(struct ward_gateway *gateway);

/* The handler of the one timer. */
int ward_gateway_timer_due(sd_event_source *source, uint64_t usec, void *userdata);

#endif
