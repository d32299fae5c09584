/* SPDX-License-Identifier: Apache-2.0 */
#include "ctl/client.h"

#include <errno.h>
#include <pwd.h>
#include <stdarg.h>
#include <stdbool.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include "ctl/verbs.h"

#define SERVICE   "org.wardgate"
#define OBJECT    "/org/wardgate"
#define INTERFACE "org.wardgate.Gateway1"

static bool is_one_of(const char *name, const char *const *names)
{
    for (; *names != NULL; names++)
        if (strcmp(name, *names) == 0)
            return true;
    return false;
}

static int say_unreachable(const char *why)
{
    (void)ward_ctl_fail("the daemon does not answer on the system bus (%s). It may not be running: see "
                        "`systemctl status wardgated`. Patients of this gateway may not be monitored.",
                        why);
    return WARD_CTL_UNREACHABLE;
}

/* It was asked, and may do it all the same: an entry that is made again is a second one. */
static int say_unanswered(const char *why)
{
    (void)ward_ctl_fail(
        "the daemon does not answer on the system bus (%s). It may have ended, or wait for its disk: see "
        "`systemctl status wardgated`. If something was to be changed, it is not known whether it was: "
        "look before you ask for it again. Patients of this gateway may not be monitored.",
        why);
    return WARD_CTL_UNREACHABLE;
}

static int say_no_bus(const char *why)
{
    (void)ward_ctl_fail(
        "the daemon does not answer on the system bus: the bus itself cannot be reached (%s). See "
        "`systemctl status dbus`, then `systemctl status wardgated`. Patients of this gateway "
        "may not be monitored.",
        why);
    return WARD_CTL_UNREACHABLE;
}

/* What the bus says of its rules helps nobody who stands before a gateway: why is only the daemon's own sentence, or "". */
static int say_not_allowed(const char *why)
{
    /* cppcheck-suppress getpwuidCalled ; there is one thread */
    const struct passwd *user = getpwuid(geteuid());

    (void)ward_ctl_fail(
        "not allowed: %s%sTo look is for the group wardgate, to change for root and the group "
        "wardgate-admin. Run it with `sudo`; or once `sudo adduser %s wardgate-admin`, and log "
        "in again.",
        why, *why != '\0' ? " " : "", user != NULL ? user->pw_name : "USER");
    return WARD_CTL_NOT_ALLOWED;
}

int ward_client_fail(int error, const sd_bus_error *bus_error)
{
    static const char *const unreachable[] = {SD_BUS_ERROR_SERVICE_UNKNOWN, SD_BUS_ERROR_NAME_HAS_NO_OWNER,
                                              SD_BUS_ERROR_NO_SERVER, NULL};
    static const char *const unanswered[] = {SD_BUS_ERROR_NO_REPLY, SD_BUS_ERROR_DISCONNECTED,
                                             SD_BUS_ERROR_TIMEOUT, "org.freedesktop.DBus.Error.TimedOut",
                                             NULL};
    static const char *const refused_by_bus[] = {SD_BUS_ERROR_ACCESS_DENIED, SD_BUS_ERROR_AUTH_FAILED,
                                                 SD_BUS_ERROR_INTERACTIVE_AUTHORIZATION_REQUIRED, NULL};
    const char *name = bus_error != NULL && bus_error->name != NULL ? bus_error->name : "";
    const char *text =
        bus_error != NULL && bus_error->message != NULL ? bus_error->message : strerror(-error);

    if (is_one_of(name, unreachable))
        return say_unreachable(text);
    if (is_one_of(name, unanswered))
        return say_unanswered(text);
    if (strcmp(name, "org.wardgate.Error.NotAllowed") == 0)
        return say_not_allowed(text);
    if (is_one_of(name, refused_by_bus) || (*name == '\0' && (error == -EACCES || error == -EPERM)))
        return say_not_allowed("");
    if (*name == '\0')
        return say_unreachable(text);
    return ward_ctl_fail("%s", text);
}

int ward_client_open(sd_bus **ret)
{
    const int result = sd_bus_open_system(ret);

    if (result >= 0)
        return WARD_CTL_DONE;
    return result == -EACCES || result == -EPERM ? say_not_allowed("") : say_no_bus(strerror(-result));
}

int ward_client_call_new(sd_bus *bus, const char *method, sd_bus_message **ret)
{
    const int result = sd_bus_message_new_method_call(bus, ret, SERVICE, OBJECT, INTERFACE, method);

    return result < 0 ? ward_client_fail(result, NULL) : WARD_CTL_DONE;
}

int ward_client_send(sd_bus *bus, sd_bus_message *call, uint32_t timeout_s, sd_bus_message **ret_reply)
{
    sd_bus_error error = SD_BUS_ERROR_NULL;
    int status = WARD_CTL_DONE;
    int result;

    /* Nobody is started by asking: a gateway that is down must show as down. */
    result = sd_bus_message_set_auto_start(call, false);
    if (result >= 0)
        result = sd_bus_call(bus, call, (uint64_t)timeout_s * 1000000, &error, ret_reply);
    if (result < 0)
        status = ward_client_fail(result, &error);
    sd_bus_error_free(&error);
    return status;
}

static int call_with(sd_bus *bus, sd_bus_message **ret_reply, const char *method, const char *types,
                     va_list arguments)
{
    sd_bus_message *call = NULL;
    int status = ward_client_call_new(bus, method, &call);
    int result = 0;

    if (status != WARD_CTL_DONE)
        return status;
    if (types != NULL)
        result = sd_bus_message_appendv(call, types, arguments);
    /* What the bus cannot carry is text that is not UTF-8. */
    status = result < 0 ? ward_ctl_fail("an argument is not a text that can be sent: %s", strerror(-result))
                        : ward_client_send(bus, call, WARD_CTL_TIMEOUT_S, ret_reply);
    sd_bus_message_unref(call);
    return status;
}

