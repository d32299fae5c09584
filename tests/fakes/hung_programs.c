/* SPDX-License-Identifier: Apache-2.0 */
/*
 * hung_programs.so: for a program that runs with it in LD_PRELOAD the disk that other programs are on hangs while the file
 * that HUNG_PROGRAMS names is there: none of them begins, and none ends. "begin" or "end" is then written to it.
 */
#include <dlfcn.h>
#include <spawn.h>
#include <stdio.h>
#include <stdlib.h>
#include <sys/wait.h>
#include <time.h>
#include <unistd.h>

static void wait_for_the_disk(const char *what)
{
    const struct timespec step = {.tv_nsec = 50000000};
    const char *path = getenv("HUNG_PROGRAMS");
    FILE *file = path ? fopen(path, "r+e") : NULL;

    if (!file)
        return;
    fprintf(file, "%s\n", what);
    fclose(file);
    while (access(path, F_OK) == 0)
        nanosleep(&step, NULL);
}

int posix_spawn(pid_t *restrict pid, const char *restrict path,
                const posix_spawn_file_actions_t *restrict actions,
                const posix_spawnattr_t *restrict attributes, char *const arguments[restrict],
                char *const environment[restrict])
{
    union { /* a function's address comes from dlsym() as an object's */
        void *object;
        int (*function)(pid_t *, const char *, const posix_spawn_file_actions_t *, const posix_spawnattr_t *,
                        char *const[], char *const[]);
    } next = {.object = dlsym(RTLD_NEXT, "posix_spawn")};

    wait_for_the_disk("begin");
    return next.function(pid, path, actions, attributes, arguments, environment);
}

pid_t waitpid(pid_t pid, int *status, int options)
{
    union {
        void *object;
        pid_t (*function)(pid_t, int *, int);
    } next = {.object = dlsym(RTLD_NEXT, "waitpid")};

    wait_for_the_disk("end");
    return next.function(pid, status, options);
}
