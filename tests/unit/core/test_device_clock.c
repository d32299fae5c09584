/* SPDX-License-Identifier: Apache-2.0 */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdio.h>
#include <string.h>

#include <cmocka.h>

#include "core/decode.h"
#include "core/device_clock.h"
#include "core/utc.h"

#define HOUR_MS INT64_C(3600000)
#define DAY_MS  (24 * HOUR_MS)

static int64_t ms_of(const char *text)
{
    int64_t ms = 0;

    assert_true(ward_utc_parse(text, strlen(text), &ms));
    return ms;
}

static struct ward_time synced(const char *utc, uint64_t boot_ms)
{
    return (struct ward_time){.boot_us = boot_ms * 1000, .utc_ms = ms_of(utc), .clock = WARD_CLOCK_SYNCED};
}

static struct ward_time untrusted(uint64_t boot_ms)
{
    return (struct ward_time){
        .boot_us = boot_ms * 1000, .utc_ms = WARD_UTC_UNKNOWN, .clock = WARD_CLOCK_UNSYNCED};
}

/* "2026-11-22T10:00:00Z" is what the device's clock shows, whatever its zone. */
static struct ward_device_clock_pair pair_of(const char *device, struct ward_time at)
{
    return (struct ward_device_clock_pair){.device_ms = ms_of(device), .at = at, .uncertainty_ms = 1000};
}

static struct ward_device_time stamp_of(const char *text)
{
    struct ward_device_time time;

    assert_true(ward_device_time_from_seconds(ms_of(text) / 1000, &time));
    return time;
}

/* --- setting ------------------------------------------------------------------------------------------------- */

static void what_is_written(void **state)
{
    static const struct {
        const char *utc;
        int16_t zone_min;
        uint8_t octets[10];
    } cases[] = {
        {"2026-11-22T09:00:02.500Z", 0, {0xEA, 0x07, 11, 22, 9, 0, 2, 7, 128, 2}},
        {"2026-11-22T23:30:00.000Z", 60, {0xEA, 0x07, 11, 23, 0, 30, 0, 1, 0, 2}},
        {"2026-03-01T01:00:00.999Z", -120, {0xEA, 0x07, 2, 28, 23, 0, 0, 6, 255, 2}},
        {"2024-02-29T12:00:00.000Z", 345, {0xE8, 0x07, 2, 29, 17, 45, 0, 4, 0, 2}},
    };

    (void)state;
    for (size_t i = 0; i < sizeof(cases) / sizeof(cases[0]); i++) {
        const struct ward_time now = synced(cases[i].utc, 1000);
        uint8_t octets[WARD_DEVICE_CLOCK_OCTETS_MAX];

        memset(octets, 0xA5, sizeof(octets));
        assert_int_equal(ward_device_clock_encode(WARD_CHAR_CURRENT_TIME, &now, cases[i].zone_min, octets),
                         10);
        assert_memory_equal(octets, cases[i].octets, 10);
        assert_int_equal(ward_device_clock_encode(WARD_CHAR_DATE_TIME, &now, cases[i].zone_min, octets), 7);
        assert_memory_equal(octets, cases[i].octets, 7);
    }
}

static void what_is_not_written(void **state)
{
    const struct ward_time no_utc = untrusted(1000);
    struct ward_time guess = synced("2026-11-22T09:00:02.500Z", 1000);
    const struct ward_time before_1970 = synced("1969-11-22T09:00:02.500Z", 1000);
    uint8_t octets[WARD_DEVICE_CLOCK_OCTETS_MAX];

    (void)state;
    assert_int_equal(ward_device_clock_encode(WARD_CHAR_CURRENT_TIME, &no_utc, 0, octets), 0);
    assert_int_equal(ward_device_clock_encode(WARD_CHAR_CURRENT_TIME, &before_1970, 0, octets), 0);
    assert_int_equal(ward_device_clock_encode(WARD_CHAR_BATTERY_LEVEL, &guess, 0, octets), 0);
    guess.clock = WARD_CLOCK_UNSYNCED;
    assert_int_equal(ward_device_clock_encode(WARD_CHAR_CURRENT_TIME, &guess, 0, octets), 0);
    guess.clock = WARD_CLOCK_ESTIMATED;
    assert_int_equal(ward_device_clock_encode(WARD_CHAR_CURRENT_TIME, &guess, 0, octets), 10);
}

