/* SPDX-License-Identifier: Apache-2.0 */
/*
 * A page's checksum is two sums of 32 bits over its words, each added to by the other, begun with the number of the
 * page: one changed bit changes it, wherever it is, and so does a page in the place of another. It is put in where
 * pages are written into the file, which is when the log is moved there, and looked at wherever a whole page is read.
 * A page of zeros is one that was never written.
 */
#include "io/store_pages.h"

#include <limits.h>
#include <pthread.h>
#include <stdatomic.h>
#include <stdbool.h>
#include <stdio.h>
#include <string.h>

#define DATA_OCTETS (WARD_PAGE_OCTETS - WARD_PAGE_CHECKSUM_OCTETS)

/* File format, SQLite §1.3.4: octets at the end of each page that are not SQLite's. */
#define HEADER_RESERVED 20
#define HEADER_OCTETS   100

struct page_file {
    sqlite3_file base;
    bool is_database, lenient;
    bool reading;  /* nobody writes */
    bool complete; /* it has no log */
    bool checked;  /* its pages have checksums */
    sqlite3_file real[];
};

static atomic_uint_fast64_t flushes, written_octets;
static sqlite3_vfs vfs_of[WARD_PAGES_MODE_COUNT];

static sqlite3_file *real_of(sqlite3_file *file)
{
    return ((struct page_file *)file)->real;
}

/* --- checksums ---------------------------------------------------------------------------------------------- */

static uint32_t word_at(const uint8_t *octets)
{
    return (uint32_t)octets[0] | (uint32_t)octets[1] << 8 | (uint32_t)octets[2] << 16 |
           (uint32_t)octets[3] << 24;
}

static void put_word(uint8_t *octets, uint32_t word)
{
    for (int i = 0; i < 4; i++) {
        octets[i] = (uint8_t)(word >> 8 * i);
    }
}

static void sum_page(const uint8_t *page, sqlite3_int64 offset, uint8_t ret[static WARD_PAGE_CHECKSUM_OCTETS])
{
    uint32_t first = (uint32_t)(offset / WARD_PAGE_OCTETS) + 1, second = ~first;

    for (size_t i = 0; i < DATA_OCTETS; i += 8) {
        first += word_at(page + i) + second;
        second += word_at(page + i + 4) + first;
    }
    put_word(ret, first);
    put_word(ret + 4, second);
}

static uint16_t short_at(const uint8_t *octets)
{
    return (uint16_t)(octets[0] << 8 | octets[1]);
}

/*
 * What lies between the list of a b-tree page's cells and the cells means nothing (file format §1.6), and is whatever was
 * there when cells moved: even what was erased since on the page where it went. No other page begins like one that is of a
 * b-tree: on those of a list the octet is the first of a page's number, and no file of ours has so many.
 */
static void clear_gap(uint8_t *page, sqlite3_int64 offset)
{
    const size_t begin = offset == 0 ? HEADER_OCTETS : 0;
    const uint8_t kind = page[begin];
    const bool is_leaf = kind == 10 || kind == 13, is_inner = kind == 2 || kind == 5;
    const size_t from = begin + (is_leaf ? 8 : 12) + (size_t)2 * short_at(page + begin + 3);
    const size_t until = short_at(page + begin + 5);

    if ((is_leaf || is_inner) && from < until && until <= DATA_OCTETS) {
        memset(page + from, 0, until - from);
    }
}

static bool is_zero(const uint8_t *page)
{
    return page[0] == 0 && memcmp(page, page + 1, WARD_PAGE_OCTETS - 1) == 0;
}

static bool is_whole_page(const struct page_file *file, int count, sqlite3_int64 offset)
{
    return file->is_database && count == WARD_PAGE_OCTETS && offset % WARD_PAGE_OCTETS == 0;
}

