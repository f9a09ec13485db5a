/* SPDX-License-Identifier: MIT */
/*
 * nt/profile.h - which release of Windows this machine is.
 *
 * Model: a row of a table, chosen before the machine is made and the same for all its runs. A row says what drivers can
 * read (versions, builds) and where that release behaves in its own way; each such difference is one field. The machine
 * reads a field with nt_profile_ask() and nowhere else, which notes it: whatever was done on one release would have
 * been done on another that answers all that was asked the same.
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

/* The machine's release, for whoever runs it; win10 unless another was selected. */
const struct nt_profile *nt_profile(void);

enum nt_profile_field {
    PROFILE_MAJOR,
    PROFILE_MINOR,
    PROFILE_BUILD,
    PROFILE_NDIS,
    PROFILE_CHECKED,
    PROFILE_LEGACY_DOUBLE_FREE,
    PROFILE_FIELDS
};

/* Inside the machine: a field of its release. It stays noted over all runs. */
uint32_t nt_profile_ask(enum nt_profile_field field);
/* A bit per field that was asked for; a driver that has the page of KUSER_SHARED_DATA has asked for the version. */
uint32_t nt_profile_asked(void);
/* Do both answer the same for every field of the mask? */
bool nt_profile_agree(const struct nt_profile *a, const struct nt_profile *b, uint32_t fields);

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
