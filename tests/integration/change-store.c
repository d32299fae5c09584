/* SPDX-License-Identifier: Apache-2.0 */
/*
 * change-store DATABASE SQL: runs the statement on a database that no gateway has open, through the store's own pages,
 * whose checksums would otherwise be wrong. Exit status: 0 it was done, 1 it was not (why is on standard error), 2 usage.
 */
#include <stdio.h>

#include <sqlite3.h>

#include "io/store_pages.h"

int main(int argc, char **argv)
{
    sqlite3 *connection = NULL;
    int result;

    if (argc != 3) {
        fprintf(stderr, "usage: change-store DATABASE SQL\n");
        return 2;
    }
    result = sqlite3_open_v2(argv[1], &connection, SQLITE_OPEN_READWRITE, ward_pages_vfs(WARD_PAGES_STRICT));
    if (result == SQLITE_OK)
        result = sqlite3_exec(connection, "PRAGMA locking_mode = EXCLUSIVE", NULL, NULL, NULL);
    if (result == SQLITE_OK)
        result = sqlite3_exec(connection, argv[2], NULL, NULL, NULL);
    if (result != SQLITE_OK)
        fprintf(stderr, "change-store: %s: %s\n", argv[1], sqlite3_errmsg(connection));
    sqlite3_close(connection);
    return result == SQLITE_OK ? 0 : 1;
}
