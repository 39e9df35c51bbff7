/* SPDX-License-Identifier: ISC */
/*
 * audit_rule_data(linux/audit.h) by netlink; records are put together by
 * libauparse. Values are in quotes, or in hexadecimal where a quote, a blank or
 * a byte beyond ASCII is in them (audit_log_untrustedstring()).
 */
#include <auparse.h>
#include <ctype.h>
#include <errno.h>
#include <fcntl.h>
#include <libaudit.h>
#include <limits.h>
#include <netinet/in.h>
#include <signal.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/socket.h>
#include <sys/stat.h>
#include <unistd.h>

#include "auto.h"
#include "clock.h"
#include "path.h"
#include "traceaudit.h"

#define BEFORE	      "audit.before"
#define KEY	      "countersign"
#define BUFFER_BYTES  (8 * 1024 * 1024)
#define BACKLOG	      8192
#define STATUS_MS     1000
#define RULES_MAX     64
#define GROUP_READLOG 1 /* AUDIT_NLGRP_READLOG */

/* What is changed in auditd's place. */
struct audit_settings {
	uint32_t enabled, backlog_limit, backlog_wait_time;
};

struct traceaudit {
	int control, records; /* netlink sockets */
	bool is_auditd; /* we are in its place */
	struct audit_settings before;
	char before_path[PATH_MAX];
	auparse_state_t *parser;
	char ended[48]; /* "audit(SECONDS" of an event that it has all of */
	traceaudit_reader *read;
	void *context;
	uint64_t lost_before, lost, overruns;
	uint64_t asked_ms; /* since boot */
};

/* What the records of one syscall have said. */
struct said {
	struct traceaudit_origin from;
	char syscall[32], comm[TRACE_TTY];
	bool has_succeeded;
	uint32_t uid, euid, login_uid;
	char tty[TRACE_TTY];
	char exe[TRACE_PATH], cwd[TRACE_PATH], name[TRACE_PATH];
	uint64_t inode; /* of what was named */
	uint8_t address[sizeof(struct sockaddr_storage)];
	size_t address_len;
	uint8_t args[TRACE_ARGS_MAX];
	size_t args_len;
	uint64_t args_total;
	int arg; /* the last one's number; -1: none */
	uint64_t time_ns;
};

static int
hex(char c)
{
	if (c >= '0' && c <= '9')
		return c - '0';
	if (c >= 'A' && c <= 'F')
		return c - 'A' + 10;
	return c >= 'a' && c <= 'f' ? c - 'a' + 10 : -1;
}

/* Bytes of a value into out, of size; returns how many there were. */
static size_t
decode(const char *value, uint8_t *out, size_t size)
{
	size_t n = 0, i;

	if (*value == '"') {
		n = strcspn(value + 1, "\"");
		memcpy(out, value + 1, n < size ? n : size);
		return n;
	}
	for (i = 0; hex(value[i]) >= 0 && hex(value[i + 1]) >= 0; i += 2, n++)
		if (n < size)
			out[n] =
			    (uint8_t)(hex(value[i]) << 4 | hex(value[i + 1]));
	return n;
}

/* As text, which ends at size. */
static void
decode_text(const char *value, char *out, size_t size)
{
	size_t n = decode(value, (uint8_t *)out, size - 1);

	out[n < size ? n : size - 1] = '\0';
}

static uint32_t
number(const char *text)
{
	return (uint32_t)strtoul(text, NULL, 10);
}

