/* SPDX-License-Identifier: Apache-2.0 */
/* Whether a device that told who it is may be enrolled, and as what. */
#include "io/bluez_internal.h"

#include <errno.h>
#include <string.h>

/*
 * How it is enrolled, given what a person chose and what it tells. Returns why it cannot be, or NULL. What tells a
 * device from another is the best that it has: its bond, else its serial number or system id, else its address.
 */
static const char *choose_security(const struct ward_bluez_facts *facts,
                                   const struct ward_bluez_identity *identity, uint8_t *security)
{
    bool is_told = ward_bluez_identity_is_told(identity);
    if (*security == WARD_BLUEZ_BONDED)
        return NULL;
    if (*security == WARD_BLUEZ_OPEN && !is_told)
        return "It has neither bond nor serial number nor system id: it could not be told from another. "
               "It can be known by its address, if a person chooses so.";
    if (is_told)
        *security = WARD_BLUEZ_OPEN;
    else if (!ward_bluez_address_is_lasting(facts->address, facts->address_type))
        return "It has nothing but an address that changes by itself: it could not be told from another.";
    return NULL;
}

static const char *refusal_text(int error)
{
    switch (-error) {
    case EEXIST: return "It is enrolled already, under another address.";
    case EKEYREJECTED: return "A device of this kind has to be bonded: it is not enrolled without.";
    case ENOSPC: return "There is no room for another device.";
    default: return strerror(-error);
    }
}

const char *ward_bluez_admit(struct ward_bluez *bluez, const struct ward_bluez_mirror_device *device,
                             const struct ward_bluez_identity *identity, struct ward_bluez_node **ret_node)
{
    struct ward_bluez_node *node = ward_bluez_node_find(bluez, device->facts.address);
    struct ward_bluez_device made = {
        .address_type = device->facts.address_type,
        .security = (uint8_t)bluez->enrolment.machine.security,
        .identity = *identity,
    };
    memcpy(made.address, device->facts.address, sizeof made.address);
    const char *refusal = choose_security(&device->facts, identity, &made.security);
    if (refusal)
        return refusal;
    if (node && !ward_bluez_identity_equal(&node->device.identity, identity))
        return "It is another device than the one that was enrolled under this address.";
    int r = bluez->listener.identified(&made, bluez->userdata);
    if (r < 0)
        return refusal_text(r);
    if (node) {
        node->device.security = made.security;
        node->device.presence = made.presence;
        *ret_node = node;
        return NULL;
    }
    node = ward_bluez_node_new(bluez, &made);
    if (!node)
        return "There is no room for another device.";
    node->enrolling = true;
    *ret_node = node;
    return NULL;
}
