/* SPDX-License-Identifier: ISC */
/* countersign-audit export: a recording for other programs. */
#include <getopt.h>
#include <stdlib.h>
#include <string.h>

#include "audit.h"
#include "auditfind.h"
#include "auto.h"
#include "castreader.h"
#include "clock.h"
#include "plaintext.h"

DEFINE_AUTO(castreader_close, struct castreader)

static const char usage[] =
    "usage: countersign-audit export [--format text|asciicast|ttyrec]\n"
    "           [--events FILE] SESSION|FILE\n"
    "text: each line with the time at which it was begun, without colours and\n"
    "other sequences. asciicast: version 2, for any player. ttyrec: for ttyplay.\n";

static void
print_asciicast(const struct castreader *r, const struct cast_event *e)
{
	json_t *line;

	if (e == NULL) {
		json_dumpf(castreader_header(r), stdout,
		    JSON_COMPACT | JSON_ENSURE_ASCII);
		putchar('\n');
		return;
	}
	line = json_pack("[f, s%, s%]", (double)e->usec / 1e6, &e->code,
	    (size_t)1, e->data, e->len);
	json_dumpf(line, stdout, JSON_COMPACT);
	putchar('\n');
	json_decref(line);
}

static void
put_u32(uint32_t v)
{
	int i;

	for (i = 0; i < 4; i++)
		putchar((int)(v >> (8 * i) & 0xff));
}

/* Seconds, microseconds, length, each little-endian; then the bytes. */
static void
print_ttyrec(const struct castreader *r, const struct cast_event *e)
{
	uint64_t start = (uint64_t)json_integer_value(
	    json_object_get(castreader_header(r), "timestamp"));

	if (e == NULL || (e->code != 'o' && e->code != 'e'))
		return;
	put_u32((uint32_t)(start + e->usec / USEC_PER_SEC));
	put_u32((uint32_t)(e->usec % USEC_PER_SEC));
	put_u32((uint32_t)e->len);
	fwrite(e->data, 1, e->len, stdout);
}

static int
print_line(const struct plaintext_line *line, void *context)
{
	(void)context;
	printf("%4llu:%02llu.%03llu  ",
	    (unsigned long long)(line->usec / USEC_PER_SEC / 60),
	    (unsigned long long)(line->usec / USEC_PER_SEC % 60),
	    (unsigned long long)(line->usec / 1000 % 1000));
	audit_print_safe(stdout, line->text);
	putchar('\n');
	return 0;
}

static int
damaged(void)
{
	return audit_complain("the recording is damaged behind this");
}

static int
export_events(struct castreader *r,
    void (*print)(const struct castreader *, const struct cast_event *))
{
	struct cast_event e;
	int n;

	print(r, NULL);
	while ((n = castreader_next(r, &e)) == 1)
		print(r, &e);
	return n < 0 ? damaged() : AUDIT_DONE;
}

static int export(struct castreader *r, const char *format)
{
	if (strcmp(format, "asciicast") == 0)
		return export_events(r, print_asciicast);
	if (strcmp(format, "ttyrec") == 0)
		return export_events(r, print_ttyrec);
	return plaintext_read(r, print_line, NULL) < 0 ? damaged() : AUDIT_DONE;
}

static bool
is_format(const char *text)
{
	return strcmp(text, "text") == 0 || strcmp(text, "asciicast") == 0 ||
	    strcmp(text, "ttyrec") == 0;
}

int
audit_export(int argc, char **argv)
{
	static const struct option longs[] = {
		{ "format", required_argument, NULL, 'f' },
		{ "events", required_argument, NULL, 'e' },
		{ "help", no_argument, NULL, 'h' },
		{ NULL, 0, NULL, 0 },
	};
	AUTO(castreader_close) struct castreader *reader = NULL;
	const char *events = AUDIT_EVENTS, *format = "text";
	int opt, status;

	while ((opt = getopt_long(argc, argv, "h", longs, NULL)) != -1)
		switch (opt) {
		case 'f':
			format = optarg;
			break;
		case 'e':
			events = optarg;
			break;
		default:
			return audit_usage(usage, opt == 'h');
		}
	if (argc - optind != 1 || !is_format(format))
		return audit_usage(usage, false);
	if ((reader = auditfind_open(argv[optind], events, &status)) == NULL)
		return status;
	return export(reader, format);
}
