/* SPDX-License-Identifier: Apache-2.0 */
#include "core/device_clock.h"

#include <string.h>

#include "core/decode.h"
#include "core/utc.h"

#define DAY_MS    INT64_C(86400000)
#define MINUTE_MS INT64_C(60000)
#define MS_US     1000

/* 2016-01-01: an older date is the epoch at which some clock began to count, and no date on which a patient measured. */
#define OLDEST_DATE_MS INT64_C(1451606400000)
/* Further back than zone and summer time together can have moved a clock. */
#define SET_BACK_MS (INT64_C(26) * 3600000)
/* What a crystal may have gone wrong by since a pair, per million. */
#define DRIFT_PPM 100

#define RESOLUTION_OF_SECONDS_MS 1000
#define RESOLUTION_OF_256THS_MS  4

enum {
    ADJUSTED_BY_REFERENCE = 1 << 1, /* CTS 1.1, adjust reason: external reference time update */
    MONDAY = 1,
    THURSDAY = 4, /* 1970-01-01 was one */
};

struct ward_device_clock_pair ward_device_clock_no_pair(void)
{
    return (struct ward_device_clock_pair){.device_ms = WARD_DEVICE_TIME_UNKNOWN,
                                           .at = {.utc_ms = WARD_UTC_UNKNOWN, .clock = WARD_CLOCK_UNSYNCED}};
}

struct ward_device_moment ward_device_clock_no_moment(void)
{
    return (struct ward_device_moment){.utc_ms = WARD_UTC_UNKNOWN, .clock = WARD_CLOCK_UNSYNCED};
}

bool ward_device_clock_is_pair(const struct ward_device_clock_pair *pair)
{
    return pair->device_ms != WARD_DEVICE_TIME_UNKNOWN;
}

static bool is_trusted(const struct ward_time *time)
{
    return time->utc_ms != WARD_UTC_UNKNOWN && time->clock != WARD_CLOCK_UNSYNCED;
}

int64_t ward_device_clock_local_ms(const struct ward_time *now, int16_t zone_min)
{
    return now->utc_ms == WARD_UTC_UNKNOWN ? WARD_DEVICE_TIME_UNKNOWN : now->utc_ms + zone_min * MINUTE_MS;
}

int64_t ward_device_time_to_ms(const struct ward_device_time *time)
{
    char text[WARD_DEVICE_TIME_TEXT_SIZE + 1];
    int64_t ms;

    if (!ward_device_time_format(time, text))
        return WARD_DEVICE_TIME_UNKNOWN;
    memcpy(text + WARD_DEVICE_TIME_TEXT_SIZE - 1, "Z", sizeof("Z"));
    return ward_utc_parse(text, WARD_DEVICE_TIME_TEXT_SIZE, &ms) ? ms : WARD_DEVICE_TIME_UNKNOWN;
}

/* --- setting ------------------------------------------------------------------------------------------------- */

static uint8_t day_of_week(int64_t local_ms)
{
    return (uint8_t)((local_ms / DAY_MS + THURSDAY - MONDAY) % 7 + MONDAY);
}

size_t ward_device_clock_encode(uint16_t form, const struct ward_time *now, int16_t zone_min,
                                uint8_t ret[WARD_DEVICE_CLOCK_OCTETS_MAX])
{
    const int64_t local_ms = ward_device_clock_local_ms(now, zone_min);
    struct ward_device_time date;

    if (!is_trusted(now) || local_ms < 0 || !ward_device_time_from_seconds(local_ms / 1000, &date))
        return 0;
    ret[0] = (uint8_t)(date.year & 0xFF);
    ret[1] = (uint8_t)(date.year >> 8);
    ret[2] = date.month;
    ret[3] = date.day;
    ret[4] = date.hour;
    ret[5] = date.minute;
    ret[6] = date.second;
    ret[7] = day_of_week(local_ms);
    ret[8] = (uint8_t)(local_ms % 1000 * 256 / 1000);
    ret[9] = ADJUSTED_BY_REFERENCE;
    if (form == WARD_CHAR_DATE_TIME)
        return 7;
    return form == WARD_CHAR_CURRENT_TIME ? 10 : 0;
}

/* --- reading ------------------------------------------------------------------------------------------------- */

/* The moment in the middle of two; UTC is that of the later one. */
static struct ward_time middle(const struct ward_time *from, const struct ward_time *to)
{
    const uint64_t half_us = to->boot_us > from->boot_us ? (to->boot_us - from->boot_us) / 2 : 0;
    struct ward_time time = *to;

    time.boot_us -= half_us;
    if (time.utc_ms != WARD_UTC_UNKNOWN)
        time.utc_ms -= (int64_t)(half_us / MS_US);
    return time;
}

struct ward_device_clock_pair ward_device_clock_read(const struct ward_device_clock_answer *answer)
{
    struct ward_device_clock_pair pair = ward_device_clock_no_pair();
    struct ward_decoded decoded;
    uint32_t resolution_ms = RESOLUTION_OF_SECONDS_MS;

