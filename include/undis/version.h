/* SPDX-License-Identifier: MIT */
/* undis/version.h - what this build is called. UNDIS_COMMIT comes from the build, "" without git. */
#ifndef UNDIS_VERSION_H
#define UNDIS_VERSION_H

#define UNDIS_VERSION "0.1.0"
#ifndef UNDIS_COMMIT
#define UNDIS_COMMIT ""
#endif

#endif
