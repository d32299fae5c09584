/* SPDX-License-Identifier: Apache-2.0 */
/*
 * What stands on the bus to be read and watched: the properties of org.wardgate.Gateway1 at /org/wardgate and, below it
 * under an org.freedesktop.DBus.ObjectManager, one object with org.wardgate.Device1 for each enrolled device. Nobody can
 * write a property.
 *
 * The values are told to this file, all of an object together, as often as they may have changed. It compares them with
 * what it has, and what differs is signalled: PropertiesChanged of what is there, InterfacesAdded and InterfacesRemoved of
 * devices that come and go. A reader never sees another value than was signalled.
 */
#ifndef WARD_IO_BUS_OBJECTS_H
#define WARD_IO_BUS_OBJECTS_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>
#include <systemd/sd-bus.h>

#define WARD_BUS_PATH "/org/wardgate"
#define WARD_BUS_DEVICES_PATH                                                                                \
    WARD_BUS_PATH "/devices" /* below it, by sd_bus_path_encode of the device's id */
#define WARD_BUS_INTERFACE "org.wardgate.Gateway1"

#define WARD_BUS_LAST_SEEN_STEP_MS 10000

enum ward_bus_gateway_property {
    WARD_BUS_VERSION,             /* s; never changes */
    WARD_BUS_GATEWAY,             /* s: its id; never changes */
    WARD_BUS_SITE,                /* s; never changes */
    WARD_BUS_EPOCH,               /* s: of the database */
    WARD_BUS_MONITORING,          /* s: the worst of all patients: "full", "degraded", "suspended", "none" */
    WARD_BUS_REASONS,             /* as: why it is not full */
    WARD_BUS_WATCHED,             /* as: ids of the patients that are looked after */
    WARD_BUS_PRIORITY,            /* s: of the alarm that shows here: "none", "low", "medium", "high" */
    WARD_BUS_SILENCED,            /* b: there is one, and its sound is off */
    WARD_BUS_UNDELIVERED,         /* b: an alarm has not reached the ward for too long */
    WARD_BUS_TEXT,                /* s: for the patient; "": none */
    WARD_BUS_QUEUE_DEPTH,         /* t: readings that the ward does not have */
    WARD_BUS_QUEUED_ALARMS,       /* t: alarm events that it does not have */
    WARD_BUS_HUB_CONNECTED,       /* b */
    WARD_BUS_HUB_REASON,          /* s: why it is so, for people */
    WARD_BUS_CERTIFICATE_EXPIRES, /* x: UTC ms; 0: not known */
    WARD_BUS_CLOCK_TRUSTED,       /* b */
    WARD_BUS_CLOCK,               /* s: "synced", "estimated", "unsynced" */
    WARD_BUS_RADIO,               /* s: "ready", "preparing", "absent", "failed" */
    WARD_BUS_STORAGE,             /* s: "ok", "filling", "full", "failing" */
    WARD_BUS_GATEWAY_PROPERTIES,
};

enum ward_bus_device_property {
    WARD_BUS_DEVICE,           /* s: its id; never changes */
    WARD_BUS_NAME,             /* s: given by a person; "": none */
    WARD_BUS_MODEL,            /* s: row of the table of models; "": none */
    WARD_BUS_KIND,             /* s: "pulse oximeter", for people */
    WARD_BUS_QUANTITIES,       /* as: what it measures: "spo2", … */
    WARD_BUS_MANUFACTURER,     /* s, and so the next three: as the device says, "" when it does not */
    WARD_BUS_MODEL_NUMBER,     /* s */
    WARD_BUS_SERIAL_NUMBER,    /* s */
    WARD_BUS_FIRMWARE,         /* s */
    WARD_BUS_FIRMWARE_TRUSTED, /* b */
    WARD_BUS_ADDRESS,          /* s: "C0:11:22:33:44:55" */
    WARD_BUS_SECURITY,         /* s: how it was enrolled: "bonded", "open", "open-by-address" */
    WARD_BUS_PATIENTS_BOUND,   /* as: ids of the patients whose device it is */
    WARD_BUS_SHARED,           /* b: it must be claimed before use */
    WARD_BUS_CLAIMED_BY,       /* s: id of the patient who has claimed it; "": nobody */
    WARD_BUS_CONNECTED,        /* b */
    WARD_BUS_NEEDS_PAIRING,    /* b: its bond is lost */
    WARD_BUS_LAST_SEEN, /* x: UTC ms, told in steps of WARD_BUS_LAST_SEEN_STEP_MS or with something else; 0: not known */
    WARD_BUS_BATTERY,      /* i: percent; -1: not known */
    WARD_BUS_DEVICE_CLOCK, /* s: how its clock goes; "": not looked at, or it has none */
    WARD_BUS_ENROLLED_AT,  /* x: UTC ms; 0: not known */
    WARD_BUS_DEVICE_PROPERTIES,
};

/* As the property's type says. Borrowed for the call. */
struct ward_bus_value {
    const char *text;         /* s: UTF-8, what is not becomes "?"; NULL is "" */
    const char *const *texts; /* as */
    size_t count;
    int64_t number; /* b, i, t, x */
};

struct ward_bus_objects;

/* On a bus that outlives ret. Nothing is told yet: texts are empty and numbers 0. Returns 0 or a negative errno. */
int ward_bus_objects_new(struct ward_bus_objects **ret, sd_bus *bus);
/* The devices go without a signal: the name goes too. Takes NULL, returns NULL. */
struct ward_bus_objects *ward_bus_objects_free(struct ward_bus_objects *objects);

/*
 * Each returns 0 or a negative errno; then what could not be taken over is as it was, and may be told again. A device that
 * is not there yet comes with it.
 */
int ward_bus_objects_tell(struct ward_bus_objects *objects,
                          const struct ward_bus_value values[static WARD_BUS_GATEWAY_PROPERTIES]);
int ward_bus_objects_tell_device(struct ward_bus_objects *objects,
                                 const struct ward_bus_value values[static WARD_BUS_DEVICE_PROPERTIES]);
/* Ends a telling. every: of each device that there is, and one that was not told since the last call of this is gone. */
void ward_bus_objects_told(struct ward_bus_objects *objects, bool every);

/* A property of org.wardgate.Gateway1, for its vtable; userdata points to the struct ward_bus_objects *. */
int ward_bus_objects_get(sd_bus *bus, const char *path, const char *interface, const char *name,
                         sd_bus_message *reply, void *userdata, sd_bus_error *error);

#endif
