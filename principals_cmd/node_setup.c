/* SPDX-License-Identifier: ISC */
/* countersign-node setup: the hooks into sshd and PAM. */
#include <errno.h>
#include <getopt.h>
#include <signal.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include "auto.h"
#include "checks.h"
#include "command.h"
#include "clock.h"
#include "host.h"
#include "member.h"
#include "node.h"
#include "pamstack.h"
#include "path.h"
#include "report.h"
#include "secondlogin.h"
#include "setupundo.h"
#include "sshdconfig.h"

#define TEMPLATE	  "/usr/share/countersign/sshd/00-countersign.conf"
#define CONFIRM_DEFAULT_S 120
#define RUN_DIR		  "/run/countersign"
#define LAST_DROP_IN	  SETUPJOURNAL_DIR "/00-countersign.conf"

static const char setup_usage[] =
    "usage: countersign-node setup [--no-confirm | --timeout TIME]\n"
    "       countersign-node setup --confirm | --undo\n"
    "\n"
    "Writes " SETUP_DROP_IN " and the two lines of\n"
    "/etc/pam.d/sshd, asks sshd whether they are in force, and reloads it: from "
    "then\n"
    "on certificates are the only way in. Unless it is confirmed from a second "
    "login,\n"
    "everything is taken back after two minutes. Keep this login open until "
    "then.\n"
    "\n"
    "  --timeout TIME  how long to wait for that (default 2m)\n"
    "  --force         replace a drop-in that has been changed\n"
    "  --confirm       it works: keep it (in a login that is newer than the "
    "setup)\n"
    "  --undo          take it back now\n"
    "  --if-unwatched  with --undo: only if nobody waits for it any more (at "
    "boot)\n"
    "  --watch         wait for the confirmation, and take it back without one; "
    "setup\n"
    "                  starts this by itself\n"
    "  --no-confirm    keep it at once; for automation that can repair a host\n"
    "  --help          this text\n";

DEFINE_AUTO(settings_free, struct settings)

struct setup_options {
	bool no_confirm, confirm, undo, if_unwatched, watch, force;
	uint64_t timeout_s;
};

static int
parse_options(int argc, char **argv, struct setup_options *o)
{
	static const struct option longs[] = {
		{ "no-confirm", no_argument, NULL, 'n' },
		{ "confirm", no_argument, NULL, 'c' },
		{ "undo", no_argument, NULL, 'u' },
		{ "if-unwatched", no_argument, NULL, 'i' },
		{ "watch", no_argument, NULL, 'w' },
		{ "force", no_argument, NULL, 'f' },
		{ "timeout", required_argument, NULL, 't' },
		{ "help", no_argument, NULL, 'h' },
		{ NULL, 0, NULL, 0 },
	};
	int c;

	while ((c = getopt_long(argc, argv, "h", longs, NULL)) != -1) {
		if (c == 'n') {
			o->no_confirm = true;
		} else if (c == 'c') {
			o->confirm = true;
		} else if (c == 'u') {
			o->undo = true;
		} else if (c == 'i') {
			o->if_unwatched = true;
		} else if (c == 'w') {
			o->watch = true;
		} else if (c == 'f') {
			o->force = true;
		} else if (c == 't') {
			if (parse_duration(optarg, &o->timeout_s) < 0 ||
			    o->timeout_s > 86400) {
				report_failure("--timeout wants a duration "
					       "such as 5m, at most 1d");
				return NODE_USAGE;
			}
		} else {
			fputs(setup_usage, c == 'h' ? stdout : stderr);
			return c == 'h' ? NODE_DONE : NODE_USAGE;
		}
	}
	if (optind == argc &&
	    o->no_confirm + o->confirm + o->undo + o->watch <= 1 &&
	    (!o->if_unwatched || o->undo))
		return -1;
	fputs(setup_usage, stderr);
	return NODE_USAGE;
}

/* What one of the doctor's questions finds now, errors only. True if there are
 * none. */
static bool
is_good(void (*check)(struct checkup *))
{
	AUTO(settings_free) struct settings *s = NULL;
	struct checkup c = { 0 };
	struct conf_error e = { 0 };
	bool good = true;
	size_t i;

	if ((s = settings_load_host(&e)) == NULL)
		return false;
	c.settings = s;
	check(&c);
	for (i = 0; i < c.findings.n; i++) {
		const struct finding *f = &c.findings.v[i];

		if (finding_kinds[f->id].level != FINDING_ERROR)
			continue;
		good = false;
		report_failure("%s: %s\n    mend: %s",
		    finding_kinds[f->id].name, f->what,
		    finding_kinds[f->id].mend);
	}
	findings_clear(&c.findings);
	return good;
}

/* ---- before ---- */

