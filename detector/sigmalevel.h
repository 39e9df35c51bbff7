/* SPDX-License-Identifier: ISC */
/* How bad it is (Sigma specification, "Level"). */
#ifndef CS_SIGMALEVEL_H
#define CS_SIGMALEVEL_H

enum sigma_level {
	SIGMA_INFORMATIONAL,
	SIGMA_LOW,
	SIGMA_MEDIUM,
	SIGMA_HIGH,
	SIGMA_CRITICAL
};

const char *sigma_level_name(enum sigma_level level);
/* 0 or -EINVAL. */
int sigma_level_parse(const char *name, enum sigma_level *ret);

#endif
