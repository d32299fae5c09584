/* SPDX-License-Identifier: Apache-2.0 */
/*
 * TZif (RFC 8536): a version 1 block of 32-bit times, which is passed by; a version 2 block of 64-bit ones; a line of
 * POSIX TZ between two newlines for what comes after.
 *
 *   header   "TZif", version, 15 unused, six counts: isut, isstd, leap, time, type, char
 *   block    time × (4 or 8), time × 1, type × 6 (offset, is summer, name), char, leap × (8 or 12), isstd, isut
 */
#include "core/zone.h"

#include <string.h>

#include "core/zone_rule.h"

#define HEADER_SIZE 44

struct block {
    size_t at; /* of what follows the header */
    uint32_t utc_count, standard_count, leap_count, time_count, type_count, char_count;
};

static uint32_t get_u32(const uint8_t *octets)
{
    return (uint32_t)octets[0] << 24 | (uint32_t)octets[1] << 16 | (uint32_t)octets[2] << 8 | octets[3];
}

static int64_t get_i64(const uint8_t *octets)
{
    return (int64_t)((uint64_t)get_u32(octets) << 32 | get_u32(octets + 4));
}

static bool read_header(const uint8_t *octets, size_t length, size_t at, struct block *ret)
{
    const uint8_t *counts = octets + at + 20;

    if (length < at + HEADER_SIZE || memcmp(octets + at, "TZif", 4) != 0 || octets[at + 4] < '2') {
        return false;
    }
    *ret = (struct block){.at = at + HEADER_SIZE,
                          .utc_count = get_u32(counts),
                          .standard_count = get_u32(counts + 4),
                          .leap_count = get_u32(counts + 8),
                          .time_count = get_u32(counts + 12),
                          .type_count = get_u32(counts + 16),
                          .char_count = get_u32(counts + 20)};
    return ret->utc_count <= WARD_ZONE_FILE_MAX && ret->standard_count <= WARD_ZONE_FILE_MAX &&
           ret->leap_count <= WARD_ZONE_FILE_MAX && ret->time_count <= WARD_ZONE_FILE_MAX &&
           ret->type_count <= WARD_ZONE_FILE_MAX && ret->char_count <= WARD_ZONE_FILE_MAX;
}

static size_t size_of(const struct block *block, size_t time_size)
{
    return block->time_count * (time_size + 1) + block->type_count * (size_t)6 + block->char_count +
           block->leap_count * (time_size + 4) + block->standard_count + block->utc_count;
}

/* 2025-01-01 in UTC, before any moment that a clock of ours shows. */
#define EARLIEST_S INT64_C(1735689600)

/*
 * The first transition that is kept. Where a file has more of them than fit they are the oldest that go, but none that is
 * still to come: some zones say them one by one for sixty years, since no rule does.
 */
static uint32_t first_kept(const uint8_t *times, uint32_t count)
{
    uint32_t first = 0;

    while (count - first > WARD_ZONE_TRANSITIONS_MAX && get_i64(times + first * (size_t)8) < EARLIEST_S) {
        first++;
    }
    return first;
}

/* Fills the transitions from the 64-bit block. */
static bool read_block(const uint8_t *octets, const struct block *block, struct ward_zone *zone)
{
    const uint8_t *times = octets + block->at;
    const uint8_t *types = times + block->time_count * (size_t)8;
    const uint8_t *infos = types + block->time_count;
    const uint32_t first = first_kept(times, block->time_count);

    if (block->type_count == 0) {
        return false;
    }
    zone->before_s = (int32_t)get_u32(infos); /* RFC 8536 §3.2: type 0 is for what comes before the first */
    for (uint32_t i = 0; i < block->time_count; i++) {
        struct ward_zone_transition transition = {.at_s = get_i64(times + i * (size_t)8)};

        if (types[i] >= block->type_count ||
            (i > 0 && transition.at_s <= get_i64(times + (i - 1) * (size_t)8))) {
            return false;
        }
        transition.offset_s = (int32_t)get_u32(infos + types[i] * (size_t)6);
        if (i < first) {
            zone->before_s = transition.offset_s;
        } else if (zone->count < WARD_ZONE_TRANSITIONS_MAX) {
            zone->transitions[zone->count++] = transition;
        }
    }
    return true;
}

bool ward_zone_parse(const uint8_t *octets, size_t length, struct ward_zone *ret)
{
    struct ward_zone zone = {0};
    struct block old, block;
    size_t footer;
    const uint8_t *end;

    if (length > WARD_ZONE_FILE_MAX || !read_header(octets, length, 0, &old) ||
        !read_header(octets, length, old.at + size_of(&old, 4), &block)) {
        return false;
    }
    footer = block.at + size_of(&block, 8);
    if (footer >= length || octets[footer] != '\n' || !read_block(octets, &block, &zone)) {
        return false;
    }
    footer++;
    end = memchr(octets + footer, '\n', length - footer);
    if (end == NULL ||
        !ward_zone_rule_parse((const char *)octets + footer, (size_t)(end - octets) - footer, &zone)) {
        return false;
    }
    *ret = zone;
    return true;
}

int32_t ward_zone_offset_s(const struct ward_zone *zone, int64_t utc_s)
{
    int32_t offset_s = zone->before_s;

    if (zone->has_rule && (zone->count == 0 || utc_s >= zone->transitions[zone->count - 1].at_s)) {
        return ward_zone_rule_offset_s(zone, utc_s);
    }
    for (size_t i = 0; i < zone->count && utc_s >= zone->transitions[i].at_s; i++) {
        offset_s = zone->transitions[i].offset_s;
    }
    return offset_s;
}

int64_t ward_zone_to_utc_s(const struct ward_zone *zone, int64_t local_s)
{
    const int64_t day_s = 86400;
    int64_t before = local_s - ward_zone_offset_s(zone, local_s - day_s);
    int64_t after = local_s - ward_zone_offset_s(zone, local_s + day_s);
    bool before_is = before + ward_zone_offset_s(zone, before) == local_s;
    bool after_is = after + ward_zone_offset_s(zone, after) == local_s;

    if (before_is && after_is) {
        return before < after ? before : after;
    }
    return after_is ? after : before;
}
