/* SPDX-License-Identifier: Apache-2.0 */
/*
 * What the ward says: flattened JWS (RFC 7515 §7.2.2), Ed25519 only (RFC 8037), in two steps with the check of the
 * signature between them, so that nothing is believed, or even parsed, before it holds:
 *
 *     1. ward_jws_parse    the envelope: kid, signature, and the octets that were signed
 *     2. the caller        verifies the signature with the ward's key (io/crypto.h) and knows the key's role
 *     3. ward_claims_parse the signed claims and, by their type, the body
 *
 * Then the caller judges: is the key's role allowed to say this, is it for this gateway and topic, is it in time.
 * Everything is copied into structs of fixed size; nothing of the input is kept. jansson's heap is used and given back
 * within a call: this is not the hot path.
 */
#ifndef WARD_CORE_JWS_H
#define WARD_CORE_JWS_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "ward/alarm.h"
#include "ward/message.h"
#include "ward/reading.h"

#define WARD_JWS_SIZE_MAX    ((size_t)65536) /* octets of the whole JWS */
#define WARD_JWS_HEADER_MAX  512             /* octets of the protected header, as JSON */
#define WARD_JWS_DEPTH_MAX   12              /* of objects and arrays in each other, in header and claims */
#define WARD_JWS_PAYLOAD_MAX (WARD_JWS_SIZE_MAX / 4 * 3)

enum ward_jws_refusal {
    WARD_JWS_OK,
    WARD_JWS_TOO_LARGE,
    WARD_JWS_TOO_DEEP,
    WARD_JWS_NOT_JSON,   /* also a member that is there twice, and NUL in a text */
    WARD_JWS_NOT_OBJECT, /* JSON, but no object */
    WARD_JWS_MISSING,    /* a member that must be there is not */
    WARD_JWS_MALFORMED,  /* a member has the wrong type or form */
    WARD_JWS_UNSUPPORTED, /* a member says what we do not do: another algorithm, "crit", an unknown type or schema */
    WARD_JWS_NO_MEMORY,
};

/* Names the refusal: "missing". Never NULL. */
const char *ward_jws_refusal_name(enum ward_jws_refusal refusal);

/* Why something was refused: the refusal, where ("payload.by.role"), and a sentence for the log or the answer. */
struct ward_jws_error {
    enum ward_jws_refusal refusal;
    char member[64];
    char text[160];
};

struct ward_jws {
    char kid[WARD_KID_MAX + 1];
    uint8_t signature[64];
    const char *signed_text; /* the texts of protected and payload with a dot between (RFC 7515 §5.1) */
    size_t signed_length;
    const uint8_t *payload; /* decoded */
    size_t payload_length;
};

/* Where a parsed JWS keeps its octets. Large: put it into the struct of whoever parses, not on a small stack. */
struct ward_jws_work {
    char signed_text[WARD_JWS_SIZE_MAX];
    uint8_t payload[WARD_JWS_PAYLOAD_MAX];
};

/*
 * Parses the envelope: {"protected", "payload", "signature"} of strict base64url, with protected
 * {"alg": "EdDSA", "kid"}. "crit" and an unprotected "header" are refused; other members of the header are ignored.
 * The result points into work. Returns WARD_JWS_OK, or the refusal with *ret unchanged and *ret_error filled.
 */
enum ward_jws_refusal ward_jws_parse(const uint8_t *text, size_t length, struct ward_jws_work *work,
                                     struct ward_jws *ret, struct ward_jws_error *ret_error);

enum ward_jws_type { WARD_JWS_RECEIPT, WARD_JWS_COMMAND, WARD_JWS_CARE_PLAN };

/* Roles of keys and of people; what each may say is the caller's to judge. */
enum ward_role { WARD_ROLE_HUB, WARD_ROLE_CLINICAL, WARD_ROLE_TECHNICAL, WARD_ROLE_ROOT };

const char *ward_role_name(enum ward_role role); /* "hub" */
bool ward_role_by_name(const char *name, enum ward_role *ret);

