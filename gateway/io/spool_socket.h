/* SPDX-License-Identifier: Apache-2.0 */
/*
 * The socket of the spool: one packet in, one packet out, never waiting, and who is at the other end.
 */
#ifndef WARD_IO_SPOOL_SOCKET_H
#define WARD_IO_SPOOL_SOCKET_H

#include <stddef.h>
#include <stdint.h>
#include <sys/types.h>

/*
 * Listens on path, replacing a socket that is there. Anybody who reaches the directory may connect; who stays
 * is decided by ward_spool_socket_accept(). Returns the descriptor, or a negative errno as ward_spool_new()
 * does.
 */
int ward_spool_socket_listen(const char *path);

/*
 * Takes the next waiting connection. Returns its descriptor with the peer's ids in ret_uid and ret_pid,
 * -EAGAIN when none waits, or what the system calls said.
 */
int ward_spool_socket_accept(int listening, uid_t *ret_uid, pid_t *ret_pid);

/*
 * Returns 0 with the length of a packet in ret_length, -EAGAIN when none waits, -EPIPE at the end of the
 * connection and -EMSGSIZE for a packet larger than size, which is lost.
 */
int ward_spool_socket_receive(int connection, uint8_t *buffer, size_t size, size_t *ret_length);

/*
 * Sends head and, if it has any, the octets of the payload behind it as one packet. Returns 0, -EAGAIN when the kernel does
 * not take it now, or -EPIPE when nobody will ever read it.
 */
int ward_spool_socket_send(int connection, const uint8_t *head, size_t length, const uint8_t *payload,
                           size_t payload_length);

#endif
