/* SPDX-License-Identifier: Apache-2.0 */
/*
 * The pairing agent of the wearable: no display, no keys, so it agrees to be paired (Just Works), on its
 * own adapter only. bluetoothd asks its default agent about incoming pairing, whatever the adapter; so the
 * agent asks to be the default whenever a central connects to this wearable.
 */
#ifndef WEARABLE_BLUEZ_AGENT_H
#define WEARABLE_BLUEZ_AGENT_H

#include <systemd/sd-bus.h>

struct ward_agent;

/* Puts the agent on bus for devices below adapter_path, which is copied. Returns 0 or a negative errno. */
int ward_agent_new(struct ward_agent **ret, sd_bus *bus, const char *adapter_path);
struct ward_agent *ward_agent_free(struct ward_agent *agent);

/* Registers with bluetoothd, and asks it to prefer this agent. Answers are not waited for. */
int ward_agent_register(struct ward_agent *agent);
int ward_agent_prefer(struct ward_agent *agent);

#endif
