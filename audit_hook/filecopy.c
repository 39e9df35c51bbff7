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

/* In no quotes there is what makes a shell do something else. */
static bool
is_simple(const char *command)
{
	char quote = '\0';

	for (; *command != '\0'; command++) {
		if (quote != '\0' && *command == quote)
			quote = '\0';
		else if (quote != '\0')
			continue;
		else if (*command == '\'' || *command == '"')
			quote = *command;
		else if (*command == '\\' && command[1] != '\0')
			command++;
		else if (strchr(SEPARATORS "<>", *command) != NULL)
			return false;
	}
	return true;
}

/* The next word as a shell would have it: without its quotes. false: there is
 * none; one that is longer than buf is cut. */
static bool
next_unquoted(const char **at, char *buf, size_t size, struct word *ret)
{
	char quote = '\0';
	size_t n = 0;
	const char *p;

	*at += strspn(*at, BLANKS);
	for (p = *at;
	     *p != '\0' && (quote != '\0' || strchr(BLANKS, *p) == NULL); p++) {
		if (quote != '\0' && *p == quote)
			quote = '\0';
		else if (quote == '\0' && (*p == '\'' || *p == '"'))
			quote = *p;
		else {
			if (quote == '\0' && *p == '\\' && p[1] != '\0')
				p++;
			if (n < size)
				buf[n++] = *p;
		}
	}
	*ret = (struct word){ buf, n };
	if (p == *at)
		return false;
	*at = p;
	return true;
}

/* Past "-r", "-v", "-l 100", "--". */
static enum file_tap
read_scp_options(const char **at)
{
	static const char with_argument[] = "cDFiJloPSX";
	enum file_tap tap = FILE_TAP_NONE;
	const char *next = *at;
	char buf[64];
	struct word w;
	size_t i;

	while (next_unquoted(&next, buf, sizeof(buf), &w) && w.n > 0 &&
	    w.p[0] == '-') {
		*at = next;
		if (is_word(w, "--"))
			break;
		for (i = 1; i < w.n; i++) {
			if (w.p[i] == 't')
				tap = FILE_TAP_SCP_SINK;
			else if (w.p[i] == 'f')
				tap = FILE_TAP_SCP_SOURCE;
			else if (strchr(with_argument, w.p[i]) != NULL) {
				if (i + 1 == w.n)
					(void)next_unquoted(&next, buf,
					    sizeof(buf), &w);
				*at = next;
				break;
			}
		}
	}
	*at += strspn(*at, BLANKS);
	return tap;
}

enum file_tap
file_tap_for(const char *command, const char **ret_operand)
{
	const char *at = command;
	bool is_run_by_another = false;
	char buf[256];
	struct word w, name;

	*ret_operand = command + strlen(command);
	if (!is_simple(command))
		return FILE_TAP_NONE;
	while (next_unquoted(&at, buf, sizeof(buf), &w)) {
		name = base_name(w);
		if (is_word(name, "sftp-server") ||
		    is_word(name, "internal-sftp"))
			return FILE_TAP_SFTP;
		if (is_word(name, "scp")) {
			enum file_tap tap = read_scp_options(&at);

			if (tap != FILE_TAP_NONE)
				*ret_operand = at;
			return tap;
		}
		if (is_word(name, "sudo") || is_word(name, "doas"))
			is_run_by_another = true;
		else if (!is_assignment(w) && !is_word(w, "exec") &&
		    !is_word(w, "command") && !is_run_by_another)
			return FILE_TAP_NONE;
	}
	return FILE_TAP_NONE;
}

static const char *const tap_names[] = { [FILE_TAP_SFTP] = "sftp",
	[FILE_TAP_SCP_SINK] = "scp-sink",
	[FILE_TAP_SCP_SOURCE] = "scp-source" };

const char *
file_tap_name(enum file_tap tap)
{
	return tap_names[tap];
}

enum file_tap
file_tap_of(const char *name)
{
	enum file_tap tap;

	for (tap = FILE_TAP_SFTP; tap <= FILE_TAP_SCP_SOURCE; tap++)
		if (strcmp(name, tap_names[tap]) == 0)
			return tap;
	return FILE_TAP_NONE;
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
