/* SPDX-License-Identifier: Apache-2.0 */
/*
 * The spool: how the core and the uplink talk, over one SOCK_SEQPACKET Unix socket on which the core listens.
 *
 * One packet is one frame: a type octet, then the fields of that type (gateway/core/link.c). Order of events
 * on a connection:
 *
 *   1. uplink  HELLO: version, largest frame it takes; the core answers with its own
 *   2. core    TESTAMENT will, TESTAMENT silent: what the uplink says when it may not ask any more
 *   3. uplink  LINK: up or down, and why; on every change
 *   4. uplink  CREDIT: round, frames, octets that it takes beyond what it has taken; while link is up
 *   5. core    PUBLISH, within the credit and naming its round; see below
 *   6. uplink  RESULT: id, reason code; the broker answered, or the message was given up
 *   7. uplink  DOWN: something arrived from the ward
 *   8. core    URGENT: yes or no; an alarm waits, do not take your time to reconnect. Also every 5 s, to
 *              show that the core lives
 *   9. core    TASK: something to do that only the uplink can; at any time after its HELLO. The uplink answers
 *              OUTCOME with the same id, except to a restart, which ends it, and to listening anew
 *  10. core    PROVISION: make a certificate, renew it or wipe it (docs/provisioning.md), one at a time
 *  11. uplink  PROVISIONED: a step of that, as it is taken; the last one says done or failed
 *  12. core    NAMES: whose documents to fetch over HTTPS, all of them; on every change, where [https] asks for it.
 *              Each then comes as a DOWN, as if it had been retained by the broker
 *  13. uplink  FETCHED: how the fetching goes, for people; on every change
 *  14. core    PROBE: try the way to the broker, step by step
 *  15. uplink  PROBED: how one step went, in their order, up to the first that failed
 *
 * LINK down makes all credit void and everything unanswered given up. So does the end of the connection. The
 * core then starts again from the hub's receipts, alarms first. The first LINK up after a down begins a
 * round; what was sent on the credit of an earlier round is dropped by the uplink without an answer, because
 * the core has given it up already. LINK up while it is up tells another text only.
 *
 * A PUBLISH takes one frame of credit and as many octets as its frame has. An alarm needs a frame of credit
 * only. Anything else leaves the last frame to alarms and stays within the octets; but with nothing
 * unanswered one frame of any class and size may go, so that a window of one, or a frame larger than the
 * octets, never blocks for good.
 */
#ifndef WARD_LINK_H
#define WARD_LINK_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "ward/message.h"

#define WARD_LINK_VERSION   2
#define WARD_LINK_FRAME_MAX 65536
/* A payload up to this always fits in a frame, whatever its topic, key id and signature. */
#define WARD_LINK_PAYLOAD_MAX (WARD_LINK_FRAME_MAX - 512)
/* The core sends some frame at least this often; when none came for three times as long it counts as silent.
 * */
#define WARD_LINK_ALIVE_MS  5000
#define WARD_LINK_SILENT_MS 15000

enum ward_link_type {
    WARD_LINK_HELLO = 1,
    WARD_LINK_TESTAMENT,
    WARD_LINK_LINK,
    WARD_LINK_CREDIT,
    WARD_LINK_PUBLISH,
    WARD_LINK_RESULT,
    WARD_LINK_DOWN,
    WARD_LINK_URGENT,
    WARD_LINK_TASK,
    WARD_LINK_OUTCOME,
    WARD_LINK_PROVISION,
    WARD_LINK_PROVISIONED,
    WARD_LINK_NAMES,
    WARD_LINK_FETCHED,
    WARD_LINK_PROBE,
    WARD_LINK_PROBED,
};

enum ward_link_task {
    WARD_LINK_TASK_RESTART, /* end in an orderly way; whoever supervises the uplink starts it again */
    WARD_LINK_TASK_ROTATE,  /* make a new key, get a certificate for it, and use both from then on */
    WARD_LINK_TASK_LISTEN,  /* subscribe anew, so that what the broker keeps comes once more */
};

enum ward_provision {
    WARD_PROVISION_ENROL,  /* with the code */
    WARD_PROVISION_RENEW,  /* with the present certificate */
    WARD_PROVISION_RETIRE, /* wipe the key and the certificate */
};

enum ward_provision_outcome {
    WARD_PROVISION_STEP, /* more follow */
    WARD_PROVISION_DONE,
    WARD_PROVISION_FAILED, /* the text says why, and what to do */
};

enum ward_link_testament {
    WARD_TESTAMENT_WILL,   /* the broker publishes it when the uplink's connection dies */
    WARD_TESTAMENT_SILENT, /* the uplink publishes it once the core is silent */
};

