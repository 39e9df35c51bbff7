/* SPDX-License-Identifier: ISC */
/* Requests wait in a queue for their answers. A server answers in order, as a
 * rule: the one that is looked for is the first. */
#include <string.h>

#include "auto.h"
#include "sftptap.h"
#include "wire.h"

/* OpenSSH's is a quarter of it. */
#define PACKET_MAX    (1024U * 1024U)
#define HEAD_OF_WRITE (4 + 1 + 4 + 4 + SFTPTAP_HANDLE_BYTES + 8 + 4)
#define HEAD_OF_DATA  (4 + 1 + 4 + 4)
#define VERSION	      3
#define REQUEST_MAX   (FILEOP_TEXTS * FILEOP_TEXT_MAX + 512)

enum packet_type {
	FXP_INIT = 1,
	FXP_VERSION = 2,
	FXP_OPEN = 3,
	FXP_CLOSE = 4,
	FXP_READ = 5,
	FXP_WRITE = 6,
	FXP_LSTAT = 7,
	FXP_FSTAT = 8,
	FXP_SETSTAT = 9,
	FXP_FSETSTAT = 10,
	FXP_OPENDIR = 11,
	FXP_READDIR = 12,
	FXP_REMOVE = 13,
	FXP_MKDIR = 14,
	FXP_RMDIR = 15,
	FXP_REALPATH = 16,
	FXP_STAT = 17,
	FXP_RENAME = 18,
	FXP_READLINK = 19,
	FXP_SYMLINK = 20,
	FXP_STATUS = 101,
	FXP_HANDLE = 102,
	FXP_DATA = 103,
	FXP_NAME = 104,
	FXP_ATTRS = 105,
	FXP_EXTENDED = 200,
	FXP_EXTENDED_REPLY = 201
};

enum status {
	FX_OK = 0,
	FX_EOF = 1
};

enum attribute_flag {
	ATTR_SIZE = 1,
	ATTR_UIDGID = 2,
	ATTR_PERMISSIONS = 4,
	ATTR_ACMODTIME = 8
};

/* What stands in a request after its id. */
enum request_form {
	FORM_PATH,
	FORM_OPEN, /* path, flags, attributes */
	FORM_PATH_ATTRIBUTES,
	FORM_TWO_PATHS,
	FORM_HANDLE,
	FORM_HANDLE_ATTRIBUTES,
	FORM_WRITE, /* handle, offset, data */
	FORM_TWO_HANDLES, /* handle, offset, length, handle, offset */
	FORM_SILENT /* nothing that is told */
};

struct request_kind {
	const char *extension; /* its name; else `type` */
	uint8_t type;
	uint8_t action;
	uint8_t form;
};

static const struct request_kind kinds[] = {
	{ NULL, FXP_OPEN, FILEOP_OPEN, FORM_OPEN },
	{ NULL, FXP_CLOSE, FILEOP_CLOSE, FORM_HANDLE },
	{ NULL, FXP_READ, FILEOP_READ, FORM_HANDLE },
	{ NULL, FXP_WRITE, FILEOP_WRITE, FORM_WRITE },
	{ NULL, FXP_LSTAT, FILEOP_LSTAT, FORM_PATH },
	{ NULL, FXP_FSTAT, FILEOP_FSTAT, FORM_HANDLE },
	{ NULL, FXP_SETSTAT, FILEOP_SETSTAT, FORM_PATH_ATTRIBUTES },
	{ NULL, FXP_FSETSTAT, FILEOP_FSETSTAT, FORM_HANDLE_ATTRIBUTES },
	{ NULL, FXP_OPENDIR, FILEOP_OPENDIR, FORM_PATH },
	{ NULL, FXP_READDIR, FILEOP_READDIR, FORM_HANDLE },
	{ NULL, FXP_REMOVE, FILEOP_REMOVE, FORM_PATH },
	{ NULL, FXP_MKDIR, FILEOP_MKDIR, FORM_PATH_ATTRIBUTES },
	{ NULL, FXP_RMDIR, FILEOP_RMDIR, FORM_PATH },
	{ NULL, FXP_REALPATH, FILEOP_REALPATH, FORM_PATH },
	{ NULL, FXP_STAT, FILEOP_STAT, FORM_PATH },
	{ NULL, FXP_RENAME, FILEOP_RENAME, FORM_TWO_PATHS },
	{ NULL, FXP_READLINK, FILEOP_READLINK, FORM_PATH },
	/* OpenSSH's order: what it stands for, then its own name. */
	{ NULL, FXP_SYMLINK, FILEOP_SYMLINK, FORM_TWO_PATHS },
	{ "posix-rename@openssh.com", 0, FILEOP_RENAME, FORM_TWO_PATHS },
	{ "hardlink@openssh.com", 0, FILEOP_LINK, FORM_TWO_PATHS },
	{ "lsetstat@openssh.com", 0, FILEOP_SETSTAT, FORM_PATH_ATTRIBUTES },
	{ "expand-path@openssh.com", 0, FILEOP_REALPATH, FORM_PATH },
	{ "copy-data", 0, FILEOP_COPY, FORM_TWO_HANDLES },
	{ "fsync@openssh.com", 0, 0, FORM_SILENT },
	{ "statvfs@openssh.com", 0, 0, FORM_SILENT },
	{ "fstatvfs@openssh.com", 0, 0, FORM_SILENT },
	{ "limits@openssh.com", 0, 0, FORM_SILENT },
	{ "home-directory", 0, 0, FORM_SILENT },
	{ "users-groups-by-id@openssh.com", 0, 0, FORM_SILENT },
};

