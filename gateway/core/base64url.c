/* SPDX-License-Identifier: Apache-2.0 */
#include "core/base64url.h"

static const char alphabet[] = "ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789-_";

size_t ward_base64url_encode(const uint8_t *octets, size_t count, char *ret)
{
    size_t length = 0;
    uint32_t bits = 0;
    unsigned held = 0; /* bits that wait for a character: 0, 2 or 4 after each octet */

    for (size_t i = 0; i < count; i++) {
        bits = (bits << 8) | octets[i];
        held += 8;
        while (held >= 6) {
            held -= 6;
            ret[length++] = alphabet[(bits >> held) & 63];
        }
    }
    if (held > 0) {
        ret[length++] = alphabet[(bits << (6 - held)) & 63];
    }
    return length;
}

static int sextet(char c)
{
    if (c >= 'A' && c <= 'Z') {
        return c - 'A';
    }
    if (c >= 'a' && c <= 'z') {
        return c - 'a' + 26;
    }
    if (c >= '0' && c <= '9') {
        return c - '0' + 52;
    }
    return c == '-' ? 62 : c == '_' ? 63 : -1;
}

bool ward_base64url_decode(const char *text, size_t length, uint8_t *ret, size_t size, size_t *ret_count)
{
    size_t count = length / 4 * 3 + (length % 4 == 0 ? 0 : length % 4 - 1);
    size_t used = 0;
    uint32_t bits = 0;
    unsigned held = 0;

    if (length % 4 == 1 || count > size) {
        return false;
    }
    for (size_t i = 0; i < length; i++) {
        int value = sextet(text[i]);
        if (value < 0) {
            return false;
        }
        bits = (bits << 6) | (uint32_t)value;
        held += 6;
        if (held >= 8) {
            held -= 8;
            ret[used++] = (uint8_t)(bits >> held);
        }
    }
    if ((bits & ((1u << held) - 1)) != 0) {
        return false;
    }
    *ret_count = used;
    return true;
}
