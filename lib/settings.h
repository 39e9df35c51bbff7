/* SPDX-License-Identifier: ISC */
/* This host's settings: node.conf(5). */
#ifndef CS_SETTINGS_H
#define CS_SETTINGS_H

#include <stdbool.h>
#include <stdint.h>
#include <sys/types.h>

#include "conf.h"
#include "labels.h"
#include "strv.h"

#define SETTINGS_VENDOR_FILE "/usr/lib/countersign/node.conf"
#define SETTINGS_FILE	     "/etc/countersign/node.conf"
#define SETTINGS_DIR	     "/etc/countersign/node.conf.d"

struct settings {
	char *server_hostname;
	char *server_id;
	char *cluster_name;
	struct labels labels;
	char *user_ca; /* path */
	char *policy; /* path; beside it policy.bin and locks.d */
	char *policy_key; /* path */
	char *krl; /* path */
	struct strv policy_sources; /* https:// or absolute paths */
	char *policy_source_ca; /* path, or empty: the system's */
	bool fetch_krl;
	uint64_t stale_grace_s; /* how long an expired policy is good */
	char *break_glass_group;
	char *sftp_server; /* path */
	char *event_socket; /* path */
	char *run_dir; /* path: keeper.sock, conn, lost; not a keyword: the
			* session wrapper reads no settings */
	uint64_t keeper_timeout_s;
	char *recording_dir; /* path */
	uint64_t recording_max_bytes; /* of one session */
	uint64_t recording_reserve_bytes; /* to be left free on the disk */
	struct strv trace_ignore; /* "PATH" or "PATH LOGIN" */
	struct strv trace_paths; /* what is done to files below them is told */
	bool trace_unix; /* connects to Unix sockets are told */
	bool print_motd;
	bool print_last_log;
};

extern const struct conf_key settings_keys[];
extern const size_t settings_n_keys;

/*
 * Built-in defaults, then the vendor's file, the host's file, and DIR's *.conf
 * in order of name; a later file overrides an earlier one, a label by its key.
 * A file that is missing is passed over; one that somebody else than root or
 * `trusted` could have written is -EPERM. *ret_file (static or in settings)
 * says which file an error is about. The caller frees with settings_free, also
 * after an error.
 */
struct settings *settings_new(void);
int settings_load(struct settings *s, const char *vendor, const char *file,
    const char *dir, uid_t trusted, struct conf_error *reterr);
/* The same from the places above; NULL with the reason in *reterr. */
struct settings *settings_load_host(struct conf_error *reterr);
void settings_free(struct settings *s);

#endif
