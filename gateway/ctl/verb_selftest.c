/* SPDX-License-Identifier: Apache-2.0 */
/* wardctl selftest: whether every stored record still follows from the one before it. */
#include <inttypes.h>
#include <stdio.h>

#include <jansson.h>

#include "ctl/client.h"
#include "ctl/show.h"
#include "ctl/verbs.h"

struct verified {
    char epoch[72];
    uint64_t first, last, head;
    bool damaged;
};

/* One call: the daemon looks at a part of the records, so that it is never long at it. */
static int verify_from(uint64_t from, struct verified *ret)
{
    char text[24], **texts = NULL;

    snprintf(text, sizeof(text), "%" PRIu64, from);
    int status = ward_client_fetch(&texts, "Verify", "s", text);
    if (status != WARD_CTL_DONE)
        return status;
    json_t *document = json_loads(texts[0], 0, NULL);
    const char *epoch = json_string_value(json_object_get(document, "epoch"));
    *ret = (struct verified){
        .first = (uint64_t)json_integer_value(json_object_get(document, "first")),
        .last = (uint64_t)json_integer_value(json_object_get(document, "last")),
        .head = (uint64_t)json_integer_value(json_object_get(document, "head")),
        .damaged = json_is_true(json_object_get(document, "damaged")),
    };
    snprintf(ret->epoch, sizeof(ret->epoch), "%s", epoch ? epoch : "");
    if (!epoch)
        status = ward_ctl_fail("the daemon's answer is not one that this wardctl knows");
    json_decref(document);
    ward_client_free_texts(texts);
    return status;
}

static void print_result(const struct verified *all, bool as_json)
{
    if (as_json)
        printf("{\"epoch\":\"%s\",\"first\":%" PRIu64 ",\"last\":%" PRIu64 ",\"damaged\":%s}\n", all->epoch,
               all->first, all->last, all->damaged ? "true" : "false");
    else if (all->damaged)
        printf("Record %" PRIu64
               " of %s is damaged. The database is being replaced; `wardctl status` says more.\n",
               all->last + 1, all->epoch);
    else if (all->last < all->first)
        printf("No record is stored.\n");
    else
        printf("Records %" PRIu64 " to %" PRIu64 " of %s: each follows from the one before it.\n", all->first,
               all->last, all->epoch);
}

static int run(int argc, char **argv)
{
    struct verified all = {0}, part = {0};
    bool as_json;
    int status = ward_show_options(&ward_verb_selftest, argc, argv, 0, &as_json);

    do {
        if (status == WARD_CTL_DONE)
            status = verify_from(part.last + 1, &part);
        if (status != WARD_CTL_DONE)
            return status;
        const uint64_t first = all.first ? all.first : part.first;
        all = part;
        all.first = first;
    } while (!part.damaged && part.last < part.head);
    print_result(&all, as_json);
    return all.damaged ? WARD_CTL_FAILED : WARD_CTL_DONE;
}

const struct ward_verb ward_verb_selftest = {
    .name = "selftest",
    .usage = "selftest [--json]\n",
    .summary = "Whether what is stored is still what was stored",
    .help = "Holds every record against the chain. Other work of the gateway does not wait for it.\n"
            "  --json  one JSON object\n",
    .run = run,
};
