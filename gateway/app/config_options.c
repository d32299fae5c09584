/* SPDX-License-Identifier: Apache-2.0 */
/*
 * One table: section and key, how its text is read, where it goes, its default as it would be written, and
 * what it means. The defaults of the program and the shipped file both come from it, so they cannot differ.
 */
#include "app/config_options.h"

#include <arpa/inet.h>
#include <ctype.h>
#include <errno.h>
#include <stdlib.h>
#include <string.h>

static const char *parse_text(const char *text, void *field)
{
    if (strlen(text) > WARD_CONFIG_TEXT_MAX)
        return "is longer than 255 octets";
    memcpy(field, text, strlen(text) + 1);
    return NULL;
}

static const char *parse_id(const char *text, void *field)
{
    for (const char *at = text; *at; at++)
        if (!isascii(*at) || (!isalnum((unsigned char)*at) && *at != '-'))
            return "may have letters, digits and '-' only";
    if (strlen(text) > 64)
        return "is longer than 64 characters";
    return parse_text(text, field);
}

static const char *parse_path(const char *text, void *field)
{
    if (text[0] != '\0' && text[0] != '/')
        return "is not an absolute path";
    return parse_text(text, field);
}

/* The same, where nothing stands for none: without a value nothing would work, or not as anybody meant it. */
static const char *parse_needed_text(const char *text, void *field)
{
    return text[0] == '\0' ? "is empty" : parse_text(text, field);
}

static const char *parse_needed_id(const char *text, void *field)
{
    return text[0] == '\0' ? "is empty" : parse_id(text, field);
}

static const char *parse_needed_path(const char *text, void *field)
{
    return text[0] == '\0' ? "is empty" : parse_path(text, field);
}

static const char *parse_yes_no(const char *text, void *field)
{
    bool *flag = field;

    if (strcmp(text, "yes") != 0 && strcmp(text, "no") != 0)
        return "is neither yes nor no";
    *flag = strcmp(text, "yes") == 0;
    return NULL;
}

/* Digits only; *ret_rest is what follows them. */
static bool parse_digits(const char *text, unsigned long *ret, const char **ret_rest)
{
    char *rest = NULL;

    if (!isdigit((unsigned char)text[0]))
        return false;
    errno = 0;
    *ret = strtoul(text, &rest, 10);
    *ret_rest = rest;
    return errno == 0;
}

static const char *parse_port(const char *text, void *field)
{
    uint16_t *port = field;
    unsigned long value;
    const char *rest;

    if (!parse_digits(text, &value, &rest) || *rest || value == 0 || value > UINT16_MAX)
        return "is no port from 1 to 65535";
    *port = (uint16_t)value;
    return NULL;
}

static const char *parse_duration(const char *text, void *field)
{
    static const struct {
        const char *name;
        uint32_t ms;
    } units[] = {{"ms", 1}, {"s", 1000}, {"min", 60000}};
    uint32_t *duration_ms = field;
    unsigned long value;
    const char *rest;

    if (parse_digits(text, &value, &rest)) {
        for (size_t i = 0; i < sizeof(units) / sizeof(units[0]); i++) {
            if (strcmp(rest, units[i].name) != 0 || value > 3600000 / units[i].ms)
                continue;
            *duration_ms = (uint32_t)value * units[i].ms;
            return NULL;
        }
    }
    return "is no duration such as 500ms, 10s or 1min, up to an hour";
}

#define QUOTA_MIN (UINT64_C(8) << 20)

/* Whole mebibytes or gibibytes. */
static const char *parse_size(const char *text, void *field)
{
    uint64_t *octets = field;
    unsigned long value;
    const char *rest;

    if (parse_digits(text, &value, &rest) && value <= 1024 && (!strcmp(rest, "M") || !strcmp(rest, "G"))) {
        *octets = (uint64_t)value << (rest[0] == 'M' ? 20 : 30);
        return NULL;
    }
    return "is no size such as 4M or 1G, up to 1024 of either";
}

/* The smallest holds an hour of a stream beside everything else. */
static const char *parse_quota(const char *text, void *field)
{
    uint64_t octets;
    const char *wrong = parse_size(text, &octets);

    if (!wrong && octets < QUOTA_MIN)
        return "is less than 8M, which is too little to work with";
    if (!wrong)
        *(uint64_t *)field = octets;
    return wrong;
}

