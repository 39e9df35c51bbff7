/* SPDX-License-Identifier: ISC */
/* All rules, asked of one event after the other. */
#ifndef CS_ENGINE_H
#define CS_ENGINE_H

#include "conf.h"
#include "logsource.h"
#include "program.h"
#include "record.h"
#include "sigmarule.h"

struct engine;

struct engine_stats {
	size_t rules, programs, patterns, database_bytes;
};

/* Its logsources are those of this file. 0, -errno, or -EINVAL with line and
 * reason. The caller frees *ret. */
int engine_new(const char *logsources_path, struct engine **ret,
    struct conf_error *reterr);
void engine_free(struct engine *e);
/*
 * Takes the rule, also on failure. -EINVAL with its line and the reason: no
 * logsource fits, a field that none of them has, an expression that cannot be
 * looked for.
 */
int engine_add(struct engine *e, struct sigma_rule *rule,
    struct conf_error *reterr);
/* After the last rule: puts the filters to their rules. 0, -ENOMEM, or -EINVAL
 * after telling of each that cannot be put its path and why. */
int engine_filter(struct engine *e,
    void (*tell)(void *context, const char *path, const struct conf_error *e),
    void *context);
/* A field that is asked for beside the rules, by its own name or a logsource's:
 * its number as an event's own. -ENOMEM, -EINVAL. */
int engine_field(struct engine *e, const char *name);
/* Its number if anybody has asked for it; -ENOENT. */
int engine_find_field(const struct engine *e, const char *name);
/* After the last one. */
int engine_compile(struct engine *e, struct conf_error *reterr);
void engine_stats(const struct engine *e, struct engine_stats *ret);
const struct matcher *engine_matcher(const struct engine *e);
size_t engine_rules(const struct engine *e);
const struct sigma_rule *engine_rule(const struct engine *e, size_t i);
/* A field or an event that it names, and that nobody knows; NULL: none. */
const char *engine_unknown(const struct engine *e, size_t rule);
/* A field that is asked for what it cannot be; NULL: none. */
const char *engine_mistyped(const struct engine *e, size_t rule);
/* Has any event a field of this name? */
bool engine_knows(const struct engine *e, const char *field);
/* Can any event that the logsources know make it hold? */
bool engine_can_hold(const struct engine *e, size_t rule);

/* A line as a record, which is the engine's until the next. -EBADMSG: it is
 * neither JSON nor syslog. NULL: it is an empty line. */
int engine_read(struct engine *e, const char *line, size_t len,
    struct record **ret);
/* The rules that hold for the record, each once; take is asked with its number,
 * and as what it holds. First those of the event itself, in their order, then
 * those of each command that it runs: the record says that command meanwhile. */
void engine_ask(struct engine *e,
    void (*take)(void *context, size_t rule, const struct program *p),
    void *context);

/* Within take: how bad it is. */
enum sigma_level engine_level(struct engine *e, const struct program *p);

/* Makes what engine_ask makes of a record that something holds for. */
void engine_make_all(struct engine *e);

/* ---- for explain ------------------------------------------------------- */

/* After engine_read: each program of this rule that the event fits, also those
 * of what it runs; the matcher has looked. */
struct engine_look {
	void (*take)(void *context, const struct program *p, struct matcher *m,
	    const struct record *r);
	void *context;
};
void engine_look(struct engine *e, size_t rule, const struct engine_look *l);

#endif
