/* SPDX-License-Identifier: Apache-2.0 */
#include "ctl/watch_screen.h"

#include <stdio.h>
#include <termios.h>
#include <unistd.h>

#include "ctl/terminal.h"

static struct termios before;
static bool has_before;

void ward_watch_screen_open(void)
{
    struct termios raw;

    has_before = tcgetattr(STDIN_FILENO, &before) == 0;
    if (has_before) {
        raw = before;
        raw.c_lflag &= ~(tcflag_t)(ICANON | ECHO);
        (void)tcsetattr(STDIN_FILENO, TCSANOW, &raw);
    }
    fputs("\033[?1049h\033[?25l", stdout);
}

void ward_watch_screen_close(void)
{
    fputs("\033[?25h\033[?1049l", stdout);
    fflush(stdout);
    if (has_before)
        (void)tcsetattr(STDIN_FILENO, TCSANOW, &before);
}

/* From the top, each line up to its end and then what is below: nothing flickers. */
void ward_watch_screen_draw(const struct ward_watch *watch, const struct ward_watch_now *now)
{
    const struct ward_watch_screen screen = {.width = ward_terminal_width(),
                                             .height = ward_terminal_height(),
                                             .utf8 = ward_terminal_is_utf8(),
                                             .colour = ward_terminal_has_colour()};

    fputs("\033[H", stdout);
    ward_watch_draw(watch, now, &screen, "\033[K\r\n", stdout);
    fputs("\033[K\033[J", stdout);
    fflush(stdout);
}
