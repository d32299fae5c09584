/* SPDX-License-Identifier: Apache-2.0 */
/*
 * Paho's calls and callbacks, for mqtt.c alone. Each function is one Paho call with all that it needs; each
 * callback does nothing but put one record into the inbox.
 */
#ifndef WARD_UPLINK_MQTT_PAHO_H
#define WARD_UPLINK_MQTT_PAHO_H

#include <MQTTAsync.h>

#include "uplink/mqtt.h"
#include "uplink/mqtt_inbox.h"

/* What a callback gets as its context: where to say it, and about which message. */
struct ward_paho_context {
    struct ward_inbox *inbox;
    int cookie;
};

/* All return MQTTASYNC_SUCCESS or one of Paho's codes. */
int ward_paho_create(MQTTAsync *ret, const struct ward_mqtt_options *options, struct ward_inbox *inbox);
/* trust: from ward_tls_trust_file(); Paho reads it, and the other files, once the TCP connection stands. */
int ward_paho_connect(MQTTAsync handle, const struct ward_mqtt_options *options, const char *trust,
                      struct ward_inbox *inbox);
int ward_paho_subscribe(MQTTAsync handle, const struct ward_mqtt_options *options, struct ward_inbox *inbox);
int ward_paho_publish(MQTTAsync handle, const struct ward_link_frame *frame,
                      struct ward_paho_context *context);
/* With reason 0x04: the broker publishes the will (MQTT 5 §3.14.2.1). */
int ward_paho_disconnect(MQTTAsync handle, struct ward_inbox *inbox);

#endif
