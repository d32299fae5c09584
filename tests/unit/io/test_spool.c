/* SPDX-License-Identifier: Apache-2.0 */
/* The core's side of the spool against a client played by the test, over a real socket. */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdio.h>
#include <string.h>

#include <cmocka.h>

#include <errno.h>
#include <stdlib.h>
#include <sys/socket.h>
#include <sys/un.h>
#include <unistd.h>

#include "io/spool.h"

#define GENEROUS_US 10000000ULL

struct fixture {
    char directory[64];
    char path[96];
    sd_event *event;
    struct ward_spool *spool;
    int client;
    uint8_t packet[WARD_LINK_FRAME_MAX];
    struct ward_link_frame frame; /* the newest the client received; points into packet */

    unsigned links, credits, results, downs, troubles, steps;
    enum ward_provision_outcome outcome;
    uint32_t step_ms;
    char step[WARD_LINK_STEP_MAX + WARD_LINK_TEXT_MAX + 4];
    unsigned fetches;
    bool fetch_failed;
    struct ward_spool_probed probed;
    bool up;
    char text[WARD_LINK_TEXT_MAX + 1];
    int64_t certificate_expires_ms;
    uint64_t result_id;
    uint8_t result_reason;
    char down_topic[WARD_TOPIC_MAX + 1];
    char down_payload[16];
    char trouble[200];
    uint64_t outcome_id;
    bool outcome_done;
    unsigned downs_before_other; /* what had come when another source had its turn */
};

static void on_link(void *userdata, bool up, const char *text, int64_t certificate_expires_ms)
{
    struct fixture *f = userdata;

    f->links++;
    f->up = up;
    snprintf(f->text, sizeof(f->text), "%s", text);
    f->certificate_expires_ms = certificate_expires_ms;
}

static void on_credit(void *userdata)
{
    ((struct fixture *)userdata)->credits++;
}

static void on_result(void *userdata, uint64_t id, uint8_t reason)
{
    struct fixture *f = userdata;

    f->results++;
    f->result_id = id;
    f->result_reason = reason;
}

static void on_down(void *userdata, const struct ward_spool_down *down)
{
    struct fixture *f = userdata;

    f->downs++;
    snprintf(f->down_topic, sizeof(f->down_topic), "%s", down->topic);
    snprintf(f->down_payload, sizeof(f->down_payload), "%.*s", (int)down->payload_length,
             (const char *)down->payload);
}

static void on_fetched(void *userdata, bool failed, const char *text)
{
    struct fixture *f = userdata;

    f->fetches++;
    f->fetch_failed = failed;
    snprintf(f->text, sizeof(f->text), "%s", text);
}

static void on_probed(void *userdata, const struct ward_spool_probed *probed)
{
    struct fixture *f = userdata;

    f->probed = *probed;
    f->probed.text = NULL; /* borrowed */
    snprintf(f->text, sizeof(f->text), "%s", probed->text);
}

static void on_trouble(void *userdata, const char *text)
{
    struct fixture *f = userdata;

    f->troubles++;
    snprintf(f->trouble, sizeof(f->trouble), "%s", text);
}

static void on_provisioned(void *userdata, enum ward_provision_outcome outcome, const char *step, uint32_t ms,
                           const char *text)
{
    struct fixture *f = userdata;

    f->steps++;
    f->outcome = outcome;
    f->step_ms = ms;
    snprintf(f->step, sizeof(f->step), "%s: %s", step, text);
}

static void on_outcome(void *userdata, uint64_t id, bool done, const char *text)
{
    struct fixture *f = userdata;

    f->outcome_id = id;
    f->outcome_done = done;
    snprintf(f->text, sizeof(f->text), "%s", text);
}

static const struct ward_spool_listener listener = {.link = on_link,
                                                    .credit = on_credit,
                                                    .result = on_result,
                                                    .down = on_down,
                                                    .outcome = on_outcome,
                                                    .provisioned = on_provisioned,
                                                    .fetched = on_fetched,
                                                    .probed = on_probed,
                                                    .trouble = on_trouble};

static int connect_client(const struct fixture *f)
{
    struct sockaddr_un address = {.sun_family = AF_UNIX};
    int client = socket(AF_UNIX, SOCK_SEQPACKET | SOCK_CLOEXEC | SOCK_NONBLOCK, 0);

    assert_true(client >= 0);
    memcpy(address.sun_path, f->path, strlen(f->path));
    assert_int_equal(connect(client, (const struct sockaddr *)&address, sizeof(address)), 0);
    return client;
}

