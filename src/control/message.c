/* SPDX-License-Identifier: MIT */
/* control/message.c - see message.h. */
#include "control/message.h"

#include <stdbool.h>
#include <string.h>

#include "ddk/ntstatus.h"

enum message_kind
message_kind(const void *bytes, size_t length, size_t room)
{
    uint32_t magic = 0;

    if (length > room)
        return MESSAGE_TOO_LONG;
    if (length > 0 && *(const char *)bytes == '{')
        return MESSAGE_ADMIN;
    if (length == sizeof(struct undis_request))
        memcpy(&magic, bytes, sizeof(magic));
    return magic == UNDIS_MAGIC ? MESSAGE_PROGRAM : MESSAGE_NONSENSE;
}

static bool
in_window(uint32_t offset, uint32_t length)
{
    return length == 0 || (offset >= MESSAGE_WINDOW_FIRST && (uint64_t)offset + length <= UNDIS_WINDOW);
}

int32_t
message_check(const struct undis_request *q)
{
    if (q->op <= UNDIS_HELLO || q->op >= UNDIS_EVENT_TOLD || q->id == 0)
        return STATUS_INVALID_PARAMETER;
    if (!in_window(q->in_offset, q->in_length) || !in_window(q->out_offset, q->out_length))
        return STATUS_ACCESS_VIOLATION;
    if (q->op == UNDIS_OPEN && memchr(q->path, 0, sizeof(q->path)) == NULL)
        return STATUS_OBJECT_NAME_INVALID;
    return STATUS_SUCCESS;
}
