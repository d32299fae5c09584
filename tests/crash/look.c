/* SPDX-License-Identifier: Apache-2.0 */
/*
 * crash_look DATABASE: opens it as the gateway does after a power cut, holds every record against the chain, stores one
 * more group and closes it; then reads it row by row. Prints what it found, a JSON object a line:
 *
 *   {"error": TEXT}      it cannot be opened, read or written. Nothing follows
 *   {"epoch", "seq", "chain", "through", "ranges", "set_aside", "states", "events", "settings"}   the snapshot
 *   {"verified": [first, last]}
 *   {"more": seq}        that group's record
 *   {"integrity": TEXT}
 *   seq mono_us chain    a line of text for each record
 */
#include <inttypes.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include <sqlite3.h>

#include "group.h"
#include "io/store.h"
#include "io/store_pages.h"

struct look {
    struct ward_store *store;
    uint64_t told, told_seq;
    uint64_t answers, first, last;
};

/* As a string of JSON, but for what would have to be escaped. */
static void print_text(const char *text)
{
    putchar('"');
    for (; *text; text++)
        putchar(*text == '"' || *text == '\\' || *text < ' ' ? '\'' : *text);
    putchar('"');
}

static void give_up(const char *text) __attribute__((noreturn));

static void give_up(const char *text)
{
    printf("{\"error\": ");
    print_text(text);
    printf("}\n");
    exit(0);
}

static void print_hex(const uint8_t *octets, size_t count)
{
    for (size_t i = 0; i < count; i++)
        printf("%02x", octets[i]);
}

/* --- the store ------------------------------------------------------------------------------------------------- */

static void on_committed(void *context, const struct ward_store_commit *commit)
{
    struct look *look = context;

    look->told++;
    look->told_seq = commit->first_seq;
}

static void on_dropped(void *context, uint64_t token, size_t count)
{
    (void)context;
    (void)token;
    (void)count;
    give_up("a record was dropped");
}

static void on_trouble(void *context, const struct ward_store_trouble *trouble)
{
    (void)context;
    give_up(trouble->text);
}

static void on_replaced(void *context, const struct ward_store_replaced *replaced)
{
    (void)context;
    give_up(replaced->reason);
}

static void on_given_up(void *context, uint64_t through, uint64_t count)
{
    (void)context;
    (void)through;
    (void)count;
    give_up("records were given up");
}

static void on_removed(void *context, const char *path, uint64_t octets)
{
    (void)context;
    (void)octets;
    give_up(path);
}

static void on_in_place_again(void *context, const char *set_aside)
{
    (void)context;
    (void)set_aside;
    give_up("the file was not in its place");
}

static void on_opened(void *context, const struct ward_store_snapshot *snapshot)
{
    (void)context;
    (void)snapshot;
    give_up("the file could not be opened at once");
}

static void on_verified(void *context, int error, uint64_t first, uint64_t last)
{
    struct look *look = context;

    if (error)
        give_up("a record does not fit into the chain");
    look->answers++;
    look->first = look->answers == 1 ? first : look->first;
    look->last = last;
}

static void print_rows(const struct ward_store_snapshot *snapshot)
{
    const char *comma = "";

    printf("\"states\": {");
    for (size_t i = 0; i < snapshot->state_count; i++) {
        uint64_t token = 0;

        memcpy(&token, snapshot->states[i].state,
               snapshot->states[i].length < sizeof(token) ? snapshot->states[i].length : sizeof(token));
        printf("%s\"%s\": %" PRIu64, i > 0 ? ", " : "", snapshot->states[i].patient.text, token);
    }
    printf("}, \"events\": [");
    for (size_t i = 0; i < snapshot->event_count; i++) {
        uint64_t token;

        memcpy(&token, snapshot->events[i].key.id.octets, sizeof(token));
        printf("%s[%" PRIu64 ", %" PRIu32 "]", i > 0 ? ", " : "", token, snapshot->events[i].key.n);
    }
    printf("], \"settings\": {");
    for (size_t i = 0; i < snapshot->row_count; i++)
        if (snapshot->rows[i].kind == WARD_STORE_SETTING) {
            printf("%s\"%s\": \"%s\"", comma, snapshot->rows[i].name.text, snapshot->rows[i].document);
            comma = ", ";
        }
    printf("}");
}

