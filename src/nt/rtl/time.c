/* SPDX-License-Identifier: MIT */
/*
 * nt/rtl/time.c - system time to calendar fields and back.
 *
 * Model: system time counts 100 ns from 1601-01-01, a Monday, in the proleptic Gregorian calendar. Days are turned
 * into years by the 400-year cycle, with the year beginning in March so that leap days come last.
 */
#include "nt/rtl/rtl.h"

#define MS_100NS      10000ll
#define DAY_MS        86400000ll
#define DAYS_TO_1970  134774ll /* from 1601 */
#define MARCH_TO_1601 584694ll /* days from 0000-03-01 to 1601-01-01 */

static int64_t
days_of(int64_t year, int64_t month, int64_t day)
{
    int64_t y = month > 2 ? year : year - 1;
    int64_t cycle = y / 400;
    int64_t of_cycle = y % 400;
    int64_t of_year = (153 * ((month + 9) % 12) + 2) / 5 + day - 1;

    return cycle * 146097 + of_cycle * 365 + of_cycle / 4 - of_cycle / 100 + of_year - MARCH_TO_1601;
}

VOID NTAPI
RtlTimeToTimeFields(PLARGE_INTEGER Time, PTIME_FIELDS TimeFields)
{
    int64_t ms = Time->QuadPart / MS_100NS;
    int64_t days = ms / DAY_MS;
    int64_t rest = ms % DAY_MS;
    int64_t z = days + MARCH_TO_1601;
    int64_t of_cycle = z % 146097;
    int64_t year = (of_cycle - of_cycle / 1460 + of_cycle / 36524 - of_cycle / 146096) / 365;
    int64_t of_year = of_cycle - (365 * year + year / 4 - year / 100);
    int64_t march_month = (5 * of_year + 2) / 153;
    int64_t month = march_month < 10 ? march_month + 3 : march_month - 9;

    TimeFields->Year = (CSHORT)(z / 146097 * 400 + year + (month <= 2));
    TimeFields->Month = (CSHORT)month;
    TimeFields->Day = (CSHORT)(of_year - (153 * march_month + 2) / 5 + 1);
    TimeFields->Hour = (CSHORT)(rest / 3600000);
    TimeFields->Minute = (CSHORT)(rest / 60000 % 60);
    TimeFields->Second = (CSHORT)(rest / 1000 % 60);
    TimeFields->Milliseconds = (CSHORT)(rest % 1000);
    TimeFields->Weekday = (CSHORT)((days + 1) % 7);
}

/* documented: FALSE for fields that name no time; Weekday is ignored. */
BOOLEAN NTAPI
RtlTimeFieldsToTime(PTIME_FIELDS TimeFields, PLARGE_INTEGER Time)
{
    static const uint8_t days[12] = { 31, 28, 31, 30, 31, 30, 31, 31, 30, 31, 30, 31 };
    const TIME_FIELDS *f = TimeFields;
    bool leap = (f->Year % 4 == 0 && f->Year % 100 != 0) || f->Year % 400 == 0;
    int64_t ms;

    if (f->Year < 1601 || f->Month < 1 || f->Month > 12 || f->Day < 1 ||
        f->Day > days[f->Month - 1] + (f->Month == 2 && leap) || (unsigned)f->Hour > 23 || (unsigned)f->Minute > 59 ||
        (unsigned)f->Second > 59 || (unsigned)f->Milliseconds > 999)
        return FALSE;
    ms = days_of(f->Year, f->Month, f->Day) * DAY_MS + ((f->Hour * 60ll + f->Minute) * 60 + f->Second) * 1000 +
         f->Milliseconds;
    Time->QuadPart = ms * MS_100NS;
    return TRUE;
}

/* documented: FALSE when the time is not within 32 bits of seconds from 1970. */
BOOLEAN NTAPI
RtlTimeToSecondsSince1970(PLARGE_INTEGER Time, PULONG ElapsedSeconds)
{
    int64_t seconds = Time->QuadPart / 10000000 - DAYS_TO_1970 * 86400;

    if (seconds < 0 || seconds > MAXULONG)
        return FALSE;
    *ElapsedSeconds = (ULONG)seconds;
    return TRUE;
}

VOID NTAPI
RtlSecondsSince1970ToTime(ULONG ElapsedSeconds, PLARGE_INTEGER Time)
{
    Time->QuadPart = ((int64_t)ElapsedSeconds + DAYS_TO_1970 * 86400) * 10000000;
}
