/* SPDX-License-Identifier: Apache-2.0 */
#include "core/reading_line.h"

#include <string.h>

#include "core/quantity.h"
#include "core/reading.h"
#include "core/utc.h"

/* Copies a text that has to be a name for one of the readers of core/reading.h. */
#define NAME_MAX_SIZE (WARD_ID_MAX + 1)
static bool take_name(struct ward_scan *scan, char ret[NAME_MAX_SIZE])
{
    struct ward_piece piece;

    if (!ward_scan_text(scan, &piece) || piece.length >= NAME_MAX_SIZE) {
        return false;
    }
    memcpy(ret, piece.text, piece.length);
    ret[piece.length] = '\0';
    return true;
}

static bool take_id(struct ward_scan *scan, struct ward_id *ret)
{
    struct ward_piece piece;

    return ward_scan_is_next(scan, 'n')
               ? ward_scan_null(scan)
               : ward_scan_text(scan, &piece) && ward_id_set_n(ret, piece.text, piece.length);
}

static bool take_moment(struct ward_scan *scan, int64_t *ret)
{
    struct ward_piece piece;

    return ward_scan_is_next(scan, 'n')
               ? ward_scan_null(scan)
               : ward_scan_text(scan, &piece) && ward_utc_parse(piece.text, piece.length, ret);
}

static bool take_reasons(struct ward_scan *scan, uint32_t *reasons)
{
    if (!ward_scan_mark(scan, '[')) {
        return false;
    }
    if (ward_scan_mark(scan, ']')) {
        return true;
    }
    do {
        char name[NAME_MAX_SIZE];
        uint32_t bit = 0;

        if (!take_name(scan, name) || !ward_reason_by_name(name, &bit)) {
            return false;
        }
        *reasons |= bit;
    } while (ward_scan_mark(scan, ','));
    return ward_scan_mark(scan, ']');
}

/* The members that this reader knows, of a reading and of one of its values. */
enum member {
    MEMBER_BOOT,
    MEMBER_CHAIN,
    MEMBER_CLOCK,
    MEMBER_DEVICE,
    MEMBER_DEVICE_TIME,
    MEMBER_EPISODE,
    MEMBER_EPOCH,
    MEMBER_KIND,
    MEMBER_LATE,
    MEMBER_MEASURED_AT,
    MEMBER_MONO_US,
    MEMBER_PATIENT,
    MEMBER_QUALITY,
    MEMBER_RAW,
    MEMBER_REASONS,
    MEMBER_RECEIVED_AT,
    MEMBER_SECURITY,
    MEMBER_SEQ,
    MEMBER_VALUES,
    MEMBER_COUNT,
};

enum value_member {
    VALUE_LOINC,
    VALUE_MDC,
    VALUE_QUANTITY,
    VALUE_UNIT,
    VALUE_VALUE,
    VALUE_COUNT,
};

static const struct ward_scan_name members[MEMBER_COUNT] = {
    [MEMBER_BOOT] = {WARD_SCAN_NAME("boot")},
    [MEMBER_CHAIN] = {WARD_SCAN_NAME("chain")},
    [MEMBER_CLOCK] = {WARD_SCAN_NAME("clock")},
    [MEMBER_DEVICE] = {WARD_SCAN_NAME("device")},
    [MEMBER_DEVICE_TIME] = {WARD_SCAN_NAME("device_time")},
    [MEMBER_EPISODE] = {WARD_SCAN_NAME("episode")},
    [MEMBER_EPOCH] = {WARD_SCAN_NAME("epoch")},
    [MEMBER_KIND] = {WARD_SCAN_NAME("kind")},
    [MEMBER_LATE] = {WARD_SCAN_NAME("late")},
    [MEMBER_MEASURED_AT] = {WARD_SCAN_NAME("measured_at")},
    [MEMBER_MONO_US] = {WARD_SCAN_NAME("mono_us")},
    [MEMBER_PATIENT] = {WARD_SCAN_NAME("patient")},
    [MEMBER_QUALITY] = {WARD_SCAN_NAME("quality")},
    [MEMBER_RAW] = {WARD_SCAN_NAME("raw")},
    [MEMBER_REASONS] = {WARD_SCAN_NAME("reasons")},
    [MEMBER_RECEIVED_AT] = {WARD_SCAN_NAME("received_at")},
    [MEMBER_SECURITY] = {WARD_SCAN_NAME("security")},
    [MEMBER_SEQ] = {WARD_SCAN_NAME("seq")},
    [MEMBER_VALUES] = {WARD_SCAN_NAME("values")},
};

static const struct ward_scan_name value_members[VALUE_COUNT] = {
    [VALUE_LOINC] = {WARD_SCAN_NAME("loinc")},       [VALUE_MDC] = {WARD_SCAN_NAME("mdc")},
    [VALUE_QUANTITY] = {WARD_SCAN_NAME("quantity")}, [VALUE_UNIT] = {WARD_SCAN_NAME("unit")},
    [VALUE_VALUE] = {WARD_SCAN_NAME("value")},
};

