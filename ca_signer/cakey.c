/* SPDX-License-Identifier: ISC */
/* A CA's key, wherever it lives. */
#include <errno.h>
#include <stdarg.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "agent.h"
#include "auto.h"
#include "cakey.h"
#include "edkey.h"
#include "privateagent.h"
#include "sigverify.h"
#include "sshkey.h"
#include "subject.h"

#define PIPELINE 8

struct cakey {
	struct writer public;
	char *type; /* of the key */
	const char *algorithm; /* of its signatures */
	uint32_t flags; /* that ask an agent for it */
	struct edkey *local;
	struct private_agent *own;
	struct agent *agent;
	size_t at_once;
	unsigned timeout_s;
};

DEFINE_AUTO(cakey_free, struct cakey)

void
cakey_free(struct cakey *k)
{
	if (k == NULL)
		return;
	writer_clear(&k->public);
	free(k->type);
	edkey_free(k->local);
	agent_free(k->agent);
	private_agent_free(k->own);
	free(k);
}

struct reader
cakey_public(const struct cakey *k)
{
	return (struct reader){ k->public.p, k->public.len };
}

__attribute__((format(printf, 3, 4))) static int
say(char *why, int r, const char *fmt, ...)
{
	va_list ap;

	va_start(ap, fmt);
	vsnprintf(why, CAKEY_WHY_MAX, fmt, ap);
	va_end(ap);
	return r;
}

int
cakey_load_public(const char *path, struct writer *ret)
{
	AUTO_CLEAR(sshkey_clear) struct sshkey k = { 0 };
	int r;

	if ((r = subject_load_near(path, &k)) < 0)
		return r;
	if (sshkey_is_cert_type(k.type))
		return -EBADMSG;
	writer_bytes(ret, k.blob, k.len);
	return writer_error(ret);
}

/* "ed25519", "ssh-ed25519": ssh-keygen takes both for a type. */
static bool
is_short_name(const char *given, const char *type)
{
	static const struct {
		const char *given, *type;
	} names[] = { { "ed25519", "ssh-ed25519" }, { "dsa", "ssh-dss" },
		{ "ed25519-sk", "sk-ssh-ed25519@openssh.com" },
		{ "ecdsa-sk", "sk-ecdsa-sha2-nistp256@openssh.com" } };
	size_t i;

	for (i = 0; i < ARRAY_SIZE(names); i++)
		if (strcasecmp(names[i].given, given) == 0)
			return strcmp(names[i].type, type) == 0;
	return strcasecmp(given, "ecdsa") == 0 &&
	    strncmp(type, "ecdsa-", 6) == 0;
}

static int
choose_algorithm(struct cakey *k, const char *given, char *why)
{
	bool is_rsa = strcmp(k->type, "ssh-rsa") == 0;

	k->algorithm = is_rsa ? "rsa-sha2-512" : k->type;
	if (is_rsa)
		k->flags = AGENT_RSA_SHA2_512;
	if (given == NULL || strcmp(given, k->algorithm) == 0 ||
	    is_short_name(given, k->type) ||
	    (is_rsa && strcasecmp(given, "rsa") == 0))
		return 0;
	if (is_rsa && strcmp(given, "rsa-sha2-256") == 0) {
		k->algorithm = "rsa-sha2-256";
		k->flags = AGENT_RSA_SHA2_256;
		return 0;
	}
	if (is_rsa && strcmp(given, "ssh-rsa") == 0)
		return say(why, -EINVAL,
		    "'%s' would sign with SHA-1: say -t rsa-sha2-512", given);
	return say(why, -EINVAL, "the CA's key is not of the type '%s'", given);
}

/* The type stands in the blob. */
static int
finish_public(struct cakey *k, const char *algorithm, char *why)
{
	struct reader r = cakey_public(k);

	if (writer_error(&k->public) < 0 || reader_cstring(&r, &k->type) < 0)
		return say(why, -EBADMSG, "%s", "its public key is damaged");
	return choose_algorithm(k, algorithm, why);
}

static const char *
file_error(int r)
{
	if (r == -EPERM)
		return "others than you can read it: chmod 600";
	if (r == -EBADMSG)
		return "it is not a private key";
	return strerror(-r);
}

/* Only a plain key: ssh-add adds KEY-cert.pub as well, if there is one. */
static int
take_only_key(struct cakey *k, const struct writer *list, char *why)
{
	struct reader r = { list->p, list->len }, blob, type, at;
	AUTO(free) char *name = NULL;

	while (reader_string(&r, &blob) == 0) {
		at = blob;
		if (reader_string(&at, &type) < 0)
			continue;
		free(name);
		name = strndup((const char *)type.p, type.left);
		if (name == NULL || sshkey_is_cert_type(name))
			continue;
		writer_bytes(&k->public, blob.p, blob.left);
		return 0;
	}
	return say(why, -ENOENT, "%s", "ssh-add added no key");
}

/* ssh-add's words, in one line. */
static void
one_line(char *text)
{
	size_t n = strlen(text);

	while (n > 0 && (text[n - 1] == '\n' || text[n - 1] == '\r'))
		text[--n] = '\0';
	for (; *text != '\0'; text++)
		if ((unsigned char)*text < ' ')
			*text = ' ';
}

