/* SPDX-License-Identifier: Apache-2.0 */
/* The reasons of `monitoring`, for whoever stands before the gateway: what each means, and what to do now. */
#ifndef WARD_CTL_ADVICE_H
#define WARD_CTL_ADVICE_H

#include "ctl/document.h"

struct ward_advice {
    const char *why;  /* half a sentence */
    const char *next; /* a sentence, or a few */
};

/* Static. For a reason that a newer daemon has, why is "" and next says where to look. */
struct ward_advice ward_advice(const char *reason);

/* What to do, with the id of whom it is about for PATIENT or DEVICE (NULL: as it stands), so that it can be typed. */
struct ward_cell ward_advice_of(const char *next, const char *patient, const char *device);

#endif
