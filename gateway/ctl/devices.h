/* SPDX-License-Identifier: Apache-2.0 */
/* What `wardctl devices` does with devices that are enrolled; each as the `run` of a verb. */
#ifndef WARD_CTL_DEVICES_H
#define WARD_CTL_DEVICES_H

#include <stdbool.h>
#include <stdint.h>
#include <systemd/sd-bus.h>

#include "ctl/document.h"

int ward_devices_list(int argc, char **argv);
int ward_devices_show(int argc, char **argv);
int ward_devices_pair(int argc, char **argv);
int ward_devices_bind(int argc, char **argv);
int ward_devices_unbind(int argc, char **argv);
int ward_devices_test(int argc, char **argv);
int ward_devices_rename(int argc, char **argv);

/* A whole number from least to most; false, with ret unchanged, for anything else. */
bool ward_devices_seconds(const char *text, unsigned long least, unsigned long most, uint32_t *ret);

/*
 * ", and no longer for p-ann", or "": to read a device for one takes it from another, whom nobody may have thought of. Of the
 * bindings before and after; NULL: not known.
 */
struct ward_cell ward_devices_taken_from(const json_t *before, const json_t *after);

/* What advertises meanwhile: Scan, as ward_client_fetch() gives it. */
int ward_devices_listen(sd_bus *bus, uint32_t seconds, char ***ret);

/* The document of one device, for the caller to release; NULL where it is not enrolled, or cannot be asked for. Returns an
 * exit status. */
int ward_devices_get(sd_bus *bus, const char *device, json_t **ret);

/*
 * Of the document of a device, for its table: "p-ann (1), p-bob (2)" with the users; "12 s ago"; "62 %"; how it is known, or that
 * it is not any more.
 */
struct ward_cell ward_devices_patients(const json_t *device);
struct ward_cell ward_devices_heard(const json_t *device);
struct ward_cell ward_devices_battery(const json_t *device);
struct ward_cell ward_devices_link(const json_t *device);

#endif
