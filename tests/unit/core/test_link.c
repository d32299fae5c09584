/* SPDX-License-Identifier: Apache-2.0 */
/* The octets of the spool's frames, written down from the table in gateway/core/link.c. */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <string.h>

#include <cmocka.h>

#include "ward/link.h"

#define ARRAY_SIZE(array) (sizeof(array) / sizeof((array)[0]))

struct bad_octet {
    size_t at;
    uint8_t octet;
    const char *what;
};

static struct ward_link_frame publish_frame(void)
{
    struct ward_link_frame frame = {.type = WARD_LINK_PUBLISH};

    frame.publish.round = 0x04030201;
    frame.publish.message_class = WARD_MESSAGE_LIVE;
    frame.publish.qos = 1;
    frame.publish.retain = true;
    frame.publish.id = 0x1122334455667788;
    frame.publish.expiry_s = 180;
    frame.publish.topic = "t/u";
    frame.publish.topic_length = 3;
    frame.publish.kid = "k";
    frame.publish.kid_length = 1;
    frame.publish.signature = "sg";
    frame.publish.signature_length = 2;
    frame.publish.correlation = (const uint8_t *)"\xC0\x00";
    frame.publish.correlation_length = 2;
    frame.publish.payload = (const uint8_t *)"{}\n";
    frame.publish.payload_length = 3;
    return frame;
}

static const uint8_t publish_octets[] = {
    0x05, 0x01, 0x02, 0x03, 0x04, 0x88, 0x77, 0x66, 0x55, 0x44, 0x33, 0x22, 0x11, 0x02,
    0x01, 0x01, 0xB4, 0x00, 0x00, 0x00, 0x03, 0x00, 't',  '/',  'u',  0x01, 0x00, 'k',
    0x02, 0x00, 's',  'g',  0x02, 0xC0, 0x00, 0x03, 0x00, 0x00, 0x00, '{',  '}',  '\n',
};

static void expect_octets(const struct ward_link_frame *frame, const uint8_t *octets, size_t length)
{
    uint8_t buffer[256];

    assert_int_equal(ward_link_encode(frame, buffer, sizeof(buffer)), length);
    assert_memory_equal(buffer, octets, length);
}

static void publish_is_written_and_read(void **state)
{
    struct ward_link_frame frame = publish_frame(), back;

    (void)state;
    expect_octets(&frame, publish_octets, sizeof(publish_octets));
    assert_true(ward_link_decode(publish_octets, sizeof(publish_octets), &back));
    assert_int_equal(back.type, WARD_LINK_PUBLISH);
    assert_int_equal(back.publish.round, 0x04030201);
    assert_int_equal(back.publish.message_class, WARD_MESSAGE_LIVE);
    assert_int_equal(back.publish.qos, 1);
    assert_true(back.publish.retain);
    assert_true(back.publish.id == 0x1122334455667788);
    assert_int_equal(back.publish.expiry_s, 180);
    assert_int_equal(back.publish.topic_length, 3);
    assert_memory_equal(back.publish.topic, "t/u", 3);
    assert_int_equal(back.publish.kid_length, 1);
    assert_memory_equal(back.publish.kid, "k", 1);
    assert_int_equal(back.publish.signature_length, 2);
    assert_memory_equal(back.publish.signature, "sg", 2);
    assert_int_equal(back.publish.correlation_length, 2);
    assert_memory_equal(back.publish.correlation, "\xC0\x00", 2);
    assert_int_equal(back.publish.payload_length, 3);
    assert_memory_equal(back.publish.payload, "{}\n", 3);
}