/* --- reading ------------------------------------------------------------------------------------------------- */

static struct ward_device_clock_pair answer(uint16_t form, const uint8_t *octets, size_t length)
{
    return ward_device_clock_read(
        &(struct ward_device_clock_answer){.form = form,
                                           .octets = octets,
                                           .length = length,
                                           .asked = synced("2026-11-22T09:00:00.000Z", 10000),
                                           .answered = synced("2026-11-22T09:00:00.200Z", 10200)});
}

static void what_an_answer_means(void **state)
{
    static const uint8_t current_time[] = {0xEA, 0x07, 11, 22, 10, 0, 3, 7, 128, 0};
    static const uint8_t whole_second[] = {0xEA, 0x07, 11, 22, 10, 0, 3, 7, 0, 0};
    static const uint8_t nowhere[] = {0xEA, 0x07, 13, 22, 10, 0, 3, 7, 128, 0};
    static const uint8_t not_set[] = {0, 0, 11, 22, 10, 0, 3};
    struct ward_device_clock_pair pair = answer(WARD_CHAR_CURRENT_TIME, current_time, 10);
    int64_t offset = 1;

    (void)state;
    assert_true(pair.device_ms == ms_of("2026-11-22T10:00:03.500Z"));
    assert_true(pair.at.boot_us == 10100000);
    assert_true(pair.at.utc_ms == ms_of("2026-11-22T09:00:00.100Z"));
    assert_int_equal(pair.uncertainty_ms, 104);
    assert_true(ward_device_clock_offset_ms(&pair, &offset));
    assert_true(offset == HOUR_MS + 3400);

    pair = answer(WARD_CHAR_CURRENT_TIME, whole_second, 10);
    assert_int_equal(pair.uncertainty_ms, 1100);
    pair = answer(WARD_CHAR_DATE_TIME, current_time, 7);
    assert_true(pair.device_ms == ms_of("2026-11-22T10:00:03Z"));
    assert_int_equal(pair.uncertainty_ms, 1100);

    offset = 1;
    pair = answer(WARD_CHAR_CURRENT_TIME, nowhere, 10);
    assert_false(ward_device_clock_is_pair(&pair));
    assert_false(ward_device_clock_offset_ms(&pair, &offset));
    assert_true(offset == 1);
    pair = answer(WARD_CHAR_CURRENT_TIME, current_time, 9);
    assert_false(ward_device_clock_is_pair(&pair));
    pair = answer(WARD_CHAR_DATE_TIME, not_set, 7);
    assert_false(ward_device_clock_is_pair(&pair));
    pair = answer(WARD_CHAR_DATE_TIME, NULL, 0);
    assert_false(ward_device_clock_is_pair(&pair));
    pair = answer(WARD_CHAR_BATTERY_LEVEL, current_time, 1);
    assert_false(ward_device_clock_is_pair(&pair));
}

/* Where our own clock jumped back between question and answer, or neither is known, the pair holds in boot time. */
static void an_answer_without_utc(void **state)
{
    static const uint8_t octets[] = {0xEA, 0x07, 11, 22, 10, 0, 3};
    struct ward_device_clock_answer what = {.form = WARD_CHAR_DATE_TIME,
                                            .octets = octets,
                                            .length = 7,
                                            .asked = untrusted(10200),
                                            .answered = untrusted(10200)};
    struct ward_device_clock_pair pair = ward_device_clock_read(&what);
    int64_t offset = 1;

    (void)state;
    assert_true(ward_device_clock_is_pair(&pair));
    assert_true(pair.at.boot_us == 10200000);
    assert_true(pair.at.utc_ms == WARD_UTC_UNKNOWN);
    assert_int_equal(pair.uncertainty_ms, 1000);
    assert_false(ward_device_clock_offset_ms(&pair, &offset));
}

