/* SPDX-License-Identifier: ISC */
#include <curl/curl.h>
#include <errno.h>
#include <fcntl.h>
#include <poll.h>
#include <signal.h>
#include <sodium.h>
#include <spawn.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/wait.h>
#include <syslog.h>
#include <time.h>
#include <unistd.h>

#include "alertqueue.h"
#include "auto.h"
#include "deliver.h"
#include "path.h"

#define PAGERDUTY_URL "https://events.pagerduty.com/v2/enqueue"
#define TEXT_MAX      3000

extern char **environ;

static const char *
text_of(json_t *alert, const char *key)
{
	const char *s = json_string_value(json_object_get(alert, key));

	return s != NULL ? s : "";
}

static bool
is_count(json_t *alert)
{
	return strcmp(text_of(alert, "event"), "alert.count") == 0;
}

/* ---- what each receiver wants --------------------------------------------------- */

struct text {
	char p[TEXT_MAX];
	size_t n;
};

static void
add(struct text *t, const char *s)
{
	size_t n = strlen(s), room = sizeof(t->p) - 1 - t->n;

	n = n < room ? n : room;
	memcpy(t->p + t->n, s, n);
	t->n += n;
	t->p[t->n] = '\0';
}

/* Slack reads & < > as its own ("Formatting text"), and ` would end what is
 * shown as it is. */
static void
add_quoted(struct text *t, const char *s)
{
	char one[2] = "";

	for (; *s != '\0'; s++) {
		one[0] = *s;
		if (*s == '`')
			one[0] = '\'';
		add(t,
		    *s == '&'	    ? "&amp;"
			: *s == '<' ? "&lt;"
			: *s == '>' ? "&gt;"
				    : one);
	}
}

static json_t *
slack_body(json_t *alert)
{
	static const char *const shown[] = { "server_hostname", "user", "login",
		"addr.remote", "path", "sid" };
	struct text t = { .n = 0 };
	size_t i;
	json_t *step, *cut;

	add(&t, "*[");
	add_quoted(&t, text_of(alert, "level"));
	add(&t, "] ");
	add_quoted(&t, text_of(alert, "title"));
	add(&t, "*\n");
	for (i = 0; i < ARRAY_SIZE(shown); i++)
		if (*text_of(alert, shown[i]) != '\0') {
			add(&t, shown[i]);
			add(&t, ": `");
			add_quoted(&t, text_of(alert, shown[i]));
			add(&t, "`\n");
		}
	add(&t, "rule: ");
	add_quoted(&t, text_of(alert, "rule_title"));
	add(&t, " (");
	add_quoted(&t, text_of(alert, "author"));
	add(&t, ")\n");
	json_array_foreach (json_object_get(alert, "runbook"), i, step) {
		add(&t, "`");
		add_quoted(&t, json_string_value(step));
		add(&t, "`\n");
	}
	/* A character may be cut in its middle. */
	while ((cut = json_string(t.p)) == NULL && t.n > 0)
		t.p[--t.n] = '\0';
	return json_pack("{s:o}", "text", cut);
}

static json_t *
pagerduty_body(const struct route *r, json_t *alert)
{
	static const char *const severities[] = { "info", "info", "warning",
		"error", "critical" };
	enum sigma_level level = SIGMA_INFORMATIONAL;
	char summary[1024];
	size_t n;

	if (is_count(alert))
		return json_pack("{s:s, s:s, s:s}", "routing_key", r->secret,
		    "event_action", "resolve", "dedup_key",
		    text_of(alert, "alert"));
	(void)sigma_level_parse(text_of(alert, "level"), &level);
	n = strlen(text_of(alert, "title"));
	n = n < 900 ? n : 900;
	memcpy(summary, text_of(alert, "title"), n);
	/* Not in the middle of a character: its first byte and what is of it. */
	if (n == 900) {
		while (n > 0 && ((unsigned char)summary[n - 1] & 0xc0) == 0x80)
			n--;
		if (n > 0 && ((unsigned char)summary[n - 1] & 0x80) != 0)
			n--;
	}
	summary[n] = '\0';
	return json_pack("{s:s, s:s, s:s, s:{s:s, s:s, s:s, s:s, s:O}}",
	    "routing_key", r->secret, "event_action", "trigger", "dedup_key",
	    text_of(alert, "uid"), "payload", "summary", summary, "source",
	    *text_of(alert, "server_hostname") != '\0'
		? text_of(alert, "server_hostname")
		: "countersign",
	    "severity", severities[level], "timestamp", text_of(alert, "time"),
	    "custom_details", alert);
}

/* ---- HTTP ------------------------------------------------------------------------ */

struct reply {
	unsigned retry_after_s;
};

