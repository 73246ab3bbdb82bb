/*
 * A small process of its own that runs one command, the user's, as often as it is asked:
 * the program itself gives up that right when it goes into its sandbox. It is forked
 * before there are files, threads or a terminal to inherit, and ends with the program,
 * and the command with it.
 *
 * Over a socket, a packet each: a job comes as the environment variables that the command
 * gets beside those of the program, "KEY=VALUE" with a NUL behind each. Back go the lines
 * it prints ('o' and a text), and at last how it ended ('e' and an int, wait(2)'s status,
 * or HELPER_TIMED_OUT). One job at a time. No word of a job is read by a shell.
 */
#ifndef BTTUI_APP_HELPER_H
#define BTTUI_APP_HELPER_H

#define HELPER_JOB_MAX   16384 /* bytes of a packet */
#define HELPER_LINE_MAX  400
#define HELPER_LINES_MAX 100 /* told of one job; the rest is read and dropped */
#define HELPER_TIMED_OUT (-1)

/* COMMAND is for sh -c; one that runs longer than TIMEOUT_MS is killed. Returns the
 * program's end of the socket, which does not block; -1: errno says why not. */
int helper_start(const char *command, int timeout_ms);

#endif
