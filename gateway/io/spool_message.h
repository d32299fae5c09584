/* SPDX-License-Identifier: Apache-2.0 */
/*
 * A message of the core as a frame of the spool. Pure.
 */
#ifndef WARD_IO_SPOOL_MESSAGE_H
#define WARD_IO_SPOOL_MESSAGE_H

#include "ward/link.h"

/* What is added before a payload at most: WARD_LINK_PAYLOAD_MAX keeps the same distance from the frame. */
#define WARD_SPOOL_HEAD_MAX (WARD_LINK_FRAME_MAX - WARD_LINK_PAYLOAD_MAX)

/*
 * Fills frame, whose type and round or testament are set, from message, and encodes into head all of it that comes before
 * the payload. Returns the length of that, -EINVAL for fields that link.h refuses, or -EMSGSIZE for a payload beyond
 * WARD_LINK_PAYLOAD_MAX.
 */
int ward_spool_message_encode(const struct ward_message *message, struct ward_link_frame *frame,
                              uint8_t head[static WARD_SPOOL_HEAD_MAX]);

#endif
