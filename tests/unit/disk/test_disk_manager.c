#include "tests/unit/disk/faults.h"
#include "tests/unit/disk/place.h"

#include <check.h>
#include <errno.h>
#include <fcntl.h>
#include <sched.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/resource.h>
#include <sys/stat.h>
#include <unistd.h>

Suite *test_disk_manager_suite(void);

#define PIECE BLOCK_BYTES

static struct place place;
static struct desk desk;

static void setup(void)
{
    static const struct place_file files[] = {{"t/a", 3 * PIECE, false},
                                              {"t/b", 3 * PIECE, false}};
    fault_clear();
    place_make(&place, PIECE, files, 2);
    desk_open(&desk, &place, 2);
}

static void teardown(void)
{
    desk_close(&desk);
    place_done(&place);
}

static void on_responses(void *context)
{
    (void)context;
}

/* COUNT blocks of LENGTH bytes, end to end from the begin of PIECE. */
static struct block *blocks_of(uint32_t piece, uint32_t count, uint32_t length)
{
    struct block *chain = NULL;
    for (uint32_t i = count; i-- > 0;) {
        struct block *block = block_pool_take(place.pool);
        block->piece = piece;
        block->begin = i * length;
        block->length = length;
        block->next = chain;
        memset(block->bytes, 0xee, length);
        chain = block;
    }
    return chain;
}

static struct message read_block(uint32_t piece)
{
    struct message request = {.type = DISK_READ, .torrent = desk.id};
    request.u.read.chain = blocks_of(piece, 1, PIECE);
    desk_post(&desk, &request);
    const struct message answer = desk_next(&desk);
    ck_assert_int_eq(answer.type, DISK_HAS_READ);
    ck_assert_uint_eq(answer.u.read.chain->piece, piece);
    return answer;
}

START_TEST(a_read_fills_its_block)
{
    place_write_all(&place);
    struct message answer = read_block(4);
    ck_assert_int_eq(answer.u.read.error, ERROR_NONE);
    ck_assert_mem_eq(answer.u.read.chain->bytes, place_at(&place, 4, 0), PIECE);
    /* now its file is open and in memory */
    memset(answer.u.read.chain->bytes, 0, PIECE);
    ck_assert_uint_eq(disk_manager_read_now(desk.manager, desk.id, answer.u.read.chain),
                      1);
    ck_assert_mem_eq(answer.u.read.chain->bytes, place_at(&place, 4, 0), PIECE);
    message_done(&answer, place.pool);
}
END_TEST

START_TEST(a_read_that_fails_says_where_and_why)
{
    place_write_all(&place);
    ck_assert_int_eq(truncate(place_path(&place, "t/b"), 10), 0);
    struct message answer = read_block(4);
    ck_assert_int_eq(answer.u.read.error, ERROR_TRUNCATED);
    ck_assert_uint_eq(answer.u.read.file, 1);
    message_done(&answer, place.pool);
    fault_set(FAULT_READ, 1, 1, EIO);
    answer = read_block(0);
    ck_assert_int_eq(answer.u.read.error, ERROR_SYSTEM);
    ck_assert_int_eq(answer.u.read.errno_value, EIO);
    ck_assert_uint_eq(answer.u.read.file, 0);
    message_done(&answer, place.pool);
}
END_TEST

static void expect_right(const struct block *chain)
{
    for (; chain != NULL; chain = chain->next)
        ck_assert_mem_eq(chain->bytes, place_at(&place, chain->piece, chain->begin),
                         chain->length);
}

START_TEST(a_run_of_blocks_is_one_read)
{
    struct message request = {.type = DISK_READ, .torrent = desk.id};
    place_write_all(&place);
    request.u.read.chain = blocks_of(4, 4, PIECE / 4);
    desk_post(&desk, &request);
    struct message answer = desk_next(&desk);
    ck_assert_int_eq(answer.u.read.error, ERROR_NONE);
    ck_assert_ptr_nonnull(answer.u.read.chain->next->next->next);
    expect_right(answer.u.read.chain);
    ck_assert_uint_eq(fault_calls(FAULT_READ), 1);
    message_done(&answer, place.pool);
}
END_TEST

