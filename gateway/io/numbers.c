/* SPDX-License-Identifier: Apache-2.0 */
/* Invariant: of a place n is 0, or n and id belong together; a kill may come between any two stores. */
#include "io/numbers.h"

#include <errno.h>
#include <fcntl.h>
#include <stdlib.h>
#include <string.h>
#include <sys/mman.h>
#include <unistd.h>

#define FORM UINT32_C(0x57414e31) /* "WAN1" */

struct place {
    struct ward_alarm_id id;
    uint32_t n; /* 0: empty */
};

struct file {
    uint32_t form;
    uint32_t next; /* the place that is given away next */
    struct place places[WARD_NUMBERS_MAX];
};

struct ward_numbers {
    struct file *file;
};

static int map(const char *path, struct file **ret)
{
    const int descriptor = open(path, O_RDWR | O_CREAT | O_CLOEXEC | O_NOFOLLOW, 0600);
    void *mapped = MAP_FAILED;
    int error = 0;

    if (descriptor < 0)
        return -errno;
    if (ftruncate(descriptor, sizeof(struct file)) == 0)
        mapped = mmap(NULL, sizeof(struct file), PROT_READ | PROT_WRITE, MAP_SHARED, descriptor, 0);
    if (mapped == MAP_FAILED)
        error = -errno;
    else
        *ret = mapped;
    close(descriptor);
    return error;
}

int ward_numbers_open(struct ward_numbers **ret, const char *path)
{
    struct ward_numbers *numbers = calloc(1, sizeof(*numbers));
    int error = numbers ? map(path, &numbers->file) : -ENOMEM;

    if (error) {
        free(numbers);
        return error;
    }
    if (numbers->file->form != FORM || numbers->file->next >= WARD_NUMBERS_MAX) {
        memset(numbers->file, 0, sizeof(*numbers->file));
        numbers->file->form = FORM;
    }
    *ret = numbers;
    return 0;
}

struct ward_numbers *ward_numbers_free(struct ward_numbers *numbers)
{
    if (numbers)
        munmap(numbers->file, sizeof(*numbers->file));
    free(numbers);
    return NULL;
}

static struct place *place_of(const struct ward_numbers *numbers, const struct ward_alarm_id *id)
{
    for (size_t i = 0; i < WARD_NUMBERS_MAX; i++) {
        struct place *place = &numbers->file->places[i];

        if (place->n != 0 && memcmp(&place->id, id, sizeof(*id)) == 0)
            return place;
    }
    return NULL;
}

void ward_numbers_note(struct ward_numbers *numbers, const struct ward_alarm_id *id, uint32_t n)
{
    struct place *place = numbers ? place_of(numbers, id) : NULL;

    if (!numbers || (place && place->n >= n))
        return;
    if (!place) {
        place = &numbers->file->places[numbers->file->next];
        numbers->file->next = (numbers->file->next + 1) % WARD_NUMBERS_MAX;
        __atomic_store_n(&place->n, 0, __ATOMIC_SEQ_CST);
        place->id = *id;
    }
    __atomic_store_n(&place->n, n, __ATOMIC_SEQ_CST);
}

uint32_t ward_numbers_newest(const struct ward_numbers *numbers, const struct ward_alarm_id *id)
{
    const struct place *place = numbers ? place_of(numbers, id) : NULL;

    return place ? place->n : 0;
}

void ward_numbers_clear(struct ward_numbers *numbers)
{
    for (size_t i = 0; numbers && i < WARD_NUMBERS_MAX; i++) {
        struct place *place = &numbers->file->places[i];

        __atomic_store_n(&place->n, 0, __ATOMIC_SEQ_CST);
        place->id = (struct ward_alarm_id){.octets = {0}};
    }
}
