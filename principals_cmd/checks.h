/* SPDX-License-Identifier: ISC */
/* The doctor's questions, by what they ask. */
#ifndef CS_CHECKS_H
#define CS_CHECKS_H

#include "finding.h"
#include "settings.h"

struct checkup {
	struct findings findings;
	const struct settings *settings;
	struct strv users; /* whose sshd configuration is asked; may be empty */
};

void check_files(struct checkup *c);
void check_sshd(struct checkup *c);
void check_pam(struct checkup *c);
void check_policy(struct checkup *c);
void check_services(struct checkup *c);
void check_break_glass(struct checkup *c);
/* Parts of the above that setup asks before it touches anything. */
void check_helper(struct checkup *c);
void check_keeper(struct checkup *c);

#endif
