/* SPDX-License-Identifier: Apache-2.0 */
#include "io/bluez_internal.h"

#include <errno.h>
#include <stdarg.h>
#include <stdlib.h>
#include <string.h>

static void call_free(struct ward_bluez_call *call)
{
    sd_bus_slot_unref(call->slot);
    free(call);
}

static int on_reply(sd_bus_message *reply, void *userdata, sd_bus_error *ret_error)
{
    struct ward_bluez_call *call = userdata;
    (void)ret_error;
    for (struct ward_bluez_call **at = &call->bluez->calls; *at; at = &(*at)->next)
        if (*at == call) {
            *at = call->next;
            break;
        }
    ward_bluez_reap(call->bluez);
    if (call->done)
        call->done(call->bluez, call->subject, reply);
    call_free(call);
    return 0;
}

static int send(struct ward_bluez *bluez, const struct ward_bluez_request *request, sd_bus_message *message)
{
    struct ward_bluez_call *call = calloc(1, sizeof *call);
    if (!call)
        return -ENOMEM;
    call->bluez = bluez;
    call->done = request->done;
    strncpy(call->subject, request->subject ? request->subject : request->path, sizeof call->subject - 1);
    int r = sd_bus_call_async(bluez->bus, &call->slot, message, on_reply, call, request->timeout_us);
    if (r < 0) {
        call_free(call);
        return r;
    }
    call->next = bluez->calls;
    bluez->calls = call;
    return 0;
}

int ward_bluez_call(struct ward_bluez *bluez, const struct ward_bluez_request *request, const char *types,
                    ...)
{
    sd_bus_message *message = NULL;
    int r = sd_bus_message_new_method_call(bluez->bus, &message, WARD_BLUEZ_SERVICE, request->path,
                                           request->interface, request->member);
    if (r >= 0 && types) {
        va_list arguments;
        va_start(arguments, types);
        r = sd_bus_message_appendv(message, types, arguments);
        va_end(arguments);
    }
    if (r >= 0)
        r = send(bluez, request, message);
    sd_bus_message_unref(message);
    return r < 0 ? r : 0;
}

int ward_bluez_set_flag(struct ward_bluez *bluez, const struct ward_bluez_request *request,
                        const char *property, bool value)
{
    struct ward_bluez_request set = *request;
    set.interface = WARD_BLUEZ_PROPERTIES;
    set.member = "Set";
    return ward_bluez_call(bluez, &set, "ssv", request->interface, property, "b", (int)value);
}

void ward_bluez_calls_drop(struct ward_bluez *bluez)
{
    while (bluez->calls) {
        struct ward_bluez_call *call = bluez->calls;
        bluez->calls = call->next;
        call_free(call);
    }
}

void ward_bluez_calls_fail(struct ward_bluez *bluez,
                           void (*done)(struct ward_bluez *bluez, const char *subject, sd_bus_message *reply))
{
    struct ward_bluez_call **at = &bluez->calls;
    while (*at) {
        struct ward_bluez_call *call = *at;
        if (call->done != done) {
            at = &call->next;
            continue;
        }
        *at = call->next;
        done(bluez, call->subject, NULL);
        call_free(call);
        at = &bluez->calls; /* whoever was told may have made calls, or cancelled some */
    }
}

bool ward_bluez_calls_wait(const struct ward_bluez *bluez,
                           void (*done)(struct ward_bluez *bluez, const char *subject, sd_bus_message *reply))
{
    const struct ward_bluez_call *call = bluez->calls;
    while (call && call->done != done)
        call = call->next;
    return call != NULL;
}

void ward_bluez_calls_cancel(struct ward_bluez *bluez, const char *path,
                             void (*done)(struct ward_bluez *bluez, const char *subject,
                                          sd_bus_message *reply))
{
    struct ward_bluez_call **at = &bluez->calls;
    while (*at) {
        struct ward_bluez_call *call = *at;
        if (call->done != done || strncmp(call->subject, path, strlen(path)) != 0) {
            at = &call->next;
            continue;
        }
        *at = call->next;
        call_free(call);
    }
}

const char *ward_bluez_error_of(sd_bus_message *reply)
{
    static const char prefix[] = "org.bluez.Error.";
    const sd_bus_error *error = sd_bus_message_get_error(reply);
    if (!error)
        return NULL;
    return strncmp(error->name, prefix, sizeof prefix - 1) == 0 ? error->name + sizeof prefix - 1
                                                                : error->name;
}
