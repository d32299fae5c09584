/* SPDX-License-Identifier: Apache-2.0 */
/* The verbs of fake_bluez.c's head. Each gets the words behind it and returns whether it could be done. */
#include "fake_bluez.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#define OCTETS_MAX 1024

typedef bool verb_function(struct fake *fake, char **words, size_t count);

static bool verb_stop(struct fake *fake, char **words, size_t count)
{
    (void)words;
    (void)count;
    if (!fake->bus)
        return false;
    fake_stop_service(fake);
    return true;
}

static bool verb_start(struct fake *fake, char **words, size_t count)
{
    (void)words;
    (void)count;
    if (fake->bus)
        return false;
    fake_start_service(fake);
    return true;
}

static bool verb_hang(struct fake *fake, char **words, size_t count)
{
    (void)words;
    (void)count;
    if (!fake->bus || fake->hangs)
        return false;
    fake->hangs = true;
    fake_must(sd_bus_detach_event(fake->bus), "hang");
    return true;
}

static bool verb_wake(struct fake *fake, char **words, size_t count)
{
    (void)words;
    (void)count;
    if (!fake->bus || !fake->hangs)
        return false;
    fake->hangs = false;
    fake_must(sd_bus_attach_event(fake->bus, fake->event, SD_EVENT_PRIORITY_NORMAL), "wake");
    return true;
}

static bool verb_adapter(struct fake *fake, char **words, size_t count)
{
    const bool back = count == 1 && strcmp(words[0], "back") == 0;

    if (count != 1 || back == fake->adapter)
        return false;
    fake->powered = fake->discovering = false;
    for (size_t i = 0; i < fake->device_count && !back; i++)
        fake_withdraw(fake, &fake->devices[i]);
    fake->adapter = back;
    if (!back) {
        fake_tell_removed(fake, FAKE_ADAPTER, FAKE_ADAPTER1);
        return true;
    }
    fake_tell_added(fake, FAKE_ADAPTER, FAKE_ADAPTER1);
    for (size_t i = 0; i < fake->device_count; i++)
        if (fake->devices[i].bonded)
            fake_export(fake, &fake->devices[i]);
    return true;
}

static bool verb_power(struct fake *fake, char **words, size_t count)
{
    if (count != 1 || strcmp(words[0], "off") != 0)
        return false;
    fake_set_powered(fake, false);
    return true;
}

/* --- devices ----------------------------------------------------------------------------------------------------- */

static void append_word(char text[static FAKE_TEXT_SIZE], const char *word)
{
    size_t length = strlen(text);

    snprintf(text + length, FAKE_TEXT_SIZE - length, "%s%s", length ? " " : "", word);
}

static struct fake_characteristic *find_characteristic(struct fake *fake, char **words)
{
    struct fake_device *device = fake_find(fake, words[0]);

    return device ? fake_find_characteristic(device, words[1]) : NULL;
}

static size_t parse_hex(const char *text, uint8_t ret[static OCTETS_MAX])
{
    size_t length = 0;
    unsigned octet;

    for (; length < OCTETS_MAX && sscanf(text + 2 * length, "%2x", &octet) == 1; length++)
        ret[length] = (uint8_t)octet;
    return length;
}

static void set_octets(struct fake_characteristic *characteristic, const void *octets, size_t length)
{
    characteristic->length = length < FAKE_TEXT_SIZE ? length : FAKE_TEXT_SIZE;
    memcpy(characteristic->octets, octets, characteristic->length);
}

static bool verb_device(struct fake *fake, char **words, size_t count)
{
    struct fake_device *device = count > 0 && !fake_find(fake, words[0]) ? fake_add(fake, words[0]) : NULL;
    char serial[FAKE_TEXT_SIZE] = "";
    const char *key = "";

    if (!device)
        return false;
    for (size_t i = 1; i < count; i++) {
        if (strcmp(words[i], "name") == 0 || strcmp(words[i], "serial") == 0 ||
            strcmp(words[i], "services") == 0)
            key = words[i];
        else if (strcmp(key, "name") == 0)
            append_word(device->name, words[i]);
        else if (strcmp(key, "serial") == 0)
            append_word(serial, words[i]);
        else if (strcmp(key, "services") == 0)
            fake_add_service(device, words[i]);
        else
            return false;
    }
    fake_add_service(device, "180a");
    set_octets(fake_find_characteristic(device, "2a25"), serial, strlen(serial));
    return true;
}