static void small_frames_are_written_and_read(void **state)
{
    static const uint8_t hello[] = {0x01, 0x02, 0x00, 0x00, 0x00, 0x01, 0x00};
    static const uint8_t link[] = {0x03, 0x01, 0xFE, 0xFF, 0xFF, 0xFF, 0xFF,
                                   0xFF, 0xFF, 0xFF, 0x02, 0x00, 'o',  'k'};
    static const uint8_t credit[] = {0x04, 0x07, 0, 0, 0, 0x3F, 0, 0, 0, 0x00, 0x40, 0, 0};
    static const uint8_t result[] = {0x06, 0x09, 0, 0, 0, 0, 0, 0, 0, 0x87};
    static const uint8_t urgent[] = {0x08, 0x01};
    static const uint8_t task[] = {0x09, 0x05, 0, 0, 0, 0, 0, 0, 0, 0x01};
    static const uint8_t outcome[] = {0x0A, 0x05, 0, 0, 0, 0, 0, 0, 0, 0x01, 0x02, 0x00, 'o', 'k'};
    struct ward_link_frame frame = {.type = WARD_LINK_HELLO,
                                    .hello = {.version = WARD_LINK_VERSION, .frame_max = 65536}},
                           back;
    uint8_t buffer[32];

    (void)state;
    expect_octets(&frame, hello, sizeof(hello));
    frame = (struct ward_link_frame){
        .type = WARD_LINK_LINK,
        .link = {.up = true, .text_length = 2, .text = "ok", .certificate_expires_ms = -2},
    };
    expect_octets(&frame, link, sizeof(link));
    assert_true(ward_link_decode(link, sizeof(link), &back));
    assert_true(back.link.certificate_expires_ms == -2);
    frame = (struct ward_link_frame){.type = WARD_LINK_CREDIT,
                                     .credit = {.round = 7, .frames = 63, .octets = 16384}};
    expect_octets(&frame, credit, sizeof(credit));
    frame = (struct ward_link_frame){.type = WARD_LINK_RESULT, .result = {.id = 9, .reason = 0x87}};
    expect_octets(&frame, result, sizeof(result));
    frame = (struct ward_link_frame){.type = WARD_LINK_URGENT, .urgent.urgent = true};
    expect_octets(&frame, urgent, sizeof(urgent));
    assert_true(ward_link_decode(urgent, sizeof(urgent), &back));
    assert_true(back.urgent.urgent);
    frame =
        (struct ward_link_frame){.type = WARD_LINK_TASK, .task = {.id = 5, .task = WARD_LINK_TASK_ROTATE}};
    expect_octets(&frame, task, sizeof(task));
    frame.task.task = WARD_LINK_TASK_LISTEN + 1;
    assert_int_equal(ward_link_encode(&frame, buffer, sizeof(buffer)), 0);
    frame = (struct ward_link_frame){.type = WARD_LINK_OUTCOME,
                                     .outcome = {.id = 5, .done = true, .text = "ok", .text_length = 2}};
    expect_octets(&frame, outcome, sizeof(outcome));
    assert_true(ward_link_decode(outcome, sizeof(outcome), &back));
    assert_true(back.outcome.id == 5 && back.outcome.done && back.outcome.text_length == 2);
}

static void provisioning_is_written_and_read(void **state)
{
    static const uint8_t provision[] = {0x0B, 0x00, 0x02, 0x00, 'h', '/'};
    static const uint8_t provisioned[] = {0x0C, 0x02, 0x2A, 0x01, 0,    0,   0x03, 0x00,
                                          'k',  'e',  'y',  0x02, 0x00, 'n', 'o'};
    static const struct bad_octet bad[] = {{1, 3, "action"}, {3, 3, "long code"}, {4, 0, "NUL in the code"}};
    struct ward_link_frame frame = {.type = WARD_LINK_PROVISION}, back;
    uint8_t octets[sizeof(provision)], buffer[WARD_LINK_CODE_MAX + 8];

    (void)state;
    frame.provision.code = "h/";
    frame.provision.code_length = 2;
    expect_octets(&frame, provision, sizeof(provision));
    assert_true(ward_link_decode(provision, sizeof(provision), &back));
    assert_int_equal(back.provision.action, WARD_PROVISION_ENROL);
    assert_memory_equal(back.provision.code, "h/", 2);
    for (size_t i = 0; i < ARRAY_SIZE(bad); i++) {
        memcpy(octets, provision, sizeof(octets));
        octets[bad[i].at] = bad[i].octet;
        if (ward_link_decode(octets, sizeof(octets), &back))
            fail_msg("%s was taken", bad[i].what);
    }
    frame.provision.code_length = WARD_LINK_CODE_MAX + 1;
    assert_int_equal(ward_link_encode(&frame, buffer, sizeof(buffer)), 0);

    frame = (struct ward_link_frame){.type = WARD_LINK_PROVISIONED};
    frame.provisioned.outcome = WARD_PROVISION_FAILED;
    frame.provisioned.ms = 298;
    frame.provisioned.step = "key";
    frame.provisioned.step_length = 3;
    frame.provisioned.text = "no";
    frame.provisioned.text_length = 2;
    expect_octets(&frame, provisioned, sizeof(provisioned));
    assert_true(ward_link_decode(provisioned, sizeof(provisioned), &back));
    assert_int_equal(back.provisioned.ms, 298);
    frame.provisioned.outcome = WARD_PROVISION_FAILED + 1;
    assert_int_equal(ward_link_encode(&frame, buffer, sizeof(buffer)), 0);
}

