/* SPDX-License-Identifier: Apache-2.0 */
#include "app_uplink.h"

#include <string.h>
#include <sys/socket.h>
#include <sys/un.h>
#include <unistd.h>

struct uplink uplink;

void uplink_tell(const struct ward_link_frame *frame)
{
    static uint8_t octets[WARD_LINK_FRAME_MAX];
    const size_t length = ward_link_encode(frame, octets, sizeof(octets));

    assert_true(length > 0);
    assert_int_equal(send(uplink.socket, octets, length, 0), (ssize_t)length);
}

bool uplink_has_come(enum ward_link_type type)
{
    ssize_t length;

    while ((length = recv(uplink.socket, uplink.packet, sizeof(uplink.packet), MSG_DONTWAIT)) > 0) {
        assert_true(ward_link_decode(uplink.packet, (size_t)length, &uplink.frame));
        if (uplink.frame.type == type)
            return true;
    }
    return false;
}

bool uplink_topic_is(const char *topic)
{
    return uplink.frame.publish.topic_length == strlen(topic) &&
           memcmp(uplink.frame.publish.topic, topic, strlen(topic)) == 0;
}

bool uplink_has_published(const char *topic)
{
    while (uplink_has_come(WARD_LINK_PUBLISH)) {
        if (uplink_topic_is(topic)) {
            uplink.found = uplink.frame.publish.id;
            return true;
        }
        uplink_tell(
            &(struct ward_link_frame){.type = WARD_LINK_RESULT, .result = {.id = uplink.frame.publish.id}});
    }
    return false;
}

bool uplink_payload_has(const char *text)
{
    return memmem(uplink.frame.publish.payload, uplink.frame.publish.payload_length, text, strlen(text)) !=
           NULL;
}

void uplink_answer(void)
{
    uplink_tell(&(struct ward_link_frame){.type = WARD_LINK_RESULT, .result = {.id = uplink.found}});
}

void uplink_join(struct bench *bench)
{
    struct sockaddr_un address = {.sun_family = AF_UNIX};
    const struct ward_link_frame hello = {
        .type = WARD_LINK_HELLO, .hello = {.version = WARD_LINK_VERSION, .frame_max = WARD_LINK_FRAME_MAX}};

    memcpy(address.sun_path, bench->config.spool.socket, strlen(bench->config.spool.socket));
    uplink.socket = socket(AF_UNIX, SOCK_SEQPACKET | SOCK_CLOEXEC, 0);
    assert_true(uplink.socket >= 0);
    assert_int_equal(connect(uplink.socket, (const struct sockaddr *)&address, sizeof(address)), 0);
    uplink_tell(&hello);
    WAIT_FOR(bench, uplink_has_come(WARD_LINK_HELLO));
}

void uplink_open_link(void)
{
    uplink_tell(&(struct ward_link_frame){.type = WARD_LINK_LINK,
                                          .link = {.up = true, .text = "", .text_length = 0}});
    uplink_tell(&(struct ward_link_frame){.type = WARD_LINK_CREDIT,
                                          .credit = {.round = 1, .frames = 1000, .octets = 1000000}});
}

int uplink_set_up(void **state)
{
    assert_int_equal(orders_set_up(state), 0);
    uplink.socket = -1;
    return 0;
}

int uplink_tear_down(void **state)
{
    if (uplink.socket >= 0)
        close(uplink.socket);
    return bench_tear_down(state);
}