/* What is read from a characteristic: "text" and words, or "hex" and digits. */
static bool verb_holds(struct fake *fake, char **words, size_t count)
{
    struct fake_characteristic *characteristic = count >= 3 ? find_characteristic(fake, words) : NULL;
    uint8_t octets[OCTETS_MAX];
    char text[FAKE_TEXT_SIZE] = "";

    if (!characteristic)
        return false;
    if (strcmp(words[2], "hex") == 0) {
        set_octets(characteristic, octets, count == 4 ? parse_hex(words[3], octets) : 0);
        return true;
    }
    for (size_t i = 3; i < count; i++)
        append_word(text, words[i]);
    set_octets(characteristic, text, strlen(text));
    return true;
}

static bool verb_battery(struct fake *fake, char **words, size_t count)
{
    struct fake_device *device = count == 2 ? fake_find(fake, words[0]) : NULL;

    if (device)
        fake_tell(fake, device->path, FAKE_BATTERY1, "Percentage", "y", (int)strtoul(words[1], NULL, 10));
    return device != NULL;
}

/* bluetoothd shows what it did not show, while the device is connected. */
static bool verb_show(struct fake *fake, char **words, size_t count)
{
    struct fake_characteristic *characteristic = count == 2 ? find_characteristic(fake, words) : NULL;

    if (!characteristic || !characteristic->omitted)
        return false;
    characteristic->omitted = false;
    if (fake_find(fake, words[0])->services_shown)
        fake_tell_added(fake, characteristic->path, FAKE_CHARACTERISTIC1);
    return true;
}

static bool verb_name(struct fake *fake, char **words, size_t count)
{
    struct fake_device *device = count > 1 ? fake_find(fake, words[0]) : NULL;

    if (!device)
        return false;
    device->name[0] = '\0';
    for (size_t i = 1; i < count; i++)
        append_word(device->name, words[i]);
    if (device->exported)
        fake_tell(fake, device->path, FAKE_DEVICE1, "Name", "s", device->name);
    return true;
}

static bool verb_advertise(struct fake *fake, char **words, size_t count)
{
    struct fake_device *device = count == 2 ? fake_find(fake, words[0]) : NULL;

    if (!device)
        return false;
    device->advertises = strcmp(words[1], "on") == 0;
    if (device->advertises)
        fake_heard(fake, device);
    return true;
}

static bool verb_connect(struct fake *fake, char **words, size_t count)
{
    struct fake_device *device = count == 1 ? fake_find(fake, words[0]) : NULL;

    if (!device || !fake->adapter || !fake->powered)
        return false;
    fake_connect(fake, device);
    return true;
}

static bool verb_resolve(struct fake *fake, char **words, size_t count)
{
    struct fake_device *device = count == 1 ? fake_find(fake, words[0]) : NULL;

    if (device)
        fake_resolve(fake, device);
    return device != NULL;
}

static bool verb_disconnect(struct fake *fake, char **words, size_t count)
{
    struct fake_device *device = count == 1 ? fake_find(fake, words[0]) : NULL;

    if (device)
        fake_disconnect(fake, device);
    return device != NULL;
}

static bool verb_vanish(struct fake *fake, char **words, size_t count)
{
    struct fake_device *device = count == 1 ? fake_find(fake, words[0]) : NULL;

    if (device)
        fake_withdraw(fake, device);
    return device != NULL;
}

static bool verb_lose_bond(struct fake *fake, char **words, size_t count)
{
    struct fake_device *device = count == 1 ? fake_find(fake, words[0]) : NULL;

    if (!device)
        return false;
    device->bonded = false;
    fake_tell(fake, device->path, FAKE_DEVICE1, "Paired", "b", 0);
    fake_tell(fake, device->path, FAKE_DEVICE1, "Bonded", "b", 0);
    return true;
}

static bool verb_omit(struct fake *fake, char **words, size_t count)
{
    struct fake_characteristic *characteristic = count == 3 ? find_characteristic(fake, words) : NULL;

    if (characteristic)
        characteristic->omitted = strcmp(words[2], "on") == 0;
    return characteristic != NULL;
}

static bool verb_value(struct fake *fake, char **words, size_t count)
{
    struct fake_characteristic *characteristic = count == 3 ? find_characteristic(fake, words) : NULL;
    uint8_t octets[OCTETS_MAX];

    if (characteristic) {
        printf("told at %llu\n", (unsigned long long)fake_now_us());
        fake_tell_value(fake, characteristic->path, octets, parse_hex(words[2], octets));
    }
    return characteristic != NULL;
}

static bool verb_long_value(struct fake *fake, char **words, size_t count)
{
    struct fake_characteristic *characteristic = count == 3 ? find_characteristic(fake, words) : NULL;
    uint8_t octets[OCTETS_MAX] = {0};
    size_t length = characteristic ? strtoul(words[2], NULL, 10) : 0;

    if (!characteristic || length > OCTETS_MAX)
        return false;
    fake_tell_value(fake, characteristic->path, octets, length);
    return true;
}

