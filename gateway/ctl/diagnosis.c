/* SPDX-License-Identifier: Apache-2.0 */
#include "ctl/diagnosis.h"

#include <stdbool.h>
#include <stddef.h>
#include <stdio.h>
#include <string.h>

#include "ctl/document.h"

/* names ends with NULL. */
static json_t *pick(const json_t *from, const char *const *names)
{
    json_t *picked = json_object();

    for (; *names != NULL; names++)
        if (json_object_get(from, *names) != NULL)
            (void)json_object_set(picked, *names, json_object_get(from, *names));
    return picked;
}

/* --- state -------------------------------------------------------------------------------------------------------- */

static json_t *conditions_of(const json_t *patient)
{
    static const char *const names[] = {"condition", "kind", "priority", "state", "event", "device", NULL};
    json_t *list = json_array(), *condition;
    size_t at;

    json_array_foreach(json_object_get(patient, "conditions"), at, condition)
    {
        (void)json_array_append_new(list, pick(condition, names));
    }
    return list;
}

/* By their place in the list: an id of a patient is for nobody who does not treat him. */
static json_t *patient_of(const json_t *patient, size_t place)
{
    static const char *const names[] = {"monitoring", "reasons", "devices", NULL};
    static const char *const plan_names[] = {"version", "signed", NULL};
    json_t *picked = pick(patient, names);
    const json_t *plan = json_object_get(patient, "plan");

    (void)json_object_set_new(picked, "patient", json_integer((json_int_t)place + 1));
    if (plan != NULL)
        (void)json_object_set_new(picked, "plan", pick(plan, plan_names));
    (void)json_object_set_new(picked, "conditions", conditions_of(patient));
    return picked;
}

json_t *ward_diagnosis_state(const json_t *status)
{
    static const char *const names[] = {"gateway",  "site",        "version", "at",    "monitoring",
                                        "reasons",  "link",        "radio",   "clock", "storage",
                                        "recovery", "annunciator", NULL};
    json_t *state = pick(status, names), *patients = json_array();
    const json_t *patient;
    size_t at;

    json_array_foreach(json_object_get(status, "patients"), at, patient)
    {
        (void)json_array_append_new(patients, patient_of(patient, at));
    }
    (void)json_object_set_new(state, "patients", patients);
    return state;
}

json_t *ward_diagnosis_devices(const json_t *status)
{
    static const char *const names[] = {"device",
                                        "model",
                                        "security",
                                        "firmware",
                                        "firmware_accepted",
                                        "shared",
                                        "connected",
                                        "needs_pairing",
                                        "battery",
                                        "last_heard_at",
                                        "last_heard_age_s",
                                        "clock",
                                        "clock_offset_s",
                                        "clock_drift_ppm",
                                        "clock_looked_at",
                                        "enrolled_at",
                                        "duplicates",
                                        NULL};
    json_t *list = json_array(), *device;
    size_t at;

    json_array_foreach(json_object_get(status, "devices"), at, device)
    {
        json_t *picked = pick(device, names);

        (void)json_object_set_new(
            picked, "bindings",
            json_integer((json_int_t)json_array_size(json_object_get(device, "bindings"))));
        (void)json_array_append_new(list, picked);
    }
    return list;
}

/* Of queue and recovery; what is no number is no counter. */
json_t *ward_diagnosis_counters(const json_t *status)
{
    static const char *const parts[] = {"queue", "recovery"};
    json_t *counters = json_object(), *member;
    const char *name;

    for (size_t i = 0; i < sizeof(parts) / sizeof(parts[0]); i++) {
        json_t *part = json_incref(json_object_get(status, parts[i])), *picked = json_object();

        json_object_foreach(part, name, member)
        {
            if (json_is_number(member) || json_is_boolean(member))
                (void)json_object_set(picked, name, member);
        }
        (void)json_object_set_new(counters, parts[i], picked);
        json_decref(part);
    }
    return counters;
}

