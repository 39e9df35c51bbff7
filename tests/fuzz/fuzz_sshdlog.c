/* SPDX-License-Identifier: ISC */
/* sshd's log lines. */
#include <stdlib.h>
#include <string.h>

#include "fuzz.h"
#include "sshdforward.h"
#include "sshdlog.h"

int
LLVMFuzzerTestOneInput(const uint8_t *p, size_t len)
{
	struct sshdlog log = { 0 };
	struct sshd_refusal f;
	char *text = strndup((const char *)p, len), *at = text, *line;

	struct sshdforward forward;

	while (text != NULL && (line = strsep(&at, "\n")) != NULL) {
		(void)sshdlog_line(&log, (struct sshdlog_process){ 1, 1 }, line,
		    &f);
		(void)sshdforward_line(line, &forward);
	}
	free(text);
	return 0;
}
