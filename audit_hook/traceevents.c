/* SPDX-License-Identifier: ISC */
#include <arpa/inet.h>
#include <netinet/in.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/wait.h>

#include "auto.h"
#include "clock.h"
#include "proc.h"
#include "traceargs.h"
#include "traceevents.h"

#define TELL_LOST_MS 1000

void
traceevents_init(struct traceevents *t, const struct settings *host)
{
	*t = (struct traceevents){ .host = host };
	eventsink_init(&t->sink, host, "trace");
	t->sink.spool_max_bytes = EVENTSINK_SPOOL_MAX_BYTES;
	t->sink.wait_ms = 0;
}

void
traceevents_clear(struct traceevents *t)
{
	free(t->waiting);
	eventsink_clear(&t->sink);
	tracetable_clear(&t->table);
	tracefold_clear(&t->detached.fold);
	tracemap_clear(&t->folded);
}

/* Of a detached process only the account is known. */
static struct event_context
context_of(struct traceevents *t, struct traced *c, uint32_t session)
{
	const char *sid = tracetable_sid(&t->table, session);

	if (c == &t->detached)
		return (struct event_context){ .host = t->host,
			.emitter = "trace",
			.login = c->login };

	return (struct event_context){ .host = t->host,
		.emitter = "trace",
		.user = c->user[0] != '\0' ? c->user : NULL,
		.login = c->login,
		.connection_id = c->id,
		.sid = *sid != '\0' ? sid : NULL,
		.audit_session_id = &c->audit_session_id,
		.number = &c->number };
}

/* Whose a record is; NULL: nobody's who is known any more. */
static struct traced *
owner_of(struct traceevents *t, const struct trace_head *head, uint32_t n)
{
	const struct trace_exec *e = (const void *)head;
	const struct traced *one;

	if (head->member.connection != 0)
		return tracetable_get(&t->table, head->member.connection);
	if (head->type != TRACE_EXEC || n < sizeof(*e) ||
	    (one = tracetable_of_uid(&t->table, e->login_uid)) == NULL)
		return NULL;
	memcpy(t->detached.login, one->login, sizeof(t->detached.login));
	return &t->detached;
}

/* When it happened, not when it was read. */
static void
set_time(struct event *ev, uint64_t time_ns)
{
	uint64_t boot = clock_boot_usec(), then = time_ns / 1000;

	clock_rfc3339_usec(clock_now_usec() - (boot > then ? boot - then : 0),
	    ev->time);
}

/* Parts, the last first, each with its NUL, as a path. */
static void
join_path(const uint8_t *p, size_t n, char *ret, size_t size)
{
	size_t end = n, start, at = 0, len;

	while (end > 0) {
		for (start = end - 1; start > 0 && p[start - 1] != '\0';)
			start--;
		len = end - 1 - start;
		if (at + len + 2 > size)
			break;
		/* What lies in no folder says so by its name: memfd:x */
		if (start != 0 || n != end ||
		    strncmp((const char *)p, "memfd:", 6) != 0)
			ret[at++] = '/';
		memcpy(ret + at, p + start, len);
		at += len;
		end = start;
	}
	if (at == 0)
		ret[at++] = '/';
	ret[at] = '\0';
}

static const char *
base_of(const char *path)
{
	/* A memfd's name may have any. */
	const char *slash = *path == '/' ? strrchr(path, '/') : NULL;

	return slash != NULL ? slash + 1 : path;
}

struct exec_texts {
	char path[TRACE_PATH + 1], cwd[TRACE_PATH + 1], script[TRACE_PATH + 1];
	char *argv0;
};

static void
read_texts(const struct trace_exec *e, const uint8_t *data,
    struct exec_texts *ret)
{
	join_path(data, e->path_len, ret->path, sizeof(ret->path));
	join_path(data + e->path_len, e->cwd_len, ret->cwd, sizeof(ret->cwd));
	snprintf(ret->script, sizeof(ret->script), "%.*s", (int)e->name_len,
	    (const char *)data + e->path_len + e->cwd_len);
}

static void
add_exec(struct event *ev, const struct trace_exec *e,
    const struct exec_texts *x)
{
	event_uint(ev, "pid", e->head.pid);
	event_uint(ev, "ppid", e->parent);
	event_string(ev, "program", base_of(x->path));
	event_path(ev, "path", x->path, strlen(x->path));
	if ((e->flags & TRACE_PATH_CUT) != 0)
		event_bool(ev, "path_cut", true);
	if ((e->flags & TRACE_SCRIPT) != 0)
		event_path(ev, "script", x->script, strlen(x->script));
	event_string(ev, "argv0", x->argv0);
}

