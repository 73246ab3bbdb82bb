#ifndef BTTUI_TESTS_PIECE_CHECK_PIECE_H
#define BTTUI_TESTS_PIECE_CHECK_PIECE_H

#include <check.h>

Suite *suite_active(void);
Suite *suite_picker(void);
Suite *suite_piece_manager(void);
Suite *suite_piece_move(void);
Suite *suite_shares(void);
Suite *suite_smart_ban(void);
Suite *suite_driver(void);
Suite *suite_swarm(void);

#endif
