/* SPDX-License-Identifier: Apache-2.0 */
/* Who may change something. Private to bus.c. */
#ifndef WARD_IO_BUS_CALLER_H
#define WARD_IO_BUS_CALLER_H

#include <stdbool.h>
#include <sys/types.h>

#define WARD_BUS_ADMIN_GROUP "wardgate-admin"

/* Whether it is root, or a member of the group: by what the user database says now, not of any process. */
bool ward_bus_is_admin(uid_t uid);

#endif
