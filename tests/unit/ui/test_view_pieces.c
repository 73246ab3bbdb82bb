/* The Pieces view: a sign for each state, a cell for one or many, a cursor that tells. */
#include "tests/unit/ui/check_ui.h"
#include "tests/unit/ui/fake_session.h"

#include "ui/piece_map.h"
#include "ui/views.h"

#include <stdlib.h>
#include <string.h>

static void fill(struct session *session, uint32_t pieces)
{
    static struct file_info files[] = {{.path = "dir/日本語.bin", .bytes = 1 << 20},
                                       {.path = "b", .bytes = 1}};
    fake_session_init(session);
    session->torrent.pieces = pieces;
    session->states = calloc(pieces, sizeof *session->states);
    session->availability = calloc(pieces, sizeof *session->availability);
    session->files = files;
    session->file_count = 2;
    session->piece = (struct piece_info){.bytes = 1 << 20, .blocks = 64, .first_file = 0};
}

static void empty(struct session *session)
{
    free(session->states);
    free(session->availability);
}

/* One piece of each state at the beginning of a hundred. */
static void fill_states(struct session *session)
{
    fill(session, 100);
    for (uint8_t state = 0; state < PIECE_STATE_COUNT; state++) {
        session->states[state] = state;
        session->availability[state] = (uint16_t)(state * 2);
    }
}

static const struct {
    bool ascii;
    const char *row;
} looks[] = {{false, "  0 ·_░▒▓!█···"}, {true, "  0 ._-+*!#..."}};

START_TEST(each_state_has_its_sign_and_colour)
{
    struct session session;
    struct scene scene;
    fill_states(&session);
    scene_open(&scene, &view_pieces, &session, session.torrent.id, 80, 20,
               looks[_i].ascii);
    ck_assert_ptr_nonnull(strstr(row_text(scene.canvas, 1), looks[_i].row));
    for (int state = 0; state < PIECE_STATE_COUNT; state++) {
        const struct cell *cell = canvas_cell(scene.canvas, 4 + state, 1);
        ck_assert_uint_eq(cell->style & STYLE_ROLE_MASK,
                          piece_state_style((enum piece_state)state));
        ck_assert_int_eq((cell->style & STYLE_REVERSE) != 0, state == 0);
    }
    ck_scene_has(&scene, "100 pieces of 1.0 MiB");
    ck_scene_has(&scene, "have 1");
    ck_scene_has(&scene, "missing 94");
    ck_scene_has(&scene, "failed 1");
    scene_close(&scene);
    empty(&session);
}
END_TEST

START_TEST(the_cursor_names_its_piece)
{
    struct session session;
    struct scene scene;
    fill_states(&session);
    session.piece.blocks_arrived = 12;
    session.piece.blocks_requested = 40;
    scene_open(&scene, &view_pieces, &session, session.torrent.id, 80, 20, false);
    for (int i = 0; i < 3; i++)
        scene_press(&scene, 'l');
    ck_scene_has(&scene,
                 "Piece 3: arriving, 1.0 MiB; 12 of 64 blocks here, 40 asked for; "
                 "6 peers have it");
    ck_scene_has(&scene, "In dir/日本語.bin");
    session.piece.last_file = 1;
    scene_press(&scene, 'G');
    ck_scene_has(&scene, "Piece 99: missing");
    ck_scene_has(&scene, "In dir/日本語.bin and 1 more file");
    scene_press(&scene, 'l');
    ck_scene_has(&scene, "Piece 99: missing");
    scene_press(&scene, 'k');
    ck_scene_has(&scene, "Piece 23: missing"); /* a row has 76 */
    scene_press(&scene, 'g');
    scene_press(&scene, 'h');
    ck_scene_has(&scene, "Piece 0: missing");
    scene_close(&scene);
    empty(&session);
}
END_TEST

START_TEST(v_shows_how_many_have_each)
{
    struct session session;
    struct scene scene;
    fill_states(&session);
    scene_open(&scene, &view_pieces, &session, session.torrent.id, 80, 20, false);
    scene_press(&scene, 'v');
    ck_assert_ptr_nonnull(strstr(row_text(scene.canvas, 1), "  0 02468++000"));
    ck_assert_uint_eq(canvas_cell(scene.canvas, 12, 1)->style & STYLE_ROLE_MASK,
                      STYLE_BAD);
    scene_press(&scene, 'v');
    ck_assert_ptr_nonnull(strstr(row_text(scene.canvas, 1), looks[0].row));
    scene_close(&scene);
    empty(&session);
}
END_TEST

