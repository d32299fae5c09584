/* SPDX-License-Identifier: Apache-2.0 */
/*
 * wardgate-https: does one request over HTTPS for the uplink, which starts it: the request (uplink/exchange.h) on standard
 * input, to its end; what came of it on standard output. Its exit status says whether that could be written.
 */
#include <errno.h>
#include <signal.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/prctl.h>
#include <unistd.h>

#include <curl/curl.h>

#include "uplink/exchange.h"
#include "uplink/https/transfer.h"

static bool read_all(struct ward_exchange_octets *ret)
{
    for (;;) {
        uint8_t octets[4096];
        const ssize_t length = read(STDIN_FILENO, octets, sizeof(octets));

        if (length > 0)
            ward_exchange_append(ret, octets, (size_t)length);
        explicit_bzero(octets, sizeof(octets));
        if (length == 0 || (length < 0 && errno != EINTR))
            return length == 0 && !ret->failed;
    }
}

static bool write_all(const struct ward_exchange_octets *octets)
{
    size_t written = 0;

    while (!octets->failed && written < octets->length) {
        const ssize_t length = write(STDOUT_FILENO, octets->data + written, octets->length - written);

        if (length < 0 && errno != EINTR)
            return false;
        written += length > 0 ? (size_t)length : 0;
    }
    return !octets->failed;
}

int main(int argc, char *argv[])
{
    struct ward_exchange_octets asked = {0}, told = {0};
    struct ward_exchange_request request;
    struct ward_exchange_answer answer = {.end = WARD_EXCHANGE_FAILED};
    bool good;

    if (argc == 2 && strcmp(argv[1], "--version") == 0)
        return puts("wardgate-https " WARD_VERSION) < 0 ? EXIT_FAILURE : EXIT_SUCCESS;
    (void)prctl(PR_SET_PDEATHSIG, SIGKILL); /* nobody wants the answer any more */
    unsetenv("SSLKEYLOGFILE");              /* libcurl would write the keys of its connections there */
    if (!read_all(&asked) || !ward_exchange_read_request(&asked, &request)) {
        fputs(
            "wardgate-https: what is on standard input is no request: wardgate-uplink starts this program\n",
            stderr);
        return EXIT_FAILURE;
    }
    if (curl_global_init(CURL_GLOBAL_ALL) != CURLE_OK)
        return EXIT_FAILURE;
    ward_transfer(&request, &answer);
    ward_exchange_octets_done(&asked); /* a password may be in it */
    ward_exchange_write_answer(&answer, &told);
    good = write_all(&told);
    ward_exchange_answer_done(&answer);
    ward_exchange_octets_done(&told);
    curl_global_cleanup();
    return good ? EXIT_SUCCESS : EXIT_FAILURE;
}
