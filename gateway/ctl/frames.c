/* SPDX-License-Identifier: Apache-2.0 */
#include "ctl/frames.h"

#include <inttypes.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "core/decode_json.h"
#include "core/decode_quirk.h"
#include "core/segments.h"
#include "core/validate.h"
#include "core/vendor.h"

/* 3 for a measurement with values, 2 for another good frame, 1 for a refused one. */
static int rank(const struct ward_decoded *decoded)
{
    if (decoded->outcome != WARD_DECODE_OK)
        return 1;
    return decoded->is_measurement && decoded->value_count > 0 ? 3 : 2;
}

bool ward_frame_init(struct ward_frame *frame, const struct ward_decoded *decoded)
{
    struct ward_json json;
    char text[16384];

    frame->decoded = *decoded;
    ward_validate(&frame->decoded);
    ward_json_init(&json, text, sizeof(text), WARD_JSON_PRINTED);
    ward_decoded_write_json(&frame->decoded, &json);
    frame->text = ward_json_finish(&json, NULL) == WARD_JSON_OK ? strdup(text) : NULL;
    return frame->text != NULL;
}

static bool add(struct ward_frames *frames, const struct ward_decoded *decoded)
{
    struct ward_frame *grown = realloc(frames->frames, (frames->count + 1) * sizeof(*grown));
    struct ward_frame *frame;

    if (grown == NULL)
        return false;
    frames->frames = grown;
    frame = &grown[frames->count];
    if (!ward_frame_init(frame, decoded))
        return false;
    if (rank(&frame->decoded) > rank(&grown[frames->chosen].decoded))
        frames->chosen = frames->count;
    frames->count++;
    return true;
}

static struct ward_vendor_chunk notification(const struct ward_notifications *notifications, size_t index)
{
    const size_t begin = index == 0 ? 0 : notifications->ends[index - 1];

    return (struct ward_vendor_chunk){notifications->octets + begin, notifications->ends[index] - begin};
}

/* A frame is added when the next is known, so that the last one can say what came after it. */
static bool read_stream(const struct ward_vendor_driver *driver,
                        const struct ward_notifications *notifications, struct ward_frames *frames)
{
    struct ward_vendor_stream stream;
    struct ward_vendor_frame frame;
    struct ward_decoded last;
    bool has_last = false;

    ward_vendor_init(&stream, driver);
    for (size_t i = 0; i < notifications->count; i++) {
        struct ward_vendor_chunk chunk = notification(notifications, i);

        while (ward_vendor_next(&stream, &chunk, &frame)) {
            if (has_last && !add(frames, &last))
                return false;
            last = frame.decoded;
            has_last = true;
        }
    }
    if (!has_last)
        return true;
    if (last.outcome == WARD_DECODE_OK)
        last.trailing_octets = (uint16_t)stream.length;
    if (!add(frames, &last))
        return false;
    if (frames->frames[frames->chosen].decoded.outcome == WARD_DECODE_OK)
        frames->skipped_octets = stream.skipped_octets;
    return true;
}

static bool read_segments(const struct ward_notifications *notifications, struct ward_frames *frames)
{
    struct ward_segments segments = {0};
    struct ward_decoded decoded;

    for (size_t i = 0; i < notifications->count; i++) {
        const struct ward_vendor_chunk chunk = notification(notifications, i);

        if (!ward_segments_add(&segments, chunk.octets, chunk.length))
            continue;
        ward_decode(WARD_CHAR_LIVE_HEALTH_OBSERVATIONS, segments.octets, segments.length, &decoded);
        if (!add(frames, &decoded))
            return false;
    }
    return true;
}

static bool read_each(uint16_t characteristic, const struct ward_notifications *notifications,
                      struct ward_frames *frames)
{
    struct ward_decoded decoded;

    for (size_t i = 0; i < notifications->count; i++) {
        const struct ward_vendor_chunk chunk = notification(notifications, i);

        ward_decode_as(notifications->quirks, characteristic, chunk.octets, chunk.length, &decoded);
        if (!add(frames, &decoded))
            return false;
    }
    return true;
}

bool ward_frames_read(uint16_t characteristic, const struct ward_notifications *notifications,
                      struct ward_frames *ret)
{
    const struct ward_vendor_driver *driver = ward_vendor_by_number(characteristic);

    *ret = (struct ward_frames){0};
    if (driver != NULL && !read_stream(driver, notifications, ret))
        return false;
    if (characteristic == WARD_CHAR_LIVE_HEALTH_OBSERVATIONS && !read_segments(notifications, ret))
        return false;
    if (ret->count > 0)
        return true;
    return read_each(characteristic, notifications, ret);
}

void ward_frames_done(struct ward_frames *frames)
{
    for (size_t i = 0; i < frames->count; i++)
        free(frames->frames[i].text);
    free(frames->frames);
    *frames = (struct ward_frames){0};
}

/* The members of the chosen frame's object, without the brace that ends it. */
static void print_chosen(const struct ward_frames *frames, FILE *file)
{
    const char *text = frames->frames[frames->chosen].text;

    (void)fwrite(text, 1, strlen(text) - 1, file);
}

char *ward_frames_text(const struct ward_frames *frames)
{
    char *text = NULL;
    size_t size = 0;
    FILE *file = open_memstream(&text, &size);

    if (file == NULL)
        return NULL;
    print_chosen(frames, file);
    if (frames->count > 1) {
        fputs(",\"frames\":[", file);
        for (size_t i = 0; i < frames->count; i++)
            fprintf(file, "%s%s", i > 0 ? "," : "", frames->frames[i].text);
        fputc(']', file);
    }
    if (frames->skipped_octets > 0)
        fprintf(file, ",\"skipped_octets\":%" PRIu64, frames->skipped_octets);
    fputc('}', file);
    if (fclose(file) != 0) {
        free(text);
        return NULL;
    }
    return text;
}
