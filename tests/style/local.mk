# What holds for the sources as they are; once is enough, so not for instrumented builds.
STYLE_TESTS = tests/style/format tests/style/habits tests/style/rooms tests/style/po-complete tests/style/manual
dist_check_SCRIPTS += $(STYLE_TESTS) tests/style/hardened
if !INSTRUMENTED
TESTS += $(STYLE_TESTS)
endif
if HARDENED
TESTS += tests/style/hardened
endif
