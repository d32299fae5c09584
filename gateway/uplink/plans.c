/* SPDX-License-Identifier: Apache-2.0 */
#include "uplink/plans.h"

#include <stdio.h>

static bool take_document(void *userdata, const char *name, const uint8_t *body, size_t length)
{
    const struct ward_plans *plans = userdata;
    char topic[WARD_TOPIC_MAX + 1];

    snprintf(topic, sizeof(topic), "ward/v1/%s/%s/down/care-plan/%s", plans->site, plans->gateway, name);
    return ward_teller_document(plans->teller, topic, body, length);
}

static void take_round(void *userdata, const char *wrong)
{
    ward_teller_fetched(((const struct ward_plans *)userdata)->teller, wrong);
}

int ward_plans_start(struct ward_plans *plans, sd_event *event, const struct ward_uplink_options *options,
                     const struct ward_tls_files *files, struct ward_teller *teller)
{
    const struct ward_https_options https = {.event = event,
                                             .url = options->care_plan_url,
                                             .gateway = options->gateway,
                                             .interval_ms = options->care_plan_interval_ms,
                                             .files = &plans->files,
                                             .document = take_document,
                                             .round = take_round,
                                             .userdata = plans};

    *plans = (struct ward_plans){
        .teller = teller, .site = options->site, .gateway = options->gateway, .files = *files};
    return options->care_plan_url[0] ? ward_https_new(&plans->https, &https) : 0;
}

void ward_plans_done(struct ward_plans *plans)
{
    plans->https = ward_https_free(plans->https);
}

void ward_plans_names(struct ward_plans *plans, const char *names, size_t length)
{
    if (plans->https)
        ward_https_names(plans->https, names, length);
}

void ward_plans_go_on(struct ward_plans *plans)
{
    if (plans->https)
        ward_https_go_on(plans->https);
}
