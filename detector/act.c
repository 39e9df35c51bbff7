/* SPDX-License-Identifier: ISC */
#include <errno.h>
#include <inttypes.h>
#include <stdarg.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include "act.h"
#include "auto.h"
#include "clock.h"
#include "host.h"
#include "keepermsg.h"
#include "kstate.h"
#include "locallock.h"
#include "parse.h"
#include "pattern.h"

#define KEEPER_MS   2000
#define LOCK_PREFIX "detect-"
#define HOUR_S	    3600
#define WHO	    "countersign-detect"

static const char *const outcomes[] = { [ACT_DONE] = "done",
	[ACT_STARTED] = "started",
	[ACT_DRY_RUN] = "dry_run",
	[ACT_NOTHING] = "nothing",
	[ACT_REFUSED] = "refused",
	[ACT_FAILED] = "failed" };

const char *
act_outcome_name(enum act_outcome o)
{
	return outcomes[o];
}

static enum act_outcome say(enum act_outcome out, char why[ACT_WHY_MAX],
    const char *fmt, ...) __attribute__((format(printf, 3, 4)));

static enum act_outcome
say(enum act_outcome out, char why[ACT_WHY_MAX], const char *fmt, ...)
{
	va_list ap;

	va_start(ap, fmt);
	(void)vsnprintf(why, ACT_WHY_MAX, fmt, ap);
	va_end(ap);
	return out;
}

static const char *
text_of(json_t *o, const char *key)
{
	return json_string_value(json_object_get(o, key));
}

static bool
is_action(const char *s)
{
	return s != NULL &&
	    (strcmp(s, "end") == 0 || strcmp(s, "lock") == 0 ||
		strcmp(s, "run") == 0);
}

int
order_read(json_t *alert, const char *file, size_t i, struct order *ret)
{
	json_t *list = json_object_get(alert, "respond");
	json_t *one = json_array_get(list, i);
	const char *time = text_of(alert, "time");
	json_int_t for_s = json_integer_value(json_object_get(one, "for_s"));

	if (one == NULL)
		return -ENOENT;
	*ret = (struct order){ .alert = alert,
		.file = file,
		.uid = text_of(alert, "uid"),
		.rule_id = text_of(alert, "rule_id"),
		.rule_title = text_of(alert, "rule_title"),
		.user = text_of(alert, "user"),
		.login = text_of(alert, "login"),
		.connection_id = text_of(alert, "connection_id"),
		.action = text_of(one, "action"),
		.what = text_of(one, "what"),
		.for_s = for_s > 0 ? (uint64_t)for_s : 0,
		.number = i };
	if (ret->rule_title == NULL)
		ret->rule_title = "?";
	return ret->uid != NULL && is_uuid(ret->uid) &&
		is_action(ret->action) && ret->what != NULL && time != NULL &&
		clock_parse_rfc3339(time, &ret->time_s) == 0
	    ? 0
	    : -EINVAL;
}

/* ---- may it be done? ---------------------------------------------------------- */

static bool
is_of_this_host(const struct actor *a, json_t *alert)
{
	const char *id = text_of(alert, "server_id");
	const char *name = text_of(alert, "server_hostname");

	if (id != NULL)
		return strcmp(id, a->host->server_id) == 0;
	return name == NULL || strcmp(name, a->host->server_hostname) == 0;
}

/* Checked also where nothing is enforced: a dry run is to tell the truth. */
static enum act_outcome
may(const struct actor *a, const struct order *o, char why[ACT_WHY_MAX])
{
	const struct respondconf *c = a->conf;
	uint64_t now_s = clock_now_usec() / USEC_PER_SEC;

	if (c->rules.n > 0 && !pattern_match_any(&c->rules, o->rule_id))
		return say(ACT_REFUSED, why, "'rules' does not have this rule");
	if (pattern_match_any(&c->exempt, o->user) ||
	    pattern_match_any(&c->exempt, o->login))
		return say(ACT_REFUSED, why, "'exempt' has this user or login");
	if (o->time_s + c->max_age_s < now_s)
		return say(ACT_REFUSED, why,
		    "the event is %" PRIu64 " s old: over 'max_age'",
		    now_s - o->time_s);
	return ACT_DONE;
}

/* ---- the connection's end ------------------------------------------------------- */

static bool
has_ends_left(struct actor *a)
{
	uint64_t now_s = clock_boot_ms() / 1000;

	if (a->ends_since_s == 0 || now_s - a->ends_since_s >= HOUR_S) {
		a->ends_since_s = now_s;
		a->ends = 0;
	}
	return a->ends < a->conf->max_ends;
}

