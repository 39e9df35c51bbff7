/* SPDX-License-Identifier: ISC */
/* Setting up and taking back: what both have to do, and who waits for it. */
#include <errno.h>
#include <fcntl.h>
#include <signal.h>
#include <stdio.h>
#include <string.h>
#include <time.h>
#include <unistd.h>

#include "auto.h"
#include "clock.h"
#include "command.h"
#include "pamstack.h"
#include "path.h"
#include "report.h"
#include "secondlogin.h"
#include "setupundo.h"
#include "sshdconfig.h"

#define SELF	    "/usr/sbin/countersign-node"
#define RETRY_MAX_S 16

DEFINE_AUTO(settings_free, struct settings)

const struct setup_file setup_files[SETUP_N_FILES] = {
	/* Not in sshd_config.d, whose change would look like one of sshd's
	 * configuration. */
	[SETUP_DROP_IN_FILE] = { SETUP_DROP_IN,
	    "/etc/ssh/.00-countersign.conf.countersign-old", NULL, 0644, NULL,
	    NULL },
	[SETUP_PAM_FILE] = { PAM_STACK_FILE, "/etc/pam.d/.sshd.countersign-old",
	    NULL, 0644, pamstack_without_ours, pamstack_with_ours },
};

int
setup_read_text(const char *path, char **ret)
{
	size_t len;
	int r = path_read_trusted(path, 0, SETUP_FILE_MAX_BYTES, ret, &len);

	return r < 0
	    ? report_failure("cannot read '%s': %s", path,
		  r == -EPERM ? "others than root may write it" : strerror(-r))
	    : -1;
}

int
setup_put(const struct setup_file *file)
{
	int r = setupjournal_apply(file);

	return r < 0
	    ? report_failure("cannot write '%s': %s", file->path, strerror(-r))
	    : -1;
}

void
setup_report(const char *step, const char *code)
{
	AUTO(settings_free) struct settings *s = NULL;
	struct conf_error e = { 0 };

	if ((s = settings_load_host(&e)) != NULL)
		report_setup(s, step, code);
}

static int
reload_if_running(void)
{
	int r = sshdconfig_reload();

	return r == -ESRCH ? 0 : r;
}

/* A session needs both. PAM's lines count at once and the drop-in after a reload:
 * as long as sshd has not been told, PAM's lines stay, and certificates get in. */
static int
undo_setup(void)
{
	int r;

	if ((r = setupjournal_undo(&setup_files[SETUP_DROP_IN_FILE])) < 0 ||
	    (r = reload_if_running()) < 0)
		return r;
	return setupjournal_undo(&setup_files[SETUP_PAM_FILE]);
}

static int
undo_removal(void)
{
	int r;

	if ((r = setupjournal_undo(&setup_files[SETUP_PAM_FILE])) < 0 ||
	    (r = setupjournal_undo(&setup_files[SETUP_DROP_IN_FILE])) < 0)
		return r;
	return reload_if_running();
}

int
setup_undo(void)
{
	int r;

	if (!setupjournal_is_open())
		return -ENOENT;
	r = setupjournal_is_removal() ? undo_removal() : undo_setup();
	if (r < 0)
		return r;
	if ((r = setupjournal_close(setup_files, SETUP_N_FILES)) < 0)
		return r;
	setup_report("undone", "CS031W");
	return 0;
}

static int
undo_alone(void)
{
	AUTO(close) int lock = setupjournal_lock();

	return lock < 0 ? lock : setup_undo();
}

/* Whoever began it is gone, and had not told sshd yet. */
static bool
is_abandoned(void)
{
	AUTO(close) int lock = setupjournal_try_lock();
	uint64_t deadline_us, reloaded_us;

	return lock >= 0 &&
	    setupjournal_times(&deadline_us, &reloaded_us) == 0 &&
	    reloaded_us == 0;
}

void
setup_watch(uint64_t deadline_us)
{
	struct timespec tick = { .tv_nsec = 200000000 }, wait = { .tv_sec = 1 };

	while (setupjournal_is_open()) {
		if (clock_boot_usec() < deadline_us && !is_abandoned()) {
			nanosleep(&tick, NULL);
			continue;
		}
		if (undo_alone() == 0)
			break;
		nanosleep(&wait, NULL);
		if (wait.tv_sec < RETRY_MAX_S)
			wait.tv_sec *= 2;
	}
}

void
setup_ignore_hangups(void)
{
	signal(SIGHUP, SIG_IGN);
	signal(SIGTERM, SIG_IGN);
	signal(SIGINT, SIG_IGN);
	/* Stopped with the lock held, it would stop the undo as well. */
	signal(SIGTSTP, SIG_IGN);
	signal(SIGTTIN, SIG_IGN);
	signal(SIGTTOU, SIG_IGN);
}

static void __attribute__((noreturn)) become_watcher(uint64_t deadline_us)
{
	int null = open("/dev/null", O_RDWR | O_CLOEXEC);

	setsid();
	if (null >= 0) {
		dup2(null, STDIN_FILENO);
		dup2(null, STDOUT_FILENO);
		dup2(null, STDERR_FILENO);
	}
	if (chdir("/") == 0)
		setup_watch(deadline_us);
	_exit(0);
}

static int
fork_watcher(uint64_t deadline_us, int setup_lock)
{
	AUTO(close) int lock = setupjournal_watch();
	pid_t pid;

	if (lock < 0)
		return lock;
	if ((pid = fork()) < 0)
		return -errno;
	/* The child keeps the watcher's lock, and lets go of the setup's. */
	if (pid == 0) {
		close(setup_lock);
		become_watcher(deadline_us);
	}
	return 0;
}

/* As a unit of its own: logind may end all that this login started. */
static bool
start_watcher_unit(void)
{
	const char *argv[] = { "/usr/bin/systemd-run", "--quiet", "--collect",
		"--unit=countersign-setup-watcher", SELF, "setup", "--watch",
		NULL };
	struct command c = { .argv = argv, .timeout_s = 10 };
	AUTO_CLEAR(command_result_clear) struct command_result r = { 0 };
	struct timespec tick = { .tv_nsec = 50000000 };
	int i;

	if (access("/run/systemd/system", F_OK) < 0 ||
	    command_run(&c, &r) < 0 || r.status != 0)
		return false;
	for (i = 0; i < 60; i++) {
		if (setupjournal_is_watched())
			return true;
		nanosleep(&tick, NULL);
	}
	return false;
}

int
setup_start_watcher(uint64_t deadline_us, int setup_lock)
{
	return start_watcher_unit() ? 0 : fork_watcher(deadline_us, setup_lock);
}

void
setup_let_watcher_end(void)
{
	int fd;

	if (!setupjournal_is_open() && (fd = setupjournal_watch()) >= 0)
		close(fd);
}
