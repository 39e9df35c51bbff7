/* SPDX-License-Identifier: ISC */
/* What an agent answers: to a question for its keys, then for a signature. */
#include <fcntl.h>
#include <stdlib.h>
#include <sys/socket.h>
#include <unistd.h>

#include "agent.h"
#include "fuzz.h"
#include "sigverify.h"

int
LLVMFuzzerTestOneInput(const uint8_t *p, size_t len)
{
	struct reader key = { (const uint8_t *)"key", 3 }, sig;
	struct writer list = WRITER_INIT, signature = WRITER_INIT;
	struct agent *a;
	int fds[2];

	if (len > 60000 || socketpair(AF_UNIX, SOCK_STREAM, 0, fds) < 0)
		return 0;
	if (fcntl(fds[0], F_SETFL, O_NONBLOCK) < 0 ||
	    (len > 0 && write(fds[1], p, len) != (ssize_t)len) ||
	    shutdown(fds[1], SHUT_WR) < 0 || agent_of_fd(fds[0], &a) < 0)
		abort();
	(void)agent_list(a, &list);
	if (agent_ask_signature(a, &key, "data", 4, 0, 1) == 0 &&
	    agent_take_signature(a, 1, &signature) == 0) {
		sig = (struct reader){ signature.p, signature.len };
		key = (struct reader){ list.p, list.len };
		(void)sigverify(&key, &sig, NULL, "data", 4);
	}
	agent_free(a);
	close(fds[1]);
	writer_clear(&list);
	writer_clear(&signature);
	return 0;
}