static void
take_syscall(struct said *s, auparse_state_t *au, const char *field,
    const char *value)
{
	if (strcmp(field, "syscall") == 0)
		snprintf(s->syscall, sizeof(s->syscall), "%s",
		    auparse_interpret_field(au));
	else if (strcmp(field, "success") == 0)
		s->has_succeeded = strcmp(value, "yes") == 0;
	else if (strcmp(field, "pid") == 0)
		s->from.pid = number(value);
	else if (strcmp(field, "ppid") == 0)
		s->from.parent = number(value);
	else if (strcmp(field, "ses") == 0)
		s->from.session = number(value);
	else if (strcmp(field, "auid") == 0)
		s->login_uid = number(value);
	else if (strcmp(field, "uid") == 0)
		s->uid = number(value);
	else if (strcmp(field, "euid") == 0)
		s->euid = number(value);
	else if (strcmp(field, "tty") == 0 && strcmp(value, "(none)") != 0)
		snprintf(s->tty, sizeof(s->tty), "%.*s", TRACE_TTY - 1, value);
	else if (strcmp(field, "exe") == 0)
		decode_text(value, s->exe, sizeof(s->exe));
	else if (strcmp(field, "comm") == 0)
		decode_text(value, s->comm, sizeof(s->comm));
}

static void
put_arg_bytes(struct said *s, const uint8_t *p, size_t n)
{
	size_t room = sizeof(s->args) - s->args_len;

	s->args_total += n;
	if (n > room)
		n = room;
	memcpy(s->args + s->args_len, p, n);
	s->args_len += n;
}

/* "a1", or "a1[0]", "a1[1]" of one that is long; "a1_len" says how long. */
static void
take_arg(struct said *s, const char *field, const char *value)
{
	char *end;
	long i = strtol(field + 1, &end, 10);
	uint8_t piece[8192];
	size_t n;

	if (field[0] != 'a' || !isdigit((unsigned char)field[1]) ||
	    (*end != '\0' && *end != '['))
		return;
	if (s->arg >= 0 && i != s->arg)
		put_arg_bytes(s, (const uint8_t *)"", 1);
	s->arg = (int)i;
	n = decode(value, piece, sizeof(piece));
	put_arg_bytes(s, piece, n < sizeof(piece) ? n : sizeof(piece));
}

static void
take_record(struct said *s, auparse_state_t *au)
{
	int type = auparse_get_type(au);
	const char *field, *value;
	bool is_first = false;

	if (auparse_first_field(au) <= 0)
		return;
	do {
		field = auparse_get_field_name(au);
		value = auparse_get_field_str(au);
		if (field == NULL || value == NULL)
			continue;
		if (type == AUDIT_SYSCALL)
			take_syscall(s, au, field, value);
		else if (type == AUDIT_EXECVE)
			take_arg(s, field, value);
		else if (type == AUDIT_CWD && strcmp(field, "cwd") == 0)
			decode_text(value, s->cwd, sizeof(s->cwd));
		else if (type == AUDIT_SOCKADDR && strcmp(field, "saddr") == 0)
			s->address_len =
			    decode(value, s->address, sizeof(s->address));
		else if (type == AUDIT_PATH && strcmp(field, "item") == 0)
			is_first = strcmp(value, "0") == 0;
		else if (type == AUDIT_PATH && is_first &&
		    strcmp(field, "name") == 0)
			decode_text(value, s->name, sizeof(s->name));
		else if (type == AUDIT_PATH && is_first &&
		    strcmp(field, "inode") == 0)
			s->inode = strtoull(value, NULL, 10);
	} while (auparse_next_field(au) > 0);
}

/* A whole path is one part, without the slash that parts begin with. */
static uint32_t
put_whole_path(uint8_t *to, const char *path)
{
	size_t n;

	path += *path == '/';
	n = strlen(path) + 1;
	memcpy(to, path, n);
	return (uint32_t)n;
}

static bool
cut_deleted(char *path)
{
	static const char last[] = " (deleted)";
	size_t n = strlen(path);

	if (n < sizeof(last) || strcmp(path + n + 1 - sizeof(last), last) != 0)
		return false;
	path[n + 1 - sizeof(last)] = '\0';
	return true;
}

/* The interpreter ran, and not the file that was named. */
static bool
is_script(const struct said *s)
{
	struct stat st;

	return s->inode != 0 && stat(s->exe, &st) == 0 && st.st_ino != s->inode;
}

