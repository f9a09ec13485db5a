/* SPDX-License-Identifier: MIT */
/*
 * pm.c - what may wake an adapter: OID_PM_xxx from the binding, what reaches the miniport, and what NDIS keeps.
 */
#include "stack.h"

#define ROOM 256

typedef struct _BITMAP {
    NDIS_PM_WOL_PATTERN Pattern;
    UCHAR Mask[2], Bytes[14];
} BITMAP;

static NDIS_STATUS
Ask(NDIS_REQUEST_TYPE Type, NDIS_OID Oid, PVOID Buffer, ULONG Length, PNDIS_OID_REQUEST Request)
{
    StackRequest(Request, Type, Oid, Buffer, Length);
    return StackAsk(NdisOidRequest, &Seen.BindingOidsDone, Request);
}

static VOID
MakeBitmap(BITMAP *Bitmap, ULONG Priority)
{
    NdisZeroMemory(Bitmap, sizeof(*Bitmap));
    Bitmap->Pattern.Header.Type = NDIS_OBJECT_TYPE_DEFAULT;
    Bitmap->Pattern.Header.Revision = NDIS_PM_WOL_PATTERN_REVISION_1;
    Bitmap->Pattern.Header.Size = NDIS_SIZEOF_NDIS_PM_WOL_PATTERN_REVISION_1;
    Bitmap->Pattern.Priority = Priority;
    Bitmap->Pattern.WoLPacketType = NdisPMWoLPacketBitmapPattern;
    Bitmap->Pattern.WoLPattern.WoLBitMapPattern.MaskOffset = FIELD_OFFSET(BITMAP, Mask);
    Bitmap->Pattern.WoLPattern.WoLBitMapPattern.MaskSize = sizeof(Bitmap->Mask);
    Bitmap->Pattern.WoLPattern.WoLBitMapPattern.PatternOffset = FIELD_OFFSET(BITMAP, Bytes);
    Bitmap->Pattern.WoLPattern.WoLBitMapPattern.PatternSize = sizeof(Bitmap->Bytes);
    Bitmap->Mask[0] = 0x30;
    Bitmap->Bytes[12] = 0x08;
}

static NDIS_STATUS
Add(BITMAP *Bitmap, ULONG Length)
{
    NDIS_OID_REQUEST request;

    return Ask(NdisRequestSetInformation, OID_PM_ADD_WOL_PATTERN, Bitmap, Length, &request);
}

static NDIS_STATUS
Remove(NDIS_OID Oid, ULONG Id)
{
    NDIS_OID_REQUEST request;

    return Ask(NdisRequestSetInformation, Oid, &Id, sizeof(Id), &request);
}

static NDIS_STATUS
SetParameters(ULONG Patterns, ULONG Offloads, UCHAR Revision, USHORT Length)
{
    NDIS_PM_PARAMETERS parameters;
    NDIS_OID_REQUEST request;

    NdisZeroMemory(&parameters, sizeof(parameters));
    parameters.Header.Type = NDIS_OBJECT_TYPE_DEFAULT;
    parameters.Header.Revision = Revision;
    parameters.Header.Size = NDIS_SIZEOF_NDIS_PM_PARAMETERS_REVISION_1;
    parameters.EnabledWoLPacketPatterns = Patterns;
    parameters.EnabledProtocolOffloads = Offloads;
    return Ask(NdisRequestSetInformation, OID_PM_PARAMETERS, &parameters, Length, &request);
}

static VOID
Capabilities(VOID)
{
    NDIS_PM_CAPABILITIES hardware, current;
    NDIS_OID_REQUEST request;

    CHECK(Ask(NdisRequestQueryInformation, OID_PM_HARDWARE_CAPABILITIES, &hardware, sizeof(hardware), &request) ==
          NDIS_STATUS_SUCCESS);
    CHECK(hardware.SupportedWoLPacketPatterns ==
          (NDIS_PM_WOL_MAGIC_PACKET_SUPPORTED | NDIS_PM_WOL_BITMAP_PATTERN_SUPPORTED));
    CHECK(Ask(NdisRequestQueryInformation, OID_PM_CURRENT_CAPABILITIES, &current, sizeof(current), &request) ==
          NDIS_STATUS_SUCCESS);
    CHECK(RtlCompareMemory(&hardware, &current, sizeof(current)) == sizeof(current));
    CHECK(Ask(NdisRequestQueryInformation, OID_PM_CURRENT_CAPABILITIES, &current, 8, &request) ==
          NDIS_STATUS_BUFFER_TOO_SHORT);
    CHECK(request.DATA.QUERY_INFORMATION.BytesNeeded == NDIS_SIZEOF_NDIS_PM_CAPABILITIES_REVISION_2);
}

