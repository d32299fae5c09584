/* SPDX-License-Identifier: Apache-2.0 */
/* The disk of a test: each flush of the program's, and what SQLite writes, goes through here. */
#ifndef WARD_TESTS_APP_DISK_H
#define WARD_TESTS_APP_DISK_H

#include <stdatomic.h>
#include <stdbool.h>

extern atomic_bool disk_hangs; /* a flush of the store's thread takes until this is over */
extern atomic_bool disk_fails; /* EIO */
extern atomic_bool disk_is_full;

#endif
