/* SPDX-License-Identifier: Apache-2.0 */
/*
 * Tries the way to the broker on connections of its own, step by step, beside whatever else goes on: the name is looked
 * up, then TCP, TLS, and MQTT as far as the CONNACK. It stops at the first step that fails.
 */
#ifndef WARD_UPLINK_PROBE_H
#define WARD_UPLINK_PROBE_H

#include <stdint.h>

#include "uplink/mqtt.h"
#include "uplink/spool_client.h"

struct ward_probe;

/*
 * options: of the connection that is tried, but for its client id and its listener. What they point to is borrowed.
 * Nothing is made before the first probe. Returns 0 or -ENOMEM.
 */
int ward_probe_new(struct ward_probe **ret, struct ward_spool_client *spool,
                   const struct ward_mqtt_options *options, const char *gateway);

/* Takes NULL; returns NULL. */
struct ward_probe *ward_probe_free(struct ward_probe *probe);

/* Begins, and tells the core how each step went as those of the probe of that number. One that goes on is given up. */
void ward_probe_begin(struct ward_probe *probe, uint32_t number);

#endif
