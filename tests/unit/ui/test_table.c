/* A table keeps its cursor, marks and columns where a person expects them. */
#include "tests/unit/ui/check_ui.h"

#include "ui/table.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>

struct fruit {
    uint64_t id;
    const char *name;
    int weight;
};

static int compare_names(const void *a, const void *b)
{
    return strcmp(((const struct fruit *)a)->name, ((const struct fruit *)b)->name);
}

static int comparisons;

static int compare_weights(const void *a, const void *b)
{
    comparisons++;
    const int left = ((const struct fruit *)a)->weight;
    const int right = ((const struct fruit *)b)->weight;
    return left < right ? -1 : left > right;
}

static void draw_name(void *context, const void *row, struct pane cell)
{
    int *drawn = context;
    (*drawn)++;
    pane_text(cell, 0, 0, STYLE_NORMAL, ((const struct fruit *)row)->name);
}

static void draw_weight(void *context, const void *row, struct pane cell)
{
    char text[16];
    (void)context;
    snprintf(text, sizeof text, "%d", ((const struct fruit *)row)->weight);
    pane_text_right(cell, 0, STYLE_NORMAL, text);
}

static void match_text(void *context, const void *row, char *ret_text, size_t size)
{
    (void)context;
    snprintf(ret_text, size, "%s", ((const struct fruit *)row)->name);
}

static const struct table_column columns[] = {
    {.name = "name",
     .title = "Name",
     .width = 8,
     .stretch = 1,
     .compare = compare_names,
     .draw = draw_name},
    {.name = "weight",
     .title = "Weight",
     .width = 7,
     .priority = 1,
     .align = TABLE_RIGHT,
     .descending = true,
     .compare = compare_weights,
     .draw = draw_weight},
    {.name = "note", .title = "Note", .width = 6, .priority = 2, .draw = draw_weight},
};
static const struct table_class class = {.columns = columns,
                                         .column_count = 3,
                                         .row_size = sizeof(struct fruit),
                                         .match_text = match_text,
                                         .sort_column = -1,
                                         .marks = true};

static struct fruit fruits[] = {
    {11, "pear", 3}, {12, "Äpfel", 9}, {13, "fig", 1}, {14, "plum", 2}, {15, "grape", 5}};

struct scene {
    struct canvas *canvas;
    struct table *table;
    int drawn;
};

static void scene_open(struct scene *scene, int width, int height)
{
    scene->drawn = 0;
    scene->canvas = canvas_new(width, height, false);
    scene->table = table_new(&class, &scene->drawn);
    table_set_rows(scene->table, fruits, 5);
    table_draw(scene->table, pane_of(scene->canvas), true);
}

static void scene_close(struct scene *scene)
{
    table_free(scene->table);
    canvas_free(scene->canvas);
}

static void press(struct scene *scene, enum action action)
{
    ck_assert(table_act(scene->table, action));
}

START_TEST(columns_leave_by_priority_and_the_name_takes_the_rest)
{
    static const struct {
        int width, expected[3];
    } cases[] = {{30, {14, 7, 6}}, {24, {8, 7, 6}}, {23, {14, 7, 0}}, {17, {8, 7, 0}},
                 {16, {15, 0, 0}}, {9, {8, 0, 0}},  {5, {4, 0, 0}},   {0, {1, 0, 0}}};
    struct table_layout layout;
    table_layout_init(&class, &layout);
    for (size_t i = 0; i < sizeof cases / sizeof *cases; i++) {
        struct table_fit fit;
        table_fit(&class, &layout, cases[i].width, &fit);
        for (int c = 0; c < 3; c++)
            ck_assert_int_eq(fit.width[c], cases[i].expected[c]);
    }
}
END_TEST