static void what_a_clock_is_worth(void **state)
{
    static const struct {
        const char *device, *utc, *earlier; /* NULL: none */
        int16_t zone_min;
        enum ward_device_clock_state expected;
    } cases[] = {
        {NULL, "2026-11-22T09:00:00Z", NULL, 0, WARD_DEVICE_CLOCK_UNREADABLE},
        {"2026-11-22T10:00:59Z", "2026-11-22T09:00:00Z", NULL, 60, WARD_DEVICE_CLOCK_RIGHT},
        {"2026-11-22T10:01:01Z", "2026-11-22T09:00:00Z", NULL, 60, WARD_DEVICE_CLOCK_WRONG},
        {"2026-11-22T09:58:59Z", "2026-11-22T09:00:00Z", NULL, 60, WARD_DEVICE_CLOCK_WRONG},
        /* summer time is over, and it does not know */
        {"2026-11-22T11:00:00Z", "2026-11-22T09:00:00Z", "2026-09-22T11:00:00Z", 60, WARD_DEVICE_CLOCK_WRONG},
        {"2000-01-01T00:10:00Z", "2026-11-22T09:00:00Z", NULL, 0, WARD_DEVICE_CLOCK_RESET},
        {"2015-12-31T23:59:59Z", NULL, NULL, 0, WARD_DEVICE_CLOCK_RESET},
        {"2016-01-01T00:00:00Z", NULL, NULL, 0, WARD_DEVICE_CLOCK_UNCHECKED},
        /* an epoch that may be a date: only the earlier look tells */
        {"2022-01-01T00:10:00Z", "2026-11-22T09:00:00Z", NULL, 0, WARD_DEVICE_CLOCK_WRONG},
        {"2022-01-01T00:10:00Z", "2026-11-22T09:00:00Z", "2026-11-20T09:00:00Z", 0, WARD_DEVICE_CLOCK_RESET},
        {"2022-01-01T00:10:00Z", NULL, "2026-11-20T09:00:00Z", 0, WARD_DEVICE_CLOCK_RESET},
        {"2026-11-20T08:00:00Z", NULL, "2026-11-20T09:00:00Z", 0, WARD_DEVICE_CLOCK_UNCHECKED},
        /* somebody corrected a clock that ran a year ahead */
        {"2026-11-22T09:00:00Z", "2026-11-22T09:00:00Z", "2027-11-20T09:00:00Z", 0, WARD_DEVICE_CLOCK_RIGHT},
    };

    (void)state;
    for (size_t i = 0; i < sizeof(cases) / sizeof(cases[0]); i++) {
        const struct ward_time now = cases[i].utc ? synced(cases[i].utc, 5000) : untrusted(5000);
        const struct ward_device_clock_pair none = ward_device_clock_no_pair();
        const struct ward_device_clock_pair pair = cases[i].device ? pair_of(cases[i].device, now) : none;
        const struct ward_device_clock_pair earlier =
            cases[i].earlier ? pair_of(cases[i].earlier, synced("2026-11-20T09:00:00Z", 0)) : none;
        const enum ward_device_clock_state got = ward_device_clock_judge(&pair, &earlier, cases[i].zone_min);

        if (got != cases[i].expected)
            fail_msg("case %zu: %s instead of %s", i, ward_device_clock_state_name(got),
                     ward_device_clock_state_name(cases[i].expected));
    }
}

static void names(void **state)
{
    (void)state;
    assert_string_equal(ward_device_clock_state_name(WARD_DEVICE_CLOCK_UNREADABLE), "unreadable");
    assert_string_equal(ward_device_clock_state_name(WARD_DEVICE_CLOCK_RESET), "reset");
    assert_string_equal(ward_device_clock_state_name(WARD_DEVICE_CLOCK_WRONG), "wrong");
    assert_string_equal(ward_device_clock_state_name(WARD_DEVICE_CLOCK_UNCHECKED), "unchecked");
    assert_string_equal(ward_device_clock_state_name(WARD_DEVICE_CLOCK_RIGHT), "right");
    assert_string_equal(ward_device_clock_state_name((enum ward_device_clock_state)99), "");
}

