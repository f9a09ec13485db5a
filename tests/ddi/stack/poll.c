/* SPDX-License-Identifier: MIT */
/*
 * poll.c - poll mode: who is called when, at which IRQL, and what becomes of the lists that are handed over.
 *
 * Model: the handlers write down what they are called for, a letter each: D and E for the notification turned off and
 * on, p for a poll at DISPATCH_LEVEL, P for one at PASSIVE_LEVEL.
 */
#include "stack.h"

#define FRAMES 100

static char Log[200];
static volatile LONG Logged, Inside;
static ULONG ToIndicate, AtOnce = FRAMES, Again, Limit, Said, ProcessorSeen;
static PNET_BUFFER_LIST Frames[FRAMES], ToComplete;
static NDIS_POLL_HANDLE Poll;

static VOID
Note(char What)
{
    LONG at = InterlockedIncrement(&Logged);

    if (at < (LONG)sizeof(Log))
        Log[at - 1] = What;
}

static VOID NTAPI
SetNotification(PVOID Context, NDIS_POLL_NOTIFICATION *Notification)
{
    CHECK(Context == &Poll);
    CHECK(Notification->Header.Type == NDIS_OBJECT_TYPE_DEFAULT &&
          Notification->Header.Revision == NDIS_POLL_NOTIFICATION_REVISION_1);
    CHECK(InterlockedIncrement(&Inside) == 1);
    Note(Notification->Enabled ? 'E' : 'D');
    InterlockedDecrement(&Inside);
}

static VOID NTAPI
Polled(PVOID Context, NDIS_POLL_DATA *PollData)
{
    NET_BUFFER_LIST **last = &PollData->Receive.IndicatedNblChain;
    ULONG count = 0;

    CHECK(Context == &Poll);
    CHECK(InterlockedIncrement(&Inside) == 1);
    CHECK(PollData->Receive.NumberOfIndicatedNbls == 0 && PollData->Receive.IndicatedNblChain == NULL);
    CHECK(PollData->Transmit.NumberOfCompletedNbls == 0 && PollData->Transmit.CompletedNblChain == NULL);
    Limit = PollData->Receive.MaxNblsToIndicate;
    ProcessorSeen = KeGetCurrentProcessorNumber();
    Note(KeGetCurrentIrql() == DISPATCH_LEVEL ? 'p' : 'P');
    for (; ToIndicate > 0 && count < Limit && count < AtOnce; count++) {
        *last = Frames[--ToIndicate];
        last = &NET_BUFFER_LIST_NEXT_NBL(*last);
    }
    *last = NULL;
    PollData->Receive.NumberOfIndicatedNbls = Said == NDIS_ANY_NUMBER_OF_NBLS ? Said : count;
    PollData->Receive.NumberOfRemainingNbls = ToIndicate;
    if (ToComplete != NULL) {
        PollData->Transmit.CompletedNblChain = ToComplete;
        PollData->Transmit.NumberOfCompletedNbls = 1;
        ToComplete = NULL;
    }
    if (Again > 0) {
        Again--;
        NdisRequestPoll(Poll, NULL);
    }
    InterlockedDecrement(&Inside);
}

static NTSTATUS
Register(NDIS_POLL_HANDLE *Handle)
{
    NDIS_POLL_CHARACTERISTICS chars;

    NdisZeroMemory(&chars, sizeof(chars));
    chars.Header.Type = NDIS_OBJECT_TYPE_DEFAULT;
    chars.Header.Revision = NDIS_POLL_CHARACTERISTICS_REVISION_1;
    chars.Header.Size = NDIS_SIZEOF_NDIS_POLL_CHARACTERISTICS_REVISION_1;
    chars.SetPollNotificationHandler = SetNotification;
    chars.PollHandler = Polled;
    return NdisRegisterPoll(StackPort, &Poll, &chars, Handle);
}

static VOID
Forget(VOID)
{
    NdisZeroMemory(Log, sizeof(Log));
    Logged = 0;
    Said = 0;
}

