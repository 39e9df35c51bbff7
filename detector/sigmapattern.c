/* SPDX-License-Identifier: ISC */
#include <errno.h>
#include <sodium.h>
#include <stdlib.h>
#include <string.h>

#include "auto.h"
#include "sigmapattern.h"
#include "textbuf.h"

#define ENCODED (SIGMA_BASE64 | SIGMA_BASE64OFFSET)
#define WIDE	(SIGMA_UTF16LE | SIGMA_UTF16BE | SIGMA_UTF16)
#define PLACED	(SIGMA_CONTAINS | SIGMA_STARTSWITH | SIGMA_ENDSWITH)

/* One character, whatever its length is in UTF-8. */
#define ANY_CHARACTER \
	"(?:[\\x00-\\x7f]|[\\xc0-\\xff][\\x80-\\xbf]*|[\\x80-\\xbf])"
/* - / and the dashes that Windows takes for one. */
#define ANY_DASH "(?:-|/|\\xe2\\x80\\x93|\\xe2\\x80\\x94|\\xe2\\x80\\x95)"

/* A byte that stands for itself. */
static void
put_byte(struct textbuf *t, char c)
{
	char hex[5];

	if ((c >= '0' && c <= '9') || (c >= 'a' && c <= 'z') ||
	    (c >= 'A' && c <= 'Z') || c == ' ' || c == '_' || c == '/') {
		textbuf_put(t, &c, 1);
		return;
	}
	(void)snprintf(hex, sizeof(hex), "\\x%02x", (unsigned char)c);
	textbuf_string(t, hex);
}

/* ---- wildcards ---------------------------------------------------------- */

/*
 * The next of a value's characters: a wildcard, or one that stands for itself.
 * A backslash frees only wildcards and backslashes (Sigma specification,
 * "Escaping").
 */
static char
next_char(const char **p, const char *end, bool *ret_is_wildcard)
{
	char c = *(*p)++;

	*ret_is_wildcard = c == '*' || c == '?';
	if (c == '\\' && *p < end && strchr("*?\\", **p) != NULL)
		c = *(*p)++;
	return c;
}

static bool
has_wildcard(const struct sigma_value *v)
{
	const char *p = v->text, *end = p + v->len;
	bool is_wildcard = false;

	while (p < end && !is_wildcard)
		(void)next_char(&p, end, &is_wildcard);
	return is_wildcard;
}

static int
plain_text(const struct sigma_value *v, struct textbuf *ret)
{
	const char *p = v->text, *end = p + v->len;
	bool is_wildcard;
	char c;

	textbuf_put(ret, "", 0);
	while (p < end) {
		c = next_char(&p, end, &is_wildcard);
		textbuf_put(ret, &c, 1);
	}
	return ret->is_bad ? -ENOMEM : 0;
}

/* The expression of a text with wildcards, and its longest literal. */
static void
put_wildcards(struct textbuf *t, const struct sigma_value *v, bool windash,
    size_t *ret_literal)
{
	const char *p = v->text, *end = p + v->len;
	bool is_wildcard, is_start = true;
	size_t run = 0;
	char c;

	*ret_literal = 0;
	while (p < end) {
		c = next_char(&p, end, &is_wildcard);
		if (is_wildcard) {
			textbuf_string(t, c == '*' ? ".*" : ANY_CHARACTER);
			run = 0;
		} else if (windash && c == '-' && is_start) {
			textbuf_string(t, ANY_DASH);
			run = 0;
		} else {
			put_byte(t, c);
			run++;
		}
		if (run > *ret_literal)
			*ret_literal = run;
		is_start = c == ' ';
	}
}

/* ---- encodings ---------------------------------------------------------- */

static int
widen(unsigned modifiers, struct textbuf *t)
{
	struct textbuf wide = { 0 };
	bool is_big = (modifiers & SIGMA_UTF16BE) != 0;
	size_t i;

	if ((modifiers & WIDE) == 0)
		return 0;
	textbuf_put(&wide, "", 0);
	if ((modifiers & SIGMA_UTF16) != 0)
		textbuf_put(&wide, "\xff\xfe", 2);
	for (i = 0; i < t->n; i++) {
		char pair[2] = { 0 };

		pair[is_big] = t->p[i];
		textbuf_put(&wide, pair, 2);
	}
	free(t->p);
	*t = wide;
	return t->is_bad ? -ENOMEM : 0;
}

