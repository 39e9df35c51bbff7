/* SPDX-License-Identifier: ISC */
/* ssh-keygen's KRL specifications (ssh-keygen(1), KEY REVOCATION LISTS). */
#ifndef CS_KRLSPEC_H
#define CS_KRLSPEC_H

#include <stdio.h>

#include "conf.h"
#include "krl.h"

/* Whose serials and ids are meant. */
struct krlspec_ca {
	bool is_given, is_any;
	struct reader key;
};

/* Reads the lines of f into k. 0, -ENOMEM, -EINVAL with line and reason. */
int krlspec_read(FILE *f, const struct krlspec_ca *ca, struct krl *k,
    struct conf_error *reterr);

#endif