START_TEST(a_luxury_waits_until_wishes_are_granted)
{
    static const struct table_column wishing[] = {
        {.title = "Name", .width = 8, .wish = 12, .stretch = 1, .draw = draw_name},
        {.title = "Note", .width = 6, .luxury = true, .priority = 1, .draw = draw_weight},
    };
    static const struct table_class wishes = {.columns = wishing,
                                              .column_count = 2,
                                              .row_size = sizeof(struct fruit),
                                              .sort_column = -1};
    struct table_layout layout;
    struct table_fit fit;
    table_layout_init(&wishes, &layout);
    table_fit(&wishes, &layout, 18, &fit);
    ck_assert_int_eq(fit.width[0], 18);
    ck_assert_int_eq(fit.width[1], 0);
    table_fit(&wishes, &layout, 19, &fit);
    ck_assert_int_eq(fit.width[0], 12);
    ck_assert_int_eq(fit.width[1], 6);
}
END_TEST

START_TEST(the_least_of_the_luxuries_goes_first_and_the_last_needs_no_wish)
{
    static const struct table_column wishing[] = {
        {.title = "Name", .width = 8, .wish = 10, .draw = draw_name},
        {.title = "Why", .width = 6, .wish = 9, .luxury = true, .priority = 1},
        {.title = "Goal", .width = 4, .luxury = true, .priority = 2},
    };
    static const struct {
        int width;
        bool why, goal;
    } cases[] = {
        {16, false, false}, {17, true, false}, {24, true, false}, {25, true, true}};
    static const struct table_class wishes = {.columns = wishing, .column_count = 3};
    struct table_layout layout;
    struct table_fit fit;
    table_layout_init(&wishes, &layout);
    for (size_t i = 0; i < sizeof cases / sizeof *cases; i++) {
        table_fit(&wishes, &layout, cases[i].width, &fit);
        ck_assert_int_eq(fit.width[1] > 0, cases[i].why);
        ck_assert_int_eq(fit.width[2] > 0, cases[i].goal);
    }
}
END_TEST

START_TEST(the_cursor_stays_with_its_row_when_rows_move)
{
    struct scene scene;
    scene_open(&scene, 30, 10);
    press(&scene, ACTION_DOWN);
    press(&scene, ACTION_DOWN);
    ck_assert_uint_eq(table_current_id(scene.table), 13);
    table_set_sort(scene.table, 1, true);
    ck_assert_uint_eq(table_current_id(scene.table), 13);
    ck_assert_uint_eq(*(const uint64_t *)table_at(scene.table, 0), 12);
    ck_assert_uint_eq(*(const uint64_t *)table_at(scene.table, 4), 13);
    /* given its row goes, the one in its place has the cursor */
    struct fruit fewer[] = {fruits[0], fruits[1], fruits[3], fruits[4]};
    table_set_rows(scene.table, fewer, 4);
    ck_assert_uint_eq(table_current_id(scene.table), 14);
    table_set_rows(scene.table, fewer, 0);
    ck_assert_ptr_null(table_current(scene.table));
    press(&scene, ACTION_DOWN);
    press(&scene, ACTION_FIND_NEXT);
    press(&scene, ACTION_MARK);
    ck_assert_uint_eq(table_current_id(scene.table), 0);
    scene_close(&scene);
}
END_TEST

START_TEST(the_filter_ignores_case_and_find_goes_on_after_it)
{
    struct scene scene;
    scene_open(&scene, 30, 10);
    table_set_filter(scene.table, "P");
    ck_assert_uint_eq(table_visible_count(scene.table), 4); /* pear Äpfel plum grape */
    table_set_filter(scene.table, "pl");
    ck_assert_uint_eq(table_visible_count(scene.table), 1);
    table_set_filter(scene.table, "");
    ck_assert_uint_eq(table_visible_count(scene.table), 5);
    press(&scene, ACTION_FIRST);
    press(&scene, ACTION_FIND_NEXT);
    ck_assert_uint_eq(table_current_id(scene.table), 14);
    press(&scene, ACTION_FIND_PREVIOUS);
    ck_assert_uint_eq(table_current_id(scene.table), 14);
    scene_close(&scene);
}
END_TEST

