/* SPDX-License-Identifier: ISC */
/* Numbers, durations and names from text: the whole text or nothing. */
#ifndef CS_PARSE_H
#define CS_PARSE_H

#include <stdbool.h>
#include <stdint.h>

/* Decimal digits only, min..max. 0 or -EINVAL. */
int parse_uint(const char *s, uint64_t min, uint64_t max, uint64_t *ret);
/* "8h", "1d12h30m", "90" (seconds); units s m h d w, as sshd_config(5)'s TIME
 * FORMATS. Seconds, at least 1, at most PARSE_SECONDS_MAX. 0 or -EINVAL. */
int parse_duration(const char *s, uint64_t *ret_seconds);
#define PARSE_SECONDS_MAX (100ULL * 365 * 86400)
/* The same backwards, in the largest units that are exact: "8h", "1d12h". Returns
 * buf. */
#define PARSE_NUMBER_TEXT_MAX 48
char *format_duration(uint64_t seconds, char buf[PARSE_NUMBER_TEXT_MAX]);
/* "1MiB", "64KiB", "2GiB", "4096" (bytes): 1 to 2^40. 0 or -EINVAL. */
int parse_bytes(const char *s, uint64_t *ret_bytes);
char *format_bytes(uint64_t bytes, char buf[PARSE_NUMBER_TEXT_MAX]);
/* An account's name that is safe in an options line, a path and a log. */
bool is_login_name(const char *s);
/* [A-Za-z0-9][A-Za-z0-9._-]*, at most 64: roles, label keys. */
bool is_simple_name(const char *s);
/* What a label may be: letters, digits and . _ - / : @ +, at most 255. */
bool is_label_value(const char *s);
/* No blanks, controls or , * ? ! # " (CVE-2026-35414): a principal that means
 * itself wherever OpenSSH reads it. */
bool is_principal(const char *s);
/* Lower-case UUID text (RFC 9562 4), 36 characters. */
bool is_uuid(const char *s);
#define UUID_TEXT_LEN 36

#endif
