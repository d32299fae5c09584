/* SPDX-License-Identifier: Apache-2.0 */
/*
 * Properties of bluetoothd's objects, out of D-Bus messages. A property of an unexpected type, or whose text is not
 * what it should be, counts as not told: nothing is guessed from it, and one bad object does not take the others along.
 */
#include "io/bluez_internal.h"

#include <ctype.h>
#include <errno.h>
#include <string.h>

/* Reads one property by name. Returns 1 when it took the value, 0 when it left it alone, negative errno. */
struct reader {
    int (*property)(sd_bus_message *message, const char *name, void *into);
    void *into;
};

static int read_properties(sd_bus_message *message, const struct reader *reader)
{
    int r = sd_bus_message_enter_container(message, 'a', "{sv}");
    if (r < 0)
        return r;
    while ((r = sd_bus_message_enter_container(message, 'e', "sv")) > 0) {
        const char *name;
        r = sd_bus_message_read_basic(message, 's', &name);
        if (r < 0)
            return r;
        r = reader->property(message, name, reader->into);
        if (r == 0 || r == -ENXIO) /* not ours, or not of the type that it should have: it was not touched */
            r = sd_bus_message_skip(message, "v");
        if (r < 0)
            return r;
        r = sd_bus_message_exit_container(message);
        if (r < 0)
            return r;
    }
    if (r < 0)
        return r;
    r = sd_bus_message_exit_container(message);
    return r < 0 ? r : 0;
}

static int read_flag(sd_bus_message *message, bool *ret)
{
    int value = 0;
    int r = sd_bus_message_read(message, "v", "b", &value);
    if (r < 0)
        return r;
    *ret = value != 0;
    return 1;
}

/* What strangers may send to a terminal or a log: printable ASCII and well-formed bytes above it. */
static void copy_text(char *into, size_t size, const char *from)
{
    size_t i = 0;
    for (; from[i] && i + 1 < size; i++)
        into[i] = iscntrl((unsigned char)from[i]) ? '?' : from[i];
    while (i > 0 && from[i] && ((unsigned char)from[i] & 0xC0) == 0x80)
        i--; /* not within a UTF-8 sequence */
    into[i] = '\0';
}

/* Reads `as` and hands each text to take. */
static int read_texts(sd_bus_message *message, void (*take)(const char *text, void *into), void *into)
{
    const char *text;
    int r = sd_bus_message_enter_container(message, 'v', "as");
    if (r >= 0)
        r = sd_bus_message_enter_container(message, 'a', "s");
    if (r < 0)
        return r;
    while ((r = sd_bus_message_read(message, "s", &text)) > 0)
        take(text, into);
    if (r >= 0)
        r = sd_bus_message_exit_container(message);
    if (r >= 0)
        r = sd_bus_message_exit_container(message);
    return r < 0 ? r : 1;
}

struct device_reader {
    struct ward_bluez_facts facts;
    char *const *services; /* of the options */
};

static void take_service(const char *text, void *into)
{
    struct device_reader *reader = into;
    struct ward_bluez_facts *facts = &reader->facts;
    char uuid[WARD_BLUEZ_UUID_SIZE];
    if (!ward_bluez_uuid_normalise(text, uuid))
        return;
    for (size_t i = 0; reader->services[i]; i++)
        if (strcmp(reader->services[i], uuid) == 0)
            facts->offered |= UINT64_C(1) << i;
    if (ward_bluez_uuid_short(uuid) && facts->service_count < WARD_BLUEZ_FOUND_SERVICES)
        facts->services[facts->service_count++] = ward_bluez_uuid_short(uuid);
}

static int device_flag(sd_bus_message *message, struct ward_bluez_facts *facts, const char *name)
{
    const struct {
        const char *name;
        bool *into;
        uint32_t fact;
    } flags[] = {
        {"Connected", &facts->connected, WARD_BLUEZ_FACT_CONNECTED},
        {"ServicesResolved", &facts->resolved, WARD_BLUEZ_FACT_RESOLVED},
        {"Paired", &facts->paired, WARD_BLUEZ_FACT_PAIRED},
        {"Bonded", &facts->bonded, WARD_BLUEZ_FACT_BONDED},
        {"Trusted", &facts->trusted, WARD_BLUEZ_FACT_TRUSTED},
    };
    for (size_t i = 0; i < sizeof flags / sizeof flags[0]; i++)
        if (strcmp(name, flags[i].name) == 0) {
            int r = read_flag(message, flags[i].into);
            if (r > 0)
                facts->known |= flags[i].fact;
            return r;
        }
    return 0;
}

