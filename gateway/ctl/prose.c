/* SPDX-License-Identifier: Apache-2.0 */
#include "ctl/prose.h"

#include <stdbool.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/types.h>
#include <unistd.h>

#include "ctl/fit.h"
#include "ctl/terminal.h"

#define LINE_MAX_OCTETS 4096

static FILE *terminal; /* what standard output was before */
static char line[LINE_MAX_OCTETS];
static size_t length;

/*
 * Octets before the text of a line: up to the last gap in its first half, behind "Usage: wardctl", or what it is indented
 * by.
 */
static size_t label_of(const char *text, size_t width)
{
    const size_t usage = strlen("Usage: wardctl ");
    size_t end = strspn(text, " ");

    if (strncmp(text, "Usage: wardctl ", usage) == 0 || strncmp(text, "       wardctl ", usage) == 0)
        return usage;
    for (size_t at = end, used = end; text[at] != '\0' && text[at] != '\n' && used <= width / 2;
         at++, used++) {
        const size_t colour = text[at] == '\033' ? strcspn(text + at, "m") + 1 : 0;

        if (colour == 0 && at >= 2 && text[at] != ' ' && text[at - 1] == ' ' && text[at - 2] == ' ')
            end = at;
        else if (colour > 0 && text[at + colour - 1] != 'm')
            break;
        at += colour > 0 ? colour - 1 : 0;
        used -= colour > 0;
    }
    return end;
}

/* text, of which `label` octets are not broken, and what follows goes on behind them. */
static void print_broken(FILE *stream, const char *text, size_t label, size_t width)
{
    char *head = strndup(text, label);
    const size_t indent = head != NULL ? ward_fit_width(head) : 0;
    char *lines = head != NULL ? ward_fit_wrap(text + label, width > indent ? width - indent : 1) : NULL;

    if (lines != NULL)
        fputs(head, stream);
    for (const char *at = lines; at != NULL; at = strchr(at, '\n')) {
        if (at != lines)
            fprintf(stream, "\n%*s", (int)indent, "");
        at += *at == '\n';
        fprintf(stream, "%.*s", (int)strcspn(at, "\n"), at);
    }
    if (lines == NULL)
        fputs(text, stream); /* out of memory */
    free(lines);
    free(head);
}

static void print_line(void)
{
    const size_t width = ward_terminal_width();

    line[length] = '\0';
    if (ward_fit_width(line) <= width)
        fputs(line, terminal);
    else
        print_broken(terminal, line, label_of(line, width), width);
    length = 0;
}

static ssize_t take(void *cookie, const char *text, size_t size)
{
    (void)cookie;
    for (size_t i = 0; i < size; i++) {
        if (text[i] == '\n' || length == sizeof(line) - 1)
            print_line();
        if (text[i] == '\n')
            fputc('\n', terminal);
        else
            line[length++] = text[i];
    }
    return ferror(terminal) ? 0 : (ssize_t)size;
}

void ward_prose_flow(const char *text)
{
    const size_t width = ward_terminal_width();
    size_t label = label_of(text, width);

    while (*text != '\0') {
        const size_t size = strcspn(text, "\n");
        const char *next = text + size + (text[size] == '\n');
        const size_t indent = strspn(next, " ");
        const bool goes_on = terminal != NULL && size > 0 && next[indent] != '\n' && next[indent] != '\0' &&
                             indent == label && label_of(next, width) == indent;

        fwrite(text, 1, size, stdout);
        putchar(goes_on ? ' ' : '\n');
        text = goes_on ? next + indent : next;
        label = goes_on ? label : label_of(next, width);
    }
}

void ward_prose_say(const char *head, const char *text)
{
    char *whole = NULL;

    (void)fflush(stdout); /* what was said before stands before it */
    if (isatty(STDERR_FILENO) == 1 && asprintf(&whole, "%s%s", head, text) >= 0) {
        print_broken(stderr, whole, 0, ward_terminal_width());
        fputc('\n', stderr);
    } else {
        fprintf(stderr, "%s%s\n", head, text);
    }
    free(whole);
}

void ward_prose_begin(void)
{
    FILE *stream;

    if (terminal != NULL || !ward_terminal_is_looked_at())
        return;
    stream = fopencookie(NULL, "w", (cookie_io_functions_t){.write = take});
    if (stream == NULL)
        return;
    terminal = stdout;
    stdout = stream;
}

void ward_prose_end(void)
{
    if (terminal == NULL)
        return;
    (void)fclose(stdout);
    if (length > 0)
        print_line();
    stdout = terminal;
    terminal = NULL;
}
