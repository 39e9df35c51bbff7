/* SPDX-License-Identifier: ISC */
/* countersign policy diff: who gains and who loses what. */
#include <getopt.h>
#include <stdlib.h>
#include <string.h>

#include "auto.h"
#include "policydiff.h"
#include "policyfile.h"
#include "show.h"
#include "verbs.h"

static const char usage[] =
    "usage: countersign policy diff [--exit-code] [--json] OLD NEW\n"
    "\n"
    "Who gains (+) and who loses (-) what when NEW replaces OLD.\n"
    "\n"
    "  --exit-code   exit status 1 if anything differs\n"
    "  --json        one JSON object a change\n"
    "  --help        this text\n";

static void
print(const struct change *c, bool as_json)
{
	json_auto_t *o = NULL;
	char sign[2] = { c->sign, '\0' };

	if (!as_json) {
		printf("%c ", c->sign);
		show_text(stdout, c->text, strlen(c->text));
		fputc('\n', stdout);
		return;
	}
	o = json_object();
	json_object_set_new(o, "sign", json_string(sign));
	json_object_set_new(o, "text", json_string(c->text));
	json_dumpf(o, stdout, JSON_ENSURE_ASCII | JSON_COMPACT);
	fputc('\n', stdout);
}

int
cmd_policy_diff(int argc, char **argv)
{
	static const struct option longs[] = {
		{ "exit-code", no_argument, NULL, 'e' },
		{ "json", no_argument, NULL, 'j' },
		{ "help", no_argument, NULL, 'h' },
		{ NULL, 0, NULL, 0 },
	};
	AUTO_CLEAR(policyfile_clear) struct policyfile old = { 0 };
	AUTO_CLEAR(policyfile_clear) struct policyfile new = { 0 };
	AUTO_CLEAR(changes_clear) struct changes changes = { 0 };
	bool as_json = false, exit_code = false;
	size_t i;
	int c, r;

	while ((c = getopt_long(argc, argv, "h", longs, NULL)) != -1) {
		if (c == 'j') {
			as_json = true;
		} else if (c == 'e') {
			exit_code = true;
		} else {
			fputs(usage, c == 'h' ? stdout : stderr);
			return c == 'h' ? EXIT_DONE : EXIT_USAGE;
		}
	}
	if (optind + 2 != argc) {
		fputs(usage, stderr);
		return EXIT_USAGE;
	}
	if ((r = policyfile_load(argv[optind], &old)) >= 0 ||
	    (r = policyfile_load(argv[optind + 1], &new)) >= 0)
		return r;
	if (policydiff(old.policy, new.policy, &changes) < 0)
		return show_error(EXIT_INPUT, "out of memory");
	for (i = 0; i < changes.n; i++)
		print(&changes.v[i], as_json);
	return exit_code && changes.n > 0 ? EXIT_REFUSED : EXIT_DONE;
}