/* documented: NDIS stores what is wanted, and the miniport is not asked; a magic packet is the user's to enable */
static VOID
Parameters(VOID)
{
    LONG sets = StackPm.ParametersSets;
    NDIS_PM_PARAMETERS parameters;
    NDIS_OID_REQUEST request;

    CHECK(SetParameters(NDIS_PM_WOL_BITMAP_PATTERN_ENABLED, NDIS_PM_PROTOCOL_OFFLOAD_ARP_ENABLED, 1,
                        NDIS_SIZEOF_NDIS_PM_PARAMETERS_REVISION_1) == NDIS_STATUS_SUCCESS);
    CHECK(StackPm.ParametersSets == sets);
    CHECK(SetParameters(NDIS_PM_WOL_IPV4_TCP_SYN_ENABLED, 0, 1, NDIS_SIZEOF_NDIS_PM_PARAMETERS_REVISION_1) ==
          NDIS_STATUS_INVALID_PARAMETER);
    CHECK(SetParameters(0, NDIS_PM_PROTOCOL_OFFLOAD_NS_ENABLED, 1, NDIS_SIZEOF_NDIS_PM_PARAMETERS_REVISION_1) ==
          NDIS_STATUS_INVALID_PARAMETER);
    CHECK(SetParameters(0, 0, 1, 8) == NDIS_STATUS_BUFFER_TOO_SHORT);
    CHECK(Ask(NdisRequestQueryInformation, OID_PM_PARAMETERS, &parameters, sizeof(parameters), &request) ==
          NDIS_STATUS_SUCCESS);
    CHECK(parameters.EnabledWoLPacketPatterns ==
          (NDIS_PM_WOL_BITMAP_PATTERN_ENABLED | NDIS_PM_WOL_MAGIC_PACKET_ENABLED));
    CHECK(parameters.EnabledProtocolOffloads == NDIS_PM_PROTOCOL_OFFLOAD_ARP_ENABLED);
    CHECK(StackPm.ParametersSets == sets);
}

/* documented: each has an identifier of its own, which NDIS sets, and the list is NDIS's to give */
static VOID
Patterns(VOID)
{
    UCHAR list[4 * ROOM];
    NDIS_PM_WOL_PATTERN *first = (NDIS_PM_WOL_PATTERN *)list, *second;
    NDIS_OID_REQUEST request;
    BITMAP one, two;
    ULONG id = 0x7777;

    MakeBitmap(&one, NDIS_PM_WOL_PRIORITY_NORMAL);
    MakeBitmap(&two, NDIS_PM_WOL_PRIORITY_NORMAL);
    CHECK(Ask(NdisRequestQueryInformation, OID_PM_WOL_PATTERN_LIST, list, sizeof(list), &request) ==
          NDIS_STATUS_SUCCESS);
    CHECK(request.DATA.QUERY_INFORMATION.BytesWritten == 0);
    REQUIRE(Add(&one, sizeof(one)) == NDIS_STATUS_SUCCESS && Add(&two, sizeof(two)) == NDIS_STATUS_SUCCESS);
    CHECK(one.Pattern.PatternId != two.Pattern.PatternId && StackPm.AddedId == two.Pattern.PatternId);
    CHECK(one.Pattern.PatternId != 0 && one.Pattern.PatternId <= NDIS_PM_MAX_PATTERN_ID);
    CHECK(Ask(NdisRequestQueryInformation, OID_PM_WOL_PATTERN_LIST, list, ROOM, &request) ==
          NDIS_STATUS_BUFFER_TOO_SHORT);
    CHECK(Ask(NdisRequestQueryInformation, OID_PM_WOL_PATTERN_LIST, list, sizeof(list), &request) ==
          NDIS_STATUS_SUCCESS);
    CHECK(request.DATA.QUERY_INFORMATION.BytesWritten >= 2 * sizeof(BITMAP));
    REQUIRE(first->PatternId == one.Pattern.PatternId && first->NextWoLPatternOffset >= sizeof(BITMAP) &&
            first->NextWoLPatternOffset <= ROOM);
    second = (NDIS_PM_WOL_PATTERN *)(list + first->NextWoLPatternOffset);
    CHECK(second->PatternId == two.Pattern.PatternId && second->NextWoLPatternOffset == 0);
    CHECK(((BITMAP *)second)->Bytes[12] == 0x08); /* offsets within it are from its own beginning */
    CHECK(Remove(OID_PM_REMOVE_WOL_PATTERN, 0xfffe) == NDIS_STATUS_FILE_NOT_FOUND);
    CHECK(Ask(NdisRequestSetInformation, OID_PM_REMOVE_WOL_PATTERN, &id, 2, &request) == NDIS_STATUS_INVALID_LENGTH);
    CHECK(request.DATA.SET_INFORMATION.BytesNeeded == sizeof(ULONG));
    CHECK(Remove(OID_PM_REMOVE_WOL_PATTERN, one.Pattern.PatternId) == NDIS_STATUS_SUCCESS);
    CHECK(StackPm.RemovedId == one.Pattern.PatternId && StackPm.Patterns == 1);
    CHECK(Remove(OID_PM_REMOVE_WOL_PATTERN, one.Pattern.PatternId) == NDIS_STATUS_FILE_NOT_FOUND);
    CHECK(Remove(OID_PM_REMOVE_WOL_PATTERN, two.Pattern.PatternId) == NDIS_STATUS_SUCCESS);
}

