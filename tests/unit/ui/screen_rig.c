#include "tests/unit/ui/screen_rig.h"

#include "base/buffer.h"
#include "tests/lib/vhttp.h"
#include "torrent/looks.h"
#include "torrent/session_private.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

#define PIECE_BYTES 16384u

const char *const names[TORRENTS] = {
    "Harbour Lights",
    "\xe6\x98\x9f\xe7\xa9\xba\xe3\x82\xa2\xe3\x83\x88\xe3\x83\xa9\xe3\x82\xb9",
    ("Za\xcc\x80\xcc\x81\xcc\x82\xcc\x83\xcc\x84\xcc\x85lgo \xe2\x80\xae"
     "exe.txt \x1b[31m"),
    "archive"};

struct world world;
struct session *session;
struct screen *screen;
char dir[40];
int quits, presented;
bool ready;
static struct net net;
/* What is typed behind the directory's name stays in it, too. */
static char root[] = "/tmp/bttui-screen-XXXXXX";

/* A torrent of PIECES pieces called NAME, whose data nobody has. */
static void make_torrent(struct buffer *buffer, const char *name, uint32_t pieces)
{
    buffer_init(buffer, 65536);
    enum error_code error = buffer_printf(
        buffer, "d4:infod6:lengthi%ue4:name%zu:%s12:piece lengthi%ue6:pieces%u:",
        pieces * PIECE_BYTES, strlen(name), name, PIECE_BYTES, pieces * SHA1_BYTES);
    for (uint32_t i = 0; i < pieces; i++)
        error |= buffer_append_text(buffer, "01234567890123456789");
    error |= buffer_append_text(buffer, "ee");
    ck_assert_int_eq(error, ERROR_NONE);
}

static void add(const char *name, uint32_t pieces)
{
    struct buffer bytes;
    struct torrent_id id;
    char message[SESSION_MESSAGE_SIZE];
    const struct add_options options = {.download_dir = dir};
    make_torrent(&bytes, name, pieces);
    ck_assert_msg(session_add_bytes(session, bytes.bytes, bytes.length, &options, &id,
                                    message) == ERROR_NONE,
                  "%s", message);
    buffer_done(&bytes);
}

static bool is_ready(void *context)
{
    (void)context;
    return ready;
}

static void on_present(void *context, const struct canvas *canvas)
{
    (void)context;
    presented++;
    check_rows(canvas);
}

void on_quit(void *context)
{
    (void)context;
    quits++;
}

void open_screen(int width, int height, bool ascii)
{
    const struct screen_config config = {
        .loop = world.loop,
        .session = session,
        .ascii = ascii,
        .width = width,
        .height = height,
        .output = {.is_ready = is_ready, .present = on_present},
        .on_quit = on_quit};
    screen = screen_new(&config);
    ck_assert_ptr_nonnull(screen);
    world_run(&world, NS_PER_S);
}

static void on_get(void *context, const char *url, struct vhttp_answer *ret_answer)
{
    (void)context;
    (void)url;
    ret_answer->never = true;
}

void setup(void)
{
    char message[SESSION_MESSAGE_SIZE];
    quits = presented = 0;
    ready = true;
    screen = NULL;
    strcpy(root + strlen(root) - 6, "XXXXXX");
    ck_assert_ptr_nonnull(mkdtemp(root));
    snprintf(dir, sizeof dir, "%s/down", root);
    ck_assert_int_eq(mkdir(dir, 0755), 0);
    world_init(&world, 1);
    net = *vnet_host(world.vnet, "10.0.0.1");
    const struct session_config config = {.loop = world.loop,
                                          .net = &net,
                                          .random = &world.random.source,
                                          .download_dir = dir,
                                          .port = 6881,
                                          .workers = UINT32_MAX,
                                          .incoming = true};
    ck_assert_int_eq(session_new(&config, &session, message), ERROR_NONE);
    vhttp_serve(session->http, on_get, NULL);
}

void setup_torrents(void)
{
    setup();
    for (uint32_t i = 0; i < TORRENTS; i++)
        add(names[i], 10 + i);
    world_run(&world, NS_PER_S);
}

static void teardown(void)
{
    char command[128];
    screen_free(screen);
    session_free(session);
    world_done(&world);
    snprintf(command, sizeof command, "rm -r '%s'", root);
    ck_assert_int_eq(system(command), 0);
}

void press(uint32_t key)
{
    const struct key_event event = {.type = KEY_EVENT_KEY, .key = key};
    screen_key(screen, &event);
    world_run(&world, 50 * NS_PER_MS);
}

void type(const char *text)
{
    for (; *text != '\0'; text++)
        press((uint8_t)*text);
}

void paste(const char *text)
{
    const struct key_event event = {
        .type = KEY_EVENT_PASTE, .text = text, .length = strlen(text), .last = true};
    screen_key(screen, &event);
    world_run(&world, 50 * NS_PER_MS);
}

int find(const char *text)
{
    const struct canvas *canvas = screen_canvas(screen);
    for (int y = 0; y < canvas_height(canvas); y++)
        if (strstr(row_text(canvas, y), text) != NULL)
            return y;
    return -1;
}

void check_shown(const char *text)
{
    ck_assert_msg(find(text) >= 0, "“%s” is not on the screen", text);
}

void check_not_shown(const char *text)
{
    ck_assert_msg(find(text) < 0, "“%s” is on the screen", text);
}

bool has_cursor(const char *name)
{
    const struct canvas *canvas = screen_canvas(screen);
    const int y = find(name);
    for (int x = 0; y >= 0 && x < canvas_width(canvas); x++)
        if ((canvas_cell(canvas, x, y)->style & STYLE_CURSOR) != 0)
            return true;
    return false;
}

uint32_t count_paused(void)
{
    struct torrent_info info;
    uint32_t paused = 0;
    for (uint32_t i = 0; i < session_count(session); i++)
        paused += torrent_get_info(session, session_at(session, i), &info) &&
                  info.state == TORRENT_STATE_PAUSED;
    return paused;
}

void write_torrent(const char *name, char ret_path[256])
{
    struct buffer bytes;
    snprintf(ret_path, 256, "%s/%s.torrent", dir, name);
    make_torrent(&bytes, name, 3);
    FILE *file = fopen(ret_path, "wb");
    ck_assert_ptr_nonnull(file);
    ck_assert_uint_eq(fwrite(bytes.bytes, 1, bytes.length, file), bytes.length);
    fclose(file);
    buffer_done(&bytes);
}

TCase *screen_case(Suite *suite, const char *name, void (*before)(void))
{
    TCase *tests = tcase_create(name);
    tcase_add_checked_fixture(tests, before, teardown);
    tcase_set_timeout(tests, 30);
    suite_add_tcase(suite, tests);
    return tests;
}
