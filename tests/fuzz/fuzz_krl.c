/* SPDX-License-Identifier: ISC */
/* The revocation list reader; what it takes is written and read again the
 * same. */
#include <stdlib.h>

#include "fuzz.h"
#include "krl.h"
#include "krlwriter.h"

int
LLVMFuzzerTestOneInput(const uint8_t *p, size_t len)
{
	struct writer w = { .max_bytes = KRL_MAX_BYTES };
	struct krl *k, *back;

	if (krl_parse(p, len, &k) < 0)
		return 0;
	if (krlwriter_put(k, &w) < 0 || krl_parse(w.p, w.len, &back) < 0 ||
	    !krl_is_equal(k, back))
		abort();
	krl_free(k);
	krl_free(back);
	writer_clear(&w);
	return 0;
}
