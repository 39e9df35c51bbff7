/* SPDX-License-Identifier: ISC */
/* countersign-node lock and unlock: this host's own locks, in force at the next
 * login, without the policy's owner. They only deny, and end. */
#include <errno.h>
#include <getopt.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include "auto.h"
#include "clock.h"
#include "host.h"
#include "locallock.h"
#include "node.h"
#include "parse.h"
#include "path.h"
#include "report.h"

#define DEFAULT_TTL_S 86400

DEFINE_AUTO(settings_free, struct settings)

static const char lock_usage[] =
    "usage: countersign-node lock NAME TARGET... [--ttl TIME | --for-ever] "
    "[--reason TEXT]\n"
    "       countersign-node lock --list\n"
    "\n"
    "Refuses whoever fits all of TARGET, on this host, from the next login on, "
    "and\n"
    "ends the connections of theirs that are open, within a few seconds.\n"
    "\n"
    "  --user ID            TARGET: the certificate's key id\n"
    "  --role ROLE          a role that it holds\n"
    "  --login LOGIN        the account\n"
    "  --serial N           the certificate's serial\n"
    "  --fingerprint F      the key's, SHA256:...\n"
    "  --everybody          whoever it is\n"
    "  --ttl TIME           how long (default 1d)\n"
    "  --for-ever           until 'countersign-node unlock NAME'\n"
    "  --reason TEXT        stands in the events\n"
    "  --list               the locks that there are, one JSON object a line\n"
    "  --help               this text\n";

static const char unlock_usage[] =
    "usage: countersign-node unlock NAME...\n"
    "\n"
    "Ends locks that 'countersign-node lock' made. A lock of the policy is "
    "ended there.\n";

struct lock_options {
	const char *name, *reason;
	json_t *target;
	uint64_t ttl_s;
	bool for_ever, list;
};

static int
usage_error(const char *usage)
{
	fputs(usage, stderr);
	return NODE_USAGE;
}

static int
take_serial(struct lock_options *o)
{
	uint64_t n;

	if (json_object_get(o->target, "serial") != NULL) {
		report_failure("--serial stands twice: one lock for each");
		return NODE_USAGE;
	}
	if (parse_uint(optarg, 1, UINT64_MAX, &n) < 0) {
		report_failure("--serial wants a number from 1");
		return NODE_USAGE;
	}
	json_object_set_new(o->target, "serial", json_string(optarg));
	return -1;
}

/* A condition that got lost would make the lock another one. */
static int
take_condition(const char *name, struct lock_options *o)
{
	json_t *value = json_string(optarg);

	if (value == NULL) {
		report_failure("--%s is not UTF-8", name);
		return NODE_USAGE;
	}
	if (json_object_get(o->target, name) != NULL) {
		json_decref(value);
		report_failure("--%s stands twice: one lock for each", name);
		return NODE_USAGE;
	}
	json_object_set_new(o->target, name, value);
	return -1;
}

static int
take_reason(struct lock_options *o)
{
	json_auto_t *value = json_string(optarg);

	if (value == NULL) {
		report_failure("--reason is not UTF-8");
		return NODE_USAGE;
	}
	o->reason = optarg;
	return -1;
}

static int
take_option(int c, const char *name, struct lock_options *o)
{
	switch (c) {
	case 'T':
		return take_condition(name, o);
	case 's':
		return take_serial(o);
	case 'e':
		json_object_set_new(o->target, "node_labels",
		    json_pack("{s:[s]}", "*", "*"));
		return -1;
	case 'r':
		return take_reason(o);
	case 't':
		if (parse_duration(optarg, &o->ttl_s) == 0)
			return -1;
		report_failure("--ttl wants a duration such as 8h");
		return NODE_USAGE;
	case 'f':
		o->for_ever = true;
		return -1;
	case 'l':
		o->list = true;
		return -1;
	case 'h':
		fputs(lock_usage, stdout);
		return NODE_DONE;
	default:
		return usage_error(lock_usage);
	}
}

static int
parse_options(int argc, char **argv, struct lock_options *o)
{
	static const struct option longs[] = {
		{ "user", required_argument, NULL, 'T' },
		{ "role", required_argument, NULL, 'T' },
		{ "login", required_argument, NULL, 'T' },
		{ "fingerprint", required_argument, NULL, 'T' },
		{ "serial", required_argument, NULL, 's' },
		{ "everybody", no_argument, NULL, 'e' },
		{ "ttl", required_argument, NULL, 't' },
		{ "for-ever", no_argument, NULL, 'f' },
		{ "reason", required_argument, NULL, 'r' },
		{ "list", no_argument, NULL, 'l' },
		{ "help", no_argument, NULL, 'h' },
		{ NULL, 0, NULL, 0 },
	};
	int c, which = 0, r;

	while ((c = getopt_long(argc, argv, "h", longs, &which)) != -1)
		if ((r = take_option(c, longs[which].name, o)) >= 0)
			return r;
	if (o->list)
		return optind == argc ? -1 : usage_error(lock_usage);
	if (optind + 1 != argc)
		return usage_error(lock_usage);
	o->name = argv[optind];
	return -1;
}

