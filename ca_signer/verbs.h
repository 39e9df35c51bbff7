/* SPDX-License-Identifier: ISC */
/* The verbs of countersign(1). argv[0] is the verb; each returns the exit
 * code. */
#ifndef CS_VERBS_H
#define CS_VERBS_H

int cmd_init(int argc, char **argv);
int cmd_rotate(int argc, char **argv);
int cmd_sign(int argc, char **argv);
int cmd_host(int argc, char **argv);
int cmd_renew(int argc, char **argv);
int cmd_revoke(int argc, char **argv);
int cmd_krl(int argc, char **argv);
int cmd_policy(int argc, char **argv);
int cmd_ledger(int argc, char **argv);
int cmd_inspect(int argc, char **argv);
int cmd_needs_renewal(int argc, char **argv);

/* The verbs of `countersign policy`. */
int cmd_policy_check(int argc, char **argv);
int cmd_policy_fmt(int argc, char **argv);
int cmd_policy_diff(int argc, char **argv);
int cmd_policy_test(int argc, char **argv);
int cmd_policy_explain(int argc, char **argv);
int cmd_policy_lock(int argc, char **argv);
int cmd_policy_sign(int argc, char **argv);
int cmd_policy_verify(int argc, char **argv);

#endif