static VOID
Refuses(VOID)
{
    NDIS_POLL_CHARACTERISTICS chars;
    NDIS_POLL_HANDLE handle = NULL;

    NdisZeroMemory(&chars, sizeof(chars));
    CHECK(NdisRegisterPoll(StackPort, NULL, &chars, &handle) == STATUS_INVALID_PARAMETER);
    chars.Header.Type = NDIS_OBJECT_TYPE_DEFAULT;
    chars.Header.Revision = NDIS_POLL_CHARACTERISTICS_REVISION_1;
    chars.Header.Size = NDIS_SIZEOF_NDIS_POLL_CHARACTERISTICS_REVISION_1;
    chars.PollHandler = Polled; /* and none for notifications */
    CHECK(NdisRegisterPoll(StackPort, NULL, &chars, &handle) == STATUS_INVALID_PARAMETER);
    CHECK(handle == NULL);
}

/* assumed: the notification is turned off first, and a poll follows its being turned on */
static VOID
IsPolledAtLeastOnce(VOID)
{
    REQUIRE(Register(&Poll) == STATUS_SUCCESS);
    Forget();
    NdisRequestPoll(Poll, NULL);
    CHECK(StackReaches(&Logged, 4) && strcmp(Log, "DpEp") == 0);
    NdisRequestPoll(Poll, NULL);
    CHECK(StackReaches(&Logged, 8) && strcmp(Log, "DpEpDpEp") == 0);
    NdisDeregisterPoll(Poll);
}

static NDIS_HANDLE
MakeFrames(ULONG Count)
{
    NET_BUFFER_LIST_POOL_PARAMETERS parameters;
    NDIS_HANDLE pool;
    PNET_BUFFER nb;
    ULONG i;

    NdisZeroMemory(&parameters, sizeof(parameters));
    parameters.Header.Type = NDIS_OBJECT_TYPE_DEFAULT;
    parameters.Header.Revision = NET_BUFFER_LIST_POOL_PARAMETERS_REVISION_1;
    parameters.Header.Size = NDIS_SIZEOF_NET_BUFFER_LIST_POOL_PARAMETERS_REVISION_1;
    parameters.fAllocateNetBuffer = TRUE;
    parameters.DataSize = 64;
    parameters.PoolTag = DDI_TAG;
    pool = NdisAllocateNetBufferListPool(DdiFilterDriver, &parameters);
    for (i = 0; pool != NULL && i < Count; i++) {
        Frames[i] = NdisAllocateNetBufferList(pool, 0, 0);
        if (Frames[i] == NULL)
            return NULL;
        nb = NET_BUFFER_LIST_FIRST_NB(Frames[i]);
        if (NdisRetreatNetBufferDataStart(nb, 60, 0, NULL) != NDIS_STATUS_SUCCESS)
            return NULL;
        NdisZeroMemory(NdisGetDataBuffer(nb, 60, NULL, 1, 0), 60);
        *(UCHAR *)NdisGetDataBuffer(nb, 1, NULL, 1, 0) = 0xff;
        Frames[i]->SourceHandle = StackPort;
    }
    return pool;
}

static VOID
FreeFrames(NDIS_HANDLE Pool, ULONG Count)
{
    ULONG i;

    for (i = 0; i < Count; i++)
        NdisFreeNetBufferList(Frames[i]);
    NdisFreeNetBufferListPool(Pool);
}

/* documented: no more than asked for; NDIS goes on while something comes, and counts if it is asked to */
static VOID
IndicatesByTheLimit(VOID)
{
    LONG returns = Seen.PortReturns, receives = Seen.ModuleReceives;
    NDIS_HANDLE pool = MakeFrames(FRAMES);

    REQUIRE(pool != NULL && Register(&Poll) == STATUS_SUCCESS);
    Forget();
    Said = NDIS_ANY_NUMBER_OF_NBLS;
    ToIndicate = FRAMES;
    NdisRequestPoll(Poll, NULL);
    CHECK(StackReaches(&Logged, 6) && strcmp(Log, "DpPPEP") == 0);
    CHECK(Limit > 0 && Limit < FRAMES && ToIndicate == 0);
    CHECK(Seen.ModuleReceives == receives + 2 && StackReaches(&Seen.PortReturns, returns + 2));
    NdisDeregisterPoll(Poll);
    FreeFrames(pool, FRAMES);
}

