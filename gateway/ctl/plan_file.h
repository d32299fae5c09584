/* SPDX-License-Identifier: Apache-2.0 */
#ifndef WARD_CTL_PLAN_FILE_H
#define WARD_CTL_PLAN_FILE_H

#include <stdbool.h>

#include "ward/careplan.h"

/*
 * Reads and validates the care plan in a file (- for standard input). What is wrong with it is said, error by error:
 * on standard output as one JSON object with as_json, on standard error otherwise. Returns an exit status; unless it
 * is WARD_CTL_DONE, ret is unchanged.
 */
int ward_plan_file_read(const char *path, struct ward_care_plan *ret, bool as_json);

/* The text of a plan that is good, to be freed; on failure *ret is unchanged. */
int ward_plan_file_text(const char *path, char **ret);

#endif