/* What has a colon would be taken for an address of IPv6, and a scheme for part of the name. */
static const char *parse_host(const char *text, void *field)
{
    struct in6_addr address;
    bool good = text[0] != '.' && text[0] != '-';

    for (const char *at = text; *at; at++)
        good = good && isascii(*at) && (isalnum((unsigned char)*at) || strchr(".-_:", *at));
    if (!good || (strchr(text, ':') && inet_pton(AF_INET6, text, &address) != 1))
        return "is no name or address of a host: neither a scheme nor a port belongs to it";
    return parse_text(text, field);
}

static bool begins(const char *text, const char *with)
{
    return strncmp(text, with, strlen(with)) == 0;
}

/* Only what cannot be misread on its way: no spaces, no user or password, no braces but those of the two words. */
static const char *parse_plan_url(const char *text, void *field)
{
    bool has_patient = false;

    if (text[0] == '\0')
        return parse_text(text, field);
    if (!begins(text, "https://") || text[strlen("https://")] == '/' || text[strlen("https://")] == '\0')
        return "does not begin with https:// and a host";
    for (const char *at = text; *at; at++) {
        if (*at <= ' ' || *at > '~' || strchr("@\\\"#", *at))
            return "may have neither blanks, '@', '#', quotes nor anything but ASCII";
        if (*at == '}' || (*at == '{' && !begins(at, "{patient}") && !begins(at, "{gateway}")))
            return "may have {gateway} and {patient} in braces only";
        has_patient = has_patient || begins(at, "{patient}");
        if (*at == '{')
            at = strchr(at, '}');
    }
    return has_patient ? parse_text(text, field) : "does not say where {patient} goes";
}

static const char *parse_interval(const char *text, void *field)
{
    uint32_t interval_ms;
    const char *wrong = parse_duration(text, &interval_ms);

    if (!wrong && interval_ms < 1000)
        wrong = "is less than a second";
    if (!wrong)
        *(uint32_t *)field = interval_ms;
    return wrong;
}

static const char *parse_confirm(const char *text, void *field)
{
    uint8_t *confirm = field;

    if (strcmp(text, "receipt") != 0 && strcmp(text, "broker") != 0)
        return "is neither receipt nor broker";
    *confirm = strcmp(text, "receipt") == 0 ? WARD_CONFIRM_RECEIPT : WARD_CONFIRM_BROKER;
    return NULL;
}

static const char *parse_format(const char *text, void *field)
{
    uint8_t *format = field;

    if (strcmp(text, "json") != 0 && strcmp(text, "fhir") != 0)
        return "is neither json nor fhir";
    *format = strcmp(text, "json") == 0 ? WARD_FORMAT_JSON : WARD_FORMAT_FHIR;
    return NULL;
}

#define REVISION_MAX 64 /* characters of a firmware revision, with blanks around it */

#define AT(field)   offsetof(struct ward_config, field)
#define CREDENTIALS "/run/credentials/wardgate-uplink.service/"

