/* SPDX-License-Identifier: Apache-2.0 */
#include "ctl/plan_file.h"

#include <jansson.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "core/careplan.h"
#include "ctl/file.h"
#include "ctl/verbs.h"
#include "ctl/zone_file.h"

static void print_errors(const char *path, const struct ward_plan_errors *errors)
{
    fprintf(stderr, "%s: this care plan is refused, %zu error%s:\n", path, errors->total,
            errors->total == 1 ? "" : "s");
    for (size_t i = 0; i < errors->count; i++) {
        const struct ward_plan_error *error = &errors->list[i];

        fprintf(stderr, "  %s: %s%s%s\n", error->pointer[0] != '\0' ? error->pointer : "(the whole document)",
                error->reason, error->value[0] != '\0' ? ": " : "", error->value);
    }
    if (errors->total > errors->count) {
        fprintf(stderr, "  and %zu more\n", errors->total - errors->count);
    }
}

static void print_errors_json(const struct ward_plan_errors *errors)
{
    json_t *list = json_array();
    json_t *all;

    for (size_t i = 0; i < errors->count; i++) {
        const struct ward_plan_error *error = &errors->list[i];

        json_array_append_new(list,
                              json_pack("{s:s,s:s,s:s*}", "pointer", error->pointer, "reason", error->reason,
                                        "value", error->value[0] != '\0' ? error->value : NULL));
    }
    all = json_pack("{s:b,s:I,s:o}", "valid", 0, "total", (json_int_t)errors->total, "errors", list);
    json_dumpf(all, stdout, JSON_COMPACT);
    putchar('\n');
    json_decref(all);
}

/* What only the computer knows on which the plan is read. */
static bool check_zone(const struct ward_care_plan *plan, struct ward_plan_errors *errors)
{
    struct ward_zone zone;

    if (plan->zone[0] == '\0' || ward_zone_file_read(plan->zone, &zone))
        return true;
    errors->count = errors->total = 1;
    errors->list[0] =
        (struct ward_plan_error){.pointer = "/zone", .reason = "is no time zone that this computer knows"};
    (void)snprintf(errors->list[0].value, sizeof(errors->list[0].value), "\"%.60s\"", plan->zone);
    return false;
}

static int judge(const char *path, const char *text, struct ward_care_plan *ret, bool as_json)
{
    struct ward_plan_errors *errors = malloc(sizeof(*errors));
    int status = WARD_CTL_DONE;

    if (errors == NULL)
        return ward_ctl_fail("out of memory");
    if (!ward_care_plan_parse(text, strlen(text), ret, errors) || !check_zone(ret, errors)) {
        if (as_json)
            print_errors_json(errors);
        else
            print_errors(path, errors);
        status = WARD_CTL_FAILED;
    }
    free(errors);
    return status;
}

int ward_plan_file_read(const char *path, struct ward_care_plan *ret, bool as_json)
{
    char *text = NULL;
    int status = ward_file_read(path, &text);

    if (status == WARD_CTL_DONE)
        status = judge(path, text, ret, as_json);
    free(text);
    return status;
}

int ward_plan_file_text(const char *path, char **ret)
{
    struct ward_care_plan *plan = calloc(1, sizeof(*plan));
    char *text = NULL;
    int status = plan != NULL ? ward_file_read(path, &text) : ward_ctl_fail("out of memory");

    if (status == WARD_CTL_DONE)
        status = judge(path, text, plan, false);
    if (status == WARD_CTL_DONE)
        *ret = text;
    else
        free(text);
    free(plan);
    return status;
}
