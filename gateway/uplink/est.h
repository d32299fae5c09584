/* SPDX-License-Identifier: Apache-2.0 */
/*
 * Enrolment over secure transport (RFC 7030): how a hub gets its certificate, and the next one in time.
 *
 *   enrol   cacerts      over TLS that nobody vouches for yet; what came is believed when its SHA-256 is in the code
 *           simpleenroll over TLS proved by that authority, with the code's secret as the password
 *   renew   simplereenroll over TLS proved by the authority that is kept, with the present certificate and a new key
 *
 * then, both: the certificate is held against authority, key, name and time, and kept. Until it is, nothing that was
 * in use has changed. Whatever fails is told in words; nothing is tried twice but what the ward said to wait for.
 *
 * It waits for answers: for a thread of its own.
 */
#ifndef WARD_UPLINK_EST_H
#define WARD_UPLINK_EST_H

#include <stdbool.h>
#include <stdint.h>

#include "ward/enrolment.h"
#include "ward/link.h"

/* The ward may ask for so long to wait, all together, before the attempt is given up: the code stays good then. */
#define WARD_EST_PATIENCE_S 300

struct ward_est_task {
    bool renew;                      /* with what is kept in directory; code is not used */
    struct ward_enrolment_code code; /* its secret is overwritten once it is not needed any more */
    char directory[256];             /* enrolment_files.h */
    char crl[256];                   /* file of the authority's revoked certificates; "": not checked */
    char name[65];                   /* the gateway's id, which its certificate is for */
};

/*
 * Something was done: a step by its name, how long it took, and what came of it in words. WARD_PROVISION_DONE is the last
 * one when the new certificate is in use; WARD_PROVISION_FAILED when it is not, and the words then say why and what to
 * do. The texts are borrowed for the call, and not longer than link.h allows.
 */
typedef void ward_est_step(void *userdata, enum ward_provision_outcome outcome, const char *step, uint32_t ms,
                           const char *text);

/* Returns after the last step was told. */
void ward_est_run(struct ward_est_task *task, ward_est_step *step, void *userdata);

#endif
