check_PROGRAMS += tests/unit/bus/check_bus
TESTS += tests/unit/bus/check_bus
tests_unit_bus_check_bus_SOURCES = tests/unit/bus/check_bus.c tests/unit/bus/test_bus.c \
	tests/unit/bus/test_event_bus.c tests/unit/bus/test_message.c \
	tests/unit/bus/test_worker_bus.c
tests_unit_bus_check_bus_CPPFLAGS = $(CHECK_CPPFLAGS)
tests_unit_bus_check_bus_LDADD = $(BUS_LIBS) $(SYSTEM_LIBS) $(CHECK_LIBS)
