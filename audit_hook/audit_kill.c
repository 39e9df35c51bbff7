/* SPDX-License-Identifier: ISC */
/* countersign-audit kill: a person's word that a connection is to end. */
#include <dirent.h>
#include <errno.h>
#include <getopt.h>
#include <limits.h>
#include <string.h>
#include <unistd.h>

#include "audit.h"
#include "auto.h"
#include "keepermsg.h"
#include "kstate.h"
#include "settings.h"

DEFINE_AUTO(settings_free, struct settings)

#define TIMEOUT_MS 2000

static const char usage[] =
    "usage: countersign-audit kill [--reason TEXT] ID|USER\n"
    "Ends a connection of this host and its terminals: by the id of it or of one\n"
    "of its sessions (8 characters or more), or all of a user's.\n";

static bool
begins(const char *id, const char *text)
{
	size_t n = strlen(text);

	return n >= 8 && strncmp(id, text, n) == 0;
}

static bool
is_meant(const struct kstate *k, const char *text)
{
	size_t i;

	if (begins(k->id, text) || strncmp(k->user, text, sizeof(k->user)) == 0)
		return true;
	for (i = 0; i < KSTATE_SESSIONS; i++)
		if (k->sessions[i].is_open && begins(k->sessions[i].sid, text))
			return true;
	return false;
}

static int
end(const char *run_dir, const struct kstate *k, const char *reason)
{
	struct keeper_message m = { .type = KEEPERMSG_END,
		.u.end = (char *)(uintptr_t)reason };
	AUTO(close) int fd = -1;
	char path[108];
	int r;

	if ((r = keepermsg_connection_path(run_dir, k->id, path,
		 sizeof(path))) < 0)
		return r;
	if ((fd = keepermsg_connect(path, TIMEOUT_MS)) < 0)
		return fd;
	return keepermsg_send(fd, &m);
}

/* Returns how many were told, or -1. */
static int
end_all(const char *run_dir, const char *text, const char *reason)
{
	AUTO(free) struct kstate *k = malloc(sizeof(*k));
	const struct dirent *entry;
	char path[PATH_MAX];
	int n = 0, r;
	DIR *d;

	snprintf(path, sizeof(path), "%s/" KSTATE_DIR, run_dir);
	if (k == NULL || (d = opendir(path)) == NULL) {
		audit_complain("cannot read '%s': %s", path, strerror(errno));
		return -1;
	}
	while ((entry = readdir(d)) != NULL) {
		if (kstate_read(run_dir, entry->d_name, k) < 0 ||
		    !is_meant(k, text))
			continue;
		if ((r = end(run_dir, k, reason)) < 0) {
			audit_complain("connection %.36s: %s", k->id,
			    strerror(-r));
			continue;
		}
		printf("%.36s ", k->id);
		audit_print_safe(stdout, k->user);
		putchar('\n');
		n++;
	}
	closedir(d);
	return n;
}

int
audit_kill(int argc, char **argv)
{
	static const struct option longs[] = {
		{ "reason", required_argument, NULL, 'r' },
		{ "help", no_argument, NULL, 'h' },
		{ NULL, 0, NULL, 0 },
	};
	AUTO(settings_free) struct settings *host = NULL;
	const char *reason = "countersign-audit kill";
	struct conf_error e = { 0 };
	int opt, n;

	while ((opt = getopt_long(argc, argv, "h", longs, NULL)) != -1) {
		if (opt != 'r')
			return audit_usage(usage, opt == 'h');
		reason = optarg;
	}
	if (argc - optind != 1 || *argv[optind] == '\0')
		return audit_usage(usage, false);
	if (geteuid() != 0)
		return audit_complain("only root ends connections");
	if ((host = settings_load_host(&e)) == NULL)
		return audit_complain("%s", e.what);
	if ((n = end_all(host->run_dir, argv[optind], reason)) < 0)
		return AUDIT_FAILED;
	if (n == 0)
		audit_complain("no connection is open of '%s' (a user, or at "
			       "least the first 8 characters of an id)",
		    argv[optind]);
	return n > 0 ? AUDIT_DONE : AUDIT_NOT_FOUND;
}
