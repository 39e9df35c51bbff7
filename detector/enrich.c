/* SPDX-License-Identifier: ISC */
#include <stdlib.h>
#include <string.h>
#include <sys/socket.h>

#include "ascii.h"
#include "auto.h"
#include "cidr.h"
#include "enrich.h"
#include "eventtime.h"
#include "through.h"

#define PROCESSES 8192 /* remembered, for their children; a power of two */
#define TEXT_MAX  496
#define WORDS_MAX 4096

#define BIT(made) (UINT32_C(1) << (made))
#define PARENT	  (BIT(MADE_PARENT_IMAGE) | BIT(MADE_PARENT_COMMAND_LINE))
#define ARGS	  (~UINT32_C(0) << MADE_ARG)

/* What a process was when it began; a later one takes its place. */
struct process {
	uint64_t key;
	uint16_t image, command; /* lengths, one after the other in text */
	char text[TEXT_MAX];
};

enum input {
	IN_PATH,
	IN_ARGV0,
	IN_ARGV,
	IN_PROGRAM,
	IN_PID,
	IN_PPID,
	IN_SERVER,
	IN_HOST,
	IN_REMOTE,
	IN_TARGET,
	IN_FOLDER,
	IN_COMMAND,
	IN_USER,
	IN_TIME,
	IN_AFTER,
	IN_BEFORE,
	IN_EXPIRES,
	IN_N
};

static const char *const inputs[IN_N] = { [IN_PATH] = "path",
	[IN_ARGV0] = "argv0",
	[IN_ARGV] = "argv",
	[IN_PROGRAM] = "program",
	[IN_PID] = "pid",
	[IN_PPID] = "ppid",
	[IN_SERVER] = "server_id",
	[IN_HOST] = "server_hostname",
	[IN_REMOTE] = "addr.remote",
	[IN_TARGET] = "target_path",
	[IN_FOLDER] = "working_directory",
	[IN_COMMAND] = "command",
	[IN_USER] = "user",
	[IN_TIME] = "time",
	[IN_AFTER] = "valid_after",
	[IN_BEFORE] = "valid_before",
	[IN_EXPIRES] = "identity.expires" };

struct enrich {
	const struct fields *fields;
	int in[IN_N];
	struct process *processes; /* NULL: nobody asks for parents */
};

struct enrich *
enrich_new(struct fields *fields)
{
	struct enrich *e = calloc(1, sizeof(*e));
	size_t i;

	if (e == NULL)
		return NULL;
	e->fields = fields;
	for (i = 0; i < IN_N; i++)
		if ((e->in[i] = fieldtree_add(&fields->tree, inputs[i])) < 0) {
			free(e);
			return NULL;
		}
	return e;
}

void
enrich_free(struct enrich *e)
{
	if (e == NULL)
		return;
	free(e->processes);
	free(e);
}

uint32_t
enrich_bit(const struct enrich *e, int field)
{
	size_t i;

	for (i = 0; i < MADE_N; i++)
		if (e->fields->made[i] == field)
			return BIT(i);
	return 0;
}

uint32_t
enrich_missing(const struct enrich *e, const struct record *r, uint32_t bits)
{
	uint32_t left;
	size_t i;

	for (left = bits; left != 0; left &= left - 1) {
		i = (size_t)__builtin_ctz(left);
		if (record_get(r, e->fields->made[i]) != NULL)
			bits &= ~BIT(i);
	}
	return bits;
}

void
enrich_wants(struct enrich *e, uint32_t bits)
{
	if ((bits & PARENT) != 0 && e->processes == NULL)
		e->processes = calloc(PROCESSES, sizeof(*e->processes));
}

static const struct value *
in(const struct enrich *e, const struct record *r, enum input i)
{
	return record_get(r, e->in[i]);
}

static void
make(const struct enrich *e, struct record *r, enum made m, const char *p,
    size_t len)
{
	record_add(r, e->fields->made[m], p, len, VALUE_TEXT);
}

