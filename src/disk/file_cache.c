#include "disk/file_cache.h"

#include <pthread.h>
#include <stdlib.h>
#include <unistd.h>

struct entry {
    const struct storage *storage; /* NULL: dropped, to be closed when unpinned */
    uint32_t file;
    bool write; /* opened for writing too */
    bool waits; /* cannot be read without waiting */
    int fd;     /* -1: free */
    uint32_t pins;
    uint64_t used;
};

struct file_cache {
    pthread_mutex_t mutex;
    uint64_t uses;
    uint32_t capacity;
    struct entry entries[];
};

struct file_cache *file_cache_new(uint32_t capacity)
{
    struct file_cache *cache =
        calloc(1, sizeof *cache + capacity * sizeof cache->entries[0]);
    if (cache == NULL)
        return NULL;
    cache->capacity = capacity;
    pthread_mutex_init(&cache->mutex, NULL);
    for (uint32_t i = 0; i < capacity; i++)
        cache->entries[i].fd = -1;
    return cache;
}

void file_cache_free(struct file_cache *cache)
{
    if (cache == NULL)
        return;
    for (uint32_t i = 0; i < cache->capacity; i++)
        if (cache->entries[i].fd >= 0)
            close(cache->entries[i].fd);
    pthread_mutex_destroy(&cache->mutex);
    free(cache);
}

static struct entry *find(struct file_cache *cache, const struct storage *storage,
                          uint32_t file, bool write)
{
    for (uint32_t i = 0; i < cache->capacity; i++) {
        struct entry *entry = &cache->entries[i];
        if (entry->fd >= 0 && entry->storage == storage && entry->file == file &&
            entry->write >= write)
            return entry;
    }
    return NULL;
}

static int pin(struct file_cache *cache, struct entry *entry)
{
    entry->pins++;
    entry->used = ++cache->uses;
    return entry->fd;
}

int file_cache_pin(struct file_cache *cache, const struct storage *storage, uint32_t file,
                   bool write)
{
    pthread_mutex_lock(&cache->mutex);
    struct entry *entry = find(cache, storage, file, write);
    const int fd = entry != NULL ? pin(cache, entry) : -1;
    pthread_mutex_unlock(&cache->mutex);
    return fd;
}

int file_cache_pin_nowait(struct file_cache *cache, const struct storage *storage,
                          uint32_t file)
{
    pthread_mutex_lock(&cache->mutex);
    struct entry *entry = find(cache, storage, file, false);
    const int fd = entry != NULL && !entry->waits ? pin(cache, entry) : -1;
    pthread_mutex_unlock(&cache->mutex);
    return fd;
}

void file_cache_note_waits(struct file_cache *cache, int fd)
{
    pthread_mutex_lock(&cache->mutex);
    for (uint32_t i = 0; i < cache->capacity; i++)
        if (cache->entries[i].fd == fd)
            cache->entries[i].waits = true;
    pthread_mutex_unlock(&cache->mutex);
}

/* A free place, or the one unused for longest; NULL when all are pinned. */
static struct entry *victim(struct file_cache *cache)
{
    struct entry *oldest = NULL;
    for (uint32_t i = 0; i < cache->capacity; i++) {
        struct entry *entry = &cache->entries[i];
        if (entry->fd < 0)
            return entry;
        if (entry->pins == 0 && (oldest == NULL || entry->used < oldest->used))
            oldest = entry;
    }
    return oldest;
}

int file_cache_add(struct file_cache *cache, const struct storage *storage, uint32_t file,
                   bool write, int fd)
{
    int unwanted = -1;
    pthread_mutex_lock(&cache->mutex);
    struct entry *entry = find(cache, storage, file, write);
    if (entry != NULL) {
        unwanted = fd;
        fd = pin(cache, entry);
    } else if ((entry = victim(cache)) != NULL) {
        unwanted = entry->fd;
        *entry =
            (struct entry){.storage = storage, .file = file, .write = write, .fd = fd};
        pin(cache, entry);
    }
    pthread_mutex_unlock(&cache->mutex);
    if (unwanted >= 0)
        close(unwanted);
    return fd;
}

void file_cache_unpin(struct file_cache *cache, int fd)
{
    bool close_it = true; /* handed out uncached */
    pthread_mutex_lock(&cache->mutex);
    for (uint32_t i = 0; i < cache->capacity; i++) {
        struct entry *entry = &cache->entries[i];
        if (entry->fd != fd)
            continue;
        close_it = --entry->pins == 0 && entry->storage == NULL;
        if (close_it)
            entry->fd = -1;
        break;
    }
    pthread_mutex_unlock(&cache->mutex);
    if (close_it)
        close(fd);
}

void file_cache_retire(struct file_cache *cache, const struct storage *storage)
{
    pthread_mutex_lock(&cache->mutex);
    for (uint32_t i = 0; i < cache->capacity; i++)
        if (cache->entries[i].fd >= 0 && cache->entries[i].storage == storage)
            cache->entries[i].storage = NULL;
    pthread_mutex_unlock(&cache->mutex);
}

/* Closing may take long (a file that was deleted, a network): never under the lock, which
 * the loop's thread takes too. */
void file_cache_sweep(struct file_cache *cache)
{
    for (uint32_t i = 0; i < cache->capacity; i++) {
        int unwanted = -1;
        pthread_mutex_lock(&cache->mutex);
        struct entry *entry = &cache->entries[i];
        if (entry->fd >= 0 && entry->storage == NULL && entry->pins == 0) {
            unwanted = entry->fd;
            entry->fd = -1;
        }
        pthread_mutex_unlock(&cache->mutex);
        if (unwanted >= 0)
            close(unwanted);
    }
}

void file_cache_drop(struct file_cache *cache, const struct storage *storage)
{
    file_cache_retire(cache, storage);
    file_cache_sweep(cache);
}
