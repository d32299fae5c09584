/* SPDX-License-Identifier: Apache-2.0 */
/*
 * Strings with the fewest escapes (RFC 8785 §3.2.2.2): quotation mark and reverse solidus, the five short forms,
 * \u00xx in lower case for the other control characters, everything else as UTF-8.
 */
#include <string.h>

#include "core/base64url.h"
#include "core/json_private.h"

#define REPLACEMENT "\xEF\xBF\xBD"
#define HEX_AT_ONCE 32 /* octets: a chain, and more than most frames have */

static const char hex_digits[] = "0123456789abcdef";

/* Unicode 15, table 3-7: no overlong form, no surrogate, nothing above U+10FFFF. */
size_t ward_json_utf8_length(const uint8_t *text, size_t length)
{
    uint8_t first = text[0];
    size_t wanted = first < 0x80   ? 1
                    : first < 0xC2 ? 0
                    : first < 0xE0 ? 2
                    : first < 0xF0 ? 3
                    : first < 0xF5 ? 4
                                   : 0;

    if (wanted == 0 || wanted > length) {
        return 0;
    }
    for (size_t i = 1; i < wanted; i++) {
        if ((text[i] & 0xC0) != 0x80) {
            return 0;
        }
    }
    bool bad_second = (first == 0xE0 && text[1] < 0xA0) || (first == 0xED && text[1] > 0x9F) ||
                      (first == 0xF0 && text[1] < 0x90) || (first == 0xF4 && text[1] > 0x8F);
    return bad_second ? 0 : wanted;
}

static void put_control(struct ward_json *json, uint8_t c)
{
    static const char shorts[] = "btn\0fr"; /* U+0008 to U+000D; U+000B has none */
    char escape[6] = {'\\', 'u', '0', '0', hex_digits[c >> 4], hex_digits[c & 15]};

    if (c >= 8 && c <= 13 && shorts[c - 8] != '\0') {
        escape[1] = shorts[c - 8];
        ward_json_put(json, escape, 2);
    } else {
        ward_json_put(json, escape, sizeof(escape));
    }
}

#define EACH(octet) (UINT64_C(0x0101010101010101) * (octet))

/* Whether one of eight octets does not stand for itself; in a few cases also when all do. */
static bool may_hold_other(uint64_t octets)
{
    const uint64_t quotation = octets ^ EACH('"'), solidus = octets ^ EACH('\\');

    /* The top bit of an octet is set by what is above 0x7F; by borrowing, what is below 0x20; what is equal. */
    return ((octets | (octets - EACH(0x20)) | (quotation - EACH(1)) | (solidus - EACH(1))) & EACH(0x80)) != 0;
}

/* How many octets from text on stand for themselves: most of what is written is nothing else. */
static size_t plain_length(const uint8_t *text, size_t length)
{
    size_t plain = 0;
    uint64_t octets;

    for (; length - plain >= sizeof(octets); plain += sizeof(octets)) {
        memcpy(&octets, text + plain, sizeof(octets));
        if (may_hold_other(octets)) {
            break;
        }
    }
    while (plain < length && text[plain] >= 0x20 && text[plain] < 0x80 && text[plain] != '"' &&
           text[plain] != '\\') {
        plain++;
    }
    return plain;
}

/* What cannot be taken over as it is. Returns the octets of text that it stands for. */
static size_t put_other(struct ward_json *json, const char *text, size_t length)
{
    const uint8_t *octets = (const uint8_t *)text;
    size_t taken = ward_json_utf8_length(octets, length);

    if (taken == 0) {
        ward_json_put(json, REPLACEMENT, strlen(REPLACEMENT));
        return 1;
    }
    if (octets[0] < 0x20) {
        put_control(json, octets[0]);
        return taken;
    }
    if (text[0] == '"' || text[0] == '\\') {
        ward_json_put(json, "\\", 1);
    }
    ward_json_put(json, text, taken);
    return taken;
}

void ward_json_part(struct ward_json *json, const char *text, size_t length)
{
    if (!json->in_string) {
        ward_json_set_fault(json, WARD_JSON_MISUSED);
    }
    for (size_t i = 0; i < length && json->fault == WARD_JSON_OK;) {
        size_t plain = plain_length((const uint8_t *)text + i, length - i);

        ward_json_put(json, text + i, plain);
        i += plain;
        if (i < length) {
            i += put_other(json, text + i, length - i);
        }
    }
}

void ward_json_part_hex(struct ward_json *json, const uint8_t *octets, size_t count)
{
    char text[2 * HEX_AT_ONCE];

    if (!json->in_string) {
        ward_json_set_fault(json, WARD_JSON_MISUSED);
    }
    for (size_t done = 0; done < count && json->fault == WARD_JSON_OK; done += HEX_AT_ONCE) {
        size_t some = count - done < HEX_AT_ONCE ? count - done : HEX_AT_ONCE;

        for (size_t i = 0; i < some; i++) {
            text[2 * i] = hex_digits[octets[done + i] >> 4];
            text[2 * i + 1] = hex_digits[octets[done + i] & 15];
        }
        ward_json_put(json, text, 2 * some);
    }
}

void ward_json_part_base64url(struct ward_json *json, const uint8_t *octets, size_t count)
{
    /* Three octets make four whole characters, so the pieces join without a seam. */
    for (size_t i = 0; i < count && json->fault == WARD_JSON_OK; i += 3) {
        char quad[4];
        size_t used = ward_base64url_encode(octets + i, count - i < 3 ? count - i : 3, quad);
        ward_json_part(json, quad, used);
    }
}

void ward_json_string_begin(struct ward_json *json)
{
    ward_json_value(json);
    ward_json_put(json, "\"", 1);
    json->in_string = true;
}

void ward_json_string_end(struct ward_json *json)
{
    if (!json->in_string) {
        ward_json_set_fault(json, WARD_JSON_MISUSED);
    }
    ward_json_put(json, "\"", 1);
    json->in_string = false;
}

/* Nearly all texts are short and stand for themselves: those go in one piece. */
void ward_json_string_n(struct ward_json *json, const char *text, size_t length)
{
    const bool plain = plain_length((const uint8_t *)text, length) == length;
    const size_t comma = plain && ward_json_takes_comma(json);
    char *at = plain ? ward_json_room(json, comma + length + 2) : NULL;

    if (at != NULL) {
        *at = ',';
        at += comma;
        *at++ = '"';
        memcpy(at, text, length);
        at[length] = '"';
    } else if (!plain) {
        ward_json_string_begin(json);
        ward_json_part(json, text, length);
        ward_json_string_end(json);
    }
}

void ward_json_string(struct ward_json *json, const char *text)
{
    if (text == NULL) {
        ward_json_null(json);
    } else {
        ward_json_string_n(json, text, strlen(text));
    }
}

void ward_json_hex(struct ward_json *json, const uint8_t *octets, size_t count)
{
    ward_json_string_begin(json);
    ward_json_part_hex(json, octets, count);
    ward_json_string_end(json);
}

void ward_json_base64url(struct ward_json *json, const uint8_t *octets, size_t count)
{
    ward_json_string_begin(json);
    ward_json_part_base64url(json, octets, count);
    ward_json_string_end(json);
}