/* What of the text's base64 is the same whatever comes before and after it, if
 * `before` bytes of a group of three come before. */
static int
base64_at(const struct textbuf *t, size_t before, bool is_whole,
    struct textbuf *ret)
{
	static const size_t first[] = { 0, 2, 3 };
	size_t size = sodium_base64_ENCODED_LEN(t->n + before,
	    sodium_base64_VARIANT_ORIGINAL);
	AUTO(free) char *padded = calloc(1, t->n + before + 1);
	AUTO(free) char *encoded = malloc(size);
	size_t from, to;

	if (padded == NULL || encoded == NULL)
		return -ENOMEM;
	memcpy(padded + before, t->p, t->n);
	sodium_bin2base64(encoded, size, (unsigned char *)padded, t->n + before,
	    sodium_base64_VARIANT_ORIGINAL);
	from = is_whole ? 0 : first[before];
	to = is_whole ? strlen(encoded) : (t->n + before) * 8 / 6;
	if (to > from)
		textbuf_put(ret, encoded + from, to - from);
	return ret->is_bad ? -ENOMEM : 0;
}

/* ---- patterns ----------------------------------------------------------- */

static struct sigmapattern *
add(struct sigmapatterns *ps, enum sigmapattern_kind kind)
{
	struct sigmapattern *p = &ps->v[ps->n++];

	p->kind = kind;
	return p;
}

static int
take_text(struct sigmapattern *p, struct textbuf *t)
{
	if (t->is_bad) {
		free(t->p);
		return -ENOMEM;
	}
	p->text = t->p;
	p->len = t->n;
	return 0;
}

/* A literal in its place: what expressions and encodings are of. */
static int
add_literal(struct sigmapatterns *ps, const struct sigma_item *item,
    const char *bytes, size_t len)
{
	struct sigmapattern *p = add(ps, SIGMAPATTERN_EXPRESSION);
	unsigned m = item->modifiers;
	struct textbuf t = { 0 };
	size_t i;

	/* The base64 of a letter is not that of its capital. */
	p->is_cased = (m & (ENCODED | SIGMA_CASED)) != 0;
	p->literal = len;
	p->is_literal = true;
	if ((m & (SIGMA_CONTAINS | SIGMA_ENDSWITH)) == 0)
		textbuf_string(&t, "\\A");
	for (i = 0; i < len; i++)
		put_byte(&t, bytes[i]);
	if ((m & (SIGMA_CONTAINS | SIGMA_STARTSWITH)) == 0)
		textbuf_string(&t, "\\z");
	return take_text(p, &t);
}

static int
make_encoded(const struct sigma_item *item, const struct sigma_value *v,
    struct sigmapatterns *ret, struct conf_error *reterr)
{
	bool is_offset = (item->modifiers & SIGMA_BASE64OFFSET) != 0;
	struct textbuf t = { 0 };
	size_t before;
	int r;

	if (has_wildcard(v))
		return conf_error(reterr, item->line,
		    "a text with wildcards has no base64");
	if ((r = plain_text(v, &t)) == 0)
		r = widen(item->modifiers, &t);
	for (before = 0; r == 0 && before < (is_offset ? 3 : 1); before++) {
		struct textbuf encoded = { 0 };

		r = base64_at(&t, before, !is_offset, &encoded);
		if (r == 0 && encoded.n > 0)
			r = add_literal(ret, item, encoded.p, encoded.n);
		free(encoded.p);
	}
	free(t.p);
	if (r == 0 && ret->n < (is_offset ? 3 : 1))
		return conf_error(reterr, item->line,
		    "the text is too short for base64offset");
	return r;
}

static int
make_wide(const struct sigma_item *item, const struct sigma_value *v,
    struct sigmapatterns *ret)
{
	struct textbuf t = { 0 };
	int r;

