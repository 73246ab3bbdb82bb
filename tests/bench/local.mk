# `make bench` runs the trials; of it, `make check` only sees whether the tools work.
BENCH_TOOLS = tests/bench/bench_seeder tests/bench/bench_leecher \
	tests/bench/bench_payload tests/bench/bench_bare tests/bench/bench_check \
	tests/bench/bench_micro
check_PROGRAMS += $(BENCH_TOOLS)
dist_check_SCRIPTS += tests/bench/smoke
TESTS += tests/bench/smoke
EXTRA_DIST += docs/BENCHMARKS tests/bench/bench.py tests/bench/keys \
	tests/bench/lib/libtorrent_client.py tests/bench/lib/measure.py \
	tests/bench/lib/pairs.py tests/bench/lib/rivals.py tests/bench/lib/scenarios.py
BENCH_COMMON = tests/bench/payload.c tests/bench/payload.h \
	tests/bench/sockets.c tests/bench/sockets.h
BENCH_LIBS = $(BASE_LIBS) $(CRYPTO_LIBS)
tests_bench_bench_seeder_SOURCES = tests/bench/seeder.c tests/bench/seeder_peer.c \
	tests/bench/seeder_peer.h $(BENCH_COMMON)
tests_bench_bench_seeder_LDADD = $(BENCH_LIBS)
tests_bench_bench_leecher_SOURCES = tests/bench/leecher.c tests/bench/leecher_peer.c \
	tests/bench/leecher_peer.h $(BENCH_COMMON)
tests_bench_bench_leecher_LDADD = $(BENCH_LIBS)
tests_bench_bench_payload_SOURCES = tests/bench/make_payload.c $(BENCH_COMMON)
tests_bench_bench_payload_LDADD = $(BENCH_LIBS)
tests_bench_bench_bare_SOURCES = tests/bench/bare.c $(BENCH_COMMON)
tests_bench_bench_bare_LDADD = $(BENCH_LIBS)
tests_bench_bench_check_SOURCES = tests/bench/check.c $(BENCH_COMMON)
tests_bench_bench_check_LDADD = $(BENCH_LIBS)
tests_bench_bench_micro_SOURCES = tests/bench/micro.c \
	tests/unit/peer/rig.c tests/unit/peer/rig.h
tests_bench_bench_micro_LDADD = src/piece/libpiece.a $(TESTS_LIBS) $(PEER_LIBS) $(SYSTEM_LIBS)

.PHONY: bench bench-micro bench-tools
bench-tools: $(BENCH_TOOLS)
bench-micro: tests/bench/bench_micro
	tests/bench/bench_micro
bench: bttui bench-tools
	$(SHELL) $(srcdir)/tests/interop/run $(srcdir)/tests/bench/bench.py \
		--build $(abs_builddir) $(BENCH)