static void
tell_exec(const struct traceaudit *a, struct said *s)
{
	static struct {
		struct trace_exec exec;
		uint8_t data[TRACE_DATA];
	} x;
	static struct {
		struct trace_args args;
		uint8_t data[TRACE_ARGS];
	} more;
	static uint64_t id;
	size_t at = 0, left;

	id++;
	x.exec = (struct trace_exec){ .head = { .type = TRACE_EXEC,
					  .pid = s->from.pid,
					  .time_ns = s->time_ns },
		.id = id,
		.parent = s->from.parent,
		.uid = s->uid,
		.euid = s->euid,
		.login_uid = s->login_uid };
	memcpy(x.exec.tty, s->tty, sizeof(x.exec.tty));
	if (cut_deleted(s->exe))
		x.exec.flags |= TRACE_FILELESS;
	else if (is_script(s))
		x.exec.flags |= TRACE_SCRIPT;
	if (s->uid != s->euid)
		x.exec.flags |= TRACE_SECURE;
	put_arg_bytes(s, (const uint8_t *)"", s->arg >= 0);
	at += x.exec.path_len = put_whole_path(x.data + at, s->exe);
	at += x.exec.cwd_len = put_whole_path(x.data + at, s->cwd);
	x.exec.name_len = (uint32_t)strlen(s->name) + 1;
	memcpy(x.data + at, s->name, x.exec.name_len);
	at += x.exec.name_len;
	x.exec.args_total = s->args_total;
	x.exec.args_len =
	    (uint32_t)(s->args_len < TRACE_ARGS - 1 ? s->args_len
						    : TRACE_ARGS - 1);
	memcpy(x.data + at, s->args, x.exec.args_len);
	at += x.exec.args_len;
	a->read(a->context, &s->from, &x.exec.head,
	    (uint32_t)(sizeof(x.exec) + at));
	if ((left = s->args_len - x.exec.args_len) == 0)
		return;
	if (left > TRACE_ARGS - 1)
		left = TRACE_ARGS - 1;
	more.args = (struct trace_args){ .head = x.exec.head,
		.id = id,
		.args_len = (uint32_t)left };
	more.args.head.type = TRACE_ARGS_MORE;
	memcpy(more.data, s->args + x.exec.args_len, left);
	a->read(a->context, &s->from, &more.args.head,
	    (uint32_t)(sizeof(more.args) + left));
}

/* Which protocol it is the kernel does not say here. */
static void
tell_connect(const struct traceaudit *a, const struct said *s)
{
	struct trace_connect c = { .head = { .type = TRACE_CONNECT,
				       .pid = s->from.pid,
				       .time_ns = s->time_ns } };
	struct sockaddr_in v4;
	struct sockaddr_in6 v6;
	sa_family_t family;

	if (s->address_len < sizeof(family))
		return;
	memcpy(&family, s->address, sizeof(family));
	memcpy(c.program, s->comm, sizeof(c.program));
	if (family == AF_INET && s->address_len >= sizeof(v4)) {
		memcpy(&v4, s->address, sizeof(v4));
		c.version = 4;
		c.port = ntohs(v4.sin_port);
		memcpy(c.address, &v4.sin_addr, 4);
	} else if (family == AF_INET6 && s->address_len >= sizeof(v6)) {
		memcpy(&v6, s->address, sizeof(v6));
		c.version = IN6_IS_ADDR_V4MAPPED(&v6.sin6_addr) ? 4 : 6;
		c.port = ntohs(v6.sin6_port);
		memcpy(c.address,
		    v6.sin6_addr.s6_addr + (c.version == 4 ? 12 : 0),
		    c.version == 4 ? 4 : 16);
	} else
		return;
	a->read(a->context, &s->from, &c.head, sizeof(c));
}