/* By what the connection itself is, and not by what the alert says of it. */
static enum act_outcome
may_end(const struct actor *a, const char *id, char why[ACT_WHY_MAX])
{
	AUTO(free) struct kstate *k = NULL;
	int r;

	if (a->conf->exempt.n == 0)
		return ACT_DONE;
	if ((k = malloc(sizeof(*k))) == NULL)
		return say(ACT_FAILED, why, "%s", strerror(ENOMEM));
	r = kstate_read(a->host->run_dir, id, k);
	if (r == -ENOENT)
		return say(ACT_NOTHING, why,
		    "it is not open on this host (any more)");
	if (r < 0)
		return say(ACT_REFUSED, why, "whose it is cannot be told: %s",
		    strerror(-r));
	k->user[sizeof(k->user) - 1] = k->login[sizeof(k->login) - 1] = '\0';
	return pattern_match_any(&a->conf->exempt, k->user) ||
		pattern_match_any(&a->conf->exempt, k->login)
	    ? say(ACT_REFUSED, why, "'exempt' has its user or login")
	    : ACT_DONE;
}

static enum act_outcome
end_connection(struct actor *a, const struct order *o, char why[ACT_WHY_MAX])
{
	char path[108], reason[ACT_WHY_MAX];
	struct keeper_message m = { .type = KEEPERMSG_END, .u.end = reason };
	AUTO(close) int fd = -1;
	int r = keepermsg_connection_path(a->host->run_dir, o->connection_id,
	    path, sizeof(path));

	(void)snprintf(reason, sizeof(reason), "rule '%.100s', alert %s",
	    o->rule_title, o->uid);
	if (r == 0)
		r = fd = keepermsg_connect(path, KEEPER_MS);
	if (r == -ENOENT || r == -ECONNREFUSED)
		return say(ACT_NOTHING, why,
		    "it is not open on this host (any more)");
	if (r >= 0)
		r = keepermsg_send(fd, &m);
	if (r < 0)
		return say(ACT_FAILED, why, "its keeper: %s", strerror(-r));
	a->ends++;
	return ACT_DONE;
}

static enum act_outcome
act_end(struct actor *a, struct order *o, bool is_enforced,
    char why[ACT_WHY_MAX])
{
	enum act_outcome out;

	if (o->connection_id == NULL || !is_uuid(o->connection_id))
		return say(ACT_REFUSED, why, "the event is of no connection");
	(void)snprintf(o->target, sizeof(o->target), "%s", o->connection_id);
	if ((out = may_end(a, o->connection_id, why)) != ACT_DONE)
		return out;
	if (!has_ends_left(a))
		return say(ACT_REFUSED, why,
		    "'max_ends' connections have been ended in this hour");
	return is_enforced ? end_connection(a, o, why) : ACT_DRY_RUN;
}

/* ---- locks ----------------------------------------------------------------------- */

static bool
is_ours(const struct lock *l)
{
	return strncmp(l->name, LOCK_PREFIX, sizeof(LOCK_PREFIX) - 1) == 0;
}

static void
remove_lock(const struct actor *a, const struct lock *l)
{
	const struct event_context ctx = { .host = a->host,
		.emitter = "respond" };
	AUTO(free) char *path = locallock_path(a->host, l->name);

	if (path != NULL && unlink(path) == 0)
		lock_tell(a->sink, &ctx, l, false);
}

int
act_tidy_locks(const struct actor *a)
{
	AUTO_CLEAR(locks_clear) struct locks all = { 0 };
	AUTO(free) char *dir = host_locks_path(a->host);
	uint64_t now_s = clock_now_usec() / USEC_PER_SEC;
	struct conf_error e = { 0 };
	size_t i;
	int n = 0, r;

	if (dir == NULL)
		return -ENOMEM;
	if ((r = host_read_locks(dir, 0, &all, &e)) < 0)
		return r == -ENOENT ? 0 : r;
	for (i = 0; i < all.n; i++) {
		const struct lock *l = &all.v[i];

		if (!is_ours(l))
			continue;
		if (l->expires_s != 0 && l->expires_s <= now_s)
			remove_lock(a, l);
		else
			n++;
	}
	return n;
}

/* The number as it stands in the alert: it may be larger than a double's. */
static json_t *
lock_target(const struct order *o)
{
	json_t *v = json_object_get(o->alert, o->what);
	char number[32];

	if (json_is_integer(v)) {
		(void)snprintf(number, sizeof(number), "%" JSON_INTEGER_FORMAT,
		    json_integer_value(v));
		return json_pack("{s:s}", o->what, number);
	}
	return json_is_string(v) && *json_string_value(v) != '\0'
	    ? json_pack("{s:O}", o->what, v)
	    : NULL;
}

static bool
is_made(const struct actor *a, const char *name)
{
	AUTO(free) char *path = locallock_path(a->host, name);

	return path != NULL && access(path, F_OK) == 0;
}

