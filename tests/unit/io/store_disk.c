/* SPDX-License-Identifier: Apache-2.0 */
#include "store_disk.h"

#include <errno.h>
#include <stddef.h>
#include <string.h>
#include <time.h>
#include <unistd.h>

#include <setjmp.h>
#include <stdarg.h>
#include <stdint.h>

#include <cmocka.h>

#define DEADLINE_S 60

struct disk disk = {.lock = PTHREAD_MUTEX_INITIALIZER, .changed = PTHREAD_COND_INITIALIZER};

struct shim_file {
    sqlite3_file base;
    const char *name;
    sqlite3_file real[];
};

static sqlite3_file *real_of(sqlite3_file *file)
{
    return ((struct shim_file *)file)->real;
}

static const char *name_of(sqlite3_file *file)
{
    return ((struct shim_file *)file)->name;
}

static bool strikes(const struct disk_fault *fault, const char *name)
{
    if (fault->while_exists) {
        return access(fault->while_exists, F_OK) == 0;
    }
    if (fault->file) {
        return name && strcmp(name, fault->file) == 0 && access(fault->until_exists, F_OK) < 0;
    }
    return fault->seen >= fault->from && fault->seen - fault->from < fault->count;
}

/* What a call gives instead of being done; SQLITE_OK: it is done. */
static int fault_of(const char *name, enum disk_call call, bool *ret_half)
{
    struct disk_fault *fault = &disk.fault;
    int result = SQLITE_OK, system_errno = 0;

    pthread_mutex_lock(&disk.lock);
    if (fault->result != SQLITE_OK && fault->call == call) {
        fault->seen++;
        if (strikes(fault, name)) {
            fault->hit++;
            result = fault->result;
            system_errno = fault->system_errno;
        }
    }
    *ret_half = fault->half;
    pthread_mutex_unlock(&disk.lock);
    if (result != SQLITE_OK) {
        errno = system_errno;
    }
    return result;
}

static int shim_close(sqlite3_file *file)
{
    return real_of(file)->pMethods->xClose(real_of(file));
}

static int shim_read(sqlite3_file *file, void *octets, int count, sqlite3_int64 offset)
{
    bool half;
    int result = fault_of(name_of(file), DISK_READ, &half);

    return result ? result : real_of(file)->pMethods->xRead(real_of(file), octets, count, offset);
}

static int shim_write(sqlite3_file *file, const void *octets, int count, sqlite3_int64 offset)
{
    pthread_mutex_lock(&disk.lock);
    int result = disk.write_result;
    disk.octets += (uint64_t)count;
    pthread_mutex_unlock(&disk.lock);
    bool half;
    int fault = fault_of(name_of(file), DISK_WRITE, &half);

    if (fault && half) {
        int said = errno;

        real_of(file)->pMethods->xWrite(real_of(file), octets, count / 2, offset);
        errno = said;
    }
    result = result ? result : fault;
    return result ? result : real_of(file)->pMethods->xWrite(real_of(file), octets, count, offset);
}

static int shim_truncate(sqlite3_file *file, sqlite3_int64 size)
{
    bool half;
    int result = fault_of(name_of(file), DISK_TRUNCATE, &half);

    return result ? result : real_of(file)->pMethods->xTruncate(real_of(file), size);
}

static int shim_sync(sqlite3_file *file, int flags)
{
    pthread_mutex_lock(&disk.lock);
    disk.syncs++;
    bool fails = disk.failing_syncs > 0;
    disk.failing_syncs -= fails ? 1 : 0;
    while (disk.blocked) {
        disk.waiting = true;
        pthread_cond_broadcast(&disk.changed);
        pthread_cond_wait(&disk.changed, &disk.lock);
    }
    disk.waiting = false;
    pthread_mutex_unlock(&disk.lock);
    bool half;
    int fault = fault_of(name_of(file), DISK_SYNC, &half);

    if (fault) {
        return fault;
    }
    if (fails) {
        return SQLITE_IOERR_FSYNC;
    }
    return disk.flushes ? real_of(file)->pMethods->xSync(real_of(file), flags) : SQLITE_OK;
}

