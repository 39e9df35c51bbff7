/* SPDX-License-Identifier: ISC */
/*
 * shellevents [--sh] FILE: the session.command events that commands cause when
 * sh -c runs them, as far as their text says; nothing is run. FILE has a command
 * a line, or is JSON: a list of objects with "command". Each command's events
 * have its number, from 1, as their sid. Builtins and functions are no events;
 * what is only known at run time stays as it is written. --sh: also the sh -c
 * itself, as when a command is given to ssh.
 */
#include <jansson.h>
#include <stdbool.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "auto.h"
#include "jsontext.h"
#include "shellwords.h"
#include "through.h"

#define PID_FIRST 1000

struct run {
	size_t number; /* of the command */
	unsigned pid;
	bool has_shell;
};

static const char *const builtins[] = { ".", ":", "[", "alias", "bg", "bind",
	"break", "builtin", "caller", "cd", "compgen", "complete", "continue",
	"declare", "dirs", "disown", "echo", "enable", "exit", "export",
	"false", "fc", "fg", "getopts", "hash", "help", "history", "jobs",
	"kill", "let", "local", "logout", "mapfile", "popd", "printf", "pushd",
	"pwd", "read", "readarray", "readonly", "return", "set", "shift",
	"shopt", "source", "suspend", "test", "times", "trap", "true", "type",
	"typeset", "ulimit", "umask", "unalias", "unset", "wait", "]]" };

static const char *const in_sbin[] = { "arp", "auditctl", "chpasswd", "chroot",
	"cron", "fdisk", "getcap", "groupadd", "groupdel", "groupmod",
	"ifconfig", "insmod", "ip6tables", "iptables", "ldconfig", "lsmod",
	"mkfs", "modprobe", "nologin", "route", "rmmod", "rsyslogd", "service",
	"setcap", "sshd", "sysctl", "tcpdump", "ufw", "useradd", "userdel",
	"usermod", "visudo" };

static bool
is_in(const char *word, const char *const *list, size_t n)
{
	size_t i;

	for (i = 0; i < n; i++)
		if (strcmp(word, list[i]) == 0)
			return true;
	return false;
}

static void
print_text(const char *text)
{
	json_t *j = jsontext_string(text, strlen(text));

	if (j == NULL || json_dumpf(j, stdout, JSON_ENCODE_ANY) < 0)
		exit(1);
	json_decref(j);
}

static void
print_event(struct run *r, char *const *words, size_t n)
{
	const char *slash = strrchr(words[0], '/');
	const char *name = slash != NULL ? slash + 1 : words[0];
	size_t i;

	printf(
	    "{\"event\":\"session.command\",\"code\":\"T4000I\","
	    "\"time\":\"2026-11-26T%02zu:%02zu:%02zu.%06zuZ\","
	    "\"uid\":\"be174750-3625-40d8-bffa-%012zu\","
	    "\"user\":\"alice@example.com\",\"login\":\"deploy\","
	    "\"connection_id\":\"9956e171-4381-8883-a2ad-64e9590df4f3\","
	    "\"sid\":\"%zu\",\"server_hostname\":\"web1\","
	    "\"server_id\":\"83b89230-4a24-8ffa-bf8c-7a94e2fd28ec\","
	    "\"emitter\":\"trace\",\"v\":1,\"pid\":%u,\"ppid\":999,"
	    "\"uid_real\":1001,\"uid_effective\":1001,\"cwd\":\"/home/deploy\","
	    "\"program\":",
	    r->number / 3600 % 24, r->number / 60 % 60, r->number % 60,
	    (size_t)r->pid % 1000000, (size_t)r->pid, r->number, r->pid);
	r->pid++;
	print_text(name);
	fputs(",\"path\":", stdout);
	if (slash == NULL)
		printf("\"/usr/%s/%s\"",
		    is_in(name, in_sbin, ARRAY_SIZE(in_sbin)) ? "sbin" : "bin",
		    strpbrk(name, "\"\\") == NULL ? name : "odd");
	else
		print_text(words[0]);
	fputs(",\"argv0\":", stdout);
	print_text(words[0]);
	fputs(",\"argv\":[", stdout);
	for (i = 1; i < n; i++) {
		if (i > 1)
			putchar(',');
		print_text(words[i]);
	}
	puts("]}");
}

