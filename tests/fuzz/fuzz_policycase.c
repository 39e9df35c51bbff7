/* SPDX-License-Identifier: ISC */
/* A policy's tests: read, and each asked of a policy. */
#include <stdlib.h>
#include <string.h>

#include "fuzz.h"
#include "policycase.h"

static const char policy_text[] =
    "{\"version\":1,\"roles\":{\"a\":{\"allow\":{\"logins\":[\"x\","
    "\"{{user.local}}\",\"{{claims.t}}\"],\"node_labels\":{\"*\":[\"*\"]}},"
    "\"options\":{\"source\":[\"10.0.0.0/8\"],\"require_mfa\":true}}}}";

int
LLVMFuzzerTestOneInput(const uint8_t *p, size_t len)
{
	static struct policy *policy;
	struct policy_cases c = { 0 };
	struct conf_error e;
	char *why;
	size_t i;

	if (policy == NULL &&
	    policy_parse(policy_text, strlen(policy_text), &policy, &e) < 0)
		abort();
	if (policy_cases_parse((const char *)p, len, &c, &e) == 0)
		for (i = 0; i < c.n && i < 8; i++) {
			(void)policy_case_run(&c.v[i], policy, &why);
			free(why);
		}
	policy_cases_clear(&c);
	return 0;
}
