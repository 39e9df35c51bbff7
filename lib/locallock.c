/* SPDX-License-Identifier: ISC */
#include <errno.h>
#include <fcntl.h>
#include <grp.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

#include "auto.h"
#include "clock.h"
#include "host.h"
#include "locallock.h"
#include "parse.h"
#include "path.h"

char *
locallock_path(const struct settings *s, const char *name)
{
	AUTO(free) char *dir = host_locks_path(s);
	char *path;

	if (dir == NULL || !is_simple_name(name) ||
	    asprintf(&path, "%s/%s.json", dir, name) < 0)
		return NULL;
	return path;
}

static void
set_text(json_t *o, const char *key, const char *text)
{
	if (text != NULL)
		json_object_set_new(o, key, json_string(text));
}

char *
locallock_text(const struct locallock *l)
{
	json_auto_t *doc = json_object();
	char end[CLOCK_TEXT_MAX];

	set_text(doc, "name", l->name);
	json_object_set(doc, "target", l->target);
	if (l->expires_s != 0)
		set_text(doc, "expires", clock_rfc3339(l->expires_s, end));
	set_text(doc, "reason", l->reason);
	set_text(doc, "updated_by", l->updated_by);
	return json_dumps(doc, JSON_INDENT(2));
}

static int
write_lock(const struct settings *s, const char *path, const char *text)
{
	AUTO(free) char *dir = host_locks_path(s);
	const struct group *g = getgrnam(HOST_GROUP);

	if (dir == NULL)
		return -ENOMEM;
	/* The helper has to read it, whatever our umask is. */
	if (mkdir(dir, 0750) == 0 &&
	    ((g != NULL && chown(dir, (uid_t)-1, g->gr_gid) < 0) ||
		chmod(dir, 0750) < 0))
		return -errno;
	return path_write_atomic_group(path, text, strlen(text), 0640,
	    g != NULL ? g->gr_gid : (gid_t)-1, O_EXCL);
}

int
locallock_make(const struct settings *s, const struct locallock *l,
    struct locks *ret, struct conf_error *reterr)
{
	AUTO(free)
	char *path = locallock_path(s, l->name), *text = locallock_text(l);
	int r;

	if (path == NULL || text == NULL)
		return conf_error(reterr, 0, "a lock cannot have the name '%s'",
		    l->name);
	/* What a host would not understand would refuse everybody. */
	if ((r = locks_parse_one(text, strlen(text), ret, reterr)) < 0)
		return r;
	return write_lock(s, path, text);
}

void
lock_tell(struct eventsink *sink, const struct event_context *ctx,
    const struct lock *l, bool is_created)
{
	json_auto_t *target = lock_target_json(&l->target);
	AUTO(free) char *text = NULL;
	char end[CLOCK_TEXT_MAX];
	struct event ev;

	if (target != NULL)
		text = json_dumps(target, JSON_COMPACT | JSON_ENSURE_ASCII);
	event_init(&ev, ctx, is_created ? "lock.created" : "lock.deleted",
	    is_created ? "TLK00I" : "TLK01I");
	event_string(&ev, "name", l->name);
	event_json(&ev, "target", text != NULL ? text : "{}");
	if (l->expires_s != 0)
		event_string(&ev, "expires", clock_rfc3339(l->expires_s, end));
	event_string(&ev, "updated_by", l->updated_by);
	event_string(&ev, "reason", l->reason);
	eventsink_send(sink, &ev);
}
