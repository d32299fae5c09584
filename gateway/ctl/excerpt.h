/* SPDX-License-Identifier: Apache-2.0 */
/* The newest lines of the journal that are about the gateway, as they may be given away. */
#ifndef WARD_CTL_EXCERPT_H
#define WARD_CTL_EXCERPT_H

#include <stdbool.h>

#include "ctl/redact.h"

struct ward_excerpt {
    const char *directory; /* of the journal's files; NULL: this computer's */
    bool names_known;      /* the words of the redaction are all there are */
};

/*
 * The lines, oldest first, to be freed; on failure NULL, with why in *ret_why (static). Of a line of wardgated, what
 * follows its first colon may be a value, an order's reason or a plan's text: it is left out unless it is an error of the
 * system. So is that of bluetoothd unless the names of all devices are known.
 */
char *ward_excerpt_read(const struct ward_excerpt *excerpt, struct ward_redaction *redaction,
                        const char **ret_why);

/* One message as it may be given away, to be freed. */
char *ward_excerpt_message(const char *unit, const char *message, bool names_known,
                           struct ward_redaction *redaction);

#endif
