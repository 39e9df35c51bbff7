/* SPDX-License-Identifier: ISC */
/* The revocation list that a CA's ledger asks for. */
#include <errno.h>
#include <sodium.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "auto.h"
#include "ca.h"
#include "krlmake.h"
#include "revoked.h"

DEFINE_AUTO(krl_free, struct krl)

/* A CA's serials on the way: those of a run have nothing between them that is
 * still good. */
struct ca_run {
	char fingerprint[SSHKEY_FINGERPRINT_MAX];
	const struct sshkey *key;
	struct krl_range run; /* n 0: none open */
};

struct maker {
	struct krl *krl;
	struct revoked revoked;
	struct sshkey_list keys;
	struct ca_run *runs;
	uint64_t now_s;
};

static void
maker_clear(struct maker *m)
{
	revoked_clear(&m->revoked);
	sshkey_list_clear(&m->keys);
	free(m->runs);
}

static int
open_keys(struct maker *m, const char *dir)
{
	size_t i;
	int r;

	if ((r = ca_public_keys(dir, CA_USER, true, &m->keys)) < 0 ||
	    (r = ca_public_keys(dir, CA_HOST, true, &m->keys)) < 0)
		return r;
	if ((m->runs = calloc(m->keys.n + 1, sizeof(*m->runs))) == NULL)
		return -ENOMEM;
	for (i = 0; i < m->keys.n; i++) {
		m->runs[i].key = &m->keys.v[i];
		sshkey_fingerprint(m->keys.v[i].blob, m->keys.v[i].len,
		    m->runs[i].fingerprint);
	}
	return 0;
}

static struct krl_ca *
part_of(struct maker *m, const struct ca_run *run)
{
	return krl_ca(m->krl, run->key->blob, run->key->len);
}

static int
end_run(struct maker *m, struct ca_run *run)
{
	struct krl_ca *part;
	int r;

	if (run->run.n == 0)
		return 0;
	if ((part = part_of(m, run)) == NULL)
		return -ENOMEM;
	r = krl_add_range(part, &run->run);
	run->run.n = 0;
	return r;
}

static void
extend_run(struct ca_run *run, uint64_t serial)
{
	if (run->run.n == 0)
		run->run.lo = serial;
	run->run.hi = serial;
	run->run.n++;
}

static struct ca_run *
run_of(struct maker *m, const struct ledger_line *l)
{
	const char *fp;
	size_t len, i;

	if (!ledger_line_text(l, "ca_fingerprint", &fp, &len))
		return NULL;
	for (i = 0; i < m->keys.n; i++)
		if (strlen(m->runs[i].fingerprint) == len &&
		    memcmp(m->runs[i].fingerprint, fp, len) == 0)
			return &m->runs[i];
	return NULL;
}

/* One certificate that was issued: revoked, of no importance, or good, which
 * ends a run. */
static int
add_cert(struct maker *m, const struct ledger_line *l)
{
	struct ca_run *run = run_of(m, l);
	uint64_t serial, end;

	if (run == NULL || !ledger_line_uint(l, "serial", &serial) ||
	    !ledger_line_time(l, "valid_before", &end))
		return -EBADMSG;
	if (end <= m->now_s)
		return 0;
	if (!revoked_has_cert(&m->revoked, l, serial))
		return end_run(m, run);
	extend_run(run, serial);
	return 0;
}

static int
add_certs(struct maker *m, const char *dir, char *why)
{
	struct ledger_line line;
	struct ledger_view v = { .lock = -1 };
	size_t i;
	int r;

	if ((r = ledger_view_open(dir, 0, false, &v)) < 0)
		return r;
	while (r == 0 && ledger_view_next(&v, &line))
		if (ledger_line_is(&line, "cert.create") &&
		    (r = add_cert(m, &line)) == -EBADMSG)
			snprintf(why, LEDGER_WHY_MAX,
			    "line %llu of its ledger names no CA of this "
			    "folder, no serial or no end",
			    (unsigned long long)line.number);
	ledger_view_close(&v);
	for (i = 0; i < m->keys.n && r == 0; i++)
		r = end_run(m, &m->runs[i]);
	return r;
}

/* Key ids are revoked for each CA: they are whose ids they are. */
static int
add_ids(struct maker *m)
{
	struct krl_ca *part;
	size_t i, j;
	int r;

	for (i = 0; i < m->keys.n && m->revoked.ids.n > 0; i++) {
		if ((part = part_of(m, &m->runs[i])) == NULL)
			return -ENOMEM;
		for (j = 0; j < m->revoked.ids.n; j++)
			if ((r = strv_add(&part->ids, m->revoked.ids.v[j])) < 0)
				return r;
	}
	return 0;
}

static int
add_fingerprints(struct maker *m)
{
	const struct strv *fps = &m->revoked.fingerprints;
	uint8_t hash[KRL_SHA256_BYTES];
	const char *text;
	size_t i, len;
	int r;

	for (i = 0; i < fps->n; i++) {
		text = fps->v[i] + strlen("SHA256:");
		if (sodium_base642bin(hash, sizeof(hash), text, strlen(text),
			NULL, &len, NULL,
			sodium_base64_VARIANT_ORIGINAL_NO_PADDING) != 0 ||
		    len != sizeof(hash))
			return -EBADMSG;
		if ((r = krl_add_blob(&m->krl->sha256s, hash, len)) < 0)
			return r;
	}
	return 0;
}

static int
make(struct maker *m, const char *dir, char *why)
{
	struct ledger_head head;
	int r;

	if ((r = ledger_verify(dir, &head, why)) < 0)
		return r;
	if ((r = open_keys(m, dir)) < 0 ||
	    (r = revoked_update(&m->revoked, dir, false)) < 0 ||
	    (r = add_certs(m, dir, why)) < 0 || (r = add_ids(m)) < 0 ||
	    (r = add_fingerprints(m)) < 0)
		return r;
	return krl_normalize(m->krl);
}

int
krlmake(const char *dir, uint64_t now_s, struct krl **ret,
    char why[LEDGER_WHY_MAX])
{
	AUTO(krl_free) struct krl *krl = krl_new();
	AUTO_CLEAR(maker_clear)
	struct maker m = { .krl = krl, .now_s = now_s };
	int r;

	why[0] = '\0';
	if (krl == NULL)
		r = -ENOMEM;
	else
		r = make(&m, dir, why);
	if (r < 0) {
		if (why[0] == '\0')
			snprintf(why, LEDGER_WHY_MAX, "%s",
			    r == -EBADMSG ? "a revocation in its ledger cannot "
					    "be understood"
					  : strerror(-r));
		return r;
	}
	krl->version = krl->generated = now_s;
	*ret = TAKE(krl);
	return 0;
}
