/* SPDX-License-Identifier: MIT */
/*
 * ndis/config.c - configuration: registry keys of drivers, adapters, filter modules and bindings.
 *
 * Model: a configuration handle is a heap object with a handle to a registry key and a chain of what was read through
 * it; closing frees both. Which key belongs to which NDIS handle says ndis_config_path(); whoever installs a driver or
 * a nic writes there. A key that nobody made is made by opening it (assumed: an INF would have).
 * Start reading at: NdisOpenConfigurationEx(), NdisReadConfiguration().
 */
#include "ndis/misc.h"

#include <string.h>

#include "base/fmt.h"
#include "nt/cm/cm.h"
#include "nt/nt.h"

#define SERVICES "\\Registry\\Machine\\System\\CurrentControlSet\\Services"
#define NET_CLASS \
    "\\Registry\\Machine\\System\\CurrentControlSet\\Control\\Class\\{4d36e972-e325-11ce-bfc1-08002be10318}"

/* What a read gave; freed with its configuration handle. Machine memory. */
struct config_memory {
    struct config_memory *next;
    NDIS_CONFIGURATION_PARAMETER parameter;
    /* text or bytes follow */
};

struct ndis_config {
    struct ndis_object object;
    HANDLE key;
    struct config_memory *memory;
};

static const struct ndis_header_spec configuration_object = {
    "NDIS_CONFIGURATION_OBJECT",
    NDIS_OBJECT_TYPE_CONFIGURATION_OBJECT,
    1,
    { NDIS_SIZEOF_CONFIGURATION_OBJECT_REVISION_1 },
};

/* ------------------------------------------------------------------ which key */

void
ndis_config_nic_path(const struct ndis_nic *nic, char *out, size_t room)
{
    if (nic->config != NULL)
        fmt(out, room, "%s", (const char *)nic->config);
    else
        fmt(out, room, NET_CLASS "\\%04u", nic->if_index);
}

bool
ndis_config_path(void *handle, char *out, size_t room)
{
    const struct ndis_object *object = handle;
    const struct ndis_layer *layer = handle;

    switch (object->signature) {
    case NDIS_SIG_MINIPORT_DRIVER:
    case NDIS_SIG_FILTER_DRIVER:
    case NDIS_SIG_PROTOCOL_DRIVER:
        fmt(out, room, SERVICES "\\%s\\Parameters", ((const struct ndis_driver *)handle)->record->name);
        return true;
    case NDIS_SIG_ADAPTER:
        ndis_config_nic_path(((const struct ndis_adapter *)handle)->nic, out, room);
        return true;
    case NDIS_SIG_FILTER: /* assumed: by adapter and filter, as bindings are by adapter */
        fmt(out, room, SERVICES "\\%s\\Parameters\\Adapters\\%wZ", ndis_layer_driver_name(layer),
            (const void *)&layer->adapter->nic->instance_guid);
        return true;
    case NDIS_SIG_BINDING:
        fmt(out, room, SERVICES "\\%wZ", (const void *)layer->link->guid_name);
        return true;
    default:
        break;
    }
    if (((const NDIS_OBJECT_HEADER *)handle)->Type != NDIS_OBJECT_TYPE_BIND_PARAMETERS)
        return false;
    fmt(out, room, SERVICES "\\%wZ", (const void *)((const NDIS_BIND_PARAMETERS *)handle)->ProtocolSection);
    return true;
}

/* ------------------------------------------------------------------ open and close */

static NDIS_STATUS
open_key(struct cm_key *key, NDIS_HANDLE *out)
{
    struct ndis_config *c = ndis_object_alloc(NDIS_SIG_CONFIG, sizeof(*c), "NDIS configuration");

    if (c == NULL)
        return NDIS_STATUS_RESOURCES;
    if (cm_handle(key, KEY_ALL_ACCESS, true, &c->key) != STATUS_SUCCESS) {
        ndis_free(c);
        return NDIS_STATUS_RESOURCES;
    }
    *out = c;
    return NDIS_STATUS_SUCCESS;
}