/* Keys of one section stand together. */
static const struct ward_config_option options[] = {
    {"gateway", "site", parse_needed_id, AT(gateway.site), "site",
     "The site and the gateway in every topic: ward/v1/SITE/ID/…  Pseudonymous: no name, no address.\n"
     "Letters, digits and '-', up to 64 each."},
    {"gateway", "id", parse_id, AT(gateway.id), "",
     "Empty: g- and 16 hex digits made from this machine's id; wardctl status shows it."},
    {"bluetooth", "adapter", parse_needed_text, AT(bluetooth.adapter), "hci0",
     "The adapter that hears the wearables. It is powered only while the daemon is ready to hear."},
    {"bluetooth", "recovery_directory", parse_path, AT(bluetooth.recovery_directory), "/run/wardgate/recover",
     "Where a restart of bluetooth.service and a reset of the USB port are requested when the adapter does not\n"
     "work; units of root's carry them out. Empty: nobody does."},
    {"store", "path", parse_needed_path, AT(store.path), "/var/lib/wardgate/ward.db",
     "The database of readings and alarms."},
    {"store", "commit_window", parse_duration, AT(store.commit_window_ms), "10s",
     "Routine readings of a stream are committed together after this time; spot readings, and whatever\n"
     "changes an alarm, at once."},
    {"store", "quota", parse_quota, AT(store.quota_octets), "512M",
     "How large the database may become; well under what its partition has. When it is full, readings that\n"
     "the ward has make room, the oldest first, and only then those that it does not have."},
    {"store", "ballast", parse_size, AT(store.ballast_octets), "4M",
     "Kept free on the disk, as a file that is given up when the disk is full: then even deleting needs room."},
    {"plan", "require_signature", parse_yes_no, AT(plan.require_signature), "yes",
     "Whether a care plan must be signed. \"no\" is for a demonstration: every patient then shows as\n"
     "monitored in a degraded way (unsigned-plan)."},
    {"hub", "host", parse_host, AT(hub.host), "",
     "The ward hub's broker. Empty: no hub, everything is kept here."},
    {"hub", "port", parse_port, AT(hub.port), "8883", "MQTT 5 over TLS."},
    {"hub", "ca", parse_needed_path, AT(hub.ca), CREDENTIALS "ca.pem",
     "The authority that the broker's certificate must come from, this gateway's own certificate and its key."},
    {"hub", "certificate", parse_needed_path, AT(hub.certificate), CREDENTIALS "certificate.pem", NULL},
    {"hub", "key", parse_needed_path, AT(hub.key), CREDENTIALS "key.pem", NULL},
    {"hub", "enrolled", parse_path, AT(hub.enrolled), "/var/lib/wardgate-uplink/hub",
     "Where `wardctl hub enrol` puts the three that it makes and renews: they then go before those above.\n"
     "Empty: nothing can be enrolled."},
    {"hub", "crl", parse_path, AT(hub.crl), "",
     "The authority's list of revoked certificates (PEM), read anew for each connection. It must be kept up to\n"
     "date: one that has ended is as good as none, and without one no connection is made. Empty: certificates\n"
     "are not checked for revocation."},
    {"hub", "ward_keys", parse_path, AT(hub.ward_keys), "/etc/wardgate/ward-keys.json",
     "The ward's public keys: a JWK set (Ed25519), each with kid and role. What is not signed by one of them\n"
     "is refused."},
    {"hub", "confirm", parse_confirm, AT(hub.confirm), "receipt",
     "When a reading is delivered: \"receipt\", once the hub's signed receipt covers it, or \"broker\", on the\n"
     "broker's acknowledgement, for hubs that cannot send receipts (a standing advisory says so)."},
    {"hub", "format", parse_format, AT(hub.format), "json",
     "How readings go up: \"json\", as wardgate.readings/1 to up/readings, or \"fhir\", as FHIR R4 Bundles of\n"
     "Observations to up/fhir (docs/mqtt/fhir.md). Alarms are wardgate.alarm/1 in both."},
    {"hub", "keepalive", parse_duration, AT(hub.keepalive_ms), "30s",
     "MQTT keep-alive: a link silent for one and a half of it is dead."},
    {"https", "care_plan_url", parse_plan_url, AT(https.care_plan_url), "",
     "Where care plans are also fetched, beside those that come from the broker: https only, {gateway} and\n"
     "{patient} stand for the ids, such as https://ward.example/plans/{gateway}/{patient}. The server must\n"
     "prove who it is as the broker must ([hub] ca, crl) and gets the same certificate. Empty: not at all."},
    {"https", "care_plan_interval", parse_interval, AT(https.care_plan_interval_ms), "15min",
     "How often, give or take a quarter."},
    {"alarm", "led_directory", parse_needed_path, AT(alarm.led_directory), "/sys/class/leds", NULL},
    {"alarm", "leds", parse_text, AT(alarm.leds), "wardgate:red:alarm wardgate:yellow:alarm",
     "Names in led_directory: for high priority, then for medium and low. One serves all; empty: no light."},
    {"alarm", "sound_command", parse_text, AT(alarm.sound_command),
     "aplay -q -t raw -f S16_LE -r 8000 -c 1 -",
     "Started once, and fed raw sound (8000 Hz, mono, signed 16 bit little-endian). Empty: no sound."},
    {"alarm", "patient_text", parse_path, AT(alarm.patient_text), "/run/wardgate/patient-text",
     "The text now shown to the patient, for a display to read. Empty: none."},
    {"alarm", "silence_button", parse_path, AT(alarm.silence_button), "",
     "An input device below /dev/input, any key of which silences what sounds for ten minutes. Empty: none."},
    {"alarm", "numbers", parse_needed_path, AT(alarm.numbers), "/run/wardgate/alarm-numbers",
     "The numbers of events that were told, for the process that follows one that was killed. In memory."},
    {"spool", "socket", parse_needed_path, AT(spool.socket), "/run/wardgate/spool",
     "Between wardgated and wardgate-uplink; only this user may connect."},
    {"spool", "uplink_user", parse_needed_text, AT(spool.uplink_user), "wardgate-uplink", NULL},
};

#define OPTION_COUNT (sizeof(options) / sizeof(options[0]))

