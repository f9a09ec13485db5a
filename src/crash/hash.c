/* SPDX-License-Identifier: MIT */
/*
 * crash/hash.c - FAILURE_ID_HASH and THREAD_SHA1_HASH_*.
 *
 * Model: the failure hash depends on the bucket's text alone, so one bug has one GUID on every machine and in
 * every build, here as in WinDbg. Version and variant bits of the GUID are not set.
 */
#include "crash/hash.h"

#include <openssl/evp.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "base/str.h"
#include "base/utf.h"
#include "crash/finding.h"
#include "crash/text.h"

void
failure_hash(const char *text, char out[37])
{
    uint8_t d[EVP_MAX_MD_SIZE] = { 0 };
    unsigned digest_len = 0;
    size_t len = strlen(text);
    uint16_t *wide = calloc(len + 1, sizeof(*wide));

    out[0] = 0;
    if (wide == NULL)
        return;
    len = utf8_to_utf16(text, len, wide, len + 1);
    if (EVP_Digest(wide, len * 2, d, &digest_len, EVP_md5(), NULL) == 1)
        snprintf(out, 37, "%02x%02x%02x%02x-%02x%02x-%02x%02x-%02x%02x-%02x%02x%02x%02x%02x%02x", d[3], d[2], d[1],
                 d[0], d[5], d[4], d[7], d[6], d[8], d[9], d[10], d[11], d[12], d[13], d[14], d[15]);
    free(wide);
}

void
failure_hash_string(const char *bucket, char *out, size_t room)
{
    snprintf(out, room, "km:%s", bucket);
    for (; *out; out++)
        *out = str_lower(*out);
}

void
thread_hash(const struct finding_frame *frames, unsigned count, enum thread_hash kind, char out[41])
{
    uint8_t d[EVP_MAX_MD_SIZE] = { 0 };
    unsigned digest_len = 0;
    struct text names = { 0 };
    char *all;

    for (unsigned i = 0; i < count; i++) {
        const struct finding_frame *f = &frames[i];

        if (f->module[0] == 0)
            continue;
        text_put(&names, f->module);
        if (kind == THREAD_HASH_MOD)
            continue;
        if (f->function[0] != 0)
            text_add(&names, "!%s", f->function);
        if (kind == THREAD_HASH_MOD_FUNC_OFFSET || f->function[0] == 0)
            text_add(&names, "+%x", f->offset);
    }
    out[0] = 0;
    all = text_done(&names);
    if (all != NULL && EVP_Digest(all, strlen(all), d, &digest_len, EVP_sha1(), NULL) == 1)
        for (unsigned i = 0; i < 20; i++)
            snprintf(out + 2 * i, 3, "%02x", d[i]);
    free(all);
}
