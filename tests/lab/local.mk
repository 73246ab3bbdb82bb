# Networks on one machine; each test ends with 77 (skipped) where namespaces cannot be made.
LAB_TESTS = tests/lab/path.py tests/lab/long-path.py tests/lab/swarm.py \
	tests/lab/bind.py tests/lab/proxied.py tests/lab/portmap.py \
	tests/lab/families.py tests/lab/holepunch.py \
	tests/lab/utp.py
dist_check_SCRIPTS += $(LAB_TESTS)
if !INSTRUMENTED
TESTS += $(LAB_TESTS)
endif
EXTRA_DIST += tests/lab/network.py tests/lab/ways.py

check_PROGRAMS += tests/lab/lab_path
tests_lab_lab_path_SOURCES = tests/lab/path.c tests/lab/lab_host.c tests/lab/lab_host.h

# The figures of docs/BENCHMARKS: 64 MiB.
.PHONY: lab
lab: bttui$(EXEEXT) tests/lab/lab_path$(EXEEXT) tests/bench/bench_seeder$(EXEEXT)
	for test in long-path swarm; do \
		BTTUI='$(abs_builddir)/bttui$(EXEEXT)' LAB_MIB=64 \
		BTTUI_LAB_PATH='$(abs_builddir)/tests/lab/lab_path$(EXEEXT)' \
		BTTUI_BENCH_SEEDER='$(abs_builddir)/tests/bench/bench_seeder$(EXEEXT)' \
		$(SHELL) $(srcdir)/tests/interop/run $(srcdir)/tests/lab/$$test.py || exit; \
	done
	BTTUI='$(abs_builddir)/bttui$(EXEEXT)' LAB_MIB=16 \
		BTTUI_LAB_PATH='$(abs_builddir)/tests/lab/lab_path$(EXEEXT)' \
		$(SHELL) $(srcdir)/tests/interop/run $(srcdir)/tests/lab/utp.py
