/* SPDX-License-Identifier: Apache-2.0 */
/* with: uplink/exchange.c. What the process would do is said here, one step at a time. */
#include <errno.h>
#include <poll.h>
#include <setjmp.h>
#include <stdarg.h>
#include <stdatomic.h>
#include <stddef.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/socket.h>
#include <unistd.h>

#include <cmocka.h>

#include "uplink/exchange_process.h"
#include "uplink/fetcher.h"
#include "uplink/tls_words.h"

#define DEADLINE_US (60 * UINT64_C(1000000))

static const struct ward_tls_files files = {
    .ca = "ca", .crl = "", .certificate = "certificate", .key = "key"};

static struct {
    sd_event *event;
    struct ward_fetcher *fetcher;
    int steps[2];         /* an octet in it lets one that asks go on */
    atomic_uint asked;    /* how often */
    bool obeys;           /* one that asks goes on when it is given up, and waits for nothing else */
    atomic_bool is_short; /* memory is, once, when it hands over what came */
    atomic_bool given_up; /* the last one was told so */
    unsigned answers;
    char body[80]; /* of the newest, or what was wrong with it */
} bench;

ssize_t __real_send(int socket, const void *data, size_t length, int flags);
ssize_t __wrap_send(int socket, const void *data, size_t length, int flags);

ssize_t __wrap_send(int socket, const void *data, size_t length, int flags)
{
    if (!atomic_exchange(&bench.is_short, false))
        return __real_send(socket, data, length, flags);
    errno = ENOBUFS;
    return -1;
}

/* On the fetcher's thread. The answer is what was asked for. */
void ward_exchange_ask(const struct ward_exchange_request *request, int stop,
                       struct ward_exchange_answer *ret)
{
    struct pollfd stopped = {.fd = stop, .events = POLLIN};
    char step;

    atomic_fetch_add(&bench.asked, 1);
    if (bench.obeys)
        poll(&stopped, 1, -1);
    else if (read(bench.steps[0], &step, 1) != 1)
        abort();
    atomic_store(&bench.given_up, poll(&stopped, 1, 0) == 1);
    *ret = (struct ward_exchange_answer){.end = WARD_EXCHANGE_ANSWERED,
                                         .status = 200,
                                         .body = strdup(request->url),
                                         .length = strlen(request->url)};
}

enum ward_journal_matter ward_tls_words_of_certificate(const struct ward_tls_peer *peer, long result,
                                                       X509 *certificate, int depth, char *text, size_t size)
{
    (void)peer;
    (void)result;
    (void)certificate;
    (void)depth;
    (void)size;
    text[0] = '\0';
    return WARD_JOURNAL_NO_MATTER;
}

static void on_done(void *userdata, const struct ward_fetched *fetched)
{
    (void)userdata;
    bench.answers++;
    snprintf(bench.body, sizeof(bench.body), "%s",
             fetched->wrong ? fetched->wrong : (const char *)fetched->body);
}

static void let_one_go_on(void)
{
    assert_int_equal(write(bench.steps[1], "", 1), 1);
}

#define WAIT_FOR(condition)                                                                                  \
    do {                                                                                                     \
        uint64_t now_us, until_us = 0;                                                                       \
        while (!(condition)) {                                                                               \
            assert_true(sd_event_run(bench.event, 20000) >= 0);                                              \
            assert_true(sd_event_now(bench.event, CLOCK_MONOTONIC, &now_us) >= 0);                           \
            until_us = until_us ? until_us : now_us + DEADLINE_US;                                           \
            assert_true(now_us < until_us);                                                                  \
        }                                                                                                    \
    } while (0)

static int set_up(void **state)
{
    (void)state;
    memset(&bench, 0, sizeof(bench));
    return socketpair(AF_UNIX, SOCK_SEQPACKET, 0, bench.steps) < 0 || sd_event_new(&bench.event) < 0 ||
           ward_fetcher_new(&bench.fetcher, bench.event, &files, on_done, NULL) < 0;
}

static int tear_down(void **state)
{
    (void)state;
    ward_fetcher_free(bench.fetcher);
    sd_event_unref(bench.event);
    close(bench.steps[0]);
    close(bench.steps[1]);
    return 0;
}

