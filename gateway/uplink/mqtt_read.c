/* SPDX-License-Identifier: Apache-2.0 */
/*
 * A packet that is larger than we said we take (MQTT 5 §3.1.2.11.4). Paho 1.3.12 tells the broker how large one may be
 * and then takes any, up to 256 MB, with room for all of it from the start. It asks OpenSSL for the whole of a packet at
 * once, by the function below: the one in this program is found before OpenSSL's own, and gives up what is too large
 * before an octet of it is there. Paho then ends the connection as after any error of TLS.
 *
 * A buffer of NULL is what Paho passes when it found no memory for such a packet; it does not look.
 */
#include <openssl/err.h>
#include <openssl/ssl.h>

#include "ward/link.h"

int SSL_read(SSL *ssl, void *buffer, int length)
{
    size_t got;

    if (!buffer || length < 0 || length > WARD_LINK_FRAME_MAX) {
        ERR_raise(ERR_LIB_SSL, SSL_R_PACKET_LENGTH_TOO_LONG);
        return -1;
    }
    if (SSL_read_ex(ssl, buffer, (size_t)length, &got) == 1)
        return (int)got;
    return SSL_get_error(ssl, 0) == SSL_ERROR_ZERO_RETURN ? 0 : -1;
}