static void drift(void **state)
{
    static const struct {
        const char *device, *utc;
        bool tells;
        int32_t ppm;
    } cases[] = {
        {"2026-11-11T10:00:43Z", "2026-11-11T09:00:00Z", true, 49},
        {"2026-11-11T09:59:17Z", "2026-11-11T09:00:00Z", true, -49},
        {"2026-11-01T11:00:00Z", "2026-11-01T10:00:00Z", false, 0}, /* an hour tells nothing */
        {"2026-11-02T10:00:30Z", "2026-11-02T09:00:00Z", false, 0}, /* 347 ppm */
        {"2027-11-01T11:00:00Z", "2027-11-01T09:00:00Z", false, 0}, /* an hour in a year: it was set */
        {"2026-11-11T09:00:00Z", "2026-11-11T09:00:00Z", false, 0},
    };
    const struct ward_device_clock_pair older =
        pair_of("2026-11-01T10:00:00Z", synced("2026-11-01T09:00:00Z", 0));
    const struct ward_device_clock_pair blind = pair_of("2026-11-01T10:00:00Z", untrusted(0));

    (void)state;
    for (size_t i = 0; i < sizeof(cases) / sizeof(cases[0]); i++) {
        const struct ward_device_clock_pair newer = pair_of(cases[i].device, synced(cases[i].utc, 0));
        int32_t ppm = 12345;

        assert_int_equal(ward_device_clock_drift_ppm(&older, &newer, &ppm), cases[i].tells);
        assert_int_equal(ppm, cases[i].tells ? cases[i].ppm : 12345);
        assert_false(ward_device_clock_drift_ppm(&blind, &newer, &ppm));
        assert_false(ward_device_clock_drift_ppm(&newer, &blind, &ppm));
    }
}

/* How a clock goes over months: look by look, what is known afterwards. */
struct look {
    const char *name, *device, *utc, *set_to; /* set_to: what it shows after we set it; NULL: we did not */
    bool has_drift;
    int32_t ppm;
    const char *from; /* UTC of what drift is told against */
};

static const struct look looks[] = {
    {"the first", "2026-11-01T10:00:00Z", "2026-11-01T09:00:00Z", NULL, false, 0, "2026-11-01T09:00:00.000Z"},
    {"an hour later", "2026-11-01T11:00:00Z", "2026-11-01T10:00:00Z", NULL, false, 0,
     "2026-11-01T09:00:00.000Z"},
    {"ten days later", "2026-11-11T10:00:43Z", "2026-11-11T09:00:00Z", NULL, true, 49,
     "2026-11-01T09:00:00.000Z"},
    {"after a day the wait is over", "2026-11-12T10:00:43Z", "2026-11-12T09:00:00Z", NULL, true, 45,
     "2026-11-01T09:00:00.000Z"},
    {"somebody set it by a minute", "2026-11-12T11:01:43Z", "2026-11-12T10:00:00Z", NULL, true, 45,
     "2026-11-12T10:00:00.000Z"},
    {"by an hour, and days passed", "2026-11-15T12:01:43Z", "2026-11-15T10:00:00Z", NULL, true, 45,
     "2026-11-15T10:00:00.000Z"},
    {"we set it", "2026-11-15T13:01:43Z", "2026-11-15T11:00:00Z", "2026-11-15T12:00:00Z", true, 45,
     "2026-11-15T11:00:00.000Z"},
    {"two days after that", "2026-11-17T11:59:51Z", "2026-11-17T11:00:00Z", NULL, true, -52,
     "2026-11-15T11:00:00.000Z"},
    {"a month after that", "2026-12-16T12:00:00Z", "2026-12-16T11:00:00Z", NULL, true, 0,
     "2026-12-16T11:00:00.000Z"},
    {"our own clock was put back", "2026-12-10T12:00:00Z", "2026-12-10T11:00:00Z", NULL, true, 0,
     "2026-12-10T11:00:00.000Z"},
};

