/* SPDX-License-Identifier: Apache-2.0 */
/* Private to racp*.c. */
#ifndef WARD_CORE_RACP_PRIVATE_H
#define WARD_CORE_RACP_PRIVATE_H

#include "core/racp.h"

/* Whether what is asked for is from the last known record on, that one included. */
bool ward_racp_asks_from(const struct ward_racp *racp);

#endif
