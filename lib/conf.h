/* SPDX-License-Identifier: ISC */
/* "Keyword value" files: one row per keyword, one reader per type. */
#ifndef CS_CONF_H
#define CS_CONF_H

#include <stddef.h>
#include <stdint.h>
#include <stdio.h>
#include <sys/types.h>

#define CONF_TEXT_MAX 256

struct conf_error {
	size_t line; /* 0: of no line */
	size_t column; /* 0: of the whole line */
	char what[CONF_TEXT_MAX];
};

/* Formats *reterr. Returns -EINVAL, so that a reader can return it. */
int conf_error(struct conf_error *reterr, size_t line, const char *fmt, ...)
    __attribute__((format(printf, 3, 4)));

/* "NAME:LINE:COLUMN: WHAT", with what is known of it. The caller frees; NULL if
 * out of memory. */
char *conf_error_text(const struct conf_error *e, const char *name);

/* Reads value into *field. 0, -ENOMEM, or -EINVAL with *ret_why set to what is
 * expected, in words ("a duration such as 8h"). */
typedef int conf_reader(const char *value, void *field, const char **ret_why);

struct conf_key {
	const char *name;
	conf_reader *read;
	size_t offset; /* of the field in the settings struct */
	int is_list; /* may be repeated */
};

conf_reader conf_string; /* char *, freed and replaced */
conf_reader conf_path; /* char *, must be absolute */
conf_reader conf_paths; /* struct strv: absolute paths */
conf_reader conf_seconds; /* uint64_t */
conf_reader conf_bytes; /* uint64_t: "64MiB" */
conf_reader conf_timeout; /* uint64_t, 1 to 30 seconds */
conf_reader conf_yes_no; /* bool */
conf_reader conf_program; /* struct strv: "PATH" or "PATH LOGIN" */
conf_reader conf_source; /* struct strv: https:// URLs and absolute paths */
conf_reader conf_stale; /* uint64_t seconds: "deny" (0) or "grace DURATION" */
conf_reader conf_label; /* struct labels: "key=value" */

#define CONF_KEYS_MAX	    64
#define CONF_FILE_MAX_BYTES (256U * 1024U)

/*
 * Reads the whole text into settings, by the table (case of keywords does not
 * matter, as in sshd_config). Unknown or repeated keyword, no value, a NUL:
 * -EINVAL with *reterr.
 */
int conf_parse(const char *text, size_t len, const struct conf_key *keys,
    size_t n_keys, void *settings, struct conf_error *reterr);

#endif
