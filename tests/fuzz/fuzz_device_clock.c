/* SPDX-License-Identifier: Apache-2.0 */
/*
 * A device's clock and a record's time. An input is the clock's form, its answer, a later answer, and a time stamp.
 * Whatever they say: no age is negative, and UTC, boot time and age of a moment say the same.
 */
#include <stdlib.h>

#include "core/device_clock.h"
#include "core/utc.h"
#include "decode_property.h"

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size);

static struct ward_device_clock_pair read_clock(uint16_t form, const uint8_t *octets, struct ward_time at)
{
    struct ward_time asked = at;

    asked.boot_us -= 50000;
    return ward_device_clock_read(
        &(struct ward_device_clock_answer){.form = form,
                                           .octets = octets,
                                           .length = form == WARD_CHAR_CURRENT_TIME ? 10 : 7,
                                           .asked = asked,
                                           .answered = at});
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
    const struct ward_time now = {
        .boot_us = 5000000000, .utc_ms = INT64_C(1795338000000), .clock = WARD_CLOCK_SYNCED};
    struct ward_time before = now, received = now;
    struct ward_device_clock_known known;
    struct ward_device_moment moment;
    struct ward_decoded stamp;
    uint16_t form;
    int32_t drift;

    if (size < 38)
        return -1;
    form = data[0] & 1 ? WARD_CHAR_CURRENT_TIME : WARD_CHAR_DATE_TIME;
    before.boot_us -= 2000000000;
    before.utc_ms -= 2000000;
    if (data[0] & 2)
        received.utc_ms = before.utc_ms = WARD_UTC_UNKNOWN;
    known.earlier = read_clock(form, data + 1, now);
    if (ward_device_clock_is_pair(&known.earlier))
        known.earlier.at.utc_ms -= (int64_t)data[0] * 3600000;
    known.before = read_clock(form, data + 11, before);
    known.after = data[0] & 4 ? read_clock(form, data + 21, before) : ward_device_clock_no_pair();
    ward_decode(WARD_CHAR_DATE_TIME, data + 31, 7, &stamp);
    (void)ward_device_clock_judge(&known.before, &known.earlier, (int16_t)(data[0] - 128));
    if (ward_device_clock_drift_ppm(&known.earlier, &known.before, &drift))
        HOLDS(drift <= WARD_DEVICE_CLOCK_DRIFT_MAX_PPM && drift >= -WARD_DEVICE_CLOCK_DRIFT_MAX_PPM);
    moment = ward_device_clock_map(&known, &stamp.device_time, &received);
    if (!moment.is_known)
        return 0;
    HOLDS(stamp.outcome == WARD_DECODE_OK && stamp.device_time.year != 0);
    HOLDS(moment.age_ms >= 0);
    HOLDS(moment.boot_us == (int64_t)received.boot_us - moment.age_ms * 1000);
    HOLDS(received.utc_ms == WARD_UTC_UNKNOWN
              ? moment.utc_ms == WARD_UTC_UNKNOWN && moment.clock == WARD_CLOCK_UNSYNCED
              : moment.utc_ms == received.utc_ms - moment.age_ms && moment.clock <= WARD_CLOCK_ESTIMATED);
    return 0;
}