static void
add_exec_facts(struct event *ev, const struct trace_exec *e,
    const struct exec_texts *x)
{
	event_path(ev, "cwd", x->cwd, strlen(x->cwd));
	event_uint(ev, "uid_real", e->uid);
	event_uint(ev, "uid_effective", e->euid);
	if (e->tty[0] != '\0')
		event_bytes(ev, "tty", e->tty, strnlen(e->tty, TRACE_TTY));
	if ((e->flags & TRACE_FILELESS) != 0)
		event_bool(ev, "fileless", true);
	if ((e->flags & TRACE_OTHER_MOUNTS) != 0)
		event_bool(ev, "other_mounts", true);
	if ((e->flags & TRACE_SECURE) != 0)
		event_bool(ev, "setuid", true);
	if ((e->flags & TRACE_BY_AUDIT_SESSION) != 0)
		event_bool(ev, "by_audit_session", true);
	if ((e->flags & TRACE_DETACHED) != 0)
		event_bool(ev, "detached", true);
	if ((e->flags & TRACE_NO_ARGS) != 0)
		event_bool(ev, "argv_unread", true);
	if ((e->flags & TRACE_ARGS_RACY) != 0)
		event_bool(ev, "argv_reliable", false);
}

/* The arguments that the first event had no room for. */
static void
send_more(struct traceevents *t, struct traced *c, const struct trace_exec *e,
    struct traceargs *a, uint64_t exec_id)
{
	struct event_context ctx = context_of(t, c, e->head.member.session);
	size_t parts = 1 + traceargs_left(a), part = 1;
	struct strv piece;
	bool continues;
	struct event ev;

	while (traceargs_next(a, &piece, &continues)) {
		event_init(&ev, &ctx, "session.command.args", "T4000I");
		set_time(&ev, e->head.time_ns);
		event_uint(&ev, "exec_id", exec_id);
		event_uint(&ev, "pid", e->head.pid);
		event_uint(&ev, "part", ++part);
		event_uint(&ev, "parts", parts);
		if (continues)
			event_bool(&ev, "continues", true);
		event_list(&ev, "argv", &piece);
		eventsink_send(&t->sink, &ev);
		strv_clear(&piece);
	}
}

/* By the host's own settings, which `trace.start` tells. */
static bool
is_ignored(const struct traceevents *t, const char *path, const char *login,
    uint32_t flags)
{
	const struct strv *all = &t->host->trace_ignore;
	size_t n = strlen(path), i;

	/* Who may say what its path is? */
	if ((flags & (TRACE_OTHER_MOUNTS | TRACE_FILELESS | TRACE_PATH_CUT)) !=
	    0)
		return false;

	for (i = 0; i < all->n; i++)
		if (strncmp(all->v[i], path, n) == 0 &&
		    (all->v[i][n] == '\0' ||
			(all->v[i][n] == ' ' &&
			    strcmp(all->v[i] + n + 1, login) == 0)))
			return true;
	return false;
}

/* Of so many that are told as one. */
static void
add_count(struct event *ev, uint64_t count, uint64_t first_ns)
{
	uint64_t boot = clock_boot_usec(), then = first_ns / 1000;
	char text[sizeof(ev->time)];

	if (count <= 1)
		return;
	event_uint(ev, "count", count);
	clock_rfc3339_usec(clock_now_usec() - (boot > then ? boot - then : 0),
	    text);
	event_string(ev, "first", text);
}

/* args_total says how many bytes there were; fold, of how many it is the last
 * (NULL: it is one). */