/* In `pending`, followed by the texts: at most REQUEST_MAX. */
struct request {
	uint32_t size; /* with its texts, rounded up */
	uint32_t id;
	uint32_t data; /* bytes of a write */
	uint16_t lens[FILEOP_TEXTS];
	uint8_t form;
	bool is_answered;
	struct fileop op; /* texts: as lens and what follows say */
};

/* A request as it lies in its packet. */
struct body {
	struct reader head; /* what is there of it */
	uint32_t beyond; /* bytes of the packet after that */
};

static void
give_up(struct sftptap *t, const char *why)
{
	struct fileop op = { .action = FILEOP_LOST, .has_failed = true };

	op.texts[FILEOP_MESSAGE] =
	    (struct fileop_text){ (const uint8_t *)why, strlen(why) };
	sftptap_end(t);
	t->is_over = true;
	t->tell(t->context, &op);
}

/* The server would read what is not in the packet, or does not end there. */
static void
refuse(struct sftptap *t)
{
	static const char why[] =
	    "the client sent a request that no client sends; the session is "
	    "ended";

	give_up(t, why);
	t->is_refused = true;
}

/* As sshbuf_get_cstring() does: a NUL at the end is none of the text's. */
static void
cut_nul(struct reader *r)
{
	if (r->left > 0 && r->p[r->left - 1] == '\0')
		r->left--;
}

static void
put_text(struct fileop *op, enum fileop_text_name name, const struct reader *r)
{
	size_t n = r->left;

	if (n > FILEOP_TEXT_MAX - 1) {
		n = FILEOP_TEXT_MAX - 1;
		op->is_cut = true;
	}
	op->texts[name] = (struct fileop_text){ r->p, n };
}

/* A string of which the packet's head may have but the beginning. */
static int
read_text(struct body *b, struct fileop *op, enum fileop_text_name name)
{
	struct reader *r = &b->head, text;
	uint32_t len;

	if (reader_u32(r, &len) < 0 || len > r->left + b->beyond)
		return -1;
	text = (struct reader){ r->p, len < r->left ? len : r->left };
	r->p += text.left;
	r->left -= text.left;
	if (len > text.left)
		op->is_cut = true;
	else
		cut_nul(&text);
	put_text(op, name, &text);
	return 0;
}

static int
read_attributes(struct reader *r, struct fileop *op)
{
	uint32_t flags;

	if (reader_u32(r, &flags) < 0 ||
	    ((flags & ATTR_SIZE) != 0 && reader_u64(r, &op->size) < 0) ||
	    ((flags & ATTR_UIDGID) != 0 &&
		(reader_u32(r, &op->owner) < 0 ||
		    reader_u32(r, &op->group) < 0)) ||
	    ((flags & ATTR_PERMISSIONS) != 0 &&
		reader_u32(r, &op->permissions) < 0) ||
	    ((flags & ATTR_ACMODTIME) != 0 &&
		(reader_u32(r, &op->accessed_s) < 0 ||
		    reader_u32(r, &op->modified_s) < 0)))
		return -1;
	/* The bits are the same ones. */
	op->attributes = flags &
	    (ATTR_SIZE | ATTR_UIDGID | ATTR_PERMISSIONS | ATTR_ACMODTIME);
	return 0;
}

