/* SPDX-License-Identifier: Apache-2.0 */
/*
 * systemd's journal, by its native protocol (systemd.io/JOURNAL_NATIVE_PROTOCOL): what both daemons say there, and what
 * of it somebody must do something about. It never waits: sd_journal_print() blocks once the journal's queue is full,
 * which it is soon when the journal itself waits for a card that hangs, and an alarm must not stand behind a line of a
 * log. What is not taken at once is dropped and counted, and the count is said with the next line that is taken.
 *
 * One for the process, for the thread of its loop.
 */
#ifndef WARD_JOURNAL_H
#define WARD_JOURNAL_H

#include <stdbool.h>

#define WARD_JOURNAL_TEXT_MAX 2048 /* octets of a message; the rest of a longer one is left out */

/*
 * What somebody must do something about. Each has an entry in the journal's catalog (systemd/wardgate.catalog), which says
 * what it means and what to do; journalctl -x shows it beside the message, and the id finds all of a kind.
 */
enum ward_journal_matter {
    WARD_JOURNAL_NO_MATTER = 0, /* there is nothing to be done, or it passes by itself */
    /* of the core */
    WARD_JOURNAL_CONFIGURATION,    /* what is configured cannot be used: the daemon does not start */
    WARD_JOURNAL_MEMORY_UNLOCKED,  /* an alarm may have to wait for the card */
    WARD_JOURNAL_NOT_LOOKED_AFTER, /* a patient's limits are not applied */
    WARD_JOURNAL_DATABASE_UNREADABLE,
    WARD_JOURNAL_DATABASE_SET_ASIDE,
    WARD_JOURNAL_DATABASE_PUT_BACK,
    WARD_JOURNAL_STORAGE_FAILING,
    WARD_JOURNAL_READINGS_DROPPED,
    WARD_JOURNAL_BLUETOOTH_FAILS,
    WARD_JOURNAL_OWN_KEY,
    WARD_JOURNAL_WARD_KEYS,
    WARD_JOURNAL_WAY_CLOSED, /* to the ward */
    WARD_JOURNAL_REFUSED,    /* what the ward said */
    WARD_JOURNAL_SOUND_FAILS,
    /* of the uplink */
    WARD_JOURNAL_UPLINK_CANNOT_START,
    WARD_JOURNAL_UPLINK_UNLOCKED, /* as of the core: an alarm may have to wait for the card */
    WARD_JOURNAL_CORE_NOT_HEARD,
    WARD_JOURNAL_HUB_NOT_NAMED, /* [hub] host is empty */
    WARD_JOURNAL_NOT_ENROLLED,
    WARD_JOURNAL_NAME_NOT_FOUND,
    WARD_JOURNAL_BROKER_NOT_REACHED,
    WARD_JOURNAL_TLS_FAILS,      /* the broker does not prove who it is, or cannot speak it well enough */
    WARD_JOURNAL_TLS_FILES,      /* a file of ours that it takes cannot be used */
    WARD_JOURNAL_BROKER_REFUSES, /* in MQTT */
    WARD_JOURNAL_CERTIFICATE_REFUSED, /* ours, by the broker */
    WARD_JOURNAL_CERTIFICATE_REVOKED,
    WARD_JOURNAL_CERTIFICATE_ENDS, /* soon */
    WARD_JOURNAL_CERTIFICATE_ENDED,
    WARD_JOURNAL_ENROLMENT_FAILED,
    WARD_JOURNAL_RENEWAL_FAILED,
    WARD_JOURNAL_KEY_NOT_WIPED,
    WARD_JOURNAL_PLANS_NOT_FETCHED, /* over HTTPS */
    WARD_JOURNAL_MATTER_COUNT
};

/* path NULL: /run/systemd/journal/socket. Copied. Returns 0, -ENAMETOOLONG, or another negative errno. */
int ward_journal_open(const char *path);
void ward_journal_close(void);
bool ward_journal_is_open(void);

/* The field of an entry of the core that has the format which its message was made of (printf(3)). */
#define WARD_JOURNAL_FORMAT "WARD_FORMAT"

/*
 * Hands over one entry. priority: LOG_ALERT to LOG_DEBUG. fields: each "NAME=value\n", what there is beside the message, or
 * "". message may have several lines.
 */
void ward_journal_send(int priority, const char *fields, const char *message);

/* "MESSAGE_ID=…\n", the field of a matter; "" of none. */
#define WARD_JOURNAL_ID_FIELD_MAX 48
const char *ward_journal_id_field(enum ward_journal_matter matter, char buffer[WARD_JOURNAL_ID_FIELD_MAX]);

#endif
