/* SPDX-License-Identifier: Apache-2.0 */
/*
 * What somebody did while the readings came, as a line of the file:
 *
 *   {"at":"…","acknowledge":"spo2-low","by":"dr-1"}   the condition, or the id of an event; a clinician's order
 *   {"at":"…","silence":true,"by":"carer"}            the sound in the room
 *   {"at":"…","suspend_s":3600,"by":"dr-1"}           {"at":"…","resume":true,"by":"dr-1"}
 *   {"at":"…","plan":"FILE"}                          another care plan from now on; null: none any more
 *   {"at":"…","void":17}                              the reading of that seq is taken back
 *   {"at":"…","stop":"d-91c2"}                        the device has gone, or was taken off; of readings that name
 *                                                     none the quantity: "spo2"
 *   {"at":"…","restart":true}                         of the program          {"at":"…","reboot":true}  of the machine
 *   {"at":"…","discharge":true}                       {"at":"…"}              time passes until then
 *
 * Without "patient" a line is for all of them: time, plan, silence, restart and reboot concern the whole home, the others
 * find whom they fit. An order that the gateway would refuse (there is nothing to acknowledge) is noted and counted, and
 * the run goes on.
 */
#ifndef WARD_CTL_TRY_ORDER_H
#define WARD_CTL_TRY_ORDER_H

/* For wardctl try --help: the same in the words of a user. */
#define WARD_TRY_ORDER_HELP                                                                                    \
    "  {\"at\":\"2026-11-22T09:05:00Z\",\"acknowledge\":\"spo2-low\",\"by\":\"dr-1\"}\n"                       \
    "                          the condition, or the id of an event; by a clinician\n"                         \
    "  \"silence\":true          the sound in the room\n"                                                      \
    "  \"suspend_s\":3600        the ward suspends monitoring; \"resume\":true ends that\n"                    \
    "  \"plan\":\"FILE\"           another care plan from now on, beside READINGS; null: none any more\n"      \
    "  \"void\":SEQ              a reading is taken back (without seq a reading has the number of its line)\n" \
    "  \"stop\":\"DEVICE\"         the device has gone, or was taken off; or the quantity it measured\n"       \
    "  \"restart\":true          of the gateway; \"reboot\":true of the machine\n"                             \
    "  \"discharge\":true        the episode ends; with nothing but \"at\" time passes until then\n"

#endif
