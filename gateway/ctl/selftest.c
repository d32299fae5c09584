/* SPDX-License-Identifier: Apache-2.0 */
#include "ctl/selftest.h"

#include <stdbool.h>
#include <string.h>
#include <time.h>

#include "core/utc.h"
#include "ctl/advice.h"
#include "ctl/document.h"
#include "ctl/settings.h"

#define BATTERY_LOW   20  /* percent */
#define WAITING_LONG  300 /* seconds */
#define CERTIFICATE_D 30  /* days before its end that are worth a word */

static bool is(const json_t *document, const char *member, const char *text)
{
    return strcmp(ward_document_text(document, member), text) == 0;
}

void ward_selftest_config(const char *path, struct ward_findings *findings)
{
    struct ward_config config;
    struct ward_config_error error;
    const struct ward_settings_unread *unread;
    json_t *settings = NULL;
    const int result = ward_settings_read(path, &config, &error, &settings);

    if (result == 0) {
        ward_findings_add(findings, WARD_FINDING_OK, "config", NULL, NULL,
                          "%s is valid, with %zu settings that are not the default.", path,
                          json_array_size(settings));
        json_decref(settings);
    } else if ((unread = ward_settings_unread(result, &error)) != NULL) {
        ward_findings_add(findings, WARD_FINDING_WARN, "config", NULL, unread->next,
                          "It was not looked at: %s: %s.", error.file, unread->why);
    } else {
        ward_findings_add(findings, WARD_FINDING_FAIL, "config", NULL,
                          "Mend it, then `wardctl config check`: a daemon that is started anew will not run.",
                          "%s:%u: %s.", error.file, error.line, error.text);
    }
}

/* --- units ----------------------------------------------------------------------------------------------------- */

static void look_at_unit(const json_t *unit, struct ward_findings *findings)
{
    const char *name = ward_document_text(unit, "unit");
    const json_int_t restarts = json_integer_value(json_object_get(unit, "restarts"));
    struct ward_cell next = {.text = ""};

    ward_cell_add(&next, "`systemctl status %s` and `journalctl -u %s` say why.", name, name);
    if (!is(unit, "active", "active"))
        ward_findings_add(findings, is(unit, "load", "not-found") ? WARD_FINDING_WARN : WARD_FINDING_FAIL,
                          "unit", name, next.text, "It is %s (%s).", ward_document_text(unit, "active"),
                          ward_document_text(unit, "load"));
    else if (restarts > 0)
        ward_findings_add(findings, WARD_FINDING_WARN, "unit", name, next.text,
                          "It runs, and was started anew %s times because it ended.",
                          ward_document_member(unit, "restarts").text);
    else
        ward_findings_add(findings, WARD_FINDING_OK, "unit", name, NULL, "It is %s.",
                          ward_document_text(unit, "sub"));
}

void ward_selftest_units(const json_t *units, struct ward_findings *findings)
{
    const json_t *unit;
    size_t at;

    if (json_array_size(units) == 0)
        ward_findings_add(findings, WARD_FINDING_WARN, "unit", NULL, "See what starts the gateway here.",
                          "No systemd answers on the bus: the units were not looked at.");
    json_array_foreach(units, at, unit)
    {
        look_at_unit(unit, findings);
    }
}

/* --- the daemon's own word -------------------------------------------------------------------------------------- */

static void look_at_version(const json_t *status, struct ward_findings *findings)
{
    if (is(status, "version", WARD_VERSION))
        ward_findings_add(findings, WARD_FINDING_OK, "daemon", NULL, NULL, "wardgated answers, version %s.",
                          WARD_VERSION);
    else
        ward_findings_add(findings, WARD_FINDING_WARN, "daemon", NULL,
                          "`systemctl restart wardgated`, when nobody is being measured.",
                          "wardgated answers, version %s; this is wardctl of version %s.",
                          ward_document_member(status, "version").text, WARD_VERSION);
}

