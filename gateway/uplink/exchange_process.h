/* SPDX-License-Identifier: Apache-2.0 */
/*
 * One exchange (exchange.h) under way, in a process of its own: libcurl and what it brings along, half a megabyte of each
 * process's own memory, is there while something is asked, and what it parses of a server's is parsed there.
 */
#ifndef WARD_UPLINK_EXCHANGE_PROCESS_H
#define WARD_UPLINK_EXCHANGE_PROCESS_H

#include <sys/types.h>

#include "uplink/exchange.h"

/* It keeps to the request's timeout by itself. One that does not is given up after so much more. */
#define WARD_EXCHANGE_GRACE_MS 10000

struct ward_exchange_process {
    pid_t pid;
    int descriptor; /* readable: something came, or it has ended; -1: nothing is under way */
    struct ward_exchange_octets heard;
};

/* Begins; nothing is awaited. Returns 0, to be ended, or a negative errno with nothing to be ended. */
int ward_exchange_begin(struct ward_exchange_process *ret, const struct ward_exchange_request *request);

/*
 * Takes what has come; waits for some if there is none. Returns 1 when more comes, or 0 with what came of it in *ret, to be
 * freed with ward_exchange_answer_done(): WARD_EXCHANGE_FAILED when the process ended without a word.
 */
int ward_exchange_hear(struct ward_exchange_process *process, struct ward_exchange_answer *ret);

/* Gives up what goes on, if anything does. */
void ward_exchange_end_process(struct ward_exchange_process *process);

/* All of that, one after the other: waits for the answer; for a thread of its own. As ward_exchange_hear() says of 0. */
void ward_exchange_ask(const struct ward_exchange_request *request, struct ward_exchange_answer *ret);

#endif
