/* SPDX-License-Identifier: Apache-2.0 */
/*
 *   SHAKING    handshake over → LISTENING, or DONE if nobody wants to listen; it failed, or took too long → DONE
 *   LISTENING  the peer refuses us → DONE; it says something else, or nothing in time → DONE, all is well
 */
#include "uplink/tls_probe.h"

#include <arpa/inet.h>
#include <errno.h>
#include <stdbool.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <time.h>

#include <openssl/err.h>

struct ward_tls_probe {
    struct ward_tls_probe_options options;
    SSL_CTX *context;
    SSL *ssl;
    sd_event_source *io, *timer, *early;
    bool listening;
    enum ward_journal_matter matter; /* of what is wrong */
    char wrong[160];                 /* "": nothing so far */
};

static void done(struct ward_tls_probe *probe)
{
    sd_event_source_set_enabled(probe->io, SD_EVENT_OFF);
    probe->timer = sd_event_source_disable_unref(probe->timer);
    probe->options.done(probe->options.userdata, probe->matter, probe->wrong[0] ? probe->wrong : NULL);
}

/* The first thing that is wrong counts; the others follow from it. */
static int on_certificate(int good, X509_STORE_CTX *store)
{
    SSL *ssl = X509_STORE_CTX_get_ex_data(store, SSL_get_ex_data_X509_STORE_CTX_idx());
    struct ward_tls_probe *probe = SSL_get_app_data(ssl);

    if (!good && !probe->wrong[0])
        probe->matter = ward_tls_words_of_certificate(
            &probe->options.peer, X509_STORE_CTX_get_error(store), X509_STORE_CTX_get_current_cert(store),
            X509_STORE_CTX_get_error_depth(store), probe->wrong, sizeof(probe->wrong));
    return good;
}

static void set_timer(struct ward_tls_probe *probe, uint64_t after_us);

static int on_timer(sd_event_source *source, uint64_t time_us, void *userdata)
{
    struct ward_tls_probe *probe = userdata;

    (void)source;
    (void)time_us;
    if (!probe->listening)
        snprintf(probe->wrong, sizeof(probe->wrong), "no answer from the %s", probe->options.peer.role);
    done(probe);
    return 0;
}

static void set_timer(struct ward_tls_probe *probe, uint64_t after_us)
{
    probe->timer = sd_event_source_disable_unref(probe->timer);
    if (sd_event_add_time_relative(probe->options.event, &probe->timer, CLOCK_BOOTTIME, after_us, 0, on_timer,
                                   probe) < 0)
        sd_event_exit(probe->options.event, EXIT_FAILURE); /* it would never end: be started anew */
}

/* Returns whether the call is to be made again when the socket is ready; otherwise what is wrong stands in wrong. */
static bool wants_more(struct ward_tls_probe *probe, int result)
{
    switch (SSL_get_error(probe->ssl, result)) {
    case SSL_ERROR_WANT_READ: sd_event_source_set_io_events(probe->io, EPOLLIN); return true;
    case SSL_ERROR_WANT_WRITE: sd_event_source_set_io_events(probe->io, EPOLLOUT); return true;
    default: break;
    }
    if (!probe->wrong[0])
        probe->matter = ward_tls_words_of_handshake(&probe->options.peer, ERR_peek_last_error(), probe->wrong,
                                                    sizeof(probe->wrong));
    return false;
}

static int on_io(sd_event_source *source, int descriptor, uint32_t events, void *userdata)
{
    struct ward_tls_probe *probe = userdata;
    char octet;
    int result;

    (void)source;
    (void)descriptor;
    (void)events;
    ERR_clear_error();
    result = probe->listening ? SSL_read(probe->ssl, &octet, sizeof(octet)) : SSL_connect(probe->ssl);
    if (result != 1 && wants_more(probe, result))
        return 0;
    if (result == 1 && !probe->listening && probe->options.listen_us > 0) {
        probe->listening = true;
        sd_event_source_set_io_events(probe->io, EPOLLIN);
        set_timer(probe, probe->options.listen_us);
        return 0;
    }
    done(probe);
    return 0;
}

