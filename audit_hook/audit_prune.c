/* SPDX-License-Identifier: ISC */
/* countersign-audit prune: recordings do not stay for ever, if somebody says
 * so; what a crash has left uncompressed is sealed. */
#include <errno.h>
#include <fcntl.h>
#include <ftw.h>
#include <getopt.h>
#include <limits.h>
#include <stdlib.h>
#include <string.h>
#include <sys/file.h>
#include <sys/stat.h>
#include <sys/wait.h>
#include <unistd.h>

#include "audit.h"
#include "auto.h"
#include "clock.h"
#include "eventsink.h"
#include "parse.h"
#include "path.h"
#include "settings.h"

DEFINE_AUTO(settings_free, struct settings)

#define ARCHIVE CS_LIBEXEC "/archive"
#define DEPTH	16

static const char usage[] =
    "usage: countersign-audit prune [--older-than TIME] [--max-size SIZE]\n"
    "           [--dry-run]\n"
    "Deletes recordings older than TIME (90d), then the oldest until the rest is\n"
    "no more than SIZE (10GiB); compresses what a crash has left. Nothing is\n"
    "deleted without one of the two; sessions that are open are left alone.\n";

struct file {
	char *path;
	uint64_t bytes;
	uint64_t mtime_s;
	bool is_plain; /* .cast */
};

/* nftw(3) has no context. */
static struct files {
	struct file *v;
	size_t n, room;
	int error;
} files;

static int
add(const char *path, const struct stat *st, int type, struct FTW *where)
{
	bool is_plain = path_ends_with(path, ".cast");
	struct file *more;

	(void)where;
	if (type != FTW_F || (!is_plain && !path_ends_with(path, ".cast.zst")))
		return 0;
	if (files.n == files.room) {
		files.room = files.room != 0 ? 2 * files.room : 256;
		more = reallocarray(files.v, files.room, sizeof(*more));
		if (more == NULL)
			return files.error = -ENOMEM;
		files.v = more;
	}
	files.v[files.n] = (struct file){ strdup(path), (uint64_t)st->st_size,
		(uint64_t)st->st_mtime, is_plain };
	if (files.v[files.n].path == NULL)
		return files.error = -ENOMEM;
	files.n++;
	return 0;
}

static int
by_age(const void *a, const void *b)
{
	const struct file *x = a, *y = b;

	return x->mtime_s < y->mtime_s ? -1 : x->mtime_s > y->mtime_s;
}

struct pruning {
	const struct settings *host;
	uint64_t older_s, max_bytes; /* 0: not asked for */
	bool is_dry;
	uint64_t n_deleted, bytes_deleted;
	bool has_failed; /* something that was to be done could not be */
};

/* Keeper, recorder and archive hold a lock on what they are at. */
static bool
is_in_use(const char *path)
{
	AUTO(close) int fd = open(path, O_RDONLY | O_NOFOLLOW | O_CLOEXEC);

	return fd < 0 || flock(fd, LOCK_EX | LOCK_NB) < 0;
}

static void
remove_file(struct pruning *p, struct file *f)
{
	printf("%s %s\n", p->is_dry ? "would delete" : "deleting", f->path);
	if (!p->is_dry && unlink(f->path) < 0) {
		audit_complain("cannot delete '%s': %s", f->path,
		    strerror(errno));
		p->has_failed = true;
		return;
	}
	p->n_deleted++;
	p->bytes_deleted += f->bytes;
	free(f->path);
	f->path = NULL;
}

static void
delete_old(struct pruning *p)
{
	uint64_t now = clock_now_usec() / USEC_PER_SEC, total = 0;
	size_t i;

	for (i = 0; i < files.n; i++)
		total += files.v[i].bytes;
	for (i = 0; i < files.n; i++) {
		struct file *f = &files.v[i];
		bool is_old = p->older_s != 0 && f->mtime_s + p->older_s < now;

		if (!is_old && (p->max_bytes == 0 || total <= p->max_bytes))
			continue;
		if (f->is_plain && is_in_use(f->path))
			continue;
		total -= f->bytes;
		remove_file(p, f);
	}
}

