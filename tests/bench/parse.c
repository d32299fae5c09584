/* SPDX-License-Identifier: Apache-2.0 */
/* parse FILE: reads JSON lines with a parser for any JSON, as a program would that has no other: P10's yardstick. */
#include <jansson.h>
#include <stdio.h>
#include <stdlib.h>

int main(int argc, char **argv)
{
    FILE *file = argc == 2 ? fopen(argv[1], "re") : NULL;
    char *line = NULL;
    size_t size = 0, count = 0;
    ssize_t length;

    if (!file) {
        fprintf(stderr, "usage: parse FILE\n");
        return 2;
    }
    while ((length = getline(&line, &size, file)) > 0) {
        json_t *value = json_loadb(line, (size_t)length, 0, NULL);

        count += json_is_object(value);
        json_decref(value);
    }
    free(line);
    fclose(file);
    printf("%zu\n", count);
    return 0;
}
