/* SPDX-License-Identifier: Apache-2.0 */
#include "app/fetching.h"

#include <stdio.h>

#include "app/gateway.h"
#include "io/journal.h"

_Static_assert(WARD_PATIENTS_MAX *(WARD_ID_MAX + 1) <= WARD_LINK_NAMES_MAX, "the ids of all fit");

void ward_fetching_tell(struct ward_gateway *gateway)
{
    char names[WARD_PATIENTS_MAX * (WARD_ID_MAX + 1) + 1] = "";
    size_t length = 0;

    if (!gateway->spool || !gateway->config.https.care_plan_url[0])
        return;
    for (size_t i = 0; i < gateway->watch_count; i++)
        length += (size_t)snprintf(names + length, sizeof(names) - length, "%s ",
                                   gateway->watches[i]->patient.text);
    if (ward_spool_names(gateway->spool, names) < 0)
        ward_journal_print(LOG_WARNING, "the uplink could not be told whose care plans to fetch");
}

void ward_fetching_heard(struct ward_gateway *gateway, bool failed, const char *text)
{
    gateway->fetching.known = true;
    gateway->fetching.failed = failed;
    snprintf(gateway->fetching.text, sizeof(gateway->fetching.text), "%s", text);
}
