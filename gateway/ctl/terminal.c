/* SPDX-License-Identifier: Apache-2.0 */
#include "ctl/terminal.h"

#include <langinfo.h>
#include <signal.h>
#include <stdio.h>
#include <stdio_ext.h>
#include <stdlib.h>
#include <string.h>
#include <sys/ioctl.h>
#include <unistd.h>

#define WIDTH      80
#define WIDTH_MIN  20
#define HEIGHT     24
#define HEIGHT_MIN 5
#define SIZE_MOST  10000

bool ward_terminal_has_cursor(void)
{
    const char *terminal = getenv("TERM");

    return isatty(STDOUT_FILENO) == 1 && (terminal == NULL || strcmp(terminal, "dumb") != 0);
}

bool ward_terminal_has_colour(void)
{
    const char *no_colour = getenv("NO_COLOR");

    return ward_terminal_has_cursor() && (no_colour == NULL || *no_colour == '\0');
}

/* What the variable says, else what the terminal says, else the usual; at least `least`. */
static size_t size_of(const char *variable, unsigned short from_terminal, size_t usual, size_t least)
{
    const char *text = getenv(variable);
    const unsigned long said = text != NULL ? strtoul(text, NULL, 10) : 0;
    size_t size = said > 0 && said < SIZE_MOST ? said : from_terminal > 0 ? from_terminal : usual;

    return size < least ? least : size;
}

static struct winsize window(void)
{
    struct winsize size = {0};

    if (ioctl(STDOUT_FILENO, TIOCGWINSZ, &size) < 0)
        return (struct winsize){0};
    return size;
}

size_t ward_terminal_width(void)
{
    return size_of("COLUMNS", window().ws_col, WIDTH, WIDTH_MIN);
}

size_t ward_terminal_height(void)
{
    return size_of("LINES", window().ws_row, HEIGHT, HEIGHT_MIN);
}

bool ward_terminal_is_utf8(void)
{
    return strcmp(nl_langinfo(CODESET), "UTF-8") == 0;
}

/* --- the pager ------------------------------------------------------------------------------------------------ */

static FILE *pager;
static int kept_output = -1;

void ward_pager_begin(void)
{
    const char *command = getenv("PAGER");

    if (command == NULL)
        command = "less";
    if (pager != NULL || isatty(STDIN_FILENO) != 1 || isatty(STDOUT_FILENO) != 1 || *command == '\0' ||
        strcmp(command, "cat") == 0)
        return;
    fflush(stdout);
    /* An answer of less to LESS that a person has set is left as it is. */
    (void)setenv("LESS", "FRX", 0);
    pager = popen(command, "we");
    if (pager == NULL)
        return;
    kept_output = dup(STDOUT_FILENO);
    if (kept_output < 0 || dup2(fileno(pager), STDOUT_FILENO) < 0) {
        ward_pager_end();
        return;
    }
    /* Who quits the pager has seen enough: that is no failure to write. */
    (void)signal(SIGPIPE, SIG_IGN);
}

void ward_pager_end(void)
{
    if (pager == NULL)
        return;
    if (fflush(stdout) != 0) {
        __fpurge(stdout); /* or it would come on the terminal */
        clearerr(stdout);
    }
    if (kept_output >= 0) {
        (void)dup2(kept_output, STDOUT_FILENO);
        close(kept_output);
        kept_output = -1;
    }
    pclose(pager);
    pager = NULL;
}
