/* SPDX-License-Identifier: Apache-2.0 */
/*
 * A call lives from its message to its answer:
 *
 *   message -> arguments read -> who is the caller? -> [change: audit] -> handler -> reply -> [change: audit]
 *                  | bad               | not allowed
 *                  v                   v
 *               error reply         error reply -> [change: audit]
 *
 * The question who the caller is goes to the bus daemon asynchronously, so that a slow bus daemon cannot hold
 * the loop. Every living call is in the list of its bus, so that none is left without an answer at the end.
 */
#include "io/bus.h"

#include <errno.h>
#include <stdlib.h>
#include <string.h>

#include "io/bus_arguments.h"
#include "io/bus_caller.h"
#include "io/bus_value.h"

#define BUS_NAME     "org.wardgate"
#define ERROR_PREFIX "org.wardgate.Error."
#define DONE         "done"

enum rule {
    READS,   /* for everybody whom the bus policy lets in */
    CHANGES, /* for root and the group of administrators; audited */
    SIGNED,  /* for everybody too, since the signature decides; audited */
    AUDIT,   /* of the others: for root and the group of administrators */
};

struct method {
    const char *name;
    enum ward_bus_shape shape;
    uint8_t texts;
    enum rule rule;
};

static const struct method methods[WARD_BUS_METHOD_COUNT] = {
    [WARD_BUS_STATUS] = {"Status", WARD_BUS_SHAPE_NONE, 0, READS},
    [WARD_BUS_READINGS] = {"Readings", WARD_BUS_SHAPE_FILTER, 0, READS},
    [WARD_BUS_ALARMS] = {"Alarms", WARD_BUS_SHAPE_FILTER, 0, READS},
    [WARD_BUS_PATIENTS] = {"Patients", WARD_BUS_SHAPE_NONE, 0, READS},
    [WARD_BUS_PLAN] = {"Plan", WARD_BUS_SHAPE_TEXTS, 1, READS},
    [WARD_BUS_DEVICES] = {"Devices", WARD_BUS_SHAPE_NONE, 0, READS},
    [WARD_BUS_QUEUE] = {"Queue", WARD_BUS_SHAPE_NONE, 0, READS},
    [WARD_BUS_VERIFY] = {"Verify", WARD_BUS_SHAPE_TEXTS, 1, READS},
    [WARD_BUS_HUB] = {"Hub", WARD_BUS_SHAPE_NONE, 0, READS},
    [WARD_BUS_FOLLOW] = {"Follow", WARD_BUS_SHAPE_NONE, 0, READS},
    [WARD_BUS_TEST_HUB] = {"TestHub", WARD_BUS_SHAPE_NONE, 0, CHANGES},
    [WARD_BUS_ADMIT] = {"Admit", WARD_BUS_SHAPE_TEXTS, 5, CHANGES},
    [WARD_BUS_APPLY_PLAN] = {"ApplyPlan", WARD_BUS_SHAPE_TEXTS, 2, CHANGES},
    [WARD_BUS_SCAN] = {"Scan", WARD_BUS_SHAPE_NUMBER, 0, CHANGES},
    [WARD_BUS_PAIR] = {"Pair", WARD_BUS_SHAPE_TEXTS_NUMBER, 3, CHANGES},
    [WARD_BUS_TEST_DEVICE] = {"TestDevice", WARD_BUS_SHAPE_TEXTS_NUMBER, 1, CHANGES},
    [WARD_BUS_BIND] = {"Bind", WARD_BUS_SHAPE_TEXTS_NUMBER, 3, CHANGES},
    [WARD_BUS_UNBIND] = {"Unbind", WARD_BUS_SHAPE_TEXTS, 2, CHANGES},
    [WARD_BUS_RENAME] = {"Rename", WARD_BUS_SHAPE_TEXTS, 2, CHANGES},
    [WARD_BUS_MEASURE] = {"Measure", WARD_BUS_SHAPE_TEXTS_NUMBER, 2, CHANGES},
    [WARD_BUS_FORGET] = {"Forget", WARD_BUS_SHAPE_TEXTS, 1, CHANGES},
    [WARD_BUS_SILENCE] = {"Silence", WARD_BUS_SHAPE_TEXTS, 1, CHANGES},
    [WARD_BUS_COMMAND] = {"Command", WARD_BUS_SHAPE_TEXTS, 1, SIGNED},
    [WARD_BUS_ORDER] = {"Order", WARD_BUS_SHAPE_TEXTS, 3, CHANGES},
    [WARD_BUS_EXPLAIN] = {"Explain", WARD_BUS_SHAPE_TEXTS, 1, READS},
    [WARD_BUS_PROVISION] = {"Provision", WARD_BUS_SHAPE_TEXTS, 2, CHANGES},
    [WARD_BUS_AUDIT] = {"Audit", WARD_BUS_SHAPE_FILTER, 0, AUDIT},
};

