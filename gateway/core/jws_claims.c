/* SPDX-License-Identifier: Apache-2.0 */
/* The claims of a JWS whose signature holds, and whether they may be acted on. */
#include <string.h>

#include "core/jws_private.h"

static const char *const roles[] = {
    [WARD_ROLE_HUB] = "hub",
    [WARD_ROLE_CLINICAL] = "clinical",
    [WARD_ROLE_TECHNICAL] = "technical",
    [WARD_ROLE_ROOT] = "root",
};

static const char *const types[] = {
    [WARD_JWS_RECEIPT] = "receipt",
    [WARD_JWS_COMMAND] = "command",
    [WARD_JWS_CARE_PLAN] = "care-plan",
};

#define COUNT(table) (sizeof(table) / sizeof((table)[0]))

const char *ward_role_name(enum ward_role role)
{
    return roles[role];
}

static size_t find(const char *const *table, size_t count, const char *name)
{
    size_t i = 0;

    while (i < count && strcmp(table[i], name) != 0) {
        i++;
    }
    return i;
}

bool ward_role_by_name(const char *name, enum ward_role *ret)
{
    size_t role = find(roles, COUNT(roles), name);

    if (role == COUNT(roles)) {
        return false;
    }
    *ret = (enum ward_role)role;
    return true;
}

static bool read_type(const struct ward_jws_place *claims, enum ward_jws_type *ret)
{
    const json_t *member = ward_jws_member(claims, "type", JSON_STRING);

    if (member == NULL) {
        return false;
    }
    size_t type = find(types, COUNT(types), json_string_value(member));
    if (type == COUNT(types)) {
        ward_jws_refuse(claims, WARD_JWS_UNSUPPORTED, "type", "is none that this gateway knows");
        return false;
    }
    *ret = (enum ward_jws_type)type;
    return true;
}

static bool read_by(const struct ward_jws_place *claims, struct ward_claims *ret)
{
    struct ward_jws_place by = {.path = "payload.by", .error = claims->error};

    by.object = ward_jws_member(claims, "by", JSON_OBJECT);
    if (by.object == NULL || !ward_jws_member_id(&by, "id", &ret->by.id)) {
        return false;
    }
    const json_t *role = ward_jws_member(&by, "role", JSON_STRING);
    if (role == NULL) {
        return false;
    }
    if (!ward_role_by_name(json_string_value(role), &ret->by.role)) {
        ward_jws_refuse(&by, WARD_JWS_UNSUPPORTED, "role", "is not clinical, technical, hub or root");
        return false;
    }
    return true;
}

static bool read_times(const struct ward_jws_place *claims, struct ward_claims *ret)
{
    if (!ward_jws_member_utc(claims, "issued_at", &ret->issued_at_ms) ||
        !ward_jws_member_utc(claims, "not_after", &ret->not_after_ms)) {
        return false;
    }
    if (ret->not_after_ms < ret->issued_at_ms) {
        ward_jws_refuse(claims, WARD_JWS_MALFORMED, "not_after", "is before issued_at");
        return false;
    }
    return true;
}

static bool read_typed(const struct ward_jws_place *claims, struct ward_claims *ret)
{
    struct ward_jws_place body = {.path = "payload.body", .error = claims->error};

    body.object = ward_jws_member(claims, "body", JSON_OBJECT);
    if (body.object == NULL) {
        return false;
    }
    switch (ret->type) {
    case WARD_JWS_RECEIPT: return ward_jws_read_receipt(&body, ret->gateway.text, &ret->receipt);
    case WARD_JWS_COMMAND:
        return ward_jws_member_uint(claims, "counter", 1, &ret->counter) &&
               ward_jws_read_command(&body, &ret->command);
    case WARD_JWS_CARE_PLAN:
        return ward_jws_member_uint(claims, "version", 1, &ret->version) &&
               ward_jws_member_id(claims, "patient", &ret->patient) &&
               ward_jws_member_id(claims, "episode", &ret->episode);
    }
    return false;
}

