/* SPDX-License-Identifier: Apache-2.0; adapter: store */
/*
 * Files that were set aside, or kept as they were before a newer format: how many of them, and which, make room.
 */
#include <fcntl.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <time.h>
#include <unistd.h>

#include "io/store_kept.h"
#include "store_bench.h"

/* Beside the database, with that many octets. Each is newer than the one before. */
static void make(const struct bench *bench, const char *ending, size_t octets)
{
    static time_t second = 1000;
    const struct timespec written = {.tv_sec = ++second}, times[2] = {written, written};
    char path[160];
    char *text = calloc(1, octets + 1);

    snprintf(path, sizeof(path), "%s%s", bench->path, ending);
    FILE *file = fopen(path, "we");
    assert_non_null(file);
    memset(text, 'x', octets);
    assert_int_equal(fwrite(text, 1, octets, file), octets);
    assert_int_equal(fclose(file), 0);
    assert_int_equal(utimensat(AT_FDCWD, path, times, 0), 0);
    free(text);
}

static bool is_there(const struct bench *bench, const char *ending)
{
    char path[160];

    snprintf(path, sizeof(path), "%s%s", bench->path, ending);
    return access(path, F_OK) == 0;
}

/* Two rounds of the thread, after which it has looked. */
static void open_and_look(struct bench *bench)
{
    open_store(bench);
    fetch(bench, 1, 1);
    fetch(bench, 1, 1);
}

static void make_asides(const struct bench *bench, int count)
{
    for (int n = 1; n <= count; n++) {
        char name[32];

        snprintf(name, sizeof(name), ".aside-%d-wal", n);
        make(bench, name, 100);
        snprintf(name, sizeof(name), ".aside-%d", n);
        make(bench, name, 100);
    }
}

static void the_oldest_go_when_there_are_many(void **state)
{
    struct bench *bench = *state;

    make(bench, ".format-2", 100);
    make_asides(bench, WARD_KEPT_MAX + 1);
    make(bench, ".aside-1x", 100);
    make(bench, ".aside-", 100);
    open_and_look(bench);
    wait_for(bench, &bench->removed, 2);
    assert_false(is_there(bench, ".format-2") || is_there(bench, ".aside-1") ||
                 is_there(bench, ".aside-1-wal"));
    assert_true(is_there(bench, ".aside-2") && is_there(bench, ".aside-2-wal") &&
                is_there(bench, ".aside-9"));
    assert_true(is_there(bench, ".aside-1x") && is_there(bench, ".aside-"));
    reopen_store(bench);
    fetch(bench, 1, 1);
    assert_int_equal(bench->removed, 2);
}

static void the_oldest_go_when_they_are_large(void **state)
{
    struct bench *bench = *state;

    bench->quota_octets = 1024 * 1024;
    make(bench, ".aside-1", 300 * 1024);
    make(bench, ".format-2", 300 * 1024);
    make(bench, ".aside-2", 900 * 1024);
    open_and_look(bench);
    wait_for(bench, &bench->removed, 2);
    assert_false(is_there(bench, ".aside-1") || is_there(bench, ".format-2"));
    assert_true(is_there(bench, ".aside-2")); /* however large, there is one */
}

static void what_the_ward_may_still_get_stays(void **state)
{
    struct bench *bench = *state;
    char sql[512];

    open_store(bench);
    close_store(bench);
    snprintf(
        sql, sizeof(sql),
        "INSERT INTO past VALUES (1, 'e-past', '%s.aside-1', 1, 1, x'', 2, 0, 2);"
        "INSERT INTO past_record (past, seq, kind, mono_us, body, chain) VALUES (1, 1, 1, 0, x'', zeroblob(32))",
        bench->path);
    run_sql(bench->path, sql);
    make_asides(bench, WARD_KEPT_MAX + 1);
    open_and_look(bench);
    wait_for(bench, &bench->removed, 1);
    assert_true(is_there(bench, ".aside-1"));
    assert_false(is_there(bench, ".aside-2"));
    assert_true(is_there(bench, ".aside-3"));
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        STORE_TEST(the_oldest_go_when_there_are_many),
        STORE_TEST(the_oldest_go_when_they_are_large),
        STORE_TEST(what_the_ward_may_still_get_stays),
    };
    return cmocka_run_group_tests(tests, install_disk, NULL);
}
