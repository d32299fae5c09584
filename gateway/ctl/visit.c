/* SPDX-License-Identifier: Apache-2.0 */
#include "ctl/visit.h"

#include <stdbool.h>
#include <string.h>

#include "ctl/advice.h"
#include "ctl/document.h"
#include "ctl/hub_advice.h"

/* " 5 min ago", or nothing where the time is not known. */
static struct ward_cell when(const json_t *document, const char *member)
{
    const struct ward_cell age = ward_document_age(document, member);
    struct ward_cell cell = {.text = ""};

    if (strcmp(age.text, "-") != 0)
        ward_cell_add(&cell, ", %s ago", age.text);
    return cell;
}

/* --- patients ------------------------------------------------------------------------------------------------- */

static void look_at_plan(const json_t *patient, struct ward_findings *findings)
{
    const char *id = ward_document_text(patient, "patient");
    const json_t *plan = json_object_get(patient, "plan");
    const struct ward_cell version = ward_document_member(plan, "version");

    if (!json_is_object(plan))
        ward_findings_add(findings, WARD_FINDING_FAIL, "plan", id, ward_advice("no-plan").next,
                          "No care plan is in force: nothing is judged.");
    else if (!json_is_true(json_object_get(plan, "signed")))
        ward_findings_add(findings, WARD_FINDING_FAIL, "plan", id, ward_advice("unsigned-plan").next,
                          "%s, version %s, is in force and not signed.", ward_document_text(plan, "id"),
                          version.text);
    else
        ward_findings_add(findings, WARD_FINDING_OK, "plan", id, NULL,
                          "%s, version %s, is in force and signed.", ward_document_text(plan, "id"),
                          version.text);
}

/* Every reason has a finding of its own: each has another next step. */
static void look_at_monitoring(const json_t *patient, struct ward_findings *findings)
{
    const char *id = ward_document_text(patient, "patient");
    const char *monitoring = ward_document_text(patient, "monitoring");
    const json_t *reasons = json_object_get(patient, "reasons"), *reason;
    size_t at;

    if (strcmp(monitoring, "full") == 0) {
        ward_findings_add(findings, WARD_FINDING_OK, "monitoring", id, NULL,
                          "The patient is monitored in full.");
        return;
    }
    if (json_array_size(reasons) == 0)
        ward_findings_add(findings, WARD_FINDING_FAIL, "monitoring", id, ward_advice("").next,
                          "Monitoring is %s.", *monitoring != '\0' ? monitoring : "not known");
    json_array_foreach(reasons, at, reason)
    {
        const char *name = json_is_string(reason) ? json_string_value(reason) : "";
        const struct ward_advice advice = ward_advice(name);

        ward_findings_add(findings, WARD_FINDING_FAIL, "monitoring", id,
                          ward_advice_of(advice.next, id, NULL).text, "Monitoring is %s, by %s%s%s.",
                          monitoring, name, *advice.why != '\0' ? ": " : "", advice.why);
    }
}

static bool has_device(const json_t *devices, const char *patient)
{
    const json_t *device, *binding;
    size_t at, inner;

    json_array_foreach(devices, at, device)
    {
        if (strcmp(ward_document_text(device, "patient"), patient) == 0)
            return true;
        json_array_foreach(json_object_get(device, "bindings"), inner, binding)
        {
            if (strcmp(ward_document_text(binding, "patient"), patient) == 0)
                return true;
        }
    }
    return false;
}

static void look_at_patients(const struct ward_visit *visit, struct ward_findings *findings)
{
    const json_t *patients = json_object_get(visit->status, "patients"), *patient;
    size_t at;

    if (json_array_size(patients) == 0)
        ward_findings_add(findings, WARD_FINDING_FAIL, "patient", NULL, ward_advice("no-patient").next,
                          "Nobody is admitted: nobody is monitored by this gateway.");
    json_array_foreach(patients, at, patient)
    {
        const char *id = ward_document_text(patient, "patient");

        look_at_plan(patient, findings);
        if (!has_device(json_object_get(visit->status, "devices"), id))
            ward_findings_add(
                findings, WARD_FINDING_FAIL, "device", id,
                ward_advice_of(
                    "`wardctl devices scan`, then `wardctl devices pair ADDRESS --patient PATIENT`.", id,
                    NULL)
                    .text,
                "No device is read for this patient.");
    }
}

/* --- devices -------------------------------------------------------------------------------------------------- */

/* Of a device that several share, for each of them: that it has read one of them proves nothing for the other. */
static void look_at_reading(const struct ward_visit *visit, const char *id, const char *patient,
                            struct ward_findings *findings)
{
    const json_t *reading = json_object_get(json_object_get(visit->readings, id), patient);

