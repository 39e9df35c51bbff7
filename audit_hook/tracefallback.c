/* SPDX-License-Identifier: ISC */
/*
 * The two sockets are not in order with each other: forks are read first, and
 * ends are told a moment later, since audit says what was run after it is over.
 */
#include <errno.h>
#include <fcntl.h>
#include <linux/capability.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/epoll.h>
#include <unistd.h>

#include "auto.h"
#include "clock.h"
#include "proc.h"
#include "traceaudit.h"
#include "tracefallback.h"
#include "tracemap.h"
#include "traceproc.h"

#define ENDS_MAX   8192
#define LATE_MS	   200
#define RULES_MS   5000
#define BIRTHS_MAX 32768

/* An end that is told later. */
struct end {
	struct trace_exit record;
	uint64_t since_ms; /* since boot */
};

struct tracefallback {
	struct traceproc proc;
	struct traceaudit *audit; /* NULL: /proc says what is run */
	int epoll;
	tracesource_reader *read;
	void *context;
	struct tracemap processes, audits, uids;
	struct end ends[ENDS_MAX]; /* a ring, from `first` on */
	size_t first, n_ends;
	bool is_held; /* whoever reads wants no more for now */
	uint64_t lost_members;
	uint64_t
	    lost_rules; /* of audit sessions: they were not there any more */
	uint64_t looked_ms; /* since boot: at them */
	uint64_t ids;
};

static void
release(void *of)
{
	struct tracefallback *f = of;

	traceproc_close(&f->proc);
	traceaudit_free(f->audit);
	if (f->epoll >= 0)
		close(f->epoll);
	tracemap_clear(&f->processes);
	tracemap_clear(&f->audits);
	tracemap_clear(&f->uids);
	free(f);
}

static int
poll_fd(const void *of)
{
	const struct tracefallback *f = of;

	return f->epoll;
}

/* Bytes of a file of /proc, at most n of them. */
static size_t
read_file(uint32_t pid, const char *name, uint8_t *to, size_t n)
{
	char path[64];
	AUTO(close) int fd = -1;
	size_t at = 0;
	ssize_t r;

	snprintf(path, sizeof(path), "/proc/%u/%s", pid, name);
	if ((fd = open(path, O_RDONLY | O_CLOEXEC)) < 0)
		return 0;
	while (at < n && (r = read(fd, to + at, n - at)) > 0)
		at += (size_t)r;
	return at;
}

static void
hand_over(struct tracefallback *f, const struct trace_head *record, uint32_t n)
{
	if (!f->read(f->context, record, n))
		f->is_held = true;
}

/* Its first thread can end before it does, and another one exec. */
static bool
is_alive(uint32_t pid)
{
	char text[1024], *at;
	size_t n = read_file(pid, "stat", (uint8_t *)text, sizeof(text) - 1);
	bool is_zombie;
	int field;

	text[n] = '\0';
	/* proc(5): the second field is in brackets, the state the third,
	 * num_threads the 20th. */
	if ((at = strrchr(text, ')')) == NULL || strlen(at) < 3)
		return false;
	is_zombie = at[2] == 'Z' || at[2] == 'X';
	for (field = 2; field < 20 && at != NULL; field++)
		at = strchr(at + 1, ' ');
	return !is_zombie || (at != NULL && strtoul(at, NULL, 10) > 1);
}

/* A moment later it can be told: what /proc says while it ends is what it was.
 */
static void
tell_first_end(struct tracefallback *f)
{
	struct end *e = &f->ends[f->first];
	uint32_t pid = e->record.head.pid;
	struct tracemap_entry *m = tracemap_get(&f->processes, pid);
	bool is_same = m != NULL && m->ended_ms != 0;

	f->first = (f->first + 1) % ENDS_MAX;
	f->n_ends--;
	if (is_same && is_alive(pid)) {
		m->has_lost_leader = true;
		m->ended_ms = 0;
		return;
	}
	/* Its number may be another's by now. */
	if (is_same)
		tracemap_remove(&f->processes, pid);
	hand_over(f, &e->record.head, sizeof(e->record));
}

static void
tell_ends(struct tracefallback *f)
{
	uint64_t now = clock_boot_ms();

	while (f->n_ends > 0 && !f->is_held &&
	    f->ends[f->first].since_ms + LATE_MS <= now)
		tell_first_end(f);
}