static void fetching_and_probes_are_written_and_read(void **state)
{
    static const uint8_t names[] = {0x0D, 0x04, 0x00, 'p', '-', '1', ' '};
    static const uint8_t fetched[] = {0x0E, 0x01, 0x02, 0x00, 'n', 'o'};
    static const uint8_t probe[] = {0x0F, 0x04, 0x03, 0x02, 0x01};
    static const uint8_t probed[] = {0x10, 0x04, 0x03, 0x02, 0x01, 0x02, 0x01,
                                     0x10, 0x27, 0,    0,    0x01, 0x00, 'x'};
    static const uint8_t no_such_step[] = {0x10, 0, 0, 0, 0, 0x04, 0x01, 0, 0, 0, 0, 0, 0};
    struct ward_link_frame back;

    (void)state;
    assert_true(ward_link_decode(names, sizeof(names), &back));
    assert_int_equal(back.names.length, 4);
    assert_memory_equal(back.names.text, "p-1 ", 4);
    expect_octets(&back, names, sizeof(names));
    assert_true(ward_link_decode(fetched, sizeof(fetched), &back));
    assert_true(back.fetched.failed);
    assert_memory_equal(back.fetched.text, "no", 2);
    expect_octets(&back, fetched, sizeof(fetched));
    assert_true(ward_link_decode(probe, sizeof(probe), &back));
    assert_int_equal(back.probe.number, 0x01020304);
    expect_octets(&back, probe, sizeof(probe));
    assert_true(ward_link_decode(probed, sizeof(probed), &back));
    assert_int_equal(back.probed.number, 0x01020304);
    assert_int_equal(back.probed.step, WARD_STEP_TLS);
    assert_true(back.probed.failed);
    assert_int_equal(back.probed.took_us, 10000);
    assert_memory_equal(back.probed.text, "x", 1);
    expect_octets(&back, probed, sizeof(probed));
    assert_false(ward_link_decode(no_such_step, sizeof(no_such_step), &back));
}

static void names_are_as_many_as_there_may_be(void **state)
{
    static char text[WARD_LINK_NAMES_MAX + 1];
    static uint8_t buffer[WARD_LINK_NAMES_MAX + 8];
    struct ward_link_frame frame = {.type = WARD_LINK_NAMES,
                                    .names = {.length = WARD_LINK_NAMES_MAX, .text = text}};

    (void)state;
    memset(text, 'x', sizeof(text));
    assert_int_equal(ward_link_encode(&frame, buffer, sizeof(buffer)), WARD_LINK_NAMES_MAX + 3);
    frame.names.length++;
    assert_int_equal(ward_link_encode(&frame, buffer, sizeof(buffer)), 0);
}