/* S5, S11: one bad place spoils no block beside it. */
START_TEST(a_run_that_fails_is_answered_block_by_block)
{
    struct message request = {.type = DISK_READ, .torrent = desk.id};
    place_write_all(&place);
    ck_assert_int_eq(truncate(place_path(&place, "t/b"), PIECE + PIECE / 2 + 1), 0);
    request.u.read.chain = blocks_of(4, 4, PIECE / 4);
    desk_post(&desk, &request);
    for (uint32_t i = 0; i < 4; i++) {
        struct message answer = desk_next(&desk);
        struct block *block = answer.u.read.chain;
        ck_assert_int_eq(answer.type, DISK_HAS_READ);
        ck_assert_ptr_null(block->next);
        ck_assert_uint_eq(block->begin, i * PIECE / 4);
        ck_assert_int_eq(answer.u.read.error, i < 2 ? ERROR_NONE : ERROR_TRUNCATED);
        if (i < 2)
            expect_right(block);
        message_done(&answer, place.pool);
    }
}
END_TEST

/* What is not in memory, or past the end of a file cut short, is for a worker. */
START_TEST(only_whole_blocks_that_are_in_memory_are_read_at_once)
{
    struct block *chain = blocks_of(4, 4, PIECE / 4);
    place_write_all(&place);
    ck_assert_uint_eq(disk_manager_read_now(desk.manager, desk.id, chain), 0);
    ck_assert_uint_eq(fault_calls(FAULT_CACHED), 0); /* the file is not even open */
    struct message answer = read_block(4);
    message_done(&answer, place.pool);
    ck_assert_uint_eq(disk_manager_read_now(desk.manager, desk.id, chain), 4);
    expect_right(chain);
    ck_assert_uint_eq(fault_calls(FAULT_CACHED), 1);
    fault_cached(PIECE / 2 + 100);
    ck_assert_uint_eq(disk_manager_read_now(desk.manager, desk.id, chain), 2);
    fault_cached(0);
    ck_assert_int_eq(truncate(place_path(&place, "t/b"), PIECE + PIECE / 4), 0);
    ck_assert_uint_eq(disk_manager_read_now(desk.manager, desk.id, chain), 1);
    block_pool_give_chain(place.pool, chain);
}
END_TEST

static const int errors_of_cached[] = {EAGAIN, EIO, EOPNOTSUPP, ENOSYS};

/* A file system, or a system, without RWF_NOWAIT is asked once a descriptor. */
START_TEST(what_cannot_be_read_without_waiting_is_left_to_workers)
{
    struct block *block = blocks_of(4, 1, PIECE);
    place_write_all(&place);
    struct message answer = read_block(4);
    message_done(&answer, place.pool);
    fault_set(FAULT_CACHED, 1, 1, errors_of_cached[_i]);
    ck_assert_uint_eq(disk_manager_read_now(desk.manager, desk.id, block), 0);
    const bool for_good =
        errors_of_cached[_i] == EOPNOTSUPP || errors_of_cached[_i] == ENOSYS;
    ck_assert_uint_eq(disk_manager_read_now(desk.manager, desk.id, block), !for_good);
    ck_assert_uint_eq(fault_calls(FAULT_CACHED), for_good ? 1 : 2);
    answer = read_block(4); /* a worker still reads it */
    ck_assert_int_eq(answer.u.read.error, ERROR_NONE);
    message_done(&answer, place.pool);
    block_pool_give(place.pool, block);
}
END_TEST

START_TEST(a_torrent_is_opened_once_and_another_generation_is_another)
{
    struct block *block = block_pool_take(place.pool);
    block->piece = block->begin = 0;
    block->length = PIECE;
    ck_assert_int_eq(disk_manager_open(desk.manager, desk.id, place.meta, place.dir),
                     ERROR_EXISTS);
    const struct torrent_id later = {desk.id.index, desk.id.generation + 1};
    ck_assert_uint_eq(disk_manager_read_now(desk.manager, later, block), 0);
    block_pool_give(place.pool, block);
}
END_TEST

START_TEST(a_delete_is_done_though_the_torrent_is_closed_at_once)
{
    struct disk_job *job = disk_job_new();
    const struct message request = {
        .type = DISK_DELETE, .torrent = desk.id, .u.job.job = job};
    place_write_all(&place);
    desk_post(&desk, &request);
    disk_manager_close(desk.manager, desk.id);
    uint32_t deleted = 0;
    for (int i = 0; i < 2; i++) {
        struct message answer = desk_next(&desk);
        ck_assert_int_eq(answer.type, DISK_JOB_DONE);
        ck_assert_int_eq(answer.u.job.error, ERROR_NONE);
        deleted += answer.u.job.job->request == DISK_DELETE;
        message_done(&answer, place.pool);
    }
    ck_assert_uint_eq(deleted, 1);
    ck_assert_uint_eq(place_size(&place, "t"), UINT64_MAX);
}
END_TEST