static int shim_size(sqlite3_file *file, sqlite3_int64 *ret)
{
    return real_of(file)->pMethods->xFileSize(real_of(file), ret);
}

static int shim_lock(sqlite3_file *file, int level)
{
    return real_of(file)->pMethods->xLock(real_of(file), level);
}

static int shim_unlock(sqlite3_file *file, int level)
{
    return real_of(file)->pMethods->xUnlock(real_of(file), level);
}

static int shim_check_lock(sqlite3_file *file, int *ret)
{
    return real_of(file)->pMethods->xCheckReservedLock(real_of(file), ret);
}

static int shim_control(sqlite3_file *file, int operation, void *argument)
{
    return real_of(file)->pMethods->xFileControl(real_of(file), operation, argument);
}

static int shim_sector(sqlite3_file *file)
{
    return real_of(file)->pMethods->xSectorSize(real_of(file));
}

static int shim_characteristics(sqlite3_file *file)
{
    return real_of(file)->pMethods->xDeviceCharacteristics(real_of(file));
}

/* Version 1 has no shared memory: that the store works on it shows that it needs none. */
static const sqlite3_io_methods shim_methods = {
    .iVersion = 1,
    .xClose = shim_close,
    .xRead = shim_read,
    .xWrite = shim_write,
    .xTruncate = shim_truncate,
    .xSync = shim_sync,
    .xFileSize = shim_size,
    .xLock = shim_lock,
    .xUnlock = shim_unlock,
    .xCheckReservedLock = shim_check_lock,
    .xFileControl = shim_control,
    .xSectorSize = shim_sector,
    .xDeviceCharacteristics = shim_characteristics,
};

static int shim_open(sqlite3_vfs *vfs, const char *name, sqlite3_file *file, int flags, int *ret_flags)
{
    (void)vfs;
    file->pMethods = NULL;
    ((struct shim_file *)file)->name = name; /* SQLite keeps it as long as the file is open */
    bool half;
    int result = fault_of(name, DISK_OPEN, &half);

    if (result && errno == EROFS && (flags & (SQLITE_OPEN_MAIN_DB | SQLITE_OPEN_WAL)) != 0) {
        flags = (flags & ~(SQLITE_OPEN_READWRITE | SQLITE_OPEN_CREATE)) | SQLITE_OPEN_READONLY;
    } else if (result) {
        return result;
    }
    result = disk.real->xOpen(disk.real, name, real_of(file), flags, ret_flags);
    if (result == SQLITE_OK) {
        file->pMethods = &shim_methods;
    }
    return result;
}

int install_disk(void **state)
{
    static sqlite3_vfs shim;

    (void)state;
    disk.real = sqlite3_vfs_find(NULL);
    shim = *disk.real;
    shim.zName = "shim";
    shim.pNext = NULL;
    shim.szOsFile = (int)sizeof(struct shim_file) + disk.real->szOsFile;
    shim.xOpen = shim_open;
    return sqlite3_vfs_register(&shim, 1);
}

void block_disk(bool blocked)
{
    pthread_mutex_lock(&disk.lock);
    disk.blocked = blocked;
    pthread_cond_broadcast(&disk.changed);
    pthread_mutex_unlock(&disk.lock);
}

void wait_until_disk_is_waited_for(void)
{
    pthread_mutex_lock(&disk.lock);
    struct timespec deadline;

    clock_gettime(CLOCK_REALTIME, &deadline);
    deadline.tv_sec += DEADLINE_S;
    while (!disk.waiting) {
        assert_int_equal(pthread_cond_timedwait(&disk.changed, &disk.lock, &deadline), 0);
    }
    pthread_mutex_unlock(&disk.lock);
}

void set_disk(int failing_syncs, int write_result)
{
    pthread_mutex_lock(&disk.lock);
    disk.failing_syncs = failing_syncs;
    disk.write_result = write_result;
    pthread_mutex_unlock(&disk.lock);
}

uint64_t set_fault(const struct disk_fault *fault)
{
    pthread_mutex_lock(&disk.lock);
    uint64_t hit = disk.fault.hit;

    disk.fault = fault ? *fault : (struct disk_fault){0};
    pthread_mutex_unlock(&disk.lock);
    return hit;
}
