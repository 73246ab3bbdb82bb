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

/* Fill in name, files, total_bytes from the v1 half of the info dictionary. */
enum error_code metainfo_read_name(struct metainfo *metainfo, struct bencode_value info,
                                   struct metainfo_error *error);
enum error_code metainfo_read_files(struct metainfo *metainfo, struct bencode_value info,
                                    struct metainfo_error *error);

/* Takes the files one after the other. */
struct file_reader {
    struct metainfo *metainfo;
    struct metainfo_error *error;
    struct path_set *paths;
    uint32_t capacity;
    unsigned renamed, noted;
    bool name_changed; /* the torrent's, so that no path is as it stood */
    bool changed;      /* of this file */
};
enum error_code file_reader_init(struct file_reader *reader, struct metainfo *metainfo,
                                 struct metainfo_error *error);
/* PATH is clean. */
enum error_code file_reader_add(struct file_reader *reader, const char *path,
                                uint64_t length, bool pad);
/* CODE: of what was read. The reader is gone. */
enum error_code file_reader_done(struct file_reader *reader, enum error_code code);
/* Appends a component, cleaned, after a '/' unless it is the first. *USED counts bytes.
 */
enum error_code file_reader_join(struct file_reader *reader, const char *bytes,
                                 size_t length, char *path, size_t *used);
bool metainfo_has_attribute(struct bencode_value file, char letter);
enum error_code metainfo_read_length(struct bencode_value dict, uint32_t number,
                                     uint64_t *ret_length, struct metainfo_error *error);

/* ---- v2 (BEP 52) ---- */

/* Fill in files, their roots and total_bytes from the file tree; piece_bytes is known. */
enum error_code metainfo_read_tree(struct metainfo *metainfo, struct bencode_value info,
                                   struct metainfo_error *error);
/* Whether the file tree says what the v1 half does; takes its roots (T46). */
enum error_code metainfo_compare_halves(struct metainfo *metainfo,
                                        struct bencode_value info,
                                        struct metainfo_error *error);
/* Fills in files_by_root and piece_roots from the top dictionary (T44). */
enum error_code metainfo_read_layers(struct metainfo *metainfo, struct bencode_value root,
                                     unsigned leave, struct metainfo_error *error);
/* Works out the tails and payload_bytes. ERROR_MEMORY. */
enum error_code metainfo_find_tails(struct metainfo *metainfo);
/* Fill in trackers and web seeds from the top dictionary. */
enum error_code metainfo_read_urls(struct metainfo *metainfo, struct bencode_value root);

#endif
