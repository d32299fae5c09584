/* SPDX-License-Identifier: Apache-2.0 */
/*
 * Bodies of the commands that say whose a device is. The patient and the episode are those of the claims.
 *
 *   bind     device, slot?, shared?, from?
 *   unbind   device, slot?
 *   swap     device, replacement
 */
#include <string.h>

#include "core/jws_private.h"

#define SLOT_MAX 254

static bool read_slot(const struct ward_jws_place *body, struct ward_command *ret)
{
    const json_t *slot = json_object_get(body->object, "slot");
    uint64_t number = WARD_COMMAND_NO_SLOT;

    if (slot != NULL && !ward_jws_uint(slot, 0, SLOT_MAX, &number)) {
        ward_jws_refuse(body, WARD_JWS_MALFORMED, "slot", "is not a user slot of 0 to 254");
        return false;
    }
    ret->binding.slot = (uint16_t)number;
    return true;
}

bool ward_jws_read_bind(const struct ward_jws_place *body, struct ward_command *ret)
{
    if (!ward_jws_member_id(body, "device", &ret->binding.device) || !read_slot(body, ret) ||
        !ward_jws_member_bool_if(body, "shared", &ret->binding.shared)) {
        return false;
    }
    return json_object_get(body->object, "from") == NULL ||
           ward_jws_member_utc(body, "from", &ret->binding.from_ms);
}

bool ward_jws_read_unbind(const struct ward_jws_place *body, struct ward_command *ret)
{
    return ward_jws_member_id(body, "device", &ret->binding.device) && read_slot(body, ret);
}

bool ward_jws_read_swap(const struct ward_jws_place *body, struct ward_command *ret)
{
    if (!ward_jws_member_id(body, "device", &ret->binding.device) ||
        !ward_jws_member_id(body, "replacement", &ret->binding.replacement)) {
        return false;
    }
    if (strcmp(ret->binding.device.text, ret->binding.replacement.text) == 0) {
        ward_jws_refuse(body, WARD_JWS_MALFORMED, "replacement", "is the device itself");
        return false;
    }
    return true;
}
