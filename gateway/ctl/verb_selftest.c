/* SPDX-License-Identifier: Apache-2.0 */
/*
 * wardctl selftest: numbered checks of this gateway, each good, to be looked at, or bad, with what to do next: the
 * configuration, the units, the daemon's own word, the keys, and whether every stored record follows from the one before.
 */
#include <getopt.h>
#include <inttypes.h>
#include <stdio.h>
#include <string.h>
#include <time.h>

#include <jansson.h>

#include "ctl/client.h"
#include "ctl/document.h"
#include "ctl/explain.h"
#include "ctl/filter.h"
#include "ctl/findings.h"
#include "ctl/prose.h"
#include "ctl/selftest.h"
#include "ctl/settings.h"
#include "ctl/show.h"
#include "ctl/units.h"
#include "ctl/verbs.h"

#define WEEK_S (INT64_C(7) * 86400)

/* --- the stored records ----------------------------------------------------------------------------------------- */

struct verified {
    char epoch[72];
    uint64_t first, last, head;
    bool damaged;
};

/* One call: the daemon looks at a part of the records, so that it is never long at it. */
static int verify_from(sd_bus *bus, uint64_t from, struct verified *ret)
{
    char text[24], **texts = NULL;
    sd_bus_message *reply = NULL;
    int status;

    snprintf(text, sizeof(text), "%" PRIu64, from);
    status = ward_client_call(bus, &reply, "Verify", "s", text);
    if (status == WARD_CTL_DONE)
        status = ward_client_read(reply, &texts);
    sd_bus_message_unref(reply);
    if (status != WARD_CTL_DONE)
        return status;
    json_t *document = ward_document_parse(texts[0]);
    const char *epoch = ward_document_text(document, "epoch");
    *ret = (struct verified){
        .first = (uint64_t)json_integer_value(json_object_get(document, "first")),
        .last = (uint64_t)json_integer_value(json_object_get(document, "last")),
        .head = (uint64_t)json_integer_value(json_object_get(document, "head")),
        .damaged = json_is_true(json_object_get(document, "damaged")),
    };
    snprintf(ret->epoch, sizeof(ret->epoch), "%s", epoch);
    if (*epoch == '\0')
        status = ward_ctl_fail("the daemon's answer is not one that this wardctl knows");
    json_decref(document);
    ward_client_free_texts(texts);
    return status;
}

static int verify(sd_bus *bus, struct verified *ret)
{
    struct verified all = {0}, part = {0};

    do {
        const int status = verify_from(bus, all.last + 1, &part);

        if (status != WARD_CTL_DONE)
            return status;
        if (*all.epoch != '\0' && strcmp(all.epoch, part.epoch) != 0) {
            all = (struct verified){.head = 1}; /* the database was replaced: numbers begin again */
            continue;
        }
        part.first = all.first != 0 ? all.first : part.first;
        all = part;
    } while (!all.damaged && all.last < all.head);
    *ret = all;
    return WARD_CTL_DONE;
}

static int look_at_records(sd_bus *bus, struct ward_findings *findings)
{
    struct verified all = {0};
    const int status = verify(bus, &all);

    if (status != WARD_CTL_DONE)
        return status;
    if (all.damaged)
        ward_findings_add(findings, WARD_FINDING_FAIL, "records", NULL,
                          "It is being replaced by itself: `wardctl status` says more.",
                          "Record %" PRIu64 " of %s is damaged.", all.last + 1, all.epoch);
    else if (all.last < all.first)
        ward_findings_add(findings, WARD_FINDING_OK, "records", NULL, NULL, "No record is stored.");
    else
        ward_findings_add(findings, WARD_FINDING_OK, "records", NULL, NULL,
                          "Records %" PRIu64 " to %" PRIu64 " of %s: each follows from the one before it.",
                          all.first, all.last, all.epoch);
    ward_findings_more(findings,
                       json_pack("{ss, sI, sI, sb}", "epoch", all.epoch, "first", (json_int_t)all.first,
                                 "last", (json_int_t)all.last, "damaged", (int)all.damaged));
    return WARD_CTL_DONE;
}

/* --- all of it --------------------------------------------------------------------------------------------------- */

typedef void look(const json_t *document, struct ward_findings *findings);

static int look_at(sd_bus *bus, const char *method, look *at, struct ward_findings *findings)
{
    char **texts = NULL;
    const int status = ward_client_get(bus, method, &texts);

    if (status == WARD_CTL_DONE) {
        json_t *document = ward_document_parse(texts[0]);

        at(document, findings);
        json_decref(document);
    }
    ward_client_free_texts(texts);
    return status;
}

