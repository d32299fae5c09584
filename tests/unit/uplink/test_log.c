/* SPDX-License-Identifier: Apache-2.0 */
/* Standard error and the journal's place are taken by sockets and files of this test. with: io/journal_entry.c */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>

#include <cmocka.h>

#include <errno.h>
#include <fcntl.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/socket.h>
#include <sys/stat.h>
#include <sys/un.h>
#include <unistd.h>

#include "uplink/log.h"

#define LINES 100000 /* more than any queue holds */

struct bench {
    char directory[64], path[80];
    int journal, stream[2]; /* stream[1]: what standard error becomes */
    int kept;               /* what it was */
    char text[4096];
};

static int set_up(void **state)
{
    struct bench *bench = calloc(1, sizeof(*bench));
    struct sockaddr_un address = {.sun_family = AF_UNIX};

    *state = bench;
    strcpy(bench->directory, "/tmp/ward-log-XXXXXX");
    assert_non_null(mkdtemp(bench->directory));
    snprintf(bench->path, sizeof(bench->path), "%s/socket", bench->directory);
    strcpy(address.sun_path, bench->path);
    bench->journal = socket(AF_UNIX, SOCK_DGRAM | SOCK_CLOEXEC | SOCK_NONBLOCK, 0);
    assert_true(bench->journal >= 0);
    assert_int_equal(bind(bench->journal, (struct sockaddr *)&address, sizeof(address)), 0);
    assert_int_equal(socketpair(AF_UNIX, SOCK_STREAM | SOCK_CLOEXEC, 0, bench->stream), 0);
    assert_int_equal(fcntl(bench->stream[0], F_SETFL, O_RDWR | O_NONBLOCK), 0);
    bench->kept = fcntl(STDERR_FILENO, F_DUPFD_CLOEXEC, 10);
    assert_int_equal(dup2(bench->stream[1], STDERR_FILENO), STDERR_FILENO);
    unsetenv("JOURNAL_STREAM");
    return 0;
}

static int tear_down(void **state)
{
    struct bench *bench = *state;

    ward_journal_close();
    assert_int_equal(dup2(bench->kept, STDERR_FILENO), STDERR_FILENO);
    close(bench->kept);
    close(bench->stream[0]);
    close(bench->stream[1]);
    close(bench->journal);
    unlink(bench->path);
    rmdir(bench->directory);
    free(bench);
    return 0;
}

/* As systemd says which stream is the journal's; off: that it is another one. */
static void name_stream(unsigned off)
{
    struct stat status;
    char text[64];

    assert_int_equal(fstat(STDERR_FILENO, &status), 0);
    snprintf(text, sizeof(text), "%ju:%ju", (uintmax_t)status.st_dev, (uintmax_t)status.st_ino + off);
    setenv("JOURNAL_STREAM", text, 1);
}

/* What came there; "" for nothing. */
static const char *came(struct bench *bench, int descriptor)
{
    const ssize_t length = recv(descriptor, bench->text, sizeof(bench->text) - 1, 0);

    if (length < 0)
        assert_int_equal(errno, EAGAIN);
    bench->text[length < 0 ? 0 : length] = '\0';
    return bench->text;
}

static void a_terminal_gets_a_line_with_its_priority(void **state)
{
    struct bench *bench = *state;

    ward_log_open(bench->path);
    ward_log(LOG_WARNING, WARD_JOURNAL_NAME_NOT_FOUND, "link down: %s", "DNS: no such name");
    assert_string_equal(came(bench, bench->stream[0]), "<4>link down: DNS: no such name\n");
    assert_string_equal(came(bench, bench->journal), "");
}

static void the_stream_of_somebody_else_is_not_the_journals(void **state)
{
    struct bench *bench = *state;

    name_stream(1);
    ward_log_open(bench->path);
    ward_log(LOG_ERR, WARD_JOURNAL_NOT_ENROLLED, "not enrolled");
    assert_string_equal(came(bench, bench->stream[0]), "<3>not enrolled\n");
    assert_string_equal(came(bench, bench->journal), "");
}

static void the_journal_gets_the_id_and_standard_error_nothing(void **state)
{
    static const char head[] = "PRIORITY=4\nSYSLOG_IDENTIFIER=uplink_test_log\n"
                               "MESSAGE_ID=9aedff2a6c844372a18ed6acd0b59ecb\nMESSAGE\n";
    struct bench *bench = *state;

    name_stream(0);
    ward_log_open(bench->path);
    ward_log(LOG_WARNING, WARD_JOURNAL_NAME_NOT_FOUND, "link down");
    came(bench, bench->journal);
    assert_memory_equal(bench->text, head, strlen(head));
    assert_memory_equal(bench->text + strlen(head), "\x09\0\0\0\0\0\0\0link down\n", 8 + 10);
    assert_string_equal(came(bench, bench->stream[0]), "");
}

static void what_nobody_has_to_act_on_has_no_id(void **state)
{
    static const char head[] = "PRIORITY=6\nSYSLOG_IDENTIFIER=uplink_test_log\nMESSAGE\n";
    struct bench *bench = *state;

    name_stream(0);
    ward_log_open(bench->path);
    ward_log(LOG_INFO, WARD_JOURNAL_NO_MATTER, "link up");
    came(bench, bench->journal);
    assert_memory_equal(bench->text, head, strlen(head));
}

/* That this returns at all is what is tested. */
static void neither_is_waited_for(void **state)
{
    struct bench *bench = *state;

    ward_log_open(bench->path);
    for (size_t i = 0; i < LINES; i++)
        ward_log(LOG_INFO, WARD_JOURNAL_NO_MATTER, "a line that nobody reads");
    assert_true(strlen(came(bench, bench->stream[0])) > 0);
    name_stream(0);
    ward_log_open(bench->path);
    for (size_t i = 0; i < LINES; i++)
        ward_log(LOG_INFO, WARD_JOURNAL_NO_MATTER, "a line that nobody reads");
    assert_true(strlen(came(bench, bench->journal)) > 0);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test_setup_teardown(a_terminal_gets_a_line_with_its_priority, set_up, tear_down),
        cmocka_unit_test_setup_teardown(the_stream_of_somebody_else_is_not_the_journals, set_up, tear_down),
        cmocka_unit_test_setup_teardown(the_journal_gets_the_id_and_standard_error_nothing, set_up,
                                        tear_down),
        cmocka_unit_test_setup_teardown(what_nobody_has_to_act_on_has_no_id, set_up, tear_down),
        cmocka_unit_test_setup_teardown(neither_is_waited_for, set_up, tear_down),
    };

    return cmocka_run_group_tests(tests, NULL, NULL);
}
