#include "ui/graph.h"

uint64_t graph_scale(uint64_t value)
{
    static const unsigned steps[] = {1, 2, 5, 10, 20, 50, 100, 200, 500};
    for (uint64_t unit = 1; unit <= UINT64_MAX / 1024; unit *= 1024)
        for (size_t i = 0; i < sizeof steps / sizeof *steps; i++)
            if (value <= steps[i] * unit)
                return steps[i] * unit;
    return UINT64_MAX;
}

uint64_t graph_column(const uint32_t *samples, uint32_t count, uint32_t span,
                      uint32_t columns, uint32_t at)
{
    if (columns == 0 || span == 0 || at >= columns)
        return 0;
    /* Ages in seconds, 0 the newest: a column covers [begin, end) of them. */
    const uint64_t from_right = columns - 1 - at;
    const uint64_t begin = from_right * span / columns;
    uint64_t end = (from_right + 1) * span / columns;
    uint64_t sum = 0;
    if (end <= begin)
        end = begin + 1;
    for (uint64_t age = begin; age < end && age < count; age++)
        sum += samples[count - 1 - age];
    return sum / (end - begin);
}

/* VALUE of SCALE in PARTS, rounded up: whatever there is can be seen. */
static unsigned parts_of(uint64_t value, uint64_t scale, unsigned parts)
{
    if (value == 0 || scale == 0)
        return 0;
    if (value >= scale)
        return parts;
    const double exact = (double)value / (double)scale * parts;
    const unsigned whole = (unsigned)exact;
    return (double)whole < exact ? whole + 1 : whole;
}

void graph_line(struct pane pane, int y, uint16_t style, const uint32_t *samples,
                uint32_t count, uint32_t span)
{
    const uint32_t columns = pane.width > 0 ? (uint32_t)pane.width : 0;
    uint64_t most = 0;
    for (uint32_t x = 0; x < columns; x++) {
        const uint64_t value = graph_column(samples, count, span, columns, x);
        most = value > most ? value : most;
    }
    for (uint32_t x = 0; x < columns; x++)
        pane_column(pane, (int)x, y, style,
                    parts_of(graph_column(samples, count, span, columns, x), most, 8));
}

/* ---- areas ---- */

/* The bits of a braille cell, by column and by row from the top. */
static const uint8_t dots[2][4] = {{1 << 0, 1 << 1, 1 << 2, 1 << 6},
                                   {1 << 3, 1 << 4, 1 << 5, 1 << 7}};

/* The dots of one column in the cell whose nearest row to the base is FROM_BASE * 4. */
static uint8_t column_dots(unsigned column, unsigned height, unsigned from_base,
                           bool hanging)
{
    uint8_t bits = 0;
    for (unsigned row = 0; row < 4; row++)
        if (from_base * 4 + row < height)
            bits = (uint8_t)(bits | dots[column][hanging ? row : 3 - row]);
    return bits;
}

static void draw_column(struct pane pane, const struct graph_area *area, int x,
                        const unsigned heights[2])
{
    for (int row = 0; row < pane.height; row++) {
        const int y = area->hanging ? row : pane.height - 1 - row;
        const uint8_t bits = column_dots(0, heights[0], (unsigned)row, area->hanging) |
                             column_dots(1, heights[1], (unsigned)row, area->hanging);
        if (bits == 0)
            break;
        pane_braille(pane, x, y, area->style, bits);
    }
}

static void draw_limit(struct pane pane, const struct graph_area *area)
{
    if (area->limit == 0 || area->limit > area->scale)
        return;
    const int rows = (int)parts_of(area->limit, area->scale, (unsigned)pane.height);
    const int y = area->hanging ? rows - 1 : pane.height - rows;
    for (int x = 0; x < pane.width; x++)
        pane_glyph(pane, x, y, area->limit_style, GLYPH_RULE);
}

void graph_area(struct pane pane, const struct graph_area *area)
{
    if (pane_is_empty(pane))
        return;
    const uint32_t columns = (uint32_t)pane.width * 2;
    const unsigned full = (unsigned)pane.height * 4;
    draw_limit(pane, area);
    for (int x = 0; x < pane.width; x++) {
        unsigned heights[2];
        for (unsigned i = 0; i < 2; i++)
            heights[i] = parts_of(graph_column(area->samples, area->count, area->span,
                                               columns, (uint32_t)x * 2 + i),
                                  area->scale, full);
        draw_column(pane, area, x, heights);
    }
}