struct signal {
    const char *name;
    uint8_t texts;
    bool json; /* written by our JSON writer: well-formed UTF-8, which need not be looked through */
};

static const struct signal signals[WARD_BUS_SIGNAL_COUNT] = {
    [WARD_BUS_READING] = {"Reading", 1, true},
    [WARD_BUS_ALARM] = {"Alarm", 1, true},
    [WARD_BUS_DEVICE_FOUND] = {"DeviceFound", 1, true},
    [WARD_BUS_ENROLMENT_STEP] = {"EnrolmentStep", 3, false},
    [WARD_BUS_TEST_STEP] = {"TestStep", 3, false},
    [WARD_BUS_HUB_STEP] = {"HubStep", 3, false},
};

static const char *const error_names[] = {
    [WARD_BUS_INVALID_ARGUMENT] = ERROR_PREFIX "InvalidArgument",
    [WARD_BUS_NOT_ALLOWED] = ERROR_PREFIX "NotAllowed",
    [WARD_BUS_NOT_FOUND] = ERROR_PREFIX "NotFound",
    [WARD_BUS_REFUSED] = ERROR_PREFIX "Refused",
    [WARD_BUS_BUSY] = ERROR_PREFIX "Busy",
    [WARD_BUS_FAILED] = ERROR_PREFIX "Failed",
};

struct ward_bus_call {
    struct ward_bus *bus;
    struct ward_bus_call *previous, *next;
    sd_bus_message *message;
    sd_bus_slot *credentials; /* the question who the caller is, while it is open */
    struct ward_bus_deed deed;
    struct ward_bus_arguments arguments; /* borrowed from message */
    sd_bus_track *caller;                /* whether it is there still, when somebody wants to know */
    void (*gone)(struct ward_bus_call *call, void *userdata);
    void *gone_userdata;
};

struct ward_bus {
    sd_bus *bus;
    sd_bus_slot *object;
    struct ward_bus_objects *objects;
    ward_bus_handler *handler;
    ward_bus_auditor *auditor; /* NULL: none */
    void *userdata;
    struct ward_bus_call *calls;
    sd_bus_track *followers;
};

static void call_free(struct ward_bus_call *call)
{
    if (call->previous)
        call->previous->next = call->next;
    else
        call->bus->calls = call->next;
    if (call->next)
        call->next->previous = call->previous;
    sd_bus_slot_unref(call->credentials);
    sd_bus_track_unref(call->caller);
    sd_bus_message_unref(call->message);
    free(call);
}

static bool is_audited(const struct ward_bus_call *call)
{
    const enum rule rule = methods[call->deed.method].rule;

    return call->bus->auditor && (rule == CHANGES || rule == SIGNED);
}

static int caller_known(sd_bus_message *reply, void *userdata, sd_bus_error *error)
{
    struct ward_bus_call *call = userdata;
    struct ward_bus_deed *deed = &call->deed;
    const enum rule rule = methods[deed->method].rule;

    (void)error;
    call->credentials = sd_bus_slot_unref(call->credentials);
    if (sd_bus_message_is_method_error(reply, NULL) || sd_bus_message_read(reply, "u", &deed->uid) < 0) {
        deed->uid = WARD_BUS_UID_UNKNOWN;
        ward_bus_reply_error(call, WARD_BUS_NOT_ALLOWED, "The bus does not say who is calling.");
        return 0;
    }
    deed->admin = rule != READS && ward_bus_is_admin(deed->uid);
    if ((rule == CHANGES || rule == AUDIT) && !deed->admin) {
        ward_bus_reply_error(call, WARD_BUS_NOT_ALLOWED,
                             "Only root and members of the group " WARD_BUS_ADMIN_GROUP " may do this.");
        return 0;
    }
    if (is_audited(call))
        call->bus->auditor(call->bus->userdata, deed, NULL, NULL);
    call->bus->handler(call->bus->userdata, deed->method, call, &call->arguments);
    return 0;
}