static void
send_exec(struct traceevents *t, struct traced *c, const struct trace_exec *e,
    const uint8_t *args, size_t n, const struct tracefold *fold)
{
	const uint8_t *data = (const uint8_t *)(e + 1);
	struct traceargs a = { .p = args, .n = n };
	struct event_context ctx;
	uint64_t exec_id;
	struct exec_texts x = { .argv0 = NULL };
	struct strv piece = { 0 }, rest;
	bool continues;
	struct event ev;

	read_texts(e, data, &x);
	if (is_ignored(t, x.path, c->login, e->flags))
		return;
	exec_id = ++c->execs;
	ctx = context_of(t, c, e->head.member.session);
	(void)traceargs_next(&a, &piece, &continues);
	x.argv0 = piece.n > 0 ? piece.v[0] : NULL;
	rest = piece.n > 0 ? (struct strv){ piece.v + 1, piece.n - 1 } : piece;
	event_init(&ev, &ctx, "session.command", "T4000I");
	set_time(&ev, e->head.time_ns);
	add_exec(&ev, e, &x);
	event_list(&ev, "argv", &rest);
	if (e->args_total <= n)
		event_uint(&ev, "argc", traceargs_count(&a));
	else
		event_uint(&ev, "argv_bytes", e->args_total);
	event_uint(&ev, "exec_id", exec_id);
	add_exec_facts(&ev, e, &x);
	if (fold != NULL)
		add_count(&ev, fold->folded, fold->first_ns);
	eventsink_send(&t->sink, &ev);
	strv_clear(&piece);
	send_more(t, c, e, &a, exec_id);
}

static void
flush_waiting(struct traceevents *t, const uint8_t *more, size_t n)
{
	AUTO(free) struct trace_exec *e = TAKE(t->waiting);
	AUTO(free) uint8_t *args = NULL;
	const uint8_t *data;
	struct traced *c;

	if (e == NULL || (c = owner_of(t, &e->head, t->waiting_n)) == NULL)
		return;
	data = (const uint8_t *)(e + 1);
	if ((args = malloc(e->args_len + n + 1)) == NULL)
		return;
	memcpy(args, data + t->waiting_n - sizeof(*e) - e->args_len,
	    e->args_len);
	if (n > 0)
		memcpy(args + e->args_len, more, n);
	send_exec(t, c, e, args, e->args_len + n, NULL);
}

static bool
is_sound(const struct trace_exec *e, uint32_t n)
{
	return n >= sizeof(*e) &&
	    (uint64_t)e->path_len + e->cwd_len + e->name_len + e->args_len ==
	    n - sizeof(*e) &&
	    e->path_len <= TRACE_PATH && e->cwd_len <= TRACE_PATH;
}

/* The last of so many. */
static void
send_exit(struct traceevents *t, struct traced *c, const struct trace_exit *x,
    uint64_t count)
{
	struct event_context ctx = context_of(t, c, x->head.member.session);
	int status = (int)x->code;
	const char *name;
	struct event ev;

	event_init(&ev, &ctx, "session.process_exit", "T4003I");
	set_time(&ev, x->head.time_ns);
	event_uint(&ev, "pid", x->head.pid);
	if (WIFSIGNALED(status)) {
		name = sigabbrev_np(WTERMSIG(status));
		event_string(&ev, "signal", name != NULL ? name : "unknown");
	} else
		event_uint(&ev, "exit_code", (uint64_t)WEXITSTATUS(status));
	event_uint(&ev, "duration_ms", x->lived_ns / 1000000);
	if (count > 1)
		event_uint(&ev, "count", count);
	eventsink_send(&t->sink, &ev);
}

static void
send_whole_exec(struct traceevents *t, struct traced *c,
    const struct trace_exec *e, uint32_t n, const struct tracefold *fold)
{
	send_exec(t, c, e, (const uint8_t *)e + n - e->args_len, e->args_len,
	    fold);
}

static void
unfold(struct traceevents *t, struct traced *c)
{
	struct tracefold *f = &c->fold;
	struct trace_exit x;

	if (f->folded > 0)
		send_whole_exec(t, c, f->last, f->n, f);
	if (f->ends > 0) {
		x = (struct trace_exit){
			.head = { .member = { .session = f->end_session },
			    .pid = f->end_pid,
			    .time_ns = f->end_ns },
			.lived_ns = f->longest_ns,
			.code = f->code
		};
		send_exit(t, c, &x, f->ends);
	}
	tracefold_told(f);
}

void
traceevents_unfold(struct traceevents *t)
{
	uint32_t i;

	for (i = 1; i < t->table.n_connections; i++)
		if (t->table.connections[i].is_used)
			unfold(t, &t->table.connections[i]);
}

