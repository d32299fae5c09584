/* SPDX-License-Identifier: Apache-2.0 */
#include "uplink/exchange_process.h"

#include <errno.h>
#include <limits.h>
#include <poll.h>
#include <signal.h>
#include <spawn.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/socket.h>
#include <sys/wait.h>
#include <unistd.h>

#include "uplink/system.h"

struct process {
    pid_t pid;
    int descriptor; /* readable: something came, or it has ended */
    struct ward_exchange_octets heard;
};

/* Where it is from this program's own directory, both installed and built. */
#define PROGRAM "../libexec/wardgate/wardgate-https"

extern char **environ;

static int find_program(char ret[static PATH_MAX])
{
    char own[PATH_MAX - sizeof(PROGRAM)];
    const ssize_t length = readlink("/proc/self/exe", own, sizeof(own) - 1);
    const char *slash;

    if (length < 0)
        return -errno;
    own[length] = '\0';
    slash = strrchr(own, '/');
    if (!slash)
        return -ENOENT;
    snprintf(ret, PATH_MAX, "%.*s/" PROGRAM, (int)(slash - own), own);
    return 0;
}

/* It sees nothing of this process but the socket, on its standard input and output, and the journal. */
static int spawn_on(int theirs, pid_t *ret_pid)
{
    char path[PATH_MAX], *const arguments[] = {path, NULL};
    posix_spawn_file_actions_t actions;
    posix_spawnattr_t attributes;
    sigset_t none;
    int result = find_program(path);

    if (result < 0)
        return result;
    sigemptyset(&none);
    result = -posix_spawn_file_actions_init(&actions);
    if (result < 0)
        return result;
    result = -posix_spawnattr_init(&attributes);
    if (result < 0) {
        posix_spawn_file_actions_destroy(&actions);
        return result;
    }
    result = -posix_spawn_file_actions_adddup2(&actions, theirs, STDIN_FILENO);
    result = result < 0 ? result : -posix_spawn_file_actions_adddup2(&actions, theirs, STDOUT_FILENO);
    result = result < 0 ? result : -posix_spawn_file_actions_addclosefrom_np(&actions, STDERR_FILENO + 1);
    result = result < 0 ? result : -posix_spawnattr_setsigmask(&attributes, &none);
    result = result < 0 ? result : -posix_spawnattr_setflags(&attributes, POSIX_SPAWN_SETSIGMASK);
    result = result < 0 ? result : -posix_spawn(ret_pid, path, &actions, &attributes, arguments, environ);
    posix_spawnattr_destroy(&attributes);
    posix_spawn_file_actions_destroy(&actions);
    return result;
}

/* A request is smaller than what a socket takes at once. */
static int send_whole(int descriptor, const struct ward_exchange_octets *octets)
{
    ssize_t sent;

    if (octets->failed)
        return -ENOMEM;
    sent = send(descriptor, octets->data, octets->length, MSG_NOSIGNAL | MSG_DONTWAIT);
    if (sent < 0)
        return -errno;
    return (size_t)sent < octets->length || shutdown(descriptor, SHUT_WR) < 0 ? -EMSGSIZE : 0;
}

static void end_process(struct process *process)
{
    if (process->descriptor >= 0)
        close(process->descriptor);
    if (process->pid > 0) {
        kill(process->pid, SIGKILL); /* it has nothing to put in order */
        while (waitpid(process->pid, NULL, 0) < 0 && errno == EINTR)
            ;
    }
    ward_exchange_octets_done(&process->heard);
    *process = (struct process){.pid = -1, .descriptor = -1};
}

/* Returns 0, with a process to be ended, or a negative errno with none. */
static int begin(struct process *ret, const struct ward_exchange_request *request)
{
    struct ward_exchange_octets octets = {0};
    int ends[2], result;

    if (socketpair(AF_UNIX, SOCK_STREAM | SOCK_CLOEXEC, 0, ends) < 0)
        return -errno;
    *ret = (struct process){.pid = -1, .descriptor = ends[0]};
    ward_exchange_write_request(request, &octets);
    result = send_whole(ends[0], &octets);
    ward_exchange_octets_done(&octets);
    if (result == 0)
        result = spawn_on(ends[1], &ret->pid);
    close(ends[1]);
    if (result < 0)
        end_process(ret);
    return result;
}

static void say_that_it_failed(const char *text, struct ward_exchange_answer *ret)
{
    *ret = (struct ward_exchange_answer){.end = WARD_EXCHANGE_FAILED};
    snprintf(ret->text, sizeof(ret->text), "%s", text);
}

/* Takes what has come. Returns 1 when more comes, or 0 with what came of it all in *ret. */
static int hear(struct process *process, struct ward_exchange_answer *ret)
{
    uint8_t octets[4096];
    const ssize_t length = read(process->descriptor, octets, sizeof(octets));

    if (length > 0) {
        ward_exchange_append(&process->heard, octets, (size_t)length);
        explicit_bzero(octets, (size_t)length);
        return 1;
    }
    if (length < 0 && errno == EINTR)
        return 1;
    if (!ward_exchange_read_answer(&process->heard, ret))
        say_that_it_failed("wardgate-https ended without an answer", ret);
    return 0;
}

/* Until it has ended with an answer. Returns what is in the way of that, or NULL. */
static const char *await(struct process *process, uint64_t until_ms, int stop,
                         struct ward_exchange_answer *ret)
{
    struct pollfd both[] = {{.fd = process->descriptor, .events = POLLIN}, {.fd = stop, .events = POLLIN}};

    for (;;) {
        const uint64_t now_ms = ward_system_now_us() / 1000;

        if (now_ms >= until_ms || poll(both, 2, (int)(until_ms - now_ms)) == 0)
            return "wardgate-https does not end";
        if (both[1].revents)
            return "given up";
        if (both[0].revents && hear(process, ret) == 0)
            return NULL;
    }
}

void ward_exchange_ask(const struct ward_exchange_request *request, int stop,
                       struct ward_exchange_answer *ret)
{
    const uint64_t until_ms = ward_system_now_us() / 1000 + request->timeout_ms + WARD_EXCHANGE_GRACE_MS;
    struct process process;
    const int result = begin(&process, request);
    const char *wrong;

    if (result < 0) {
        char text[WARD_EXCHANGE_TEXT_MAX];

        snprintf(text, sizeof(text), "wardgate-https: %s", strerror(-result));
        say_that_it_failed(text, ret);
        return;
    }
    wrong = await(&process, until_ms, stop, ret);
    if (wrong)
        say_that_it_failed(wrong, ret);
    end_process(&process);
}