static int set_up(void **state)
{
    struct fixture *f = calloc(1, sizeof(*f));

    assert_non_null(f);
    strcpy(f->directory, "/tmp/ward-spool-XXXXXX");
    assert_non_null(mkdtemp(f->directory));
    snprintf(f->path, sizeof(f->path), "%s/spool", f->directory);
    assert_true(sd_event_new(&f->event) >= 0);
    assert_int_equal(ward_spool_new(&f->spool, &(struct ward_spool_options){.event = f->event,
                                                                            .path = f->path,
                                                                            .peer_uid = getuid(),
                                                                            .listener = &listener,
                                                                            .userdata = f}),
                     0);
    f->client = connect_client(f);
    *state = f;
    return 0;
}

static int tear_down(void **state)
{
    struct fixture *f = *state;

    if (f->client >= 0)
        close(f->client);
    ward_spool_free(f->spool);
    assert_int_not_equal(access(f->path, F_OK), 0);
    assert_int_equal(rmdir(f->directory), 0);
    sd_event_unref(f->event);
    free(f);
    return 0;
}

/* Runs the loop until it has nothing to do: everything the client has sent is then taken. */
static void turn(struct fixture *f)
{
    while (sd_event_run(f->event, 0) > 0)
        ;
}

static void say(struct fixture *f, const struct ward_link_frame *frame)
{
    static uint8_t buffer[WARD_LINK_FRAME_MAX];
    size_t length = ward_link_encode(frame, buffer, sizeof(buffer));

    assert_true(length > 0);
    assert_int_equal(send(f->client, buffer, length, MSG_NOSIGNAL), (ssize_t)length);
    turn(f);
}

/* The next frame from the spool; false when there is none. */
static bool hear(struct fixture *f)
{
    ssize_t length = recv(f->client, f->packet, sizeof(f->packet), MSG_DONTWAIT);

    if (length <= 0)
        return false;
    assert_true(ward_link_decode(f->packet, (size_t)length, &f->frame));
    return true;
}

static void expect(struct fixture *f, enum ward_link_type type)
{
    assert_true(hear(f));
    assert_int_equal(f->frame.type, type);
}

static void expect_hung_up(struct fixture *f)
{
    char octet;

    turn(f);
    while (hear(f))
        ;
    assert_int_equal(recv(f->client, &octet, 1, MSG_DONTWAIT), 0);
}

static void hello(struct fixture *f)
{
    say(f,
        &(struct ward_link_frame){.type = WARD_LINK_HELLO,
                                  .hello = {.version = WARD_LINK_VERSION, .frame_max = WARD_LINK_FRAME_MAX}});
}

static void link_is(struct fixture *f, bool up, const char *text)
{
    say(f, &(struct ward_link_frame){.type = WARD_LINK_LINK,
                                     .link = {.up = up,
                                              .text = text,
                                              .text_length = (uint16_t)strlen(text),
                                              .certificate_expires_ms = 1234}});
}

static void credit(struct fixture *f, uint32_t frames, uint32_t octets)
{
    say(f, &(struct ward_link_frame){.type = WARD_LINK_CREDIT,
                                     .credit = {.round = 3, .frames = frames, .octets = octets}});
}

/* Joined, link up, credit given, and what the spool says on its own account already heard. */
static void join(struct fixture *f, uint32_t frames, uint32_t octets)
{
    hello(f);
    link_is(f, true, "connected");
    credit(f, frames, octets);
    while (hear(f))
        ;
}

static struct ward_message message(enum ward_message_class message_class, size_t payload_length)
{
    static const uint8_t payload[WARD_LINK_FRAME_MAX] = "{}";

    return (struct ward_message){.id = 42,
                                 .message_class = (uint8_t)message_class,
                                 .qos = 1,
                                 .topic = "ward/v1/s/g/up/alarms",
                                 .kid = "k-1",
                                 .signature = "c2ln",
                                 .payload = payload,
                                 .payload_length = payload_length};
}

static int publish(struct fixture *f, enum ward_message_class message_class, size_t payload_length)
{
    struct ward_message m = message(message_class, payload_length);

    return ward_spool_publish(f->spool, &m);
}

