/* SPDX-License-Identifier: Apache-2.0 */
#ifndef WARD_CTL_MOMENT_H
#define WARD_CTL_MOMENT_H

#include <stdbool.h>
#include <stdint.h>

/*
 * Reads a moment of the past as people write it: RFC 3339 in UTC ("2026-11-22T09:00:00Z"), or how long ago it was
 * ("90s", "15min", "2h", "3d"). Returns false, with ret unchanged, for anything else.
 */
bool ward_moment_parse(const char *text, int64_t now_ms, int64_t *ret_utc_ms);

#endif