/* The key of a configuration handle; NULL if it was deleted meanwhile. */
static struct cm_key *
key_of(const struct ndis_config *c)
{
    struct cm_key *key;

    return cm_key_of(c->key, &key) == STATUS_SUCCESS ? key : NULL;
}

/* Make or open the key with this path. */
static NDIS_STATUS
open_path(const char *text, NDIS_HANDLE *out)
{
    struct cm_key *key;
    UNICODE_STRING path;
    WCHAR units[256];

    path.Buffer = units;
    path.Length = path.MaximumLength = (USHORT)(strlen(text) * 2);
    for (size_t i = 0; text[i] != 0; i++)
        units[i] = (unsigned char)text[i];
    if (cm_make(NULL, &path, &key, NULL) != STATUS_SUCCESS)
        return NDIS_STATUS_RESOURCES;
    return open_key(key, out);
}

/*
 * NdisOpenConfigurationEx - the configuration that belongs to an NDIS handle.
 *
 * Source:    documented.
 * IRQL:      PASSIVE_LEVEL
 * Ownership: borrows ConfigObject; the caller takes *ConfigurationHandle until NdisCloseConfiguration.
 * Returns:   NDIS_STATUS_SUCCESS, _RESOURCES, _FAILURE (also for a bad header or handle: assumed).
 */
NDIS_STATUS NTAPI
NdisOpenConfigurationEx(PNDIS_CONFIGURATION_OBJECT ConfigObject, PNDIS_HANDLE ConfigurationHandle)
{
    char text[256];

    *ConfigurationHandle = NULL;
    if (!ndis_header_ok(&ConfigObject->Header, &configuration_object, misc_site.NdisOpenConfigurationEx))
        return NDIS_STATUS_FAILURE;
    if (!ndis_config_path(ConfigObject->NdisHandle, text, sizeof(text)))
        return NDIS_STATUS_FAILURE;
    return open_path(text, ConfigurationHandle);
}

/*
 * NdisOpenConfiguration - the configuration of the adapter that MiniportInitialize is called for.
 *
 * Source:    documented. Here a WrapperConfigurationContext is the adapter's own handle.
 * IRQL:      PASSIVE_LEVEL
 * Ownership: the caller takes *ConfigurationHandle until NdisCloseConfiguration.
 * Status:    NDIS_STATUS_SUCCESS, _RESOURCES, _FAILURE.
 */
VOID NTAPI
NdisOpenConfiguration(PNDIS_STATUS Status, PNDIS_HANDLE ConfigurationHandle, NDIS_HANDLE WrapperConfigurationContext)
{
    char text[256];

    *ConfigurationHandle = NULL;
    *Status = NDIS_STATUS_FAILURE;
    if (ndis_config_path(WrapperConfigurationContext, text, sizeof(text)))
        *Status = open_path(text, ConfigurationHandle);
}

/*
 * NdisOpenProtocolConfiguration - a 5.x protocol's configuration for one binding.
 *
 * Source:    documented: ProtocolSection is what ProtocolBindAdapter was given as SystemSpecific1.
 * IRQL:      PASSIVE_LEVEL
 * Ownership: the caller takes *ConfigurationHandle until NdisCloseConfiguration.
 * Status:    NDIS_STATUS_SUCCESS, _RESOURCES.
 */
VOID NTAPI
NdisOpenProtocolConfiguration(PNDIS_STATUS Status, PNDIS_HANDLE ConfigurationHandle, PNDIS_STRING ProtocolSection)
{
    char text[256];

    *ConfigurationHandle = NULL;
    fmt(text, sizeof(text), SERVICES "\\%wZ", (const void *)ProtocolSection);
    *Status = open_path(text, ConfigurationHandle);
}

/*
 * NdisOpenConfigurationKeyByName - a subkey. NdisOpenConfigurationKeyByIndex - the Index-th, and its name.
 *
 * Source:    documented; assumed: a KeyName without room for the name fails.
 * IRQL:      PASSIVE_LEVEL
 * Status:    NDIS_STATUS_SUCCESS, _FAILURE, _RESOURCES.
 */
