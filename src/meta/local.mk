noinst_LIBRARIES += src/meta/libmeta.a
src_meta_libmeta_a_SOURCES = \
	src/meta/bencode.c src/meta/bencode.h \
	src/meta/bencode_parse.c src/meta/bencode_private.h \
	src/meta/magnet.c src/meta/magnet.h src/meta/magnet_write.c \
	src/meta/hash_tree.c src/meta/hash_tree.h \
	src/meta/metainfo.c src/meta/metainfo.h src/meta/metainfo_private.h \
	src/meta/metainfo_files.c src/meta/metainfo_layers.c src/meta/metainfo_names.c \
	src/meta/metainfo_rename.c src/meta/metainfo_rename.h \
	src/meta/metainfo_tails.c src/meta/metainfo_tree.c \
	src/meta/metainfo_awaited.c \
	src/meta/metainfo_read.c src/meta/metainfo_urls.c \
	src/meta/metainfo_write.c src/meta/metainfo_write.h \
	src/meta/metainfo_write_private.h src/meta/metainfo_write_v2.c \
	src/meta/path_name.c src/meta/path_name.h \
	src/meta/path_suffix.c src/meta/path_suffix.h \
	src/meta/path_twins.c src/meta/path_twins.h
