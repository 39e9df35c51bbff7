/* SPDX-License-Identifier: ISC */
#include <errno.h>
#include <fts.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "auto.h"
#include "path.h"
#include "rulefile.h"

DEFINE_AUTO(yamlnode_free, struct yamlnode)
DEFINE_AUTO(fts_close, FTS)

static bool
is_rule_name(const char *name)
{
	return path_ends_with(name, ".yml") || path_ends_with(name, ".yaml");
}

/* 1: it was one; 0: it is a rule; or as placeholders_add. */
static int
read_placeholders(const struct yamlnode *document,
    const struct rulefile_reader *reader, struct conf_error *reterr)
{
	const struct yamlnode *map =
	    document->kind == YAMLNODE_MAP && document->n == 1
	    ? yamlnode_get(document, "placeholders")
	    : NULL;
	int r;

	if (map == NULL)
		return 0;
	r = reader->placeholders != NULL
	    ? reader->placeholders(reader->context, map, reterr)
	    : 0;
	return r < 0 ? r : 1;
}

static int
read_rules(const struct yamlnode *all, const char *path,
    const struct rulefile_reader *reader)
{
	struct sigma_rule *rule = NULL;
	struct conf_error e;
	size_t i;
	int r;

	for (i = 0; i < all->n; i++) {
		e = (struct conf_error){ .line = all->items[i]->line };
		r = read_placeholders(all->items[i], reader, &e);
		if (r == 1)
			continue;
		if (r == 0)
			r = sigmarule_read(all->items[i], path, &rule, &e);
		if (r == -ENOMEM)
			return r;
		if (r < 0)
			reader->fail(reader->context, path, &e);
		else
			reader->take(reader->context, rule);
	}
	return 0;
}

static int
read_file(const char *path, const struct rulefile_reader *reader)
{
	AUTO(yamlnode_free) struct yamlnode *all = NULL;
	AUTO(fclose) FILE *f = fopen(path, "re");
	AUTO(free) char *text = NULL;
	struct conf_error e = { 0 };
	size_t len;
	int r;

	if (f == NULL) {
		(void)conf_error(&e, 0, "cannot be opened: %s",
		    strerror(errno));
		reader->fail(reader->context, path, &e);
		return 0;
	}
	r = path_read(f, YAMLTREE_BYTES_MAX, &text, &len);
	if (r == -ENOMEM)
		return r;
	if (r < 0)
		(void)conf_error(&e, 0, "cannot be read: %s",
		    r == -EFBIG ? "it is longer than 16 MiB" : strerror(-r));
	else
		r = yamltree_read(text, len, &all, &e);
	if (r == -ENOMEM)
		return r;
	if (r < 0) {
		reader->fail(reader->context, path, &e);
		return 0;
	}
	return read_rules(all, path, reader);
}

static int
by_name(const FTSENT **a, const FTSENT **b)
{
	return strcmp((*a)->fts_name, (*b)->fts_name);
}

int
rulefile_read(const char *path, const struct rulefile_reader *reader)
{
	AUTO(free) char *copy = strdup(path);
	char *paths[] = { copy, NULL };
	const FTSENT *entry;
	int r = 0;

	if (copy == NULL)
		return -ENOMEM;
	AUTO(fts_close)
	FTS *tree = fts_open(paths, FTS_PHYSICAL | FTS_COMFOLLOW | FTS_NOCHDIR,
	    by_name);
	if (tree == NULL)
		return -errno;
	while (r == 0 && (entry = fts_read(tree)) != NULL) {
		if (entry->fts_info == FTS_NS || entry->fts_info == FTS_DNR ||
		    entry->fts_info == FTS_ERR)
			return -entry->fts_errno;
		/* What is named is read, be it a pipe. */
		if ((entry->fts_level == 0 &&
			(entry->fts_info == FTS_F ||
			    entry->fts_info == FTS_DEFAULT)) ||
		    (entry->fts_info == FTS_F && is_rule_name(entry->fts_name)))
			r = read_file(entry->fts_path, reader);
	}
	return r;
}
