/* SPDX-License-Identifier: Apache-2.0 */
#include "core/reading.h"

#include <string.h>

#define COUNT(array) (sizeof(array) / sizeof((array)[0]))

static const char *const kinds[] = {
    [WARD_READING_SPOT] = "spot",     [WARD_READING_CONTINUOUS] = "continuous",
    [WARD_READING_STORED] = "stored", [WARD_READING_ENTRY] = "entry",
    [WARD_RECORD_GAP] = "gap",        [WARD_RECORD_VOID] = "void",
    [WARD_RECORD_CLOCK] = "clock",    [WARD_RECORD_UNMONITORED] = "unmonitored",
};

static const char *const qualities[] = {
    [WARD_VALID] = "valid",
    [WARD_QUESTIONABLE] = "questionable",
    [WARD_INVALID] = "invalid",
};

static const char *const clock_qualities[] = {
    [WARD_CLOCK_SYNCED] = "synced",
    [WARD_CLOCK_DEVICE] = "device",
    [WARD_CLOCK_ESTIMATED] = "estimated",
    [WARD_CLOCK_UNSYNCED] = "unsynced",
};

static const char *const securities[] = {
    [WARD_LINK_BONDED] = "bonded",
    [WARD_LINK_BONDED_UNPROVED] = "bonded-unproved",
    [WARD_LINK_OPEN] = "open",
    [WARD_LINK_NONE] = "none",
};

/* In the order of the bits of enum ward_reason. */
static const char *const reasons[WARD_REASON_COUNT] = {
    "no-value",
    "implausible",
    "no-contact",
    "poor-signal",
    "measurement-ongoing",
    "questionable-status",
    "sensor-fault",
    "motion",
    "not-clinical",
    "link-unproved",
    "undecodable",
    "invalidated-by-device",
    "disagreement",
    "context-without-measurement",
};

_Static_assert(WARD_REASON_CONTEXT_ALONE == 1u << (WARD_REASON_COUNT - 1), "every reason has a name");

static const char *name_at(const char *const *names, size_t count, unsigned index)
{
    return index < count ? names[index] : NULL;
}

static bool index_of(const char *const *names, size_t count, const char *name, uint8_t *ret)
{
    for (size_t i = 0; i < count; i++) {
        if (strcmp(names[i], name) == 0) {
            *ret = (uint8_t)i;
            return true;
        }
    }
    return false;
}

const char *ward_record_kind_name(uint8_t kind)
{
    return name_at(kinds, COUNT(kinds), kind);
}

const char *ward_quality_name(uint8_t quality)
{
    return name_at(qualities, COUNT(qualities), quality);
}

const char *ward_clock_quality_name(uint8_t clock)
{
    return name_at(clock_qualities, COUNT(clock_qualities), clock);
}

const char *ward_link_security_name(uint8_t security)
{
    return name_at(securities, COUNT(securities), security);
}

const char *ward_reason_name(unsigned index)
{
    return name_at(reasons, COUNT(reasons), index);
}

bool ward_record_kind_by_name(const char *name, uint8_t *ret)
{
    return index_of(kinds, COUNT(kinds), name, ret);
}

bool ward_quality_by_name(const char *name, uint8_t *ret)
{
    return index_of(qualities, COUNT(qualities), name, ret);
}

bool ward_clock_quality_by_name(const char *name, uint8_t *ret)
{
    return index_of(clock_qualities, COUNT(clock_qualities), name, ret);
}

bool ward_link_security_by_name(const char *name, uint8_t *ret)
{
    return index_of(securities, COUNT(securities), name, ret);
}

bool ward_reason_by_name(const char *name, uint32_t *ret)
{
    uint8_t index;

    if (!index_of(reasons, COUNT(reasons), name, &index))
        return false;
    *ret = (uint32_t)1 << index;
    return true;
}

/* A bit for each of the octets 0 to 127: the hyphen and the digits; then both alphabets. */
static bool is_id_character(char character)
{
    static const uint64_t allowed[2] = {UINT64_C(0x03FF200000000000), UINT64_C(0x07FFFFFE07FFFFFE)};
    const unsigned octet = (unsigned char)character;

    return octet < 128 && (allowed[octet >> 6] >> (octet & 63) & 1) != 0;
}

bool ward_id_is_valid(const char *text)
{
    size_t length = 0;

    while (length <= WARD_ID_MAX && is_id_character(text[length]))
        length++;
    return length > 0 && length <= WARD_ID_MAX && text[length] == '\0';
}

bool ward_id_set_n(struct ward_id *ret, const char *text, size_t length)
{
    if (length == 0 || length > WARD_ID_MAX)
        return false;
    for (size_t i = 0; i < length; i++)
        if (!is_id_character(text[i]))
            return false;
    *ret = (struct ward_id){.text = ""};
    memcpy(ret->text, text, length);
    return true;
}

bool ward_id_set(struct ward_id *ret, const char *text)
{
    return ward_id_set_n(ret, text, strnlen(text, WARD_ID_MAX + 1));
}
