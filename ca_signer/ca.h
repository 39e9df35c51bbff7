/* SPDX-License-Identifier: ISC */
/* A CA's directory: its keys, and the events of what it does. */
#ifndef CS_CA_H
#define CS_CA_H

#include <stdint.h>

#include "cakey.h"
#include "certwriter.h"
#include "event.h"
#include "eventsink.h"
#include "sshkey.h"
#include "wanted.h"

enum ca_which {
	CA_USER,
	CA_HOST,
	CA_POLICY,
	CA_WHICH_COUNT
};

#define CA_NEXT	   ".next" /* the key that a rotation brings */
#define CA_RETIRED "retired" /* public keys that signed once */

/* "DIR/name"; the caller frees; NULL if out of memory. */
char *ca_path(const char *dir, const char *name);
/* "user_ca", "host_ca", "policy_key". */
const char *ca_key_name(enum ca_which which);
/* The key that signs now, in DIR/name or, where only DIR/name.pub is there, in
 * $SSH_AUTH_SOCK's agent. As cakey_open. */
int ca_open_key(const char *dir, enum ca_which which, unsigned timeout_s,
    struct cakey **ret, char why[CAKEY_WHY_MAX]);
/* A CA's public keys of one kind: those of now and next and, with
 * is_retired_too, of before. Added to ret; 0 or -errno. */
int ca_public_keys(const char *dir, enum ca_which which, bool is_retired_too,
    struct sshkey_list *ret);

/* The ledger's line and syslog's event of an issued certificate. Borrows all
 * of it until rendered. */
struct cert_create {
	const struct cert_request *req;
	const struct strv
	    *roles; /* NULL for a host's, and without a CA's DIR */
	const struct facts *facts; /* may be NULL */
	const char *profile; /* may be NULL */
	const char *fingerprint, *ca_fingerprint;
	char valid_after[CLOCK_TEXT_MAX], valid_before[CLOCK_TEXT_MAX];
};
void cert_create_event(struct event *ev, const struct event_context *ctx,
    struct cert_create *cc);

/* The same of one that was not issued. */
struct cert_refused {
	const struct wanted *wanted;
	const char *fingerprint, *profile, *rule, *error; /* may be NULL */
};
void cert_refused_event(struct event *ev, const struct event_context *ctx,
    const struct cert_refused *cr);

/* One line in DIR's ledger, on disk, and then in the log. 0, or -errno: then it
 * is only in the log. */
int ca_record(const char *dir, struct eventsink *sink, const struct event *ev);
/* The next line of ledger_committed(), without its newline. */
bool ca_take_line(struct reader *lines, struct reader *ret);

#endif