static void hello_is_answered_with_testaments(void **state)
{
    struct fixture *f = *state;
    struct ward_message will = message(WARD_MESSAGE_STATE, 2);

    assert_int_equal(ward_spool_testament(f->spool, WARD_TESTAMENT_WILL, &will), 0);
    assert_int_equal(ward_spool_testament(f->spool, WARD_TESTAMENT_SILENT, &will), 0);
    ward_spool_urgent(f->spool, true);
    hello(f);
    expect(f, WARD_LINK_HELLO);
    assert_int_equal(f->frame.hello.version, WARD_LINK_VERSION);
    expect(f, WARD_LINK_TESTAMENT);
    assert_int_equal(f->frame.publish.testament, WARD_TESTAMENT_WILL);
    assert_int_equal(f->frame.publish.topic_length, strlen(will.topic));
    expect(f, WARD_LINK_TESTAMENT);
    assert_int_equal(f->frame.publish.testament, WARD_TESTAMENT_SILENT);
    expect(f, WARD_LINK_URGENT);
    assert_true(f->frame.urgent.urgent);
    assert_false(hear(f));
    assert_int_equal(f->links, 0);

    ward_spool_urgent(f->spool, false);
    expect(f, WARD_LINK_URGENT);
    assert_false(f->frame.urgent.urgent);
    ward_spool_testament(f->spool, WARD_TESTAMENT_SILENT, &will);
    expect(f, WARD_LINK_TESTAMENT);
}

static void names_are_kept_for_every_client_and_told_when_they_change(void **state)
{
    static char too_many[WARD_LINK_NAMES_MAX + 2];
    struct fixture *f = *state;

    assert_int_equal(ward_spool_names(f->spool, "p-1 "), 0);
    hello(f);
    expect(f, WARD_LINK_HELLO);
    expect(f, WARD_LINK_URGENT);
    expect(f, WARD_LINK_NAMES);
    assert_int_equal(f->frame.names.length, 4);
    assert_memory_equal(f->frame.names.text, "p-1 ", 4);
    assert_int_equal(ward_spool_names(f->spool, "p-1 "), 0);
    assert_false(hear(f));
    assert_int_equal(ward_spool_names(f->spool, ""), 0);
    expect(f, WARD_LINK_NAMES);
    assert_int_equal(f->frame.names.length, 0);
    memset(too_many, 'x', sizeof(too_many) - 1);
    assert_int_equal(ward_spool_names(f->spool, too_many), -EMSGSIZE);
    assert_false(hear(f));
}

static void probes_go_down_and_their_steps_come_up(void **state)
{
    struct ward_link_frame probed = {.type = WARD_LINK_PROBED,
                                     .probed = {.number = 7,
                                                .step = WARD_STEP_TLS,
                                                .failed = true,
                                                .took_us = 5,
                                                .text_length = 2,
                                                .text = "no"}};
    struct ward_link_frame fetched = {.type = WARD_LINK_FETCHED,
                                      .fetched = {.failed = true, .text_length = 3, .text = "why"}};
    struct fixture *f = *state;

    assert_false(ward_spool_probe(f->spool, 7));
    hello(f);
    expect(f, WARD_LINK_HELLO);
    expect(f, WARD_LINK_URGENT);
    assert_true(ward_spool_probe(f->spool, 7));
    expect(f, WARD_LINK_PROBE);
    assert_int_equal(f->frame.probe.number, 7);
    say(f, &probed);
    assert_int_equal(f->probed.number, 7);
    assert_int_equal(f->probed.step, WARD_STEP_TLS);
    assert_true(f->probed.failed);
    assert_int_equal(f->probed.took_us, 5);
    assert_string_equal(f->text, "no");
    say(f, &fetched);
    assert_int_equal(f->fetches, 1);
    assert_true(f->fetch_failed);
    assert_string_equal(f->text, "why");
}

static void link_and_credit_are_told(void **state)
{
    struct fixture *f = *state;

    assert_int_equal(publish(f, WARD_MESSAGE_ALARM, 2), WARD_SPOOL_DOWN);
    hello(f);
    assert_int_equal(publish(f, WARD_MESSAGE_ALARM, 2), WARD_SPOOL_DOWN);
    link_is(f, false, "TCP: Connection refused");
    assert_int_equal(f->links, 1);
    assert_false(f->up);
    assert_string_equal(f->text, "TCP: Connection refused");
    link_is(f, true, "connected");
    assert_true(f->up);
    assert_true(f->certificate_expires_ms == 1234);
    assert_int_equal(f->credits, 0);
    assert_int_equal(publish(f, WARD_MESSAGE_ALARM, 2), WARD_SPOOL_NO_CREDIT);
    credit(f, 2, 1000);
    assert_int_equal(f->credits, 1);
}

