/* SPDX-License-Identifier: MIT */
/*
 * nt/cm/zwkey.c - ZwXxxKey: the registry by handles.
 *
 * Model: every information class is a fixed part followed by a name and perhaps data. The fixed part must fit, else
 * STATUS_BUFFER_TOO_SMALL; if the rest does not, what fits is written and the answer is STATUS_BUFFER_OVERFLOW
 * (documented). ResultLength is what the whole answer takes.
 */
#include "nt/cm/cm.h"

#include <string.h>

#include "nt/ke/ke.h"
#include "nt/ob/ob.h"

/* ------------------------------------------------------------------ opening */

static NTSTATUS
base_of(const OBJECT_ATTRIBUTES *oa, struct cm_key **base)
{
    *base = NULL;
    if (oa == NULL || oa->ObjectName == NULL)
        return STATUS_INVALID_PARAMETER;
    return oa->RootDirectory != NULL ? cm_key_of(oa->RootDirectory, base) : STATUS_SUCCESS;
}

/* Returns: STATUS_SUCCESS, _INVALID_HANDLE, _OBJECT_NAME_NOT_FOUND, _OBJECT_PATH_SYNTAX_BAD, _KEY_DELETED. */
NTSTATUS NTAPI
ZwOpenKey(PHANDLE KeyHandle, ACCESS_MASK DesiredAccess, POBJECT_ATTRIBUTES ObjectAttributes)
{
    struct cm_key *base, *key;
    NTSTATUS status = base_of(ObjectAttributes, &base);

    *KeyHandle = NULL;
    if (status != STATUS_SUCCESS)
        return status;
    if (ex_fault('eKmC'))
        return STATUS_INSUFFICIENT_RESOURCES;
    key = cm_find(base, ObjectAttributes->ObjectName);
    if (key == NULL)
        return base == NULL &&
                       (ObjectAttributes->ObjectName->Length == 0 || ObjectAttributes->ObjectName->Buffer[0] != '\\')
                   ? STATUS_OBJECT_PATH_SYNTAX_BAD
                   : STATUS_OBJECT_NAME_NOT_FOUND;
    return cm_handle(key, DesiredAccess, (ObjectAttributes->Attributes & OBJ_KERNEL_HANDLE) != 0, KeyHandle);
}

NTSTATUS NTAPI
ZwOpenKeyEx(PHANDLE KeyHandle, ACCESS_MASK DesiredAccess, POBJECT_ATTRIBUTES ObjectAttributes, ULONG OpenOptions)
{
    if (OpenOptions & ~(ULONG)(REG_OPTION_BACKUP_RESTORE | REG_OPTION_OPEN_LINK))
        return STATUS_INVALID_PARAMETER_4;
    return ZwOpenKey(KeyHandle, DesiredAccess, ObjectAttributes);
}

/*
 * ZwCreateKey - documented: opens or creates one key; the key above it must exist. Volatile and other keys are alike
 * here.
 */
