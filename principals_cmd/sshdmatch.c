/* SPDX-License-Identifier: ISC */
/* The Match blocks of sshd's configuration files (sshd_config(5)). */
#include <errno.h>
#include <glob.h>
#include <libgen.h>
#include <limits.h>
#include <stdlib.h>
#include <string.h>
#include <strings.h>
#include <sys/stat.h>

#include "auto.h"
#include "path.h"
#include "sshdmatch.h"

#define DEPTH_MAX      16 /* as sshd's */
#define FILE_MAX_BYTES (1024U * 1024U)

struct scan {
	void (*each)(const struct sshdmatch_line *, void *);
	void *data;
	struct timespec newest;
};

static int scan_file(struct scan *s, const char *path, const char *outer,
    unsigned depth);

static void
note_change(struct scan *s, const char *path)
{
	struct stat st;

	if (stat(path, &st) < 0)
		return;
	if (st.st_ctim.tv_sec > s->newest.tv_sec ||
	    (st.st_ctim.tv_sec == s->newest.tv_sec &&
		st.st_ctim.tv_nsec > s->newest.tv_nsec))
		s->newest = st.st_ctim;
}

/* The folder, too: a file that went away was there when sshd read it. */
static void
note_folder(struct scan *s, const char *pattern)
{
	AUTO(free) char *copy = strdup(pattern);

	if (copy != NULL)
		note_change(s, dirname(copy));
}

static int
scan_pattern(struct scan *s, const char *pattern, const char *criteria,
    unsigned depth)
{
	char path[PATH_MAX];
	glob_t found = { 0 };
	size_t i;
	int n, r = 0;

	n = snprintf(path, sizeof(path), "%s%s",
	    pattern[0] == '/' ? "" : "/etc/ssh/", pattern);
	if (n < 0 || (size_t)n >= sizeof(path))
		return -ENAMETOOLONG;
	note_folder(s, path);
	if (glob(path, 0, NULL, &found) == 0)
		for (i = 0; i < found.gl_pathc && r == 0; i++)
			r = scan_file(s, found.gl_pathv[i], criteria,
			    depth + 1);
	globfree(&found);
	return r;
}

/* "Include a b": words, perhaps in quotes. */
static int
scan_include(struct scan *s, char *value, const char *criteria, unsigned depth)
{
	char *word;
	int r;

	while ((word = strsep(&value, " \t\"")) != NULL)
		if (word[0] != '\0' &&
		    (r = scan_pattern(s, word, criteria, depth)) < 0)
			return r;
	return 0;
}

/* "keyword value" or "keyword=value"; an empty keyword for nothing. */
static void
split_line(char *line, char **ret_keyword, char **ret_value)
{
	size_t n;

	line += strspn(line, " \t");
	if (*line == '#')
		*line = '\0';
	n = strlen(line);
	while (n > 0 && strchr(" \t\r", line[n - 1]) != NULL)
		line[--n] = '\0';
	*ret_keyword = line;
	line += strcspn(line, " \t=");
	if (*line != '\0')
		*line++ = '\0';
	*ret_value = line + strspn(line, " \t=");
}

/* An included file begins in its includer's block, and ends its own. */
static int
scan_text(struct scan *s, const char *path, char *text, const char *outer,
    unsigned depth)
{
	struct sshdmatch_line l = { .file = path, .criteria = outer };
	char *line, *keyword, *value;
	int r = 0;

	while (r == 0 && (line = strsep(&text, "\n")) != NULL) {
		l.number++;
		split_line(line, &keyword, &value);
		if (strcasecmp(keyword, "match") == 0) {
			l.criteria =
			    strcasecmp(value, "all") == 0 ? outer : value;
		} else if (strcasecmp(keyword, "include") == 0) {
			r = scan_include(s, value, l.criteria, depth);
		} else if (keyword[0] != '\0' && l.criteria != NULL) {
			l.keyword = keyword;
			l.value = value;
			s->each(&l, s->data);
		}
	}
	return r;
}

static int
scan_file(struct scan *s, const char *path, const char *outer, unsigned depth)
{
	AUTO(fclose) FILE *f = NULL;
	AUTO(free) char *text = NULL;
	size_t len;
	int r;

	if (depth > DEPTH_MAX)
		return -ELOOP;
	note_change(s, path);
	if ((f = fopen(path, "re")) == NULL)
		return -errno;
	if ((r = path_read(f, FILE_MAX_BYTES, &text, &len)) < 0)
		return r;
	return scan_text(s, path, text, outer, depth);
}

int
sshdmatch_read(const char *path,
    void (*each)(const struct sshdmatch_line *, void *), void *data,
    struct timespec *ret_newest)
{
	struct scan s = { .each = each, .data = data };
	int r = scan_file(&s, path, NULL, 0);

	*ret_newest = s.newest;
	return r;
}
