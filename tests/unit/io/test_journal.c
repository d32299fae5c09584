/* SPDX-License-Identifier: Apache-2.0 */
/* The journal's place is taken by a socket that this test reads, or does not read. */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>

#include <cmocka.h>

#include <errno.h>
#include <inttypes.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/socket.h>
#include <sys/un.h>
#include <unistd.h>

#include "io/journal.h"

#define LINES 100000 /* more than any queue of datagrams holds */

struct bench {
    char directory[64], path[80];
    int descriptor;
    char entry[4096];
};

static int set_up(void **state)
{
    struct bench *bench = calloc(1, sizeof(*bench));
    struct sockaddr_un address = {.sun_family = AF_UNIX};

    *state = bench;
    strcpy(bench->directory, "/tmp/ward-journal-XXXXXX");
    assert_non_null(mkdtemp(bench->directory));
    snprintf(bench->path, sizeof(bench->path), "%s/socket", bench->directory);
    strcpy(address.sun_path, bench->path);
    bench->descriptor = socket(AF_UNIX, SOCK_DGRAM | SOCK_CLOEXEC | SOCK_NONBLOCK, 0);
    assert_true(bench->descriptor >= 0);
    assert_int_equal(bind(bench->descriptor, (struct sockaddr *)&address, sizeof(address)), 0);
    assert_int_equal(ward_journal_open(bench->path), 0);
    return 0;
}

static int tear_down(void **state)
{
    struct bench *bench = *state;

    ward_journal_close();
    close(bench->descriptor);
    unlink(bench->path);
    rmdir(bench->directory);
    free(bench);
    return 0;
}

/* The next entry, without NULs but those of the message's length; its octets, or 0 when none waits. */
static size_t next(struct bench *bench)
{
    const ssize_t length = recv(bench->descriptor, bench->entry, sizeof(bench->entry), 0);

    if (length < 0)
        assert_int_equal(errno, EAGAIN);
    return length < 0 ? 0 : (size_t)length;
}

static void assert_entry(struct bench *bench, const char *fields, const char *message)
{
    const size_t length = next(bench), before = strlen(fields), text = strlen(message);
    uint64_t told = 0;

    assert_int_equal(length, before + strlen("MESSAGE\n") + 8 + text + 1);
    assert_memory_equal(bench->entry, fields, before);
    assert_memory_equal(bench->entry + before, "MESSAGE\n", 8);
    for (size_t i = 8; i-- > 0;)
        told = told << 8 | (uint8_t)bench->entry[before + 8 + i];
    assert_int_equal(told, text);
    assert_memory_equal(bench->entry + before + 16, message, text);
    assert_int_equal(bench->entry[length - 1], '\n');
}

static void what_is_said(void **state)
{
    struct bench *bench = *state;

    ward_journal_print(LOG_WARNING, "two lines:%s%d", "\n", 7);
    assert_entry(bench, "PRIORITY=4\nSYSLOG_IDENTIFIER=io_test_journal\nWARD_FORMAT=two lines:%s%d\n",
                 "two lines:\n7");
    ward_journal_print_with(LOG_ALERT, "WARD_CONDITION", "spo2-low", "%s: %s", "p-1", "raised");
    assert_entry(bench,
                 "PRIORITY=1\nSYSLOG_IDENTIFIER=io_test_journal\nWARD_CONDITION=spo2-low\n"
                 "WARD_FORMAT=%s: %s\n",
                 "p-1: raised");
}

static void a_matter_has_the_id_of_its_entry_in_the_catalog(void **state)
{
    struct bench *bench = *state;

    ward_journal_print_matter(LOG_CRIT, WARD_JOURNAL_STORAGE_FAILING, "attempt %d", 3);
    assert_entry(
        bench,
        "PRIORITY=2\nSYSLOG_IDENTIFIER=io_test_journal\nMESSAGE_ID=c19171c089ba429ba132d93cb0e02749\n"
        "WARD_FORMAT=attempt %d\n",
        "attempt 3");
}

static void a_long_message_ends_early(void **state)
{
    struct bench *bench = *state;
    char text[WARD_JOURNAL_TEXT_MAX * 2];

    memset(text, 'x', sizeof(text) - 1);
    text[sizeof(text) - 1] = '\0';
    ward_journal_print(LOG_INFO, "%s", text);
    text[WARD_JOURNAL_TEXT_MAX - 1] = '\0';
    assert_entry(bench, "PRIORITY=6\nSYSLOG_IDENTIFIER=io_test_journal\nWARD_FORMAT=%s\n", text);
}

/* That this returns at all is what is tested. */
static void a_journal_that_takes_nothing_is_not_waited_for(void **state)
{
    struct bench *bench = *state;
    char losses[80];
    size_t taken = 0;

    for (size_t i = 0; i < LINES; i++)
        ward_journal_print(LOG_INFO, "line %zu", i);
    while (next(bench) > 0)
        taken++;
    assert_true(taken > 0 && taken < LINES);
    ward_journal_print(LOG_INFO, "it goes on");
    snprintf(losses, sizeof(losses), "%zu lines before this are lost: the journal did not take them",
             LINES - taken);
    assert_entry(bench,
                 "PRIORITY=4\nSYSLOG_IDENTIFIER=io_test_journal\n"
                 "WARD_FORMAT=%" PRIu64 " lines before this are lost: the journal did not take them\n",
                 losses);
    assert_entry(bench, "PRIORITY=6\nSYSLOG_IDENTIFIER=io_test_journal\nWARD_FORMAT=it goes on\n",
                 "it goes on");
    ward_journal_print(LOG_INFO, "once");
    assert_entry(bench, "PRIORITY=6\nSYSLOG_IDENTIFIER=io_test_journal\nWARD_FORMAT=once\n", "once");
}

static void without_a_journal_nothing_is_said(void **state)
{
    struct bench *bench = *state;
    char path[300];

    memset(path, 'p', sizeof(path) - 1);
    path[sizeof(path) - 1] = '\0';
    assert_int_equal(ward_journal_open(path), -ENAMETOOLONG);
    ward_journal_print(LOG_INFO, "still open"); /* what was open stays so */
    assert_true(next(bench) > 0);
    ward_journal_close();
    ward_journal_print(LOG_INFO, "closed");
    assert_int_equal(next(bench), 0);
    assert_int_equal(ward_journal_open("/nowhere/at/all"), 0);
    ward_journal_print(LOG_INFO, "nobody there");
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test_setup_teardown(what_is_said, set_up, tear_down),
        cmocka_unit_test_setup_teardown(a_matter_has_the_id_of_its_entry_in_the_catalog, set_up, tear_down),
        cmocka_unit_test_setup_teardown(a_long_message_ends_early, set_up, tear_down),
        cmocka_unit_test_setup_teardown(a_journal_that_takes_nothing_is_not_waited_for, set_up, tear_down),
        cmocka_unit_test_setup_teardown(without_a_journal_nothing_is_said, set_up, tear_down),
    };

    return cmocka_run_group_tests(tests, NULL, NULL);
}
