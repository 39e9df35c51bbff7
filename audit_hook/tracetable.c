/* SPDX-License-Identifier: ISC */
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "auto.h"
#include "tracetable.h"

#define ROOM 64

/* The first free of n elements, with is_free; grown if there is none. 0: out of
 * memory. */
static uint32_t
place(void **v, uint32_t *n, size_t size, bool (*is_free)(const void *))
{
	uint32_t i, more = *n + ROOM;
	char *grown;

	for (i = 1; i < *n; i++)
		if (is_free((const char *)*v + i * size))
			return i;
	if ((grown = reallocarray(*v, more, size)) == NULL)
		return 0;
	memset(grown + *n * size, 0, (more - *n) * size);
	*v = grown;
	i = *n > 0 ? *n : 1;
	*n = more;
	return i;
}

static bool
is_free_connection(const void *p)
{
	return !((const struct traced *)p)->is_used;
}

static bool
is_free_session(const void *p)
{
	return ((const struct traced_session *)p)->connection == 0;
}

uint32_t
tracetable_connection(struct tracetable *t, const struct tracemsg *m)
{
	struct traced *c;
	uint32_t i;

	for (i = 1; i < t->n_connections; i++)
		if (t->connections[i].is_used &&
		    strcmp(t->connections[i].id, m->connection_id) == 0) {
			t->connections[i].is_closed = false;
			t->connections[i].is_unused = false;
			return i;
		}
	i = place((void **)&t->connections, &t->n_connections, sizeof(*c),
	    is_free_connection);
	if (i == 0)
		return 0;
	c = &t->connections[i];
	*c = (struct traced){ .is_used = true,
		.audit_session_id = m->audit_session_id,
		.uid = m->uid };
	snprintf(c->id, sizeof(c->id), "%s", m->connection_id);
	snprintf(c->user, sizeof(c->user), "%s", m->user);
	snprintf(c->login, sizeof(c->login), "%s", m->login);
	return i;
}

uint32_t
tracetable_session(struct tracetable *t, uint32_t connection,
    const struct tracemsg *m)
{
	uint32_t i;

	for (i = 1; i < t->n_sessions; i++)
		if (t->sessions[i].connection == connection &&
		    strcmp(t->sessions[i].sid, m->sid) == 0)
			return i;
	i = place((void **)&t->sessions, &t->n_sessions, sizeof(t->sessions[0]),
	    is_free_session);
	if (i == 0)
		return 0;
	t->sessions[i].connection = connection;
	snprintf(t->sessions[i].sid, sizeof(t->sessions[i].sid), "%s", m->sid);
	return i;
}

struct traced *
tracetable_get(const struct tracetable *t, uint32_t connection)
{
	return connection > 0 && connection < t->n_connections &&
		t->connections[connection].is_used
	    ? &t->connections[connection]
	    : NULL;
}

bool
tracetable_has_any(const struct tracetable *t)
{
	uint32_t i;

	for (i = 1; i < t->n_connections; i++)
		if (t->connections[i].is_used)
			return true;
	return false;
}

struct traced *
tracetable_of_uid(const struct tracetable *t, uint32_t uid)
{
	struct traced *c;
	uint32_t i;

	for (i = 1; i < t->n_connections; i++) {
		c = &t->connections[i];
		if (c->is_used && !c->is_closed && c->uid == uid)
			return c;
	}
	return NULL;
}

const char *
tracetable_sid(const struct tracetable *t, uint32_t session)
{
	return session > 0 && session < t->n_sessions ? t->sessions[session].sid
						      : "";
}

static void
forget(struct tracetable *t, const struct tracesource *source,
    uint32_t connection)
{
	struct traced *c = &t->connections[connection];
	uint32_t i;

	source->ops->forget_audit(source->of, c->audit_session_id);
	tracefold_clear(&c->fold);
	*c = (struct traced){ .is_used = false };
	for (i = 1; i < t->n_sessions; i++)
		if (t->sessions[i].connection == connection)
			t->sessions[i] = (struct traced_session){ 0 };
}

void
tracetable_mark(struct tracetable *t, const struct tracesource *source)
{
	AUTO(free) bool *used = calloc(t->n_connections + 1, sizeof(*used));
	struct traced *c;
	uint32_t i;

	if (used == NULL)
		return;
	source->ops->used(source->of, used, t->n_connections);
	for (i = 1; i < t->n_connections; i++) {
		c = &t->connections[i];
		c->is_unused = c->is_used && c->is_closed && !used[i];
	}
}

bool
tracetable_has_unused(const struct tracetable *t)
{
	uint32_t i;

	for (i = 1; i < t->n_connections; i++)
		if (t->connections[i].is_unused)
			return true;
	return false;
}

void
tracetable_sweep(struct tracetable *t, const struct tracesource *source)
{
	uint32_t i;

	for (i = 1; i < t->n_connections; i++)
		if (t->connections[i].is_unused)
			forget(t, source, i);
}

void
tracetable_clear(struct tracetable *t)
{
	uint32_t i;

	for (i = 1; i < t->n_connections; i++)
		tracefold_clear(&t->connections[i].fold);
	free(t->connections);
	free(t->sessions);
}
