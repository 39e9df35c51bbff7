/* SPDX-License-Identifier: ISC */
#include <errno.h>
#include <stdbool.h>
#include <stdint.h>
#include <stdlib.h>
#include <string.h>

#include "clock.h"
#include "eventlog.h"
#include "jumps.h"

/* sshd's LoginGraceTime lies between the two. A forwarding is told when it has
 * not been refused for a while, and two hosts have two clocks. */
#define LATEST_S   130
#define EARLIEST_S 5

const json_t *
jumps_find(const struct jumps *j, const char *text, size_t *ret_n)
{
	const json_t *found = NULL;
	json_t *start;
	size_t i;

	*ret_n = 0;
	json_array_foreach (j->starts, i, start)
		if (strncmp(eventlog_text(start, "connection_id"), text,
			strlen(text)) == 0) {
			found = start;
			++*ret_n;
		}
	return *ret_n == 1 ? found : NULL;
}

const json_t *
jumps_start(const struct jumps *j, const char *connection_id)
{
	return json_object_get(j->by_id, connection_id);
}

static size_t
host_length(const char *addr)
{
	const char *colon = strrchr(addr, ':');

	return colon != NULL ? (size_t)(colon - addr) : strlen(addr);
}

static bool
is_same_host(const char *a, const char *b)
{
	size_t n = host_length(a);

	return n > 0 && n == host_length(b) && strncmp(a, b, n) == 0;
}

/* "db1" and "db1.example.com" are one. */
static bool
is_name_of(const char *name, size_t n, const char *host)
{
	size_t len = strlen(host), least = n < len ? n : len;

	if (least == 0 || strncmp(name, host, least) != 0)
		return false;
	return n == len || (n < len ? host[n] : name[len]) == '.';
}

/* Is the target, as the client has named it, where the connection came in? */
static bool
leads_to(const json_t *port, const json_t *start)
{
	const char *target = eventlog_text(port, "addr");
	const char *local = eventlog_text(start, "addr.local");
	size_t n = host_length(target);

	if (strcmp(target, local) == 0)
		return true;
	return strcmp(target + n, local + host_length(local)) == 0 &&
	    is_name_of(target, n, eventlog_text(start, "server_hostname"));
}

static bool
is_in_time(const json_t *port, const json_t *start)
{
	uint64_t asked, came;

	return clock_parse_rfc3339(eventlog_text(port, "time"), &asked) == 0 &&
	    clock_parse_rfc3339(eventlog_text(start, "time"), &came) == 0 &&
	    asked <= came + EARLIEST_S && came <= asked + LATEST_S;
}

/* The connection whose forwarding this one came by, or NULL: the host that has
 * forwarded is where it comes from. */
static const json_t *
joined(const struct jumps *j, const json_t *port, const json_t *start)
{
	const json_t *through;

	if (!leads_to(port, start) || !is_in_time(port, start))
		return NULL;
	through = jumps_start(j, eventlog_text(port, "connection_id"));
	return through != NULL && through != start &&
		is_same_host(eventlog_text(through, "addr.local"),
		    eventlog_text(start, "addr.remote"))
	    ? through
	    : NULL;
}

static bool
is_same_user(const json_t *a, const json_t *b)
{
	return strcmp(eventlog_text(a, "user"), eventlog_text(b, "user")) == 0;
}

/* Of several people who jump at once each has their own, and one person's latest
 * is the likeliest. */
static const json_t *
find_before(const struct jumps *j, const json_t *start)
{
	const json_t *through, *best = NULL;
	json_t *port;
	size_t i;

	json_array_foreach (j->ports, i, port)
		if ((through = joined(j, port, start)) != NULL &&
		    (best == NULL || is_same_user(through, start) ||
			!is_same_user(best, start)))
			best = through;
	return best;
}

static int
join(struct jumps *j)
{
	json_t *start;
	size_t i;

	j->before =
	    calloc(json_array_size(j->starts) + 1, sizeof(const json_t *));
	if (j->before == NULL)
		return -ENOMEM;
	json_array_foreach (j->starts, i, start) {
		if (json_object_set(j->by_id,
			eventlog_text(start, "connection_id"), start) < 0)
			return -ENOMEM;
	}
	json_array_foreach (j->starts, i, start) {
		j->before[i] = find_before(j, start);
	}
	return 0;
}

static int
take(const json_t *event, void *context)
{
	struct jumps *j = context;
	const char *name = eventlog_text(event, "event");
	json_t *into = NULL;

	if (strcmp(name, "connection.start") == 0)
		into = j->starts;
	else if (strcmp(name, "port") == 0 &&
	    strcmp(eventlog_text(event, "direction"), "local") == 0 &&
	    json_is_true(json_object_get(event, "success")))
		into = j->ports;
	if (into == NULL)
		return 0;
	return json_array_append(into, (json_t *)(uintptr_t)event) < 0 ? -ENOMEM
								       : 0;
}

int
jumps_read(const char *events, struct jumps *ret)
{
	size_t bad;
	int r;

	*ret = (struct jumps){ .starts = json_array(),
		.ports = json_array(),
		.by_id = json_object() };
	if (ret->starts == NULL || ret->ports == NULL || ret->by_id == NULL)
		return -ENOMEM;
	if ((r = eventlog_read(events, take, ret, &bad)) != 0)
		return r;
	return join(ret);
}

void
jumps_clear(struct jumps *j)
{
	json_decref(j->starts);
	json_decref(j->ports);
	json_decref(j->by_id);
	free(j->before);
}

const json_t *
jumps_before(const struct jumps *j, const json_t *start)
{
	const json_t *other;
	size_t i;

	json_array_foreach (j->starts, i, other)
		if (other == start)
			return j->before[i];
	return NULL;
}

const json_t *
jumps_after(const struct jumps *j, const json_t *start, size_t i)
{
	json_t *next;
	size_t at;

	json_array_foreach (j->starts, at, next)
		if (j->before[at] == start && i-- == 0)
			return next;
	return NULL;
}
