noinst_LIBRARIES += src/bus/libbus.a
src_bus_libbus_a_SOURCES = src/bus/room.c 	src/bus/bus.h 	src/bus/message.h
