/* SPDX-License-Identifier: Apache-2.0 */
/*
 * From left to right: the server up to the slash, then the groups, each held against its own check, then the check over
 * everything. The first that is wrong is named, so that only that is typed again.
 */
#include "ward/enrolment.h"

#include <string.h>

#define GROUP         5
#define DATA          4 /* of a group; the last character is its check */
#define CHARACTERS    ((size_t)WARD_ENROLMENT_GROUPS * GROUP)
#define SECRET_OCTETS 10
#define BODY_OCTETS   (SECRET_OCTETS + WARD_ENROLMENT_FINGERPRINT)
#define CRC_OCTETS    3
#define PORT_DEFAULT  443
#define NO_DIGIT      32

static const char alphabet[] = "0123456789ABCDEFGHJKMNPQRSTVWXYZ";

static bool fail(char *ret_fault, const char *before, const char *ordinal, const char *after)
{
    size_t at = 0;
    const char *parts[] = {before, ordinal, after};

    for (size_t i = 0; i < sizeof(parts) / sizeof(parts[0]); i++)
        for (const char *from = parts[i]; *from && at + 1 < WARD_ENROLMENT_FAULT_MAX; from++)
            ret_fault[at++] = *from;
    ret_fault[at] = '\0';
    return false;
}

static bool fail_group(char *ret_fault, size_t group, const char *how)
{
    static const char *const ordinals[WARD_ENROLMENT_GROUPS] = {
        "first",      "second",     "third",     "fourth",    "fifth",       "sixth",
        "seventh",    "eighth",     "ninth",     "tenth",     "eleventh",    "twelfth",
        "thirteenth", "fourteenth", "fifteenth", "sixteenth", "seventeenth", "eighteenth"};

    return fail(ret_fault, "the ", ordinals[group], how);
}

static char lower(char character)
{
    return character >= 'A' && character <= 'Z' ? (char)(character + ('a' - 'A')) : character;
}

/* 0 to 31, or NO_DIGIT. */
static uint8_t digit_of(char character)
{
    const char small = lower(character);
    uint8_t value = 0;

    if (small == 'o')
        return 0;
    if (small == 'i' || small == 'l')
        return 1;
    while (value < NO_DIGIT && lower(alphabet[value]) != small)
        value++;
    return value;
}

static bool is_gap(char character)
{
    return character == ' ' || character == '\t' || character == '-' || character == '\r' ||
           character == '\n';
}

/* ---- the server ---- */

static bool is_host(const char *text, size_t length, bool bracketed)
{
    if (length == 0 || length > WARD_ENROLMENT_HOST_MAX)
        return false;
    for (size_t i = 0; i < length; i++) {
        const char small = lower(text[i]);
        const bool digit = small >= '0' && small <= '9';

        if (bracketed ? !digit && !(small >= 'a' && small <= 'f') && small != ':' && small != '.'
                      : !digit && !(small >= 'a' && small <= 'z') && small != '-' && small != '.')
            return false;
    }
    return bracketed || text[0] != '.';
}

/* ":8443", or nothing. 0 for what is no port. */
static uint16_t port_of(const char *text, size_t length)
{
    uint32_t port = 0;

    if (length == 0)
        return PORT_DEFAULT;
    if (text[0] != ':' || length == 1 || length > 6 || text[1] == '0')
        return 0;
    for (size_t i = 1; i < length; i++) {
        if (text[i] < '0' || text[i] > '9')
            return 0;
        port = port * 10 + (uint32_t)(text[i] - '0');
    }
    return port <= UINT16_MAX ? (uint16_t)port : 0;
}

static bool read_server(const char *text, size_t length, struct ward_enrolment_code *code)
{
    const bool bracketed = length > 0 && text[0] == '[';
    const char *end = memchr(text, bracketed ? ']' : ':', length);
    const char *host = text + bracketed;
    size_t host_length, used;

    if (bracketed && !end)
        return false;
    host_length = end ? (size_t)(end - host) : length;
    used = host_length + (bracketed ? 2 : 0);
    code->port = port_of(text + used, length - used);
    if (!is_host(host, host_length, bracketed) || code->port == 0)
        return false;
    for (size_t i = 0; i < host_length; i++)
        code->host[i] = lower(host[i]);
    code->host[host_length] = '\0';
    return true;
}

/* ---- the groups ---- */

/* Where a group ends that is typed apart from the next. */
static size_t run_of(const char *text, size_t length)
{
    size_t run = 0;

    while (run < length && !is_gap(text[run]))
        run++;
    return run;
}

static size_t gap_of(const char *text, size_t length)
{
    size_t gap = 0;

    while (gap < length && is_gap(text[gap]))
        gap++;
    return gap;
}

/* In GF(32), x^5 = x^2 + 1. */
static uint8_t times_x(uint8_t value)
{
    value = (uint8_t)(value << 1);
    return value & 0x20 ? (uint8_t)(value ^ 0x25) : value;
}

