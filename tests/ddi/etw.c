/* SPDX-License-Identifier: MIT */
/* etw.c - event tracing with no session that listens, which is how most drivers run. */
#include "ddi.h"

static const GUID Provider = { 0x6f0a8c52, 0x1d1b, 0x4c55, { 0x8f, 0x0e, 0x3a, 0x6b, 0x2f, 0x1c, 0x7c, 0x02 } };

static VOID
Providers(VOID)
{
    DDI_EXPORT(NTSTATUS, EtwWriteString, (REGHANDLE, UCHAR, ULONGLONG, const GUID *, PCWSTR));
    EVENT_DESCRIPTOR event = { 7, 0, 0, 4, 0, 0, 1 };
    REGHANDLE handle = 0, classic = 0;

    CHECK(EtwRegister(NULL, NULL, NULL, &handle) == STATUS_INVALID_PARAMETER);
    REQUIRE(EtwRegister(&Provider, NULL, NULL, &handle) == STATUS_SUCCESS);
    CHECK(handle != 0);
    CHECK(!EtwEventEnabled(handle, &event) && !EtwProviderEnabled(handle, 4, 1));
    CHECK(EtwWrite(handle, &event, NULL, 0, NULL) == STATUS_SUCCESS); /* documented: not logged is no error */
    CHECK(EtwWrite(handle, &event, NULL, 129, NULL) == STATUS_INVALID_PARAMETER);
    CHECK(EtwWriteTransfer(handle, &event, NULL, NULL, 0, NULL) == STATUS_SUCCESS);
    CHECK(pEtwWriteString(handle, 4, 1, NULL, L"frame") == STATUS_SUCCESS);
    CHECK(EtwSetInformation(handle, 2, NULL, 0) == STATUS_SUCCESS);
    REQUIRE(EtwRegisterClassicProvider(&Provider, 0, NULL, NULL, &classic) == STATUS_SUCCESS);
    CHECK(EtwUnregister(classic) == STATUS_SUCCESS);
    CHECK(EtwUnregister(handle) == STATUS_SUCCESS);
    CHECK(EtwWrite(handle, &event, NULL, 0, NULL) == STATUS_INVALID_HANDLE);
    CHECK(EtwWriteTransfer(handle, &event, NULL, NULL, 0, NULL) == STATUS_INVALID_HANDLE);
    CHECK(pEtwWriteString(handle, 4, 1, NULL, L"frame") == STATUS_INVALID_HANDLE);
    CHECK(EtwSetInformation(handle, 2, NULL, 0) == STATUS_INVALID_HANDLE);
    CHECK(EtwUnregister(handle) == STATUS_INVALID_HANDLE);
}

static VOID
Activities(VOID)
{
    DDI_EXPORT(NTSTATUS, EtwActivityIdControl, (ULONG, GUID *));
    GUID a, b;

    CHECK(pEtwActivityIdControl(3 /* create */, &a) == STATUS_SUCCESS);
    CHECK(pEtwActivityIdControl(3, &b) == STATUS_SUCCESS);
    CHECK(RtlCompareMemory(&a, &b, sizeof(a)) != sizeof(a));
    CHECK(pEtwActivityIdControl(99, &a) == STATUS_INVALID_PARAMETER);
}

static VOID
NoSession(VOID)
{
    ULONG64 logger = 0;
    ULONG length = 0;

    CHECK(!NT_SUCCESS(WmiQueryTraceInformation(TraceHandleClass, &logger, sizeof(logger), &length, NULL)));
    CHECK(WmiQueryTraceInformation((TRACE_INFORMATION_CLASS)99, &logger, sizeof(logger), &length, NULL) ==
          STATUS_INVALID_INFO_CLASS);
    CHECK(WmiTraceMessage(1, 0, &Provider, 10, NULL) == STATUS_INVALID_HANDLE);
}

DDI_TESTS(etw, { "providers", Providers }, { "activities", Activities }, { "no_session", NoSession });
