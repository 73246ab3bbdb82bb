# A real terminal, tmux's; each test ends with 77 (skipped) where that is missing. And
# pseudo-terminals with one behind it that knows only what a terminfo entry allows.
SCREEN_TESTS = tests/screen/hostile.py tests/screen/endings.py tests/screen/interface.py \
	tests/screen/refuses.py tests/screen/confined.py tests/screen/settings.py tests/screen/files.py \
	tests/screen/kill.py \
	tests/screen/clipboard.py
# What these wait for is time, not memory: once is enough.
SCREEN_TIMED = tests/screen/unread.py tests/screen/storms.py
dist_check_SCRIPTS += $(SCREEN_TESTS) $(SCREEN_TIMED)
if !INSTRUMENTED
TESTS += $(SCREEN_TIMED)
endif
TESTS += $(SCREEN_TESTS)
EXTRA_DIST += tests/screen/terminal.py tests/screen/strict.py

check_PROGRAMS += tests/screen/vt_talk
tests_screen_vt_talk_SOURCES = tests/screen/vt_talk.c tests/screen/vt.c tests/screen/vt.h
tests_screen_vt_talk_LDADD = $(BASE_LIBS) $(NCURSES_LIBS)
