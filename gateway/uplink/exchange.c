/* SPDX-License-Identifier: Apache-2.0 */
/*
 * Both programs are of one package; the format's number says so where one of them has just been upgraded. Numbers are
 * the machine's own, 32 bits each; a text is its length and its octets with a NUL behind them, one that is not there a
 * length that none has.
 */
#include "uplink/exchange.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#define FORMAT  0x57485401u
#define NO_TEXT UINT32_MAX

/* ---- octets ---- */

void ward_exchange_append(struct ward_exchange_octets *octets, const void *data, size_t length)
{
    const size_t wanted = octets->length + length;

    if (!octets->failed && wanted > octets->size) {
        uint8_t *grown = malloc(2 * wanted);

        if (grown) {
            if (octets->length > 0)
                memcpy(grown, octets->data, octets->length);
            if (octets->data)
                explicit_bzero(octets->data, octets->size);
            free(octets->data);
            octets->data = grown;
            octets->size = 2 * wanted;
        }
        octets->failed = !grown;
    }
    if (octets->failed || length == 0)
        return;
    memcpy(octets->data + octets->length, data, length);
    octets->length = wanted;
}

void ward_exchange_octets_done(struct ward_exchange_octets *octets)
{
    if (octets->data)
        explicit_bzero(octets->data, octets->size);
    free(octets->data);
    *octets = (struct ward_exchange_octets){0};
}

static void put_number(struct ward_exchange_octets *octets, uint32_t number)
{
    ward_exchange_append(octets, &number, sizeof(number));
}

static void put(struct ward_exchange_octets *octets, const char *data, size_t length)
{
    put_number(octets, data ? (uint32_t)length : NO_TEXT);
    if (!data)
        return;
    ward_exchange_append(octets, data, length);
    ward_exchange_append(octets, "", 1);
}

static void put_text(struct ward_exchange_octets *octets, const char *text)
{
    put(octets, text, text ? strlen(text) : 0);
}

struct reader {
    const uint8_t *at;
    size_t left;
    bool failed;
};

static const uint8_t *take(struct reader *reader, size_t length)
{
    const uint8_t *taken = reader->at;

    reader->failed = reader->failed || length > reader->left;
    if (reader->failed)
        return NULL;
    reader->at += length;
    reader->left -= length;
    return taken;
}

static uint32_t take_number(struct reader *reader)
{
    const uint8_t *octets = take(reader, sizeof(uint32_t));
    uint32_t number = 0;

    if (octets)
        memcpy(&number, octets, sizeof(number));
    return number;
}

/* NULL for none. */
static const char *take_octets(struct reader *reader, size_t *ret_length)
{
    const uint32_t length = take_number(reader);
    const uint8_t *octets = length == NO_TEXT ? NULL : take(reader, (size_t)length + 1);

    if (octets && octets[length] != '\0')
        reader->failed = true;
    *ret_length = octets ? length : 0;
    return reader->failed ? NULL : (const char *)octets;
}

/* One with a NUL in it is none that was written. */
static const char *take_text(struct reader *reader)
{
    size_t length;
    const char *text = take_octets(reader, &length);

    reader->failed = reader->failed || (text && strlen(text) != length);
    return text;
}

static void take_into(struct reader *reader, char *ret, size_t size)
{
    const char *text = take_text(reader);

    reader->failed = reader->failed || !text || strlen(text) >= size;
    if (!reader->failed)
        memcpy(ret, text, strlen(text) + 1);
}

static struct reader reader_of(const struct ward_exchange_octets *octets)
{
    struct reader reader = {.at = octets->data, .left = octets->length, .failed = octets->failed};

    reader.failed = take_number(&reader) != FORMAT || reader.failed;
    return reader;
}

static bool is_read(const struct reader *reader)
{
    return !reader->failed && reader->left == 0;
}

/* ---- a request ---- */