NTSTATUS NTAPI
ZwCreateKey(PHANDLE KeyHandle, ACCESS_MASK DesiredAccess, POBJECT_ATTRIBUTES ObjectAttributes, ULONG TitleIndex,
            PUNICODE_STRING Class, ULONG CreateOptions, PULONG Disposition)
{
    struct cm_key *base, *key;
    UNICODE_STRING above;
    bool created = false;
    NTSTATUS status = base_of(ObjectAttributes, &base);

    (void)TitleIndex;
    (void)CreateOptions;
    *KeyHandle = NULL;
    if (status != STATUS_SUCCESS)
        return status;
    if (ex_fault('eKmC'))
        return STATUS_INSUFFICIENT_RESOURCES;
    above = *ObjectAttributes->ObjectName;
    while (above.Length > 0 && above.Buffer[above.Length / sizeof(WCHAR) - 1] == '\\')
        above.Length -= sizeof(WCHAR);
    while (above.Length > 0 && above.Buffer[above.Length / sizeof(WCHAR) - 1] != '\\')
        above.Length -= sizeof(WCHAR);
    if (above.Length > 0 && cm_find(base, &above) == NULL)
        return STATUS_OBJECT_NAME_NOT_FOUND;
    status = cm_make(base, ObjectAttributes->ObjectName, &key, &created);
    if (status != STATUS_SUCCESS)
        return status;
    if (created && Class != NULL && Class->Length != 0) {
        key->class_name.Buffer = heap_alloc(Class->Length, 'nMmC');
        if (key->class_name.Buffer != NULL) {
            memcpy(key->class_name.Buffer, Class->Buffer, Class->Length);
            key->class_name.Length = key->class_name.MaximumLength = Class->Length;
        }
    }
    if (Disposition != NULL)
        *Disposition = created ? REG_CREATED_NEW_KEY : REG_OPENED_EXISTING_KEY;
    return cm_handle(key, DesiredAccess, (ObjectAttributes->Attributes & OBJ_KERNEL_HANDLE) != 0, KeyHandle);
}

NTSTATUS NTAPI
ZwDeleteKey(HANDLE KeyHandle)
{
    struct cm_key *key;
    NTSTATUS status = cm_key_of(KeyHandle, &key);

    return status != STATUS_SUCCESS ? status : cm_key_delete(key);
}

/* There is no disk to write to. */
NTSTATUS NTAPI
ZwFlushKey(HANDLE KeyHandle)
{
    struct cm_key *key;

    return cm_key_of(KeyHandle, &key);
}

/* ------------------------------------------------------------------ answers */

/* An answer under construction: a fixed part of the caller's buffer, then a tail. */
struct answer {
    char *to;
    ULONG room;
    ULONG need;
    bool cut;
};

static void
put(struct answer *a, ULONG at, const void *from, ULONG len)
{
    ULONG n = at >= a->room ? 0 : len < a->room - at ? len : a->room - at;

    if (n != 0)
        memcpy(a->to + at, from, n);
    if (n < len)
        a->cut = true;
    if (at + len > a->need)
        a->need = at + len;
}

static NTSTATUS
done(const struct answer *a, ULONG fixed, PULONG result_length)
{
    *result_length = a->need;
    if (a->room < fixed)
        return STATUS_BUFFER_TOO_SMALL;
    return a->cut ? STATUS_BUFFER_OVERFLOW : STATUS_SUCCESS;
}

static NTSTATUS
value_answer(const struct cm_value *v, KEY_VALUE_INFORMATION_CLASS class, void *to, ULONG room, PULONG result_length)
{
    struct answer a = { .to = to, .room = room };
    const ULONG name_length = v->name.Length;

    switch (class) {
    case KeyValueBasicInformation: {
        KEY_VALUE_BASIC_INFORMATION info = { .Type = v->type, .NameLength = name_length };

        put(&a, 0, &info, offsetof(KEY_VALUE_BASIC_INFORMATION, Name));
        put(&a, offsetof(KEY_VALUE_BASIC_INFORMATION, Name), v->name.Buffer, name_length);
        return done(&a, offsetof(KEY_VALUE_BASIC_INFORMATION, Name), result_length);
    }
    case KeyValueFullInformation:
    case KeyValueFullInformationAlign64: {
        ULONG align = class == KeyValueFullInformationAlign64 ? 8 : 4;
        ULONG head = offsetof(KEY_VALUE_FULL_INFORMATION, Name);
        KEY_VALUE_FULL_INFORMATION info = { .Type = v->type, .NameLength = name_length, .DataLength = v->length };

        info.DataOffset = (head + name_length + align - 1) & ~(align - 1);
        put(&a, 0, &info, head);
        put(&a, head, v->name.Buffer, name_length);
        put(&a, info.DataOffset, v->data, v->length);
        return done(&a, head, result_length);
    }
    case KeyValuePartialInformation: {
        ULONG head = offsetof(KEY_VALUE_PARTIAL_INFORMATION, Data);
        KEY_VALUE_PARTIAL_INFORMATION info = { .Type = v->type, .DataLength = v->length };

        put(&a, 0, &info, head);
        put(&a, head, v->data, v->length);
        return done(&a, head, result_length);
    }
    case KeyValuePartialInformationAlign64: {
        ULONG info[2] = { v->type, v->length };

        put(&a, 0, info, sizeof(info));
        put(&a, sizeof(info), v->data, v->length);
        return done(&a, sizeof(info), result_length);
    }
    default:
        return STATUS_INVALID_PARAMETER;
    }
}