static struct sftptap_handle *
find_handle(struct sftptap *t, const struct reader *name)
{
	struct sftptap_handle *h;

	for (h = t->handles; h < t->handles + t->n_handles; h++)
		if (h->is_open && h->len == name->left &&
		    memcmp(h->bytes, name->p, name->left) == 0)
			return h;
	return NULL;
}

static int
read_handle(struct body *b, struct fileop *op, enum fileop_text_name name)
{
	struct reader bytes;

	if (reader_string(&b->head, &bytes) < 0)
		return -1;
	put_text(op, name, &bytes);
	return 0;
}

static int
read_two_handles(struct body *b, struct fileop *op)
{
	uint64_t offset, len;

	if (read_handle(b, op, FILEOP_PATH) < 0 ||
	    reader_u64(&b->head, &offset) < 0 ||
	    reader_u64(&b->head, &len) < 0 ||
	    read_handle(b, op, FILEOP_TARGET) < 0)
		return -1;
	return reader_u64(&b->head, &offset);
}

static int
read_data(struct body *b, struct request *q)
{
	uint64_t offset;

	return reader_u64(&b->head, &offset) < 0 ||
		reader_u32(&b->head, &q->data) < 0 ||
		q->data > b->head.left + b->beyond
	    ? -1
	    : 0;
}

/* 0, or -1: it is not whole. */
static int
read_form(struct body *b, struct request *q)
{
	struct fileop *op = &q->op;
	int e = 0;

	switch ((enum request_form)q->form) {
	case FORM_PATH:
	case FORM_PATH_ATTRIBUTES:
	case FORM_OPEN:
	case FORM_TWO_PATHS:
		e = read_text(b, op, FILEOP_PATH);
		break;
	case FORM_HANDLE:
	case FORM_HANDLE_ATTRIBUTES:
	case FORM_WRITE:
		e = read_handle(b, op, FILEOP_PATH);
		break;
	case FORM_TWO_HANDLES:
		return read_two_handles(b, op);
	case FORM_SILENT:
		return 0;
	}
	/* What follows a text that is too long for the head is not seen: it is
	 * too long for a file system as well. */
	if (e < 0 || op->is_cut)
		return e;
	if (q->form == FORM_TWO_PATHS)
		return read_text(b, op, FILEOP_TARGET);
	if (q->form == FORM_WRITE)
		return read_data(b, q);
	if (q->form == FORM_OPEN && reader_u32(&b->head, &op->flags) < 0)
		return -1;
	if (q->form == FORM_OPEN || q->form == FORM_PATH_ATTRIBUTES ||
	    q->form == FORM_HANDLE_ATTRIBUTES)
		return read_attributes(&b->head, op);
	return 0;
}

static struct request *
request_at(struct sftptap *t, size_t at)
{
	return (struct request *)(void *)(t->pending + at);
}

static void
point_to_texts(struct request *q)
{
	const uint8_t *p = (const uint8_t *)(q + 1);
	size_t i;

	for (i = 0; i < FILEOP_TEXTS; i++) {
		q->op.texts[i] = (struct fileop_text){ p, q->lens[i] };
		p += q->lens[i];
	}
}

static void
put_path(struct sftptap *t, struct fileop *op, enum fileop_text_name name)
{
	struct sftptap_handle *h = find_handle(t,
	    &(struct reader){ op->texts[name].p, op->texts[name].n });

	op->texts[name] = h != NULL
	    ? (struct fileop_text){ h->path, h->path_len }
	    : (struct fileop_text){ NULL, 0 };
}

/* Handles become paths; the first of them is returned, if it is open. */
static struct sftptap_handle *
resolve(struct sftptap *t, struct request *q)
{
	struct sftptap_handle *h;

	point_to_texts(q);
	switch ((enum request_form)q->form) {
	case FORM_HANDLE:
	case FORM_HANDLE_ATTRIBUTES:
	case FORM_WRITE:
	case FORM_TWO_HANDLES:
		break;
	default:
		return NULL;
	}
	h = find_handle(t,
	    &(struct reader){ q->op.texts[FILEOP_PATH].p,
		q->op.texts[FILEOP_PATH].n });
	put_path(t, &q->op, FILEOP_PATH);
	if (q->form == FORM_TWO_HANDLES)
		put_path(t, &q->op, FILEOP_TARGET);
	return h;
}