/* The first page says whether there is room for checksums. */
static void look_at_header(struct page_file *file, const uint8_t *octets, int count, sqlite3_int64 offset)
{
    if (file->is_database && offset == 0 && count >= HEADER_OCTETS) {
        file->checked = octets[HEADER_RESERVED] == WARD_PAGE_CHECKSUM_OCTETS;
    }
}

/* File format, §1.3: what is the same in every file of ours, and leads to all the rest. */
static void restore_header(sqlite3_file *file, uint8_t *octets)
{
    static const uint8_t magic[] = "SQLite format 3";
    static const uint8_t layout[] = {WARD_PAGE_OCTETS >> 8, 0, 2, 2, WARD_PAGE_CHECKSUM_OCTETS, 64, 32, 32};
    static const uint8_t utf8[] = {0, 0, 0, 1}, schema_format[] = {0, 0, 0, 4};
    sqlite3_int64 size = 0;

    memcpy(octets, magic, sizeof(magic));
    memcpy(octets + 16, layout, sizeof(layout));
    memcpy(octets + 44, schema_format, sizeof(schema_format));
    memcpy(octets + 56, utf8, sizeof(utf8));
    if (real_of(file)->pMethods->xFileSize(real_of(file), &size) == SQLITE_OK) {
        for (int i = 0; i < 4; i++) {
            octets[28 + i] = (uint8_t)(size / WARD_PAGE_OCTETS >> 8 * (3 - i));
        }
    }
}

/* --- one file ----------------------------------------------------------------------------------------------- */

static int page_close(sqlite3_file *file)
{
    return real_of(file)->pMethods->xClose(real_of(file));
}

static int page_read(sqlite3_file *file, void *octets, int count, sqlite3_int64 offset)
{
    struct page_file *pages = (struct page_file *)file;
    uint8_t sum[WARD_PAGE_CHECKSUM_OCTETS];
    int result = real_of(file)->pMethods->xRead(real_of(file), octets, count, offset);

    if (result != SQLITE_OK) {
        return result;
    }
    if (pages->lenient && pages->is_database && offset == 0 && count >= HEADER_OCTETS) {
        restore_header(file, octets);
    }
    look_at_header(pages, octets, count, offset);
    if (!pages->checked || !is_whole_page(pages, count, offset) || (pages->lenient && offset == 0)) {
        return SQLITE_OK;
    }
    sum_page(octets, offset, sum);
    bool good = memcmp((const uint8_t *)octets + DATA_OCTETS, sum, sizeof(sum)) == 0 || is_zero(octets);
    return good ? SQLITE_OK : SQLITE_IOERR_DATA;
}

static int page_write(sqlite3_file *file, const void *octets, int count, sqlite3_int64 offset)
{
    struct page_file *pages = (struct page_file *)file;
    uint8_t page[WARD_PAGE_OCTETS];

    look_at_header(pages, octets, count, offset);
    if (pages->checked && is_whole_page(pages, count, offset)) {
        memcpy(page, octets, DATA_OCTETS);
        clear_gap(page, offset);
        sum_page(page, offset, page + DATA_OCTETS);
        octets = page;
    }
    atomic_fetch_add_explicit(&written_octets, (uint64_t)count, memory_order_relaxed);
    return real_of(file)->pMethods->xWrite(real_of(file), octets, count, offset);
}

static int page_truncate(sqlite3_file *file, sqlite3_int64 size)
{
    return real_of(file)->pMethods->xTruncate(real_of(file), size);
}

static int page_sync(sqlite3_file *file, int flags)
{
    atomic_fetch_add_explicit(&flushes, 1, memory_order_relaxed);
    return real_of(file)->pMethods->xSync(real_of(file), flags);
}

static int page_size(sqlite3_file *file, sqlite3_int64 *ret)
{
    return real_of(file)->pMethods->xFileSize(real_of(file), ret);
}