static int
open_by_own_agent(struct cakey *k, const char *path, char *why)
{
	AUTO_CLEAR(writer_clear) struct writer list = WRITER_INIT;
	char err[CAKEY_WHY_MAX - 64] = "";
	int r;

	if ((r = private_agent_start(&k->own)) < 0)
		return say(why, r, "cannot start ssh-agent: %s", strerror(-r));
	r = private_agent_add(k->own, path, err, sizeof(err));
	one_line(err);
	if (r == -ENXIO)
		return say(why, r, "%s",
		    "it is encrypted, and there is no terminal to ask for the "
		    "passphrase on: use an agent (-U), or set SSH_ASKPASS");
	if (r < 0)
		return say(why, r, "it was not opened: %s",
		    err[0] != '\0' ? err
				   : "wrong passphrase, or not a private key");
	if ((r = agent_connect(private_agent_socket(k->own), &k->agent)) < 0 ||
	    (r = agent_list(k->agent, &list)) < 0)
		return say(why, r, "our ssh-agent does not answer: %s",
		    strerror(-r));
	return take_only_key(k, &list, why);
}

static int
open_file(struct cakey *k, const char *path, char *why)
{
	int r = edkey_load(path, &k->local);

	if (r == 0) {
		edkey_put_public(k->local, &k->public);
		return 0;
	}
	/* Encrypted, not Ed25519, or in an older format: OpenSSH's business. */
	if (r == -EACCES && access(path, R_OK) < 0)
		return say(why, r, "%s", strerror(EACCES));
	if (r == -EACCES || r == -EOPNOTSUPP || r == -EBADMSG)
		return open_by_own_agent(k, path, why);
	return say(why, r, "%s", file_error(r));
}

static bool
list_has(const struct writer *list, const struct writer *blob)
{
	struct reader r = { list->p, list->len }, s;

	while (reader_string(&r, &s) == 0)
		if (s.left == blob->len && memcmp(s.p, blob->p, s.left) == 0)
			return true;
	return false;
}

static int
open_agent(struct cakey *k, const char *path, char *why)
{
	AUTO_CLEAR(writer_clear) struct writer list = WRITER_INIT;
	const char *socket = getenv("SSH_AUTH_SOCK");
	int r;

	if ((r = cakey_load_public(path, &k->public)) < 0)
		return say(why, r, "%s",
		    r == -EBADMSG ? "it is not a public key" : strerror(-r));
	if (socket == NULL || socket[0] == '\0')
		return say(why, -ENOENT, "%s",
		    "no agent: SSH_AUTH_SOCK is not set");
	if ((r = agent_connect(socket, &k->agent)) < 0)
		return say(why, r, "cannot reach the agent: %s", strerror(-r));
	if ((r = agent_list(k->agent, &list)) < 0)
		return say(why, r, "the agent: %s", cakey_sign_error(r));
	if (!list_has(&list, &k->public))
		return say(why, -ENOENT, "%s",
		    "the agent does not hold this key: ssh-add it");
	return 0;
}

int
cakey_open(const struct cakey_options *o, struct cakey **ret,
    char why[CAKEY_WHY_MAX])
{
	AUTO(cakey_free) struct cakey *k = calloc(1, sizeof(*k));
	int r;

	if (k == NULL)
		return say(why, -ENOMEM, "%s", "out of memory");
	k->public = (struct writer)WRITER_INIT;
	k->timeout_s = o->timeout_s > 0 ? o->timeout_s : AGENT_SIGN_TIMEOUT_S;
	r = o->use_agent ? open_agent(k, o->path, why)
			 : open_file(k, o->path, why);
	if (r < 0 || (r = finish_public(k, o->algorithm, why)) < 0)
		return r;
	if (k->agent != NULL)
		k->at_once = agent_takes_many(k->agent) ? PIPELINE : 1;
	*ret = TAKE(k);
	return 0;
}

static int
check(const struct cakey *k, const struct cakey_job *job)
{
	struct reader key = cakey_public(k);
	struct reader signature = { job->signature.p, job->signature.len };

	return sigverify(&key, &signature, k->algorithm, job->data, job->len);
}

static int
sign_here(struct cakey *k, struct cakey_job *jobs, size_t n)
{
	size_t i;
	int r;

	for (i = 0; i < n; i++) {
		if ((r = edkey_put_signature(k->local, jobs[i].data,
			 jobs[i].len, &jobs[i].signature)) < 0)
			return r;
		if (i % CAKEY_SAMPLE == 0 && (r = check(k, &jobs[i])) < 0)
			return r;
	}
	return 0;
}

/* While the agent works on the next ones, what it gave is verified. */
static int
sign_by_agent(struct cakey *k, struct cakey_job *jobs, size_t n)
{
	struct reader key = cakey_public(k);
	size_t asked = 0, taken;
	int r;

	for (taken = 0; taken < n; taken++) {
		for (; asked < n && asked - taken < k->at_once; asked++)
			if ((r = agent_ask_signature(k->agent, &key,
				 jobs[asked].data, jobs[asked].len, k->flags,
				 k->timeout_s)) < 0)
				return r;
		if ((r = agent_take_signature(k->agent, k->timeout_s,
			 &jobs[taken].signature)) < 0)
			return r;
		/* A signature of a type that nobody can verify is no better
		 * than a bad one. */
		if ((r = check(k, &jobs[taken])) < 0)
			return r == -ENOMEM ? r : -EBADMSG;
	}
	return 0;
}

int
cakey_sign(struct cakey *k, struct cakey_job *jobs, size_t n)
{
	return k->local != NULL ? sign_here(k, jobs, n)
				: sign_by_agent(k, jobs, n);
}

const char *
cakey_sign_error(int r)
{
	switch (r) {
	case -ETIMEDOUT:
		return "it did not answer in time (does a token wait for a "
		       "touch? see --agent-timeout)";
	case -EPERM:
		return "it refused";
	case -EBADMSG:
		return "what it answered is not a signature of that key";
	case -ECONNRESET:
		return "it hung up";
	default:
		return strerror(-r);
	}
}
