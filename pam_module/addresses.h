/* SPDX-License-Identifier: ISC */
/* The two ends of the TCP connection that this sshd serves. */
#ifndef CS_ADDRESSES_H
#define CS_ADDRESSES_H

#define ADDRESS_TEXT_MAX 80

struct addresses {
	char remote
	    [ADDRESS_TEXT_MAX]; /* "192.0.2.1:50222", "[2001:db8::1]:22" */
	char local[ADDRESS_TEXT_MAX];
	int fd; /* the connection's socket, sshd's; -1: none */
};

/* From the process's own descriptors: at session open nothing else tells the
 * client's port. Empty where there is no TCP connection (sshd -i on a pipe). */
void addresses_find(struct addresses *ret);

#endif
