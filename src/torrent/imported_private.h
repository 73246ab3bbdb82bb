/* What the readers of imported.h share. */
#ifndef BTTUI_TORRENT_IMPORTED_PRIVATE_H
#define BTTUI_TORRENT_IMPORTED_PRIVATE_H

#include "torrent/imported.h"

/* A whole part as a dictionary; TREE is to be done with on success. */
enum error_code imported_open(const struct imported_part *part,
                              struct bencode *ret_tree) MUST_CHECK;

/* Reads a part as a dictionary, of which TAKE takes what it says; on failure
 * *ret_imported is untouched. */
typedef enum error_code imported_taker(struct bencode_value dict,
                                       const struct metainfo *metainfo,
                                       struct imported *imported);
enum error_code imported_read(const struct imported_part *part,
                              const struct metainfo *metainfo, imported_taker *take,
                              struct imported *ret_imported) MUST_CHECK;

/* All of a dictionary's members; 0 or false if it is none, or not allowed. */
int64_t imported_count(struct bencode_value dict, const char *key); /* not negative */
bool imported_flag(struct bencode_value dict, const char *key);
uint64_t imported_rate(struct bencode_value dict, const char *key); /* bytes/s */

/* Adds the absolute path TEXT, unless it is none, or is there already. */
enum error_code imported_add_dir(struct imported *imported, const char *text,
                                 size_t length) MUST_CHECK;
/* The same of a member. */
enum error_code imported_take_dir(struct imported *imported, struct bencode_value dict,
                                  const char *key) MUST_CHECK;
/* A file's path below the directory: noted if it is not its own one. SUFFIX (NULL: none)
 * is what unfinished files have at their end. */
enum error_code imported_rename(struct imported *imported,
                                const struct metainfo *metainfo, uint32_t file,
                                struct bencode_value path, const char *suffix) MUST_CHECK;
enum error_code imported_leave_out(struct imported *imported,
                                   const struct metainfo *metainfo,
                                   uint32_t file) MUST_CHECK;
/* 0 is the usual one, which none need be given. */
enum error_code imported_set_priority(struct imported *imported,
                                      const struct metainfo *metainfo, uint32_t file,
                                      int priority) MUST_CHECK;
/* None if it is too long for one. */
void imported_set_label(struct imported *imported, const char *text, size_t length);
/* What a seed is to reach, as settings have it: 0, at once, is next to nothing there. */
uint32_t imported_goal(uint64_t number, uint32_t most);
/* The file's time, from now on all have one. */
enum error_code imported_set_time(struct imported *imported,
                                  const struct metainfo *metainfo, uint32_t file,
                                  int64_t time_s) MUST_CHECK;

/* The items of a list, one after the other, then "not there" for ever. */
struct imported_items {
    struct bencode_value list, at;
};
struct imported_items imported_items(struct bencode_value list);
/* Of one with an item for each file; there are none in any other. */
struct imported_items imported_file_items(struct bencode_value list,
                                          const struct metainfo *metainfo);
struct bencode_value imported_next(struct imported_items *items);

#endif