static void down_and_testament_are_written_and_read(void **state)
{
    static const uint8_t down[] = {0x07, 0x01, 0x01, 0x00, 'd', 0x01, 0x00, 'r',  0x02, 0x00,
                                   0x00, 0xFF, 0x03, 0x00, 0,   0,    'p',  0x00, 'q'};
    struct ward_link_frame back, testament = publish_frame();
    uint8_t buffer[128];
    size_t length;

    (void)state;
    assert_true(ward_link_decode(down, sizeof(down), &back));
    assert_true(back.down.retained);
    assert_int_equal(back.down.response_topic_length, 1);
    assert_int_equal(back.down.correlation_length, 2);
    assert_memory_equal(back.down.correlation, "\0\xFF", 2);
    assert_memory_equal(back.down.payload, "p\0q", 3);
    expect_octets(&back, down, sizeof(down));

    testament.type = WARD_LINK_TESTAMENT;
    testament.publish.testament = WARD_TESTAMENT_SILENT;
    length = ward_link_encode(&testament, buffer, sizeof(buffer));
    assert_int_equal(length, sizeof(publish_octets) - 3); /* an octet that says which, and no round */
    assert_int_equal(buffer[1], 1);
    assert_true(ward_link_decode(buffer, length, &back));
    assert_int_equal(back.publish.testament, WARD_TESTAMENT_SILENT);
    assert_int_equal(back.publish.round, 0);
}

static void every_cut_is_refused_and_changes_nothing(void **state)
{
    uint8_t longer[sizeof(publish_octets) + 1] = {0};
    struct ward_link_frame back, untouched;

    (void)state;
    memset(&back, 0xA5, sizeof(back));
    untouched = back;
    for (size_t length = 0; length < sizeof(publish_octets); length++) {
        uint8_t *exact = test_malloc(length + 1); /* its end is guarded */

        memcpy(exact, publish_octets, length);
        assert_false(ward_link_decode(exact, length, &back));
        test_free(exact);
    }
    memcpy(longer, publish_octets, sizeof(publish_octets));
    assert_false(ward_link_decode(longer, sizeof(longer), &back));
    assert_memory_equal(&back, &untouched, sizeof(back));
}

static void fields_out_of_range_are_refused(void **state)
{
    static const struct bad_octet bad[] = {
        {0, 0x00, "type 0"},
        {0, 0x11, "unknown type"},
        {13, 4, "class"},
        {14, 3, "QoS"},
        {15, 2, "retain flag"},
        {20, 0, "empty topic"},
        {21, 0xFF, "long topic"},
        {22, '+', "wildcard"},
        {23, '#', "wildcard"},
        {24, 0, "NUL in the topic"},
        {27, 0, "NUL in the kid"},
        {30, 0, "NUL in the sig"},
        {35, 4, "payload beyond"},
        {35, 2, "octets left over"},
        {32, 65, "correlation beyond"},
        {25, 65, "kid beyond"},
        {28, 87, "sig beyond"},
    };
    struct ward_link_frame back;

    (void)state;
    for (size_t i = 0; i < ARRAY_SIZE(bad); i++) {
        uint8_t octets[sizeof(publish_octets)];

        memcpy(octets, publish_octets, sizeof(octets));
        octets[bad[i].at] = bad[i].octet;
        if (ward_link_decode(octets, sizeof(octets), &back))
            fail_msg("%s was taken", bad[i].what);
    }
}

static void what_cannot_be_read_is_not_written(void **state)
{
    static char text[WARD_TOPIC_MAX + 2];
    uint8_t buffer[1024];
    struct ward_link_frame frame = publish_frame();

    (void)state;
    memset(text, 'a', sizeof(text));
    frame.publish.topic = text;
    frame.publish.topic_length = WARD_TOPIC_MAX;
    assert_true(ward_link_encode(&frame, buffer, sizeof(buffer)) > 0);
    frame.publish.topic_length = WARD_TOPIC_MAX + 1;
    assert_int_equal(ward_link_encode(&frame, buffer, sizeof(buffer)), 0);
    frame = publish_frame();
    frame.publish.qos = 3;
    assert_int_equal(ward_link_encode(&frame, buffer, sizeof(buffer)), 0);
    frame = publish_frame();
    frame.type = 0;
    assert_int_equal(ward_link_encode(&frame, buffer, sizeof(buffer)), 0);
    frame = (struct ward_link_frame){.type = WARD_LINK_LINK, .link = {.text = text, .text_length = 201}};
    assert_int_equal(ward_link_encode(&frame, buffer, sizeof(buffer)), 0);
}