static VOID
BadPatterns(VOID)
{
    BITMAP bitmap;

    MakeBitmap(&bitmap, NDIS_PM_WOL_PRIORITY_NORMAL);
    CHECK(Add(&bitmap, sizeof(NDIS_OBJECT_HEADER)) == NDIS_STATUS_BUFFER_TOO_SHORT);
    bitmap.Pattern.WoLPacketType = NdisPMWoLPacketIPv6TcpSyn;
    CHECK(Add(&bitmap, sizeof(bitmap)) == NDIS_STATUS_NOT_SUPPORTED);
    bitmap.Pattern.WoLPacketType = NdisPMWoLPacketMaximum;
    CHECK(Add(&bitmap, sizeof(bitmap)) == NDIS_STATUS_INVALID_PARAMETER);
    MakeBitmap(&bitmap, 0);
    CHECK(Add(&bitmap, sizeof(bitmap)) == NDIS_STATUS_INVALID_PARAMETER);
    MakeBitmap(&bitmap, NDIS_PM_WOL_PRIORITY_NORMAL);
    bitmap.Pattern.WoLPattern.WoLBitMapPattern.PatternSize = 0xffffffff;
    CHECK(Add(&bitmap, sizeof(bitmap)) == NDIS_STATUS_INVALID_PARAMETER);
    MakeBitmap(&bitmap, NDIS_PM_WOL_PRIORITY_NORMAL);
    bitmap.Pattern.WoLPattern.WoLBitMapPattern.MaskSize = 1; /* eight bits for fourteen bytes */
    CHECK(Add(&bitmap, sizeof(bitmap)) == NDIS_STATUS_INVALID_PARAMETER);
    CHECK(StackPm.Patterns == 0);
}

/* documented: one that matters less makes room, and who added it is told */
static VOID
PatternsByPriority(VOID)
{
    BITMAP low, high, third;

    MakeBitmap(&low, NDIS_PM_WOL_PRIORITY_LOWEST);
    MakeBitmap(&high, NDIS_PM_WOL_PRIORITY_HIGHEST);
    MakeBitmap(&third, NDIS_PM_WOL_PRIORITY_LOWEST);
    StackPm.PatternsMax = 1;
    REQUIRE(Add(&low, sizeof(low)) == NDIS_STATUS_SUCCESS);
    CHECK(Add(&third, sizeof(third)) == NDIS_STATUS_PM_WOL_PATTERN_LIST_FULL);
    CHECK(Add(&high, sizeof(high)) == NDIS_STATUS_SUCCESS);
    CHECK(StackPm.Patterns == 1 && StackPm.RemovedId == low.Pattern.PatternId);
    CHECK(StackIndicated == NDIS_STATUS_PM_WOL_PATTERN_REJECTED && StackIndicatedValue == low.Pattern.PatternId);
    CHECK(Remove(OID_PM_REMOVE_WOL_PATTERN, low.Pattern.PatternId) == NDIS_STATUS_FILE_NOT_FOUND);
    CHECK(Remove(OID_PM_REMOVE_WOL_PATTERN, high.Pattern.PatternId) == NDIS_STATUS_SUCCESS);
    StackPm.PatternsMax = 4;
}

