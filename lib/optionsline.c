/* SPDX-License-Identifier: ISC */
/* A decision as the line that AuthorizedPrincipalsCommand prints (sshd(8),
 * AUTHORIZED_KEYS FILE FORMAT). */
#include <stdio.h>
#include <stdlib.h>
#include <time.h>

#include "auto.h"
#include "decide.h"

static void
put_quoted(FILE *f, const char *name, const char *value)
{
	fprintf(f, ",%s=\"", name);
	for (; *value != '\0'; value++) {
		if (*value == '"')
			fputc('\\', f);
		fputc(*value, f);
	}
	fputc('"', f);
}

/* A list of targets opens exactly these: no listening, and the drop-in closes
 * sockets for everybody, since no option of the line can. */
static void
put_forwarding(FILE *f, const struct role_options *a)
{
	size_t i;

	if (a->port_forwarding) {
		fputs(",port-forwarding", f);
		return;
	}
	if (a->permitopen.n == 0)
		return;
	/* ".invalid" (RFC 2606) never resolves. */
	fputs(",port-forwarding,permitlisten=\"none.invalid:1\"", f);
	for (i = 0; i < a->permitopen.n; i++)
		put_quoted(f, "permitopen", a->permitopen.v[i]);
}

static void
put_source(FILE *f, const struct role_options *a)
{
	char text[CIDR_TEXT_MAX];
	size_t i;

	if (!a->has_source)
		return;
	fputs(",from=\"", f);
	for (i = 0; i < a->source.n; i++)
		fprintf(f, "%s%s", i > 0 ? "," : "",
		    cidr_format(&a->source.v[i], text));
	fputc('"', f);
}

static void
put_expiry(FILE *f, uint64_t seconds)
{
	time_t t = (time_t)seconds;
	struct tm tm;

	/* Not strftime(3), which reads /etc/localtime for a time in UTC. */
	if (gmtime_r(&t, &tm) != NULL)
		fprintf(f, ",expiry-time=\"%04d%02d%02d%02d%02d%02dZ\"",
		    tm.tm_year + 1900, tm.tm_mon + 1, tm.tm_mday, tm.tm_hour,
		    tm.tm_min, tm.tm_sec);
}

char *
decision_line(const struct decision *d)
{
	const struct role_options *a = &d->access.options;
	char *line = NULL;
	size_t len;
	FILE *f;

	if (d->verdict != ALLOW || (f = open_memstream(&line, &len)) == NULL)
		return NULL;
	fputs("restrict", f);
	if (a->pty)
		fputs(",pty", f);
	if (a->agent_forwarding)
		fputs(",agent-forwarding", f);
	if (a->x11_forwarding)
		fputs(",X11-forwarding", f);
	put_forwarding(f, a);
	put_source(f, a);
	put_expiry(f, d->access.expires_s);
	/* The wrapper runs it; this is for a host without our ForceCommand. A
	 * command that sshd cannot be told in a line is the certificate's
	 * own, which sshd has from there. */
	if (a->force_command != NULL && is_line_safe(a->force_command))
		put_quoted(f, "command", a->force_command);
	fprintf(f, " %s%s", ROLE_PRINCIPAL_PREFIX, d->role);
	if (fclose(f) != 0) {
		free(line);
		return NULL;
	}
	return line;
}
