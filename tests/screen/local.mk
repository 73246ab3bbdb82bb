# A real terminal, tmux's; each test ends with 77 (skipped) where that is missing.
SCREEN_TESTS = tests/screen/interface.py tests/screen/refuses.py
dist_check_SCRIPTS += $(SCREEN_TESTS)
TESTS += $(SCREEN_TESTS)
EXTRA_DIST += tests/screen/terminal.py
