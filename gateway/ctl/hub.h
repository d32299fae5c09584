/* SPDX-License-Identifier: Apache-2.0 */
/* What `wardctl hub` does about the hub's certificate (docs/provisioning.md). They return an exit status of verbs.h. */
#ifndef WARD_CTL_HUB_H
#define WARD_CTL_HUB_H

/* [--code CODE | --code -]: where there is no code on the command line it is asked for. */
int ward_hub_enrol(int argc, char **argv);
int ward_hub_renew(int argc, char **argv);
/* [--yes]: wipes the key and the certificate, after a confirmation. */
int ward_hub_retire(int argc, char **argv);

#endif
