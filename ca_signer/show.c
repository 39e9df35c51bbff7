/* SPDX-License-Identifier: ISC */
/* Text from outside on somebody's terminal. */
#include <stdarg.h>

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

int
show_error(int exit_code, const char *fmt, ...)
{
	va_list ap;

	fputs("countersign: ", stderr);
	va_start(ap, fmt);
	vfprintf(stderr, fmt, ap);
	va_end(ap);
	fputc('\n', stderr);
	return exit_code;
}

json_t *
show_json_serial(uint64_t serial)
{
	if (serial <= INT64_MAX)
		return json_integer((json_int_t)serial);
	return json_sprintf("%llu", (unsigned long long)serial);
}
