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
 * The lines, oldest first, to be freed; on failure NULL, with why in *ret_why (static). Of a line of wardgated its own words
 * stay, and of what was put into it numbers, devices by id, errors of the system, and in front of the first colon what can be
 * no id. The rest may be the id of a patient, also of one whom the daemon does not know any more, a value, an order's reason
 * or a plan's text. Of a line of bluetoothd what follows the first colon is left out, unless it is an error of the system or
 * the names of all devices are known.
 */
char *ward_excerpt_read(const struct ward_excerpt *excerpt, struct ward_redaction *redaction,
                        const char **ret_why);

/* One message as it may be given away, to be freed. format: that of wardgated's field WARD_FORMAT, or NULL. */
char *ward_excerpt_message(const char *unit, const char *format, const char *message, bool names_known,
                           struct ward_redaction *redaction);

#endif