    if (reading == NULL)
        ward_findings_add(
            findings, WARD_FINDING_FAIL, "device", id,
            ward_advice_of("Take a measurement with it; `wardctl devices test DEVICE` says what it lacks.",
                           NULL, id)
                .text,
            "No good reading of it has come for %s since it was enrolled.", patient);
    else
        ward_findings_add(findings, WARD_FINDING_OK, "device", id, NULL, "%s of %s was read%s.",
                          ward_document_values(json_object_get(reading, "values")).text, patient,
                          when(reading, "received_at").text);
}

static void look_at_device(const struct ward_visit *visit, const json_t *device,
                           struct ward_findings *findings)
{
    const char *id = ward_document_text(device, "device");
    const json_t *bindings = json_object_get(device, "bindings"), *binding = NULL;
    size_t at = 0;

    if (json_is_true(json_object_get(device, "needs_pairing")))
        ward_findings_add(findings, WARD_FINDING_FAIL, "device", id, ward_advice("bond-lost").next,
                          "It does not prove any more who it is.");
    else if (*ward_document_text(device, "patient") == '\0')
        ward_findings_add(findings, WARD_FINDING_WARN, "device", id,
                          ward_advice_of("`wardctl devices bind DEVICE --patient PATIENT`, or `wardctl "
                                         "devices forget DEVICE`.",
                                         NULL, id)
                              .text,
                          "It is enrolled, and what it measures belongs to nobody.");
    else if (json_array_size(bindings) == 0)
        look_at_reading(visit, id, ward_document_text(device, "patient"), findings);
    else
        json_array_foreach(bindings, at, binding)
        {
            look_at_reading(visit, id, ward_document_text(binding, "patient"), findings);
        }
}

static void look_at_devices(const struct ward_visit *visit, struct ward_findings *findings)
{
    const json_t *device;
    size_t at;

    json_array_foreach(json_object_get(visit->status, "devices"), at, device)
    {
        look_at_device(visit, device, findings);
    }
}

/* --- the ward, and the room ----------------------------------------------------------------------------------- */

static void look_at_clock(const struct ward_visit *visit, struct ward_findings *findings)
{
    const char *clock = ward_document_text(visit->status, "clock");
    const bool known = strcmp(clock, "synced") == 0 || strcmp(clock, "estimated") == 0;

    ward_findings_add(findings, known ? WARD_FINDING_OK : WARD_FINDING_FAIL, "clock", NULL,
                      known ? NULL : "Let it reach a time server: `timedatectl timesync-status`.",
                      known ? "Date and time are known (%s)." : "Date and time are not known (%s).",
                      *clock != '\0' ? clock : "-");
}

static void look_at_hub(const struct ward_visit *visit, struct ward_findings *findings)
{
    const size_t count = json_array_size(visit->steps);
    const json_t *last = count > 0 ? json_array_get(visit->steps, count - 1) : NULL;
    const char *name = ward_document_text(last, "step");

    if (last == NULL)
        ward_findings_add(findings, WARD_FINDING_FAIL, "hub", NULL,
                          "`wardctl hub test` tries it again, `wardctl config check` says where it is.",
                          "The ward's hub was not tried: %s.", visit->not_tested);
    else if (ward_hub_step_has_failed(last))
        ward_findings_add(findings, WARD_FINDING_FAIL, "hub", NULL,
                          ward_hub_advice(last, json_object_get(visit->status, "link")), "%s: %s.", name,
                          ward_hub_step_text(last));
    else
        ward_findings_add(findings, WARD_FINDING_OK, "hub", NULL, NULL,
                          "The %sway to the ward was tried just now, and no step failed; %s: %s.",
                          json_is_null(json_object_get(last, "ok")) ? "" : "whole ", name,
                          ward_hub_step_text(last));
}

/*
 * Of a patient, and of what was measured or said of him: what every admission and every binding raises by itself
 * (rule-without-source, reading-without-patient) is no trial that somebody has looked and listened for.
 */
static bool is_raised(const json_t *event)
{
    static const char *const kinds[] = {"raised", "escalated", "realarm"};

    const char *kind = ward_document_text(event, "kind");

    if (*ward_document_text(event, "patient") == '\0' || strcmp(kind, "physiological") != 0)
        return false;
    for (size_t i = 0; i < sizeof(kinds) / sizeof(kinds[0]); i++)
        if (strcmp(ward_document_text(event, "event"), kinds[i]) == 0)
            return true;
    return false;
}

static bool was_shown(const json_t *event, const char *how)
{
    return json_is_true(json_object_get(json_object_get(event, "shown"), how));
}

