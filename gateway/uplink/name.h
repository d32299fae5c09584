/* SPDX-License-Identifier: Apache-2.0 */
/*
 * The broker's name, and who waits until it is found: a thread that nobody waits for (reach.c), and never Paho.
 */
#ifndef WARD_UPLINK_NAME_H
#define WARD_UPLINK_NAME_H

#include <netdb.h>
#include <sys/socket.h>

/* The C library's getaddrinfo(): may take as long as the name servers like. */
int ward_name_look_up(const char *name, const char *service, const struct addrinfo *hints,
                      struct addrinfo **ret);

/* The name was found to be that address: from now on Paho is told this one, until another is found. Copied. */
void ward_name_found(const char *name, const struct sockaddr_storage *address, socklen_t length);

#endif
