/* SPDX-License-Identifier: ISC */
#include <stdlib.h>
#include <string.h>

#include "clock.h"
#include "tracefold.h"

/* But for what tells one process from another. */
static bool
is_like(const struct tracefold *f, const struct trace_exec *e, uint32_t n)
{
	const struct trace_exec *l = f->last;

	return l != NULL && f->n == n &&
	    l->head.member.session == e->head.member.session &&
	    l->parent == e->parent && l->uid == e->uid && l->euid == e->euid &&
	    l->login_uid == e->login_uid && l->flags == e->flags &&
	    l->path_len == e->path_len && l->cwd_len == e->cwd_len &&
	    l->name_len == e->name_len && l->args_total == e->args_total &&
	    strncmp(l->tty, e->tty, sizeof(l->tty)) == 0 &&
	    memcmp(l + 1, e + 1, n - sizeof(*e)) == 0;
}

/* Without memory for it nothing is folded. */
static void
keep(struct tracefold *f, const struct trace_exec *e, uint32_t n)
{
	struct trace_exec *grown;

	if (n > f->room) {
		if ((grown = realloc(f->last, n)) == NULL) {
			f->n = 0;
			return;
		}
		f->last = grown;
		f->room = n;
	}
	memcpy(f->last, e, n);
	f->n = n;
}

bool
tracefold_exec(struct tracefold *f, const struct trace_exec *e, uint32_t n)
{
	uint64_t before = f->n > 0 ? f->last->head.time_ns : 0,
		 now = e->head.time_ns;
	bool is_again = is_like(f, e, n) && now >= before &&
	    now - before < TRACEFOLD_MS * 1000000ULL;

	f->streak = is_again ? f->streak + 1 : 1;
	if (!is_again || f->streak <= TRACEFOLD_AFTER) {
		if (f->folded == 0)
			keep(f, e, n);
		return false;
	}
	if (f->folded++ == 0) {
		f->first_ns = now;
		f->since_ms = clock_boot_ms();
	}
	keep(f, e, n);
	return true;
}

bool
tracefold_exit(struct tracefold *f, const struct trace_exit *x)
{
	if (f->ends == 0)
		f->code = x->code;
	if (f->code != x->code)
		return false;
	if (f->ends++ == 0 && f->folded == 0)
		f->since_ms = clock_boot_ms();
	if (x->lived_ns > f->longest_ns)
		f->longest_ns = x->lived_ns;
	f->end_ns = x->head.time_ns;
	f->end_pid = x->head.pid;
	f->end_session = x->head.member.session;
	return true;
}

bool
tracefold_is_due(const struct tracefold *f)
{
	return (f->folded > 0 || f->ends > 0) &&
	    clock_boot_ms() - f->since_ms >= TRACEFOLD_MS;
}

void
tracefold_told(struct tracefold *f)
{
	f->folded = f->ends = 0;
	f->longest_ns = 0;
}

void
tracefold_clear(struct tracefold *f)
{
	free(f->last);
	*f = (struct tracefold){ 0 };
}
