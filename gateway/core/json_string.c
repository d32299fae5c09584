/* SPDX-License-Identifier: Apache-2.0 */
/*
 * Strings with the fewest escapes (RFC 8785 §3.2.2.2): quotation mark and reverse solidus, the five short forms,
 * \u00xx in lower case for the other control characters, everything else as UTF-8.
 */
#include <string.h>

#include "core/base64url.h"
#include "core/json_private.h"

#define REPLACEMENT "\xEF\xBF\xBD"

static const char hex_digits[] = "0123456789abcdef";

/*
 * Octets of the well-formed UTF-8 sequence at text, 0 when there is none (Unicode 15, table 3-7): no overlong form,
 * no surrogate, nothing above U+10FFFF.
 */
static size_t utf8_length(const uint8_t *text, size_t length)
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

void ward_json_part(struct ward_json *json, const char *text, size_t length)
{
    const uint8_t *octets = (const uint8_t *)text;

    if (!json->in_string) {
        ward_json_set_fault(json, WARD_JSON_MISUSED);
    }
    for (size_t i = 0; i < length && json->fault == WARD_JSON_OK;) {
        size_t taken = utf8_length(octets + i, length - i);
        if (taken == 0) {
            ward_json_put(json, REPLACEMENT, strlen(REPLACEMENT));
            i++;
            continue;
        }
        if (octets[i] < 0x20) {
            put_control(json, octets[i]);
        } else {
            if (text[i] == '"' || text[i] == '\\') {
                ward_json_put(json, "\\", 1);
            }
            ward_json_put(json, text + i, taken);
        }
        i += taken;
    }
}

void ward_json_part_hex(struct ward_json *json, const uint8_t *octets, size_t count)
{
    for (size_t i = 0; i < count && json->fault == WARD_JSON_OK; i++) {
        char pair[2] = {hex_digits[octets[i] >> 4], hex_digits[octets[i] & 15]};
        ward_json_part(json, pair, sizeof(pair));
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

void ward_json_string_n(struct ward_json *json, const char *text, size_t length)
{
    ward_json_string_begin(json);
    ward_json_part(json, text, length);
    ward_json_string_end(json);
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
