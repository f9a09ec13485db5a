/* SPDX-License-Identifier: MIT */
/*
 * nt/profile.h - which release of Windows this machine is.
 *
 * Model: a row of a table, chosen before the machine is made and the same for all its runs. A row says what drivers can
 * read (versions, builds) and where that release behaves in its own way; each such difference is one field, read at the
 * one place that differs.
 */
#ifndef NT_PROFILE_H
#define NT_PROFILE_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

struct nt_profile {
    const char *name;  /* as --os takes it */
    const char *words; /* for people */
    uint32_t major, minor, build;
    uint32_t ndis; /* as NdisGetVersion answers */
    bool checked;  /* a build with ndis's assertions on */
    /* NDIS 5.x wrapper: the packet of a send that a serialized miniport completes later is freed twice. */
    bool legacy_double_free;
};

/* The machine's release; win10 unless another was selected. */
const struct nt_profile *nt_profile(void);

/*
 * Before machine_init(). Name of a row, with "-checked" behind it for the checked build. -ENOENT: there is none.
 */
int nt_profile_select(const char *name);
/* Has it a difference that is a flaw, not a contract? */
bool nt_profile_flawed(void);
/* Leave such flaws out of the machine's release, and of those selected from now on: is the release to blame? */
void nt_profile_leave_flaws_out(bool leave_out);
/* Its name, as --os takes it. */
void nt_profile_text(char *text, size_t room);
/* Its version, as drivers are told it: "10.0.19041". */
void nt_profile_version(char *text, size_t room);

/* Row i; NULL past the last. */
const struct nt_profile *nt_profile_get(unsigned i);

#endif
