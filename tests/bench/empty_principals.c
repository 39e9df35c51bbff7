/* SPDX-License-Identifier: ISC */
/* The least that an AuthorizedPrincipalsCommand can do: print one line. Links
 * libsodium and libjansson as principals does. */
#include <unistd.h>

int
main(void)
{
	static const char line[] =
	    "restrict,pty,agent-forwarding,port-forwarding,"
	    "expiry-time=\"20991231000000Z\" role:web\n";

	return write(STDOUT_FILENO, line, sizeof(line) - 1) < 0;
}
