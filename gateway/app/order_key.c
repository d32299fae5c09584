/* SPDX-License-Identifier: Apache-2.0 */
/*
 * Orders about the ward's keys: only root gives them. What is changed counts at once, and is stored in the transaction of
 * the command, as a whole: the next change stores it again, should this one fail.
 */
#include <stdlib.h>

#include "app/gateway.h"
#include "app/order_private.h"
#include "app/ward_keys.h"
#include "io/journal.h"

static enum ward_keyring_answer change(struct ward_keyring *keyring, const struct ward_command *command)
{
    if (command->kind == WARD_COMMAND_ADD_KEY)
        return ward_keyring_add(keyring, command->key.kid, command->key.role, command->key.x);
    return ward_keyring_revoke(keyring, command->key.kid);
}

static void carry_out(struct ward_execution *execution)
{
    struct ward_gateway *gateway = execution->gateway;
    const struct ward_command *command = &execution->order->command;
    const enum ward_keyring_answer answer = change(gateway->keyring, command);
    struct ward_store_change stored;
    char *text;

    if (answer != WARD_KEYRING_DONE && answer != WARD_KEYRING_ALREADY) {
        ward_execution_refuse(execution, ward_keyring_answer_text(answer));
        return;
    }
    text = ward_keys_change(gateway, &stored);
    if (!text) {
        ward_execution_fail(execution, "Out of memory.");
        return;
    }
    ward_journal_print(LOG_NOTICE, "The ward's keys, version %llu: %s %s",
                       (unsigned long long)ward_keyring_version(gateway->keyring),
                       ward_command_name(command->kind), command->key.kid);
    ward_execution_change(execution, &stored);
    ward_execution_conclude(execution, WARD_OUTCOME_DONE, ward_keyring_answer_text(answer));
    ward_execution_submit(execution);
    free(text);
}

void ward_order_of_key(struct ward_gateway *gateway, const struct ward_order *order)
{
    struct ward_execution *execution = ward_execution_new(gateway, order);

    if (!execution)
        return;
    if (gateway->keyring)
        carry_out(execution);
    else
        ward_execution_refuse(execution, "No keys of the ward are known here.");
    free(execution);
}
