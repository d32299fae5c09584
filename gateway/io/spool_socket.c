/* SPDX-License-Identifier: Apache-2.0 */
#include "io/spool_socket.h"

#include <errno.h>
#include <string.h>
#include <sys/socket.h>
#include <sys/stat.h>
#include <sys/un.h>
#include <unistd.h>

static int remove_stale(const char *path)
{
    struct stat status;

    if (lstat(path, &status) < 0)
        return errno == ENOENT ? 0 : -errno;
    if (!S_ISSOCK(status.st_mode))
        return -EEXIST;
    return unlink(path) < 0 ? -errno : 0;
}

int ward_spool_socket_listen(const char *path)
{
    struct sockaddr_un address = {.sun_family = AF_UNIX};
    size_t length = strlen(path);
    int descriptor, result;

    if (length >= sizeof(address.sun_path))
        return -ENAMETOOLONG;
    memcpy(address.sun_path, path, length);
    result = remove_stale(path);
    if (result < 0)
        return result;
    descriptor = socket(AF_UNIX, SOCK_SEQPACKET | SOCK_CLOEXEC | SOCK_NONBLOCK, 0);
    if (descriptor < 0)
        return -errno;
    if (bind(descriptor, (const struct sockaddr *)&address, sizeof(address)) < 0 || chmod(path, 0666) < 0 ||
        listen(descriptor, 4) < 0) {
        result = -errno;
        close(descriptor);
        return result;
    }
    return descriptor;
}

int ward_spool_socket_accept(int listening, uid_t *ret_uid, pid_t *ret_pid)
{
    struct ucred peer;
    socklen_t size = sizeof(peer);
    int descriptor = accept4(listening, NULL, NULL, SOCK_CLOEXEC | SOCK_NONBLOCK);

    if (descriptor < 0)
        return -errno;
    if (getsockopt(descriptor, SOL_SOCKET, SO_PEERCRED, &peer, &size) < 0) {
        int result = -errno;

        close(descriptor);
        return result;
    }
    *ret_uid = peer.uid;
    *ret_pid = peer.pid;
    return descriptor;
}

int ward_spool_socket_receive(int connection, uint8_t *buffer, size_t size, size_t *ret_length)
{
    /* MSG_TRUNC: the length of the packet as it was sent, also when it did not fit. */
    ssize_t length = recv(connection, buffer, size, MSG_DONTWAIT | MSG_TRUNC);

    if (length < 0)
        return errno == EAGAIN || errno == EINTR ? -EAGAIN : -EPIPE;
    if (length == 0)
        return -EPIPE;
    if ((size_t)length > size)
        return -EMSGSIZE;
    *ret_length = (size_t)length;
    return 0;
}

int ward_spool_socket_send(int connection, const uint8_t *head, size_t length, const uint8_t *payload,
                           size_t payload_length)
{
    /* sendmsg() reads them only, but shares its types with recvmsg(). */
    struct iovec parts[] = {{(void *)(uintptr_t)head, length}, {(void *)(uintptr_t)payload, payload_length}};
    const struct msghdr packet = {.msg_iov = parts, .msg_iovlen = payload_length > 0 ? 2 : 1};

    if (sendmsg(connection, &packet, MSG_DONTWAIT | MSG_NOSIGNAL) >= 0)
        return 0;
    switch (errno) {
    case EPIPE:
    case ECONNRESET:
    case ENOTCONN: return -EPIPE;
    default: return -EAGAIN; /* full, interrupted or short of memory: all pass */
    }
}
