/* SPDX-License-Identifier: ISC */
/* A policy's tests: questions with the answers they should get
 * (countersign-policy(5)). */
#ifndef CS_POLICYCASE_H
#define CS_POLICYCASE_H

#include "conf.h"
#include "question.h"

struct policy_case {
	char *name;
	struct question q;
	char *expect; /* "allowed", or a reason's name */
	char *line; /* NULL: any; expiry-time="*" is any time */
	uint64_t expires_in_s; /* from `at`; 0: any */
};

struct policy_cases {
	struct policy_case *v;
	size_t n;
};

#define POLICY_CASES_MAX_BYTES (16U * 1024U * 1024U)

/* 0, -ENOMEM, or -EINVAL with *reterr. The caller clears, also on failure. */
int policy_cases_parse(const char *text, size_t len, struct policy_cases *ret,
    struct conf_error *reterr);
void policy_cases_clear(struct policy_cases *c);
/* 1 if the policy answers as expected; 0 with what it says instead in *ret_why,
 * which the caller frees; -errno. */
int policy_case_run(struct policy_case *c, const struct policy *p,
    char **ret_why);

#endif