static void
take_exit(struct tracefallback *f, const struct traceproc_event *e)
{
	struct tracemap_entry *m = tracemap_get(&f->processes, e->pid);
	struct end *end;

	if (m == NULL || m->ended_ms != 0 ||
	    (e->is_thread && !m->has_lost_leader))
		return;
	if (f->n_ends == ENDS_MAX)
		tell_first_end(f);
	m->ended_ms = clock_boot_ms();
	end = &f->ends[(f->first + f->n_ends++) % ENDS_MAX];
	*end = (struct end){ .since_ms = m->ended_ms,
		.record = { .head = { .type = TRACE_EXIT,
				.member = m->member,
				.pid = e->pid,
				.time_ns = e->time_ns },
		    .lived_ns =
			e->time_ns > m->since_ns ? e->time_ns - m->since_ns : 0,
		    .code = e->code } };
}

static void
take_fork(struct tracefallback *f, const struct traceproc_event *e)
{
	const struct tracemap_entry *m = tracemap_get(&f->processes, e->parent);
	struct tracemap_entry *made;

	if (m == NULL) {
		/* Whoever had the number before is gone, though its end may
		 * not have been heard of. */
		made = tracemap_get(&f->processes, e->pid);
		if (made != NULL && made->since_ns < e->time_ns)
			tracemap_remove(&f->processes, e->pid);
		return;
	}
	if (tracemap_put(&f->processes, e->pid, m->member) < 0)
		f->lost_members++;
	else if ((made = tracemap_get(&f->processes, e->pid)) != NULL)
		made->since_ns = e->time_ns;
}

/* What /proc says of a process, as the record of an exec. */
struct seen {
	struct trace_exec exec;
	uint8_t data[TRACE_DATA];
};

static size_t
put_link(uint32_t pid, const char *name, uint8_t *to, bool *ret_deleted)
{
	static const char last[] = " (deleted)";
	char path[64], target[TRACE_PATH];
	const char *from = target;
	ssize_t n;

	snprintf(path, sizeof(path), "/proc/%u/%s", pid, name);
	n = readlink(path, target, sizeof(target) - 1);
	target[n > 0 ? n : 0] = '\0';
	*ret_deleted = n > (ssize_t)sizeof(last) &&
	    strcmp(target + n + 1 - sizeof(last), last) == 0;
	if (*ret_deleted)
		target[n + 1 - (ssize_t)sizeof(last)] = '\0';
	from += *from == '/';
	n = (ssize_t)strlen(from) + 1;
	memcpy(to, from, (size_t)n);
	return (size_t)n;
}

static void
read_ids(uint32_t pid, struct trace_exec *e)
{
	static const char uid[] = "\nUid:\t";
	char text[4096], *at;
	size_t n = read_file(pid, "status", (uint8_t *)text, sizeof(text) - 1);

	text[n] = '\0';
	if ((at = strstr(text, uid)) != NULL) {
		e->uid = (uint32_t)strtoul(at + strlen(uid), &at, 10);
		e->euid = (uint32_t)strtoul(at, NULL, 10);
	}
	n = read_file(pid, "loginuid", (uint8_t *)text, 16);
	text[n] = '\0';
	e->login_uid = n > 0 ? (uint32_t)strtoul(text, NULL, 10) : UINT32_MAX;
}

/* linux/major.h, devpts */
static void
put_tty(int dev, char tty[TRACE_TTY])
{
	unsigned major = (unsigned)dev >> 8 & 0xfff,
		 minor =
		     ((unsigned)dev & 0xff) | ((unsigned)dev >> 12 & 0xfff00);

	if (dev != 0 && major >= 136 && major <= 143)
		snprintf(tty, TRACE_TTY, "pts%u", (major - 136) * 256 + minor);
	else if (dev != 0)
		snprintf(tty, TRACE_TTY, "%u:%u", major, minor);
}

static uint32_t
look_at(struct tracefallback *f, const struct traceproc_event *e,
    struct seen *ret)
{
	struct trace_exec *x = &ret->exec;
	struct proc_stat ps = { 0 };
	bool is_deleted, cwd_deleted;
	size_t at = 0;

