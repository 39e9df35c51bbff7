/* SPDX-License-Identifier: ISC */
/* SID or FILE. */
#include <errno.h>
#include <limits.h>
#include <stdio.h>
#include <string.h>
#include <unistd.h>

#include "audit.h"
#include "auditfind.h"
#include "auto.h"
#include "sessionlist.h"
#include "settings.h"

DEFINE_AUTO(settings_free, struct settings)

int
auditfind_folder(char *buf, size_t size)
{
	AUTO(settings_free) struct settings *host = NULL;
	struct conf_error e = { 0 };

	if ((host = settings_load_host(&e)) == NULL)
		return audit_complain("%s", e.what);
	snprintf(buf, size, "%s", host->recording_dir);
	return 0;
}

static int
find_recording(const struct sessionlist *l, const char *sid, char *buf,
    size_t size)
{
	AUTO_CLEAR(audit_session_clear) struct audit_session s = { 0 };
	char dir[PATH_MAX];
	int r;

	if ((r = auditfind_folder(dir, sizeof(dir))) != 0)
		return r;
	s = sessionlist_get(l, 0);
	if ((r = sessionlist_recording(&s, dir, buf, size)) == 0)
		return 0;
	audit_complain(r == -ENODATA ? "session '%s' was not recorded"
				     : "the recording of '%s' is gone",
	    sid);
	return AUDIT_NOT_FOUND;
}

static int
find_session(const char *sid, const char *events, char *buf, size_t size)
{
	AUTO_CLEAR(sessionlist_clear) struct sessionlist l = { 0 };
	const struct sessionlist_filter filter = { .sid = sid };

	if (*sid == '\0') {
		audit_complain("an empty name is no session");
		return AUDIT_NOT_FOUND;
	}
	if (sessionlist_read(events, &filter, &l) < 0)
		return AUDIT_FAILED;
	if (l.n == 1)
		return find_recording(&l, sid, buf, size);
	audit_complain(l.n == 0
		? "no session '%s' in the events, and no such file"
		: "more than one session begins with '%s'",
	    sid);
	return AUDIT_NOT_FOUND;
}

int
auditfind_path(const char *what, const char *events, char *buf, size_t size)
{
	if (access(what, F_OK) == 0 || strchr(what, '/') != NULL) {
		snprintf(buf, size, "%s", what);
		return 0;
	}
	return find_session(what, events, buf, size);
}

struct castreader *
auditfind_open(const char *what, const char *events, int *ret_status)
{
	char path[PATH_MAX];
	struct castreader *r;
	int e;

	if ((*ret_status = auditfind_path(what, events, path, sizeof(path))) !=
	    0)
		return NULL;
	if ((r = castreader_open(path, &e)) == NULL)
		*ret_status = audit_complain("cannot read '%s': %s", path,
		    e == EBADMSG ? "it is no recording" : strerror(e));
	return r;
}
