/* SPDX-License-Identifier: Apache-2.0 */
/* Who we are: the certificate that the ward has made for this hub, how the core has it made anew, and who is told. */
#include <string.h>

#include "ward/link.h"

#include "uplink/log.h"
#include "uplink/uplink_private.h"

static void identity_changed(void *userdata)
{
    struct ward_uplink *uplink = userdata;

    if (!uplink->identity->present) {
        ward_lane_unwant(&uplink->down, "not enrolled");
        ward_lane_unwant(&uplink->up, "not enrolled");
    }
    uplink->up_outdated = ward_mqtt_is_at_work(uplink->up.mqtt);
    uplink->outdated = uplink->identity->present &&
                       (ward_mqtt_is_at_work(uplink->up.mqtt) || ward_mqtt_is_at_work(uplink->down.mqtt));
    ward_uplink_want_lanes(uplink);
    ward_uplink_renew_lanes(uplink);
    ward_uplink_tell_link(uplink);
    ward_expiry_watch(&uplink->expiry, uplink->event, uplink->identity);
}

static void tell_step(struct ward_uplink *uplink, enum ward_provision_outcome outcome, const char *step,
                      uint32_t ms, const char *text)
{
    struct ward_link_frame frame = {.type = WARD_LINK_PROVISIONED};

    frame.provisioned.outcome = (uint8_t)outcome;
    frame.provisioned.ms = ms;
    frame.provisioned.step = step;
    frame.provisioned.step_length = (uint16_t)strlen(step);
    frame.provisioned.text = text;
    frame.provisioned.text_length = (uint16_t)strlen(text);
    ward_spool_client_send(uplink->spool, &frame);
}

/* Nobody may have asked: certificates are renewed in time by themselves. */
static void provisioning_told(void *userdata, enum ward_provision_outcome outcome, const char *step,
                              uint32_t ms, const char *text)
{
    struct ward_uplink *uplink = userdata;
    const bool last = outcome != WARD_PROVISION_STEP;

    if (uplink->provisioning) {
        uplink->provisioning = !last;
        tell_step(uplink, outcome, step, ms, text);
    }
    if (uplink->rotating && last) {
        uplink->rotating = false;
        ward_teller_outcome(&uplink->teller, uplink->rotation, outcome == WARD_PROVISION_DONE, text);
    }
}

void ward_uplink_provision(struct ward_uplink *uplink, const struct ward_link_frame *frame)
{
    const char *wrong;

    uplink->provisioning = true;
    wrong = ward_enrolment_provision(uplink->enrolment, (enum ward_provision)frame->provision.action,
                                     frame->provision.code, frame->provision.code_length);
    if (!wrong)
        return;
    uplink->provisioning = false;
    ward_log(LOG_ERR, WARD_JOURNAL_ENROLMENT_FAILED, "enrolment: begin: %s", wrong);
    tell_step(uplink, WARD_PROVISION_FAILED, "begin", 0, wrong);
}

void ward_uplink_rotate(struct ward_uplink *uplink, uint64_t id)
{
    const char *wrong = ward_enrolment_provision(uplink->enrolment, WARD_PROVISION_RENEW, NULL, 0);

    if (wrong) {
        ward_teller_outcome(&uplink->teller, id, false, wrong);
        return;
    }
    uplink->rotating = true;
    uplink->rotation = id;
}

int ward_uplink_start_enrolment(struct ward_uplink *uplink)
{
    const struct ward_enrolment_options options = {.event = uplink->event,
                                                   .directory = uplink->options.enrolled,
                                                   .gateway = uplink->options.gateway,
                                                   .files = uplink->options.files,
                                                   .told = provisioning_told,
                                                   .changed = identity_changed,
                                                   .userdata = uplink};
    const int result = ward_enrolment_new(&uplink->enrolment, &options);

    if (result < 0)
        return result;
    uplink->identity = ward_enrolment_identity(uplink->enrolment);
    ward_expiry_watch(&uplink->expiry, uplink->event, uplink->identity);
    return 0;
}
