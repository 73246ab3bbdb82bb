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
dist_check_SCRIPTS += tests/fuzz/replay-all tests/fuzz/coverage
EXTRA_DIST += tests/fuzz/corpus tests/fuzz/dictionaries
TESTS += tests/fuzz/replay-all

# Each target on its own for a while; what it finds new goes to fuzz-corpus/ of the build
# directory, what breaks it to fuzz-found-*.
FUZZ_SECONDS = 60
.PHONY: fuzz
if FUZZING
fuzz: $(FUZZERS)
	@for target in $(FUZZERS); do \
		name=$${target#tests/fuzz/fuzz_}; \
		dictionary=$(srcdir)/tests/fuzz/dictionaries/$$name.dict; \
		test -f $$dictionary && dictionary=-dict=$$dictionary || dictionary=; \
		mkdir -p fuzz-corpus/$$name; \
		echo "fuzzing $$name for $(FUZZ_SECONDS) s"; \
		$$target -max_total_time=$(FUZZ_SECONDS) -verbosity=0 -print_final_stats=1 \
			-artifact_prefix=fuzz-found-$$name- $$dictionary fuzz-corpus/$$name \
			$(srcdir)/tests/fuzz/corpus/$$name || exit 1; \
	done
else
fuzz:
	@echo "configure with CC=clang --enable-fuzzing for this"; exit 1
endif

# How much of the parsers the corpora reach; in a build directory of its own (HACKING).
.PHONY: fuzz-coverage
fuzz-coverage: $(FUZZERS)
	@srcdir=$(srcdir) $(SHELL) $(srcdir)/tests/fuzz/coverage
