/* SPDX-License-Identifier: ISC */
/* What a role gives and demands: the table, defaults, merging. */
#include <errno.h>
#include <stdlib.h>
#include <string.h>

#include "auto.h"
#include "roleoption.h"

#define RECORD_EXEC_DEFAULT (1024U * 1024U)

#define AT(field) offsetof(struct role_options, field)
#define GIVES(name, field)                                                     \
	{                                                                      \
		name, OPTION_BOOL, MERGE_ANY, AT(field), { NULL, NULL }, false \
	}
#define DEMANDS(name, field, no, yes)                                      \
	{                                                                  \
		name, OPTION_BOOL, MERGE_ANY, AT(field), { no, yes }, true \
	}
#define LIMITS(name, type, field)                                        \
	{                                                                \
		name, type, MERGE_LEAST, AT(field), { NULL, NULL }, true \
	}

const struct role_option role_option_rows[] = {
	LIMITS("max_session_ttl", OPTION_SECONDS, max_session_ttl_s),
	LIMITS("max_connection_time", OPTION_SECONDS, max_connection_time_s),
	LIMITS("idle_timeout", OPTION_SECONDS, idle_timeout_s),
	GIVES("pty", pty),
	GIVES("port_forwarding", port_forwarding),
	{ "permitopen", OPTION_TARGETS, MERGE_UNION, AT(permitopen),
	    { NULL, NULL }, false },
	GIVES("agent_forwarding", agent_forwarding),
	GIVES("x11_forwarding", x11_forwarding),
	{ "file_copy", OPTION_BOOL, MERGE_ALL, AT(file_copy), { NULL, NULL },
	    false },
	{ "force_command", OPTION_COMMAND, MERGE_SAME, AT(force_command),
	    { NULL, NULL }, true },
	{ "source", OPTION_RANGES, MERGE_COMMON, AT(source), { NULL, NULL },
	    true },
	DEMANDS("disconnect_expired_cert", disconnect_expired_cert, NULL, NULL),
	DEMANDS("record", record_strict, "best_effort", "strict"),
	{ "record_exec_max", OPTION_BYTES, MERGE_MOST,
	    AT(record_exec_max_bytes), { NULL, NULL }, false },
	DEMANDS("survivors", survivors_kill, "keep", "kill"),
	LIMITS("max_connections", OPTION_COUNT, max_connections),
	LIMITS("max_sessions", OPTION_COUNT, max_sessions),
	DEMANDS("enhanced_recording", enhanced_required, "best_effort",
	    "required"),
	DEMANDS("require_mfa", require_mfa, NULL, NULL),
	DEMANDS("record_input", record_input, NULL, NULL),
};
const size_t role_option_n_rows = ARRAY_SIZE(role_option_rows);

void
role_options_default(struct role_options *o)
{
	*o = (struct role_options){ .pty = true,
		.file_copy = true,
		.record_exec_max_bytes = RECORD_EXEC_DEFAULT };
}

void
role_options_identity(struct role_options *o)
{
	*o = (struct role_options){ .file_copy = true };
}

void
role_options_clear(struct role_options *o)
{
	strv_clear(&o->permitopen);
	cidr_list_clear(&o->source);
	free(o->force_command);
	*o = (struct role_options){ 0 };
}

bool
is_line_safe(const char *text)
{
	const unsigned char *p = (const unsigned char *)text;

	for (; *p != '\0'; p++) {
		if (*p < ' ' || *p == 0x7f || *p == '#')
			return false;
		if (*p == '\\' && (p[1] == '"' || p[1] == '\0'))
			return false;
	}
	return true;
}

static int
merge_targets(struct strv *into, const struct strv *from)
{
	size_t i;
	int r;

	for (i = 0; i < from->n; i++)
		if ((r = strv_add_once(into, from->v[i])) < 0)
			return r;
	return 0;
}

static int
merge_source(struct role_options *into, const struct role_options *from)
{
	struct cidr_list both = { 0 };
	size_t i;
	int r;

	if (!from->has_source)
		return 0;
	if (into->has_source) {
		r = cidr_list_intersect(&into->source, &from->source, &both);
		if (r < 0)
			return r;
		cidr_list_clear(&into->source);
		into->source = both;
		return 0;
	}
	into->has_source = true;
	for (i = 0; i < from->source.n; i++)
		if ((r = cidr_list_add(&into->source, &from->source.v[i])) < 0)
			return r;
	return 0;
}

static int
merge_command(char **into, const char *from)
{
	if (from == NULL)
		return 0;
	if (*into != NULL)
		return strcmp(*into, from) == 0 ? 0 : -EEXIST;
	return (*into = strdup(from)) == NULL ? -ENOMEM : 0;
}

static void
merge_bool(const struct role_option *row, bool *into, bool from)
{
	if (row->merge == MERGE_ALL)
		*into = *into && from;
	else
		*into = *into || from;
}

static void
merge_number(const struct role_option *row, uint64_t *into, uint64_t from)
{
	if (row->merge == MERGE_MOST)
		*into = from > *into ? from : *into;
	else if (from != 0 && (*into == 0 || from < *into))
		*into = from;
}

