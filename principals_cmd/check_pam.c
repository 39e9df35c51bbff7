/* SPDX-License-Identifier: ISC */
/* Do our two lines stand where they have to? */
#include <errno.h>
#include <stdlib.h>
#include <string.h>

#include "auto.h"
#include "checks.h"
#include "pamstack.h"

static bool
is_ours(const struct pamline *l, const char *arguments)
{
	return strcmp(pamline_module(l), PAM_MODULE) == 0 &&
	    strcmp(l->arguments, arguments) == 0;
}

static bool
is_module(const struct pamline *l, const char *name)
{
	return strcmp(pamline_module(l), name) == 0;
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

/* A line before ours after which ours is not asked at all. */
static void
check_skips(struct checkup *c, const struct pamstack *s, size_t ours,
    enum finding_id id)
{
	size_t i;

	for (i = 0; i < ours; i++)
		if (pamstack_may_skip(s, i, ours))
			finding_add(&c->findings, id,
			    PAM_STACK_FILE ":%zu: '%s %s' may skip "
					   "pam_countersign (line %zu)",
			    s->v[i].number, s->v[i].control, s->v[i].module,
			    s->v[ours].number);
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
		if (is_module(&s->v[i], "pam_env.so"))
			finding_add(&c->findings, FINDING_PAM_FIRST,
			    PAM_STACK_FILE ":%zu: %s stands before "
					   "pam_countersign (line %zu)",
			    s->v[i].number, s->v[i].module, s->v[first].number);
	check_skips(c, s, first, FINDING_PAM_FIRST);
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
		if (is_module(&s->v[i], "pam_env.so"))
			finding_add(&c->findings, FINDING_PAM_LAST,
			    PAM_STACK_FILE ":%zu: pam_env stands after "
					   "pam_countersign (line %zu)",
			    s->v[i].number, s->v[last].number);
	check_skips(c, s, last, FINDING_PAM_LAST);
}

static void
check_control(struct checkup *c, const struct pamstack *s)
{
	size_t i;

	for (i = 0; i < s->n; i++) {
		if (!is_module(&s->v[i], PAM_MODULE))
			continue;
		if (s->v[i].may_be_missing ||
		    (strcmp(s->v[i].control, "required") != 0 &&
			strcmp(s->v[i].control, "requisite") != 0))
			finding_add(&c->findings, FINDING_PAM_CONTROL,
			    PAM_STACK_FILE ":%zu: %s is '%s%s'", s->v[i].number,
			    PAM_MODULE,
			    s->v[i].may_be_missing ? "-session " : "",
			    s->v[i].control);
	}
}

/* A line behind ours that begins the stack's result anew: a refusal of ours is
 * then none. */
static void
check_forgetting(struct checkup *c, const struct pamstack *s)
{
	size_t first = find_ours(s, ""), i;

	for (i = first; i < s->n; i++)
		if (pamstack_may_forget(s, i, first))
			finding_add(&c->findings, FINDING_PAM_CONTROL,
			    PAM_STACK_FILE ":%zu: '%s %s' may throw away what "
					   "pam_countersign (line %zu) said",
			    s->v[i].number, s->v[i].control, s->v[i].module,
			    s->v[first].number);
}

static void
check_login_uid(struct checkup *c, const struct pamstack *s)
{
	size_t first = find_ours(s, ""), i;

	for (i = 0; i < first; i++)
		if (is_module(&s->v[i], "pam_loginuid.so"))
			return;
	finding_add(&c->findings, FINDING_LOGIN_UID,
	    PAM_STACK_FILE " has no pam_loginuid before pam_countersign");
}

void
check_pam(struct checkup *c)
{
	AUTO_CLEAR(pamstack_clear) struct pamstack s = { 0 };
	AUTO(free) char *file = NULL;
	int r = pamstack_load(PAM_STACK_FILE, &s, &file);

	if (r < 0) {
		finding_add(&c->findings, FINDING_PAM_FIRST,
		    "cannot read '%s': %s",
		    file != NULL ? file : PAM_STACK_FILE,
		    r == -EPERM ? "others than root may write it"
				: strerror(-r));
		return;
	}
	check_first(c, &s);
	check_last(c, &s);
	check_control(c, &s);
	check_forgetting(c, &s);
	check_login_uid(c, &s);
}
