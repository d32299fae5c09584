/* SPDX-License-Identifier: Apache-2.0 */
/*
 * The connection to the file: opening, migrating, setting aside; prepared statements; names as numbers. Private to
 * the store, used by one thread at a time. Functions return 0 or negative errno, with database->text saying why.
 */
#ifndef WARD_IO_STORE_DATABASE_H
#define WARD_IO_STORE_DATABASE_H

#include <stdbool.h>
#include <stdint.h>
#include <sys/types.h>

#include <sqlite3.h>

#include "io/store_schema.h"
#include "io/store_types.h"

#define WARD_DATABASE_NAMES_CACHED 32

/* A file, whatever its name is. */
struct ward_file_identity {
    dev_t device;
    ino_t number;
};

struct ward_database {
    const char *path;     /* the caller's */
    bool is_copy;         /* of a file of an earlier format: it may be migrated in place */
    bool log_has_remains; /* of a transaction that a power cut tore */
    sqlite3 *connection;
    struct ward_file_identity file, log; /* that are open */
    sqlite3_stmt *statements[WARD_SQL_COUNT];
    struct ward_id epoch;
    int wal_pages; /* in the write-ahead log since the last checkpoint */
    struct {
        int64_t ref;
        struct ward_id text;
    } names[WARD_DATABASE_NAMES_CACHED];
    size_t name_count, name_next;
    char text[WARD_STORE_TEXT_MAX];
};

struct ward_set_aside {
    char path[WARD_STORE_TEXT_MAX]; /* empty: nothing was set aside */
    char reason[WARD_STORE_TEXT_MAX];
};

/* Why a file is replaced, and what is known of it that it does not say itself. */
struct ward_renewal {
    const char *reason;
    uint64_t head;               /* its newest record; 0: not known */
    const struct ward_id *epoch; /* that head is of: in a file of another one it says nothing */
    /*
     * It was put back: the ward has other records than it from common + 1 on, and of those before all up to through.
     * What it has behind common, up to last, is given to the fresh file under new numbers.
     */
    bool put_back;
    uint64_t common, through, last;
    bool give_up; /* what cannot be read now is lost, also where it may be read later (store_salvage.h) */
};

/*
 * -EUCLEAN is taken care of inside: such a file is replaced, for a reason of its own (renewal NULL: nothing else is known of
 * it); and a replacement that was cut off is finished. Others: ward_store_open.
 */
int ward_database_open(struct ward_database *database, const char *path, const struct ward_renewal *renewal,
                       struct ward_set_aside *ret_aside);
void ward_database_close(struct ward_database *database);

/* Closes it and leaves the file and its log as they are. */
void ward_database_abandon(struct ward_database *database);

/*
 * Makes a fresh file with what can be read of the present one (store_salvage.h), renames that and its log as they are,
 * and opens the fresh one in its place. When it fails, all is closed, and the present file is where it was; or it is set
 * aside, and the fresh one is what is opened next, or what replacing again comes to. -EAGAIN: the present file may be read
 * later.
 */
int ward_database_replace(struct ward_database *database, const struct ward_renewal *renewal,
                          struct ward_set_aside *ret_aside);

/* Opens database->path as it is, or makes it: -EUCLEAN is left to the two above. Needs a close when it fails. */
int ward_database_open_file(struct ward_database *database);

/* Opens a file to be salvaged, for reading. Is ended by abandon, also when it fails. */
int ward_database_open_source(struct ward_database *database, const char *path);

/* Opens a file of today's format on a disk that takes nothing, to read what it holds. Ended by abandon, as above. */
int ward_database_open_reading(struct ward_database *database, const char *path);

/*
 * Puts a file of today's format in the place of the open one, which is kept as PATH.format-N. Closes it. Returns 0, or
 * negative errno with the file as it was.
 */
int ward_database_upgrade(struct ward_database *database, int64_t version);

/* What was renamed is so after a power cut, too. */
int ward_database_sync_directory(struct ward_database *database);

