/* SPDX-License-Identifier: Apache-2.0 */
/*
 * The wearable as a GATT server, without its radio: what reads return, what writes do (set the clock, ask for records,
 * start a clip), what goes out because of them, and the faults that are on order. A port tells it what happens on the
 * link; the player, which it is part of, fetches what is to be sent.
 */
#ifndef WEARABLE_DEVICE_H
#define WEARABLE_DEVICE_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "wearable/core/action.h"
#include "wearable/core/clip.h"
#include "wearable/core/clock.h"
#include "wearable/core/memory.h"
#include "wearable/core/profile.h"
#include "wearable/core/racp_server.h"

/* Core 5.3, Vol 3, Part F, §3.4.1.1; from 0x80 on GSS and the Core Specification Supplement, Part B. */
enum ward_att_error {
    WARD_ATT_OK = 0x00,
    WARD_ATT_READ_NOT_PERMITTED = 0x02,
    WARD_ATT_WRITE_NOT_PERMITTED = 0x03,
    WARD_ATT_INVALID_LENGTH = 0x0D,
    WARD_ATT_DATA_FIELD_IGNORED = 0x80, /* CTS 1.1 §1.6 */
    WARD_ATT_CCC_NOT_CONFIGURED =
        0xFD, /* "client characteristic configuration descriptor improperly configured" */
    WARD_ATT_PROCEDURE_IN_PROGRESS = 0xFE,
    WARD_ATT_OUT_OF_RANGE = 0xFF,
};

/* Each is on order until it has happened once. */
struct ward_faults {
    uint16_t cut;        /* the next measurement lacks its last octets: so many */
    uint16_t pad;        /* the next measurement is filled up to so many octets */
    uint32_t late_ms;    /* the next value goes out so much later */
    uint16_t drop_after; /* the link ends after so many records of the next transfer */
    bool duplicate;      /* each record of the next transfer comes twice */
    bool miscount;       /* the next answer to "how many records" says: */
    uint16_t miscount_as;
    bool mute; /* the next request for records is never answered */
};

struct ward_device {
    const struct ward_wearable_profile *profile;
    struct ward_wearable_clock clock;
    uint8_t local_time[2]; /* 2A0F as written: time zone and daylight saving in quarters of an hour */
    struct ward_memory memory;
    struct ward_racp_server racp;
    struct ward_clip clip;
    struct ward_faults faults;
    uint8_t battery; /* percent */
    bool connected;
    uint32_t subscribed;    /* set of 1 << index of the profile's characteristics */
    bool clock_was_written; /* in this connection */
    bool
        was_transferred; /* a central asked for records and got its last answer; whoever waits for it clears it */
    bool muted;
    bool dropping;                   /* the link is to end now */
    uint16_t awaited;                /* indication that is not confirmed yet; 0: none */
    struct ward_memory_record again; /* to be sent once more, or its context: those with a length */
    uint8_t answer[WARD_CLIP_OCTETS_MAX];
    uint8_t answer_length, answer_sent;
};

void ward_device_init(struct ward_device *device, const struct ward_wearable_profile *profile);

/* What happens on the link. */
void ward_device_connected(struct ward_device *device, bool connected);
void ward_device_subscribed(struct ward_device *device, uint16_t characteristic, bool subscribed);
void ward_device_confirmed(struct ward_device *device, uint16_t characteristic);

/* Whether a value of the characteristic would be received: connected and subscribed to. */
bool ward_device_is_heard(const struct ward_device *device, uint16_t characteristic);

/* A central reads. Sets *ret_length with OK; buffer holds WARD_GATT_VALUE_MAX. */
enum ward_att_error ward_device_read(const struct ward_device *device,
                                     const struct ward_wearable_identity *identity, uint16_t characteristic,
                                     uint64_t now_us, uint8_t *buffer, size_t *ret_length);

/* A central writes. What it leads to comes out of ward_device_next. */
enum ward_att_error ward_device_write(struct ward_device *device, uint16_t characteristic,
                                      const uint8_t *octets, size_t length, uint64_t now_us);

/*
 * Fills action with what the writes of centrals lead to next. Returns false when there is nothing, or nothing before the
 * last indication is confirmed.
 */
bool ward_device_next(struct ward_device *device, uint64_t now_us, struct ward_player_action *action);

/* Every value that goes out: applies the faults to a measurement, and notes what will be confirmed. */
void ward_device_sends(struct ward_device *device, struct ward_player_action *action);

/* A record as a value of characteristic; a record of the memory that goes on the air, for the fault that ends the link. */
void ward_device_put_record(struct ward_device *device, const struct ward_memory_record *record,
                            uint16_t characteristic, struct ward_player_action *action);

#endif