enum ward_jws_refusal ward_claims_parse(const uint8_t *payload, size_t length, struct ward_claims *ret,
                                        struct ward_jws_error *ret_error)
{
    *ret = (struct ward_claims){.id = {.text = ""}};
    if (length > WARD_JWS_PAYLOAD_MAX) {
        const struct ward_jws_place place = {.path = "payload", .error = ret_error};
        return ward_jws_refuse(&place, WARD_JWS_TOO_LARGE, NULL, "is larger than 48 KiB");
    }
    WARD_JWS_LOADED json = ward_jws_load((const char *)payload, length, "payload", ret_error);
    if (json == NULL) {
        return ret_error->refusal;
    }
    const struct ward_jws_place claims = {.object = json, .path = "payload", .error = ret_error};
    /* The id first: with it even a refusal can be answered. */
    if (!ward_jws_member_id(&claims, "id", &ret->id) || !read_type(&claims, &ret->type) ||
        !ward_jws_member_id(&claims, "gateway", &ret->gateway) ||
        !ward_jws_member_id_if(&claims, "patient", &ret->patient) ||
        !ward_jws_member_id_if(&claims, "episode", &ret->episode) || !read_times(&claims, ret) ||
        !read_by(&claims, ret) || !read_typed(&claims, ret)) {
        return ret_error->refusal;
    }
    return WARD_JWS_OK;
}

static bool may_say(enum ward_role role, const struct ward_claims *claims)
{
    switch (claims->type) {
    case WARD_JWS_RECEIPT: return role == WARD_ROLE_HUB;
    case WARD_JWS_COMMAND: return role == ward_command_role(claims->command.kind);
    case WARD_JWS_CARE_PLAN: return role == WARD_ROLE_CLINICAL;
    }
    return false;
}

static bool quietens(const struct ward_claims *claims)
{
    switch (claims->type) {
    case WARD_JWS_RECEIPT: return false;
    case WARD_JWS_COMMAND: return ward_command_quietens(&claims->command);
    case WARD_JWS_CARE_PLAN: return false; /* only the plan itself tells: ward_care_plan_is_quieter */
    }
    return true;
}

enum ward_jws_verdict ward_claims_judge(const struct ward_claims *claims,
                                        const struct ward_jws_context *context)
{
    if (strcmp(claims->gateway.text, context->gateway) != 0) {
        return WARD_JWS_OTHER_GATEWAY;
    }
    if (claims->by.role != context->key_role) {
        return WARD_JWS_OTHER_ROLE;
    }
    if (!may_say(context->key_role, claims)) {
        return WARD_JWS_ROLE_NOT_ALLOWED;
    }
    if (context->now.clock == WARD_CLOCK_UNSYNCED || context->now.utc_ms == WARD_UTC_UNKNOWN) {
        return quietens(claims) ? WARD_JWS_CLOCK_UNTRUSTED : WARD_JWS_ACCEPTED;
    }
    /* A clock that once was ahead is carried on from there, and no receipt of now would hold before it. */
    if (context->now.clock != WARD_CLOCK_SYNCED && claims->type == WARD_JWS_RECEIPT) {
        return WARD_JWS_ACCEPTED;
    }
    if (context->now.utc_ms > claims->not_after_ms) {
        return WARD_JWS_EXPIRED;
    }
    return claims->issued_at_ms - WARD_JWS_SKEW_MS > context->now.utc_ms ? WARD_JWS_NOT_YET
                                                                         : WARD_JWS_ACCEPTED;
}

const char *ward_jws_verdict_text(enum ward_jws_verdict verdict)
{
    switch (verdict) {
    case WARD_JWS_ACCEPTED: return "accepted";
    case WARD_JWS_OTHER_GATEWAY: return "it is for another gateway";
    case WARD_JWS_OTHER_ROLE: return "it claims another role than its key has";
    case WARD_JWS_ROLE_NOT_ALLOWED: return "its key's role may not say this";
    case WARD_JWS_EXPIRED: return "it has expired";
    case WARD_JWS_NOT_YET: return "it was issued in the future";
    case WARD_JWS_CLOCK_UNTRUSTED: return "the clock of the gateway is not trusted now";
    }
    return "it is not acceptable";
}
