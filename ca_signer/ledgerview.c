/* SPDX-License-Identifier: ISC */
/* Reading the ledger, and holding it against its chain. */
#include <errno.h>
#include <fcntl.h>
#include <inttypes.h>
#include <sodium.h>
#include <stdarg.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/file.h>
#include <sys/mman.h>
#include <sys/stat.h>

#include "auto.h"
#include "ca.h"
#include "ledgerline.h"
#include "path.h"
#include "proc.h"

#define DROP_BYTES ((size_t)16 * 1024 * 1024)

/* Not while somebody writes; a folder that cannot be locked, such as a backup
 * on a read-only disk, has no writers. */
static int
lock_shared(const char *dir)
{
	AUTO(free) char *path = ca_path(dir, LEDGER_LOCK);
	int fd = path != NULL ? open(path, O_RDONLY | O_CLOEXEC) : -1;

	while (fd >= 0 && flock(fd, LOCK_SH) < 0 && errno == EINTR)
		;
	return fd;
}

static int
map_file(int fd, struct ledger_view *v)
{
	struct stat st;
	void *p;

	if (fstat(fd, &st) < 0)
		return -errno;
	v->len = (size_t)st.st_size;
	if (v->len == 0)
		return 0;
	p = mmap(NULL, v->len, PROT_READ, MAP_PRIVATE, fd, 0);
	if (p == MAP_FAILED)
		return -errno;
	madvise(p, v->len, MADV_SEQUENTIAL);
	v->p = p;
	return 0;
}

int
ledger_view_open(const char *dir, uint64_t from, bool is_mine,
    struct ledger_view *ret)
{
	AUTO(free) char *path = ca_path(dir, LEDGER_FILE);
	struct ledger_view v = { .lock = -1 };
	AUTO(close) int fd = -1;
	int r;

	if (path == NULL)
		return -ENOMEM;
	if ((fd = open(path, O_RDONLY | O_CLOEXEC)) < 0)
		return -errno;
	if (!is_mine)
		v.lock = lock_shared(dir);
	if ((r = map_file(fd, &v)) < 0) {
		ledger_view_close(&v);
		return r;
	}
	v.at = from < v.len ? (size_t)from : v.len;
	*ret = v;
	return 0;
}

void
ledger_view_close(struct ledger_view *v)
{
	union {
		const char *in;
		char *out;
	} u = { v->p };

	if (v->p != NULL)
		munmap(u.out, v->len);
	if (v->lock >= 0)
		close(v->lock);
	*v = (struct ledger_view){ .lock = -1 };
}

/* What has been read may go from memory: a ledger can be larger than that. */
static void
drop_read(struct ledger_view *v)
{
	size_t upto = v->at / DROP_BYTES * DROP_BYTES;
	union {
		const char *in;
		char *out;
	} u = { v->p + v->dropped };

	if (upto <= v->dropped)
		return;
	madvise(u.out, upto - v->dropped, MADV_DONTNEED);
	v->dropped = upto;
}

bool
ledger_view_next(struct ledger_view *v, struct ledger_line *ret)
{
	const char *p, *end;

	if (v->p == NULL || v->at >= v->len)
		return false;
	drop_read(v);
	p = v->p + v->at;
	if ((end = memchr(p, '\n', v->len - v->at)) == NULL)
		return false;
	*ret = (struct ledger_line){ p, (size_t)(end - p), ++v->number };
	v->at += ret->len + 1;
	return true;
}

__attribute__((format(printf, 2, 3))) static int
say(char *why, const char *fmt, ...)
{
	va_list ap;

	va_start(ap, fmt);
	vsnprintf(why, LEDGER_WHY_MAX, fmt, ap);
	va_end(ap);
	return -EBADMSG;
}

/* One line: its chain, and a serial that grows. */
static int
verify_line(const struct ledger_line *l, struct ledger_head *head, char *why)
{
	struct ledger_head said = *head;
	size_t chained = ledger_chained_len(l->p, l->len);
	uint8_t chain[LEDGER_CHAIN_BYTES];
	uint64_t serial;

	if (chained == 0 || ledger_trailer_parse(l->p, l->len, &said) < 0)
		return say(why, "line %" PRIu64 " is not a ledger's line",
		    l->number);
	ledger_chain(head->chain, l->p, chained, chain);
	if (sodium_memcmp(chain, said.chain, sizeof(chain)) != 0)
		return say(why,
		    "line %" PRIu64
		    " was changed, or lines before it are missing",
		    l->number);
	if (ledger_line_is(l, "cert.create")) {
		if (!ledger_line_uint(l, "serial", &serial) ||
		    serial != said.last_serial ||
		    serial != head->last_serial + 1)
			return say(why,
			    "the serial of line %" PRIu64
			    " does not follow the one before",
			    l->number);
	} else if (said.last_serial != head->last_serial) {
		return say(why, "line %" PRIu64 " has a wrong last_serial",
		    l->number);
	}
	said.size = head->size + l->len + 1;
	*head = said;
	return 0;
}

