noinst_LIBRARIES += src/app/libapp.a
src_app_libapp_a_SOURCES = \
	src/app/headless.c src/app/headless.h \
	src/app/interface.c src/app/interface.h \
	src/app/json_lines.c src/app/json_lines.h \
	src/app/options.c src/app/options.h \
	src/app/output.c src/app/output.h \
	src/app/run.c src/app/run.h
