noinst_LIBRARIES += src/bus/libbus.a
src_bus_libbus_a_SOURCES = \
	src/bus/bus.c src/bus/bus.h \
	src/bus/event_bus.c \
	src/bus/message.c src/bus/message.h \
	src/bus/worker_bus.c
