/* SPDX-License-Identifier: Apache-2.0 */
#include <stdlib.h>
#include <string.h>

#include "app/api_private.h"

bool ward_api_list_add(struct ward_api_list *list, const char *text)
{
    char **grown = realloc(list->texts, (list->count + 1) * sizeof(*grown));

    if (!grown)
        return false;
    list->texts = grown;
    grown[list->count] = strdup(text);
    return grown[list->count] && ++list->count;
}

void ward_api_list_free(struct ward_api_list *list)
{
    while (list->count > 0)
        free(list->texts[--list->count]);
    free(list->texts);
}

void ward_api_reply_list(struct ward_bus_call *call, struct ward_api_list *list)
{
    ward_bus_reply_list(call, (const char *const *)list->texts, list->count);
    ward_api_list_free(list);
}
