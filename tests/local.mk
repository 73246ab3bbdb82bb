# Not part of `make check`: other instruments than its sanitizers.
THREAD_TESTS = tests/unit/bus/check_bus tests/unit/loop/check_loop \
	tests/unit/disk/check_disk tests/unit/torrent/check_torrent
VALGRIND_TESTS = tests/unit/bus/check_bus \
	tests/unit/piece/check_piece tests/unit/memory/check_memory
VALGRIND = valgrind -q --error-exitcode=9 --leak-check=full \
	--errors-for-leak-kinds=definite
.PHONY: check-threads check-valgrind

# ThreadSanitizer on what has threads, in a build directory of its own below this one.
check-threads:
	test -f threads/Makefile || { mkdir -p threads && cd threads && \
		$(abs_top_srcdir)/configure -q --enable-sanitizers=thread CC='$(CC)' \
		CFLAGS='-g -O1'; }
	$(MAKE) -C threads $(THREAD_TESTS)
	cd threads && for test in $(THREAD_TESTS); do \
		TSAN_OPTIONS="halt_on_error=1 die_after_fork=0" CK_DEFAULT_TIMEOUT=120 ./$$test || exit; \
	done

# A few programs and a whole download under valgrind, if it is installed.
check-valgrind: bttui$(EXEEXT) $(VALGRIND_TESTS)
	@command -v valgrind >/dev/null || { echo "SKIP: no valgrind"; exit 0; }; \
	set -e; for test in $(VALGRIND_TESTS); do \
		CK_FORK=no CK_DEFAULT_TIMEOUT=600 $(VALGRIND) ./$$test; \
	done; \
	printf '#!/bin/sh\nexec $(VALGRIND) %s/bttui "$$@"\n' '$(abs_builddir)' >valgrind-bttui; \
	chmod 755 valgrind-bttui; \
	BTTUI='$(abs_builddir)/valgrind-bttui' $(SHELL) $(srcdir)/tests/interop/run \
		$(srcdir)/tests/interop/tracker-events.py life_of_a_download
CLEANFILES += valgrind-bttui
