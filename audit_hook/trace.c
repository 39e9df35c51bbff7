/* SPDX-License-Identifier: ISC */
/* trace(8): every command and connection of every session, from the kernel. */
#include <ctype.h>
#include <dirent.h>
#include <errno.h>
#include <getopt.h>
#include <linux/capability.h>
#include <malloc.h>
#include <signal.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/epoll.h>
#include <sys/prctl.h>
#include <sys/resource.h>
#include <sys/socket.h>
#include <sys/syscall.h>
#include <time.h>
#include <unistd.h>

#include "auto.h"
#include "clock.h"
#include "listener.h"
#include "proc.h"
#include "traceevents.h"
#include "tracesource.h"

DEFINE_AUTO(settings_free, struct settings)

#define TICK_MS	      1000
#define SWEEP_MS      60000
#define EVENTS_AT     64
#define HELD_UP_MS    5
#define LOOK_MS	      10
#define LOOK_AGAIN_MS 5000
#define READ_AT_ONCE  64

static const char usage[] =
    "usage: trace [--check] [--level LEVEL]\n"
    "\n"
    "LEVEL: ebpf, audit_multicast, audit_unicast, proc_connector (otherwise the\n"
    "best of these that this kernel allows). --check: what that can show here.\n";

struct tracer {
	struct tracesource source;
	struct traceevents events;
	struct tracedisk *disk; /* NULL: no paths are named */
	uint64_t looked_ms; /* at all of its folders, again */
	int epoll, listener;
	bool has_more; /* records, in the ring */
	bool is_marked; /* there may be connections to be forgotten */
	uint64_t swept_ms;
};

/* A keeper's socket. */
struct client {
	int fd;
	uint32_t connection; /* 0: it has said nothing yet */
};

static volatile sig_atomic_t is_stopping;

static void
on_stop(int sig)
{
	(void)sig;
	is_stopping = 1;
}

/* One look at all processes: who is whose child. */
struct process {
	uint32_t pid, parent, audit;
	uint64_t start_ticks;
	bool is_ours;
};

struct processes {
	struct process *v;
	size_t n;
};

static int
look_at_processes(struct processes *ret)
{
	const struct dirent *entry;
	struct process *more;
	struct proc_stat ps;
	DIR *d = opendir("/proc");
	size_t room = 0;

	*ret = (struct processes){ 0 };
	while (d != NULL && (entry = readdir(d)) != NULL) {
		pid_t pid = (pid_t)strtol(entry->d_name, NULL, 10);
		uint32_t audit = UINT32_MAX;

		if (!isdigit((unsigned char)entry->d_name[0]) ||
		    proc_stat(pid, &ps) < 0)
			continue;
		if (ret->n == room) {
			room = room != 0 ? 2 * room : 256;
			if ((more = reallocarray(ret->v, room,
				 sizeof(*more))) == NULL)
				break;
			ret->v = more;
		}
		(void)proc_audit_session(pid, &audit);
		ret->v[ret->n++] = (struct process){ (uint32_t)pid,
			(uint32_t)ps.ppid, audit, ps.start_ticks, false };
	}
	if (d != NULL)
		closedir(d);
	return ret->n > 0 ? 0 : -ENOENT;
}

static bool
is_child_of_ours(const struct processes *all, const struct process *p)
{
	size_t i;

	for (i = 0; i < all->n; i++)
		if (all->v[i].is_ours && all->v[i].pid == p->parent)
			return true;
	return false;
}

/* One that has ended meanwhile would leave its number to somebody else. */
static void
add_living(struct tracer *t, const struct process *p, struct trace_member m)
{
	struct proc_stat ps;

	(void)t->source.ops->add(t->source.of, p->pid, m);
	if (proc_stat((pid_t)p->pid, &ps) < 0 ||
	    ps.start_ticks != p->start_ticks || ps.state == 'Z')
		t->source.ops->remove(t->source.of, p->pid);
}

/* What came from this process, and what is of this audit session, runs already:
 * what it starts while it is looked for is found by looking once more. */
static void
add_descendants(struct tracer *t, uint32_t pid, uint32_t audit,
    struct trace_member m)
{
	struct processes all;
	bool is_more = true;
	size_t i;

