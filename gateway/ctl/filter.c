/* SPDX-License-Identifier: Apache-2.0 */
#include "ctl/filter.h"

#include "ctl/client.h"
#include "ctl/verbs.h"

static int append_text(sd_bus_message *call, const char *name, const char *text)
{
    return text != NULL ? sd_bus_message_append(call, "{sv}", name, "s", text) : 0;
}

static int append(sd_bus_message *call, const struct ward_filter *filter)
{
    int result = sd_bus_message_open_container(call, 'a', "{sv}");

    if (result >= 0 && filter->has_since)
        result = sd_bus_message_append(call, "{sv}", "since", "x", filter->since_ms);
    if (result >= 0)
        result = append_text(call, "device", filter->device);
    if (result >= 0)
        result = append_text(call, "quantity", filter->quantity);
    if (result >= 0)
        result = append_text(call, "patient", filter->patient);
    if (result >= 0 && filter->limit > 0)
        result = sd_bus_message_append(call, "{sv}", "limit", "u", filter->limit);
    if (result >= 0 && filter->before_seq > 0)
        result = sd_bus_message_append(call, "{sv}", "before", "t", filter->before_seq);
    if (result >= 0 && filter->history)
        result = sd_bus_message_append(call, "{sv}", "history", "b", 1);
    if (result >= 0 && filter->as_fhir)
        result = sd_bus_message_append(call, "{sv}", "fhir", "b", 1);
    return result < 0 ? result : sd_bus_message_close_container(call);
}

int ward_filter_ask(sd_bus *bus, const char *method, const struct ward_filter *filter, char ***ret)
{
    sd_bus_message *call = NULL, *reply = NULL;
    int status = ward_client_call_new(bus, method, &call);

    if (status == WARD_CTL_DONE && append(call, filter) < 0)
        status = ward_ctl_fail("an argument is not a text that can be sent");
    if (status == WARD_CTL_DONE)
        status = ward_client_send(bus, call, WARD_CTL_TIMEOUT_S, &reply);
    if (status == WARD_CTL_DONE)
        status = ward_client_read(reply, ret);
    sd_bus_message_unref(reply);
    sd_bus_message_unref(call);
    return status;
}