static enum act_outcome
lock_here(const struct actor *a, const struct locallock *l, bool is_enforced,
    char why[ACT_WHY_MAX])
{
	const struct event_context ctx = { .host = a->host,
		.emitter = "respond" };
	AUTO_CLEAR(locks_clear) struct locks one = { 0 };
	struct conf_error e = { 0 };
	int r;

	/* Killed before it could be said, the last time. */
	if (is_made(a, l->name))
		return ACT_DONE;
	r = act_tidy_locks(a);
	if (r >= 0 && (uint64_t)r >= a->conf->max_locks)
		return say(ACT_REFUSED, why, "'max_locks' locks are in force");
	if (r >= 0 && !is_enforced)
		return ACT_DRY_RUN;
	if (r >= 0)
		r = locallock_make(a->host, l, &one, &e);
	if (r == -EINVAL)
		return say(ACT_REFUSED, why, "%.160s",
		    *e.what != '\0' ? e.what : "locks.d cannot be read");
	if (r < 0)
		return say(ACT_FAILED, why, "%s", strerror(-r));
	lock_tell(a->sink, &ctx, &one.v[0], true);
	return ACT_DONE;
}

static enum act_outcome
request_lock(const struct actor *a, const struct locallock *l,
    char why[ACT_WHY_MAX])
{
	AUTO(free) char *text = locallock_text(l);
	int r = lockrequest_check(a->conf);

	if (r == -EPERM)
		return say(ACT_REFUSED, why,
		    "the folder of 'lock_requests' has to be root's, writable "
		    "by nobody else");
	if (r == 0)
		r = text == NULL ? -ENOMEM
				 : lockrequest_write(a->conf, l->name, text);
	return r == 0
	    ? ACT_DONE
	    : say(ACT_FAILED, why, "the lock request: %s", strerror(-r));
}

static enum act_outcome
make_lock(const struct actor *a, const struct order *o, json_t *target,
    bool is_enforced, char why[ACT_WHY_MAX])
{
	uint64_t now_s = clock_now_usec() / USEC_PER_SEC;
	uint64_t for_s =
	    o->for_s < a->conf->max_lock_s ? o->for_s : a->conf->max_lock_s;
	bool is_here = is_of_this_host(a, o->alert);
	char name[64], reason[ACT_WHY_MAX];
	const struct locallock l = { .name = name,
		.target = target,
		/* Tried again, it ends when it was to end. */
		.expires_s = (o->time_s < now_s ? o->time_s : now_s) + for_s,
		.reason = reason,
		.updated_by = WHO };
	enum act_outcome out = is_enforced ? ACT_DONE : ACT_DRY_RUN;

	(void)snprintf(name, sizeof(name), LOCK_PREFIX "%s-%zu", o->uid,
	    o->number);
	(void)snprintf(reason, sizeof(reason), "alert %s of rule %s", o->uid,
	    o->rule_id != NULL ? o->rule_id : "without an id");
	if (for_s == 0 || l.expires_s <= now_s)
		return say(ACT_NOTHING, why, "it would have ended already");
	if (!is_here && a->conf->request_dir == NULL)
		return say(ACT_REFUSED, why,
		    "it is of another host, and 'lock_requests' is not set");
	if (is_here)
		out = lock_here(a, &l, is_enforced, why);
	if (out == ACT_DONE && a->conf->request_dir != NULL)
		out = request_lock(a, &l, why);
	return out;
}

static enum act_outcome
act_lock(const struct actor *a, struct order *o, bool is_enforced,
    char why[ACT_WHY_MAX])
{
	json_auto_t *target = NULL;

	if (strcmp(o->what, "user") != 0 && strcmp(o->what, "login") != 0 &&
	    strcmp(o->what, "serial") != 0)
		return say(ACT_REFUSED, why,
		    "a lock is of user, login, serial");
	if ((target = lock_target(o)) == NULL)
		return say(ACT_REFUSED, why, "the event says no %s", o->what);
	/* Whose the serial is only the user says. */
	if (strcmp(o->what, "serial") == 0 && o->user == NULL &&
	    a->conf->exempt.n > 0)
		return say(ACT_REFUSED, why,
		    "the event says no user, and there is an 'exempt'");
	(void)snprintf(o->target, sizeof(o->target), "%s %s", o->what,
	    text_of(target, o->what));
	return make_lock(a, o, target, is_enforced, why);
}

/* ---- all of them -------------------------------------------------------------------- */

enum act_outcome
act(struct actor *a, struct order *o, char why[ACT_WHY_MAX])
{
	bool is_enforced = strv_has(&a->conf->enforce, o->action);
	enum act_outcome out = may(a, o, why);

	if (out == ACT_DONE)
		*why = '\0';
	(void)snprintf(o->target, sizeof(o->target), "%s", o->what);
	if (out != ACT_DONE)
		return out;
	if (strcmp(o->action, "end") == 0)
		return act_end(a, o, is_enforced, why);
	if (strcmp(o->action, "lock") == 0)
		return act_lock(a, o, is_enforced, why);
	if (json_object_get(a->conf->commands, o->what) == NULL)
		return say(ACT_REFUSED, why,
		    "'commands' has none of this name");
	return is_enforced ? act_run(a, o, why) : ACT_DRY_RUN;
}
