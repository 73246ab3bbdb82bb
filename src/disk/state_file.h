/*
 * State files: replaced durably and whole (write aside, sync, keep the previous
 * generation, rename, fsync the directory), read back only if length and digest fit, from
 * the previous generation if need be (HOSTILE.md R3-R8). Blocking: a worker's business,
 * but for loading at start. Any thread.
 */
#ifndef BTTUI_DISK_STATE_FILE_H
#define BTTUI_DISK_STATE_FILE_H

#include "base/error.h"

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

/* One file of several that change together. */
struct state_change {
    const char *name;
    const void *bytes;
    size_t length;
    bool raw;              /* without header and previous generation */
    bool remove;           /* both generations, instead of writing them */
    enum error_code error; /* the result */
};
/*
 * Changes COUNT files (at most STATE_BATCH_MOST) with few waits for the disk: first all
 * contents are made durable, then the names in directories below DIR_FD, then those in
 * DIR_FD itself, and only then is removed what is to be. So a file beside the directories
 * may name what lies in them. Of several changes of one name only the last is made, and
 * its result is that of all. A file that fails does not concern the others.
 */
#define STATE_BATCH_MOST 512u
void state_file_change(int dir_fd, struct state_change *changes, size_t count);

/* NAME in the directory DIR_FD ("session", "resume/…"), mode 0600. On failure the last
 * good file is as it was. ERROR_UNSUPPORTED: there is one that a newer version wrote
 * (R15). */
enum error_code state_file_save(int dir_fd, const char *name, const void *bytes,
                                size_t length) MUST_CHECK;
/* The same without header and previous generation: a file that others read too. */
enum error_code state_file_save_raw(int dir_fd, const char *name, const void *bytes,
                                    size_t length) MUST_CHECK;
/* At most MAX_BYTES; the caller frees. ERROR_NOT_FOUND: never written. ERROR_CORRUPT:
 * neither generation is whole. ERROR_UNSUPPORTED: written by a newer version, do not
 * replace it. */
enum error_code state_file_load(int dir_fd, const char *name, size_t max_bytes,
                                uint8_t **ret_bytes, size_t *ret_length) MUST_CHECK;
/* Both generations; missing ones are fine. */
void state_file_remove(int dir_fd, const char *name);

/* The image of a file and back, pure: what load and save put around BYTES. */
#define STATE_FILE_HEADER_BYTES 40
void state_file_header(const void *bytes, size_t length,
                       uint8_t ret_header[STATE_FILE_HEADER_BYTES]);
enum error_code state_file_check(const uint8_t *image, size_t length,
                                 const uint8_t **ret_bytes,
                                 size_t *ret_length) MUST_CHECK;

#endif