	if (look_at_processes(&all) < 0)
		return;
	for (i = 0; i < all.n; i++)
		all.v[i].is_ours = all.v[i].pid == pid ||
		    (audit != UINT32_MAX && all.v[i].audit == audit);
	while (is_more)
		for (is_more = false, i = 0; i < all.n; i++)
			if (!all.v[i].is_ours &&
			    is_child_of_ours(&all, &all.v[i]))
				all.v[i].is_ours = is_more = true;
	for (i = 0; i < all.n; i++)
		if (all.v[i].is_ours)
			add_living(t, &all.v[i], m);
	free(all.v);
}

static int
announce_connection(struct tracer *t, struct client *c,
    const struct tracemsg *m, uint32_t pid)
{
	const struct tracesource *source = &t->source;
	struct tracetable *table = &t->events.table;
	struct trace_member member;
	int r;

	if ((c->connection = tracetable_connection(table, m)) == 0)
		return -ENOMEM;
	member = (struct trace_member){ .connection = c->connection };
	/* Before anything of it can be seen: the gap has its first number. */
	if (m->is_again)
		traceevents_tell_gap(&t->events,
		    tracetable_get(table, c->connection));
	if ((r = source->ops->add(source->of, pid, member)) < 0 ||
	    (r = source->ops->add_audit(source->of, m->audit_session_id,
		 member)) < 0)
		return r;
	source->ops->watch_uid(source->of, m->uid, true);
	if (m->is_again)
		add_descendants(t, pid, m->audit_session_id, member);
	return 0;
}

static int
announce_session(struct tracer *t, const struct client *c,
    const struct tracemsg *m, uint32_t pid)
{
	struct trace_member member = { .connection = c->connection };
	int r;

	if (c->connection == 0 ||
	    (member.session = tracetable_session(&t->events.table,
		 c->connection, m)) == 0)
		return -ENOMEM;
	if ((r = t->source.ops->add(t->source.of, pid, member)) < 0)
		return r;
	if (m->is_again)
		add_descendants(t, pid, UINT32_MAX, member);
	return 0;
}

static bool
is_sound(const struct tracemsg *m)
{
	return m->version == TRACEMSG_VERSION &&
	    memchr(m->connection_id, '\0', sizeof(m->connection_id)) != NULL &&
	    memchr(m->sid, '\0', sizeof(m->sid)) != NULL &&
	    memchr(m->user, '\0', sizeof(m->user)) != NULL &&
	    memchr(m->login, '\0', sizeof(m->login)) != NULL;
}

static void
drop_client(struct tracer *t, struct client *c)
{
	struct traced *traced = tracetable_get(&t->events.table, c->connection);

	if (traced != NULL) {
		traced->is_closed = true;
		if (tracetable_of_uid(&t->events.table, traced->uid) == NULL)
			t->source.ops->watch_uid(t->source.of, traced->uid,
			    false);
	}
	close(c->fd);
	free(c);
}

/* With the number, as this process's namespace has it, of the process that it is
 * about; 0: it is in none that is seen from here. */
static ssize_t
receive(int fd, struct tracemsg *m, uint32_t *ret_pid)
{
	struct iovec iov = { m, sizeof(*m) };
	struct ucred of = { .pid = 0 };
	union {
		struct cmsghdr head;
		char bytes[CMSG_SPACE(sizeof(of))];
	} control;
	struct msghdr message = { .msg_iov = &iov,
		.msg_iovlen = 1,
		.msg_control = &control,
		.msg_controllen = sizeof(control) };
	ssize_t n = recvmsg(fd, &message, MSG_DONTWAIT | MSG_CMSG_CLOEXEC);
	const struct cmsghdr *head = n > 0 ? CMSG_FIRSTHDR(&message) : NULL;

	if (head != NULL && head->cmsg_type == SCM_CREDENTIALS)
		memcpy(&of, CMSG_DATA(head), sizeof(of));
	*ret_pid = (uint32_t)of.pid;
	return n;
}

