#include "tests/unit/memory/allocator.h"

#include <errno.h>
#include <pthread.h>
#include <stdint.h>
#include <stdlib.h>
#include <string.h>
#include <sys/mman.h>
#include <sys/types.h>

/* An open hash table of what is allocated, for finding what was not freed. */
#define PLACES 65536u
static const void *table[PLACES];
static unsigned left;
static pthread_mutex_t mutex = PTHREAD_MUTEX_INITIALIZER;

static unsigned calls, fail_at;
static bool fail_on;

static unsigned place_of(const void *memory)
{
    return (unsigned)(((uintptr_t)memory >> 4) * UINT64_C(0x9e3779b97f4a7c15) >> 40) %
           PLACES;
}

static unsigned find(const void *memory)
{
    unsigned place = place_of(memory);
    while (table[place] != NULL && table[place] != memory)
        place = (place + 1) % PLACES;
    return place;
}

static void note(const void *memory)
{
    if (memory == NULL || left > PLACES / 2)
        return;
    table[find(memory)] = memory;
    left++;
}

static void forget(const void *memory)
{
    unsigned hole = find(memory);
    if (memory == NULL || table[hole] == NULL)
        return;
    left--;
    /* What stands behind it moves up, so that it is still found. */
    for (unsigned at = (hole + 1) % PLACES; table[at] != NULL; at = (at + 1) % PLACES) {
        const unsigned home = place_of(table[at]);
        if ((at - home) % PLACES < (at - hole) % PLACES)
            continue;
        table[hole] = table[at];
        hole = at;
    }
    table[hole] = NULL;
}

static bool fails(void)
{
    calls++;
    const bool hit = fail_at != 0 && (fail_on ? calls >= fail_at : calls == fail_at);
    if (hit)
        errno = ENOMEM;
    return hit;
}

void allocator_forget(void)
{
    memset(table, 0, sizeof table);
    left = 0;
}

void allocator_arm(unsigned k, bool for_ever)
{
    calls = 0;
    fail_at = k;
    fail_on = for_ever;
}

unsigned allocator_disarm(void)
{
    const unsigned count = calls;
    fail_at = 0;
    return count;
}

unsigned allocator_left(void)
{
    return left;
}

void *__real_malloc(size_t size);
void *__wrap_malloc(size_t size);
void *__real_calloc(size_t count, size_t size);
void *__wrap_calloc(size_t count, size_t size);
void *__real_realloc(void *memory, size_t size);
void *__wrap_realloc(void *memory, size_t size);
char *__real_strdup(const char *text);
char *__wrap_strdup(const char *text);
char *__real_strndup(const char *text, size_t length);
char *__wrap_strndup(const char *text, size_t length);
void __real_free(void *memory);
void __wrap_free(void *memory);
void *__real_mmap64(void *at, size_t length, int protection, int flags, int fd,
                    off_t offset);
void *__wrap_mmap64(void *at, size_t length, int protection, int flags, int fd,
                    off_t offset);

static void *noted(void *memory)
{
    note(memory);
    return memory;
}

void *__wrap_malloc(size_t size)
{
    pthread_mutex_lock(&mutex);
    void *memory = fails() ? NULL : noted(__real_malloc(size));
    pthread_mutex_unlock(&mutex);
    return memory;
}

void *__wrap_calloc(size_t count, size_t size)
{
    pthread_mutex_lock(&mutex);
    void *memory = fails() ? NULL : noted(__real_calloc(count, size));
    pthread_mutex_unlock(&mutex);
    return memory;
}

void *__wrap_realloc(void *memory, size_t size)
{
    void *moved = NULL;
    pthread_mutex_lock(&mutex);
    if (!fails()) {
        forget(memory);
        moved = noted(__real_realloc(memory, size));
    }
    pthread_mutex_unlock(&mutex);
    return moved;
}

char *__wrap_strdup(const char *text)
{
    pthread_mutex_lock(&mutex);
    char *copy = fails() ? NULL : noted(__real_strdup(text));
    pthread_mutex_unlock(&mutex);
    return copy;
}

char *__wrap_strndup(const char *text, size_t length)
{
    pthread_mutex_lock(&mutex);
    char *copy = fails() ? NULL : noted(__real_strndup(text, length));
    pthread_mutex_unlock(&mutex);
    return copy;
}

void __wrap_free(void *memory)
{
    pthread_mutex_lock(&mutex);
    forget(memory);
    __real_free(memory);
    pthread_mutex_unlock(&mutex);
}

void *__wrap_mmap64(void *at, size_t length, int protection, int flags, int fd,
                    off_t offset)
{
    pthread_mutex_lock(&mutex);
    const bool hit = fails();
    pthread_mutex_unlock(&mutex);
    return hit ? MAP_FAILED : __real_mmap64(at, length, protection, flags, fd, offset);
}

/* ---- no disk is waited for: what a sync is good for is tested elsewhere ---- */

int __wrap_fdatasync(int fd);
int __wrap_fsync(int fd);

int __wrap_fdatasync(int fd)
{
    (void)fd;
    return 0;
}

int __wrap_fsync(int fd)
{
    (void)fd;
    return 0;
}
