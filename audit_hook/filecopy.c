/* SPDX-License-Identifier: ISC */
/* What scp(1), sftp(1) and rsync(1) have the server run. */
#include <stddef.h>
#include <string.h>

#include "filecopy.h"

#define BLANKS	   " \t"
#define SEPARATORS ";&|()\n`"

struct word {
	const char *p;
	size_t n;
};

/* The next word before the command ends; false: there is none. */
static bool
next_word(const char **at, struct word *ret)
{
	*at += strspn(*at, BLANKS);
	ret->p = *at;
	ret->n = strcspn(*at, BLANKS SEPARATORS);
	*at += ret->n;
	return ret->n > 0;
}

static bool
is_word(struct word w, const char *text)
{
	return w.n == strlen(text) && memcmp(w.p, text, w.n) == 0;
}

static struct word
base_name(struct word w)
{
	const char *slash = memrchr(w.p, '/', w.n);

	if (slash == NULL)
		return w;
	return (struct word){ slash + 1, w.n - (size_t)(slash + 1 - w.p) };
}

static bool
is_assignment(struct word w)
{
	const char *equals = memchr(w.p, '=', w.n);

	return equals != NULL && equals != w.p &&
	    memchr(w.p, '/', (size_t)(equals - w.p)) == NULL;
}

/* "-t", "-f", also with others before: "-vrt". */
static bool
is_scp_server_flag(struct word w)
{
	return w.n > 1 && w.p[0] == '-' && w.p[1] != '-' &&
	    (memchr(w.p, 't', w.n) != NULL || memchr(w.p, 'f', w.n) != NULL);
}

/* Reads one simple command, to its end. */
static bool
copies(const char **at)
{
	bool is_scp, is_rsync, is_copy;
	struct word w, name;

	do
		if (!next_word(at, &w))
			return false;
	while (is_assignment(w) || is_word(w, "exec") || is_word(w, "command"));
	name = base_name(w);
	is_scp = is_word(name, "scp");
	is_rsync = is_word(name, "rsync");
	is_copy =
	    is_word(name, "sftp-server") || is_word(name, "internal-sftp");
	while (next_word(at, &w))
		is_copy |= (is_scp && is_scp_server_flag(w)) ||
		    (is_rsync && is_word(w, "--server"));
	return is_copy;
}

bool
is_file_copy(const char *command)
{
	while (*command != '\0') {
		if (copies(&command))
			return true;
		command += strspn(command, SEPARATORS BLANKS);
	}
	return false;
}
