#ifndef BTTUI_TESTS_SHARING_CHECK_SHARING_H
#define BTTUI_TESTS_SHARING_CHECK_SHARING_H

#include <check.h>

Suite *suite_swarm(void);

#endif
