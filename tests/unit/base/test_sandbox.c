/* Escapes tried from inside, each in a process of its own that goes into the sandbox
 * first: what must fail fails with the errno told, what must work works. What this kernel
 * or build has not is skipped, and said. */
#include "base/sandbox.h"

#include "config.h"

#include <arpa/inet.h>
#include <check.h>
#include <dirent.h>
#include <errno.h>
#include <fcntl.h>
#include <netdb.h>
#include <netinet/in.h>
#include <pthread.h>
#include <signal.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/ioctl.h>
#include <sys/mman.h>
#include <sys/prctl.h>
#include <sys/ptrace.h>
#include <sys/socket.h>
#include <sys/stat.h>
#include <sys/syscall.h>
#include <sys/uio.h>
#include <sys/un.h>
#include <sys/wait.h>
#include <termios.h>
#include <unistd.h>

Suite *test_sandbox_suite(void);

#define SKIPPED 200
#define WORKS   0

static char root[] = "/tmp/bttui-sandbox-XXXXXX", ours[64], state[64], theirs[64];
static char secret[96];
static uint16_t own_port;

static void path_in(char *path, size_t size, const char *dir, const char *name)
{
    snprintf(path, size, "%s/%s", dir, name);
}

static void put(const char *path, const char *text)
{
    const int fd = open(path, O_WRONLY | O_CREAT | O_TRUNC, 0600);
    ck_assert_int_ge(fd, 0);
    ck_assert_int_eq(write(fd, text, strlen(text)), (ssize_t)strlen(text));
    close(fd);
}

/* A TCP port that was free a moment ago. */
static uint16_t free_port(void)
{
    struct sockaddr_in address = {.sin_family = AF_INET};
    socklen_t length = sizeof address;
    const int fd = socket(AF_INET, SOCK_STREAM, 0);
    address.sin_addr.s_addr = htonl(INADDR_LOOPBACK);
    ck_assert_int_eq(bind(fd, (struct sockaddr *)&address, sizeof address), 0);
    ck_assert_int_eq(getsockname(fd, (struct sockaddr *)&address, &length), 0);
    close(fd);
    return ntohs(address.sin_port);
}

static void setup(void)
{
    char link[96];
    strcpy(root + sizeof root - 7, "XXXXXX");
    ck_assert_ptr_nonnull(mkdtemp(root));
    path_in(ours, sizeof ours, root, "ours");
    path_in(state, sizeof state, root, "state");
    path_in(theirs, sizeof theirs, root, "theirs");
    ck_assert_int_eq(mkdir(ours, 0700) | mkdir(state, 0700) | mkdir(theirs, 0700), 0);
    path_in(secret, sizeof secret, theirs, "shadow");
    put(secret, "root:x");
    path_in(link, sizeof link, ours, "link");
    ck_assert_int_eq(symlink(secret, link), 0);
    path_in(link, sizeof link, ours, "up");
    ck_assert_int_eq(symlink(theirs, link), 0);
    own_port = free_port();
}

static void remove_in(const char *dir)
{
    char path[600];
    const struct dirent *entry;
    DIR *entries = opendir(dir);
    while (entries != NULL && (entry = readdir(entries)) != NULL) {
        snprintf(path, sizeof path, "%s/%s", dir, entry->d_name);
        if (entry->d_name[0] != '.')
            remove(path);
    }
    if (entries != NULL)
        closedir(entries);
    rmdir(dir);
}

static void teardown(void)
{
    remove_in(ours);
    remove_in(state);
    remove_in(theirs);
    rmdir(root);
}

static unsigned go_in(bool listening)
{
    const unsigned all = SANDBOX_READ | SANDBOX_LIST | SANDBOX_WRITE;
    const struct sandbox_path paths[] = {
        {ours, all},
        {state, all},
        {"/usr/share", SANDBOX_READ | SANDBOX_LIST},
        {"/etc/hosts", SANDBOX_READ | SANDBOX_LIST},
        {"/no/such/place", all},
#ifdef INSTRUMENTED
        {"/proc", SANDBOX_READ | SANDBOX_LIST},
#endif
    };
    const struct sandbox_config config = {.paths = paths,
                                          .path_count = sizeof paths / sizeof *paths,
                                          .ports = &own_port,
                                          .port_count = 1,
                                          .listen = listening};
    return sandbox_enter(&config);
}

/* ---- escapes; each gives an errno, 0: it got through ---- */

static int result(long value)
{
    return value < 0 ? errno : 0;
}

