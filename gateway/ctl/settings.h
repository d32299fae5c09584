/* SPDX-License-Identifier: Apache-2.0 */
/* What the files of the configuration set, by the daemons' own reader. */
#ifndef WARD_CTL_SETTINGS_H
#define WARD_CTL_SETTINGS_H

#include <jansson.h>

#include "ward/config.h"

#define WARD_CTL_CONFIG "/etc/wardgate/wardgate.conf"

/*
 * Reads path and its drop-ins. Returns 0 with *ret a list of {section, key, value, default, file, line} of what differs
 * from the defaults, in the order of the files; json_decref() it. On failure as ward_config_load().
 */
int ward_settings_read(const char *path, struct ward_config *ret_config, struct ward_config_error *ret_error,
                       json_t **ret);

/* Why a file was not read, and what to do now; static. */
struct ward_settings_unread {
    const char *why, *next; /* half a sentence; sentences */
};

/* Of what ward_settings_read() returned; NULL where the file was read, and something in it is wrong. */
const struct ward_settings_unread *ward_settings_unread(int result, const struct ward_config_error *error);

#endif