static size_t
joined_bytes(const struct value *v)
{
	size_t n = 0;

	for (; v != NULL; v = v->next)
		n += v->len + 1;
	return n;
}

static char *
join(char *out, const struct value *v)
{
	for (; v != NULL; v = v->next) {
		memcpy(out, v->p, v->len);
		out += v->len;
		*out++ = ' ';
	}
	return out;
}

/* Teleport's events have no argv0. */
static const struct value *
first_word(const struct enrich *e, const struct record *r)
{
	const struct value *v = in(e, r, IN_ARGV0);

	return v != NULL ? v : in(e, r, IN_PROGRAM);
}

static void
make_command_line(const struct enrich *e, struct record *r)
{
	const struct value *first = first_word(e, r), *argv = in(e, r, IN_ARGV);
	size_t n = (first != NULL ? first->len + 1 : 0) + joined_bytes(argv);
	const struct value *given = in(e, r, IN_COMMAND);
	char *text, *end;

	if (first == NULL && given != NULL)
		make(e, r, MADE_COMMAND_LINE, given->p, given->len);
	if (first == NULL || (text = record_alloc(r, n)) == NULL)
		return;
	memcpy(text, first->p, first->len);
	end = text + first->len;
	*end++ = ' ';
	end = join(end, argv);
	make(e, r, MADE_COMMAND_LINE, text, (size_t)(end - text) - 1);
}

static void
make_args(const struct enrich *e, struct record *r, uint32_t bits)
{
	const struct value *v = first_word(e, r);
	size_t i;

	if (v == NULL)
		return;
	if ((bits & BIT(MADE_ARG)) != 0)
		make(e, r, MADE_ARG, v->p, v->len);
	v = in(e, r, IN_ARGV);
	for (i = 1; i < MADE_ARGS && v != NULL; i++, v = v->next)
		if ((bits & BIT(MADE_ARG + i)) != 0)
			make(e, r, (enum made)(MADE_ARG + i), v->p, v->len);
}

/* What sshd says: "... from ADDRESS port N". */
static void
make_said_ip(const struct enrich *e, struct record *r)
{
	const struct value *v = record_get(r, e->fields->made[MADE_MESSAGE]);
	const char *p, *end, *stop, *found = NULL;
	size_t found_len = 0;

	if (v == NULL)
		return;
	/* A name that somebody chose stands before it: the last one counts. */
	stop = v->p + v->len;
	for (p = v->p;
	     (p = memmem(p, (size_t)(stop - p), " from ", 6)) != NULL;) {
		p += 6;
		end = memchr(p, ' ', (size_t)(stop - p));
		if (end == NULL || end == p || end - p >= 46 ||
		    strchr("0123456789abcdef:", *p) == NULL || stop - end < 6 ||
		    memcmp(end, " port ", 6) != 0)
			continue;
		found = p;
		found_len = (size_t)(end - p);
	}
	if (found != NULL)
		make(e, r, MADE_REMOTE_IP, found, found_len);
}

/* 192.0.2.1:22, [2001:db8::1]:22, or without a port */
static void
make_remote_ip(const struct enrich *e, struct record *r)
{
	const struct value *v = in(e, r, IN_REMOTE);
	const char *p, *colon;
	size_t len;

	if (v == NULL) {
		make_said_ip(e, r);
		return;
	}
	p = v->p;
	len = v->len;
	if (len > 0 && *p == '[') {
		p++;
		colon = memchr(p, ']', --len);
	} else {
		colon = memchr(p, ':', len);
		if (colon != NULL &&
		    memchr(colon + 1, ':', len - (size_t)(colon + 1 - p)) !=
			NULL)
			colon = NULL;
	}
	make(e, r, MADE_REMOTE_IP, p,
	    colon != NULL ? (size_t)(colon - p) : len);
}