static int open_and_close(const char *path, int flags)
{
    const int fd = open(path, flags, 0600);
    if (fd < 0)
        return errno;
    close(fd);
    return 0;
}

static int read_a_secret(void)
{
    return open_and_close(secret, O_RDONLY);
}

static int read_passwd(void)
{
    return open_and_close("/etc/passwd", O_RDONLY);
}

static int follow_a_link(void)
{
    char path[96];
    path_in(path, sizeof path, ours, "link");
    return open_and_close(path, O_RDONLY);
}

static int write_through_a_linked_dir(void)
{
    char path[96];
    path_in(path, sizeof path, ours, "up/new");
    return open_and_close(path, O_WRONLY | O_CREAT);
}

static int climb(void)
{
    char path[96];
    path_in(path, sizeof path, ours, "../theirs/shadow");
    return open_and_close(path, O_RDONLY);
}

static int list_others(void)
{
    return open_and_close(theirs, O_RDONLY | O_DIRECTORY);
}

static int make_a_file(void)
{
    char path[96];
    path_in(path, sizeof path, theirs, "profile");
    return open_and_close(path, O_WRONLY | O_CREAT);
}

static int make_a_dir(void)
{
    char path[96];
    path_in(path, sizeof path, theirs, "dir");
    return result(mkdir(path, 0700));
}

static int remove_a_file(void)
{
    return result(unlink(secret));
}

static int rename_in(void)
{
    char path[96];
    path_in(path, sizeof path, ours, "stolen");
    return result(rename(secret, path));
}

static int link_in(void)
{
    char path[96];
    path_in(path, sizeof path, ours, "stolen");
    return result(link(secret, path));
}

static int make_a_link(void)
{
    char path[96];
    path_in(path, sizeof path, ours, "fresh");
    return result(symlink("/etc/shadow", path));
}

static int make_a_fifo(void)
{
    char path[96];
    path_in(path, sizeof path, ours, "fifo");
    return result(mkfifo(path, 0600));
}

static int run_a_program(void)
{
    char *const arguments[] = {NULL};
    return result(syscall(SYS_execve, "/bin/true", arguments, arguments));
}

static int run_a_descriptor(void)
{
    char *const arguments[] = {NULL};
    return result(syscall(SYS_execveat, AT_FDCWD, "/bin/true", arguments, arguments, 0));
}

#ifndef INSTRUMENTED /* a sanitizer's own process does these */
static int make_a_process(void)
{
    const pid_t child = fork();
    if (child == 0)
        _exit(0);
    return result(child);
}

static int trace(void)
{
    return result(ptrace(PTRACE_ATTACH, getppid(), NULL, NULL));
}

static int kill_another(void)
{
    return result(kill(getppid(), 0));
}
#endif

static int read_foreign_memory(void)
{
    char byte;
    struct iovec here = {&byte, 1}, there = {&byte, 1};
    return result(process_vm_readv(getppid(), &here, 1, &there, 1, 0));
}

static int open_socket(int family, int type, int protocol)
{
    return result(socket(family, type, protocol));
}

static int packet_socket(void)
{
    return open_socket(AF_PACKET, SOCK_RAW, 0);
}

static int raw_socket(void)
{
    return open_socket(AF_INET, SOCK_RAW, IPPROTO_ICMP);
}

static int other_netlink(void)
{
    return open_socket(AF_NETLINK, SOCK_RAW | SOCK_CLOEXEC, 15);
}

static int machine_socket(void)
{
    return open_socket(AF_VSOCK, SOCK_STREAM, 0);
}

static void *page(int protection)
{
    return mmap(NULL, 4096, protection, MAP_PRIVATE | MAP_ANONYMOUS, -1, 0);
}

static int make_memory_code(void)
{
    void *at = page(PROT_READ | PROT_WRITE);
    return at == MAP_FAILED ? -1 : result(mprotect(at, 4096, PROT_READ | PROT_EXEC));
}

static int map_code(void)
{
    return page(PROT_READ | PROT_WRITE | PROT_EXEC) == MAP_FAILED ? errno : 0;
}

static int type_for_the_shell(void)
{
    return result(ioctl(STDIN_FILENO, TIOCSTI, "x"));
}

/* The kernel looks at 32 bits of it. */
static int type_with_high_bits(void)
{
    return result(
        syscall(SYS_ioctl, STDIN_FILENO, (unsigned long)TIOCSTI | 1ul << 32, "x"));
}

