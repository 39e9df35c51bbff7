/* SPDX-License-Identifier: ISC */
/* The policy reader, and over whatever it lets through: a decision, whose line
 * means to sshd what was meant; its layout, which is the same policy; what check
 * says of it. */
#include <stdlib.h>
#include <string.h>

#include "decide.h"
#include "fuzz.h"
#include "lineback.h"
#include "policyfmt.h"
#include "policylint.h"

static uint8_t ca[] = "ca";

static void
use_tools(const uint8_t *p, size_t len, struct policy *policy)
{
	struct policyfile file = { .path = "p",
		.text = strndup((const char *)p, len),
		.len = len,
		.policy = policy };
	struct policyfile again = { 0 };
	struct lints lints = { 0 };
	json_t *a, *b;

	/* A NUL ends a file that the tools read. */
	if (strlen(file.text) == len) {
		if (policylint(&file, 1, &lints) < 0 ||
		    (again.text = policyfmt(&file)) == NULL)
			abort();
		a = json_loads(file.text, 0, NULL);
		b = json_loads(again.text, 0, NULL);
		if (!json_equal(a, b))
			abort();
		json_decref(a);
		json_decref(b);
	}
	lints_clear(&lints);
	free(again.text);
	free(file.text);
}

int
LLVMFuzzerTestOneInput(const uint8_t *p, size_t len)
{
	struct sshkey key = { .blob = ca, .len = sizeof(ca) };
	struct sshkey_list cas = { &key, 1 };
	struct cert c = { .kind = CERT_USER,
		.key_id = (char[]){ "a@b" },
		.ca = ca,
		.ca_len = sizeof(ca),
		.valid_before = 100 };
	struct labels labels = { 0 };
	struct hostpolicy compiled;
	struct decide_question q = { .cert = &c,
		.login = "a",
		.trusted_cas = &cas,
		.policy = &compiled,
		.now_s = 1 };
	struct host_facts facts = { &labels, "web1", "id1" };
	struct conf_error e;
	struct policy *policy;
	struct decision d;
	const char *why;
	char *line;
	size_t i;

	if (policy_parse((const char *)p, len, &policy, &e) < 0)
		return 0;
	for (i = 0; i < policy->n_roles && i < 16; i++) {
		if (asprintf(&line, "role:%s", policy->roles[i].name) > 0)
			strv_add_take(&c.principals, line);
	}
	labels_add(&labels, "env", "prod");
	if (hostpolicy_make(policy, &facts, &compiled) < 0)
		abort();
	decide(&q, &d);
	line = decision_line(&d);
	if (line != NULL && !lineback_means(line, &d, &why))
		abort();
	free(line);
	use_tools(p, len, policy);
	decision_clear(&d);
	strv_clear(&c.principals);
	labels_clear(&labels);
	hostpolicy_clear(&compiled);
	policy_free(policy);
	return 0;
}