/* Who may not see it may see all the rest. */
static int look_at_audit(sd_bus *bus, struct ward_findings *findings)
{
    struct timespec now = {0};
    char **texts = NULL;
    int status;

    (void)clock_gettime(CLOCK_REALTIME, &now);
    status = ward_filter_ask(
        bus, "Audit",
        &(struct ward_filter){.has_since = true, .since_ms = ((int64_t)now.tv_sec - WEEK_S) * 1000}, &texts);
    if (status == WARD_CTL_DONE) {
        json_t *calls = ward_explain_list(texts);

        ward_selftest_audit(calls, findings);
        json_decref(calls);
    } else if (status == WARD_CTL_NOT_ALLOWED) {
        ward_selftest_no_audit(findings);
        status = WARD_CTL_DONE;
    }
    ward_client_free_texts(texts);
    return status;
}

/* What is known without the daemon is said also when it does not answer: it may say why. */
static int look_at_all(const char *config, struct ward_findings *findings)
{
    sd_bus *bus = NULL;
    json_t *units;
    int status;

    ward_selftest_config(config, findings);
    status = ward_client_open(&bus);
    if (status == WARD_CTL_DONE) {
        units = ward_units_read(bus);
        ward_selftest_units(units, findings);
        json_decref(units);
        status = look_at(bus, "Status", ward_selftest_status, findings);
    }
    if (status != WARD_CTL_DONE)
        ward_findings_add(findings, WARD_FINDING_FAIL, "daemon", NULL,
                          "`systemctl status wardgated`; `systemctl restart wardgated`.",
                          "wardgated does not answer: nobody is monitored.");
    if (status == WARD_CTL_DONE)
        status = look_at(bus, "Hub", ward_selftest_hub, findings);
    if (status == WARD_CTL_DONE)
        status = look_at_audit(bus, findings);
    if (status == WARD_CTL_DONE)
        status = look_at_records(bus, findings);
    sd_bus_flush_close_unref(bus);
    return status;
}

static void show(const struct ward_findings *findings)
{
    ward_prose_begin();
    ward_findings_print(findings);
    printf("\n%u good, %u to be looked at, %u bad.\n", findings->counts[WARD_FINDING_OK],
           findings->counts[WARD_FINDING_WARN], findings->counts[WARD_FINDING_FAIL]);
}

static int run(int argc, char **argv)
{
    static const struct option options[] = {
        {"config", required_argument, NULL, 'c'}, {"json", no_argument, NULL, 'j'}, {NULL, 0, NULL, 0}};
    struct ward_findings findings;
    const char *config = WARD_CTL_CONFIG;
    bool as_json = false;
    json_t *finding;
    int option, status;
    size_t at;

    while ((option = getopt_long(argc, argv, "", options, NULL)) != -1) {
        if (option == 'j')
            as_json = true;
        else if (option == 'c')
            config = optarg;
        else
            return ward_ctl_usage(&ward_verb_selftest, "\"%s\" is no option, or lacks its value",
                                  argv[optind - 1]);
    }
    if (optind < argc)
        return ward_ctl_usage(&ward_verb_selftest, "it takes no argument \"%s\"", argv[optind]);
    findings = ward_findings_new();
    status = look_at_all(config, &findings);
    if (!as_json)
        show(&findings);
    else
        json_array_foreach(findings.list, at, finding)
        {
            ward_show_json(json_incref(finding));
        }
    if (status == WARD_CTL_DONE && findings.counts[WARD_FINDING_FAIL] > 0)
        status = WARD_CTL_FAILED;
    ward_findings_free(&findings);
    return status;
}

const struct ward_verb ward_verb_selftest = {
    .name = "selftest",
    .usage = "selftest [--config FILE] [--json]\n",
    .summary = "Whether this gateway is sound: checks, each with what to do next",
    .help =
        "Looks at the configuration, the units, the radio, the disk, the clock, the signaller, the link, the keys, the\n"
        "devices, what was called to change something, and holds every record against the chain. Other work of the gateway does not wait for it.\n"
        "  --config FILE  the configuration (" WARD_CTL_CONFIG ")\n"
        "  --json         one JSON object for each check\n"
        "\n"
        "Exit status 1 when a check is bad, 3 when the daemon does not answer.\n",
    .run = run,
};