static void a_small_buffer_is_never_overrun(void **state)
{
    struct ward_link_frame frame = publish_frame();

    (void)state;
    for (size_t size = 0; size < sizeof(publish_octets); size++) {
        uint8_t *exact = test_malloc(size + 1);

        assert_int_equal(ward_link_encode(&frame, exact, size), 0);
        test_free(exact);
    }
}

static void the_largest_payload_always_fits(void **state)
{
    static uint8_t payload[WARD_LINK_FRAME_MAX], buffer[WARD_LINK_FRAME_MAX + 1];
    static char text[WARD_TOPIC_MAX];
    struct ward_link_frame frame = publish_frame(), back;
    size_t length;

    (void)state;
    memset(text, 'a', sizeof(text));
    frame.publish.topic = frame.publish.kid = frame.publish.signature = text;
    frame.publish.topic_length = WARD_TOPIC_MAX;
    frame.publish.kid_length = WARD_KID_MAX;
    frame.publish.signature_length = WARD_SIGNATURE_MAX;
    frame.publish.correlation = (const uint8_t *)text;
    frame.publish.correlation_length = WARD_CORRELATION_MAX;
    frame.publish.payload = payload;
    frame.publish.payload_length = WARD_LINK_PAYLOAD_MAX;
    length = ward_link_encode(&frame, buffer, sizeof(buffer));
    assert_true(length > WARD_LINK_PAYLOAD_MAX && length <= WARD_LINK_FRAME_MAX);
    assert_true(ward_link_decode(buffer, length, &back));
    frame.publish.payload_length = WARD_LINK_FRAME_MAX;
    assert_int_equal(ward_link_encode(&frame, buffer, sizeof(buffer)), 0);
    assert_false(ward_link_decode(buffer, WARD_LINK_FRAME_MAX + 1, &back));
}

static void the_head_and_then_the_payload_are_the_frame(void **state)
{
    struct ward_link_frame frame = publish_frame();
    const size_t length = sizeof(publish_octets) - frame.publish.payload_length;
    uint8_t head[sizeof(publish_octets)];

    (void)state;
    memset(head, 0xEE, sizeof(head));
    assert_int_equal(ward_link_encode_head(&frame, head, sizeof(head)), length);
    assert_memory_equal(head, publish_octets, length);
    assert_int_equal(head[length], 0xEE);
    for (size_t size = 0; size < length; size++) {
        uint8_t *exact = test_malloc(size + 1);

        assert_int_equal(ward_link_encode_head(&frame, exact, size), 0);
        test_free(exact);
    }
    frame.publish.payload_length = (uint32_t)(WARD_LINK_FRAME_MAX - length);
    assert_int_equal(ward_link_encode_head(&frame, head, sizeof(head)), length);
    frame.publish.payload_length++;
    assert_int_equal(ward_link_encode_head(&frame, head, sizeof(head)), 0);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(publish_is_written_and_read),
        cmocka_unit_test(small_frames_are_written_and_read),
        cmocka_unit_test(provisioning_is_written_and_read),
        cmocka_unit_test(fetching_and_probes_are_written_and_read),
        cmocka_unit_test(names_are_as_many_as_there_may_be),
        cmocka_unit_test(down_and_testament_are_written_and_read),
        cmocka_unit_test(every_cut_is_refused_and_changes_nothing),
        cmocka_unit_test(fields_out_of_range_are_refused),
        cmocka_unit_test(what_cannot_be_read_is_not_written),
        cmocka_unit_test(a_small_buffer_is_never_overrun),
        cmocka_unit_test(the_largest_payload_always_fits),
        cmocka_unit_test(the_head_and_then_the_payload_are_the_frame),
    };

    return cmocka_run_group_tests(tests, NULL, NULL);
}