/* What nobody would look for in a record: that something was looked at. */
static bool
changes_something(enum fileop_action action)
{
	switch (action) {
	case FILEOP_OPEN:
	case FILEOP_SETSTAT:
	case FILEOP_FSETSTAT:
	case FILEOP_REMOVE:
	case FILEOP_MKDIR:
	case FILEOP_RMDIR:
	case FILEOP_RENAME:
	case FILEOP_SYMLINK:
	case FILEOP_LINK:
	case FILEOP_COPY:
	case FILEOP_EXTENDED:
		return true;
	default:
		return false;
	}
}

/* The oldest goes, for good. */
static void
drop_first(struct sftptap *t)
{
	struct request *q = request_at(t, t->first);

	if (!q->is_answered && changes_something(q->op.action)) {
		(void)resolve(t, q);
		q->op.is_unanswered = true;
		t->tell(t->context, &q->op);
	}
	t->first += q->size;
}

static void
forget_answered(struct sftptap *t)
{
	while (t->first < t->end && request_at(t, t->first)->is_answered)
		t->first += request_at(t, t->first)->size;
	if (t->first == t->end)
		t->first = t->end = 0;
}

/* false: so many wait for their answers that this one has to. */
static bool
has_room(struct sftptap *t)
{
	if (t->end + REQUEST_MAX <= sizeof(t->pending))
		return true;
	/* Seldom, for what it moves. */
	if (t->first < sizeof(t->pending) / 4)
		return false;
	memmove(t->pending, t->pending + t->first, t->end - t->first);
	t->end -= t->first;
	t->first = 0;
	return true;
}

static void
remember(struct sftptap *t, struct request *q)
{
	size_t size = sizeof(*q), i;
	uint8_t *p;

	for (i = 0; i < FILEOP_TEXTS; i++) {
		q->lens[i] = (uint16_t)q->op.texts[i].n;
		size += q->lens[i];
	}
	size = (size + 7) & ~(size_t)7;
	q->size = (uint32_t)size;
	memcpy(t->pending + t->end, q, sizeof(*q));
	p = t->pending + t->end + sizeof(*q);
	for (i = 0; i < FILEOP_TEXTS; i++) {
		if (q->lens[i] > 0)
			memcpy(p, q->op.texts[i].p, q->lens[i]);
		p += q->lens[i];
	}
	t->end += size;
}

static struct request *
find_request(struct sftptap *t, uint32_t id)
{
	struct request *q;
	size_t at;

	for (at = t->first; at < t->end; at += q->size) {
		q = request_at(t, at);
		if (!q->is_answered && q->id == id)
			return q;
	}
	return NULL;
}

static const struct request_kind *
kind_of(uint8_t type, const struct reader *extension)
{
	const struct request_kind *k;

	for (k = kinds; k < kinds + ARRAY_SIZE(kinds); k++)
		if (extension != NULL ? k->extension != NULL &&
			    reader_is(extension, k->extension)
				      : k->extension == NULL && k->type == type)
			return k;
	return NULL;
}

/* A request of the client's, after its type. */
static void
take_request(struct sftptap *t, uint8_t type, struct body *b)
{
	static const struct request_kind unknown = { NULL, 0, FILEOP_EXTENDED,
		FORM_SILENT };
	const struct request_kind *k;
	struct request q = { 0 };
	struct reader name = { 0 };

	if (type != FXP_EXTENDED && kind_of(type, NULL) == NULL)
		/* OpenSSH's server passes it over without an answer. */
		return;
	if (reader_u32(&b->head, &q.id) < 0 ||
	    (type == FXP_EXTENDED && reader_string(&b->head, &name) < 0)) {
		refuse(t);
		return;
	}
	cut_nul(&name);
	k = kind_of(type, type == FXP_EXTENDED ? &name : NULL);
	if (k == NULL) {
		k = &unknown;
		put_text(&q.op, FILEOP_MESSAGE, &name);
	}
	q.op.action = k->action;
	q.form = k->form;
	if (read_form(b, &q) < 0)
		refuse(t);
	else
		remember(t, &q);
}

