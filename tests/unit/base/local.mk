check_PROGRAMS += tests/unit/base/check_base
TESTS += tests/unit/base/check_base
tests_unit_base_check_base_SOURCES = tests/unit/base/check_base.c \
	tests/unit/base/test_bitfield.c tests/unit/base/test_block_pool.c \
	tests/unit/base/test_buffer.c tests/unit/base/test_merkle.c tests/unit/base/test_netaddr.c tests/unit/base/test_sandbox.c \
	tests/unit/base/test_sha1_lanes.c \
	tests/unit/base/test_text.c
tests_unit_base_check_base_CPPFLAGS = $(CHECK_CPPFLAGS)
tests_unit_base_check_base_LDADD = $(BASE_LIBS) $(SYSTEM_LIBS) $(CHECK_LIBS)
