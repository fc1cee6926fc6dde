/*
 * coverage: counters of a coverage build, written out where a process may end
 * without its exit handlers: killed, or by _exit.  Nothing in other builds.
 */
#ifndef WEIR_RUNNER_COVERAGE_H
#define WEIR_RUNNER_COVERAGE_H

#ifdef WEIR_COVERAGE
void __gcov_dump(void);
void __gcov_reset(void);
#define coverage_write() (__gcov_dump(), __gcov_reset())
#else
#define coverage_write() ((void)0)
#endif

#endif
