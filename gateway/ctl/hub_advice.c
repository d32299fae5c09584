/* SPDX-License-Identifier: Apache-2.0 */
#include "ctl/hub_advice.h"

#include <stddef.h>
#include <string.h>

#include "ctl/document.h"

static const struct {
    const char *step, *next;
} rows[] = {
    {"uplink", "`systemctl status wardgate-uplink` says why it does not run."},
    {"DNS",
     "See that the home's network is there, and that the name is right: `wardctl hub show` has it, [hub] "
     "host sets it."},
    {"TCP",
     "It is the home's network or its firewall (`wardctl hub show` has the port), or the broker does not "
     "run: ring the ward."},
    {"TLS",
     "See that the clock is right (`wardctl status`), then tell the ward: it answers with a certificate "
     "that is not taken, or somebody else does."},
    {"MQTT", "The ward's broker does not let this hub in: tell the ward, with its id (`wardctl status`)."},
    {"publish", "The broker is reached and does not take what this hub sends: tell the ward."},
    {"receipt",
     "The broker is reached, and nobody behind it confirms: ring the ward. What waits is kept, and goes "
     "up later."},
};

bool ward_hub_step_has_failed(const json_t *step)
{
    const json_t *ok = json_object_get(step, "ok");

    return !json_is_true(ok) && !json_is_null(ok);
}

const char *ward_hub_step_text(const json_t *step)
{
    const char *name = ward_document_text(step, "step"), *text = ward_document_text(step, "text");
    const size_t length = strlen(name);

    if (*name != '\0' && strncmp(text, name, length) == 0 && strncmp(text + length, ": ", 2) == 0)
        return text + length + 2;
    return text;
}

const char *ward_hub_advice(const json_t *step, const json_t *link)
{
    const char *name = ward_document_text(step, "step");

    if (strcmp(name, "uplink") != 0 && strcmp(ward_document_text(link, "reason"), "not enrolled") == 0)
        return "This hub is not enrolled: `wardctl hub enrol`, with the ward's code.";
    if (strstr(ward_document_text(step, "text"), "this gateway's certificate") != NULL)
        return "See that the clock is right (`wardctl status`). If it is, get a new code from the ward: `wardctl "
               "hub enrol`.";
    for (size_t i = 0; i < sizeof(rows) / sizeof(rows[0]); i++)
        if (strcmp(rows[i].step, name) == 0)
            return rows[i].next;
    return "Tell the ward.";
}