static void publish_goes_in_its_round_and_is_answered(void **state)
{
    struct fixture *f = *state;

    join(f, 4, 65536);
    assert_int_equal(publish(f, WARD_MESSAGE_LIVE, 2), WARD_SPOOL_SENT);
    expect(f, WARD_LINK_PUBLISH);
    assert_true(f->frame.publish.id == 42);
    assert_int_equal(f->frame.publish.round, 3);
    assert_memory_equal(f->frame.publish.kid, "k-1", 3);
    assert_memory_equal(f->frame.publish.payload, "{}", 2);
    say(f, &(struct ward_link_frame){.type = WARD_LINK_RESULT, .result = {.id = 42, .reason = 0x87}});
    assert_int_equal(f->results, 1);
    assert_true(f->result_id == 42);
    assert_int_equal(f->result_reason, 0x87);
}

static void the_last_frame_is_for_alarms(void **state)
{
    struct fixture *f = *state;

    join(f, 3, 65536);
    assert_int_equal(publish(f, WARD_MESSAGE_BACKLOG, 2), WARD_SPOOL_SENT);
    assert_int_equal(publish(f, WARD_MESSAGE_STATE, 2), WARD_SPOOL_SENT);
    assert_int_equal(publish(f, WARD_MESSAGE_STATE, 2), WARD_SPOOL_NO_CREDIT);
    assert_int_equal(ward_spool_room(f->spool, WARD_MESSAGE_STATE), 0);
    assert_int_equal(ward_spool_room(f->spool, WARD_MESSAGE_ALARM), WARD_LINK_PAYLOAD_MAX);
    assert_int_equal(publish(f, WARD_MESSAGE_ALARM, 2), WARD_SPOOL_SENT);
    assert_int_equal(publish(f, WARD_MESSAGE_ALARM, 2), WARD_SPOOL_NO_CREDIT);
}

static void octets_hold_back_all_but_alarms(void **state)
{
    struct fixture *f = *state;

    join(f, 10, 4096);
    assert_int_equal(ward_spool_room(f->spool, WARD_MESSAGE_BACKLOG), 4096 - 512);
    assert_int_equal(publish(f, WARD_MESSAGE_BACKLOG, 2000), WARD_SPOOL_SENT);
    assert_int_equal(publish(f, WARD_MESSAGE_BACKLOG, 3000), WARD_SPOOL_NO_CREDIT);
    assert_int_equal(publish(f, WARD_MESSAGE_BACKLOG, 1000), WARD_SPOOL_SENT);
    assert_int_equal(publish(f, WARD_MESSAGE_ALARM, 3000), WARD_SPOOL_SENT);
}

static void nothing_unanswered_never_blocks(void **state)
{
    struct fixture *f = *state;

    assert_false(ward_spool_idle(f->spool));
    join(f, 1, 100);
    assert_true(ward_spool_idle(f->spool));
    assert_true(ward_spool_room(f->spool, WARD_MESSAGE_BACKLOG) > 500);
    assert_int_equal(publish(f, WARD_MESSAGE_BACKLOG, 20000), WARD_SPOOL_SENT);
    assert_false(ward_spool_idle(f->spool));
    credit(f, 1, 0);
    assert_int_equal(publish(f, WARD_MESSAGE_BACKLOG, 2), WARD_SPOOL_NO_CREDIT);
    say(f, &(struct ward_link_frame){.type = WARD_LINK_RESULT, .result.id = 42});
    assert_int_equal(publish(f, WARD_MESSAGE_BACKLOG, 2), WARD_SPOOL_SENT);
}

static void link_down_voids_credit_and_another_text_does_not(void **state)
{
    struct fixture *f = *state;

    join(f, 4, 65536);
    assert_int_equal(publish(f, WARD_MESSAGE_LIVE, 2), WARD_SPOOL_SENT);
    link_is(f, true, "connected, but no receipts can come");
    assert_int_equal(publish(f, WARD_MESSAGE_LIVE, 2), WARD_SPOOL_SENT);
    link_is(f, false, "gone");
    assert_int_equal(publish(f, WARD_MESSAGE_ALARM, 2), WARD_SPOOL_DOWN);
    link_is(f, true, "connected");
    assert_int_equal(publish(f, WARD_MESSAGE_ALARM, 2), WARD_SPOOL_NO_CREDIT);
}

