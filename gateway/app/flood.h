/* SPDX-License-Identifier: Apache-2.0 */
/*
 * How much is said of what is refused before it is carried out, and of what comes again. Whoever can reach the broker can
 * send what they like, and repeat what the ward has signed; each refusal is answered and stands in the journal once, but
 * no more than WARD_FLOOD_REFUSALS of them in WARD_FLOOD_WINDOW_US: what is beyond that is counted, and told as one sum
 * when the time is over. So neither the journal nor the line to the ward is filled by it. A command that is new and signed
 * is outside of this.
 */
#ifndef WARD_APP_FLOOD_H
#define WARD_APP_FLOOD_H

#include <stdbool.h>
#include <stdint.h>

#define WARD_FLOOD_REFUSALS  60
#define WARD_FLOOD_WINDOW_US (60 * UINT64_C(1000000))

struct ward_flood {
    uint64_t since_us;     /* when the window began; 0: there is none */
    uint32_t told, untold; /* in this window */
    uint64_t refused;      /* since the start of the process */
};

/* One more is refused. Returns whether it is told by itself. */
bool ward_flood_tell(struct ward_flood *flood, uint64_t now_us);

/*
 * Ends a window that is over. Returns how many were refused in it without a word; 0: none, or it is not over. *ret_due_us,
 * when not UINT64_MAX, is when to be called again.
 */
uint32_t ward_flood_over(struct ward_flood *flood, uint64_t now_us, uint64_t *ret_due_us);

#endif
