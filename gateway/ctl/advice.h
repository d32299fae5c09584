/* SPDX-License-Identifier: Apache-2.0 */
/* The reasons of `monitoring`, for whoever stands before the gateway: what each means, and what to do now. */
#ifndef WARD_CTL_ADVICE_H
#define WARD_CTL_ADVICE_H

struct ward_advice {
    const char *why;  /* half a sentence */
    const char *next; /* a sentence, or a few */
};

/* Static. For a reason that a newer daemon has, why is "" and next says where to look. */
struct ward_advice ward_advice(const char *reason);

#endif