static int device_property(sd_bus_message *message, const char *name, void *into)
{
    struct device_reader *reader = into;
    struct ward_bluez_facts *facts = &reader->facts;
    const char *text;
    int r;

    if (strcmp(name, "Address") == 0) {
        r = sd_bus_message_read(message, "v", "s", &text);
        if (r < 0)
            return r;
        if (ward_bluez_address_normalise(text, facts->address))
            facts->known |= WARD_BLUEZ_FACT_ADDRESS;
    } else if (strcmp(name, "AddressType") == 0) {
        r = sd_bus_message_read(message, "v", "s", &text);
        if (r < 0)
            return r;
        facts->address_type =
            strcmp(text, "random") == 0 ? WARD_BLUEZ_ADDRESS_RANDOM : WARD_BLUEZ_ADDRESS_PUBLIC;
        facts->known |= WARD_BLUEZ_FACT_ADDRESS_TYPE;
    } else if (strcmp(name, "Name") == 0) {
        r = sd_bus_message_read(message, "v", "s", &text);
        if (r < 0)
            return r;
        copy_text(facts->name, sizeof facts->name, text);
        facts->known |= WARD_BLUEZ_FACT_NAME;
    } else if (strcmp(name, "RSSI") == 0) {
        r = sd_bus_message_read(message, "v", "n", &facts->rssi);
        if (r < 0)
            return r;
        facts->known |= WARD_BLUEZ_FACT_RSSI;
    } else if (strcmp(name, "UUIDs") == 0) {
        r = read_texts(message, take_service, reader);
        if (r > 0)
            facts->known |= WARD_BLUEZ_FACT_SERVICES;
        return r;
    } else {
        return device_flag(message, facts, name);
    }
    return 1;
}

int ward_bluez_read_device(sd_bus_message *message, char *const *services, struct ward_bluez_facts *ret)
{
    struct device_reader device = {.services = services};
    int r = read_properties(message, &(struct reader){device_property, &device});
    if (r >= 0)
        *ret = device.facts;
    return r;
}

/* The UUID of a service or a characteristic, in 128-bit form. */
static int read_uuid(sd_bus_message *message, char ret[static WARD_BLUEZ_UUID_SIZE])
{
    const char *text;
    int r = sd_bus_message_read(message, "v", "s", &text);
    if (r < 0)
        return r;
    return ward_bluez_uuid_normalise(text, ret) ? 1 : -EBADMSG;
}

static int service_property(sd_bus_message *message, const char *name, void *into)
{
    return strcmp(name, "UUID") == 0 ? read_uuid(message, into) : 0;
}

int ward_bluez_read_service(sd_bus_message *message, char ret[static WARD_BLUEZ_UUID_SIZE])
{
    char uuid[WARD_BLUEZ_UUID_SIZE] = "";
    int r = read_properties(message, &(struct reader){service_property, uuid});
    if (r >= 0)
        memcpy(ret, uuid, sizeof uuid);
    return r;
}

static void take_flag(const char *text, void *into)
{
    static const struct {
        const char *name;
        uint8_t property;
    } flags[] = {
        {"read", WARD_BLUEZ_CAN_READ},
        {"write", WARD_BLUEZ_CAN_WRITE},
        {"write-without-response", WARD_BLUEZ_CAN_COMMAND},
        {"notify", WARD_BLUEZ_CAN_NOTIFY},
        {"indicate", WARD_BLUEZ_CAN_NOTIFY},
    };
    struct ward_bluez_characteristic_facts *facts = into;
    for (size_t i = 0; i < sizeof flags / sizeof flags[0]; i++)
        if (strcmp(text, flags[i].name) == 0)
            facts->properties |= flags[i].property;
}

static int characteristic_property(sd_bus_message *message, const char *name, void *into)
{
    struct ward_bluez_characteristic_facts *facts = into;
    if (strcmp(name, "UUID") == 0)
        return read_uuid(message, facts->uuid);
    if (strcmp(name, "Flags") == 0)
        return read_texts(message, take_flag, facts);
    if (strcmp(name, "Value") != 0)
        return 0;

    const void *octets;
    size_t length;
    int r = sd_bus_message_enter_container(message, 'v', "ay");
    if (r >= 0)
        r = sd_bus_message_read_array(message, 'y', &octets, &length);
    if (r >= 0)
        r = sd_bus_message_exit_container(message);
    if (r < 0)
        return r;
    if (length > WARD_GATT_VALUE_MAX)
        return 1; /* no attribute is longer (Core 5.3, Vol 3, Part F, §3.2.9): it is not a device's */
    facts->value = length ? octets : (const uint8_t *)"";
    facts->value_length = length;
    return 1;
}

int ward_bluez_read_characteristic(sd_bus_message *message, struct ward_bluez_characteristic_facts *ret)
{
    struct ward_bluez_characteristic_facts facts = {0};
    int r = read_properties(message, &(struct reader){characteristic_property, &facts});
    if (r >= 0)
        *ret = facts;
    return r;
}

static int adapter_property(sd_bus_message *message, const char *name, void *into)
{
    struct ward_bluez_adapter_facts *facts = into;
    if (strcmp(name, "Powered") != 0)
        return 0;
    int r = read_flag(message, &facts->powered);
    facts->powered_known = r > 0;
    return r;
}

int ward_bluez_read_adapter(sd_bus_message *message, struct ward_bluez_adapter_facts *ret)
{
    struct ward_bluez_adapter_facts facts = {0};
    int r = read_properties(message, &(struct reader){adapter_property, &facts});
    if (r >= 0)
        *ret = facts;
    return r;
}

static int battery_property(sd_bus_message *message, const char *name, void *into)
{
    uint8_t percent;
    if (strcmp(name, "Percentage") != 0)
        return 0;
    int r = sd_bus_message_read(message, "v", "y", &percent);
    if (r < 0)
        return r;
    *(int *)into = percent;
    return 1;
}

int ward_bluez_read_battery(sd_bus_message *message, int *ret_percent)
{
    int percent = -1;
    int r = read_properties(message, &(struct reader){battery_property, &percent});
    if (r >= 0)
        *ret_percent = percent;
    return r;
}
