/* SPDX-License-Identifier: ISC */
/* Locks: asked before any role, by each thing that a lock can stand at. */
#include <errno.h>
#include <stdio.h>
#include <string.h>

#include "auto.h"
#include "clock.h"
#include "judge.h"

static bool
is_unset_or(const struct reader *condition, const char *value)
{
	return condition->left == 0 || reader_is(condition, value);
}

static bool
holds(const struct strv *held, const struct reader *role)
{
	size_t i;

	for (i = 0; i < held->n; i++)
		if (reader_is(role, held->v[i]))
			return true;
	return role->left == 0;
}

static bool
lock_fits(const struct host_lock *l, const struct judge *j,
    const char *fingerprint)
{
	const struct cert *c = j->q->cert;

	return (l->expires_s == 0 || j->q->now_s < l->expires_s) &&
	    (l->serial == 0 || l->serial == c->serial) &&
	    is_unset_or(&l->user, c->key_id) &&
	    is_unset_or(&l->login, j->q->login) &&
	    is_unset_or(&l->fingerprint, fingerprint) &&
	    holds(&j->held, &l->role);
}

static void
say_lock(struct decision *d, const struct host_lock *l)
{
	char until[CLOCK_TEXT_MAX];

	judge_say(d, "locked by '%.*s'%s%s%s%.*s", (int)l->name.left,
	    (const char *)l->name.p, l->expires_s != 0 ? " until " : "",
	    l->expires_s != 0 ? clock_rfc3339(l->expires_s, until) : "",
	    l->reason.left > 0 ? ": " : "", (int)l->reason.left,
	    (const char *)l->reason.p);
}

static enum reason
ask_locks(struct judge *j, const struct hostpolicy *from, enum lock_key kind,
    const char *key, const char *fingerprint)
{
	struct host_lock lock;
	struct reader locks;
	int r;

	if ((r = hostpolicy_locks(from, kind, key, &locks)) < 0)
		return r == -ENOENT ? REASON_NONE : judge_damaged(r);
	while ((r = hostpolicy_next_lock(&locks, &lock)) > 0) {
		if (!lock_fits(&lock, j, fingerprint))
			continue;
		say_lock(j->d, &lock);
		return REASON_LOCKED;
	}
	return r < 0 ? judge_damaged(r) : REASON_NONE;
}

enum reason
judge_locks(struct judge *j, const struct hostpolicy *from)
{
	const struct cert *c = j->q->cert;
	char serial[24], fingerprint[SSHKEY_FINGERPRINT_MAX];
	enum reason r;
	size_t i;

	snprintf(serial, sizeof(serial), "%llu", (unsigned long long)c->serial);
	sshkey_fingerprint(c->key, c->key_len, fingerprint);
	const struct {
		enum lock_key kind;
		const char *key;
	} asked[] = { { LOCK_BY_SERIAL, serial },
		{ LOCK_BY_FINGERPRINT, fingerprint },
		{ LOCK_BY_USER, c->key_id }, { LOCK_BY_LOGIN, j->q->login },
		{ LOCK_BY_NOTHING, "" } };

	for (i = 0; i < ARRAY_SIZE(asked); i++)
		if ((r = ask_locks(j, from, asked[i].kind, asked[i].key,
			 fingerprint)) != REASON_NONE)
			return r;
	for (i = 0; i < j->held.n; i++)
		if ((r = ask_locks(j, from, LOCK_BY_ROLE, j->held.v[i],
			 fingerprint)) != REASON_NONE)
			return r;
	return REASON_NONE;
}