/* Where neither country nor provider is known, neighbours are the next best. */
static void
make_remote_net(const struct enrich *e, struct record *r)
{
	const struct value *ip = record_get(r, e->fields->made[MADE_REMOTE_IP]);
	char text[CIDR_TEXT_MAX], *kept;
	struct cidr c;
	size_t keep, n;

	if (ip == NULL || ip->len >= sizeof(text))
		return;
	memcpy(text, ip->p, ip->len);
	text[ip->len] = '\0';
	if (cidr_parse(text, &c) < 0)
		return;
	keep = c.family == AF_INET ? 3 : 6;
	memset(c.addr + keep, 0, sizeof(c.addr) - keep);
	c.bits = (unsigned)keep * 8;
	n = strlen(cidr_format(&c, text));
	if ((kept = record_alloc(r, n)) == NULL)
		return;
	memcpy(kept, text, n);
	make(e, r, MADE_REMOTE_NET, kept, n);
}

static void
make_user_domain(const struct enrich *e, struct record *r)
{
	const struct value *v = in(e, r, IN_USER);
	const char *at = v != NULL ? memrchr(v->p, '@', v->len) : NULL;

	if (at != NULL)
		make(e, r, MADE_USER_DOMAIN, at + 1,
		    v->len - (size_t)(at + 1 - v->p));
}

/* A number where JSON has one, or a time. */
static bool
seconds_of(const struct value *v, uint64_t *ret)
{
	uint64_t us;
	size_t i;

	if (v == NULL)
		return false;
	if (v->kind == VALUE_NUMBER) {
		for (i = 0, *ret = 0; i < v->len && v->p[i] >= '0' &&
		     v->p[i] <= '9' && *ret < UINT64_MAX / 100;
		     i++)
			*ret = *ret * 10 + (uint64_t)(v->p[i] - '0');
		return true;
	}
	if (eventtime_parse(v->p, v->len, 0, &us) < 0)
		return false;
	*ret = us / 1000000;
	return true;
}

static void
make_validity(const struct enrich *e, struct record *r)
{
	const struct value *end = in(e, r, IN_BEFORE);
	uint64_t from, to;
	char *text;
	int n;

	if (end == NULL)
		end = in(e, r, IN_EXPIRES);
	if (!seconds_of(end, &to) || !seconds_of(in(e, r, IN_TIME), &from) ||
	    to < from || (text = record_alloc(r, 24)) == NULL)
		return;
	n = snprintf(text, 24, "%llu", (unsigned long long)(to - from));
	record_add(r, e->fields->made[MADE_VALIDITY], text, (size_t)n,
	    VALUE_NUMBER);
}

static void
make_file(const struct enrich *e, struct record *r, const struct value *path)
{
	const struct value *folder = in(e, r, IN_FOLDER);
	char *text;

	if (path == NULL)
		return;
	if (folder == NULL || folder->len == 0 ||
	    (path->len > 0 && path->p[0] == '/')) {
		make(e, r, MADE_FILES, path->p, path->len);
		return;
	}
	if ((text = record_alloc(r, folder->len + 1 + path->len)) == NULL)
		return;
	memcpy(text, folder->p, folder->len);
	text[folder->len] = '/';
	memcpy(text + folder->len + 1, path->p, path->len);
	make(e, r, MADE_FILES, text, folder->len + 1 + path->len);
}

/* ---- parents ---------------------------------------------------------------- */

static uint64_t
process_key(const struct enrich *e, const struct record *r,
    const struct value *pid)
{
	const struct value *host = in(e, r, IN_SERVER);
	uint64_t h = 1;

	if (host == NULL)
		host = in(e, r, IN_HOST);
	if (host != NULL)
		h = quick_hash(h, 0, host->p, host->len);
	return quick_hash(h, 0, pid->p, pid->len);
}

