/* SPDX-License-Identifier: ISC */
/* Bringing a new CA key in beside the old one, and the old one out. */
#ifndef CS_ROTATION_H
#define CS_ROTATION_H

#include "ca.h"

/*
 * NAME is a key of the CA. START: NAME.next is there, NAME signs. SWITCH:
 * NAME.next signs, NAME is there. FINISH, which only a killed `rotate finish`
 * leaves: NAME goes, NAME.next becomes NAME. DIR/rotation says which, in lines
 * "NAME start|switch|finish"; a name that is not in it is in no rotation.
 */
enum rotation_phase {
	ROTATION_NONE,
	ROTATION_START,
	ROTATION_SWITCH,
	ROTATION_FINISH
};

/* 0, -errno, -EBADMSG if the file is damaged. */
int rotation_phase(const char *dir, enum ca_which which,
    enum rotation_phase *ret);
/* Replaces the file by rename. */
int rotation_set_phase(const char *dir, enum ca_which which,
    enum rotation_phase phase);
/* The private key's path that signs now; the caller frees. */
int rotation_signing_key(const char *dir, enum ca_which which, char **ret);

#endif
