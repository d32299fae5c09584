/* SPDX-License-Identifier: Apache-2.0 */
/* The story, the bus and the loop; what bluetoothd is asked is in bluez_fake_objects.c. */
#include "bluez_fake.h"

#include <signal.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/prctl.h>
#include <sys/wait.h>
#include <unistd.h>

#define DEADLINE_US (60 * UINT64_C(1000000))

void fake_tell(struct fake *fake, const char *format, ...)
{
    size_t length = strlen(fake->story);
    va_list arguments;
    va_start(arguments, format);
    vsnprintf(fake->story + length, sizeof fake->story - length, format, arguments);
    va_end(arguments);
}

size_t fake_mark(const struct fake *fake)
{
    return strlen(fake->story);
}

bool fake_has(const struct fake *fake, size_t since, const char *text)
{
    return strstr(fake->story + since, text) != NULL;
}

void fake_wait(struct fake *fake, size_t since, const char *text)
{
    uint64_t now, end;
    assert_true(sd_event_now(fake->event, CLOCK_MONOTONIC, &now) >= 0);
    end = now + DEADLINE_US;
    while (!fake_has(fake, since, text)) {
        assert_true(sd_event_run(fake->event, 100000) >= 0);
        assert_true(sd_event_now(fake->event, CLOCK_MONOTONIC, &now) >= 0);
        if (now > end)
            fail_msg("waited in vain for '%s'; the story: %s", text, fake->story + since);
    }
}

/* What the adapter under test tells. */

static void on_value(const struct ward_bluez_value *value, void *userdata)
{
    if (value->characteristic != 0x2A35)
        fake_tell(userdata, "%.8s/%04x-", value->service_uuid, value->characteristic);
    fake_tell(userdata, "value=%u,%s,%u ", value->octets[0], value->proved ? "proved" : "unproved",
              value->connection);
}

static void on_link(const struct ward_bluez_link *link, void *userdata)
{
    static const char *const names[] = {"connected",     "proved",   "resolved", "disconnected",
                                        "needs-pairing", "impostor", "resting",  "fault"};
    struct fake *fake = userdata;
    fake_tell(fake, "%s=%u%s ", names[link->state], link->connection, link->possible_gap ? ",gap" : "");
    if (fake->removes_lost && link->state == WARD_BLUEZ_LINK_NEEDS_PAIRING)
        assert_int_equal(ward_bluez_remove(fake->bluez, link->device->address), 0);
}

static void on_battery(const struct ward_bluez_device *device, uint8_t percent, uint64_t receipt_us,
                       void *userdata)
{
    (void)device;
    (void)receipt_us;
    fake_tell(userdata, "battery=%u ", percent);
}

static void on_radio(enum ward_bluez_radio state, const char *reason, void *userdata)
{
    static const char *const names[] = {"absent", "preparing", "ready", "failed"};
    (void)reason;
    fake_tell(userdata, "%s ", names[state]);
}

static void on_found(const struct ward_bluez_found *found, void *userdata)
{
    fake_tell(userdata, "found=%s,%s ", found->address, found->vendor_count ? found->vendors[0] : "");
}

static void on_scan_ended(int error, void *userdata)
{
    fake_tell(userdata, "scan-ended=%d ", error);
}

static void on_enrolment(const struct ward_bluez_enrolment *enrolment, void *userdata)
{
    static const char *const names[] = {"looking",  "discovered", "bonding", "connecting",  "bonded",
                                        "identity", "return",     "reading", "step-paired", "step-failed"};
    struct fake *fake = userdata;
    fake_tell(fake, "%s ", names[enrolment->step]);
    snprintf(fake->last_step_text, sizeof fake->last_step_text, "%s", enrolment->text);
}

static int on_identified(struct ward_bluez_device *device, void *userdata)
{
    static const char *const securities[] = {"", ",open", ",by-address"};
    struct fake *fake = userdata;
    fake_tell(fake, "identified=%s%s ", device->identity.serial_number, securities[device->security]);
    strcpy(device->id.text, "d-1");
    return fake->identified;
}

static void on_forgotten(const char *address, int error, void *userdata)
{
    struct fake *fake = userdata;
    fake_tell(fake, "forgotten=%d ", error);
    if (error == 0 || !fake->forgets_again)
        return;
    fake->forgets_again = false;
    fake_tell(fake, "again=%d ", ward_bluez_forget(fake->bluez, address));
}

static void on_recovery(const struct ward_bluez_recovering *recovering, void *userdata)
{
    static const char *const names[] = {"none", "discovery", "power", "restart", "reset"};
    fake_tell(userdata, "rung=%s,%d ", names[recovering->rung], recovering->error);
}

