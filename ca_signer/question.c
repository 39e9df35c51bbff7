/* SPDX-License-Identifier: ISC */
/* "May this certificate be this login on that host?" of a policy file. */
#include <arpa/inet.h>
#include <errno.h>
#include <stdlib.h>
#include <string.h>

#include "auto.h"
#include "certwriter.h"
#include "clock.h"
#include "parse.h"
#include "question.h"

/* Keys of nobody: the question is not whose key it is. */
#define NOBODYS_KEY_BYTES 32

void
question_init(struct question *q)
{
	*q = (struct question){ .age_s = QUESTION_AGE_S,
		.ttl_s = QUESTION_TTL_S };
}

void
question_clear(struct question *q)
{
	free(q->user);
	strv_clear(&q->roles);
	free(q->key);
	free(q->mfa);
	free(q->claims);
	free(q->force_command);
	cert_free(q->cert);
	free(q->login);
	labels_clear(&q->labels);
	free(q->hostname);
	free(q->server_id);
	free(q->from);
	*q = (struct question){ 0 };
}

int
question_add_label(struct question *q, const char *text)
{
	AUTO(free) char *key = strdup(text);
	char *eq;

	if (key == NULL)
		return -ENOMEM;
	if ((eq = strchr(key, '=')) == NULL)
		return -EINVAL;
	*eq = '\0';
	if (!is_simple_name(key) || !is_label_value(eq + 1))
		return -EINVAL;
	return labels_add(&q->labels, key, eq + 1);
}

static int
add_word(struct strv *to, const char *name, const char *value)
{
	char *word;

	if (value == NULL)
		return 0;
	if (asprintf(&word, "%s=%s", name, value) < 0)
		return -ENOMEM;
	return strv_add_take(to, word);
}

static int
fill_request(const struct question *q, struct cert_request *req)
{
	char *principal;
	size_t i;
	int r;

	req->kind = CERT_USER;
	req->serial = q->serial;
	req->valid_after = q->at_s > q->age_s ? q->at_s - q->age_s : 0;
	req->valid_before = req->valid_after + q->ttl_s;
	req->key_id = strdup(q->user != NULL ? q->user : "");
	if (req->key_id == NULL)
		return -ENOMEM;
	for (i = 0; i < q->roles.n; i++) {
		if (asprintf(&principal, ROLE_PRINCIPAL_PREFIX "%s",
			q->roles.v[i]) < 0)
			return -ENOMEM;
		if ((r = strv_add_take(&req->principals, principal)) < 0)
			return r;
	}
	if ((r = add_word(&req->critical, "force-command", q->force_command)) <
		0 ||
	    (r = add_word(&req->extensions, "claims@countersign", q->claims)) <
		0 ||
	    (r = add_word(&req->extensions, "mfa@countersign", q->mfa)) < 0)
		return r;
	return 0;
}

static void
write_nobodys_key(struct writer *w, uint8_t which)
{
	uint8_t key[NOBODYS_KEY_BYTES] = { which };

	writer_cstring(w, "ssh-ed25519");
	writer_string(w, key, sizeof(key));
}

static int
parse_subject(const struct question *q, struct sshkey *ret)
{
	AUTO_CLEAR(writer_clear) struct writer w = WRITER_INIT;
	AUTO(free) char *text = NULL, *line = NULL;

	if (q->key != NULL)
		return sshkey_parse_line(q->key, ret);
	write_nobodys_key(&w, 1);
	if (writer_error(&w) < 0 ||
	    (text = sshkey_base64_encode(w.p, w.len)) == NULL ||
	    asprintf(&line, "ssh-ed25519 %s", text) < 0)
		return -ENOMEM;
	return sshkey_parse_line(line, ret);
}

