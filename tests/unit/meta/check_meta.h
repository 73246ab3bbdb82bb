/* The suites of meta/. */
#ifndef BTTUI_TESTS_CHECK_META_H
#define BTTUI_TESTS_CHECK_META_H

#include <check.h>

Suite *suite_bencode(void);
Suite *suite_magnet(void);
Suite *suite_hash_tree(void);
Suite *suite_metainfo(void);
Suite *suite_metainfo_files(void);
Suite *suite_metainfo_urls(void);
Suite *suite_metainfo_read(void);
Suite *suite_metainfo_rename(void);
Suite *suite_metainfo_v2(void);
Suite *suite_metainfo_write(void);
Suite *suite_path_name(void);
Suite *suite_path_suffix(void);
Suite *suite_path_twins(void);

#endif
