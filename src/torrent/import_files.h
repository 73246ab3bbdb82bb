/*
 * What another client claims, held against the files it is about. No payload is read.
 * SUFFIX is what stands at the end of unfinished files' names (NULL: nothing). Blocking;
 * any thread.
 */
#ifndef BTTUI_TORRENT_IMPORT_FILES_H
#define BTTUI_TORRENT_IMPORT_FILES_H

#include "disk/storage.h"
#include "torrent/imported.h"

/* The one of IMPORTED's directories that has files of METAINFO's, or the first. */
const char *import_files_dir(const char *suffix, const struct metainfo *metainfo,
                             const struct imported *imported);
/* How many are there under an unfinished file's name alone. RENAME gives them their own.
 */
uint32_t import_files_unfinished(const char *suffix, const struct metainfo *metainfo,
                                 const char *dir, bool rename);
/* How they look; malloc'ed, file_count. NULL: out of memory. */
struct file_stamp *import_files_stamps(const struct metainfo *metainfo, const char *dir);
/* What was not certain is claimed no more if the system has come up since, at BOOTED_S on
 * the wall clock. Pure. */
void import_files_drop_uncertain(struct imported *imported, int64_t booted_s);
/* Whether what IMPORTED claims can be there, by the files' sizes and times alone: NONE,
 * MISSING or CHANGED, with the first file it is about. Pure. */
enum import_note import_files_compare(const struct metainfo *metainfo,
                                      const struct imported *imported,
                                      const struct file_stamp *stamps,
                                      uint32_t *ret_file);
/* Puts files of which something is claimed on the device, so that a power loss takes
 * nothing of that: NONE, or UNREADABLE with the first file that this cannot be done to.
 */
enum import_note import_files_sync(const struct metainfo *metainfo,
                                   const struct imported *imported, const char *dir,
                                   uint32_t *ret_file);

#endif
