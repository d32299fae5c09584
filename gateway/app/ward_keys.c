/* SPDX-License-Identifier: Apache-2.0 */
#include "app/ward_keys.h"

#include <stdlib.h>
#include <string.h>

#include "app/gateway.h"
#include "io/journal.h"

#define SETTING "ward-keys"

void ward_keys_restore(struct ward_gateway *gateway, const struct ward_store_change *row)
{
    struct ward_crypto_error error;

    if (row->kind != WARD_STORE_SETTING || strcmp(row->name.text, SETTING) != 0 || !gateway->keyring)
        return;
    if (ward_keyring_restore(gateway->keyring, row->document, &error) == 0)
        return;
    ward_journal_print_matter(LOG_CRIT, WARD_JOURNAL_WARD_KEYS,
                              "Who of the ward was revoked is not known, and nobody of it is believed: %s",
                              error.text);
    gateway->keyring = ward_keyring_free(gateway->keyring);
    gateway->technical.active[WARD_TECHNICAL_NO_WARD_KEYS] = true;
}

char *ward_keys_change(const struct ward_gateway *gateway, struct ward_store_change *ret)
{
    char *text = malloc(WARD_KEYRING_CHANGES_MAX);
    struct ward_json json;

    if (!text)
        return NULL;
    ward_json_init(&json, text, WARD_KEYRING_CHANGES_MAX, WARD_JSON_PRINTED);
    ward_keyring_write_changes(gateway->keyring, &json);
    if (ward_json_finish(&json, NULL) != WARD_JSON_OK) {
        free(text);
        return NULL;
    }
    *ret = (struct ward_store_change){.kind = WARD_STORE_SETTING, .name = {SETTING}, .document = text};
    return text;
}

void ward_keys_submit_again(struct ward_gateway *gateway)
{
    struct ward_store_change change;
    struct ward_store_group group = {.urgent = true, .changes = &change, .change_count = 1};
    char *text;

    if (!gateway->keyring || ward_keyring_version(gateway->keyring) == 0)
        return;
    text = ward_keys_change(gateway, &change);
    if (text)
        (void)ward_gateway_submit(gateway, &group, NULL);
    free(text);
}
