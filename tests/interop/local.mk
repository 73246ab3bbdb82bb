# bttui against other people's programs on the loopback addresses; each test ends with 77
# (skipped) where what it needs is missing. The longest come first.
INTEROP_TESTS = tests/interop/to-clients.py tests/interop/from-clients.py \
	tests/interop/kill.py tests/interop/slow-peers.py tests/interop/many-files.py \
	tests/interop/poison.py tests/interop/swarm.py tests/interop/ipv6.py \
	tests/interop/tracker-events.py
dist_check_SCRIPTS += $(INTEROP_TESTS)
TESTS += $(INTEROP_TESTS)
EXTRA_DIST += tests/interop/run \
	tests/interop/lib/bttui.py tests/interop/lib/clients.py tests/interop/lib/lab.py \
	tests/interop/lib/libtorrent_peer.py tests/interop/lib/payload.py \
	tests/interop/lib/trackers.py tests/interop/lib/wire_peer.py

# The 2,000 files at their full size: 1 GiB.
.PHONY: check-interop-full
check-interop-full: bttui$(EXEEXT)
	BTTUI='$(abs_builddir)/bttui$(EXEEXT)' BTTUI_INTEROP_MIB=1024 \
		$(SHELL) $(srcdir)/tests/interop/run $(srcdir)/tests/interop/many-files.py
