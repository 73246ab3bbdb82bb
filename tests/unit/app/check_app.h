/* The suites of app/. */
#ifndef BTTUI_TESTS_CHECK_APP_H
#define BTTUI_TESTS_CHECK_APP_H

#include <check.h>

Suite *suite_option_set(void);
Suite *suite_options(void);
Suite *suite_options_help(void);
Suite *suite_conf(void);
Suite *suite_conf_lines(void);
Suite *suite_confine_places(void);
Suite *suite_json_lines(void);
Suite *suite_on_complete(void);
Suite *suite_output(void);
Suite *suite_progress(void);
Suite *suite_settings(void);
Suite *suite_show(void);
Suite *suite_watch(void);

#endif
