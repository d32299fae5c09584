/* SPDX-License-Identifier: Apache-2.0 */
/* See btvirt-addresses.h. */
#include "btvirt-addresses.h"

#include <stdbool.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#define CONTROLLER_MAX 16
#define ADDRESS_SIZE   6
#define H4_COMMAND     1
#define H4_EVENT       4

struct controller {
    int descriptor;
    bool renamed, known;                           /* known: its own address has been seen */
    uint8_t own[ADDRESS_SIZE], worn[ADDRESS_SIZE]; /* in the order of the air */
};

/* btvirt is one process with one thread; a preloaded library has nowhere else to keep its state. */
static struct controller controllers[CONTROLLER_MAX];
static size_t count;

void addresses_opened(int descriptor)
{
    const char *at = getenv("BTVIRT_ADDRESSES");
    struct controller *controller = &controllers[count];
    unsigned int octets[ADDRESS_SIZE];

    if (count >= CONTROLLER_MAX)
        return;
    for (size_t i = 0; i < count && at; i++) {
        at = strchr(at, ',');
        at = at ? at + 1 : NULL;
    }
    count++;
    controller->descriptor = descriptor;
    if (!at || sscanf(at, "%2x:%2x:%2x:%2x:%2x:%2x", &octets[5], &octets[4], &octets[3], &octets[2],
                      &octets[1], &octets[0]) != ADDRESS_SIZE)
        return;
    controller->renamed = true;
    for (size_t i = 0; i < ADDRESS_SIZE; i++)
        controller->worn[i] = (uint8_t)octets[i];
}

static void exchange(uint8_t *packet, size_t length, const uint8_t *from, const uint8_t *to)
{
    for (size_t at = 0; at + ADDRESS_SIZE <= length; at++)
        if (memcmp(packet + at, from, ADDRESS_SIZE) == 0)
            memcpy(packet + at, to, ADDRESS_SIZE);
}

/* Core 5.3, Vol 4, Part E, §7.4.6: the answer to Read BD_ADDR. */
static void learn(int descriptor, const uint8_t *packet, size_t length)
{
    static const uint8_t opcode[] = {0x09, 0x10, 0x00};

    if (length < 13 || packet[1] != 0x0E || memcmp(packet + 4, opcode, sizeof(opcode)) != 0)
        return;
    for (size_t i = 0; i < count; i++) {
        if (controllers[i].descriptor != descriptor || controllers[i].known)
            continue;
        memcpy(controllers[i].own, packet + 7, ADDRESS_SIZE);
        controllers[i].known = true;
    }
}

void addresses_event(int descriptor, uint8_t *packet, size_t length)
{
    if (length == 0 || packet[0] != H4_EVENT)
        return;
    learn(descriptor, packet, length);
    for (size_t i = 0; i < count; i++)
        if (controllers[i].renamed && controllers[i].known)
            exchange(packet, length, controllers[i].own, controllers[i].worn);
}

void addresses_command(uint8_t *packet, size_t length)
{
    if (length == 0 || packet[0] != H4_COMMAND)
        return;
    for (size_t i = 0; i < count; i++)
        if (controllers[i].renamed && controllers[i].known)
            exchange(packet, length, controllers[i].worn, controllers[i].own);
}
