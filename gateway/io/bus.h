/* SPDX-License-Identifier: Apache-2.0 */
/*
 * Our own D-Bus API: the name org.wardgate on the system bus, the object /org/wardgate and its interface
 * org.wardgate.Gateway1. This adapter knows D-Bus, who may call what, and how arguments travel; it knows nothing
 * of what a method does. The documents it carries are JSON in strings, made and read elsewhere.
 *
 * Everybody whom the bus policy lets in may call the methods that read. A method that changes something is checked
 * here again, by the uid that the bus vouches for: root, or a member of the group wardgate-admin. Whoever calls one, let
 * in or not, is told to the auditor.
 */
#ifndef WARD_IO_BUS_H
#define WARD_IO_BUS_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>
#include <systemd/sd-bus.h>

#include "io/bus_objects.h"

enum ward_bus_method {
    WARD_BUS_STATUS,   /* () -> s */
    WARD_BUS_READINGS, /* (a{sv}) -> as: since x, until x (UTC ms), device s, quantity s, patient s, limit u,
                          before t (a seq) */
    WARD_BUS_ALARMS,   /* (a{sv}) -> as: patient s, history b, since x, until x, limit u */
    WARD_BUS_PATIENTS, /* () -> as */
    WARD_BUS_PLAN,     /* (s patient) -> s */
    WARD_BUS_DEVICES,  /* () -> as */
    WARD_BUS_QUEUE,    /* () -> s */
    WARD_BUS_VERIFY,   /* (s seq) -> s: holds stored records from seq on against their chain */
    WARD_BUS_HUB,      /* () -> s */
    WARD_BUS_FOLLOW,   /* (): the caller shows readings as they come, until it leaves the bus */
    WARD_BUS_TEST_HUB, /* () -> as: one step each */
    WARD_BUS_ADMIT,    /* (s patient, s episode, s label, s check word, s plan) */
    WARD_BUS_APPLY_PLAN, /* (s patient, s plan) */
    WARD_BUS_SCAN,       /* (u seconds) -> as; DeviceFound meanwhile */
    WARD_BUS_PAIR, /* (s address, s patient, s security, u time-out in seconds) -> s; EnrolmentStep meanwhile */
    WARD_BUS_BIND,        /* (s device, s patient, s "move" or "share", u slot, 255 for none) */
    WARD_BUS_UNBIND,      /* (s device, s patient, "" for all) */
    WARD_BUS_RENAME,      /* (s device, s name) */
    WARD_BUS_MEASURE,     /* (s patient, s device, "" for all that it shares, u seconds) */
    WARD_BUS_TEST_DEVICE, /* (s device, u seconds) -> s; TestStep meanwhile */
    WARD_BUS_FORGET,      /* (s device) */
    WARD_BUS_SILENCE,     /* (s patient) */
    WARD_BUS_COMMAND,     /* (s JWS) -> s: anybody may bring it, the signature decides */
    WARD_BUS_ORDER,   /* (s patient, s by or "", s body of a command) -> s: unsigned, where that is allowed */
    WARD_BUS_EXPLAIN, /* (s) -> as: the events of an alarm's id, oldest first, or the record EPOCH:SEQ */
    WARD_BUS_PROVISION, /* (s "enrol", "renew" or "retire", s code or "") -> s; HubStep meanwhile */
    WARD_BUS_AUDIT, /* (a{sv}) -> as: since x, until x, patient s, limit u; for those who may change something */
    WARD_BUS_METHOD_COUNT,
};

enum ward_bus_signal {
    WARD_BUS_READING,        /* (s reading) */
    WARD_BUS_ALARM,          /* (s event) */
    WARD_BUS_DEVICE_FOUND,   /* (s device) */
    WARD_BUS_ENROLMENT_STEP, /* (s address, s step, s text) */
    WARD_BUS_TEST_STEP,      /* (s device, s step, s text) */
    WARD_BUS_HUB_STEP,       /* (s step, s milliseconds, s text) */
    WARD_BUS_SIGNAL_COUNT,
};

