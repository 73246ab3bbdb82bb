noinst_LIBRARIES += src/discovery/libdiscovery.a
src_discovery_libdiscovery_a_SOURCES = src/discovery/room.c 
