/* SPDX-License-Identifier: Apache-2.0 */
/*
 * Whose a measurement is that has just been told: what app/ownership.h asks for, gathered from the conversation, the
 * claim of a shared device and an enrolment that is under way.
 */
#ifndef WARD_APP_PROVENANCE_H
#define WARD_APP_PROVENANCE_H

struct ward_heard;
struct ward_reading;
struct ward_watch;

/*
 * Gives the reading its patient and episode, or marks it as unassigned, and returns who is evaluated with it. NULL: nobody,
 * either since it is unassigned or, of one that is not settled, since that is not known yet.
 */
struct ward_watch *ward_provenance_watch(const struct ward_heard *heard, struct ward_reading *reading);

#endif
