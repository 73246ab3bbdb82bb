# The whole program with faults on request (faults.h): what the interop tests run to see
# system calls fail, and the process die at a chosen one.
check_PROGRAMS += tests/faults/bttui-faults
tests_faults_bttui_faults_SOURCES = src/main.c tests/faults/faults.c \
	tests/faults/faults.h tests/faults/wrap.h tests/faults/wrap_disk.c \
	tests/faults/wrap_net.c
tests_faults_bttui_faults_LDADD = $(ROOM_LIBS) $(SYSTEM_LIBS)
FAULT_CALLS = fdatasync fsync syncfs sync_file_range renameat renameat2 linkat unlinkat mkdirat \
	mkdir ftruncate64 fstat64 fstatat64 statvfs64 flock close openat64 open64 \
	pwritev64 pread64 preadv64 pwrite64 preadv64v2 write read __read_chk socket bind listen \
	connect accept4 setsockopt getsockopt getsockname recv send poll ppoll eventfd \
	pipe2 getrandom getaddrinfo pthread_create readv sendmsg
tests_faults_bttui_faults_LDFLAGS = $(AM_LDFLAGS) $(FAULT_CALLS:%=-Wl,--wrap=%)