/* true: it is one more of the same, which is told later. */
static bool
is_folded(struct traceevents *t, struct traced *c, const struct trace_exec *e,
    uint32_t n)
{
	struct tracefold *f = &c->fold;

	if (c == &t->detached || t->folded.n == TRACE_MEMBERS)
		return false;
	if (tracefold_exec(f, e, n))
		return tracemap_put(&t->folded, e->head.pid, e->head.member) ==
		    0;
	tracemap_remove(&t->folded, e->head.pid);
	if (f->folded > 0) {
		unfold(t, c);
		(void)tracefold_exec(f, e, n);
	}
	return false;
}

static void
take_exec(struct traceevents *t, struct traced *c, const struct trace_exec *e,
    uint32_t n)
{
	if (!is_sound(e, n))
		return;
	flush_waiting(t, NULL, 0);
	if (e->args_len < TRACE_ARGS - 1) {
		if (!is_folded(t, c, e, n))
			send_whole_exec(t, c, e, n, NULL);
		return;
	}
	unfold(t, c);
	if ((t->waiting = malloc(n)) != NULL) {
		memcpy(t->waiting, e, n);
		t->waiting_n = n;
	}
}

static void
take_more(struct traceevents *t, const struct trace_args *a, uint32_t n)
{
	if (n < sizeof(*a) || a->args_len != n - sizeof(*a) ||
	    t->waiting == NULL || t->waiting->id != a->id)
		return;
	flush_waiting(t, (const uint8_t *)(a + 1), a->args_len);
}

static void
take_exit(struct traceevents *t, struct traced *c, const struct trace_exit *x,
    uint32_t n)
{
	const struct tracemap_entry *m;
	bool is_own;

	if (n < sizeof(*x))
		return;
	if ((m = tracemap_get(&t->folded, x->head.pid)) != NULL) {
		is_own = m->member.connection == x->head.member.connection &&
		    c->fold.last != NULL;
		tracemap_remove(&t->folded, x->head.pid);
		if (is_own && tracefold_exit(&c->fold, x))
			return;
	}
	send_exit(t, c, x, 1);
}

static const char *
protocol_name(uint8_t protocol, char buf[8])
{
	switch (protocol) {
	case 0:
		return "unknown";
	case IPPROTO_TCP:
		return "tcp";
	case IPPROTO_UDP:
		return "udp";
	case IPPROTO_ICMP:
		return "icmp";
	case IPPROTO_ICMPV6:
		return "icmpv6";
	default:
		snprintf(buf, 8, "%u", protocol);
		return buf;
	}
}

static const char *
address_text(const uint8_t address[16], uint8_t version,
    char buf[INET6_ADDRSTRLEN])
{
	return inet_ntop(version == 4 ? AF_INET : AF_INET6, address, buf,
	    INET6_ADDRSTRLEN);
}

static unsigned
operation_of(const struct trace_connect *r)
{
	if (r->head.type == TRACE_RAW_SOCKET)
		return 2;
	if (r->head.type == TRACE_BIND)
		return 3;
	return r->is_send;
}

/* What came of it, if that is known. */
static void
send_network(struct traceevents *t, const struct trace_connect *r,
    const struct trace_connected *result)
{
	struct traced *c = tracetable_get(&t->table, r->head.member.connection);
	char source[INET6_ADDRSTRLEN], target[INET6_ADDRSTRLEN], number[8];
	struct event_context ctx;
	struct event ev;
	bool is_own;

	if (c == NULL)
		return;
	ctx = context_of(t, c, r->head.member.session);
	event_init(&ev, &ctx, "session.network", "T4002I");
	set_time(&ev, r->head.time_ns);
	event_uint(&ev, "operation", operation_of(r));
	event_uint(&ev, "action", 0);
	if (result != NULL && result->is_established)
		event_string(&ev, "src_addr",
		    address_text(result->address, result->version, source));
	if (r->head.type != TRACE_RAW_SOCKET) {
		is_own = r->head.type == TRACE_BIND;
		event_string(&ev, is_own ? "src_addr" : "dst_addr",
		    address_text(r->address, r->version, target));
		event_uint(&ev, is_own ? "src_port" : "dst_port", r->port);
	}
	event_uint(&ev, "version", r->version);
	event_string(&ev, "protocol", protocol_name(r->protocol, number));
	event_uint(&ev, "pid", r->head.pid);
	event_bytes(&ev, "program", r->program,
	    strnlen(r->program, sizeof(r->program)));
	if (result != NULL)
		event_bool(&ev, "established", result->is_established);
	eventsink_send(&t->sink, &ev);
}

