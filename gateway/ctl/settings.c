/* SPDX-License-Identifier: Apache-2.0 */
#include "ctl/settings.h"

#include <errno.h>
#include <stdbool.h>
#include <string.h>

#include "core/model.h"
#include "ctl/document.h"

static bool is_model(const char *id)
{
    return ward_model_by_id(id) != NULL;
}

static bool is_of(const json_t *setting, const struct ward_config_assignment *assignment)
{
    return strcmp(ward_document_text(setting, "section"), assignment->section) == 0 &&
           strcmp(ward_document_text(setting, "key"), assignment->key) == 0;
}

/* Of one key the last assignment holds: it takes the place of an earlier one. */
static void take(void *userdata, const struct ward_config_assignment *assignment)
{
    json_t *settings = userdata, *setting;
    json_t *const new =
        json_pack("{ss, ss, ss, ss, ss, sI}", "section", assignment->section, "key", assignment->key, "value",
                  assignment->value, "default", assignment->fallback, "file", assignment->file, "line",
                  (json_int_t)assignment->line);
    size_t at;

    json_array_foreach(settings, at, setting)
    {
        if (is_of(setting, assignment)) {
            (void)json_array_remove(settings, at);
            break;
        }
    }
    if (new != NULL && assignment->differs)
        (void)json_array_append(settings, new);
    json_decref(new);
}

int ward_settings_read(const char *path, struct ward_config *ret_config, struct ward_config_error *ret_error,
                       json_t **ret)
{
    json_t *settings = json_array();
    const struct ward_config_ear ear = {.tell = take, .userdata = settings};
    const int result = ward_config_load_telling(path, is_model, &ear, ret_config, ret_error);

    if (result < 0)
        json_decref(settings);
    else
        *ret = settings;
    return result;
}

const struct ward_settings_unread *ward_settings_unread(int result, const struct ward_config_error *error)
{
    static const struct ward_settings_unread missing = {
        "there is no such file",
        "Without a FILE it is " WARD_CTL_CONFIG ", which the package brings; where it was deleted, "
        "`apt-get install --reinstall -o Dpkg::Options::=--force-confmiss wardgate` puts it back."};
    static const struct ward_settings_unread forbidden = {"you may not read it",
                                                          "Ask again as root: `sudo wardctl ...`."};
    static const struct ward_settings_unread other = {
        "it cannot be read",
        "It must be a text file with [SECTION] and KEY = VALUE lines: wardgate.conf(5)."};

    /* A fault in the text has a line, or a sentence of its own; a directory can be opened, and not be read. */
    if (error->line > 0 ||
        (strcmp(error->text, strerror(-result)) != 0 && strcmp(error->text, "cannot be read") != 0))
        return NULL;
    return result == -ENOENT || result == -ENOTDIR ? &missing
           : result == -EACCES || result == -EPERM ? &forbidden
                                                   : &other;
}
