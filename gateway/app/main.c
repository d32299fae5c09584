/* SPDX-License-Identifier: Apache-2.0 */
/* wardgated: the core daemon of the gateway. */
#include <errno.h>
#include <getopt.h>
#include <malloc.h>
#include <signal.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/mman.h>
#include <sys/resource.h>
#include <systemd/sd-daemon.h>
#include <systemd/sd-event.h>
#include <unistd.h>

#include "app/gateway.h"
#include "core/model.h"
#include "io/journal.h"
#include "ward/config.h"
#include "ward/mappings.h"

#define DEFAULT_CONFIG "/etc/wardgate/wardgate.conf"

static void usage(FILE *out)
{
    fprintf(out,
            "Usage: wardgated [--config FILE]\n"
            "Reads wearables over Bluetooth LE, applies the patients' alarm limits, keeps every reading and\n"
            "hands readings and alarms to wardgate-uplink. Stops on SIGTERM.\n\n"
            "  --config FILE  the configuration (" DEFAULT_CONFIG ")\n"
            "  --help         this text\n"
            "  --version      the version\n");
}

/* Returns 0 to go on, 1 when the work is done, or negative errno. */
static int parse_options(int argc, char **argv, const char **ret_config)
{
    static const struct option options[] = {{"config", required_argument, NULL, 'c'},
                                            {"version", no_argument, NULL, 'v'},
                                            {"help", no_argument, NULL, 'h'},
                                            {NULL, 0, NULL, 0}};
    int option;

    while ((option = getopt_long(argc, argv, "c:vh", options, NULL)) >= 0) {
        switch (option) {
        case 'c': *ret_config = optarg; break;
        case 'v': puts("wardgated " WARD_VERSION); return 1;
        case 'h': usage(stdout); return 1;
        default: usage(stderr); return -EINVAL;
        }
    }
    if (optind < argc) {
        usage(stderr);
        return -EINVAL;
    }
    return 0;
}

/*
 * An alarm must not wait for a page of ours to come back from a card that hangs. With a limit below what we map, a
 * lock on all future memory would make allocations fail instead, so then it is left.
 */
static void lock_memory(void)
{
    struct rlimit limit;
    int result;

    if (getrlimit(RLIMIT_MEMLOCK, &limit) < 0 || (limit.rlim_cur != RLIM_INFINITY && geteuid() != 0))
        ward_journal_print_matter(LOG_WARNING, WARD_JOURNAL_MEMORY_UNLOCKED,
                                  "Memory is not locked: the limit (LimitMEMLOCK=) is not infinity");
    else if (mlockall(MCL_CURRENT | MCL_FUTURE | MCL_ONFAULT) < 0)
        ward_journal_print_matter(LOG_WARNING, WARD_JOURNAL_MEMORY_UNLOCKED, "Memory cannot be locked: %m");
    else if ((result = ward_mappings_use(ward_mapping_read_in)) < 0)
        ward_journal_print(LOG_WARNING, "Not all of the program could be read in: %s", strerror(-result));
}

/*
 * What was freed goes back to the system, and one pool serves both threads, which hardly ever allocate at the same time.
 * Large blocks, which by default stay in the pool once one was freed, have pages of their own: those that are never
 * used take none.
 */
static void keep_memory_small(void)
{
    (void)mallopt(M_ARENA_MAX, 1);
    (void)mallopt(M_MMAP_THRESHOLD, 32 * 1024);
    (void)mallopt(M_TRIM_THRESHOLD, 32 * 1024);
    (void)mallopt(M_TOP_PAD, 0);
}

static bool is_model(const char *id)
{
    return ward_model_by_id(id) != NULL;
}

static int run(const char *config_path)
{
    struct ward_config config;
    struct ward_config_error error;
    struct ward_gateway *gateway = NULL;
    sd_event *event = NULL;
    sigset_t signals;
    int result = ward_config_load_knowing(config_path, is_model, &config, &error);

    if (result < 0) {
        ward_journal_print_matter(LOG_ERR, WARD_JOURNAL_CONFIGURATION, "%s:%u: %s", error.file, error.line,
                                  error.text);
        fprintf(stderr, "wardgated: %s:%u: %s\n", error.file, error.line, error.text);
        return result;
    }
    sigemptyset(&signals);
    sigaddset(&signals, SIGTERM);
    sigaddset(&signals, SIGINT);
    sigprocmask(SIG_BLOCK, &signals, NULL);
    signal(SIGPIPE, SIG_IGN);
    lock_memory();

    result = sd_event_default(&event);
    if (result >= 0)
        result = sd_event_add_signal(event, NULL, SIGTERM, NULL, NULL);
    if (result >= 0)
        result = sd_event_add_signal(event, NULL, SIGINT, NULL, NULL);
    if (result >= 0)
        result = sd_event_set_watchdog(event, 1);
    if (result >= 0)
        result = ward_gateway_new(&gateway, &config, event);
    if (result >= 0) {
        (void)sd_notify(0, "READY=1");
        result = sd_event_loop(event);
        (void)sd_notify(0, "STOPPING=1");
    }
    if (result < 0)
        fprintf(stderr, "wardgated: %s\n", strerror(-result));
    ward_gateway_free(gateway);
    sd_event_unref(event);
    return result;
}

int main(int argc, char **argv)
{
    const char *config = DEFAULT_CONFIG;
    int result = parse_options(argc, argv, &config);

    (void)ward_journal_open(NULL); /* without one there is nobody to tell */
    keep_memory_small();
    if (result == 0)
        result = run(config);
    else if (result > 0)
        return EXIT_SUCCESS;
    return result < 0 ? EXIT_FAILURE : EXIT_SUCCESS;
}