static int method_called(sd_bus_message *message, void *userdata, sd_bus_error *error)
{
    struct ward_bus *bus = userdata;
    const char *member = sd_bus_message_get_member(message);
    struct ward_bus_call *call;
    size_t found = 0;
    int result;

    while (found < WARD_BUS_METHOD_COUNT && strcmp(methods[found].name, member) != 0)
        found++;
    if (found == WARD_BUS_METHOD_COUNT)
        return 0;
    call = calloc(1, sizeof(*call));
    if (!call)
        return -ENOMEM;
    *call = (struct ward_bus_call){.bus = bus,
                                   .next = bus->calls,
                                   .message = sd_bus_message_ref(message),
                                   .deed = {.method = (enum ward_bus_method)found,
                                            .name = methods[found].name,
                                            .uid = WARD_BUS_UID_UNKNOWN,
                                            .arguments = &call->arguments}};
    if (bus->calls)
        bus->calls->previous = call;
    bus->calls = call;

    if (ward_bus_read_arguments(message, methods[found].shape, methods[found].texts, &call->arguments) < 0) {
        call_free(call);
        return sd_bus_error_setf(error, error_names[WARD_BUS_INVALID_ARGUMENT],
                                 "%s: an argument is missing, unknown or of the wrong type.", member);
    }
    result = sd_bus_call_method_async(
        bus->bus, &call->credentials, "org.freedesktop.DBus", "/org/freedesktop/DBus", "org.freedesktop.DBus",
        "GetConnectionUnixUser", caller_known, call, "s", sd_bus_message_get_sender(message));
    if (result < 0) {
        call_free(call);
        return result;
    }
    return 1;
}

