/* SPDX-License-Identifier: ISC */
/* countersign inspect: what a certificate, a list or a signature says. */
#include <errno.h>
#include <getopt.h>
#include <jansson.h>
#include <stdbool.h>
#include <stdlib.h>
#include <string.h>

#include "auto.h"
#include "certfile.h"
#include "clock.h"
#include "input.h"
#include "inspect.h"
#include "show.h"
#include "sigverify.h"
#include "sshcert.h"
#include "sshkey.h"
#include "verbs.h"

DEFINE_AUTO(cert_free, struct cert)

static const char usage[] =
    "usage: countersign inspect [--json] [--signed FILE] FILE|-\n"
    "\n"
    "Shows what a certificate, a key revocation list or a signature says. Text "
    "in\n"
    "it is shown with control characters escaped.\n"
    "\n"
    "  --json         one JSON object\n"
    "  --signed FILE  for a signature: is it over this file?\n"
    "  -h, --help     this text\n";

static const char *
signature_word(const struct cert *c)
{
	struct reader ca = { c->ca, c->ca_len };
	int r = sigverify(&ca, &c->signature, NULL, c->blob, c->signed_len);

	if (r == 0)
		return "valid";
	return r == -EOPNOTSUPP ? "not checked (a type that is not known here)"
				: "BAD";
}

static void
show_line(const char *name, const char *text)
{
	printf("%-15s ", name);
	show_text(stdout, text, strlen(text));
	putchar('\n');
}

/* An option's value for people: the string in it, or its bytes in hex. */
static void
show_options(const char *title, const struct cert_options *o)
{
	size_t i, j;
	char *value;

	for (i = 0; i < o->n; i++) {
		printf("%-15s ", i == 0 ? title : "");
		show_text(stdout, o->v[i].name, strlen(o->v[i].name));
		if (o->v[i].len > 0) {
			putchar('=');
			if (cert_option_value(o, o->v[i].name, &value) == 0) {
				show_text(stdout, value, strlen(value));
				free(value);
			} else {
				for (j = 0; j < o->v[i].len; j++)
					printf("%02x", o->v[i].data[j]);
			}
		}
		putchar('\n');
	}
	if (o->n == 0)
		show_line(title, "(none)");
}

static void
show_plain(const struct cert *c)
{
	char fp[SSHKEY_FINGERPRINT_MAX], when[CLOCK_TEXT_MAX];
	size_t i;

	show_line("type", c->type);
	if (c->is_opaque) {
		show_line("", "(a type that is not known here)");
		return;
	}
	show_line("kind", c->kind == CERT_USER ? "user" : "host");
	show_line("key id", c->key_id);
	printf("%-15s %llu\n", "serial", (unsigned long long)c->serial);
	sshkey_fingerprint(c->key, c->key_len, fp);
	show_line("public key", fp);
	sshkey_fingerprint(c->ca, c->ca_len, fp);
	show_line("signed by", fp);
	show_line("signature", signature_word(c));
	show_line("valid from", clock_rfc3339(c->valid_after, when));
	show_line("valid until", clock_rfc3339(c->valid_before, when));
	for (i = 0; i < c->principals.n; i++)
		show_line(i == 0 ? "principals" : "", c->principals.v[i]);
	if (c->principals.n == 0)
		show_line("principals", "(none)");
	show_options("critical", &c->critical);
	show_options("extensions", &c->extensions);
}

/* Text that is not UTF-8 cannot stand in JSON: its bytes as \xNN. */
static json_t *
json_text(const char *text)
{
	AUTO(free) char *shown = NULL;
	json_t *j = json_string(text);
	size_t len;
	FILE *f;

	if (j != NULL || (f = open_memstream(&shown, &len)) == NULL)
		return j;
	show_text(f, text, strlen(text));
	fclose(f);
	return json_string(shown);
}

