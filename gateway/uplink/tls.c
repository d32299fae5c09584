/* SPDX-License-Identifier: Apache-2.0 */
#include "uplink/tls.h"

#include <errno.h>
#include <fcntl.h>
#include <stdio.h>
#include <string.h>
#include <sys/mman.h>
#include <unistd.h>

#include <openssl/err.h>
#include <openssl/x509_vfy.h>

#define REVOCATION (X509_V_FLAG_CRL_CHECK | X509_V_FLAG_CRL_CHECK_ALL)

/* OpenSSL looks this name up whenever a client checks a server; its flags are added to those of the connection. */
int ward_tls_demand_revocation_list(void)
{
    X509_VERIFY_PARAM *parameters = X509_VERIFY_PARAM_new();

    if (!parameters)
        return -ENOMEM;
    if (X509_VERIFY_PARAM_inherit(parameters, X509_VERIFY_PARAM_lookup("ssl_server")) != 1 ||
        X509_VERIFY_PARAM_set1_name(parameters, "ssl_server") != 1 ||
        X509_VERIFY_PARAM_set_flags(parameters, REVOCATION) != 1 ||
        X509_VERIFY_PARAM_add0_table(parameters) != 1) {
        X509_VERIFY_PARAM_free(parameters);
        return -ENOMEM;
    }
    return 0;
}

static int append(int to, const char *path)
{
    char buffer[4096];
    ssize_t length;
    int from = open(path, O_RDONLY | O_CLOEXEC), result = 0;

    if (from < 0)
        return -errno;
    while (result == 0 && (length = read(from, buffer, sizeof(buffer))) != 0)
        if (length < 0 || write(to, buffer, (size_t)length) != length)
            result = errno ? -errno : -EIO;
    if (result == 0 && write(to, "\n", 1) != 1) /* a file may lack its last one */
        result = -errno;
    close(from);
    return result;
}

int ward_tls_trust_file(const struct ward_tls_files *files, int *ret, char *path, size_t size,
                        const char **ret_wrong)
{
    int file, result;

    *ret = -1;
    if (!files->crl[0]) {
        snprintf(path, size, "%s", files->ca);
        return 0;
    }
    *ret_wrong = "memory";
    file = memfd_create("trust", MFD_CLOEXEC);
    if (file < 0)
        return -errno;
    *ret_wrong = files->ca;
    result = append(file, files->ca);
    if (result == 0) {
        *ret_wrong = files->crl;
        result = append(file, files->crl);
    }
    if (result < 0) {
        close(file);
        return result;
    }
    snprintf(path, size, "/proc/self/fd/%d", file);
    *ret = file;
    return 0;
}

/* What OpenSSL found wrong with a file; what the system says of it comes first. */
static SSL_CTX *refuse(SSL_CTX *context, char *wrong, size_t size, const char *what, const char *path)
{
    unsigned long error = ERR_get_error();
    const char *reason =
        ERR_GET_LIB(error) == ERR_LIB_SYS ? strerror(ERR_GET_REASON(error)) : ERR_reason_error_string(error);

    snprintf(wrong, size, "%s cannot be used: %s: %s", what, path, reason ? reason : "not a PEM file");
    ERR_clear_error();
    SSL_CTX_free(context);
    return NULL;
}

static bool load_list(X509_STORE *store, const char *path)
{
    X509_LOOKUP *lookup = X509_STORE_add_lookup(store, X509_LOOKUP_file());

    return lookup && X509_load_crl_file(lookup, path, X509_FILETYPE_PEM) > 0;
}

SSL_CTX *ward_tls_context_new(const struct ward_tls_files *files, char *wrong, size_t size)
{
    SSL_CTX *context = SSL_CTX_new(TLS_client_method());

    ERR_clear_error();
    if (!context || SSL_CTX_set_min_proto_version(context, TLS1_2_VERSION) != 1 ||
        SSL_CTX_set_cipher_list(context, WARD_TLS_SUITES) != 1)
        return refuse(context, wrong, size, "TLS", "this machine's OpenSSL");
    SSL_CTX_set_verify(context, SSL_VERIFY_PEER, NULL);
    if (SSL_CTX_load_verify_locations(context, files->ca, NULL) != 1)
        return refuse(context, wrong, size, "the authority's certificate", files->ca);
    if (files->crl[0]) {
        X509_STORE_set_flags(SSL_CTX_get_cert_store(context), REVOCATION);
        if (!load_list(SSL_CTX_get_cert_store(context), files->crl))
            return refuse(context, wrong, size, "the list of revoked certificates", files->crl);
    }
    if (SSL_CTX_use_certificate_chain_file(context, files->certificate) != 1)
        return refuse(context, wrong, size, "this gateway's certificate", files->certificate);
    if (SSL_CTX_use_PrivateKey_file(context, files->key, SSL_FILETYPE_PEM) != 1)
        return refuse(context, wrong, size, "this gateway's key", files->key);
    return context;
}
