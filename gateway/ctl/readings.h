/* SPDX-License-Identifier: Apache-2.0 */
/* The parts of `wardctl readings` that have a file of their own. */
#ifndef WARD_CTL_READINGS_H
#define WARD_CTL_READINGS_H

#include "ctl/filter.h"

#define WARD_READINGS_PAGE 1000 /* what Readings gives at most: org.wardgate(5) */

/*
 * The newest filter->limit records that fit, newest first, as ward_client_fetch() gives them; all of one database. Returns an
 * exit status.
 */
int ward_readings_ask(sd_bus *bus, const struct ward_filter *filter, char ***ret);

/* argv[0] is "void". Returns an exit status. */
int ward_readings_void(int argc, char **argv);

#endif
