/* SPDX-License-Identifier: Apache-2.0 */
/*
 * The frames of the spool as octets. All integers are little-endian, a flag is an octet 0 or 1.
 *
 *   HELLO      01 version:u16 frame_max:u32
 *   TESTAMENT  02 testament:u8 message
 *   LINK       03 up:flag certificate_expires_ms:i64 text:u16+n
 *   CREDIT     04 round:u32 frames:u32 octets:u32
 *   PUBLISH    05 round:u32 message
 *   RESULT     06 id:u64 reason:u8
 *   DOWN       07 retained:flag topic:u16+n response_topic:u16+n correlation:u16+n payload:u32+n
 *   URGENT     08 urgent:flag
 *   TASK       09 id:u64 task:u8
 *   OUTCOME    0a id:u64 done:flag text:u16+n
 *   PROVISION  0b action:u8 code:u16+n
 *   PROVISIONED 0c outcome:u8 ms:u32 step:u16+n text:u16+n
 *   NAMES      0d names:u16+n
 *   FETCHED    0e failed:flag text:u16+n
 *   PROBE      0f number:u32
 *   PROBED     10 number:u32 step:u8 failed:flag took_us:u32 text:u16+n
 *
 *   message    id:u64 class:u8 qos:u8 retain:flag expiry_s:u32
 *              topic:u16+n kid:u16+n signature:u16+n correlation:u8+n payload:u32+n
 *
 * One function per type walks the fields in order, and the same walk writes and reads: a frame that can be
 * encoded can be decoded, and the two cannot drift apart. The walk stops at the first field that does not
 * fit; later fields then do nothing.
 */
#include "ward/link.h"

#include <string.h>

struct walk {
    uint8_t *out;      /* writing: where to; NULL when reading */
    const uint8_t *in; /* reading: where from; NULL when writing */
    size_t size;
    size_t at;
    bool apart; /* writing: the octets of a payload are left where they are */
    bool failed;
};

static bool claim(struct walk *walk, size_t length)
{
    if (walk->failed || length > walk->size - walk->at)
        walk->failed = true;
    return !walk->failed;
}

/* An unsigned integer of width octets. Returns the value that stands in the frame, 0 after a failure. */
static uint64_t number(struct walk *walk, unsigned width, uint64_t value)
{
    if (!claim(walk, width))
        return 0;
    if (walk->out) {
        for (unsigned i = 0; i < width; i++)
            walk->out[walk->at + i] = (uint8_t)(value >> (8 * i));
    } else if (walk->in) {
        value = 0;
        for (unsigned i = 0; i < width; i++)
            value |= (uint64_t)walk->in[walk->at + i] << (8 * i);
    }
    walk->at += width;
    return value;
}

static void u8(struct walk *walk, uint8_t *value, uint8_t largest)
{
    *value = (uint8_t)number(walk, 1, *value);
    if (*value > largest)
        walk->failed = true;
}

static void flag(struct walk *walk, bool *value)
{
    uint8_t octet = *value;

    u8(walk, &octet, 1);
    *value = octet != 0;
}

static void u16(struct walk *walk, uint16_t *value)
{
    *value = (uint16_t)number(walk, 2, *value);
}

static void u32(struct walk *walk, uint32_t *value)
{
    *value = (uint32_t)number(walk, 4, *value);
}

static const uint8_t *octets(struct walk *walk, const void *data, size_t length)
{
    const uint8_t *here = data;

    if (!claim(walk, length))
        return NULL;
    if (walk->in)
        here = walk->in + walk->at;
    else if (length > 0)
        memcpy(walk->out + walk->at, data, length);
    walk->at += length;
    return here;
}

static void text(struct walk *walk, const char **data, uint16_t *length, size_t longest)
{
    u16(walk, length);
    if (*length > longest)
        walk->failed = true;
    *data = (const char *)octets(walk, *data, *length);
    if (*data && *length > 0 && memchr(*data, 0, *length))
        walk->failed = true;
}

/* MQTT 5 §4.7.1: a name to publish to has at least one character and no wildcard. */
static void topic(struct walk *walk, const char **data, uint16_t *length)
{
    text(walk, data, length, WARD_TOPIC_MAX);
    if (!*data || *length == 0 || memchr(*data, '+', *length) || memchr(*data, '#', *length))
        walk->failed = true;
}

static void payload(struct walk *walk, const uint8_t **data, uint32_t *length)
{
    u32(walk, length);
    if (!walk->apart)
        *data = octets(walk, *data, *length);
    else if (*length > WARD_LINK_FRAME_MAX - walk->at)
        walk->failed = true;
}

static void message(struct walk *walk, struct ward_link_frame *frame)
{
    frame->publish.id = number(walk, 8, frame->publish.id);
    u8(walk, &frame->publish.message_class, WARD_MESSAGE_BACKLOG);
    u8(walk, &frame->publish.qos, 2);
    flag(walk, &frame->publish.retain);
    u32(walk, &frame->publish.expiry_s);
    topic(walk, &frame->publish.topic, &frame->publish.topic_length);
    text(walk, &frame->publish.kid, &frame->publish.kid_length, WARD_KID_MAX);
    text(walk, &frame->publish.signature, &frame->publish.signature_length, WARD_SIGNATURE_MAX);
    u8(walk, &frame->publish.correlation_length, WARD_CORRELATION_MAX);
    frame->publish.correlation = octets(walk, frame->publish.correlation, frame->publish.correlation_length);
    payload(walk, &frame->publish.payload, &frame->publish.payload_length);
}