/* A file is not usable: said from the loop, as everything else. */
static int on_early(sd_event_source *source, void *userdata)
{
    (void)source;
    done(userdata);
    return 0;
}

static int name_peer(struct ward_tls_probe *probe)
{
    const char *host = probe->options.peer.host;
    void *name = (void *)(uintptr_t)host; /* as the macro for the extension casts it, too */
    struct in6_addr address;

    if (inet_pton(AF_INET, host, &address) == 1 || inet_pton(AF_INET6, host, &address) == 1)
        return X509_VERIFY_PARAM_set1_ip_asc(SSL_get0_param(probe->ssl), host) == 1 ? 0 : -EINVAL;
    return SSL_set1_host(probe->ssl, host) == 1 && SSL_set_tlsext_host_name(probe->ssl, name) == 1 ? 0
                                                                                                   : -EINVAL;
}

static int start(struct ward_tls_probe *probe)
{
    int result;

    probe->context = ward_tls_context_new(&probe->options.peer.files[0], probe->wrong, sizeof(probe->wrong));
    probe->matter = probe->context ? WARD_JOURNAL_TLS_FAILS : WARD_JOURNAL_TLS_FILES;
    if (!probe->context)
        return sd_event_add_defer(probe->options.event, &probe->early, on_early, probe);
    SSL_CTX_set_verify(probe->context, SSL_VERIFY_PEER, on_certificate);
    probe->ssl = SSL_new(probe->context);
    if (!probe->ssl || SSL_set_app_data(probe->ssl, probe) != 1 ||
        SSL_set_fd(probe->ssl, probe->options.socket) != 1)
        return -ENOMEM;
    result = name_peer(probe);
    if (result < 0)
        return result;
    set_timer(probe, probe->options.handshake_us);
    return sd_event_add_io(probe->options.event, &probe->io, probe->options.socket, EPOLLOUT, on_io, probe);
}

int ward_tls_probe_new(struct ward_tls_probe **ret, const struct ward_tls_probe_options *options)
{
    struct ward_tls_probe *probe = calloc(1, sizeof(*probe));
    int result;

    if (!probe)
        return -ENOMEM;
    probe->options = *options;
    sd_event_ref(probe->options.event);
    result = start(probe);
    if (result < 0) {
        ward_tls_probe_free(probe);
        return result;
    }
    *ret = probe;
    return 0;
}

struct ward_tls_probe *ward_tls_probe_free(struct ward_tls_probe *probe)
{
    if (!probe)
        return NULL;
    sd_event_source_disable_unref(probe->io);
    sd_event_source_disable_unref(probe->timer);
    sd_event_source_disable_unref(probe->early);
    SSL_free(probe->ssl);
    SSL_CTX_free(probe->context);
    sd_event_unref(probe->options.event);
    free(probe);
    return NULL;
}

void ward_tls_probe_describe(const struct ward_tls_probe *probe, char *text, size_t size)
{
    X509 *certificate = probe->ssl ? SSL_get1_peer_certificate(probe->ssl) : NULL;
    char day[16] = "?";
    int days = 0, seconds = 0;
    struct tm tm;

    snprintf(text, size, "%s", "");
    if (!certificate)
        return;
    if (ASN1_TIME_to_tm(X509_get0_notAfter(certificate), &tm) == 1)
        (void)strftime(day, sizeof(day), "%Y-%m-%d", &tm);
    (void)ASN1_TIME_diff(&days, &seconds, NULL, X509_get0_notAfter(certificate));
    snprintf(text, size, "%s, %s until %s (%d days)", SSL_get_version(probe->ssl), probe->options.peer.host,
             day, days);
    X509_free(certificate);
}
