/* SPDX-License-Identifier: Apache-2.0 */
/*
 * The core's side of the spool (include/ward/link.h): hands messages to the uplink and brings back what the
 * ward said.
 *
 * It listens on a SOCK_SEQPACKET Unix socket, serves one client, and asks the kernel who that is. It holds no
 * queue: a message is taken by the kernel at once or not at all, so that the store stays the only one. It
 * never blocks.
 *
 * What its owner can rely on:
 *   - link(up) comes before the first credit(); the owner then starts again from the hub's receipts: state
 *     and alarms first. A link(down) follows, also when the uplink dies, and gives up every message without a
 *     result: no result() comes for those. Either may be repeated with another text.
 *   - credit() is a hint that something may go now; how much, ward_spool_room() and ward_spool_publish() say.
 *   - Listener functions are called from the event loop only, never from within ward_spool_publish() or
 *     another function of this header. They may call any of them except ward_spool_free().
 */
#ifndef WARD_IO_SPOOL_H
#define WARD_IO_SPOOL_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>
#include <sys/types.h>
#include <systemd/sd-event.h>

#include "ward/link.h"
#include "ward/message.h"

struct ward_spool;

/* Something from the ward, not verified in any way. Texts are terminated; everything is borrowed for the
 * call. */
struct ward_spool_down {
    const char *topic;
    const char *response_topic; /* "" for none */
    const uint8_t *correlation;
    size_t correlation_length;
    const uint8_t *payload;
    size_t payload_length;
    bool retained;
};

struct ward_spool_probed {
    uint32_t number;
    enum ward_link_step step;
    bool failed;
    uint32_t took_us;
    const char *text; /* what was found, or what failed; terminated and borrowed */
};

struct ward_spool_listener {
    /* The way to the ward opened or closed, or is closed for another reason now. text says why, for people.
     * certificate_expires_ms: UTC, of the client certificate; INT64_MIN when not known. */
    void (*link)(void *userdata, bool up, const char *text, int64_t certificate_expires_ms);
    void (*credit)(void *userdata);
    /* reason: MQTT 5 reason code of the broker's answer (a PUBACK is not delivery), or
     * WARD_LINK_RESULT_GIVEN_UP */
    void (*result)(void *userdata, uint64_t id, uint8_t reason);
    void (*down)(void *userdata, const struct ward_spool_down *down);
    /* What came of a task. NULL: nobody gives any. */
    void (*outcome)(void *userdata, uint64_t id, bool done, const char *text);
    /* A step of ward_spool_provision(), up to one that says DONE or FAILED; also when the uplink ends meanwhile. Texts
     * are terminated. */
    void (*provisioned)(void *userdata, enum ward_provision_outcome outcome, const char *step, uint32_t ms,
                        const char *text);
    /* How the fetching of what ward_spool_names() named goes, for people. */
    void (*fetched)(void *userdata, bool failed, const char *text);
    /* One step of the probe of that number. A probe ends with WARD_STEP_MQTT, with a step that failed, or with
     * link(down) for want of an uplink. */
    void (*probed)(void *userdata, const struct ward_spool_probed *probed);
    /* Somebody was refused or broke the protocol; text is for the log. */
    void (*trouble)(void *userdata, const char *text);
};

struct ward_spool_options {
    sd_event *event;
    const char *path; /* of the socket; a socket left there by an earlier run is replaced */
    /* Who the uplink runs as; everybody else is refused, root too. The kernel tells it as the user namespace
     * of this process maps it: in one of its own (PrivateUsers= of systemd) every other user is nobody,
     * 65534. */
    uid_t peer_uid;
    const struct ward_spool_listener *listener; /* not copied; must live as long as the spool */
    void *userdata;
};

enum ward_spool_outcome {
    WARD_SPOOL_SENT,      /* the uplink has it: a result or link(down) follows */
    WARD_SPOOL_NO_CREDIT, /* not now: try again after credit() */
    WARD_SPOOL_DOWN,      /* there is no way to the ward: try again after link(up) */
};

/*
 * Starts to listen. Returns 0, or a negative errno with *ret untouched: -ENAMETOOLONG for a path of 108
 * octets or more, -EEXIST when something that is not a socket is in the way, or what the system calls said.
 */
int ward_spool_new(struct ward_spool **ret, const struct ward_spool_options *options);

/* Hangs up and removes the socket, without calling the listener. Takes NULL; returns NULL. */
struct ward_spool *ward_spool_free(struct ward_spool *spool);

/*
 * Hands a message over; nothing of it is needed after the call. Returns an enum ward_spool_outcome, or a
 * negative errno for a message that can never go: -EINVAL for fields that link.h refuses, -EMSGSIZE when it
 * is too large.
 */
int ward_spool_publish(struct ward_spool *spool, const struct ward_message *message);

/*
 * How large a payload may be that a message of this class can take now: 0 when none can go, as while the kernel takes
 * nothing, at most WARD_LINK_PAYLOAD_MAX. It falls on a slow link, so that little stands before the next alarm: size batches
 * by it.
 */
size_t ward_spool_room(const struct ward_spool *spool, enum ward_message_class message_class);

/*
 * The link is up and nothing on it is unanswered: one message of any size may go, also when ward_spool_room() is
 * smaller. What cannot be made smaller goes now, or on a slow link never.
 */
bool ward_spool_idle(const struct ward_spool *spool);

/*
 * Says what the uplink shall publish when it may not ask any more (link.h). Kept, and sent to every new
 * client; the uplink does not connect to the broker before it has the will. A new will counts from the
 * broker's next connection. Returns 0, or -EINVAL, -EMSGSIZE, -ENOMEM with the old one kept.
 */
int ward_spool_testament(struct ward_spool *spool, enum ward_link_testament testament,
                         const struct ward_message *message);

/*
 * Has the uplink make a certificate, renew it or wipe it; code is for WARD_PROVISION_ENROL, "" otherwise, and is not
 * kept. Returns 0, after which provisioned() follows; -ENOTCONN without an uplink, -EBUSY while an earlier one is not
 * done, -EINVAL for a code that link.h refuses, -EAGAIN when the kernel does not take it now.
 */
int ward_spool_provision(struct ward_spool *spool, enum ward_provision action, const char *code);

/* An alarm waits (or no longer): do not take your time to reconnect. Kept, and sent to every new client. */
void ward_spool_urgent(struct ward_spool *spool, bool urgent);

/* Gives the uplink something to do. Returns false when it is not connected, or does not read. */
bool ward_spool_task(struct ward_spool *spool, uint64_t id, enum ward_link_task task);

/* What the broker keeps is to come once more; to an uplink that connects later it comes anyway. */
void ward_spool_listen(struct ward_spool *spool);
/*
 * Whose documents the uplink fetches: ids, each followed by a space, at most WARD_LINK_NAMES_MAX octets. Copied, kept,
 * and sent to every new client. Before the first call nothing is sent. Returns 0, -EMSGSIZE or -ENOMEM.
 */
int ward_spool_names(struct ward_spool *spool, const char *names);

/* Asks the uplink to try the way to the broker: probed() follows. Returns false when there is no uplink. */
bool ward_spool_probe(struct ward_spool *spool, uint32_t number);

#endif
