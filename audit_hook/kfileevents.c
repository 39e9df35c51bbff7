/* SPDX-License-Identifier: ISC */
/* What was done to files, as events; and the bytes of each, summed up. */
#include <fcntl.h>
#include <jansson.h>
#include <limits.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include "auto.h"
#include "jsontext.h"
#include "kevents.h"

/* Of an event's line. A summary's path is cut, the event of its closing has it
 * whole. */
#define STATS_BYTES 3500
#define STATS_PATH  400

struct kfiles {
	char directory[PATH_MAX]; /* that relative paths begin in */
	uint64_t operations, failures, files, bytes_read, bytes_written;
	uint64_t parts;
	json_t *stats;
	size_t stats_bytes;
};

struct action {
	const char *name;
	const char *codes[2]; /* it was done; it was not */
};

static const struct action actions[FILEOP_ACTIONS] = {
	[FILEOP_OPEN] = { "open", { "TS001I", "TS001E" } },
	[FILEOP_CLOSE] = { "close", { "TS002I", "TS002E" } },
	[FILEOP_READ] = { "read", { "TS003I", "TS003E" } },
	[FILEOP_WRITE] = { "write", { "TS004I", "TS004E" } },
	[FILEOP_LSTAT] = { "lstat", { "TS005I", "TS005E" } },
	[FILEOP_FSTAT] = { "fstat", { "TS006I", "TS006E" } },
	[FILEOP_SETSTAT] = { "setstat", { "TS007I", "TS007E" } },
	[FILEOP_FSETSTAT] = { "fsetstat", { "TS008I", "TS008E" } },
	[FILEOP_OPENDIR] = { "opendir", { "TS009I", "TS009E" } },
	[FILEOP_READDIR] = { "readdir", { "TS010I", "TS010E" } },
	[FILEOP_REMOVE] = { "remove", { "TS011I", "TS011E" } },
	[FILEOP_MKDIR] = { "mkdir", { "TS012I", "TS012E" } },
	[FILEOP_RMDIR] = { "rmdir", { "TS013I", "TS013E" } },
	[FILEOP_REALPATH] = { "realpath", { "TS014I", "TS014E" } },
	[FILEOP_STAT] = { "stat", { "TS015I", "TS015E" } },
	[FILEOP_RENAME] = { "rename", { "TS016I", "TS016E" } },
	[FILEOP_READLINK] = { "readlink", { "TS017I", "TS017E" } },
	[FILEOP_SYMLINK] = { "symlink", { "TS018I", "TS018E" } },
	[FILEOP_LINK] = { "link", { "TS019I", "TS019E" } },
	[FILEOP_COPY] = { "copy", { "CS023I", "CS023E" } },
	[FILEOP_EXTENDED] = { "extended", { "CS024I", "CS024E" } },
	[FILEOP_UPLOAD] = { "upload", { "T3005I", "T3005E" } },
	[FILEOP_DOWNLOAD] = { "download", { "T3004I", "T3004E" } },
};

/* sftp-server's -d, if it is a whole path. */
static void
take_start_directory(struct kfiles *f, const char *command)
{
	const char *option = strstr(command, " -d ");
	size_t n;

	if (option == NULL)
		return;
	option += 4;
	option += strspn(option, " ");
	n = strcspn(option, " ");
	if (*option == '/' && n < sizeof(f->directory))
		snprintf(f->directory, sizeof(f->directory), "%.*s", (int)n,
		    option);
}

struct kfiles *
kfiles_new(pid_t wrapper, const char *command)
{
	struct kfiles *f = calloc(1, sizeof(*f));
	char link[64];

	if (f == NULL)
		return NULL;
	snprintf(link, sizeof(link), "/proc/%d/cwd", (int)wrapper);
	if (readlink(link, f->directory, sizeof(f->directory) - 1) < 0)
		f->directory[0] = '\0';
	take_start_directory(f, command);
	return f;
}

void
kfiles_free(struct kfiles *f)
{
	if (f == NULL)
		return;
	json_decref(f->stats);
	free(f);
}

/* draft-ietf-secsh-filexfer-02, 7 */
static const char *
status_text(uint32_t status)
{
	static const char *const texts[] = { "no error", "end of file",
		"no such file", "permission denied", "failure", "bad message",
		"no connection", "connection lost", "operation unsupported" };

	return status < ARRAY_SIZE(texts) ? texts[status] : "unknown error";
}

static void
add_text(struct event *ev, const char *key, const struct fileop_text *t)
{
	if (t->n > 0)
		event_path(ev, key, t->p, t->n);
}

