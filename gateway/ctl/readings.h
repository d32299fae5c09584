/* SPDX-License-Identifier: Apache-2.0 */
/* The parts of `wardctl readings` that have a file of their own. */
#ifndef WARD_CTL_READINGS_H
#define WARD_CTL_READINGS_H

/* argv[0] is "void". Returns an exit status. */
int ward_readings_void(int argc, char **argv);

#endif
