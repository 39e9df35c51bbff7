/* SPDX-License-Identifier: ISC */
/* countersign-detect(1): rules over the events. */
#include <stdio.h>
#include <string.h>

#include "auto.h"
#include "detect.h"
#include "verb.h"

static const struct verb verbs[] = {
	{ "run", detect_run, "events in, alerts out" },
	{ "test", detect_test, "do the rules' own tests pass" },
	{ "explain", detect_explain, "why a rule holds for an event, or not" },
	{ "replay", detect_replay, "what rules would have said of the past" },
	{ "coverage", detect_coverage,
	    "which ATT&CK techniques there are rules for" },
	{ "lint", detect_lint, "are these rules good ones" },
};

int
main(int argc, char **argv)
{
	return verb_run(verbs, ARRAY_SIZE(verbs), "countersign-detect",
	    CS_VERSION, argc, argv);
}