static void look_at_radio(const json_t *status, struct ward_findings *findings)
{
    const json_t *recovery = json_object_get(status, "recovery");
    const json_int_t resets = json_integer_value(json_object_get(recovery, "power")) +
                              json_integer_value(json_object_get(recovery, "restart")) +
                              json_integer_value(json_object_get(recovery, "reset"));

    if (!is(status, "radio", "ready"))
        ward_findings_add(findings, WARD_FINDING_FAIL, "radio", NULL, ward_advice("radio-off").next,
                          "The Bluetooth radio is %s: no device is heard.",
                          ward_document_member(status, "radio").text);
    else if (resets > 0)
        ward_findings_add(findings, WARD_FINDING_WARN, "radio", NULL,
                          "If it goes on, change the adapter or its port.",
                          "It is ready, and had to be recovered %" JSON_INTEGER_FORMAT " times.", resets);
    else
        ward_findings_add(findings, WARD_FINDING_OK, "radio", NULL, NULL, "The Bluetooth radio is ready.");
}

static void look_at_storage(const json_t *status, struct ward_findings *findings)
{
    const char *state = ward_document_text(status, "storage");
    const json_t *queue = json_object_get(status, "queue");
    const double quota = json_number_value(json_object_get(queue, "quota_octets"));
    const double used = json_number_value(json_object_get(queue, "used_octets"));
    struct ward_cell name = {.text = "storage-"};

    ward_cell_add(&name, "%s", state);
    if (strcmp(state, "ok") != 0)
        ward_findings_add(findings, WARD_FINDING_FAIL, "storage", NULL, ward_advice(name.text).next,
                          "The database is %s.", *state != '\0' ? state : "-");
    else if (json_integer_value(json_object_get(queue, "failed_commits")) > 0)
        ward_findings_add(findings, WARD_FINDING_WARN, "storage", NULL, "`dmesg` may say what the disk does.",
                          "The database works, and %s commits had to be tried again.",
                          ward_document_member(queue, "failed_commits").text);
    else
        ward_findings_add(findings, WARD_FINDING_OK, "storage", NULL, NULL,
                          "The database works, and %.0f %% of its quota is used.",
                          quota > 0 ? 100 * used / quota : 0.0);
}

static void look_at_clock(const json_t *status, struct ward_findings *findings)
{
    const char *clock = ward_document_text(status, "clock");

    if (strcmp(clock, "synced") == 0)
        ward_findings_add(findings, WARD_FINDING_OK, "clock", NULL, NULL, "Date and time are known.");
    else
        ward_findings_add(findings, strcmp(clock, "estimated") == 0 ? WARD_FINDING_WARN : WARD_FINDING_FAIL,
                          "clock", NULL, "Let it reach a time server: `timedatectl timesync-status`.",
                          "Date and time are %s.", *clock != '\0' ? clock : "not known");
}

static void look_at_signaller(const json_t *status, struct ward_findings *findings)
{
    static const char *const parts[] = {"light", "sound", "text"};
    const json_t *works = json_object_get(status, "annunciator");
    struct ward_cell dead = {.text = ""};

    for (size_t i = 0; i < sizeof(parts) / sizeof(parts[0]); i++)
        if (!json_is_true(json_object_get(works, parts[i])))
            ward_cell_add(&dead, "%s%s", dead.text[0] != '\0' ? ", " : "", parts[i]);
    if (dead.text[0] != '\0')
        ward_findings_add(findings, WARD_FINDING_FAIL, "signaller", NULL,
                          ward_advice("annunciation-failing").next, "This does not work: %s.", dead.text);
    else
        ward_findings_add(findings, WARD_FINDING_OK, "signaller", NULL, NULL,
                          "Light, sound and text can be shown.");
}

/* Days until the moment; a large number without one. */
static double days_until(const char *moment)
{
    struct timespec now = {0};
    int64_t then_ms;

    if (!ward_utc_parse(moment, strlen(moment), &then_ms) || clock_gettime(CLOCK_REALTIME, &now) < 0)
        return 1e9;
    return ((double)then_ms / 1000.0 - (double)now.tv_sec) / 86400.0;
}

