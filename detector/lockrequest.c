/* SPDX-License-Identifier: ISC */
/* A lock for the policy's owner to put into the policy: its file, as locks.d would
 * have it, and a signature that `ssh-keygen -Y verify -n lock@countersign` reads. */
#include <errno.h>
#include <fcntl.h>
#include <limits.h>
#include <stdio.h>
#include <string.h>
#include <sys/stat.h>
#include <sys/wait.h>
#include <unistd.h>

#include "act.h"
#include "auto.h"
#include "lock.h"
#include "path.h"
#include "proc.h"

#define SSH_KEYGEN "/usr/bin/ssh-keygen"

/* FILE.sig; a key that wants a passphrase has nobody to ask. */
static int
sign(const char *key, const char *file)
{
	const char *const argv[] = { SSH_KEYGEN, "-q", "-Y", "sign", "-n",
		LOCK_NAMESPACE, "-f", key, file, NULL };
	int status = 0, null;
	pid_t pid = fork();

	if (pid < 0)
		return -errno;
	if (pid == 0) {
		null = open("/dev/null", O_RDONLY);
		if (null >= 0 && dup2(null, STDIN_FILENO) >= 0)
			(void)proc_exec(argv);
		_exit(127);
	}
	if (waitpid(pid, &status, 0) != pid)
		return -errno;
	return WIFEXITED(status) && WEXITSTATUS(status) == 0 ? 0 : -ENOKEY;
}

static int
join(char buf[PATH_MAX], const char *dir, const char *before, const char *name,
    const char *after)
{
	int n =
	    snprintf(buf, PATH_MAX, "%s/%s%s.json%s", dir, before, name, after);

	return n < 0 || n >= PATH_MAX ? -ENAMETOOLONG : 0;
}

int
lockrequest_check(const struct respondconf *c)
{
	struct stat st;

	if (lstat(c->request_dir, &st) < 0)
		return -errno;
	return S_ISDIR(st.st_mode) && st.st_uid == 0 && (st.st_mode & 022) == 0
	    ? 0
	    : -EPERM;
}

int
lockrequest_write(const struct respondconf *c, const char *name,
    const char *text)
{
	char file[PATH_MAX], sig[PATH_MAX], ready[PATH_MAX],
	    ready_sig[PATH_MAX];
	int r;

	if (join(file, c->request_dir, ".", name, "") < 0 ||
	    join(sig, c->request_dir, ".", name, ".sig") < 0 ||
	    join(ready, c->request_dir, "", name, "") < 0 ||
	    join(ready_sig, c->request_dir, "", name, ".sig") < 0)
		return -ENAMETOOLONG;
	if (access(ready, F_OK) == 0)
		return 0;
	/* ssh-keygen would ask whether to overwrite. */
	(void)unlink(sig);
	if ((r = path_write_atomic(file, text, strlen(text), 0644, 0)) < 0 ||
	    (r = sign(c->request_key, file)) < 0)
		return r;
	/* The request last: where it is, it is signed. */
	if (chmod(sig, 0644) < 0 || rename(sig, ready_sig) < 0 ||
	    rename(file, ready) < 0)
		return -errno;
	return path_fsync_parent(ready);
}
