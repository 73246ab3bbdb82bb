#include "app/create.h"

#include "app/confine.h"
#include "app/create_private.h"
#include "base/i18n.h"
#include "base/merkle.h"
#include "base/text.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>

/* ---- the plan ---- */

static enum exit_status set_date(struct create *create)
{
    const struct create_options *options = &create->options->create;
    const char *epoch = getenv("SOURCE_DATE_EPOCH"); /* reproducible-builds.org */
    uint64_t seconds;
    create->plan.created_s = -1;
    if (options->date == CREATE_DATE_GIVEN) {
        create->plan.created_s = options->date_s;
    } else if (epoch != NULL && epoch[0] != '\0') {
        if (!text_parse_u64(epoch, 0, INT64_MAX, &seconds)) {
            fprintf(stderr, "bttui: %s\n",
                    _("SOURCE_DATE_EPOCH is not a number of seconds since 1970"));
            return EXIT_STATUS_USAGE;
        }
        create->plan.created_s = (int64_t)seconds;
    } else if (options->date == CREATE_DATE_NOW) {
        create->plan.created_s = (int64_t)clock_wall_s(&clock_system);
    }
    return EXIT_STATUS_OK;
}

static bool has_tracker(const struct create *create, const char *url, size_t length)
{
    for (uint32_t i = 0; i < create->plan.tracker_count; i++)
        if (strlen(create->trackers[i].url) == length &&
            memcmp(create->trackers[i].url, url, length) == 0)
            return true;
    return false;
}

/* One that is named again is asked once, where it came first. False: out of memory. */
static bool add_tier(struct create *create, const char *urls, uint32_t *tier)
{
    const uint32_t before = create->plan.tracker_count;
    for (const char *at = urls;; at++) {
        const size_t length = strcspn(at, ",");
        if (!has_tracker(create, at, length)) {
            char *url = strndup(at, length);
            if (url == NULL)
                return false;
            create->trackers[create->plan.tracker_count++] =
                (struct metainfo_tracker){url, *tier};
        }
        at += length;
        if (*at == '\0')
            break;
    }
    *tier += create->plan.tracker_count > before;
    return true;
}

static bool plan_trackers(struct create *create)
{
    const struct create_options *options = &create->options->create;
    uint32_t tier = 0;
    bool fine = true;
    create->trackers = calloc(options->url_count + 1u, sizeof *create->trackers);
    if (create->trackers == NULL)
        return false;
    for (uint32_t i = 0; i < options->tier_count && fine; i++)
        fine = add_tier(create, options->tiers[i], &tier);
    create->plan.trackers = create->trackers;
    return fine;
}

static int compare_files(const void *a, const void *b)
{
    const struct tree_file *left = a, *right = b;
    return metainfo_compare_paths(left->path, right->path);
}

static bool plan_files(struct create *create)
{
    struct tree *tree = &create->tree;
    if (create->plan.format != METAINFO_V1)
        qsort(tree->files, tree->count, sizeof *tree->files, compare_files);
    create->plan_files = calloc(tree->count + 1u, sizeof *create->plan_files);
    if (create->plan_files == NULL)
        return false;
    for (uint32_t i = 0; i < tree->count; i++)
        create->plan_files[i] =
            (struct metainfo_plan_file){tree->files[i].path, tree->files[i].stamp.size};
    create->plan.files = create->plan_files;
    create->plan.file_count = tree->count;
    return true;
}

static enum exit_status plan_pieces(struct create *create)
{
    char what[160];
    struct metainfo_plan *plan = &create->plan;
    const uint64_t total = create->tree.total_bytes;
    if (total == 0)
        return create_complain(create, EXIT_STATUS_INVALID, "",
                               _("there is no data in it"));
    if (total > METAINFO_MAX_TOTAL_BYTES)
        return create_complain(create, EXIT_STATUS_INVALID, "",
                               _("larger than 2^48 bytes"));
    plan->piece_bytes = create->options->create.piece_bytes;
    if (plan->piece_bytes == 0)
        plan->piece_bytes = metainfo_choose_piece_bytes(total);
    const uint64_t pieces = metainfo_plan_pieces(plan);
    if (pieces > METAINFO_MAX_PIECES) {
        snprintf(what, sizeof what, _("more than %u pieces; a larger --piece-size helps"),
                 METAINFO_MAX_PIECES);
        return create_complain(create, EXIT_STATUS_INVALID, "", what);
    }
    plan->piece_count = (uint32_t)pieces;
    return EXIT_STATUS_OK;
}

