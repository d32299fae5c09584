/* SPDX-License-Identifier: Apache-2.0 */
/*
 * fake_bluez [SCRIPT]: bluetoothd and the devices around it, on the bus of DBUS_SYSTEM_BUS_ADDRESS, for what the real
 * one does not do on demand. It does what it is told by verbs, one a line, from SCRIPT and then from standard input,
 * and answers each with "ok VERB", or "error …" when it cannot. What is asked of it is printed: "called MEMBER PATH".
 * "ready" is printed once the name is on the bus; it ends with its input.
 *
 *   device ADDRESS name NAME… serial TEXT services UUID…   there is such a device; it has the measurements of the services
 *   advertise ADDRESS on|off             a discovery hears it, or no longer
 *   name ADDRESS NAME…                   from now on it goes by that name
 *   connect ADDRESS                      it called and the kernel connected it (known devices only, radio on)
 *   resolve ADDRESS                      ServicesResolved
 *   disconnect ADDRESS
 *   value ADDRESS UUID HEX               it notifies, and "told at US" says when (CLOCK_MONOTONIC);
 *                                        "long-value ADDRESS UUID N" sends N octets
 *   holds ADDRESS UUID text TEXT…        that is read from the characteristic, until something is written; or "hex HEX"
 *   battery ADDRESS PERCENT
 *   omit ADDRESS UUID on|off             bluetoothd does not show the characteristic
 *   show ADDRESS UUID                    it shows one that it did not, in the midst of a connection
 *   vanish ADDRESS                       its objects go, until it connects
 *   lose-bond ADDRESS                    bluetoothd has no bond with it any more
 *
 *   fault MEMBER TIMES ERROR MESSAGE…    the next TIMES calls ("always": all) fail; ERROR without org.bluez.Error.
 *   hold MEMBER                          calls wait for their answer until
 *   release MEMBER                       answers them, and ends a fault too
 *   hang, wake                           nothing is read from the bus any more, and then again
 *   stop, start                          bluetoothd ends, and runs again: without temporary devices, radio as it was
 *   adapter gone|back                    the controller is unplugged, and plugged in again
 *   power off                            somebody else switches the radio off
 *
 *   strangers COUNT come|stay            so many others advertise; "come": and are dropped again
 *   storm RATE SECONDS value ADDRESS UUID HEX, storm RATE SECONDS rssi ADDRESS
 *   churn device|services ADDRESS TIMES  the objects go and come, again and again
 *   malformed ADDRESS                    all its properties are told with the wrong types
 *   malformed-object on|off              GetManagedObjects has such a device in front
 */
#include "fake_bluez.h"

#include <errno.h>
#include <fcntl.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/epoll.h>
#include <unistd.h>

#define LINE_SIZE 2048
#define WORDS_MAX 24

void fake_must(int result, const char *what)
{
    if (result >= 0)
        return;
    fprintf(stderr, "fake_bluez: %s: %s\n", what, strerror(-result));
    exit(1);
}

/* --- bluetoothd comes and goes ----------------------------------------------------------------------------------- */

void fake_start_service(struct fake *fake)
{
    fake_must(sd_bus_open_system(&fake->bus), "the bus");
    fake_must(sd_bus_add_filter(fake->bus, NULL, fake_on_message, fake), "filter");
    fake_must(sd_bus_attach_event(fake->bus, fake->event, SD_EVENT_PRIORITY_NORMAL), "attach");
    fake_must(sd_bus_request_name(fake->bus, "org.bluez", 0), "org.bluez");
    fake->hangs = false;
}

/* The kernel keeps radio and bonds; what was only seen is forgotten, and so are the characteristics until a contact. */
void fake_stop_service(struct fake *fake)
{
    fake_crowd_end(fake);
    fake_drop_held(fake);
    fake->fault_count = 0;
    fake->bus = sd_bus_close_unref(fake->bus);
    fake->discovering = false;
    for (size_t i = 0; i < fake->device_count; i++) {
        struct fake_device *device = &fake->devices[i];

        device->connected = device->resolved = device->services_shown = false;
        device->exported = device->bonded;
    }
}

/* --- the input --------------------------------------------------------------------------------------------------- */

static void take_line(struct fake *fake, char *line)
{
    char *words[WORDS_MAX], *rest = NULL;
    size_t count = 0;
    bool done;

    for (char *word = strtok_r(line, " \t\r\n", &rest); word && count < WORDS_MAX;
         word = strtok_r(NULL, " \t\r\n", &rest))
        words[count++] = word;
    if (count == 0 || words[0][0] == '#')
        return;
    done = fake_carry_out(fake, words[0], words + 1, count - 1);
    if (fake->bus)
        fake_must(sd_bus_flush(fake->bus), "flush");
    printf("%s %s\n", done ? "ok" : "error", words[0]);
    fflush(stdout);
}

static int on_input(sd_event_source *source, int fd, uint32_t events, void *userdata)
{
    static char line[LINE_SIZE];
    static size_t length;
    struct fake *fake = userdata;
    ssize_t got = read(fd, line + length, sizeof(line) - 1 - length);

    (void)events;
    if (got <= 0)
        return sd_event_exit(sd_event_source_get_event(source), 0);
    length += (size_t)got;
    line[length] = '\0';
    for (char *end; (end = strchr(line, '\n')); length = strlen(line)) {
        *end = '\0';
        take_line(fake, line);
        memmove(line, end + 1, strlen(end + 1) + 1);
    }
    return 0;
}

static void run_script(struct fake *fake, const char *path)
{
    char line[LINE_SIZE];
    FILE *script = fopen(path, "re");

    if (!script)
        fake_must(-errno, path);
    while (fgets(line, sizeof(line), script))
        take_line(fake, line);
    fclose(script);
}

int main(int argc, char **argv)
{
    static struct fake fake = {.adapter = true};

    fake_must(sd_event_new(&fake.event), "the loop");
    fake_start_service(&fake);
    if (argc == 2)
        run_script(&fake, argv[1]);
    fake_must(sd_event_add_io(fake.event, NULL, STDIN_FILENO, EPOLLIN, on_input, &fake), "standard input");
    puts("ready");
    fflush(stdout);
    fake_must(sd_event_loop(fake.event), "the loop");
    if (fake.bus)
        fake_stop_service(&fake);
    sd_event_unref(fake.event);
    return 0;
}