START_TEST(marks_follow_their_rows_and_go_with_them)
{
    struct scene scene;
    scene_open(&scene, 30, 10);
    press(&scene, ACTION_MARK);
    press(&scene, ACTION_DOWN);
    press(&scene, ACTION_MARK_RANGE);
    press(&scene, ACTION_LAST);
    ck_assert_uint_eq(table_marked_count(scene.table), 4);
    ck_assert(!table_is_marked(scene.table, 12));
    table_set_rows(scene.table, fruits, 3);
    ck_assert_uint_eq(table_marked_count(scene.table), 2);
    press(&scene, ACTION_UNMARK_ALL);
    ck_assert_uint_eq(table_marked_count(scene.table), 0);
    press(&scene, ACTION_MARK_ALL);
    ck_assert_uint_eq(table_marked_count(scene.table), 3);
    scene_close(&scene);
}
END_TEST

START_TEST(only_visible_rows_are_painted_and_scrolling_keeps_the_cursor_in)
{
    enum { MANY = 10000 };
    static struct fruit many[MANY];
    static char names[MANY][16];
    struct scene scene;
    for (uint32_t i = 0; i < MANY; i++) {
        snprintf(names[i], sizeof names[i], "row %u", i);
        many[i] = (struct fruit){i + 1, names[i], (int)(i * 7919 % MANY)};
    }
    scene_open(&scene, 30, 11);
    table_set_rows(scene.table, many, MANY);
    press(&scene, ACTION_LAST);
    scene.drawn = 0;
    canvas_clear(scene.canvas);
    table_draw(scene.table, pane_of(scene.canvas), true);
    ck_assert_int_eq(scene.drawn, 10);
    ck_assert_ptr_nonnull(strstr(row_text(scene.canvas, 10), "row 9999"));
    ck_assert_uint_eq(canvas_cell(scene.canvas, 0, 10)->style & STYLE_CURSOR,
                      STYLE_CURSOR);
    press(&scene, ACTION_PAGE_UP);
    ck_assert_uint_eq(table_current_id(scene.table), MANY - 9);
    /* when the pane shrinks, the cursor's row is still in it */
    canvas_clear(scene.canvas);
    table_draw(scene.table, pane_part(pane_of(scene.canvas), 0, 0, 30, 4), true);
    table_draw(scene.table, pane_part(pane_of(scene.canvas), 0, 0, 30, 1), true);
    ck_assert_ptr_nonnull(strstr(row_text(scene.canvas, 0), "row 9990"));
    scene_close(&scene);
}
END_TEST

enum { ROWS = 10000, CHANGES = 5 };

static bool has_light_weight(void *context, const void *row)
{
    (void)context;
    return ((const struct fruit *)row)->weight < ROWS / 2;
}

/* Whether TABLE shows what one that looks at all rows does. */
static void expect_same_order(const struct table *table, const struct fruit *rows)
{
    struct scene other;
    scene_open(&other, 30, 11);
    table_set_predicate(other.table,
                        table_visible_count(table) < ROWS ? has_light_weight : NULL);
    table_set_sort(other.table, table_sort_column(table), table_sort_descending(table));
    table_set_rows(other.table, rows, ROWS);
    ck_assert_uint_eq(table_visible_count(table), table_visible_count(other.table));
    for (uint32_t at = 0; at < table_visible_count(table); at++)
        ck_assert_ptr_eq(table_at(table, at), table_at(other.table, at));
    scene_close(&other);
}

static const struct {
    int column;
    bool descending, filtered;
} orders[] = {{-1, false, false}, {-1, true, false}, {1, false, false},
              {1, true, false},   {1, true, true},   {-1, false, true}};

