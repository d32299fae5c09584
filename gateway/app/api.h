/* SPDX-License-Identifier: Apache-2.0 */
/*
 * What the methods of org.wardgate do. The documents they answer with are written in documents.c.
 */
#ifndef WARD_APP_API_H
#define WARD_APP_API_H

#include "io/bus.h"

/* The handler for ward_bus_new; userdata is the gateway. */
ward_bus_handler ward_api_call;

#endif