#define WARD_LINK_TEXT_MAX 200
#define WARD_LINK_STEP_MAX 16
#define WARD_LINK_CODE_MAX 512
enum ward_link_step { WARD_STEP_DNS, WARD_STEP_TCP, WARD_STEP_TLS, WARD_STEP_MQTT };

#define WARD_LINK_NAMES_MAX 4160 /* 64 ids of 64 characters, each with a space */

/* One frame, decoded. Pointers point into the decoded octets, texts are not terminated: use the lengths. */
struct ward_link_frame {
    uint8_t type; /* enum ward_link_type */
    union {
        struct {
            uint16_t version;
            uint32_t frame_max;
        } hello;
        struct {
            bool up;
            uint16_t text_length; /* why, for people; at most WARD_LINK_TEXT_MAX */
            const char *text;
            int64_t certificate_expires_ms; /* UTC; INT64_MIN: not known */
        } link;
        struct {
            uint32_t round;
            uint32_t frames;
            uint32_t octets;
        } credit;
        struct {
            uint8_t testament; /* enum ward_link_testament, for WARD_LINK_TESTAMENT; 0 otherwise */
            uint32_t round;    /* for WARD_LINK_PUBLISH: of the credit it goes on; 0 otherwise */
            uint8_t message_class, qos;
            bool retain;
            uint64_t id;
            uint32_t expiry_s;
            uint16_t topic_length, kid_length, signature_length;
            uint8_t correlation_length; /* at most WARD_CORRELATION_MAX */
            uint32_t payload_length;
            const char *topic, *kid, *signature;
            const uint8_t *correlation, *payload;
        } publish; /* WARD_LINK_PUBLISH and WARD_LINK_TESTAMENT */
        struct {
            uint64_t id;
            uint8_t reason; /* MQTT 5 reason code; 0xFF: given up without an answer */
        } result;
        struct {
            bool retained;
            uint16_t topic_length, response_topic_length, correlation_length;
            uint32_t payload_length;
            const char *topic, *response_topic;
            const uint8_t *correlation;
            const uint8_t *payload;
        } down;
        struct {
            bool urgent;
        } urgent;
        struct {
            uint64_t id;
            uint8_t task; /* enum ward_link_task */
        } task;
        struct {
            uint64_t id;
            bool done;
            uint16_t text_length; /* why not, or what came of it, for people; at most WARD_LINK_TEXT_MAX */
            const char *text;
        } outcome;
        struct {
            uint8_t action;       /* enum ward_provision */
            uint16_t code_length; /* of the enrolment code (enrolment.h); 0 unless it is to enrol */
            const char *code;
        } provision;
        struct {
            uint8_t outcome;                   /* enum ward_provision_outcome */
            uint32_t ms;                       /* that the step took */
            uint16_t step_length, text_length; /* its name and what came of it, for people */
            const char *step, *text;
        } provisioned;
        struct {
            uint16_t length;
            const char *text; /* ids, each followed by a space */
        } names;
        struct {
            bool failed;
            uint16_t text_length; /* why; at most WARD_LINK_TEXT_MAX */
            const char *text;
        } fetched;
        struct {
            uint32_t number; /* of the probe: what belongs to an earlier one is passed over */
        } probe;
        struct {
            uint32_t number;
            uint8_t step; /* enum ward_link_step */
            bool failed;
            uint32_t took_us;
            uint16_t text_length; /* what was found, or what failed; at most WARD_LINK_TEXT_MAX */
            const char *text;
        } probed;
    };
};

#define WARD_LINK_RESULT_GIVEN_UP 0xFF

/*
 * Encodes frame into buffer. Returns the octets used, or 0 when it does not fit in size or
 * WARD_LINK_FRAME_MAX, or when ward_link_decode() would refuse it.
 */
size_t ward_link_encode(const struct ward_link_frame *frame, uint8_t *buffer, size_t size);

/*
 * The same without the octets of a payload, which end the frame: they need not be moved to be sent. What the frame has
 * besides is in buffer then. size need not be large enough for the payload.
 */
size_t ward_link_encode_head(const struct ward_link_frame *frame, uint8_t *buffer, size_t size);

/*
 * Decodes exactly length octets into ret. Returns false, with ret unchanged, for a frame that is cut short,
 * has octets left over, an unknown type or a field out of range: a topic that is empty, longer than
 * WARD_TOPIC_MAX or with a wildcard, a key id or signature longer than message.h says, a NUL in any text.
 * Never reads past length.
 */
bool ward_link_decode(const uint8_t *buffer, size_t length, struct ward_link_frame *ret);

#endif
