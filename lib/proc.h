/* SPDX-License-Identifier: ISC */
/* What /proc says of a process. */
#ifndef CS_PROC_H
#define CS_PROC_H

#include <stdbool.h>
#include <stdint.h>
#include <sys/types.h>

struct proc_stat {
	pid_t ppid;
	uint64_t start_ticks; /* since boot, in clock ticks */
	char state; /* 'R', 'S', 'T' ... */
	dev_t terminal; /* the controlling one; 0: none */
	pid_t session; /* its leader */
};

/* Each: 0 or -errno; -ENOENT or -ESRCH if there is no such process. */
int proc_stat(pid_t pid, struct proc_stat *ret);
int proc_is_traced(pid_t pid, bool *ret);
/* Do both run the very same program file? */
int proc_same_program(pid_t a, pid_t b, bool *ret);
/* Does it run a program named sshd or, since OpenSSH 9.8, sshd-session? False
 * if that cannot be told. */
bool proc_is_sshd(pid_t pid);
/* The kernel's audit session id, or UINT32_MAX for none. */
int proc_audit_session(pid_t pid, uint32_t *ret);
/* The first line of a small file, without its newline. */
int proc_read_line(const char *path, char *buf, size_t size);
/* A file of words with NULs between, such as cmdline: with blanks instead. */
int proc_read_words(const char *path, char *buf, size_t size);
/* execvp(3), whose type is older than const. Returns only -errno. */
int proc_exec(const char *const *argv);

#endif
