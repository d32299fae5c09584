/* SPDX-License-Identifier: Apache-2.0 */
/*
 * The pages of the file on their way to the disk and back: a VFS before SQLite's own that puts a checksum into the
 * last octets of each page, refuses one that came back changed (SQLITE_IOERR_DATA), and counts. Private to the store.
 *
 * The write-ahead log has checksums of SQLite's own. A file that was made without room for ours (its header says so) is
 * read and written as it is.
 */
#ifndef WARD_IO_STORE_PAGES_H
#define WARD_IO_STORE_PAGES_H

#include <stdint.h>

#include <sqlite3.h>

#define WARD_PAGE_OCTETS          4096
#define WARD_PAGE_CHECKSUM_OCTETS 8

/*
 * Names for sqlite3_open_v2; NULL when there is no VFS to stand before. WARD_PAGES_SALVAGE lets the first page through
 * unchecked, and puts right what is the same in every file of ours: without it nothing of a file can be read, and what
 * it leads to is checked by itself. WARD_PAGES_READING is for a disk that takes nothing: the file is locked no more than a
 * reader can, and one without a log is taken for complete, since none can be made.
 */
enum ward_pages_mode { WARD_PAGES_STRICT, WARD_PAGES_SALVAGE, WARD_PAGES_READING, WARD_PAGES_MODE_COUNT };
const char *ward_pages_vfs(enum ward_pages_mode mode);

/* Of all files of the process, since it began. */
struct ward_pages_counters {
    uint64_t flushes, written_octets;
};
struct ward_pages_counters ward_pages_count(void);

#endif