static bool take_value_member(struct ward_scan *scan, unsigned member, char name[NAME_MAX_SIZE],
                              struct ward_piece *unit, uint64_t *mdc, struct ward_decimal *number)
{
    switch ((enum value_member)member) {
    case VALUE_QUANTITY: return take_name(scan, name);
    case VALUE_VALUE: return ward_scan_number(scan, number);
    case VALUE_UNIT: return ward_scan_text(scan, unit);
    case VALUE_MDC: return ward_scan_whole(scan, mdc);
    case VALUE_LOINC: return ward_scan_is_next(scan, '[') && ward_scan_pass(scan);
    case VALUE_COUNT: break;
    }
    return false;
}

static bool take_value(struct ward_scan *scan, struct ward_scan_order *order, struct ward_reading *reading)
{
    const uint32_t needed = 1u << VALUE_QUANTITY | 1u << VALUE_VALUE;
    char name[NAME_MAX_SIZE];
    struct ward_value value = {0};
    struct ward_piece unit = {0};
    uint64_t mdc = 0;
    uint32_t seen = 0;
    unsigned member = VALUE_COUNT;

    if (!ward_scan_mark(scan, '{')) {
        return false;
    }
    do {
        if (!ward_scan_member(scan, value_members, VALUE_COUNT, order, &seen, &member) ||
            !take_value_member(scan, member, name, &unit, &mdc, &value.number)) {
            return false;
        }
    } while (ward_scan_mark(scan, ','));
    if (!ward_scan_mark(scan, '}') || (seen & needed) != needed || mdc > UINT32_MAX ||
        reading->value_count == WARD_READING_VALUES_MAX) {
        return false;
    }
    value.quantity = (uint8_t)ward_quantity_by_code(name, (uint32_t)mdc);
    if (value.quantity == WARD_QUANTITY_NONE ||
        (unit.text != NULL && !ward_piece_is(&unit, ward_quantity_info(value.quantity)->unit))) {
        return false;
    }
    reading->values[reading->value_count++] = value;
    return true;
}

static bool take_values(struct ward_scan *scan, struct ward_scan_order *order, struct ward_reading *reading)
{
    if (!ward_scan_mark(scan, '[')) {
        return false;
    }
    if (ward_scan_mark(scan, ']')) {
        return true;
    }
    do {
        if (!take_value(scan, order, reading)) {
            return false;
        }
    } while (ward_scan_mark(scan, ','));
    return ward_scan_mark(scan, ']');
}

static bool take_reading_member(struct ward_scan *scan, unsigned member, struct ward_scan_order *values,
                                struct ward_reading_line *ret)
{
    struct ward_reading *reading = &ret->reading;
    char name[NAME_MAX_SIZE];

    switch ((enum member)member) {
    case MEMBER_SEQ: return ward_scan_whole(scan, &reading->seq);
    case MEMBER_PATIENT: return take_id(scan, &reading->patient);
    case MEMBER_EPISODE: return take_id(scan, &reading->episode);
    case MEMBER_DEVICE: return take_id(scan, &reading->device);
    case MEMBER_KIND:
        return take_name(scan, name) && ward_record_kind_by_name(name, &reading->kind) &&
               reading->kind < WARD_RECORD_GAP;
    case MEMBER_QUALITY: return take_name(scan, name) && ward_quality_by_name(name, &reading->quality);
    case MEMBER_LATE: ret->has_late = true; return ward_scan_flag(scan, &reading->late);
    case MEMBER_MEASURED_AT: return take_moment(scan, &reading->measured_at_ms);
    case MEMBER_RECEIVED_AT: return take_moment(scan, &reading->received_at_ms);
    case MEMBER_REASONS: return take_reasons(scan, &reading->reasons);
    case MEMBER_VALUES: return take_values(scan, values, reading);
    case MEMBER_EPOCH:
    case MEMBER_DEVICE_TIME:
    case MEMBER_BOOT:
    case MEMBER_MONO_US:
    case MEMBER_CLOCK:
    case MEMBER_SECURITY:
    case MEMBER_RAW:
    case MEMBER_CHAIN: return ward_scan_pass(scan);
    case MEMBER_COUNT: break;
    }
    return false;
}

/* All but the places of values and octets that are not there: they are most of it. */
static void clear(struct ward_reading_line *line)
{
    struct ward_reading *reading = &line->reading;

    memset(reading, 0, offsetof(struct ward_reading, values));
    reading->characteristic = reading->raw_length = 0;
    reading->context_characteristic = reading->context_length = 0;
    memset(reading->chain, 0, sizeof(reading->chain));
    line->has_late = false;
}

bool ward_reading_line_parse(const char *text, size_t length, struct ward_reading_line_order *order,
                             struct ward_reading_line *ret)
{
    struct ward_scan scan = {.at = text, .end = text + length};
    uint32_t seen = 0;
    unsigned member = MEMBER_COUNT;

    clear(ret);
    ret->reading.measured_at_ms = ret->reading.received_at_ms = WARD_UTC_UNKNOWN;
    if (!ward_scan_mark(&scan, '{')) {
        return false;
    }
    do {
        if (!ward_scan_member(&scan, members, MEMBER_COUNT, &order->reading, &seen, &member) ||
            !take_reading_member(&scan, member, &order->value, ret)) {
            return false;
        }
    } while (ward_scan_mark(&scan, ','));
    if (!ward_scan_mark(&scan, '}') || (seen & 1u << MEMBER_VALUES) == 0) {
        return false;
    }
    return ward_scan_is_done(&scan);
}
