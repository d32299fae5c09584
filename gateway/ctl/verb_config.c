/* SPDX-License-Identifier: Apache-2.0 */
/* wardctl config check: whether the daemons will take the configuration, and what it says beside the defaults. */
#include <getopt.h>
#include <stdbool.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "ctl/document.h"
#include "ctl/prose.h"
#include "ctl/settings.h"
#include "ctl/show.h"
#include "ctl/verbs.h"

static int refuse(int result, const struct ward_config_error *error, bool as_json)
{
    const struct ward_settings_unread *unread = ward_settings_unread(result, error);
    const char *why = unread != NULL ? unread->why : error->text;
    char *head = NULL, place[16] = "";

    if (as_json)
        ward_show_json(json_pack("{sb, ss, sI, ss, ss*}", "valid", 0, "file", error->file, "line",
                                 (json_int_t)error->line, "error", why, "next",
                                 unread != NULL ? unread->next : NULL));
    if (error->line > 0)
        snprintf(place, sizeof(place), ":%u", error->line);
    if (asprintf(&head, "%s%s: ", error->file, place) < 0)
        return ward_ctl_fail("out of memory");
    ward_prose_say(head, why);
    if (unread != NULL)
        ward_prose_say("next: ", unread->next);
    free(head);
    return WARD_CTL_FAILED;
}

static void show(const char *path, const struct ward_config *config, const json_t *settings)
{
    const json_t *setting;
    size_t at;

    ward_prose_begin();
    printf("%s is valid. The gateway is %s%s%s.\n", path, config->gateway.id,
           config->gateway.site[0] != '\0' ? " at " : "", config->gateway.site);
    puts(json_array_size(settings) > 0 ? "What differs from the defaults:" : "Everything is at its default.");
    json_array_foreach(settings, at, setting)
    {
        const char *usual = ward_document_text(setting, "default");

        printf("  [%s] %s = %s\n", ward_document_text(setting, "section"), ward_document_text(setting, "key"),
               ward_document_text(setting, "value"));
        printf("      %s:%s; by default %s\n", ward_document_text(setting, "file"),
               ward_document_member(setting, "line").text, *usual != '\0' ? usual : "not set");
    }
    if (config->hub.host[0] == '\0')
        puts("No hub is set ([hub] host): nothing leaves this gateway, and nobody at a ward hears an alarm.");
    if (!config->plan.require_signature)
        puts("Plans need no signature ([plan] require_signature): no patient is monitored in full.");
}

static int check(int argc, char **argv)
{
    static const struct option options[] = {{"json", no_argument, NULL, 'j'}, {NULL, 0, NULL, 0}};
    struct ward_config config;
    struct ward_config_error error;
    const char *path = WARD_CTL_CONFIG;
    json_t *settings = NULL;
    bool as_json = false;
    int option, result;

    while ((option = getopt_long(argc, argv, "", options, NULL)) != -1) {
        if (option != 'j')
            return ward_ctl_usage(&ward_verb_config, "\"%s\" is not an option of it", argv[optind - 1]);
        as_json = true;
    }
    if (argc - optind > 1)
        return ward_ctl_usage(&ward_verb_config, "\"%s\" is one argument too many", argv[optind + 1]);
    if (optind < argc)
        path = argv[optind];
    result = ward_settings_read(path, &config, &error, &settings);
    if (result < 0)
        return refuse(result, &error, as_json);
    if (as_json)
        ward_show_json(json_pack("{sb, ss, ss, ss, sO}", "valid", 1, "file", path, "gateway",
                                 config.gateway.id, "site", config.gateway.site, "settings", settings));
    else
        show(path, &config, settings);
    json_decref(settings);
    return WARD_CTL_DONE;
}

static int run(int argc, char **argv)
{
    if (argc >= 2 && strcmp(argv[1], "check") == 0)
        return check(argc - 1, argv + 1);
    return ward_ctl_usage(&ward_verb_config, "what to do is missing: check");
}

const struct ward_verb ward_verb_config = {
    .name = "config",
    .usage = "config check [FILE] [--json]\n",
    .summary = "Whether the configuration is good, and what it sets",
    .help =
        "  check  reads FILE (" WARD_CTL_CONFIG ") and what is in FILE.d as the daemons do: says where\n"
        "         the first fault is, or what differs from the defaults and where that is set. It needs no daemon,\n"
        "         and changes nothing: `systemctl restart wardgated wardgate-uplink` puts it into force\n"
        "  --json one JSON object\n",
    .run = run,
};
