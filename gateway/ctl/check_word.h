/* SPDX-License-Identifier: Apache-2.0 */
/*
 * Whether the patient that a device is about to be read for is the one who sits here: the word that the patient says is
 * held against the one that the ward has given. A device that is bound to another alarms for another.
 */
#ifndef WARD_CTL_CHECK_WORD_H
#define WARD_CTL_CHECK_WORD_H

#include <stdbool.h>
#include <systemd/sd-bus.h>

/*
 * given: --check-word, or NULL: it is asked for on the terminal, and without one the call fails. A patient without a check
 * word passes, with a sentence on standard error; one who is not admitted too: the daemon says so. Letters may be large
 * or small, and blanks around either word are none. ret_admitted may be NULL. Returns an exit status.
 */
int ward_check_word(sd_bus *bus, const char *patient, const char *given, bool *ret_admitted);

#endif
