/* SPDX-License-Identifier: Apache-2.0 */
/* What a decoded frame says, for people. */
#ifndef WARD_CTL_FRAME_TELL_H
#define WARD_CTL_FRAME_TELL_H

#include <stdbool.h>

#include "ctl/frames.h"

/* Prints it: a line of what it is, then an indented one for each thing it says. Returns false when there is no memory. */
bool ward_frame_tell(const struct ward_frame *frame);

#endif
