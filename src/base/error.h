/*
 * Every error bttui can meet, written once: the code, its name for logs and
 * tests, and the sentence shown to people. Functions that can fail return
 * one of these; results must be checked.
 */
#ifndef BTTUI_BASE_ERROR_H
#define BTTUI_BASE_ERROR_H

/* Marks a text for translation without translating it here. */
#ifndef N_
#define N_(text) text
#endif

#define ERROR_LIST(X)                                                                    \
    X(NONE, N_("no error"))                                                              \
    X(MEMORY, N_("out of memory"))                                                       \
    X(SYSTEM, N_("a system call failed"))                                                \
    X(LIMIT, N_("over a limit"))                                                         \
    X(TRUNCATED, N_("ends too early"))                                                   \
    X(SYNTAX, N_("not valid bencode"))                                                   \
    X(DEPTH, N_("nested too deeply"))                                                    \
    X(TOKENS, N_("holds too many values"))                                               \
    X(DUPLICATE_KEY, N_("a key stands twice"))                                           \
    X(KEY_ORDER, N_("keys are not sorted"))                                              \
    X(LEADING_ZERO, N_("a number has a leading zero"))                                   \
    X(TYPE, N_("a value has the wrong type"))                                            \
    X(MISSING, N_("a required value is missing"))                                        \
    X(RANGE, N_("a number is out of range"))                                             \
    X(AMBIGUOUS, N_("contradicts itself"))                                               \
    X(UNSUPPORTED, N_("not supported yet"))                                              \
    X(INVALID, N_("not valid"))                                                          \
    X(NAME, N_("a name is not one that a disk takes"))                                   \
    X(NOT_FOUND, N_("not found"))                                                        \
    X(EXISTS, N_("is there already"))                                                    \
    X(REFUSED, N_("refused"))                                                            \
    X(PROTOCOL, N_("broke the protocol"))                                                \
    X(CLOSED, N_("the other side closed the connection"))                                \
    X(OFFLINE, N_("the network cannot be reached"))                                      \
    X(TIMEOUT, N_("took too long"))                                                      \
    X(AGAIN, N_("not now"))                                                              \
    X(FULL, N_("is full"))                                                               \
    X(HASH, N_("the data do not match their hash"))                                      \
    X(DISK_FULL, N_("the disk is full"))                                                 \
    X(READ_ONLY, N_("the file system is read-only"))                                     \
    X(ACCESS, N_("permission denied"))                                                   \
    X(NOT_REGULAR, N_("not a regular file"))                                             \
    X(CORRUPT, N_("is damaged"))                                                         \
    X(TORN, N_("its hashes of versions 1 and 2 contradict each other"))                  \
    X(CANCELLED, N_("was cancelled"))                                                    \
    X(INTERNAL, N_("a mistake in bttui"))

enum error_code {
#define X(name, text) ERROR_##name,
    ERROR_LIST(X)
#undef X
        ERROR_COUNT
};

/* Result must be looked at: errors do not pass in silence. */
#define MUST_CHECK __attribute__((warn_unused_result))

/* "TRUNCATED" for ERROR_TRUNCATED: for logs and tests, never translated. */
const char *error_name(enum error_code code);

/* The translated sentence for people, without a full stop. */
const char *error_text(enum error_code code);

/* The code that fits an errno value best; ERROR_SYSTEM if none does. */
enum error_code error_from_errno(int errno_value);

#endif
