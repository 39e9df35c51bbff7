/* SPDX-License-Identifier: ISC */
/* Issuing certificates: what `sign`, `host` and `renew` have in common. */
#ifndef CS_ISSUE_H
#define CS_ISSUE_H

#include <stdbool.h>
#include <stdio.h>

#include "ca.h"
#include "eventsink.h"
#include "profile.h"
#include "revoked.h"
#include "show.h"

/* What stays the same for every key of a run. */
struct issuer {
	const char *ca_dir; /* profiles, serials, ledger; NULL: none of them */
	struct cakey_options key; /* path NULL: the one in ca_dir */
	uint32_t kind; /* which of ca_dir's keys */
	bool quiet, json;
	unsigned allow; /* SUBJECT_ALLOW_... */

	struct cakey *ca;
	char ca_fingerprint[SSHKEY_FINGERPRINT_MAX];
	struct profiles profiles;
	struct sshkey_list ca_keys; /* that nobody may have certified */
	struct revoked revoked;
	struct settings *host;
	struct eventsink sink;
};

/* One key. What is refused has `error` set. */
struct issue_item {
	const char *name; /* of the key file, or of a batch's line */
	struct sshkey subject;
	struct wanted wanted; /* with ca_dir */
	const struct profile *profile;
	struct cert_request req; /* without ca_dir the caller fills it */
	char fingerprint[SSHKEY_FINGERPRINT_MAX];
	struct writer cert; /* the certificate */
	int code; /* -1, or the exit code that goes with error */
	struct profile_refusal refusal;
	char error[CONF_TEXT_MAX + 128];
};

/* Opens keys, profiles and log. An exit code, which has been explained, or -1.
 * issuer_close is right after either. */
int issuer_open(struct issuer *is);
void issuer_close(struct issuer *is);

void issue_item_init(struct issue_item *it);
void issue_item_clear(struct issue_item *it);
/* May this key have what is wanted? Fills req; a refusal is written to the
 * ledger and the log. -1, or the exit code with it->error. */
int issue_prepare(struct issuer *is, struct issue_item *it);
/* Signs all that are not refused, each with the next serial, and has them in
 * the ledger, on disk, before it returns -1. Otherwise an exit code that has
 * been explained, and no serial has been used. */
int issue_sign(struct issuer *is, struct issue_item *items, size_t n);
/* A certificate that is in the ledger could not be handed over: says so there.
 */
void issue_undelivered(struct issuer *is, const struct issue_item *it,
    const char *error);

#define ISSUE_AT_ONCE 8192U /* certificates behind one fsync */

#endif