int ward_client_call(sd_bus *bus, sd_bus_message **ret_reply, const char *method, const char *types, ...)
{
    va_list arguments;
    int status;

    va_start(arguments, types);
    status = call_with(bus, ret_reply, method, types, arguments);
    va_end(arguments);
    return status;
}

int ward_client_read(sd_bus_message *reply, char ***ret)
{
    const char *text;
    int result;

    if (sd_bus_message_has_signature(reply, "as")) {
        result = sd_bus_message_read_strv(reply, ret);
        if (result >= 0 && *ret == NULL)
            *ret = calloc(1, sizeof(**ret)); /* sd-bus gives NULL for an empty list */
        if (result < 0 || *ret == NULL)
            return ward_ctl_fail("the daemon's answer cannot be read");
        return WARD_CTL_DONE;
    }
    result = sd_bus_message_read(reply, "s", &text);
    if (result < 0)
        return ward_ctl_fail("the daemon's answer cannot be read");
    *ret = calloc(2, sizeof(**ret));
    if (*ret == NULL || ((*ret)[0] = strdup(text)) == NULL) {
        free(*ret);
        return ward_ctl_fail("out of memory");
    }
    return WARD_CTL_DONE;
}

int ward_client_get(sd_bus *bus, const char *method, char ***ret)
{
    sd_bus_message *reply = NULL;
    int status = ward_client_call(bus, &reply, method, NULL);

    if (status == WARD_CTL_DONE)
        status = ward_client_read(reply, ret);
    sd_bus_message_unref(reply);
    return status;
}

int ward_client_fetch(char ***ret, const char *method, const char *types, ...)
{
    sd_bus *bus = NULL;
    sd_bus_message *reply = NULL;
    va_list arguments;
    int status = ward_client_open(&bus);

    if (status != WARD_CTL_DONE)
        return status;
    va_start(arguments, types);
    status = call_with(bus, &reply, method, types, arguments);
    va_end(arguments);
    if (status == WARD_CTL_DONE)
        status = ward_client_read(reply, ret);
    sd_bus_message_unref(reply);
    sd_bus_flush_close_unref(bus);
    return status;
}

char **ward_client_free_texts(char **texts)
{
    for (char **text = texts; text != NULL && *text != NULL; text++)
        free(*text);
    free(texts);
    return NULL;
}

int ward_client_listen(sd_bus *bus, const char *signal, sd_bus_message_handler_t handler, void *userdata)
{
    const int result = sd_bus_match_signal(bus, NULL, SERVICE, OBJECT, INTERFACE, signal, handler, userdata);

    return result < 0 ? ward_client_fail(result, NULL) : WARD_CTL_DONE;
}

int ward_client_listen_to_readings(sd_bus *bus, sd_bus_message_handler_t handler, void *userdata)
{
    int status = ward_client_listen(bus, "Reading", handler, userdata);
    sd_bus_message *reply = NULL;

    if (status == WARD_CTL_DONE)
        status = ward_client_call(bus, &reply, "Follow", NULL);
    sd_bus_message_unref(reply);
    return status;
}

static int keep_reply(sd_bus_message *reply, void *userdata, sd_bus_error *error)
{
    sd_bus_message **kept = userdata;

    (void)error;
    *kept = sd_bus_message_ref(reply);
    return 1;
}

/* One step of the bus: handles what is there, or waits for more. */
static int step(sd_bus *bus)
{
    int result = sd_bus_process(bus, NULL);

    if (result == 0)
        result = sd_bus_wait(bus, UINT64_MAX);
    return result == -EINTR ? 0 : result;
}

int ward_client_send_and_listen(sd_bus *bus, sd_bus_message *call, uint32_t timeout_s,
                                sd_bus_message **ret_reply)
{
    sd_bus_message *reply = NULL;
    int result = sd_bus_message_set_auto_start(call, false);

    if (result >= 0)
        result = sd_bus_call_async(bus, NULL, call, keep_reply, &reply, (uint64_t)timeout_s * 1000000);
    while (result >= 0 && reply == NULL)
        result = step(bus);
    if (result < 0)
        return ward_client_fail(result, NULL);
    if (sd_bus_message_is_method_error(reply, NULL)) {
        const int status = ward_client_fail(-EIO, sd_bus_message_get_error(reply));

        sd_bus_message_unref(reply);
        return status;
    }
    *ret_reply = reply;
    return WARD_CTL_DONE;
}

static int notice_leaving(sd_bus_message *message, void *userdata, sd_bus_error *error)
{
    bool *gone = userdata;
    const char *name;
    const char *old_owner;
    const char *new_owner;

    (void)error;
    if (sd_bus_message_read(message, "sss", &name, &old_owner, &new_owner) >= 0 &&
        strcmp(name, SERVICE) == 0 && *new_owner == '\0')
        *gone = true;
    return 0;
}

int ward_client_follow(sd_bus *bus)
{
    sd_bus_slot *slot = NULL;
    bool gone = false;
    int result = sd_bus_match_signal(bus, &slot, "org.freedesktop.DBus", "/org/freedesktop/DBus",
                                     "org.freedesktop.DBus", "NameOwnerChanged", notice_leaving, &gone);

    while (result >= 0 && !gone && !ferror(stdout))
        result = step(bus);
    sd_bus_slot_unref(slot);
    if (result < 0)
        return ward_client_fail(result, NULL);
    return gone ? say_unreachable("it has just left the bus")
                : WARD_CTL_FAILED; /* of what is not written main() tells */
}
