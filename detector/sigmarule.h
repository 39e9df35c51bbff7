/* SPDX-License-Identifier: ISC */
/* One Sigma rule as it is written (SigmaHQ/sigma-specification 2.1), checked:
 * what this program cannot do is an error, and no rule that never fires. */
#ifndef CS_SIGMARULE_H
#define CS_SIGMARULE_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "conf.h"
#include "sigmacond.h"
#include "sigmalevel.h"
#include "strv.h"
#include "yamltree.h"

#define SIGMARULE_VALUES_MAX 65536 /* of one field */

enum sigma_modifier {
	SIGMA_CONTAINS = 1 << 0,
	SIGMA_STARTSWITH = 1 << 1,
	SIGMA_ENDSWITH = 1 << 2,
	SIGMA_ALL = 1 << 3, /* of the values, instead of one of them */
	SIGMA_RE = 1 << 4,
	SIGMA_RE_I = 1 << 5,
	SIGMA_RE_M = 1 << 6,
	SIGMA_RE_S = 1 << 7,
	SIGMA_CIDR = 1 << 8,
	SIGMA_EXISTS = 1 << 9,
	SIGMA_FIELDREF = 1 << 10,
	SIGMA_WINDASH = 1 << 11,
	SIGMA_BASE64 = 1 << 12,
	SIGMA_BASE64OFFSET = 1 << 13,
	SIGMA_UTF16LE = 1 << 14, /* also called wide */
	SIGMA_UTF16BE = 1 << 15,
	SIGMA_UTF16 = 1 << 16,
	SIGMA_GT = 1 << 17,
	SIGMA_GTE = 1 << 18,
	SIGMA_LT = 1 << 19,
	SIGMA_LTE = 1 << 20,
	SIGMA_CASED = 1 << 21,
	SIGMA_EXPAND = 1 << 22
};

enum sigma_value_kind {
	SIGMA_NULL, /* the field is not there, or is null */
	SIGMA_NUMBER,
	SIGMA_TEXT /* with wildcards, unless the modifiers make it otherwise */
};

struct sigma_value {
	enum sigma_value_kind kind;
	char *text; /* a number's, too, as it is written */
	size_t len;
	double number;
};

/* One field and what it may be. */
struct sigma_item {
	char *field; /* NULL: a keyword, anywhere in the event */
	unsigned modifiers;
	struct sigma_value *values;
	size_t n, line;
};

/* All of these. */
struct sigma_group {
	struct sigma_item *items;
	size_t n;
};

/* One of these. */
struct sigma_search {
	struct sigma_group *groups;
	size_t n;
};

/* Events and whether the rule raises an alert for them. */
struct sigma_test {
	char *name;
	char *events; /* lines */
	bool fires;
	size_t line;
};

enum sigma_action {
	SIGMA_END, /* the connection that the event is of */
	SIGMA_LOCK, /* who it is, for a time */
	SIGMA_RUN /* a command that the host has under this name */
};

/* What is to be done about what the rule finds. */
struct sigma_response {
	enum sigma_action action;
	char *what; /* SIGMA_LOCK: the field; SIGMA_RUN: the name */
	uint64_t for_s; /* of a lock */
};

/* What Sigma has no word for: the rule's `countersign`. */
struct sigma_alerting {
	struct strv dedup; /* fields: alerts of the same values are one */
	uint64_t window_s; /* for so long */
	char *title; /* with {field}; NULL: the rule's */
	struct strv runbook; /* commands and words with {field} */
	struct strv severe[SIGMA_CRITICAL + 1]; /* searches: it is this bad */
	uint64_t flood; /* alerts of one source in an hour; 0: any number */
	struct sigma_response *respond;
	size_t n_respond;
	struct sigma_test *tests;
	size_t n_tests;
};

#define SIGMA_WINDOW_DEFAULT_S 3600
#define SIGMA_FLOOD_DEFAULT    50

enum sigma_kind {
	SIGMA_EVENT_RULE, /* of single events: `detection` */
	SIGMA_CORRELATION,
	SIGMA_FILTER
};

enum sigma_correlation_type {
	SIGMA_EVENT_COUNT,
	SIGMA_VALUE_COUNT, /* distinct values of `field` */
	SIGMA_TEMPORAL, /* all of the rules, in any order */
	SIGMA_TEMPORAL_ORDERED,
	SIGMA_FIRST_SEEN, /* ours: a value of `field` that the key has not had */
	SIGMA_ABSENCE /* ours: the first rule, and not the second after it */
};

/* What a field of the group is called in one of the rules. */
struct sigma_alias {
	char *name, *rule, *field;
};

struct sigma_correlation {
	enum sigma_correlation_type type;
	struct strv rules; /* names or ids */
	struct strv group_by;
	struct sigma_alias *aliases;
	size_t n_aliases;
	uint64_t timespan_s;
	unsigned order; /* SIGMA_GT and the like; 0: equal */
	uint64_t count;
	char *field;
	bool generates; /* its rules raise alerts of their own, too */
};

struct sigma_rule {
	enum sigma_kind kind;
	char *path; /* of the file */
	size_t line; /* where the rule begins in it */
	char *title, *id, *name, *status, *author, *description;
	char *product, *category, *service; /* NULL: any */
	enum sigma_level level;
	struct strv tags, references, falsepositives, fields;
	struct strv names; /* of the searches */
	struct sigma_search *searches; /* names.n of them */
	struct sigmacond *condition;
	struct sigma_alerting alerting;
	struct sigma_correlation correlation;
	struct strv filtered; /* a filter's rules: names, ids, or "any" */
};

/* 0 with *ret, which the caller frees; -ENOMEM; -EINVAL with line and reason. */
int sigmarule_read(const struct yamlnode *document, const char *path,
    struct sigma_rule **ret, struct conf_error *reterr);
void sigmarule_free(struct sigma_rule *r);
/* Calls f with each item of its searches until it returns something, which is
 * returned. */
int sigma_rule_each_item(const struct sigma_rule *r,
    int (*f)(struct sigma_item *item, void *context), void *context);
/* Its id; its title if it has none. */
const char *sigma_rule_name(const struct sigma_rule *r);
/* Is it what others call so: its name or its id? */
bool sigma_rule_is(const struct sigma_rule *r, const char *name);

#endif
