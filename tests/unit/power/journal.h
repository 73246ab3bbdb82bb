/*
 * What a program did to its files, in order, and what a disk may hold of it after the
 * power failed. The linker puts the wrappers of record.c in the place of the calls that
 * change files; those below the journal's root are noted with their data.
 *
 * An image keeps what was synced, and of the rest what chance lets through: a write
 * whole, not at all or torn at 512 or 4096 bytes, in any order; a new size without its
 * data; a name in a directory that was not synced, or not. Inode numbers and times of
 * files stay as they were, so that resume data find the files they describe.
 */
#ifndef BTTUI_TESTS_UNIT_POWER_JOURNAL_H
#define BTTUI_TESTS_UNIT_POWER_JOURNAL_H

#include "base/clock.h"

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>
#include <sys/types.h>

enum act {
    ACT_NAME,     /* NAME in directory DIR is inode INODE, a directory if IS_DIR */
    ACT_UNNAME,   /* NAME in DIR is gone */
    ACT_MOVE,     /* NAME in DIR becomes NAME_TO there */
    ACT_WRITE,    /* BYTES at OFFSET of INODE */
    ACT_TRUNCATE, /* INODE has OFFSET bytes */
    ACT_SYNC,     /* INODE is on disk: its data and size, or a directory's names */
    ACT_SYNC_ALL
};

enum power_mode {
    POWER_KILL,    /* the kernel lives on: everything is there */
    POWER_DROP,    /* nothing is there that was not synced */
    POWER_JOURNAL, /* names in the order they changed, data at random */
    POWER_RANDOM,  /* names and data at random */
    POWER_MODES
};

/* Starts recording what happens below ROOT; what is there already is taken in as synced.
 * POOL, beside it on the same file system, keeps every inode alive. */
void journal_begin(const char *root, const char *pool);
void journal_end(void);
uint32_t journal_count(void);

/* Makes ROOT what a disk holds when the power fails after the first COUNT acts. */
void journal_make_image(uint32_t count, enum power_mode mode,
                        const struct random_source *random);

/* With POWER_CALL_READ and ERRNO_VALUE 0 they succeed, with a bit that is wrong.
 * The next COUNT calls (-1: all from now on; 0: none) that are about a file whose path
 * contains PART fail with ERRNO_VALUE. */
enum power_call { POWER_CALL_WRITE, POWER_CALL_READ, POWER_CALL_SYNC };
void power_fail(enum power_call call, const char *part, int count, int errno_value);

/* Numbers for the recording side. */
bool journal_is_on(void);
bool journal_has(int dir_fd, const char *path);
void journal_note(enum act act, ino_t dir, const char *name, const char *name_to,
                  ino_t inode, bool is_dir);
void journal_note_data(enum act act, int fd, const void *bytes, size_t length,
                       uint64_t offset);
void journal_keep(int dir_fd, const char *path, ino_t inode);

#endif
