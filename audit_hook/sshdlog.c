/* SPDX-License-Identifier: ISC */
/* sshd's log lines (OpenSSH auth.c, auth2-pubkey.c, monitor.c). */
#include <stdbool.h>
#include <stdio.h>
#include <string.h>

#include "auto.h"
#include "parse.h"
#include "sshdlog.h"

/*
 * What a line says of the certificate whose "Failed publickey" follows. Lines
 * are known by their beginning: further on stand names that strangers choose.
 */
static enum reason
reason_in(const char *message)
{
	static const struct {
		const char *start;
		const char *words; /* and these, or NULL */
		enum reason reason;
	} lines[] = {
		{ "Authentication key ", " revoked by file ", REASON_REVOKED },
		{ "principals: Authentication tried for ",
		    " not from a permitted ", REASON_SOURCE_NOT_ALLOWED },
		{ "cert: Authentication tried for ", " not from a permitted ",
		    REASON_SOURCE_NOT_ALLOWED },
		{ "Certificate invalid: expired", NULL, REASON_EXPIRED },
		{ "Certificate invalid: not yet valid", NULL,
		    REASON_NOT_YET_VALID },
		{ "AuthorizedPrincipalsCommand ", NULL, REASON_TIMEOUT },
		/* principals has said why. */
		{ "Certificate does not contain an authorized principal", NULL,
		    REASON_COUNT },
	};
	size_t i;

	for (i = 0; i < ARRAY_SIZE(lines); i++)
		if (strncmp(message, lines[i].start, strlen(lines[i].start)) ==
			0 &&
		    (lines[i].words == NULL ||
			strstr(message, lines[i].words) != NULL))
			return lines[i].reason;
	return REASON_NONE;
}

static bool
is_same(struct sshdlog_process a, struct sshdlog_process b)
{
	return a.pid == b.pid &&
	    (a.start_ticks == b.start_ticks || a.start_ticks == 0 ||
		b.start_ticks == 0);
}

/* What the process gave as a reason and no line has used yet; or NULL. */
static enum reason *
find_pending(struct sshdlog *log, struct sshdlog_process process)
{
	size_t back, i;

	for (back = 1; back <= SSHDLOG_PENDING_MAX; back++) {
		i = (log->next + SSHDLOG_PENDING_MAX - back) %
		    SSHDLOG_PENDING_MAX;
		if (log->pending[i].reason != REASON_NONE &&
		    is_same(log->pending[i].process, process))
			return &log->pending[i].reason;
	}
	return NULL;
}

static void
remember(struct sshdlog *log, struct sshdlog_process process,
    enum reason reason)
{
	/* The first line is the cause, later ones its effects. */
	if (find_pending(log, process) != NULL)
		return;
	log->pending[log->next].process = process;
	log->pending[log->next].reason = reason;
	log->next = (log->next + 1) % SSHDLOG_PENDING_MAX;
}

static enum reason
recall(struct sshdlog *log, struct sshdlog_process process)
{
	enum reason *pending = find_pending(log, process), reason;

	if (pending == NULL)
		return REASON_NONE;
	reason = *pending;
	*pending = REASON_NONE;
	return reason;
}

/* Copies p..end; false if it is empty or too long. */
static bool
copy_span(char *to, size_t size, const char *p, const char *end)
{
	if (end <= p || (size_t)(end - p) >= size)
		return false;
	memcpy(to, p, (size_t)(end - p));
	to[end - p] = '\0';
	return true;
}

/* The last `words` in p..end, or NULL. */
static const char *
find_last(const char *p, const char *end, const char *words)
{
	size_t n = strlen(words);
	const char *at;

	for (at = end - n; at >= p && (size_t)(end - p) >= n; at--)
		if (memcmp(at, words, n) == 0)
			return at;
	return NULL;
}

/* "LOGIN from ADDRESS port PORT" in p..end; read from the end, since an
 * unknown login may hold anything. */
static bool
read_origin(const char *p, const char *end, struct sshd_refusal *ret)
{
	const char *port = find_last(p, end, " port "), *from;
	char address[128], digits[8];
	uint64_t n;

	if (port == NULL || (from = find_last(p, port, " from ")) == NULL)
		return false;
	if (!copy_span(ret->login, sizeof(ret->login), p, from) ||
	    !copy_span(address, sizeof(address), from + 6, port) ||
	    !copy_span(digits, sizeof(digits), port + 6, end) ||
	    parse_uint(digits, 0, 65535, &n) < 0)
		return false;
	snprintf(ret->address, sizeof(ret->address),
	    strchr(address, ':') != NULL ? "[%s]:%s" : "%s:%s", address,
	    digits);
	return true;
}

static bool
is_fingerprint(const char *s)
{
	return strncmp(s, "SHA256:", 7) == 0 && strpbrk(s, " \t") == NULL;
}

/* "ID ... (serial N) CA TYPE SHA256:..." up to the end of the line. */
static bool
read_identity(const char *p, struct sshd_refusal *ret)
{
	const char *end = p + strlen(p), *ca, *serial, *fp;
	char digits[24];

	if ((ca = find_last(p, end, ") CA ")) == NULL ||
	    (serial = find_last(p, ca, " (serial ")) == NULL ||
	    (fp = find_last(ca, end, " ")) == NULL)
		return false;
	if (!copy_span(ret->ca_fingerprint, sizeof(ret->ca_fingerprint), fp + 1,
		end) ||
	    !is_fingerprint(ret->ca_fingerprint) ||
	    !copy_span(digits, sizeof(digits), serial + 9, ca) ||
	    parse_uint(digits, 0, UINT64_MAX, &ret->serial) < 0)
		return false;
	/* A certificate may have an empty ID. */
	(void)copy_span(ret->user, sizeof(ret->user), p, serial);
	return true;
}

/* "Failed publickey for LOGIN from A port P ssh2: TYPE-CERT SHA256:... ID ..."
 */
static bool
read_failed(const char *message, struct sshd_refusal *ret)
{
	static const char prefix[] = "Failed publickey for ";
	const char *p = message + strlen(prefix), *ssh2, *fp, *id;

	if (strncmp(message, prefix, strlen(prefix)) != 0 ||
	    (ssh2 = strstr(p, " ssh2: ")) == NULL ||
	    (fp = strstr(ssh2, "-CERT SHA256:")) == NULL ||
	    (id = strstr(fp, " ID ")) == NULL)
		return false;
	return read_origin(p, ssh2, ret) &&
	    copy_span(ret->fingerprint, sizeof(ret->fingerprint), fp + 6, id) &&
	    read_identity(id + 4, ret);
}

static bool
read_invalid_user(const char *message, struct sshd_refusal *ret)
{
	static const char prefix[] = "Invalid user ";

	if (strncmp(message, prefix, strlen(prefix)) != 0)
		return false;
	ret->reason = REASON_NO_SUCH_USER;
	return read_origin(message + strlen(prefix), message + strlen(message),
	    ret);
}

int
sshdlog_line(struct sshdlog *log, struct sshdlog_process process,
    const char *message, struct sshd_refusal *ret)
{
	struct sshd_refusal found = { 0 };
	enum reason reason;

	if (strncmp(message, "error: ", 7) == 0)
		message += 7;
	if (read_invalid_user(message, &found)) {
		*ret = found;
		return 1;
	}
	if (read_failed(message, &found)) {
		found.reason = recall(log, process);
		*ret = found;
		return found.reason == REASON_COUNT ? 0 : 1;
	}
	if ((reason = reason_in(message)) != REASON_NONE)
		remember(log, process, reason);
	return 0;
}