static enum exit_status make_plan(struct create *create)
{
    const struct create_options *options = &create->options->create;
    struct metainfo_plan *plan = &create->plan;
    plan->format = options->format;
    if (!plan_files(create) || !plan_trackers(create))
        return create_complain(create, EXIT_STATUS_FAILED, "", error_text(ERROR_MEMORY));
    enum exit_status status = plan_pieces(create);
    if (status != EXIT_STATUS_OK)
        return status;
    plan->name = create->name;
    plan->is_private = options->is_private;
    plan->source = options->source;
    plan->comment = options->comment;
    plan->webseeds = options->webseeds;
    plan->webseed_count = options->webseed_count;
    create->digests = calloc(plan->piece_count, sizeof *create->digests);
    create->hashes = malloc((size_t)plan->piece_count * SHA1_BYTES);
    create->roots = calloc(plan->piece_count + (size_t)plan->file_count, SHA256_BYTES);
    if (create->digests == NULL || create->hashes == NULL || create->roots == NULL)
        return create_complain(create, EXIT_STATUS_FAILED, "", error_text(ERROR_MEMORY));
    return EXIT_STATUS_OK;
}

/* ---- the torrent ---- */

static enum exit_status refuse_limit(const struct create *create, enum error_code error)
{
    if (error != ERROR_LIMIT)
        return create_complain(create, EXIT_STATUS_FAILED, "", error_text(error));
    return create_complain(create, EXIT_STATUS_INVALID, "",
                           _("the torrent file would be larger than 32 MiB; a larger "
                             "--piece-size or fewer files help"));
}

static enum exit_status refuse_difference(const struct create *create, uint32_t file)
{
    if (file < create->tree.count)
        return create_complain(
            create, EXIT_STATUS_INVALID, create->tree.files[file].path,
            _("its name has a meaning of its own in torrents; rename it, or leave it out "
              "with --exclude"));
    return create_complain(create, EXIT_STATUS_INVALID, "",
                           _("read back, the torrent is not what it should be"));
}

/* Appends the file to BUFFER, and reads it as everybody will. */
static enum exit_status write_and_read(const struct create *create, struct buffer *buffer,
                                       struct metainfo **ret_metainfo)
{
    struct metainfo_error why;
    struct metainfo *metainfo;
    uint32_t file;
    enum error_code error = metainfo_write(&create->plan, buffer);
    if (error != ERROR_NONE)
        return refuse_limit(create, error);
    error = metainfo_parse_leniently(
        buffer->bytes, buffer->length,
        create->plan.piece_roots == NULL ? METAINFO_WITHOUT_LAYERS : 0, &metainfo, &why);
    if (error != ERROR_NONE)
        return create_complain(
            create, error == ERROR_MEMORY ? EXIT_STATUS_FAILED : EXIT_STATUS_INVALID, "",
            why.message);
    if (!metainfo_is_as_planned(metainfo, &create->plan, &file)) {
        metainfo_free(metainfo);
        return refuse_difference(create, file);
    }
    *ret_metainfo = metainfo;
    return EXIT_STATUS_OK;
}

/* ---- hashing ---- */

/* A check that ended early: because a file is not what it was, or cannot be read. */
static enum exit_status refuse_hashing(const struct create *create,
                                       const struct metainfo *metainfo,
                                       enum error_code error, _Atomic int *errnos)
{
    if (create->foreground.interrupted)
        return create_complain(create, EXIT_STATUS_FAILED, "", _("interrupted"));
    const enum exit_status status = create_check_unchanged(create);
    if (status != EXIT_STATUS_OK)
        return status;
    for (uint32_t i = 0; i < metainfo->file_count; i++) {
        const int why = atomic_load(&errnos[i]);
        if (why != 0)
            return create_complain(
                create, EXIT_STATUS_FAILED,
                create->plan.multi_file ? metainfo_file_path(metainfo, i) : "",
                strerror(why));
    }
    return create_complain(create, EXIT_STATUS_FAILED, "", foreground_error_text(error));
}

/* The files' roots come after the pieces'. */
static void take_roots(struct create *create)
{
    struct metainfo_plan *plan = &create->plan;
    const uint8_t *at = create->roots;
    uint8_t *root = create->roots + (size_t)plan->piece_count * SHA256_BYTES;
    plan->piece_roots = at;
    plan->file_roots = root;
    for (uint32_t i = 0; i < plan->file_count; i++, root += SHA256_BYTES) {
        const uint64_t pieces =
            (plan->files[i].length + plan->piece_bytes - 1) / plan->piece_bytes;
        if (pieces > 0)
            merkle_root(at, pieces, merkle_levels(plan->piece_bytes / MERKLE_LEAF_BYTES),
                        merkle_levels(pieces), root);
        at += pieces * SHA256_BYTES;
    }
}