	if ((r = plain_text(v, &t)) == 0 &&
	    (r = widen(item->modifiers, &t)) == 0)
		r = add_literal(ret, item, t.p, t.n);
	free(t.p);
	return r;
}

static int
make_expression(const struct sigma_item *item, const struct sigma_value *v,
    struct sigmapatterns *ret)
{
	struct sigmapattern *p = add(ret, SIGMAPATTERN_EXPRESSION);
	struct textbuf t = { 0 };

	p->is_cased = (item->modifiers & SIGMA_RE_I) == 0;
	p->is_multiline = (item->modifiers & SIGMA_RE_M) != 0;
	p->is_single_line_dot = (item->modifiers & SIGMA_RE_S) == 0;
	p->literal = 2;
	textbuf_put(&t, v->text, v->len);
	return take_text(p, &t);
}

/* "/nmap": nearly all that rules ask of a program's path. */
static bool
is_last_component(const struct sigma_value *v)
{
	return v->len > 1 && v->text[0] == '/' &&
	    memchr(v->text + 1, '/', v->len - 1) == NULL &&
	    strpbrk(v->text, "*?\\") == NULL && strlen(v->text) == v->len;
}

static int
make_text(const struct sigma_item *item, const struct sigma_value *v,
    struct sigmapatterns *ret)
{
	unsigned placed = item->modifiers & PLACED;
	bool windash = (item->modifiers & SIGMA_WINDASH) != 0;
	bool is_anywhere = item->field == NULL || placed == SIGMA_CONTAINS;
	struct sigmapattern *p = add(ret, SIGMAPATTERN_EXPRESSION);
	struct textbuf t = { 0 };

	p->is_cased = (item->modifiers & SIGMA_CASED) != 0;
	if (v->text[strspn(v->text, "*")] == '\0' && v->len > 0) {
		p->kind = SIGMAPATTERN_ANY;
		return 0;
	}
	if (v->len == 0) {
		p->kind = placed != 0 ? SIGMAPATTERN_ANY : SIGMAPATTERN_EMPTY;
		return 0;
	}
	if (!is_anywhere && placed == 0 && !windash && !has_wildcard(v)) {
		p->kind = SIGMAPATTERN_EXACT;
		(void)plain_text(v, &t);
		p->literal = t.n;
		return take_text(p, &t);
	}
	if (placed == SIGMA_ENDSWITH && !windash && is_last_component(v)) {
		p->kind = SIGMAPATTERN_LAST;
		textbuf_put(&t, v->text + 1, v->len - 1);
		p->literal = v->len;
		return take_text(p, &t);
	}
	if (!is_anywhere && placed != SIGMA_ENDSWITH)
		textbuf_string(&t, "\\A");
	put_wildcards(&t, v, windash, &p->literal);
	p->is_literal = !has_wildcard(v) &&
	    !(windash && memchr(v->text, '-', v->len) != NULL);
	if (!is_anywhere && placed != SIGMA_STARTSWITH)
		textbuf_string(&t, "\\z");
	return take_text(p, &t);
}

int
sigmapattern_make(const struct sigma_item *item,
    const struct sigma_value *value, struct sigmapatterns *ret,
    struct conf_error *reterr)
{
	unsigned m = item->modifiers;
	int r;

	*ret = (struct sigmapatterns){ .v = calloc(3, sizeof(*ret->v)) };
	if (ret->v == NULL)
		return -ENOMEM;
	if ((m & ENCODED) != 0)
		r = make_encoded(item, value, ret, reterr);
	else if ((m & WIDE) != 0)
		r = make_wide(item, value, ret);
	else if ((m & SIGMA_RE) != 0)
		r = make_expression(item, value, ret);
	else
		r = make_text(item, value, ret);
	if (r < 0)
		sigmapatterns_clear(ret);
	return r;
}

void
sigmapatterns_clear(struct sigmapatterns *p)
{
	while (p->n > 0)
		free(p->v[--p->n].text);
	free(p->v);
	*p = (struct sigmapatterns){ 0 };
}
