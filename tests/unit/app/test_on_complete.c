/* The user's command for what is complete: the process that runs it, and the queue before
 * it. Real processes in real time; each wait ends at once when what is waited for comes.
 */
#include "app/on_complete.h"
#include "torrent/session.h"

#include "app/helper.h"
#include "net/net.h"
#include "tests/unit/app/check_app.h"

#include <errno.h>
#include <poll.h>
#include <signal.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/socket.h>
#include <sys/wait.h>
#include <unistd.h>

#define WAIT_MS 100000 /* nothing takes so long, on whatever machine */

static char dir[] = "/tmp/bttui-complete-XXXXXX", file[64];
static int helper;

static void setup(void)
{
    strcpy(dir + strlen(dir) - 6, "XXXXXX");
    ck_assert_ptr_nonnull(mkdtemp(dir));
    snprintf(file, sizeof file, "%s/out", dir);
    setenv("DIR", dir, 1);
    helper = -1;
}

static void teardown(void)
{
    char command[96];
    if (helper >= 0)
        close(helper);
    snprintf(command, sizeof command, "rm -r '%s'", dir);
    ck_assert_int_eq(system(command), 0);
}

static void begin(const char *command, int timeout_ms)
{
    helper = helper_start(command, timeout_ms);
    ck_assert_int_ge(helper, 0);
}

static void ask(const char *job, size_t length)
{
    ck_assert_int_eq(send(helper, job, length, MSG_NOSIGNAL), (ssize_t)length);
}

/* The next packet, with a NUL behind it. */
static size_t packet(char ret_bytes[1024])
{
    struct pollfd readable = {.fd = helper, .events = POLLIN};
    ck_assert_int_eq(poll(&readable, 1, WAIT_MS), 1);
    const ssize_t got = recv(helper, ret_bytes, 1023, 0);
    ck_assert_int_ge(got, 1);
    ret_bytes[got] = '\0';
    return (size_t)got;
}

/* How the command ended; *RET_LINES: how many lines it printed before. */
static int status_of_job(unsigned *ret_lines)
{
    char bytes[1024];
    int status;
    *ret_lines = 0;
    for (;;) {
        const size_t length = packet(bytes);
        if (bytes[0] != 'o') {
            ck_assert_int_eq(bytes[0], 'e');
            ck_assert_uint_eq(length, 1 + sizeof status);
            memcpy(&status, bytes + 1, sizeof status);
            return status;
        }
        ++*ret_lines;
    }
}

static size_t read_file(char *ret_bytes, size_t size)
{
    FILE *stream = fopen(file, "rb");
    ck_assert_ptr_nonnull(stream);
    const size_t length = fread(ret_bytes, 1, size - 1, stream);
    ret_bytes[length] = '\0';
    fclose(stream);
    return length;
}

START_TEST(a_hostile_name_stays_data)
{
    static const char name[] = "$(touch $DIR/bad) `touch $DIR/bad`; touch $DIR/bad \"'\n"
                               "\x1b[31m\xff\xfe\\";
    char job[512], bytes[512], bad[64];
    unsigned lines;
    const int length = snprintf(job, sizeof job, "BTTUI_NAME=%s%cBTTUI_LABEL=", name, 0);
    begin("printf '%s|%s' \"$BTTUI_NAME\" \"$BTTUI_LABEL\" >$DIR/out", WAIT_MS);
    ask(job, (size_t)length + 1);
    ck_assert_int_eq(status_of_job(&lines), 0);
    ck_assert_uint_eq(read_file(bytes, sizeof bytes), sizeof name);
    ck_assert_mem_eq(bytes, name, sizeof name - 1);
    ck_assert_int_eq(bytes[sizeof name - 1], '|');
    snprintf(bad, sizeof bad, "%s/bad", dir);
    ck_assert_int_ne(access(bad, F_OK), 0);
}
END_TEST

START_TEST(what_it_prints_comes_back_and_not_without_end)
{
    char bytes[1024];
    unsigned lines;
    begin("echo one; echo two >&2; printf three", WAIT_MS);
    ask("A=", 3);
    packet(bytes);
    ck_assert_str_eq(bytes, "oone");
    packet(bytes);
    ck_assert_str_eq(bytes, "otwo");
    packet(bytes);
    ck_assert_str_eq(bytes, "othree");
    ck_assert_int_eq(status_of_job(&lines), 0);
    close(helper);
    begin("yes | head -n 5000", WAIT_MS);
    ask("A=", 3);
    ck_assert_int_eq(status_of_job(&lines), 0);
    ck_assert_uint_le(lines, HELPER_LINES_MAX);
    close(helper);
    begin("head -c 1000 /dev/zero", WAIT_MS);
    ask("A=", 3);
    ck_assert_uint_eq(packet(bytes), 1 + HELPER_LINE_MAX);
    ck_assert_int_eq(status_of_job(&lines), 0);
}
END_TEST

