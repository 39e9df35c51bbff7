/* SPDX-License-Identifier: ISC */
/* countersign-audit(1): what is on record, for people. */
#include <stdarg.h>
#include <string.h>

#include "audit.h"
#include "auto.h"
#include "jsontext.h"
#include "verb.h"

static const struct verb verbs[] = {
	{ "ls", audit_ls, "the sessions, and which are open" },
	{ "show", audit_show, "the story of one session or connection" },
	{ "play", audit_play, "play a recording" },
	{ "export", audit_export, "a recording as text, asciicast or ttyrec" },
	{ "search", audit_search, "look for text in recordings and commands" },
	{ "tail", audit_tail, "events as they come" },
	{ "watch", audit_watch, "look on at a session that is open" },
	{ "kill", audit_kill, "end a connection, now" },
	{ "prune", audit_prune, "delete old recordings" },
	{ "verify", audit_verify, "is everything there that should be?" },
};

int
audit_complain(const char *fmt, ...)
{
	va_list ap;

	fputs("countersign-audit: ", stderr);
	va_start(ap, fmt);
	vfprintf(stderr, fmt, ap);
	va_end(ap);
	fputc('\n', stderr);
	return AUDIT_FAILED;
}

int
audit_usage(const char *text, bool is_asked_for)
{
	fputs(text, is_asked_for ? stdout : stderr);
	return is_asked_for ? AUDIT_DONE : AUDIT_USAGE;
}

void
audit_print_safe(FILE *f, const char *text)
{
	const uint8_t *p = (const uint8_t *)text;
	char out[JSONTEXT_CHAR_MAX + 1];
	size_t left = strlen(text), used;

	for (; left > 0; left -= used, p += used) {
		(void)jsontext_char(p, left, out, &used);
		/* Quotes and backslashes mean themselves outside JSON. */
		if (used == 1 && (*p == '"' || *p == '\\'))
			fputc(*p, f);
		else
			fputs(out, f);
	}
}

int
main(int argc, char **argv)
{
	return verb_run(verbs, ARRAY_SIZE(verbs), "countersign-audit",
	    CS_VERSION, argc, argv);
}
