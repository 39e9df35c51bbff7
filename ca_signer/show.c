/* SPDX-License-Identifier: ISC */
/* Text from outside on somebody's terminal. */
#include <stdarg.h>
#include <stdlib.h>
#include <string.h>

#include "jsontext.h"
#include "show.h"

void
show_text(FILE *f, const char *text, size_t len)
{
	const unsigned char *p = (const unsigned char *)text;
	size_t used;
	uint32_t c;

	for (; len > 0; p += used, len -= used) {
		c = utf8_decode(p, len, &used);
		if (used == 0) {
			fprintf(f, "\\x%02x", *p);
			used = 1;
		} else if (is_deceptive_char(c)) {
			fprintf(f, "\\u{%x}", c);
		} else if (c == '\\') {
			fputs("\\\\", f);
		} else {
			fwrite(p, 1, used, f);
		}
	}
}

void
show_json_text(FILE *f, const char *text, size_t len)
{
	const uint8_t *p = (const uint8_t *)text;
	char c[JSONTEXT_CHAR_MAX + 1];
	size_t used, n;

	fputc('"', f);
	while (len > 0) {
		n = jsontext_plain(p, len);
		fwrite(p, 1, n, f);
		p += n;
		len -= n;
		if (len == 0)
			break;
		n = jsontext_char(p, len, c, &used);
		fwrite(c, 1, n, f);
		p += used;
		len -= used;
	}
	fputc('"', f);
}

bool
is_plain_text(const char *text)
{
	const uint8_t *p = (const uint8_t *)text;
	size_t left = strlen(text), used;

	for (; left > 0; p += used, left -= used)
		if (is_deceptive_char(utf8_decode(p, left, &used)) || used == 0)
			return false;
	return true;
}

int
show_error(int exit_code, const char *fmt, ...)
{
	char *text = NULL;
	va_list ap;
	int n;

	va_start(ap, fmt);
	n = vasprintf(&text, fmt, ap);
	va_end(ap);
	fputs("countersign: ", stderr);
	if (n >= 0)
		show_text(stderr, text, (size_t)n);
	fputc('\n', stderr);
	if (n >= 0)
		free(text);
	return exit_code;
}

json_t *
show_json_serial(uint64_t serial)
{
	if (serial <= INT64_MAX)
		return json_integer((json_int_t)serial);
	return json_sprintf("%llu", (unsigned long long)serial);
}
