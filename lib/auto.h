/* SPDX-License-Identifier: ISC */
/* Resources freed by their scope; a hand-over is written TAKE(p). */
#ifndef CS_AUTO_H
#define CS_AUTO_H

#include <stdio.h>
#include <stdlib.h>
#include <unistd.h>

/* AUTO(free) char *p = NULL;  AUTO(close) int fd = -1; */
#define AUTO(fn) __attribute__((cleanup(auto_##fn)))
/* For a struct in the scope itself: AUTO_CLEAR(writer_clear) struct writer w */
#define AUTO_CLEAR(fn) __attribute__((cleanup(fn)))
#define TAKE(p)                            \
	__extension__({                    \
		__typeof__(p) take_ = (p); \
		(p) = NULL;                \
		take_;                     \
	})
#define DEFINE_AUTO(fn, type)                  \
	static inline void auto_##fn(type **p) \
	{                                      \
		if (*p != NULL)                \
			fn(*p);                \
	}

/* For a large array that is filled before it is read: the compiler is told to
 * zero everything otherwise, and on a hot path that shows. */
#define NOT_ZEROED __attribute__((uninitialized))

#define ARRAY_SIZE(a) (sizeof(a) / sizeof((a)[0]))

DEFINE_AUTO(fclose, FILE)

static inline void
auto_free(void *p)
{
	free(*(void **)p);
}

static inline void
auto_close(int *fd)
{
	if (*fd >= 0)
		close(*fd);
}

#endif
