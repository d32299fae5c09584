/* SPDX-License-Identifier: Apache-2.0 */
/*
 * One exchange (exchange.h) under way, in a process of its own: libcurl and what it brings along, half a megabyte of each
 * process's own memory, is there while something is asked, and what it parses of a server's is parsed there.
 */
#ifndef WARD_UPLINK_EXCHANGE_PROCESS_H
#define WARD_UPLINK_EXCHANGE_PROCESS_H

#include "uplink/exchange.h"

/* It keeps to the request's timeout by itself. One that does not is given up after so much more. */
#define WARD_EXCHANGE_GRACE_MS 10000

/*
 * Waits for the answer, and for the disk that the program is on: for a thread that nobody waits for. What goes on is given up
 * when stop, a descriptor, is readable; -1: never. *ret is to be freed with ward_exchange_answer_done(): WARD_EXCHANGE_FAILED
 * when there is no process, or it ended without a word.
 */
void ward_exchange_ask(const struct ward_exchange_request *request, int stop,
                       struct ward_exchange_answer *ret);

#endif
