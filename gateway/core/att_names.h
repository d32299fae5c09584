/* SPDX-License-Identifier: Apache-2.0 */
/*
 * Which characteristic is at a handle, learnt from the answers that its discovery brings (Core 5.3, Vol 3, Part F, §3.4.3
 * and §3.4.4). Both sides of a connection may serve; each has its own handles.
 */
#ifndef WARD_CORE_ATT_NAMES_H
#define WARD_CORE_ATT_NAMES_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "core/cursor.h"

#define WARD_ATT_HANDLES_MAX 128
#define WARD_ATT_UUID_SIZE   37 /* 128 bits, lower case, with hyphens, and the terminating NUL */

enum ward_att_side {
    WARD_ATT_OURS,   /* the host's whose capture it is */
    WARD_ATT_THEIRS, /* what it is connected to */
};

struct ward_att_handle {
    uint16_t handle;
    uint8_t side; /* enum ward_att_side: who serves it */
    char uuid[WARD_ATT_UUID_SIZE];
};

/* The first WARD_ATT_HANDLES_MAX are kept. Zeros are its beginning. */
struct ward_att_names {
    unsigned count;
    struct ward_att_handle handles[WARD_ATT_HANDLES_MAX];
};

/* The UUID at the handle; "" where it was not learnt. */
const char *ward_att_name(const struct ward_att_names *names, enum ward_att_side side, uint16_t handle);

/* Writes the UUID that all that is left of the PDU is, "" when it is none: 2 or 16 octets, least significant first. */
void ward_att_read_uuid(struct ward_cursor *pdu, char ret[WARD_ATT_UUID_SIZE]);

/*
 * Learn from an answer of a side, its opcode read already: to Find Information, and to Read By Type, which was asked for
 * this UUID. Declarations and descriptors are not kept; what is no whole item is left out.
 */
void ward_att_learn_information(struct ward_att_names *names, enum ward_att_side side,
                                struct ward_cursor *pdu);
void ward_att_learn_types(struct ward_att_names *names, enum ward_att_side side, const char *asked,
                          struct ward_cursor *pdu);

#endif
