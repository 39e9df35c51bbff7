/* SPDX-License-Identifier: ISC */
/* A ledger's line, its end, and the anchor. */
#include <stdlib.h>
#include <string.h>

#include "fuzz.h"
#include "ledgerline.h"

int
LLVMFuzzerTestOneInput(const uint8_t *p, size_t len)
{
	struct ledger_line l = { (const char *)p, len, 1 };
	struct ledger_head head = { 0 };
	char anchor[LEDGER_ANCHOR_TEXT], *text;
	const char *member;
	size_t n;
	uint64_t v;

	(void)ledger_trailer_parse((const char *)p, len, &head);
	(void)ledger_line_is(&l, "cert.create");
	(void)ledger_line_uint(&l, "serial", &v);
	(void)ledger_line_time(&l, "valid_before", &v);
	(void)ledger_line_text_is(&l, "user", "alice@example.com");
	if (ledger_line_text(&l, "user", &member, &n) &&
	    (member < l.p || member + n > l.p + len))
		abort();
	text = malloc(len + 1);
	if (text == NULL)
		abort();
	memcpy(text, p, len);
	text[len] = '\0';
	if (ledger_anchor_parse(text, &head) == 0) {
		ledger_anchor_format(&head, anchor);
		if (ledger_anchor_parse(anchor, &head) < 0)
			abort();
	}
	free(text);
	return 0;
}