static json_t *
json_options(const struct cert_options *o)
{
	json_t *obj = json_object();
	char *value;
	size_t i;

	for (i = 0; i < o->n; i++) {
		value = NULL;
		if (o->v[i].len == 0 ||
		    cert_option_value(o, o->v[i].name, &value) < 0) {
			json_object_set_new_nocheck(obj, o->v[i].name,
			    json_string(""));
			continue;
		}
		json_object_set_new_nocheck(obj, o->v[i].name,
		    json_text(value));
		free(value);
	}
	return obj;
}

static int
show_json(const struct cert *c)
{
	char fp[SSHKEY_FINGERPRINT_MAX], ca[SSHKEY_FINGERPRINT_MAX];
	char from[CLOCK_TEXT_MAX], until[CLOCK_TEXT_MAX];
	json_t *principals = json_array();
	json_auto_t *doc = NULL;
	size_t i;

	if (c->is_opaque) {
		doc = json_pack("{s:o}", "type", json_text(c->type));
		return json_dumpf(doc, stdout, JSON_COMPACT) < 0 ? -EIO : 0;
	}
	for (i = 0; i < c->principals.n; i++)
		json_array_append_new(principals,
		    json_text(c->principals.v[i]));
	sshkey_fingerprint(c->key, c->key_len, fp);
	sshkey_fingerprint(c->ca, c->ca_len, ca);
	doc = json_pack(
	    "{s:s, s:s, s:o, s:o, s:s, s:s, s:s, s:s, s:s, s:o, s:o, s:o}",
	    "type", c->type, "kind", c->kind == CERT_USER ? "user" : "host",
	    "key_id", json_text(c->key_id), "serial",
	    show_json_serial(c->serial), "fingerprint", fp, "ca_fingerprint",
	    ca, "signature", signature_word(c), "valid_after",
	    clock_rfc3339(c->valid_after, from), "valid_before",
	    clock_rfc3339(c->valid_before, until), "principals", principals,
	    "critical", json_options(&c->critical), "extensions",
	    json_options(&c->extensions));
	if (doc == NULL)
		return -ENOMEM;
	if (json_dumpf(doc, stdout, JSON_COMPACT | JSON_PRESERVE_ORDER) < 0)
		return -EIO;
	putchar('\n');
	return 0;
}

static int
inspect_cert(const char *path, bool json)
{
	AUTO(cert_free) struct cert *c = NULL;
	int r;

	if ((r = certfile_load(path, &c)) < 0 || c == NULL)
		return show_error(EXIT_INPUT, "cannot read '%s': %s", path,
		    r == -EBADMSG ? "not a certificate, a revocation list or a "
				    "signature"
				  : certfile_error(r));
	if (json)
		return show_json(c) < 0 ? EXIT_INPUT : EXIT_DONE;
	show_plain(c);
	return EXIT_DONE;
}

int
cmd_inspect(int argc, char **argv)
{
	static const struct option longs[] = {
		{ "json", no_argument, NULL, 'j' },
		{ "signed", required_argument, NULL, 's' },
		{ "help", no_argument, NULL, 'h' },
		{ NULL, 0, NULL, 0 },
	};
	const char *signed_file = NULL, *path;
	bool json = false;
	int c;

	while ((c = getopt_long(argc, argv, "h", longs, NULL)) != -1) {
		if (c == 'j') {
			json = true;
		} else if (c == 's') {
			signed_file = optarg;
		} else {
			fputs(usage, c == 'h' ? stdout : stderr);
			return c == 'h' ? EXIT_DONE : EXIT_USAGE;
		}
	}
	if (optind + 1 != argc) {
		fputs(usage, stderr);
		return EXIT_USAGE;
	}
	path = argv[optind];
	switch (inspect_kind(path)) {
	case INSPECT_KRL:
		return inspect_krl(path, json);
	case INSPECT_SIGNATURE:
		return inspect_signature(path, signed_file, json);
	default:
		return inspect_cert(path, json);
	}
}
