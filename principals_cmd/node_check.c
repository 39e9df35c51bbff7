/* SPDX-License-Identifier: ISC */
/* countersign-node check: the doctor for one host. */
#include <getopt.h>
#include <jansson.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include "auto.h"
#include "checks.h"
#include "node.h"
#include "report.h"

DEFINE_AUTO(settings_free, struct settings)

static const char usage[] =
    "usage: countersign-node check [--user LOGIN]... [--strict] [-q] [--json]\n"
    "       countersign-node check --list\n"
    "\n"
    "Asks this host whether Countersign is in force and nothing overrules it. "
    "Each\n"
    "finding says what is wrong, why it matters, and the line that mends it. "
    "Exit\n"
    "status 0: no errors; 1: errors (--strict: or warnings).\n"
    "\n"
    "  --user LOGIN  ask sshd's configuration for these logins (default: root "
    "and\n"
    "                the accounts that the policy names)\n"
    "  --strict      exit status 1 also for warnings\n"
    "  -q, --quiet   no notes, and no word if there is nothing to say\n"
    "  --json        one JSON object a finding\n"
    "  --list        every finding that there can be\n"
    "  --help        this text\n";

struct check_options {
	struct strv users;
	bool strict, quiet, json, list;
};

static int
parse_options(int argc, char **argv, struct check_options *o)
{
	static const struct option longs[] = {
		{ "user", required_argument, NULL, 'u' },
		{ "strict", no_argument, NULL, 's' },
		{ "json", no_argument, NULL, 'j' },
		{ "list", no_argument, NULL, 'l' },
		{ "quiet", no_argument, NULL, 'q' },
		{ "help", no_argument, NULL, 'h' },
		{ NULL, 0, NULL, 0 },
	};
	int c;

	while ((c = getopt_long(argc, argv, "qh", longs, NULL)) != -1) {
		if (c == 'u') {
			if (strv_add(&o->users, optarg) < 0)
				return NODE_FAILED;
		} else if (c == 's') {
			o->strict = true;
		} else if (c == 'j') {
			o->json = true;
		} else if (c == 'l') {
			o->list = true;
		} else if (c == 'q') {
			o->quiet = true;
		} else {
			fputs(usage, c == 'h' ? stdout : stderr);
			return c == 'h' ? NODE_DONE : NODE_USAGE;
		}
	}
	if (optind == argc)
		return -1;
	fputs(usage, stderr);
	return NODE_USAGE;
}

static void
print_json(const struct finding *f)
{
	const struct finding_kind *k = &finding_kinds[f->id];
	json_auto_t *o = json_pack("{s:s, s:s, s:s%, s:s, s:s}", "finding",
	    k->name, "level", finding_level_name(k->level), "what", f->what,
	    strlen(f->what), "why", k->why, "mend", k->mend);

	/* Bytes that are no UTF-8 make no JSON string: say at least which. */
	if (o == NULL)
		o = json_pack("{s:s, s:s, s:s, s:s}", "finding", k->name,
		    "level", finding_level_name(k->level), "why", k->why,
		    "mend", k->mend);
	json_dumpf(o, stdout, JSON_COMPACT | JSON_ENSURE_ASCII);
	fputc('\n', stdout);
}

/* What others wrote into configuration files is not for the terminal. */
static void
print_plain(const char *text)
{
	for (; *text != '\0'; text++)
		fputc((unsigned char)*text < ' ' || *text == 0x7f ? '?' : *text,
		    stdout);
}

static void
print_text(const struct finding *f)
{
	const struct finding_kind *k = &finding_kinds[f->id];

	printf("%s %s: ", finding_level_name(k->level), k->name);
	print_plain(f->what);
	printf("\n    why:  %s\n    mend: %s\n", k->why, k->mend);
}

static size_t
count(const struct findings *f, enum finding_level level)
{
	size_t n = 0, i;

	for (i = 0; i < f->n; i++)
		n += finding_kinds[f->v[i].id].level == level;
	return n;
}

static void
print_all(const struct check_options *o, const struct findings *f)
{
	size_t i;
	int level;

	for (level = FINDING_ERROR; level >= FINDING_NOTE; level--) {
		if (level == FINDING_NOTE && o->quiet)
			continue;
		for (i = 0; i < f->n; i++) {
			if ((int)finding_kinds[f->v[i].id].level != level)
				continue;
			if (o->json)
				print_json(&f->v[i]);
			else
				print_text(&f->v[i]);
		}
	}
	if (!o->json && !o->quiet)
		printf("%zu errors, %zu warnings, %zu notes\n",
		    count(f, FINDING_ERROR), count(f, FINDING_WARNING),
		    count(f, FINDING_NOTE));
}

static void
print_list(void)
{
	int i;

	for (i = 0; i < FINDING_COUNT; i++)
		printf("%-20s %-8s %s\n", finding_kinds[i].name,
		    finding_level_name(finding_kinds[i].level),
		    finding_kinds[i].why);
}

static void
check_all(struct checkup *c)
{
	check_files(c);
	check_sshd(c);
	check_pam(c);
	check_policy(c);
	check_services(c);
	check_break_glass(c);
}

static int
run(const struct check_options *o)
{
	AUTO(settings_free) struct settings *s = NULL;
	struct checkup c = { .users = o->users };
	struct conf_error e = { 0 };
	int status;

	if ((s = settings_load_host(&e)) == NULL)
		finding_add(&c.findings, FINDING_SETTINGS, "%s", e.what);
	else if (access(SETTINGS_FILE, F_OK) < 0)
		finding_add(&c.findings, FINDING_SETTINGS,
		    "there is no " SETTINGS_FILE);
	/* The rest by what is built in. */
	if (s == NULL)
		s = settings_new();
	if (s == NULL)
		return report_failure("out of memory");
	c.settings = s;
	check_all(&c);
	print_all(o, &c.findings);
	status = count(&c.findings, FINDING_ERROR) > 0 ||
		(o->strict && count(&c.findings, FINDING_WARNING) > 0)
	    ? NODE_FAILED
	    : NODE_DONE;
	findings_clear(&c.findings);
	return status;
}

int
node_check(int argc, char **argv)
{
	struct check_options o = { 0 };
	int r = parse_options(argc, argv, &o);

	if (r < 0 && o.list) {
		print_list();
		r = NODE_DONE;
	} else if (r < 0 && geteuid() != 0) {
		r = report_failure("has to run as root");
	} else if (r < 0) {
		r = run(&o);
	}
	strv_clear(&o.users);
	return r;
}