/* It never waits for what it asks with, which may hang. */
static void what_is_asked_for_comes(void **state)
{
    (void)state;
    assert_int_equal(ward_fetcher_get(bench.fetcher, "https://a/1", ""), 0);
    assert_int_equal(ward_fetcher_get(bench.fetcher, "https://a/2", ""), -EBUSY);
    WAIT_FOR(atomic_load(&bench.asked) == 1);
    assert_int_equal(bench.answers, 0);
    let_one_go_on();
    WAIT_FOR(bench.answers == 1);
    assert_string_equal(bench.body, "https://a/1");
    assert_false(atomic_load(&bench.given_up));
}

/* One that hangs is given up, and holds back what is asked for next, but nobody who asks. */
static void one_thread_asks_at_a_time(void **state)
{
    (void)state;
    assert_int_equal(ward_fetcher_get(bench.fetcher, "https://a/1", ""), 0);
    WAIT_FOR(atomic_load(&bench.asked) == 1);
    ward_fetcher_cancel(bench.fetcher);
    assert_int_equal(ward_fetcher_get(bench.fetcher, "https://a/2", ""), 0);
    ward_fetcher_cancel(bench.fetcher);
    assert_int_equal(ward_fetcher_get(bench.fetcher, "https://a/3", ""), 0);
    let_one_go_on();
    WAIT_FOR(atomic_load(&bench.asked) == 2);
    assert_true(atomic_load(&bench.given_up));
    assert_int_equal(bench.answers, 0);
    let_one_go_on();
    WAIT_FOR(bench.answers == 1);
    assert_string_equal(bench.body, "https://a/3");
    assert_int_equal(atomic_load(&bench.asked), 2);
}

/* And the loop comes to rest, and what is asked for next comes. */
static void an_answer_that_is_lost_is_told(void **state)
{
    (void)state;
    atomic_store(&bench.is_short, true);
    let_one_go_on();
    assert_int_equal(ward_fetcher_get(bench.fetcher, "https://a/1", ""), 0);
    WAIT_FOR(bench.answers == 1);
    assert_string_equal(bench.body, "wardgate-https: its answer is lost");
    assert_false(atomic_load(&bench.is_short));
    let_one_go_on();
    assert_int_equal(ward_fetcher_get(bench.fetcher, "https://a/2", ""), 0);
    WAIT_FOR(bench.answers == 2);
    assert_string_equal(bench.body, "https://a/2");
}

/* Nor is the process that it began left over when the uplink ends, or begins anew. */
static void what_asks_has_ended_with_the_fetcher(void **state)
{
    (void)state;
    bench.obeys = true;
    assert_int_equal(ward_fetcher_get(bench.fetcher, "https://a/1", ""), 0);
    WAIT_FOR(atomic_load(&bench.asked) == 1);
    bench.fetcher = ward_fetcher_free(bench.fetcher);
    assert_true(atomic_load(&bench.given_up));
}

static void the_fetcher_ends_without_one_that_hangs(void **state)
{
    (void)state;
    assert_int_equal(ward_fetcher_get(bench.fetcher, "https://a/1", ""), 0);
    WAIT_FOR(atomic_load(&bench.asked) == 1);
    bench.fetcher = ward_fetcher_free(bench.fetcher);
    assert_false(atomic_load(&bench.given_up));
    let_one_go_on();
    WAIT_FOR(atomic_load(&bench.given_up));
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test_setup_teardown(what_is_asked_for_comes, set_up, tear_down),
        cmocka_unit_test_setup_teardown(one_thread_asks_at_a_time, set_up, tear_down),
        cmocka_unit_test_setup_teardown(an_answer_that_is_lost_is_told, set_up, tear_down),
        cmocka_unit_test_setup_teardown(what_asks_has_ended_with_the_fetcher, set_up, tear_down),
        cmocka_unit_test_setup_teardown(the_fetcher_ends_without_one_that_hangs, set_up, tear_down),
    };

    return cmocka_run_group_tests_name("fetcher", tests, NULL, NULL);
}