static void
hear_client(struct tracer *t, struct client *c)
{
	struct tracemsg_answer a = { .version = TRACEMSG_VERSION };
	struct tracemsg m;
	uint32_t pid;
	ssize_t n = receive(c->fd, &m, &pid);
	int r;

	if (n < 0 && (errno == EAGAIN || errno == EINTR))
		return;
	if (n != sizeof(m) || !is_sound(&m) || pid == 0) {
		drop_client(t, c);
		return;
	}
	r = m.type == TRACEMSG_CONNECTION ? announce_connection(t, c, &m, pid)
					  : announce_session(t, c, &m, pid);
	if (r == 0)
		a.level = (uint8_t)t->source.level;
	(void)send(c->fd, &a, sizeof(a), MSG_DONTWAIT | MSG_NOSIGNAL);
}

static void
accept_client(struct tracer *t)
{
	int fd = accept4(t->listener, NULL, NULL, SOCK_CLOEXEC);
	struct client *c = fd >= 0 ? calloc(1, sizeof(*c)) : NULL;
	struct epoll_event ev = { .events = EPOLLIN, .data.ptr = c };
	const struct timespec pause = { .tv_nsec = HELD_UP_MS * 1000000L };
	const int one = 1;

	if (c == NULL) {
		/* Out of descriptors: whoever knocks is still there. */
		if (fd >= 0)
			close(fd);
		nanosleep(&pause, NULL);
		return;
	}
	c->fd = fd;
	if (setsockopt(fd, SOL_SOCKET, SO_PASSCRED, &one, sizeof(one)) < 0 ||
	    epoll_ctl(t->epoll, EPOLL_CTL_ADD, fd, &ev) < 0)
		drop_client(t, c);
}

static void
take_disk(void *context, const struct tracedisk_event *e)
{
	struct tracer *t = context;
	struct trace_member m;

	if (e->pid != 0 && t->source.ops->find(t->source.of, e->pid, &m))
		traceevents_disk(&t->events, &m, e);
}

/* true: there may be more. */
static bool
read_disk(struct tracer *t)
{
	uint64_t now = clock_boot_ms();
	bool has_more;

	if (t->disk == NULL)
		return false;
	has_more = tracedisk_read(t->disk);
	if (now - t->looked_ms >= LOOK_AGAIN_MS &&
	    tracedisk_has_lost(t->disk)) {
		t->looked_ms = now;
		traceevents_say_gap(&t->events,
		    "more was done to files than the kernel had room to say");
		tracedisk_look_again(t->disk);
	}
	if (tracedisk_is_full(t->disk))
		traceevents_say_gap(&t->events,
		    "there are folders below the settings' TracePath that "
		    "cannot be watched");
	return has_more;
}

/* Who is known by that only, and still there. */
static void
keep_audit_sessions(struct tracer *t)
{
	struct tracetable *table = &t->events.table;
	struct processes all;
	struct traced *c;
	uint32_t i;
	size_t k;

	if (!tracetable_has_unused(table) || look_at_processes(&all) < 0)
		return;
	for (i = 1; i < table->n_connections; i++) {
		c = &table->connections[i];
		for (k = 0; c->is_unused && k < all.n; k++)
			if (all.v[k].audit != UINT32_MAX &&
			    all.v[k].audit == c->audit_session_id)
				c->is_unused = false;
	}
	free(all.v);
}

/* Marked in one turn, freed in a later one that has read all there was. */
static void
sweep(struct tracer *t, bool has_read_all)
{
	uint64_t now = clock_boot_ms();

	if (t->is_marked && has_read_all) {
		traceevents_unfold(&t->events);
		tracetable_sweep(&t->events.table, &t->source);
		t->is_marked = false;
	}
	if (now - t->swept_ms < SWEEP_MS)
		return;
	t->swept_ms = now;
	tracetable_mark(&t->events.table, &t->source);
	keep_audit_sessions(t);
	t->is_marked = true;
}

static int
sooner(int a, int b)
{
	return a >= 0 && a < b ? a : b;
}

/* A log that takes no more is waited for: the ring is larger than any spool, and
 * what it has no room for is counted. Keepers are heard meanwhile. */
static bool
is_held_up(struct tracer *t)
{
	const struct timespec pause = { .tv_nsec = HELD_UP_MS * 1000000L };

	if (t->events.sink.spool.n == 0 ||
	    eventsink_flush(&t->events.sink) == 0)
		return false;
	nanosleep(&pause, NULL);
	return true;
}