/* documented: polled at either IRQL; assumed: at PASSIVE_LEVEL after the first round */
static VOID
GoesOnAtPassiveLevel(VOID)
{
    LONG returns = Seen.PortReturns;
    NDIS_HANDLE pool = MakeFrames(7);

    REQUIRE(pool != NULL && Register(&Poll) == STATUS_SUCCESS);
    Forget();
    AtOnce = 1;
    ToIndicate = 7;
    NdisRequestPoll(Poll, NULL);
    CHECK(StackReaches(&Logged, 11) && strcmp(Log, "DpPPPPPPPEP") == 0);
    CHECK(StackReaches(&Seen.PortReturns, returns + 7));
    AtOnce = FRAMES;
    NdisDeregisterPoll(Poll);
    FreeFrames(pool, 7);
}

static VOID
CompletesSends(VOID)
{
    LONG done = Seen.BindingSendsDone;
    NDIS_HANDLE pool = MakeFrames(1);

    REQUIRE(pool != NULL && Register(&Poll) == STATUS_SUCCESS);
    Forget();
    StackHoldsSends = 1;
    Frames[0]->SourceHandle = StackBinding;
    NdisSendNetBufferLists(StackBinding, Frames[0], NDIS_DEFAULT_PORT_NUMBER, 0);
    CHECK(Seen.BindingSendsDone == done);
    StackHoldsSends = 0;
    ToComplete = PortTakeHeld();
    CHECK(ToComplete == Frames[0]);
    NdisRequestPoll(Poll, NULL);
    CHECK(StackReaches(&Seen.BindingSendsDone, done + 1) && StackLastStatus == NDIS_STATUS_SUCCESS);
    CHECK(StackReaches(&Logged, 5) && strcmp(Log, "DpPEP") == 0);
    NdisDeregisterPoll(Poll);
    FreeFrames(pool, 1);
}

static VOID
StaysOnItsProcessor(VOID)
{
    PROCESSOR_NUMBER processor = { 0, 1, 0 };

    REQUIRE(KeQueryActiveProcessorCount(NULL) >= 2 && Register(&Poll) == STATUS_SUCCESS);
    Forget();
    NdisSetPollAffinity(Poll, &processor);
    NdisRequestPoll(Poll, NULL);
    CHECK(StackReaches(&Logged, 4) && ProcessorSeen == 1);
    processor.Number = 0;
    NdisSetPollAffinity(Poll, &processor);
    NdisRequestPoll(Poll, NULL);
    CHECK(StackReaches(&Logged, 8) && ProcessorSeen == 0);
    NdisDeregisterPoll(Poll);
}

/* Asked for again inside a handler: at least one more poll; documented: deregistering waits for what is under way. */
static VOID
LeavesWhenItIsDone(VOID)
{
    LONG polls;

    REQUIRE(Register(&Poll) == STATUS_SUCCESS);
    Forget();
    Again = 3;
    NdisRequestPoll(Poll, NULL);
    CHECK(StackReaches(&Logged, 7) && strcmp(Log, "DpPPPEP") == 0);
    Forget();
    Again = 3;
    NdisRequestPoll(Poll, NULL);
    NdisDeregisterPoll(Poll);
    polls = Logged;
    Again = 0;
    CHECK(!StackReaches(&Logged, polls + 1) && Inside == 0);
}

DDI_TESTS(poll, { "refuses", Refuses }, { "is_polled_at_least_once", IsPolledAtLeastOnce },
          { "indicates_by_the_limit", IndicatesByTheLimit }, { "goes_on_at_passive_level", GoesOnAtPassiveLevel },
          { "completes_sends", CompletesSends }, { "stays_on_its_processor", StaysOnItsProcessor },
          { "leaves_when_it_is_done", LeavesWhenItIsDone });
