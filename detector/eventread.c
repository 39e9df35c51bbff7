/* SPDX-License-Identifier: ISC */
/* A reader of its own, since the fast libraries refuse a whole line for one bad
 * byte in it: who is watched could choose not to be seen. */
#include <errno.h>
#include <stdlib.h>
#include <string.h>

#ifdef __SSE2__
#include <emmintrin.h>
#endif

#include "eventread.h"

/* Behind a key's first quote is this: the key, a quote, a colon. */
struct guess {
	char text[32];
	uint32_t len; /* below 32; 0: nothing is known */
	int node;
};

#define GUESSES 32 /* members of an event */
#define KINDS	16 /* of events, by a hash */

/* Events of one kind have their members in one order: what was where in the last
 * of them is tried before it is looked up. */
struct eventread_memory {
	struct guess guesses[KINDS][GUESSES];
};

struct scan {
	const char *p, *end;
	const struct fieldtree *tree;
	struct record *record;
	size_t depth;
};

static const char *
skip_space(const char *p, const char *end)
{
	while (p < end && (*p == ' ' || *p == '\t' || *p == '\r' || *p == '\n'))
		p++;
	return p;
}

static bool
is_after_space(struct scan *s, char c)
{
	s->p = skip_space(s->p, s->end);
	if (s->p == s->end || *s->p != c)
		return false;
	s->p++;
	return true;
}

static inline bool
next_is(struct scan *s, char c)
{
	if (s->p == s->end || *s->p != c)
		return is_after_space(s, c);
	s->p++;
	return true;
}

/* The first quote or backslash. */
static const char *
find_quote(const char *p, const char *end)
{
#ifdef __SSE2__
	const __m128i quote = _mm_set1_epi8('"'), slash = _mm_set1_epi8('\\');

	for (; end - p >= 16; p += 16) {
		__m128i b = _mm_loadu_si128((const __m128i *)(const void *)p);
		int m = _mm_movemask_epi8(_mm_or_si128(_mm_cmpeq_epi8(b, quote),
		    _mm_cmpeq_epi8(b, slash)));

		if (m != 0)
			return p + __builtin_ctz((unsigned)m);
	}
#endif
	while (p < end && *p != '"' && *p != '\\')
		p++;
	return p;
}

/* A string whose first quote has been read. */
static int
scan_string(struct scan *s, const char **ret, size_t *ret_len,
    bool *ret_escaped)
{
	const char *p = s->p, *start = p;
	bool is_escaped = false;

	while ((p = find_quote(p, s->end)) < s->end && *p == '\\') {
		is_escaped = true;
		if (s->end - p < 2)
			return -EBADMSG;
		p += 2;
	}
	if (p == s->end)
		return -EBADMSG;
	*ret = start;
	*ret_len = (size_t)(p - start);
	*ret_escaped = is_escaped;
	s->p = p + 1;
	return 0;
}

static int
hex4(const char *p, const char *end, uint32_t *ret)
{
	uint32_t n = 0;
	int i;

	if (end - p < 4)
		return -EBADMSG;
	for (i = 0; i < 4; i++) {
		char c = (char)(p[i] | 0x20);

		if (p[i] >= '0' && p[i] <= '9')
			n = n << 4 | (uint32_t)(p[i] - '0');
		else if (c >= 'a' && c <= 'f')
			n = n << 4 | (uint32_t)(c - 'a' + 10);
		else
			return -EBADMSG;
	}
	*ret = n;
	return 0;
}

static char *
put_utf8(char *out, uint32_t c)
{
	if (c < 0x80) {
		*out++ = (char)c;
	} else if (c < 0x800) {
		*out++ = (char)(0xc0 | c >> 6);
		*out++ = (char)(0x80 | (c & 0x3f));
	} else if (c < 0x10000) {
		*out++ = (char)(0xe0 | c >> 12);
		*out++ = (char)(0x80 | (c >> 6 & 0x3f));
		*out++ = (char)(0x80 | (c & 0x3f));
	} else {
		*out++ = (char)(0xf0 | c >> 18);
		*out++ = (char)(0x80 | (c >> 12 & 0x3f));
		*out++ = (char)(0x80 | (c >> 6 & 0x3f));
		*out++ = (char)(0x80 | (c & 0x3f));
	}
	return out;
}

