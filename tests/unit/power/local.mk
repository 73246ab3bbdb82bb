check_PROGRAMS += tests/unit/power/check_power
TESTS += tests/unit/power/check_power
tests_unit_power_check_power_SOURCES = tests/unit/power/test_power.c \
	tests/unit/power/test_faults.c tests/unit/power/test_settings.c \
	tests/unit/power/test_state.c \
	tests/unit/power/check_power.h tests/unit/power/journal.c tests/unit/power/journal.h tests/unit/power/record.c \
	tests/unit/memory/rig.c tests/unit/memory/rig.h
tests_unit_power_check_power_CPPFLAGS = $(CHECK_CPPFLAGS)
tests_unit_power_check_power_LDADD = $(TESTS_LIBS) $(TORRENT_LIBS) $(SYSTEM_LIBS) \
	$(CHECK_LIBS)
tests_unit_power_check_power_LDFLAGS = $(AM_LDFLAGS) -Wl,--wrap=openat64 \
	-Wl,--wrap=mkdirat -Wl,--wrap=mkdir -Wl,--wrap=linkat -Wl,--wrap=unlinkat \
	-Wl,--wrap=renameat -Wl,--wrap=pwritev64 -Wl,--wrap=write -Wl,--wrap=pwrite64 \
	-Wl,--wrap=ftruncate64 -Wl,--wrap=fdatasync -Wl,--wrap=fsync -Wl,--wrap=syncfs \
	-Wl,--wrap=pread64 -Wl,--wrap=preadv64 -Wl,--wrap=preadv64v2
