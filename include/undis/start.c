/* SPDX-License-Identifier: MIT */
/*
 * undis/start.c - what a program built by `undis cc --program` begins with, and the functions that compilers call by
 * themselves. It is compiled with each such program.
 */
#include <undis/undis.h>

int main(int argc, char **argv);
void mainCRTStartup(void);
void __main(void);

void
mainCRTStartup(void)
{
    static char name[] = "program";
    static char *argv[] = { name, NULL };

    ExitProcess((DWORD)main(1, argv));
}

/* mingw gcc calls it at the start of main(), for constructors. */
void
__main(void)
{
}

void *
memcpy(void *to, const void *from, size_t size)
{
    void *at = to;

    __asm__ volatile("rep movsb" : "+D"(at), "+S"(from), "+c"(size) : : "memory");
    return to;
}

void *
memset(void *to, int byte, size_t size)
{
    void *at = to;

    __asm__ volatile("rep stosb" : "+D"(at), "+c"(size) : "a"(byte) : "memory");
    return to;
}

void *
memmove(void *to, const void *from, size_t size)
{
    unsigned char *d = to;
    const unsigned char *s = from;

    if (d <= s)
        return memcpy(to, from, size);
    for (volatile unsigned char *at = d + size; size > 0; size--)
        *--at = s[size - 1];
    return to;
}

int
memcmp(const void *a, const void *b, size_t size)
{
    const volatile unsigned char *x = a, *y = b;

    for (; size > 0; size--, x++, y++)
        if (*x != *y)
            return *x < *y ? -1 : 1;
    return 0;
}

size_t
strlen(const char *text)
{
    const volatile char *at = text;

    while (*at)
        at++;
    return (size_t)(at - text);
}
