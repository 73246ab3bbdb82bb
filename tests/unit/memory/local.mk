check_PROGRAMS += tests/unit/memory/check_memory
TESTS += tests/unit/memory/check_memory
tests_unit_memory_check_memory_SOURCES = tests/unit/memory/test_memory.c \
	tests/unit/memory/allocator.c tests/unit/memory/allocator.h \
	tests/unit/memory/never_fails.h tests/unit/memory/rig.c tests/unit/memory/rig.h
tests_unit_memory_check_memory_CPPFLAGS = $(CHECK_CPPFLAGS)
tests_unit_memory_check_memory_LDADD = tests/unit/memory/libnetwork.a $(ROOM_LIBS) \
	$(SYSTEM_LIBS) $(CHECK_LIBS)
tests_unit_memory_check_memory_LDFLAGS = $(AM_LDFLAGS) -Wl,--wrap=malloc \
	-Wl,--wrap=calloc -Wl,--wrap=realloc -Wl,--wrap=strdup -Wl,--wrap=strndup \
	-Wl,--wrap=free -Wl,--wrap=mmap64 -Wl,--wrap=fdatasync -Wl,--wrap=fsync
# The virtual network once more, with memory that never runs out.
check_LIBRARIES += tests/unit/memory/libnetwork.a
tests_unit_memory_libnetwork_a_SOURCES = tests/lib/vnet.c tests/lib/vnet_port.c tests/lib/vnet_udp.c \
	tests/lib/world.c
tests_unit_memory_libnetwork_a_CPPFLAGS = $(AM_CPPFLAGS) \
	-include $(srcdir)/tests/unit/memory/never_fails.h
