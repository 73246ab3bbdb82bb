FUZZERS += tests/fuzz/fuzz_bus
tests_fuzz_fuzz_bus_SOURCES = tests/fuzz/fuzz_bus.c $(DRIVER_FUZZ)
tests_fuzz_fuzz_bus_LDADD = $(BUS_LIBS) $(SYSTEM_LIBS)
tests_fuzz_fuzz_bus_LDFLAGS = $(LINK_FUZZ)
