/*
 * Open descriptors of all torrents, at most so many, the least recently used closed
 * first. A descriptor in use is pinned. Any thread.
 */
#ifndef BTTUI_DISK_FILE_CACHE_H
#define BTTUI_DISK_FILE_CACHE_H

#include "disk/storage.h"

/* Pins and returns the descriptor, or -1: not in the cache. */
int file_cache_pin(struct file_cache *cache, const struct storage *storage,
                   uint32_t file);
/* Puts FD in, pinned, and returns it; another thread's twin wins (FD is closed then).
 * When every place is pinned FD is handed out uncached. */
int file_cache_add(struct file_cache *cache, const struct storage *storage, uint32_t file,
                   int fd);
void file_cache_unpin(struct file_cache *cache, const struct storage *storage,
                      uint32_t file, int fd);
/* Closes what is not pinned of STORAGE, and the rest as soon as it is unpinned. */
void file_cache_drop(struct file_cache *cache, const struct storage *storage);

#endif
