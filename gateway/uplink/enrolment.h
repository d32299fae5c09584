/* SPDX-License-Identifier: Apache-2.0 */
/*
 * Whom this hub is to the ward: the key and the certificate in use, how it gets them, and that they are renewed in time.
 *
 * est.h does the asking, in a thread of its own, one attempt at a time; what it tells comes here through a pipe. What
 * was made by enrolment (enrolment_files.h) goes before the files that the configuration names.
 */
#ifndef WARD_UPLINK_ENROLMENT_H
#define WARD_UPLINK_ENROLMENT_H

#include <stdbool.h>
#include <systemd/sd-event.h>

#include "ward/link.h"

#include "uplink/enrolment_files.h"
#include "uplink/tls.h"

struct ward_enrolment;

/* PEM files. The texts stay where they are as long as the enrolment lives, and change when the certificate does. */
struct ward_identity {
    char authority[WARD_ENROLMENT_PATH_MAX], certificate[WARD_ENROLMENT_PATH_MAX],
        key[WARD_ENROLMENT_PATH_MAX];
    bool present; /* there is a certificate, or a key without one */
    bool renewed; /* by itself, since it was made here */
};

struct ward_enrolment_options {
    sd_event *event;
    const char *directory;       /* of what is made here; "": nothing can be */
    const char *gateway;         /* its id */
    struct ward_tls_files files; /* what the configuration names */
    /* A step of whatever is under way, whoever began it. */
    void (*told)(void *userdata, enum ward_provision_outcome outcome, const char *step, uint32_t ms,
                 const char *text);
    /* The identity is another one now. */
    void (*changed)(void *userdata);
    void *userdata;
};

/* Everything is copied. Returns 0 or a negative errno. */
int ward_enrolment_new(struct ward_enrolment **ret, const struct ward_enrolment_options *options);

/* An attempt that is under way goes on by itself, and tells nobody. Takes NULL; returns NULL. */
struct ward_enrolment *ward_enrolment_free(struct ward_enrolment *enrolment);

const struct ward_identity *ward_enrolment_identity(const struct ward_enrolment *enrolment);

/* The broker has taken the certificate in use: the one before is not needed any more. */
void ward_enrolment_taken(struct ward_enrolment *enrolment);

/*
 * The broker refuses the certificate in use. Where it is the first of a renewal that no broker has taken yet, and the one
 * before is still good, that is in use again (changed() follows), and the renewal is tried again later: with a ward whose
 * broker does not know a new authority yet, no hub stays away until somebody sees to it.
 */
void ward_enrolment_refused(struct ward_enrolment *enrolment);

/*
 * Begins it, or joins a renewal that is under way, and returns NULL: told() follows up to DONE or FAILED, when it is to
 * retire from within this call. Otherwise returns what is in the way, in words that hold until the next call. code is
 * for WARD_PROVISION_ENROL; it is not kept.
 */
const char *ward_enrolment_provision(struct ward_enrolment *enrolment, enum ward_provision action,
                                     const char *code, size_t code_length);

#endif
