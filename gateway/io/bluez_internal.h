/* SPDX-License-Identifier: Apache-2.0 */
/*
 * What the files of the BlueZ adapter share. Nobody else includes this.
 *
 *   bluez.c            life cycle, the set of enrolled devices
 *   bluez_start.c      lays the way until the radio is on, and starts over
 *   bluez_signals.c    what bluetoothd tells, into the mirror and from there to the parts
 *   bluez_message.c    reads D-Bus messages
 *   bluez_mirror.c     bluetoothd's object tree (pure)
 *   bluez_uuid.c       UUIDs and addresses as texts (pure)
 *   bluez_link.c       connections of enrolled devices: proof, faults, values
 *   bluez_request.c    reads and writes
 *   bluez_error.c      what bluetoothd answers when it refuses (pure)
 *   bluez_rest.c       devices that are sent away for a while
 *   bluez_slots.c      which of them, when connections are short (pure)
 *   bluez_recall.c     when one without a bond is called that stays away (pure)
 *   bluez_return.c     the same, with hands
 *   bluez_subscribe.c  StartNotify
 *   bluez_identity.c   the Device Information Service
 *   bluez_discovery.c  scans
 *   bluez_enrol.c      the course of an enrolment (pure)
 *   bluez_enrolment.c  the same, with hands: D-Bus and timers
 *   bluez_admission.c  who may be enrolled, and as what
 *   bluez_agent.c      org.bluez.Agent1        bluez_profile.c  org.bluez.GattProfile1
 *   bluez_recovery.c   the recovery ladder (pure)
 *   bluez_ladder.c     the same, with hands
 *   bluez_call.c       outstanding method calls
 */
#ifndef WARD_IO_BLUEZ_INTERNAL_H
#define WARD_IO_BLUEZ_INTERNAL_H

#include "io/bluez_enrol.h"
#include "io/bluez_mirror.h"
#include "io/bluez_recall.h"
#include "io/bluez_recovery.h"
#include "io/bluez_uuid.h"

#define WARD_BLUEZ_SERVICE            "org.bluez"
#define WARD_BLUEZ_ADAPTER            "org.bluez.Adapter1"
#define WARD_BLUEZ_DEVICE             "org.bluez.Device1"
#define WARD_BLUEZ_GATT_SERVICE       "org.bluez.GattService1"
#define WARD_BLUEZ_CHARACTERISTIC     "org.bluez.GattCharacteristic1"
#define WARD_BLUEZ_BATTERY            "org.bluez.Battery1"
#define WARD_BLUEZ_PROPERTIES         "org.freedesktop.DBus.Properties"
#define WARD_BLUEZ_AGENT_PATH         "/wardgate/agent"
#define WARD_BLUEZ_APPLICATION_PATH   "/wardgate/application"
#define WARD_BLUEZ_CONNECT_TIMEOUT_US (75 * UINT64_C(1000000)) /* sd-bus gives 25 s, a slow cuff needs more */

/* An enrolled device, and what is known of its link. */
struct ward_bluez_node {
    struct ward_bluez_node *next;
    struct ward_bluez *bluez;
    struct ward_bluez_device device;
    uint32_t connection;
    bool connected, proved;
    bool resolved; /* RESOLVED was told of this connection */
    bool implied;  /* connected, because a value came; Connected=true is still to be told */
    bool needs_pairing;
    bool enrolling;            /* new: goes again if its enrolment fails */
    unsigned unproved_drops;   /* in a row */
    unsigned incomplete;       /* in a row */
    unsigned unresolved;       /* in a row: links that did not get as far as services */
    sd_event_source *services; /* waits for them, and then for what must be among them */
    struct ward_bluez_recall recall;
    struct ward_bluez_signal signal;
    uint8_t priority;
    uint64_t used_us; /* when it connected, sent or was asked something last */
    bool resting;
    sd_event_source *rest_end; /* runs without a rest, too: Trusted is to be mended */
};

