/* SPDX-License-Identifier: ISC */
#include <errno.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "attack.h"
#include "auto.h"

#define PREFIX "attack."

static const char *const tactics[] = { "reconnaissance", "resource-development",
	"initial-access", "execution", "persistence", "privilege-escalation",
	"defense-evasion", "stealth", "defense-impairment", "credential-access",
	"discovery", "lateral-movement", "collection", "command-and-control",
	"exfiltration", "impact" };

/* A number of so many digits; -1: it is none. */
static int
digits(const char *p, size_t n)
{
	int x = 0;

	for (; n > 0; n--, p++) {
		if (*p < '0' || *p > '9')
			return -1;
		x = x * 10 + (*p - '0');
	}
	return x;
}

static int
read_line(const char *line, struct attack *ret)
{
	size_t len = strcspn(line, "\n");
	int number, subs;

	if (len == 0 || *line == '#')
		return 0;
	if (len < 6 || len > 7 || line[4] != ' ' ||
	    (number = digits(line, 4)) < 0 ||
	    (subs = digits(line + 5, len - 5)) < 0)
		return -EINVAL;
	ret->subs[number] = (signed char)subs;
	return 0;
}

int
attack_read(const char *path, struct attack *ret)
{
	AUTO(fclose) FILE *f = fopen(path, "re");
	char line[256];
	int r = 0;

	if (f == NULL)
		return -errno;
	memset(ret->subs, -1, sizeof(ret->subs));
	while (r == 0 && fgets(line, sizeof(line), f) != NULL)
		r = read_line(line, ret);
	return r;
}

bool
attack_has(const struct attack *a, const char *tag)
{
	const char *p = tag + strlen(PREFIX);
	int number, sub;
	size_t i;

	if (strncmp(tag, PREFIX, strlen(PREFIX)) != 0)
		return true;
	for (i = 0; i < ARRAY_SIZE(tactics); i++)
		if (strcmp(p, tactics[i]) == 0)
			return true;
	/* Groups and software have numbers of their own, which are not kept. */
	if (*p == 'g' || *p == 's' || *p == 'c')
		return strlen(p) == 5 && digits(p + 1, 4) >= 0;
	if (*p != 't' || strlen(p) < 5 || (number = digits(p + 1, 4)) < 0 ||
	    a->subs[number] < 0)
		return false;
	if (p[5] == '\0')
		return true;
	sub = p[5] == '.' && strlen(p + 6) == 3 ? digits(p + 6, 3) : -1;
	return sub > 0 && sub <= a->subs[number];
}

const char *
attack_technique(const char *tag, char buf[ATTACK_TEXT_MAX])
{
	const char *p = tag + strlen(PREFIX);
	size_t len;

	if (strncmp(tag, PREFIX "t", strlen(PREFIX) + 1) != 0)
		return NULL;
	len = strlen(p);
	if ((len != 5 && len != 9) || digits(p + 1, 4) < 0)
		return NULL;
	memcpy(buf, p, len + 1);
	buf[0] = 'T';
	return buf;
}
