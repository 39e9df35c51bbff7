/* SPDX-License-Identifier: ISC */
/* What a rule asks for, done on this host or refused. */
#ifndef CS_ACT_H
#define CS_ACT_H

#include <jansson.h>
#include <time.h>

#include "eventsink.h"
#include "respondconf.h"
#include "settings.h"

#define ACT_WHY_MAX    200
#define ACT_TARGET_MAX 256
#define ACT_RUNS_MAX   16 /* commands at a time */
#define ACT_RUN_S      60 /* and how long one may take */

enum act_outcome {
	ACT_DONE,
	ACT_STARTED, /* a command: act_reap says how it ended */
	ACT_DRY_RUN,
	ACT_NOTHING, /* there is nothing left to do it to */
	ACT_REFUSED,
	ACT_FAILED /* it may be possible later */
};

/* One response of one alert; all but the target is the alert's. */
struct order {
	json_t *alert;
	const char *file; /* of the queue */
	const char *uid, *rule_id, *rule_title;
	const char *user, *login, *connection_id; /* NULL: it says none */
	const char *action, *what;
	uint64_t for_s; /* of a lock */
	uint64_t time_s; /* of the event */
	size_t number; /* among the alert's */
	char target[ACT_TARGET_MAX]; /* in words; set by act */
};

struct act_run {
	pid_t pid; /* 0: free */
	uint64_t until_ms;
	char *alert, *file; /* its line, and of the queue */
	size_t number;
	bool is_late; /* it has been killed */
};

struct actor {
	const struct respondconf *conf;
	const struct settings *host;
	struct eventsink *sink;
	struct act_run runs[ACT_RUNS_MAX];
	uint64_t ends_since_s, ends; /* in this hour */
};

/* The alert's i-th response. 0, -ENOENT: there are not so many, -EINVAL: it is
 * none. Borrows the alert and the file's name. */
int order_read(json_t *alert, const char *file, size_t i, struct order *ret);
/* why is set unless it is done. */
enum act_outcome act(struct actor *a, struct order *o, char why[ACT_WHY_MAX]);
const char *act_outcome_name(enum act_outcome o);
/* Locks of ours that have ended, removed. Returns how many are in force, or
 * -errno. */
int act_tidy_locks(const struct actor *a);

/* ---- actrun.c ---- */

/* Starts the command with the alert on its standard input. */
enum act_outcome act_run(struct actor *a, const struct order *o,
    char why[ACT_WHY_MAX]);
/* Tells of each that has ended since: done, or refused with how. */
void act_reap(struct actor *a,
    void (*tell)(void *context, const struct order *o, enum act_outcome out,
	const char *why),
    void *context);

/* ---- lockrequest.c ---- */

/* Root's, and writable by nobody else: what is made and signed in it stays so. 0,
 * -EPERM, or -errno. */
int lockrequest_check(const struct respondconf *c);
/* Writes NAME.json and NAME.json.sig into the folder for the policy's owner. 0 or
 * -errno; one that is there is as good. */
int lockrequest_write(const struct respondconf *c, const char *name,
    const char *text);

#endif
