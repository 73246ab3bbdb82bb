noinst_LIBRARIES += src/meta/libmeta.a
src_meta_libmeta_a_SOURCES = \
	src/meta/bencode.c src/meta/bencode.h \
	src/meta/bencode_parse.c src/meta/bencode_private.h \
	src/meta/metainfo.c src/meta/metainfo.h src/meta/metainfo_private.h \
	src/meta/metainfo_files.c src/meta/metainfo_names.c \
	src/meta/metainfo_read.c src/meta/metainfo_urls.c \
	src/meta/metainfo_write.c src/meta/metainfo_write.h \
	src/meta/path_name.c src/meta/path_name.h \
	src/meta/path_twins.c src/meta/path_twins.h
