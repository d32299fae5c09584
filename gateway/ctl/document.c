/* SPDX-License-Identifier: Apache-2.0 */
#include "ctl/document.h"

#include <stdarg.h>
#include <stdint.h>
#include <stdio.h>
#include <string.h>
#include <time.h>

#include "core/quantity.h"
#include "core/utc.h"

#define NOTHING "-"
#define CUT     "..."

/* A character of up to four octets may have had no room before the end. */
static bool is_cut(const struct ward_cell *cell)
{
    return strlen(cell->text) + sizeof(CUT) + 3 > sizeof(cell->text) &&
           strcmp(cell->text + strlen(cell->text) - strlen(CUT), CUT) == 0;
}

/* Between two characters. */
static void cut(struct ward_cell *cell)
{
    size_t at = sizeof(cell->text) - sizeof(CUT);

    while (at > 0 && ((unsigned char)cell->text[at] & 0xC0) == 0x80)
        at--;
    strcpy(cell->text + at, CUT);
}

void ward_cell_add(struct ward_cell *cell, const char *format, ...)
{
    const size_t used = strlen(cell->text);
    va_list arguments;

    if (is_cut(cell))
        return;
    va_start(arguments, format);
    if (vsnprintf(cell->text + used, sizeof(cell->text) - used, format, arguments) >=
        (int)(sizeof(cell->text) - used))
        cut(cell);
    va_end(arguments);
}

/* What a device calls itself may hold anything: nothing that moves a cursor is shown (C0, DEL, and C1 in UTF-8). */
static void add_shown(struct ward_cell *cell, const char *text)
{
    for (; *text != '\0'; text++) {
        const unsigned char octet = (unsigned char)*text, next = (unsigned char)text[1];
        const bool is_c1 = octet == 0xC2 && next >= 0x80 && next < 0xA0;

        ward_cell_add(cell, "%c", octet < 0x20 || octet == 0x7F || is_c1 ? '?' : *text);
        text += is_c1;
    }
}

json_t *ward_document_parse(const char *text)
{
    json_t *document = json_loads(text, 0, NULL);

    if (json_is_object(document))
        return document;
    json_decref(document);
    return json_object();
}

const char *ward_document_text(const json_t *object, const char *member)
{
    const char *text = json_string_value(json_object_get(object, member));

    return text != NULL ? text : "";
}

static void add_brief(struct ward_cell *cell, const json_t *value)
{
    const char *separator = "";
    const char *name;
    const json_t *item;
    size_t index;

    if (json_is_string(value)) {
        add_shown(cell, json_string_value(value));
    } else if (json_is_integer(value)) {
        ward_cell_add(cell, "%" JSON_INTEGER_FORMAT, json_integer_value(value));
    } else if (json_is_real(value)) {
        ward_cell_add(cell, "%.6g", json_real_value(value));
    } else if (json_is_boolean(value)) {
        ward_cell_add(cell, "%s", json_is_true(value) ? "yes" : "no");
    } else if (json_is_array(value)) {
        json_array_foreach(value, index, item)
        {
            ward_cell_add(cell, "%s", index > 0 ? ", " : "");
            add_brief(cell, item);
        }
    } else if (json_is_object(value)) {
        json_t *members = json_incref((json_t *)(uintptr_t)value);
        json_t *inner;

        json_object_foreach(members, name, inner)
        {
            ward_cell_add(cell, "%s%s ", separator, name);
            add_brief(cell, inner);
            separator = ", ";
        }
        json_decref(members);
    }
}

struct ward_cell ward_document_brief(const json_t *value)
{
    struct ward_cell cell = {.text = ""};

    add_brief(&cell, value);
    if (cell.text[0] == '\0')
        ward_cell_add(&cell, NOTHING);
    return cell;
}

struct ward_cell ward_document_member(const json_t *object, const char *member)
{
    return ward_document_brief(json_object_get(object, member));
}

static void add_value(struct ward_cell *cell, const json_t *value)
{
    const char *name = ward_document_text(value, "quantity");
    const struct ward_quantity_info *info = ward_quantity_info((uint8_t)ward_quantity_by_name(name));
    const char *unit = ward_document_text(value, "unit");
    const char *special = ward_document_text(value, "special");

    ward_cell_add(cell, "%s ", info->label[0] != '\0' ? info->label : name);
    if (special[0] != '\0')
        ward_cell_add(cell, "(%s)", special);
    else if (*ward_document_text(value, "code") != '\0')
        add_shown(cell, ward_document_text(value, "code")); /* what the number stands for */
    else
        add_brief(cell, json_object_get(value, "value"));
    if (unit[0] != '\0' && special[0] == '\0')
        ward_cell_add(cell, " %s", unit);
}

struct ward_cell ward_document_values(const json_t *values)
{
    struct ward_cell cell = {.text = ""};
    const json_t *value;
    size_t index;

    json_array_foreach(values, index, value)
    {
        ward_cell_add(&cell, "%s", index > 0 ? ", " : "");
        add_value(&cell, value);
    }
    if (cell.text[0] == '\0')
        ward_cell_add(&cell, NOTHING);
    return cell;
}

struct ward_cell ward_document_duration(double seconds)
{
    static const struct {
        double seconds;
        const char *unit;
    } units[] = {{86400, "d"}, {3600, "h"}, {60, "min"}};
    struct ward_cell cell = {.text = ""};

    if (seconds <= -1) {
        ward_cell_add(&cell, "-");
        seconds = -seconds;
    }
    for (size_t i = 0; i < sizeof(units) / sizeof(units[0]); i++) {
        if (seconds >= 2 * units[i].seconds) {
            ward_cell_add(&cell, "%.0f %s", seconds / units[i].seconds, units[i].unit);
            return cell;
        }
    }
    ward_cell_add(&cell, "%.0f s", seconds);
    return cell;
}

struct ward_cell ward_document_moment(const json_t *object, const char *member)
{
    const char *text = ward_document_text(object, member);
    struct ward_cell cell = {.text = NOTHING};
    char utc[WARD_UTC_TEXT_SIZE];
    int64_t ms;

    if (!ward_utc_parse(text, strlen(text), &ms) || !ward_utc_format(ms, utc))
        return cell;
    snprintf(cell.text, sizeof(cell.text), "%.10s %.8sZ", utc, utc + strlen("2026-11-22T"));
    return cell;
}

struct ward_cell ward_document_age(const json_t *object, const char *member)
{
    const char *text = ward_document_text(object, member);
    struct ward_cell cell = {.text = NOTHING};
    struct timespec now;
    int64_t then_ms;
    double age_s;

    if (!ward_utc_parse(text, strlen(text), &then_ms) || clock_gettime(CLOCK_REALTIME, &now) < 0)
        return cell;
    age_s = (double)now.tv_sec + (double)now.tv_nsec / 1e9 - (double)then_ms / 1000.0;
    /* The gateway carries UTC on by its own clock: a moment ahead is now, more is a clock that is wrong. */
    return ward_document_duration(age_s > -2.0 && age_s < 0.0 ? 0.0 : age_s);
}

void ward_document_print_lines(char *const *texts)
{
    for (; *texts != NULL; texts++)
        puts(*texts);
}
