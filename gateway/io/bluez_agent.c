/* SPDX-License-Identifier: Apache-2.0 */
/*
 * org.bluez.Agent1: bluetoothd asks here before it pairs. Yes is said to one device, while its enrolment is joining it,
 * and to nothing else at any other time. What would need a person with a keypad is refused: there is none.
 */
#include "io/bluez_internal.h"

#define REJECTED "org.bluez.Error.Rejected"

static int refuse(struct ward_bluez *bluez, sd_bus_error *ret_error, const char *why)
{
    bluez->counters.pairings_refused++;
    return sd_bus_error_set(ret_error, REJECTED, why);
}

/* RequestAuthorization(o) and RequestConfirmation(ou): may this device be paired? */
static int may_pair(sd_bus_message *call, void *userdata, sd_bus_error *ret_error)
{
    struct ward_bluez *bluez = userdata;
    const char *path;
    int r = sd_bus_message_read(call, "o", &path);
    if (r < 0)
        return r;
    const struct ward_bluez_mirror_device *device = ward_bluez_mirror_find(&bluez->mirror, path);
    if (!device || !ward_bluez_enrolment_is_of(bluez, device) ||
        bluez->enrolment.machine.state != WARD_BLUEZ_ENROL_JOINING ||
        bluez->enrolment.machine.security != WARD_BLUEZ_BONDED)
        return refuse(bluez, ret_error, "no enrolment is open for this device");
    return sd_bus_reply_method_return(call, NULL);
}

static int never(sd_bus_message *call, void *userdata, sd_bus_error *ret_error)
{
    (void)call;
    return refuse(userdata, ret_error, "this gateway has neither keypad nor display");
}

static int noted(sd_bus_message *call, void *userdata, sd_bus_error *ret_error)
{
    (void)userdata;
    (void)ret_error;
    return sd_bus_reply_method_return(call, NULL);
}

/* UNPRIVILEGED: bluetoothd may run without the capability that sd-bus would ask for; a yes changes nothing of ours. */
static const sd_bus_vtable vtable[] = {
    SD_BUS_VTABLE_START(0),
    SD_BUS_METHOD("Release", NULL, NULL, noted, SD_BUS_VTABLE_UNPRIVILEGED),
    SD_BUS_METHOD("Cancel", NULL, NULL, noted, SD_BUS_VTABLE_UNPRIVILEGED),
    SD_BUS_METHOD("RequestAuthorization", "o", NULL, may_pair, SD_BUS_VTABLE_UNPRIVILEGED),
    SD_BUS_METHOD("RequestConfirmation", "ou", NULL, may_pair, SD_BUS_VTABLE_UNPRIVILEGED),
    SD_BUS_METHOD("AuthorizeService", "os", NULL, never, SD_BUS_VTABLE_UNPRIVILEGED),
    SD_BUS_METHOD("RequestPinCode", "o", "s", never, SD_BUS_VTABLE_UNPRIVILEGED),
    SD_BUS_METHOD("RequestPasskey", "o", "u", never, SD_BUS_VTABLE_UNPRIVILEGED),
    SD_BUS_METHOD("DisplayPinCode", "os", NULL, never, SD_BUS_VTABLE_UNPRIVILEGED),
    SD_BUS_METHOD("DisplayPasskey", "ouq", NULL, never, SD_BUS_VTABLE_UNPRIVILEGED),
    SD_BUS_VTABLE_END,
};

int ward_bluez_agent_export(struct ward_bluez *bluez)
{
    int r = sd_bus_add_object_vtable(bluez->bus, &bluez->slots[bluez->slot_count], WARD_BLUEZ_AGENT_PATH,
                                     "org.bluez.Agent1", vtable, bluez);
    if (r >= 0)
        bluez->slot_count++;
    return r < 0 ? r : 0;
}