/* Full path of key into units; returns bytes. */
static ULONG
full_name(const struct cm_key *key, WCHAR *units, size_t room)
{
    const struct cm_key *chain[32];
    unsigned n = 0;
    size_t used = 0;

    for (; key != NULL && n < 32; key = key->parent)
        chain[n++] = key;
    while (n-- > 0) {
        size_t len = chain[n]->name.Length / sizeof(WCHAR);

        if (used + 1 + len > room)
            break;
        units[used++] = '\\';
        memcpy(units + used, chain[n]->name.Buffer, len * sizeof(WCHAR));
        used += len;
    }
    return (ULONG)(used * sizeof(WCHAR));
}

static void
count(const struct cm_key *key, KEY_FULL_INFORMATION *info)
{
    for (const struct cm_key *k = key->first; k != NULL; k = k->next) {
        info->SubKeys++;
        if (k->name.Length > info->MaxNameLen)
            info->MaxNameLen = k->name.Length;
        if (k->class_name.Length > info->MaxClassLen)
            info->MaxClassLen = k->class_name.Length;
    }
    for (const struct cm_value *v = key->values; v != NULL; v = v->next) {
        info->Values++;
        if (v->name.Length > info->MaxValueNameLen)
            info->MaxValueNameLen = v->name.Length;
        if (v->length > info->MaxValueDataLen)
            info->MaxValueDataLen = v->length;
    }
}

static NTSTATUS
key_answer(const struct cm_key *key, KEY_INFORMATION_CLASS class, void *to, ULONG room, PULONG result_length)
{
    struct answer a = { .to = to, .room = room };

    switch (class) {
    case KeyBasicInformation: {
        ULONG head = offsetof(KEY_BASIC_INFORMATION, Name);
        KEY_BASIC_INFORMATION info = { .LastWriteTime = key->written, .NameLength = key->name.Length };

        put(&a, 0, &info, head);
        put(&a, head, key->name.Buffer, key->name.Length);
        return done(&a, head, result_length);
    }
    case KeyNodeInformation: {
        ULONG head = offsetof(KEY_NODE_INFORMATION, Name);
        KEY_NODE_INFORMATION info = { .LastWriteTime = key->written,
                                      .ClassLength = key->class_name.Length,
                                      .NameLength = key->name.Length };

        info.ClassOffset = key->class_name.Length ? (head + key->name.Length + 3) & ~3u : (ULONG)-1;
        put(&a, 0, &info, head);
        put(&a, head, key->name.Buffer, key->name.Length);
        if (key->class_name.Length != 0)
            put(&a, info.ClassOffset, key->class_name.Buffer, key->class_name.Length);
        return done(&a, head, result_length);
    }
    case KeyFullInformation: {
        ULONG head = offsetof(KEY_FULL_INFORMATION, Class);
        KEY_FULL_INFORMATION info = { .LastWriteTime = key->written,
                                      .ClassLength = key->class_name.Length,
                                      .ClassOffset = key->class_name.Length ? head : (ULONG)-1 };

        count(key, &info);
        put(&a, 0, &info, head);
        put(&a, head, key->class_name.Buffer, key->class_name.Length);
        return done(&a, head, result_length);
    }
    case KeyNameInformation: {
        ULONG head = offsetof(KEY_NAME_INFORMATION, Name);
        WCHAR units[512];
        ULONG length = full_name(key, units, 512);

        put(&a, 0, &length, head);
        put(&a, head, units, length);
        return done(&a, head, result_length);
    }
    default:
        return STATUS_INVALID_PARAMETER;
    }
}

