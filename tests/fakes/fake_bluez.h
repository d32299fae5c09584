/* SPDX-License-Identifier: Apache-2.0 */
/*
 * What the files of fake_bluez share.
 *
 *   fake_bluez.c          the input, and bluetoothd as a whole
 *   fake_bluez_verbs.c    the verbs
 *   fake_bluez_objects.c  the adapter and its devices, as objects
 *   fake_bluez_events.c   what happens to them, as signals
 *   fake_bluez_calls.c    what is asked of them, and the faults in the answers
 *   fake_bluez_crowd.c    what comes in masses: strangers, storms, churn
 */
#ifndef FAKE_BLUEZ_H
#define FAKE_BLUEZ_H

#include <stdarg.h>
#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>
#include <systemd/sd-bus.h>
#include <systemd/sd-event.h>

#define FAKE_ADAPTER             "/org/bluez/hci0"
#define FAKE_PATH_SIZE           96
#define FAKE_UUID_SIZE           37
#define FAKE_TEXT_SIZE           256
#define FAKE_DEVICES_MAX         16
#define FAKE_SERVICES_MAX        8
#define FAKE_CHARACTERISTICS_MAX 16
#define FAKE_FAULTS_MAX          16
#define FAKE_HELD_MAX            64

#define FAKE_ADAPTER1        "org.bluez.Adapter1"
#define FAKE_DEVICE1         "org.bluez.Device1"
#define FAKE_SERVICE1        "org.bluez.GattService1"
#define FAKE_BATTERY1        "org.bluez.Battery1"
#define FAKE_CHARACTERISTIC1 "org.bluez.GattCharacteristic1"
#define FAKE_PROPERTIES      "org.freedesktop.DBus.Properties"
#define FAKE_OBJECT_MANAGER  "org.freedesktop.DBus.ObjectManager"

struct fake_characteristic {
    char path[FAKE_PATH_SIZE];
    char uuid[FAKE_UUID_SIZE];
    const char *flag;               /* "indicate", "notify" or "read" */
    bool omitted;                   /* bluetoothd does not show it, although the device has it */
    uint8_t octets[FAKE_TEXT_SIZE]; /* what is read from it */
    size_t length;
};

struct fake_device {
    char address[18];
    char path[FAKE_PATH_SIZE];
    char name[FAKE_TEXT_SIZE];
    size_t service_count, characteristic_count;
    char services[FAKE_SERVICES_MAX][FAKE_UUID_SIZE];
    char service_paths[FAKE_SERVICES_MAX][FAKE_PATH_SIZE];
    struct fake_characteristic characteristics[FAKE_CHARACTERISTICS_MAX];
    bool advertises;
    bool exported;       /* there is an object on D-Bus */
    bool services_shown; /* and its services and characteristics */
    bool connected, resolved, bonded, trusted;
};

/* The next `times` calls of member are answered with an error; UINT32_MAX: all of them. */
struct fake_fault {
    char member[64];
    char error[96];
    char message[FAKE_TEXT_SIZE];
    uint32_t times;
    bool holds; /* no answer at all until it is released */
};

struct fake_crowd;

struct fake {
    sd_event *event;
    sd_bus *bus; /* NULL while bluetoothd is not running */
    bool hangs;
    bool adapter, powered, pairable, discovering;
    bool malformed; /* one of the objects has properties of the wrong types */
    struct fake_device devices[FAKE_DEVICES_MAX];
    size_t device_count;
    struct fake_fault faults[FAKE_FAULTS_MAX];
    size_t fault_count;
    sd_bus_message *held[FAKE_HELD_MAX];
    size_t held_count;
    struct fake_crowd *crowd;
};

/* Ends the program when a call of sd-bus failed: a fake that is broken proves nothing. */
void fake_must(int result, const char *what);

/* fake_bluez_objects.c */
struct fake_device *fake_find(struct fake *fake, const char *address);
struct fake_device *fake_find_path(struct fake *fake, const char *path); /* of it, or below it */
/* NULL: it has none of this UUID (four digits, or the full form), or none at this path. */
struct fake_characteristic *fake_find_characteristic(struct fake_device *device, const char *uuid);
struct fake_characteristic *fake_find_characteristic_at(struct fake_device *device, const char *path);
/* Makes a device with the services, each with its measurements, and the Device Information Service. */
struct fake_device *fake_add(struct fake *fake, const char *address);
void fake_add_service(struct fake_device *device, const char *uuid);
/* The full form of a UUID of four digits. */
void fake_uuid(const char *text, char ret[static FAKE_UUID_SIZE]);
int fake_append_values(sd_bus_message *message, const char *name, const char *type, va_list values);
int fake_append_property(sd_bus_message *message, const char *name, const char *type, ...);
int fake_append_objects(struct fake *fake, sd_bus_message *message); /* a{oa{sa{sv}}} */
int fake_append_interface(struct fake *fake, sd_bus_message *message, const char *path,
                          const char *interface); /* a{sv} */
/* path and interfaces, as InterfacesAdded has them; extra: an interface without properties, or NULL. */
int fake_append_object(struct fake *fake, sd_bus_message *message, const char *path, const char *interface,
                       const char *extra);

/* fake_bluez_events.c */
/* PropertiesChanged with one property. */
void fake_tell(struct fake *fake, const char *path, const char *interface, const char *property,
               const char *type, ...);
void fake_tell_value(struct fake *fake, const char *path, const uint8_t *octets, size_t length);
/* InterfacesAdded and InterfacesRemoved of one object with one interface. */
void fake_tell_added(struct fake *fake, const char *path, const char *interface);
void fake_tell_removed(struct fake *fake, const char *path, const char *interface);
void fake_export(struct fake *fake, struct fake_device *device);
void fake_show_services(struct fake *fake, struct fake_device *device);
void fake_hide_services(struct fake *fake, struct fake_device *device);
void fake_withdraw(struct fake *fake, struct fake_device *device);
void fake_heard(struct fake *fake, struct fake_device *device); /* it advertised */
void fake_connect(struct fake *fake, struct fake_device *device);
void fake_resolve(struct fake *fake, struct fake_device *device);
void fake_disconnect(struct fake *fake, struct fake_device *device);
void fake_set_powered(struct fake *fake, bool powered);

/* fake_bluez.c */
void fake_start_service(struct fake *fake);
void fake_stop_service(struct fake *fake);

/* fake_bluez_verbs.c. Returns false when there is no such verb, or it cannot be done. */
bool fake_carry_out(struct fake *fake, const char *verb, char **words, size_t count);

/* fake_bluez_calls.c */
int fake_on_message(sd_bus_message *message, void *userdata, sd_bus_error *ret_error);
void fake_release(struct fake *fake, const char *member);
void fake_drop_held(struct fake *fake);

/* fake_bluez_crowd.c. Each goes on beside everything else and says "over NAME" at its end. */
void fake_strangers(struct fake *fake, uint32_t count, bool stay);
void fake_storm(struct fake *fake, uint32_t a_second, uint32_t seconds, const char *path,
                const uint8_t *octets, size_t length);
void fake_churn(struct fake *fake, struct fake_device *device, bool whole, uint32_t times);
/* Everything that goes on ends without a word: bluetoothd is gone. */
void fake_crowd_end(struct fake *fake);
uint64_t fake_now_us(void); /* CLOCK_MONOTONIC */
/* A device whose every property has the wrong type, as signals. */
void fake_tell_malformed(struct fake *fake, struct fake_device *device);
int fake_append_malformed(sd_bus_message *message); /* the same as an object of GetManagedObjects */

#endif