/* As ss(8) writes them: an abstract name begins with an @. */
static void
take_unix(struct traceevents *t, struct traced *c, const struct trace_unix *r,
    uint32_t n)
{
	struct event_context ctx = context_of(t, c, r->head.member.session);
	char path[sizeof(r->path) + 1];
	size_t len;
	struct event ev;

	if (n < sizeof(*r) || r->len > sizeof(r->path))
		return;
	memcpy(path, r->path, r->len);
	path[r->len] = '\0';
	len = path[0] != '\0' ? strlen(path) : r->len;
	if (path[0] == '\0')
		path[0] = '@';
	event_init(&ev, &ctx, "session.network", "T4002I");
	set_time(&ev, r->head.time_ns);
	event_uint(&ev, "operation", 0);
	event_uint(&ev, "action", 0);
	event_path(&ev, "path", path, len);
	event_string(&ev, "protocol", "unix");
	event_uint(&ev, "pid", r->head.pid);
	event_bytes(&ev, "program", r->program,
	    strnlen(r->program, sizeof(r->program)));
	eventsink_send(&t->sink, &ev);
}

static void
forget_connect(struct traceevents *t, size_t i)
{
	t->n_connects--;
	memmove(&t->connects[i], &t->connects[i + 1],
	    (t->n_connects - i) * sizeof(t->connects[0]));
}

static void
take_connect(struct traceevents *t, const struct trace_connect *r, uint32_t n)
{
	if (n < sizeof(*r))
		return;
	if (r->cookie == 0) {
		send_network(t, r, NULL);
		return;
	}
	if (t->n_connects == TRACEEVENTS_CONNECTS) {
		send_network(t, &t->connects[0].record, NULL);
		forget_connect(t, 0);
	}
	t->connects[t->n_connects++] =
	    (struct traceevents_connect){ *r, clock_boot_ms() };
}

/* Later than that nobody waits for it. */
static void
take_connected(struct traceevents *t, const struct trace_connected *r,
    uint32_t n)
{
	size_t i;

	if (n < sizeof(*r))
		return;
	for (i = 0; i < t->n_connects; i++)
		if (t->connects[i].record.cookie == r->cookie) {
			send_network(t, &t->connects[i].record, r);
			forget_connect(t, i);
			return;
		}
}

bool
traceevents_take(void *context, const struct trace_head *head, uint32_t n)
{
	struct traceevents *t = context;
	struct traced *c = owner_of(t, head, n);
	const void *record = head;

	if (c == NULL) {
		t->unowned += head->member.connection != 0;
		return true;
	}
	switch ((enum trace_type)head->type) {
	case TRACE_EXEC:
		take_exec(t, c, record, n);
		break;
	case TRACE_ARGS_MORE:
		take_more(t, record, n);
		break;
	case TRACE_EXIT:
		take_exit(t, c, record, n);
		break;
	case TRACE_CONNECT:
	case TRACE_RAW_SOCKET:
	case TRACE_BIND:
		take_connect(t, record, n);
		break;
	case TRACE_UNIX:
		take_unix(t, c, record, n);
		break;
	case TRACE_CONNECTED:
		take_connected(t, record, n);
		break;
	}
	/* An exec can be more than the spool holds, with what others add. */
	return t->sink.spool.n == 0;
}

/* comm, while it is there. */
static void
add_program(struct event *ev, uint32_t pid)
{
	char path[64], name[TRACE_TTY];

	snprintf(path, sizeof(path), "/proc/%u/comm", pid);
	if (proc_read_line(path, name, sizeof(name)) == 0)
		event_string(ev, "program", name);
}

void
traceevents_disk(struct traceevents *t, const struct trace_member *m,
    const struct tracedisk_event *e)
{
	static const char *const actions[] = { [TRACEDISK_WRITE] = "write",
		[TRACEDISK_CREATE] = "create",
		[TRACEDISK_MKDIR] = "mkdir",
		[TRACEDISK_REMOVE] = "remove",
		[TRACEDISK_RMDIR] = "rmdir",
		[TRACEDISK_RENAME] = "rename",
		[TRACEDISK_SETSTAT] = "setstat",
		[TRACEDISK_FOUND] = "found" };
	struct traced *c = tracetable_get(&t->table, m->connection);
	struct event_context ctx;
	struct event ev;

	if (c == NULL)
		return;
	ctx = context_of(t, c, m->session);
	event_init(&ev, &ctx, "session.disk", "T4001I");
	event_string(&ev, "action", actions[e->action]);
	if (e->path != NULL)
		event_path(&ev, "path", e->path, strlen(e->path));
	if (e->target != NULL)
		event_path(&ev, "target_path", e->target, strlen(e->target));
	event_uint(&ev, "pid", e->pid);
	add_program(&ev, e->pid);
	eventsink_send(&t->sink, &ev);
}

