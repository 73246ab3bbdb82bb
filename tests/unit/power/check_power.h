/* What check_power.c gathers. */
#ifndef BTTUI_TESTS_UNIT_POWER_CHECK_POWER_H
#define BTTUI_TESTS_UNIT_POWER_CHECK_POWER_H

#include "tests/unit/memory/rig.h"

#include <check.h>

Suite *test_faults_suite(void);
Suite *test_settings_suite(void);
Suite *test_state_suite(void);

/* A session in RIG that is past looking at its files; every claim is compared with what
 * is there. WHAT names the case. */
struct session *power_come_back(struct rig *rig, const char *what);

#endif
