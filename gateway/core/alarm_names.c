/* SPDX-License-Identifier: Apache-2.0 */
#include "core/alarm_names.h"

#include <stddef.h>
#include <string.h>

static const char *const priorities[] = {
    [WARD_PRIORITY_NONE] = "none",
    [WARD_PRIORITY_LOW] = "low",
    [WARD_PRIORITY_MEDIUM] = "medium",
    [WARD_PRIORITY_HIGH] = "high",
};

static const char *const kinds[] = {
    [WARD_ALARM_PHYSIOLOGICAL] = "physiological",
    [WARD_ALARM_TECHNICAL] = "technical",
    [WARD_ALARM_ADVISORY] = "advisory",
};

static const char *const states[] = {
    [WARD_ALARM_INACTIVE] = "inactive",
    [WARD_ALARM_PENDING] = "pending",
    [WARD_ALARM_ACTIVE] = "active",
    [WARD_ALARM_ACKNOWLEDGED] = "acknowledged",
    [WARD_ALARM_SILENCED] = "silenced",
    [WARD_ALARM_UNKNOWN] = "unknown",
    [WARD_ALARM_ENDED_UNSEEN] = "ended-unseen",
};

static const char *const events[] = {
    [WARD_EVENT_PENDING] = "pending",         [WARD_EVENT_SETTLED] = "settled",
    [WARD_EVENT_RAISED] = "raised",           [WARD_EVENT_ESCALATED] = "escalated",
    [WARD_EVENT_SILENCED] = "silenced",       [WARD_EVENT_ACKNOWLEDGED] = "acknowledged",
    [WARD_EVENT_ACK_EXPIRED] = "ack-expired", [WARD_EVENT_SUSPENDED] = "suspended",
    [WARD_EVENT_RESUMED] = "resumed",         [WARD_EVENT_REALARM] = "realarm",
    [WARD_EVENT_UNKNOWN] = "unknown",         [WARD_EVENT_CLEARED] = "cleared",
};

static const char *const cleared_reasons[] = {
    [WARD_CLEARED_NONE] = "",
    [WARD_CLEARED_DATA] = "data",
    [WARD_CLEARED_VOIDED] = "voided",
    [WARD_CLEARED_PLAN_CHANGED] = "plan-changed",
    [WARD_CLEARED_DISCHARGED] = "discharged",
};

#define COUNT(table) (sizeof(table) / sizeof((table)[0]))

static const char *name_of(const char *const *table, size_t count, uint8_t number)
{
    return number < count ? table[number] : NULL;
}

static bool number_of(const char *const *table, size_t count, const char *name, uint8_t *ret)
{
    for (size_t i = 0; i < count && name[0] != '\0'; i++) {
        if (strcmp(table[i], name) == 0) {
            *ret = (uint8_t)i;
            return true;
        }
    }
    return false;
}

const char *ward_alarm_priority_name(uint8_t priority)
{
    return name_of(priorities, COUNT(priorities), priority);
}

const char *ward_alarm_kind_name(uint8_t kind)
{
    return name_of(kinds, COUNT(kinds), kind);
}

const char *ward_alarm_state_name(uint8_t state)
{
    return name_of(states, COUNT(states), state);
}

const char *ward_alarm_event_name(uint8_t event)
{
    return name_of(events, COUNT(events), event);
}

const char *ward_cleared_reason_name(uint8_t reason)
{
    return name_of(cleared_reasons, COUNT(cleared_reasons), reason);
}

bool ward_alarm_priority_by_name(const char *name, uint8_t *ret)
{
    return number_of(priorities, COUNT(priorities), name, ret);
}

bool ward_alarm_kind_by_name(const char *name, uint8_t *ret)
{
    return number_of(kinds, COUNT(kinds), name, ret);
}

bool ward_alarm_state_by_name(const char *name, uint8_t *ret)
{
    return number_of(states, COUNT(states), name, ret);
}

bool ward_alarm_event_by_name(const char *name, uint8_t *ret)
{
    return number_of(events, COUNT(events), name, ret);
}

bool ward_cleared_reason_by_name(const char *name, uint8_t *ret)
{
    return number_of(cleared_reasons, COUNT(cleared_reasons), name, ret);
}

bool ward_alarm_event_is_published(uint8_t event)
{
    return event != WARD_EVENT_PENDING && event != WARD_EVENT_SETTLED;
}

bool ward_alarm_id_parse(const char *text, struct ward_alarm_id *ret)
{
    static const char digits[] = "0123456789abcdef";
    const size_t length = strlen(text);

    if (length != 2 * sizeof(ret->octets) || strspn(text, digits) != length) {
        return false;
    }
    for (size_t i = 0; i < sizeof(ret->octets); i++) {
        ret->octets[i] = (uint8_t)((strchr(digits, text[2 * i]) - digits) << 4 |
                                   (strchr(digits, text[2 * i + 1]) - digits));
    }
    return true;
}