int
role_options_merge(struct role_options *into, const struct role_options *from)
{
	const struct role_option *row;
	const void *b;
	void *a;
	size_t i;
	int r = 0;

	for (i = 0; i < role_option_n_rows && r == 0; i++) {
		row = &role_option_rows[i];
		a = (char *)into + row->offset;
		b = (const char *)from + row->offset;
		if (row->type == OPTION_BOOL)
			merge_bool(row, a, *(const bool *)b);
		else if (row->type == OPTION_TARGETS)
			r = merge_targets(a, b);
		else if (row->type == OPTION_COMMAND)
			r = merge_command(a, *(char *const *)b);
		else if (row->type == OPTION_RANGES)
			r = merge_source(into, from);
		else
			merge_number(row, a, *(const uint64_t *)b);
	}
	return r;
}

static int
parse_targets(struct reader *r, struct strv *ret)
{
	uint32_t n;
	char *s;
	int e;

	if ((e = reader_u32(r, &n)) < 0)
		return e;
	while (n-- > 0)
		if ((e = reader_cstring(r, &s)) < 0 ||
		    (e = strv_add_take(ret, s)) < 0)
			return e;
	return 0;
}

static int
parse_ranges(struct reader *r, struct cidr_list *ret)
{
	struct reader text;
	char buf[CIDR_TEXT_MAX];
	struct cidr c;
	uint32_t n;
	int e;

	if ((e = reader_u32(r, &n)) < 0)
		return e;
	while (n-- > 0) {
		if (reader_string(r, &text) < 0 || text.left >= sizeof(buf))
			return -EBADMSG;
		memcpy(buf, text.p, text.left);
		buf[text.left] = '\0';
		if (cidr_parse(buf, &c) < 0)
			return -EBADMSG;
		if ((e = cidr_list_add(ret, &c)) < 0)
			return e;
	}
	return 0;
}

static int
parse_row(struct reader *r, const struct role_option *row,
    struct role_options *o)
{
	void *field = (char *)o + row->offset;

	switch (row->type) {
	case OPTION_BOOL:
		*(bool *)field = row->merge != MERGE_ALL;
		return 0;
	case OPTION_TARGETS:
		return parse_targets(r, field);
	case OPTION_COMMAND:
		return reader_cstring(r, field);
	case OPTION_RANGES:
		o->has_source = true;
		return parse_ranges(r, field);
	default:
		return reader_u64(r, field);
	}
}

int
role_options_parse(struct reader *r, struct role_options *ret)
{
	uint32_t rows;
	int e = 0, i;

	if (reader_u32(r, &rows) < 0 || rows >> role_option_n_rows != 0)
		return -EBADMSG;
	for (; rows != 0 && e == 0; rows &= rows - 1) {
		i = __builtin_ctz(rows);
		e = parse_row(r, &role_option_rows[i], ret);
	}
	return e;
}

/* Does it add anything to what merging begins with? */
static bool
says_something(const struct role_option *row, const struct role_options *o)
{
	const void *field = (const char *)o + row->offset;

	switch (row->type) {
	case OPTION_BOOL:
		return *(const bool *)field != (row->merge == MERGE_ALL);
	case OPTION_TARGETS:
		return ((const struct strv *)field)->n > 0;
	case OPTION_COMMAND:
		return *(char *const *)field != NULL;
	case OPTION_RANGES:
		return o->has_source;
	default:
		return *(const uint64_t *)field != 0;
	}
}

static void
write_ranges(struct writer *w, const struct cidr_list *l)
{
	char text[CIDR_TEXT_MAX];
	size_t i;

	writer_u32(w, (uint32_t)l->n);
	for (i = 0; i < l->n; i++)
		writer_cstring(w, cidr_format(&l->v[i], text));
}

static void
write_targets(struct writer *w, const struct strv *s)
{
	size_t i;

	writer_u32(w, (uint32_t)s->n);
	for (i = 0; i < s->n; i++)
		writer_cstring(w, s->v[i]);
}

static void
write_row(struct writer *w, const struct role_option *row,
    const struct role_options *o)
{
	const void *field = (const char *)o + row->offset;

	switch (row->type) {
	case OPTION_BOOL:
		break;
	case OPTION_TARGETS:
		write_targets(w, field);
		break;
	case OPTION_COMMAND:
		writer_cstring(w, *(char *const *)field);
		break;
	case OPTION_RANGES:
		write_ranges(w, field);
		break;
	default:
		writer_u64(w, *(const uint64_t *)field);
	}
}

void
role_options_write(struct writer *w, const struct role_options *o)
{
	uint32_t rows = 0;
	size_t i;

	for (i = 0; i < role_option_n_rows; i++)
		if (says_something(&role_option_rows[i], o))
			rows |= 1U << i;
	writer_u32(w, rows);
	for (i = 0; i < role_option_n_rows; i++)
		if ((rows & 1U << i) != 0)
			write_row(w, &role_option_rows[i], o);
}
