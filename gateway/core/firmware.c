/* SPDX-License-Identifier: Apache-2.0 */
#include "core/firmware.h"

#include <string.h>

#include "core/model.h"

void ward_firmware_text(const uint8_t *octets, size_t length, char ret[static WARD_FIRMWARE_SIZE])
{
    while (length > 0 && (octets[length - 1] == '\0' || octets[length - 1] == ' '))
        length--;
    if (length > WARD_FIRMWARE_SIZE - 1)
        length = WARD_FIRMWARE_SIZE - 1;
    for (size_t i = 0; i < length; i++)
        ret[i] = octets[i] >= 0x20 && octets[i] < 0x7F ? (char)octets[i] : '?';
    ret[length] = '\0';
}

/* The next revision of a list, without the blanks around it, and where the one after it begins; NULL: it was the last. */
struct item {
    const char *text;
    size_t length;
    const char *rest;
};

static struct item item_of(const char *list)
{
    const size_t length = strcspn(list, ",");
    struct item item = {.text = list + strspn(list, " "),
                        .rest = list[length] == ',' ? list + length + 1 : NULL};

    item.length = (size_t)(list + length - item.text);
    while (item.length > 0 && item.text[item.length - 1] == ' ')
        item.length--;
    return item;
}

static bool is_listed(const char *list, const char *revision)
{
    struct item item = {.rest = list};

    while (item.rest != NULL) {
        item = item_of(item.rest);
        if (item.length == strlen(revision) && memcmp(item.text, revision, item.length) == 0)
            return true;
    }
    return false;
}

bool ward_firmware_is_accepted(const struct ward_model *model, const char *accepted, const char *revision)
{
    if (accepted[0] != '\0')
        return revision[0] != '\0' && is_listed(accepted, revision);
    for (size_t i = 0; model != NULL && i < WARD_MODEL_MARKS_MAX && model->bad_firmware[i] != NULL; i++)
        if (strcmp(model->bad_firmware[i], revision) == 0)
            return false;
    return true;
}
