noinst_LIBRARIES += src/base/libbase.a
src_base_libbase_a_SOURCES = \
	src/base/bitfield.c src/base/bitfield.h \
	src/base/block_pool.c src/base/block_pool.h \
	src/base/buffer.c src/base/buffer.h \
	src/base/clock.c src/base/clock.h src/base/random.c \
	src/base/crc32c.c src/base/crc32c.h \
	src/base/digest.c src/base/digest.h \
	src/base/error.c src/base/error.h \
	src/base/i18n.h \
	src/base/log.c src/base/log.h \
	src/base/merkle.c src/base/merkle.h \
	src/base/netaddr.c src/base/netaddr.h \
	src/base/piece_tails.c src/base/piece_tails.h \
	src/base/sha1_lanes.c src/base/sha1_lanes.h \
	src/base/sandbox.c src/base/sandbox.h src/base/sandbox_private.h \
	src/base/sandbox_calls.c src/base/sandbox_files.c src/base/sandbox_filter.c \
	src/base/text.c src/base/text.h src/base/text_ascii.c src/base/text_number.c \
	src/base/text_width.c src/base/text_width.h \
	src/base/thread.c src/base/thread.h
