/* SPDX-License-Identifier: ISC */
/* What a role gives and demands: one table for reading, merging, showing. */
#ifndef CS_ROLEOPTION_H
#define CS_ROLEOPTION_H

#include <stdbool.h>
#include <stdint.h>

#include "cidr.h"
#include "jsonread.h"
#include "strv.h"
#include "wire.h"

/* Times and counts: 0 is no limit. */
struct role_options {
	uint64_t max_session_ttl_s;
	uint64_t max_connection_time_s;
	uint64_t idle_timeout_s;
	uint64_t max_connections;
	uint64_t max_sessions;
	uint64_t record_exec_max_bytes;
	bool pty;
	bool port_forwarding;
	bool agent_forwarding;
	bool x11_forwarding;
	bool file_copy;
	bool disconnect_expired_cert;
	bool record_strict;
	bool record_input;
	bool survivors_kill;
	bool enhanced_required;
	bool require_mfa;
	bool has_source; /* else from anywhere, and source is empty */
	struct cidr_list source;
	struct strv permitopen; /* host:port */
	char *force_command; /* NULL: none */
};

enum option_type {
	OPTION_BOOL,
	OPTION_SECONDS,
	OPTION_COUNT,
	OPTION_BYTES,
	OPTION_TARGETS, /* strv */
	OPTION_COMMAND, /* char * */
	OPTION_RANGES /* cidr_list and has_source */
};

/* What several roles give together (policy.json(5)). */
enum option_merge {
	MERGE_ANY, /* a permission or a demand: one role is enough */
	MERGE_ALL, /* every role has to give it */
	MERGE_LEAST, /* of those that set it */
	MERGE_MOST,
	MERGE_UNION,
	MERGE_COMMON,
	MERGE_SAME /* or none */
};

struct role_option {
	const char *name;
	enum option_type type;
	enum option_merge merge;
	size_t offset; /* of the field in struct role_options */
	const char *words[2]; /* of a bool that is not JSON's: no, yes */
	bool is_demand; /* set, it narrows what a session may */
};

extern const struct role_option role_option_rows[];
extern const size_t role_option_n_rows;

/* What a role without options has. */
void role_options_default(struct role_options *o);
/* What merging begins with: nothing is given, nothing demanded. */
void role_options_identity(struct role_options *o);
void role_options_clear(struct role_options *o);
jsonread_reader role_options_read; /* over the defaults */
/* 0, -ENOMEM, or -EEXIST: another command is forced already. */
int role_options_merge(struct role_options *into,
    const struct role_options *from);
/* Into options as role_options_identity made them, to be cleared on failure as
 * well: 0, -EBADMSG, -ENOMEM. Only rows that say more are written. */
int role_options_parse(struct reader *r, struct role_options *ret);
void role_options_write(struct writer *w, const struct role_options *o);
/* Does this row say something else than a role without options? */
bool role_option_is_default(const struct role_option *row,
    const struct role_options *o);
/* The value as JSON, as a policy would write it; the caller decrefs; NULL: out
 * of memory. */
json_t *role_option_json(const struct role_option *row,
    const struct role_options *o);

/* Can it stand in quotes in an authorized_keys line and mean itself? sshd cuts
 * a line at any '#' and knows no escape but \". */
bool is_line_safe(const char *text);

#endif
