noinst_LIBRARIES += src/disk/libdisk.a
src_disk_libdisk_a_SOURCES = \
	src/disk/check.c src/disk/check_hash.c \
	src/disk/disk_manager.c src/disk/disk_manager.h src/disk/disk_private.h src/disk/disk_torrents.c \
	src/disk/file_cache.c src/disk/file_cache.h \
	src/disk/file_walk.c src/disk/file_walk.h \
	src/disk/hasher.c src/disk/mover.c \
	src/disk/state_batch.c src/disk/state_file.c src/disk/state_file.h \
	src/disk/state_file_private.h src/disk/state_saver.c \
	src/disk/storage.c src/disk/storage.h src/disk/storage_private.h \
	src/disk/storage_allocate.c src/disk/storage_bring.c src/disk/storage_chain.c src/disk/storage_delete.c src/disk/storage_forms.c src/disk/storage_move.c src/disk/storage_move_private.h src/disk/storage_names.c \
	src/disk/storage_parts.c src/disk/storage_rename.c src/disk/storage_read.c src/disk/storage_sync.c \
	src/disk/storage_write.c \
	src/disk/workers.c