/* C23: of ten thousand rows a few change, and cost what a few cost. */
START_TEST(rows_that_changed_go_where_they_belong_and_cost_little)
{
    static struct fruit many[ROWS];
    struct scene scene;
    for (uint32_t i = 0; i < ROWS; i++)
        many[i] = (struct fruit){i + 1, "x", (int)(i * 7919 % ROWS)};
    scene_open(&scene, 30, 11);
    if (orders[_i].filtered)
        table_set_predicate(scene.table, has_light_weight);
    table_set_sort(scene.table, orders[_i].column, orders[_i].descending);
    table_set_rows(scene.table, many, ROWS);
    for (uint32_t round = 0; round < 20; round++) {
        uint32_t changed[CHANGES + 1];
        const uint64_t current = table_current_id(scene.table);
        for (uint32_t i = 0; i < CHANGES; i++) {
            changed[i] = (round * 4001 + i * 1999) % ROWS;
            many[changed[i]].weight = (int)((round * 31 + i * 6007) % ROWS);
        }
        changed[CHANGES] = changed[0]; /* named twice */
        comparisons = 0;
        table_rows_changed(scene.table, changed, CHANGES + 1);
        ck_assert_int_le(comparisons, CHANGES * 15);
        if (!orders[_i].filtered)
            ck_assert_uint_eq(table_current_id(scene.table), current);
        expect_same_order(scene.table, many);
    }
    scene_close(&scene);
}
END_TEST

START_TEST(headings_name_the_sorting_and_sort_when_clicked)
{
    struct scene scene;
    scene_open(&scene, 30, 10);
    ck_assert(table_click(scene.table, 18, 0));
    ck_assert_int_eq(table_sort_column(scene.table), 1);
    ck_assert(table_sort_descending(scene.table));
    table_draw(scene.table, pane_of(scene.canvas), true);
    ck_assert_ptr_nonnull(strstr(row_text(scene.canvas, 0), "▼"));
    ck_assert(table_click(scene.table, 18, 0));
    ck_assert(!table_sort_descending(scene.table));
    ck_assert(!table_click(scene.table, 26, 0)); /* Note cannot be sorted by */
    ck_assert(table_click(scene.table, 3, 2));
    ck_assert_uint_eq(table_current_id(scene.table), 14);
    ck_assert(!table_click(scene.table, 3, 9));
    press(&scene, ACTION_SORT_RIGHT);
    ck_assert_int_eq(table_sort_column(scene.table), -1);
    press(&scene, ACTION_SORT_REVERSE);
    ck_assert_uint_eq(*(const uint64_t *)table_at(scene.table, 0), 15);
    check_rows(scene.canvas);
    scene_close(&scene);
}
END_TEST

START_TEST(columns_can_be_hidden_moved_and_made_wider)
{
    struct table_layout layout;
    struct table_fit fit;
    table_layout_init(&class, &layout);
    layout.at[0] = 2; /* Note Name Weight */
    layout.at[1] = 0;
    layout.at[2] = 1;
    layout.extra[2] = 3;
    table_fit(&class, &layout, 30, &fit);
    ck_assert_int_eq(fit.x[2], 1);
    ck_assert_int_eq(fit.width[2], 9);
    ck_assert_int_eq(fit.x[0], 11);
    ck_assert_int_eq(fit.width[0], 11);
    ck_assert_int_eq(fit.x[1], 23);
    layout.hidden[1] = true;
    table_fit(&class, &layout, 30, &fit);
    ck_assert_int_eq(fit.width[1], 0);
    ck_assert_int_eq(fit.width[0], 19);
    layout.extra[2] = TABLE_EXTRA_MIN; /* a cell is the least */
    table_fit(&class, &layout, 30, &fit);
    ck_assert_int_eq(fit.width[2], 1);
}
END_TEST