/* As a CA would write it, but with no signature: nobody asks for that here. */
static int
write_certificate(const struct question *q, struct writer *w)
{
	AUTO_CLEAR(writer_clear) struct writer ca = WRITER_INIT;
	AUTO_CLEAR(cert_request_clear) struct cert_request req = { 0 };
	AUTO_CLEAR(sshkey_clear) struct sshkey subject = { 0 };
	uint8_t nothing[64] = { 0 };
	struct reader signer;
	size_t mark;
	int r;

	write_nobodys_key(&ca, 2);
	if ((r = writer_error(&ca)) < 0 || (r = fill_request(q, &req)) < 0 ||
	    (r = parse_subject(q, &subject)) < 0)
		return r;
	signer = (struct reader){ ca.p, ca.len };
	if ((r = certwriter_body(&req, &subject, &signer, w)) < 0)
		return r;
	mark = writer_string_begin(w);
	writer_cstring(w, "ssh-ed25519");
	writer_string(w, nothing, sizeof(nothing));
	writer_string_end(w, mark);
	return writer_error(w);
}

static int
make_certificate(struct question *q)
{
	AUTO_CLEAR(writer_clear) struct writer w = WRITER_INIT;
	int r = write_certificate(q, &w);

	return r < 0 ? r : cert_parse(w.p, w.len, &q->cert);
}

static bool
is_in(const struct cidr_list *l, const struct cidr *address)
{
	size_t i;

	for (i = 0; i < l->n; i++)
		if (cidr_contains(&l->v[i], address))
			return true;
	return false;
}

/* The certificate's own source-address: ranges with commas. */
static bool
certificate_allows(const struct cert *c, const struct cidr *address)
{
	AUTO(free) char *text = NULL;
	char *at, *word;
	struct cidr range;

	if (cert_option_find(&c->critical, "source-address") == NULL)
		return true;
	if (cert_option_value(&c->critical, "source-address", &text) < 0)
		return false;
	for (at = text; (word = strsep(&at, ",")) != NULL;)
		if (cidr_parse(word, &range) == 0 &&
		    cidr_contains(&range, address))
			return true;
	return false;
}

/* sshd asks for the address itself, by the line's from=. */
static void
ask_address(const struct question *q, const struct cidr *address,
    struct answer *a)
{
	const struct role_options *o = &a->decision.access.options;

	if (a->reason == REASON_NONE &&
	    ((o->has_source && !is_in(&o->source, address)) ||
		!certificate_allows(q->cert, address)))
		a->reason = REASON_SOURCE_NOT_ALLOWED;
}

static int
ask(const struct question *q, const struct policy *p, struct answer *a)
{
	struct host_facts facts = { &q->labels,
		q->hostname != NULL ? q->hostname : "",
		q->server_id != NULL ? q->server_id : "" };
	struct sshkey ca = { .blob = q->cert->ca, .len = q->cert->ca_len };
	struct sshkey_list cas = { &ca, 1 };
	struct hostpolicy compiled;
	struct decide_question dq = { .cert = q->cert,
		.login = q->login,
		.trusted_cas = &cas,
		.policy = &compiled,
		.now_s = q->at_s,
		.grace_s = q->grace_s };
	int r;

	if ((r = hostpolicy_make(p, &facts, &compiled)) < 0)
		return r;
	decide(&dq, &a->decision);
	hostpolicy_clear(&compiled);
	a->reason = a->decision.reason;
	return q->cert->is_opaque ? 0 : decide_roles_of(q->cert, &a->roles);
}

int
question_ask(struct question *q, const struct policy *p, struct answer *ret)
{
	struct cidr address = { 0 };
	int r;

	*ret = (struct answer){ 0 };
	if (q->from != NULL &&
	    (strchr(q->from, '/') != NULL || cidr_parse(q->from, &address) < 0))
		return -EINVAL;
	if (q->at_s == 0)
		q->at_s = clock_now_usec() / USEC_PER_SEC;
	if (q->cert == NULL && (r = make_certificate(q)) < 0)
		return r;
	if ((r = ask(q, p, ret)) < 0)
		return r;
	if (q->from != NULL)
		ask_address(q, &address, ret);
	if (ret->reason == REASON_NONE &&
	    (ret->line = decision_line(&ret->decision)) == NULL)
		return -ENOMEM;
	return 0;
}

void
answer_clear(struct answer *a)
{
	decision_clear(&a->decision);
	free(a->line);
	strv_clear(&a->roles);
	*a = (struct answer){ 0 };
}
