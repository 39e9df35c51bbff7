/* SPDX-License-Identifier: ISC */
#include <errno.h>
#include <signal.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "auto.h"
#include "daemon.h"

static volatile sig_atomic_t is_ending;

static void
on_signal(int number)
{
	(void)number;
	is_ending = 1;
}

void
daemon_catch_end(void)
{
	const struct sigaction end = { .sa_handler = on_signal };

	(void)sigaction(SIGTERM, &end, NULL);
	(void)sigaction(SIGINT, &end, NULL);
}

bool
daemon_is_ending(void)
{
	return is_ending != 0;
}

int
daemon_refuse(const char *program, const char *path, int r,
    struct conf_error *e)
{
	AUTO(free) char *text = NULL;

	if (r != -EINVAL)
		(void)conf_error(e, 0, "cannot be read: %s", strerror(-r));
	text = conf_error_text(e, path);
	fprintf(stderr, "%s: %s\n", program, text != NULL ? text : path);
	return r;
}
