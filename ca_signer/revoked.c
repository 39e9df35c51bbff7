/* SPDX-License-Identifier: ISC */
/* What a CA's ledger says is revoked. */
#include <errno.h>
#include <jansson.h>
#include <stdlib.h>
#include <string.h>

#include "auto.h"
#include "revoked.h"

void
revoked_clear(struct revoked *r)
{
	size_t i;

	krl_free(r->serials);
	for (i = 0; i < r->n_users; i++)
		free(r->users[i].user);
	free(r->users);
	strv_clear(&r->ids);
	strv_clear(&r->fingerprints);
	*r = (struct revoked){ 0 };
}

static struct krl_ca *
serials_of(struct revoked *r)
{
	if (r->serials == NULL && (r->serials = krl_new()) == NULL)
		return NULL;
	return krl_ca(r->serials, NULL, 0);
}

static int
add_serials(struct revoked *r, const struct ledger_line *l)
{
	struct krl_ca *serials = serials_of(r);
	uint64_t lo, hi;

	if (serials == NULL)
		return -ENOMEM;
	if (!ledger_line_uint(l, "serial", &lo) ||
	    !ledger_line_uint(l, "serial_to", &hi))
		return -EBADMSG;
	return krl_add_serials(serials, lo, hi) < 0 ? -EBADMSG : 0;
}

static int
add_user(struct revoked *r, const struct ledger_line *l)
{
	struct revoked_user u = { 0 }, *v;
	const char *text;
	size_t len;

	if (!ledger_line_text(l, "user", &text, &len) ||
	    !ledger_line_uint(l, "up_to", &u.up_to))
		return -EBADMSG;
	v = reallocarray(r->users, r->n_users + 1, sizeof(*v));
	if (v == NULL)
		return -ENOMEM;
	r->users = v;
	if ((u.user = strndup(text, len)) == NULL)
		return -ENOMEM;
	r->users[r->n_users++] = u;
	return 0;
}

/* What may hold escapes is left to a real parser. */
static int
add_id(struct revoked *r, const struct ledger_line *l)
{
	json_auto_t *doc = json_loadb(l->p, l->len, 0, NULL);
	const char *id = json_string_value(json_object_get(doc, "key_id"));

	return id == NULL ? -EBADMSG : strv_add(&r->ids, id);
}

static int
add_fingerprint(struct revoked *r, const struct ledger_line *l)
{
	const char *text;
	size_t len;

	if (!ledger_line_text(l, "fingerprint", &text, &len))
		return -EBADMSG;
	return strv_add_take(&r->fingerprints, strndup(text, len));
}

static int
add_line(struct revoked *r, const struct ledger_line *l)
{
	static const struct {
		const char *by;
		int (*add)(struct revoked *, const struct ledger_line *);
	} kinds[] = { { "serial", add_serials }, { "user", add_user },
		{ "id", add_id }, { "key", add_fingerprint } };
	size_t i;

	for (i = 0; i < ARRAY_SIZE(kinds); i++)
		if (ledger_line_text_is(l, "revoked_by", kinds[i].by))
			return kinds[i].add(r, l);
	return -EBADMSG;
}

/* By name, and the latest revocation of each first. */
static int
user_compare(const void *a, const void *b)
{
	const struct revoked_user *x = a, *y = b;
	int c = strcmp(x->user, y->user);

	return c != 0 ? c : (x->up_to < y->up_to) - (x->up_to > y->up_to);
}

static void
normalize_users(struct revoked *r)
{
	size_t i, n = 0;

	if (r->n_users == 0)
		return;
	qsort(r->users, r->n_users, sizeof(*r->users), user_compare);
	for (i = 0; i < r->n_users; i++) {
		if (n > 0 &&
		    strcmp(r->users[n - 1].user, r->users[i].user) == 0)
			free(r->users[i].user);
		else
			r->users[n++] = r->users[i];
	}
	r->n_users = n;
}

int
revoked_update(struct revoked *r, const char *dir, bool is_mine)
{
	struct ledger_line line;
	struct ledger_view v = { .lock = -1 };
	int e;

	if ((e = ledger_view_open(dir, r->read_to, is_mine, &v)) < 0)
		return e;
	while (e == 0 && ledger_view_next(&v, &line))
		if (ledger_line_is(&line, "cert.revoke"))
			e = add_line(r, &line);
	if (e == 0)
		r->read_to = v.at;
	ledger_view_close(&v);
	normalize_users(r);
	if (e == 0 && r->serials != NULL)
		e = krl_normalize(r->serials);
	return e;
}

const char *
revoked_why_not(const struct revoked *r, const char *id,
    const char *fingerprint)
{
	if (strv_has(&r->ids, id))
		return "this ID was revoked for ever (countersign revoke --id)";
	if (strv_has(&r->fingerprints, fingerprint))
		return "this key was revoked: it needs a new key";
	return NULL;
}

struct text {
	const char *p;
	size_t len;
};

static int
text_compare(const void *key, const void *element)
{
	const struct text *t = key;
	const struct revoked_user *u = element;
	size_t len = strlen(u->user), n = t->len < len ? t->len : len;
	int c = memcmp(t->p, u->user, n);

	return c != 0 ? c : (t->len > len) - (t->len < len);
}

static bool
has_user(const struct revoked *r, const struct ledger_line *l, uint64_t serial)
{
	const struct revoked_user *u;
	struct text t;

	if (r->n_users == 0 || !ledger_line_text(l, "user", &t.p, &t.len))
		return false;
	u = bsearch(&t, r->users, r->n_users, sizeof(*r->users), text_compare);
	return u != NULL && serial <= u->up_to;
}

bool
revoked_has_cert(const struct revoked *r, const struct ledger_line *l,
    uint64_t serial)
{
	if (r->serials != NULL && r->serials->n_cas > 0 &&
	    krl_has_serial(&r->serials->cas[0], serial))
		return true;
	return has_user(r, l, serial);
}