static int kernel_ring(void)
{
    return result(syscall(425, 1, NULL)); /* io_uring_setup */
}

static int load_a_filter(void)
{
    return result(syscall(SYS_bpf, 0, NULL, 0));
}

static int make_a_namespace(void)
{
    return result(syscall(SYS_unshare, 0x10000000)); /* CLONE_NEWUSER */
}

static int bind_to(uint16_t port)
{
    struct sockaddr_in address = {.sin_family = AF_INET, .sin_port = htons(port)};
    const int fd = socket(AF_INET, SOCK_STREAM, 0);
    address.sin_addr.s_addr = htonl(INADDR_LOOPBACK);
    const int error =
        fd < 0 ? -1 : result(bind(fd, (struct sockaddr *)&address, sizeof address));
    close(fd);
    return error;
}

static int bind_another_port(void)
{
    return bind_to(own_port == 20000 ? 20001 : 20000);
}

static int bind_any_port(void)
{
    return bind_to(0);
}

static int listen_unbound(void)
{
    return result(listen(socket(AF_INET, SOCK_STREAM, 0), 1));
}

/* O24, O25 */
static const struct {
    const char *name;
    int (*attempt)(void);
    unsigned part; /* that prevents it */
    int error;
    bool told; /* by SIGSYS, which kills in builds with --enable-sandbox-kill */
} escapes[] = {
    {"read a secret", read_a_secret, SANDBOX_FILES, EACCES, false},
    {"read /etc/passwd", read_passwd, SANDBOX_FILES, EACCES, false},
    {"follow a link out", follow_a_link, SANDBOX_FILES, EACCES, false},
    {"write through a link", write_through_a_linked_dir, SANDBOX_FILES, EACCES, false},
    {"climb out", climb, SANDBOX_FILES, EACCES, false},
    {"list elsewhere", list_others, SANDBOX_FILES, EACCES, false},
    {"write elsewhere", make_a_file, SANDBOX_FILES, EACCES, false},
    {"mkdir elsewhere", make_a_dir, SANDBOX_FILES, EACCES, false},
    {"unlink elsewhere", remove_a_file, SANDBOX_FILES, EACCES, false},
    {"rename in", rename_in, SANDBOX_FILES, EACCES, false},
    {"link in", link_in, SANDBOX_FILES, EXDEV, false},
    {"make a symbolic link", make_a_link, SANDBOX_CALLS, EPERM, true},
    {"make a FIFO", make_a_fifo, SANDBOX_CALLS, EPERM, true},
    {"execve", run_a_program, SANDBOX_CALLS, EPERM, true},
    {"execveat", run_a_descriptor, SANDBOX_CALLS, EPERM, true},
#ifndef INSTRUMENTED
    {"fork", make_a_process, SANDBOX_CALLS, EPERM, true},
    {"ptrace", trace, SANDBOX_CALLS, EPERM, true},
    {"signal another", kill_another, SANDBOX_CALLS, ENOSYS, true},
#endif
    {"process_vm_readv", read_foreign_memory, SANDBOX_CALLS, EPERM, true},
    {"AF_PACKET", packet_socket, SANDBOX_CALLS, EPERM, true},
    {"SOCK_RAW", raw_socket, SANDBOX_CALLS, EPERM, true},
    {"netlink but route", other_netlink, SANDBOX_CALLS, EPERM, true},
    {"AF_VSOCK", machine_socket, SANDBOX_CALLS, EPERM, true},
    {"mprotect to code", make_memory_code, SANDBOX_CALLS, EPERM, true},
    {"mmap code", map_code, SANDBOX_CALLS, EPERM, true},
    {"TIOCSTI", type_for_the_shell, SANDBOX_CALLS, EPERM, true},
    {"TIOCSTI, high bits", type_with_high_bits, SANDBOX_CALLS, EPERM, true},
    {"io_uring", kernel_ring, SANDBOX_CALLS, EPERM, true},
    {"bpf", load_a_filter, SANDBOX_CALLS, EPERM, true},
    {"unshare", make_a_namespace, SANDBOX_CALLS, EPERM, true},
    {"bind another port", bind_another_port, SANDBOX_PORTS, EACCES, false},
    {"bind any port", bind_any_port, SANDBOX_PORTS, EACCES, false},
    {"listen unbound", listen_unbound, SANDBOX_CALLS, EACCES, false},
};

