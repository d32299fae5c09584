/* SPDX-License-Identifier: Apache-2.0 */
/*
 * What the core is told over the spool: the link, its credit, results, and what came from the ward.
 */
#ifndef WARD_UPLINK_TELLER_H
#define WARD_UPLINK_TELLER_H

#include <stdbool.h>
#include <stdint.h>

#include "ward/journal.h"

#include "uplink/mqtt.h"
#include "uplink/spool_client.h"
#include "uplink/window.h"

struct ward_teller {
    struct ward_spool_client *spool;
    struct ward_window *window;
    const char *certificate;        /* path; its end is told with the link */
    int64_t certificate_expires_ms; /* as told last */
    bool up;
    bool told; /* something since the core joined */
    uint32_t round;
    char text[WARD_LINK_TEXT_MAX + 1];
    bool fetched_told;
    char fetched[WARD_LINK_TEXT_MAX + 1]; /* as told last */
};

/* A new core, or none any more: it knows nothing. */
void ward_teller_reset(struct ward_teller *teller);

/*
 * Tells the link, or the end of a certificate that was replaced, if it is not what was told last. Up after down begins a
 * round, with credit; down voids it. matter: of text, for the journal.
 */
void ward_teller_link(struct ward_teller *teller, bool up, enum ward_journal_matter matter, const char *text);

/* Grants what the window has to give. */
void ward_teller_credit(struct ward_teller *teller);

void ward_teller_result(struct ward_teller *teller, uint64_t id, uint8_t reason);

/* What came of a task that the core gave. */
void ward_teller_outcome(struct ward_teller *teller, uint64_t id, bool done, const char *text);
/* Tells how fetching goes, if it is not what was told last. wrong: NULL when nothing is. */
void ward_teller_fetched(struct ward_teller *teller, const char *wrong);

/* Passes on a document as if it had come, retained, on topic. Returns false when the core does not read now. */
bool ward_teller_document(struct ward_teller *teller, const char *topic, const uint8_t *body, size_t length);

/* Passes on messages from the ward, as far as the core reads; the rest when the spool is writable again. */
void ward_teller_down(struct ward_teller *teller, struct ward_mqtt *mqtt);

#endif