static void a_full_socket_takes_nothing_and_then_asks_again(void **state)
{
    struct fixture *f = *state;
    unsigned sent = 0, credits;

    join(f, 1000, UINT32_MAX);
    while (publish(f, WARD_MESSAGE_LIVE, 60000) == WARD_SPOOL_SENT)
        sent++;
    assert_in_range(sent, 1, 100);
    assert_int_equal(ward_spool_room(f->spool, WARD_MESSAGE_LIVE), 0); /* whatever the uplink has granted */
    assert_int_equal(publish(f, WARD_MESSAGE_ALARM, 60000), WARD_SPOOL_NO_CREDIT);
    ward_spool_urgent(f->spool, true); /* small, but may not fit either: then it is owed */
    credits = f->credits;
    for (unsigned i = 0; i < sent; i++)
        say(f, &(struct ward_link_frame){.type = WARD_LINK_RESULT, .result.id = 42});
    assert_false(ward_spool_idle(f->spool)); /* though nothing is unanswered */
    for (unsigned i = 0; i < sent; i++)
        expect(f, WARD_LINK_PUBLISH);
    turn(f);
    assert_true(f->credits > credits);
    assert_int_equal(ward_spool_room(f->spool, WARD_MESSAGE_LIVE), WARD_LINK_PAYLOAD_MAX);
    assert_true(ward_spool_idle(f->spool));
    expect(f, WARD_LINK_URGENT);
    assert_int_equal(publish(f, WARD_MESSAGE_ALARM, 60000), WARD_SPOOL_SENT);
}

static void that_one_was_full_says_nothing_of_the_next(void **state)
{
    struct fixture *f = *state;

    join(f, 1000, UINT32_MAX);
    while (publish(f, WARD_MESSAGE_LIVE, 60000) == WARD_SPOOL_SENT)
        continue;
    hello(f); /* once too often: it is hung up on */
    assert_false(f->up);
    close(f->client);
    f->client = connect_client(f);
    join(f, 1000, UINT32_MAX);
    assert_int_equal(ward_spool_room(f->spool, WARD_MESSAGE_LIVE), WARD_LINK_PAYLOAD_MAX);
}

static void down_is_passed_on(void **state)
{
    struct fixture *f = *state;

    join(f, 1, 1);
    say(f, &(struct ward_link_frame){.type = WARD_LINK_DOWN,
                                     .down = {.topic = "t/down/receipt",
                                              .topic_length = 14,
                                              .payload = (const uint8_t *)"{1}",
                                              .payload_length = 3}});
    assert_int_equal(f->downs, 1);
    assert_string_equal(f->down_topic, "t/down/receipt");
    assert_string_equal(f->down_payload, "{1}");
}

static void say_step(struct fixture *f, enum ward_provision_outcome outcome, const char *step,
                     const char *text)
{
    struct ward_link_frame frame = {.type = WARD_LINK_PROVISIONED};

    frame.provisioned.outcome = (uint8_t)outcome;
    frame.provisioned.ms = 7;
    frame.provisioned.step = step;
    frame.provisioned.step_length = (uint16_t)strlen(step);
    frame.provisioned.text = text;
    frame.provisioned.text_length = (uint16_t)strlen(text);
    say(f, &frame);
}

static void provisioning_goes_step_by_step_and_one_at_a_time(void **state)
{
    struct fixture *f = *state;
    char long_code[WARD_LINK_CODE_MAX + 2] = "";

    assert_int_equal(ward_spool_provision(f->spool, WARD_PROVISION_RENEW, ""), -ENOTCONN);
    hello(f);
    expect(f, WARD_LINK_HELLO);
    memset(long_code, 'a', sizeof(long_code) - 1);
    assert_int_equal(ward_spool_provision(f->spool, WARD_PROVISION_ENROL, long_code), -EINVAL);
    assert_int_equal(ward_spool_provision(f->spool, WARD_PROVISION_ENROL, "host/code"), 0);
    assert_int_equal(ward_spool_provision(f->spool, WARD_PROVISION_RENEW, ""), -EBUSY);
    say_step(f, WARD_PROVISION_STEP, "key", "there is one");
    assert_int_equal(f->steps, 1);
    assert_int_equal(f->outcome, WARD_PROVISION_STEP);
    assert_int_equal(f->step_ms, 7);
    assert_string_equal(f->step, "key: there is one");
    assert_int_equal(ward_spool_provision(f->spool, WARD_PROVISION_RENEW, ""), -EBUSY);
    say_step(f, WARD_PROVISION_DONE, "kept", "it is");
    assert_int_equal(f->outcome, WARD_PROVISION_DONE);
    assert_int_equal(ward_spool_provision(f->spool, WARD_PROVISION_RENEW, ""), 0);
}

