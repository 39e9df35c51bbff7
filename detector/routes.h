/* SPDX-License-Identifier: ISC */
/* Where alerts go: countersign-routes(5). */
#ifndef CS_ROUTES_H
#define CS_ROUTES_H

#include <jansson.h>

#include "conf.h"
#include "sigmalevel.h"
#include "strv.h"

#define ROUTES_MAX	32
#define ROUTES_FILE_MAX (256U * 1024U)

enum route_kind {
	ROUTE_SLACK, /* an incoming webhook of Slack, or what speaks like one */
	ROUTE_PAGERDUTY, /* Events API v2 */
	ROUTE_WEBHOOK, /* the alert itself, signed */
	ROUTE_SYSLOG,
	ROUTE_COMMAND /* the alert on its standard input */
};

struct route {
	char *name; /* of its folder */
	enum route_kind kind;
	char *url; /* of the file too, if url_file is said */
	char *secret; /* a webhook's key, or PagerDuty's routing key */
	struct strv command;
	enum sigma_level level; /* and above */
	struct strv tags; /* one of these; empty: any */
	struct strv hosts; /* globs over server_hostname; empty: any */
	json_t *labels; /* of server_labels: key to list of globs */
};

struct routes {
	struct route *v;
	size_t n;
};

/* 0, -errno, or -EINVAL with what is wrong. The caller clears. */
int routes_read(const char *path, struct routes *ret,
    struct conf_error *reterr);
void routes_clear(struct routes *r);
/* Does the alert go there? */
bool route_takes(const struct route *r, json_t *alert);

#endif
