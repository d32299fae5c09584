/* SPDX-License-Identifier: Apache-2.0 */
/* What the files of the spool share; for spool*.c alone. */
#ifndef WARD_IO_SPOOL_PRIVATE_H
#define WARD_IO_SPOOL_PRIVATE_H

#include "io/spool.h"
#include "io/spool_credit.h"

enum ward_spool_phase { WARD_SPOOL_ABSENT, WARD_SPOOL_GREETING, WARD_SPOOL_JOINED };

enum ward_spool_owed {
    WARD_SPOOL_OWED_WILL = 1 << WARD_TESTAMENT_WILL,
    WARD_SPOOL_OWED_SILENT = 1 << WARD_TESTAMENT_SILENT,
    WARD_SPOOL_OWED_URGENT = 1 << 2,
    WARD_SPOOL_OWED_NAMES = 1 << 3,
    WARD_SPOOL_OWED_LISTEN = 1 << 4
};

struct ward_spool_testament {
    uint8_t *frame; /* encoded; NULL for none */
    size_t length;
};

struct ward_spool {
    sd_event *event;
    char *path;
    uid_t peer_uid;
    const struct ward_spool_listener *listener;
    void *userdata;
    int listening;
    sd_event_source *listening_source;

    enum ward_spool_phase phase;
    int client;
    sd_event_source *client_source;
    sd_event_source *alive_timer;
    size_t frame_max; /* what both ends take */
    unsigned owed;    /* set of enum ward_spool_owed */

    bool up;
    bool full; /* the kernel took no more, and has not said since that it does */
    struct ward_spool_credit credit;

    bool urgent;
    bool provisioning; /* the last step of it has not come */
    char *names;       /* NULL: never asked */
    struct ward_spool_testament testaments[2];
    uint8_t incoming[WARD_LINK_FRAME_MAX];
};

/* spool_send.c: sends what is owed, as far as the kernel takes it. */
void ward_spool_settle(struct ward_spool *spool);
void ward_spool_want_writable(struct ward_spool *spool, bool wanted);

/* spool_take.c: takes a frame of the client's. Returns what is wrong with it, in words, or NULL. */
const char *ward_spool_take(struct ward_spool *spool, const struct ward_link_frame *frame);

#endif
