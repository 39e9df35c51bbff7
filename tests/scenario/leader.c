/* SPDX-License-Identifier: ISC */
/* leader PROGRAM [ARG...]: its first thread ends; another one starts a process, then
 * becomes PROGRAM. */
#include <pthread.h>
#include <sys/syscall.h>
#include <unistd.h>

static char **args;

static void *
go_on(void *unused)
{
	usleep(300000);
	if (fork() == 0)
		execl("/bin/sleep", "sleep", "0.01", (char *)0);
	usleep(300000);
	execv(args[1], args + 1);
	return unused;
}

int
main(int argc, char **argv)
{
	pthread_t thread;

	args = argv;
	if (argc < 2 || pthread_create(&thread, NULL, go_on, NULL) != 0)
		return 1;
	syscall(SYS_exit, 0);
	return 0;
}
