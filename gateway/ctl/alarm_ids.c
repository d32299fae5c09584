/* SPDX-License-Identifier: Apache-2.0 */
#include "ctl/alarm_ids.h"

#include <stddef.h>
#include <stdlib.h>
#include <string.h>

#include "ctl/client.h"
#include "ctl/document.h"
#include "ctl/filter.h"
#include "ctl/verbs.h"

#define ID_LENGTH  32
#define EVENTS_MAX 1000

bool ward_alarm_is_condition(const char *word)
{
    const size_t length = strlen(word);

    if (strchr(word, ':') != NULL || strspn(word, "0123456789") == length)
        return false;
    return length != ID_LENGTH || strspn(word, "0123456789abcdef") != length;
}

static bool has(char *const *ids, const char *id)
{
    for (; *ids != NULL; ids++)
        if (strcmp(*ids, id) == 0)
            return true;
    return false;
}

/* Adds to ret, which has room, the ids of those documents that have the condition: at most so many. */
static size_t pick(char *const *texts, const char *condition, size_t most, char **ret)
{
    size_t count = 0;

    for (; *texts != NULL && count < most; texts++) {
        json_t *document = ward_document_parse(*texts);
        const char *id = ward_document_text(document, "id");

        if (strcmp(ward_document_text(document, "condition"), condition) == 0 && *id != '\0' && !has(ret, id))
            ret[count] = strdup(id);
        count += ret[count] != NULL;
        json_decref(document);
    }
    return count;
}

static int ask(sd_bus *bus, const struct ward_filter *filter, const char *condition, char ***ret)
{
    char **texts = NULL;
    size_t count = 0;
    int status = ward_filter_ask(bus, "Alarms", filter, &texts);

    if (status != WARD_CTL_DONE)
        return status;
    while (texts[count] != NULL)
        count++;
    *ret = calloc(count + 1, sizeof(**ret));
    if (*ret != NULL)
        (void)pick(texts, condition, filter->history ? 1 : count, *ret);
    else
        status = ward_ctl_fail("out of memory");
    ward_client_free_texts(texts);
    return status;
}

int ward_alarm_ids(const char *condition, const char *patient, bool past, char ***ret)
{
    sd_bus *bus = NULL;
    int status = ward_client_open(&bus);

    if (status == WARD_CTL_DONE)
        status = ask(bus, &(struct ward_filter){.patient = patient}, condition, ret);
    if (status == WARD_CTL_DONE && (*ret)[0] == NULL && past) {
        *ret = ward_client_free_texts(*ret);
        status = ask(bus, &(struct ward_filter){.patient = patient, .history = true, .limit = EVENTS_MAX},
                     condition, ret);
    }
    if (status == WARD_CTL_DONE && (*ret)[0] == NULL)
        status = ward_ctl_fail("no alarm has the condition \"%s\"; `wardctl alarms%s` shows which there %s",
                               condition, past ? " history" : "", past ? "were" : "are");
    sd_bus_flush_close_unref(bus);
    return status;
}