static void a_clock_has_its_habits(void **state)
{
    struct ward_device_clock_habit habit = ward_device_clock_no_habit();
    const struct ward_device_clock_pair none = ward_device_clock_no_pair(),
                                        blind = pair_of("2027-01-01T00:00:00Z", untrusted(0));
    struct ward_device_clock_pair earlier = none;

    (void)state;
    assert_false(habit.has_offset || habit.has_drift);
    for (size_t i = 0; i < sizeof(looks) / sizeof(looks[0]); i++) {
        const struct ward_device_clock_pair found = pair_of(looks[i].device, synced(looks[i].utc, 0));
        const struct ward_device_clock_pair left =
            looks[i].set_to ? pair_of(looks[i].set_to, synced(looks[i].utc, 0)) : found;
        char from[WARD_UTC_TEXT_SIZE];

        ward_device_clock_note(&habit, &(struct ward_device_clock_look){earlier, found, left});
        earlier = left;
        /* what tells nothing takes nothing back */
        ward_device_clock_note(&habit, &(struct ward_device_clock_look){earlier, none, none});
        ward_device_clock_note(&habit, &(struct ward_device_clock_look){blind, blind, blind});
        ward_utc_format(habit.from.at.utc_ms, from);
        if (!habit.has_offset || habit.offset_ms != ms_of(looks[i].device) - ms_of(looks[i].utc) ||
            habit.looked_at_ms != ms_of(looks[i].utc) || habit.has_drift != looks[i].has_drift ||
            (habit.has_drift && habit.drift_ppm != looks[i].ppm) || strcmp(from, looks[i].from) != 0)
            fail_msg("%s: drift %d %d, from %s", looks[i].name, habit.has_drift, (int)habit.drift_ppm, from);
    }
}

/* --- when a record was measured ------------------------------------------------------------------------------- */

/* Received at 09:10:00 UTC, boot 1,200,000 ms; the clock was read at 09:00:00, boot 600,000 ms. */
struct map_case {
    const char *name, *earlier, *earlier_utc, *before, *after, *stamp, *expected; /* NULL: not known */
    uint8_t clock;
    uint32_t at_least_uncertain_ms;
};

