/* SPDX-License-Identifier: ISC */
/* All that a decision needs from this host's disk. */
#ifndef CS_HOST_H
#define CS_HOST_H

#include "decide.h"
#include "event.h"
#include "settings.h"

/* Whose helper reads policy and locks at a login. */
#define HOST_GROUP "_countersign"

#define HOST_CA_MAX_BYTES (256U * 1024U)

struct host {
	struct settings *settings; /* never NULL after host_load */
	struct sshkey_list cas;
	struct hostpolicy policy;
	struct hostpolicy local_locks;
	bool is_compiled; /* the policy is the compiled file's */
};

/* Beside the settings' policy: the compiled one, and the local locks' folder.
 * The caller frees; NULL if out of memory. */
char *host_compiled_path(const struct settings *s);
char *host_locks_path(const struct settings *s);
struct host_facts host_facts(const struct settings *s);

/*
 * Settings, CA keys, policy and local locks, each from a file that only root or `trusted`
 * could have written. REASON_NONE, or why nothing can be decided, with *reterr
 * in words; the settings are then at least the built-in ones, so that events
 * can be sent. The caller clears, in any case. -ENOMEM is REASON_INTERNAL.
 */
enum reason host_load(struct host *h, uid_t trusted, struct conf_error *reterr);
void host_clear(struct host *h);
/* The same for one file of CA keys. 0 or -errno with *reterr. */
int host_load_cas(const char *path, uid_t trusted, struct sshkey_list *ret,
    struct conf_error *reterr);
/* All local locks, each of a file NAME.json. 0 or -errno with *reterr. */
int host_read_locks(const char *dir, uid_t trusted, struct locks *ret,
    struct conf_error *reterr);
/* Decides over what was loaded, for the present time; over the policy itself
 * where the compiled one turns out to be damaged. */
void host_decide(struct host *h, const struct cert *cert, const char *login,
    struct decision *ret);

/* The same, only of the locks (decide_locks). */
void host_ask_locks(struct host *h, const struct cert *cert, const char *login,
    struct decision *ret);

/* Is the certificate of a CA of this host? Else its name is only a claim. */
bool host_trusts(const struct host *h, const struct cert *cert);

/* Who was refused and why: an `auth` or a `session.rejected` event. cert may be
 * NULL; detail is NULL or says more than the reason's own words. The event
 * borrows from all of it; without a ctx->user the certificate's name is only
 * `claimed_user`. */
struct refusal {
	const struct cert *cert;
	enum reason reason;
	const char *detail;
	struct strv roles;
	char fingerprint[SSHKEY_FINGERPRINT_MAX];
};
void refusal_init(struct refusal *f, const struct cert *cert,
    enum reason reason, const char *detail);
void refusal_event(struct event *ev, const struct event_context *ctx,
    const struct refusal *f, const char *name, const char *code);
void refusal_clear(struct refusal *f);

#endif
