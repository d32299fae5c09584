/* SPDX-License-Identifier: Apache-2.0 */
#include "app/provisioning.h"

#include <errno.h>
#include <inttypes.h>
#include <stdio.h>
#include <string.h>

#include "app/gateway.h"
#include "io/journal.h"

/* Returns NULL when it has begun. */
static const char *begin(struct ward_gateway *gateway, enum ward_provision action, const char *code)
{
    const int result = gateway->spool ? ward_spool_provision(gateway->spool, action, code) : -ENOTCONN;

    if (result == 0)
        return NULL;
    if (result == -ENOTCONN)
        return "The uplink is not running: see `systemctl status wardgate-uplink`.";
    if (result == -EBUSY)
        return "The hub's certificate is being seen to already. Wait for the end of that.";
    if (result == -EINVAL)
        return "That is no enrolment code.";
    return "The uplink takes nothing just now. Try again.";
}

static bool action_of(const char *text, enum ward_provision *ret)
{
    static const char *const names[] = {[WARD_PROVISION_ENROL] = "enrol",
                                        [WARD_PROVISION_RENEW] = "renew",
                                        [WARD_PROVISION_RETIRE] = "retire"};

    for (size_t i = 0; i < sizeof(names) / sizeof(names[0]); i++)
        if (strcmp(names[i], text) == 0) {
            *ret = (enum ward_provision)i;
            return true;
        }
    return false;
}

void ward_provisioning_call(struct ward_gateway *gateway, struct ward_bus_call *call, const char *action,
                            const char *code)
{
    enum ward_provision provision;
    const char *wrong;

    if (!action_of(action, &provision)) {
        ward_bus_reply_error(call, WARD_BUS_INVALID_ARGUMENT, "The hub can be enrolled, renewed or retired.");
        return;
    }
    wrong = begin(gateway, provision, code);
    if (wrong) {
        ward_bus_reply_error(call, WARD_BUS_FAILED, wrong);
        return;
    }
    ward_journal_print(LOG_NOTICE, "hub certificate: %s, by uid %" PRIu32, action, ward_bus_call_uid(call));
    gateway->provisioning = (struct ward_provisioning){.call = call};
}

static void answer(struct ward_bus_call *call, bool done, const char *step, const char *text)
{
    char sentence[WARD_LINK_STEP_MAX + WARD_LINK_TEXT_MAX + 4];

    if (done) {
        ward_bus_reply_text(call, text);
        return;
    }
    snprintf(sentence, sizeof(sentence), "%s: %s.", step, text);
    ward_bus_reply_error(call, WARD_BUS_FAILED, sentence);
}

void ward_provisioning_told(struct ward_gateway *gateway, enum ward_provision_outcome outcome,
                            const char *step, uint32_t ms, const char *text)
{
    struct ward_bus_call *call = gateway->provisioning.call;
    const bool done = outcome == WARD_PROVISION_DONE;
    char duration[16];
    const char *const texts[] = {step, duration, text};

    snprintf(duration, sizeof(duration), "%" PRIu32, ms);
    if (outcome != WARD_PROVISION_FAILED)
        ward_bus_emit(gateway->bus, WARD_BUS_HUB_STEP, texts);
    if (outcome == WARD_PROVISION_STEP)
        return;
    ward_journal_print(done ? LOG_NOTICE : LOG_WARNING, "hub certificate: %s: %s", step, text);
    gateway->provisioning = (struct ward_provisioning){0};
    if (call)
        answer(call, done, step, text);
}
