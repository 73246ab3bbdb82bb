noinst_LIBRARIES += src/app/libapp.a
src_app_libapp_a_SOURCES = \
	src/app/bind_check.c src/app/bind_check.h \
	src/app/commands.c src/app/commands.h \
	src/app/conf.c src/app/conf.h src/app/conf_file.c \
	src/app/conf_lines.c src/app/conf_lines.h \
	src/app/confine.c src/app/confine.h src/app/confine_command.c src/app/confine_places.c \
	src/app/confine_private.h \
	src/app/create.c src/app/create.h src/app/create_private.h \
	src/app/create_output.c src/app/create_report.c src/app/create_scan.c \
	src/app/demo.c src/app/demo.h \
	src/app/demo_announce.c src/app/demo_announce.h \
	src/app/demo_data.c src/app/demo_data.h \
	src/app/demo_dir.c src/app/demo_dir.h \
	src/app/demo_plan.c src/app/demo_plan.h \
	src/app/demo_tracker.c src/app/demo_tracker.h \
	src/app/foreground.c src/app/foreground.h \
	src/app/given_peers.c src/app/given_peers.h \
	src/app/headless.c src/app/headless.h \
	src/app/helper.c src/app/helper.h \
	src/app/import.c src/app/import.h src/app/import_private.h \
	src/app/import_kind.c src/app/import_report.c src/app/import_running.c \
	src/app/interface.c src/app/interface.h \
	src/app/json_lines.c src/app/json_lines.h \
	src/app/json_text.c src/app/json_text.h \
	src/app/on_complete.c src/app/on_complete.h \
	src/app/option_set.h \
	src/app/options.c src/app/options.h \
	src/app/options_create.c src/app/options_help.c src/app/options_keys.c src/app/options_organise.c src/app/options_private.h \
	src/app/options_field.c src/app/options_take.c \
	src/app/output.c src/app/output.h \
	src/app/progress.c src/app/progress.h \
	src/app/proxy_open.c src/app/proxy_open.h src/app/run.c src/app/run.h \
	src/app/run_private.h src/app/run_end.c src/app/run_fetch.c src/app/run_organise.c src/app/run_session.c \
	src/app/settings.c src/app/settings.h \
	src/app/show.c src/app/show.h \
	src/app/show_text.c \
	src/app/state_place.c src/app/state_place.h \
	src/app/torrent_argument.c src/app/torrent_argument.h \
	src/app/until_done.c src/app/until_done.h \
	src/app/verify.c src/app/verify.h \
	src/app/watch.c src/app/watch.h src/app/watch_file.c src/app/watch_private.h
