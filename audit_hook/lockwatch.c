/* SPDX-License-Identifier: ISC */
/* Two stat(2) every few seconds; the question itself only where one differs. */
#include <errno.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "auto.h"
#include "clock.h"
#include "host.h"
#include "lockwatch.h"

#define LOOK_MS 5000
/* A file of locks.d that is written in place changes no folder. */
#define FULL_MS 60000

int
lockwatch_init(struct lockwatch *w, const struct settings *host,
    const uint8_t *cert, size_t cert_len, const char *login)
{
	int r;

	*w = (struct lockwatch){ .login = login };
	if (cert_len == 0)
		return 0;
	if ((r = cert_parse(cert, cert_len, &w->cert)) < 0)
		return r;
	w->policy = strdup(host->policy);
	w->locks = host_locks_path(host);
	if (w->policy == NULL || w->locks == NULL) {
		lockwatch_clear(w);
		return -ENOMEM;
	}
	w->next_ms = clock_boot_ms() + LOOK_MS;
	return 0;
}

int
lockwatch_due_ms(const struct lockwatch *w)
{
	uint64_t now = clock_boot_ms();

	if (w->cert == NULL)
		return -1;
	return w->next_ms > now ? (int)(w->next_ms - now) : 0;
}

static bool
has_changed(const char *path, struct lockwatch_stamp *stamp)
{
	struct lockwatch_stamp now = { 0 };
	struct stat st;

	if (stat(path, &st) == 0)
		now = (struct lockwatch_stamp){ st.st_ino, st.st_ctim };
	if (now.ino == stamp->ino && now.ctime.tv_sec == stamp->ctime.tv_sec &&
	    now.ctime.tv_nsec == stamp->ctime.tv_nsec)
		return false;
	*stamp = now;
	return true;
}

static bool
is_time_to_ask(struct lockwatch *w)
{
	bool policy, locks;

	policy = has_changed(w->policy, &w->of_policy);
	locks = has_changed(w->locks, &w->of_locks);
	if (!policy && !locks && clock_boot_ms() < w->full_ms)
		return false;
	w->full_ms = clock_boot_ms() + FULL_MS;
	return true;
}

static bool
is_locked(const struct lockwatch *w, char *ret_why, size_t size)
{
	AUTO_CLEAR(decision_clear) struct decision d = { 0 };
	AUTO_CLEAR(host_clear) struct host h = { 0 };
	struct conf_error e = { 0 };

	if (host_load(&h, 0, &e) != REASON_NONE)
		return false;
	host_ask_locks(&h, w->cert, w->login, &d);
	if (d.reason != REASON_LOCKED)
		return false;
	snprintf(ret_why, size, "%s", d.detail != NULL ? d.detail : "locked");
	return true;
}

bool
lockwatch_sees(struct lockwatch *w, char *ret_why, size_t size)
{
	if (w->cert == NULL || clock_boot_ms() < w->next_ms)
		return false;
	w->next_ms = clock_boot_ms() + LOOK_MS;
	return is_time_to_ask(w) && is_locked(w, ret_why, size);
}

void
lockwatch_clear(struct lockwatch *w)
{
	if (w->cert != NULL)
		cert_free(w->cert);
	free(w->policy);
	free(w->locks);
	*w = (struct lockwatch){ 0 };
}