static void provisioning_fails_with_the_uplink(void **state)
{
    struct fixture *f = *state;

    hello(f);
    assert_int_equal(ward_spool_provision(f->spool, WARD_PROVISION_RENEW, ""), 0);
    close(f->client);
    turn(f);
    assert_int_equal(f->steps, 1);
    assert_int_equal(f->outcome, WARD_PROVISION_FAILED);
    assert_string_equal(f->step, "uplink: the uplink ended");
    f->client = connect_client(f);
    hello(f);
    assert_int_equal(ward_spool_provision(f->spool, WARD_PROVISION_RENEW, ""), 0);
}

static void the_end_of_the_uplink_is_link_down(void **state)
{
    struct fixture *f = *state;

    join(f, 4, 65536);
    close(f->client);
    turn(f);
    assert_false(f->up);
    assert_int_equal(f->links, 2);
    assert_string_equal(f->text, "the uplink ended");
    assert_int_equal(publish(f, WARD_MESSAGE_ALARM, 2), WARD_SPOOL_DOWN);
    f->client = connect_client(f);
    join(f, 4, 65536);
    assert_true(f->up);
    assert_int_equal(publish(f, WARD_MESSAGE_ALARM, 2), WARD_SPOOL_SENT);
}

static void a_client_that_ended_makes_room_for_the_next(void **state)
{
    struct fixture *f = *state;

    hello(f);
    close(f->client);
    f->client = connect_client(f); /* both are waiting when the loop turns */
    hello(f);
    expect(f, WARD_LINK_HELLO);
    assert_int_equal(f->troubles, 0);
}

static void a_second_client_is_refused(void **state)
{
    struct fixture *f = *state;
    int first = f->client;

    hello(f);
    f->client = connect_client(f);
    expect_hung_up(f);
    assert_int_equal(f->troubles, 1);
    assert_non_null(strstr(f->trouble, "connected already"));
    close(f->client);
    f->client = first;
    expect(f, WARD_LINK_HELLO);
}

static void another_uid_is_refused(void **state)
{
    struct fixture *f = *state;
    char path[128];
    struct ward_spool *other = NULL;

    snprintf(path, sizeof(path), "%s.other", f->path);
    assert_int_equal(ward_spool_new(&other, &(struct ward_spool_options){.event = f->event,
                                                                         .path = path,
                                                                         .peer_uid = getuid() + 1,
                                                                         .listener = &listener,
                                                                         .userdata = f}),
                     0);
    close(f->client);
    strcpy(f->path, path);
    f->client = connect_client(f);
    expect_hung_up(f);
    assert_non_null(strstr(f->trouble, "not the uplink's user"));
    ward_spool_free(other);
    f->path[strlen(f->path) - strlen(".other")] = 0;
}

static void frames_out_of_place_end_the_connection(void **state)
{
    static const uint8_t malformed[] = {0x0D, 0x00};
    static const struct ward_link_frame wrong[] = {
        {.type = WARD_LINK_CREDIT, .credit.frames = 1},
        {.type = WARD_LINK_RESULT, .result.id = 1},
        {.type = WARD_LINK_URGENT, .urgent.urgent = true},
        {.type = WARD_LINK_PROVISION, .provision.action = WARD_PROVISION_RENEW},
        {.type = WARD_LINK_PROVISIONED, .provisioned.outcome = WARD_PROVISION_DONE},
        {.type = WARD_LINK_PROBE, .probe.number = 1},
        {.type = WARD_LINK_NAMES, .names = {.length = 0, .text = ""}},
        {.type = WARD_LINK_HELLO, .hello = {.version = WARD_LINK_VERSION, .frame_max = WARD_LINK_FRAME_MAX}},
    };
    struct fixture *f = *state;

    for (size_t i = 0; i < sizeof(wrong) / sizeof(wrong[0]); i++) {
        hello(f);
        say(f, &wrong[i]);
        expect_hung_up(f);
        assert_int_equal(f->troubles, i + 1);
        assert_string_equal(f->text, "the uplink broke the spool's protocol");
        close(f->client);
        f->client = connect_client(f);
    }
    hello(f);
    assert_int_equal(send(f->client, malformed, sizeof(malformed), 0), sizeof(malformed));
    expect_hung_up(f);
    assert_non_null(strstr(f->trouble, "malformed"));
}

