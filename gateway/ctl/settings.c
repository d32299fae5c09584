/* SPDX-License-Identifier: Apache-2.0 */
#include "ctl/settings.h"

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
