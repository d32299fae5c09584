/* SPDX-License-Identifier: Apache-2.0 */
/*
 * Tries the whole way to the ward and back, for `wardctl hub test`: DNS, TCP, TLS and MQTT, which the uplink tries on
 * connections of its own (ward/link.h); then a heartbeat that the broker acknowledges; then the newest record that is here
 * once more, of which the hub sends a receipt. It stops at the first step that fails, and changes nothing at the ward.
 */
#ifndef WARD_APP_HUB_TEST_H
#define WARD_APP_HUB_TEST_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "core/jws.h"
#include "io/bus.h"
#include "io/spool.h"

struct ward_gateway;

#define WARD_HUB_TEST_STEPS 6
/* How long the uplink may take for its part, and the broker and the hub for theirs. */
#define WARD_HUB_TEST_PROBE_US  (45 * UINT64_C(1000000))
#define WARD_HUB_TEST_ANSWER_US (20 * UINT64_C(1000000))

enum ward_hub_test_phase {
    WARD_HUB_TEST_IDLE,
    WARD_HUB_TEST_PROBES,
    WARD_HUB_TEST_PUBLISHES,
    WARD_HUB_TEST_CONFIRMS
};

struct ward_hub_test_step {
    const char *name;
    bool failed, untried; /* untried: nothing failed, and nothing is proved; the text says why */
    uint64_t took_us;
    char text[WARD_LINK_TEXT_MAX + 1];
};

struct ward_hub_test {
    enum ward_hub_test_phase phase;
    struct ward_bus_call *call; /* to be answered, unless IDLE */
    uint32_t number;            /* of the probe */
    uint64_t since_us, due_us;  /* of the step that goes on */
    uint64_t id;                /* of the heartbeat, while PUBLISHES; 0: not sent yet */
    uint64_t seq;               /* that a receipt must cover, while CONFIRMS; 0: it is looked for */
    struct ward_hub_test_step steps[WARD_HUB_TEST_STEPS];
    size_t count;
};

/* Answers call with the steps, as JSON, when it is over: {"step":"TLS","ok":true,"ms":31.2,"text":"..."};
 * "ok" and "ms" are null of a step that was not tried. */
void ward_hub_test_begin(struct ward_gateway *gateway, struct ward_bus_call *call);

/* What has come: from the uplink, from the broker, from the hub. */
void ward_hub_test_probed(struct ward_gateway *gateway, const struct ward_spool_probed *probed);
void ward_hub_test_answered(struct ward_gateway *gateway, uint64_t id, uint8_t reason);
void ward_hub_test_receipt(struct ward_gateway *gateway, const struct ward_receipt *receipt);

/* After any input. Returns when it wants to be called again, in boot-time microseconds. */
uint64_t ward_hub_test_check(struct ward_gateway *gateway, uint64_t now_us);

#endif
