/* SPDX-License-Identifier: Apache-2.0 */
/*
 * wardctl diagnose: what somebody far away has to know about a gateway that does not do as it should, in one file that may
 * be mailed: nothing of a patient, no address and no name is in it. It is most wanted when the daemon is down, and is
 * made then as well, with what there is.
 */
#include <getopt.h>
#include <stdbool.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/utsname.h>
#include <systemd/sd-bus.h>
#include <time.h>

#include "ctl/bundle.h"
#include "ctl/client.h"
#include "ctl/diagnosis.h"
#include "ctl/document.h"
#include "ctl/excerpt.h"
#include "ctl/explain.h"
#include "ctl/filter.h"
#include "ctl/prose.h"
#include "ctl/redact.h"
#include "ctl/settings.h"
#include "ctl/show.h"
#include "ctl/units.h"

#define AUDIT_MOST 1000 /* of the calls, the newest */

struct options {
    const char *path, *config, *journal;
    bool as_json;
};

struct diagnosis {
    const struct options *options;
    struct ward_bundle *bundle;
    struct ward_redaction redaction;
    json_t *status, *hub, *units; /* NULL without the daemon; without the bus */
    json_t *audit;                /* list; NULL without the daemon, or where it is not for who asks */
    json_t *missing;              /* sentences: what could not be put in, and why */
};

/* --- what there is -------------------------------------------------------------------------------------------------- */

static json_t *get(sd_bus *bus, const char *method)
{
    char **texts = NULL;
    json_t *document = NULL;

    if (ward_client_get(bus, method, &texts) == WARD_CTL_DONE)
        document = ward_document_parse(texts[0]);
    ward_client_free_texts(texts);
    return document;
}

/* Who changed what on this gateway. It is for those who may change something themselves. */
static json_t *get_audit(sd_bus *bus)
{
    const struct ward_filter all = {.limit = AUDIT_MOST};
    char **texts = NULL;
    json_t *calls = NULL;

    if (ward_filter_ask(bus, "Audit", &all, &texts) == WARD_CTL_DONE)
        calls = ward_explain_list(texts);
    ward_client_free_texts(texts);
    return calls;
}

static void ask(struct diagnosis *diagnosis)
{
    sd_bus *bus = NULL;

    if (ward_client_open(&bus) == WARD_CTL_DONE) {
        diagnosis->units = ward_units_read(bus);
        diagnosis->status = get(bus, "Status");
        if (diagnosis->status != NULL) {
            diagnosis->hub = get(bus, "Hub");
            diagnosis->audit = get_audit(bus);
        }
    }
    if (json_array_size(diagnosis->units) == 0)
        (void)json_array_append_new(diagnosis->missing, json_string("units: no systemd answered"));
    if (diagnosis->status == NULL)
        (void)json_array_append_new(diagnosis->missing,
                                    json_string("state, devices and counters: the daemon did not answer"));
    if (diagnosis->audit == NULL)
        (void)json_array_append_new(
            diagnosis->missing,
            json_string(diagnosis->status == NULL
                            ? "audit: the daemon did not answer"
                            : "audit: it was not given; it is for root and the group wardgate-admin"));
    sd_bus_flush_close_unref(bus);
}

/* The first line of /etc/os-release that names the system. */
static void read_system(char *ret, size_t size)
{
    static const char member[] = "PRETTY_NAME=";
    FILE *file = fopen("/etc/os-release", "re");
    char line[256];

    snprintf(ret, size, "-");
    while (file != NULL && fgets(line, sizeof(line), file) != NULL)
        if (strncmp(line, member, strlen(member)) == 0) {
            line[strcspn(line, "\n")] = '\0';
            snprintf(ret, size, "%s", line + strlen(member) + (line[strlen(member)] == '"'));
            ret[strcspn(ret, "\"")] = '\0';
        }
    if (file != NULL)
        fclose(file);
}

static json_t *versions(const struct diagnosis *diagnosis)
{
    struct utsname kernel = {.release = ""};
    char system[128];

    (void)uname(&kernel);
    read_system(system, sizeof(system));
    return json_pack("{ss, ss, ss, ss, ss}", "wardctl", WARD_VERSION, "wardgated",
                     diagnosis->status != NULL ? ward_document_text(diagnosis->status, "version") : "",
                     "kernel", kernel.release, "machine", kernel.machine, "system", system);
}

/* --- what is put in --------------------------------------------------------------------------------------------------- */

