/* SPDX-License-Identifier: Apache-2.0 */
#include "io/button.h"

#include <errno.h>
#include <fcntl.h>
#include <linux/input.h>
#include <stdlib.h>
#include <string.h>
#include <sys/epoll.h>
#include <unistd.h>

#define AGAIN_US (5 * UINT64_C(1000000))

struct ward_button {
    sd_event *event;
    sd_event_source *again, *readable;
    char *path;
    int device;
    ward_button_pressed *pressed;
    void *userdata;
};

static void close_device(struct ward_button *button)
{
    button->readable = sd_event_source_disable_unref(button->readable);
    if (button->device >= 0)
        close(button->device);
    button->device = -1;
}

static int look_again(struct ward_button *button)
{
    int r = sd_event_source_set_time_relative(button->again, AGAIN_US);

    return r < 0 ? r : sd_event_source_set_enabled(button->again, SD_EVENT_ONESHOT);
}

/* The kernel gives whole events only; less than one is the end of the device. */
static int on_readable(sd_event_source *source, int descriptor, uint32_t events, void *userdata)
{
    struct ward_button *button = userdata;
    struct input_event event;
    ssize_t length = read(descriptor, &event, sizeof(event));

    (void)source, (void)events;
    if (length < 0 && (errno == EAGAIN || errno == EINTR))
        return 0;
    if (length != (ssize_t)sizeof(event)) {
        close_device(button);
        return look_again(button);
    }
    if (event.type == EV_KEY && event.value == 1)
        button->pressed(button->userdata);
    return 0;
}

static int open_device(struct ward_button *button)
{
    int r;

    button->device = open(button->path, O_RDONLY | O_NONBLOCK | O_CLOEXEC);
    if (button->device < 0)
        return -errno;
    r = sd_event_add_io(button->event, &button->readable, button->device, EPOLLIN, on_readable, button);
    if (r < 0)
        close_device(button);
    return r;
}

static int on_again(sd_event_source *source, uint64_t usec, void *userdata)
{
    struct ward_button *button = userdata;

    (void)source, (void)usec;
    return open_device(button) < 0 ? look_again(button) : 0;
}

int ward_button_new(struct ward_button **ret, sd_event *event, const char *path, ward_button_pressed *pressed,
                    void *userdata)
{
    struct ward_button *button = calloc(1, sizeof(*button));
    int r = -ENOMEM;

    if (!button)
        return -ENOMEM;
    *button = (struct ward_button){
        .event = sd_event_ref(event), .device = -1, .pressed = pressed, .userdata = userdata};
    button->path = strdup(path);
    if (button->path)
        r = sd_event_add_time_relative(event, &button->again, CLOCK_BOOTTIME, AGAIN_US, 0, on_again, button);
    if (r >= 0 && open_device(button) >= 0)
        r = sd_event_source_set_enabled(button->again, SD_EVENT_OFF);
    if (r < 0) {
        ward_button_free(button);
        return r;
    }
    *ret = button;
    return 0;
}

struct ward_button *ward_button_free(struct ward_button *button)
{
    if (!button)
        return NULL;
    close_device(button);
    sd_event_source_disable_unref(button->again);
    sd_event_unref(button->event);
    free(button->path);
    free(button);
    return NULL;
}

bool ward_button_works(const struct ward_button *button)
{
    return button->device >= 0;
}