static int
seal(const char *path)
{
	char *argv[] = { (char[]){ "archive" }, (char *)(uintptr_t)path, NULL };
	pid_t pid = fork();
	int status;

	if (pid == 0) {
		if (freopen("/dev/null", "w", stdout) != NULL)
			execv(ARCHIVE, argv);
		_exit(127);
	}
	if (pid < 0 || waitpid(pid, &status, 0) < 0 || status != 0)
		return audit_complain("cannot compress '%s'", path);
	return 0;
}

static void
seal_left(struct pruning *p)
{
	size_t i;

	for (i = 0; i < files.n; i++)
		if (files.v[i].path != NULL && files.v[i].is_plain &&
		    !is_in_use(files.v[i].path)) {
			printf("%s %s\n",
			    p->is_dry ? "would compress" : "compressing",
			    files.v[i].path);
			if (!p->is_dry && seal(files.v[i].path) != 0)
				p->has_failed = true;
		}
}

/* That records are gone is a record. */
static void
report(const struct pruning *p)
{
	struct event_context ctx = { .host = p->host, .emitter = "audit" };
	struct eventsink sink;
	struct event ev;

	if (p->n_deleted == 0 || p->is_dry)
		return;
	event_init(&ev, &ctx, "recording.deleted", "CS022I");
	event_uint(&ev, "files", p->n_deleted);
	event_uint(&ev, "bytes", p->bytes_deleted);
	if (p->older_s != 0)
		event_uint(&ev, "older_than_s", p->older_s);
	if (p->max_bytes != 0)
		event_uint(&ev, "max_bytes", p->max_bytes);
	eventsink_init(&sink, p->host, "audit");
	eventsink_send(&sink, &ev);
	eventsink_clear(&sink);
}

static int
prune(struct pruning *p)
{
	const char *dir = p->host->recording_dir;

	if (nftw(dir, add, DEPTH, FTW_PHYS) != 0)
		return audit_complain("cannot look through '%s': %s", dir,
		    strerror(files.error < 0 ? -files.error : errno));
	if (files.n > 0)
		qsort(files.v, files.n, sizeof(*files.v), by_age);
	delete_old(p);
	seal_left(p);
	report(p);
	return p->has_failed ? AUDIT_FAILED : AUDIT_DONE;
}

static void
free_files(void)
{
	size_t i;

	for (i = 0; i < files.n; i++)
		free(files.v[i].path);
	free(files.v);
}

static int
bad(const char *what, const char *text)
{
	audit_complain("'%s' is no %s", text, what);
	return AUDIT_USAGE;
}

int
audit_prune(int argc, char **argv)
{
	static const struct option longs[] = {
		{ "older-than", required_argument, NULL, 'o' },
		{ "max-size", required_argument, NULL, 'm' },
		{ "dry-run", no_argument, NULL, 'n' },
		{ "help", no_argument, NULL, 'h' },
		{ NULL, 0, NULL, 0 },
	};
	AUTO(settings_free) struct settings *host = NULL;
	struct conf_error e = { 0 };
	struct pruning p = { 0 };
	int opt, r;

	while ((opt = getopt_long(argc, argv, "hn", longs, NULL)) != -1)
		switch (opt) {
		case 'o':
			if (parse_duration(optarg, &p.older_s) < 0)
				return bad("time such as 90d", optarg);
			break;
		case 'm':
			if (parse_bytes(optarg, &p.max_bytes) < 0)
				return bad("size such as 10GiB", optarg);
			break;
		case 'n':
			p.is_dry = true;
			break;
		default:
			return audit_usage(usage, opt == 'h');
		}
	if (optind != argc)
		return audit_usage(usage, false);
	if (geteuid() != 0 && !p.is_dry)
		return audit_complain("only root deletes recordings");
	if ((host = settings_load_host(&e)) == NULL)
		return audit_complain("%s", e.what);
	p.host = host;
	r = prune(&p);
	free_files();
	return r;
}