static void
turn(struct tracer *t)
{
	bool is_waiting = is_held_up(t);
	struct epoll_event ev[EVENTS_AT];
	int n, i;

	n = epoll_wait(t->epoll, ev, EVENTS_AT,
	    is_waiting || t->has_more
		? 0
		: sooner(traceevents_due_ms(&t->events),
		      tracetable_has_any(&t->events.table) ? LOOK_MS
							   : TICK_MS));
	for (i = 0; i < n; i++)
		if (ev[i].data.ptr == t)
			accept_client(t);
		else if (ev[i].data.ptr != &t->source &&
		    ev[i].data.ptr != &t->disk)
			hear_client(t, ev[i].data.ptr);
	if (!is_waiting) {
		t->has_more = read_disk(t);
		if (t->source.ops->read(t->source.of, READ_AT_ONCE))
			t->has_more = true;
	}
	traceevents_flush(&t->events);
	traceevents_tell_lost(&t->events, &t->source);
	sweep(t,
	    !is_waiting && !t->has_more && traceevents_due_ms(&t->events) < 0);
}

static int
watch(struct tracer *t, int fd, void *what)
{
	struct epoll_event ev = { .events = EPOLLIN, .data.ptr = what };

	return epoll_ctl(t->epoll, EPOLL_CTL_ADD, fd, &ev) < 0 ? -errno : 0;
}

/* One descriptor a connection. */
static void
raise_limit(void)
{
	struct rlimit most;

	if (getrlimit(RLIMIT_NOFILE, &most) == 0) {
		most.rlim_cur = most.rlim_max;
		(void)setrlimit(RLIMIT_NOFILE, &most);
	}
}

/* Whoever has this is the one that runs: before the kernel is asked, of which
 * another one would take away what is its own. */
static int
start_listening(struct tracer *t, const struct settings *host)
{
	char path[108];
	int n;

	n = snprintf(path, sizeof(path), "%s/" TRACE_SOCKET, host->run_dir);
	if (n < 0 || (size_t)n >= sizeof(path))
		return -ENAMETOOLONG;
	t->listener = listener_open(path, 0600);
	return t->listener < 0 ? t->listener : 0;
}

static int
start_watching(struct tracer *t)
{
	int r;

	if ((t->epoll = epoll_create1(EPOLL_CLOEXEC)) < 0)
		return -errno;
	if ((r = watch(t, t->listener, t)) < 0)
		return r;
	return watch(t, t->source.ops->fd(t->source.of), &t->source);
}

/* Kernels that cannot are no reason not to trace. */
static int
start_disk(struct tracer *t, const struct settings *host)
{
	int r;

	if (host->trace_paths.n == 0)
		return 0;
	r = tracedisk_open(&host->trace_paths, take_disk, t, &t->disk);
	if (r < 0) {
		fprintf(stderr, "trace: TracePath: fanotify(7) cannot: %s\n",
		    strerror(-r));
		traceevents_say_gap(&t->events,
		    "this kernel does not tell what is done to files");
		return 0;
	}
	return watch(t, tracedisk_fd(t->disk), &t->disk);
}

static int
drop_capabilities(uint64_t all_but)
{
	struct __user_cap_header_struct head = {
		.version = _LINUX_CAPABILITY_VERSION_3
	};
	struct __user_cap_data_struct data[2] = { { 0 } };
	size_t i;

	for (i = 0; i < ARRAY_SIZE(data); i++)
		data[i].permitted = data[i].effective =
		    (uint32_t)(all_but >> (32 * i));
	if (prctl(PR_SET_NO_NEW_PRIVS, 1, 0, 0, 0) < 0 ||
	    prctl(PR_SET_DUMPABLE, 0) < 0 ||
	    syscall(SYS_capset, &head, data) < 0)
		return -errno;
	return 0;
}