/* Takes the document over, in which nothing but this program's own words and version numbers stand. */
static int add_as_it_is(struct diagnosis *diagnosis, const char *name, json_t *document)
{
    char *text = json_dumps(document, JSON_INDENT(2) | JSON_ENSURE_ASCII);
    const int status =
        text != NULL ? ward_bundle_add(diagnosis->bundle, name, text) : ward_ctl_fail("out of memory");

    free(text);
    json_decref(document);
    return status;
}

/* The same for every other: whatever was picked, each string goes through the redaction. */
static int add_json(struct diagnosis *diagnosis, const char *name, json_t *document)
{
    json_t *redacted = ward_redact_json(&diagnosis->redaction, document);

    json_decref(document);
    return add_as_it_is(diagnosis, name, redacted);
}

static int add_config(struct diagnosis *diagnosis)
{
    struct ward_config *config = malloc(sizeof(*config));
    struct ward_config_error error;
    json_t *settings = NULL;
    int status = WARD_CTL_DONE;

    if (config == NULL)
        return ward_ctl_fail("out of memory");
    if (ward_settings_read(diagnosis->options->config, config, &error, &settings) == 0)
        status = add_json(diagnosis, "config.json", ward_diagnosis_config(settings));
    else
        status = add_json(diagnosis, "config.json",
                          json_pack("{ss, sI}", "file", error.file, "line", (json_int_t)error.line));
    if (settings == NULL)
        (void)json_array_append_new(
            diagnosis->missing,
            json_string(
                "settings: the configuration is not valid, or may not be read; see `wardctl config check`"));
    json_decref(settings);
    free(config);
    return status;
}

static int add_journal(struct diagnosis *diagnosis)
{
    const struct ward_excerpt excerpt = {.directory = diagnosis->options->journal,
                                         .names_known = diagnosis->status != NULL};
    const char *why;
    char *text = ward_excerpt_read(&excerpt, &diagnosis->redaction, &why);
    int status;

    if (text == NULL || *text == '\0')
        (void)json_array_append_new(diagnosis->missing,
                                    json_sprintf("journal: no line of the gateway's units was found (%s)",
                                                 text == NULL ? why : "it may be readable for root alone"));
    status = text != NULL ? ward_bundle_add(diagnosis->bundle, "journal.txt", text) : WARD_CTL_DONE;
    free(text);
    return status;
}

static json_t *manifest(const struct diagnosis *diagnosis)
{
    return json_pack("{ss, ss, sO, sO, so, sO}", "schema", "wardgate.diagnosis/1", "version", WARD_VERSION,
                     "files", ward_bundle_files(diagnosis->bundle), "missing", diagnosis->missing, "left_out",
                     ward_diagnosis_left_out(), "taken_out", diagnosis->redaction.counts);
}

static int add_all(struct diagnosis *diagnosis)
{
    const json_t *of = diagnosis->status;
    int status = add_as_it_is(diagnosis, "versions.json", versions(diagnosis));

    if (status == WARD_CTL_DONE && diagnosis->units != NULL)
        status = add_json(diagnosis, "units.json", json_incref(diagnosis->units));
    if (status == WARD_CTL_DONE)
        status = add_config(diagnosis);
    if (status == WARD_CTL_DONE && of != NULL)
        status = add_json(diagnosis, "state.json", ward_diagnosis_state(of));
    if (status == WARD_CTL_DONE && of != NULL)
        status = add_json(diagnosis, "devices.json", ward_diagnosis_devices(of));
    if (status == WARD_CTL_DONE && of != NULL)
        status = add_json(diagnosis, "counters.json", ward_diagnosis_counters(of));
    if (status == WARD_CTL_DONE && diagnosis->hub != NULL)
        status = add_json(diagnosis, "hub.json", ward_diagnosis_hub(diagnosis->hub));
    if (status == WARD_CTL_DONE && diagnosis->audit != NULL)
        status = add_json(diagnosis, "audit.json", ward_diagnosis_audit(diagnosis->audit));
    if (status == WARD_CTL_DONE)
        status = add_journal(diagnosis);
    if (status != WARD_CTL_DONE)
        return status;
    return add_as_it_is(diagnosis, "MANIFEST.json", manifest(diagnosis));
}

/* --- the verb --------------------------------------------------------------------------------------------------------- */

