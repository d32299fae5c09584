/* SPDX-License-Identifier: Apache-2.0 */
/*
 * Commands of the ward from the command line: COMMAND MEMBER=VALUE… become the claims that are signed. One table says what
 * each command is about and which members it has; what the values must be, the gateway's own parser says.
 */
#ifndef WARD_CTL_SIGN_COMMAND_H
#define WARD_CTL_SIGN_COMMAND_H

#include <stdint.h>

struct ward_sign_request {
    const char *gateway, *by;      /* NULL: not said */
    const char *patient, *episode; /* likewise */
    uint64_t counter;              /* 0: the time, in milliseconds */
    uint32_t valid_s;              /* from now on */
    int count;                     /* of words: the command, and its members */
    char **words;
};

/* The claims as JSON, to be freed. Returns an exit status, after it has said what is wrong. */
int ward_sign_claims(const struct ward_sign_request *request, char **ret);

/* For --help: what each command needs. */
#define WARD_SIGN_COMMANDS                                                                                   \
    "  with a key of the role clinical, of a --patient:\n"                                                   \
    "    admit [plan=FILE] [label=TEXT] [check_word=WORD]   (and --episode)\n"                               \
    "    discharge reason=TEXT (and --episode)\n"                                                            \
    "    acknowledge alarm=ID                        entry NAME=VALUE...\n"                                  \
    "    void epoch=ID seq=N reason=WORD             assign epoch=ID seq=N (and --episode)\n"                \
    "    suspend until=MOMENT reason=TEXT            resume\n"                                               \
    "    bind device=ID [slot=N] [shared=yes] [from=MOMENT] (and --episode)\n"                               \
    "    unbind device=ID [slot=N]                   swap device=ID replacement=ID\n"                        \
    "    ask quantity=NAME [seconds=N]\n"                                                                    \
    "  with a key of the role technical:\n"                                                                  \
    "    replay epoch=ID first=N last=N              replay alarms_since=MOMENT\n"                           \
    "    identify [seconds=N]                        diagnostics\n"                                          \
    "    restart program=core|uplink|both            rotate\n"                                               \
    "  with a key of the role root:\n"                                                                       \
    "    add-key key=FILE (a public JWK with kid and role)\n"                                                \
    "    revoke-key kid=KID\n"

#endif
