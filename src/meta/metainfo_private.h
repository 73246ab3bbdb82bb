/* What the files that read a metainfo share; nobody else includes this. */
#ifndef BTTUI_META_METAINFO_PRIVATE_H
#define BTTUI_META_METAINFO_PRIVATE_H

#include "meta/bencode.h"
#include "meta/metainfo.h"

/* Notes CODE and the message; returns CODE. */
enum error_code metainfo_fail(struct metainfo_error *error, enum error_code code,
                              const char *format, ...)
    __attribute__((format(printf, 3, 4)));

#define METAINFO_PATH_LIMIT                                                              \
    N_("file %u: its path is too long, or too many files share a name")

/* The ".utf-8" twin of a text is the better one, if it is what it says (T35). */
bool metainfo_best_string(struct bencode_value dict, const char *key,
                          const char *utf8_key, const char **ret_bytes,
                          size_t *ret_length);

/* Fill in name, files, total_bytes from the info dictionary. */
enum error_code metainfo_read_files(struct metainfo *metainfo, struct bencode_value info,
                                    struct metainfo_error *error);
/* Fill in trackers and web seeds from the top dictionary. */
enum error_code metainfo_read_urls(struct metainfo *metainfo, struct bencode_value root);

#endif