struct ward_bluez_call {
    struct ward_bluez_call *next;
    struct ward_bluez *bluez;
    sd_bus_slot *slot;
    char subject[WARD_BLUEZ_PATH_SIZE];
    void (*done)(struct ward_bluez *bluez, const char *subject, sd_bus_message *reply);
};

struct ward_bluez_reader;
struct ward_bluez_asked;

enum ward_bluez_start_state {
    WARD_BLUEZ_START_WAITING, /* for bluetoothd, or an adapter */
    WARD_BLUEZ_START_LAYING,
    WARD_BLUEZ_START_READY,
    WARD_BLUEZ_START_FAILED, /* the retry timer runs */
};

struct ward_bluez {
    sd_event *event;
    sd_bus *bus;
    struct ward_bluez_listener listener;
    void *userdata;
    char *adapter_wanted;                          /* NULL: any */
    char **services;                               /* 128-bit forms, ended by NULL */
    char (*characteristics)[WARD_BLUEZ_UUID_SIZE]; /* ended by an empty one */
    sd_bus_slot *slots[8];
    size_t slot_count;

    enum ward_bluez_start_state start;
    bool serves;                        /* bluetoothd is on the bus, as far as we were told */
    char adapter[WARD_BLUEZ_PATH_SIZE]; /* "" while there is none */
    bool adapter_powered;
    unsigned start_failures; /* in a row */
    unsigned subscribing;    /* StartNotify calls without an answer */
    bool may_subscribe;      /* agent and profile are in place */
    bool awaits_subscriptions;
    unsigned connections_max;
    uint32_t connections_before;  /* as far as a device that was removed had counted: it may be added again */
    sd_event_source *slots_due;   /* the budget of connections is to be looked at */
    bool calling;                 /* Connect is out, to a device that stays away */
    sd_event_source *returns_due; /* who stays away is to be looked at */
    sd_event_source *restart;     /* starts over */
    sd_event_source *end;         /* of the loop */

    struct ward_bluez_mirror mirror;
    struct ward_bluez_node *nodes, *removed;
    size_t node_count;
    struct ward_bluez_call *calls;
    struct ward_bluez_reader *readers;
    struct ward_bluez_asked *asked; /* reads and writes without an answer */

    struct {
        bool scanning, enrolling; /* who wants it */
        bool running, starting;
        bool held; /* Pair or Connect is out */
        unsigned failures;
        sd_event_source *retry, *scan_end;
    } discovery;

    struct {
        struct ward_bluez_enrol machine;
        char address[WARD_BLUEZ_ADDRESS_SIZE];
        char path[WARD_BLUEZ_PATH_SIZE]; /* "" until it was found */
        struct ward_bluez_node *node;    /* NULL until it was identified */
        sd_event_source *timer, *window, *cancel, *reading;
        bool awaits_reading; /* the option */
        bool has_reading;    /* the application says so; not yet taken */
    } enrolment;

    struct {
        struct ward_bluez_recovery machine;
        char *directory;    /* NULL: nobody carries out the upper rungs */
        bool heard, silent; /* in the discovery that runs, or ran last */
        bool asking;        /* bluetoothd was asked whether it is there */
        sd_event_source *look, *listen, *quiet;
    } ladder;

    struct ward_bluez_counters counters;
};

uint64_t ward_bluez_now(void);

/* bluez_call.c. A call is dropped, without `done`, by ward_bluez_calls_drop. A zero timeout is sd-bus's own. */
struct ward_bluez_request {
    const char *path, *interface, *member;
    uint64_t timeout_us;
    void (*done)(struct ward_bluez *bluez, const char *subject,
                 sd_bus_message *reply); /* NULL: nobody cares */
    const char *subject;                 /* NULL: the path */
};
int ward_bluez_call(struct ward_bluez *bluez, const struct ward_bluez_request *request, const char *types,
                    ...);
int ward_bluez_set_flag(struct ward_bluez *bluez, const struct ward_bluez_request *request,
                        const char *property,
                        bool value); /* Properties.Set; the interface is that of the property */
