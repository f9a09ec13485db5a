/* SPDX-License-Identifier: MIT */
/* The cases of test_patch.c with every load and store patched, too: nothing a driver computes may change. */
#define PATCH_WATCHED 1
#include "test_patch.c"
