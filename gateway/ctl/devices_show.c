/* SPDX-License-Identifier: Apache-2.0 */
/*
 * wardctl devices show: one device, in the words of whoever has it in his hand; wardctl devices list: all of them.
 *
 * Reads of a device what rows[] has, bindings[]{patient, slot, from, read_out}, security, needs_pairing, shared,
 * claimed_by, last_heard_age_s, last_heard_at, battery, clock, clock_offset_s, duplicates. A member that is not known here
 * is shown by its name: a newer daemon's word is not hidden.
 */
#include <getopt.h>
#include <stdbool.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "ctl/client.h"
#include "ctl/devices.h"
#include "ctl/document.h"
#include "ctl/prose.h"
#include "ctl/show.h"
#include "ctl/table.h"

/* --- cells --------------------------------------------------------------------------------------------------- */

struct ward_cell ward_devices_patients(const json_t *device)
{
    const json_t *bindings = json_object_get(device, "bindings"), *binding;
    struct ward_cell cell = {.text = ""};
    size_t index;

    if (json_array_size(bindings) == 0)
        return ward_document_member(device, "patient");
    json_array_foreach(bindings, index, binding)
    {
        ward_cell_add(&cell, "%s%s", index > 0 ? ", " : "", ward_document_member(binding, "patient").text);
        if (json_is_integer(json_object_get(binding, "slot")))
            ward_cell_add(&cell, " (%s)", ward_document_member(binding, "slot").text);
    }
    return cell;
}

/* By the gateway's own count of seconds where there is one: it holds without a trusted clock, too. */
struct ward_cell ward_devices_heard(const json_t *device)
{
    const json_t *age = json_object_get(device, "last_heard_age_s");
    struct ward_cell cell = json_is_number(age) ? ward_document_duration(json_number_value(age))
                                                : ward_document_age(device, "last_heard_at");

    if (strcmp(cell.text, "-") != 0)
        ward_cell_add(&cell, " ago");
    return cell;
}

struct ward_cell ward_devices_battery(const json_t *device)
{
    struct ward_cell cell = ward_document_member(device, "battery");

    if (json_is_integer(json_object_get(device, "battery")))
        ward_cell_add(&cell, " %%");
    return cell;
}

struct ward_cell ward_devices_link(const json_t *device)
{
    struct ward_cell cell = {.text = ""};

    if (json_is_true(json_object_get(device, "needs_pairing")))
        ward_cell_add(&cell, "BOND LOST");
    else
        cell = ward_document_member(device, "security");
    /* "open by address": on a narrow screen it is broken between the words. */
    for (char *hyphen = cell.text; cell.text[1] != '\0' && (hyphen = strchr(hyphen, '-')) != NULL;)
        *hyphen = ' ';
    return cell;
}

/* --- one device ---------------------------------------------------------------------------------------------- */

static void line(const char *label, const char *text)
{
    printf("%-14s %s\n", label, text);
}

static void show_patients(const json_t *device)
{
    const json_t *bindings = json_object_get(device, "bindings");
    const json_t *binding;
    size_t index;

    if (json_array_size(bindings) == 0)
        line("Patient", "none: what it measures belongs to nobody (`wardctl devices bind`)");
    json_array_foreach(bindings, index, binding)
    {
        struct ward_cell cell = ward_document_member(binding, "patient");

        if (*ward_document_text(binding, "from") != '\0')
            ward_cell_add(&cell, " since %s", ward_document_text(binding, "from"));
        if (json_is_integer(json_object_get(binding, "slot")))
            ward_cell_add(&cell, ", only what its user %s measures",
                          ward_document_member(binding, "slot").text);
        line("Patient", cell.text);
        if (json_is_false(json_object_get(binding, "read_out")))
            line("", "its memory was not read yet: what is in there will belong to nobody");
    }
    if (json_is_true(json_object_get(device, "shared")))
        line("Shared", "it must be claimed before use (`wardctl measure`)");
    if (*ward_document_text(device, "claimed_by") != '\0')
        line("Claimed by", ward_document_text(device, "claimed_by"));
}

static void show_security(const json_t *device)
{
    static const struct {
        const char *name, *words;
    } kinds[] = {
        {"bonded", "bonded: it proves by a key that it is the device that was paired"},
        {"open", "no bond: its serial number or system id is compared on every connection"},
        {"open-by-address", "no bond: known by its address alone, which anybody can copy"},
    };
    const char *security = ward_document_text(device, "security");
    const char *words = security;

    for (size_t i = 0; i < sizeof(kinds) / sizeof(kinds[0]); i++)
        if (strcmp(kinds[i].name, security) == 0)
            words = kinds[i].words;
    if (*words != '\0')
        line("Link", words);
    if (json_is_true(json_object_get(device, "needs_pairing")))
        line("BOND LOST", "it does not prove any more who it is: forget it and pair it again");
}

static void show_clock(const json_t *device)
{
    static const struct {
        const char *name, *words;
    } states[] = {
        {"right", "right"},
        {"wrong", "wrong"},
        {"reset", "it has lost its time, as without a battery"},
        {"unchecked", "not checked: the gateway does not know the time itself"},
        {"unreadable", "it does not tell"},
    };
    const json_t *offset = json_object_get(device, "clock_offset_s");
    const char *state = ward_document_text(device, "clock");
    struct ward_cell cell = {.text = ""};

    if (*state == '\0')
        return;
    for (size_t i = 0; i < sizeof(states) / sizeof(states[0]); i++)
        if (strcmp(states[i].name, state) == 0)
            ward_cell_add(&cell, "%s", states[i].words);
    if (cell.text[0] == '\0')
        ward_cell_add(&cell, "%s", state);
    if (json_is_integer(offset) && strcmp(state, "wrong") == 0)
        ward_cell_add(&cell, ", %s %s",
                      ward_document_duration((double)llabs(json_integer_value(offset))).text,
                      json_integer_value(offset) > 0 ? "ahead" : "behind");
    line("Its clock", cell.text);
}

