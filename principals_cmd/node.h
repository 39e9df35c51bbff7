/* SPDX-License-Identifier: ISC */
/* The verbs of countersign-node(8). argv[0] is the verb; each returns the exit
 * status. */
#ifndef CS_NODE_H
#define CS_NODE_H

enum {
	NODE_DONE = 0,
	NODE_FAILED = 1,
	NODE_USAGE = 2
};

int node_check(int argc, char **argv);
int node_setup(int argc, char **argv);
int node_remove(int argc, char **argv);
int node_refresh(int argc, char **argv);
int node_lock(int argc, char **argv);
int node_unlock(int argc, char **argv);

#endif
