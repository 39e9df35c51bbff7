/* SPDX-License-Identifier: ISC */
/* countersign needs-renewal: for scripts and timers. */
#include <errno.h>
#include <getopt.h>
#include <string.h>

#include "auto.h"
#include "certfile.h"
#include "clock.h"
#include "parse.h"
#include "show.h"
#include "verbs.h"

DEFINE_AUTO(cert_free, struct cert)

/* step-cli's: a third of the life is left. */
#define LEFT_PARTS 3
enum {
	RENEW = 0,
	STILL_GOOD = 1,
	MISSING = 2
};

static const char usage[] =
    "usage: countersign needs-renewal [--expires-in TIME] [-q] [--json] CERT\n"
    "\n"
    "Exit status 0: renew it (less than a third of its life is left, or than\n"
    "TIME); 1: it is still good; 2: it is missing; 3: it cannot be read.\n"
    "\n"
    "  --expires-in TIME  renew when less than TIME is left\n"
    "  -q, --quiet        only the exit status\n"
    "  --json             one JSON object\n"
    "  -h, --help         this text\n";

static uint64_t
seconds_left(const struct cert *c, uint64_t now)
{
	return now < c->valid_before ? c->valid_before - now : 0;
}

static bool
is_due(const struct cert *c, uint64_t now, uint64_t limit)
{
	/* An opaque type says nothing of its end. */
	if (c->is_opaque)
		return true;
	if (c->valid_before == CERT_FOREVER)
		return false;
	if (limit == 0)
		limit = (c->valid_before - c->valid_after) / LEFT_PARTS;
	return seconds_left(c, now) < limit;
}

static void
say(const char *path, int answer, const struct cert *c, bool json)
{
	static const char *const words[] = { "renew", "still good", "missing" };
	char until[CLOCK_TEXT_MAX] = "";

	if (c != NULL && !c->is_opaque)
		clock_rfc3339(c->valid_before, until);
	if (json) {
		fputs("{\"file\":", stdout);
		show_json_text(stdout, path, strlen(path));
		printf(",\"answer\":\"%s\"", words[answer]);
		if (until[0] != '\0')
			printf(",\"valid_until\":\"%s\"", until);
		puts("}");
		return;
	}
	show_text(stdout, path, strlen(path));
	printf(": %s%s%s\n", words[answer],
	    until[0] != '\0' ? ", valid until " : "", until);
}

static int
answer(const char *path, uint64_t limit, bool quiet, bool json)
{
	uint64_t now = clock_now_usec() / USEC_PER_SEC;
	AUTO(cert_free) struct cert *c = NULL;
	int r;

	r = certfile_load(path, &c);
	if (r < 0 && r != -ENOENT)
		return show_error(EXIT_INPUT, "cannot read '%s': %s", path,
		    certfile_error(r));
	if (c == NULL)
		r = MISSING;
	else
		r = is_due(c, now, limit) ? RENEW : STILL_GOOD;
	if (!quiet)
		say(path, r, c, json);
	return r;
}

int
cmd_needs_renewal(int argc, char **argv)
{
	static const struct option longs[] = {
		{ "expires-in", required_argument, NULL, 'e' },
		{ "quiet", no_argument, NULL, 'q' },
		{ "json", no_argument, NULL, 'j' },
		{ "help", no_argument, NULL, 'h' },
		{ NULL, 0, NULL, 0 },
	};
	uint64_t limit = 0;
	bool quiet = false, json = false;
	int opt;

	/* 2 says "missing" here: wrong usage is 3, too. */
	while ((opt = getopt_long(argc, argv, "qh", longs, NULL)) != -1) {
		switch (opt) {
		case 'e':
			if (parse_duration(optarg, &limit) < 0)
				return show_error(EXIT_INPUT,
				    "--expires-in wants a duration such as "
				    "30m, not '%s'",
				    optarg);
			break;
		case 'q':
			quiet = true;
			break;
		case 'j':
			json = true;
			break;
		default:
			fputs(usage, opt == 'h' ? stdout : stderr);
			return opt == 'h' ? EXIT_DONE : EXIT_INPUT;
		}
	}
	if (optind + 1 != argc) {
		fputs(usage, stderr);
		return EXIT_INPUT;
	}
	return answer(argv[optind], limit, quiet, json);
}
