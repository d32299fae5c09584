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
                                                 {"FROM", "from", WARD_COLUMN_PLAIN},
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

/* What is an object has a line for each of its members: "key.kid  V-uW…", as jq(1) names it. */
static void flatten(json_t *document, const char *name)
{
    json_t *object = json_incref(json_object_get(document, name)), *member;
    const char *inner;

    if (json_is_object(object)) {
        (void)json_object_del(document, name);
        json_object_foreach(object, inner, member)
        {
            struct ward_cell path = {.text = ""};

            ward_cell_add(&path, "%s.%s", name, inner);
            (void)json_object_set(document, path.text, member);
        }
    }
    json_decref(object);
}

/* "up (connected)", in the words of `wardctl status`. */
static void name_link(json_t *document)
{
    json_t *link = json_incref(json_object_get(document, "link"));
    struct ward_cell words = {.text = ""};

    if (json_is_object(link)) {
        ward_cell_add(&words, "%s", json_is_true(json_object_get(link, "up")) ? "up" : "DOWN");
        if (*ward_document_text(link, "reason") != '\0')
            ward_cell_add(&words, " (%s)", ward_document_text(link, "reason"));
        (void)json_object_del(link, "up");
        (void)json_object_del(link, "reason");
        (void)json_object_set_new(document, "link", json_string(words.text));
        (void)json_object_update_missing(document, link); /* certificate_expires */
    }
    json_decref(link);
}

void ward_hub_show(const char *text)
{
    json_t *document = ward_document_parse(text);
    json_t *keys = json_incref(json_object_get(document, KEYS));
    char *rest;

    (void)json_object_del(document, KEYS);
    name_link(document);
    flatten(document, "key");
    flatten(document, "care_plans");
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
