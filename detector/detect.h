/* SPDX-License-Identifier: ISC */
/* The verbs of countersign-detect. */
#ifndef CS_DETECT_H
#define CS_DETECT_H

enum detect_status {
	DETECT_DONE = 0,
	DETECT_FAILED = 1, /* what was asked is not so */
	DETECT_USAGE = 2,
	DETECT_IO = 3
};

int detect_run(int argc, char **argv);
int detect_test(int argc, char **argv);
int detect_explain(int argc, char **argv);
int detect_replay(int argc, char **argv);
int detect_coverage(int argc, char **argv);
int detect_lint(int argc, char **argv);

#endif
