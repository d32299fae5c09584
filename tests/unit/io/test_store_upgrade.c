/* SPDX-License-Identifier: Apache-2.0; adapter: store */
/*
 * Files of every earlier format (vectors/store): what they hold is there in today's, and they themselves are kept. And
 * files of a later one.
 */
#include <errno.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include "io/store_pages.h"
#include "io/store_schema.h"
#include "store_bench.h"

#define RESERVED_AT 20 /* of the header: octets kept free in each page */
#define FILE_MAX    (1 << 20)

struct image {
    size_t length;
    uint8_t octets[FILE_MAX];
};

static void read_file(const char *path, struct image *ret)
{
    FILE *file = fopen(path, "re");

    if (!file) {
        fail_msg("%s cannot be read", path);
    }
    ret->length = fread(ret->octets, 1, sizeof(ret->octets), file);
    assert_true(ret->length > 0 && ret->length < sizeof(ret->octets));
    fclose(file);
}

static void expect_same(const char *path, const struct image *before)
{
    struct image *now = malloc(sizeof(*now));

    assert_non_null(now);
    read_file(path, now);
    assert_int_equal(now->length, before->length);
    assert_memory_equal(now->octets, before->octets, before->length);
    free(now);
}

/* The file as the program of that format left it. */
static struct image *make_file(struct bench *bench, int format)
{
    struct image *image = malloc(sizeof(*image));
    char name[64];

    assert_non_null(image);
    snprintf(name, sizeof(name), "vectors/store/format-%d.sql", format);
    read_file(name, image);
    image->octets[image->length] = '\0';
    run_sql(bench->path, (const char *)image->octets);
    run_sql(bench->path, "PRAGMA journal_mode = WAL");
    read_file(bench->path, image);
    assert_int_equal(image->octets[RESERVED_AT], 0);
    return image;
}

static void expect_content(struct bench *bench, int format)
{
    const struct ward_store_snapshot *snapshot = bench->snapshot;

    assert_string_equal(snapshot->set_aside, "");
    assert_string_equal(snapshot->epoch.text, "e-000102030405060708090a0b0c0d0e0f");
    assert_int_equal(snapshot->head_seq, 1);
    assert_int_equal(snapshot->head_chain[0], 0x3c);
    assert_int_equal(snapshot->through, 1);
    assert_string_equal(snapshot->last_boot.text, "b-77");
    assert_int_equal(snapshot->event_count, 1);
    assert_int_equal(snapshot->state_count, 1);
    assert_int_equal(snapshot->row_count, 7);
    assert_string_equal(snapshot->rows[0].patient.label, "bed 1");
    assert_string_equal(snapshot->rows[1].document, "{\"plan\":3}");
    assert_int_equal(snapshot->rows[3].binding.from_ms, 100);
    assert_int_equal(snapshot->rows[3].binding.read_out, format >= 2); /* nobody knew: the careful answer */
    assert_int_equal(snapshot->rows[4].counter.counter, 41);
    assert_int_equal(snapshot->known_count, format >= 2 ? 1 : 0);
    submit_one(bench, 1, true);
    assert_int_equal(check_chain(bench, snapshot->epoch.text), 2);
}

static void every_earlier_format_is_brought_up_to_date_and_kept(void **state)
{
    struct bench *bench = *state;
    struct image *now = malloc(sizeof(*now));
    char name[128];

    assert_non_null(now);
    for (int format = 1; format < ward_schema_version(); format++) {
        struct image *before = make_file(bench, format);

        snprintf(name, sizeof(name), "%s.upgrade", bench->path);
        run_sql(name, "CREATE TABLE left_by_a_crash (x)");
        open_store(bench);
        expect_content(bench, format);
        close_store(bench);
        assert_int_not_equal(access(name, F_OK), 0);
        snprintf(name, sizeof(name), "%s.format-%d", bench->path, format);
        expect_same(name, before);
        read_file(bench->path, now);
        assert_int_equal(now->octets[RESERVED_AT], WARD_PAGE_CHECKSUM_OCTETS);
        open_store(bench);
        assert_int_equal(bench->snapshot->head_seq, 2);
        close_store(bench);
        remove_files(bench->directory);
        free(before);
    }
    free(now);
}

/* Wherever the disk says no, the old file is there as it was, and the next start does it. */
static void an_upgrade_that_fails_leaves_the_old_file(void **state)
{
    struct bench *bench = *state;
    char error[WARD_STORE_TEXT_MAX];
    uint64_t hit = 1, from;

    for (from = 1; hit > 0; from++) {
        struct image *before = make_file(bench, 1);

        set_fault(&(struct disk_fault){
            .call = DISK_WRITE, .result = SQLITE_FULL, .system_errno = ENOSPC, .from = from, .count = 1000});
        int result = try_open(bench, error);
        close_store(bench);
        hit = set_fault(NULL);
        if (result != 0) {
            assert_int_equal(result, -ENOSPC);
            expect_same(bench->path, before);
        }
        open_store(bench);
        expect_content(bench, 1);
        close_store(bench);
        remove_files(bench->directory);
        free(before);
    }
    assert_true(from > 10);
}

static void a_later_format_is_refused_and_left_as_it_is(void **state)
{
    struct bench *bench = *state;
    struct image *file = malloc(sizeof(*file));
    char error[WARD_STORE_TEXT_MAX], sql[64];

    assert_non_null(file);
    open_store(bench);
    submit_one(bench, 1, true);
    close_store(bench);
    run_sql(bench->path, "PRAGMA user_version = 9999");
    read_file(bench->path, file);
    for (int round = 0; round < 2; round++) {
        assert_int_equal(try_open(bench, error), -EPROTONOSUPPORT);
        assert_non_null(strstr(error, bench->path));
        assert_non_null(strstr(error, "9999"));
        expect_same(bench->path, file);
    }
    snprintf(sql, sizeof(sql), "PRAGMA user_version = %d", ward_schema_version());
    run_sql(bench->path, sql);
    open_store(bench);
    assert_int_equal(bench->snapshot->head_seq, 1);
    free(file);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        STORE_TEST(every_earlier_format_is_brought_up_to_date_and_kept),
        STORE_TEST(an_upgrade_that_fails_leaves_the_old_file),
        STORE_TEST(a_later_format_is_refused_and_left_as_it_is),
    };

    return cmocka_run_group_tests(tests, install_disk, NULL);
}