	*x = (struct trace_exec){ .head = { .type = TRACE_EXEC,
				      .pid = e->pid,
				      .time_ns = e->time_ns },
		.id = ++f->ids,
		.flags = TRACE_ARGS_RACY };
	read_ids(e->pid, x);
	if (proc_stat((pid_t)e->pid, &ps) == 0) {
		x->parent = (uint32_t)ps.ppid;
		put_tty((int)ps.terminal, x->tty);
	}
	x->path_len = (uint32_t)put_link(e->pid, "exe", ret->data, &is_deleted);
	at += x->path_len;
	x->cwd_len =
	    (uint32_t)put_link(e->pid, "cwd", ret->data + at, &cwd_deleted);
	at += x->cwd_len;
	x->name_len = 1;
	ret->data[at++] = '\0';
	x->args_len = (uint32_t)read_file(e->pid, "cmdline", ret->data + at,
	    TRACE_ARGS - 1);
	x->args_total = x->args_len;
	if (x->args_len == 0)
		x->flags |= TRACE_NO_ARGS;
	at += x->args_len;
	if (is_deleted)
		x->flags |= TRACE_FILELESS;
	if (x->uid != x->euid)
		x->flags |= TRACE_SECURE;
	return (uint32_t)(sizeof(*x) + at);
}

/* By audit session, by login uid. false: nobody's. */
static bool
find_stranger(const struct tracefallback *f, uint32_t session,
    struct trace_exec *x)
{
	const struct tracemap_entry *m =
	    session != UINT32_MAX ? tracemap_get(&f->audits, session) : NULL;

	if (m != NULL) {
		x->head.member = m->member;
		x->flags |= TRACE_BY_AUDIT_SESSION;
		return true;
	}
	x->flags |= TRACE_DETACHED;
	return x->login_uid != UINT32_MAX &&
	    tracemap_get(&f->uids, x->login_uid) != NULL;
}

static void
take_exec(struct tracefallback *f, const struct traceproc_event *e)
{
	static struct seen seen;
	const struct tracemap_entry *m = tracemap_get(&f->processes, e->pid);
	uint32_t session = UINT32_MAX, n;

	if (f->audit != NULL || (m == NULL && f->uids.n == 0))
		return;
	n = look_at(f, e, &seen);
	if (m != NULL)
		seen.exec.head.member = m->member;
	else if (proc_audit_session((pid_t)e->pid, &session) < 0 ||
	    !find_stranger(f, session, &seen.exec))
		return;
	hand_over(f, &seen.exec.head, n);
}

static void
take_audit(void *context, const struct traceaudit_origin *from,
    struct trace_head *record, uint32_t n)
{
	struct tracefallback *f = context;
	const struct tracemap_entry *m = tracemap_get(&f->processes, from->pid);
	struct trace_exec *x = (struct trace_exec *)record;

	if (m == NULL)
		m = tracemap_get(&f->processes, from->parent);
	if (m == NULL)
		m = tracemap_get(&f->audits, from->session);
	if (m == NULL)
		return;
	record->member = m->member;
	if (record->type == TRACE_EXEC && m->key == from->session &&
	    m == tracemap_get(&f->audits, from->session))
		x->flags |= TRACE_BY_AUDIT_SESSION;
	hand_over(f, record, n);
}

static void
take_proc(struct tracefallback *f, const struct traceproc_event *e)
{
	if (e->what == TRACEPROC_FORK)
		take_fork(f, e);
	else if (e->what == TRACEPROC_EXEC)
		take_exec(f, e);
	else
		take_exit(f, e);
}

static unsigned
read_proc(struct tracefallback *f, unsigned most)
{
	struct traceproc_event e;
	unsigned n = 0;

	while (n < most && !f->is_held && traceproc_read(&f->proc, &e) == 1) {
		take_proc(f, &e);
		n++;
	}
	return n;
}

static void
watch_again(void *context, struct tracemap_entry *e)
{
	struct tracefallback *f = context;

	if (traceaudit_watch(f->audit, e->key) > 0)
		f->lost_rules++;
}

/* Another program can have taken our rules away, as auditd's start does. */
static void
look_at_rules(struct tracefallback *f)
{
	uint64_t now = clock_boot_ms();

	if (f->audit == NULL || now - f->looked_ms < RULES_MS)
		return;
	f->looked_ms = now;
	tracemap_each(&f->audits, watch_again, f);
}

static bool
read_some(void *of, unsigned most)
{
	struct tracefallback *f = of;
	bool has_more;
	unsigned n;

	f->is_held = false;
	has_more = read_proc(f, most) == most;
	for (n = 0; f->audit != NULL && n < most && !f->is_held; n++)
		if (!traceaudit_read(f->audit))
			break;
	tell_ends(f);
	look_at_rules(f);
	return has_more || n == most || f->is_held;
}

