noinst_LIBRARIES += src/disk/libdisk.a
src_disk_libdisk_a_SOURCES = src/disk/room.c 