static void hello_comes_first_and_with_our_version(void **state)
{
    struct fixture *f = *state;

    link_is(f, true, "connected");
    expect_hung_up(f);
    assert_int_equal(f->links, 0);
    close(f->client);
    f->client = connect_client(f);
    say(f, &(struct ward_link_frame){
               .type = WARD_LINK_HELLO,
               .hello = {.version = WARD_LINK_VERSION + 1, .frame_max = WARD_LINK_FRAME_MAX}});
    expect_hung_up(f);
    assert_non_null(strstr(f->trouble, "version"));
}

static void a_packet_too_large_is_refused(void **state)
{
    static uint8_t packet[WARD_LINK_FRAME_MAX + 1];
    struct fixture *f = *state;

    hello(f);
    assert_int_equal(send(f->client, packet, sizeof(packet), 0), (ssize_t)sizeof(packet));
    expect_hung_up(f);
}

static void messages_that_can_never_go_are_errors(void **state)
{
    struct fixture *f = *state;
    struct ward_message m = message(WARD_MESSAGE_LIVE, 2);

    join(f, 4, 65536);
    assert_int_equal(publish(f, WARD_MESSAGE_LIVE, WARD_LINK_PAYLOAD_MAX + 1), -EMSGSIZE);
    m.topic = "ward/#";
    assert_int_equal(ward_spool_publish(f->spool, &m), -EINVAL);
    assert_int_equal(ward_spool_testament(f->spool, WARD_TESTAMENT_WILL, &m), -EINVAL);
    m.topic = "";
    assert_int_equal(ward_spool_publish(f->spool, &m), -EINVAL);
    assert_false(hear(f));
}

static void the_core_shows_that_it_lives(void **state)
{
    struct fixture *f = *state;

    hello(f);
    while (hear(f))
        ;
    assert_true(sd_event_run(f->event, GENEROUS_US) > 0); /* nothing but the timer can happen */
    expect(f, WARD_LINK_URGENT);
    assert_true(sd_event_run(f->event, GENEROUS_US) > 0);
    expect(f, WARD_LINK_URGENT);
}

static void who_says_no_hello_is_hung_up_on(void **state)
{
    struct fixture *f = *state;

    turn(f);
    assert_true(sd_event_run(f->event, GENEROUS_US) > 0);
    expect_hung_up(f);
    assert_non_null(strstr(f->trouble, "no hello"));
}

static void a_task_is_given_and_its_outcome_told(void **state)
{
    struct fixture *f = *state;

    assert_false(ward_spool_task(f->spool, 7, WARD_LINK_TASK_ROTATE)); /* nobody is there */
    join(f, 1, 100);
    assert_true(ward_spool_task(f->spool, 7, WARD_LINK_TASK_ROTATE));
    expect(f, WARD_LINK_TASK);
    assert_true(f->frame.task.id == 7 && f->frame.task.task == WARD_LINK_TASK_ROTATE);
    say(f, &(struct ward_link_frame){.type = WARD_LINK_OUTCOME,
                                     .outcome = {.id = 7, .done = true, .text = "new", .text_length = 3}});
    assert_true(f->outcome_id == 7 && f->outcome_done);
    assert_string_equal(f->text, "new");
    say(f,
        &(struct ward_link_frame){.type = WARD_LINK_TASK, .task = {.id = 7}}); /* only the core gives them */
    expect_hung_up(f);
}

static void that_the_uplink_is_to_listen_anew_waits_for_room(void **state)
{
    struct fixture *f = *state;
    unsigned sent = 0;

    ward_spool_listen(f->spool); /* nobody is there, and whoever comes listens */
    hello(f);
    while (hear(f))
        assert_int_not_equal(f->frame.type, WARD_LINK_TASK);
    link_is(f, true, "connected");
    credit(f, 1000, UINT32_MAX);
    while (publish(f, WARD_MESSAGE_LIVE, 60000) == WARD_SPOOL_SENT)
        sent++;
    ward_spool_listen(f->spool);
    for (unsigned i = 0; i < sent; i++)
        expect(f, WARD_LINK_PUBLISH);
    turn(f);
    expect(f, WARD_LINK_TASK);
    assert_int_equal(f->frame.task.task, WARD_LINK_TASK_LISTEN);
    turn(f);
    assert_false(hear(f)); /* once */
}

