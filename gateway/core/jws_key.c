/* SPDX-License-Identifier: Apache-2.0 */
/*
 * Bodies of the commands that change the ward's keys.
 *
 *   add-key      key: a public JWK (RFC 8037) with kid and role, as it would stand in the file of the ward's keys
 *   revoke-key   kid
 */
#include <string.h>

#include "core/base64url.h"
#include "core/jws_private.h"

static bool read_kid(const struct ward_jws_place *place, struct ward_command *ret)
{
    const json_t *kid = ward_jws_member(place, "kid", JSON_STRING);

    if (kid == NULL) {
        return false;
    }
    if (json_string_length(kid) == 0 || json_string_length(kid) > WARD_KID_MAX) {
        ward_jws_refuse(place, WARD_JWS_MALFORMED, "kid", "is not 1 to 64 octets long");
        return false;
    }
    for (const char *c = json_string_value(kid); *c != '\0'; c++) {
        if ((unsigned char)*c < 0x20 || *c == 0x7f) {
            ward_jws_refuse(place, WARD_JWS_MALFORMED, "kid", "has control characters");
            return false;
        }
    }
    memcpy(ret->key.kid, json_string_value(kid), json_string_length(kid) + 1);
    return true;
}

static bool read_role(const struct ward_jws_place *key, struct ward_command *ret)
{
    const json_t *role = ward_jws_member(key, "role", JSON_STRING);

    if (role == NULL) {
        return false;
    }
    if (!ward_role_by_name(json_string_value(role), &ret->key.role)) {
        ward_jws_refuse(key, WARD_JWS_MALFORMED, "role", "is not clinical, technical, hub or root");
        return false;
    }
    return true;
}

static bool read_x(const struct ward_jws_place *key, struct ward_command *ret)
{
    const json_t *x = ward_jws_member(key, "x", JSON_STRING);
    size_t count = 0;

    if (x == NULL) {
        return false;
    }
    if (!ward_base64url_decode(json_string_value(x), json_string_length(x), ret->key.x, sizeof(ret->key.x),
                               &count) ||
        count != sizeof(ret->key.x)) {
        ward_jws_refuse(key, WARD_JWS_MALFORMED, "x", "is not 32 octets in base64url without padding");
        return false;
    }
    return true;
}

bool ward_jws_read_add_key(const struct ward_jws_place *body, struct ward_command *ret)
{
    struct ward_jws_place key = {.path = "payload.body.key", .error = body->error};

    key.object = ward_jws_member(body, "key", JSON_OBJECT);
    if (key.object == NULL) {
        return false;
    }
    if (json_object_get(key.object, "d") != NULL) {
        ward_jws_refuse(&key, WARD_JWS_UNSUPPORTED, "d", "is a private key, which nobody may send");
        return false;
    }
    return ward_jws_member_is(&key, "kty", "OKP") && ward_jws_member_is(&key, "crv", "Ed25519") &&
           read_kid(&key, ret) && read_role(&key, ret) && read_x(&key, ret);
}

bool ward_jws_read_revoke_key(const struct ward_jws_place *body, struct ward_command *ret)
{
    return read_kid(body, ret);
}