/* \uXXXX, p behind the u; half a pair becomes U+FFFD (RFC 8259 8.2). */
static char *
unescape_u(char *out, const char **p, const char *end)
{
	uint32_t c, low;

	if (hex4(*p, end, &c) < 0)
		return put_utf8(out, 0xfffd);
	*p += 4;
	if (c >= 0xd800 && c < 0xdc00 && end - *p >= 6 && (*p)[0] == '\\' &&
	    (*p)[1] == 'u' && hex4(*p + 2, end, &low) == 0 && low >= 0xdc00 &&
	    low < 0xe000) {
		*p += 6;
		c = 0x10000 + ((c - 0xd800) << 10) + (low - 0xdc00);
	}
	return put_utf8(out, c >= 0xd800 && c < 0xe000 ? 0xfffd : c);
}

/* Never longer than it was. */
static size_t
unescape(const char *p, size_t len, char *out)
{
	static const char from[] = "nrtbf", to[] = "\n\r\t\b\f";
	const char *end = p + len, *found, *slash;
	char *start = out;

	while (p < end) {
		if ((slash = memchr(p, '\\', (size_t)(end - p))) == NULL)
			slash = end;
		memcpy(out, p, (size_t)(slash - p));
		out += slash - p;
		if ((p = slash) == end)
			break;
		p++;
		if (*p == 'u') {
			p++;
			out = unescape_u(out, &p, end);
			continue;
		}
		found = strchr(from, *p);
		*out = *p;
		if (found != NULL && *p != '\0')
			*out = to[found - from];
		out++;
		p++;
	}
	return (size_t)(out - start);
}

static int
decoded(struct scan *s, const char **p, size_t *len, bool is_escaped)
{
	char *out;

	if (!is_escaped)
		return 0;
	/* A wrong \u becomes three bytes of its two. */
	if ((out = record_alloc(s->record, *len * 3 / 2 + 3)) == NULL)
		return -ENOMEM;
	*len = unescape(*p, *len, out);
	*p = out;
	return 0;
}

/* Past an object or a list that nobody asks for. */
static int
skip_nested(struct scan *s)
{
	size_t depth = 1;
	const char *p;
	size_t len;
	bool e;

	while (s->p < s->end && depth > 0)
		switch (*s->p++) {
		case '"':
			if (scan_string(s, &p, &len, &e) < 0)
				return -EBADMSG;
			break;
		case '{':
		case '[':
			if (++depth + s->depth >= EVENTREAD_DEPTH_MAX)
				return -EBADMSG;
			break;
		case '}':
		case ']':
			depth--;
			break;
		default:
			break;
		}
	return depth == 0 ? 0 : -EBADMSG;
}

static int scan_object(struct scan *s, int node);
static int scan_value(struct scan *s, int node);

static int
scan_list(struct scan *s, int node)
{
	int r;

	if (next_is(s, ']'))
		return 0;
	do
		if ((r = scan_value(s, node)) < 0)
			return r;
	while (next_is(s, ','));
	return next_is(s, ']') ? 0 : -EBADMSG;
}

/* What numbers and true, false, null are made of. */
static const bool is_bare[256] = { ['0' ... '9'] = 1,
	['.'] = 1,
	['-'] = 1,
	['+'] = 1,
	['E'] = 1,
	['a' ... 'z'] = 1 };

static int
scan_bare(struct scan *s, int field)
{
	const char *p = s->p, *end;
	size_t len;
	bool is_number = *p == '-' || (*p >= '0' && *p <= '9');

	for (end = p; end < s->end && is_bare[(unsigned char)*end]; end++)
		;
	s->p = end;
	len = (size_t)(end - p);
	if (!is_number && !(len == 4 && memcmp(p, "true", 4) == 0) &&
	    !(len == 5 && memcmp(p, "false", 5) == 0))
		return len == 4 && memcmp(p, "null", 4) == 0 ? 0 : -EBADMSG;
	if (field >= 0)
		record_add(s->record, field, p, len,
		    is_number ? VALUE_NUMBER : VALUE_BOOLEAN);
	return 0;
}

static int
scan_text(struct scan *s, int field)
{
	bool is_escaped;
	const char *p;
	size_t len;

	s->p++;
	if (scan_string(s, &p, &len, &is_escaped) < 0)
		return -EBADMSG;
	if (field >= 0 &&
	    (!is_escaped || decoded(s, &p, &len, is_escaped) == 0))
		record_add(s->record, field, p, len, VALUE_TEXT);
	return 0;
}