static void take_digests(struct create *create)
{
    for (uint32_t i = 0; i < create->plan.piece_count; i++) {
        memcpy(create->hashes + (size_t)i * SHA1_BYTES, create->digests[i].sha1,
               SHA1_BYTES);
        memcpy(create->roots + (size_t)i * SHA256_BYTES, create->digests[i].root,
               SHA256_BYTES);
    }
    create->plan.piece_hashes = create->hashes;
    if (create->plan.format != METAINFO_V1)
        take_roots(create);
}

static enum exit_status hash_all(struct create *create, struct metainfo *metainfo)
{
    struct bitfield have;
    struct data_check_config check = {
        .metainfo = metainfo, .dir = create->parent, .ret_digests = create->digests};
    check.ret_errnos = calloc(metainfo->file_count, sizeof *check.ret_errnos);
    if (check.ret_errnos == NULL)
        return create_complain(create, EXIT_STATUS_FAILED, "", error_text(ERROR_MEMORY));
    const enum error_code error = foreground_check(&create->foreground, &check, &have);
    const enum exit_status status =
        error == ERROR_NONE ? create_check_unchanged(create)
                            : refuse_hashing(create, metainfo, error, check.ret_errnos);
    bitfield_done(&have);
    free(check.ret_errnos);
    take_digests(create);
    return status;
}

/* A torrent without hashes yet says whether there can be one at all, before the work. */
static enum exit_status hash_planned(struct create *create)
{
    struct buffer buffer;
    struct metainfo *metainfo = NULL;
    buffer_init(&buffer, METAINFO_MAX_BYTES);
    enum exit_status status = write_and_read(create, &buffer, &metainfo);
    buffer_done(&buffer);
    if (status == EXIT_STATUS_OK)
        status = hash_all(create, metainfo);
    metainfo_free(metainfo);
    return status;
}

static enum exit_status make_torrent(struct create *create)
{
    struct buffer buffer;
    struct metainfo *metainfo = NULL;
    buffer_init(&buffer, METAINFO_MAX_BYTES);
    enum exit_status status = write_and_read(create, &buffer, &metainfo);
    if (status == EXIT_STATUS_OK && foreground_is_interrupted(&create->foreground))
        status = create_complain(create, EXIT_STATUS_FAILED, "", _("interrupted"));
    if (status == EXIT_STATUS_OK)
        status = create_output_write(create, &buffer);
    if (status == EXIT_STATUS_OK)
        status = create_report(create, metainfo);
    buffer_done(&buffer);
    metainfo_free(metainfo);
    return status;
}

/* ---- the command ---- */

static enum exit_status run(struct create *create)
{
    enum exit_status status = set_date(create);
    if (status == EXIT_STATUS_OK)
        status = create_find(create);
    if (status == EXIT_STATUS_OK)
        status = create_output_open(create);
    if (status == EXIT_STATUS_OK)
        status =
            confine_command(create->options->sandbox, create->real, create->output.dir);
    if (status == EXIT_STATUS_OK)
        status = foreground_open(&create->foreground);
    if (status == EXIT_STATUS_OK)
        status = create_scan(create);
    if (status != EXIT_STATUS_OK)
        return status;
    create_tell_oddities(create);
    status = make_plan(create);
    if (status == EXIT_STATUS_OK)
        status = hash_planned(create);
    if (status == EXIT_STATUS_OK)
        status = make_torrent(create);
    return status;
}

static void done(struct create *create)
{
    foreground_close(&create->foreground);
    create_output_close(&create->output);
    for (uint32_t i = 0; i < create->oddity_count; i++)
        free(create->oddities[i].path);
    for (uint32_t i = 0; i < create->plan.tracker_count; i++)
        free(create->trackers[i].url);
    tree_done(&create->tree);
    free(create->oddities);
    free(create->trackers);
    free(create->plan_files);
    free(create->digests);
    free(create->hashes);
    free(create->roots);
    free(create->parent);
    free(create->real);
}

enum exit_status create_main(const struct options *options)
{
    struct create create = {.options = options, .output = {.dir_fd = -1}};
    const enum exit_status status = run(&create);
    done(&create);
    return status;
}
