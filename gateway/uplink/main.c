/* SPDX-License-Identifier: Apache-2.0 */
/* wardgate-uplink: the pipe to the ward. */
#include <errno.h>
#include <getopt.h>
#include <malloc.h>
#include <signal.h>
#include <stdbool.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include <MQTTAsync.h>
#include <openssl/crypto.h>
#include <systemd/sd-daemon.h>
#include <systemd/sd-event.h>

#include "ward/config.h"
#include "ward/link.h"

#include "uplink/log.h"
#include "uplink/system.h"
#include "uplink/uplink.h"
#include "uplink/window.h"

#define CONFIG     "/etc/wardgate/wardgate.conf"
#define EXIT_USAGE 2
/* A message that stays unanswered for so long, or for the keep-alive if that is shorter, ends the connection.
 * */
#define ANSWER_TIMEOUT_MS 20000

static void usage(FILE *to)
{
    fputs("Usage: wardgate-uplink [--config FILE]\n"
          "Carry messages between the core of Wardgate and the ward's MQTT broker.\n\n"
          "  --config FILE  the configuration (" CONFIG ")\n"
          "  --help         this text\n"
          "  --version      the version\n",
          to);
}

/* Returns -1 to go on, or the exit status. */
static int parse(int argc, char *argv[], const char **ret_config)
{
    static const struct option options[] = {
        {"config", required_argument, NULL, 'c'},
        {"help", no_argument, NULL, 'h'},
        {"version", no_argument, NULL, 'v'},
        {NULL, 0, NULL, 0},
    };
    int option;

    while ((option = getopt_long(argc, argv, "", options, NULL)) != -1) {
        switch (option) {
        case 'c': *ret_config = optarg; break;
        case 'h': usage(stdout); return EXIT_SUCCESS;
        case 'v': puts("wardgate-uplink " WARD_VERSION); return EXIT_SUCCESS;
        default: return EXIT_USAGE; /* getopt has said why */
        }
    }
    if (optind < argc) {
        fprintf(stderr, "wardgate-uplink: unexpected argument '%s'\n", argv[optind]);
        return EXIT_USAGE;
    }
    return -1;
}

/* The texts are those of config. */
static struct ward_uplink_options options_of(const struct ward_config *config)
{
    uint32_t keepalive_ms = config->hub.keepalive_ms;
    uint32_t keepalive_s = (keepalive_ms + 999) / 1000;

    return (struct ward_uplink_options){
        .spool = config->spool.socket,
        .host = config->hub.host,
        .port = config->hub.port,
        .files = {.ca = config->hub.ca,
                  .crl = config->hub.crl,
                  .certificate = config->hub.certificate,
                  .key = config->hub.key},
        .enrolled = config->hub.enrolled,
        .site = config->gateway.site,
        .gateway = config->gateway.id,
        .care_plan_url = config->https.care_plan_url,
        .care_plan_interval_ms = config->https.care_plan_interval_ms,
        .keepalive_s = (uint16_t)(keepalive_s > 0 ? keepalive_s : 1), /* 0 would be none at all */
        .answer_timeout_ms = keepalive_ms < ANSWER_TIMEOUT_MS ? keepalive_ms : ANSWER_TIMEOUT_MS,
    };
}

static int on_signal(sd_event_source *source, const struct signalfd_siginfo *info, void *userdata)
{
    (void)source;
    (void)info;
    ward_uplink_stop(userdata);
    return 0;
}

/*
 * What was freed goes back to the system, and one pool serves all threads: they hardly ever allocate at the same time.
 * Messages, of which Paho makes two copies each, stay in the pool as long as the core has more (uplink_core.c): pages of
 * their own, which come and go with each of them, take longer than everything else that is done to a message.
 */
static void keep_memory_small(void)
{
    (void)mallopt(M_ARENA_MAX, 1);
    (void)mallopt(M_MMAP_THRESHOLD, 2 * WARD_LINK_FRAME_MAX);
    (void)mallopt(M_TRIM_THRESHOLD, WARD_WINDOW_OCTETS_MAX);
    (void)mallopt(M_TOP_PAD, 0);
}

static void hold_program(void)
{
    const int result = ward_system_hold_program();

    if (result < 0)
        ward_log(LOG_WARNING, WARD_JOURNAL_UPLINK_UNLOCKED,
                 "the program cannot be kept in memory (LimitMEMLOCK=): %s", strerror(-result));
}

static int run(const struct ward_uplink_options *options)
{
    struct ward_uplink *uplink = NULL;
    sd_event *event = NULL;
    sigset_t all;
    int result = 0;

    /* Before the first thread: Paho's inherit the mask, and only the loop shall see signals. */
    sigfillset(&all);
    if (sigprocmask(SIG_BLOCK, &all, NULL) < 0)
        return -errno;
    /* Paho would send everything through a proxy that the environment names; the broker is reached directly.
     * */
    unsetenv("http_proxy");
    unsetenv("https_proxy");
    /* Paho keeps a trace of every packet in memory, 125 kB of it; only of its errors then. */
    MQTTAsync_setTraceLevel(MQTTASYNC_TRACE_ERROR);

    if (options->files.crl[0])
        result = ward_tls_demand_revocation_list();
    if (result >= 0)
        result = sd_event_default(&event);
    if (result >= 0)
        result = ward_uplink_new(&uplink, event, options);
    if (result >= 0)
        result = sd_event_add_signal(event, NULL, SIGTERM, on_signal, uplink);
    if (result >= 0)
        result = sd_event_add_signal(event, NULL, SIGINT, on_signal, uplink);
    if (result >= 0)
        result = sd_event_set_watchdog(event, true);
    if (result >= 0) {
        sd_notify(0, "READY=1");
        result = sd_event_loop(event);
        if (result != WARD_UPLINK_ANEW) /* to systemd the service goes on then */
            sd_notify(0, "STOPPING=1");
    }
    ward_uplink_free(uplink);
    sd_event_unref(event);
    return result;
}

int main(int argc, char *argv[])
{
    const char *path = CONFIG;
    struct ward_config config;
    struct ward_config_error error;
    struct ward_uplink_options options;
    int result = parse(argc, argv, &path);

    if (result >= 0)
        return result;
    /*
     * Before all that uses OpenSSL: its first use decides whether OpenSSL is put down when the process ends, and it must
     * stand: Paho's threads are detached, and may then still be inside it.
     */
    OPENSSL_init_crypto(OPENSSL_INIT_NO_ATEXIT, NULL);
    keep_memory_small();
    ward_log_open(NULL);
    hold_program();
    if (ward_config_load(path, &config, &error) < 0) {
        ward_log(LOG_ERR, WARD_JOURNAL_UPLINK_CANNOT_START, "%s:%u: %s", error.file, error.line, error.text);
        return EXIT_FAILURE;
    }
    options = options_of(&config);
    result = run(&options);
    if (result == WARD_UPLINK_ANEW) {
        closefrom(STDERR_FILENO + 1);
        execv("/proc/self/exe", argv);
        result = -errno;
    }
    if (result < 0)
        ward_log(LOG_ERR, WARD_JOURNAL_UPLINK_CANNOT_START, "wardgate-uplink: %s", strerror(-result));
    return result < 0 ? EXIT_FAILURE : result;
}
