/* SPDX-License-Identifier: ISC */
/* A policy that the user names. */
#include <errno.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>

#include "auto.h"
#include "input.h"
#include "path.h"
#include "policyfile.h"
#include "show.h"

int
policyfile_read(const char *path, struct policyfile *ret)
{
	struct policyfile p = { .path = path };
	int r = input_read(path, POLICY_MAX_BYTES, &p.text);

	if (r < 0)
		return show_error(EXIT_INPUT, "cannot read '%s': %s", path,
		    r == -EFBIG		? "larger than 16 MiB"
			: r == -EBADMSG ? "it holds a NUL"
					: strerror(-r));
	p.len = strlen(p.text);
	*ret = p;
	return -1;
}

int
policyfile_load(const char *path, struct policyfile *ret)
{
	AUTO(free) char *said = NULL;
	struct conf_error e = { 0 };
	struct policyfile p = { 0 };
	int r;

	if ((r = policyfile_read(path, &p)) >= 0)
		return r;
	if ((r = policy_parse(p.text, p.len, &p.policy, &e)) == 0) {
		*ret = p;
		return -1;
	}
	free(p.text);
	if (r == -ENOMEM)
		return show_error(EXIT_INPUT, "out of memory");
	said = conf_error_text(&e, path);
	return show_error(EXIT_INPUT, "%s", said != NULL ? said : e.what);
}

void
policyfile_clear(struct policyfile *p)
{
	free(p->text);
	policy_free(p->policy);
	*p = (struct policyfile){ 0 };
}

int
policyfile_replace(const char *path, const char *text)
{
	struct stat st;
	int r;

	if (stat(path, &st) < 0)
		return show_error(EXIT_INPUT, "cannot replace '%s': %s", path,
		    strerror(errno));
	r = path_write_atomic(path, text, strlen(text), st.st_mode & 0777, 0);
	return r < 0 ? show_error(EXIT_INPUT, "cannot replace '%s': %s", path,
			   strerror(-r))
		     : -1;
}