/* The stamp is of the wall's clock; records say when it was since boot. */
static uint64_t
since_boot(const au_event_t *e)
{
	uint64_t now = clock_now_usec(),
		 then = (uint64_t)e->sec * USEC_PER_SEC + e->milli * 1000U;

	return (clock_boot_usec() - (now > then ? now - then : 0)) * 1000;
}

static void
take_event(auparse_state_t *au, auparse_cb_event_t type, void *context)
{
	static struct said s;
	const au_event_t *e = auparse_get_timestamp(au);

	if (type != AUPARSE_CB_EVENT_READY || e == NULL ||
	    auparse_first_record(au) <= 0)
		return;
	s = (struct said){ .arg = -1, .time_ns = since_boot(e) };
	do
		take_record(&s, au);
	while (auparse_next_record(au) > 0);
	if (s.from.pid == 0)
		return;
	if (strncmp(s.syscall, "execve", 6) == 0 && s.has_succeeded)
		tell_exec(context, &s);
	else if (strcmp(s.syscall, "connect") == 0 ||
	    strncmp(s.syscall, "socketcall", 10) == 0)
		tell_connect(context, &s);
}

static int
get_status(const struct traceaudit *a, struct audit_status *ret)
{
	struct audit_reply reply;
	int i, r;

	if ((r = audit_request_status(a->control)) < 0)
		return r;
	for (i = 0; i < 10; i++) {
		if ((r = audit_get_reply(a->control, &reply, GET_REPLY_BLOCKING,
			 0)) < 0)
			return r;
		if (reply.type == AUDIT_GET) {
			*ret = *reply.status;
			return 0;
		}
		if (reply.type == NLMSG_ERROR && reply.error->error != 0)
			return reply.error->error;
	}
	return -EPROTO;
}

static bool
is_wanted(int type)
{
	return type == AUDIT_SYSCALL || type == AUDIT_EXECVE ||
	    type == AUDIT_CWD || type == AUDIT_PATH || type == AUDIT_SOCKADDR ||
	    type == AUDIT_EOE;
}

static bool
is_of_ours(const struct audit_rule_data *r)
{
	return r->buflen == strlen(KEY) && memcmp(r->buf, KEY, r->buflen) == 0;
}

/* What makes all others useless, or tears our records apart. */
static bool
is_in_our_way(const struct audit_rule_data *r)
{
	uint32_t filter = r->flags & ~(uint32_t)AUDIT_FILTER_PREPEND, i;

	if (filter == AUDIT_FILTER_TASK)
		return r->action == AUDIT_NEVER;
	for (i = 0; filter == AUDIT_FILTER_EXCLUDE && i < r->field_count; i++)
		if (r->fields[i] == AUDIT_MSGTYPE &&
		    is_wanted((int)r->values[i]))
			return true;
	return false;
}

static void
delete_rule(const struct traceaudit *a, struct audit_rule_data *r)
{
	(void)audit_delete_rule_data(a->control, r, (int)(r->flags & 0xff),
	    (int)r->action);
}

/* Takes away what is ours. 1: there may be more; -EPERM: what others have set is
 * in the way. */
static int
look_at_rules(const struct traceaudit *a, bool is_check)
{
	struct audit_rule_data *rules[RULES_MAX];
	struct audit_reply reply;
	size_t n = 0, i, size;
	int r = 0;

	if (audit_request_rules_list_data(a->control) < 0)
		return -EPERM;
	while (audit_get_reply(a->control, &reply, GET_REPLY_BLOCKING, 0) > 0 &&
	    reply.type != NLMSG_DONE) {
		if (reply.type != AUDIT_LIST_RULES)
			continue;
		if (is_in_our_way(reply.ruledata))
			r = -EPERM;
		if (is_check || n == RULES_MAX || !is_of_ours(reply.ruledata))
			continue;
		size = sizeof(*rules[0]) + reply.ruledata->buflen;
		if ((rules[n] = malloc(size)) != NULL)
			memcpy(rules[n++], reply.ruledata, size);
	}
	for (i = 0; i < n; i++) {
		delete_rule(a, rules[i]);
		free(rules[i]);
	}
	return r < 0 ? r : n == RULES_MAX;
}

