/* SPDX-License-Identifier: Apache-2.0 */
/*
 * What the octets of notifications say, frame by frame, as the gateway would hear them: a vendor's stream is searched for
 * frames, the segments of a health observation are put together, and any other notification is one frame.
 */
#ifndef WARD_CTL_FRAMES_H
#define WARD_CTL_FRAMES_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "core/decode.h"

/* Octets in the order sent; notification i begins where i − 1 ends. Both arrays are the caller's. */
struct ward_notifications {
    const uint8_t *octets;
    const size_t *ends;
    size_t count;    /* at least 1 */
    uint32_t quirks; /* set of enum ward_decode_quirk: how the model writes its frames */
};

struct ward_frame {
    struct ward_decoded decoded; /* validated; what points into the octets must not be used */
    char *text;                  /* all of it, as one JSON object (core/decode_json.h) */
};

struct ward_frames {
    struct ward_frame *frames;
    size_t count; /* at least 1: what is no frame is told as one, with its error */
    size_t
        chosen; /* the first measurement with values, else the first that could be decoded, else the first */
    uint64_t skipped_octets; /* of a vendor's stream, beside a good frame */
};

/* Validates a decoded frame and writes its text, which the caller frees. Returns false when there is no memory. */
bool ward_frame_init(struct ward_frame *frame, const struct ward_decoded *decoded);

/*
 * Decodes what came from the characteristic, or by a vendor's protocol (enum ward_vendor_number). Returns false when there
 * is no memory; ward_frames_done() must be called in either case.
 */
bool ward_frames_read(uint16_t characteristic, const struct ward_notifications *notifications,
                      struct ward_frames *ret);
void ward_frames_done(struct ward_frames *frames);

/*
 * One JSON object: that of the frame that was chosen; with more than one frame it has `frames`, all of them in order, and
 * where octets were skipped `skipped_octets`. The caller frees it; NULL when there is no memory.
 */
char *ward_frames_text(const struct ward_frames *frames);

#endif
