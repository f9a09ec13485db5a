/* SPDX-License-Identifier: MIT */
/* host/sleep.c - waiting for real time to pass; a file of its own because libundis takes it, too. */
#include <time.h>

#include "host/host.h"

void
host_sleep_us(unsigned us)
{
    usleep(us);
}
