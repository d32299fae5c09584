/* SPDX-License-Identifier: Apache-2.0 */
/*
 * One request over HTTPS, from beginning to end, within bounds; hides libcurl. It keeps to what curl_handle.h says, and no
 * more of the answer is kept, or even read, than was asked for.
 */
#ifndef WARD_UPLINK_HTTPS_TRANSFER_H
#define WARD_UPLINK_HTTPS_TRANSFER_H

#include "uplink/exchange.h"

/* Waits for the answer. Free *ret with ward_exchange_answer_done(). */
void ward_transfer(const struct ward_exchange_request *request, struct ward_exchange_answer *ret);

#endif
