/* SPDX-License-Identifier: Apache-2.0 */
/*
 * Models of devices as data: what a model is recognised by, what it measures, and where it does not do what its
 * standard says. Adding a model that speaks a standard service is adding a row to model_rows.c and nothing else.
 *
 * The first row that fits is the model. A row with marks (names, model numbers) fits where one of them does; those
 * without any stand at the end and are for whatever speaks the service.
 */
#ifndef WARD_CORE_MODEL_H
#define WARD_CORE_MODEL_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "core/gatt_name.h"

#define WARD_MODEL_MARKS_MAX        4
#define WARD_MODEL_MEASUREMENTS_MAX 2
#define WARD_MODEL_COMPANIONS_MAX   2

enum ward_model_bond {
    WARD_MODEL_BOND_POSSIBLE, /* it bonds when asked */
    WARD_MODEL_BOND_REQUIRED, /* it gives its values to bonded peers alone */
    WARD_MODEL_BOND_NONE,     /* it cannot: enrolled as open, only when a person says so */
};

enum ward_model_presence {
    WARD_MODEL_BURST,  /* calls when it has something to tell, and is gone again */
    WARD_MODEL_ALWAYS, /* calls as long as it is awake, and a connection keeps it awake: see rest_after_ms */
};

/* When its clock is written, where it has one and our own time is trusted. */
enum ward_model_clock_write {
    WARD_MODEL_CLOCK_WHEN_WRONG,
    WARD_MODEL_CLOCK_NEVER,
    WARD_MODEL_CLOCK_ALWAYS, /* in every connection: it tells its measurements only then */
};

/* How its stored records are asked for, where it has a Record Access Control Point. */
enum ward_model_records {
    WARD_MODEL_RECORDS_NONE,     /* they are not: it sends them by itself, or has none */
    WARD_MODEL_RECORDS_ALL,      /* all of them, each time (PLXS) */
    WARD_MODEL_RECORDS_SEQUENCE, /* from the last known sequence number on (GLS, enhanced BLS) */
};

struct ward_model {
    const char *id;    /* "oximeter"; stands in the database: never changed */
    const char *label; /* "pulse oximeter", for people */

    /* What it is recognised by. */
    uint16_t service;                        /* standard service; 0: its own, see vendor */
    uint16_t vendor;                         /* enum ward_vendor_number of the driver; 0: a standard device */
    const char *names[WARD_MODEL_MARKS_MAX]; /* its advertised name begins with one of these; NULL for none */
    const char *model_numbers[WARD_MODEL_MARKS_MAX]; /* so does 2A24 */

    /* What it sends. */
    uint16_t measurements[WARD_MODEL_MEASUREMENTS_MAX]; /* characteristics; 0 for none */
    uint16_t
        companions[WARD_MODEL_COMPANIONS_MAX]; /* that come beside them: a context, a record's wrapping */
    uint32_t quantities;                       /* set of 1 << enum ward_quantity */
    uint32_t quirks;                           /* set of enum ward_decode_quirk: how it writes its frames */

    uint8_t bond;            /* enum ward_model_bond */
    bool has_one_bond;       /* it keeps a single one: bonding with a phone ends ours */
    bool keeps_subscription; /* writing 0 to a Client Characteristic Configuration drops its bond: never do */
    uint8_t user_slots;      /* people it can tell apart by a user id; 0 and 1: one */

    uint8_t presence; /* enum ward_model_presence */
    /* Disconnect when it is not worn (ALWAYS), or has nothing more to tell (BURST), for so long; 0: never … */
    uint32_t rest_after_ms;
    uint32_t rest_ms; /* … and stay away for so long, so that it falls asleep */

    uint8_t clock_write;            /* enum ward_model_clock_write */
    bool clock_write_after_records; /* not before the records have come: it stamps them anew, or is busy */

    uint8_t records;    /* enum ward_model_records */
    bool erase_records; /* deleted on it once they are committed */

    /* Firmware revisions that are known to give wrong readings; NULL for none. A ward's own list goes before it. */
    const char *bad_firmware[WARD_MODEL_MARKS_MAX];

    const char *pairing; /* what a person has to do to start pairing; a sentence */
};

/* The rows, static; *ret_count is how many. */
const struct ward_model *ward_models(size_t *ret_count);

/* What is known of a device. Texts may be NULL. */
struct ward_model_traits {
    const struct ward_gatt_name *services;
    size_t service_count;
    const char *name;         /* advertised */
    const char *model_number; /* 2A24 */
};

/* The row that fits; NULL for none. */
const struct ward_model *ward_model_recognise(const struct ward_model_traits *traits);

/*
 * The row for whatever sends this characteristic (or a vendor's frames, by its number), of the model number if that is
 * known; NULL for none.
 */
const struct ward_model *ward_model_by_sender(uint16_t characteristic, const char *model_number);

/* The same without a model number; and the row of this id. */
const struct ward_model *ward_model_by_characteristic(uint16_t characteristic);
const struct ward_model *ward_model_by_id(const char *id);

/* The service that it is recognised by, and where its vendor's stream comes from. */
struct ward_gatt_name ward_model_service(const struct ward_model *model);

/* Room for every service and every characteristic of the rows. */
#define WARD_MODEL_UUIDS_MAX 32

/*
 * The services that models are recognised by, vendors' own among them, and the characteristics that a conversation is
 * subscribed to, each once. Returns how many.
 */
size_t ward_model_service_names(struct ward_gatt_name ret[WARD_MODEL_UUIDS_MAX]);
size_t ward_model_subscriptions(struct ward_gatt_name ret[WARD_MODEL_UUIDS_MAX]);

#endif
