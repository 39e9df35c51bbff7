/* SPDX-License-Identifier: ISC */
/* A CA's directory: its keys, its serial numbers and its ledger. */
#ifndef CS_CA_H
#define CS_CA_H

#include <stdint.h>

#include "certwriter.h"
#include "event.h"

#define CA_USER_KEY   "user_ca"
#define CA_HOST_KEY   "host_ca"
#define CA_POLICY_KEY "policy_key"
#define CA_LEDGER     "ledger.jsonl"
#define CA_SERIAL     "serial"
#define CA_LOCK	      "lock"

/* "DIR/name"; the caller frees; NULL if out of memory. */
char *ca_path(const char *dir, const char *name);

/*
 * One issuing at a time: holds DIR/lock, whatever the other signers do, until
 * closed; a killed signer frees it. Returns a descriptor or -errno.
 */
int ca_lock(const char *dir);
/* Under the lock: the next serial, on disk before it is returned, so that it
 * is never given twice. 0, -errno, -EBADMSG if the counter is damaged. */
int ca_next_serial(const char *dir, uint64_t *ret);
/* Under the lock: one line, on disk when this returns. */
int ca_ledger_append(const char *dir, const char *line);

/* The event of an issued certificate: the ledger's line and syslog's. Borrows
 * from c, roles and the buffers until rendered. */
struct cert_create {
	const struct cert *cert;
	const struct strv *roles; /* NULL for a host's */
	char expires[CLOCK_TEXT_MAX];
	char fingerprint[SSHKEY_FINGERPRINT_MAX];
	char ca_fingerprint[SSHKEY_FINGERPRINT_MAX];
};
void cert_create_init(struct cert_create *cc, const struct cert *c,
    const struct strv *roles);
void cert_create_event(struct event *ev, const struct event_context *ctx,
    const struct cert_create *cc);

#endif
