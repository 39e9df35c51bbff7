/* SPDX-License-Identifier: ISC */
/* What revocation lists and signatures say. */
#include <errno.h>
#include <inttypes.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "auto.h"
#include "clock.h"
#include "input.h"
#include "inspect.h"
#include "krlfile.h"
#include "path.h"
#include "show.h"
#include "sigverify.h"
#include "sshkey.h"
#include "sshsig.h"

#define SIGNED_MAX_BYTES (128U * 1024U * 1024U)
#define SSHSIG_BEGIN	 "-----BEGIN SSH SIGNATURE-----"

DEFINE_AUTO(krl_free, struct krl)

enum inspect_kind
inspect_kind(const char *path)
{
	AUTO(fclose)
	FILE *f = strcmp(path, "-") != 0 ? fopen(path, "re") : NULL;
	char start[sizeof(SSHSIG_BEGIN)] = "";

	if (f == NULL || fread(start, 1, sizeof(start) - 1, f) < 8)
		return INSPECT_CERT;
	if (memcmp(start, KRL_MAGIC, sizeof(KRL_MAGIC)) == 0)
		return INSPECT_KRL;
	return strcmp(start, SSHSIG_BEGIN) == 0 ? INSPECT_SIGNATURE
						: INSPECT_CERT;
}

static void
put_fingerprint(const uint8_t *p, size_t len)
{
	char fp[SSHKEY_FINGERPRINT_MAX];

	sshkey_fingerprint(p, len, fp);
	printf("\"%s\"", fp);
}

static void
json_ca(const struct krl_ca *ca)
{
	size_t i;

	fputs("{\"ca\":", stdout);
	if (ca->key.len == 0)
		fputs("null", stdout);
	else
		put_fingerprint(ca->key.p, ca->key.len);
	fputs(",\"serials\":[", stdout);
	for (i = 0; i < ca->n; i++)
		printf("%s[%" PRIu64 ",%" PRIu64 "]", i > 0 ? "," : "",
		    ca->serials[i].lo, ca->serials[i].hi);
	fputs("],\"ids\":[", stdout);
	for (i = 0; i < ca->ids.n; i++) {
		if (i > 0)
			putchar(',');
		show_json_text(stdout, ca->ids.v[i], strlen(ca->ids.v[i]));
	}
	fputs("]}", stdout);
}

static void
json_krl(const struct krl *k)
{
	char when[CLOCK_TEXT_MAX];
	size_t i;

	printf("{\"type\":\"krl\",\"version\":%" PRIu64
	       ",\"generated\":\"%s\",\"comment\":",
	    k->version, clock_rfc3339(k->generated, when));
	show_json_text(stdout, k->comment, strlen(k->comment));
	printf(",\"has_signature\":%s,\"cas\":[",
	    k->has_signature ? "true" : "false");
	for (i = 0; i < k->n_cas; i++) {
		if (i > 0)
			putchar(',');
		json_ca(&k->cas[i]);
	}
	fputs("],\"keys\":[", stdout);
	for (i = 0; i < k->keys.n; i++) {
		if (i > 0)
			putchar(',');
		put_fingerprint(k->keys.v[i].p, k->keys.v[i].len);
	}
	printf("],\"sha1s\":%zu,\"sha256s\":%zu}\n", k->sha1s.n, k->sha256s.n);
}

int
inspect_krl(const char *path, bool json)
{
	AUTO(krl_free) struct krl *k = NULL;
	int r;

	if ((r = krlfile_load(path, &k)) < 0)
		return show_error(EXIT_INPUT, "cannot read '%s': %s", path,
		    r == -EBADMSG ? "a damaged revocation list: sshd would "
				    "refuse everybody"
				  : strerror(-r));
	if (json) {
		json_krl(k);
		return EXIT_DONE;
	}
	if (k->has_signature)
		puts("# It carries a signature in itself, which sshd from 9.4 "
		     "refuses");
	krlfile_dump(k, stdout);
	return EXIT_DONE;
}

/* Over that file? "valid", "BAD", or why it cannot be said. */
static const char *
check_over(const struct sshsig *s, const char *path)
{
	AUTO_CLEAR(writer_clear) struct writer data = WRITER_INIT;
	AUTO(fclose) FILE *f = fopen(path, "re");
	AUTO(free) char *text = NULL, *name = NULL, *hash = NULL;
	size_t len;
	int r;

	if (f == NULL || path_read(f, SIGNED_MAX_BYTES, &text, &len) < 0)
		return NULL;
	name = strndup((const char *)s->name_space.p, s->name_space.left);
	hash = strndup((const char *)s->hash.p, s->hash.left);
	if (name == NULL || hash == NULL)
		return NULL;
	if ((r = sshsig_signed_data(name, hash, text, len, &data)) == 0)
		r = sigverify(&s->key, &s->signature, NULL, data.p, data.len);
	if (r == 0)
		return "valid";
	return r == -EOPNOTSUPP ? "not checked (a type that is not known here)"
				: "BAD";
}

static void
show_signature(const struct sshsig *s, const char *word, bool json)
{
	struct reader at = s->signature, type = { NULL, 0 };
	char fp[SSHKEY_FINGERPRINT_MAX];

	(void)reader_string(&at, &type);
	sshkey_fingerprint(s->key.p, s->key.left, fp);
	if (json) {
		fputs("{\"type\":\"signature\",\"namespace\":", stdout);
		show_json_text(stdout, (const char *)s->name_space.p,
		    s->name_space.left);
		printf(",\"fingerprint\":\"%s\",\"algorithm\":", fp);
		show_json_text(stdout, (const char *)type.p, type.left);
		fputs(",\"hash\":", stdout);
		show_json_text(stdout, (const char *)s->hash.p, s->hash.left);
		printf(",\"signature\":\"%s\"}\n", word);
		return;
	}
	fputs("type            signature\nnamespace       ", stdout);
	show_text(stdout, (const char *)s->name_space.p, s->name_space.left);
	printf("\nsigned by       %s\nalgorithm       ", fp);
	show_text(stdout, (const char *)type.p, type.left);
	fputs("\nhash            ", stdout);
	show_text(stdout, (const char *)s->hash.p, s->hash.left);
	printf("\nsignature       %s\n", word);
}

int
inspect_signature(const char *path, const char *signed_file, bool json)
{
	AUTO_CLEAR(sshsig_clear) struct sshsig s = { 0 };
	const char *word = "not checked (say --signed FILE)";
	AUTO(free) char *text = NULL;
	int r;

	if ((r = input_read(path, 2 * SSHSIG_MAX_BYTES, &text)) < 0 ||
	    (r = sshsig_parse(text, &s)) < 0)
		return show_error(EXIT_INPUT, "cannot read '%s': %s", path,
		    r == -EBADMSG ? "a damaged signature" : strerror(-r));
	if (signed_file != NULL && (word = check_over(&s, signed_file)) == NULL)
		return show_error(EXIT_INPUT, "cannot read '%s'", signed_file);
	show_signature(&s, word, json);
	return strcmp(word, "BAD") == 0 ? EXIT_REFUSED : EXIT_DONE;
}