static void show(const struct diagnosis *diagnosis, json_t *document)
{
    const json_t *missing;
    json_t *said;
    size_t at;

    if (diagnosis->options->as_json) {
        (void)json_object_set_new(document, "file", json_string(diagnosis->options->path));
        ward_show_json(json_incref(document));
        return;
    }
    /* The bundle itself may be on standard output. */
    said = json_sprintf(
        "%s is made. Nothing of a patient is in it: MANIFEST.json says what was put in and what was "
        "taken out.",
        diagnosis->options->path);
    ward_prose_say("", said != NULL ? json_string_value(said) : "It is made.");
    json_decref(said);
    json_array_foreach(diagnosis->missing, at, missing)
    {
        said = json_sprintf("%s.", json_string_value(missing));
        ward_prose_say("Missing: ", json_string_value(said != NULL ? said : missing));
        json_decref(said);
    }
}

static int diagnose(const struct options *options)
{
    struct diagnosis diagnosis = {
        .options = options, .redaction = ward_redaction_new(), .missing = json_array()};
    char directory[64];
    const time_t now = time(NULL);
    struct tm tm = {0};
    json_t *document = NULL;
    int status;

    (void)gmtime_r(&now, &tm);
    strftime(directory, sizeof(directory), "wardgate-%Y%m%dT%H%M%SZ", &tm);
    /* Asked first: who ends it while a daemon that hangs is waited for leaves no half of a file. */
    ask(&diagnosis);
    status = ward_bundle_open(options->path, directory, &diagnosis.bundle);
    if (status == WARD_CTL_DONE) {
        ward_diagnosis_words(diagnosis.status, &diagnosis.redaction);
        status = add_all(&diagnosis);
        document = manifest(&diagnosis);
        status = ward_bundle_close(diagnosis.bundle, status);
    }
    if (status == WARD_CTL_DONE)
        show(&diagnosis, document);
    json_decref(document);
    json_decref(diagnosis.status);
    json_decref(diagnosis.hub);
    json_decref(diagnosis.units);
    json_decref(diagnosis.audit);
    json_decref(diagnosis.missing);
    ward_redaction_free(&diagnosis.redaction);
    return status;
}

static int run(int argc, char **argv)
{
    static const struct option options[] = {{"config", required_argument, NULL, 'c'},
                                            {"journal", required_argument, NULL, 'd'},
                                            {"json", no_argument, NULL, 'j'},
                                            {NULL, 0, NULL, 0}};
    struct options chosen = {.path = "wardgate-diagnosis.tar.gz", .config = WARD_CTL_CONFIG};
    int option;

    while ((option = getopt_long(argc, argv, "", options, NULL)) != -1) {
        switch (option) {
        case 'c': chosen.config = optarg; break;
        case 'd': chosen.journal = optarg; break;
        case 'j': chosen.as_json = true; break;
        default:
            return ward_ctl_usage(&ward_verb_diagnose, "\"%s\" is no option, or lacks its value",
                                  argv[optind - 1]);
        }
    }
    if (argc - optind > 1)
        return ward_ctl_usage(&ward_verb_diagnose, "\"%s\" is one argument too many", argv[optind + 1]);
    if (optind < argc)
        chosen.path = argv[optind];
    if (chosen.as_json && strcmp(chosen.path, "-") == 0)
        return ward_ctl_usage(&ward_verb_diagnose, "--json and \"-\" both want standard output");
    return diagnose(&chosen);
}

const struct ward_verb ward_verb_diagnose = {
    .name = "diagnose",
    .usage = "diagnose [FILE] [--config FILE] [--journal DIRECTORY] [--json]\n",
    .summary = "Makes a file for whoever helps from afar, with no patient's data",
    .help =
        "Writes a tar.gz, FILE or wardgate-diagnosis.tar.gz (- for standard output), which must not be there yet:\n"
        "versions, the units' states, the configuration without secrets, what the daemon says of itself, counters,\n"
        "devices by id only, who called what to change something (by number of the user), the newest lines of the\n"
        "journal; and MANIFEST.json, which says what was put in and what\n"
        "was taken out. No address, name, label, check word, date of birth or value is in it. It is made also when\n"
        "the daemon does not answer.\n"
        "  --config   the configuration (" WARD_CTL_CONFIG ")\n"
        "  --journal  the journal's files, as of a disk that was taken out of a gateway\n"
        "  --json     what was put in and what was taken out, as one JSON object\n",
    .run = run,
};
