/* SPDX-License-Identifier: Apache-2.0 */
/*
 * How Paho reads from TLS: by the function below, since the one in this program is found before OpenSSL's own. Paho 1.3.12
 * has no option for either of these two:
 *
 * A packet that is larger than we said we take (MQTT 5 §3.1.2.11.4). It tells the broker how large one may be and then
 * takes any, up to 256 MB, with room for all of it from the start. It asks for the whole of a packet at once: that is given
 * up before an octet of it is there, and Paho then ends the connection as after any error of TLS. A buffer of NULL is what
 * it passes when it found no memory for such a packet; it does not look.
 *
 * Packets that wait for each other. It sets no option of a socket, and so the kernel would hold an alarm back until what
 * went before it is acknowledged (RFC 9293 §3.7.4), which takes a round trip, and 40 ms more after a message that the
 * broker has no answer to. From the broker's first answer on, each goes at once.
 */
#include <netinet/in.h>
#include <netinet/tcp.h>
#include <openssl/err.h>
#include <openssl/ssl.h>
#include <sys/socket.h>

#include "ward/link.h"

/* A socket that takes no option is only as slow as it was. */
static void send_at_once(const SSL *ssl)
{
    static const int yes = 1;

    (void)setsockopt(SSL_get_fd(ssl), IPPROTO_TCP, TCP_NODELAY, &yes, sizeof(yes));
}

int SSL_read(SSL *ssl, void *buffer, int length)
{
    size_t got;

    if (!buffer || length < 0 || length > WARD_LINK_FRAME_MAX) {
        ERR_raise(ERR_LIB_SSL, SSL_R_PACKET_LENGTH_TOO_LONG);
        return -1;
    }
    if (SSL_read_ex(ssl, buffer, (size_t)length, &got) == 1) {
        if (SSL_pending(ssl) == 0) /* once a packet, which Paho reads in parts */
            send_at_once(ssl);
        return (int)got;
    }
    return SSL_get_error(ssl, 0) == SSL_ERROR_ZERO_RETURN ? 0 : -1;
}
