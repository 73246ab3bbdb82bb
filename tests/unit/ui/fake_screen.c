#include "tests/unit/ui/fake_screen.h"

#include "tests/unit/ui/check_ui.h"
#include "ui/rename_ask.h"

#include <stdarg.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

/* ---- the screen ---- */

void view_say(struct view_context *context, uint16_t style, const char *format, ...)
{
    va_list arguments;
    (void)style;
    va_start(arguments, format);
    vsnprintf(context->screen->said, sizeof context->screen->said, format, arguments);
    va_end(arguments);
}

void view_changed(struct view_context *context)
{
    (void)context;
}

void view_changed_in(struct view_context *context, uint64_t ms)
{
    context->screen->changed_in_ms = ms;
}

void view_ask(struct view_context *context, const struct view_question *question)
{
    context->screen->question = *question;
}

void view_confirm(struct view_context *context, const char *text, void *state,
                  void (*on_yes)(void *state, struct view_context *context))
{
    struct screen *screen = context->screen;
    snprintf(screen->confirm, sizeof screen->confirm, "%s", text);
    screen->confirm_state = state;
    screen->on_yes = on_yes;
}

const char *view_key(const struct view_context *context, const char *name,
                     char ret_text[KEY_NAME_SIZE])
{
    struct keymap map;
    (void)context;
    keymap_init(&map);
    return keymap_key_of(&map, name, false, ret_text);
}

const char *view_mask(const struct view_context *context, const char *text,
                      char ret_text[VIEW_MASK_SIZE])
{
    (void)ret_text;
    return context->masked ? "xxx" : text;
}

/* ---- scenes ---- */

void scene_open(struct scene *scene, const struct view_class *class,
                struct session *session, struct torrent_id torrent, int width, int height,
                bool ascii)
{
    memset(scene, 0, sizeof *scene);
    clock_virtual_init(&scene->clock, NS_PER_S);
    scene->class = class;
    scene->context = (struct view_context){.session = session,
                                           .screen = &scene->screen,
                                           .torrent = torrent,
                                           .clock = &scene->clock.clock};
    scene->canvas = canvas_new(width, height, ascii);
    scene->state = calloc(1, class->size);
    ck_assert(class->init(scene->state, &scene->context));
    if (class->torrent != NULL)
        class->torrent(scene->state, &scene->context);
    scene_show(scene);
}

void scene_close(struct scene *scene)
{
    scene->class->done(scene->state);
    free(scene->state);
    rename_forget(&scene->context);
    canvas_free(scene->canvas);
}

void scene_show(struct scene *scene)
{
    canvas_clear(scene->canvas);
    scene->class->recalc(scene->state, &scene->context);
    scene->class->draw(scene->state, &scene->context, pane_of(scene->canvas), true);
    check_rows(scene->canvas);
}

void scene_resize(struct scene *scene, int width, int height)
{
    ck_assert(canvas_resize(scene->canvas, width, height));
    scene_show(scene);
}

void scene_press(struct scene *scene, uint32_t key)
{
    struct keymap keymap;
    keymap_init(&keymap);
    const enum action action =
        keymap_find(&keymap, scene->class->scopes | SCOPE_DETAIL | SCOPE_ANY, key);
    scene->screen.said[0] = '\0';
    if (!scene->class->act(scene->state, &scene->context, action) &&
        scene->class->table != NULL)
        table_act(scene->class->table(scene->state), action);
    scene_show(scene);
}

int scene_find(const struct scene *scene, const char *text)
{
    for (int y = 0; y < canvas_height(scene->canvas); y++)
        if (strstr(row_text(scene->canvas, y), text) != NULL)
            return y;
    return -1;
}

void scene_print(const struct scene *scene)
{
    for (int y = 0; y < canvas_height(scene->canvas); y++)
        printf("|%s\n", row_text(scene->canvas, y));
}

const struct scene_size scene_sizes[] = {{200, 47}, {120, 37}, {80, 21}, {60, 12},
                                         {30, 6},   {20, 3},   {2, 1},   {1, 50},
                                         {0, 0},    {1000, 2}};
const int scene_size_count = sizeof scene_sizes / sizeof *scene_sizes;

void scene_stand_all_sizes(const struct view_class *class, struct session *session,
                           struct torrent_id torrent, const uint32_t *keys)
{
    for (int ascii = 0; ascii < 2; ascii++) {
        struct scene scene;
        scene_open(&scene, class, session, torrent, 80, 24, ascii != 0);
        for (int i = 0; i < scene_size_count; i++) {
            scene_resize(&scene, scene_sizes[i].width, scene_sizes[i].height);
            for (const uint32_t *key = keys; *key != 0; key++)
                scene_press(&scene, *key);
        }
        scene_close(&scene);
    }
}

const char *const hostile_names[] = {
    "plain",
    "",
    "日本語の名前がとても長いのでどこかで切られるはずです",
    "e\xcc\x81\xcc\x81\xcc\x81\xcc\x81\xcc\x81\xcc\x81 zalgo",
    "\xe2\x80\xaertl\xe2\x80\xac",
    "\x1b]0;title\x07\x1b[31m",
    "a\tb\nc\rd",
    "\xff\xfe bad bytes",
    "\xf0\x9f\x91\xa8\xe2\x80\x8d\xf0\x9f\x91\xa9\xe2\x80\x8d\xf0\x9f\x91\xa7 family",
    "\xe2\x80\x8b\xe2\x80\x8b\xe2\x80\x8b",
    ("a name that is so long that no column of any table can hold it, whatever its width "
     "may be, and then it goes on and on and on and on and on and on and on and on and "
     "on"),
};
const int hostile_name_count = sizeof hostile_names / sizeof *hostile_names;
