/* SPDX-License-Identifier: Apache-2.0 */
/*
 * Calls to the daemon: the name org.wardgate on the system bus, interface org.wardgate.Gateway1.
 *
 * Functions that return int return an exit status of verbs.h; when it is not WARD_CTL_DONE they have said why on
 * standard error, in a sentence that says what to do.
 */
#ifndef WARD_CTL_CLIENT_H
#define WARD_CTL_CLIENT_H

#include <stddef.h>
#include <stdint.h>
#include <systemd/sd-bus.h>

#define WARD_CTL_TIMEOUT_S 30

/* Frees with sd_bus_flush_close_unref(). */
int ward_client_open(sd_bus **ret);

/* A call of method to which arguments are still to be appended. */
int ward_client_call_new(sd_bus *bus, const char *method, sd_bus_message **ret);

/* Sends and waits for the answer. */
int ward_client_send(sd_bus *bus, sd_bus_message *call, uint32_t timeout_s, sd_bus_message **ret_reply);

/* Both in one, for arguments of basic types (types may be NULL). */
int ward_client_call(sd_bus *bus, sd_bus_message **ret_reply, const char *method, const char *types, ...);

/* What a bus function said, as a sentence. */
int ward_client_fail(int error, const sd_bus_error *bus_error);

/* The documents of a method without arguments, on a bus that is open. *ret as of ward_client_fetch(). */
int ward_client_get(sd_bus *bus, const char *method, char ***ret);

/*
 * Opens, calls a method that answers with one document or a list of them, closes. *ret is an array that ends with
 * NULL, as sd-bus makes it: free it with ward_client_free_texts().
 */
int ward_client_fetch(char ***ret, const char *method, const char *types, ...);
char **ward_client_free_texts(char **texts);

/* Reads the documents of an answer, "s" or "as". */
int ward_client_read(sd_bus_message *reply, char ***ret);

/* Like ward_client_send(), and signals are handled while it waits. */
int ward_client_send_and_listen(sd_bus *bus, sd_bus_message *call, uint32_t timeout_s,
                                sd_bus_message **ret_reply);

/*
 * Handles signals until the daemon leaves the bus: returns WARD_CTL_UNREACHABLE then. Or until standard output takes no more:
 * nothing is lost in silence.
 */
int ward_client_follow(sd_bus *bus);

/* Subscribes to a signal of the interface. handler as sd-bus has it; the subscription lives as long as the bus. */
int ward_client_listen(sd_bus *bus, const char *signal, sd_bus_message_handler_t handler, void *userdata);

/* To Reading, which from now on comes within a second: the daemon knows that somebody follows. */
int ward_client_listen_to_readings(sd_bus *bus, sd_bus_message_handler_t handler, void *userdata);

#endif
