/* SPDX-License-Identifier: Apache-2.0 */
#include "app_disk.h"

#include <errno.h>
#include <sys/syscall.h>
#include <unistd.h>

atomic_bool disk_hangs, disk_fails, disk_is_full;

static int flush(long call, int descriptor)
{
    while (disk_hangs && gettid() != getpid())
        usleep(1000);
    if (disk_fails) {
        errno = EIO;
        return -1;
    }
    return (int)syscall(call, descriptor);
}

/* In place of the C library's, for SQLite too. */
int fsync(int descriptor)
{
    return flush(SYS_fsync, descriptor);
}

int fdatasync(int descriptor)
{
    return flush(SYS_fdatasync, descriptor);
}

ssize_t pwrite64(int descriptor, const void *octets, size_t length, off64_t at)
{
    if (disk_is_full) {
        errno = ENOSPC;
        return -1;
    }
    return syscall(SYS_pwrite64, descriptor, octets, length, at);
}