static void
take_client_packet(struct sftptap *t, struct body *b)
{
	uint8_t type;

	if (reader_u8(&b->head, &type) < 0 ||
	    (!t->has_begun && type != FXP_INIT)) {
		give_up(t, "what the client sends is not SFTP");
		return;
	}
	t->has_begun = true;
	if (type != FXP_INIT)
		take_request(t, type, b);
}

static void
tell_close(struct sftptap *t, struct sftptap_handle *h, struct fileop *op)
{
	op->action = FILEOP_CLOSE;
	op->is_directory = h->is_directory;
	op->bytes_read = h->bytes_read;
	op->bytes_written = h->bytes_written;
	put_text(op, FILEOP_PATH, &(struct reader){ h->path, h->path_len });
	h->is_open = false;
	while (t->n_handles > 0 && !t->handles[t->n_handles - 1].is_open)
		t->n_handles--;
	t->tell(t->context, op);
}

/* More than there is room for are not followed: their opening was told. */
static void
open_handle(struct sftptap *t, const struct request *q, struct reader *r)
{
	struct sftptap_handle *h;
	struct fileop lost = { .is_unanswered = true };
	struct reader name;

	if (reader_string(r, &name) < 0 || name.left >= SFTPTAP_HANDLE_BYTES)
		return;
	/* Its own closing has not been answered yet. */
	if ((h = find_handle(t, &name)) != NULL)
		tell_close(t, h, &lost);
	for (h = t->handles; h < t->handles + SFTPTAP_HANDLES && h->is_open;)
		h++;
	if (h == t->handles + SFTPTAP_HANDLES)
		return;
	if (h == t->handles + t->n_handles)
		t->n_handles++;
	h->is_open = true;
	h->has_failed = false;
	h->is_directory = q->op.action == FILEOP_OPENDIR;
	h->len = (uint8_t)name.left;
	memcpy(h->bytes, name.p, name.left);
	h->bytes_read = h->bytes_written = 0;
	h->path_len = (uint16_t)q->op.texts[FILEOP_PATH].n;
	if (h->path_len > 0)
		memcpy(h->path, q->op.texts[FILEOP_PATH].p, h->path_len);
}

/* Bytes are counted; only the first that fail of a file are told. */
static void
count_bytes(struct sftptap *t, struct request *q, struct sftptap_handle *h,
    uint8_t type, struct reader *r)
{
	uint32_t n;

	if (h == NULL && !q->op.has_failed)
		return;
	if (type == FXP_DATA && reader_u32(r, &n) == 0 && h != NULL)
		h->bytes_read += n;
	else if (!q->op.has_failed && h != NULL)
		h->bytes_written += q->data;
	else if (q->op.status != FX_EOF && (h == NULL || !h->has_failed)) {
		if (h != NULL)
			h->has_failed = true;
		t->tell(t->context, &q->op);
	}
}

/* The first name of the answer: realpath, readlink. */
static void
take_name(struct request *q, struct body *b)
{
	uint32_t count;

	if (reader_u32(&b->head, &count) == 0 && count > 0)
		(void)read_text(b, &q->op, FILEOP_TARGET);
}

static void
tell_answer(struct sftptap *t, struct request *q, uint8_t type, struct body *b)
{
	struct sftptap_handle *h = resolve(t, q);

	switch (q->op.action) {
	case 0:
		return;
	case FILEOP_READ:
	case FILEOP_WRITE:
		count_bytes(t, q, h, type, &b->head);
		return;
	case FILEOP_READDIR:
		if (!q->op.has_failed || q->op.status == FX_EOF)
			return;
		break;
	case FILEOP_CLOSE:
		if (h != NULL) {
			tell_close(t, h, &q->op);
			return;
		}
		break;
	case FILEOP_REALPATH:
	case FILEOP_READLINK:
		if (type == FXP_NAME)
			take_name(q, b);
		break;
	default:
		break;
	}
	t->tell(t->context, &q->op);
	if (type == FXP_HANDLE)
		open_handle(t, q, &b->head);
}

