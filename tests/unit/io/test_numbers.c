/* SPDX-License-Identifier: Apache-2.0 */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>

#include <cmocka.h>

#include <errno.h>
#include <fcntl.h>
#include <signal.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/wait.h>
#include <unistd.h>

#include "io/numbers.h"

static char path[] = "/tmp/ward-numbers-XXXXXX";

static int set_up(void **state)
{
    (void)state;
    strcpy(path, "/tmp/ward-numbers-XXXXXX");
    const int descriptor = mkstemp(path);

    assert_true(descriptor >= 0);
    close(descriptor);
    return 0;
}

static int tear_down(void **state)
{
    (void)state;
    return unlink(path);
}

static struct ward_alarm_id id_of(unsigned number)
{
    struct ward_alarm_id id = {{0}};

    memcpy(id.octets, &number, sizeof(number));
    return id;
}

static uint32_t newest(const struct ward_numbers *numbers, unsigned number)
{
    const struct ward_alarm_id id = id_of(number);

    return ward_numbers_newest(numbers, &id);
}

static void note(struct ward_numbers *numbers, unsigned number, uint32_t n)
{
    const struct ward_alarm_id id = id_of(number);

    ward_numbers_note(numbers, &id, n);
}

static struct ward_numbers *open_numbers(void)
{
    struct ward_numbers *numbers = NULL;

    assert_int_equal(ward_numbers_open(&numbers, path), 0);
    return numbers;
}

static void a_killed_process_leaves_its_numbers(void **state)
{
    struct ward_numbers *numbers;
    const pid_t child = fork();
    int status;

    (void)state;
    if (child == 0) {
        numbers = open_numbers();
        note(numbers, 1, 1);
        note(numbers, 2, 1);
        note(numbers, 1, 2);
        raise(SIGKILL);
    }
    assert_int_equal(waitpid(child, &status, 0), child);
    assert_int_equal(WTERMSIG(status), SIGKILL);
    numbers = open_numbers();
    assert_int_equal(newest(numbers, 1), 2);
    assert_int_equal(newest(numbers, 2), 1);
    assert_int_equal(newest(numbers, 3), 0);
    note(numbers, 1, 1); /* it never goes back */
    assert_int_equal(newest(numbers, 1), 2);
    ward_numbers_free(numbers);
}

static void the_oldest_make_room(void **state)
{
    struct ward_numbers *numbers = open_numbers();

    (void)state;
    for (unsigned i = 0; i < WARD_NUMBERS_MAX + 10; i++)
        note(numbers, i, i + 1);
    for (unsigned i = 0; i < WARD_NUMBERS_MAX + 10; i++)
        assert_int_equal(newest(numbers, i), i < 10 ? 0 : i + 1);
    ward_numbers_free(numbers);
}

static void what_is_no_file_of_numbers_is_begun_anew(void **state)
{
    struct ward_numbers *numbers;
    char garbage[64];
    const int descriptor = open(path, O_WRONLY);

    (void)state;
    memset(garbage, 'x', sizeof(garbage));
    assert_int_equal(write(descriptor, garbage, sizeof(garbage)), sizeof(garbage));
    close(descriptor);
    numbers = open_numbers();
    assert_int_equal(newest(numbers, 0x78787878), 0);
    note(numbers, 7, 3);
    assert_int_equal(newest(numbers, 7), 3);
    ward_numbers_free(numbers);
}

static void without_a_file_there_are_none(void **state)
{
    struct ward_numbers *numbers = NULL;

    (void)state;
    assert_int_equal(ward_numbers_open(&numbers, "/nowhere/numbers"), -ENOENT);
    assert_null(numbers);
    note(NULL, 1, 1);
    assert_int_equal(newest(NULL, 1), 0);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test_setup_teardown(a_killed_process_leaves_its_numbers, set_up, tear_down),
        cmocka_unit_test_setup_teardown(the_oldest_make_room, set_up, tear_down),
        cmocka_unit_test_setup_teardown(what_is_no_file_of_numbers_is_begun_anew, set_up, tear_down),
        cmocka_unit_test_setup_teardown(without_a_file_there_are_none, set_up, tear_down),
    };

    return cmocka_run_group_tests(tests, NULL, NULL);
}
