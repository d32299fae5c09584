/* SPDX-License-Identifier: Apache-2.0 */
#include "io/bus_caller.h"

#include <grp.h>
#include <pwd.h>
#include <stddef.h>

#define GROUPS_MAX   64
#define NSS_TEXT_MAX 4096

/* By NSS and not by /proc: the unit's sandbox hides other users' processes. */
bool ward_bus_is_admin(uid_t uid)
{
    char text[NSS_TEXT_MAX];
    struct passwd user, *found_user = NULL;
    struct group group, *found_group = NULL;
    gid_t groups[GROUPS_MAX], admin;
    int count = GROUPS_MAX;

    if (uid == 0)
        return true;
    if (getgrnam_r(WARD_BUS_ADMIN_GROUP, &group, text, sizeof(text), &found_group) != 0 || !found_group)
        return false;
    admin = group.gr_gid;
    if (getpwuid_r(uid, &user, text, sizeof(text), &found_user) != 0 || !found_user)
        return false;
    if (getgrouplist(user.pw_name, user.pw_gid, groups, &count) < 0)
        return false;
    for (int i = 0; i < count; i++)
        if (groups[i] == admin)
            return true;
    return false;
}
