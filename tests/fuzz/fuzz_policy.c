/* SPDX-License-Identifier: ISC */
/* The policy reader, and a decision over whatever it lets through: a line that
 * is printed holds nothing that sshd would read as another line or option. */
#include <stdlib.h>
#include <string.h>

#include "decide.h"
#include "fuzz.h"

static uint8_t ca[] = "ca";

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
	if (line != NULL &&
	    (strpbrk(line, "\n\r#") != NULL ||
		strncmp(line, "restrict", 8) != 0 ||
		strncmp(strrchr(line, ' '), " role:", 6) != 0))
		abort();
	free(line);
	decision_clear(&d);
	strv_clear(&c.principals);
	labels_clear(&labels);
	hostpolicy_clear(&compiled);
	policy_free(policy);
	return 0;
}