static void follow(void *context, char *const *words, size_t n);

/* What find runs. */
static void
follow_find(struct run *r, char *const *words, size_t n)
{
	size_t i, end;

	for (i = 1; i + 1 < n; i++) {
		if (strcmp(words[i], "-exec") != 0 &&
		    strcmp(words[i], "-execdir") != 0 &&
		    strcmp(words[i], "-ok") != 0)
			continue;
		for (end = i + 1; end < n && strcmp(words[end], ";") != 0 &&
		     strcmp(words[end], "+") != 0;
		     end++)
			;
		if (end > i + 1)
			follow(r, words + i + 1, end - i - 1);
		i = end;
	}
}

static void
take_simple(void *context, char *const *words, size_t n, char *const *written,
    size_t n_written)
{
	struct run *r = context;
	const struct through through = { follow, r };
	const struct shellwords again = { take_simple, r };

	(void)written;
	(void)n_written;
	if (strcmp(words[0], "eval") == 0 && n > 1) {
		if (shellwords_read(words[1], strlen(words[1]), &again) < 0)
			exit(1);
		return;
	}
	if (n > 1 &&
	    (strcmp(words[0], "exec") == 0 ||
		strcmp(words[0], "command") == 0) &&
	    words[1][0] != '-') {
		words++;
		n--;
	}
	follow(r, words, n);
	/* The rest of what it runs, whatever runs it. */
	if (through_read(words, n, &through) < 0)
		exit(1);
}

static void
follow(void *context, char *const *words, size_t n)
{
	struct run *r = context;

	if (words[0][0] == '\0' || words[0][0] == '$' || words[0][0] == '`' ||
	    words[0][0] == '<' || words[0][0] == '(' ||
	    is_in(words[0], builtins, ARRAY_SIZE(builtins)))
		return;
	print_event(r, words, n);
	if (strcmp(words[0], "find") == 0)
		follow_find(r, words, n);
}

static void
take_command(struct run *r, const char *text)
{
	const struct shellwords to = { take_simple, r };
	AUTO(free) char *copy = strdup(text);
	char sh[] = "sh", dash_c[] = "-c";
	char *shell[] = { sh, dash_c, copy };

	if (copy == NULL)
		exit(1);
	r->number++;
	r->pid = PID_FIRST + (unsigned)(r->number * 37 % 30000);
	if (r->has_shell)
		print_event(r, shell, 3);
	if (shellwords_read(text, strlen(text), &to) < 0)
		exit(1);
}

static void
take_lines(struct run *r, FILE *f)
{
	AUTO(free) char *line = NULL;
	size_t size = 0;
	ssize_t n;

	while ((n = getline(&line, &size, f)) > 0) {
		if (line[n - 1] == '\n')
			line[n - 1] = '\0';
		take_command(r, line);
	}
}

int
main(int argc, char **argv)
{
	struct run r = { .has_shell =
			     argc > 2 && strcmp(argv[1], "--sh") == 0 };
	AUTO(fclose) FILE *f = argc > 1 ? fopen(argv[argc - 1], "re") : NULL;
	const char *command;
	json_t *list, *item;
	size_t i;

	if (f == NULL) {
		fprintf(stderr, "usage: shellevents [--sh] FILE\n");
		return 2;
	}
	if ((list = json_loadf(f, 0, NULL)) == NULL) {
		rewind(f);
		take_lines(&r, f);
		return 0;
	}
	json_array_foreach (list, i, item) {
		command = json_string_value(json_object_get(item, "command"));
		take_command(&r, command != NULL ? command : "");
	}
	json_decref(list);
	return 0;
}