int
traceevents_due_ms(const struct traceevents *t)
{
	uint64_t now = clock_boot_ms(), end;

	if (t->n_connects == 0)
		return t->waiting != NULL ? TRACEEVENTS_WAIT_MS : -1;
	end = t->connects[0].since_ms + TRACEEVENTS_WAIT_MS;
	return end > now ? (int)(end - now) : 0;
}

void
traceevents_flush(struct traceevents *t)
{
	uint64_t now = clock_boot_ms();
	uint32_t i;

	flush_waiting(t, NULL, 0);
	while (t->n_connects > 0 &&
	    t->connects[0].since_ms + TRACEEVENTS_WAIT_MS <= now) {
		send_network(t, &t->connects[0].record, NULL);
		forget_connect(t, 0);
	}
	for (i = 1; i < t->table.n_connections; i++)
		if (tracefold_is_due(&t->table.connections[i].fold))
			unfold(t, &t->table.connections[i]);
	eventsink_flush(&t->sink);
}

/* c: NULL: of the whole host. */
static void
send_gap(struct traceevents *t, struct traced *c, const char *why,
    const uint64_t *lost)
{
	struct event_context ctx = { .host = t->host, .emitter = "trace" };
	struct event ev;

	if (c != NULL)
		ctx = context_of(t, c, 0);
	event_init(&ev, &ctx, "audit.gap", "CS021E");
	event_string(&ev, "reason", why);
	if (lost != NULL)
		event_uint(&ev, "lost", *lost);
	eventsink_send(&t->sink, &ev);
}

void
traceevents_say_gap(struct traceevents *t, const char *why)
{
	send_gap(t, NULL, why, NULL);
}

/* Whose they were, as far as that is known. */
static void
tell_lost_records(struct traceevents *t, const struct tracesource *source,
    uint64_t lost)
{
	static const char why[] =
	    "more was run than could be read: so many records of commands, "
	    "ends and connections are lost";
	struct traced *c;
	uint64_t n;
	uint32_t i;

	for (i = 1;
	     source->ops->take_lost_of != NULL && i < t->table.n_connections;
	     i++) {
		if ((c = tracetable_get(&t->table, i)) == NULL ||
		    (n = source->ops->take_lost_of(source->of, i)) == 0)
			continue;
		send_gap(t, c, why, &n);
		lost -= n < lost ? n : lost;
	}
	if (lost > 0)
		send_gap(t, NULL, why, &lost);
	/* The ends of some that are folded may be among them. */
	traceevents_unfold(t);
	tracemap_clear(&t->folded);
}

void
traceevents_tell_lost(struct traceevents *t, const struct tracesource *source)
{
	uint64_t records, members, now = clock_boot_ms();

	if (now - t->told_ms < TELL_LOST_MS)
		return;
	t->told_ms = now;
	source->ops->lost(source->of, &records, &members);
	records += t->unowned;
	if (records > t->told_records)
		tell_lost_records(t, source, records - t->told_records);
	members -= t->told_members;
	if (members > 0)
		send_gap(t, NULL,
		    "more processes at once than can be followed: so many are "
		    "known by their audit session only",
		    &members);
	t->told_records = records;
	t->told_members += members;
}

void
traceevents_tell_start(struct traceevents *t, const char *level)
{
	struct event_context ctx = { .host = t->host, .emitter = "trace" };
	struct event ev;

	event_init(&ev, &ctx, "trace.start", "CS032I");
	event_string(&ev, "trace_level", level);
	event_list(&ev, "ignored", &t->host->trace_ignore);
	if (t->host->trace_paths.n > 0)
		event_list(&ev, "paths", &t->host->trace_paths);
	eventsink_send(&t->sink, &ev);
}

void
traceevents_tell_gap(struct traceevents *t, struct traced *c)
{
	send_gap(t, c,
	    "this connection is older than trace: what it ran before is not "
	    "known",
	    NULL);
}