#define WARD_RECEIPT_RANGES_MAX 256
#define WARD_RECEIPT_ALARMS_MAX 256

/* wardgate.receipt/1: what the hub has committed. Ranges may come in any order and overlap; first <= last. */
struct ward_receipt {
    struct ward_id epoch;
    uint64_t through; /* every record up to here; 0 for none */
    size_t range_count;
    struct {
        uint64_t first, last;
    } ranges[WARD_RECEIPT_RANGES_MAX];
    size_t alarm_count;
    struct {
        struct ward_alarm_id id;
        uint32_t n; /* this event alone, not those before it */
    } alarms[WARD_RECEIPT_ALARMS_MAX];
    bool has_head;    /* absent while through is 0 */
    uint8_t head[32]; /* chain at through */
};

/* wardgate.command/1. The list of commands grows; an unknown one is refused as unsupported. */
enum ward_command_kind {
    WARD_COMMAND_ACKNOWLEDGE, /* alarm */
    WARD_COMMAND_ENTRY,       /* entry: what a person says of the patient */
    WARD_COMMAND_VOID,        /* record, reason: it is taken back */
    WARD_COMMAND_ASSIGN,      /* record: it belongs to the patient and episode of the claims */
    WARD_COMMAND_SUSPEND,     /* suspend_until_ms, why */
    WARD_COMMAND_RESUME,      /* nothing more */
    WARD_COMMAND_REPLAY,      /* replay: what the ward has lost goes again */
    WARD_COMMAND_BIND,        /* binding: from now on, or since from_ms, it is the patient's of the claims */
    WARD_COMMAND_UNBIND,      /* binding: it is nobody's any more, or no longer the patient's of the claims */
    WARD_COMMAND_SWAP,        /* binding: another device takes its place with the patient of the claims */
    WARD_COMMAND_ASK,         /* quantity, seconds: the patient is asked to measure */
    WARD_COMMAND_IDENTIFY,    /* seconds: the light blinks, so that one box can be told from another */
    WARD_COMMAND_DIAGNOSTICS, /* nothing more */
    WARD_COMMAND_RESTART,     /* programs */
    WARD_COMMAND_ROTATE,      /* nothing more: the uplink makes a new key and certificate */
    WARD_COMMAND_ADD_KEY,     /* key */
    WARD_COMMAND_REVOKE_KEY,  /* key: kid alone */
    WARD_COMMAND_ADMIT,       /* admission: the patient and episode of the claims are looked after */
    WARD_COMMAND_DISCHARGE, /* why: the episode ends, and what is here of it is erased when the ward has it */
};

#define WARD_COMMAND_LABEL_MAX 64
#define WARD_COMMAND_WORD_MAX  32
#define WARD_COMMAND_WHY_MAX   80 /* octets */
#define WARD_COMMAND_NO_SLOT   UINT16_MAX

#define WARD_PROGRAM_CORE   1u
#define WARD_PROGRAM_UPLINK 2u

/* How long the light blinks, unless the command says; and at most. */
#define WARD_IDENTIFY_S     15
#define WARD_IDENTIFY_MAX_S 120

struct ward_command {
    enum ward_command_kind kind;
    struct ward_alarm_id alarm;
    struct ward_reading entry; /* as ward_entry_parse fills it */
    struct {
        struct ward_id epoch;
        uint64_t seq; /* from 1 */
    } record;
    struct ward_id reason;
    struct { /* records first to last of an epoch, or, with first 0, alarm events */
        struct ward_id epoch;
        uint64_t first, last;    /* first <= last */
        int64_t alarms_since_ms; /* UTC; those that were told then or later */
    } replay;
    struct {
        struct ward_id device, replacement;
        uint16_t slot;   /* a user slot of the device; WARD_COMMAND_NO_SLOT: not said */
        bool shared;     /* beside those who have it already; otherwise theirs end */
        int64_t from_ms; /* UTC; 0: now */
    } binding;
    uint8_t quantity;  /* enum ward_quantity: to be measured */
    uint32_t seconds;  /* for so long: asked, or identified */
    unsigned programs; /* set of WARD_PROGRAM_… to be started anew */
    struct {
        char kid[WARD_KID_MAX + 1];
        enum ward_role role;
        uint8_t x[32]; /* the public key, Ed25519 */
    } key;
    int64_t suspend_until_ms;           /* UTC */
    char why[WARD_COMMAND_WHY_MAX + 1]; /* for people: no control characters */
    struct {                            /* both "" when not said */
        char label[WARD_COMMAND_LABEL_MAX + 1], check_word[WARD_COMMAND_WORD_MAX + 1];
        bool has_plan; /* the body has a care plan, which was not looked at: ward_care_plan_parse */
    } admission;
};

