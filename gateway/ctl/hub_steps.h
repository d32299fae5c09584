/* SPDX-License-Identifier: Apache-2.0 */
/*
 * The whole way to the ward, tried by the daemon: DNS, TCP, TLS, MQTT, publish, receipt. Each step is {step, ok, ms,
 * text}; it ends with the first that fails. ok is null of one that was not tried, and the text says why.
 */
#ifndef WARD_CTL_HUB_STEPS_H
#define WARD_CTL_HUB_STEPS_H

#include <systemd/sd-bus.h>

/* Returns an exit status of the asking itself; *ret as ward_client_fetch() gives it. */
int ward_hub_steps(sd_bus *bus, char ***ret);

#endif
