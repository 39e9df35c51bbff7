/* SPDX-License-Identifier: ISC */
/* Writing the ledger. */
#include <errno.h>
#include <fcntl.h>
#include <inttypes.h>
#include <signal.h>
#include <sodium.h>
#include <stdarg.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/file.h>
#include <sys/stat.h>

#include "auto.h"
#include "ca.h"
#include "ledger.h"
#include "ledgerline.h"
#include "path.h"
#include "show.h"

#define QUEUE_MAX_BYTES (512U * 1024U * 1024U)
#define LOCK_NOTICE_S	2

struct ledger {
	int fd, anchor, lock;
	struct ledger_head head; /* on disk */
	struct ledger_head next; /* after what is queued */
	struct writer queue;
	bool is_committed; /* the queue is what was written last */
	char *line;
};

DEFINE_AUTO(ledger_free, struct ledger)

void
ledger_free(struct ledger *l)
{
	if (l == NULL)
		return;
	writer_clear(&l->queue);
	free(l->line);
	if (l->fd >= 0)
		close(l->fd);
	if (l->anchor >= 0)
		close(l->anchor);
	/* The lock last. */
	if (l->lock >= 0)
		close(l->lock);
	free(l);
}

int
ledger_create(const char *dir)
{
	AUTO(free) char *ledger = ca_path(dir, LEDGER_FILE);
	AUTO(free) char *anchor = ca_path(dir, LEDGER_ANCHOR);
	struct ledger_head none = { 0 };
	char text[LEDGER_ANCHOR_TEXT];
	int r;

	if (ledger == NULL || anchor == NULL)
		return -ENOMEM;
	ledger_anchor_format(&none, text);
	if ((r = path_write_atomic(ledger, "", 0, 0600, O_EXCL)) < 0)
		return r;
	return path_write_atomic(anchor, text, strlen(text), 0600, O_EXCL);
}

__attribute__((format(printf, 3, 4))) static int
say(char *why, int r, const char *fmt, ...)
{
	va_list ap;

	va_start(ap, fmt);
	vsnprintf(why, LEDGER_WHY_MAX, fmt, ap);
	va_end(ap);
	return r;
}

static void
notice(int signal)
{
	(void)signal;
}

/* The alarm only interrupts flock(2), so that something can be said. */
static int
lock_and_say(int fd)
{
	struct sigaction on = { .sa_handler = notice }, before;
	bool told = false;
	int r;

	sigemptyset(&on.sa_mask);
	sigaction(SIGALRM, &on, &before);
	alarm(LOCK_NOTICE_S);
	while ((r = flock(fd, LOCK_EX)) < 0 && errno == EINTR) {
		if (!told)
			show_error(0,
			    "waiting for another countersign that "
			    "is using this CA ...");
		told = true;
	}
	r = r < 0 ? -errno : 0;
	alarm(0);
	sigaction(SIGALRM, &before, NULL);
	return r;
}

static int
open_lock(const char *dir, char *why)
{
	AUTO(free) char *path = ca_path(dir, LEDGER_LOCK);
	int fd, r;

	if (path == NULL)
		return -ENOMEM;
	fd = open(path, O_RDWR | O_CREAT | O_CLOEXEC | O_NOFOLLOW, 0600);
	if (fd < 0)
		return say(why, -errno, "cannot lock it: %s", strerror(errno));
	if ((r = lock_and_say(fd)) < 0) {
		close(fd);
		return say(why, r, "cannot lock it: %s", strerror(-r));
	}
	return fd;
}

static int
open_in(const char *dir, const char *name, int flags, char *why)
{
	AUTO(free) char *path = ca_path(dir, name);
	int fd;

	if (path == NULL)
		return -ENOMEM;
	fd = open(path, flags | O_CLOEXEC | O_NOFOLLOW);
	if (fd >= 0)
		return fd;
	snprintf(why, LEDGER_WHY_MAX, "cannot open its '%s': %s", name,
	    strerror(errno));
	return -errno;
}

/* Where the last whole line ends: what is behind it was torn off by a kill or
 * a full disk, and what it stands for never left. */
static int
cut_torn_line(struct ledger *l, uint64_t *ret_size)
{
	char buf[4096];
	struct stat st;
	off_t end;
	ssize_t n;

	if (fstat(l->fd, &st) < 0)
		return -errno;
	for (end = st.st_size; end > 0; end -= n) {
		n = end < (off_t)sizeof(buf) ? (ssize_t)end
					     : (ssize_t)sizeof(buf);
		if (pread(l->fd, buf, (size_t)n, end - n) != n)
			return -EIO;
		while (n > 0 && buf[n - 1] != '\n') {
			n--;
			end--;
		}
		if (n > 0)
			break;
	}
	*ret_size = (uint64_t)end;
	if (end == st.st_size)
		return 0;
	return ftruncate(l->fd, end) < 0 ? -errno : 0;
}

/* The head is in the last line's last members. */
static int
read_head(struct ledger *l, uint64_t size, struct ledger_head *ret)
{
	char buf[LEDGER_TRAILER_MAX];
	size_t n = size < sizeof(buf) ? size : sizeof(buf);
	struct ledger_head head = { .size = size };
	int r;

	if (size > 0) {
		if (pread(l->fd, buf, n, (off_t)(size - n)) != (ssize_t)n)
			return -EIO;
		if ((r = ledger_trailer_parse(buf, n - 1, &head)) < 0)
			return r;
	}
	*ret = head;
	return 0;
}

