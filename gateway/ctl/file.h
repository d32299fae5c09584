/* SPDX-License-Identifier: Apache-2.0 */
#ifndef WARD_CTL_FILE_H
#define WARD_CTL_FILE_H

/* The largest file that is sent to the daemon: a care plan or a signed command. */
#define WARD_CTL_FILE_MAX 262144

/*
 * The text of a file, or of standard input for "-", terminated, without NUL in it; free it with free(). Returns an
 * exit status; unless it is WARD_CTL_DONE, what is wrong has been said and ret is unchanged.
 */
int ward_file_read(const char *path, char **ret);

#endif