static int
add(void *of, uint32_t pid, struct trace_member m)
{
	struct tracefallback *f = of;

	/* Its own birth is among what has not been read. */
	f->is_held = false;
	(void)read_proc(f, BIRTHS_MAX);
	return tracemap_put(&f->processes, pid, m);
}

static bool
find_process(const void *of, uint32_t pid, struct trace_member *ret)
{
	const struct tracefallback *f = of;
	const struct tracemap_entry *m = tracemap_get(&f->processes, pid);
	uint32_t session;

	if (m == NULL && proc_audit_session((pid_t)pid, &session) == 0)
		m = tracemap_get(&f->audits, session);
	if (m != NULL)
		*ret = m->member;
	return m != NULL;
}

static void
remove_process(void *of, uint32_t pid)
{
	struct tracefallback *f = of;

	tracemap_remove(&f->processes, pid);
}

static int
add_audit(void *of, uint32_t session, struct trace_member m)
{
	struct tracefallback *f = of;
	int r;

	if (session == UINT32_MAX)
		return f->audit != NULL ? -EINVAL : 0;
	if ((r = tracemap_put(&f->audits, session, m)) < 0)
		return r;
	r = f->audit != NULL ? traceaudit_watch(f->audit, session) : 0;
	return r < 0 ? r : 0;
}

static void
forget_audit(void *of, uint32_t session)
{
	struct tracefallback *f = of;

	if (f->audit != NULL && tracemap_get(&f->audits, session) != NULL)
		traceaudit_forget(f->audit, session);
	tracemap_remove(&f->audits, session);
}

static void
watch_uid(void *of, uint32_t uid, bool is_watched)
{
	struct tracefallback *f = of;

	if (is_watched)
		(void)tracemap_put(&f->uids, uid, (struct trace_member){ 0 });
	else
		tracemap_remove(&f->uids, uid);
}

static void
find_used(const void *of, bool *used, uint32_t n)
{
	const struct tracefallback *f = of;

	tracemap_used(&f->processes, used, n);
}

static void
count_lost(const void *of, uint64_t *ret_records, uint64_t *ret_members)
{
	const struct tracefallback *f = of;

	*ret_records = f->proc.lost + f->lost_rules +
	    (f->audit != NULL ? traceaudit_lost(f->audit) : 0);
	*ret_members = f->lost_members;
}

static int
watch(struct tracefallback *f, int fd)
{
	struct epoll_event ev = { .events = EPOLLIN };

	return epoll_ctl(f->epoll, EPOLL_CTL_ADD, fd, &ev) < 0 ? -errno : 0;
}

static int
begin(struct tracefallback *f, enum trace_level level, bool is_check,
    const char *run_dir)
{
	int r;

	if ((f->epoll = epoll_create1(EPOLL_CLOEXEC)) < 0)
		return -errno;
	if ((r = traceproc_open(&f->proc)) < 0 ||
	    (r = watch(f, f->proc.fd)) < 0)
		return r;
	if (level == TRACE_LEVEL_PROC_CONNECTOR)
		return 0;
	if ((r = traceaudit_open(level == TRACE_LEVEL_AUDIT_MULTICAST, is_check,
		 run_dir, take_audit, f, &f->audit)) < 0)
		return r;
	return watch(f, traceaudit_fd(f->audit));
}

int
tracefallback_open(bool is_check, const char *run_dir, tracesource_reader *read,
    void *context, struct tracesource *ret)
{
	static const struct tracesource_ops ops = { .free = release,
		.fd = poll_fd,
		.read = read_some,
		.add = add,
		.find = find_process,
		.remove = remove_process,
		.add_audit = add_audit,
		.forget_audit = forget_audit,
		.watch_uid = watch_uid,
		.used = find_used,
		.lost = count_lost };
	struct tracefallback *f = calloc(1, sizeof(*f));

	if (f == NULL)
		return -ENOMEM;
	f->proc.fd = f->epoll = -1;
	f->read = read;
	f->context = context;
	ret->ops = &ops;
	ret->of = f;
	ret->can.connects = ret->level != TRACE_LEVEL_PROC_CONNECTOR;
	/* Rules for each session, and what /proc says of others' processes. */
	ret->capabilities = UINT64_C(1) << CAP_AUDIT_CONTROL |
	    UINT64_C(1) << CAP_SYS_PTRACE | UINT64_C(1) << CAP_DAC_READ_SEARCH;
	return begin(f, ret->level, is_check, run_dir);
}
