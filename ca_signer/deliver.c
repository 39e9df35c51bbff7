/* SPDX-License-Identifier: ISC */
/* Key files in, certificate files out. */
#include <errno.h>
#include <inttypes.h>
#include <libgen.h>
#include <stdlib.h>
#include <string.h>
#include <time.h>

#include "auto.h"
#include "clock.h"
#include "deliver.h"
#include "path.h"
#include "sshcert.h"
#include "subject.h"

/* The comment is the requester's: it must not speak to a terminal or end a
 * line, and without it nothing is lost. */
static const char *
safe_comment(const char *comment)
{
	return is_plain_text(comment) ? comment : "";
}

char *
deliver_format(const struct issue_item *it)
{
	return certwriter_format(it->cert.p, it->cert.len,
	    safe_comment(it->subject.comment));
}

static void
put_certificate(const struct issue_item *it, const char *line, FILE *f)
{
	char until[CLOCK_TEXT_MAX];

	fputs("\"user\":", f);
	show_json_text(f, it->req.key_id, strlen(it->req.key_id));
	/* As show_json_serial: what JSON numbers cannot hold is text. */
	fprintf(f,
	    it->req.serial <= INT64_MAX ? ",\"serial\":%" PRIu64
					: ",\"serial\":\"%" PRIu64 "\"",
	    it->req.serial);
	fprintf(f, ",\"expires\":\"%s\"",
	    clock_rfc3339(it->req.valid_before, until));
	if (it->profile != NULL)
		fprintf(f, ",\"profile\":\"%s\"", it->profile->name);
	fputs(",\"certificate\":", f);
	show_json_text(f, line, strcspn(line, "\n"));
}

static void
put_refusal(const struct issue_item *it, FILE *f)
{
	if (it->wanted.id != NULL) {
		fputs("\"user\":", f);
		show_json_text(f, it->wanted.id, strlen(it->wanted.id));
		fputc(',', f);
	}
	fputs("\"error\":", f);
	show_json_text(f, it->error, strlen(it->error));
	if (it->refusal.rule != NULL)
		fprintf(f, ",\"rule\":\"%s\"", it->refusal.rule);
	if (it->refusal.profile[0] != '\0')
		fprintf(f, ",\"profile\":\"%s\"", it->refusal.profile);
}

int
deliver_json(const struct issue_item *it, uint64_t number, FILE *f)
{
	AUTO(free) char *line = it->code < 0 ? deliver_format(it) : NULL;

	if (it->code < 0 && line == NULL)
		return -ENOMEM;
	fputc('{', f);
	if (number != 0)
		fprintf(f, "\"line\":%" PRIu64 ",", number);
	if (it->code < 0)
		put_certificate(it, line, f);
	else
		put_refusal(it, f);
	return fputs("}\n", f) < 0 ? -errno : 0;
}

/* ssh-keygen's words: scripts read them. */
static const char *
local_time(uint64_t seconds, char *buf, size_t size)
{
	time_t t = (time_t)(seconds > INT64_MAX ? INT64_MAX : seconds);
	struct tm tm;

	if (localtime_r(&t, &tm) == NULL ||
	    strftime(buf, size, "%Y-%m-%dT%H:%M:%S", &tm) == 0)
		snprintf(buf, size, "UNKNOWN-TIME");
	return buf;
}

static void
say_as_keygen(const struct issue_item *it, const char *path)
{
	const struct cert_request *req = &it->req;
	char from[64], to[64];
	size_t i;

	fprintf(stderr, "Signed %s key ",
	    req->kind == CERT_HOST ? "host" : "user");
	show_text(stderr, path, strlen(path));
	fputs(": id \"", stderr);
	show_text(stderr, req->key_id, strlen(req->key_id));
	fprintf(stderr, "\" serial %" PRIu64, req->serial);
	for (i = 0; i < req->principals.n; i++) {
		fputs(i == 0 ? " for " : ",", stderr);
		show_text(stderr, req->principals.v[i],
		    strlen(req->principals.v[i]));
	}
	local_time(req->valid_after, from, sizeof(from));
	local_time(req->valid_before, to, sizeof(to));
	if (req->valid_after == 0 && req->valid_before == CERT_FOREVER)
		fputs(" valid forever\n", stderr);
	else if (req->valid_after == 0)
		fprintf(stderr, " valid before %s\n", to);
	else if (req->valid_before == CERT_FOREVER)
		fprintf(stderr, " valid after %s\n", from);
	else
		fprintf(stderr, " valid from %s to %s\n", from, to);
}

static void
say(const struct issuer *is, const struct issue_item *it, const char *path)
{
	char until[CLOCK_TEXT_MAX];

	if (is->ca_dir == NULL) {
		say_as_keygen(it, path);
		return;
	}
	show_text(stdout, path, strlen(path));
	fputs(": ", stdout);
	show_text(stdout, it->req.key_id, strlen(it->req.key_id));
	printf(", serial %" PRIu64 ", until %s\n", it->req.serial,
	    clock_rfc3339(it->req.valid_before, until));
}