static void print_snapshot(const struct ward_store_snapshot *snapshot)
{
    printf("{\"epoch\": \"%s\", \"seq\": %" PRIu64 ", \"chain\": \"", snapshot->epoch.text,
           snapshot->head_seq);
    print_hex(snapshot->head_chain, sizeof(snapshot->head_chain));
    printf("\", \"through\": %" PRIu64 ", \"ranges\": [", snapshot->through);
    for (size_t i = 0; i < snapshot->range_count; i++)
        printf("%s[%" PRIu64 ", %" PRIu64 "]", i > 0 ? ", " : "", snapshot->ranges[i].first,
               snapshot->ranges[i].last);
    printf("], \"set_aside\": ");
    print_text(snapshot->set_aside_reason);
    printf(", ");
    print_rows(snapshot);
    printf("}\n");
}

static void verify(struct look *look, uint64_t head)
{
    do {
        uint64_t asked = look->answers + 1;

        if (ward_store_verify(look->store, look->answers > 0 ? look->last + 1 : 0, on_verified, look) != 0)
            give_up("nothing can be asked");
        crash_wait_for(look->store, &look->answers, asked);
    } while (look->last < head && look->last >= look->first);
    printf("{\"verified\": [%" PRIu64 ", %" PRIu64 "]}\n", look->first, look->last);
}

static void store_more(struct look *look)
{
    const struct ward_record record = crash_record(1, 0);
    const struct ward_store_group group = {.token = 1,
                                           .urgent = true,
                                           .boot = crash_boot,
                                           .now = crash_now(1),
                                           .records = &record,
                                           .record_count = 1};

    if (ward_store_submit(look->store, &group) != 0)
        give_up("no group is taken");
    crash_wait_for(look->store, &look->told, 1);
    printf("{\"more\": %" PRIu64 "}\n", look->told_seq);
}

static void look_through_store(const char *path)
{
    struct look look = {0};
    const struct ward_store_options options = {.path = path,
                                               .listener = {on_committed, on_dropped, on_trouble, on_replaced,
                                                            on_given_up, on_removed, on_in_place_again,
                                                            on_opened, &look}};
    struct ward_store_snapshot *snapshot;
    char error[WARD_STORE_TEXT_MAX];

    if (ward_store_open(&options, &look.store, &snapshot, error) != 0 || !snapshot)
        give_up(error);
    print_snapshot(snapshot);
    verify(&look, snapshot->head_seq);
    store_more(&look);
    ward_store_snapshot_free(snapshot);
    ward_store_free(look.store);
}

/* --- the file -------------------------------------------------------------------------------------------------- */

static void must(sqlite3 *connection, int result)
{
    if (result != SQLITE_OK && result != SQLITE_ROW && result != SQLITE_DONE)
        give_up(sqlite3_errmsg(connection));
}

static void look_through_rows(const char *path)
{
    sqlite3 *connection;
    sqlite3_stmt *statement;

    must(NULL, sqlite3_open_v2(path, &connection, SQLITE_OPEN_READWRITE, ward_pages_vfs(WARD_PAGES_STRICT)));
    must(connection, sqlite3_exec(connection, "PRAGMA locking_mode = EXCLUSIVE", NULL, NULL, NULL));
    must(connection, sqlite3_prepare_v2(connection, "PRAGMA integrity_check(1)", -1, &statement, NULL));
    must(connection, sqlite3_step(statement));
    printf("{\"integrity\": ");
    print_text((const char *)sqlite3_column_text(statement, 0));
    printf("}\n");
    sqlite3_finalize(statement);
    must(connection, sqlite3_prepare_v2(connection, "SELECT seq, mono_us, chain FROM record ORDER BY seq", -1,
                                        &statement, NULL));
    int result;
    while ((result = sqlite3_step(statement)) == SQLITE_ROW) {
        printf("%" PRIi64 " %" PRIi64 " ", (int64_t)sqlite3_column_int64(statement, 0),
               (int64_t)sqlite3_column_int64(statement, 1));
        print_hex(sqlite3_column_blob(statement, 2), (size_t)sqlite3_column_bytes(statement, 2));
        putchar('\n');
    }
    must(connection, result);
    sqlite3_finalize(statement);
    sqlite3_close(connection);
}

int main(int argc, char **argv)
{
    if (argc != 2) {
        fprintf(stderr, "usage: crash_look DATABASE\n");
        return 2;
    }
    look_through_store(argv[1]);
    look_through_rows(argv[1]);
    return 0;
}
