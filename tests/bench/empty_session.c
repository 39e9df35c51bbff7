/* SPDX-License-Identifier: ISC */
/* The least that a ForceCommand can do: become the command. */
#include <stdlib.h>
#include <unistd.h>

int
main(void)
{
	const char *command = getenv("SSH_ORIGINAL_COMMAND");

	execl("/bin/bash", "bash", "-c", command, (char *)NULL);
	return 1;
}