static int
failed(struct issuer *is, const struct issue_item *it, const char *path, int r)
{
	char why[256];

	snprintf(why, sizeof(why), "cannot write '%.100s': %s", path,
	    strerror(-r));
	issue_undelivered(is, it, why);
	return show_error(EXIT_INPUT, "%s", why);
}

int
deliver_to(struct issuer *is, const struct issue_item *it, const char *out)
{
	AUTO(free) char *line = deliver_format(it);
	AUTO(free)
	char *path = out != NULL ? strdup(out) : subject_cert_path(it->name);
	bool to_stdout = path != NULL &&
	    (strcmp(it->name, "-") == 0 || strcmp(path, "-") == 0);
	int r = 0;

	if (line == NULL || path == NULL)
		return failed(is, it, it->name, -ENOMEM);
	if (to_stdout && !is->json)
		fputs(line, stdout);
	if (!to_stdout)
		r = path_write_atomic(path, line, strlen(line), 0644,
		    PATH_UNSYNCED);
	if (r == 0 && is->json)
		r = deliver_json(it, 0, stdout);
	if (r == 0 && (to_stdout || is->json) && fflush(stdout) != 0)
		r = -errno;
	if (r < 0)
		return failed(is, it, to_stdout ? "standard output" : path, r);
	if (!is->quiet && !is->json && !to_stdout)
		say(is, it, path);
	return -1;
}

/* Before a serial is used: could the certificate be written at all? */
static int
check_folder(struct issue_item *it, const char *out)
{
	AUTO(free) char *copy = strdup(out != NULL ? out : it->name);
	const char *folder;

	if (copy == NULL)
		return show_error(EXIT_INPUT, "out of memory");
	if (strcmp(copy, "-") == 0)
		return -1;
	folder = dirname(copy);
	if (access(folder, W_OK) == 0)
		return -1;
	it->code = EXIT_INPUT;
	snprintf(it->error, sizeof(it->error), "cannot write into '%.200s': %s",
	    folder, strerror(errno));
	return it->code;
}

static int
load(struct issuer *is, struct issue_item *it)
{
	int r = is->ca_dir != NULL ? subject_load(it->name, &it->subject)
				   : subject_load_near(it->name, &it->subject);

	if (r == 0)
		return -1;
	it->code = EXIT_INPUT;
	snprintf(it->error, sizeof(it->error), "cannot read it: %s",
	    r == -EBADMSG ? "not a public key (those end in .pub)"
			  : strerror(-r));
	return it->code;
}

static int
prepare(struct issuer *is, struct issue_item *it, size_t i, const char *out,
    deliver_fill *fill, void *ctx)
{
	const char *warning;
	int r;

	if ((r = load(is, it)) >= 0 || (r = fill(it, i, ctx)) >= 0 ||
	    (r = check_folder(it, out)) >= 0 ||
	    (r = issue_prepare(is, it)) >= 0)
		return r;
	if ((warning = subject_warning(&it->subject)) != NULL && !is->quiet)
		show_error(0, "warning: '%s': %s", it->name, warning);
	return -1;
}

/* Says what is wrong with each that is refused; returns how many come before
 * the first of them, and its code. */
static size_t
prepare_all(struct issuer *is, struct issue_item *items, size_t n,
    const char *out, deliver_fill *fill, void *ctx, int *ret_code)
{
	size_t i, good = n;
	int r;

	*ret_code = -1;
	for (i = 0; i < n && (good == n || is->ca_dir != NULL); i++) {
		if ((r = prepare(is, &items[i], i, out, fill, ctx)) < 0)
			continue;
		if (items[i].error[0] != '\0')
			show_error(r, "'%s': %s", items[i].name,
			    items[i].error);
		if (good == n) {
			good = i;
			*ret_code = r;
		}
	}
	return good;
}

static int
sign_and_deliver(struct issuer *is, struct issue_item *items, size_t n,
    const char *out)
{
	size_t i, j, m;
	int r;

	for (i = 0; i < n; i += m) {
		m = n - i < ISSUE_AT_ONCE ? n - i : ISSUE_AT_ONCE;
		if ((r = issue_sign(is, items + i, m)) >= 0)
			return r;
		for (j = i; j < i + m; j++) {
			if (items[j].code >= 0)
				return show_error(items[j].code, "'%s': %s",
				    items[j].name, items[j].error);
			if ((r = deliver_to(is, &items[j], out)) >= 0)
				return r;
		}
	}
	return -1;
}

int
deliver_files(struct issuer *is, char **paths, size_t n, const char *out,
    deliver_fill *fill, void *ctx)
{
	struct issue_item *items = calloc(n, sizeof(*items));
	int code = -1, r = -1;
	size_t i, good;

	if (items == NULL)
		return show_error(EXIT_INPUT, "out of memory");
	for (i = 0; i < n; i++) {
		issue_item_init(&items[i]);
		items[i].name = paths[i];
	}
	good = prepare_all(is, items, n, out, fill, ctx, &code);
	if (code < 0 || is->ca_dir == NULL)
		r = sign_and_deliver(is, items, good, out);
	for (i = 0; i < n; i++)
		issue_item_clear(&items[i]);
	free(items);
	if (r >= 0)
		return r;
	return code >= 0 ? code : EXIT_DONE;
}
