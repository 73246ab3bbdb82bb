/* What the files that write a metainfo share; nobody else includes this. */
#ifndef BTTUI_META_METAINFO_WRITE_PRIVATE_H
#define BTTUI_META_METAINFO_WRITE_PRIVATE_H

#include "meta/metainfo_write.h"

/* The first error stays; what comes after it is not written. */
struct writer {
    struct buffer *buffer;
    enum error_code error;
};
void writer_mark(struct writer *writer, char mark);
void writer_bytes(struct writer *writer, const void *bytes, size_t length);
void writer_text(struct writer *writer, const char *text);
void writer_integer(struct writer *writer, const char *key, uint64_t value);

/* "file tree", and its value. */
void writer_file_tree(struct writer *writer, const struct metainfo_plan *plan);
/* "piece layers", and its value. */
void writer_piece_layers(struct writer *writer, const struct metainfo_plan *plan);
/* The same of what has been read; ROOTS: SHA256_BYTES a piece. */
void writer_layers_of(struct writer *writer, const struct metainfo *metainfo,
                      const uint8_t *roots);

#endif
