/* SPDX-License-Identifier: Apache-2.0 */
/* The daemon answers with a page at most, so that one question does not hold up its store: more is asked for page by page. */
#include <stdlib.h>
#include <string.h>

#include "ctl/client.h"
#include "ctl/document.h"
#include "ctl/readings.h"
#include "ctl/verbs.h"

struct pages {
    char **texts; /* NULL at the end */
    size_t count;
    char epoch[80]; /* of all of them */
};

/* Takes the documents over; the list itself is freed. Returns an exit status. */
static int take_page(struct pages *pages, char **page, size_t count)
{
    char **grown = reallocarray(pages->texts, pages->count + count + 1, sizeof(*grown));

    if (grown == NULL) {
        ward_client_free_texts(page);
        return ward_ctl_fail("out of memory");
    }
    memcpy(grown + pages->count, page, (count + 1) * sizeof(*grown));
    pages->texts = grown;
    pages->count += count;
    free(page);
    return WARD_CTL_DONE;
}

static int say_replaced(void)
{
    return ward_ctl_fail("the database was replaced meanwhile: ask again");
}

/* What the next page lies before: the oldest that is there. Numbers begin again with a new database. */
static int look_at_oldest(struct pages *pages, const char *text, uint64_t *before_seq)
{
    json_t *oldest = ward_document_parse(text);
    const uint64_t seq = (uint64_t)json_integer_value(json_object_get(oldest, "seq"));
    const char *epoch = ward_document_text(oldest, "epoch");
    int status = WARD_CTL_DONE;

    if (pages->epoch[0] == '\0')
        snprintf(pages->epoch, sizeof(pages->epoch), "%s", epoch);
    if (strcmp(pages->epoch, epoch) != 0)
        status = say_replaced();
    else if (seq == 0 || (*before_seq > 0 && seq >= *before_seq))
        status =
            ward_ctl_fail("the daemon gives no more than %d at once, and is not of this wardctl's version",
                          WARD_READINGS_PAGE);
    *before_seq = seq;
    json_decref(oldest);
    return status;
}

static int ask_page(sd_bus *bus, struct ward_filter *filter, struct pages *pages, size_t *ret_count)
{
    char **page = NULL;
    int status = ward_filter_ask(bus, "Readings", filter, &page);

    *ret_count = 0;
    while (status == WARD_CTL_DONE && page[*ret_count] != NULL)
        ++*ret_count;
    if (status == WARD_CTL_DONE && *ret_count == WARD_READINGS_PAGE)
        status = look_at_oldest(pages, page[*ret_count - 1], &filter->before_seq);
    if (status == WARD_CTL_DONE)
        return take_page(pages, page, *ret_count);
    ward_client_free_texts(page);
    return status;
}

/* Of a new database the next page may be short or empty, and look like the end: the newest record says whose numbers they are. */
static int look_at_newest(sd_bus *bus, const struct ward_filter *filter, const struct pages *pages)
{
    struct ward_filter newest = *filter;
    char **texts = NULL;
    json_t *record;
    int status;

    newest.limit = 1;
    status = ward_filter_ask(bus, "Readings", &newest, &texts);
    if (status != WARD_CTL_DONE)
        return status;
    record = ward_document_parse(texts[0] != NULL ? texts[0] : "");
    if (strcmp(pages->epoch, ward_document_text(record, "epoch")) != 0)
        status = say_replaced();
    json_decref(record);
    ward_client_free_texts(texts);
    return status;
}

int ward_readings_ask(sd_bus *bus, const struct ward_filter *filter, char ***ret)
{
    struct ward_filter part = *filter;
    struct pages pages = {0};
    size_t left = filter->limit, count;
    int status;

    do {
        part.limit = left < WARD_READINGS_PAGE ? (uint32_t)left : WARD_READINGS_PAGE;
        status = ask_page(bus, &part, &pages, &count);
        left -= count < left ? count : left;
    } while (status == WARD_CTL_DONE && count == WARD_READINGS_PAGE && left > 0);
    if (status == WARD_CTL_DONE && part.before_seq > 0 && filter->limit > WARD_READINGS_PAGE)
        status = look_at_newest(bus, filter, &pages);
    if (status == WARD_CTL_DONE)
        *ret = pages.texts;
    else
        ward_client_free_texts(pages.texts);
    return status;
}