/* The newest raised alarm of which `how` was shown, or any for NULL. */
static const json_t *raised(const struct ward_visit *visit, const char *how)
{
    const json_t *event;
    size_t at;

    json_array_foreach(visit->events, at, event)
    {
        if (is_raised(event) && (how == NULL || was_shown(event, how)))
            return event;
    }
    return NULL;
}

static bool is_present(const struct ward_visit *visit, const char *name)
{
    const json_t *patient, *condition;
    size_t at, inner;

    json_array_foreach(json_object_get(visit->status, "patients"), at, patient)
    {
        json_array_foreach(json_object_get(patient, "conditions"), inner, condition)
        {
            if (strcmp(ward_document_text(condition, "condition"), name) == 0)
                return true;
        }
    }
    return false;
}

static const char raise_one[] =
    "Tell the ward that a trial comes, then `wardctl entry --patient PATIENT concern=carer`; the ward takes "
    "it back.";

/* With the patient in it where there is one only. */
static struct ward_cell how_to_raise_one(const struct ward_visit *visit)
{
    const json_t *patients = json_object_get(visit->status, "patients");

    return ward_advice_of(
        raise_one,
        json_array_size(patients) == 1 ? ward_document_text(json_array_get(patients, 0), "patient") : NULL,
        NULL);
}

static void look_at_alarm(const struct ward_visit *visit, struct ward_findings *findings)
{
    const json_t *waiting = json_object_get(json_object_get(visit->status, "queue"), "undelivered_alarms");
    const json_t *event = raised(visit, NULL);

    if (event == NULL)
        ward_findings_add(
            findings, WARD_FINDING_FAIL, "alarm", NULL, how_to_raise_one(visit).text,
            "No patient's alarm was raised on this visit: that one reaches the ward is not proved.");
    else if (!json_is_integer(waiting) || json_integer_value(waiting) > 0)
        ward_findings_add(findings, WARD_FINDING_FAIL, "alarm", NULL,
                          "Wait until `wardctl queue` has none; `wardctl hub test` says what keeps it.",
                          "The ward has not confirmed %s alarm events yet.",
                          ward_document_brief(waiting).text);
    else if (is_present(visit, "delivery-unproven"))
        ward_findings_add(findings, WARD_FINDING_WARN, "alarm", NULL,
                          "Ring the ward: this hub sends no receipts.",
                          "%s was raised and taken by the broker; that the ward has it is not proved.",
                          ward_document_text(event, "condition"));
    else
        ward_findings_add(findings, WARD_FINDING_OK, "alarm", NULL, NULL,
                          "%s was raised%s, and the ward has confirmed it.",
                          ward_document_text(event, "condition"), when(event, "at").text);
}

static void look_at_signaller(const struct ward_visit *visit, struct ward_findings *findings)
{
    const json_t *works = json_object_get(visit->status, "annunciator");
    const json_t *event = raised(visit, "sound");

    if (event != NULL && json_is_true(json_object_get(works, "sound")))
        ward_findings_add(findings, WARD_FINDING_OK, "signaller", NULL, NULL, "It sounded for %s%s.",
                          ward_document_text(event, "condition"), when(event, "at").text);
    else if (!json_is_true(json_object_get(works, "sound")))
        ward_findings_add(findings, WARD_FINDING_FAIL, "signaller", NULL,
                          ward_advice("annunciation-failing").next, "It makes no sound.");
    else
        ward_findings_add(findings, WARD_FINDING_FAIL, "signaller", NULL, how_to_raise_one(visit).text,
                          "It has not sounded for a patient on this visit.");
}

json_t *ward_visit_present(const struct ward_visit *visit)
{
    json_t *list = json_array(), *patient, *condition;
    size_t at, inner;

    json_array_foreach(json_object_get(visit->status, "patients"), at, patient)
    {
        json_array_foreach(json_object_get(patient, "conditions"), inner, condition)
        {
            const char *state = ward_document_text(condition, "state");

            if (strcmp(ward_document_text(condition, "kind"), "physiological") == 0 &&
                (strcmp(state, "active") == 0 || strcmp(state, "silenced") == 0))
                (void)json_array_append_new(
                    list, json_pack("{ss, ss, ss}", "patient", ward_document_text(patient, "patient"),
                                    "condition", ward_document_text(condition, "condition"), "state", state));
        }
    }
    return list;
}

void ward_visit_look(const struct ward_visit *visit, struct ward_findings *findings)
{
    const json_t *patient;
    size_t at;

    look_at_clock(visit, findings);
    look_at_hub(visit, findings);
    look_at_patients(visit, findings);
    look_at_devices(visit, findings);
    look_at_alarm(visit, findings);
    look_at_signaller(visit, findings);
    json_array_foreach(json_object_get(visit->status, "patients"), at, patient)
    {
        look_at_monitoring(patient, findings);
    }
}