static int
remove_all_rules(const struct traceaudit *a, bool is_check)
{
	int i, r = 1;

	for (i = 0; i < 1000 && r == 1; i++)
		r = look_at_rules(a, is_check);
	return r;
}

static void
add_field(struct audit_rule_data *r, uint32_t field, uint32_t value)
{
	r->fields[r->field_count] = field;
	r->fieldflags[r->field_count] = AUDIT_EQUAL;
	r->values[r->field_count++] = value;
}

/* What is asked of each audit session. A machine's 32-bit programs, and others
 * that call the kernel as they do, have numbers of their own; they may connect
 * by socketcall(2), as x86's old ones do, whose third call that is. */
static const struct wanted {
	bool is_32bit;
	const char *calls[4];
	uint32_t first; /* argument; 0: any */
} wanted[] = { { false, { "execve", "execveat", "connect" }, 0 },
	{ true, { "execve", "execveat", "connect" }, 0 },
	{ true, { "socketcall" }, 3 } };

/* always,exit for one of these. NULL: there are none such here. */
static struct audit_rule_data *
make_rule(uint32_t session, const struct wanted *w)
{
	int machine = audit_detect_machine(), nr;
	struct audit_rule_data *r;
	size_t i, n = 0;

	if (w->is_32bit)
		machine = machine == MACH_86_64 ? MACH_X86
		    : machine == MACH_AARCH64	? MACH_ARM
						: -1;
	if (machine < 0 || (r = calloc(1, sizeof(*r) + strlen(KEY))) == NULL)
		return NULL;
	r->flags = AUDIT_FILTER_EXIT;
	r->action = AUDIT_ALWAYS;
	add_field(r, AUDIT_ARCH, (uint32_t)audit_machine_to_elf(machine));
	add_field(r, AUDIT_SESSIONID, session);
	if (w->first != 0)
		add_field(r, AUDIT_ARG0, w->first);
	add_field(r, AUDIT_FILTERKEY, (uint32_t)strlen(KEY));
	r->buflen = (uint32_t)strlen(KEY);
	memcpy(r->buf, KEY, strlen(KEY));
	for (i = 0; i < ARRAY_SIZE(w->calls) && w->calls[i] != NULL; i++) {
		nr = audit_name_to_syscall(w->calls[i], machine);
		if (nr < 0)
			continue;
		r->mask[AUDIT_WORD(nr)] |= AUDIT_BIT(nr);
		n++;
	}
	if (n > 0)
		return r;
	free(r);
	return NULL;
}

/* Without the first there is nothing. */
int
traceaudit_watch(struct traceaudit *a, uint32_t session)
{
	int r = 0, got;
	size_t i;

	for (i = 0; i < ARRAY_SIZE(wanted); i++) {
		AUTO(free)
		struct audit_rule_data *rule = make_rule(session, &wanted[i]);

		if (rule == NULL)
			continue;
		/* Before what else there is: a `never` of others would win. */
		got = audit_add_rule_data(a->control, rule,
		    AUDIT_FILTER_EXIT | AUDIT_FILTER_PREPEND, AUDIT_ALWAYS);
		if (i == 0)
			r = got == -EEXIST ? 0 : got < 0 ? got : 1;
	}
	return r;
}

void
traceaudit_forget(struct traceaudit *a, uint32_t session)
{
	size_t i;

	for (i = 0; i < ARRAY_SIZE(wanted); i++) {
		AUTO(free)
		struct audit_rule_data *rule = make_rule(session, &wanted[i]);

		if (rule != NULL)
			delete_rule(a, rule);
	}
}