static void
make_parent(const struct enrich *e, struct record *r)
{
	const struct value *ppid = in(e, r, IN_PPID);
	const struct process *p;
	uint64_t key;
	char *text;

	if (ppid == NULL)
		return;
	key = process_key(e, r, ppid);
	p = &e->processes[key & (PROCESSES - 1)];
	if (p->key != key ||
	    (text = record_alloc(r, (size_t)p->image + p->command)) == NULL)
		return;
	memcpy(text, p->text, (size_t)p->image + p->command);
	make(e, r, MADE_PARENT_IMAGE, text, p->image);
	make(e, r, MADE_PARENT_COMMAND_LINE, text + p->image, p->command);
}

static uint16_t
keep_text(struct process *p, size_t at, const struct value *v)
{
	size_t n = v == NULL ? 0 : v->len;

	if (n > TEXT_MAX - at)
		n = TEXT_MAX - at;
	if (n > 0)
		memcpy(p->text + at, v->p, n);
	return (uint16_t)n;
}

static void
remember(const struct enrich *e, const struct record *r)
{
	const struct value *pid = in(e, r, IN_PID),
			   *command = record_get(r,
			       e->fields->made[MADE_COMMAND_LINE]);
	struct process *p;
	uint64_t key;

	if (pid == NULL || command == NULL)
		return;
	key = process_key(e, r, pid);
	p = &e->processes[key & (PROCESSES - 1)];
	p->key = key;
	p->image = keep_text(p, 0, in(e, r, IN_PATH));
	p->command = keep_text(p, p->image, command);
}

/* ---- the whole ---------------------------------------------------------------- */

static void
make_command(const struct enrich *e, struct record *r, uint32_t bits)
{
	if ((bits & (BIT(MADE_COMMAND_LINE) | PARENT)) != 0 &&
	    record_get(r, e->fields->made[MADE_COMMAND_LINE]) == NULL)
		make_command_line(e, r);
	if ((bits & ARGS) != 0)
		make_args(e, r, bits);
}

void
enrich_fill(struct enrich *e, struct record *r, uint32_t bits, const char *line,
    size_t len)
{
	if (in(e, r, IN_ARGV0) != NULL || in(e, r, IN_ARGV) != NULL ||
	    in(e, r, IN_COMMAND) != NULL)
		make_command(e, r, bits);
	if ((bits & PARENT) != 0 && e->processes != NULL) {
		make_parent(e, r);
		remember(e, r);
	}
	if ((bits & (BIT(MADE_REMOTE_IP) | BIT(MADE_REMOTE_NET))) != 0 &&
	    record_get(r, e->fields->made[MADE_REMOTE_IP]) == NULL)
		make_remote_ip(e, r);
	if ((bits & BIT(MADE_REMOTE_NET)) != 0)
		make_remote_net(e, r);
	if ((bits & BIT(MADE_USER_DOMAIN)) != 0)
		make_user_domain(e, r);
	if ((bits & BIT(MADE_VALIDITY)) != 0)
		make_validity(e, r);
	if ((bits & BIT(MADE_FILES)) != 0) {
		make_file(e, r, in(e, r, IN_PATH));
		make_file(e, r, in(e, r, IN_TARGET));
	}
	if ((bits & BIT(MADE_LINE)) != 0)
		make(e, r, MADE_LINE, line, len);
}

/* ---- what a command runs --------------------------------------------------------- */

struct each {
	struct enrich *e;
	struct record *r;
	uint32_t bits;
	const struct enrich_through *to;
};

/* What of the record is the command's. */
static int
command_field(const struct enrich *e, size_t i)
{
	static const enum input own[] = { IN_PATH, IN_ARGV0, IN_ARGV,
		IN_PROGRAM };

	if (i < ARRAY_SIZE(own))
		return e->in[own[i]];
	i -= ARRAY_SIZE(own);
	return e->fields->made[i == 0 ? MADE_COMMAND_LINE : MADE_ARG + i - 1];
}

#define COMMAND_FIELDS (4 + 1 + MADE_ARGS)

