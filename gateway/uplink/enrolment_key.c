/* SPDX-License-Identifier: Apache-2.0 */
#include "uplink/enrolment_key.h"

#include <errno.h>
#include <fcntl.h>
#include <stdio.h>
#include <string.h>
#include <unistd.h>

#include <openssl/err.h>
#include <openssl/pem.h>

static int load(const char *path, EVP_PKEY **ret)
{
    FILE *file = fopen(path, "re");
    EVP_PKEY *key;

    if (!file)
        return -errno;
    key = PEM_read_PrivateKey(file, NULL, NULL, NULL);
    fclose(file);
    ERR_clear_error();
    if (!key || EVP_PKEY_get_base_id(key) != EVP_PKEY_EC) {
        EVP_PKEY_free(key);
        return -EBADMSG;
    }
    *ret = key;
    return 0;
}

/* O_EXCL: a key that somebody else has put there is not written to. */
static int store(const char *path, EVP_PKEY *key)
{
    const int descriptor = open(path, O_WRONLY | O_CREAT | O_EXCL | O_CLOEXEC | O_NOFOLLOW, 0600);
    FILE *file = descriptor >= 0 ? fdopen(descriptor, "w") : NULL;
    int result = 0;

    if (!file) {
        result = -errno;
        if (descriptor >= 0)
            close(descriptor);
        return result;
    }
    if (PEM_write_PrivateKey(file, key, NULL, NULL, 0, NULL, NULL) != 1 || fflush(file) != 0 ||
        fsync(descriptor) < 0)
        result = errno ? -errno : -EIO;
    if (fclose(file) != 0 && result == 0)
        result = -errno;
    if (result < 0)
        unlink(path);
    return result;
}

static int make_file(const char *path, EVP_PKEY **ret)
{
    EVP_PKEY *key = EVP_EC_gen("P-256");
    int result = key ? store(path, key) : -ENOMEM;

    if (result < 0) {
        EVP_PKEY_free(key);
        return result;
    }
    *ret = key;
    return 0;
}

/* What a power cut left half written is no key: another takes its place. */
int ward_key_by_uri(const char *uri, bool make, EVP_PKEY **ret)
{
    const char *path = uri + strlen("file:");
    int result;

    if (strncmp(uri, "file:/", strlen("file:/")) != 0)
        return -EPROTONOSUPPORT;
    result = load(path, ret);
    if (!make || (result != -ENOENT && result != -EBADMSG))
        return result;
    if (result == -EBADMSG && unlink(path) < 0)
        return -errno;
    return make_file(path, ret);
}