/* The whole chain. anchor: is looked for on the way; *ret_seen says if it was
 * met. */
static int
walk(const char *dir, const struct ledger_head *anchor, struct ledger_head *ret,
    bool *ret_seen, char *why)
{
	struct ledger_head head = { 0 };
	struct ledger_view v = { .lock = -1 };
	struct ledger_line line;
	bool seen;
	int r;

	if ((r = ledger_view_open(dir, 0, false, &v)) < 0)
		return r;
	seen = anchor != NULL && memcmp(anchor, &head, sizeof(head)) == 0;
	while (r == 0 && ledger_view_next(&v, &line)) {
		r = verify_line(&line, &head, why);
		if (anchor != NULL && r == 0 &&
		    memcmp(anchor->chain, head.chain, sizeof(head.chain)) == 0)
			seen = true;
	}
	if (r == 0 && v.at < v.len)
		r = say(why, "what follows line %" PRIu64 " is half a line",
		    v.number);
	ledger_view_close(&v);
	*ret = head;
	*ret_seen = seen;
	return r;
}

static int
read_anchor(const char *dir, struct ledger_head *ret)
{
	AUTO(free) char *path = ca_path(dir, LEDGER_ANCHOR);
	char text[LEDGER_ANCHOR_TEXT];
	int r;

	if (path == NULL)
		return -ENOMEM;
	if ((r = proc_read_line(path, text, sizeof(text))) < 0)
		return r;
	return ledger_anchor_parse(text, ret);
}

int
ledger_verify(const char *dir, struct ledger_head *ret,
    char why[LEDGER_WHY_MAX])
{
	struct ledger_head anchor = { 0 }, head;
	bool seen;
	int r;

	if ((r = read_anchor(dir, &anchor)) < 0) {
		snprintf(why, LEDGER_WHY_MAX, "its file 'serial' is %s",
		    r == -EBADMSG ? "damaged" : strerror(-r));
		return r;
	}
	if ((r = walk(dir, &anchor, &head, &seen, why)) < 0) {
		if (r != -EBADMSG)
			snprintf(why, LEDGER_WHY_MAX, "%s", strerror(-r));
		return r;
	}
	if (!seen || anchor.size > head.size) {
		snprintf(why, LEDGER_WHY_MAX,
		    "lines at its end are missing: the file 'serial' knows of "
		    "serial %" PRIu64 ", the ledger ends with %" PRIu64,
		    anchor.last_serial, head.last_serial);
		return -EBADMSG;
	}
	*ret = head;
	return 0;
}

int
ledger_has_head(const char *dir, const char *chain_text)
{
	struct ledger_head wanted = { 0 }, head;
	char why[LEDGER_WHY_MAX];
	size_t len;
	bool seen;
	int r;

	if (sodium_hex2bin(wanted.chain, sizeof(wanted.chain), chain_text,
		strlen(chain_text), NULL, &len, NULL) != 0 ||
	    len != sizeof(wanted.chain))
		return -EINVAL;
	if ((r = walk(dir, &wanted, &head, &seen, why)) < 0)
		return r;
	return seen ? 0 : -ENOENT;
}

int
ledger_repair_anchor(const char *dir, char why[LEDGER_WHY_MAX])
{
	AUTO(free) char *path = ca_path(dir, LEDGER_ANCHOR);
	char text[LEDGER_ANCHOR_TEXT];
	struct ledger_head head;
	bool seen;
	int r;

	if (path == NULL)
		return -ENOMEM;
	if ((r = walk(dir, NULL, &head, &seen, why)) < 0) {
		if (r != -EBADMSG)
			snprintf(why, LEDGER_WHY_MAX, "%s", strerror(-r));
		return r;
	}
	ledger_anchor_format(&head, text);
	if ((r = path_write_atomic(path, text, strlen(text), 0600, 0)) < 0)
		snprintf(why, LEDGER_WHY_MAX, "cannot write it: %s",
		    strerror(-r));
	return r;
}
