/* SPDX-License-Identifier: ISC */
/* An ssh-agent of our own: nobody else's keys, and gone when we are. */
#include <errno.h>
#include <fcntl.h>
#include <poll.h>
#include <signal.h>
#include <sodium.h>
#include <stdbool.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/wait.h>

#include "agent.h"
#include "askpass.h"
#include "auto.h"
#include "privateagent.h"
#include "proc.h"

#define START_WAIT_MS 5000
#define KEY_LIFETIME  "14400" /* seconds: should everything else fail */

struct private_agent {
	char *dir, *socket;
	int leash; /* closed when we end: then the watcher ends the agent */
	pid_t watcher;
};

DEFINE_AUTO(private_agent_free, struct private_agent)

const char *
private_agent_socket(const struct private_agent *a)
{
	return a->socket;
}

static void
remove_folder(const char *dir, const char *socket)
{
	char path[256];

	unlink(socket);
	if (snprintf(path, sizeof(path), "%s/ask", dir) > 0)
		unlink(path);
	rmdir(dir);
}

/* The libraries for tokens that our agent may load: OpenSSH's own list, and the
 * one that the user's SSH_SK_PROVIDER names. NULL: only its own. */
static char *
allowed_providers(void)
{
	const char *given = getenv("SSH_SK_PROVIDER");
	AUTO(free) char *path = NULL;
	char *list = NULL;

	if (given == NULL || given[0] != '/' ||
	    (path = realpath(given, NULL)) == NULL ||
	    strpbrk(path, ",*?!") != NULL)
		return NULL;
	return asprintf(&list, "/usr/lib*/*,/usr/local/lib*/*,%s", path) < 0
	    ? NULL
	    : list;
}

/* ssh-agent is setgid, so the kernel takes a parent-death signal from it: a
 * process between us does that work. It never holds a key. */
static void
watch(const struct private_agent *a, int leash)
{
	static const int ignored[] = { SIGINT, SIGTERM, SIGHUP, SIGQUIT,
		SIGPIPE };
	char *providers = allowed_providers();
	const char *argv[] = { "ssh-agent", "-D", "-a", a->socket,
		providers != NULL ? "-P" : NULL, providers, NULL };
	int null = open("/dev/null", O_RDWR | O_CLOEXEC);
	pid_t pid;
	size_t i;
	char c;

	for (i = 0; i < ARRAY_SIZE(ignored); i++)
		signal(ignored[i], SIG_IGN);
	dup2(null, STDIN_FILENO);
	dup2(null, STDOUT_FILENO);
	dup2(null, STDERR_FILENO);
	if ((pid = fork()) == 0) {
		proc_exec(argv);
		_exit(127);
	}
	while (read(leash, &c, 1) < 0 && errno == EINTR)
		;
	if (pid > 0)
		kill(pid, SIGKILL);
	remove_folder(a->dir, a->socket);
	_exit(0);
}

static int
wait_for_socket(const char *path)
{
	struct agent *probe;
	int i, r = -ENOENT;

	for (i = 0; i < START_WAIT_MS / 5; i++) {
		if ((r = agent_connect(path, &probe)) == 0) {
			agent_free(probe);
			return 0;
		}
		poll(NULL, 0, 5);
	}
	return r;
}

int
private_agent_start(struct private_agent **ret)
{
	AUTO(private_agent_free)
	struct private_agent *a = calloc(1, sizeof(*a));
	int fds[2], r;

	if (a == NULL)
		return -ENOMEM;
	a->leash = -1;
	if ((a->dir = askpass_make_dir()) == NULL)
		return -errno;
	if (asprintf(&a->socket, "%s/agent", a->dir) < 0)
		return -ENOMEM;
	if (pipe2(fds, O_CLOEXEC) < 0)
		return -errno;
	if ((a->watcher = fork()) == 0) {
		close(fds[1]);
		watch(a, fds[0]);
	}
	close(fds[0]);
	a->leash = fds[1];
	if (a->watcher < 0)
		return -errno;
	if ((r = wait_for_socket(a->socket)) < 0)
		return r;
	*ret = TAKE(a);
	return 0;
}

void
private_agent_free(struct private_agent *a)
{
	if (a == NULL)
		return;
	if (a->leash >= 0)
		close(a->leash);
	if (a->watcher > 0)
		waitpid(a->watcher, NULL, 0);
	else if (a->dir != NULL)
		rmdir(a->dir);
	free(a->dir);
	free(a->socket);
	free(a);
}

struct asking {
	char *secret;
	unsigned tries;
	int error;
};

static const char *
answer(const char *prompt, void *ctx)
{
	struct asking *asking = ctx;

	sodium_free(asking->secret);
	asking->secret = NULL;
	if (asking->tries++ >= ASKPASS_TRIES)
		return NULL;
	asking->error = askpass_person(prompt, &asking->secret);
	return asking->secret;
}

int
private_agent_add(struct private_agent *a, const char *path, char *err,
    size_t err_size)
{
	char *copy = NULL;
	const char *argv[] = { "ssh-add", "-q", "-t", KEY_LIFETIME, "--", NULL,
		NULL };
	struct asking asking = { 0 };
	int r;

	/* Not to be taken for an option or a keyword of ssh-add's. */
	if (asprintf(&copy, "%s%s", strchr(path, '/') == NULL ? "./" : "",
		path) < 0)
		return -ENOMEM;
	argv[5] = copy;
	r = askpass_run(a->dir, a->socket, argv, answer, &asking, err,
	    err_size);
	sodium_free(asking.secret);
	free(copy);
	if (r == 0)
		return 0;
	if (asking.error == -ENXIO)
		return -ENXIO;
	return r < 0 ? r : -EACCES;
}
