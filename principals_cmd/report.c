/* SPDX-License-Identifier: ISC */
/* What happens to the policy of this host, as events and for people. */
#include <errno.h>
#include <stdarg.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "auto.h"
#include "clock.h"
#include "eventsink.h"
#include "locallock.h"
#include "report.h"

#define EMITTER "fetch"

int
report_failure(const char *fmt, ...)
{
	va_list ap;

	fprintf(stderr, "%s: ", program_invocation_short_name);
	va_start(ap, fmt);
	vfprintf(stderr, fmt, ap);
	va_end(ap);
	fputc('\n', stderr);
	return 1;
}

static void
begin(struct event *ev, const struct settings *s, const char *name,
    const char *code)
{
	struct event_context ctx = { .host = s, .emitter = EMITTER };

	event_init(ev, &ctx, name, code);
}

static void
send_created(struct eventsink *sink, const struct settings *s,
    const struct lock *l, bool is_created)
{
	const struct event_context ctx = { .host = s, .emitter = EMITTER };

	lock_tell(sink, &ctx, l, is_created);
}

void
report_lock(const struct settings *s, const struct lock *l, bool is_created)
{
	struct eventsink sink;

	eventsink_init(&sink, s, EMITTER);
	send_created(&sink, s, l, is_created);
	eventsink_clear(&sink);
}

static bool
is_same_lock(const struct lock *a, const struct lock *b)
{
	return b != NULL && a->expires_s == b->expires_s &&
	    lock_target_equal(&a->target, &b->target);
}

/* A lock that changed is one that ended and one that began. */
static void
send_locks(struct eventsink *sink, const struct settings *s,
    const struct locks *old, const struct locks *new)
{
	size_t i;

	for (i = 0; i < old->n; i++)
		if (!is_same_lock(&old->v[i], locks_find(new, old->v[i].name)))
			send_created(sink, s, &old->v[i], false);
	for (i = 0; i < new->n; i++)
		if (!is_same_lock(&new->v[i], locks_find(old, new->v[i].name)))
			send_created(sink, s, &new->v[i], true);
}

void
report_update(const struct settings *s, const struct policy *old,
    const struct policy *new)
{
	static const struct locks none = { 0 };
	struct eventsink sink;
	char end[CLOCK_TEXT_MAX];
	struct event ev;

	eventsink_init(&sink, s, EMITTER);
	begin(&ev, s, "policy.update", "CS030I");
	event_uint(&ev, "version", new->version);
	if (old != NULL)
		event_uint(&ev, "previous", old->version);
	if (new->expires_s != 0)
		event_string(&ev, "expires",
		    clock_rfc3339(new->expires_s, end));
	eventsink_send(&sink, &ev);
	send_locks(&sink, s, old != NULL ? &old->locks : &none, &new->locks);
	eventsink_clear(&sink);
}

static void
send_one(const struct settings *s, const char *code, uint64_t version,
    const char *key, const char *text)
{
	struct eventsink sink;
	struct event ev;

	eventsink_init(&sink, s, EMITTER);
	begin(&ev, s, "policy.update", code);
	if (version != 0)
		event_uint(&ev, "version", version);
	event_string(&ev, key, text);
	eventsink_send(&sink, &ev);
	eventsink_clear(&sink);
}

void
report_error(const struct settings *s, uint64_t version, const char *error)
{
	send_one(s, "CS030E", version, "error", error);
}

void
report_recovered(const struct settings *s, uint64_t version)
{
	send_one(s, "CS030I", version, "reason", "refreshed again");
}

void
report_setup(const struct settings *s, const char *step, const char *code)
{
	struct event_context ctx = { .host = s, .emitter = "node" };
	struct eventsink sink;
	struct event ev;

	eventsink_init(&sink, s, "node");
	event_init(&ev, &ctx, "node.setup", code);
	event_string(&ev, "step", step);
	eventsink_send(&sink, &ev);
	eventsink_clear(&sink);
}
