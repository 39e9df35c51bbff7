/* SPDX-License-Identifier: ISC */
/* The user's program (OpenSSH session.c, do_child). */
#include <errno.h>
#include <fcntl.h>
#include <signal.h>
#include <stdio.h>
#include <string.h>
#include <sys/ioctl.h>
#include <sys/resource.h>
#include <sys/wait.h>
#include <unistd.h>

#include "auto.h"
#include "sessionrun.h"

#define SFTP_NAME     "internal-sftp"
#define SFTP_ARGS_MAX 32

static volatile pid_t program;
static struct sigaction before[NSIG];

/*
 * A terminal of sshd's that hangs up, where the program could be given no other,
 * tells the session's leader alone, which is this process then: the kernel's
 * word is passed on. A person's signal to the group has reached the program
 * already, unless that has a group of its own.
 */
static void
on_hangup(int sig, siginfo_t *info, void *context)
{
	int saved = errno;

	(void)context;
	if (program > 0 &&
	    (info->si_code == SI_KERNEL || getpgid(program) != getpgrp())) {
		kill(program, sig);
		kill(program, SIGCONT);
	}
	errno = saved;
}

/* Nothing but SIGKILL ends the wrapper before its program, which gets the same
 * signals itself: it is in the same process group, or the terminal is its own. */
static void
ignore_signals(void)
{
	struct sigaction ignore = { .sa_handler = SIG_IGN };
	struct sigaction hangup = { .sa_sigaction = on_hangup,
		.sa_flags = SA_RESTART | SA_SIGINFO };
	int sig;

	for (sig = 1; sig < NSIG; sig++) {
		if (sig == SIGCHLD || sig == SIGKILL || sig == SIGSTOP ||
		    sig == SIGSEGV || sig == SIGBUS || sig == SIGABRT)
			continue;
		sigaction(sig,
		    sig == SIGHUP || sig == SIGTERM ? &hangup : &ignore,
		    &before[sig]);
	}
}

static void
restore_signals(void)
{
	int sig;

	for (sig = 1; sig < NSIG; sig++)
		if (sig != SIGCHLD && sig != SIGKILL && sig != SIGSTOP &&
		    sig != SIGSEGV && sig != SIGBUS && sig != SIGABRT)
			sigaction(sig, &before[sig], NULL);
}

static const char *
base_name(const char *path)
{
	const char *slash = strrchr(path, '/');

	return slash != NULL ? slash + 1 : path;
}

/* sshd's own sftp server is inside sshd; the program is the same code. */
static void
exec_sftp(const char *command, const char *server)
{
	char *argv[SFTP_ARGS_MAX + 1];
	char *at = strdup(command), *word;
	size_t n = 0;

	while (at != NULL && (word = strsep(&at, " \t")) != NULL)
		if (*word != '\0' && n < SFTP_ARGS_MAX)
			argv[n++] = word;
	if (n == 0)
		return;
	argv[0] = (char *)(uintptr_t)base_name(server);
	argv[n] = NULL;
	execv(server, argv);
}

static bool
is_internal_sftp(const char *command)
{
	size_t n = strlen(SFTP_NAME);

	return strncmp(command, SFTP_NAME, n) == 0 &&
	    (command[n] == '\0' || command[n] == ' ');
}

/* "-bash" for a login shell; "bash -c COMMAND" for a command. */
static void
exec_program(const struct keeper_go *go, const char *command)
{
	const char *name = base_name(go->shell);
	char login_name[256];

	if (command == NULL) {
		snprintf(login_name, sizeof(login_name), "-%s", name);
		execl(go->shell, login_name, (char *)NULL);
		return;
	}
	if (is_internal_sftp(command))
		exec_sftp(command, go->sftp_server);
	else
		execl(go->shell, name, "-c", command, (char *)NULL);
}

/* The program leads the session on its terminal, as it would under sshd: a
 * hang-up tells the leader alone, and before it takes the terminal away. */
static void
lead_terminal(void)
{
	if (setsid() >= 0)
		(void)ioctl(STDIN_FILENO, TIOCSCTTY, 0);
}

static _Noreturn void
child(const struct keeper_go *go, const char *command)
{
	if (go->terminal[0] != '\0')
		lead_terminal();
	restore_signals();
	exec_program(go, command);
	/* As sshd: the shell's path and the reason, then 1. */
	perror(go->shell);
	_exit(1);
}

/* Pipes end when the program closes them: nobody else may hold them. A terminal
 * that nobody has open would end with the session's leader, that may want to go
 * on without it. */
static void
let_go_of_channel(bool has_terminal)
{
	int fd, i;

	if (has_terminal)
		return;
	fd = open("/dev/null", O_RDWR | O_CLOEXEC);
	for (i = 0; i <= STDERR_FILENO; i++)
		if (fd < 0 || dup2(fd, i) < 0)
			close(i);
	if (fd > STDERR_FILENO)
		close(fd);
}

/* Nothing is passed on to a pid that is free: it is only reaped once no hangup
 * can come any more. */
static int
wait_for(pid_t pid, const sigset_t *hangups, struct keeper_exit *ret)
{
	siginfo_t info;

	while (waitid(P_PID, (id_t)pid, &info, WEXITED | WNOWAIT) < 0)
		if (errno != EINTR)
			return -errno;
	sigprocmask(SIG_BLOCK, hangups, NULL);
	program = 0;
	(void)waitpid(pid, NULL, 0);
	*ret = (struct keeper_exit){ 0 };
	if (info.si_code == CLD_EXITED)
		ret->exit_code = (uint32_t)info.si_status;
	else
		ret->signal = (uint32_t)info.si_status;
	return 0;
}

int
sessionrun(const struct keeper_go *go, const char *command,
    struct keeper_exit *ret)
{
	bool is_forced = go->command[0] != '\0';
	sigset_t hangups, unblocked;
	pid_t pid;

	/* None may come before `program` is known. */
	sigemptyset(&hangups);
	sigaddset(&hangups, SIGHUP);
	sigaddset(&hangups, SIGTERM);
	sigprocmask(SIG_BLOCK, &hangups, &unblocked);
	ignore_signals();
	if ((pid = fork()) < 0)
		return -errno;
	if (pid == 0) {
		sigprocmask(SIG_SETMASK, &unblocked, NULL);
		child(go, is_forced ? go->command : command);
	}
	program = pid;
	sigprocmask(SIG_SETMASK, &unblocked, NULL);
	let_go_of_channel(go->terminal[0] != '\0');
	return wait_for(pid, &hangups, ret);
}

_Noreturn void
sessionrun_end_like(const struct keeper_exit *x)
{
	sigset_t one;

	if (x->signal == 0)
		_exit((int)x->exit_code);
	/* The same signal, but not a second core. */
	setrlimit(RLIMIT_CORE, &(struct rlimit){ 0, 0 });
	signal((int)x->signal, SIG_DFL);
	sigemptyset(&one);
	sigaddset(&one, (int)x->signal);
	sigprocmask(SIG_UNBLOCK, &one, NULL);
	kill(getpid(), (int)x->signal);
	_exit(128 + (int)x->signal);
}