void ward_bluez_calls_drop(struct ward_bluez *bluez);
/* Gives those that would be answered to done no reply: NULL. */
void ward_bluez_calls_fail(struct ward_bluez *bluez,
                           void (*done)(struct ward_bluez *bluez, const char *subject,
                                        sd_bus_message *reply));
/* Whether any waits that would be answered to done. */
bool ward_bluez_calls_wait(const struct ward_bluez *bluez,
                           void (*done)(struct ward_bluez *bluez, const char *subject,
                                        sd_bus_message *reply));
/* Drops those whose subject starts with path and that would be answered to done. */
void ward_bluez_calls_cancel(struct ward_bluez *bluez, const char *path,
                             void (*done)(struct ward_bluez *bluez, const char *subject,
                                          sd_bus_message *reply));
/* The error name of a reply without "org.bluez.Error.", or NULL when it is not an error. */
const char *ward_bluez_error_of(sd_bus_message *reply);

/* bluez_message.c. Each reads exactly one a{sv} and returns 0 or negative errno. */
struct ward_bluez_characteristic_facts {
    char uuid[WARD_BLUEZ_UUID_SIZE]; /* "" when not told */
    uint8_t properties;              /* set of enum ward_bluez_property */
    const uint8_t *value;            /* into the message; NULL when not told */
    size_t value_length;
};
struct ward_bluez_adapter_facts {
    bool powered_known, powered;
};
/* services are those of the options, ended by NULL. */
int ward_bluez_read_device(sd_bus_message *message, char *const *services, struct ward_bluez_facts *ret);
int ward_bluez_read_service(sd_bus_message *message,
                            char ret[static WARD_BLUEZ_UUID_SIZE]); /* "": not told */
int ward_bluez_read_characteristic(sd_bus_message *message, struct ward_bluez_characteristic_facts *ret);
int ward_bluez_read_adapter(sd_bus_message *message, struct ward_bluez_adapter_facts *ret);
int ward_bluez_read_battery(sd_bus_message *message, int *ret_percent); /* -1: not told */

/* bluez_signals.c */
int ward_bluez_signals_watch(struct ward_bluez *bluez);
/* Takes over a reply to GetManagedObjects. Returns 0 or negative errno. */
int ward_bluez_take_objects(struct ward_bluez *bluez, sd_bus_message *reply);
/* Asks for all objects, for devices that were left out of the mirror so far. */
void ward_bluez_refresh(struct ward_bluez *bluez);
bool ward_bluez_is_refreshing(const struct ward_bluez *bluez);

/* bluez_start.c */
void ward_bluez_start(struct ward_bluez *bluez);
void ward_bluez_start_lost(struct ward_bluez *bluez, enum ward_bluez_radio state, const char *reason);
void ward_bluez_start_subscribed(struct ward_bluez *bluez); /* no StartNotify is without an answer any more */
void ward_bluez_start_adapter(struct ward_bluez *bluez, const char *path,
                              const struct ward_bluez_adapter_facts *facts);
void ward_bluez_start_power_off(struct ward_bluez *bluez);
/* Switches the adapter off, and prepares anew, which switches it on. */
void ward_bluez_start_power_cycle(struct ward_bluez *bluez);

/* bluez_subscribe.c */
/* Whether values of it are wanted: it can send them, and both it and its service are in the options. */
bool ward_bluez_is_read(const struct ward_bluez *bluez, const struct ward_bluez_mirror_device *device,
                        const struct ward_bluez_mirror_characteristic *characteristic);
void ward_bluez_subscribe(struct ward_bluez *bluez, struct ward_bluez_mirror_device *device);
/* After a link: what bluetoothd may have dropped meanwhile. */
void ward_bluez_subscribe_anew(struct ward_bluez *bluez, struct ward_bluez_mirror_device *device);
bool ward_bluez_is_subscribed(const struct ward_bluez *bluez, const struct ward_bluez_mirror_device *device);
bool ward_bluez_has_readings(const struct ward_bluez *bluez, const struct ward_bluez_mirror_device *device);
/* Every StartNotify that it needs was answered, with yes or no. */
bool ward_bluez_is_settled(const struct ward_bluez *bluez, const struct ward_bluez_mirror_device *device);