static const struct map_case map_cases[] = {
    {"a clock in our zone", NULL, NULL, "2026-11-22T10:00:00Z", NULL, "2026-11-22T09:30:00Z",
     "2026-11-22T08:30:00.000Z", WARD_CLOCK_DEVICE, 2000},
    {"in no zone of ours", NULL, NULL, "2026-11-22T22:17:00Z", NULL, "2026-11-22T21:47:00Z",
     "2026-11-22T08:30:00.000Z", WARD_CLOCK_DEVICE, 2000},
    {"reset to its epoch", NULL, NULL, "2000-01-01T05:00:00Z", NULL, "2000-01-01T04:30:00Z",
     "2026-11-22T08:30:00.000Z", WARD_CLOCK_DEVICE, 2000},
    {"measured now", NULL, NULL, "2026-11-22T10:00:00Z", NULL, "2026-11-22T10:10:00Z",
     "2026-11-22T09:10:00.000Z", WARD_CLOCK_DEVICE, 2000},
    {"a stamp that was rounded up", NULL, NULL, "2026-11-22T10:00:00Z", NULL, "2026-11-22T10:10:59Z",
     "2026-11-22T09:10:00.000Z", WARD_CLOCK_DEVICE, 2000},
    {"a stamp of the future", NULL, NULL, "2026-11-22T10:00:00Z", NULL, "2026-11-22T10:11:01Z", NULL, 0, 0},
    {"no pair", NULL, NULL, NULL, NULL, "2026-11-22T10:00:00Z", NULL, 0, 0},
    {"only an earlier pair: nobody checked it", "2026-11-20T10:00:00Z", "2026-11-20T09:00:00Z", NULL, NULL,
     "2026-11-22T10:00:00Z", NULL, 0, 0},
    {"the same clock as before", "2026-11-20T10:00:05Z", "2026-11-20T09:00:00Z", "2026-11-22T10:00:00Z", NULL,
     "2026-11-21T10:00:00Z", "2026-11-21T09:00:00.000Z", WARD_CLOCK_DEVICE, 2000},
    {"older than the earlier pair", "2026-11-20T10:00:05Z", "2026-11-20T09:00:00Z", "2026-11-22T10:00:00Z",
     NULL, "2026-11-01T10:00:00Z", "2026-11-01T09:00:00.000Z", WARD_CLOCK_DEVICE, 100000},
    {"the same clock, a stamp of the future", "2026-11-20T10:00:05Z", "2026-11-20T09:00:00Z",
     "2026-11-22T10:00:00Z", NULL, "2026-11-22T12:00:00Z", NULL, 0, 0},
    /* summer time ended between the two: the device does not know, and nothing changes */
    {"across the end of summer time", "2026-10-20T11:00:00Z", "2026-10-20T09:00:00Z", "2026-11-22T11:00:00Z",
     NULL, "2026-11-22T10:30:00Z", "2026-11-22T08:30:00.000Z", WARD_CLOCK_DEVICE, 2000},
    /* … or somebody set it back: a record of between may be of either clock */
    {"somebody set it back: either", "2026-10-20T11:00:00Z", "2026-10-20T09:00:00Z", "2026-11-22T10:00:00Z",
     NULL, "2026-11-22T08:30:00Z", "2026-11-22T07:30:00.000Z", WARD_CLOCK_ESTIMATED, 3600000},
    {"somebody set it back: of the new clock alone", "2026-11-22T10:00:00Z", "2026-11-22T08:00:00Z",
     "2026-11-22T10:00:00Z", NULL, "2026-11-22T09:30:00Z", "2026-11-22T08:30:00.000Z", WARD_CLOCK_DEVICE,
     2000},
    /* reset between the two */
    {"a reset: of the clock before it", "2026-11-20T10:00:00Z", "2026-11-20T09:00:00Z",
     "2000-01-01T00:10:00Z", NULL, "2026-11-21T10:00:00Z", "2026-11-21T09:00:00.000Z", WARD_CLOCK_ESTIMATED,
     2000},
    {"a reset: of the clock since", "2026-11-20T10:00:00Z", "2026-11-20T09:00:00Z", "2000-01-01T00:10:00Z",
     NULL, "2000-01-01T00:05:00Z", "2026-11-22T08:55:00.000Z", WARD_CLOCK_DEVICE, 2000},
    {"a reset: of neither", "2026-11-20T10:00:00Z", "2026-11-20T09:00:00Z", "2000-01-01T00:10:00Z", NULL,
     "2026-11-19T10:00:00Z", NULL, 0, 0},
    {"a reset: of the future", "2026-11-20T10:00:00Z", "2026-11-20T09:00:00Z", "2000-01-01T00:10:00Z", NULL,
     "2026-11-22T12:00:00Z", NULL, 0, 0},
    {"set forward: of the clock before it", "2000-01-01T00:10:00Z", "2026-11-20T09:00:00Z",
     "2026-11-22T10:00:00Z", NULL, "2000-01-02T00:10:00Z", "2026-11-21T09:00:00.000Z", WARD_CLOCK_ESTIMATED,
     2000},
    {"set forward: of neither", "2000-01-01T00:10:00Z", "2026-11-20T09:00:00Z", "2026-11-22T10:00:00Z", NULL,
     "2010-01-02T00:10:00Z", NULL, 0, 0},
    /* we set it in this connection */
    {"set by us: measured since", NULL, NULL, "2000-01-01T00:10:00Z", "2026-11-22T10:00:01Z",
     "2026-11-22T10:05:01Z", "2026-11-22T09:05:00.000Z", WARD_CLOCK_DEVICE, 2000},
    {"set by us: measured before", NULL, NULL, "2000-01-01T00:10:00Z", "2026-11-22T10:00:01Z",
     "2000-01-01T00:05:00Z", "2026-11-22T08:55:00.000Z", WARD_CLOCK_DEVICE, 2000},
    {"set by us: of neither", NULL, NULL, "2000-01-01T00:10:00Z", "2026-11-22T10:00:01Z",
     "2026-11-22T08:05:00Z", NULL, 0, 0},
    {"set by us, after the earlier clock was reset", "2026-11-20T10:00:00Z", "2026-11-20T09:00:00Z",
     "2000-01-01T00:10:00Z", "2026-11-22T10:00:01Z", "2026-11-21T10:00:00Z", "2026-11-21T09:00:00.000Z",
     WARD_CLOCK_ESTIMATED, 2000},
    {"set by us where it could not be read before", NULL, NULL, NULL, "2026-11-22T10:00:01Z",
     "2026-11-22T08:05:00Z", NULL, 0, 0},
};

static struct ward_device_clock_known known_of(const struct map_case *map_case, struct ward_time at)
{
    const struct ward_device_clock_pair none = ward_device_clock_no_pair();

    return (struct ward_device_clock_known){
        .earlier = map_case->earlier ? pair_of(map_case->earlier, synced(map_case->earlier_utc, 77)) : none,
        .before = map_case->before ? pair_of(map_case->before, at) : none,
        .after = map_case->after ? pair_of(map_case->after, at) : none,
    };
}

