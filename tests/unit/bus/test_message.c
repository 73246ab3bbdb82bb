#include "bus/message.h"

#include <check.h>
#include <stdlib.h>

Suite *test_message_suite(void);

/* Every type that can hold blocks gives them back; an empty one holds nothing. */
static void hold(struct message *message, struct block *chain)
{
    switch ((int)message->type) {
    case PEER_SEND:
    case PEER_BLOCK_ARRIVED:
    case PEER_WANTED:
        message->u.block_data.block = chain;
        break;
    case DISK_HASH:
    case DISK_BLOCKS_BACK:
        message->u.run.chain = chain;
        break;
    case DISK_READ:
    case DISK_HAS_READ:
        message->u.read.chain = chain;
        break;
    case DISK_VERIFIED:
    case DISK_FAILED_HASH:
        message->u.verified.chain = chain;
        message->u.verified.block_sha1s = malloc(SHA1_BYTES);
        break;
    case DISK_ERROR:
        message->u.disk_error.chain = chain;
        break;
    default:
        ck_abort();
    }
}

START_TEST(blocks_held_by_a_message_go_back_to_the_pool)
{
    static const enum message_type types[] = {
        PEER_SEND,  PEER_BLOCK_ARRIVED, DISK_HASH,     DISK_BLOCKS_BACK,
        DISK_READ,  DISK_HAS_READ,      DISK_VERIFIED, DISK_FAILED_HASH,
        DISK_ERROR, PEER_WANTED,
    };
    struct block_pool *pool = block_pool_new(2 * BLOCK_BYTES);
    for (size_t i = 0; i < sizeof types / sizeof *types; i++) {
        struct message message = {.type = types[i]}, empty = {.type = types[i]};
        struct block *chain = block_pool_take(pool);
        chain->next = block_pool_take(pool);
        hold(&message, chain);
        message_done(&message, pool);
        ck_assert_uint_eq(block_pool_left(pool), 2);
        message_done(&empty, pool);
        ck_assert_uint_eq(block_pool_left(pool), 2);
    }
    block_pool_free(pool);
}
END_TEST

START_TEST(a_message_of_zeros_of_any_type_can_be_done)
{
    for (int type = 0; type <= EVENT_STOPPED; type++) {
        struct message message = {.type = (enum message_type)type};
        message_done(&message, NULL);
    }
}
END_TEST

START_TEST(data_never_merges)
{
    for (int type = 0; type <= EVENT_STOPPED; type++) {
        struct message into = {.type = (enum message_type)type}, from = into;
        const bool news = type == EVENT_TORRENT_CHANGED || type == EVENT_SESSION_CHANGED;
        ck_assert_int_eq(message_merge(&into, &from), news);
    }
}
END_TEST

START_TEST(words_are_there_for_every_value_and_none_past_the_end)
{
    for (int reason = 1; reason < PEER_REASON_COUNT; reason++) {
        ck_assert_str_ne(peer_reason_word((enum peer_reason)reason), "");
        ck_assert_str_ne(peer_reason_text((enum peer_reason)reason), "");
    }
    for (int source = 0; source < PEER_SOURCE_COUNT; source++)
        ck_assert_str_ne(peer_source_word((enum peer_source)source), "?");
    ck_assert_str_eq(peer_status_word(PEER_STATUS_BLOCKED), "blocked");
    ck_assert_str_eq(peer_status_word(PEER_STATUS_DOWNLOADING), "downloading");
    ck_assert_str_eq(peer_reason_word((enum peer_reason)999), "?");
    ck_assert_str_eq(peer_reason_text(PEER_REASON_NONE), "");
    ck_assert_str_eq(peer_status_word((enum peer_status)9), "?");
    ck_assert_str_eq(peer_source_word((enum peer_source)99), "?");
}
END_TEST

Suite *test_message_suite(void)
{
    Suite *suite = suite_create("message");
    TCase *tcase = tcase_create("message");
    tcase_add_test(tcase, blocks_held_by_a_message_go_back_to_the_pool);
    tcase_add_test(tcase, a_message_of_zeros_of_any_type_can_be_done);
    tcase_add_test(tcase, data_never_merges);
    tcase_add_test(tcase, words_are_there_for_every_value_and_none_past_the_end);
    suite_add_tcase(suite, tcase);
    return suite;
}
