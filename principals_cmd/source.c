/* SPDX-License-Identifier: ISC */
/* Where releases come from: a folder, or HTTPS. Everything has a bound: time,
 * size, and no redirect. */
#include <curl/curl.h>
#include <errno.h>
#include <limits.h>
#include <stdlib.h>
#include <string.h>
#include <strings.h>
#include <time.h>

#include "auto.h"
#include "source.h"

#define CONNECT_TIMEOUT_S 10L
#define FILE_TIMEOUT_S	  120L
#define SLOW_BYTES_S	  1000L /* slower than this for so long: given up */
#define SLOW_TIME_S	  15L
#define ETAG_MAX	  256

static void
free_curl(CURL **c)
{
	curl_easy_cleanup(*c);
}

static void
free_list(struct curl_slist **l)
{
	curl_slist_free_all(*l);
}

struct download {
	struct release_bytes *to;
	size_t max_bytes, cap;
	bool is_too_large;
	char etag[ETAG_MAX];
};

static size_t
take_bytes(char *p, size_t size, size_t n, void *data)
{
	struct download *d = data;
	size_t len = size * n, cap = d->cap > 0 ? d->cap : 16384;
	char *more;

	if (len > d->max_bytes - d->to->len) {
		d->is_too_large = true;
		return 0;
	}
	while (cap < d->to->len + len + 1)
		cap *= 2;
	if (cap != d->cap) {
		if ((more = realloc(d->to->p, cap)) == NULL)
			return 0;
		d->to->p = more;
		d->cap = cap;
	}
	memcpy(d->to->p + d->to->len, p, len);
	d->to->len += len;
	d->to->p[d->to->len] = '\0';
	return len;
}

static size_t
take_header(char *p, size_t size, size_t n, void *data)
{
	static const char name[] = "etag:";
	struct download *d = data;
	size_t len = size * n, begin = sizeof(name) - 1;

	if (len <= begin || strncasecmp(p, name, begin) != 0)
		return len;
	while (begin < len && p[begin] == ' ')
		begin++;
	while (len > begin && (p[len - 1] == '\r' || p[len - 1] == '\n'))
		len--;
	if (len - begin < sizeof(d->etag)) {
		memcpy(d->etag, p + begin, len - begin);
		d->etag[len - begin] = '\0';
	}
	return size * n;
}

static uint64_t
seconds_now(void)
{
	struct timespec t;

	clock_gettime(CLOCK_MONOTONIC, &t);
	return (uint64_t)t.tv_sec;
}

/* Set on every request: what is not asked for is refused. */
static void
set_bounds(CURL *c, const struct settings *s, long timeout_s,
    struct download *d)
{
	curl_easy_setopt(c, CURLOPT_PROTOCOLS_STR, "https");
	curl_easy_setopt(c, CURLOPT_FOLLOWLOCATION, 0L);
	curl_easy_setopt(c, CURLOPT_SSL_VERIFYPEER, 1L);
	curl_easy_setopt(c, CURLOPT_SSL_VERIFYHOST, 2L);
	if (s->policy_source_ca[0] != '\0') {
		curl_easy_setopt(c, CURLOPT_CAINFO, s->policy_source_ca);
		curl_easy_setopt(c, CURLOPT_CAPATH, NULL);
	}
	curl_easy_setopt(c, CURLOPT_NOSIGNAL, 1L);
	curl_easy_setopt(c, CURLOPT_CONNECTTIMEOUT, CONNECT_TIMEOUT_S);
	curl_easy_setopt(c, CURLOPT_TIMEOUT, timeout_s);
	curl_easy_setopt(c, CURLOPT_LOW_SPEED_LIMIT, SLOW_BYTES_S);
	curl_easy_setopt(c, CURLOPT_LOW_SPEED_TIME, SLOW_TIME_S);
	curl_easy_setopt(c, CURLOPT_USERAGENT, "countersign");
	curl_easy_setopt(c, CURLOPT_WRITEFUNCTION, take_bytes);
	curl_easy_setopt(c, CURLOPT_WRITEDATA, d);
	curl_easy_setopt(c, CURLOPT_HEADERFUNCTION, take_header);
	curl_easy_setopt(c, CURLOPT_HEADERDATA, d);
}

/* Words that are the same each time it happens: what repeats is said once. */
static int
say_transfer(CURLcode code, const struct download *d, struct conf_error *e)
{
	if (code == CURLE_OUT_OF_MEMORY)
		return -ENOMEM;
	if (d->is_too_large)
		return conf_error(e, 0, "larger than it may be");
	if (code == CURLE_OPERATION_TIMEDOUT)
		return conf_error(e, 0, "it took too long, or came too slowly");
	return conf_error(e, 0, "%s", curl_easy_strerror(code));
}

static int
say_status(long status, struct conf_error *e)
{
	if (status >= 300 && status < 400)
		return conf_error(e, 0,
		    "the server redirects (HTTP %ld), which is not followed",
		    status);
	return conf_error(e, 0, "the server answers HTTP %ld", status);
}

/* 0: it is in *to; 1: it has not changed. */
static int
get_url(CURL *c, const char *url, const struct settings *s, long timeout_s,
    const char *etag, struct download *d, struct conf_error *e)
{
	__attribute__((cleanup(free_list))) struct curl_slist *headers = NULL;
	char condition[ETAG_MAX + 32];
	CURLcode code;
	long status = 0;

	curl_easy_reset(c);
	set_bounds(c, s, timeout_s, d);
	curl_easy_setopt(c, CURLOPT_URL, url);
	if (etag != NULL) {
		snprintf(condition, sizeof(condition), "If-None-Match: %s",
		    etag);
		headers = curl_slist_append(NULL, condition);
		curl_easy_setopt(c, CURLOPT_HTTPHEADER, headers);
	}
	if ((code = curl_easy_perform(c)) != CURLE_OK)
		return say_transfer(code, d, e);
	curl_easy_getinfo(c, CURLINFO_RESPONSE_CODE, &status);
	if (status == 304 && etag != NULL)
		return 1;
	if (status != 200)
		return say_status(status, e);
	/* An empty body makes no call. */
	if (d->to->p == NULL && (d->to->p = strdup("")) == NULL)
		return -ENOMEM;
	return 0;
}

