/* SPDX-License-Identifier: Apache-2.0 */
/*
 * The command line of wardgate-wearable, and the script it names.
 */
#ifndef WEARABLE_BLUEZ_OPTIONS_H
#define WEARABLE_BLUEZ_OPTIONS_H

#include "wearable/core/profile.h"
#include "wearable/core/script.h"

struct ward_wearable_options {
    const struct ward_wearable_profile *profile;
    const char *adapter;
    const char *name;
    struct ward_wearable_identity identity; /* points into argv */
};

enum ward_options_outcome {
    WARD_OPTIONS_RUN,
    WARD_OPTIONS_DONE,  /* --help, --version, --show or --check said all there was to say */
    WARD_OPTIONS_WRONG, /* what is wrong was printed */
};

enum ward_options_outcome ward_wearable_options_parse(struct ward_wearable_options *ret,
                                                      struct ward_script *ret_script, int argc, char **argv);

#endif
