/* SPDX-License-Identifier: Apache-2.0 */
#include "ctl/terminal.h"

#include <errno.h>
#include <fcntl.h>
#include <langinfo.h>
#include <signal.h>
#include <spawn.h>
#include <stdio.h>
#include <stdio_ext.h>
#include <stdlib.h>
#include <string.h>
#include <sys/ioctl.h>
#include <sys/wait.h>
#include <unistd.h>

#define WIDTH      80
#define WIDTH_MIN  20
#define HEIGHT     24
#define HEIGHT_MIN 5
#define SIZE_MOST  10000

static pid_t pager;
static int kept_output = -1; /* the terminal, behind the pager */
static bool pager_shows_colours;

bool ward_terminal_is_looked_at(void)
{
    return isatty(kept_output >= 0 ? kept_output : STDOUT_FILENO) == 1;
}

static bool is_dumb(void)
{
    const char *terminal = getenv("TERM");

    return terminal != NULL && strcmp(terminal, "dumb") == 0;
}

bool ward_terminal_has_cursor(void)
{
    return isatty(STDOUT_FILENO) == 1 && !is_dumb();
}

bool ward_terminal_has_colour(void)
{
    const char *no_colour = getenv("NO_COLOR");

    return (isatty(STDOUT_FILENO) == 1 || pager_shows_colours) && !is_dumb() &&
           (no_colour == NULL || *no_colour == '\0');
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

    if (ioctl(kept_output >= 0 ? kept_output : STDOUT_FILENO, TIOCGWINSZ, &size) < 0)
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

/* Reads from `input`; a PAGER may have words, so a shell reads it. Returns its process, or a negative number. */
static pid_t start_pager(const char *command, int input)
{
    char shell[] = "sh", option[] = "-c", *text = NULL;
    posix_spawn_file_actions_t actions;
    pid_t process = -1;

    /* What is to be shown is not lost where there is no such pager. */
    if (asprintf(&text, "%s; [ $? -ne 127 ] || cat", command) < 0)
        return -1;
    if (posix_spawn_file_actions_init(&actions) == 0) {
        char *const arguments[] = {shell, option, text, NULL};

        if (posix_spawn_file_actions_adddup2(&actions, input, STDIN_FILENO) != 0 ||
            posix_spawn(&process, "/bin/sh", &actions, NULL, arguments, environ) != 0)
            process = -1;
        (void)posix_spawn_file_actions_destroy(&actions);
    }
    free(text);
    return process;
}

void ward_pager_begin(void)
{
    const char *command = getenv("PAGER");
    const char *less;
    int ends[2];

    if (command == NULL)
        command = "command -v less >/dev/null || exec cat; less";
    if (pager > 0 || isatty(STDIN_FILENO) != 1 || isatty(STDOUT_FILENO) != 1 || is_dumb() ||
        *command == '\0' || strcmp(command, "cat") == 0)
        return;
    fflush(stdout);
    /* What a person has set for less is left as it is. */
    (void)setenv("LESS", "FRX", 0);
    less = getenv("LESS");
    kept_output = fcntl(STDOUT_FILENO, F_DUPFD_CLOEXEC, STDERR_FILENO + 1);
    if (kept_output < 0 || pipe2(ends, O_CLOEXEC) < 0)
        return;
    pager = start_pager(command, ends[0]);
    if (pager > 0 && dup2(ends[1], STDOUT_FILENO) >= 0) {
        pager_shows_colours = getenv("PAGER") == NULL && less != NULL && strchr(less, 'R') != NULL;
        (void)signal(SIGPIPE, SIG_IGN); /* who quits the pager has seen enough: that is no failure to write */
    }
    close(ends[0]);
    close(ends[1]);
}

void ward_pager_end(void)
{
    if (pager > 0) {
        if (fflush(stdout) != 0 || ferror(stdout)) {
            __fpurge(stdout); /* or it would come on the terminal */
            clearerr(stdout);
        }
        (void)dup2(kept_output, STDOUT_FILENO);
        while (waitpid(pager, NULL, 0) < 0 && errno == EINTR)
            ;
        pager = 0;
        pager_shows_colours = false;
    }
    if (kept_output >= 0)
        close(kept_output);
    kept_output = -1;
}
