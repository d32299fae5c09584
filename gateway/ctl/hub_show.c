/* SPDX-License-Identifier: Apache-2.0 */
#include "ctl/hub_show.h"

#include <stdio.h>
#include <stdlib.h>

#include "ctl/document.h"
#include "ctl/show.h"

#define KEYS "ward_key_list"

static void show_keys(const json_t *keys)
{
    static const struct ward_column columns[] = {{"KID", "kid", WARD_COLUMN_PLAIN},
                                                 {"ROLE", "role", WARD_COLUMN_PLAIN},
                                                 {"FROM", "from", WARD_COLUMN_MOMENT},
                                                 {NULL, NULL, WARD_COLUMN_PLAIN}};
    char **texts = calloc(json_array_size(keys) + 1, sizeof(*texts));
    size_t count = 0;

    for (size_t i = 0; texts != NULL && i < json_array_size(keys); i++) {
        texts[count] = json_dumps(json_array_get(keys, i), JSON_COMPACT);
        count += texts[count] != NULL;
    }
    if (texts != NULL)
        ward_show_table(texts, columns, "No key of the ward is believed.");
    while (texts != NULL && count > 0)
        free(texts[--count]);
    free(texts);
}

void ward_hub_show(const char *text)
{
    json_t *document = ward_document_parse(text);
    json_t *keys = json_incref(json_object_get(document, KEYS));
    char *rest;

    (void)json_object_del(document, KEYS);
    rest = json_dumps(document, JSON_COMPACT);
    if (rest != NULL)
        ward_show_document(rest);
    if (keys != NULL) {
        putchar('\n');
        show_keys(keys);
    }
    free(rest);
    json_decref(keys);
    json_decref(document);
}
