/* SPDX-License-Identifier: Apache-2.0 */
/* The body of a receipt: wardgate.receipt/1. */
#include <string.h>

#include "core/jws_private.h"

#define SEQ_MAX ((UINT64_C(1) << 53) - 1)

static bool read_ranges(const struct ward_jws_place *body, struct ward_receipt *ret)
{
    const json_t *ranges = ward_jws_member(body, "ranges", JSON_ARRAY);

    if (ranges == NULL) {
        return false;
    }
    if (json_array_size(ranges) > WARD_RECEIPT_RANGES_MAX) {
        ward_jws_refuse(body, WARD_JWS_MALFORMED, "ranges", "has more than 256 ranges");
        return false;
    }
    for (size_t i = 0; i < json_array_size(ranges); i++) {
        const json_t *range = json_array_get(ranges, i);
        uint64_t first, last;
        if (json_array_size(range) != 2 || !ward_jws_uint(json_array_get(range, 0), 1, SEQ_MAX, &first) ||
            !ward_jws_uint(json_array_get(range, 1), first, SEQ_MAX, &last)) {
            ward_jws_refuse(body, WARD_JWS_MALFORMED, "ranges",
                            "is not a list of [first, last], first <= last");
            return false;
        }
        ret->ranges[i].first = first;
        ret->ranges[i].last = last;
    }
    ret->range_count = json_array_size(ranges);
    return true;
}

static bool read_alarms(const struct ward_jws_place *body, struct ward_receipt *ret)
{
    const json_t *alarms = ward_jws_member(body, "alarms", JSON_ARRAY);

    if (alarms == NULL) {
        return false;
    }
    if (json_array_size(alarms) > WARD_RECEIPT_ALARMS_MAX) {
        ward_jws_refuse(body, WARD_JWS_MALFORMED, "alarms", "has more than 256 events");
        return false;
    }
    for (size_t i = 0; i < json_array_size(alarms); i++) {
        const json_t *alarm = json_array_get(alarms, i);
        uint64_t n;
        if (json_array_size(alarm) != 2 ||
            !ward_jws_hex(json_array_get(alarm, 0), ret->alarms[i].id.octets,
                          sizeof(ret->alarms[i].id.octets)) ||
            !ward_jws_uint(json_array_get(alarm, 1), 1, UINT32_MAX, &n)) {
            ward_jws_refuse(body, WARD_JWS_MALFORMED, "alarms", "is not a list of [id, n]");
            return false;
        }
        ret->alarms[i].n = (uint32_t)n;
    }
    ret->alarm_count = json_array_size(alarms);
    return true;
}

static bool read_records(const struct ward_jws_place *body, struct ward_receipt *ret)
{
    struct ward_jws_place records = {.path = "payload.body.records", .error = body->error};

    records.object = ward_jws_member(body, "records", JSON_OBJECT);
    return records.object != NULL && ward_jws_member_uint(&records, "through", 0, &ret->through) &&
           read_ranges(&records, ret);
}

bool ward_jws_read_receipt(const struct ward_jws_place *body, const char *gateway, struct ward_receipt *ret)
{
    struct ward_id own;

    if (!ward_jws_member_is(body, "schema", "wardgate.receipt/1") ||
        !ward_jws_member_id(body, "gateway", &own)) {
        return false;
    }
    if (strcmp(own.text, gateway) != 0) {
        ward_jws_refuse(body, WARD_JWS_MALFORMED, "gateway", "is not the gateway of the claims");
        return false;
    }
    if (!ward_jws_member_id(body, "epoch", &ret->epoch) || !read_records(body, ret) ||
        !read_alarms(body, ret)) {
        return false;
    }
    ret->has_head = ret->through > 0 || json_object_get(body->object, "head") != NULL;
    return !ret->has_head || ward_jws_member_hex(body, "head", ret->head, sizeof(ret->head));
}