    ward_decode(answer->form, answer->octets, answer->length, &decoded);
    if (decoded.outcome != WARD_DECODE_OK ||
        (answer->form != WARD_CHAR_DATE_TIME && answer->form != WARD_CHAR_CURRENT_TIME))
        return pair;
    pair.device_ms = ward_device_time_to_ms(&decoded.device_time);
    if (!ward_device_clock_is_pair(&pair))
        return pair;
    /* Many clocks leave the fractions at 0. */
    if (answer->form == WARD_CHAR_CURRENT_TIME && decoded.detail.current_time.fractions_256 != 0) {
        pair.device_ms += decoded.detail.current_time.fractions_256 * 1000 / 256;
        resolution_ms = RESOLUTION_OF_256THS_MS;
    }
    pair.at = middle(&answer->asked, &answer->answered);
    pair.uncertainty_ms = resolution_ms + (uint32_t)((answer->answered.boot_us - pair.at.boot_us) / MS_US);
    return pair;
}

static bool is_near(int64_t a, int64_t b)
{
    return a - b <= WARD_DEVICE_CLOCK_WRONG_MS && b - a <= WARD_DEVICE_CLOCK_WRONG_MS;
}

enum ward_device_clock_state ward_device_clock_judge(const struct ward_device_clock_pair *pair,
                                                     const struct ward_device_clock_pair *earlier,
                                                     int16_t zone_min)
{
    if (!ward_device_clock_is_pair(pair))
        return WARD_DEVICE_CLOCK_UNREADABLE;
    if (is_trusted(&pair->at) && is_near(pair->device_ms, ward_device_clock_local_ms(&pair->at, zone_min)))
        return WARD_DEVICE_CLOCK_RIGHT;
    if (pair->device_ms < OLDEST_DATE_MS ||
        (ward_device_clock_is_pair(earlier) && pair->device_ms < earlier->device_ms - SET_BACK_MS))
        return WARD_DEVICE_CLOCK_RESET;
    return is_trusted(&pair->at) ? WARD_DEVICE_CLOCK_WRONG : WARD_DEVICE_CLOCK_UNCHECKED;
}

const char *ward_device_clock_state_name(enum ward_device_clock_state state)
{
    switch (state) {
    case WARD_DEVICE_CLOCK_UNREADABLE: return "unreadable";
    case WARD_DEVICE_CLOCK_RESET: return "reset";
    case WARD_DEVICE_CLOCK_WRONG: return "wrong";
    case WARD_DEVICE_CLOCK_UNCHECKED: return "unchecked";
    case WARD_DEVICE_CLOCK_RIGHT: return "right";
    }
    return "";
}

bool ward_device_clock_offset_ms(const struct ward_device_clock_pair *pair, int64_t *ret)
{
    if (!ward_device_clock_is_pair(pair) || pair->at.utc_ms == WARD_UTC_UNKNOWN)
        return false;
    *ret = pair->device_ms - pair->at.utc_ms;
    return true;
}

bool ward_device_clock_drift_ppm(const struct ward_device_clock_pair *older,
                                 const struct ward_device_clock_pair *newer, int32_t *ret)
{
    int64_t old_offset, new_offset, elapsed_ms, ppm;

    if (!ward_device_clock_offset_ms(older, &old_offset) || !ward_device_clock_offset_ms(newer, &new_offset))
        return false;
    elapsed_ms = newer->at.utc_ms - older->at.utc_ms;
    if (elapsed_ms < DAY_MS || new_offset - old_offset > WARD_DEVICE_CLOCK_STEP_MS ||
        old_offset - new_offset > WARD_DEVICE_CLOCK_STEP_MS)
        return false;
    ppm = (new_offset - old_offset) * 1000000 / elapsed_ms;
    if (ppm > WARD_DEVICE_CLOCK_DRIFT_MAX_PPM || ppm < -WARD_DEVICE_CLOCK_DRIFT_MAX_PPM)
        return false;
    *ret = (int32_t)ppm;
    return true;
}

/* --- when a record was measured ------------------------------------------------------------------------------- */

static int64_t magnitude(int64_t number)
{
    return number < 0 ? -number : number;
}

static uint32_t clamp_u32(int64_t number)
{
    return number > (int64_t)UINT32_MAX ? UINT32_MAX : (uint32_t)number;
}

/* What a clock of which this is a pair shows when our boot time is boot_us. */
static int64_t shown_ms(const struct ward_device_clock_pair *pair, uint64_t boot_us)
{
    return pair->device_ms + ((int64_t)boot_us - (int64_t)pair->at.boot_us) / MS_US;
}

