/* SPDX-License-Identifier: ISC */
#include <errno.h>
#include <stdbool.h>
#include <stdlib.h>
#include <string.h>

#include "clock.h"
#include "jumps.h"

/* sshd's LoginGraceTime lies between the two. A forwarding is told when it has
 * not been refused for a while, and two hosts have two clocks. */
#define LATEST_S   130
#define EARLIEST_S 5

static void
clear_start(struct jump_start *s)
{
	free(s->id);
	free(s->user);
	free(s->login);
	free(s->host);
	free(s->remote);
	free(s->local);
}

static void
clear_port(struct jump_port *p)
{
	free(p->id);
	free(p->addr);
}

void
jumps_clear(struct jumps *j)
{
	size_t i;

	for (i = 0; i < j->n_starts; i++)
		clear_start(&j->starts[i]);
	for (i = 0; i < j->n_ports; i++)
		clear_port(&j->ports[i]);
	free(j->starts);
	free(j->ports);
	free(j->by_id);
	*j = (struct jumps){ 0 };
}

/* ---- reading */

/* Room for one more, doubled whenever n is a power of two. */
static bool
has_room(void **v, size_t n, size_t size)
{
	void *more;

	if ((n & (n - 1)) != 0)
		return true;
	if ((more = reallocarray(*v, n != 0 ? 2 * n : 1, size)) == NULL)
		return false;
	*v = more;
	return true;
}

static int
add_start(struct jumps *j, const json_t *event, uint64_t time_s)
{
	struct jump_start s = { .id = strdup(
				    eventlog_text(event, "connection_id")),
		.user = strdup(eventlog_text(event, "user")),
		.login = strdup(eventlog_text(event, "login")),
		.host = strdup(eventlog_text(event, "server_hostname")),
		.remote = strdup(eventlog_text(event, "addr.remote")),
		.local = strdup(eventlog_text(event, "addr.local")),
		.time_s = time_s,
		.place = j->n_starts };

	if (s.id == NULL || s.user == NULL || s.login == NULL ||
	    s.host == NULL || s.remote == NULL || s.local == NULL ||
	    !has_room((void **)&j->starts, j->n_starts, sizeof(s))) {
		clear_start(&s);
		return -ENOMEM;
	}
	j->starts[j->n_starts++] = s;
	return 0;
}

static int
add_port(struct jumps *j, const json_t *event, uint64_t time_s)
{
	struct jump_port p = { strdup(eventlog_text(event, "connection_id")),
		strdup(eventlog_text(event, "addr")), time_s, j->n_ports };

	if (p.id == NULL || p.addr == NULL ||
	    !has_room((void **)&j->ports, j->n_ports, sizeof(p))) {
		clear_port(&p);
		return -ENOMEM;
	}
	j->ports[j->n_ports++] = p;
	return 0;
}

static bool
is_granted_forwarding(const json_t *event)
{
	return strcmp(eventlog_text(event, "event"), "port") == 0 &&
	    strcmp(eventlog_text(event, "direction"), "local") == 0 &&
	    json_is_true(json_object_get(event, "success"));
}

int
jumps_take(const struct eventlog_line *line, void *jumps)
{
	const json_t *event = line->event;
	uint64_t time_s;

	if (clock_parse_rfc3339(eventlog_text(event, "time"), &time_s) < 0)
		return 0;
	if (strcmp(eventlog_text(event, "event"), "connection.start") == 0)
		return add_start(jumps, event, time_s);
	return is_granted_forwarding(event) ? add_port(jumps, event, time_s)
					    : 0;
}

/* Of one second as they came. */
static int
compare_time(uint64_t a, size_t a_place, uint64_t b, size_t b_place)
{
	if (a != b)
		return a < b ? -1 : 1;
	return a_place < b_place ? -1 : a_place > b_place;
}

