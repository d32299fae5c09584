/* SPDX-License-Identifier: Apache-2.0 */
/*
 * What devices told in a capture (core/btsnoop.h), each of their notifications decoded as the gateway would: a vendor's
 * frames and the segments of an observation are put together over notifications, anew in each connection.
 */
#ifndef WARD_CTL_CAPTURE_H
#define WARD_CTL_CAPTURE_H

#include <stdbool.h>
#include <stdint.h>

struct ward_capture_choices {
    bool
        as_json; /* one object a line, that of a frame with "at", "address", "direction", "handle" and "raw" before it */
    uint32_t quirks; /* set of enum ward_decode_quirk: how the model writes its frames */
};

/*
 * Prints the frames of the file, "-" for standard input, in the order of the capture. Returns an exit status; what is wrong
 * with the file has been said, after the frames before it. Frames that cannot be decoded are told, and are no fault.
 */
int ward_capture_print(const char *path, const struct ward_capture_choices *choices);

#endif
