/* SPDX-License-Identifier: ISC */
/* Passphrases for the OpenSSH programs that we run: they ask through
 * SSH_ASKPASS, which is this program again, which asks us. */
#ifndef CS_ASKPASS_H
#define CS_ASKPASS_H

#include <stddef.h>

#define ASKPASS_ENV	  "COUNTERSIGN_ASKPASS"
#define ASKPASS_MAX_BYTES 1024U
#define ASKPASS_TRIES	  3U

/*
 * Asks the person: by the user's own SSH_ASKPASS where there is no terminal or
 * SSH_ASKPASS_REQUIRE says so, else on /dev/tty without echo. The answer's
 * memory is the caller's: sodium_free. 0; -ENXIO: there is nobody to ask;
 * -ECANCELED: no answer; -errno.
 */
int askpass_person(const char *prompt, char **ret);

/* Gives the answer to a prompt, or NULL to give up; what it returns is its own
 * and not freed. */
typedef const char *askpass_answer(const char *prompt, void *ctx);

/*
 * Runs argv[0] to its end with `dir` (ours alone) for the socket, answering
 * what it asks. agent: SSH_AUTH_SOCK for it, or NULL. Its stderr's beginning is
 * in err. Returns its exit status, or -errno.
 */
int askpass_run(const char *dir, const char *agent, const char *const *argv,
    askpass_answer *answer, void *ctx, char *err, size_t err_size);

/* What main() is when ASKPASS_ENV is set: hands the prompt over, prints the
 * answer. */
int askpass_main(const char *socket_path, const char *prompt);

/* A new folder of our own (0700), short enough for a socket's name; the caller
 * frees and removes it. NULL on error. */
char *askpass_make_dir(void);

#endif
