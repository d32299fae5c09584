/* SPDX-License-Identifier: Apache-2.0 */
#include "wearable/bluez/agent.h"

#include <errno.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#define PATH    "/org/wardgate/wearable_agent"
#define MANAGER "org.bluez.AgentManager1"

struct ward_agent {
    sd_bus *bus;
    sd_bus_slot *slot;
    char *adapter_path;
};

static int answer_authorization(sd_bus_message *call, void *userdata, sd_bus_error *error)
{
    const struct ward_agent *agent = userdata;
    size_t length = strlen(agent->adapter_path);
    const char *device = NULL;
    int r = sd_bus_message_read(call, "o", &device);

    if (r < 0)
        return r;
    if (strncmp(device, agent->adapter_path, length) != 0 || device[length] != '/')
        return sd_bus_error_setf(error, "org.bluez.Error.Rejected", "%s is not on %s", device,
                                 agent->adapter_path);
    fprintf(stderr, "wardgate-wearable: %s pairs or is served\n", device);
    return sd_bus_reply_method_return(call, "");
}

static int answer_nothing(sd_bus_message *call, void *userdata, sd_bus_error *error)
{
    (void)userdata, (void)error;
    return sd_bus_reply_method_return(call, "");
}

static const sd_bus_vtable agent_vtable[] = {
    SD_BUS_VTABLE_START(0),
    SD_BUS_METHOD("RequestAuthorization", "o", "", answer_authorization, SD_BUS_VTABLE_UNPRIVILEGED),
    SD_BUS_METHOD("RequestConfirmation", "ou", "", answer_authorization, SD_BUS_VTABLE_UNPRIVILEGED),
    SD_BUS_METHOD("AuthorizeService", "os", "", answer_authorization, SD_BUS_VTABLE_UNPRIVILEGED),
    SD_BUS_METHOD("Cancel", "", "", answer_nothing, SD_BUS_VTABLE_UNPRIVILEGED),
    SD_BUS_METHOD("Release", "", "", answer_nothing, SD_BUS_VTABLE_UNPRIVILEGED),
    SD_BUS_VTABLE_END,
};

int ward_agent_new(struct ward_agent **ret, sd_bus *bus, const char *adapter_path)
{
    struct ward_agent *agent = calloc(1, sizeof(*agent));
    int r = -ENOMEM;

    if (!agent)
        return -ENOMEM;
    agent->bus = sd_bus_ref(bus);
    agent->adapter_path = strdup(adapter_path);
    if (agent->adapter_path)
        r = sd_bus_add_object_vtable(bus, &agent->slot, PATH, "org.bluez.Agent1", agent_vtable, agent);
    if (r < 0) {
        ward_agent_free(agent);
        return r;
    }
    *ret = agent;
    return 0;
}

struct ward_agent *ward_agent_free(struct ward_agent *agent)
{
    if (!agent)
        return NULL;
    sd_bus_slot_unref(agent->slot);
    sd_bus_unref(agent->bus);
    free(agent->adapter_path);
    free(agent);
    return NULL;
}

static int on_answer(sd_bus_message *reply, void *userdata, sd_bus_error *error)
{
    const sd_bus_error *refusal = sd_bus_message_get_error(reply);

    (void)userdata, (void)error;
    if (refusal)
        fprintf(stderr, "wardgate-wearable: bluetoothd refuses the agent: %s\n", refusal->message);
    return 0;
}

int ward_agent_register(struct ward_agent *agent)
{
    return sd_bus_call_method_async(agent->bus, NULL, "org.bluez", "/org/bluez", MANAGER, "RegisterAgent",
                                    on_answer, NULL, "os", PATH, "NoInputNoOutput");
}

int ward_agent_prefer(struct ward_agent *agent)
{
    return sd_bus_call_method_async(agent->bus, NULL, "org.bluez", "/org/bluez", MANAGER,
                                    "RequestDefaultAgent", on_answer, NULL, "o", PATH);
}