static int
say_what_can(const struct tracesource *s, int error)
{
	static const char *const words[] = { "no", "yes" };
	const struct tracesource_can *can = &s->can;
	bool is_any = s->level != TRACE_LEVEL_NONE;

	printf("level: %s\n", trace_level_name(s->level));
	if (!is_any) {
		printf("why: %s\n", strerror(-error));
		return 1;
	}
	if (s->no_ebpf < 0)
		printf("not ebpf, because: %s\n", strerror(-s->no_ebpf));
	printf("arguments as they ran: %s\n",
	    words[s->level != TRACE_LEVEL_PROC_CONNECTOR]);
	printf("connections: %s%s%s\n", words[can->connects],
	    can->cgroup != NULL ? ", by "
		: s->level == TRACE_LEVEL_EBPF
		? " (TCP's only: cgroup2 is not mounted)"
		: "",
	    can->cgroup != NULL ? can->cgroup : "");
	printf("datagrams without a connection: %s\n", words[can->sends]);
	printf("whether TCP came up: %s\n", words[can->results]);
	printf("raw and ping sockets: %s\n", words[can->raw_sockets]);
	printf("ports that are bound: %s\n", words[can->binds]);
	printf("not seen: builtins of shells, AF_PACKET%s\n",
	    can->unix_sockets ? "" : ", Unix sockets");
	return 0;
}

static int
run(struct tracer *t, const struct settings *host)
{
	struct sigaction sa = { .sa_handler = on_stop };
	int r;

	sigaction(SIGTERM, &sa, NULL);
	sigaction(SIGINT, &sa, NULL);
	signal(SIGPIPE, SIG_IGN);
	if ((r = start_watching(t)) < 0 || (r = start_disk(t, host)) < 0 ||
	    (r = drop_capabilities(t->source.capabilities |
		 (t->disk != NULL ? UINT64_C(1) << CAP_DAC_READ_SEARCH : 0))) <
		0) {
		fprintf(stderr, "trace: cannot begin: %s\n", strerror(-r));
		return 1;
	}
	/* The kernel's types, which only loading wants. */
	malloc_trim(0);
	traceevents_tell_start(&t->events, trace_level_name(t->source.level));
	while (!is_stopping)
		turn(t);
	traceevents_unfold(&t->events);
	return 0;
}

struct options {
	bool is_check;
	enum trace_level level; /* TRACE_LEVEL_NONE: the best */
};

/* An exit status, or -1 to go on. */
static int
read_options(int argc, char **argv, struct options *ret)
{
	static const struct option longs[] = {
		{ "check", no_argument, NULL, 'c' },
		{ "level", required_argument, NULL, 'l' },
		{ "help", no_argument, NULL, 'h' },
		{ NULL, 0, NULL, 0 },
	};
	int opt;

	*ret = (struct options){ .is_check = false };
	while ((opt = getopt_long(argc, argv, "h", longs, NULL)) != -1)
		switch (opt) {
		case 'c':
			ret->is_check = true;
			break;
		case 'l':
			ret->level = trace_level_of(optarg);
			if (ret->level != TRACE_LEVEL_NONE)
				break;
			fprintf(stderr, "trace: there is no level '%s'\n",
			    optarg);
			return 2;
		default:
			fputs(usage, opt == 'h' ? stdout : stderr);
			return opt == 'h' ? 0 : 2;
		}
	return -1;
}

int
main(int argc, char **argv)
{
	AUTO(settings_free) struct settings *host = NULL;
	struct tracer t = { .epoll = -1, .listener = -1 };
	struct conf_error e = { 0 };
	struct options options;
	int r, error;

	if ((r = read_options(argc, argv, &options)) >= 0)
		return r;
	if ((host = settings_load_host(&e)) == NULL) {
		fprintf(stderr, "trace: %s\n", e.what);
		return 1;
	}
	traceevents_init(&t.events, host);
	raise_limit();
	if (!options.is_check && (r = start_listening(&t, host)) < 0) {
		fprintf(stderr, "trace: cannot listen: %s\n",
		    r == -EADDRINUSE ? "another one is running" : strerror(-r));
		traceevents_clear(&t.events);
		return 1;
	}
	error = tracesource_open(options.level, options.is_check, host,
	    traceevents_take, &t.events, &t.source);
	if (error < 0)
		t.source.level = TRACE_LEVEL_NONE;
	if (options.is_check)
		r = say_what_can(&t.source, error);
	else if (error < 0) {
		fprintf(stderr,
		    "trace: this kernel cannot be asked (see trace --check): "
		    "%s\n",
		    strerror(-error));
		r = 1;
	} else
		r = run(&t, host);
	tracedisk_free(t.disk);
	tracesource_free(&t.source);
	traceevents_clear(&t.events);
	return r;
}
