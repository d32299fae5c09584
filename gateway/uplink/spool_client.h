/* SPDX-License-Identifier: Apache-2.0 */
/*
 * The uplink's side of the spool (include/ward/link.h): one connection to the core, made again when it ends.
 */
#ifndef WARD_UPLINK_SPOOL_CLIENT_H
#define WARD_UPLINK_SPOOL_CLIENT_H

#include <stdbool.h>
#include <stddef.h>
#include <systemd/sd-event.h>

#include "ward/link.h"

struct ward_spool_client;

struct ward_spool_client_listener {
    void (*joined)(void *userdata); /* the core said hello */
    /* A frame that the core may send; it is borrowed for the call. length: of the frame in octets */
    void (*frame)(void *userdata, const struct ward_link_frame *frame, size_t length);
    void (*writable)(void *userdata);               /* after ward_spool_client_room() said no */
    void (*ended)(void *userdata, const char *why); /* after joined(), once */
};

/*
 * Begins to connect, and goes on until freed; what is wrong is logged once. path and listener are not copied
 * and must live as long as the client. Returns 0 or a negative errno.
 */
int ward_spool_client_new(struct ward_spool_client **ret, sd_event *event, const char *path,
                          const struct ward_spool_client_listener *listener, void *userdata);

/* Takes NULL; returns NULL. */
struct ward_spool_client *ward_spool_client_free(struct ward_spool_client *client);

/* Has the core said hello, and the connection not ended? */
bool ward_spool_client_joined(const struct ward_spool_client *client);

/*
 * Sends a frame, unless not joined. Returns 0, or -EINVAL for a frame that link.h refuses. A frame that the
 * kernel does not take means that the core has not read for hundreds of frames: the connection then ends.
 */
int ward_spool_client_send(struct ward_spool_client *client, const struct ward_link_frame *frame);

/*
 * Is there room for a large frame besides the small ones that must always go? If not, writable() is called
 * when there is. DOWN frames are sent only so.
 */
bool ward_spool_client_room(struct ward_spool_client *client);

#endif
