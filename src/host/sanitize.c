/* SPDX-License-Identifier: MIT */
/*
 * host/sanitize.c - what the sanitizers must know of this program. Empty in other builds.
 *
 * Faults of drivers are ours to handle (machine/trap.c), stacks are left by jumps (base/asan.h) and a worker ends
 * wherever it is, with everything it has allocated.
 */
#ifdef UNDIS_SANITIZE

const char *__asan_default_options(void);
const char *__tsan_default_options(void);
const char *__ubsan_default_options(void);

const char *
__asan_default_options(void)
{
    return "handle_segv=0:handle_sigbus=0:handle_sigill=0:handle_sigfpe=0:handle_sigtrap=0:use_sigaltstack=0:"
           "detect_stack_use_after_return=0:detect_leaks=0:allocator_may_return_null=1";
}

/* Reports go on, so that one run shows them all; the run fails in the end. */
const char *
__tsan_default_options(void)
{
    return "handle_segv=0:handle_sigbus=0:handle_sigill=0:handle_sigfpe=0:handle_sigtrap=0:use_sigaltstack=0:"
           "report_signal_unsafe=0:exitcode=66";
}

const char *
__ubsan_default_options(void)
{
    return "handle_segv=0:handle_sigbus=0:handle_sigill=0:handle_sigfpe=0:print_stacktrace=1";
}

#endif
