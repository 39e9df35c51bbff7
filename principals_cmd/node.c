/* SPDX-License-Identifier: ISC */
/* countersign-node(8): this host's doctor, its setup, its refresh. */
#include <stdio.h>
#include <string.h>
#include <unistd.h>

#include "auto.h"
#include "node.h"
#include "verb.h"

static const struct verb verbs[] = {
	{ "check", node_check,
	    "is everything in force? what is wrong, and "
	    "what mends it" },
	{ "setup", node_setup,
	    "put it in force, and take it back unless "
	    "confirmed" },
	{ "remove", node_remove, "take it out again" },
	{ "refresh", node_refresh, "bring policy and KRL up to date" },
	{ "lock", node_lock, "lock somebody out of this host, now" },
	{ "unlock", node_unlock, "end such a lock" },
};

int
main(int argc, char **argv)
{
	return verb_run(verbs, ARRAY_SIZE(verbs), "countersign-node",
	    CS_VERSION, argc, argv);
}