/* Where a path begins that does not begin at the root. */
static void
add_directory(struct event *ev, const struct ksession *s, char first)
{
	const char *d = s->files->directory;

	if (first != '/' && *d != '\0')
		event_path(ev, "working_directory", d, strlen(d));
}

/* The words stand in *v, which is borrowed. */
static void
add_flags(struct event *ev, uint32_t flags, struct strv *words, char *v[6])
{
	static const char *const names[] = { "read", "write", "append",
		"create", "truncate", "exclusive" };
	size_t i;

	*words = (struct strv){ .v = v };
	for (i = 0; i < ARRAY_SIZE(names); i++)
		if ((flags & (1U << i)) != 0)
			v[words->n++] = (char *)(uintptr_t)names[i];
	event_list(ev, "flags", words);
}

struct attribute_texts {
	char permissions[16];
	char accessed[CLOCK_TEXT_MAX], modified[CLOCK_TEXT_MAX];
};

static void
add_attributes(struct event *ev, const struct fileop *op,
    struct attribute_texts *t)
{
	if (op->attributes == 0)
		return;
	event_object(ev, "attributes");
	if ((op->attributes & FILEOP_HAS_SIZE) != 0)
		event_uint(ev, "file_size", op->size);
	if ((op->attributes & FILEOP_HAS_OWNER) != 0) {
		event_uint(ev, "uid", op->owner);
		event_uint(ev, "gid", op->group);
	}
	if ((op->attributes & FILEOP_HAS_PERMISSIONS) != 0) {
		snprintf(t->permissions, sizeof(t->permissions), "%04o",
		    op->permissions & 07777U);
		event_string(ev, "permissions", t->permissions);
	}
	if ((op->attributes & FILEOP_HAS_TIMES) != 0) {
		event_string(ev, "access_time",
		    clock_rfc3339(op->accessed_s, t->accessed));
		event_string(ev, "modification_time",
		    clock_rfc3339(op->modified_s, t->modified));
	}
	event_object_end(ev);
}

static const char *
error_text(const struct fileop *op)
{
	if (op->is_unanswered)
		return op->action == FILEOP_CLOSE
		    ? "it was not closed"
		    : "the session ended before its answer";
	return op->has_failed ? status_text(op->status) : NULL;
}

static void
send_sftp(struct connection *c, const struct ksession *s,
    const struct fileop *op)
{
	struct event_context ctx = kevent_context(c, s);
	const struct action *a = &actions[op->action];
	const struct fileop_text *path = &op->texts[FILEOP_PATH];
	const char *error = error_text(op);
	struct attribute_texts texts;
	struct strv words;
	char *v[6];
	struct event ev;

	event_init(&ev, &ctx, "sftp", a->codes[error != NULL]);
	event_string(&ev, "action", a->name);
	add_text(&ev, "path", path);
	if (path->n > 0)
		add_directory(&ev, s, (char)path->p[0]);
	add_text(&ev, "target_path", &op->texts[FILEOP_TARGET]);
	add_text(&ev, "name", &op->texts[FILEOP_MESSAGE]);
	if (op->action == FILEOP_OPEN)
		add_flags(&ev, op->flags, &words, v);
	add_attributes(&ev, op, &texts);
	if (op->action == FILEOP_CLOSE && !op->is_directory) {
		event_uint(&ev, "bytes_read", op->bytes_read);
		event_uint(&ev, "bytes_written", op->bytes_written);
	}
	if (error != NULL)
		event_string(&ev, "error", error);
	if (op->is_cut)
		event_bool(&ev, "path_cut", true);
	eventsink_send(&c->sink, &ev);
}

static void
send_scp(struct connection *c, const struct ksession *s,
    const struct fileop *op)
{
	struct event_context ctx = kevent_context(c, s);
	const struct action *a = &actions[op->action];
	const struct fileop_text *message = &op->texts[FILEOP_MESSAGE];
	char error[560];
	struct event ev;

	event_init(&ev, &ctx, "scp", a->codes[op->has_failed != 0]);
	event_string(&ev, "action", a->name);
	event_path(&ev, "path", s->operand, strlen(s->operand));
	/* The shell makes something else of it, which is not known. */
	if (strpbrk(s->operand, "$`*?[{~") != NULL)
		event_bool(&ev, "path_expands", true);
	add_directory(&ev, s, s->operand[0]);
	add_text(&ev, "name", &op->texts[FILEOP_PATH]);
	event_uint(&ev, "bytes", op->bytes_read + op->bytes_written);
	if (op->has_failed && message->n > 0) {
		snprintf(error, sizeof(error), "%s: %.*s",
		    op->is_senders == (op->action == FILEOP_UPLOAD)
			? "the client says"
			: "the server says",
		    (int)(message->n < 512 ? message->n : 512),
		    (const char *)message->p);
		event_string(&ev, "error", error);
	} else if (op->has_failed)
		event_string(&ev, "error", "it was not copied to its end");
	if (op->is_cut)
		event_bool(&ev, "path_cut", true);
	eventsink_send(&c->sink, &ev);
}

