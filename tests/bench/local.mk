# `make bench` runs the trials; nothing here is part of `make check`.
EXTRA_PROGRAMS += tests/bench/bench_seeder tests/bench/bench_bare
CLEANFILES += tests/bench/bench_seeder tests/bench/bench_bare
EXTRA_DIST += tests/bench/trial
tests_bench_bench_seeder_SOURCES = tests/bench/seeder.c tests/bench/payload.c \
	tests/bench/payload.h
tests_bench_bench_seeder_LDADD = $(BASE_LIBS) $(CRYPTO_LIBS)
tests_bench_bench_bare_SOURCES = tests/bench/bare.c tests/bench/payload.h
tests_bench_bench_bare_LDADD = $(BASE_LIBS) $(CRYPTO_LIBS)

.PHONY: bench
bench: bttui tests/bench/bench_seeder tests/bench/bench_bare
	$(srcdir)/tests/bench/trial --build $(abs_builddir) $(BENCH)
