/* SPDX-License-Identifier: MIT */
/*
 * crash/text.h - text that grows.
 *
 * Model: a buffer that is always a string. Running out of memory is remembered, not reported at each step: the
 * text then takes no more and text_done() gives NULL.
 */
#ifndef CRASH_TEXT_H
#define CRASH_TEXT_H

#include <stdarg.h>
#include <stdbool.h>
#include <stddef.h>

struct text {
    char *s;
    size_t len, room;
    bool failed;
};

void text_add(struct text *t, const char *format, ...) __attribute__((format(printf, 2, 3)));
void text_add_v(struct text *t, const char *format, va_list args);
void text_put(struct text *t, const char *s);
/* Words broken at `width` columns; every line begins with indent. Ends with a newline. */
void text_wrap(struct text *t, const char *indent, unsigned width, const char *words);
/* The string, now the caller's (free it); NULL if memory ran out. The text is empty afterwards. */
char *text_done(struct text *t);
void text_drop(struct text *t);

#endif
