/* SPDX-License-Identifier: ISC */
/* What `sign --ca` and `host` have in common. */
#include <errno.h>
#include <fcntl.h>
#include <stdlib.h>
#include <string.h>

#include "askfor.h"
#include "auto.h"
#include "batch.h"
#include "deliver.h"
#include "parse.h"
#include "sshcert.h"
#include "subject.h"
#include "validity.h"

void
askfor_clear(struct askfor *a)
{
	wanted_clear(&a->wanted);
	issuer_close(&a->is);
}

static int
set_text(char **field, const char *arg)
{
	free(*field);
	return (*field = strdup(arg)) == NULL
	    ? show_error(EXIT_INPUT, "out of memory")
	    : -1;
}

static int
add_text(struct strv *list, const char *arg)
{
	return strv_add_once(list, arg) < 0
	    ? show_error(EXIT_INPUT, "out of memory")
	    : -1;
}

/* Separated by commas. */
static int
add_texts(struct strv *list, const char *arg)
{
	AUTO(free) char *copy = strdup(arg);
	char *at = copy, *item;
	int r = -1;

	if (copy == NULL)
		return show_error(EXIT_INPUT, "out of memory");
	while (r < 0 && (item = strsep(&at, ",")) != NULL)
		r = add_text(list, item);
	return r;
}

static int
set_ttl(struct askfor *a, const char *arg)
{
	if (validity_parse_ttl(arg, &a->wanted.ttl_s) == 0)
		return -1;
	return show_error(EXIT_USAGE,
	    "--ttl wants a time with its unit, such as 8h, 15m or 30d, not "
	    "'%s'",
	    arg);
}

static int
set_timeout(struct askfor *a, const char *arg)
{
	uint64_t seconds;

	if (parse_duration(arg, &seconds) < 0 || seconds > 3600)
		return show_error(EXIT_USAGE,
		    "--agent-timeout wants a time up to 1h, not '%s'", arg);
	a->is.key.timeout_s = (unsigned)seconds;
	return -1;
}

static int
set_claims(struct askfor *a, const char *arg)
{
	struct conf_error e = { 0 };

	if (wanted_set_claims(&a->wanted, arg, &e) == 0)
		return -1;
	return show_error(EXIT_USAGE, "--claims: %s", e.what);
}

static int
fact_option(int c, const char *arg, struct facts *f)
{
	switch (c) {
	case OPT_CONNECTOR_ID:
		return set_text(&f->connector_id, arg);
	case OPT_MFA:
		return set_text(&f->mfa, arg);
	case OPT_REQUEST_ID:
		return set_text(&f->request_id, arg);
	case OPT_REASON:
		return set_text(&f->reason, arg);
	case OPT_CLIENT_IP:
		return set_text(&f->client_ip, arg);
	default:
		return -2;
	}
}

int
askfor_option(int c, const char *arg, struct askfor *a)
{
	switch (c) {
	case OPT_CA:
		a->is.ca_dir = arg;
		return -1;
	case OPT_USER:
		return set_text(&a->wanted.id, arg);
	case OPT_ROLE:
		return add_text(&a->wanted.roles, arg);
	case OPT_PRINCIPAL:
		return add_text(&a->wanted.principals, arg);
	case OPT_HOSTNAME:
		return add_texts(&a->wanted.principals, arg);
	case OPT_TTL:
		return set_ttl(a, arg);
	case OPT_PROFILE:
		return set_text(&a->wanted.profile, arg);
	case OPT_BATCH:
		a->batch = arg;
		return -1;
	case OPT_CLAIMS:
		return set_claims(a, arg);
	case OPT_AGENT_TIMEOUT:
		return set_timeout(a, arg);
	case OPT_ALLOW_UNKNOWN_TYPE:
		a->is.allow |= SUBJECT_ALLOW_UNKNOWN;
		return -1;
	case OPT_JSON:
		a->is.json = true;
		return -1;
	case 'q':
		a->is.quiet = true;
		return -1;
	default:
		return fact_option(c, arg, &a->wanted.facts);
	}
}

/* Each key is asked for the same. */
static int
fill(struct issue_item *it, size_t i, void *ctx)
{
	const struct askfor *a = ctx;

	(void)i;
	return wanted_copy(&a->wanted, &it->wanted) < 0
	    ? show_error(EXIT_INPUT, "out of memory")
	    : -1;
}

static int
run_batch(struct askfor *a)
{
	AUTO(close) int opened = -1;
	int fd = STDIN_FILENO;

	if (strcmp(a->batch, "-") != 0) {
		opened = open(a->batch, O_RDONLY | O_CLOEXEC);
		if (opened < 0)
			return show_error(EXIT_INPUT, "cannot open '%s': %s",
			    a->batch, strerror(errno));
		fd = opened;
	}
	return batch_run(&a->is, fd, &a->wanted);
}

int
askfor_run(struct askfor *a, char **paths, size_t n)
{
	int r;

	if ((r = issuer_open(&a->is)) >= 0)
		return r;
	if (a->batch != NULL)
		return run_batch(a);
	return deliver_files(&a->is, paths, n, a->out, fill, a);
}
