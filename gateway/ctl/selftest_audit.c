/* SPDX-License-Identifier: Apache-2.0 */
#include <pwd.h>
#include <stdio.h>
#include <string.h>
#include <sys/types.h>

#include "ctl/document.h"
#include "ctl/selftest.h"

#define NEXT "`wardctl diagnose` puts all calls into its file; Audit in org.wardgate(5) shows them at once."

/* "root (0)", "user 1000", "somebody unknown". */
static struct ward_cell who(const json_t *call)
{
    const json_t *uid = json_object_get(call, "uid");
    /* cppcheck-suppress getpwuidCalled ; there is one thread */
    const struct passwd *user = json_is_integer(uid) ? getpwuid((uid_t)json_integer_value(uid)) : NULL;
    struct ward_cell cell = {.text = ""};

    if (user != NULL)
        ward_cell_add(&cell, "%s (%s)", user->pw_name, ward_document_brief(uid).text);
    else if (json_is_integer(uid))
        ward_cell_add(&cell, "user %s", ward_document_brief(uid).text);
    else
        ward_cell_add(&cell, "somebody unknown");
    return cell;
}

static struct ward_cell what(const json_t *call)
{
    struct ward_cell cell = {.text = ""};

    ward_cell_add(&cell, "%s", ward_document_member(call, "method").text);
    if (*ward_document_text(call, "at") != '\0')
        ward_cell_add(&cell, ", %s ago", ward_document_age(call, "at").text);
    return cell;
}

void ward_selftest_audit(const json_t *calls, struct ward_findings *findings)
{
    const json_t *call, *newest = json_array_get(calls, 0), *refused = NULL;
    json_int_t omitted = 0;
    unsigned count = 0;
    size_t at;

    json_array_foreach(calls, at, call)
    {
        omitted += json_integer_value(json_object_get(call, "omitted"));
        if (strcmp(ward_document_text(call, "outcome"), "NotAllowed") == 0) {
            refused = refused != NULL ? refused : call;
            count++;
        }
    }
    if (refused != NULL)
        ward_findings_add(findings, WARD_FINDING_WARN, "audit", NULL, NEXT,
                          "In the last week %u call%s refused to whom it is not for, the last one to %s: %s.",
                          count, count == 1 ? " was" : "s were", who(refused).text, what(refused).text);
    else if (omitted > 0)
        ward_findings_add(findings, WARD_FINDING_WARN, "audit", NULL, NEXT,
                          "In the last week %" JSON_INTEGER_FORMAT
                          " calls were too many at once to be written down.",
                          omitted);
    else if (newest != NULL)
        ward_findings_add(findings, WARD_FINDING_OK, "audit", NULL, NULL,
                          "No call was refused in the last week; the last change was made by %s: %s.",
                          who(newest).text, what(newest).text);
    else
        ward_findings_add(findings, WARD_FINDING_OK, "audit", NULL, NULL,
                          "Nobody has changed anything in the last week.");
}

void ward_selftest_no_audit(struct ward_findings *findings)
{
    ward_findings_add(findings, WARD_FINDING_WARN, "audit", NULL,
                      "Ask again as root, or as a member of the group wardgate-admin.",
                      "Who changed what was not looked at: that is not for you.");
}