const struct ward_config_option *ward_config_option_find(const char *section, const char *key)
{
    for (size_t i = 0; i < OPTION_COUNT; i++)
        if (strcmp(options[i].section, section) == 0 && strcmp(options[i].key, key) == 0)
            return &options[i];
    return NULL;
}

const char *ward_config_option_set(const struct ward_config_option *option, struct ward_config *config,
                                   const char *text)
{
    return option->parse(text, (char *)config + option->offset);
}

/* The entry of the model, or the first one that is free. */
static size_t find_firmware(const struct ward_config *config, const char *model)
{
    size_t i = 0;

    while (i < config->firmware.count && strcmp(config->firmware.list[i].model, model) != 0)
        i++;
    return i;
}

/* Each revision has something in it, and none is longer than a device can tell. */
static bool is_list(const char *text)
{
    for (size_t length; text; text = text[length] == ',' ? text + length + 1 : NULL) {
        length = strcspn(text, ",");
        if (strspn(text, " ") >= length || length > REVISION_MAX)
            return false;
    }
    return true;
}

const char *ward_config_firmware_set(struct ward_config *config, const char *model, const char *text)
{
    const size_t at = find_firmware(config, model);
    struct ward_config_firmware entry = {.model = ""}, *list = config->firmware.list;
    const char *wrong = parse_id(model, entry.model);

    if (!wrong)
        wrong = parse_text(text, entry.accepted);
    if (!wrong && text[0] != '\0' && !is_list(text))
        wrong = "is no list of revisions, separated by commas, of 1 to 64 characters";
    if (!wrong && at == WARD_CONFIG_FIRMWARE_MAX)
        wrong = "is of one model more than there is room for";
    if (wrong)
        return wrong;
    if (text[0] != '\0') {
        list[at] = entry;
        config->firmware.count += at == config->firmware.count;
    } else if (at < config->firmware.count) {
        list[at] = list[--config->firmware.count];
        memset(&list[config->firmware.count], 0, sizeof(list[0]));
    }
    return NULL;
}

void ward_config_init(struct ward_config *ret)
{
    memset(ret, 0, sizeof(*ret));
    for (size_t i = 0; i < OPTION_COUNT; i++)
        (void)ward_config_option_set(&options[i], ret, options[i].fallback); /* a test loads every default */
}

/* A text that grows; what does not fit is counted, not written. */
struct growing {
    char *text;
    size_t size, length;
};

static void append(struct growing *growing, const char *text, size_t length)
{
    for (size_t i = 0; i < length; i++, growing->length++)
        if (growing->length + 1 < growing->size)
            growing->text[growing->length] = text[i];
}

static void append_text(struct growing *growing, const char *text)
{
    append(growing, text, strlen(text));
}

static void append_comment(struct growing *growing, const char *comment)
{
    while (comment && *comment) {
        size_t length = strcspn(comment, "\n");

        append_text(growing, "# ");
        append(growing, comment, length);
        append_text(growing, "\n");
        comment += length + (comment[length] == '\n');
    }
}

static void append_option(struct growing *growing, const struct ward_config_option *option)
{
    append_comment(growing, option->comment);
    append_text(growing, "#");
    append_text(growing, option->key);
    append_text(growing, option->fallback[0] ? " = " : " =");
    append_text(growing, option->fallback);
    append_text(growing, "\n");
}

static void append_section(struct growing *growing, const char *section)
{
    append_text(growing, "\n[");
    append_text(growing, section);
    append_text(growing, "]\n");
}

size_t ward_config_example(char *ret, size_t size)
{
    struct growing growing = {.text = ret, .size = size};

    append_comment(
        &growing,
        "The configuration of wardgated and wardgate-uplink. Every key stands here, at its default.\n"
        "Leave this file as it is, and put what differs into wardgate.conf.d/NAME.conf beside it.");
    for (size_t i = 0; i < OPTION_COUNT; i++) {
        if (i == 0 || strcmp(options[i].section, options[i - 1].section) != 0)
            append_section(&growing, options[i].section);
        append_option(&growing, &options[i]);
    }
    append_section(&growing, WARD_CONFIG_FIRMWARE);
    append_comment(
        &growing,
        "Per model (wardctl devices shows it): the firmware revisions that the ward has qualified, separated by\n"
        "commas. A device with another one is told (device-firmware); its readings go on as they are. Empty:\n"
        "all but those that are known to be bad.");
    append_text(&growing, "#oximeter =\n");
    if (size > 0)
        ret[growing.length < size ? growing.length : size - 1] = '\0';
    return growing.length;
}
