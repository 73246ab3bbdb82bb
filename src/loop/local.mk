noinst_LIBRARIES += src/loop/libloop.a
src_loop_libloop_a_SOURCES = \
	src/loop/loop.c src/loop/loop.h src/loop/loop_private.h \
	src/loop/platform.c \
	src/loop/signal.c \
	src/loop/timer.c \
	src/loop/wake.c