void NTAPI
NdisOpenConfigurationKeyByName(PNDIS_STATUS Status, NDIS_HANDLE ConfigurationHandle, PNDIS_STRING SubKeyName,
                               PNDIS_HANDLE SubKeyHandle)
{
    struct cm_key *key = key_of(ConfigurationHandle), *sub;

    *SubKeyHandle = NULL;
    sub = key != NULL ? cm_find(key, SubKeyName) : NULL;
    *Status = sub != NULL ? open_key(sub, SubKeyHandle) : NDIS_STATUS_FAILURE;
}

void NTAPI
NdisOpenConfigurationKeyByIndex(PNDIS_STATUS Status, NDIS_HANDLE ConfigurationHandle, ULONG Index, PNDIS_STRING KeyName,
                                PNDIS_HANDLE KeyHandle)
{
    struct cm_key *key = key_of(ConfigurationHandle), *sub;

    *KeyHandle = NULL;
    *Status = NDIS_STATUS_FAILURE;
    sub = key != NULL ? key->first : NULL;
    while (sub != NULL && Index-- > 0)
        sub = sub->next;
    if (sub == NULL || sub->name.Length > KeyName->MaximumLength)
        return;
    memcpy(KeyName->Buffer, sub->name.Buffer, sub->name.Length);
    KeyName->Length = sub->name.Length;
    *Status = open_key(sub, KeyHandle);
}

/*
 * NdisCloseConfiguration - give the handle and everything read through it back.
 *
 * Source:    documented. IRQL: PASSIVE_LEVEL. Takes ConfigurationHandle.
 */
void NTAPI
NdisCloseConfiguration(NDIS_HANDLE ConfigurationHandle)
{
    struct ndis_config *c = ConfigurationHandle;
    struct config_memory *m = c->memory, *next;

    ZwClose(c->key);
    for (; m != NULL; m = next) {
        next = m->next;
        ndis_free(m);
    }
    ndis_free(c);
}

/* ------------------------------------------------------------------ read */

static struct config_memory *
memory_new(struct ndis_config *c, size_t bytes)
{
    struct config_memory *m = ndis_alloc(sizeof(*m) + bytes, NDIS_SIG_CONFIG, "NDIS configuration value");

    if (m != NULL) {
        m->next = c->memory;
        c->memory = m;
    }
    return m;
}

static bool
name_is(const UNICODE_STRING *name, const char *text)
{
    if (name->Length != strlen(text) * 2)
        return false;
    for (unsigned i = 0; text[i] != 0; i++)
        if ((name->Buffer[i] | 0x20) != (text[i] | 0x20))
            return false;
    return true;
}

/* Text of a REG_SZ without its terminator. */
static UNICODE_STRING
text_of(const struct cm_value *v)
{
    UNICODE_STRING s = { .Buffer = v->data, .Length = (USHORT)(v->length & ~1u) };

    while (v->type == REG_SZ && s.Length >= 2 && s.Buffer[s.Length / 2 - 1] == 0)
        s.Length -= 2;
    s.MaximumLength = s.Length;
    return s;
}

/* Keywords that NDIS knows itself. */
static bool
predefined(const UNICODE_STRING *keyword, ULONG *value)
{
    if (name_is(keyword, "ProcessorType"))
        *value = NdisProcessorAmd64;
    else if (name_is(keyword, "NdisVersion"))
        *value = NdisGetVersion();
    else
        return false;
    return true;
}

static NDIS_STATUS
read_number(struct ndis_config *c, ULONG value, NDIS_CONFIGURATION_PARAMETER **out)
{
    struct config_memory *m = memory_new(c, 0);

    if (m == NULL)
        return NDIS_STATUS_RESOURCES;
    m->parameter.ParameterType = NdisParameterInteger;
    m->parameter.ParameterData.IntegerData = value;
    *out = &m->parameter;
    return NDIS_STATUS_SUCCESS;
}