/* Would anybody get in? A host without CA or policy lets nobody in. */
static int
check_ready(const struct setup_options *o)
{
	struct conf_error e = { 0 };
	struct host h;
	enum reason r = host_load(&h, 0, &e);
	bool has_ca = r == REASON_NONE && h.cas.n > 0;

	host_clear(&h);
	if (r != REASON_NONE)
		return report_failure("nobody could log in: %s: %s",
		    reason_name(r),
		    e.what[0] != '\0' ? e.what : reason_text(r));
	if (!has_ca)
		return report_failure("nobody could log in: there is no CA in "
				      "/etc/countersign/user_ca.pub");
	/* As the helper sees it, not as root; a host that is being built may
	 * get its keeper later. */
	if (!is_good(check_files) || !is_good(check_helper) ||
	    (!o->no_confirm && !is_good(check_keeper)))
		return report_failure("nobody could log in");
	return -1;
}

/* ---- while it is not confirmed ---- */

static int
reload(void)
{
	uint64_t now_us;
	int r;

	if ((r = sshdconfig_reload()) < 0 && r != -ESRCH)
		return report_failure("cannot reload sshd: %s", strerror(-r));
	if (r == -ESRCH)
		printf("sshd is not running; it is in force when it starts\n");
	/* A login that is accepted from here on has gone through the hooks. */
	now_us = clock_boot_usec();
	if ((r = setupjournal_note_reload(now_us)) < 0)
		return report_failure("cannot write the journal: %s",
		    strerror(-r));
	return -1;
}

static int
fail_and_undo(void)
{
	int r = setup_undo();

	if (r == 0)
		report_failure("everything is as it was");
	else
		report_failure("cannot take everything back: %s; it is tried "
			       "again until it works",
		    strerror(-r));
	return NODE_FAILED;
}

/* What setup has put there itself it may replace. */
static void
remember_drop_in(const char *text)
{
	(void)path_write_atomic(LAST_DROP_IN, text, strlen(text), 0600, 0);
}

static void
warn_of_reboot(void)
{
	const char *argv[] = { "/usr/bin/systemctl", "is-enabled",
		"countersign-setup-undo.service", NULL };
	struct command c = { .argv = argv, .timeout_s = 10 };
	AUTO_CLEAR(command_result_clear) struct command_result r = { 0 };

	if (access("/run/systemd/system", F_OK) == 0 &&
	    command_run(&c, &r) == 0 && r.status != 0)
		printf("A reboot before you confirm would keep it: systemctl "
		       "enable countersign-setup-undo.service\n");
}

static int
finish(const struct setup_options *o,
    const struct setup_file files[SETUP_N_FILES], uint64_t deadline_us)
{
	uint64_t now_us;

	if (reload() >= 0)
		return fail_and_undo();
	setup_report("put", "CS031I");
	if (o->no_confirm) {
		if (setupjournal_close(setup_files, SETUP_N_FILES) < 0)
			return report_failure("it took too long, and has been "
					      "taken back");
		remember_drop_in(files[SETUP_DROP_IN_FILE].text);
		printf("in force\n");
		return NODE_DONE;
	}
	remember_drop_in(files[SETUP_DROP_IN_FILE].text);
	now_us = clock_boot_usec();
	warn_of_reboot();
	printf("in force for %llu s. Leave this login open. Log in a second "
	       "time, with a\ncertificate, become root there, and run:\n\n"
	       "    countersign-node setup --confirm\n\n"
	       "Otherwise everything is taken back by itself.\n",
	    (unsigned long long)(deadline_us > now_us
		    ? (deadline_us - now_us) / USEC_PER_SEC
		    : 0));
	return NODE_DONE;
}

static int
put(const struct setup_options *o, const struct setup_file files[SETUP_N_FILES],
    int lock)
{
	uint64_t deadline_us = clock_boot_usec() + o->timeout_s * USEC_PER_SEC;
	int r;

	setup_let_watcher_end();
	if ((r = setupjournal_open(files, SETUP_N_FILES, false, deadline_us)) ==
	    -EEXIST)
		return report_failure("an earlier setup waits: "
				      "'countersign-node setup --confirm' or "
				      "'--undo'");
	if (r < 0)
		return report_failure("cannot keep what is there now: %s",
		    strerror(-r));
	/* From here on: whatever happens to this process, the watcher takes it
	 * back. PAM's lines count as soon as they are there. */
	setup_ignore_hangups();
	if ((r = setup_start_watcher(deadline_us, lock)) < 0) {
		report_failure("cannot wait for a confirmation: %s",
		    strerror(-r));
		return fail_and_undo();
	}
	if (setup_put(&files[SETUP_DROP_IN_FILE]) >= 0 ||
	    !is_good(check_sshd) || setup_put(&files[SETUP_PAM_FILE]) >= 0 ||
	    !is_good(check_pam))
		return fail_and_undo();
	return finish(o, files, deadline_us);
}

static bool
same_text(const char *path, const char *text)
{
	AUTO(free) char *other = NULL;
	size_t len;

	return path_read_trusted(path, 0, SETUP_FILE_MAX_BYTES, &other, &len) ==
	    0 &&
	    strcmp(other, text) == 0;
}