/* A log wants the file to itself, which is a lock for writing. Nobody else writes where the disk takes nothing. */
static int page_lock(sqlite3_file *file, int level)
{
    const struct page_file *pages = (const struct page_file *)file;

    if (pages->reading && level > SQLITE_LOCK_SHARED) {
        return SQLITE_OK;
    }
    return real_of(file)->pMethods->xLock(real_of(file), level);
}

static int page_unlock(sqlite3_file *file, int level)
{
    return real_of(file)->pMethods->xUnlock(real_of(file), level);
}

static int page_check_lock(sqlite3_file *file, int *ret)
{
    return real_of(file)->pMethods->xCheckReservedLock(real_of(file), ret);
}

static int page_control(sqlite3_file *file, int operation, void *argument)
{
    return real_of(file)->pMethods->xFileControl(real_of(file), operation, argument);
}

static int page_sector(sqlite3_file *file)
{
    return real_of(file)->pMethods->xSectorSize(real_of(file));
}

static int page_characteristics(sqlite3_file *file)
{
    int complete = ((const struct page_file *)file)->complete ? SQLITE_IOCAP_IMMUTABLE : 0;

    return real_of(file)->pMethods->xDeviceCharacteristics(real_of(file)) | complete;
}

/* Version 1 has no shared memory: with exclusive locking the log needs none. */
static const sqlite3_io_methods page_methods = {
    .iVersion = 1,
    .xClose = page_close,
    .xRead = page_read,
    .xWrite = page_write,
    .xTruncate = page_truncate,
    .xSync = page_sync,
    .xFileSize = page_size,
    .xLock = page_lock,
    .xUnlock = page_unlock,
    .xCheckReservedLock = page_check_lock,
    .xFileControl = page_control,
    .xSectorSize = page_sector,
    .xDeviceCharacteristics = page_characteristics,
};

static bool has_log(sqlite3_vfs *real, const char *name)
{
    char log[PATH_MAX];
    int there = 0;

    snprintf(log, sizeof(log), "%s-wal", name);
    return real->xAccess(real, log, SQLITE_ACCESS_EXISTS, &there) != SQLITE_OK || there;
}

static int page_open(sqlite3_vfs *vfs, const char *name, sqlite3_file *file, int flags, int *ret_flags)
{
    sqlite3_vfs *real = vfs->pAppData;
    struct page_file *pages = (struct page_file *)file;

    *pages = (struct page_file){.is_database = (flags & SQLITE_OPEN_MAIN_DB) != 0,
                                .lenient = vfs == &vfs_of[WARD_PAGES_SALVAGE],
                                .reading = vfs == &vfs_of[WARD_PAGES_READING]};
    pages->complete = pages->reading && pages->is_database && !has_log(real, name);
    int result = real->xOpen(real, name, pages->real, flags, ret_flags);
    if (result == SQLITE_OK) {
        file->pMethods = &page_methods;
    }
    return result;
}

static void register_all(void)
{
    static const char *const names[] = {"wardgate", "wardgate-salvage", "wardgate-reading"};
    sqlite3_vfs *real = sqlite3_vfs_find(NULL);

    for (size_t i = 0; real && i < WARD_PAGES_MODE_COUNT; i++) {
        vfs_of[i] = *real;
        vfs_of[i].zName = names[i];
        vfs_of[i].pNext = NULL;
        vfs_of[i].pAppData = real;
        vfs_of[i].szOsFile = (int)sizeof(struct page_file) + real->szOsFile;
        vfs_of[i].xOpen = page_open;
        sqlite3_vfs_register(&vfs_of[i], 0);
    }
}

const char *ward_pages_vfs(enum ward_pages_mode mode)
{
    static pthread_once_t once = PTHREAD_ONCE_INIT;

    pthread_once(&once, register_all);
    return vfs_of[mode].zName;
}

struct ward_pages_counters ward_pages_count(void)
{
    return (struct ward_pages_counters){.flushes = atomic_load(&flushes),
                                        .written_octets = atomic_load(&written_octets)};
}