/* The anchor may be behind (its writer was killed), never ahead, and the line
 * that it names must still be there. */
static int
check_anchor(struct ledger *l, char *why)
{
	char text[LEDGER_ANCHOR_TEXT];
	struct ledger_head anchor, there;
	ssize_t n = pread(l->anchor, text, sizeof(text) - 1, 0);

	if (n < 0)
		return -errno;
	text[n] = '\0';
	if (ledger_anchor_parse(text, &anchor) < 0)
		return say(why, -EBADMSG,
		    "its file 'serial' is damaged; if the ledger is whole, "
		    "'countersign ledger --repair' makes it anew");
	if (anchor.size > l->head.size ||
	    read_head(l, anchor.size, &there) < 0 ||
	    anchor.last_serial != there.last_serial ||
	    memcmp(anchor.chain, there.chain, sizeof(there.chain)) != 0)
		return say(why, -EBADMSG,
		    "its ledger lost lines or was changed: see 'countersign "
		    "ledger --verify', and bring the whole folder back from a "
		    "backup");
	return 0;
}

static int
open_files(const char *dir, struct ledger *l, char *why)
{
	uint64_t size = 0;
	int r;

	if ((l->lock = open_lock(dir, why)) < 0)
		return l->lock;
	if ((l->fd = open_in(dir, LEDGER_FILE, O_RDWR | O_APPEND, why)) < 0)
		return l->fd;
	if ((l->anchor = open_in(dir, LEDGER_ANCHOR, O_RDWR, why)) < 0)
		return l->anchor;
	if ((r = cut_torn_line(l, &size)) < 0)
		return say(why, r, "its ledger: %s", strerror(-r));
	if ((r = read_head(l, size, &l->head)) < 0)
		return say(why, r,
		    "the last line of its ledger is damaged: see 'countersign "
		    "ledger --verify'");
	return check_anchor(l, why);
}

int
ledger_open(const char *dir, struct ledger **ret, char why[LEDGER_WHY_MAX])
{
	AUTO(ledger_free) struct ledger *l = calloc(1, sizeof(*l));
	int r;

	if (l == NULL)
		return say(why, -ENOMEM, "%s", "out of memory");
	l->fd = l->anchor = l->lock = -1;
	l->queue = (struct writer)WRITER_INIT;
	l->queue.max_bytes = QUEUE_MAX_BYTES;
	if ((l->line = malloc(LEDGER_LINE_MAX + 1)) == NULL)
		return say(why, -ENOMEM, "%s", "out of memory");
	if ((r = open_files(dir, l, why)) < 0)
		return r;
	l->next = l->head;
	*ret = TAKE(l);
	return 0;
}

const struct ledger_head *
ledger_head(const struct ledger *l)
{
	return &l->head;
}

uint64_t
ledger_next_serial(const struct ledger *l)
{
	/* UINT64_MAX + 1 is 0: none left. */
	return l->next.last_serial + 1;
}

int
ledger_add(struct ledger *l, const struct event *ev, uint64_t serial)
{
	char trailer[LEDGER_TRAILER_MAX];
	struct ledger_head next = l->next;
	size_t len;
	int n;

	if (l->is_committed)
		ledger_rollback(l);
	len = event_render_within(ev, l->line,
	    LEDGER_LINE_MAX - LEDGER_TRAILER_MAX);
	if (len == 0)
		return -EMSGSIZE;
	if (serial != 0)
		next.last_serial = serial;
	/* The last member's end, without the object's. */
	n = snprintf(l->line + len - 1, LEDGER_TRAILER_MAX,
	    ",\"last_serial\":%" PRIu64, next.last_serial);
	len += (size_t)n - 1;
	ledger_chain(l->next.chain, l->line, len, next.chain);
	n = ledger_chain_format(&next, trailer);
	next.size += len + (size_t)n;
	writer_bytes(&l->queue, l->line, len);
	writer_bytes(&l->queue, trailer, (size_t)n);
	if (writer_error(&l->queue) < 0)
		return writer_error(&l->queue);
	l->next = next;
	return 0;
}

void
ledger_rollback(struct ledger *l)
{
	l->queue.len = 0;
	l->queue.error = 0;
	l->is_committed = false;
	l->next = l->head;
}

struct reader
ledger_committed(const struct ledger *l)
{
	return l->is_committed ? (struct reader){ l->queue.p, l->queue.len }
			       : (struct reader){ NULL, 0 };
}

int
ledger_commit(struct ledger *l)
{
	char text[LEDGER_ANCHOR_TEXT];
	int r;

	if (l->queue.len == 0 || l->is_committed)
		return 0;
	r = path_write_all(l->fd, l->queue.p, l->queue.len);
	if (r == 0 && fsync(l->fd) < 0)
		r = -errno;
	if (r < 0) {
		/* A half line would spoil the next. */
		if (ftruncate(l->fd, (off_t)l->head.size) < 0)
			r = -EIO;
		ledger_rollback(l);
		return r;
	}
	l->head = l->next;
	l->is_committed = true;
	/* In place and unsynced: it may be behind, and one small write is
	 * never torn by a kill. */
	ledger_anchor_format(&l->head, text);
	(void)!pwrite(l->anchor, text, strlen(text), 0);
	return 0;
}