static int
open_multicast(struct traceaudit *a)
{
	const struct sockaddr_nl sa = { .nl_family = AF_NETLINK,
		.nl_groups = GROUP_READLOG };

	return bind(a->records, (const struct sockaddr *)&sa, sizeof(sa)) < 0
	    ? -errno
	    : 0;
}

/* A killed one has changed them already. */
static void
remember(struct traceaudit *a, const struct audit_status *status)
{
	AUTO(close) int fd = open(a->before_path, O_RDONLY | O_CLOEXEC);

	if (fd >= 0 &&
	    read(fd, &a->before, sizeof(a->before)) == sizeof(a->before))
		return;
	a->before = (struct audit_settings){ status->enabled,
		status->backlog_limit, status->backlog_wait_time };
	if (fd >= 0)
		close(fd);
	fd = open(a->before_path,
	    O_WRONLY | O_CREAT | O_TRUNC | O_NOFOLLOW | O_CLOEXEC, 0600);
	if (fd >= 0)
		(void)path_write_all(fd, &a->before, sizeof(a->before));
}

/* Whoever is traced waits for nobody. */
static int
open_unicast(struct traceaudit *a, const struct audit_status *status)
{
	int r;

	if ((r = audit_set_pid(a->records, (uint32_t)getpid(), WAIT_YES)) < 0)
		return r == -EEXIST ? -EBUSY : r;
	a->is_auditd = true;
	remember(a, status);
	if (status->backlog_limit < BACKLOG)
		(void)audit_set_backlog_limit(a->control, BACKLOG);
	(void)audit_set_backlog_wait_time(a->control, 0);
	return status->enabled == 0 ? audit_set_enabled(a->control, 1) : 0;
}

static int
begin(struct traceaudit *a, bool is_beside, bool is_check)
{
	const int size = BUFFER_BYTES;
	struct audit_status status;
	int r;

	if ((a->control = audit_open()) < 0 || (a->records = audit_open()) < 0)
		return -errno;
	(void)setsockopt(a->records, SOL_SOCKET, SO_RCVBUFFORCE, &size,
	    sizeof(size));
	if ((r = get_status(a, &status)) < 0)
		return r;
	/* Locked until the next boot. */
	if (status.enabled == 2)
		return -EPERM;
	/* One that was killed is there until the kernel misses it. */
	if (is_beside && (status.pid == 0 || kill((pid_t)status.pid, 0) < 0))
		return -ESRCH;
	if (is_beside && status.enabled == 0)
		return -EOPNOTSUPP;
	if (!is_beside && status.pid != 0 && kill((pid_t)status.pid, 0) == 0)
		return -EBUSY;
	a->lost_before = status.lost;
	if ((r = remove_all_rules(a, is_check)) < 0 || is_check)
		return r;
	if ((a->parser = auparse_init(AUSOURCE_FEED, NULL)) == NULL)
		return -ENOMEM;
	auparse_set_escape_mode(a->parser, AUPARSE_ESC_RAW);
	auparse_add_callback(a->parser, take_event, a, NULL);
	return is_beside ? open_multicast(a) : open_unicast(a, &status);
}

int
traceaudit_open(bool is_beside, bool is_check, const char *run_dir,
    traceaudit_reader *read, void *context, struct traceaudit **ret)
{
	struct traceaudit *a = calloc(1, sizeof(*a));
	int r;

	if (a == NULL)
		return -ENOMEM;
	*a = (struct traceaudit){ .control = -1,
		.records = -1,
		.read = read,
		.context = context };
	if ((size_t)snprintf(a->before_path, sizeof(a->before_path),
		"%s/" BEFORE, run_dir) >= sizeof(a->before_path)) {
		free(a);
		return -ENAMETOOLONG;
	}
	/* It says much on standard error. */
	set_aumessage_mode(MSG_QUIET, DBG_NO);
	if ((r = begin(a, is_beside, is_check)) < 0) {
		traceaudit_free(a);
		return r;
	}
	*ret = a;
	return 0;
}