const char *ward_command_name(enum ward_command_kind kind); /* "acknowledge" */

/* The role of the keys that it is said with. */
enum ward_role ward_command_role(enum ward_command_kind kind);

/* Whether carrying it out may make an alarm quieter, or keep one from being raised. */
bool ward_command_quietens(const struct ward_command *command);

/*
 * Parses the body of a command by itself, for one that is given without a signature where that is allowed. Returns as
 * ward_claims_parse; members are named from "body" on.
 */
enum ward_jws_refusal ward_command_parse(const char *text, size_t length, struct ward_command *ret,
                                         struct ward_jws_error *ret_error);

/*
 * The signed claims. Of the union, the member of `type` is filled. The body of a care plan is not looked at: the parser
 * of plans takes the same payload.
 */
struct ward_claims {
    enum ward_jws_type type;
    struct ward_id gateway;
    struct ward_id patient; /* "" when absent; a care plan always has one */
    struct ward_id episode; /* likewise */
    struct ward_id id;
    uint64_t counter; /* of a command, from 1; 0 for the others. That it rises is the caller's check */
    uint64_t version; /* of a care plan, from 1; 0 for the others. That it rises is the caller's check */
    int64_t issued_at_ms, not_after_ms; /* UTC; issued_at <= not_after */
    struct {
        struct ward_id id;
        enum ward_role role;
    } by;
    union {
        struct ward_receipt receipt;
        struct ward_command command;
    };
};

/*
 * Parses the claims of a payload whose signature holds. Unknown members are ignored. Returns WARD_JWS_OK, or the
 * refusal with *ret undefined and *ret_error filled; when the claims named a valid id, ret->id tells it even then, so
 * that a refusal can be answered ("" otherwise).
 */
enum ward_jws_refusal ward_claims_parse(const uint8_t *payload, size_t length, struct ward_claims *ret,
                                        struct ward_jws_error *ret_error);

enum ward_jws_verdict {
    WARD_JWS_ACCEPTED,
    WARD_JWS_OTHER_GATEWAY,
    WARD_JWS_OTHER_ROLE,       /* by.role is not the role of the key that signed */
    WARD_JWS_ROLE_NOT_ALLOWED, /* that role may not say this */
    WARD_JWS_EXPIRED,
    WARD_JWS_NOT_YET,         /* issued in the future, by more than WARD_JWS_SKEW_MS */
    WARD_JWS_CLOCK_UNTRUSTED, /* it would make an alarm quieter, and nobody can say whether it is in time */
};

#define WARD_JWS_SKEW_MS INT64_C(300000)

struct ward_jws_context {
    const char *gateway;
    enum ward_role key_role; /* of the key that the signature was verified with */
    struct ward_time now;
};

/*
 * May these claims be acted on? What is refused by their time needs a clock: with WARD_CLOCK_UNSYNCED a receipt, and a
 * command that makes no alarm quieter, are taken whatever their dates say (a command's counter still counts it once),
 * and what quietens is refused; whether a care plan does is the caller's to judge (core/careplan.h). A receipt is held against the clock only while that is synced: an estimated one may be
 * ahead for long, and what a receipt covers the ward has, whenever it said so.
 */
enum ward_jws_verdict ward_claims_judge(const struct ward_claims *claims,
                                        const struct ward_jws_context *context);

/* A sentence for the log and the answer; never NULL. */
const char *ward_jws_verdict_text(enum ward_jws_verdict verdict);

#endif