/* --- faults and crowds ------------------------------------------------------------------------------------------- */

static bool add_fault(struct fake *fake, const struct fake_fault *fault)
{
    if (fake->fault_count == FAKE_FAULTS_MAX)
        return false;
    fake->faults[fake->fault_count++] = *fault;
    return true;
}

static bool verb_fault(struct fake *fake, char **words, size_t count)
{
    struct fake_fault fault = {.times = UINT32_MAX};

    if (count < 3)
        return false;
    if (strcmp(words[1], "always") != 0)
        fault.times = (uint32_t)strtoul(words[1], NULL, 10);
    snprintf(fault.member, sizeof(fault.member), "%s", words[0]);
    snprintf(fault.error, sizeof(fault.error), "org.bluez.Error.%s", words[2]);
    for (size_t i = 3; i < count; i++)
        append_word(fault.message, words[i]);
    return add_fault(fake, &fault);
}

static bool verb_hold(struct fake *fake, char **words, size_t count)
{
    struct fake_fault fault = {.times = UINT32_MAX, .holds = true};

    if (count != 1)
        return false;
    snprintf(fault.member, sizeof(fault.member), "%s", words[0]);
    return add_fault(fake, &fault);
}

static bool verb_release(struct fake *fake, char **words, size_t count)
{
    if (count == 1)
        fake_release(fake, words[0]);
    return count == 1;
}

static bool verb_strangers(struct fake *fake, char **words, size_t count)
{
    if (count != 2 || !fake->bus)
        return false;
    fake_strangers(fake, (uint32_t)strtoul(words[0], NULL, 10), strcmp(words[1], "stay") == 0);
    return true;
}

static bool verb_storm(struct fake *fake, char **words, size_t count)
{
    const bool is_value = count == 6 && strcmp(words[2], "value") == 0;
    const struct fake_device *device = count >= 4 ? fake_find(fake, words[3]) : NULL;
    const struct fake_characteristic *characteristic = is_value ? find_characteristic(fake, words + 3) : NULL;
    uint8_t octets[OCTETS_MAX];

    if (!device || (is_value && !characteristic) || !fake->bus)
        return false;
    fake_storm(fake, (uint32_t)strtoul(words[0], NULL, 10), (uint32_t)strtoul(words[1], NULL, 10),
               is_value ? characteristic->path : device->path, octets,
               is_value ? parse_hex(words[5], octets) : 0);
    return true;
}

static bool verb_churn(struct fake *fake, char **words, size_t count)
{
    struct fake_device *device = count == 3 ? fake_find(fake, words[1]) : NULL;

    if (device)
        fake_churn(fake, device, strcmp(words[0], "device") == 0, (uint32_t)strtoul(words[2], NULL, 10));
    return device != NULL;
}

static bool verb_malformed(struct fake *fake, char **words, size_t count)
{
    struct fake_device *device = count == 1 ? fake_find(fake, words[0]) : NULL;

    if (device)
        fake_tell_malformed(fake, device);
    return device != NULL;
}

static bool verb_malformed_object(struct fake *fake, char **words, size_t count)
{
    fake->malformed = count == 1 && strcmp(words[0], "on") == 0;
    return count == 1;
}

static const struct {
    const char *name;
    verb_function *carry_out;
} verbs[] = {
    {"adapter", verb_adapter},
    {"advertise", verb_advertise},
    {"battery", verb_battery},
    {"churn", verb_churn},
    {"connect", verb_connect},
    {"device", verb_device},
    {"disconnect", verb_disconnect},
    {"fault", verb_fault},
    {"hang", verb_hang},
    {"hold", verb_hold},
    {"holds", verb_holds},
    {"long-value", verb_long_value},
    {"lose-bond", verb_lose_bond},
    {"malformed", verb_malformed},
    {"malformed-object", verb_malformed_object},
    {"name", verb_name},
    {"omit", verb_omit},
    {"power", verb_power},
    {"release", verb_release},
    {"resolve", verb_resolve},
    {"show", verb_show},
    {"start", verb_start},
    {"stop", verb_stop},
    {"storm", verb_storm},
    {"strangers", verb_strangers},
    {"value", verb_value},
    {"vanish", verb_vanish},
    {"wake", verb_wake},
};

bool fake_carry_out(struct fake *fake, const char *verb, char **words, size_t count)
{
    for (size_t i = 0; i < sizeof(verbs) / sizeof(verbs[0]); i++)
        if (strcmp(verbs[i].name, verb) == 0)
            return verbs[i].carry_out(fake, words, count);
    return false;
}
