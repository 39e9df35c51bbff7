/* SPDX-License-Identifier: ISC */
/* What the running sshd's configuration says of one login. */
#include <errno.h>
#include <signal.h>
#include <stdbool.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <time.h>
#include <unistd.h>

#include "auto.h"
#include "command.h"
#include "parse.h"
#include "proc.h"
#include "sshdconfig.h"
#include "sshdlistener.h"

#define TIMEOUT_S 20

static int
split_lines(char *text, struct strv *ret)
{
	char *line;
	int r;

	while ((line = strsep(&text, "\n")) != NULL)
		if (line[0] != '\0' && (r = strv_add(ret, line)) < 0)
			return r;
	return 0;
}

int
sshdconfig_ask(const char *login, struct sshdconfig *ret, char **ret_error)
{
	char spec[256];
	const char *argv[] = { SSHD_PROGRAM, login != NULL ? "-T" : "-t",
		login != NULL ? "-C" : NULL, spec, NULL };
	struct command c = { .argv = argv, .timeout_s = TIMEOUT_S };
	AUTO_CLEAR(command_result_clear) struct command_result r = { 0 };
	int e;

	*ret = (struct sshdconfig){ 0 };
	/* An address of the documentation's (RFC 5737): nobody's. */
	snprintf(spec, sizeof(spec),
	    "user=%s,host=client.invalid,addr=192.0.2.1,laddr=192.0.2.2,"
	    "lport=22",
	    login != NULL ? login : "");
	if ((e = command_run(&c, &r)) < 0)
		return e;
	if (r.status == 0 && !r.is_late)
		return split_lines(r.out, &ret->lines);
	r.err[strcspn(r.err, "\n")] = '\0';
	*ret_error = strdup(r.err[0] != '\0' ? r.err : "it does not answer");
	return -EINVAL;
}

const char *
sshdconfig_get(const struct sshdconfig *c, const char *keyword)
{
	size_t n = strlen(keyword), i;

	for (i = 0; i < c->lines.n; i++)
		if (strncmp(c->lines.v[i], keyword, n) == 0 &&
		    c->lines.v[i][n] == ' ')
			return c->lines.v[i] + n + 1;
	return "";
}

void
sshdconfig_clear(struct sshdconfig *c)
{
	strv_clear(&c->lines);
}

static int
pid_of_file(void)
{
	char line[32];
	uint64_t pid;

	if (proc_read_line(SSHD_PID_FILE, line, sizeof(line)) < 0 ||
	    parse_uint(line, 2, INT32_MAX, &pid) < 0 ||
	    !proc_is_sshd((pid_t)pid))
		return -1;
	return (int)pid;
}

bool
sshdconfig_has_pid_file(void)
{
	return pid_of_file() > 0;
}

int
sshdconfig_pid(void)
{
	AUTO(free) struct sshdlistener *l = NULL;
	int pid = pid_of_file();

	if (pid > 0 || (l = calloc(SSHDLISTENERS_MAX, sizeof(*l))) == NULL)
		return pid;
	return sshdlistener_find(l) == 1 ? l[0].pid : -1;
}

/* "systemctl VERB UNIT" for Debian's name of it, then everybody else's. */
static bool
systemctl(const char *verb)
{
	static const char *const units[] = { "ssh", "sshd" };
	size_t i;

	if (access("/run/systemd/system", F_OK) < 0)
		return false;
	for (i = 0; i < ARRAY_SIZE(units); i++) {
		const char *argv[] = { "/usr/bin/systemctl", verb, units[i],
			NULL };
		struct command c = { .argv = argv, .timeout_s = TIMEOUT_S };
		AUTO_CLEAR(command_result_clear)
		struct command_result r = { 0 };

		if (command_run(&c, &r) == 0 && r.status == 0)
			return true;
	}
	return false;
}

/* sshd that is told to read a broken configuration ends. */
static int
is_readable(void)
{
	AUTO_CLEAR(sshdconfig_clear) struct sshdconfig c = { 0 };
	AUTO(free) char *error = NULL;

	return sshdconfig_ask(NULL, &c, &error);
}

/* sshd writes its pid file when it has read its configuration. Until then it
 * ignores the next SIGHUP: a setup and its undo must not run into each other. */
static int
wait_until_read(const struct stat *before)
{
	struct timespec tick = { .tv_nsec = 20000000 };
	struct stat now;
	int i;

	/* Nothing tells: long enough for any that is not stuck. */
	if (before->st_ino == 0)
		return nanosleep(&(struct timespec){ .tv_sec = 1 }, NULL);
	for (i = 0; i < 250; i++) {
		if (stat(SSHD_PID_FILE, &now) == 0 &&
		    (now.st_mtim.tv_sec != before->st_mtim.tv_sec ||
			now.st_mtim.tv_nsec != before->st_mtim.tv_nsec))
			return 0;
		nanosleep(&tick, NULL);
	}
	return -EIO;
}

/* Whether there is one at all is asked first: at boot, before sshd's first
 * start, not even sshd -t works. */
int
sshdconfig_reload(void)
{
	struct stat before = { 0 };
	int pid = sshdconfig_pid(), r;

	if (pid < 0 && !systemctl("is-active"))
		return -ESRCH;
	if ((r = is_readable()) < 0)
		return r;
	if (sshdconfig_has_pid_file())
		(void)stat(SSHD_PID_FILE, &before);
	if (systemctl("reload"))
		return pid < 0 ? 0 : wait_until_read(&before);
	if (pid < 0)
		return -EIO;
	return kill(pid, SIGHUP) < 0 ? -errno : wait_until_read(&before);
}