static void look_at_link(const json_t *status, struct ward_findings *findings)
{
    const json_t *link = json_object_get(status, "link"), *queue = json_object_get(status, "queue");
    const double days = days_until(ward_document_text(link, "certificate_expires"));
    const json_t *age = json_object_get(queue, "oldest_age_s");

    if (!json_is_true(json_object_get(link, "up")))
        ward_findings_add(findings, WARD_FINDING_FAIL, "link", NULL,
                          "`wardctl hub test` says how far it gets, step by step.",
                          "The ward is not reached: %s.", ward_document_member(link, "reason").text);
    else
        ward_findings_add(findings, WARD_FINDING_OK, "link", NULL, NULL, "The ward's broker is reached.");
    if (days < CERTIFICATE_D)
        ward_findings_add(
            findings, days < 0 ? WARD_FINDING_FAIL : WARD_FINDING_WARN, "certificate", NULL,
            days < 0 ? "`wardctl hub enrol`, with a new code of the ward: it cannot renew itself any more."
                     : "`wardctl hub renew`, or `wardctl hub enrol` with a new code.",
            days < 0 ? "It ended %s ago." : "It ends in %s.",
            ward_document_duration((days < 0 ? -days : days) * 86400).text);
    if (json_is_number(age) && json_number_value(age) > WAITING_LONG)
        ward_findings_add(findings, WARD_FINDING_WARN, "queue", NULL,
                          "`wardctl hub test` says what keeps it.",
                          "%s readings and %s alarms wait for the ward, the oldest for %s.",
                          ward_document_member(queue, "undelivered_readings").text,
                          ward_document_member(queue, "undelivered_alarms").text,
                          ward_document_duration(json_number_value(age)).text);
}

static void look_at_device(const json_t *device, struct ward_findings *findings)
{
    const char *id = ward_document_text(device, "device");
    const json_t *battery = json_object_get(device, "battery");
    const json_t *age = json_object_get(device, "last_heard_age_s");

    if (json_is_true(json_object_get(device, "needs_pairing")))
        ward_findings_add(findings, WARD_FINDING_FAIL, "device", id, ward_advice("bond-lost").next,
                          "It does not prove any more who it is.");
    else if (json_is_integer(battery) && json_integer_value(battery) < BATTERY_LOW)
        ward_findings_add(findings, WARD_FINDING_WARN, "device", id, "Change its battery, or charge it.",
                          "Its battery is at %s %%.", ward_document_brief(battery).text);
    else if (json_is_false(json_object_get(device, "firmware_accepted")))
        ward_findings_add(findings, WARD_FINDING_WARN, "device", id,
                          "Ask the ward which firmware it accepts ([firmware] in wardgate.conf).",
                          "Its firmware %s is not one that the ward has qualified.",
                          ward_document_member(device, "firmware").text);
    else
        ward_findings_add(findings, WARD_FINDING_OK, "device", id, NULL,
                          json_is_number(age) ? "It is enrolled; last heard %s ago."
                                              : "It is enrolled; not heard since the daemon was started.",
                          ward_document_duration(json_number_value(age)).text);
}

void ward_selftest_status(const json_t *status, struct ward_findings *findings)
{
    const json_t *device;
    size_t at;

    look_at_version(status, findings);
    look_at_radio(status, findings);
    look_at_storage(status, findings);
    look_at_clock(status, findings);
    look_at_signaller(status, findings);
    look_at_link(status, findings);
    json_array_foreach(json_object_get(status, "devices"), at, device)
    {
        look_at_device(device, findings);
    }
}

void ward_selftest_hub(const json_t *hub, struct ward_findings *findings)
{
    const json_int_t keys = json_integer_value(json_object_get(hub, "ward_keys"));

    if (keys == 0)
        ward_findings_add(findings, WARD_FINDING_FAIL, "ward-keys", NULL, ward_advice("no-ward-keys").next,
                          "No key of the ward is believed: neither a plan nor a receipt is taken.");
    else
        ward_findings_add(findings, WARD_FINDING_OK, "ward-keys", NULL, NULL,
                          "%" JSON_INTEGER_FORMAT " keys of the ward are believed.", keys);
    if (!json_is_object(json_object_get(hub, "key")))
        ward_findings_add(findings, WARD_FINDING_FAIL, "own-key", NULL,
                          "See `journalctl -u wardgated` for why it could not be made.",
                          "The gateway has no key of its own: nothing that it sends is signed.");
    else
        ward_findings_add(findings, WARD_FINDING_OK, "own-key", NULL, NULL,
                          "The gateway signs what it sends.");
}