START_TEST(how_it_ended_is_told)
{
    unsigned lines;
    begin("case $A in kill) kill -9 $$;; *) exit $A;; esac", WAIT_MS);
    ask("A=7", 4);
    int status = status_of_job(&lines);
    ck_assert(WIFEXITED(status) && WEXITSTATUS(status) == 7);
    ask("A=kill", 7);
    status = status_of_job(&lines);
    ck_assert(WIFSIGNALED(status) && WTERMSIG(status) == SIGKILL);
    ask("A=0", 4);
    ck_assert_int_eq(status_of_job(&lines), 0);
}
END_TEST

/* The process whose number is in the file is gone, or soon is. */
static void check_gone(void)
{
    char bytes[64];
    int waited = 0;
    read_file(bytes, sizeof bytes);
    const pid_t pid = (pid_t)atoi(bytes);
    ck_assert_int_gt(pid, 1);
    for (; kill(pid, 0) == 0 && waited < WAIT_MS; waited += 10)
        poll(NULL, 0, 10);
    ck_assert_int_lt(waited, WAIT_MS);
}

/* It is given as long as the child needs to tell its number on this machine. */
START_TEST(one_that_takes_too_long_is_killed_with_its_children)
{
    unsigned lines;
    for (int timeout_ms = 300; access(file, F_OK) != 0; timeout_ms *= 4) {
        if (helper >= 0)
            close(helper);
        begin("sh -c 'echo $$ >$DIR/new; mv $DIR/new $DIR/out; exec sleep 1000' & wait",
              timeout_ms);
        ask("A=", 3);
        ck_assert_int_eq(status_of_job(&lines), HELPER_TIMED_OUT);
    }
    check_gone();
}
END_TEST

START_TEST(it_ends_with_the_program)
{
    char bytes[1024];
    begin("trap '' INT HUP; echo $$ >$DIR/out; echo up; exec sleep 1000", 100 * WAIT_MS);
    ask("A=", 3);
    packet(bytes);
    ck_assert_str_eq(bytes, "oup");
    close(helper);
    helper = -1;
    check_gone();
}
END_TEST

/* Neither the program's output nor its terminal is held by it. */
START_TEST(it_holds_nothing_of_the_program)
{
    int ends[2];
    char byte;
    ck_assert_int_eq(pipe(ends), 0);
    const int output = dup(STDOUT_FILENO);
    fflush(stdout);
    dup2(ends[1], STDOUT_FILENO);
    begin("read line; echo \"[$line]\"", WAIT_MS);
    dup2(output, STDOUT_FILENO);
    close(output);
    close(ends[1]);
    ask("A=", 3);
    char bytes[1024];
    packet(bytes);
    ck_assert_str_eq(bytes, "o[]");
    unsigned lines;
    ck_assert_int_eq(status_of_job(&lines), 0);
    struct pollfd readable = {.fd = ends[0], .events = POLLIN};
    ck_assert_int_eq(poll(&readable, 1, 0), 0);
    close(helper); /* then the last end of the pipe is gone */
    helper = -1;
    ck_assert_int_eq(poll(&readable, 1, WAIT_MS), 1);
    ck_assert_int_eq(read(ends[0], &byte, 1), 0);
    close(ends[0]);
}
END_TEST

/* ---- the queue ---- */

static struct loop *loop;
static struct net *net;
static struct log *journal;
static struct session *session;
static struct on_complete *on_complete;
static unsigned idle;

static void on_idle(void *context)
{
    (void)context;
    idle++;
}