static size_t
take_header(char *p, size_t size, size_t n, void *context)
{
	struct reply *r = context;
	static const char name[] = "retry-after:";
	size_t len = size * n, i;

	if (len > sizeof(name) && strncasecmp(p, name, sizeof(name) - 1) == 0)
		for (i = sizeof(name) - 1; i < len; i++)
			if (p[i] >= '0' && p[i] <= '9' &&
			    r->retry_after_s < 100000)
				r->retry_after_s = r->retry_after_s * 10 +
				    (unsigned)(p[i] - '0');
	return len;
}

static size_t
pass_over(char *p, size_t size, size_t n, void *context)
{
	(void)p;
	(void)context;
	return size * n;
}

/* "t=TIME,v1=HEX": HMAC-SHA256 (RFC 2104) over "TIME.BODY". The time keeps an old
 * one from being sent again by somebody else. */
static void
sign(const char *key, const char *body, size_t len, char *ret, size_t size)
{
	crypto_auth_hmacsha256_state state;
	unsigned char mac[crypto_auth_hmacsha256_BYTES];
	char hex[sizeof(mac) * 2 + 1], stamp[32];
	int n = snprintf(stamp, sizeof(stamp), "%lld.", (long long)time(NULL));

	crypto_auth_hmacsha256_init(&state, (const unsigned char *)key,
	    strlen(key));
	crypto_auth_hmacsha256_update(&state, (const unsigned char *)stamp,
	    (size_t)n);
	crypto_auth_hmacsha256_update(&state, (const unsigned char *)body, len);
	crypto_auth_hmacsha256_final(&state, mac);
	sodium_bin2hex(hex, sizeof(hex), mac, sizeof(mac));
	stamp[n - 1] = '\0';
	(void)snprintf(ret, size, "X-Countersign-Signature: t=%s,v1=%s", stamp,
	    hex);
}

static enum delivery
judge(CURLcode code, long status, char why[DELIVER_WHY_MAX])
{
	if (code != CURLE_OK) {
		(void)snprintf(why, DELIVER_WHY_MAX, "%s",
		    curl_easy_strerror(code));
		return DELIVERY_LATER;
	}
	if (status >= 200 && status < 300)
		return DELIVERED;
	(void)snprintf(why, DELIVER_WHY_MAX, "the receiver says %ld", status);
	/* RFC 9110 15.5: the request is wrong, and will be; but 408 and 429 are
	 * about the moment, and 401, 403, 404 about the route: a token or an
	 * address that somebody will mend. */
	return status >= 400 && status < 500 && status != 401 &&
		status != 403 && status != 404 && status != 408 && status != 429
	    ? DELIVERY_REFUSED
	    : DELIVERY_LATER;
}

static enum delivery
post(const char *url, const struct curl_slist *headers, const char *body,
    size_t len, char why[DELIVER_WHY_MAX], unsigned *ret_wait_s)
{
	CURL *c = curl_easy_init();
	struct reply reply = { 0 };
	enum delivery d;
	CURLcode code;
	long status = 0;

	if (c == NULL) {
		(void)snprintf(why, DELIVER_WHY_MAX, "no memory");
		return DELIVERY_LATER;
	}
	curl_easy_setopt(c, CURLOPT_URL, url);
	curl_easy_setopt(c, CURLOPT_PROTOCOLS_STR, "https,http");
	curl_easy_setopt(c, CURLOPT_FOLLOWLOCATION, 0L);
	curl_easy_setopt(c, CURLOPT_NOSIGNAL, 1L);
	curl_easy_setopt(c, CURLOPT_CONNECTTIMEOUT, 5L);
	curl_easy_setopt(c, CURLOPT_TIMEOUT, (long)DELIVER_TIMEOUT_S);
	curl_easy_setopt(c, CURLOPT_USERAGENT, "countersign-detect");
	curl_easy_setopt(c, CURLOPT_HTTPHEADER, headers);
	curl_easy_setopt(c, CURLOPT_POSTFIELDS, body);
	curl_easy_setopt(c, CURLOPT_POSTFIELDSIZE, (long)len);
	curl_easy_setopt(c, CURLOPT_WRITEFUNCTION, pass_over);
	curl_easy_setopt(c, CURLOPT_HEADERFUNCTION, take_header);
	curl_easy_setopt(c, CURLOPT_HEADERDATA, &reply);
	code = curl_easy_perform(c);
	if (code == CURLE_OK)
		curl_easy_getinfo(c, CURLINFO_RESPONSE_CODE, &status);
	d = judge(code, status, why);
	*ret_wait_s = d == DELIVERY_LATER ? reply.retry_after_s : 0;
	curl_easy_cleanup(c);
	return d;
}

static enum delivery
post_json(const struct route *r, json_t *alert, const char *url,
    const char *body, size_t len, char why[DELIVER_WHY_MAX],
    unsigned *ret_wait_s)
{
	struct curl_slist *headers = NULL;
	char signature[256], id[128];
	enum delivery d;

	(void)snprintf(id, sizeof(id), "Idempotency-Key: %.64s",
	    text_of(alert, "uid"));
	headers = curl_slist_append(headers, "Content-Type: application/json");
	headers = curl_slist_append(headers, id);
	if (r->kind == ROUTE_WEBHOOK) {
		sign(r->secret, body, len, signature, sizeof(signature));
		headers = curl_slist_append(headers, signature);
	}
	d = post(url, headers, body, len, why, ret_wait_s);
	curl_slist_free_all(headers);
	return d;
}

