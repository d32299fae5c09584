/* SPDX-License-Identifier: Apache-2.0 */
/*
 * A message of the core as a frame of the spool. Pure.
 */
#ifndef WARD_IO_SPOOL_MESSAGE_H
#define WARD_IO_SPOOL_MESSAGE_H

#include "ward/link.h"

/*
 * Fills frame, whose type and round or testament are set, from message, and encodes it into buffer, which
 * holds WARD_LINK_FRAME_MAX octets. Returns the length of the frame, -EINVAL for fields that link.h refuses,
 * or -EMSGSIZE for a payload beyond WARD_LINK_PAYLOAD_MAX.
 */
int ward_spool_message_encode(const struct ward_message *message, struct ward_link_frame *frame,
                              uint8_t *buffer);

#endif
