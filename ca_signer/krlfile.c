/* SPDX-License-Identifier: ISC */
/* Revocation lists as files. */
#include <errno.h>
#include <fcntl.h>
#include <inttypes.h>
#include <sodium.h>
#include <stdlib.h>
#include <string.h>
#include <sys/mman.h>
#include <sys/stat.h>
#include <time.h>

#include "auto.h"
#include "krlfile.h"
#include "show.h"
#include "sshkey.h"

int
krlfile_load(const char *path, struct krl **ret)
{
	AUTO(close) int fd = open(path, O_RDONLY | O_CLOEXEC | O_NONBLOCK);
	struct stat st;
	void *p;
	int r;

	if (fd < 0 || fstat(fd, &st) < 0)
		return -errno;
	if (!S_ISREG(st.st_mode) || st.st_size == 0 ||
	    st.st_size > KRL_MAX_BYTES)
		return -EBADMSG;
	p = mmap(NULL, (size_t)st.st_size, PROT_READ, MAP_PRIVATE, fd, 0);
	if (p == MAP_FAILED)
		return -errno;
	r = krl_parse(p, (size_t)st.st_size, ret);
	munmap(p, (size_t)st.st_size);
	return r;
}

static void
dump_key(const char *prefix, const struct krl_blob *key, const char *middle,
    FILE *f)
{
	struct reader r = { key->p, key->len }, type = { NULL, 0 };
	char fp[SSHKEY_FINGERPRINT_MAX];

	(void)reader_string(&r, &type);
	sshkey_fingerprint(key->p, key->len, fp);
	fputs(prefix, f);
	if (middle == NULL) {
		show_text(f, (const char *)type.p, type.left);
		fprintf(f, " %s\n", fp);
	} else {
		fprintf(f, "%s%s", fp, middle);
		show_text(f, (const char *)type.p, type.left);
		fputc('\n', f);
	}
}

static void
dump_ca(const struct krl_ca *ca, FILE *f)
{
	size_t i;

	fputc('\n', f);
	if (ca->key.len == 0)
		fputs("# Wildcard CA\n", f);
	else
		dump_key("# CA key ", &ca->key, NULL, f);
	for (i = 0; i < ca->n; i++) {
		fprintf(f, "serial: %" PRIu64, ca->serials[i].lo);
		if (ca->serials[i].hi != ca->serials[i].lo)
			fprintf(f, "-%" PRIu64, ca->serials[i].hi);
		fputc('\n', f);
	}
	for (i = 0; i < ca->ids.n; i++) {
		fputs("id: ", f);
		show_text(f, ca->ids.v[i], strlen(ca->ids.v[i]));
		fputc('\n', f);
	}
}

static void
dump_hashes(const char *prefix, const struct krl_blobs *b, FILE *f)
{
	char text[64];
	size_t i;

	for (i = 0; i < b->n; i++) {
		sodium_bin2base64(text, sizeof(text), b->v[i].p, b->v[i].len,
		    sodium_base64_VARIANT_ORIGINAL_NO_PADDING);
		fprintf(f, "%s%s\n", prefix, text);
	}
}

void
krlfile_dump(const struct krl *k, FILE *f)
{
	time_t t = (time_t)k->generated;
	char when[64] = "<INVALID>";
	struct tm tm;
	size_t i;

	if (localtime_r(&t, &tm) != NULL)
		strftime(when, sizeof(when), "%Y%m%dT%H%M%S", &tm);
	fprintf(f, "# KRL version %" PRIu64 "\n# Generated at %s\n", k->version,
	    when);
	if (k->comment[0] != '\0') {
		fputs("# Comment: ", f);
		show_text(f, k->comment, strlen(k->comment));
		fputc('\n', f);
	}
	fputc('\n', f);
	for (i = 0; i < k->keys.n; i++)
		dump_key("hash: ", &k->keys.v[i], " # ", f);
	dump_hashes("hash: SHA256:", &k->sha256s, f);
	/* There is no specification for a hash with SHA-1. */
	dump_hashes("# hash SHA1:", &k->sha1s, f);
	for (i = 0; i < k->n_cas; i++)
		dump_ca(&k->cas[i], f);
}
