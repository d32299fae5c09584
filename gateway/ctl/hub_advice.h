/* SPDX-License-Identifier: Apache-2.0 */
/* The steps of `wardctl hub test` for whoever made them: what each says, and what to do where one has failed. */
#ifndef WARD_CTL_HUB_ADVICE_H
#define WARD_CTL_HUB_ADVICE_H

#include <jansson.h>
#include <stdbool.h>

/* What the step says, without its own name in front. Lives as long as step does. */
const char *ward_hub_step_text(const json_t *step);

/* It failed; one that was not tried has not. */
bool ward_hub_step_has_failed(const json_t *step);

/* What to do where it failed; link: of the daemon's hub or status, {reason}. Static. */
const char *ward_hub_advice(const json_t *step, const json_t *link);

#endif
