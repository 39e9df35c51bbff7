/* SPDX-License-Identifier: ISC */
/* What every unit test file has: a suite, and ways to read a file and to make
 * the n-th allocation fail. */
#ifndef CS_UNIT_H
#define CS_UNIT_H

#include <check.h>
#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

/* Each test_X.c defines its one test case; unit.c runs them all. */
TCase *case_wire(void);
TCase *case_text(void);
TCase *case_conf(void);
TCase *case_path(void);
TCase *case_cert(void);
TCase *case_policy(void);
TCase *case_decide(void);
TCase *case_hostpolicy(void);
TCase *case_policytool(void);
TCase *case_pamstack(void);
TCase *case_event(void);
TCase *case_messages(void);
TCase *case_signer(void);
TCase *case_krl(void);
TCase *case_ledger(void);
TCase *case_profile(void);
TCase *case_agent(void);
TCase *case_sshdlog(void);
TCase *case_cast(void);
TCase *case_filecopy(void);
TCase *case_filetaps(void);
TCase *case_jumps(void);
TCase *case_follow(void);
TCase *case_traceargs(void);
TCase *case_tracefold(void);
TCase *case_tracetable(void);
TCase *case_sshdforward(void);
TCase *case_sigma(void);
TCase *case_engine(void);
TCase *case_correlate(void);

/* tests/vectors/NAME; the caller frees. */
char *vector_read(const char *name, size_t *ret_len);
char *vector_path(const char *name);
/* The base64 word of a vector's line; the caller frees. */
char *vector_base64(const char *name);

/* The allocations after the next n fail; a negative n lets all succeed.
 * Returns whether any has failed since the last call. */
bool alloc_fail_after(long n);

#endif
