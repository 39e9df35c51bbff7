/* SPDX-License-Identifier: ISC */
/* countersign-audit verify: are the records whole? */
#include <errno.h>
#include <fcntl.h>
#include <getopt.h>
#include <limits.h>
#include <sodium.h>
#include <stdbool.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>
#include <zstd.h>

#include "audit.h"
#include "auditfind.h"
#include "auto.h"
#include "eventlog.h"
#include "path.h"
#include "sessionlist.h"

#define DIGEST_BYTES 32
#define BLOCK_BYTES  131072

static const char usage[] =
    "usage: countersign-audit verify [--events FILE]\n"
    "Compares each recording with the digest that its session.end has, and the\n"
    "events of each connection that has ended with the number that there should\n"
    "be. What is not as it should be is printed, and the status is 1 then.\n";

/* ---- events of a connection */

struct tally {
	char id[40];
	bool has_start; /* else its beginning is in an older file */
	uint64_t seen; /* the keeper's */
	uint64_t should; /* connection.end's; 0: it has not ended */
	uint64_t traced; /* trace's, */
	uint64_t numbered; /* and how many there should be by their numbers, */
	uint64_t before; /* of those before it was started again */
};

struct tallies {
	struct tally *v;
	size_t n, room;
	json_t *places; /* in v, by id */
};

static struct tally *
add_tally(struct tallies *t, const char *id)
{
	size_t room = t->room != 0 ? 2 * t->room : 256;
	struct tally *more;

	if (t->places == NULL && (t->places = json_object()) == NULL)
		return NULL;
	if (t->n == t->room) {
		more = reallocarray(t->v, room, sizeof(*more));
		if (more == NULL)
			return NULL;
		t->v = more;
		t->room = room;
	}
	if (json_object_set_new(t->places, id, json_integer((json_int_t)t->n)) <
	    0)
		return NULL;
	t->v[t->n] = (struct tally){ .seen = 0 };
	snprintf(t->v[t->n].id, sizeof(t->v[t->n].id), "%.36s", id);
	return &t->v[t->n++];
}

static struct tally *
find_tally(struct tallies *t, const char *id)
{
	const json_t *place = json_object_get(t->places, id);

	return place != NULL ? &t->v[json_integer_value(place)]
			     : add_tally(t, id);
}

static int
count(const json_t *event, struct tallies *all)
{
	const char *id = eventlog_text(event, "connection_id");
	const json_t *number = json_object_get(event, "ei");
	struct tally *t;

	if (*id == '\0' || number == NULL)
		return 0;
	if ((t = find_tally(all, id)) == NULL)
		return -ENOMEM;
	if (strcmp(eventlog_text(event, "emitter"), "trace") == 0) {
		/* Another trace begins anew, and says so. */
		if (strcmp(eventlog_text(event, "event"), "audit.gap") == 0) {
			t->before += t->numbered;
			t->numbered = 0;
		}
		t->traced++;
		if ((uint64_t)json_integer_value(number) >= t->numbered)
			t->numbered = (uint64_t)json_integer_value(number) + 1;
		return 0;
	}
	t->seen++;
	if (strcmp(eventlog_text(event, "event"), "connection.start") == 0)
		t->has_start = true;
	if (strcmp(eventlog_text(event, "event"), "connection.end") == 0)
		t->should = (uint64_t)json_integer_value(
		    json_object_get(event, "events"));
	return 0;
}

/* How many that is: 0 or 1. */
static size_t
say_missing(const char *id, const char *whose, uint64_t seen, uint64_t should)
{
	if (seen == should)
		return 0;
	printf("connection %s: %llu events of %llu are there, %s\n", id,
	    (unsigned long long)seen, (unsigned long long)should, whose);
	return 1;
}

static size_t
verify_events(const struct tallies *t)
{
	size_t i, wrong = 0;

	for (i = 0; i < t->n; i++)
		if (t->v[i].has_start)
			wrong += say_missing(t->v[i].id, "the keeper's",
				     t->v[i].seen,
				     t->v[i].should != 0 ? t->v[i].should
							 : t->v[i].seen) +
			    say_missing(t->v[i].id, "trace's", t->v[i].traced,
				t->v[i].before + t->v[i].numbered);
	return wrong;
}

/* ---- recordings */

static int
hash_plain(int fd, char *block, crypto_generichash_state *state)
{
	ssize_t n;

	while ((n = read(fd, block, BLOCK_BYTES)) > 0)
		crypto_generichash_update(state, (unsigned char *)block,
		    (size_t)n);
	return n < 0 ? -errno : 0;
}