static void open_queue(const char *command)
{
    char message[SESSION_MESSAGE_SIZE];
    idle = 0;
    helper = helper_start(command, WAIT_MS);
    ck_assert_int_ge(helper, 0);
    loop = loop_new(&loop_platform_system);
    net = net_system_new(NULL);
    journal = log_new(&clock_system, 100);
    const struct session_config config = {.loop = loop,
                                          .net = net,
                                          .random = &random_system,
                                          .log = journal,
                                          .download_dir = dir,
                                          .workers = UINT32_MAX};
    ck_assert_int_eq(session_new(&config, &session, message), ERROR_NONE);
    const struct on_complete_config queue = {.loop = loop,
                                             .session = session,
                                             .log = journal,
                                             .helper = helper,
                                             .on_idle = on_idle};
    on_complete = on_complete_new(&queue);
    ck_assert_ptr_nonnull(on_complete);
    helper = -1;
}

static void close_queue(void)
{
    on_complete_free(on_complete);
    session_free(session);
    net_system_free(net);
    loop_free(loop);
    log_free(journal);
}

/* A torrent called as LETTER becomes complete, as far as events tell. */
static void complete(char letter)
{
    char bytes[128], message[SESSION_MESSAGE_SIZE];
    struct torrent_id id;
    const struct add_options options = {.label = "films", .paused = true};
    snprintf(bytes, sizeof bytes,
             "d4:infod6:lengthi5e4:name1:%c12:piece lengthi16384e6:pieces20:"
             "01234567890123456789ee",
             letter);
    ck_assert_int_eq(session_add_bytes(session, (const uint8_t *)bytes, strlen(bytes),
                                       &options, &id, message),
                     ERROR_NONE);
    const struct message event = {.type = EVENT_COMPLETED, .torrent = id};
    event_bus_post(session_events(session), &event);
}

static bool was_logged(const char *text)
{
    for (uint64_t i = 1; i <= log_newest(journal); i++)
        if (log_get(journal, i) != NULL &&
            strstr(log_get(journal, i)->text, text) != NULL)
            return true;
    return false;
}

static void run_until_idle(void)
{
    while (idle == 0)
        loop_turn(loop, 10 * NS_PER_MS);
}

START_TEST(torrents_take_their_turns)
{
    char bytes[512], wanted[512];
    open_queue("mkdir $DIR/one || exit 9; echo \"$BTTUI_NAME $BTTUI_PATH $BTTUI_LABEL "
               "${#BTTUI_HASH}\" >>$DIR/out; rmdir $DIR/one");
    complete('a');
    complete('b');
    complete('c');
    loop_turn(loop, 0);
    ck_assert(!on_complete_is_idle(on_complete));
    run_until_idle();
    ck_assert(on_complete_is_idle(on_complete));
    read_file(bytes, sizeof bytes);
    snprintf(wanted, sizeof wanted, "a %s/a films 40\nb %s/b films 40\nc %s/c films 40\n",
             dir, dir, dir);
    ck_assert_str_eq(bytes, wanted);
    ck_assert(was_logged("--on-complete for “c”: done"));
    close_queue();
}
END_TEST

START_TEST(what_it_says_is_logged)
{
    open_queue("printf 'red \\033[31m\\n'; exit 3");
    complete('a');
    run_until_idle();
    ck_assert(was_logged("--on-complete: red .[31m"));
    ck_assert(was_logged("--on-complete for “a”: ended with status 3"));
    close_queue();
}
END_TEST

START_TEST(a_helper_that_is_gone_is_told)
{
    open_queue("kill -9 $PPID");
    complete('a');
    complete('b');
    run_until_idle();
    ck_assert(was_logged("its process is gone"));
    complete('c');
    loop_turn(loop, 0);
    ck_assert(on_complete_is_idle(on_complete));
    close_queue();
}
END_TEST

Suite *suite_on_complete(void)
{
    Suite *suite = suite_create("on_complete");
    TCase *tcase = tcase_create("on_complete");
    tcase_add_checked_fixture(tcase, setup, teardown);
    tcase_set_timeout(tcase, 60);
    tcase_add_test(tcase, a_hostile_name_stays_data);
    tcase_add_test(tcase, what_it_prints_comes_back_and_not_without_end);
    tcase_add_test(tcase, how_it_ended_is_told);
    tcase_add_test(tcase, one_that_takes_too_long_is_killed_with_its_children);
    tcase_add_test(tcase, it_ends_with_the_program);
    tcase_add_test(tcase, it_holds_nothing_of_the_program);
    tcase_add_test(tcase, torrents_take_their_turns);
    tcase_add_test(tcase, what_it_says_is_logged);
    tcase_add_test(tcase, a_helper_that_is_gone_is_told);
    suite_add_tcase(suite, tcase);
    return suite;
}