static int
starts_by_time(const void *a, const void *b)
{
	const struct jump_start *x = a, *y = b;

	return compare_time(x->time_s, x->place, y->time_s, y->place);
}

static int
ports_by_time(const void *a, const void *b)
{
	const struct jump_port *x = a, *y = b;

	return compare_time(x->time_s, x->place, y->time_s, y->place);
}

static int
entries_by_id(const void *a, const void *b)
{
	const struct jump_entry *x = a, *y = b;

	return strcmp(x->id, y->id);
}

int
jumps_sort(struct jumps *j)
{
	size_t i;

	if (j->n_starts == 0)
		return 0;
	qsort(j->starts, j->n_starts, sizeof(*j->starts), starts_by_time);
	if (j->n_ports > 0)
		qsort(j->ports, j->n_ports, sizeof(*j->ports), ports_by_time);
	j->by_id = calloc(j->n_starts, sizeof(*j->by_id));
	if (j->by_id == NULL)
		return -ENOMEM;
	for (i = 0; i < j->n_starts; i++)
		j->by_id[i] =
		    (struct jump_entry){ j->starts[i].id, &j->starts[i] };
	qsort(j->by_id, j->n_starts, sizeof(*j->by_id), entries_by_id);
	return 0;
}

/* ---- finding */

const struct jump_start *
jumps_start(const struct jumps *j, const char *connection_id)
{
	const struct jump_entry wanted = { .id = connection_id }, *found;

	if (j->n_starts == 0)
		return NULL;
	found = bsearch(&wanted, j->by_id, j->n_starts, sizeof(wanted),
	    entries_by_id);
	return found != NULL ? found->start : NULL;
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
leads_to(const struct jump_port *port, const struct jump_start *start)
{
	const char *local = start->local;
	size_t n = host_length(port->addr);

	if (strcmp(port->addr, local) == 0)
		return true;
	return strcmp(port->addr + n, local + host_length(local)) == 0 &&
	    is_name_of(port->addr, n, start->host);
}

/* The connection whose forwarding this one came by, or NULL: the host that has
 * forwarded is where it comes from. */
static const struct jump_start *
joined(const struct jumps *j, const struct jump_port *port,
    const struct jump_start *start)
{
	const struct jump_start *through;

	if (!leads_to(port, start))
		return NULL;
	through = jumps_start(j, port->id);
	return through != NULL && through != start &&
		is_same_host(through->local, start->remote)
	    ? through
	    : NULL;
}

/* The first forwarding that was asked for then or later. */
static size_t
first_port(const struct jumps *j, uint64_t time_s)
{
	size_t low = 0, high = j->n_ports, middle;

	while (low < high) {
		middle = low + (high - low) / 2;
		if (j->ports[middle].time_s < time_s)
			low = middle + 1;
		else
			high = middle;
	}
	return low;
}

static bool
is_same_user(const struct jump_start *a, const struct jump_start *b)
{
	return strcmp(a->user, b->user) == 0;
}

/* Of several people who jump at once each has their own, and one person's latest
 * is the likeliest. */
const struct jump_start *
jumps_before(const struct jumps *j, const struct jump_start *start)
{
	const struct jump_start *through, *best = NULL;
	uint64_t came = start->time_s;
	size_t i = first_port(j, came > LATEST_S ? came - LATEST_S : 0);

	for (; i < j->n_ports && j->ports[i].time_s <= came + EARLIEST_S; i++)
		if ((through = joined(j, &j->ports[i], start)) != NULL &&
		    (best == NULL || is_same_user(through, start) ||
			!is_same_user(best, start)))
			best = through;
	return best;
}

const struct jump_start *
jumps_after(const struct jumps *j, const struct jump_start *start,
    const struct jump_start *last)
{
	const struct jump_start *next = last != NULL ? last + 1 : j->starts;

	for (; next < j->starts + j->n_starts; next++)
		if (jumps_before(j, next) == start)
			return next;
	return NULL;
}