/* --- store_place.c ------------------------------------------------------------------------------------------ */

/* Copies all that the open file and its log hold into a file of that name, which must not be there. It is not flushed. */
int ward_database_copy_into(struct ward_database *database, const char *path);

/* What was written into a file of that name is so after a power cut, too. */
int ward_database_sync_file(struct ward_database *database, const char *path);

/* Notes which file and log were just opened. */
void ward_database_note_place(struct ward_database *database);

/* Whether the open file lies at PATH, with its log beside it; true when nobody can tell. */
bool ward_database_is_in_place(struct ward_database *database);

/* Whether what lies at that name is the open log. */
bool ward_database_is_own_log(const struct ward_database *database, const char *name);

/*
 * If it does not, its copy goes there and is opened; what lies at PATH is kept as *ret_aside (path empty: there was
 * nothing, or all is as it should be). Returns 1 when that was done, 0 when there was nothing to do, or negative errno;
 * the file stays open as long as its copy is not in place.
 */
int ward_database_keep_in_place(struct ward_database *database, struct ward_set_aside *ret_aside);

/* --- store_aside.c ------------------------------------------------------------------------------------------ */

/*
 * Gives what lies at PATH, if anything does, a second name, and its log that name alone. ret->path empty: there was none. A
 * log of the open file, or of no file, is removed.
 */
int ward_database_keep_present(struct ward_database *database, struct ward_set_aside *ret);

/* Whether the log holds less than was written into it: -EUCLEAN; or log_has_remains. The file must not be open yet. */
int ward_database_check_log(struct ward_database *database);

/* The statement, reset and without parameters; NULL with database->text set. */
sqlite3_stmt *ward_database_statement(struct ward_database *database, enum ward_sql sql);

/* Steps a statement that gives no rows to its end. */
int ward_database_run(struct ward_database *database, sqlite3_stmt *statement);

/* Steps one that does: 1 for a row, 0 at the end. */
int ward_database_row(struct ward_database *database, sqlite3_stmt *statement);

/* Undoes a transaction that is open, if one is, and what was remembered of it. */
void ward_database_rollback(struct ward_database *database);

/* Moves the log into the file and flushes it; with empty set, the log must then be empty. */
int ward_database_checkpoint(struct ward_database *database, bool empty);

int ward_database_head(struct ward_database *database, uint64_t *ret_seq, uint8_t ret_chain[static 32]);

/* The chain of that record, or where the chain begins: 1 when it is there, 0 or negative errno. */
int ward_database_chain_at(struct ward_database *database, uint64_t seq, uint8_t ret_chain[static 32]);

/* The number of a name, made if need be; 0 for the empty one, which is NULL in the file. */
int ward_database_name_ref(struct ward_database *database, const struct ward_id *name, bool add,
                           int64_t *ret_ref);
int ward_database_name_text(struct ward_database *database, int64_t ref, struct ward_id *ret_name);

/* Sets database->text to "what: what SQLite says" and returns the negative errno of an SQLite result. */
int ward_database_fail(struct ward_database *database, int result, const char *what);

/* The same for a call of the system that has just failed. Returns -errno. */
int ward_database_fail_system(struct ward_database *database, const char *what);

/* The same for what SQLite takes and no file of ours holds. Returns -EUCLEAN. */
int ward_database_damaged(struct ward_database *database, const char *format, ...)
    __attribute__((format(printf, 2, 3)));

/* A moment is NULL in the file when it is WARD_UTC_UNKNOWN. */
void ward_database_bind_utc(sqlite3_stmt *statement, int place, int64_t utc_ms);
int64_t ward_database_column_utc(sqlite3_stmt *statement, int place);
void ward_database_bind_text(sqlite3_stmt *statement, int place, const char *text);

/* Copies a text column into size octets, cut to fit and terminated; NULL is "". */
void ward_database_column_text(sqlite3_stmt *statement, int place, char *ret, size_t size);

#endif
