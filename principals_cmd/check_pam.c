/* SPDX-License-Identifier: ISC */
/* Do our two lines stand where they have to? */
#include <errno.h>
#include <stdlib.h>
#include <string.h>

#include "auto.h"
#include "checks.h"
#include "pamstack.h"
#include "path.h"

#define STACK_MAX_BYTES 65536U

static bool
is_ours(const struct pamline *l, const char *arguments)
{
	return strcmp(l->module, PAM_MODULE) == 0 &&
	    strcmp(l->arguments, arguments) == 0;
}

/* The index of the line, or n. */
static size_t
find_ours(const struct pamstack *s, const char *arguments)
{
	size_t i;

	for (i = 0; i < s->n; i++)
		if (is_ours(&s->v[i], arguments))
			break;
	return i;
}

/* Modules that put variables of the user's making into PAM's environment, or a
 * file of lines that may. */
static bool
sets_variables(const struct pamline *l)
{
	return strcmp(l->module, "pam_env.so") == 0 ||
	    strcmp(l->control, "@include") == 0;
}

static bool
is_account_include(const struct pamline *l)
{
	return strcmp(l->control, "@include") == 0 &&
	    strcmp(l->module, "common-session") != 0;
}

static void
check_first(struct checkup *c, const struct pamstack *s)
{
	size_t first = find_ours(s, ""), i;

	if (first == s->n) {
		finding_add(&c->findings, FINDING_PAM_FIRST,
		    PAM_STACK_FILE " has no line for " PAM_MODULE);
		return;
	}
	for (i = 0; i < first; i++)
		if (sets_variables(&s->v[i]) && !is_account_include(&s->v[i]))
			finding_add(&c->findings, FINDING_PAM_FIRST,
			    PAM_STACK_FILE ":%zu: %s stands before "
					   "pam_countersign (line %zu)",
			    s->v[i].number, s->v[i].module, s->v[first].number);
}

static void
check_last(struct checkup *c, const struct pamstack *s)
{
	size_t last = find_ours(s, "environment"), i;

	if (last == s->n) {
		finding_add(&c->findings, FINDING_PAM_LAST,
		    PAM_STACK_FILE " has no line for " PAM_MODULE
				   " environment");
		return;
	}
	for (i = last + 1; i < s->n; i++)
		if (strcmp(s->v[i].module, "pam_env.so") == 0)
			finding_add(&c->findings, FINDING_PAM_LAST,
			    PAM_STACK_FILE ":%zu: pam_env stands after "
					   "pam_countersign (line %zu)",
			    s->v[i].number, s->v[last].number);
}

static void
check_control(struct checkup *c, const struct pamstack *s)
{
	size_t i;

	for (i = 0; i < s->n; i++)
		if (strcmp(s->v[i].module, PAM_MODULE) == 0 &&
		    strcmp(s->v[i].control, "required") != 0 &&
		    strcmp(s->v[i].control, "requisite") != 0)
			finding_add(&c->findings, FINDING_PAM_CONTROL,
			    PAM_STACK_FILE ":%zu: %s is '%s'", s->v[i].number,
			    PAM_MODULE, s->v[i].control);
}

static void
check_login_uid(struct checkup *c, const struct pamstack *s)
{
	size_t first = find_ours(s, ""), i;

	for (i = 0; i < first; i++)
		if (strcmp(s->v[i].module, "pam_loginuid.so") == 0)
			return;
	finding_add(&c->findings, FINDING_LOGIN_UID,
	    PAM_STACK_FILE " has no pam_loginuid before pam_countersign");
}

void
check_pam(struct checkup *c)
{
	AUTO_CLEAR(pamstack_clear) struct pamstack s = { 0 };
	AUTO(free) char *text = NULL;
	size_t len;
	int r;

	r = path_read_trusted(PAM_STACK_FILE, 0, STACK_MAX_BYTES, &text, &len);
	if (r == 0)
		r = pamstack_parse(text, &s);
	if (r < 0) {
		finding_add(&c->findings, FINDING_PAM_FIRST,
		    "cannot read " PAM_STACK_FILE ": %s", strerror(-r));
		return;
	}
	check_first(c, &s);
	check_last(c, &s);
	check_control(c, &s);
	check_login_uid(c, &s);
}
