/* SPDX-License-Identifier: Apache-2.0 */
#include "ctl/watch.h"

#include <stdarg.h>
#include <stdlib.h>
#include <string.h>

#include "core/quantity.h"
#include "ctl/document.h"

#define STALE_MS      (INT64_C(5) * 60 * 1000) /* older is dim */
#define LINE_OCTETS   1024
#define SPARK_COLUMNS 12 /* fewer are not worth drawing */

/* One line of the screen: what does not fit is cut, and nothing in it can move the cursor. */
struct line {
    const struct ward_watch_screen *screen;
    char text[LINE_OCTETS];
    size_t length, columns;
};

static size_t octets_of(unsigned char first)
{
    return first < 0x80 ? 1 : first >= 0xF0 ? 4 : first >= 0xE0 ? 3 : 2;
}

/* A letter that the screen does not have, or that moves the cursor (C0, DEL, C1), is a question mark, one column wide. */
static void put_letter(struct line *line, const char *letter, size_t octets)
{
    const unsigned char first = (unsigned char)*letter;
    const bool is_c1 = octets == 2 && first == 0xC2 && (unsigned char)letter[1] < 0xA0;
    const bool shown = first >= 0x20 && first != 0x7F && !is_c1 && (first < 0x80 || line->screen->utf8);

    if (line->columns >= line->screen->width || line->length + octets + 16 >= LINE_OCTETS)
        return;
    memcpy(line->text + line->length, shown ? letter : "?", shown ? octets : 1);
    line->length += shown ? octets : 1;
    line->columns++;
}

static void put_text(struct line *line, const char *text)
{
    while (*text != '\0') {
        size_t octets = octets_of((unsigned char)*text);

        if (strnlen(text, octets) < octets)
            octets = 1;
        put_letter(line, text, octets);
        text += octets;
    }
}

static void put(struct line *line, const char *format, ...) __attribute__((format(printf, 2, 3)));
static void put(struct line *line, const char *format, ...)
{
    char text[LINE_OCTETS / 2];
    va_list arguments;

    va_start(arguments, format);
    vsnprintf(text, sizeof(text), format, arguments);
    va_end(arguments);
    put_text(line, text);
}

static void pad_to(struct line *line, size_t column)
{
    do
        put_letter(line, " ", 1);
    while (line->columns < column && line->columns < line->screen->width);
}

static void colour(struct line *line, const char *code)
{
    if (line->screen->colour && line->length + 16 < LINE_OCTETS)
        line->length += (size_t)snprintf(line->text + line->length, 16, "\033[%sm", code);
}

static void end_line(struct line *line, const char *end, FILE *stream)
{
    fwrite(line->text, 1, line->length, stream);
    fputs(end, stream);
    *line = (struct line){.screen = line->screen};
}

/* --- the parts --------------------------------------------------------------------------------------------------- */

void ward_watch_spark(const double *values, size_t count, size_t width, bool utf8, FILE *stream)
{
    static const char *const blocks[] = {"▁", "▂", "▃", "▄", "▅", "▆", "▇", "█"};
    static const char *const ascii[] = {"_", ".", ",", "-", "=", "+", "*", "#"};
    const size_t levels = sizeof(blocks) / sizeof(blocks[0]);
    const size_t first = count > width ? count - width : 0;
    double low, high;

    if (count == 0)
        return;
    low = high = values[first];
    for (size_t i = first; i < count; i++) {
        low = values[i] < low ? values[i] : low;
        high = values[i] > high ? values[i] : high;
    }
    for (size_t i = first; i < count; i++) {
        size_t level =
            high > low ? (size_t)((values[i] - low) / (high - low) * (double)(levels - 1) + 0.5) : levels / 2;

        fputs(utf8 ? blocks[level] : ascii[level], stream);
    }
}

static void put_spark(struct line *line, const struct ward_watch_row *row, size_t width)
{
    char *text = NULL;
    size_t length;
    FILE *stream = open_memstream(&text, &length);

    if (stream == NULL)
        return;
    ward_watch_spark(row->trace, row->count, width, line->screen->utf8, stream);
    if (fclose(stream) == 0)
        put_text(line, text);
    free(text);
}

static int64_t age_ms(const struct ward_watch_row *row, const struct ward_watch_now *now)
{
    const int64_t age =
        row->utc_ms != INT64_MIN ? now->utc_ms - row->utc_ms : now->boot_ms - row->arrived_boot_ms;

    /* The gateway carries UTC on by its own clock: a moment ahead is now. */
    return age < 0 && age > -2000 ? 0 : age;
}

static void draw_row(struct line *line, const struct ward_watch_row *row, const struct ward_watch_now *now)
{
    const struct ward_quantity_info *info = ward_quantity_info((uint8_t)ward_quantity_by_name(row->quantity));
    const bool valid = strcmp(row->quality, "valid") == 0;
    const int64_t age = age_ms(row, now);
    const size_t width = line->screen->width;

    put(line, " %s", row->patient);
    pad_to(line, 12);
    put(line, "%s", info->label[0] != '\0' ? info->label : row->quantity);
    pad_to(line, 28);
    colour(line, !valid ? "33" : age > STALE_MS ? "2" : "1");
    put(line, "%s", row->value);
    colour(line, "0");
    pad_to(line, 42);
    put(line, "%s ago", ward_document_duration((double)age / 1000.0).text);
    pad_to(line, 54);
    if (!valid)
        put(line, "%s%s%s", row->quality, row->why[0] != '\0' ? ": " : "", row->why);
    else if (width >= line->columns + SPARK_COLUMNS)
        put_spark(line, row, width - line->columns - 1);
}