static void every_map_case(void **state)
{
    const struct ward_time received = synced("2026-11-22T09:10:00.000Z", 1200000);

    (void)state;
    for (size_t i = 0; i < sizeof(map_cases) / sizeof(map_cases[0]); i++) {
        const struct map_case *map_case = &map_cases[i];
        const struct ward_device_clock_known known =
            known_of(map_case, synced("2026-11-22T09:00:00.000Z", 600000));
        const struct ward_device_time stamp = stamp_of(map_case->stamp);
        const struct ward_device_moment moment = ward_device_clock_map(&known, &stamp, &received);
        char text[WARD_UTC_TEXT_SIZE] = "not known";
        int64_t away;

        if (moment.is_known)
            assert_true(ward_utc_format(moment.utc_ms, text));
        if (!map_case->expected) {
            if (moment.is_known)
                fail_msg("%s: %s", map_case->name, text);
            continue;
        }
        away = moment.utc_ms - ms_of(map_case->expected);
        if (!moment.is_known || away > 1000 || away < -1000 || moment.clock != map_case->clock ||
            moment.uncertainty_ms < map_case->at_least_uncertain_ms)
            fail_msg("%s: %s, clock %u, uncertain by %u ms", map_case->name, text, moment.clock,
                     moment.uncertainty_ms);
        assert_true(moment.age_ms >= 0);
        assert_true(moment.utc_ms == received.utc_ms - moment.age_ms);
        assert_true(moment.boot_us == (int64_t)received.boot_us - moment.age_ms * 1000);
    }
}

/* Booted in 1970: nothing is dropped for that. Age and boot time are known, UTC is not; then it becomes so. */
static void without_a_trusted_utc(void **state)
{
    struct ward_device_clock_known known = {.earlier = ward_device_clock_no_pair(),
                                            .before = pair_of("2026-11-22T10:00:00Z", untrusted(600000)),
                                            .after = ward_device_clock_no_pair()};
    const struct ward_device_time stamp = stamp_of("2026-11-22T09:30:00Z");
    struct ward_time received = untrusted(1200000);
    struct ward_device_moment moment = ward_device_clock_map(&known, &stamp, &received);

    (void)state;
    assert_true(moment.is_known);
    assert_true(moment.age_ms == 40 * 60000);
    assert_true(moment.boot_us == INT64_C(1200000000) - INT64_C(2400000000));
    assert_true(moment.utc_ms == WARD_UTC_UNKNOWN);
    assert_int_equal(moment.clock, WARD_CLOCK_UNSYNCED);

    received = synced("2026-11-22T09:10:00.000Z", 1200000);
    moment = ward_device_clock_map(&known, &stamp, &received);
    assert_true(moment.utc_ms == ms_of("2026-11-22T08:30:00Z"));
    assert_int_equal(moment.clock, WARD_CLOCK_DEVICE);
    received.clock = WARD_CLOCK_ESTIMATED;
    moment = ward_device_clock_map(&known, &stamp, &received);
    assert_int_equal(moment.clock, WARD_CLOCK_ESTIMATED);

    /* An earlier pair is of no use without UTC now: its boot time may be another boot's. */
    known.before = pair_of("2000-01-01T00:10:00Z", synced("2026-11-22T09:00:00Z", 600000));
    known.earlier = pair_of("2026-11-20T10:00:00Z", synced("2026-11-20T09:00:00Z", 77));
    received = untrusted(1200000);
    moment = ward_device_clock_map(&known, &stamp, &received);
    assert_false(moment.is_known);
}

static void stamps_that_are_none(void **state)
{
    const struct ward_device_clock_known known = {
        .earlier = ward_device_clock_no_pair(),
        .before = pair_of("2026-11-22T10:00:00Z", synced("2026-11-22T09:00:00Z", 600000)),
        .after = ward_device_clock_no_pair()};
    const struct ward_time received = synced("2026-11-22T09:10:00.000Z", 1200000);
    static const struct ward_device_time stamps[] = {
        {.present = false, .year = 2026, .month = 11, .day = 22},
        {.present = true, .year = 0, .month = 11, .day = 22},
        {.present = true, .year = 2026, .month = 0, .day = 22},
        {.present = true, .year = 2026, .month = 11, .day = 0},
        {.present = true, .year = 2026, .month = 13, .day = 1},
        {.present = true, .year = 2026, .month = 2, .day = 29},
        {.present = true, .year = 2026, .month = 11, .day = 22, .hour = 24},
    };

    (void)state;
    for (size_t i = 0; i < sizeof(stamps) / sizeof(stamps[0]); i++)
        assert_false(ward_device_clock_map(&known, &stamps[i], &received).is_known);
}

