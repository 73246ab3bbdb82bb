check_LIBRARIES += tests/lib/libtests.a
tests_lib_libtests_a_SOURCES = \
	tests/lib/mse_script.c tests/lib/mse_script.h \
	tests/lib/patient.c tests/lib/patient.h \
	tests/lib/script_peer.c tests/lib/script_peer.h \
	tests/lib/vhttp.c tests/lib/vhttp.h \
	tests/lib/vnet.c tests/lib/vnet.h tests/lib/vnet_private.h \
	tests/lib/vnet_port.c tests/lib/vnet_udp.c \
	tests/lib/world.c tests/lib/world.h
TESTS_LIBS = tests/lib/libtests.a
