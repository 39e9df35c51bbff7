/* SPDX-License-Identifier: ISC */
/* What the keeper reads from whoever knocks. */
#include "fuzz.h"
#include "keepermsg.h"

int
LLVMFuzzerTestOneInput(const uint8_t *p, size_t len)
{
	struct keeper_message m;

	if (keepermsg_decode(p, len, &m) == 0)
		keepermsg_clear(&m);
	return 0;
}
