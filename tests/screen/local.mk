# A real terminal, tmux's; each test ends with 77 (skipped) where that is missing. And
# pseudo-terminals with one behind it that knows only what a terminfo entry allows.
SCREEN_TESTS = tests/screen/interface.py tests/screen/refuses.py tests/screen/hostile.py
# These judge how the process ends, what it costs and how long it takes, which sanitizers
# change.
ENDING_TESTS = tests/screen/unread.py tests/screen/endings.py tests/screen/storms.py \
	tests/screen/confined.py
dist_check_SCRIPTS += $(SCREEN_TESTS) $(ENDING_TESTS)
TESTS += $(SCREEN_TESTS)
if !INSTRUMENTED
TESTS += $(ENDING_TESTS)
endif
EXTRA_DIST += tests/screen/terminal.py tests/screen/strict.py

check_PROGRAMS += tests/screen/vt_talk
tests_screen_vt_talk_SOURCES = tests/screen/vt_talk.c tests/screen/vt.c tests/screen/vt.h
tests_screen_vt_talk_LDADD = $(BASE_LIBS) $(NCURSES_LIBS)