static void
take_answer(struct sftptap *t, uint8_t type, struct body *b)
{
	struct request *q;
	uint32_t id;

	if (reader_u32(&b->head, &id) < 0) {
		give_up(t, "the server sent an answer that cannot be read");
		return;
	}
	/* To what was so long ago that it was told already. */
	if ((q = find_request(t, id)) == NULL)
		return;
	q->op.has_failed = type == FXP_STATUS &&
	    (reader_u32(&b->head, &q->op.status) < 0 || q->op.status != FX_OK);
	tell_answer(t, q, type, b);
	q->is_answered = true;
	forget_answered(t);
}

static void
take_server_packet(struct sftptap *t, struct body *b)
{
	uint32_t version;
	uint8_t type;

	if (reader_u8(&b->head, &type) < 0) {
		give_up(t, "what the server sends is not SFTP");
		return;
	}
	switch (type) {
	case FXP_VERSION:
		if (reader_u32(&b->head, &version) < 0 || version > VERSION)
			give_up(t,
			    "the server speaks a version of SFTP that "
			    "is not followed");
		return;
	case FXP_STATUS:
	case FXP_HANDLE:
	case FXP_DATA:
	case FXP_NAME:
	case FXP_ATTRS:
	case FXP_EXTENDED_REPLY:
		take_answer(t, type, b);
		return;
	default:
		give_up(t, "what the server sends is not SFTP");
	}
}

/* How much of a packet has to be there for it to be read, of n bytes that are:
 * data is nobody's business. */
static size_t
head_size(const struct sftptap_packets *in, uint32_t length)
{
	size_t most = SFTPTAP_HEAD;

	if (in->n < 5)
		return 5;
	if (in->head[4] == FXP_WRITE)
		most = HEAD_OF_WRITE;
	else if (in->head[4] == FXP_DATA)
		most = HEAD_OF_DATA;
	return length + 4 < most ? length + 4 : most;
}

static uint32_t
length_of(const struct sftptap_packets *in)
{
	struct reader r = { in->head, 4 };
	uint32_t length = 1;

	if (in->n >= 4)
		(void)reader_u32(&r, &length);
	return length;
}

/* From *p into the head, until it has `want` bytes. */
static bool
gather(struct sftptap_packets *in, size_t want, const uint8_t **p, size_t *n)
{
	size_t take = want - in->n < *n ? want - in->n : *n;

	memcpy(in->head + in->n, *p, take);
	in->n += take;
	*p += take;
	*n -= take;
	return in->n == want;
}

/* Returns how much of it may pass: what a packet that is refused has of it does
 * not, nor what begins one that has to wait. */
static size_t
follow(struct sftptap *t, struct sftptap_packets *in, const uint8_t *p,
    size_t n, void (*take)(struct sftptap *, struct body *))
{
	const uint8_t *start = p, *packet = p;
	size_t all = n;

	while (n > 0 && !t->is_over) {
		uint32_t length;
		size_t want;

		if (in->skip > 0) {
			want = in->skip < n ? (size_t)in->skip : n;
			in->skip -= want;
			p += want;
			n -= want;
			continue;
		}
		packet = in->n == 0 ? p : packet;
		if (in == &t->client && in->n == 0 && !has_room(t))
			return (size_t)(p - start);
		if (!gather(in, in->n < 5 ? 5 : head_size(in, length_of(in)),
			&p, &n))
			break;
		length = length_of(in);
		if (length == 0 || length > PACKET_MAX) {
			give_up(t, "a packet's length is not SFTP's");
			break;
		}
		want = head_size(in, length);
		if (in->n < want)
			continue;
		in->skip = (uint64_t)length + 4 - want;
		take(t,
		    &(struct body){ { in->head + 4, want - 4 },
			(uint32_t)in->skip });
		in->n = 0;
	}
	return t->is_refused ? (size_t)(packet - start) : all;
}

size_t
sftptap_client(struct sftptap *t, const uint8_t *p, size_t n)
{
	return t->is_refused ? 0
			     : follow(t, &t->client, p, n, take_client_packet);
}

size_t
sftptap_server(struct sftptap *t, const uint8_t *p, size_t n)
{
	return follow(t, &t->server, p, n, take_server_packet);
}

void
sftptap_end(struct sftptap *t)
{
	struct sftptap_handle *h;

	if (t->is_over)
		return;
	while (t->first < t->end)
		drop_first(t);
	for (h = t->handles; h < t->handles + SFTPTAP_HANDLES; h++)
		if (h->is_open)
			tell_close(t, h,
			    &(struct fileop){ .is_unanswered = true });
}
