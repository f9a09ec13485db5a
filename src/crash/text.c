/* SPDX-License-Identifier: MIT */
/*
 * crash/text.c - text that grows.
 */
#include "crash/text.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>

static bool
text_reserve(struct text *t, size_t more)
{
    size_t room = t->room ? t->room : 1024;
    char *s;

    if (t->failed)
        return false;
    while (room < t->len + more + 1)
        room *= 2;
    if (room != t->room) {
        s = realloc(t->s, room);
        if (s == NULL) {
            t->failed = true;
            return false;
        }
        t->s = s;
        t->room = room;
    }
    return true;
}

void
text_add_v(struct text *t, const char *format, va_list args)
{
    va_list again;
    int need;

    va_copy(again, args);
    need = vsnprintf(NULL, 0, format, again);
    va_end(again);
    if (need < 0 || !text_reserve(t, (size_t)need))
        return;
    vsnprintf(t->s + t->len, (size_t)need + 1, format, args);
    t->len += (size_t)need;
}

void
text_add(struct text *t, const char *format, ...)
{
    va_list args;

    va_start(args, format);
    text_add_v(t, format, args);
    va_end(args);
}

void
text_put(struct text *t, const char *s)
{
    size_t len = strlen(s);

    if (!text_reserve(t, len))
        return;
    memcpy(t->s + t->len, s, len + 1);
    t->len += len;
}

void
text_wrap(struct text *t, const char *indent, unsigned width, const char *words)
{
    size_t column = 0;

    while (*words) {
        size_t len = strcspn(words, " \n");

        if (len > 0) {
            if (column > 0 && column + 1 + len > width) {
                text_put(t, "\n");
                column = 0;
            }
            text_put(t, column == 0 ? indent : " ");
            column += column == 0 ? strlen(indent) : 1;
            text_add(t, "%.*s", (int)len, words);
            column += len;
        }
        words += len;
        if (*words == '\n' && column > 0) {
            text_put(t, "\n");
            column = 0;
        }
        words += *words != 0;
    }
    if (column > 0)
        text_put(t, "\n");
}

char *
text_done(struct text *t)
{
    char *s;

    if (!text_reserve(t, 0)) {
        text_drop(t);
        return NULL;
    }
    if (t->len == 0)
        t->s[0] = 0;
    s = t->s;
    *t = (struct text){ 0 };
    return s;
}

void
text_drop(struct text *t)
{
    free(t->s);
    *t = (struct text){ 0 };
}
