/*
 * A screen for views without a terminal: what they ask of it (ui/view.h) is noted, and
 * they are painted on a memory canvas whose every row is checked.
 */
#ifndef BTTUI_TESTS_UNIT_UI_FAKE_SCREEN_H
#define BTTUI_TESTS_UNIT_UI_FAKE_SCREEN_H

#include "base/clock.h"
#include "ui/table.h"
#include "ui/view.h"

struct screen {
    char said[512];
    struct view_question question; /* the one that is open */
    char confirm[512];
    void *confirm_state;
    void (*on_yes)(void *state, struct view_context *context);
    uint64_t changed_in_ms; /* 0: not asked for */
};

/* ---- a view on a canvas ---- */
struct scene {
    struct screen screen;
    struct view_context context;
    struct clock_virtual clock;
    const struct view_class *class;
    void *state;
    struct canvas *canvas;
};
void scene_open(struct scene *scene, const struct view_class *class,
                struct session *session, struct torrent_id torrent, int width, int height,
                bool ascii);
void scene_close(struct scene *scene);
void scene_resize(struct scene *scene, int width, int height);
/* Recalc and draw; every row is checked for its width. */
void scene_show(struct scene *scene);
/* A key as the screen hands it on: the view first, then its table. Then scene_show. */
void scene_press(struct scene *scene, uint32_t key);
/* The whole canvas has TEXT in one of its rows; which, or -1. */
int scene_find(const struct scene *scene, const char *text);
#define ck_scene_has(scene, text)                                                        \
    ck_assert_msg(scene_find(scene, text) >= 0, "'%s' is not shown", text)
#define ck_scene_lacks(scene, text)                                                      \
    ck_assert_msg(scene_find(scene, text) < 0, "'%s' is shown", text)
/* Prints the canvas to standard output: to look at while writing a test. */
void scene_print(const struct scene *scene);

/* The sizes of terminals that every view must stand, less header and footer. */
struct scene_size {
    int width, height;
};
extern const struct scene_size scene_sizes[];
extern const int scene_size_count;
/* Shows the view at all sizes, in UTF-8 and ASCII, and presses KEYS (0-terminated) at
 * each. */
void scene_stand_all_sizes(const struct view_class *class, struct session *session,
                           struct torrent_id torrent, const uint32_t *keys);

/* Names that break columns where they can. */
extern const char *const hostile_names[];
extern const int hostile_name_count;

#endif