static NDIS_STATUS
read_bytes(struct ndis_config *c, NDIS_PARAMETER_TYPE type, const void *data, size_t length,
           NDIS_CONFIGURATION_PARAMETER **out)
{
    struct config_memory *m = memory_new(c, length + 2); /* zeroed: text is terminated */

    if (m == NULL)
        return NDIS_STATUS_RESOURCES;
    memcpy(m + 1, data, length);
    m->parameter.ParameterType = type;
    if (type == NdisParameterBinary) {
        m->parameter.ParameterData.BinaryData.Length = (USHORT)length;
        m->parameter.ParameterData.BinaryData.Buffer = m + 1;
    } else {
        m->parameter.ParameterData.StringData.Length = (USHORT)length;
        m->parameter.ParameterData.StringData.MaximumLength = (USHORT)(length + 2);
        m->parameter.ParameterData.StringData.Buffer = (WCHAR *)(m + 1);
    }
    *out = &m->parameter;
    return NDIS_STATUS_SUCCESS;
}

static NDIS_STATUS
read_value(struct ndis_config *c, const struct cm_value *v, NDIS_PARAMETER_TYPE wanted,
           NDIS_CONFIGURATION_PARAMETER **out)
{
    UNICODE_STRING text;
    ULONG number;

    switch (v->type) {
    case REG_DWORD:
        if (v->length < sizeof(number))
            return NDIS_STATUS_FAILURE;
        memcpy(&number, v->data, sizeof(number));
        return read_number(c, number, out);
    case REG_SZ:
    case REG_EXPAND_SZ:
        text = text_of(v);
        if (wanted == NdisParameterInteger || wanted == NdisParameterHexInteger) {
            if (text.Length == 0 || RtlUnicodeStringToInteger(&text, wanted == NdisParameterHexInteger ? 16 : 10,
                                                              &number) != STATUS_SUCCESS)
                return NDIS_STATUS_FAILURE;
            return read_number(c, number, out);
        }
        return read_bytes(c, NdisParameterString, text.Buffer, text.Length, out);
    case REG_MULTI_SZ:
        return read_bytes(c, NdisParameterMultiString, v->data, v->length, out);
    case REG_BINARY:
        return read_bytes(c, NdisParameterBinary, v->data, v->length, out);
    default:
        return NDIS_STATUS_FAILURE;
    }
}

/*
 * NdisReadConfiguration - the value of a keyword.
 *
 * Source:    documented; that text is converted when a number is wanted, decimal or hexadecimal by ParameterType:
 *            documented with the standardized INF keywords, which are text.
 * IRQL:      PASSIVE_LEVEL
 * Ownership: *ParameterValue is lent until NdisCloseConfiguration.
 * Status:    NDIS_STATUS_SUCCESS, _RESOURCES, _FAILURE.
 */
void NTAPI
NdisReadConfiguration(PNDIS_STATUS Status, PNDIS_CONFIGURATION_PARAMETER *ParameterValue,
                      NDIS_HANDLE ConfigurationHandle, PNDIS_STRING Keyword, NDIS_PARAMETER_TYPE ParameterType)
{
    struct ndis_config *c = ConfigurationHandle;
    struct cm_key *key = key_of(c);
    struct cm_value *v;
    ULONG number;

    *ParameterValue = NULL;
    if (predefined(Keyword, &number)) {
        *Status = read_number(c, number, ParameterValue);
        return;
    }
    v = key != NULL ? cm_value_find(key, Keyword) : NULL;
    *Status = v != NULL ? read_value(c, v, ParameterType, ParameterValue) : NDIS_STATUS_FAILURE;
}

static int
hex_digit(WCHAR c)
{
    if (c >= '0' && c <= '9')
        return c - '0';
    c |= 0x20;
    return c >= 'a' && c <= 'f' ? c - 'a' + 10 : -1;
}

/*
 * NdisReadNetworkAddress - the keyword NetworkAddress as bytes.
 *
 * Source:    documented: text of hexadecimal digits, hyphens are dropped, nothing is validated; assumed: text with
 *            anything else in it, or with an odd number of digits, ends at that place.
 * IRQL:      PASSIVE_LEVEL
 * Ownership: *NetworkAddress is lent until NdisCloseConfiguration.
 * Status:    NDIS_STATUS_SUCCESS, _FAILURE, _RESOURCES.
 */