static const char *
slash_after(const char *source)
{
	size_t n = strlen(source);

	return n > 0 && source[n - 1] == '/' ? "" : "/";
}

struct getter {
	CURL *c;
	const char *source;
	const struct settings *settings;
	const struct fetchstate *state;
	const struct release *spooled; /* NULL: nothing to compare with */
	uint64_t end_s; /* monotonic: when all of it has to be here */
	struct source_answer *answer;
};

static long
timeout_of(const struct getter *g)
{
	uint64_t now_s = seconds_now();
	uint64_t left = g->end_s > now_s ? g->end_s - now_s : 1;

	return left < FILE_TIMEOUT_S ? (long)left : FILE_TIMEOUT_S;
}

static int
keep_spooled(struct getter *g, enum release_file file)
{
	struct release_bytes *new = &g->answer->release.files[file];
	const struct release_bytes *old;

	/* Without them no ETag was sent, and nothing can be unchanged. */
	if (g->spooled == NULL)
		return -EBADMSG;
	old = &g->spooled->files[file];
	free(new->p);
	if ((new->p = malloc(old->len + 1)) == NULL)
		return -ENOMEM;
	memcpy(new->p, old->p, old->len + 1);
	new->len = old->len;
	g->answer->is_cached = true;
	return 0;
}

static int
get_file(struct getter *g, enum release_file file, struct conf_error *reterr)
{
	struct release_bytes *to = &g->answer->release.files[file];
	struct download d = { .to = to, .max_bytes = release_max_bytes(file) };
	AUTO(free) char *url = NULL;
	const char *etag = NULL;
	struct conf_error e = { 0 };
	bool is_unchanged;
	int r;

	if (asprintf(&url, "%s%s%s", g->source, slash_after(g->source),
		release_name(file)) < 0) {
		url = NULL;
		return -ENOMEM;
	}
	if (g->spooled != NULL)
		etag = fetchstate_etag(g->state, file);
	if ((r = get_url(g->c, url, g->settings, timeout_of(g), etag, &d,
		 &e)) == -EINVAL)
		return conf_error(reterr, 0, "%s: %.200s", release_name(file),
		    e.what);
	if (r < 0)
		return r;
	is_unchanged = r == 1;
	if (is_unchanged && (r = keep_spooled(g, file)) < 0)
		return r;
	if (d.etag[0] == '\0' && is_unchanged)
		snprintf(d.etag, sizeof(d.etag), "%s", etag);
	if (d.etag[0] != '\0' &&
	    (g->answer->etags[file] = strdup(d.etag)) == NULL)
		return -ENOMEM;
	return 0;
}

static int
get_https(struct getter *g, struct conf_error *reterr)
{
	__attribute__((cleanup(free_curl))) CURL *c = curl_easy_init();
	size_t i, n = release_n_wanted(g->settings);
	int r;

	if ((g->c = c) == NULL)
		return -ENOMEM;
	for (i = 0; i < n; i++)
		if ((r = get_file(g, (enum release_file)i, reterr)) < 0)
			return r;
	return 0;
}

/* A source may also be named by the policy in it. */
static char *
folder_of(const char *source)
{
	static const char file[] = "/policy.json";
	size_t n = strlen(source), m = sizeof(file) - 1;

	if (n > m && strcmp(source + n - m, file) == 0)
		n -= m;
	return strndup(source, n);
}

int
source_get(const char *source, const struct settings *s,
    const struct fetchstate *state, const char *spool, bool is_fresh,
    unsigned timeout_s, struct source_answer *ret, struct conf_error *reterr)
{
	AUTO_CLEAR(release_clear) struct release spooled = { 0 };
	AUTO(free) char *folder = folder_of(source);
	struct getter g = { .source = folder,
		.settings = s,
		.state = state,
		.end_s = seconds_now() + timeout_s,
		.answer = ret };
	struct conf_error ignored;
	int r;

	if (folder == NULL)
		return -ENOMEM;
	if (folder[0] == '/') {
		r = release_read(folder, release_n_wanted(s), true,
		    &ret->release, reterr);
		return r < 0 && r != -ENOMEM ? -EINVAL : r;
	}
	if (!is_fresh && fetchstate_is_from(state, source) &&
	    release_read(spool, release_n_wanted(s), false, &spooled,
		&ignored) == 0)
		g.spooled = &spooled;
	return get_https(&g, reterr);
}

void
source_answer_clear(struct source_answer *a)
{
	size_t i;

	release_clear(&a->release);
	for (i = 0; i < RELEASE_FILES; i++)
		free(a->etags[i]);
	*a = (struct source_answer){ 0 };
}

char *
source_shown(const char *source)
{
	const char *host = strstr(source, "://"), *at, *end;
	char *text;

	if (host == NULL)
		return strdup(source);
	host += 3;
	end = host + strcspn(host, "/?#");
	at = memrchr(host, '@', (size_t)(end - host));
	if (at == NULL)
		return strdup(source);
	return asprintf(&text, "%.*s...%s", (int)(host - source), source, at) <
		0
	    ? NULL
	    : text;
}