static void
send_summary(struct connection *c, const struct ksession *s, bool is_last)
{
	struct event_context ctx = kevent_context(c, s);
	struct kfiles *f = s->files;
	AUTO(free)
	char *text = f->stats == NULL
	    ? NULL
	    : json_dumps(f->stats, JSON_COMPACT | JSON_ENSURE_ASCII);
	struct event ev;

	event_init(&ev, &ctx, "sftp_summary", "TS021I");
	event_uint(&ev, "part", ++f->parts);
	event_json(&ev, "file_transfer_stats", text != NULL ? text : "[]");
	event_bool(&ev, "is_last", is_last);
	if (is_last) {
		event_uint(&ev, "files", f->files);
		event_uint(&ev, "bytes_read", f->bytes_read);
		event_uint(&ev, "bytes_written", f->bytes_written);
		event_uint(&ev, "operations",
		    f->operations + s->recording.not_told);
		event_uint(&ev, "failures", f->failures);
		event_uint(&ev, "not_told", s->recording.not_told);
	}
	eventsink_send(&c->sink, &ev);
	json_decref(f->stats);
	f->stats = NULL;
	f->stats_bytes = 0;
}

static void
sum_up(struct connection *c, const struct ksession *s, const struct fileop *op)
{
	const struct fileop_text *path = &op->texts[FILEOP_PATH];
	struct kfiles *f = s->files;
	/* Its end says most. */
	size_t n = path->n < STATS_PATH ? path->n : STATS_PATH;
	/* JSON's numbers have a sign. */
	uint64_t bytes_read = op->bytes_read & INT64_MAX;
	uint64_t bytes_written = op->bytes_written & INT64_MAX;
	json_t *entry;

	f->files++;
	f->bytes_read += bytes_read;
	f->bytes_written += bytes_written;
	entry = json_pack("{s:o, s:I, s:I}", "path",
	    jsontext_string(path->p + path->n - n, n), "bytes_read",
	    (json_int_t)bytes_read, "bytes_written", (json_int_t)bytes_written);
	if (f->stats == NULL)
		f->stats = json_array();
	if (entry != NULL)
		f->stats_bytes += json_dumpb(entry, NULL, 0,
		    JSON_COMPACT | JSON_ENSURE_ASCII);
	(void)json_array_append_new(f->stats, entry);
	if (f->stats_bytes > STATS_BYTES)
		send_summary(c, s, false);
}

/* No session is ended for it: what a role demands is the record of its bytes. */
static void
send_lost(struct connection *c, const struct ksession *s,
    const struct fileop *op)
{
	struct event_context ctx = kevent_context(c, s);
	const struct fileop_text *message = &op->texts[FILEOP_MESSAGE];
	char why[256];
	struct event ev;

	snprintf(why, sizeof(why),
	    "what is done to files is not told any more: %.*s",
	    (int)(message->n < 128 ? message->n : 128),
	    (const char *)message->p);
	event_init(&ev, &ctx, "recording.failed", "CS020E");
	event_string(&ev, "reason", why);
	event_bool(&ev, "strict", false);
	eventsink_send(&c->sink, &ev);
}

void
kevent_file(struct connection *c, const struct ksession *s,
    const struct fileop *op)
{
	struct kfiles *f = s->files;

	if (f == NULL)
		return;
	if (op->action == FILEOP_LOST) {
		send_lost(c, s, op);
		return;
	}
	f->operations++;
	f->failures += op->has_failed != 0;
	if (op->action == FILEOP_UPLOAD || op->action == FILEOP_DOWNLOAD) {
		send_scp(c, s, op);
		return;
	}
	send_sftp(c, s, op);
	if (op->action == FILEOP_CLOSE && !op->is_directory)
		sum_up(c, s, op);
}

void
kevent_file_summary(struct connection *c, const struct ksession *s)
{
	if (s->files != NULL && s->tap == FILE_TAP_SFTP)
		send_summary(c, s, true);
}
