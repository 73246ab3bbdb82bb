# One file a room; a target is listed in FUZZERS.
include tests/fuzz/base.mk
include tests/fuzz/bus.mk
include tests/fuzz/meta.mk
include tests/fuzz/net.mk
include tests/fuzz/peer.mk
include tests/fuzz/piece.mk
include tests/fuzz/disk.mk
include tests/fuzz/discovery.mk
include tests/fuzz/torrent.mk
include tests/fuzz/ui.mk
include tests/fuzz/app.mk

if FUZZING
LINK_FUZZ = $(AM_LDFLAGS) -fsanitize=fuzzer
DRIVER_FUZZ =
else
# Without libFuzzer each target replays its corpus as a plain program.
LINK_FUZZ = $(AM_LDFLAGS)
DRIVER_FUZZ = tests/fuzz/replay.c
endif
check_PROGRAMS += $(FUZZERS)
dist_check_SCRIPTS += tests/fuzz/replay-all tests/fuzz/fuzz-all tests/fuzz/coverage
EXTRA_DIST += tests/fuzz/corpus tests/fuzz/dictionaries
TESTS += tests/fuzz/replay-all

# Each target for a while, so many at a time, with libFuzzer's arguments.
FUZZ_SECONDS = 60
FUZZ_JOBS = 1
FUZZ_ARGS =
.PHONY: fuzz
if FUZZING
fuzz: $(FUZZERS)
	@srcdir='$(srcdir)' FUZZ_SECONDS='$(FUZZ_SECONDS)' FUZZ_JOBS='$(FUZZ_JOBS)' \
		FUZZ_ARGS='$(FUZZ_ARGS)' $(srcdir)/tests/fuzz/fuzz-all $(FUZZERS)
else
fuzz:
	@echo "configure with CC=clang --enable-fuzzing for this"; exit 1
endif

# How much of the parsers the corpora reach; in a build directory of its own (HACKING).
.PHONY: fuzz-coverage
fuzz-coverage: $(FUZZERS)
	@srcdir=$(srcdir) $(SHELL) $(srcdir)/tests/fuzz/coverage
