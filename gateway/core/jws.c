/* SPDX-License-Identifier: Apache-2.0 */
/* The envelope of a JWS. What was signed is copied as it came: it is never made anew from what was parsed. */
#include "core/jws.h"

#include <string.h>

#include "core/base64url.h"
#include "core/jws_private.h"

const char *ward_jws_refusal_name(enum ward_jws_refusal refusal)
{
    switch (refusal) {
    case WARD_JWS_OK: return "ok";
    case WARD_JWS_TOO_LARGE: return "too-large";
    case WARD_JWS_TOO_DEEP: return "too-deep";
    case WARD_JWS_NOT_JSON: return "not-json";
    case WARD_JWS_NOT_OBJECT: return "not-object";
    case WARD_JWS_MISSING: return "missing";
    case WARD_JWS_MALFORMED: return "malformed";
    case WARD_JWS_UNSUPPORTED: return "unsupported";
    case WARD_JWS_NO_MEMORY: return "no-memory";
    }
    return "malformed";
}

/* The octets behind a member of base64url. */
static bool decode_member(const struct ward_jws_place *place, const char *name, uint8_t *ret, size_t size,
                          size_t *ret_count)
{
    const json_t *member = ward_jws_member(place, name, JSON_STRING);

    if (member == NULL) {
        return false;
    }
    if (!ward_base64url_decode(json_string_value(member), json_string_length(member), ret, size, ret_count)) {
        ward_jws_refuse(place, WARD_JWS_MALFORMED, name, "is not base64url without padding, or too long");
        return false;
    }
    return true;
}

static bool read_header(const struct ward_jws_place *envelope, char ret_kid[WARD_KID_MAX + 1])
{
    uint8_t octets[WARD_JWS_HEADER_MAX];
    size_t count;

    if (!decode_member(envelope, "protected", octets, sizeof(octets), &count)) {
        return false;
    }
    WARD_JWS_LOADED json = ward_jws_load((const char *)octets, count, "protected", envelope->error);
    if (json == NULL) {
        return false;
    }
    const struct ward_jws_place header = {.object = json, .path = "protected", .error = envelope->error};
    if (!ward_jws_member_is(&header, "alg", "EdDSA")) {
        return false;
    }
    if (json_object_get(json, "crit") != NULL) {
        ward_jws_refuse(&header, WARD_JWS_UNSUPPORTED, "crit",
                        "asks for something that this gateway does not do");
        return false;
    }
    const json_t *kid = ward_jws_member(&header, "kid", JSON_STRING);
    if (kid == NULL) {
        return false;
    }
    if (json_string_length(kid) == 0 || json_string_length(kid) > WARD_KID_MAX) {
        ward_jws_refuse(&header, WARD_JWS_MALFORMED, "kid", "is not 1 to 64 octets long");
        return false;
    }
    memcpy(ret_kid, json_string_value(kid), json_string_length(kid) + 1);
    return true;
}

/* protected "." payload, as they stand in the message. They came out of at most WARD_JWS_SIZE_MAX octets. */
static void copy_signed(const json_t *envelope, struct ward_jws_work *work, struct ward_jws *jws)
{
    const json_t *header = json_object_get(envelope, "protected");
    const json_t *payload = json_object_get(envelope, "payload");
    size_t header_length = json_string_length(header);
    size_t payload_length = json_string_length(payload);

    memcpy(work->signed_text, json_string_value(header), header_length);
    work->signed_text[header_length] = '.';
    memcpy(work->signed_text + header_length + 1, json_string_value(payload), payload_length);
    jws->signed_text = work->signed_text;
    jws->signed_length = header_length + 1 + payload_length;
    jws->payload = work->payload;
}

enum ward_jws_refusal ward_jws_parse(const uint8_t *text, size_t length, struct ward_jws_work *work,
                                     struct ward_jws *ret, struct ward_jws_error *ret_error)
{
    struct ward_jws_place envelope = {.path = "", .error = ret_error};
    struct ward_jws jws = {.kid = ""};
    size_t signature_count;

    if (length > WARD_JWS_SIZE_MAX) {
        return ward_jws_refuse(&envelope, WARD_JWS_TOO_LARGE, NULL, "is larger than 64 KiB");
    }
    WARD_JWS_LOADED json = ward_jws_load((const char *)text, length, "", ret_error);
    if (json == NULL) {
        return ret_error->refusal;
    }
    envelope.object = json;
    if (json_object_get(json, "header") != NULL) {
        return ward_jws_refuse(&envelope, WARD_JWS_UNSUPPORTED, "header",
                               "is not signed, so it is not taken");
    }
    if (!read_header(&envelope, jws.kid) ||
        !decode_member(&envelope, "payload", work->payload, sizeof(work->payload), &jws.payload_length) ||
        !decode_member(&envelope, "signature", jws.signature, sizeof(jws.signature), &signature_count)) {
        return ret_error->refusal;
    }
    if (signature_count != sizeof(jws.signature)) {
        return ward_jws_refuse(&envelope, WARD_JWS_MALFORMED, "signature", "is not 64 octets of Ed25519");
    }
    copy_signed(json, work, &jws);
    *ret = jws;
    return WARD_JWS_OK;
}