enum ward_bus_error {
    WARD_BUS_INVALID_ARGUMENT,
    WARD_BUS_NOT_ALLOWED,
    WARD_BUS_NOT_FOUND,
    WARD_BUS_REFUSED,
    WARD_BUS_BUSY,
    WARD_BUS_FAILED,
};

#define WARD_BUS_TEXTS_MAX 5

/* Arguments of a call, borrowed for the duration of the handler. Filter members that were not given are NULL or 0. */
struct ward_bus_arguments {
    const char *text[WARD_BUS_TEXTS_MAX];
    uint32_t number;
    struct {
        const char *device, *quantity, *patient;
        int64_t since_ms, until_ms;
        uint64_t before_seq;
        uint32_t limit;
        bool history, fhir;
    } filter;
};

struct ward_bus;
struct ward_bus_call;

/*
 * Called once for each permitted call. The handler, or whoever it gave the call to, must answer it exactly once
 * with one of the ward_bus_reply_* functions, now or later; the call is gone after that.
 */
typedef void ward_bus_handler(void *userdata, enum ward_bus_method method, struct ward_bus_call *call,
                              const struct ward_bus_arguments *arguments);

#define WARD_BUS_UID_UNKNOWN UINT32_MAX

/* A call of a method that changes something, or brings what the ward has signed. */
struct ward_bus_deed {
    enum ward_bus_method method;
    const char *name; /* of the method: "Bind"; static */
    uint32_t uid;     /* who called, or WARD_BUS_UID_UNKNOWN */
    bool admin;       /* he may change something */
    const struct ward_bus_arguments *arguments;
    uint64_t mark; /* the auditor's own: 0 at first, then as he left it */
};

/*
 * Told of a deed before the handler has it, outcome NULL, and when it is answered: "done", or the end of the error's name
 * ("NotFound"); answer: the text that was returned, NULL for none. A caller who may not is answered only.
 */
typedef void ward_bus_auditor(void *userdata, struct ward_bus_deed *deed, const char *outcome,
                              const char *answer);

/*
 * Exports the object on bus and requests the name. bus stays the caller's and must outlive ret. Returns 0 or a
 * negative errno, -EEXIST when the name is taken.
 */
int ward_bus_new(struct ward_bus **ret, sd_bus *bus, ward_bus_handler *handler, void *userdata);
/* From now on; its userdata is the handler's. NULL: nobody is told. */
void ward_bus_audit(struct ward_bus *bus, ward_bus_auditor *auditor);
/* Calls that are still unanswered get the error Failed. Takes NULL, returns NULL. */
struct ward_bus *ward_bus_free(struct ward_bus *bus);

/* What stands on the bus to be read (bus_objects.h); owned by bus. */
struct ward_bus_objects *ward_bus_objects_of(struct ward_bus *bus);

/* Who called, for the audit trail. */
uint32_t ward_bus_call_uid(const struct ward_bus_call *call);

/*
 * Has gone called, once, when the caller leaves the bus before it was answered: it must be answered then as well.
 * Returns 0 or negative errno, and then it is not called: he has left already, or it cannot be known.
 */
int ward_bus_call_watch(struct ward_bus_call *call, void (*gone)(struct ward_bus_call *call, void *userdata),
                        void *userdata);

/*
 * From now on the caller follows, until it leaves the bus. Returns 0 or negative errno. And whether there is anybody who
 * does.
 */
int ward_bus_call_follow(struct ward_bus_call *call);
bool ward_bus_is_followed(const struct ward_bus *bus);

void ward_bus_reply(struct ward_bus_call *call);                        /* methods without an answer */
void ward_bus_reply_text(struct ward_bus_call *call, const char *text); /* methods that return s */
/* Methods that return as. */
void ward_bus_reply_list(struct ward_bus_call *call, const char *const *texts, size_t count);
/* sentence is shown to a person as it is: it says what is wrong, with what, and what to do. */
void ward_bus_reply_error(struct ward_bus_call *call, enum ward_bus_error error, const char *sentence);

/* texts has as many entries as the signal's signature above. */
void ward_bus_emit(struct ward_bus *bus, enum ward_bus_signal signal, const char *const *texts);

#endif