static struct ward_device_moment moment_at(int64_t age_ms, int64_t uncertainty_ms,
                                           const struct ward_time *received)
{
    const int64_t age = age_ms > 0 ? age_ms : 0;
    struct ward_device_moment moment = {
        .is_known = true,
        .age_ms = age,
        .boot_us = (int64_t)received->boot_us - age * MS_US,
        .utc_ms = WARD_UTC_UNKNOWN,
        .uncertainty_ms = clamp_u32(uncertainty_ms + RESOLUTION_OF_SECONDS_MS + age * DRIFT_PPM / 1000000),
        .clock = WARD_CLOCK_UNSYNCED,
    };

    if (received->utc_ms != WARD_UTC_UNKNOWN) {
        moment.utc_ms = received->utc_ms - age;
        moment.clock = is_trusted(received) && received->clock == WARD_CLOCK_SYNCED ? WARD_CLOCK_DEVICE
                                                                                    : WARD_CLOCK_ESTIMATED;
    }
    return moment;
}

static struct ward_device_moment by_pair(const struct ward_device_clock_pair *pair, int64_t stamp_ms,
                                         const struct ward_time *received)
{
    return moment_at(shown_ms(pair, received->boot_us) - stamp_ms, pair->uncertainty_ms, received);
}

/* By the UTC of both: the boot time of an earlier pair may be another boot's. */
static struct ward_device_moment by_earlier(const struct ward_device_clock_pair *earlier, int64_t stamp_ms,
                                            const struct ward_time *received)
{
    const int64_t measured_ms = stamp_ms - (earlier->device_ms - earlier->at.utc_ms);
    const int64_t since_ms = magnitude(measured_ms - earlier->at.utc_ms);
    struct ward_device_moment moment = moment_at(
        received->utc_ms - measured_ms, earlier->uncertainty_ms + since_ms * DRIFT_PPM / 1000000, received);

    moment.clock = WARD_CLOCK_ESTIMATED;
    return moment;
}

/* It may be wrong by as much as the clock was set by. */
static struct ward_device_moment stepped(struct ward_device_moment moment, int64_t step_ms)
{
    moment.clock = moment.clock == WARD_CLOCK_DEVICE ? WARD_CLOCK_ESTIMATED : moment.clock;
    moment.uncertainty_ms = clamp_u32(step_ms + moment.uncertainty_ms);
    return moment;
}

/* Whether the stamp, by this offset from UTC, lies after the earlier pair and before the end. */
static bool fits(int64_t stamp_ms, int64_t offset_ms, int64_t from_ms, int64_t to_ms)
{
    return stamp_ms - offset_ms >= from_ms - WARD_DEVICE_CLOCK_WRONG_MS &&
           stamp_ms - offset_ms <= to_ms + WARD_DEVICE_CLOCK_WRONG_MS;
}

/*
 * By the clock as it was when this connection began. Where its distance from UTC is not that of the earlier pair, somebody
 * set it between the two, and a stamp may be of before or after that.
 */
static struct ward_device_moment by_before(const struct ward_device_clock_known *known, int64_t stamp_ms,
                                           const struct ward_time *received)
{
    const struct ward_device_moment unknown = ward_device_clock_no_moment();
    const struct ward_device_moment moment = by_pair(&known->before, stamp_ms, received);
    const bool is_ahead = stamp_ms > shown_ms(&known->before, received->boot_us) + WARD_DEVICE_CLOCK_WRONG_MS;
    int64_t offset, earlier_offset, step;
    bool fits_before, fits_earlier;

    if (!ward_device_clock_offset_ms(&known->before, &offset) ||
        !ward_device_clock_offset_ms(&known->earlier, &earlier_offset))
        return is_ahead ? unknown : moment;
    step = magnitude(offset - earlier_offset);
    if (step <= WARD_DEVICE_CLOCK_STEP_MS)
        return is_ahead ? unknown : moment;
    fits_earlier = fits(stamp_ms, earlier_offset, known->earlier.at.utc_ms, known->before.at.utc_ms);
    fits_before = !is_ahead && stamp_ms - offset >= known->earlier.at.utc_ms - WARD_DEVICE_CLOCK_WRONG_MS;
    if (fits_earlier && fits_before)
        return stepped(moment, step);
    if (fits_earlier && received->utc_ms != WARD_UTC_UNKNOWN)
        return by_earlier(&known->earlier, stamp_ms, received);
    return fits_before ? moment : unknown;
}

struct ward_device_moment ward_device_clock_map(const struct ward_device_clock_known *known,
                                                const struct ward_device_time *stamp,
                                                const struct ward_time *received)
{
    const int64_t stamp_ms = stamp->present ? ward_device_time_to_ms(stamp) : WARD_DEVICE_TIME_UNKNOWN;

    if (stamp_ms == WARD_DEVICE_TIME_UNKNOWN)
        return ward_device_clock_no_moment();
    if (ward_device_clock_is_pair(&known->after) &&
        stamp_ms >= known->after.device_ms - WARD_DEVICE_CLOCK_WRONG_MS &&
        stamp_ms <= shown_ms(&known->after, received->boot_us) + WARD_DEVICE_CLOCK_WRONG_MS)
        return by_pair(&known->after, stamp_ms, received);
    if (!ward_device_clock_is_pair(&known->before))
        return ward_device_clock_no_moment();
    return by_before(known, stamp_ms, received);
}
