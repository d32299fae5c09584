/* SPDX-License-Identifier: Apache-2.0 */
#include <string.h>

#include "core/message.h"
#include "core/reading.h"

static const struct {
    const char *tail;
    bool has_patient;
} topics[] = {
    [WARD_TOPIC_STATE] = {"/up/state", false},
    [WARD_TOPIC_HEARTBEAT] = {"/up/heartbeat", false},
    [WARD_TOPIC_ACTIVE] = {"/up/active/", true},
    [WARD_TOPIC_ALARMS] = {"/up/alarms", false},
    [WARD_TOPIC_READINGS] = {"/up/readings", false},
    [WARD_TOPIC_RESULT] = {"/up/result", false},
    [WARD_TOPIC_DIAGNOSTICS] = {"/up/diagnostics", false},
    [WARD_TOPIC_RECEIPT] = {"/down/receipt", false},
    [WARD_TOPIC_COMMAND] = {"/down/command", false},
    [WARD_TOPIC_CARE_PLAN] = {"/down/care-plan/", true},
    [WARD_TOPIC_FHIR] = {"/up/fhir", false},
};

/* Valid ids are at most 64 octets, so that the longest topic is known to fit. */
_Static_assert(sizeof("ward/v1/") - 1 + (size_t)3 * WARD_ID_MAX + 1 + sizeof("/down/care-plan/") - 1 <=
                   WARD_TOPIC_MAX,
               "a topic of three ids fits");

static size_t append(char *at, size_t length, const char *text)
{
    size_t count = strlen(text);

    memcpy(at + length, text, count + 1);
    return length + count;
}

size_t ward_topic_write(enum ward_topic topic, const char *site, const char *gateway, const char *patient,
                        char ret[WARD_TOPIC_MAX + 1])
{
    bool has_patient = topics[topic].has_patient;

    if (!ward_id_is_valid(site) || !ward_id_is_valid(gateway) ||
        (has_patient && (patient == NULL || !ward_id_is_valid(patient)))) {
        return 0;
    }
    size_t length = append(ret, 0, "ward/v1/");
    length = append(ret, length, site);
    length = append(ret, length, "/");
    length = append(ret, length, gateway);
    length = append(ret, length, topics[topic].tail);
    return has_patient ? append(ret, length, patient) : length;
}

bool ward_topic_parse_down(const char *text, const char *site, const char *gateway, enum ward_topic *ret,
                           struct ward_id *ret_patient)
{
    for (enum ward_topic topic = WARD_TOPIC_RECEIPT; topic <= WARD_TOPIC_CARE_PLAN; topic++) {
        char wanted[WARD_TOPIC_MAX + 1];
        /* A care plan's patient is what follows the tail, so look for the topic of patient "x" without the x. */
        size_t length = ward_topic_write(topic, site, gateway, "x", wanted);
        struct ward_id patient = {.text = ""};

        if (length == 0) {
            return false;
        }
        length -= topics[topic].has_patient ? 1 : 0;
        if (strncmp(text, wanted, length) != 0 ||
            (topics[topic].has_patient ? !ward_id_set(&patient, text + length) : text[length] != '\0')) {
            continue;
        }
        *ret = topic;
        *ret_patient = patient;
        return true;
    }
    return false;
}