void ward_exchange_write_request(const struct ward_exchange_request *request,
                                 struct ward_exchange_octets *ret)
{
    put_number(ret, FORMAT);
    put_number(ret, request->unproved);
    put_number(ret, request->answer_max);
    put_number(ret, request->timeout_ms);
    put_number(ret, request->slow_s);
    put_text(ret, request->url);
    put_text(ret, request->headers);
    put(ret, request->body, request->body_length);
    put_text(ret, request->user);
    put_text(ret, request->password);
    put_text(ret, request->ca_file);
    put_text(ret, request->ca_pem);
    put_text(ret, request->crl_file);
    put_text(ret, request->certificate);
    put_text(ret, request->key);
}

bool ward_exchange_read_request(const struct ward_exchange_octets *octets, struct ward_exchange_request *ret)
{
    struct reader reader = reader_of(octets);

    ret->unproved = take_number(&reader) != 0;
    ret->answer_max = take_number(&reader);
    ret->timeout_ms = take_number(&reader);
    ret->slow_s = take_number(&reader);
    ret->url = take_text(&reader);
    ret->headers = take_text(&reader);
    ret->body = take_octets(&reader, &ret->body_length);
    ret->user = take_text(&reader);
    ret->password = take_text(&reader);
    ret->ca_file = take_text(&reader);
    ret->ca_pem = take_text(&reader);
    ret->crl_file = take_text(&reader);
    ret->certificate = take_text(&reader);
    ret->key = take_text(&reader);
    return is_read(&reader) && ret->url;
}

/* ---- an answer ---- */

void ward_exchange_write_answer(const struct ward_exchange_answer *answer, struct ward_exchange_octets *ret)
{
    put_number(ret, FORMAT);
    put_number(ret, answer->end);
    put_number(ret, answer->verified);
    put_number(ret, answer->status);
    put_number(ret, answer->retry_after_s);
    put_text(ret, answer->text);
    put_text(ret, answer->content_type);
    put_text(ret, answer->etag);
    put(ret, answer->body, answer->length);
}

bool ward_exchange_read_answer(const struct ward_exchange_octets *octets, struct ward_exchange_answer *ret)
{
    struct reader reader = reader_of(octets);
    const uint32_t end = take_number(&reader);
    const char *body;

    ret->end = end < WARD_EXCHANGE_ENDS ? (enum ward_exchange_end)end : WARD_EXCHANGE_FAILED;
    ret->verified = take_number(&reader);
    ret->status = take_number(&reader);
    ret->retry_after_s = take_number(&reader);
    take_into(&reader, ret->text, sizeof(ret->text));
    take_into(&reader, ret->content_type, sizeof(ret->content_type));
    take_into(&reader, ret->etag, sizeof(ret->etag));
    body = take_octets(&reader, &ret->length);
    if (!is_read(&reader) || !body || end >= WARD_EXCHANGE_ENDS)
        return false;
    ret->body = malloc(ret->length + 1);
    if (!ret->body)
        return false;
    memcpy(ret->body, body, ret->length + 1);
    return true;
}

void ward_exchange_answer_done(struct ward_exchange_answer *answer)
{
    if (answer->body)
        explicit_bzero(answer->body, answer->length);
    free(answer->body);
    *answer = (struct ward_exchange_answer){.end = WARD_EXCHANGE_FAILED};
}

void ward_exchange_why(const struct ward_exchange_answer *answer, char ret[static WARD_EXCHANGE_WHY_MAX])
{
    const char *part = "HTTPS", *text = answer->text;

    switch (answer->end) {
    case WARD_EXCHANGE_NO_HOST: part = "DNS"; break;
    case WARD_EXCHANGE_NO_CONNECTION: part = "TCP"; break;
    case WARD_EXCHANGE_UNPROVED:
    case WARD_EXCHANGE_NO_TLS: part = "TLS"; break;
    case WARD_EXCHANGE_TOO_LARGE: text = "the answer is larger than any that is right"; break;
    case WARD_EXCHANGE_HEADERS: text = "the answer has more headers than any that is right"; break;
    case WARD_EXCHANGE_ANSWERED:
    case WARD_EXCHANGE_SLOW:
    case WARD_EXCHANGE_HUNG_UP:
    case WARD_EXCHANGE_FAILED: break;
    }
    snprintf(ret, WARD_EXCHANGE_WHY_MAX, "%s: %s", part, text);
}
