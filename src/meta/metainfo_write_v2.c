/* What a v2 torrent has that a v1 torrent has not (BEP 52). */
#include "meta/metainfo_write_private.h"

#include <stdlib.h>
#include <string.h>

int metainfo_compare_paths(const char *a, const char *b)
{
    while (*a == *b && *a != '\0') {
        a++;
        b++;
    }
    /* A component that ends here comes before one that goes on. */
    const int left = *a == '/' ? 0 : (unsigned char)*a + (*a != '\0');
    const int right = *b == '/' ? 0 : (unsigned char)*b + (*b != '\0');
    return left != right ? left - right : (*a != '\0') - (*b != '\0');
}

static void put_root(struct writer *writer, const struct metainfo_plan *plan,
                     uint32_t file)
{
    uint8_t root[SHA256_BYTES] = {0};
    if (plan->file_roots != NULL) {
        memcpy(root, plan->file_roots + (size_t)file * SHA256_BYTES, sizeof root);
    } else { /* any that are no zeros, and of no two files the same */
        const uint32_t number = file + 1;
        memcpy(root, &number, sizeof number);
    }
    writer_text(writer, "pieces root");
    writer_bytes(writer, root, sizeof root);
}

static void put_file(struct writer *writer, const struct metainfo_plan *plan,
                     uint32_t file)
{
    writer_mark(writer, 'd');
    writer_text(writer, "");
    writer_mark(writer, 'd');
    writer_integer(writer, "length", plan->files[file].length);
    if (plan->files[file].length > 0)
        put_root(writer, plan, file);
    writer_mark(writer, 'e');
    writer_mark(writer, 'e');
}

/* How many leading bytes of PATH are directories that BEFORE is in, too. */
static size_t shared_directories(const char *before, const char *path)
{
    size_t shared = 0;
    for (size_t i = 0; before[i] == path[i] && path[i] != '\0'; i++)
        if (path[i] == '/')
            shared = i + 1;
    return shared;
}

static uint32_t count_slashes(const char *path)
{
    uint32_t count = 0;
    for (; *path != '\0'; path++)
        count += *path == '/';
    return count;
}

/* Leaves the directories of BEFORE, enters those of PATH, and puts its name. */
static void put_way(struct writer *writer, const char *before, const char *path)
{
    const size_t shared = shared_directories(before, path);
    for (uint32_t i = count_slashes(before + shared); i > 0; i--)
        writer_mark(writer, 'e');
    for (const char *at = path + shared;; at++) {
        const size_t part = strcspn(at, "/");
        writer_bytes(writer, at, part);
        at += part;
        if (*at == '\0')
            break;
        writer_mark(writer, 'd');
    }
}

void writer_file_tree(struct writer *writer, const struct metainfo_plan *plan)
{
    const char *before = "";
    writer_text(writer, "file tree");
    writer_mark(writer, 'd');
    for (uint32_t i = 0; i < plan->file_count; i++) {
        const char *path = plan->multi_file ? plan->files[i].path : plan->name;
        put_way(writer, before, path);
        put_file(writer, plan, i);
        before = path;
    }
    for (uint32_t i = count_slashes(before); i > 0; i--)
        writer_mark(writer, 'e');
    writer_mark(writer, 'e');
}

/* ---- piece layers ---- */

struct layer {
    const uint8_t *root, *hashes;
    uint32_t pieces;
};

static int compare_layers(const void *a, const void *b)
{
    const struct layer *left = a, *right = b;
    return memcmp(left->root, right->root, SHA256_BYTES);
}

static uint32_t find_layers(const struct metainfo_plan *plan, struct layer *layers)
{
    uint32_t count = 0;
    const uint8_t *hashes = plan->piece_roots;
    for (uint32_t i = 0; i < plan->file_count; i++) {
        const uint32_t pieces =
            (uint32_t)((plan->files[i].length + plan->piece_bytes - 1) /
                       plan->piece_bytes);
        if (pieces > 1)
            layers[count++] = (struct layer){plan->file_roots + (size_t)i * SHA256_BYTES,
                                             hashes, pieces};
        hashes += (size_t)pieces * SHA256_BYTES;
    }
    qsort(layers, count, sizeof *layers, compare_layers);
    return count;
}

void writer_piece_layers(struct writer *writer, const struct metainfo_plan *plan)
{
    struct layer *layers = calloc(plan->file_count, sizeof *layers);
    if (layers == NULL) {
        writer->error = ERROR_MEMORY;
        return;
    }
    const uint32_t count = find_layers(plan, layers);
    writer_text(writer, "piece layers");
    writer_mark(writer, 'd');
    for (uint32_t i = 0; i < count; i++) {
        if (i > 0 && compare_layers(&layers[i - 1], &layers[i]) == 0)
            continue; /* of the same content */
        writer_bytes(writer, layers[i].root, SHA256_BYTES);
        writer_bytes(writer, layers[i].hashes, (size_t)layers[i].pieces * SHA256_BYTES);
    }
    writer_mark(writer, 'e');
    free(layers);
}

void writer_layers_of(struct writer *writer, const struct metainfo *metainfo,
                      const uint8_t *roots)
{
    writer_text(writer, "piece layers");
    writer_mark(writer, 'd');
    for (uint32_t i = 0; i < metainfo->rooted_count; i++) { /* by root */
        const uint32_t number = metainfo->files_by_root[i];
        const struct metainfo_file *file = &metainfo->files[number];
        const uint64_t pieces =
            (file->length + metainfo->piece_bytes - 1) / metainfo->piece_bytes;
        if (pieces < 2)
            continue;
        writer_bytes(writer, metainfo->file_roots + (size_t)number * SHA256_BYTES,
                     SHA256_BYTES);
        writer_bytes(writer, roots + file->offset / metainfo->piece_bytes * SHA256_BYTES,
                     (size_t)pieces * SHA256_BYTES);
    }
    writer_mark(writer, 'e');
}