static void
add_text(struct record *r, int field, const char *p, size_t len)
{
	char *copy = record_alloc(r, len + 1);

	if (copy == NULL)
		return;
	memcpy(copy, p, len);
	record_add(r, field, copy, len, VALUE_TEXT);
}

/* A name without a folder stands where programs mostly do. */
static void
add_path(const struct enrich *e, struct record *r, const char *word)
{
	static const char folder[] = "/usr/bin/";
	size_t len = strlen(word);
	char *path;

	if (strchr(word, '/') != NULL) {
		add_text(r, e->in[IN_PATH], word, len);
		return;
	}
	if ((path = record_alloc(r, sizeof(folder) + len)) == NULL)
		return;
	memcpy(path, folder, sizeof(folder) - 1);
	memcpy(path + sizeof(folder) - 1, word, len + 1);
	record_add(r, e->in[IN_PATH], path, sizeof(folder) - 1 + len,
	    VALUE_TEXT);
}

static void
take_words(void *context, char *const *words, size_t n)
{
	const struct each *x = context;
	const char *slash = strrchr(words[0], '/'),
		   *name = slash != NULL ? slash + 1 : words[0];
	struct record_values gone;
	size_t i;

	for (i = 0; i < COMMAND_FIELDS; i++)
		record_take(x->r, command_field(x->e, i), &gone);
	add_path(x->e, x->r, words[0]);
	add_text(x->r, x->e->in[IN_ARGV0], words[0], strlen(words[0]));
	add_text(x->r, x->e->in[IN_PROGRAM], name, strlen(name));
	for (i = 1; i < n; i++)
		add_text(x->r, x->e->in[IN_ARGV], words[i], strlen(words[i]));
	make_command(x->e, x->r, x->bits);
	x->to->take(x->to->context);
}

static char *
word_of(struct record *r, const struct value *v)
{
	char *word = record_alloc(r, v->len + 1);

	if (word == NULL)
		return NULL;
	memcpy(word, v->p, v->len);
	word[v->len] = '\0';
	return word;
}

/* The words of the record's command; a text that a shell was given is one of
 * `sh -c`. How many; 0: there is none, or no room. */
static size_t
words_of(const struct each *x, char **words)
{
	static char sh[] = "sh", dash_c[] = "-c";
	const struct value *first = first_word(x->e, x->r),
			   *v = in(x->e, x->r, IN_COMMAND);
	size_t n = 0;

	if (first == NULL) {
		words[0] = sh;
		words[1] = dash_c;
		return (words[2] = word_of(x->r, v)) == NULL ? 0 : 3;
	}
	if ((words[n++] = word_of(x->r, first)) == NULL)
		return 0;
	for (v = in(x->e, x->r, IN_ARGV); v != NULL && n < WORDS_MAX;
	     v = v->next)
		if ((words[n++] = word_of(x->r, v)) == NULL)
			return 0;
	return n;
}

static void
each_through(const struct each *x)
{
	struct each mine = *x;
	const struct through to = { take_words, &mine };
	NOT_ZEROED struct record_values saved[COMMAND_FIELDS];
	struct record *r = x->r;
	size_t n, i;
	char **words = record_alloc(r, WORDS_MAX * sizeof(*words));

	if (words == NULL || (n = words_of(x, words)) == 0)
		return;
	for (i = 0; i < COMMAND_FIELDS; i++) {
		record_take(r, command_field(x->e, i), &saved[i]);
		record_put(r, command_field(x->e, i), &saved[i]);
	}
	(void)through_read(words, n, &to);
	for (i = 0; i < COMMAND_FIELDS; i++)
		record_put(r, command_field(x->e, i), &saved[i]);
}

void
enrich_each_through(struct enrich *e, struct record *r, uint32_t bits,
    const struct enrich_through *t)
{
	const struct each x = { e, r, bits, t };
	const struct value *v = first_word(e, r);

	if (v != NULL ? through_may(v->p, v->len)
		      : in(e, r, IN_COMMAND) != NULL)
		each_through(&x);
}
