check_PROGRAMS += tests/unit/meta/check_meta
TESTS += tests/unit/meta/check_meta
tests_unit_meta_check_meta_SOURCES = tests/unit/meta/check_meta.c \
	tests/unit/meta/check_meta.h tests/unit/meta/notation.c tests/unit/meta/notation.h \
	tests/unit/meta/test_bencode.c tests/unit/meta/test_hash_tree.c tests/unit/meta/test_magnet.c tests/unit/meta/test_metainfo.c \
	tests/unit/meta/test_metainfo_files.c tests/unit/meta/test_metainfo_read.c \
	tests/unit/meta/test_metainfo_rename.c \
	tests/unit/meta/test_metainfo_urls.c tests/unit/meta/test_metainfo_v2.c tests/unit/meta/test_metainfo_write.c \
	tests/unit/meta/test_path_name.c \
	tests/unit/meta/test_path_suffix.c \
	tests/unit/meta/test_path_twins.c
tests_unit_meta_check_meta_CPPFLAGS = $(CHECK_CPPFLAGS)
# What happens to a file while it is read: see test_metainfo_read.c.
tests_unit_meta_check_meta_LDFLAGS = $(AM_LDFLAGS) -Wl,--wrap=read \
	-Wl,--wrap=__read_chk
tests_unit_meta_check_meta_LDADD = $(META_LIBS) $(SYSTEM_LIBS) $(CHECK_LIBS)
