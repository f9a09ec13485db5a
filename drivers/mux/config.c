/* SPDX-License-Identifier: MIT */
/* config.c - keywords of the service's Parameters key: Ports (1 to 8), Vlan0 to Vlan7 (0 to 4094). */
#include "mux.h"

MUX_CONFIG MuxConfig;

NTSTATUS
MuxReadConfig(PUNICODE_STRING RegistryPath)
{
    static const PCWSTR names[MUX_PORTS_MAX] = { L"Vlan0", L"Vlan1", L"Vlan2", L"Vlan3",
                                                 L"Vlan4", L"Vlan5", L"Vlan6", L"Vlan7" };
    RTL_QUERY_REGISTRY_TABLE table[MUX_PORTS_MAX + 3];
    WCHAR path[MUX_NAME_CHARS * 2];
    ULONG zero = 0, one = 1;
    NTSTATUS status;
    ULONG i;

    if (RegistryPath->Length >= sizeof(path))
        return STATUS_NAME_TOO_LONG;
    NdisZeroMemory(path, sizeof(path)); /* the name must be terminated */
    NdisMoveMemory(path, RegistryPath->Buffer, RegistryPath->Length);
    NdisZeroMemory(table, sizeof(table));
    table[0].Flags = RTL_QUERY_REGISTRY_SUBKEY;
    table[0].Name = (PWSTR)(ULONG_PTR)L"Parameters";
    for (i = 0; i <= MUX_PORTS_MAX; i++) {
        table[i + 1].Flags = RTL_QUERY_REGISTRY_DIRECT;
        table[i + 1].Name = (PWSTR)(ULONG_PTR)(i < MUX_PORTS_MAX ? names[i] : L"Ports");
        table[i + 1].EntryContext = i < MUX_PORTS_MAX ? &MuxConfig.Vlan[i] : &MuxConfig.Ports;
        table[i + 1].DefaultType = REG_DWORD;
        table[i + 1].DefaultData = i < MUX_PORTS_MAX ? &zero : &one;
        table[i + 1].DefaultLength = sizeof(ULONG);
    }
    status = RtlQueryRegistryValues(RTL_REGISTRY_ABSOLUTE, path, table, NULL, NULL);
    if (status == STATUS_OBJECT_NAME_NOT_FOUND) { /* no Parameters key */
        MuxConfig.Ports = 1;
        status = STATUS_SUCCESS;
    }
    if (status != STATUS_SUCCESS)
        return status;
    if (MuxConfig.Ports < 1 || MuxConfig.Ports > MUX_PORTS_MAX)
        return STATUS_INVALID_PARAMETER;
    for (i = 0; i < MUX_PORTS_MAX; i++)
        if (MuxConfig.Vlan[i] > 4094)
            return STATUS_INVALID_PARAMETER;
    return STATUS_SUCCESS;
}
