check_PROGRAMS += tests/unit/disk/check_disk
TESTS += tests/unit/disk/check_disk
tests_unit_disk_check_disk_SOURCES = tests/unit/disk/check_disk.c \
	tests/unit/disk/faults.c tests/unit/disk/faults.h tests/unit/disk/place.c \
	tests/unit/disk/place.h tests/unit/disk/test_check.c \
	tests/unit/disk/test_disk_manager.c tests/unit/disk/test_file_cache.c \
	tests/unit/disk/test_file_walk.c tests/unit/disk/test_hasher.c tests/unit/disk/test_v2.c \
	tests/unit/disk/test_state_batch.c \
	tests/unit/disk/test_state_file.c tests/unit/disk/test_storage.c \
	tests/unit/disk/test_storage_move.c tests/unit/disk/test_storage_names.c tests/unit/disk/test_storage_parts.c tests/unit/disk/test_storage_sync.c
tests_unit_disk_check_disk_CPPFLAGS = $(CHECK_CPPFLAGS)
tests_unit_disk_check_disk_LDADD = $(DISK_LIBS) $(SYSTEM_LIBS) $(CHECK_LIBS)
# A disk that fails, answers in part or is interrupted: see faults.h.
tests_unit_disk_check_disk_LDFLAGS = $(AM_LDFLAGS) -Wl,--wrap=pwritev64 \
	-Wl,--wrap=pread64 -Wl,--wrap=preadv64 -Wl,--wrap=preadv64v2 \
	-Wl,--wrap=fdatasync -Wl,--wrap=fsync -Wl,--wrap=renameat -Wl,--wrap=linkat \
	-Wl,--wrap=syncfs -Wl,--wrap=sync_file_range -Wl,--wrap=openat64 \
	-Wl,--wrap=fstatat64 -Wl,--wrap=mkdirat -Wl,--wrap=unlinkat