static int
scan_value(struct scan *s, int node)
{
	int r, field = node >= 0 ? s->tree->nodes[node].field : FIELDTREE_NONE;

	s->p = skip_space(s->p, s->end);
	if (s->p == s->end)
		return -EBADMSG;
	if (*s->p == '"')
		return scan_text(s, field);
	if (*s->p != '{' && *s->p != '[')
		return scan_bare(s, field);
	if (node < 0) {
		s->p++;
		return skip_nested(s);
	}
	if (++s->depth > EVENTREAD_DEPTH_MAX)
		return -EBADMSG;
	r = *s->p++ == '{' ? scan_object(s, node) : scan_list(s, node);
	s->depth--;
	return r;
}

static int
scan_member(struct scan *s, int node)
{
	bool is_escaped;
	const char *key;
	size_t len;

	if (!next_is(s, '"') || scan_string(s, &key, &len, &is_escaped) < 0 ||
	    !next_is(s, ':'))
		return -EBADMSG;
	if (decoded(s, &key, &len, is_escaped) < 0)
		return scan_value(s, FIELDTREE_NONE);
	return scan_value(s, fieldtree_find(s->tree, node, key, len));
}

/* Behind its bracket. */
static int
scan_object(struct scan *s, int node)
{
	int r;

	if (next_is(s, '}'))
		return 0;
	do
		if ((r = scan_member(s, node)) < 0)
			return r;
	while (next_is(s, ','));
	return next_is(s, '}') ? 0 : -EBADMSG;
}

/* ---- the event's own members -------------------------------------------------- */

struct eventread_memory *
eventread_memory_new(void)
{
	return calloc(1, sizeof(struct eventread_memory));
}

void
eventread_memory_free(struct eventread_memory *m)
{
	free(m);
}

static bool
fits(const struct guess *g, const char *p, const char *end)
{
	if (g->len == 0 || end - p < (ptrdiff_t)sizeof(g->text))
		return false;
#ifdef __SSE2__
	const __m128i *a = (const __m128i *)(const void *)p,
		      *b = (const __m128i *)(const void *)g->text;
	uint32_t low = (uint32_t)_mm_movemask_epi8(
		     _mm_cmpeq_epi8(_mm_loadu_si128(a), _mm_loadu_si128(b))),
		 high = (uint32_t)_mm_movemask_epi8(
		     _mm_cmpeq_epi8(_mm_loadu_si128(a + 1),
			 _mm_loadu_si128(b + 1))),
		 want = (UINT32_C(1) << g->len) - 1;

	return ((low | high << 16) & want) == want;
#else
	return memcmp(p, g->text, g->len) == 0;
#endif
}

static int
scan_and_learn(struct scan *s, struct guess *g)
{
	bool is_escaped;
	const char *key;
	size_t len;
	int node;

	if (!next_is(s, '"') || scan_string(s, &key, &len, &is_escaped) < 0 ||
	    !next_is(s, ':'))
		return -EBADMSG;
	if (decoded(s, &key, &len, is_escaped) < 0)
		return scan_value(s, FIELDTREE_NONE);
	node = fieldtree_find(s->tree, FIELDTREE_ROOT, key, len);
	if (!is_escaped && s->p == key + len + 2 && len + 2 < sizeof(g->text)) {
		memcpy(g->text, key, len + 2);
		g->len = (uint32_t)len + 2;
		g->node = node;
	}
	return scan_value(s, node);
}

static int
scan_members(struct scan *s, struct guess *g)
{
	const struct guess *end = g + GUESSES;
	int r;

	if (next_is(s, '}'))
		return 0;
	do {
		if (g == end)
			r = scan_member(s, FIELDTREE_ROOT);
		else if (s->p < s->end && *s->p == '"' &&
		    fits(g, s->p + 1, s->end)) {
			s->p += 1 + g->len;
			r = scan_value(s, g->node);
		} else
			r = scan_and_learn(s, g);
		if (r < 0)
			return r;
		g += g < end;
	} while (next_is(s, ','));
	return next_is(s, '}') ? 0 : -EBADMSG;
}

/* Of ours the first member is the event's name: from the ninth letter on it tells
 * them apart. */
static struct guess *
guesses_of(struct eventread_memory *m, const char *line, size_t len)
{
	uint64_t name = 0;

	if (len >= 26)
		memcpy(&name, line + 18, sizeof(name));
	return m->guesses[name * UINT64_C(0x9e3779b97f4a7c15) >> 60];
}

int
eventread_json(const struct fieldtree *t, struct eventread_memory *m,
    const char *line, size_t len, struct record *ret)
{
	struct scan s = { .p = line,
		.end = line + len,
		.tree = t,
		.record = ret };

	if (!next_is(&s, '{') || scan_members(&s, guesses_of(m, line, len)) < 0)
		return -EBADMSG;
	return skip_space(s.p, s.end) == s.end ? 0 : -EBADMSG;
}
