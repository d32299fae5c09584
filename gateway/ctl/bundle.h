/* SPDX-License-Identifier: Apache-2.0 */
/* A tar.gz, by libarchive. */
#ifndef WARD_CTL_BUNDLE_H
#define WARD_CTL_BUNDLE_H

#include <jansson.h>

struct ward_bundle;

/*
 * path: made anew, for its owner alone; "-" for standard output. Its files stand in a directory of that name. Returns an
 * exit status, having said what is wrong.
 */
int ward_bundle_open(const char *path, const char *directory, struct ward_bundle **ret);

/* A file with a text. */
int ward_bundle_add(struct ward_bundle *bundle, const char *name, const char *text);

/* What was added: a list of {file, octets}. Borrowed. */
const json_t *ward_bundle_files(const struct ward_bundle *bundle);

/* Writes the rest and frees. When status is one of a failure, or this fails, no file is left. */
int ward_bundle_close(struct ward_bundle *bundle, int status);

#endif