/* The wait status of a process that goes in and does WHAT. */
static int inside(int (*what)(void), unsigned part, bool listening)
{
    int status = 0;
    fflush(NULL);
    const pid_t child = fork();
    ck_assert_int_ge(child, 0);
    if (child == 0) {
        const unsigned had = go_in(listening);
        _exit((had & part) != part ? SKIPPED : what());
    }
    ck_assert_int_eq(waitpid(child, &status, 0), child);
    return status;
}

static bool is_skipped(int status, const char *name)
{
    if (!WIFEXITED(status) || WEXITSTATUS(status) != SKIPPED)
        return false;
    printf("skipped, this kernel or build cannot: %s\n", name);
    return true;
}

START_TEST(an_escape_fails)
{
    const int status = inside(escapes[_i].attempt, escapes[_i].part, false);
    if (is_skipped(status, escapes[_i].name))
        return;
#ifdef SANDBOX_KILL
    if (escapes[_i].told) {
        ck_assert_msg(WIFSIGNALED(status) && WTERMSIG(status) == SIGSYS, "%s: status %x",
                      escapes[_i].name, (unsigned)status);
        return;
    }
#endif
    ck_assert_msg(WIFEXITED(status) && WEXITSTATUS(status) == escapes[_i].error,
                  "%s: status %x", escapes[_i].name, (unsigned)status);
}
END_TEST

/* ---- what must go on working ---- */

static int write_in(const char *dir)
{
    char aside[96], name[96], sub[96];
    path_in(aside, sizeof aside, dir, "a.new");
    path_in(name, sizeof name, dir, "a");
    path_in(sub, sizeof sub, dir, "sub");
    const int fd = open(aside, O_RDWR | O_CREAT | O_TRUNC | O_CLOEXEC, 0600);
    if (fd < 0 || write(fd, "x", 1) != 1 || ftruncate(fd, 100) != 0 ||
        fdatasync(fd) != 0 || close(fd) != 0)
        return errno;
    if (rename(aside, name) != 0 || mkdir(sub, 0700) != 0 || rmdir(sub) != 0 ||
        open_and_close(name, O_RDONLY) != 0 || open_and_close(dir, O_DIRECTORY) != 0)
        return errno;
    return result(unlink(name));
}

static int use_our_files(void)
{
    const int error = write_in(ours);
    return error != 0 ? error : write_in(state);
}

static int look_up_a_name(void)
{
    const struct addrinfo hints = {.ai_socktype = SOCK_DGRAM, .ai_flags = AI_ADDRCONFIG};
    struct addrinfo *found = NULL;
    const int error = getaddrinfo("localhost", NULL, &hints, &found);
    if (error == 0)
        freeaddrinfo(found);
    return error == 0 ? 0 : 100 - error;
}

static void *say_yes(void *context)
{
    *(int *)context = look_up_a_name() + 1;
    return NULL;
}

static int use_a_thread(void)
{
    pthread_t thread;
    int answer = 0;
    if (pthread_create(&thread, NULL, say_yes, &answer) != 0 ||
        pthread_join(thread, NULL) != 0)
        return EAGAIN;
    return answer - 1;
}

static int send_a_packet(void)
{
    struct sockaddr_in address = {.sin_family = AF_INET};
    socklen_t length = sizeof address;
    char byte = 'x';
    const int to = socket(AF_INET, SOCK_DGRAM | SOCK_CLOEXEC, 0);
    const int from = socket(AF_INET, SOCK_DGRAM | SOCK_NONBLOCK, 0);
    address.sin_addr.s_addr = htonl(INADDR_LOOPBACK);
    if (to < 0 || from < 0 || bind(to, (struct sockaddr *)&address, length) != 0 ||
        getsockname(to, (struct sockaddr *)&address, &length) != 0 ||
        connect(from, (struct sockaddr *)&address, length) != 0 ||
        send(from, &byte, 1, 0) != 1 || recv(to, &byte, 1, 0) != 1)
        return errno;
    return 0;
}

static int bind_own_port(void)
{
    return bind_to(own_port);
}

static int stop_and_go_on(void)
{
    signal(SIGUSR1, SIG_IGN);
    return result(raise(SIGUSR1) | kill(getpid(), SIGUSR1) | kill(0, 0));
}

static int use_much_memory(void)
{
    char *bytes = malloc((size_t)8 << 20);
    if (bytes == NULL)
        return ENOMEM;
    memset(bytes, 1, (size_t)8 << 20);
    bytes = realloc(bytes, (size_t)16 << 20);
    const bool fine = bytes != NULL && bytes[12345] == 1;
    free(bytes);
    return fine ? 0 : ENOMEM;
}