static uint8_t check_of(const uint8_t *digits, size_t group)
{
    uint8_t sum = 0;

    /* Horner's way, from the last: each digit is multiplied by x once more than the one before it */
    for (size_t i = DATA; i > 0; i--)
        sum = times_x(sum ^ digits[i - 1]);
    return (uint8_t)(sum ^ (group + 1));
}

static bool read_group(const char *text, size_t group, uint8_t *ret_digits, char *ret_fault)
{
    for (size_t i = 0; i < GROUP; i++) {
        ret_digits[i] = digit_of(text[i]);
        if (ret_digits[i] == NO_DIGIT)
            return fail_group(ret_fault, group, " group has a character that is in no code");
    }
    return check_of(ret_digits, group) == ret_digits[DATA] ||
           fail_group(ret_fault, group, " group is mistyped");
}

/* With a gap anywhere every group stands apart; otherwise five characters are the next group. */
static bool read_groups(const char *text, size_t length, uint8_t *ret_digits, char *ret_fault)
{
    size_t at = gap_of(text, length);
    const bool apart = run_of(text + at, length - at) < length - at;

    for (size_t group = 0; group < WARD_ENROLMENT_GROUPS; group++) {
        const size_t run = run_of(text + at, length - at);

        if (run == 0)
            return fail_group(ret_fault, group, " group is missing");
        if (apart ? run != GROUP : run < GROUP)
            return fail_group(ret_fault, group, " group has too few or too many characters: it has five");
        if (!read_group(text + at, group, ret_digits + group * GROUP, ret_fault))
            return false;
        at += GROUP;
        at += gap_of(text + at, length - at);
    }
    return at == length || fail(ret_fault, "there is something behind the ", "eighteenth", " group");
}

/* ---- what they say ---- */

static void unpack(const uint8_t *digits, uint8_t *ret_octets)
{
    uint32_t bits = 0;
    unsigned held = 0;
    size_t octet = 0;

    for (size_t i = 0; i < CHARACTERS; i++) {
        if (i % GROUP == DATA)
            continue;
        bits = (bits << 5 | digits[i]) & 0xFFF;
        held += 5;
        if (held >= 8) {
            held -= 8;
            ret_octets[octet++] = (uint8_t)(bits >> held);
        }
    }
}

static uint32_t crc24(uint32_t crc, const void *data, size_t length)
{
    const uint8_t *octets = data;

    for (size_t i = 0; i < length; i++) {
        crc ^= (uint32_t)octets[i] << 16;
        for (int bit = 0; bit < 8; bit++)
            crc = crc & 0x800000 ? (crc << 1 ^ 0x864CFB) & 0xFFFFFF : crc << 1;
    }
    return crc;
}

static uint32_t crc_of(const struct ward_enrolment_code *code, const uint8_t *body)
{
    char port[6];
    size_t at = sizeof(port);
    uint32_t crc = crc24(0xB704CE, code->host, strlen(code->host));

    for (unsigned rest = code->port; rest > 0; rest /= 10)
        port[--at] = (char)('0' + rest % 10);
    port[--at] = ':';
    crc = crc24(crc, port + at, sizeof(port) - at);
    return crc24(crc, body, BODY_OCTETS);
}

static void take_secret(const uint8_t *digits, char *ret)
{
    for (size_t i = 0; i < WARD_ENROLMENT_SECRET_MAX; i++)
        ret[i] = alphabet[digits[i + i / DATA]]; /* beside each four is a check */
    ret[WARD_ENROLMENT_SECRET_MAX] = '\0';
}

bool ward_enrolment_code_read(const char *text, size_t length, struct ward_enrolment_code *ret,
                              char ret_fault[static WARD_ENROLMENT_FAULT_MAX])
{
    struct ward_enrolment_code code = {.port = 0};
    uint8_t digits[CHARACTERS], octets[BODY_OCTETS + CRC_OCTETS];
    const char *slash;

    while (length > 0 && is_gap(text[length - 1]))
        length--;
    while (length > 0 && is_gap(*text)) {
        text++;
        length--;
    }
    if (length == 0)
        return fail(ret_fault, "there is no code", "", "");
    slash = length <= WARD_ENROLMENT_CODE_MAX ? memchr(text, '/', length) : NULL;
    if (!slash || !read_server(text, (size_t)(slash - text), &code))
        return fail(ret_fault, "the server before the slash is mistyped", "", "");
    if (!read_groups(slash + 1, (size_t)(text + length - slash - 1), digits, ret_fault))
        return false;
    unpack(digits, octets);
    if (crc_of(&code, octets) != ((uint32_t)octets[BODY_OCTETS] << 16 |
                                  (uint32_t)octets[BODY_OCTETS + 1] << 8 | octets[BODY_OCTETS + 2]))
        return fail(ret_fault, "the groups do not fit the server before the slash: that is mistyped", "", "");
    memcpy(code.fingerprint, octets + SECRET_OCTETS, sizeof(code.fingerprint));
    take_secret(digits, code.secret);
    *ret = code;
    return true;
}