/* What a glucose meter shows its user, base time and offset together, is what its clock shows too. */
static void glucose_base_time_and_offset(void **state)
{
    static const uint8_t shifted[] = {0x03, 1, 0, 0xEA, 0x07, 11, 22, 9, 30, 0, 0x3C, 0x00, 0x64, 0xB0, 0x11};
    static const uint8_t not_set[] = {0x02, 1, 0, 0, 0, 11, 22, 9, 30, 0, 0x64, 0xB0, 0x11};
    static const uint8_t too_far[] = {0x03, 1, 0, 0xEA, 0x07, 11, 22, 9, 30, 0, 0xFF, 0x7F, 0x64, 0xB0, 0x11};
    const struct ward_device_clock_known known = {
        .earlier = ward_device_clock_no_pair(),
        .before = pair_of("2026-11-22T11:00:00Z", synced("2026-11-22T09:00:00Z", 600000)),
        .after = ward_device_clock_no_pair()};
    const struct ward_time received = synced("2026-11-22T09:10:00.000Z", 1200000);
    struct ward_decoded decoded;

    (void)state;
    ward_decode(WARD_CHAR_GLUCOSE_MEASUREMENT, shifted, sizeof(shifted), &decoded);
    assert_true(ward_device_clock_map(&known, &decoded.device_time, &received).utc_ms ==
                ms_of("2026-11-22T08:30:00Z"));
    ward_decode(WARD_CHAR_GLUCOSE_MEASUREMENT, not_set, sizeof(not_set), &decoded);
    assert_int_equal(decoded.outcome, WARD_DECODE_OK);
    assert_false(ward_device_clock_map(&known, &decoded.device_time, &received).is_known);
    ward_decode(WARD_CHAR_GLUCOSE_MEASUREMENT, too_far, sizeof(too_far), &decoded);
    assert_int_equal(decoded.outcome, WARD_DECODE_OK);
    assert_false(ward_device_clock_map(&known, &decoded.device_time, &received).is_known);
}

/* The extremes of what fields can hold neither overflow nor wrap. */
static void the_ends_of_time(void **state)
{
    const struct ward_device_clock_known known = {
        .earlier = pair_of("9999-12-31T23:59:59Z", synced("0001-01-01T00:00:00Z", 0)),
        .before = pair_of("0001-01-01T00:00:00Z",
                          (struct ward_time){.boot_us = UINT64_MAX / 4, .utc_ms = WARD_UTC_MAX_MS}),
        .after = pair_of("9999-12-31T23:59:59Z", synced("9999-12-31T23:59:59Z", 0))};
    static const char *const stamps[] = {"0001-01-01T00:00:00Z", "9999-12-31T23:59:59Z",
                                         "2026-11-22T00:00:00Z"};

    (void)state;
    for (size_t i = 0; i < sizeof(stamps) / sizeof(stamps[0]); i++) {
        const struct ward_device_time stamp = stamp_of(stamps[i]);
        const struct ward_time received = {.boot_us = 0, .utc_ms = WARD_UTC_MIN_MS};
        const struct ward_device_moment moment = ward_device_clock_map(&known, &stamp, &received);

        assert_true(!moment.is_known || moment.age_ms >= 0);
    }
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(what_is_written),
        cmocka_unit_test(what_is_not_written),
        cmocka_unit_test(what_an_answer_means),
        cmocka_unit_test(an_answer_without_utc),
        cmocka_unit_test(what_a_clock_is_worth),
        cmocka_unit_test(names),
        cmocka_unit_test(drift),
        cmocka_unit_test(a_clock_has_its_habits),
        cmocka_unit_test(every_map_case),
        cmocka_unit_test(without_a_trusted_utc),
        cmocka_unit_test(stamps_that_are_none),
        cmocka_unit_test(glucose_base_time_and_offset),
        cmocka_unit_test(the_ends_of_time),
    };

    return cmocka_run_group_tests(tests, NULL, NULL);
}
