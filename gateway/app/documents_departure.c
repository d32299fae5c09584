/* SPDX-License-Identifier: Apache-2.0 */
/* The documents of an episode that has ended, until nothing of it is here. */
#include "app/documents.h"
#include "app/gateway.h"

static size_t finish(struct ward_json *json)
{
    size_t length = 0;

    return ward_json_finish(json, &length) == WARD_JSON_OK ? length : 0;
}

size_t ward_documents_ended(const struct ward_gateway *gateway, const struct ward_departure *departure,
                            char *text, size_t size)
{
    static const char *const reasons[] = {"discharged"};
    const struct ward_active_message message = {.origin = ward_documents_origin(gateway),
                                                .patient = departure->patient.text,
                                                .episode = departure->episode.text,
                                                .now = ward_gateway_now(gateway),
                                                .monitoring = WARD_MONITORING_ENDED,
                                                .reasons = {reasons, 1},
                                                .plan_id = ""};
    struct ward_json json;

    ward_json_init(&json, text, size, WARD_JSON_PRINTED);
    ward_active_write_json(&message, &json);
    return finish(&json);
}

size_t ward_documents_departure(const struct ward_gateway *gateway, const struct ward_departure *departure,
                                char *text, size_t size)
{
    const char *reason;
    struct ward_json json;

    ward_json_init(&json, text, size, WARD_JSON_PRINTED);
    ward_json_object(&json);
    ward_json_member(&json, "patient", departure->patient.text);
    ward_json_member(&json, "episode", departure->episode.text);
    ward_json_member(&json, "monitoring", ward_monitoring_name(WARD_MONITORING_ENDED));
    ward_json_key(&json, "reasons");
    ward_json_array(&json);
    ward_json_string(&json, "discharged");
    ward_json_array_end(&json);
    ward_json_key(&json, "waits_for");
    ward_json_array(&json);
    for (size_t i = 0; (reason = ward_departure_waits_for(gateway, departure, i)); i++)
        ward_json_string(&json, reason);
    ward_json_array_end(&json);
    ward_json_object_end(&json);
    return finish(&json);
}
