/* SPDX-License-Identifier: ISC */
/* countersign-detect(1): rules over the events. */
#include <stdio.h>
#include <string.h>

#include "auto.h"
#include "detect.h"
#include "verb.h"

static const struct verb verbs[] = {
	{ "lint", detect_lint, "are these rules such as this can read" },
};

int
main(int argc, char **argv)
{
	return verb_run(verbs, ARRAY_SIZE(verbs), "countersign-detect",
	    CS_VERSION, argc, argv);
}