static int read_the_terminal_list(void)
{
    return open_and_close("/usr/share", O_RDONLY | O_DIRECTORY);
}

static const struct {
    const char *name;
    int (*work)(void);
} works[] = {
    {"files in both directories", use_our_files},
    {"names", look_up_a_name},
    {"names on a thread", use_a_thread},
    {"UDP", send_a_packet},
    {"our own port", bind_own_port},
    {"signals to itself", stop_and_go_on},
    {"memory", use_much_memory},
    {"what is readable", read_the_terminal_list},
};

START_TEST(the_daily_work_goes_on)
{
    const int status = inside(works[_i].work, 0, false);
    ck_assert_msg(WIFEXITED(status) && WEXITSTATUS(status) == WORKS, "%s: status %x",
                  works[_i].name, (unsigned)status);
}
END_TEST

static int listen_inside(void)
{
    return result(listen(socket(AF_INET, SOCK_STREAM, 0), 1));
}

START_TEST(who_may_listen_can)
{
    const int status = inside(listen_inside, 0, true);
    ck_assert_int_eq(WEXITSTATUS(status), WORKS);
}
END_TEST

/* ---- the news of a refusal ---- */

#if !defined SANDBOX_KILL &&                                                             \
    (defined __x86_64__ || defined __i386__ || defined __aarch64__)
static int hear_of_a_refusal(void)
{
    int pipe_fds[2], number = -1;
    char name[32];
    if (pipe2(pipe_fds, O_NONBLOCK | O_CLOEXEC) != 0)
        return 101;
    sandbox_tell_refusals(pipe_fds[1]);
    if (run_a_program() != EPERM ||
        read(pipe_fds[0], &number, sizeof number) != sizeof number)
        return 102;
    sandbox_call_name(number, name, sizeof name);
    return strcmp(name, "execve") == 0 ? 0 : 103;
}

START_TEST(a_refusal_is_told)
{
    const int status = inside(hear_of_a_refusal, SANDBOX_CALLS, false);
    if (!is_skipped(status, "telling"))
        ck_assert_int_eq(WEXITSTATUS(status), 0);
}
END_TEST

static void *try_to_run(void *context)
{
    *(int *)context = run_a_program();
    return NULL;
}

/* With all signals blocked but SIGSYS, as base/thread.c starts them. */
static int refuse_on_a_thread(void)
{
    pthread_t thread;
    sigset_t most;
    int error = 0;
    sigfillset(&most);
    sigdelset(&most, SIGSYS);
    pthread_sigmask(SIG_SETMASK, &most, NULL);
    if (pthread_create(&thread, NULL, try_to_run, &error) != 0 ||
        pthread_join(thread, NULL) != 0)
        return 101;
    return error;
}

START_TEST(a_thread_is_refused_too)
{
    const int status = inside(refuse_on_a_thread, SANDBOX_CALLS, false);
    if (!is_skipped(status, "threads"))
        ck_assert_int_eq(WEXITSTATUS(status), EPERM);
}
END_TEST
#endif

/* R18, H27 */
START_TEST(memory_is_hidden)
{
    const pid_t child = fork();
    int status;
    if (child == 0)
        _exit(!sandbox_hide_memory() ? SKIPPED : prctl(PR_GET_DUMPABLE));
    ck_assert_int_eq(waitpid(child, &status, 0), child);
    if (!is_skipped(status, "hiding memory"))
        ck_assert_int_eq(WEXITSTATUS(status), 0);
}
END_TEST

Suite *test_sandbox_suite(void)
{
    Suite *suite = suite_create("sandbox");
    TCase *tests = tcase_create("sandbox");
    tcase_add_checked_fixture(tests, setup, teardown);
    tcase_add_loop_test(tests, an_escape_fails, 0, sizeof escapes / sizeof *escapes);
    tcase_add_loop_test(tests, the_daily_work_goes_on, 0, sizeof works / sizeof *works);
    tcase_add_test(tests, who_may_listen_can);
#if !defined SANDBOX_KILL &&                                                             \
    (defined __x86_64__ || defined __i386__ || defined __aarch64__)
    tcase_add_test(tests, a_refusal_is_told);
    tcase_add_test(tests, a_thread_is_refused_too);
#endif
    tcase_add_test(tests, memory_is_hidden);
    suite_add_tcase(suite, tests);
    return suite;
}