static int
make_lock(const struct settings *s, const struct lock_options *o)
{
	AUTO_CLEAR(locks_clear) struct locks one = { 0 };
	const struct locallock l = { .name = o->name,
		.target = o->target,
		.expires_s = o->for_ever
		    ? 0
		    : clock_now_usec() / USEC_PER_SEC + o->ttl_s,
		.reason = o->reason,
		.updated_by = "countersign-node" };
	struct conf_error e = { 0 };
	int r = locallock_make(s, &l, &one, &e);

	if (r == -EINVAL) {
		report_failure("%s", e.what);
		return NODE_USAGE;
	}
	if (r == -EEXIST)
		return report_failure("there is a lock '%s' already: another "
				      "name, or 'countersign-node unlock %s'",
		    o->name, o->name);
	if (r < 0)
		return report_failure("cannot write the lock '%s': %s", o->name,
		    strerror(-r));
	report_lock(s, &one.v[0], true);
	return NODE_DONE;
}

static int
list_locks(const struct settings *s)
{
	AUTO_CLEAR(locks_clear) struct locks all = { 0 };
	AUTO(free) char *dir = host_locks_path(s);
	uint64_t now_s = clock_now_usec() / USEC_PER_SEC;
	struct conf_error e = { 0 };
	char end[CLOCK_TEXT_MAX];
	size_t i;

	if (dir == NULL || host_read_locks(dir, 0, &all, &e) < 0)
		return report_failure("%s", e.what);
	for (i = 0; i < all.n; i++) {
		const struct lock *l = &all.v[i];
		json_auto_t *o = json_pack("{s:s, s:o, s:s?, s:s?, s:b}",
		    "name", l->name, "target", lock_target_json(&l->target),
		    "expires",
		    l->expires_s != 0 ? clock_rfc3339(l->expires_s, end) : NULL,
		    "reason", l->reason, "ended",
		    l->expires_s != 0 && l->expires_s <= now_s);

		json_dumpf(o, stdout, JSON_COMPACT | JSON_ENSURE_ASCII);
		fputc('\n', stdout);
	}
	return NODE_DONE;
}

static int
run_lock(int argc, char **argv, struct lock_options *o)
{
	AUTO(settings_free) struct settings *s = NULL;
	struct conf_error e = { 0 };
	int r;

	if ((r = parse_options(argc, argv, o)) >= 0)
		return r;
	if ((s = settings_load_host(&e)) == NULL)
		return report_failure("%s", e.what);
	return o->list ? list_locks(s) : make_lock(s, o);
}

int
node_lock(int argc, char **argv)
{
	struct lock_options o = { .target = json_object(),
		.ttl_s = DEFAULT_TTL_S };
	int r = run_lock(argc, argv, &o);

	json_decref(o.target);
	return r;
}

static int
end_lock(const struct settings *s, const char *name)
{
	AUTO_CLEAR(locks_clear) struct locks one = { 0 };
	AUTO(free) char *path = locallock_path(s, name), *text = NULL;
	struct conf_error e = { 0 };
	size_t len;

	if (path == NULL) {
		report_failure("a lock cannot have the name '%s'", name);
		return NODE_USAGE;
	}
	/* One that is damaged ends as well: it refuses everybody. */
	if (path_read_trusted(path, 0, LOCK_FILE_MAX_BYTES, &text, &len) == 0)
		(void)locks_parse_one(text, len, &one, &e);
	if (unlink(path) < 0)
		return report_failure("cannot end '%s': %s", name,
		    errno == ENOENT ? "this host has no lock of that name"
				    : strerror(errno));
	if (one.n == 1 && one.v[0].name != NULL && e.what[0] == '\0')
		report_lock(s, &one.v[0], false);
	return NODE_DONE;
}

int
node_unlock(int argc, char **argv)
{
	AUTO(settings_free) struct settings *s = NULL;
	struct conf_error e = { 0 };
	int i, r = NODE_DONE;

	if (argc == 2 && strcmp(argv[1], "--help") == 0) {
		fputs(unlock_usage, stdout);
		return NODE_DONE;
	}
	if (argc < 2 || argv[1][0] == '-')
		return usage_error(unlock_usage);
	if ((s = settings_load_host(&e)) == NULL)
		return report_failure("%s", e.what);
	for (i = 1; i < argc && r == NODE_DONE; i++)
		r = end_lock(s, argv[i]);
	return r;
}