/* 10,000 pieces: many a cell, halved with each step until one is one. */
START_TEST(zoom_goes_from_all_to_one_a_cell)
{
    struct session session;
    struct scene scene;
    fill(&session, 10000);
    for (int i = 5000; i < 10000; i++)
        session.states[i] = PIECE_STATE_HAVE;
    session.states[4998] = PIECE_STATE_VERIFYING;
    scene_open(&scene, &view_pieces, &session, session.torrent.id, 80, 20, false);
    ck_scene_has(&scene, "10000 pieces of 1.0 MiB, 10 a cell");
    scene_press(&scene, '-'); /* all can be seen: no further */
    ck_scene_has(&scene, "10 a cell");
    scene_press(&scene, 'G');
    ck_scene_has(&scene, "Pieces 9990 to 9999: █ have 10");
    scene_press(&scene, 'g');
    for (int i = 0; i < 499; i++)
        scene_press(&scene, 'l');
    /* The piece that lives is the one that is told. */
    ck_scene_has(&scene, "Pieces 4990 to 4999: █ have 0  · missing 9  ▓ checking 1");
    ck_scene_has(&scene, "Piece 4998: checking");
    scene_press(&scene, '+');
    ck_scene_has(&scene, "5 a cell");
    scene_press(&scene, '+');
    scene_press(&scene, '+');
    ck_scene_has(&scene, "Piece 4990");
    ck_scene_lacks(&scene, "a cell");
    scene_press(&scene, '+');
    scene_press(&scene, 'G');
    ck_scene_has(&scene, "Piece 9999: have");
    scene_resize(&scene, 60, 12);
    ck_scene_has(&scene, "Piece 9999: have");
    scene_press(&scene, '-');
    ck_scene_has(&scene, "6 a cell");
    scene_close(&scene);
    empty(&session);
}
END_TEST

START_TEST(a_cell_is_filled_as_far_as_its_pieces_are_had)
{
    struct session session;
    struct scene scene;
    fill(&session, 32);
    memset(session.states, PIECE_STATE_HAVE, 32);
    session.states[15] = PIECE_STATE_MISSING; /* 15 of 16 is not full */
    for (int i = 17; i < 32; i++)
        session.states[i] = PIECE_STATE_MISSING; /* 1 of 16 is not nothing */
    scene_open(&scene, &view_pieces, &session, session.torrent.id, 2, 1, false);
    ck_assert_str_eq(row_text(scene.canvas, 0), "▆▁");
    scene_close(&scene);
    empty(&session);
}
END_TEST

START_TEST(a_click_moves_the_cursor)
{
    struct session session;
    struct scene scene;
    fill_states(&session);
    scene_open(&scene, &view_pieces, &session, session.torrent.id, 80, 20, false);
    ck_assert(view_pieces.click(scene.state, &scene.context, 4 + 6, 1));
    scene_show(&scene);
    ck_scene_has(&scene, "Piece 6: have");
    ck_assert(!view_pieces.click(scene.state, &scene.context, 4 + 40, 2));
    ck_assert(!view_pieces.click(scene.state, &scene.context, 1, 1));
    ck_assert(!view_pieces.click(scene.state, &scene.context, 10, 0));
    scene_close(&scene);
    empty(&session);
}
END_TEST

START_TEST(checking_and_nothing_are_said)
{
    struct session session;
    struct scene scene;
    fill(&session, 100);
    session.torrent.state = TORRENT_STATE_CHECKING;
    session.torrent.checked_pieces = 34;
    scene_open(&scene, &view_pieces, &session, session.torrent.id, 80, 20, false);
    ck_scene_has(&scene, "Looking at what is on disk: 34.0%");
    session.torrent.pieces = 0;
    scene_press(&scene, 'j');
    ck_scene_has(&scene, "The pieces are not known yet.");
    scene.context.torrent.generation = 0;
    scene_press(&scene, 'G');
    ck_scene_has(&scene, "No torrent is selected.");
    scene_close(&scene);
    empty(&session);
}
END_TEST

START_TEST(every_size_stands)
{
    static const uint32_t keys[] = {'l', 'j', 'v', '+', '+', 'G', 'k', '-', 'g', 0};
    static const uint32_t counts[] = {1, 7, 100, 65537};
    struct session session;
    struct file_info file = {.path = hostile_names[10]};
    fill(&session, counts[_i]);
    for (uint32_t i = 0; i < counts[_i]; i++) {
        session.states[i] = (uint8_t)(i * 31 % PIECE_STATE_COUNT);
        session.availability[i] = (uint16_t)i;
    }
    session.files = &file;
    session.file_count = 1;
    scene_stand_all_sizes(&view_pieces, &session, session.torrent.id, keys);
    empty(&session);
}
END_TEST

Suite *test_view_pieces_suite(void)
{
    Suite *suite = suite_create("view_pieces");
    TCase *tests = tcase_create("view_pieces");
    tcase_set_timeout(tests, 60);
    tcase_add_loop_test(tests, each_state_has_its_sign_and_colour, 0, 2);
    tcase_add_test(tests, the_cursor_names_its_piece);
    tcase_add_test(tests, v_shows_how_many_have_each);
    tcase_add_test(tests, zoom_goes_from_all_to_one_a_cell);
    tcase_add_test(tests, a_cell_is_filled_as_far_as_its_pieces_are_had);
    tcase_add_test(tests, a_click_moves_the_cursor);
    tcase_add_test(tests, checking_and_nothing_are_said);
    tcase_add_loop_test(tests, every_size_stands, 0, 4);
    suite_add_tcase(suite, tests);
    return suite;
}
