/* SPDX-License-Identifier: ISC */
/* countersign-audit(1): what its verbs share. */
#ifndef CS_AUDIT_H
#define CS_AUDIT_H

#include <stdbool.h>
#include <stdio.h>

enum audit_status {
	AUDIT_DONE = 0,
	AUDIT_NOT_FOUND = 1, /* or a difference: verify */
	AUDIT_USAGE = 2,
	AUDIT_FAILED = 3
};

#define AUDIT_EVENTS "/var/log/countersign/events.jsonl"

int audit_ls(int argc, char **argv);
int audit_show(int argc, char **argv);
int audit_play(int argc, char **argv);
int audit_export(int argc, char **argv);
int audit_search(int argc, char **argv);
int audit_tail(int argc, char **argv);
int audit_watch(int argc, char **argv);
int audit_kill(int argc, char **argv);
int audit_prune(int argc, char **argv);
int audit_verify(int argc, char **argv);

/* "countersign-audit: ..." to stderr; returns AUDIT_FAILED. */
int audit_complain(const char *fmt, ...) __attribute__((format(printf, 1, 2)));
/* The usage to stdout for --help, else to stderr; returns the status. */
int audit_usage(const char *text, bool is_asked_for);
/* Text from outside: what could deceive a reader or a terminal is escaped. */
void audit_print_safe(FILE *f, const char *text);

#endif
