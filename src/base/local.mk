noinst_LIBRARIES += src/base/libbase.a
src_base_libbase_a_SOURCES = src/base/room.c 	src/base/bitfield.h 	src/base/block_pool.h 	src/base/buffer.h 	src/base/clock.h 	src/base/digest.h 	src/base/error.h 	src/base/log.h 	src/base/netaddr.h 	src/base/text.h