START_TEST(sorting_by_the_next_column_goes_as_they_stand)
{
    struct scene scene;
    struct table_layout layout;
    scene_open(&scene, 30, 10);
    table_layout_init(&class, &layout);
    layout.at[0] = 1; /* Weight Name Note */
    layout.at[1] = 0;
    table_set_layout(scene.table, &layout);
    press(&scene, ACTION_SORT_RIGHT);
    ck_assert_int_eq(table_sort_column(scene.table), 1);
    press(&scene, ACTION_SORT_RIGHT);
    ck_assert_int_eq(table_sort_column(scene.table), 0);
    layout.hidden[1] = true;
    table_set_layout(scene.table, &layout);
    press(&scene, ACTION_SORT_LEFT);
    ck_assert_int_eq(table_sort_column(scene.table), -1);
    scene_close(&scene);
}
END_TEST

START_TEST(a_look_is_written_and_read)
{
    struct scene scene;
    char text[TABLE_TEXT_SIZE];
    scene_open(&scene, 30, 10);
    table_write_look(scene.table, text);
    ck_assert_str_eq(text, "sort= columns=name,weight,note");
    table_read_look(scene.table, "sort=-weight columns=note:-2,!weight,name:12");
    table_write_look(scene.table, text);
    ck_assert_str_eq(text, "sort=-weight columns=note:-2,!weight,name:12");
    ck_assert_int_eq(table_sort_column(scene.table), 1);
    ck_assert(table_sort_descending(scene.table));
    scene_close(&scene);
}
END_TEST

/* It is from another version, or from anybody. */
START_TEST(what_is_odd_in_a_look_is_passed_over)
{
    static const struct {
        const char *text, *wanted;
    } cases[] = {
        {"", "sort= columns=name,weight,note"},
        {"columns=", "sort= columns=name,weight,note"},
        {"columns=size,note,note,,:4", "sort= columns=note,name,weight"},
        {"columns=!name,weight:1000,note:x", "sort= columns=name,weight,note"},
        {"sort=note  gone=1 columns", "sort= columns=name,weight,note"},
        {"sort=- columns=weight", "sort=- columns=weight,name,note"},
    };
    for (size_t i = 0; i < sizeof cases / sizeof *cases; i++) {
        struct scene scene;
        char text[TABLE_TEXT_SIZE];
        scene_open(&scene, 30, 10);
        table_read_look(scene.table, cases[i].text);
        table_write_look(scene.table, text);
        ck_assert_str_eq(text, cases[i].wanted);
        scene_close(&scene);
    }
}
END_TEST

Suite *test_table_suite(void)
{
    Suite *suite = suite_create("table");
    TCase *tests = tcase_create("table");
    tcase_add_test(tests, columns_leave_by_priority_and_the_name_takes_the_rest);
    tcase_add_test(tests, a_luxury_waits_until_wishes_are_granted);
    tcase_add_test(tests,
                   the_least_of_the_luxuries_goes_first_and_the_last_needs_no_wish);
    tcase_add_test(tests, the_cursor_stays_with_its_row_when_rows_move);
    tcase_add_test(tests, the_filter_ignores_case_and_find_goes_on_after_it);
    tcase_add_test(tests, marks_follow_their_rows_and_go_with_them);
    tcase_add_loop_test(tests, rows_that_changed_go_where_they_belong_and_cost_little, 0,
                        (int)(sizeof orders / sizeof *orders));
    tcase_add_test(tests,
                   only_visible_rows_are_painted_and_scrolling_keeps_the_cursor_in);
    tcase_add_test(tests, headings_name_the_sorting_and_sort_when_clicked);
    tcase_add_test(tests, columns_can_be_hidden_moved_and_made_wider);
    tcase_add_test(tests, sorting_by_the_next_column_goes_as_they_stand);
    tcase_add_test(tests, a_look_is_written_and_read);
    tcase_add_test(tests, what_is_odd_in_a_look_is_passed_over);
    suite_add_tcase(suite, tests);
    return suite;
}
