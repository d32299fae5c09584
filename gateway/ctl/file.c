/* SPDX-License-Identifier: Apache-2.0 */
#include "ctl/file.h"

#include <errno.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "ctl/verbs.h"

int ward_file_read(const char *path, char **ret)
{
    FILE *stream = strcmp(path, "-") == 0 ? stdin : fopen(path, "re");
    char *text = malloc(WARD_CTL_FILE_MAX + 1);
    int status = WARD_CTL_DONE;
    size_t length = 0;

    if (text == NULL)
        status = ward_ctl_fail("out of memory");
    else if (stream == NULL)
        status = ward_ctl_fail("cannot open %s: %s", path, strerror(errno));
    else
        length = fread(text, 1, WARD_CTL_FILE_MAX + 1, stream);
    if (status == WARD_CTL_DONE && ferror(stream))
        status = ward_ctl_fail("cannot read %s: %s", path, strerror(errno));
    else if (status == WARD_CTL_DONE && length > WARD_CTL_FILE_MAX)
        status = ward_ctl_fail("%s is longer than %d octets", path, WARD_CTL_FILE_MAX);
    else if (status == WARD_CTL_DONE && memchr(text, '\0', length) != NULL)
        status = ward_ctl_fail("%s is not a text", path);
    if (stream != NULL && stream != stdin)
        fclose(stream);
    if (status != WARD_CTL_DONE) {
        free(text);
        return status;
    }
    text[length] = '\0';
    *ret = text;
    return status;
}
