/* SPDX-License-Identifier: ISC */
/* Who is in a group. */
#ifndef CS_MEMBER_H
#define CS_MEMBER_H

#include <stdbool.h>

/* By name or as the account's own group. False also if either is not there. */
bool is_member(const char *login, const char *group);

#endif
