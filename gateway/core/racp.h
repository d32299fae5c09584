/* SPDX-License-Identifier: Apache-2.0 */
/*
 * The client's side of a Record Access Control Point, 2A52 (GLS 1.0.1 §3.4, PLXS 1.0.1 §3.4, BLS 1.1.1 §3.6): fetches
 * the records that a device has stored, counts them, and has them deleted when, and only when, all are safe.
 *
 *     (state, input, now) → (next state, at most one output, next deadline)
 *
 * It sends and receives nothing itself and does not see the records: they are counted and judged as they come. The case
 * table opens racp.c, that of records racp_record.c. Times are microseconds of CLOCK_BOOTTIME.
 */
#ifndef WARD_CORE_RACP_H
#define WARD_CORE_RACP_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#define WARD_RACP_WRITE_MAX    7
#define WARD_RACP_PROCEDURE_US UINT64_C(30000000) /* without progress for so long it has failed (GLP 1.0.1) */
#define WARD_RACP_STRAGGLER_US                                                                               \
    UINT64_C(2000000) /* records may come so long after it says that all were sent */

/* Which records there are to ask for. */
enum ward_racp_filter {
    WARD_RACP_ALL,      /* records have no number (PLXS): always all of them */
    WARD_RACP_SEQUENCE, /* records have a sequence number (GLS, enhanced BLS): from the last known one on */
};

struct ward_racp_options {
    enum ward_racp_filter filter;
    bool has_last;        /* SEQUENCE: everything up to … */
    uint16_t last;        /* … this number is known already */
    uint64_t last_digest; /* which record that was, as in struct ward_racp_stored */
    bool may_erase;
};

/* A record that the device keeps under a number. */
struct ward_racp_stored {
    uint16_t number;
    uint64_t digest; /* ward_record_digest of core/duplicate.h; 0: not known */
};

/* What is to become of a record that has come. */
enum ward_racp_verdict {
    WARD_RACP_UNASKED,   /* nothing was asked for: the device sent it by itself */
    WARD_RACP_ASKED_FOR, /* it is one of those that are fetched */
    WARD_RACP_KNOWN,     /* it was asked for to see which it is: it is here, as far as can be told */
    WARD_RACP_PASSED_OVER, /* it is here for certain, or comes again among all of them: it is not to be stored now */
};

enum ward_racp_end {
    WARD_RACP_COMPLETE,      /* as many records came as the device had announced; also when it has none */
    WARD_RACP_UNCOUNTED,     /* it cannot count its records; it says that all were sent. Nothing is deleted */
    WARD_RACP_MISCOUNTED,    /* another number came than was announced */
    WARD_RACP_NOT_SUPPORTED, /* op code, operator or operand: it cannot do what its filter needs */
    WARD_RACP_NOT_COMPLETED, /* the device gave up: "procedure not completed", or a response without sense */
    WARD_RACP_TIMED_OUT,     /* no progress for WARD_RACP_PROCEDURE_US; it was told to abort */
    WARD_RACP_WRITE_FAILED,  /* the control point refused what was written to it */
    WARD_RACP_CHANGED, /* deleting: the device has another number of records than were fetched. None was deleted */
    WARD_RACP_NOT_ERASED, /* deleting: the device refused */
};

enum ward_racp_output_type {
    WARD_RACP_NOTHING,
    WARD_RACP_WRITE,    /* write octets to the control point; tell how that went by ward_racp_written */
    WARD_RACP_REPORTED, /* the transfer is over; `end` says how. When COMPLETE, tell ward_racp_committed */
    WARD_RACP_ERASED,   /* the records of the transfer are deleted on the device */
    WARD_RACP_KEPT,     /* they are not; `end` says why */
};

struct ward_racp_output {
    enum ward_racp_output_type type;
    enum ward_racp_end end;
    uint8_t octets[WARD_RACP_WRITE_MAX];
    uint8_t length;
};

enum ward_racp_state {
    WARD_RACP_IDLE,
    WARD_RACP_COUNTING,  /* asked for the number of records */
    WARD_RACP_REPORTING, /* asked for the records */
    WARD_RACP_LOOKING, /* not even the last known one: asked for the last, to see that its numbers did not start anew */
    WARD_RACP_WAITING,    /* all have come: waits for their commit */
    WARD_RACP_RECOUNTING, /* asked for the number again */
    WARD_RACP_ERASING,    /* asked for their deletion */
    WARD_RACP_ABORTING,   /* told the device to abort */
    WARD_RACP_OVER,
};

struct ward_racp {
    enum ward_racp_state state;
    enum ward_racp_state aborted; /* ABORTING: out of which state */
    enum ward_racp_end abort_end; /* ABORTING: what it was for */
    struct ward_racp_options options;
    bool is_counted; /* announced means something */
    bool restarts;   /* a record has shown that the numbers began anew */
    bool has_passed; /* one was passed over */
    bool asks_all; /* SEQUENCE, and yet all of them: the numbers started anew, or it knows no "from … on" */
    bool has_tried;   /* the control point was found busy once */
    bool is_answered; /* REPORTING, LOOKING: it says that all were sent, and some are still to come */
    uint16_t announced, received;
    uint16_t lowest, highest; /* sequence numbers that came */
    uint32_t unexpected;      /* indications that fitted nothing; they change nothing */
    uint64_t due_us;          /* UINT64_MAX: never */
};

/* A machine that has not started. */
void ward_racp_init(struct ward_racp *racp);

/* Begins: indications of the control point must be on. The output is a WRITE. */
struct ward_racp_output ward_racp_start(struct ward_racp *racp, const struct ward_racp_options *options,
                                        uint64_t now_us);

/* An indication of the control point. octets may be NULL when length is 0. */
struct ward_racp_output ward_racp_indication(struct ward_racp *racp, const uint8_t *octets, size_t length,
                                             uint64_t now_us);

/* What ward_racp_record would say of it now. stored: NULL for one that tells no number. */
enum ward_racp_verdict ward_racp_judge(const struct ward_racp *racp, const struct ward_racp_stored *stored);

/* A record has come: counts it, unless nothing was asked for. */
enum ward_racp_verdict ward_racp_record(struct ward_racp *racp, const struct ward_racp_stored *stored,
                                        uint64_t now_us);

/* What the last WRITE came to: 0, or a positive ATT error code, or negative errno. */
struct ward_racp_output ward_racp_written(struct ward_racp *racp, int error, uint64_t now_us);

/* Every record of the transfer is durable. */
struct ward_racp_output ward_racp_committed(struct ward_racp *racp, uint64_t now_us);

struct ward_racp_output ward_racp_tick(struct ward_racp *racp, uint64_t now_us);
uint64_t ward_racp_deadline_us(const struct ward_racp *racp);

/* Whether the numbers began anew, and all that comes is passed over until all are reported. */
bool ward_racp_begins_anew(const struct ward_racp *racp);

/* Whether the record of this number was passed over: then what belongs to it is to be, too. */
bool ward_racp_has_passed(const struct ward_racp *racp, uint16_t number);

/* Whether records are to be expected now because they were asked for. */
bool ward_racp_is_reporting(const struct ward_racp *racp);

#endif
