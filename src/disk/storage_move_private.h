/* Between storage_move.c, which moves all files, and storage_bring.c, which brings one.
 */
#ifndef BTTUI_DISK_STORAGE_MOVE_PRIVATE_H
#define BTTUI_DISK_STORAGE_MOVE_PRIVATE_H

#include "disk/storage_private.h"

#include <sys/stat.h>

struct storage_moving {
    struct storage *storage;
    int from, to, stage; /* directories; FROM -1: it was never made */
    const struct storage_progress *progress;
    uint8_t *buffer;
    uint64_t done, total; /* bytes */
    bool copies;          /* links cannot be had */
};

/* How FILE, or the parts file, is called in the new place. */
const char *storage_move_path(const struct storage *storage, uint32_t file);
/* The same with the suffix; NULL: it never has one. */
const char *storage_unfinished_path(const struct storage *storage, uint32_t file);
bool storage_is_of_ours(const struct storage *storage, uint32_t file); /* no padding */
/* Where FILE is now. False: nowhere, or what is there is no file. */
bool storage_move_find(const struct storage_moving *moving, uint32_t file,
                       const char **ret_path, struct stat *ret_status);
/* FILE is in the stage, too, if it is anywhere. errno or 0. */
int storage_move_bring(struct storage_moving *moving, uint32_t file);

#endif