START_TEST(the_torrents_description_may_go_before_the_workers_are_done)
{
    struct metainfo *meta = metainfo_ref(place.meta);
    place_write_all(&place);
    struct disk_job *job = disk_job_new();
    const struct message request = {
        .type = DISK_CHECK, .torrent = desk.id, .u.job.job = job};
    desk_post(&desk, &request);
    disk_manager_close(desk.manager, desk.id);
    metainfo_free(meta);
}
END_TEST

START_TEST(a_sync_gives_the_files_stamps)
{
    desk_hash(&desk, 0, 0, PIECE, false);
    struct message answer = desk_next(&desk);
    ck_assert_int_eq(answer.type, DISK_VERIFIED);
    message_done(&answer, place.pool);
    struct disk_job *job = desk_job(&desk, DISK_SYNC, disk_job_new());
    ck_assert_int_eq(job->error.code, ERROR_NONE);
    ck_assert_uint_eq(job->stamp_count, 2);
    ck_assert_uint_eq(job->stamps[0].size, PIECE);
    disk_job_free(job);
    job = disk_job_new();
    job->stat_all = true;
    desk_job(&desk, DISK_SYNC, job);
    ck_assert_uint_eq(job->stamps[0].size, PIECE);
    ck_assert_uint_eq(job->stamps[1].size, UINT64_MAX);
    disk_job_free(job);
}
END_TEST

START_TEST(state_is_saved_and_forgotten_in_the_order_of_the_requests)
{
    const int dir = open(place.root, O_RDONLY | O_DIRECTORY);
    for (int i = 0; i < 20; i++) {
        struct disk_job *save = disk_job_new(), *forget = disk_job_new();
        save->dir_fd = forget->dir_fd = dir;
        save->name = strdup("state");
        forget->name = strdup("state");
        save->bytes = malloc(3);
        memcpy(save->bytes, "abc", 3);
        save->length = 3;
        const struct message requests[2] = {
            {.type = DISK_SAVE_RESUME, .torrent = {(uint32_t)i, 1}, .u.job.job = save},
            {.type = DISK_FORGET_STATE, .torrent = {9, 1}, .u.job.job = forget}};
        desk_post(&desk, &requests[0]);
        desk_post(&desk, &requests[1]);
    }
    for (int i = 0; i < 40; i++) {
        struct message answer = desk_next(&desk);
        ck_assert_int_eq(answer.u.job.error, ERROR_NONE);
        message_done(&answer, place.pool);
    }
    ck_assert_int_ne(faccessat(dir, "state", F_OK, 0), 0);
    ck_assert_int_ne(faccessat(dir, "state.prev", F_OK, 0), 0);
    close(dir);
}
END_TEST

START_TEST(free_space_is_looked_up_off_the_loop)
{
    struct disk_job *job = disk_job_new();
    job->name = strdup(place.root);
    desk_job(&desk, DISK_SPACE, job);
    ck_assert_int_eq(job->error.code, ERROR_NONE);
    ck_assert_uint_gt(job->free_bytes, 0);
    ck_assert_uint_ne(job->free_bytes, UINT64_MAX);
    disk_job_free(job);
    job = disk_job_new();
    job->name = strdup("/nowhere/at/all");
    desk_job(&desk, DISK_SPACE, job);
    ck_assert_uint_eq(job->free_bytes, UINT64_MAX);
    disk_job_free(job);
}
END_TEST

/* S21: many files, few descriptors. */
static uint32_t count_threads(void)
{
    struct stat status;
    ck_assert_int_eq(stat("/proc/self/task", &status), 0);
    return (uint32_t)status.st_nlink - 2;
}

/* A thread that was joined may be seen for a moment still. */
static void expect_threads(uint32_t count)
{
    while (count_threads() > count)
        sched_yield();
    ck_assert_uint_eq(count_threads(), count);
}