/* ------------------------------------------------------------------ asking */

NTSTATUS NTAPI
ZwQueryKey(HANDLE KeyHandle, KEY_INFORMATION_CLASS KeyInformationClass, PVOID KeyInformation, ULONG Length,
           PULONG ResultLength)
{
    struct cm_key *key;
    NTSTATUS status = cm_key_of(KeyHandle, &key);

    if (status != STATUS_SUCCESS)
        return status;
    return key_answer(key, KeyInformationClass, KeyInformation, Length, ResultLength);
}

/* STATUS_NO_MORE_ENTRIES past the last subkey (documented). */
NTSTATUS NTAPI
ZwEnumerateKey(HANDLE KeyHandle, ULONG Index, KEY_INFORMATION_CLASS KeyInformationClass, PVOID KeyInformation,
               ULONG Length, PULONG ResultLength)
{
    struct cm_key *key;
    NTSTATUS status = cm_key_of(KeyHandle, &key);

    if (status != STATUS_SUCCESS)
        return status;
    for (key = key->first; key != NULL && Index > 0; Index--)
        key = key->next;
    if (key == NULL)
        return STATUS_NO_MORE_ENTRIES;
    return key_answer(key, KeyInformationClass, KeyInformation, Length, ResultLength);
}

NTSTATUS NTAPI
ZwQueryValueKey(HANDLE KeyHandle, PUNICODE_STRING ValueName, KEY_VALUE_INFORMATION_CLASS KeyValueInformationClass,
                PVOID KeyValueInformation, ULONG Length, PULONG ResultLength)
{
    struct cm_key *key;
    struct cm_value *v;
    NTSTATUS status = cm_key_of(KeyHandle, &key);

    if (status != STATUS_SUCCESS)
        return status;
    v = cm_value_find(key, ValueName);
    if (v == NULL)
        return STATUS_OBJECT_NAME_NOT_FOUND;
    return value_answer(v, KeyValueInformationClass, KeyValueInformation, Length, ResultLength);
}

NTSTATUS NTAPI
ZwEnumerateValueKey(HANDLE KeyHandle, ULONG Index, KEY_VALUE_INFORMATION_CLASS KeyValueInformationClass,
                    PVOID KeyValueInformation, ULONG Length, PULONG ResultLength)
{
    struct cm_key *key;
    struct cm_value *v;
    NTSTATUS status = cm_key_of(KeyHandle, &key);

    if (status != STATUS_SUCCESS)
        return status;
    for (v = key->values; v != NULL && Index > 0; Index--)
        v = v->next;
    if (v == NULL)
        return STATUS_NO_MORE_ENTRIES;
    return value_answer(v, KeyValueInformationClass, KeyValueInformation, Length, ResultLength);
}

NTSTATUS NTAPI
ZwSetValueKey(HANDLE KeyHandle, PUNICODE_STRING ValueName, ULONG TitleIndex, ULONG Type, PVOID Data, ULONG DataSize)
{
    struct cm_key *key;
    NTSTATUS status = cm_key_of(KeyHandle, &key);

    (void)TitleIndex;
    if (status != STATUS_SUCCESS)
        return status;
    if (ex_fault('aVmC'))
        return STATUS_INSUFFICIENT_RESOURCES;
    return cm_value_set(key, ValueName, Type, Data, DataSize);
}

NTSTATUS NTAPI
ZwDeleteValueKey(HANDLE KeyHandle, PUNICODE_STRING ValueName)
{
    struct cm_key *key;
    NTSTATUS status = cm_key_of(KeyHandle, &key);

    return status != STATUS_SUCCESS ? status : cm_value_delete(key, ValueName);
}