void NTAPI
NdisReadNetworkAddress(PNDIS_STATUS Status, PVOID *NetworkAddress, PUINT NetworkAddressLength,
                       NDIS_HANDLE ConfigurationHandle)
{
    WCHAR keyword[] = u"NetworkAddress";
    UNICODE_STRING name = { sizeof(keyword) - 2, sizeof(keyword), keyword };
    struct ndis_config *c = ConfigurationHandle;
    struct cm_key *key = key_of(c);
    struct cm_value *v = key != NULL ? cm_value_find(key, &name) : NULL;
    struct config_memory *m;
    UNICODE_STRING text;
    unsigned digits = 0;

    *Status = NDIS_STATUS_FAILURE;
    *NetworkAddressLength = 0;
    if (v == NULL || v->type != REG_SZ)
        return;
    text = text_of(v);
    m = memory_new(c, text.Length / 2u);
    if (m == NULL) {
        *Status = NDIS_STATUS_RESOURCES;
        return;
    }
    for (unsigned i = 0; i < text.Length / 2u; i++) {
        int digit = hex_digit(text.Buffer[i]);
        uint8_t *byte = (uint8_t *)(m + 1) + digits / 2;

        if (text.Buffer[i] == '-')
            continue;
        if (digit < 0)
            break;
        *byte = (uint8_t)(*byte << 4 | digit);
        digits++;
    }
    if (digits < 2)
        return;
    *NetworkAddress = m + 1;
    *NetworkAddressLength = digits / 2;
    *Status = NDIS_STATUS_SUCCESS;
}

/* ------------------------------------------------------------------ write */

static NTSTATUS
write_value(struct cm_key *key, const UNICODE_STRING *name, const NDIS_CONFIGURATION_PARAMETER *p)
{
    const NDIS_STRING *text = &p->ParameterData.StringData;

    switch (p->ParameterType) {
    case NdisParameterInteger:
    case NdisParameterHexInteger:
        return cm_value_set(key, name, REG_DWORD, &p->ParameterData.IntegerData, sizeof(ULONG));
    case NdisParameterString:
        return cm_value_set(key, name, REG_SZ, text->Buffer, text->Length);
    case NdisParameterMultiString:
        return cm_value_set(key, name, REG_MULTI_SZ, text->Buffer, text->Length);
    case NdisParameterBinary:
        return cm_value_set(key, name, REG_BINARY, p->ParameterData.BinaryData.Buffer,
                            p->ParameterData.BinaryData.Length);
    default:
        return STATUS_NOT_SUPPORTED;
    }
}

/*
 * NdisWriteConfiguration - set the value of a keyword.
 *
 * Source:    documented.
 * IRQL:      PASSIVE_LEVEL
 * Ownership: borrows ParameterValue.
 * Status:    NDIS_STATUS_SUCCESS, _NOT_SUPPORTED, _RESOURCES, _FAILURE.
 */
void NTAPI
NdisWriteConfiguration(PNDIS_STATUS Status, NDIS_HANDLE ConfigurationHandle, PNDIS_STRING Keyword,
                       PNDIS_CONFIGURATION_PARAMETER ParameterValue)
{
    struct cm_key *key = key_of(ConfigurationHandle);

    switch (key != NULL ? write_value(key, Keyword, ParameterValue) : STATUS_KEY_DELETED) {
    case STATUS_SUCCESS:
        *Status = NDIS_STATUS_SUCCESS;
        break;
    case STATUS_NOT_SUPPORTED:
        *Status = NDIS_STATUS_NOT_SUPPORTED;
        break;
    case STATUS_INSUFFICIENT_RESOURCES:
        *Status = NDIS_STATUS_RESOURCES;
        break;
    default:
        *Status = NDIS_STATUS_FAILURE;
        break;
    }
}
