/* SPDX-License-Identifier: Apache-2.0 */
#include "ctl/frame_tell.h"

#include <ctype.h>
#include <inttypes.h>
#include <jansson.h>
#include <stdio.h>

#include "core/decimal.h"
#include "core/quantity.h"

static void print_value(const struct ward_value *value)
{
    const struct ward_quantity_info *info = ward_quantity_info(value->quantity);
    const char *special = ward_special_name(value->number.special);
    char number[WARD_DECIMAL_TEXT_SIZE];

    if (special == NULL && ward_decimal_print(&value->number, number) > 0)
        printf("  %-16s %s %s\n", info->label, number, info->unit);
    else
        printf("  %-16s no number (%s)\n", info->label, special);
}

/* A device chose this text: what would move the cursor of a terminal does not get there (C0, DEL, and C1 in UTF-8). */
static void print_text(const char *text)
{
    for (; *text != '\0'; text++) {
        const unsigned char octet = (unsigned char)*text, next = (unsigned char)text[1];
        const bool is_c1 = octet == 0xC2 && next >= 0x80 && next < 0xA0;

        putchar(iscntrl(octet) || is_c1 ? '?' : *text);
        text += is_c1;
    }
}

static void print_scalar(const json_t *value)
{
    if (json_is_string(value))
        print_text(json_string_value(value));
    else if (json_is_integer(value))
        printf("%" JSON_INTEGER_FORMAT, json_integer_value(value));
    else if (json_is_real(value))
        printf("%.10g", json_real_value(value));
    else if (json_is_boolean(value))
        fputs(json_is_true(value) ? "yes" : "no", stdout);
    else
        fputs("not known", stdout);
}

static void print_items(const json_t *list)
{
    size_t index;
    const json_t *item;

    if (json_array_size(list) == 0)
        fputs("none", stdout);
    json_array_foreach(list, index, item)
    {
        fputs(index > 0 ? ", " : "", stdout);
        print_scalar(item);
    }
    putchar('\n');
}

/* What an object holds stands under its name, two columns further in. */
static void print_members(json_t *object, int indent)
{
    const char *name;
    json_t *member;

    json_object_foreach(object, name, member)
    {
        size_t index;
        json_t *item;

        printf("%*s%-16s ", indent, "", name);
        if (json_is_object(member)) {
            putchar('\n');
            print_members(member, indent + 2);
        } else if (json_is_array(member) && json_is_object(json_array_get(member, 0))) {
            printf("%zu\n", json_array_size(member));
            json_array_foreach(member, index, item)
            {
                print_members(item, indent + 2);
            }
        } else if (json_is_array(member)) {
            print_items(member);
        } else {
            print_scalar(member);
            putchar('\n');
        }
    }
}

/* The values as they are, exactly; everything else as the document has it, that of `extra` among the rest. */
static void tell(const struct ward_decoded *decoded, json_t *document)
{
    static const char *const told[] = {"characteristic", "outcome", "values", "error", "extra"};
    json_t *extra = json_incref(json_object_get(document, "extra"));

    printf("%s: %s", json_string_value(json_object_get(document, "characteristic")),
           ward_decode_outcome_name(decoded->outcome));
    if (decoded->outcome != WARD_DECODE_OK)
        printf(": %s", decoded->error);
    putchar('\n');
    for (unsigned i = 0; i < decoded->value_count; i++)
        print_value(&decoded->values[i]);
    for (size_t i = 0; i < sizeof(told) / sizeof(told[0]); i++)
        (void)json_object_del(document, told[i]);
    print_members(document, 2);
    print_members(extra, 2);
    json_decref(extra);
}

bool ward_frame_tell(const struct ward_frame *frame)
{
    json_t *document = json_loads(frame->text, 0, NULL);

    if (document == NULL)
        return false;
    tell(&frame->decoded, document);
    json_decref(document);
    return true;
}