static int
hash_zstd(int fd, char *block, crypto_generichash_state *state)
{
	AUTO(free) char *plain = malloc(BLOCK_BYTES);
	ZSTD_DCtx *z = ZSTD_createDCtx();
	size_t left = 0;
	ssize_t n = 0;
	int r = plain != NULL && z != NULL ? 0 : -ENOMEM;

	while (r == 0 && (n = read(fd, block, BLOCK_BYTES)) > 0) {
		ZSTD_inBuffer in = { block, (size_t)n, 0 };

		while (r == 0 && in.pos < in.size) {
			ZSTD_outBuffer out = { plain, BLOCK_BYTES, 0 };

			left = ZSTD_decompressStream(z, &out, &in);
			if (ZSTD_isError(left))
				r = -EBADMSG;
			else
				crypto_generichash_update(state,
				    (unsigned char *)plain, out.pos);
		}
	}
	ZSTD_freeDCtx(z);
	if (r == 0 && n < 0)
		r = -errno;
	return r == 0 && left != 0 ? -EBADMSG : r;
}

static int
digest_of(const char *path, char text[2 * DIGEST_BYTES + 1])
{
	AUTO(free) char *block = malloc(BLOCK_BYTES);
	unsigned char digest[DIGEST_BYTES];
	crypto_generichash_state state;
	AUTO(close) int fd = -1;
	int r;

	if (block == NULL)
		return -ENOMEM;
	if ((fd = open(path, O_RDONLY | O_CLOEXEC)) < 0)
		return -errno;
	crypto_generichash_init(&state, NULL, 0, DIGEST_BYTES);
	r = path_ends_with(path, ".zst") ? hash_zstd(fd, block, &state)
					 : hash_plain(fd, block, &state);
	crypto_generichash_final(&state, digest, sizeof(digest));
	sodium_bin2hex(text, 2 * DIGEST_BYTES + 1, digest, sizeof(digest));
	return r;
}

/* NULL, or what is wrong. */
static const char *
verify_recording(const struct audit_session *s, const char *dir)
{
	const json_t *recording = json_object_get(s->end, "recording");
	const char *want = eventlog_text(recording, "blake2b");
	char path[PATH_MAX], got[2 * DIGEST_BYTES + 1];

	if (recording == NULL)
		return NULL;
	if (sessionlist_recording(s, dir, path, sizeof(path)) < 0)
		return "its recording is gone";
	if (*want == '\0')
		return "its digest was never told";
	if (digest_of(path, got) < 0)
		return "its recording cannot be read";
	return strcmp(want, got) == 0 ? NULL
				      : "its recording is not what it was";
}

static size_t
verify_recordings(const struct sessionlist *l, const char *dir, size_t *ret_n)
{
	const char *why;
	size_t i, wrong = 0;

	for (i = 0; i < l->n; i++) {
		AUTO_CLEAR(audit_session_clear)
		struct audit_session s = { 0 };

		if (l->v[i].end == NULL)
			continue;
		(*ret_n)++;
		s = sessionlist_get(l, i);
		if ((why = verify_recording(&s, dir)) == NULL)
			continue;
		printf("session %s: %s\n", eventlog_text(s.start, "sid"), why);
		wrong++;
	}
	return wrong;
}

/* ---- both, of one reading */

struct all {
	struct sessionlist sessions;
	struct tallies tallies;
};

static int
take(const struct eventlog_line *line, void *context)
{
	struct all *all = context;
	int r = sessionlist_take(line, &all->sessions);

	return r != 0 ? r : count(line->event, &all->tallies);
}

static int
verify(const char *events, const char *dir)
{
	const struct eventlog_query q = { .path = events };
	struct eventlog_report report;
	struct all all = { 0 };
	size_t n = 0, wrong = 0;

	if (eventlog_read(&q, take, &all, &report) < 0) {
		audit_complain("%s", report.error);
		wrong++;
	}
	if (report.bad > 0) {
		audit_complain("%zu lines of '%s' are no events", report.bad,
		    events);
		wrong++;
	}
	wrong += verify_recordings(&all.sessions, dir, &n);
	wrong += verify_events(&all.tallies);
	sessionlist_clear(&all.sessions);
	free(all.tallies.v);
	json_decref(all.tallies.places);
	printf("%zu sessions that have ended, %zu problems\n", n, wrong);
	return wrong == 0 ? AUDIT_DONE : AUDIT_NOT_FOUND;
}

int
audit_verify(int argc, char **argv)
{
	static const struct option longs[] = {
		{ "events", required_argument, NULL, 'e' },
		{ "help", no_argument, NULL, 'h' },
		{ NULL, 0, NULL, 0 },
	};
	const char *events = AUDIT_EVENTS;
	char dir[PATH_MAX];
	int opt, r;

	while ((opt = getopt_long(argc, argv, "h", longs, NULL)) != -1) {
		if (opt != 'e')
			return audit_usage(usage, opt == 'h');
		events = optarg;
	}
	if (optind != argc)
		return audit_usage(usage, false);
	if (sodium_init() < 0)
		return AUDIT_FAILED;
	if ((r = auditfind_folder(dir, sizeof(dir))) != 0)
		return r;
	return verify(events, dir);
}