static VOID
Offloads(VOID)
{
    NDIS_PM_PROTOCOL_OFFLOAD offload, list[2];
    NDIS_OID_REQUEST request;
    ULONG id;

    NdisZeroMemory(&offload, sizeof(offload));
    offload.Header.Type = NDIS_OBJECT_TYPE_DEFAULT;
    offload.Header.Revision = NDIS_PM_PROTOCOL_OFFLOAD_REVISION_1;
    offload.Header.Size = NDIS_SIZEOF_NDIS_PM_PROTOCOL_OFFLOAD_REVISION_1;
    offload.Priority = NDIS_PM_PROTOCOL_OFFLOAD_PRIORITY_NORMAL;
    offload.ProtocolOffloadType = NdisPMProtocolOffloadIdIPv6NS;
    CHECK(Ask(NdisRequestSetInformation, OID_PM_ADD_PROTOCOL_OFFLOAD, &offload, sizeof(offload), &request) ==
          NDIS_STATUS_NOT_SUPPORTED);
    offload.ProtocolOffloadType = NdisPMProtocolOffloadIdIPv4ARP;
    CHECK(Ask(NdisRequestSetInformation, OID_PM_ADD_PROTOCOL_OFFLOAD, &offload, 16, &request) ==
          NDIS_STATUS_BUFFER_TOO_SHORT);
    REQUIRE(Ask(NdisRequestSetInformation, OID_PM_ADD_PROTOCOL_OFFLOAD, &offload, sizeof(offload), &request) ==
            NDIS_STATUS_SUCCESS);
    id = offload.ProtocolOffloadId;
    CHECK(StackPm.AddedId == id && StackPm.Offloads == 1);
    CHECK(Ask(NdisRequestQueryInformation, OID_PM_PROTOCOL_OFFLOAD_LIST, list, sizeof(list), &request) ==
          NDIS_STATUS_SUCCESS);
    CHECK(list[0].ProtocolOffloadId == id && list[0].NextProtocolOffloadOffset == 0);
    CHECK(Ask(NdisRequestMethod, OID_PM_GET_PROTOCOL_OFFLOAD, &id, sizeof(id), &request) == NDIS_STATUS_FAILURE);
    id = 0xfffe; /* NDIS knows better than to ask */
    CHECK(Ask(NdisRequestMethod, OID_PM_GET_PROTOCOL_OFFLOAD, &id, sizeof(id), &request) ==
          NDIS_STATUS_INVALID_PARAMETER);
    CHECK(Remove(OID_PM_REMOVE_PROTOCOL_OFFLOAD, id) == NDIS_STATUS_FILE_NOT_FOUND);
    CHECK(Remove(OID_PM_REMOVE_PROTOCOL_OFFLOAD, offload.ProtocolOffloadId) == NDIS_STATUS_SUCCESS);
    CHECK(StackPm.Offloads == 0);
}

static VOID
Indicate(NDIS_STATUS Code, PVOID Buffer, ULONG Length)
{
    NDIS_STATUS_INDICATION indication;

    NdisZeroMemory(&indication, sizeof(indication));
    indication.Header.Type = NDIS_OBJECT_TYPE_STATUS_INDICATION;
    indication.Header.Revision = NDIS_STATUS_INDICATION_REVISION_1;
    indication.Header.Size = NDIS_SIZEOF_STATUS_INDICATION_REVISION_1;
    indication.SourceHandle = StackPort;
    indication.StatusCode = Code;
    indication.StatusBuffer = Buffer;
    indication.StatusBufferSize = Length;
    NdisMIndicateStatusEx(StackPort, &indication);
}