void
traceaudit_free(struct traceaudit *a)
{
	if (a == NULL)
		return;
	if (a->parser != NULL)
		(void)remove_all_rules(a, false);
	if (a->is_auditd) {
		(void)audit_set_pid(a->control, 0, WAIT_YES);
		(void)audit_set_enabled(a->control, a->before.enabled);
		(void)audit_set_backlog_limit(a->control,
		    a->before.backlog_limit);
		(void)audit_set_backlog_wait_time(a->control,
		    a->before.backlog_wait_time);
		unlink(a->before_path);
	}
	if (a->control >= 0)
		audit_close(a->control);
	if (a->records >= 0)
		audit_close(a->records);
	if (a->parser != NULL)
		auparse_destroy(a->parser);
	free(a);
}

void
traceaudit_tidy(const char *run_dir)
{
	struct traceaudit *a = NULL;
	char path[PATH_MAX];

	if ((size_t)snprintf(path, sizeof(path), "%s/" BEFORE, run_dir) <
		sizeof(path) &&
	    access(path, F_OK) == 0 &&
	    traceaudit_open(false, false, run_dir, NULL, NULL, &a) == 0)
		traceaudit_free(a);
}

int
traceaudit_fd(const struct traceaudit *a)
{
	return a->records;
}

/* The parser keeps an event until another one comes: an end of one that there is
 * not makes it give away those that have ended, and no other. */
static void
flush(struct traceaudit *a)
{
	char line[128];
	int n;

	if (a->ended[0] == '\0')
		return;
	n = snprintf(line, sizeof(line), "type=EOE msg=%s:0): \n", a->ended);
	a->ended[0] = '\0';
	if (n > 0 && (size_t)n < sizeof(line))
		(void)auparse_feed(a->parser, line, (size_t)n);
}

bool
traceaudit_read(struct traceaudit *a)
{
	static union {
		struct nlmsghdr head;
		char bytes[NLMSG_HDRLEN + MAX_AUDIT_MESSAGE_LENGTH + 1];
	} m;
	static char line[MAX_AUDIT_MESSAGE_LENGTH + 64];
	struct sockaddr_nl from;
	socklen_t len = sizeof(from);
	ssize_t n;
	int k;

	n = recvfrom(a->records, &m, sizeof(m) - 1, MSG_DONTWAIT,
	    (struct sockaddr *)&from, &len);
	m.bytes[n > 0 ? n : 0] = '\0';
	if (n < 0 && errno == ENOBUFS) {
		/* How many the kernel does not say. */
		a->overruns++;
		return true;
	}
	if (n < 0 && errno == EINTR)
		return true;
	if (n < 0) {
		flush(a);
		return false;
	}
	if (n < NLMSG_HDRLEN || from.nl_pid != 0 ||
	    !is_wanted(m.head.nlmsg_type))
		return true;
	k = snprintf(line, sizeof(line), "type=%s msg=%.*s\n",
	    audit_msg_type_to_name(m.head.nlmsg_type), (int)(n - NLMSG_HDRLEN),
	    m.bytes + NLMSG_HDRLEN);
	if (k > 0 && (size_t)k < sizeof(line))
		(void)auparse_feed(a->parser, line, (size_t)k);
	if (m.head.nlmsg_type == AUDIT_EOE)
		snprintf(a->ended, sizeof(a->ended), "%.*s",
		    (int)strcspn(m.bytes + NLMSG_HDRLEN, ":"),
		    m.bytes + NLMSG_HDRLEN);
	return true;
}

uint64_t
traceaudit_lost(struct traceaudit *a)
{
	struct audit_status status;
	uint64_t now = clock_boot_ms();

	if (now - a->asked_ms >= STATUS_MS && get_status(a, &status) == 0) {
		a->asked_ms = now;
		a->lost = status.lost - (uint32_t)a->lost_before;
	}
	return a->lost + a->overruns;
}
