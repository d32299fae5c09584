/* SPDX-License-Identifier: Apache-2.0 */
/*
 * Bodies of the commands that ask somebody, or the gateway itself, to do something now.
 *
 *   ask       quantity, seconds?
 *   identify  seconds?
 *   restart   program: "core", "uplink" or "both"
 */
#include <string.h>

#include "core/clinical.h"
#include "core/jws_private.h"
#include "core/quantity.h"

/* The member seconds, 1 to most; otherwise when it is absent. */
static bool read_seconds(const struct ward_jws_place *body, uint32_t otherwise, uint32_t most,
                         struct ward_command *ret)
{
    const json_t *seconds = json_object_get(body->object, "seconds");
    uint64_t number = otherwise;

    if (seconds != NULL && !ward_jws_uint(seconds, 1, most, &number)) {
        ward_jws_refuse(body, WARD_JWS_MALFORMED, "seconds", "is not a whole number within the bounds");
        return false;
    }
    ret->seconds = (uint32_t)number;
    return true;
}

bool ward_jws_read_ask(const struct ward_jws_place *body, struct ward_command *ret)
{
    const json_t *name = ward_jws_member(body, "quantity", JSON_STRING);

    if (name == NULL) {
        return false;
    }
    ret->quantity = (uint8_t)ward_quantity_by_name(json_string_value(name));
    if (ret->quantity == WARD_QUANTITY_NONE) {
        ward_jws_refuse(body, WARD_JWS_MALFORMED, "quantity", "is none that this gateway knows");
        return false;
    }
    return read_seconds(body, WARD_ASK_S, WARD_ASK_MAX_S, ret);
}

bool ward_jws_read_identify(const struct ward_jws_place *body, struct ward_command *ret)
{
    return read_seconds(body, WARD_IDENTIFY_S, WARD_IDENTIFY_MAX_S, ret);
}

bool ward_jws_read_restart(const struct ward_jws_place *body, struct ward_command *ret)
{
    static const struct {
        const char *name;
        unsigned programs;
    } programs[] = {{"core", WARD_PROGRAM_CORE},
                    {"uplink", WARD_PROGRAM_UPLINK},
                    {"both", WARD_PROGRAM_CORE | WARD_PROGRAM_UPLINK}};
    const json_t *name = ward_jws_member(body, "program", JSON_STRING);

    for (size_t i = 0; name != NULL && i < sizeof(programs) / sizeof(programs[0]); i++) {
        if (strcmp(programs[i].name, json_string_value(name)) == 0) {
            ret->programs = programs[i].programs;
            return true;
        }
    }
    if (name != NULL) {
        ward_jws_refuse(body, WARD_JWS_MALFORMED, "program", "is not core, uplink or both");
    }
    return false;
}
