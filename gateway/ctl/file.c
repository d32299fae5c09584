/* SPDX-License-Identifier: Apache-2.0 */
#include "ctl/file.h"

#include <errno.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "ctl/verbs.h"

/* Reads all of stream into text, which has room for one octet more than the most. */
static int read_stream(FILE *stream, const char *path, char *text)
{
    const size_t length = fread(text, 1, WARD_CTL_FILE_MAX + 1, stream);

    if (ferror(stream))
        return ward_ctl_fail("cannot read %s: %s", path, strerror(errno));
    if (length > WARD_CTL_FILE_MAX)
        return ward_ctl_fail("%s is longer than %d octets", path, WARD_CTL_FILE_MAX);
    if (memchr(text, '\0', length) != NULL)
        return ward_ctl_fail("%s is not a text", path);
    text[length] = '\0';
    return WARD_CTL_DONE;
}

int ward_file_read(const char *path, char **ret)
{
    FILE *stream = strcmp(path, "-") == 0 ? stdin : fopen(path, "re");
    char *text;
    int status;

    if (stream == NULL)
        return ward_ctl_fail("cannot open %s: %s", path, strerror(errno));
    text = malloc((size_t)WARD_CTL_FILE_MAX + 1);
    status = text != NULL ? read_stream(stream, path, text) : ward_ctl_fail("out of memory");
    if (stream != stdin)
        (void)fclose(stream);
    if (status == WARD_CTL_DONE)
        *ret = text;
    else
        free(text);
    return status;
}
