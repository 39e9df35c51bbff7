/* SPDX-License-Identifier: ISC */
/* "May this certificate be this login on that host?" asked of a policy that is
 * a file: for explain and test, by the function that hosts use. */
#ifndef CS_QUESTION_H
#define CS_QUESTION_H

#include <jansson.h>

#include "decide.h"

/* A certificate that is real, or made from words. All is the caller's until
 * question_clear. */
struct question {
	/* From words: */
	char *user;
	struct strv roles;
	uint64_t serial;
	char *key; /* the certified public key's line; NULL: nobody's */
	uint64_t age_s, ttl_s; /* the certificate's, at `at` */
	char *mfa; /* NULL: without */
	char *claims; /* JSON text; NULL: none */
	char *force_command; /* the certificate's own; NULL */
	/* Or, then the words above do not count; made of them if NULL: */
	struct cert *cert;
	/* And: */
	char *login;
	struct labels labels;
	char *hostname, *server_id;
	uint64_t at_s; /* 0: now */
	uint64_t grace_s;
	char *from; /* an address; NULL: not asked */
};

#define QUESTION_AGE_S 60
#define QUESTION_TTL_S (8 * 3600)
void question_init(struct question *q);
void question_clear(struct question *q);

/* "K=V". 0, -ENOMEM, -EINVAL, or -EEXIST: it has that label. */
int question_add_label(struct question *q, const char *text);

struct answer {
	struct decision decision;
	enum reason reason; /* the decision's, or the address's */
	char *line; /* what sshd gets; NULL if denied */
	struct strv roles; /* that the certificate holds */
};
/* 0, -ENOMEM, -EINVAL: the address is none; -EBADMSG: no certificate can say
 * these words. The CA is taken as trusted, the signature as good. */
int question_ask(struct question *q, const struct policy *p,
    struct answer *ret);
void answer_clear(struct answer *a);

#endif
