/* SPDX-License-Identifier: Apache-2.0 */
/* What `wardctl selftest` looks at, each as a finding; see verb_selftest.c. */
#ifndef WARD_CTL_SELFTEST_H
#define WARD_CTL_SELFTEST_H

#include <jansson.h>

#include "ctl/findings.h"

/* The files of the configuration, as the daemons read them. */
void ward_selftest_config(const char *path, struct ward_findings *findings);

/* ward_units_read(). */
void ward_selftest_units(const json_t *units, struct ward_findings *findings);

/* wardgate.status/1: this version, radio, storage, clock, signaller, link, what waits, devices. */
void ward_selftest_status(const json_t *status, struct ward_findings *findings);

/* What `wardctl hub show` shows: the keys. */
void ward_selftest_hub(const json_t *hub, struct ward_findings *findings);

/* What was called to change something in the last week: list of the documents of Audit, newest first. */
void ward_selftest_audit(const json_t *calls, struct ward_findings *findings);
/* It is not for who asks. */
void ward_selftest_no_audit(struct ward_findings *findings);

#endif