/* documented: the miniport gives a pattern back; new capabilities of the hardware become the current ones */
static VOID
Statuses(VOID)
{
    NDIS_PM_CAPABILITIES before, less, now;
    NDIS_OID_REQUEST request;
    BITMAP bitmap;
    ULONG id;

    MakeBitmap(&bitmap, NDIS_PM_WOL_PRIORITY_NORMAL);
    REQUIRE(Add(&bitmap, sizeof(bitmap)) == NDIS_STATUS_SUCCESS);
    id = bitmap.Pattern.PatternId;
    StackPm.Patterns--;
    Indicate(NDIS_STATUS_PM_WOL_PATTERN_REJECTED, &id, sizeof(id));
    CHECK(StackIndicated == NDIS_STATUS_PM_WOL_PATTERN_REJECTED && StackIndicatedValue == id);
    CHECK(Remove(OID_PM_REMOVE_WOL_PATTERN, id) == NDIS_STATUS_FILE_NOT_FOUND);

    REQUIRE(Ask(NdisRequestQueryInformation, OID_PM_HARDWARE_CAPABILITIES, &before, sizeof(before), &request) ==
            NDIS_STATUS_SUCCESS);
    less = before;
    less.SupportedWoLPacketPatterns = NDIS_PM_WOL_MAGIC_PACKET_SUPPORTED;
    Indicate(NDIS_STATUS_PM_HARDWARE_CAPABILITIES, &less, sizeof(less));
    CHECK(StackIndicated == NDIS_STATUS_PM_CAPABILITIES_CHANGE);
    CHECK(Ask(NdisRequestQueryInformation, OID_PM_CURRENT_CAPABILITIES, &now, sizeof(now), &request) ==
          NDIS_STATUS_SUCCESS);
    CHECK(now.SupportedWoLPacketPatterns == NDIS_PM_WOL_MAGIC_PACKET_SUPPORTED);
    CHECK(Add(&bitmap, sizeof(bitmap)) == NDIS_STATUS_NOT_SUPPORTED);
    Indicate(NDIS_STATUS_PM_CAPABILITIES_CHANGE, &before, sizeof(before));
    CHECK(Add(&bitmap, sizeof(bitmap)) == NDIS_STATUS_SUCCESS);
    CHECK(Remove(OID_PM_REMOVE_WOL_PATTERN, bitmap.Pattern.PatternId) == NDIS_STATUS_SUCCESS);
}

/* documented: what woke the adapter is told to those above, with the frame behind the structure */
static VOID
WakeReason(VOID)
{
    struct {
        NDIS_PM_WAKE_REASON Reason;
        NDIS_PM_WAKE_PACKET Packet;
        UCHAR Frame[60];
    } told;
    LONG module = Seen.ModuleStatuses;

    NdisZeroMemory(&told, sizeof(told));
    told.Reason.Header.Type = NDIS_OBJECT_TYPE_DEFAULT;
    told.Reason.Header.Revision = NDIS_PM_WAKE_REASON_REVISION_1;
    told.Reason.Header.Size = NDIS_SIZEOF_PM_WAKE_REASON_REVISION_1;
    told.Reason.WakeReason = NdisWakeReasonPacket;
    told.Reason.InfoBufferOffset = FIELD_OFFSET(NDIS_PM_WAKE_REASON, InfoBufferSize) + sizeof(ULONG);
    told.Reason.InfoBufferSize = sizeof(told) - sizeof(told.Reason);
    StackIndicated = 0;
    Indicate(NDIS_STATUS_PM_WAKE_REASON, &told, sizeof(told));
    CHECK(StackIndicated == NDIS_STATUS_PM_WAKE_REASON && Seen.ModuleStatuses == module + 1);
    CHECK(StackIndicatedValue == *(PULONG)&told);
}

/* The older way of saying so. */
static VOID
WakeUp(VOID)
{
    ULONG flags = NDIS_PNP_WAKE_UP_PATTERN_MATCH;
    NDIS_OID_REQUEST request;

    CHECK(Ask(NdisRequestSetInformation, OID_PNP_ENABLE_WAKE_UP, &flags, 1, &request) == NDIS_STATUS_INVALID_LENGTH);
    CHECK(Ask(NdisRequestSetInformation, OID_PNP_ENABLE_WAKE_UP, &flags, sizeof(flags), &request) ==
          NDIS_STATUS_SUCCESS);
    flags = 0;
    CHECK(Ask(NdisRequestQueryInformation, OID_PNP_ENABLE_WAKE_UP, &flags, sizeof(flags), &request) ==
          NDIS_STATUS_SUCCESS);
    CHECK(flags == (NDIS_PNP_WAKE_UP_PATTERN_MATCH | NDIS_PNP_WAKE_UP_MAGIC_PACKET));
}

DDI_TESTS(pm, { "capabilities", Capabilities }, { "parameters", Parameters }, { "patterns", Patterns },
          { "bad_patterns", BadPatterns }, { "patterns_by_priority", PatternsByPriority }, { "offloads", Offloads },
          { "statuses", Statuses }, { "wake_reason", WakeReason },
          { "wake_up", WakeUp });