/* Takes what was made for the receiver. */
static enum delivery
post_made(const struct route *r, json_t *alert, const char *url, json_t *made,
    char why[DELIVER_WHY_MAX], unsigned *ret_wait_s)
{
	AUTO(free)
	char *body = made != NULL ? json_dumps(made, JSON_COMPACT) : NULL;

	json_decref(made);
	if (body == NULL) {
		(void)snprintf(why, DELIVER_WHY_MAX,
		    "it cannot be said to this receiver");
		return DELIVERY_REFUSED;
	}
	return post_json(r, alert, url, body, strlen(body), why, ret_wait_s);
}

/* ---- the others -------------------------------------------------------------------- */

static enum delivery
to_syslog(json_t *alert, const char *text)
{
	static const int priorities[] = { LOG_INFO, LOG_NOTICE, LOG_WARNING,
		LOG_ERR, LOG_CRIT };
	enum sigma_level level = SIGMA_INFORMATIONAL;

	(void)sigma_level_parse(text_of(alert, "level"), &level);
	syslog(LOG_AUTHPRIV | priorities[level], "%s", text);
	return DELIVERED;
}

/* Its end, or so many seconds. */
static int
wait_for(pid_t pid, unsigned seconds, int *ret_status)
{
	unsigned i;

	for (i = 0; i < seconds * 20; i++) {
		if (waitpid(pid, ret_status, WNOHANG) == pid)
			return 0;
		(void)poll(NULL, 0, 50);
	}
	(void)kill(pid, SIGKILL);
	(void)waitpid(pid, ret_status, 0);
	return -ETIMEDOUT;
}

/* Exit status 0: done; 75 (EX_TEMPFAIL of sysexits.h): later; others: never. */
static enum delivery
to_command(const struct route *r, const char *text, size_t len,
    char why[DELIVER_WHY_MAX])
{
	AUTO(close) int in = alertqueue_as_input(text, len);
	AUTO(free) char **argv = calloc(r->command.n + 1, sizeof(*argv));
	posix_spawn_file_actions_t actions;
	int status = 0, e;
	pid_t pid;

	if (in < 0 || argv == NULL ||
	    posix_spawn_file_actions_init(&actions) != 0) {
		(void)snprintf(why, DELIVER_WHY_MAX, "no room");
		return DELIVERY_LATER;
	}
	memcpy(argv, r->command.v, r->command.n * sizeof(*argv));
	(void)posix_spawn_file_actions_adddup2(&actions, in, STDIN_FILENO);
	e = posix_spawn(&pid, argv[0], &actions, NULL, argv, environ);
	posix_spawn_file_actions_destroy(&actions);
	if (e != 0) {
		(void)snprintf(why, DELIVER_WHY_MAX, "cannot run '%.80s': %s",
		    argv[0], strerror(e));
		return DELIVERY_LATER;
	}
	if (wait_for(pid, DELIVER_TIMEOUT_S * 4, &status) < 0) {
		(void)snprintf(why, DELIVER_WHY_MAX, "it took over %d s",
		    DELIVER_TIMEOUT_S * 4);
		return DELIVERY_LATER;
	}
	if (WIFEXITED(status) && WEXITSTATUS(status) == 0)
		return DELIVERED;
	(void)snprintf(why, DELIVER_WHY_MAX, "the command ended with %d",
	    WIFEXITED(status) ? WEXITSTATUS(status) : 128 + WTERMSIG(status));
	return WIFEXITED(status) && WEXITSTATUS(status) != 75 ? DELIVERY_REFUSED
							      : DELIVERY_LATER;
}

enum delivery
deliver(const struct route *r, json_t *alert, const char *text, size_t len,
    char why[DELIVER_WHY_MAX], unsigned *ret_wait_s)
{
	*ret_wait_s = 0;
	switch (r->kind) {
	case ROUTE_SLACK:
		if (is_count(alert))
			return DELIVERY_NOTHING;
		return post_made(r, alert, r->url, slack_body(alert), why,
		    ret_wait_s);
	case ROUTE_PAGERDUTY:
		return post_made(r, alert,
		    r->url != NULL ? r->url : PAGERDUTY_URL,
		    pagerduty_body(r, alert), why, ret_wait_s);
	case ROUTE_WEBHOOK:
		return post_json(r, alert, r->url, text, len, why, ret_wait_s);
	case ROUTE_SYSLOG:
		return to_syslog(alert, text);
	case ROUTE_COMMAND:
		break;
	}
	return to_command(r, text, len, why);
}
