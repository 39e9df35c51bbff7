/* SPDX-License-Identifier: ISC */
/* countersign-node remove: the hooks out of sshd and PAM. */
#include <errno.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include "auto.h"
#include "clock.h"
#include "node.h"
#include "pamstack.h"
#include "report.h"
#include "secondlogin.h"
#include "setupundo.h"
#include "sshdconfig.h"

#define TIMEOUT_S 120

static const char remove_usage[] =
    "usage: countersign-node remove\n"
    "\n"
    "Takes the drop-in and the PAM lines out and reloads sshd, which is then as "
    "it\n"
    "was: what was closed (authorized_keys, passwords) is open again.\n";

/* Put back what was. */
static int
give_up_removal(const char *why)
{
	report_failure("%s", why);
	return setup_undo() == 0
	    ? report_failure("nothing was taken out")
	    : report_failure("it could not be put back at once, and is tried "
			     "again until it works");
}

/* sshd first, as in an undo: without our drop-in it needs no line of PAM's. */
static int
take_files_out(const struct setup_file files[SETUP_N_FILES])
{
	int r;

	if (setup_put(&files[SETUP_DROP_IN_FILE]) >= 0)
		return give_up_removal("it cannot be taken out");
	r = sshdconfig_reload();
	if (r == -EINVAL)
		return give_up_removal("sshd cannot live with what is left "
				       "(sshd -t says why)");
	if (r < 0 && r != -ESRCH)
		return give_up_removal("sshd cannot be reloaded");
	return setup_put(&files[SETUP_PAM_FILE]) >= 0
	    ? give_up_removal("it cannot be taken out")
	    : -1;
}

/* An unconfirmed setup is taken back first: it is what was there before. */
static int
end_setup(void)
{
	int r = setup_undo();

	if (r < 0 && r != -ENOENT)
		return report_failure("cannot take back the setup that is not "
				      "confirmed: %s",
		    strerror(-r));
	setup_let_watcher_end();
	return -1;
}

static int
take_out(int lock)
{
	AUTO_CLEAR(sshdconfig_clear) struct sshdconfig conf = { 0 };
	AUTO(free) char *old = NULL, *pam = NULL, *error = NULL;
	struct setup_file files[SETUP_N_FILES] = { setup_files[0],
		setup_files[1] };
	uint64_t deadline_us = clock_boot_usec() + TIMEOUT_S * USEC_PER_SEC;
	int r;

	if ((r = end_setup()) >= 0 ||
	    (r = setup_read_text(PAM_STACK_FILE, &old)) >= 0)
		return r;
	if ((pam = pamstack_without_ours(old)) == NULL)
		return report_failure("out of memory");
	/* Where none runs, /run/sshd is missing and sshd -t cannot work. */
	if (sshdconfig_pid() > 0 && sshdconfig_ask(NULL, &conf, &error) < 0)
		return report_failure("sshd does not like its configuration as "
				      "it is, mend that first: %s",
		    error != NULL ? error : "");
	files[SETUP_PAM_FILE].text = pam;
	if ((r = setupjournal_open(files, SETUP_N_FILES, true, deadline_us)) <
	    0)
		return report_failure("cannot keep what is there now: %s",
		    strerror(-r));
	setup_ignore_hangups();
	if ((r = setup_start_watcher(deadline_us, lock)) < 0 ||
	    (r = take_files_out(files)) >= 0)
		return r < 0 ? give_up_removal("nobody would take it back") : r;
	(void)setupjournal_close(setup_files, SETUP_N_FILES);
	setup_report("removed", "CS031W");
	printf("out of force: sshd is as it was, and what was closed is open "
	       "again\n");
	return NODE_DONE;
}

int
node_remove(int argc, char **argv)
{
	AUTO(close) int lock = -1;

	if (argc == 2 && strcmp(argv[1], "--help") == 0) {
		fputs(remove_usage, stdout);
		return NODE_DONE;
	}
	if (argc != 1) {
		fputs(remove_usage, stderr);
		return NODE_USAGE;
	}
	if (geteuid() != 0)
		return report_failure("has to run as root");
	if ((lock = setupjournal_lock()) < 0)
		return report_failure("cannot use '" SETUPJOURNAL_DIR "': %s",
		    strerror(-lock));
	return take_out(lock);
}
