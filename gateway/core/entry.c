/* SPDX-License-Identifier: Apache-2.0 */
#include "core/entry.h"

#include <string.h>

#include "core/clinical.h"
#include "core/decimal.h"
#include "core/quantity.h"

#define WORD_MAX 64

static bool refuse(char ret_error[WARD_ENTRY_ERROR_SIZE], const char *word, const char *reason)
{
    ret_error[0] = '\0';
    strncat(ret_error, word, WARD_ENTRY_ERROR_SIZE - 1);
    strncat(ret_error, reason, WARD_ENTRY_ERROR_SIZE - 1 - strlen(ret_error));
    return false;
}

static bool is_coded(uint8_t quantity)
{
    return quantity == WARD_OXYGEN || quantity == WARD_CONSCIOUSNESS || quantity == WARD_CONCERN;
}

static bool has(const struct ward_reading *entry, uint8_t quantity)
{
    for (size_t i = 0; i < entry->value_count; i++) {
        if (entry->values[i].quantity == quantity) {
            return true;
        }
    }
    return false;
}

/* word is "name=value"; it is cut in two. */
static bool take_word(char *word, struct ward_reading *entry, char ret_error[WARD_ENTRY_ERROR_SIZE])
{
    struct ward_value value = {0};
    char *number = strchr(word, '=');

    if (number == NULL || number == word || number[1] == '\0') {
        return refuse(ret_error, word, " is not NAME=VALUE.");
    }
    *number++ = '\0';
    value.quantity = (uint8_t)ward_quantity_by_name(word);
    if (!is_coded(value.quantity) && ward_clinical_quantity(value.quantity) == NULL) {
        return refuse(ret_error, word, " is nothing that can be entered.");
    }
    if (has(entry, value.quantity)) {
        return refuse(ret_error, word, " stands there twice.");
    }
    if (is_coded(value.quantity)) {
        if (!ward_quantity_code_by_name(value.quantity, number, &value.number)) {
            return refuse(ret_error, number,
                          value.quantity == WARD_OXYGEN ? " must be air or oxygen."
                          : value.quantity == WARD_CONCERN
                              ? " must be nurse, carer or patient: who is worried."
                              : " must be alert, new_confusion, voice, pain or "
                                "unresponsive.");
        }
    } else if (!ward_decimal_parse(number, strlen(number), &value.number)) {
        return refuse(ret_error, number, " is not a number.");
    } else if (!ward_quantity_is_plausible(&value)) {
        return refuse(ret_error, word, ": this value is not plausible. Was it measured in another unit?");
    }
    if (entry->value_count == WARD_READING_VALUES_MAX) {
        return refuse(ret_error, word, " is one value too many for one entry.");
    }
    entry->values[entry->value_count++] = value;
    return true;
}

static const struct ward_decimal *number_of(const struct ward_reading *entry, uint8_t quantity)
{
    for (size_t i = 0; i < entry->value_count; i++) {
        if (entry->values[i].quantity == quantity) {
            return &entry->values[i].number;
        }
    }
    return NULL;
}

/* A flow without oxygen cannot be. */
static bool agrees(const struct ward_reading *entry, char ret_error[WARD_ENTRY_ERROR_SIZE])
{
    const struct ward_decimal *supply = number_of(entry, WARD_OXYGEN);
    const struct ward_decimal *flow = number_of(entry, WARD_OXYGEN_FLOW);

    if (supply != NULL && flow != NULL && supply->mantissa == 0 && flow->mantissa > 0) {
        return refuse(ret_error, "oxygen=air", " does not go with an oxygen_flow.");
    }
    return true;
}

bool ward_entry_parse(const char *text, struct ward_reading *ret, char ret_error[WARD_ENTRY_ERROR_SIZE])
{
    memset(ret, 0, sizeof(*ret));
    ret->kind = WARD_READING_ENTRY;
    ret->quality = WARD_VALID;
    ret->security = WARD_LINK_NONE;
    ret->measured_at_ms = ret->received_at_ms = WARD_UTC_UNKNOWN;
    for (;;) {
        char word[WORD_MAX + 1] = "";
        size_t length;

        text += strspn(text, " ");
        length = strcspn(text, " ");
        if (length == 0) {
            break;
        }
        memcpy(word, text, length < WORD_MAX ? length : WORD_MAX);
        if (length > WORD_MAX) {
            return refuse(ret_error, word, "… is too long.");
        }
        if (!take_word(word, ret, ret_error)) {
            return false;
        }
        text += length;
    }
    if (ret->value_count == 0) {
        return refuse(ret_error, "", "There is nothing to enter.");
    }
    return agrees(ret, ret_error);
}

bool ward_entry_is_concern(const struct ward_reading *entry)
{
    return entry->value_count == 1 && entry->values[0].quantity == WARD_CONCERN;
}
