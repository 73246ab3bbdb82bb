# bttui against other people's programs on the loopback addresses; each test ends with 77
# (skipped) where what it needs is missing. The longest come first.
INTEROP_TESTS = tests/interop/utp.py tests/interop/encryption.py tests/interop/pex.py \
	tests/interop/dht.py tests/interop/webseeds.py tests/interop/magnets.py \
	tests/interop/kill-at.py tests/interop/faults.py tests/interop/proxy.py \
	tests/interop/v2.py tests/interop/limits.py tests/interop/create.py \
	tests/interop/to-clients.py tests/interop/process.py tests/interop/from-clients.py \
	tests/interop/hostile.py tests/interop/many-files.py tests/interop/many-torrents.py \
	tests/interop/slow-peers.py tests/interop/confined.py tests/interop/kill.py \
	tests/interop/poison.py tests/interop/tracker-events.py tests/interop/swarm.py \
	tests/interop/ipv6.py tests/interop/selection.py tests/interop/organise.py \
	tests/interop/import.py tests/interop/lsd.py tests/interop/urls.py
dist_check_SCRIPTS += $(INTEROP_TESTS)
TESTS += $(INTEROP_TESTS)
EXTRA_DIST += tests/interop/run tests/interop/lib/config/bttui/bttui.conf \
	tests/interop/lib/bttui.py tests/interop/lib/clients.py tests/interop/lib/lab.py \
	tests/interop/lib/dht_question.py tests/interop/lib/own_network.py \
	tests/interop/lib/libtorrent_create.py tests/interop/lib/libtorrent_dht.py tests/interop/lib/libtorrent_make.py tests/interop/lib/libtorrent_many.py tests/interop/lib/libtorrent_peer.py tests/interop/lib/payload.py \
	tests/interop/lib/sessions.py tests/interop/lib/socks_proxy.py tests/interop/lib/trackers.py tests/interop/lib/web_servers.py tests/interop/lib/wire_peer.py

# Of kill.py and kill-at.py.
EXTRA_DIST += tests/interop/lib/mover.py

# Of those that judge time.
EXTRA_DIST += tests/interop/lib/witness.py

# The swarm of hostile.py.
check_PROGRAMS += tests/interop/hostile_swarm
tests_interop_hostile_swarm_SOURCES = tests/interop/swarm/swarm.c \
	tests/interop/swarm/swarm.h tests/interop/swarm/kinds.c \
	tests/interop/swarm/words.c \
	tests/bench/payload.c tests/bench/payload.h
tests_interop_hostile_swarm_LDADD = $(BASE_LIBS) $(CRYPTO_LIBS)

# At full size: the 2,000 files with 1 GiB, the hostile swarm with half of it, in turn
# with the honest one alone; all errnos of each call, 200 kills
# at random and one at each change on disk.
.PHONY: check-interop-full
check-interop-full: bttui$(EXEEXT) tests/interop/hostile_swarm$(EXEEXT) \
		tests/faults/bttui-faults$(EXEEXT) $(BENCH_TOOLS)
	BTTUI='$(abs_builddir)/bttui$(EXEEXT)' BTTUI_INTEROP_MIB=1024 \
		$(SHELL) $(srcdir)/tests/interop/run $(srcdir)/tests/interop/many-files.py
	BTTUI='$(abs_builddir)/bttui$(EXEEXT)' BTTUI_HOSTILE_MIB=512 \
		$(SHELL) $(srcdir)/tests/interop/run $(srcdir)/tests/interop/hostile.py
	for test in many-torrents faults kill kill-at import dht; do \
		BTTUI='$(abs_builddir)/bttui$(EXEEXT)' BTTUI_INTEROP_FULL=1 \
		BTTUI_FAULTS='$(abs_builddir)/tests/faults/bttui-faults$(EXEEXT)' \
		$(SHELL) $(srcdir)/tests/interop/run $(srcdir)/tests/interop/$$test.py || exit; \
	done

# The table of limits in docs/BENCHMARKS; 4 GiB in memory. As root: chrt -r 1 make limits.
.PHONY: limits
limits: bttui$(EXEEXT) $(BENCH_TOOLS)
	BTTUI='$(abs_builddir)/bttui$(EXEEXT)' BTTUI_INTEROP_FULL=1 TMPDIR=/dev/shm \
		$(SHELL) $(srcdir)/tests/interop/run $(srcdir)/tests/interop/limits.py
