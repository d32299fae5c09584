/* SPDX-License-Identifier: Apache-2.0; adapter: store */
/*
 * A file that was put back: what it has for itself is given to the fresh one, under new numbers.
 */
#include <poll.h>
#include <string.h>

#include "store_bench.h"

#define COMMON 3

/* The ward has the first records, and they are known to be ours; the process was started anew since. */
static void begin(struct bench *bench)
{
    open_store(bench);
    for (uint64_t token = 1; token <= COMMON; token++) {
        submit_one(bench, token, true);
    }
    wait_for(bench, &bench->committed_count, COMMON);
    assert_int_equal(ward_store_agreed(bench->store, COMMON), 0);
    assert_int_equal(ward_store_mark_records(bench->store, COMMON, NULL, 0), 0);
    reopen_store(bench);
    bench->committed_count = 0;
}

/* Nobody listens until there is something to hear. */
static void wait_unheard(const struct bench *bench)
{
    struct pollfd readable = {.fd = ward_store_fd(bench->store), .events = POLLIN};

    assert_int_equal(poll(&readable, 1, 60000), 1);
}

/* The second receipt was sent before the loop knew of the first file's end. */
static void what_is_said_of_a_file_that_is_set_aside_is_not_said_of_the_next(void **state)
{
    struct bench *bench = *state;

    begin(bench);
    submit_one(bench, 10, true);
    wait_for(bench, &bench->committed_count, 1);
    ward_store_put_back(bench->store, 100, 0);
    wait_unheard(bench);
    ward_store_put_back(bench->store, 101, 0);
    wait_for(bench, &bench->replaced, 1);
    wait_until_salvaged(bench);
    assert_int_equal(bench->replaced, 1);
    fetch(bench, 1, 10);
    assert_int_equal(bench->answer_count, 1);
    assert_int_equal(bench->records[0].reading.values[0].number.mantissa, 60);
    submit_one(bench, 11, true); /* and when it is told, it counts again */
    wait_for(bench, &bench->committed_count, 2);
    ward_store_put_back(bench->store, 100, 0);
    wait_for(bench, &bench->replaced, 2);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        STORE_TEST(what_is_said_of_a_file_that_is_set_aside_is_not_said_of_the_next),
    };

    return cmocka_run_group_tests(tests, install_disk, NULL);
}