static void tell_answer(struct fake *fake, const char *what, const struct ward_bluez_answer *answer)
{
    fake_tell(fake, "%s=%04x,%d,%02x", what, answer->characteristic, answer->error, answer->att_error);
    for (size_t i = 0; i < answer->length; i++)
        fake_tell(fake, ",%02x", answer->octets[i]);
    fake_tell(fake, ",connection-%u ", answer->connection);
    assert_true((answer->error == 0) == (answer->text[0] == '\0'));
}

static void on_read_done(const struct ward_bluez_answer *answer, void *userdata)
{
    tell_answer(userdata, "read-done", answer);
}

static void on_write_done(const struct ward_bluez_answer *answer, void *userdata)
{
    tell_answer(userdata, "write-done", answer);
}

void fake_appear(struct fake *fake)
{
    assert_true(sd_bus_request_name(fake->side, "org.bluez", 0) >= 0);
}

void fake_vanish(struct fake *fake)
{
    assert_true(sd_bus_release_name(fake->side, "org.bluez") >= 0);
}

static void start_bus(struct fake *fake, char *address, size_t size)
{
    int ends[2];
    assert_int_equal(pipe(ends), 0);
    fake->daemon = fork();
    assert_true(fake->daemon >= 0);
    if (fake->daemon == 0) {
        char print[32];
        prctl(PR_SET_PDEATHSIG, SIGKILL);
        snprintf(print, sizeof print, "--print-address=%d", ends[1]);
        execlp("dbus-daemon", "dbus-daemon", "--session", "--nofork", "--nopidfile", print, (char *)NULL);
        _exit(127);
    }
    close(ends[1]);
    FILE *stream = fdopen(ends[0], "r");
    assert_non_null(stream);
    assert_non_null(fgets(address, (int)size, stream));
    address[strcspn(address, "\n")] = '\0';
    fclose(stream);
}

static sd_bus *connect_to(struct fake *fake, const char *address)
{
    sd_bus *bus = NULL;
    assert_true(sd_bus_new(&bus) >= 0);
    assert_true(sd_bus_set_address(bus, address) >= 0);
    assert_true(sd_bus_set_bus_client(bus, true) >= 0);
    assert_true(sd_bus_start(bus) >= 0);
    assert_true(sd_bus_attach_event(bus, fake->event, SD_EVENT_PRIORITY_NORMAL) >= 0);
    return bus;
}

void fake_begin(struct fake *fake, const struct ward_bluez_device *enrolled)
{
    static const char *const services[] = {"1810", FAKE_VENDOR, NULL};
    static const char *const characteristics[] = {"2a35", "2A52", "ff02", NULL};
    static const struct ward_bluez_listener listener = {
        .value = on_value,
        .link = on_link,
        .battery = on_battery,
        .radio = on_radio,
        .found = on_found,
        .scan_ended = on_scan_ended,
        .enrolment = on_enrolment,
        .identified = on_identified,
        .forgotten = on_forgotten,
        .read_done = on_read_done,
        .write_done = on_write_done,
        .recovery = on_recovery,
    };
    struct ward_bluez_options options = {.adapter = "hci0",
                                         .services = services,
                                         .characteristics = characteristics,
                                         .connections_max = fake->connections_max};
    char address[256];

    start_bus(fake, address, sizeof address);
    assert_true(sd_event_new(&fake->event) >= 0);
    fake->side = connect_to(fake, address);
    fake->bus = connect_to(fake, address);
    fake->shows_measurement = true;
    if (!fake->serial)
        fake->serial = "C1";
    fake_serve(fake);
    if (fake->exported)
        fake_export(fake);
    fake_appear(fake);
    assert_int_equal(ward_bluez_new(&fake->bluez, fake->event, fake->bus, &options, &listener, fake), 0);
    if (enrolled)
        assert_int_equal(ward_bluez_add(fake->bluez, enrolled), 0);
    fake_wait(fake, 0, "ready ");
}

void fake_end(struct fake *fake)
{
    /* The last call of the adapter waits for its answer, and nobody in this loop would give it. */
    size_t mark = fake_mark(fake);
    fake_vanish(fake);
    fake_wait(fake, mark, "absent ");
    ward_bluez_free(fake->bluez);
    /* Whatever a test is about: some cuffs drop their bond when they are unsubscribed. */
    assert_false(fake_has(fake, 0, "StopNotify"));
    fake_withdraw(fake);
    sd_bus_message_unref(fake->held);
    for (size_t i = 0; i < 8; i++)
        sd_bus_slot_unref(fake->slots[i]);
    sd_bus_flush_close_unref(fake->bus);
    sd_bus_flush_close_unref(fake->side);
    sd_event_unref(fake->event);
    kill(fake->daemon, SIGKILL);
    waitpid(fake->daemon, NULL, 0);
}
