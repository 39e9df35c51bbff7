/* SPDX-License-Identifier: ISC */
/* sshd writes what it was started with, and that it listens, into its title. */
#include <dirent.h>
#include <stdio.h>
#include <string.h>
#include <sys/stat.h>

#include "parse.h"
#include "proc.h"
#include "sshdlistener.h"

#define LISTENER " [listener]"
/* sshd(8)'s options that take an argument, and those that change what it reads. */
#define WITH_ARGUMENT "CEbcfghkopu"
#define OVERRULING    "Cfho"

static bool
is_of_our_namespace(pid_t pid)
{
	char path[64];
	struct stat own, other;

	snprintf(path, sizeof(path), "/proc/%d/ns/pid", (int)pid);
	return stat("/proc/self/ns/pid", &own) == 0 &&
	    stat(path, &other) == 0 && own.st_ino == other.st_ino;
}

static bool
read_listener(const char *name, struct sshdlistener *ret)
{
	char path[64];
	uint64_t pid;

	if (parse_uint(name, 1, INT32_MAX, &pid) < 0)
		return false;
	ret->pid = (pid_t)pid;
	snprintf(path, sizeof(path), "/proc/%d/cmdline", (int)ret->pid);
	return proc_is_sshd(ret->pid) && is_of_our_namespace(ret->pid) &&
	    proc_read_words(path, ret->title, sizeof(ret->title)) == 0 &&
	    strstr(ret->title, LISTENER) != NULL;
}

size_t
sshdlistener_find(struct sshdlistener ret[SSHDLISTENERS_MAX])
{
	DIR *d = opendir("/proc");
	const struct dirent *e;
	size_t n = 0;

	if (d == NULL)
		return 0;
	while (n < SSHDLISTENERS_MAX && (e = readdir(d)) != NULL)
		n += read_listener(e->d_name, &ret[n]);
	closedir(d);
	return n;
}

/* "-ef FILE" is -e and -f: up to the first letter that takes an argument. */
static bool
word_overrules(const char *word)
{
	size_t plain;

	if (word[0] != '-')
		return false;
	plain = strcspn(word + 1, WITH_ARGUMENT " ");
	return word[1 + plain] != '\0' &&
	    strchr(OVERRULING, word[1 + plain]) != NULL;
}

bool
sshdlistener_has_options(const struct sshdlistener *l)
{
	const char *end = strstr(l->title, LISTENER), *p;

	for (p = l->title; (p = strchr(p, ' ')) != NULL && p < end;)
		if (word_overrules(++p))
			return true;
	return false;
}
