/* SPDX-License-Identifier: Apache-2.0 */
/*
 * What enrolment has made, in a directory of the uplink's own:
 *
 *   next/        being made: key.pem, later the rest
 *   g-N/         a generation, complete: key.pem, certificate.pem (with its chain), ca.pem, server ("HOST:PORT")
 *   current      a symbolic link to the generation in use
 *
 * Everything in next/ is on the disk before it is renamed to g-N, and current is replaced by a rename: so whenever the
 * power goes, the files that current leads to belong together. A g-N that current does not know yet is complete, and is
 * taken at the next start. Of a renewal the generation before stays until the broker has taken the one after it.
 */
#ifndef WARD_UPLINK_ENROLMENT_FILES_H
#define WARD_UPLINK_ENROLMENT_FILES_H

#include <stdbool.h>
#include <stddef.h>

#define WARD_ENROLMENT_PATH_MAX   320 /* for each path made here: of a directory of at most 255 octets */
#define WARD_ENROLMENT_SERVER_MAX 270 /* "HOST:PORT" or "[HOST]:PORT", with its NUL */

struct ward_enrolment_paths {
    char key[WARD_ENROLMENT_PATH_MAX], certificate[WARD_ENROLMENT_PATH_MAX],
        authority[WARD_ENROLMENT_PATH_MAX];
    char server[WARD_ENROLMENT_PATH_MAX];
};

/* Finishes what was cut off. Returns 0, also when there is nothing, or a negative errno. */
int ward_enrolment_files_settle(const char *directory);

/* Whether there is a generation in use. ret is filled in anyway. */
bool ward_enrolment_files_current(const char *directory, struct ward_enrolment_paths *ret);

/* Makes next/, and the directory itself. What is in it stays: a key that was not used yet is used. 0 or negative errno. */
int ward_enrolment_files_begin(const char *directory, struct ward_enrolment_paths *ret);

/* What is kept beside the key, as text. */
struct ward_enrolment_contents {
    const char *certificate, *authority, *server;
    bool renews; /* the generation before stays, to go back to */
};

/* Makes next/, in which the key is already, the generation in use. 0, or negative errno with the old one in use. */
int ward_enrolment_files_keep(const char *directory, const struct ward_enrolment_contents *contents);

/* Whether there is one to go back to. ret is filled in when there is. */
bool ward_enrolment_files_former(const char *directory, struct ward_enrolment_paths *ret);

/* It is not needed any more. 0 or negative errno. */
int ward_enrolment_files_forget_former(const char *directory);

/* It is in use again, and the one after it is gone. 0, or negative errno. */
int ward_enrolment_files_go_back(const char *directory);

/* Overwrites each key and removes everything. 0, or negative errno when something is still there. */
int ward_enrolment_files_wipe(const char *directory);

#endif