static void correlation_data_goes_with_its_message(void **state)
{
    struct fixture *f = *state;
    struct ward_message message = {.id = 1,
                                   .message_class = WARD_MESSAGE_STATE,
                                   .topic = "t",
                                   .payload = (const uint8_t *)"{}",
                                   .payload_length = 2,
                                   .correlation = (const uint8_t *)"\0\1",
                                   .correlation_length = 2};

    join(f, 2, 1000);
    assert_int_equal(ward_spool_publish(f->spool, &message), WARD_SPOOL_SENT);
    expect(f, WARD_LINK_PUBLISH);
    assert_int_equal(f->frame.publish.correlation_length, 2);
    assert_memory_equal(f->frame.publish.correlation, "\0\1", 2);
}

static int on_other(sd_event_source *source, int descriptor, uint32_t events, void *userdata)
{
    struct fixture *f = userdata;

    (void)descriptor, (void)events;
    f->downs_before_other = f->downs;
    return sd_event_source_set_enabled(source, SD_EVENT_OFF);
}

/* However much the ward says, an alarm's timer and the radio have their turn. */
static void a_flood_keeps_nothing_else_waiting(void **state)
{
    struct fixture *f = *state;
    const struct ward_link_frame down = {
        .type = WARD_LINK_DOWN,
        .down = {.topic = "t", .topic_length = 1, .payload = (const uint8_t *)"x", .payload_length = 1}};
    uint8_t buffer[64];
    const size_t length = ward_link_encode(&down, buffer, sizeof(buffer));
    sd_event_source *other = NULL;
    unsigned sent = 0;
    int ends[2];

    join(f, 1, 100);
    while (send(f->client, buffer, length, MSG_NOSIGNAL | MSG_DONTWAIT) > 0)
        sent++;
    assert_true(sent > 150); /* more than two turns */
    assert_int_equal(pipe(ends), 0);
    assert_int_equal(write(ends[1], "x", 1), 1);
    assert_true(sd_event_add_io(f->event, &other, ends[0], EPOLLIN, on_other, f) >= 0);
    turn(f);
    assert_int_equal(f->downs, sent);
    assert_true(f->downs_before_other <= 128);
    sd_event_source_disable_unref(other);
    close(ends[0]);
    close(ends[1]);
}

static void paths_are_checked(void **state)
{
    struct fixture *f = *state;
    struct ward_spool *other = NULL;
    struct ward_spool_options options = {.event = f->event, .path = f->directory, .listener = &listener};
    char path[200];

    assert_int_equal(ward_spool_new(&other, &options), -EEXIST);
    memset(path, 'a', sizeof(path) - 1);
    path[sizeof(path) - 1] = 0;
    options.path = path;
    assert_int_equal(ward_spool_new(&other, &options), -ENAMETOOLONG);
    options.path = "/nonexistent/spool";
    assert_int_equal(ward_spool_new(&other, &options), -ENOENT);
    assert_null(other);
    assert_null(ward_spool_free(NULL));
}

#define TEST(name) cmocka_unit_test_setup_teardown(name, set_up, tear_down)

int main(void)
{
    const struct CMUnitTest tests[] = {
        TEST(hello_is_answered_with_testaments),
        TEST(names_are_kept_for_every_client_and_told_when_they_change),
        TEST(probes_go_down_and_their_steps_come_up),
        TEST(link_and_credit_are_told),
        TEST(publish_goes_in_its_round_and_is_answered),
        TEST(the_last_frame_is_for_alarms),
        TEST(octets_hold_back_all_but_alarms),
        TEST(nothing_unanswered_never_blocks),
        TEST(link_down_voids_credit_and_another_text_does_not),
        TEST(a_full_socket_takes_nothing_and_then_asks_again),
        TEST(that_one_was_full_says_nothing_of_the_next),
        TEST(down_is_passed_on),
        TEST(provisioning_goes_step_by_step_and_one_at_a_time),
        TEST(provisioning_fails_with_the_uplink),
        TEST(the_end_of_the_uplink_is_link_down),
        TEST(a_client_that_ended_makes_room_for_the_next),
        TEST(a_second_client_is_refused),
        TEST(another_uid_is_refused),
        TEST(frames_out_of_place_end_the_connection),
        TEST(hello_comes_first_and_with_our_version),
        TEST(a_packet_too_large_is_refused),
        TEST(messages_that_can_never_go_are_errors),
        TEST(the_core_shows_that_it_lives),
        TEST(who_says_no_hello_is_hung_up_on),
        TEST(a_task_is_given_and_its_outcome_told),
        TEST(that_the_uplink_is_to_listen_anew_waits_for_room),
        TEST(correlation_data_goes_with_its_message),
        TEST(a_flood_keeps_nothing_else_waiting),
        TEST(paths_are_checked),
    };

    return cmocka_run_group_tests(tests, NULL, NULL);
}
