/*
 * Open descriptors of all torrents, at most so many, the least recently used closed
 * first. A descriptor in use is pinned. Any thread.
 */
#ifndef BTTUI_DISK_FILE_CACHE_H
#define BTTUI_DISK_FILE_CACHE_H

#include "disk/storage.h"

/* Pins and returns the descriptor, or -1: not in the cache, or not for writing when WRITE
 * asks for that. Never waits. */
int file_cache_pin(struct file_cache *cache, const struct storage *storage, uint32_t file,
                   bool write);
/* The same for reading without ever waiting for the disk; -1 also after note_waits. */
int file_cache_pin_nowait(struct file_cache *cache, const struct storage *storage,
                          uint32_t file);
/* FD, which is pinned, cannot be read so. */
void file_cache_note_waits(struct file_cache *cache, int fd);
/* Puts FD in, pinned, and returns it; another thread's twin that can do as much wins (FD
 * is closed then). When every place is pinned FD is handed out uncached. */
int file_cache_add(struct file_cache *cache, const struct storage *storage, uint32_t file,
                   bool write, int fd);
void file_cache_unpin(struct file_cache *cache, int fd);
/* STORAGE's descriptors are handed out no more. Never waits; sweep closes them. */
void file_cache_retire(struct file_cache *cache, const struct storage *storage);
/* Closes what was retired and is not pinned; the rest closes when it is unpinned. */
void file_cache_sweep(struct file_cache *cache);
/* Both. */
void file_cache_drop(struct file_cache *cache, const struct storage *storage);

#endif