/* bluez_link.c */
struct ward_bluez_node *ward_bluez_node_find(const struct ward_bluez *bluez, const char *address);
void ward_bluez_link_changed(struct ward_bluez_node *node, struct ward_bluez_mirror_device *device,
                             uint32_t changed);
void ward_bluez_link_adopt(struct ward_bluez_node *node, struct ward_bluez_mirror_device *device);
void ward_bluez_link_ended(struct ward_bluez_node *node);
void ward_bluez_link_value(struct ward_bluez_node *node, struct ward_bluez_mirror_device *device,
                           const struct ward_bluez_mirror_characteristic *characteristic,
                           const struct ward_bluez_characteristic_facts *facts);
void ward_bluez_link_tell(struct ward_bluez_node *node, enum ward_bluez_link_state state, const char *text);
/* Says once, until its link is proved after all, that a person has to pair it again; and of whom that is known at once. */
void ward_bluez_link_needs_pairing(struct ward_bluez_node *node, const char *text);
void ward_bluez_links_expect(struct ward_bluez *bluez);
/* A connection has begun; its services are known. bluez_services.c ends one that does not get so far. */
void ward_bluez_services_await(struct ward_bluez_node *node);
void ward_bluez_services_known(struct ward_bluez_node *node, struct ward_bluez_mirror_device *device);
/* Tells RESOLVED, once a connection, when all that it takes is there. */
void ward_bluez_link_settle(struct ward_bluez_node *node);
void ward_bluez_disconnect(struct ward_bluez *bluez, const char *path);
/* Fails when the device is not there, but has put it on the kernel's list by then. done may be NULL. */
int ward_bluez_connect(struct ward_bluez *bluez, const char *path,
                       void (*done)(struct ward_bluez *bluez, const char *path, sd_bus_message *reply));

/* bluez_request.c */
void ward_bluez_requests_end(struct ward_bluez_node *node);  /* its link ended: they are answered so */
void ward_bluez_requests_drop(struct ward_bluez_node *node); /* without an answer */

/* bluez_rest.c */
void ward_bluez_rest_begin(struct ward_bluez_node *node, unsigned seconds);
/* Trusted of an enrolled device was told: it is as it should be, or made so. */
void ward_bluez_rest_trusted(struct ward_bluez_node *node, const struct ward_bluez_mirror_device *device);
/* Who is connected, or matters how much, has changed. */
void ward_bluez_slots_changed(struct ward_bluez *bluez);

/* bluez_return.c */
/* Who is connected, or is to be called, has changed. */
void ward_bluez_returns_changed(struct ward_bluez *bluez);
/* The radio is ready: whoever is not back in a while is called. */
void ward_bluez_returns_expect(struct ward_bluez *bluez);

/*
 * bluez_identity.c. Reads the device's identity, and waits a while for what it told when it was enrolled (expected; NULL:
 * it is being enrolled). `done` gets NULL when it left before its serial number and system id were asked for, or when one of
 * them could not be read. left: the connection is over, and another one may stand already. One reading a device at a time:
 * -EBUSY.
 */
int ward_bluez_identity_read(struct ward_bluez *bluez, const struct ward_bluez_mirror_device *device,
                             const struct ward_bluez_identity *expected,
                             void (*done)(struct ward_bluez *bluez, const char *path,
                                          const struct ward_bluez_identity *identity, bool left));
/* It shows a characteristic of the Device Information Service that it did not show before. */
void ward_bluez_identity_shown(struct ward_bluez *bluez, const struct ward_bluez_mirror_device *device);
/* The connection ended: what was read over it is not mixed with the next one's. `done` is called. */
void ward_bluez_identity_cancel(struct ward_bluez *bluez, const char *path);
void ward_bluez_identity_drop(struct ward_bluez *bluez);
void ward_bluez_identity_set(struct ward_bluez_identity *identity, uint16_t characteristic,
                             const uint8_t *octets, size_t length);