static int
check_drop_in(const struct setup_options *o, const char *template)
{
	AUTO(free) char *now = NULL;
	size_t len;

	if (o->force ||
	    path_read_trusted(SETUP_DROP_IN, 0, SETUP_FILE_MAX_BYTES, &now,
		&len) < 0 ||
	    strcmp(now, template) == 0 || same_text(LAST_DROP_IN, now))
		return -1;
	return report_failure(
	    "'" SETUP_DROP_IN "' has been changed since setup put "
	    "it there; compare it with '" TEMPLATE
	    "', and use --force to replace it");
}

static int
setup(const struct setup_options *o, int lock)
{
	AUTO(free) char *drop_in = NULL, *old = NULL, *pam = NULL;
	struct setup_file files[SETUP_N_FILES] = { setup_files[0],
		setup_files[1] };
	int r;

	if ((r = check_ready(o)) >= 0 ||
	    (r = setup_read_text(TEMPLATE, &drop_in)) >= 0 ||
	    (r = check_drop_in(o, drop_in)) >= 0 ||
	    (r = setup_read_text(PAM_STACK_FILE, &old)) >= 0)
		return r;
	if ((pam = pamstack_with_ours(old)) == NULL)
		return report_failure(PAM_STACK_FILE
		    " has no pam_loginuid line followed by a pam_env line to "
		    "put ours by: see pam_countersign(8)");
	files[SETUP_PAM_FILE].text = pam;
	files[SETUP_DROP_IN_FILE].text = drop_in;
	return put(o, files, lock);
}

static int
watch_by_hand(void)
{
	uint64_t deadline_us, reloaded_us;
	AUTO(close) int lock = setupjournal_watch();

	if (lock < 0)
		return report_failure("somebody waits already");
	if (setupjournal_times(&deadline_us, &reloaded_us) < 0)
		return report_failure("no setup waits for a confirmation");
	setup_ignore_hangups();
	/* A unit of systemd's: at a shutdown it ends, and the boot undoes. */
	signal(SIGTERM, SIG_DFL);
	setup_watch(deadline_us);
	return NODE_DONE;
}

/* ---- after ---- */

/* Such a login comes through the hooks, too, and through all that is wrong. One
 * of which nobody knows whose it is may be such a one. */
static bool
may_be_break_glass(pid_t monitor)
{
	AUTO(settings_free) struct settings *s = NULL;
	struct conf_error e = { 0 };
	char name[256];

	if ((s = settings_load_host(&e)) == NULL)
		return true;
	if (s->break_glass_group[0] == '\0')
		return false;
	return second_login_name(monitor, name, sizeof(name)) < 0 ||
	    is_member(name, s->break_glass_group);
}

static int
confirm(void)
{
	uint64_t deadline_us, reloaded_us;
	enum second_login login;
	pid_t monitor = 0;

	if (setupjournal_times(&deadline_us, &reloaded_us) < 0)
		return report_failure("no setup waits for a confirmation (it "
				      "may have been taken back already)");
	if (reloaded_us == 0 ||
	    (login = second_login_since(reloaded_us, RUN_DIR, &monitor)) ==
		LOGIN_NONE)
		return report_failure("this login is older than the setup, and "
				      "so proves nothing: log in a second time "
				      "and confirm there");
	if (login == LOGIN_WITHOUT_KEEPER)
		return report_failure("this login has not come through the "
				      "hooks (another sshd's), and so proves "
				      "nothing");
	if (may_be_break_glass(monitor))
		return report_failure("a break-glass account gets in whatever "
				      "is wrong, and so proves nothing: log in "
				      "as another one, or take it out of "
				      "BreakGlassGroup until it is confirmed");
	if (setupjournal_close(setup_files, SETUP_N_FILES) < 0)
		return report_failure("it has just been taken back");
	setup_report("confirmed", "CS031I");
	printf("confirmed\n");
	return NODE_DONE;
}

static int
undo_by_hand(bool if_unwatched)
{
	int r;

	/* Asked under the lock: nobody is in the middle of a setup. */
	if (if_unwatched &&
	    (!setupjournal_is_open() || setupjournal_is_watched()))
		return NODE_DONE;
	r = setup_undo();

	if (r == -ENOENT)
		return report_failure("there is no unconfirmed setup; to take "
				      "out a confirmed one: countersign-node "
				      "remove");
	if (r < 0)
		return report_failure("cannot take everything back: %s (try "
				      "it again)",
		    strerror(-r));
	printf("everything is as it was\n");
	return NODE_DONE;
}

int
node_setup(int argc, char **argv)
{
	struct setup_options o = { .timeout_s = CONFIRM_DEFAULT_S };
	AUTO(close) int lock = -1;
	int r;

	if ((r = parse_options(argc, argv, &o)) >= 0)
		return r;
	if (geteuid() != 0)
		return report_failure("has to run as root");
	if (o.watch)
		return watch_by_hand();
	if ((lock = setupjournal_lock()) < 0)
		return report_failure("cannot use '" SETUPJOURNAL_DIR "': %s",
		    strerror(-lock));
	if (o.confirm)
		return confirm();
	return o.undo ? undo_by_hand(o.if_unwatched) : setup(&o, lock);
}