START_TEST(held_workers_begin_when_told_to_and_then_do_what_waits)
{
    const uint32_t before = count_threads();
    const struct disk_manager_config config = {.loop = desk.loop,
                                               .pool = place.pool,
                                               .workers = 2,
                                               .held = true,
                                               .on_responses = on_responses};
    struct disk_manager *manager = disk_manager_new(&config);
    struct message response = {.type = DISK_HAS_READ};
    struct disk_job *job = disk_job_new();
    const struct message request = {.type = DISK_SPACE, .u.job.job = job};
    job->name = strdup("/");
    ck_assert_int_eq(disk_manager_post(manager, &request), ERROR_NONE);
    loop_turn(desk.loop, 20 * NS_PER_MS);
    ck_assert_uint_eq(count_threads(), before);
    ck_assert(!disk_manager_take(manager, &response));
    ck_assert_int_eq(disk_manager_begin(manager), ERROR_NONE);
    ck_assert_int_eq(disk_manager_begin(manager), ERROR_NONE); /* once is enough */
    ck_assert_uint_eq(count_threads(), before + 4);
    while (!disk_manager_take(manager, &response))
        loop_turn(desk.loop, 10 * NS_PER_MS);
    ck_assert_int_eq(response.type, DISK_JOB_DONE);
    message_done(&response, place.pool);
    disk_manager_free(manager);
    expect_threads(before);
}
END_TEST

START_TEST(held_workers_that_never_begin_leave_nothing)
{
    const struct disk_manager_config config = {.loop = desk.loop,
                                               .pool = place.pool,
                                               .workers = 2,
                                               .held = true,
                                               .on_responses = on_responses};
    struct disk_manager *manager = disk_manager_new(&config);
    struct disk_job *job = disk_job_new();
    const struct message request = {.type = DISK_SPACE, .u.job.job = job};
    job->name = strdup("/");
    ck_assert_int_eq(disk_manager_post(manager, &request), ERROR_NONE);
    disk_manager_free(manager);
}
END_TEST

START_TEST(few_descriptors_are_enough_for_many_files)
{
    enum { COUNT = 300 };
    static struct place_file many[COUNT];
    static char names[COUNT][16];
    struct rlimit limit = {64, 64};
    uint32_t most = 0;
    desk_close(&desk);
    place_done(&place);
    for (int i = 0; i < COUNT; i++) {
        snprintf(names[i], sizeof names[i], "t/%d", i);
        many[i] = (struct place_file){names[i], 1000, false};
    }
    place_make(&place, PIECE, many, COUNT);
    const uint32_t before = place_open_descriptors();
    ck_assert_int_eq(setrlimit(RLIMIT_NOFILE, &limit), 0);
    desk_open(&desk, &place, 2);
    for (uint32_t i = 0; i < place.meta->piece_count; i++) {
        desk_hash(&desk, i, 0, metainfo_piece_length(place.meta, i), false);
        struct message answer = desk_next(&desk);
        ck_assert_int_eq(answer.type, DISK_VERIFIED);
        message_done(&answer, place.pool);
        const uint32_t open = place_open_descriptors();
        most = open > most ? open : most;
    }
    ck_assert(place_is_right(&place));
    ck_assert_uint_le(most, before + 16 + 2);
}
END_TEST

Suite *test_disk_manager_suite(void)
{
    Suite *suite = suite_create("disk_manager");
    TCase *tcase = tcase_create("disk_manager");
    tcase_add_checked_fixture(tcase, setup, teardown);
    tcase_set_timeout(tcase, 30);
    tcase_add_test(tcase, a_read_fills_its_block);
    tcase_add_test(tcase, a_read_that_fails_says_where_and_why);
    tcase_add_test(tcase, a_run_of_blocks_is_one_read);
    tcase_add_test(tcase, a_run_that_fails_is_answered_block_by_block);
    tcase_add_test(tcase, only_whole_blocks_that_are_in_memory_are_read_at_once);
    tcase_add_loop_test(tcase, what_cannot_be_read_without_waiting_is_left_to_workers, 0,
                        4);
    tcase_add_test(tcase, a_torrent_is_opened_once_and_another_generation_is_another);
    tcase_add_test(tcase, a_delete_is_done_though_the_torrent_is_closed_at_once);
    tcase_add_test(tcase, the_torrents_description_may_go_before_the_workers_are_done);
    tcase_add_test(tcase, a_sync_gives_the_files_stamps);
    tcase_add_test(tcase, state_is_saved_and_forgotten_in_the_order_of_the_requests);
    tcase_add_test(tcase, free_space_is_looked_up_off_the_loop);
    tcase_add_test(tcase, held_workers_begin_when_told_to_and_then_do_what_waits);
    tcase_add_test(tcase, held_workers_that_never_begin_leave_nothing);
    tcase_add_test(tcase, few_descriptors_are_enough_for_many_files);
    suite_add_tcase(suite, tcase);
    return suite;
}
