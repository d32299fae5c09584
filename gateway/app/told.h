/* SPDX-License-Identifier: Apache-2.0 */
/*
 * What the ward was told about retained messages. The broker brings those again with every connection, and one that
 * changes nothing is answered once in a run of the gateway: the ward that lost the answer has up/active, and sends anew.
 */
#ifndef WARD_APP_TOLD_H
#define WARD_APP_TOLD_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#define WARD_TOLD_MAX 64

struct ward_told {
    uint8_t digests[WARD_TOLD_MAX][32];
    size_t count, next;
};

/*
 * Whether this was told before of the message of that topic and id (either may be ""); when not, it counts as told from now
 * on, and the oldest makes room.
 */
bool ward_told_before(struct ward_told *told, const char *topic, const char *id, const char *what);

#endif
