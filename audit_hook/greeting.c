/* SPDX-License-Identifier: ISC */
/* pam_motd(8)'s files and sshd's "Last login" line. */
#include <limits.h>
#include <stdbool.h>
#include <stdio.h>
#include <stdlib.h>
#include <unistd.h>

#include "auto.h"
#include "greeting.h"

#define MOTD_MAX_BYTES 65536

static bool
is_hushed(void)
{
	const char *home = getenv("HOME");
	char path[PATH_MAX];

	if (home == NULL)
		return false;
	snprintf(path, sizeof(path), "%s/.hushlogin", home);
	return access(path, F_OK) == 0;
}

/* The file, with a newline at its end. */
static bool
print_file(const char *path)
{
	AUTO(fclose) FILE *f = fopen(path, "re");
	int c, last = '\n', n;

	if (f == NULL)
		return false;
	for (n = 0; n < MOTD_MAX_BYTES && (c = getc(f)) != EOF; n++)
		putchar(last = c);
	if (last != '\n')
		putchar('\n');
	return true;
}

static void
print_motd(void)
{
	static const char *const places[] = { "/etc/motd", "/run/motd",
		"/usr/lib/motd" };
	size_t i;

	print_file("/run/motd.dynamic");
	for (i = 0; i < ARRAY_SIZE(places); i++)
		if (print_file(places[i]))
			return;
}

void
greeting_print(const struct keeper_go *go, const char *command)
{
	if (command != NULL || go->command[0] != '\0' || is_hushed())
		return;
	if (go->has_motd)
		print_motd();
	if (go->last_login[0] != '\0' && isatty(STDIN_FILENO))
		printf("%s\r\n", go->last_login);
	fflush(stdout);
}