json_t *ward_diagnosis_hub(const json_t *hub)
{
    static const char *const names[] = {"host", "port", "link", "ward_keys", "ward_keys_version", NULL};
    static const char *const key_names[] = {"kid", "role", "from", NULL};
    json_t *picked = pick(hub, names), *keys = json_array(), *key;
    size_t at;

    json_array_foreach(json_object_get(hub, "ward_key_list"), at, key)
    {
        (void)json_array_append_new(keys, pick(key, key_names));
    }
    (void)json_object_set_new(picked, "ward_key_list", keys);
    (void)json_object_set_new(picked, "has_key", json_boolean(json_is_object(json_object_get(hub, "key"))));
    return picked;
}

json_t *ward_diagnosis_audit(const json_t *calls)
{
    static const char *const names[] = {"at",     "boot",    "boot_us", "uid", "method",
                                        "object", "outcome", "omitted", NULL};
    json_t *list = json_array(), *call;
    size_t at;

    json_array_foreach(calls, at, call)
    {
        (void)json_array_append_new(list, pick(call, names));
    }
    return list;
}

/* --- configuration -------------------------------------------------------------------------------------------------- */

/* No key holds a secret, only where one is; but a URL may carry one, and a command anything. */
static bool may_hold_a_secret(const char *key)
{
    return strcmp(key, "care_plan_url") == 0 || strcmp(key, "sound_command") == 0;
}

json_t *ward_diagnosis_config(const json_t *settings)
{
    json_t *list = json_array(), *setting;
    size_t at;

    json_array_foreach(settings, at, setting)
    {
        json_t *copy = json_copy(setting);

        if (may_hold_a_secret(ward_document_text(setting, "key")))
            (void)json_object_set_new(copy, "value", json_string("[left out]"));
        (void)json_array_append_new(list, copy);
    }
    return list;
}

/* --- words ------------------------------------------------------------------------------------------------------------ */

static const struct {
    const char *list, *member, *kind;
} words[] = {
    {"patients", "label", "label"},
    {"patients", "check_word", "check word"},
    {"patients", "patient", "patient"},
    {"patients", "episode", "episode"},
    {"devices", "name", "name"},
    {"devices", "serial_number", "serial number"},
    {"devices", "address", "address"},
    {"devices", "manufacturer", "maker"},
    {"devices", "model_number", "model number"},
};

void ward_diagnosis_words(const json_t *status, struct ward_redaction *redaction)
{
    const json_t *item;
    size_t at;

    for (size_t i = 0; i < sizeof(words) / sizeof(words[0]); i++)
        json_array_foreach(json_object_get(status, words[i].list), at, item)
        {
            ward_redaction_add(redaction, ward_document_text(item, words[i].member), words[i].kind);
        }
    json_array_foreach(json_object_get(status, "patients"), at, item)
    {
        ward_redaction_add(redaction, ward_document_text(json_object_get(item, "plan"), "title"), "plan");
    }
}

json_t *ward_diagnosis_left_out(void)
{
    static const char *const sentences[] = {
        "readings and alarms: no value of a patient, and no text of an alarm, plan or order",
        "of patients: id, episode, label, check word, date of admission, care plan",
        "of devices: address, name, serial number, maker, model number and whose they are",
        "the database, keys, certificates and enrolment codes",
        "of the configuration: [https] care_plan_url and [alarm] sound_command where they are set",
        "of the journal: other units; of wardgated's lines what was put into them and may be an id of anybody but a device, a value or a text",
        "without the daemon what follows the first colon of bluetoothd's lines, since the devices' names are not known then",
        "from every text: addresses, dates without a time, what stands in quotation marks, and the words above",
    };
    json_t *list = json_array();

    for (size_t i = 0; i < sizeof(sentences) / sizeof(sentences[0]); i++)
        (void)json_array_append_new(list, json_string(sentences[i]));
    return list;
}