static void link_state(struct walk *walk, struct ward_link_frame *frame)
{
    flag(walk, &frame->link.up);
    frame->link.certificate_expires_ms =
        (int64_t)number(walk, 8, (uint64_t)frame->link.certificate_expires_ms);
    text(walk, &frame->link.text, &frame->link.text_length, WARD_LINK_TEXT_MAX);
}

static void down(struct walk *walk, struct ward_link_frame *frame)
{
    flag(walk, &frame->down.retained);
    topic(walk, &frame->down.topic, &frame->down.topic_length);
    text(walk, &frame->down.response_topic, &frame->down.response_topic_length, WARD_TOPIC_MAX);
    u16(walk, &frame->down.correlation_length);
    frame->down.correlation = octets(walk, frame->down.correlation, frame->down.correlation_length);
    payload(walk, &frame->down.payload, &frame->down.payload_length);
}

static void probed(struct walk *walk, struct ward_link_frame *frame)
{
    u32(walk, &frame->probed.number);
    u8(walk, &frame->probed.step, WARD_STEP_MQTT);
    flag(walk, &frame->probed.failed);
    u32(walk, &frame->probed.took_us);
    text(walk, &frame->probed.text, &frame->probed.text_length, WARD_LINK_TEXT_MAX);
}

/* Walks the whole of one frame, whose type octet says how. */
static void fields(struct walk *walk, struct ward_link_frame *frame)
{
    u8(walk, &frame->type, WARD_LINK_PROBED);
    if (walk->failed)
        return;
    switch ((enum ward_link_type)frame->type) {
    case WARD_LINK_HELLO:
        u16(walk, &frame->hello.version);
        u32(walk, &frame->hello.frame_max);
        return;
    case WARD_LINK_TESTAMENT:
        u8(walk, &frame->publish.testament, WARD_TESTAMENT_SILENT);
        message(walk, frame);
        return;
    case WARD_LINK_LINK: link_state(walk, frame); return;
    case WARD_LINK_CREDIT:
        u32(walk, &frame->credit.round);
        u32(walk, &frame->credit.frames);
        u32(walk, &frame->credit.octets);
        return;
    case WARD_LINK_PUBLISH:
        u32(walk, &frame->publish.round);
        message(walk, frame);
        return;
    case WARD_LINK_RESULT:
        frame->result.id = number(walk, 8, frame->result.id);
        u8(walk, &frame->result.reason, UINT8_MAX);
        return;
    case WARD_LINK_DOWN: down(walk, frame); return;
    case WARD_LINK_URGENT: flag(walk, &frame->urgent.urgent); return;
    case WARD_LINK_TASK:
        frame->task.id = number(walk, 8, frame->task.id);
        u8(walk, &frame->task.task, WARD_LINK_TASK_LISTEN);
        return;
    case WARD_LINK_OUTCOME:
        frame->outcome.id = number(walk, 8, frame->outcome.id);
        flag(walk, &frame->outcome.done);
        text(walk, &frame->outcome.text, &frame->outcome.text_length, WARD_LINK_TEXT_MAX);
        return;
    case WARD_LINK_PROVISION:
        u8(walk, &frame->provision.action, WARD_PROVISION_RETIRE);
        text(walk, &frame->provision.code, &frame->provision.code_length, WARD_LINK_CODE_MAX);
        return;
    case WARD_LINK_PROVISIONED:
        u8(walk, &frame->provisioned.outcome, WARD_PROVISION_FAILED);
        u32(walk, &frame->provisioned.ms);
        text(walk, &frame->provisioned.step, &frame->provisioned.step_length, WARD_LINK_STEP_MAX);
        text(walk, &frame->provisioned.text, &frame->provisioned.text_length, WARD_LINK_TEXT_MAX);
        return;
    case WARD_LINK_NAMES: text(walk, &frame->names.text, &frame->names.length, WARD_LINK_NAMES_MAX); return;
    case WARD_LINK_FETCHED:
        flag(walk, &frame->fetched.failed);
        text(walk, &frame->fetched.text, &frame->fetched.text_length, WARD_LINK_TEXT_MAX);
        return;
    case WARD_LINK_PROBE: u32(walk, &frame->probe.number); return;
    case WARD_LINK_PROBED: probed(walk, frame); return;
    }
    walk->failed = true;
}

static size_t encode(const struct ward_link_frame *frame, uint8_t *buffer, size_t size, bool apart)
{
    struct ward_link_frame copy = *frame;
    struct walk walk = {
        .out = buffer, .size = size < WARD_LINK_FRAME_MAX ? size : WARD_LINK_FRAME_MAX, .apart = apart};

    fields(&walk, &copy);
    return walk.failed ? 0 : walk.at;
}

size_t ward_link_encode(const struct ward_link_frame *frame, uint8_t *buffer, size_t size)
{
    return encode(frame, buffer, size, false);
}

size_t ward_link_encode_head(const struct ward_link_frame *frame, uint8_t *buffer, size_t size)
{
    return encode(frame, buffer, size, true);
}

bool ward_link_decode(const uint8_t *buffer, size_t length, struct ward_link_frame *ret)
{
    struct ward_link_frame frame = {0};
    struct walk walk = {.in = buffer, .size = length};

    if (length > WARD_LINK_FRAME_MAX)
        return false;
    fields(&walk, &frame);
    if (walk.failed || walk.at != length)
        return false;
    *ret = frame;
    return true;
}
