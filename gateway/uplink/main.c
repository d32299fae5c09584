/* SPDX-License-Identifier: Apache-2.0 */
/* wardgate-uplink: the pipe to the ward. */
#include <errno.h>
#include <getopt.h>
#include <signal.h>
#include <stdbool.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include <systemd/sd-daemon.h>
#include <systemd/sd-event.h>

#include "uplink/uplink.h"

#define EXIT_USAGE 2

static void usage(FILE *to)
{
    fputs("Usage: wardgate-uplink [OPTION]...\n"
          "Carry messages between the core of Wardgate and the ward's MQTT broker.\n\n"
          "  --spool PATH            socket of the core\n"
          "  --host NAME             broker, as in its certificate\n"
          "  --port NUMBER           its port (8883)\n"
          "  --ca FILE               certificate of the authority that vouches for the broker\n"
          "  --cert FILE             our certificate\n"
          "  --key FILE              its key\n"
          "  --site ID               site in the topics\n"
          "  --gateway ID            gateway in the topics\n"
          "  --client-id ID          MQTT client ids are ID-up and ID-down (the gateway's id)\n"
          "  --keepalive SECONDS     MQTT keep alive (15)\n"
          "  --answer-timeout MS     reconnect when a message stays unanswered for so long (20000)\n"
          "  --help, --version\n",
          to);
}

static bool is_id(const char *text)
{
    size_t length = strspn(text, "ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789-");

    return length >= 1 && length <= 64 && text[length] == 0;
}

static bool parse_number(const char *text, unsigned long smallest, unsigned long largest, unsigned long *ret)
{
    char *end;
    unsigned long number;

    errno = 0;
    number = strtoul(text, &end, 10);
    if (errno != 0 || end == text || *end != 0 || *text == '-' || number < smallest || number > largest)
        return false;
    *ret = number;
    return true;
}

enum flag {
    SPOOL = 1,
    HOST,
    PORT,
    CA,
    CERT,
    KEY,
    SITE,
    GATEWAY,
    CLIENT_ID,
    KEEPALIVE,
    ANSWER_TIMEOUT,
    HELP,
    VERSION
};

static const struct option long_options[] = {
    {"spool", required_argument, NULL, SPOOL},
    {"host", required_argument, NULL, HOST},
    {"port", required_argument, NULL, PORT},
    {"ca", required_argument, NULL, CA},
    {"cert", required_argument, NULL, CERT},
    {"key", required_argument, NULL, KEY},
    {"site", required_argument, NULL, SITE},
    {"gateway", required_argument, NULL, GATEWAY},
    {"client-id", required_argument, NULL, CLIENT_ID},
    {"keepalive", required_argument, NULL, KEEPALIVE},
    {"answer-timeout", required_argument, NULL, ANSWER_TIMEOUT},
    {"help", no_argument, NULL, HELP},
    {"version", no_argument, NULL, VERSION},
    {NULL, 0, NULL, 0},
};

/* Returns false for a value that cannot be; text options are taken as they are. */
static bool take_option(int option, const char *value, struct ward_uplink_options *options)
{
    unsigned long number;

    switch ((enum flag)option) {
    case SPOOL: options->spool = value; return true;
    case HOST: options->host = value; return true;
    case CA: options->ca = value; return true;
    case CERT: options->certificate = value; return true;
    case KEY: options->key = value; return true;
    case SITE: options->site = value; return is_id(value);
    case GATEWAY: options->gateway = value; return is_id(value);
    case CLIENT_ID: options->client_id = value; return is_id(value);
    case PORT:
        if (!parse_number(value, 1, UINT16_MAX, &number))
            return false;
        options->port = (uint16_t)number;
        return true;
    case KEEPALIVE:
        if (!parse_number(value, 1, 3600, &number))
            return false;
        options->keepalive_s = (uint16_t)number;
        return true;
    case ANSWER_TIMEOUT:
        if (!parse_number(value, 100, 3600000, &number))
            return false;
        options->answer_timeout_ms = (uint32_t)number;
        return true;
    case HELP:
    case VERSION: break;
    }
    return false;
}

static const char *missing(const struct ward_uplink_options *options)
{
    const struct {
        const char *name, *value;
    } required[] = {{"spool", options->spool},      {"host", options->host}, {"ca", options->ca},
                    {"cert", options->certificate}, {"key", options->key},   {"site", options->site},
                    {"gateway", options->gateway}};

    for (size_t i = 0; i < sizeof(required) / sizeof(required[0]); i++)
        if (!required[i].value || !required[i].value[0])
            return required[i].name;
    return NULL;
}

/* Returns -1 to go on, or the exit status. */
static int parse(int argc, char *argv[], struct ward_uplink_options *options)
{
    int option, which;

    while ((option = getopt_long(argc, argv, "", long_options, &which)) != -1) {
        if (option == HELP) {
            usage(stdout);
            return EXIT_SUCCESS;
        }
        if (option == VERSION) {
            puts("wardgate-uplink " WARD_VERSION);
            return EXIT_SUCCESS;
        }
        if (option == '?')
            return EXIT_USAGE;
        if (!take_option(option, optarg, options)) {
            fprintf(stderr, SD_ERR "--%s: '%s' cannot be\n", long_options[which].name, optarg);
            return EXIT_USAGE;
        }
    }
    if (optind < argc) {
        fprintf(stderr, SD_ERR "unexpected argument '%s'\n", argv[optind]);
        return EXIT_USAGE;
    }
    if (missing(options)) {
        fprintf(stderr, SD_ERR "--%s is missing\n", missing(options));
        return EXIT_USAGE;
    }
    if (!options->client_id)
        options->client_id = options->gateway;
    return -1;
}

static int on_signal(sd_event_source *source, const struct signalfd_siginfo *info, void *userdata)
{
    (void)source;
    (void)info;
    ward_uplink_stop(userdata);
    return 0;
}

static int run(const struct ward_uplink_options *options)
{
    struct ward_uplink *uplink = NULL;
    sd_event *event = NULL;
    sigset_t all;
    int result;

    /* Before the first thread: Paho's inherit the mask, and only the loop shall see signals. */
    sigfillset(&all);
    if (sigprocmask(SIG_BLOCK, &all, NULL) < 0)
        return -errno;
    /* Paho would send everything through a proxy that the environment names; the ward's broker is reached
     * directly. */
    unsetenv("http_proxy");
    unsetenv("https_proxy");

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
        sd_notify(0, "STOPPING=1");
    }
    ward_uplink_free(uplink);
    sd_event_unref(event);
    return result;
}

int main(int argc, char *argv[])
{
    struct ward_uplink_options options = {.port = 8883, .keepalive_s = 15, .answer_timeout_ms = 20000};
    int result = parse(argc, argv, &options);

    if (result >= 0)
        return result;
    result = run(&options);
    if (result < 0)
        fprintf(stderr, SD_ERR "wardgate-uplink: %s\n", strerror(-result));
    return result < 0 ? EXIT_FAILURE : result;
}
