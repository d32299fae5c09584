/* SPDX-License-Identifier: Apache-2.0 */
/* The hub as `wardctl hub show` tells it: the document member by member, and then the ward's keys, one a line. */
#ifndef WARD_CTL_HUB_SHOW_H
#define WARD_CTL_HUB_SHOW_H

void ward_hub_show(const char *text);

#endif
