/* SPDX-License-Identifier: Apache-2.0 */
/* What `wardctl devices` does with a device that is enrolled; each as the `run` of a verb. */
#ifndef WARD_CTL_DEVICES_H
#define WARD_CTL_DEVICES_H

int ward_devices_show(int argc, char **argv);
int ward_devices_bind(int argc, char **argv);
int ward_devices_unbind(int argc, char **argv);
int ward_devices_test(int argc, char **argv);
int ward_devices_rename(int argc, char **argv);

#endif