#define PROPERTY(name, type, how)                                                                            \
    SD_BUS_PROPERTY(name, type, ward_bus_objects_get, offsetof(struct ward_bus, objects),                    \
                    SD_BUS_VTABLE_PROPERTY_##how)

static const sd_bus_vtable vtable[] = {
    SD_BUS_VTABLE_START(0),
    SD_BUS_METHOD("Status", NULL, "s", method_called, SD_BUS_VTABLE_UNPRIVILEGED),
    SD_BUS_METHOD("Readings", "a{sv}", "as", method_called, SD_BUS_VTABLE_UNPRIVILEGED),
    SD_BUS_METHOD("Alarms", "a{sv}", "as", method_called, SD_BUS_VTABLE_UNPRIVILEGED),
    SD_BUS_METHOD("Patients", NULL, "as", method_called, SD_BUS_VTABLE_UNPRIVILEGED),
    SD_BUS_METHOD("Plan", "s", "s", method_called, SD_BUS_VTABLE_UNPRIVILEGED),
    SD_BUS_METHOD("Devices", NULL, "as", method_called, SD_BUS_VTABLE_UNPRIVILEGED),
    SD_BUS_METHOD("Queue", NULL, "s", method_called, SD_BUS_VTABLE_UNPRIVILEGED),
    SD_BUS_METHOD("Verify", "s", "s", method_called, SD_BUS_VTABLE_UNPRIVILEGED),
    SD_BUS_METHOD("Hub", NULL, "s", method_called, SD_BUS_VTABLE_UNPRIVILEGED),
    SD_BUS_METHOD("Follow", NULL, NULL, method_called, SD_BUS_VTABLE_UNPRIVILEGED),
    SD_BUS_METHOD("TestHub", NULL, "as", method_called, SD_BUS_VTABLE_UNPRIVILEGED),
    SD_BUS_METHOD("Admit", "sssss", NULL, method_called, SD_BUS_VTABLE_UNPRIVILEGED),
    SD_BUS_METHOD("ApplyPlan", "ss", NULL, method_called, SD_BUS_VTABLE_UNPRIVILEGED),
    SD_BUS_METHOD("Scan", "u", "as", method_called, SD_BUS_VTABLE_UNPRIVILEGED),
    SD_BUS_METHOD("Pair", "sssu", "s", method_called, SD_BUS_VTABLE_UNPRIVILEGED),
    SD_BUS_METHOD("TestDevice", "su", "s", method_called, SD_BUS_VTABLE_UNPRIVILEGED),
    SD_BUS_METHOD("Bind", "sssu", NULL, method_called, SD_BUS_VTABLE_UNPRIVILEGED),
    SD_BUS_METHOD("Unbind", "ss", NULL, method_called, SD_BUS_VTABLE_UNPRIVILEGED),
    SD_BUS_METHOD("Rename", "ss", NULL, method_called, SD_BUS_VTABLE_UNPRIVILEGED),
    SD_BUS_METHOD("Measure", "ssu", NULL, method_called, SD_BUS_VTABLE_UNPRIVILEGED),
    SD_BUS_METHOD("Forget", "s", NULL, method_called, SD_BUS_VTABLE_UNPRIVILEGED),
    SD_BUS_METHOD("Silence", "s", NULL, method_called, SD_BUS_VTABLE_UNPRIVILEGED),
    SD_BUS_METHOD("Command", "s", "s", method_called, SD_BUS_VTABLE_UNPRIVILEGED),
    SD_BUS_METHOD("Order", "sss", "s", method_called, SD_BUS_VTABLE_UNPRIVILEGED),
    SD_BUS_METHOD("Explain", "s", "as", method_called, SD_BUS_VTABLE_UNPRIVILEGED),
    SD_BUS_METHOD("Audit", "a{sv}", "as", method_called, SD_BUS_VTABLE_UNPRIVILEGED),
    SD_BUS_METHOD("Provision", "ss", "s", method_called,
                  SD_BUS_VTABLE_UNPRIVILEGED | SD_BUS_VTABLE_SENSITIVE),
    PROPERTY("Version", "s", CONST),
    PROPERTY("Gateway", "s", CONST),
    PROPERTY("Site", "s", CONST),
    PROPERTY("Epoch", "s", EMITS_CHANGE),
    PROPERTY("Monitoring", "s", EMITS_CHANGE),
    PROPERTY("Reasons", "as", EMITS_CHANGE),
    PROPERTY("WatchedPatients", "as", EMITS_CHANGE),
    PROPERTY("Priority", "s", EMITS_CHANGE),
    PROPERTY("Silenced", "b", EMITS_CHANGE),
    PROPERTY("Undelivered", "b", EMITS_CHANGE),
    PROPERTY("Text", "s", EMITS_CHANGE),
    PROPERTY("QueueDepth", "t", EMITS_CHANGE),
    PROPERTY("QueuedAlarms", "t", EMITS_CHANGE),
    PROPERTY("HubConnected", "b", EMITS_CHANGE),
    PROPERTY("HubReason", "s", EMITS_CHANGE),
    PROPERTY("CertificateExpires", "x", EMITS_CHANGE),
    PROPERTY("ClockTrusted", "b", EMITS_CHANGE),
    PROPERTY("Clock", "s", EMITS_CHANGE),
    PROPERTY("Radio", "s", EMITS_CHANGE),
    PROPERTY("Storage", "s", EMITS_CHANGE),
    SD_BUS_SIGNAL("Reading", "s", 0),
    SD_BUS_SIGNAL("Alarm", "s", 0),
    SD_BUS_SIGNAL("DeviceFound", "s", 0),
    SD_BUS_SIGNAL("EnrolmentStep", "sss", 0),
    SD_BUS_SIGNAL("TestStep", "sss", 0),
    SD_BUS_SIGNAL("HubStep", "sss", 0),
    SD_BUS_VTABLE_END,
};

int ward_bus_new(struct ward_bus **ret, sd_bus *bus, ward_bus_handler *handler, void *userdata)
{
    struct ward_bus *made = calloc(1, sizeof(*made));
    int result;

    if (!made)
        return -ENOMEM;
    *made = (struct ward_bus){.bus = sd_bus_ref(bus), .handler = handler, .userdata = userdata};
    result = ward_bus_objects_new(&made->objects, bus);
    if (result >= 0)
        result = sd_bus_track_new(bus, &made->followers, NULL, NULL);
    if (result >= 0)
        result =
            sd_bus_add_object_vtable(bus, &made->object, WARD_BUS_PATH, WARD_BUS_INTERFACE, vtable, made);
    if (result >= 0)
        result = sd_bus_request_name(bus, BUS_NAME, 0);
    if (result < 0) {
        ward_bus_free(made);
        return result;
    }
    *ret = made;
    return 0;
}

void ward_bus_audit(struct ward_bus *bus, ward_bus_auditor *auditor)
{
    bus->auditor = auditor;
}

struct ward_bus *ward_bus_free(struct ward_bus *bus)
{
    if (!bus)
        return NULL;
    while (bus->calls)
        ward_bus_reply_error(bus->calls, WARD_BUS_FAILED, "Wardgate is stopping.");
    sd_bus_track_unref(bus->followers);
    sd_bus_slot_unref(bus->object);
    ward_bus_objects_free(bus->objects);
    sd_bus_unref(bus->bus);
    free(bus);
    return NULL;
}

struct ward_bus_objects *ward_bus_objects_of(struct ward_bus *bus)
{
    return bus->objects;
}

static int on_caller_gone(sd_bus_track *track, void *userdata)
{
    struct ward_bus_call *call = userdata;

    (void)track;
    call->gone(call, call->gone_userdata);
    return 1;
}

int ward_bus_call_watch(struct ward_bus_call *call, void (*gone)(struct ward_bus_call *call, void *userdata),
                        void *userdata)
{
    int result = sd_bus_track_new(call->bus->bus, &call->caller, on_caller_gone, call);

    call->gone = gone;
    call->gone_userdata = userdata;
    if (result >= 0)
        result = sd_bus_track_add_sender(call->caller, call->message);
    if (result < 0)
        call->caller = sd_bus_track_unref(call->caller);
    return result < 0 ? result : 0;
}

int ward_bus_call_follow(struct ward_bus_call *call)
{
    const int result = sd_bus_track_add_sender(call->bus->followers, call->message);

    return result < 0 ? result : 0;
}

bool ward_bus_is_followed(const struct ward_bus *bus)
{
    return sd_bus_track_count(bus->followers) > 0;
}

uint32_t ward_bus_call_uid(const struct ward_bus_call *call)
{
    return call->deed.uid;
}

/* Every call ends here, once. */
static void end(struct ward_bus_call *call, const char *outcome, const char *answer)
{
    if (is_audited(call))
        call->bus->auditor(call->bus->userdata, &call->deed, outcome, answer);
    call_free(call);
}

/* A caller that has left the bus is no concern of ours: errors of sending an answer are not reported. */
void ward_bus_reply(struct ward_bus_call *call)
{
    (void)sd_bus_reply_method_return(call->message, NULL);
    end(call, DONE, NULL);
}

void ward_bus_reply_text(struct ward_bus_call *call, const char *text)
{
    char *utf8 = ward_bus_utf8(text);

    (void)sd_bus_reply_method_return(call->message, "s", utf8 ? utf8 : text);
    free(utf8);
    end(call, DONE, text);
}

void ward_bus_reply_list(struct ward_bus_call *call, const char *const *texts, size_t count)
{
    sd_bus_message *reply = NULL;
    int result = sd_bus_message_new_method_return(call->message, &reply);

    if (result >= 0)
        result = sd_bus_message_open_container(reply, SD_BUS_TYPE_ARRAY, "s");
    for (size_t i = 0; i < count && result >= 0; i++)
        result = sd_bus_message_append(reply, "s", texts[i]);
    if (result >= 0)
        result = sd_bus_message_close_container(reply);
    if (result >= 0)
        result = sd_bus_send(NULL, reply, NULL);
    sd_bus_message_unref(reply);
    if (result < 0)
        ward_bus_reply_error(call, WARD_BUS_FAILED,
                             "The answer does not fit into one message: ask for less.");
    else
        end(call, DONE, NULL);
}

void ward_bus_reply_error(struct ward_bus_call *call, enum ward_bus_error error, const char *sentence)
{
    char *utf8 = ward_bus_utf8(sentence);

    (void)sd_bus_reply_method_errorf(call->message, error_names[error], "%s", utf8 ? utf8 : sentence);
    free(utf8);
    end(call, error_names[error] + strlen(ERROR_PREFIX), NULL);
}

/* sd_bus_message_append looks at each octet of a text, which for a reading costs as much as to make and send it. */
static int append_json(sd_bus_message *message, const char *text)
{
    const size_t length = strlen(text);
    char *place;
    int result = sd_bus_message_append_string_space(message, length, &place);

    if (result >= 0)
        memcpy(place, text, length + 1);
    return result;
}

static int append_text(sd_bus_message *message, const char *text)
{
    char *utf8 = ward_bus_utf8(text);
    const int result = utf8 ? sd_bus_message_append(message, "s", utf8) : -ENOMEM;

    free(utf8);
    return result;
}

void ward_bus_emit(struct ward_bus *bus, enum ward_bus_signal signal, const char *const *texts)
{
    sd_bus_message *message = NULL;
    int result = sd_bus_message_new_signal(bus->bus, &message, WARD_BUS_PATH, WARD_BUS_INTERFACE,
                                           signals[signal].name);

    for (uint8_t i = 0; i < signals[signal].texts && result >= 0; i++)
        result = signals[signal].json ? append_json(message, texts[i]) : append_text(message, texts[i]);
    if (result >= 0)
        (void)sd_bus_send(bus->bus, message, NULL);
    sd_bus_message_unref(message);
}