static void draw_head(struct line *line, const json_t *status)
{
    const char *monitoring = ward_document_text(status, "monitoring");

    if (status == NULL) {
        colour(line, "1;31");
        put(line, "The daemon does not answer: nobody knows whether anybody is monitored");
        colour(line, "0");
        return;
    }
    put(line, "Wardgate %s: ", ward_document_text(status, "gateway"));
    colour(line, strcmp(monitoring, "full") == 0 ? "1;32" : "1;31");
    put(line, "monitoring %s", *monitoring != '\0' ? monitoring : "not known");
    colour(line, "0");
    if (json_array_size(json_object_get(status, "reasons")) > 0)
        put(line, " (%s)", ward_document_member(status, "reasons").text);
    put(line, "; ward link %s",
        json_is_true(json_object_get(json_object_get(status, "link"), "up")) ? "up" : "DOWN");
}

/* What comes first, and its colour. As the lights are: IEC 60601-1-8 has red for high, yellow for medium, cyan for low. */
static const char *const colours[] = {"1;31", "1;33", "36"};

#define RANKS (sizeof(colours) / sizeof(colours[0]))

/* What is not known is no less than high. */
static size_t rank_of(const json_t *condition)
{
    const char *priority = ward_document_text(condition, "priority");

    return strcmp(priority, "low") == 0 ? 2 : strcmp(priority, "medium") == 0 ? 1 : 0;
}

static void draw_alarm(struct line *line, const json_t *patient, const json_t *condition)
{
    const char *text = ward_document_text(condition, "text");

    colour(line, colours[rank_of(condition)]);
    put(line, " %s  %s, %s, %s", ward_document_text(patient, "patient"),
        ward_document_text(condition, "condition"), ward_document_text(condition, "priority"),
        ward_document_text(condition, "state"));
    if (*text != '\0')
        put(line, ": %s", text);
    colour(line, "0");
}

/* The lines there are, those that were drawn, and the alarms that none was left for. */
struct alarms {
    size_t most, drawn, more;
};

/* Those of one rank, of all who are watched. */
static void draw_rank(const struct ward_watch *watch, size_t rank, struct alarms *alarms, struct line *line,
                      const char *end, FILE *stream)
{
    const json_t *patient, *condition;
    size_t at, inner;

    json_array_foreach(json_object_get(watch->status, "patients"), at, patient)
    {
        if (watch->patient != NULL && strcmp(watch->patient, ward_document_text(patient, "patient")) != 0)
            continue;
        json_array_foreach(json_object_get(patient, "conditions"), inner, condition)
        {
            if (rank_of(condition) != rank)
                continue;
            if (alarms->drawn + 1 >= alarms->most) {
                alarms->more++;
                continue;
            }
            draw_alarm(line, patient, condition);
            end_line(line, end, stream);
            alarms->drawn++;
        }
    }
}

/*
 * The highest first: what no line is left for is no more urgent than what has one. Returns how many lines it took; of the last one
 * says how many alarms it stands for.
 */
static size_t draw_alarms(const struct ward_watch *watch, struct line *line, size_t most, const char *end,
                          FILE *stream)
{
    struct alarms alarms = {.most = most};

    for (size_t rank = 0; rank < RANKS; rank++)
        draw_rank(watch, rank, &alarms, line, end, stream);
    if (alarms.more > 0)
        put(line, " and %zu more alarms: wardctl alarms", alarms.more);
    else if (alarms.drawn == 0)
        put(line, watch->status != NULL ? " no alarm is present" : " which alarms are present is not known");
    else
        return alarms.drawn;
    end_line(line, end, stream);
    return alarms.drawn + 1;
}

void ward_watch_draw(const struct ward_watch *watch, const struct ward_watch_now *now,
                     const struct ward_watch_screen *screen, const char *end, FILE *stream)
{
    struct line line = {.screen = screen};
    size_t used = 2, rows;

    draw_head(&line, watch->status);
    end_line(&line, end, stream);
    used += draw_alarms(watch, &line, screen->height > 8 ? screen->height / 3 : 2, end, stream);
    end_line(&line, end, stream);
    rows = screen->height > used + 1 ? screen->height - used - 1 : 0;
    if (watch->count == 0 && rows > 0) {
        put(&line, " No value yet.");
        end_line(&line, end, stream);
    }
    for (size_t i = 0; i < watch->count && i < rows; i++) {
        draw_row(&line, &watch->rows[i], now);
        end_line(&line, end, stream);
    }
    if (watch->count > rows || watch->left_out > 0)
        put(&line, " More rows than fit. q ends.");
    else
        put(&line, " q ends.");
    end_line(&line, "", stream);
}
