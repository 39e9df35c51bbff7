/* SPDX-License-Identifier: ISC */
#include <errno.h>
#include <grp.h>
#include <pwd.h>
#include <signal.h>
#include <stdlib.h>
#include <string.h>
#include <sys/wait.h>
#include <unistd.h>

#include "act.h"
#include "alertqueue.h"
#include "auto.h"
#include "clock.h"

static enum act_outcome
fail(char why[ACT_WHY_MAX], const char *what, int e)
{
	(void)snprintf(why, ACT_WHY_MAX, "%s: %s", what, strerror(e));
	return ACT_FAILED;
}

/* In the child: as whom it is to run, with nothing of ours. */
static _Noreturn void
become(const struct passwd *who, int in, char **argv)
{
	static char path[] = "PATH=/usr/local/sbin:/usr/local/bin:/usr/sbin:"
			     "/usr/bin:/sbin:/bin";
	char *environment[] = { path, NULL };
	sigset_t none;

	sigemptyset(&none);
	(void)sigprocmask(SIG_SETMASK, &none, NULL);
	(void)signal(SIGPIPE, SIG_DFL);
	if (dup2(in, STDIN_FILENO) < 0 || close_range(3, ~0U, 0) < 0 ||
	    setsid() < 0 || initgroups(who->pw_name, who->pw_gid) < 0 ||
	    setgid(who->pw_gid) < 0 || setuid(who->pw_uid) < 0 ||
	    chdir("/") < 0)
		_exit(126);
	if (argv[0] != NULL)
		(void)execve(argv[0], argv, environment);
	_exit(127);
}

/* The caller frees it, not the words. */
static char **
words_of(json_t *list)
{
	char **argv = calloc(json_array_size(list) + 1, sizeof(*argv));
	json_t *word;
	size_t i;

	if (argv != NULL)
		json_array_foreach (list, i, word)
			argv[i] = (char *)(uintptr_t)json_string_value(word);
	return argv;
}

static struct act_run *
free_run(struct actor *a)
{
	size_t i;

	for (i = 0; i < ARRAY_SIZE(a->runs); i++)
		if (a->runs[i].pid == 0)
			return &a->runs[i];
	return NULL;
}

enum act_outcome
act_run(struct actor *a, const struct order *o, char why[ACT_WHY_MAX])
{
	AUTO(free)
	char **argv = words_of(json_object_get(a->conf->commands, o->what));
	AUTO(free)
	char *line = json_dumps(o->alert, JSON_COMPACT | JSON_ENSURE_ASCII);
	const struct passwd *who = getpwnam(a->conf->run_as);
	AUTO(free) char *file = strdup(o->file);
	struct act_run *run = free_run(a);
	AUTO(close) int in = -1;
	pid_t pid;

	if (argv == NULL || line == NULL || file == NULL)
		return fail(why, "it", ENOMEM);
	if (run == NULL)
		return fail(why, "too many commands run", EBUSY);
	if (who == NULL)
		return fail(why, "'run_as' is no account", ENOENT);
	if ((in = alertqueue_as_input(line, strlen(line))) < 0)
		return fail(why, "the alert", -in);
	if ((pid = fork()) < 0)
		return fail(why, "fork", errno);
	if (pid == 0)
		become(who, in, argv);
	*run = (struct act_run){ .pid = pid,
		.until_ms = clock_boot_ms() + ACT_RUN_S * 1000,
		.alert = TAKE(line),
		.file = TAKE(file),
		.number = o->number };
	return ACT_STARTED;
}

static enum act_outcome
how_it_ended(const struct act_run *run, int status, char why[ACT_WHY_MAX])
{
	if (run->is_late) {
		(void)snprintf(why, ACT_WHY_MAX,
		    "killed: it took over %d seconds", ACT_RUN_S);
		return ACT_REFUSED;
	}
	if (WIFSIGNALED(status))
		(void)snprintf(why, ACT_WHY_MAX, "ended by signal %d",
		    WTERMSIG(status));
	else if (WEXITSTATUS(status) == 127)
		(void)snprintf(why, ACT_WHY_MAX,
		    "exit status 127: it could not be run");
	else
		(void)snprintf(why, ACT_WHY_MAX, "exit status %d",
		    WEXITSTATUS(status));
	if (WIFSIGNALED(status) || WEXITSTATUS(status) != 0)
		return ACT_REFUSED;
	*why = '\0';
	return ACT_DONE;
}

void
act_reap(struct actor *a,
    void (*tell)(void *context, const struct order *o, enum act_outcome out,
	const char *why),
    void *context)
{
	char why[ACT_WHY_MAX];
	struct order o;
	size_t i;
	int status;

	for (i = 0; i < ARRAY_SIZE(a->runs); i++) {
		struct act_run *run = &a->runs[i];

		if (run->pid == 0)
			continue;
		if (clock_boot_ms() >= run->until_ms && !run->is_late) {
			/* Its session is its own: all of it goes. */
			(void)kill(-run->pid, SIGKILL);
			(void)kill(run->pid, SIGKILL);
			run->is_late = true;
		}
		if (waitpid(run->pid, &status, WNOHANG) != run->pid)
			continue;
		json_auto_t *alert = json_loads(run->alert, 0, NULL);

		if (order_read(alert, run->file, run->number, &o) == 0) {
			(void)snprintf(o.target, sizeof(o.target), "%s",
			    o.what);
			tell(context, &o, how_it_ended(run, status, why), why);
		}
		free(run->alert);
		free(run->file);
		*run = (struct act_run){ 0 };
	}
}
