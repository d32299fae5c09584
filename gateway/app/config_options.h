/* SPDX-License-Identifier: Apache-2.0 */
/*
 * The option table of the configuration.
 */
#ifndef WARD_APP_CONFIG_OPTIONS_H
#define WARD_APP_CONFIG_OPTIONS_H

#include <stddef.h>

#include "ward/config.h"

/*
 * Reads text into field. Returns NULL, or what is wrong with the text ("is no port"), with field unchanged.
 */
typedef const char *ward_config_parse(const char *text, void *field);

struct ward_config_option {
    const char *section, *key;
    ward_config_parse *parse;
    size_t offset;        /* of the field in struct ward_config */
    const char *fallback; /* the default, as it would be written */
    const char *comment;  /* lines of the shipped file, without '#'; NULL for none */
};

/* The section whose keys are models of devices. */
#define WARD_CONFIG_FIRMWARE "firmware"

/* Takes what is accepted of a model, in the place of what was; an empty text: nothing is named. Returns as above. */
const char *ward_config_firmware_set(struct ward_config *config, const char *model, const char *text);

/* The option of that name, or NULL. */
const struct ward_config_option *ward_config_option_find(const char *section, const char *key);

/* Reads text into the option's field of config. Returns NULL or what is wrong. */
const char *ward_config_option_set(const struct ward_config_option *option, struct ward_config *config,
                                   const char *text);

#endif