static void show_repeats(const json_t *device)
{
    const json_int_t count = json_integer_value(json_object_get(device, "duplicates"));
    struct ward_cell cell = {.text = ""};

    if (count <= 0)
        return;
    ward_cell_add(&cell, "%" JSON_INTEGER_FORMAT " measurements came again and were not stored again", count);
    line("Repeats", cell.text);
}

static const struct {
    const char *member, *label;
} rows[] = {
    {"device", "Device"},
    {"name", "Name"},
    {"model", "Kind"},
    {"manufacturer", "Maker"},
    {"model_number", "Model"},
    {"serial_number", "Serial number"},
    {"firmware", "Firmware"},
    {"address", "Address"},
    {"enrolled_at", "Paired at"},
    {"connected", "Connected"},
    {"firmware_accepted", "Firmware good"},
};

/* Shown in words of their own, or said by another. */
static const char *const others[] = {
    "patient",          "bindings",      "security", "needs_pairing", "shared",         "claimed_by",
    "last_heard_age_s", "last_heard_at", "battery",  "clock",         "clock_offset_s", "duplicates",
};

static bool is_shown(const char *member)
{
    for (size_t i = 0; i < sizeof(rows) / sizeof(rows[0]); i++)
        if (strcmp(rows[i].member, member) == 0)
            return true;
    for (size_t i = 0; i < sizeof(others) / sizeof(others[0]); i++)
        if (strcmp(others[i], member) == 0)
            return true;
    return false;
}

static void show(const char *text)
{
    json_t *device = ward_document_parse(text);
    json_t *member;
    const char *name;

    ward_prose_begin();
    for (size_t i = 0; i < sizeof(rows) / sizeof(rows[0]); i++)
        if (json_object_get(device, rows[i].member) != NULL)
            line(rows[i].label, ward_document_member(device, rows[i].member).text);
    line("Last heard", ward_devices_heard(device).text);
    line("Battery", ward_devices_battery(device).text);
    show_patients(device);
    show_security(device);
    show_clock(device);
    show_repeats(device);
    json_object_foreach(device, name, member)
    {
        if (!is_shown(name))
            line(name, ward_document_brief(member).text);
    }
    json_decref(device);
}

/* Which of the documents is that of the device; NULL: none. */
static const char *find(char *const *texts, const char *device)
{
    for (; texts != NULL && *texts != NULL; texts++) {
        json_t *document = ward_document_parse(*texts);
        const bool is_it = strcmp(ward_document_text(document, "device"), device) == 0;

        json_decref(document);
        if (is_it)
            return *texts;
    }
    return NULL;
}

int ward_devices_get(sd_bus *bus, const char *device, json_t **ret)
{
    char **texts = NULL;
    const int status = ward_client_get(bus, "Devices", &texts);
    const char *found;

    found = find(texts, device);
    *ret = found != NULL ? ward_document_parse(found) : NULL;
    ward_client_free_texts(texts);
    return status;
}

int ward_devices_show(int argc, char **argv)
{
    char **texts = NULL;
    bool as_json;
    int status = ward_show_options(&ward_verb_devices, argc, argv, 1, &as_json);
    const char *found;

    if (status == WARD_CTL_DONE)
        status = ward_client_fetch(&texts, "Devices", NULL);
    if (status != WARD_CTL_DONE)
        return status;
    found = find(texts, argv[optind]);
    if (found == NULL)
        status =
            ward_ctl_fail("no device %s is enrolled here; `wardctl devices` shows which are", argv[optind]);
    else if (as_json)
        puts(found);
    else
        show(found);
    ward_client_free_texts(texts);
    return status;
}

/* --- all of them ---------------------------------------------------------------------------------------------- */

static struct ward_cell heard_or_connected(const json_t *device)
{
    if (json_is_true(json_object_get(device, "connected")))
        return (struct ward_cell){.text = "connected"};
    return ward_devices_heard(device);
}

static void show_devices(char *const *texts)
{
    static const char *const headers[] = {"DEVICE",  "NAME",  "MODEL", "PATIENT",
                                          "BATTERY", "HEARD", "LINK",  NULL};
    struct ward_table *table = ward_table_new(headers);

    if (table == NULL)
        return;
    for (; *texts != NULL; texts++) {
        json_t *device = ward_document_parse(*texts);
        const struct ward_cell id = ward_document_member(device, "device");
        const struct ward_cell name = ward_document_member(device, "name");
        const struct ward_cell model = ward_document_member(device, "model");
        const struct ward_cell patient = ward_devices_patients(device);
        const struct ward_cell battery = ward_devices_battery(device);
        const struct ward_cell heard = heard_or_connected(device);
        const struct ward_cell link = ward_devices_link(device);

        ward_table_add(table, (const char *const[]){id.text, name.text, model.text, patient.text,
                                                    battery.text, heard.text, link.text, NULL});
        json_decref(device);
    }
    ward_table_print(table, "No device is enrolled. Start with `wardctl devices scan`.");
    ward_table_free(table);
}

int ward_devices_list(int argc, char **argv)
{
    char **texts = NULL;
    bool as_json;
    int status = ward_show_options(&ward_verb_devices, argc, argv, 0, &as_json);

    if (status == WARD_CTL_DONE)
        status = ward_client_fetch(&texts, "Devices", NULL);
    if (status != WARD_CTL_DONE)
        return status;
    if (as_json)
        ward_document_print_lines(texts);
    else
        show_devices(texts);
    ward_client_free_texts(texts);
    return status;
}
