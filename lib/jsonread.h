/* SPDX-License-Identifier: ISC */
/* JSON that people write, into structs: a table of keys for each object. */
#ifndef CS_JSONREAD_H
#define CS_JSONREAD_H

#include <jansson.h>
#include <stdbool.h>
#include <stddef.h>

#include "conf.h"
#include "strv.h"

#define JSONREAD_LIST_MAX  1024
#define JSONREAD_DEPTH_MAX 16

/* Where in the document a reader is, for its message. The parent and the key
 * are borrowed. */
struct jsonread_place {
	struct conf_error *err;
	const char *text; /* the document; NULL: messages have no line */
	size_t len;
	const struct jsonread_place *parent; /* NULL: this is the document */
	const char *key; /* NULL: an element */
	size_t index;
};

/* Each reader: 0, -ENOMEM, or -EINVAL with the place's error set. */
typedef int jsonread_reader(const struct jsonread_place *at, json_t *v,
    void *field);

struct jsonread_key {
	const char *name;
	jsonread_reader *read;
	size_t offset; /* of the field in the struct */
};

#define JSONREAD_FIELD(type, name, read, field)          \
	{                                                \
		name, read, offsetof(struct type, field) \
	}

/* "WHERE: why", with line and column; returns -EINVAL. */
int jsonread_refuse(const struct jsonread_place *at, const char *why);
struct jsonread_place jsonread_in(const struct jsonread_place *at,
    const char *key);
struct jsonread_place jsonread_at(const struct jsonread_place *at,
    size_t index);
/* "roles.web.allow.logins[2]"; as much of it as there is room for. */
void jsonread_where(const struct jsonread_place *at, char *buf, size_t size);
/* Where the key or the element begins in the text, from 1; columns are bytes.
 * False if it is not found (a key that is written with escapes). */
bool jsonread_position(const struct jsonread_place *at, size_t *ret_line,
    size_t *ret_column);
/* Every member by the table; an unknown one is an error. */
int jsonread_object(const struct jsonread_place *at, json_t *v,
    const struct jsonread_key *keys, size_t n_keys, void *base);
/* A string without NUL in it, borrowed; NULL (and a message) otherwise. */
const char *jsonread_string(const struct jsonread_place *at, json_t *v);
/* is_valid NULL: any string. */
int jsonread_strings(const struct jsonread_place *at, json_t *v,
    bool (*is_valid)(const char *), const char *why, struct strv *ret);

jsonread_reader jsonread_bool; /* bool */
jsonread_reader jsonread_duration; /* uint64_t, seconds */
jsonread_reader jsonread_text; /* char *, freed and replaced */
jsonread_reader jsonread_ranges; /* struct cidr_list, at least one */
jsonread_reader jsonread_time; /* uint64_t, seconds since the epoch */
jsonread_reader jsonread_skip; /* anything: a comment */

/* The whole text as one document, no key twice. 0 and the caller decrefs, or
 * -EINVAL with line and what is wrong. */
int jsonread_load(const char *text, size_t len, json_t **ret,
    struct conf_error *reterr);

#endif