/* It tells a serial number or a system id. */
bool ward_bluez_identity_is_told(const struct ward_bluez_identity *identity);
/* It tells less than what is known of it, and nothing else: not yet, or not any more. */
bool ward_bluez_identity_lacks(const struct ward_bluez_identity *told,
                               const struct ward_bluez_identity *known);
/* The serial numbers agree and so do the system ids; where neither is told that proves nothing. */
bool ward_bluez_identity_equal(const struct ward_bluez_identity *one,
                               const struct ward_bluez_identity *other);

/* bluez_discovery.c */
void ward_bluez_discovery_want(struct ward_bluez *bluez, bool enrolling);
void ward_bluez_discovery_hold(struct ward_bluez *bluez, bool held);
void ward_bluez_discovery_seen(struct ward_bluez *bluez, struct ward_bluez_mirror_device *device,
                               uint32_t changed);
void ward_bluez_discovery_restart(struct ward_bluez *bluez);
void ward_bluez_discovery_lost(struct ward_bluez *bluez);
void ward_bluez_discovery_done(struct ward_bluez *bluez);

/*
 * bluez_ladder.c. Troubles are told when the part that has them is in order again, except that PREPARING comes before
 * the adapter is given up.
 */
int ward_bluez_ladder_begin(struct ward_bluez *bluez);
void ward_bluez_ladder_trouble(struct ward_bluez *bluez, enum ward_bluez_trouble trouble, const char *reason);
void ward_bluez_ladder_heard(struct ward_bluez *bluez);
/* Discovery was started, and was started again; nobody wants it any more; it is gone with the radio. */
void ward_bluez_ladder_listen(struct ward_bluez *bluez);
void ward_bluez_ladder_listened(struct ward_bluez *bluez);
void ward_bluez_ladder_deafened(struct ward_bluez *bluez);
void ward_bluez_ladder_done(struct ward_bluez *bluez);

/* bluez_enrolment.c */
bool ward_bluez_enrolment_is_of(const struct ward_bluez *bluez,
                                const struct ward_bluez_mirror_device *device);
void ward_bluez_enrolment_event(struct ward_bluez *bluez, enum ward_bluez_enrol_event event);
void ward_bluez_enrolment_changed(struct ward_bluez *bluez, struct ward_bluez_mirror_device *device,
                                  uint32_t changed);
/* Takes what ward_bluez_pair_reading has said. */
void ward_bluez_enrolment_take_reading(struct ward_bluez *bluez);
void ward_bluez_enrolment_done(struct ward_bluez *bluez);

/* bluez_admission.c. Why the device may not be enrolled, or NULL with *ret_node set: it is one of the set now. */
const char *ward_bluez_admit(struct ward_bluez *bluez, const struct ward_bluez_mirror_device *device,
                             const struct ward_bluez_identity *identity, struct ward_bluez_node **ret_node);

/* bluez.c */
/* The radio is lost: who waits for a bond to be removed is told that. */
void ward_bluez_forget_lost(struct ward_bluez *bluez);
struct ward_bluez_node *ward_bluez_node_new(struct ward_bluez *bluez, const struct ward_bluez_device *device);
void ward_bluez_node_remove(struct ward_bluez_node *node);
void ward_bluez_reap(struct ward_bluez *bluez);
/* Drops from the mirror what nobody asks for. */
void ward_bluez_sweep(struct ward_bluez *bluez);
/* Where bluetoothd has the device with address, or will have it. */
void ward_bluez_path_of(const struct ward_bluez *bluez, const char *address,
                        char ret[static WARD_BLUEZ_PATH_SIZE]);
/* It is enrolled, or being enrolled; is_wanted: or somebody scans. */
bool ward_bluez_is_ours(const struct ward_bluez *bluez, const char *path, const char *address);
bool ward_bluez_is_wanted(const struct ward_bluez *bluez, const char *path, const char *address);

/* bluez_agent.c, bluez_profile.c: export the objects that bluetoothd calls. */
int ward_bluez_agent_export(struct ward_bluez *bluez);
int ward_bluez_profile_export(struct ward_bluez *bluez);

#endif
