/* SPDX-License-Identifier: ISC */
/*
 * Nothing wakes a process that waits for a disk in the kernel, not even
 * SIGKILL. So the thread that writes owns everything as long as its writes come
 * back, and loses it to the other with one compare-and-swap. An idle session
 * wakes nobody up: the timer runs while something is written, and is set at
 * most once for each time that it goes off.
 */
#include <errno.h>
#include <poll.h>
#include <pthread.h>
#include <stdatomic.h>
#include <stdbool.h>
#include <stdint.h>
#include <sys/eventfd.h>
#include <sys/timerfd.h>
#include <unistd.h>

#include "diskwatch.h"

#define STACK_BYTES ((size_t)128 * 1024)
#define OVERTAKEN   UINT64_MAX

static int timer = -1;
static struct itimerspec period;
static void (*overtake)(void);
/* Each write has a number: odd while it is under way. */
static _Atomic uint64_t turn;
static _Atomic bool is_set;
static int is_there = -1; /* an eventfd */

static void
set_timer(void)
{
	atomic_store(&is_set, true);
	(void)timerfd_settime(timer, 0, &period, NULL);
}

static void *
watch(void *unused)
{
	const uint64_t one = 1;
	uint64_t seen = 0, now, ticks;

	(void)unused;
	(void)!write(is_there, &one, sizeof(one));
	for (;;) {
		if (read(timer, &ticks, sizeof(ticks)) != sizeof(ticks))
			continue;
		atomic_store(&is_set, false);
		now = atomic_load(&turn);
		if (now % 2 == 0)
			continue;
		if (now == seen &&
		    atomic_compare_exchange_strong(&turn, &now, OVERTAKEN))
			overtake();
		seen = now;
		set_timer();
	}
	return NULL;
}

int
diskwatch_start(unsigned ms, void (*go_on)(void))
{
	pthread_attr_t attr;
	pthread_t thread;
	uint64_t began;
	int r;

	overtake = go_on;
	period.it_value = (struct timespec){ ms / 1000, ms % 1000 * 1000000L };
	if ((timer = timerfd_create(CLOCK_MONOTONIC, TFD_CLOEXEC)) < 0)
		return -errno;
	if ((is_there = eventfd(0, EFD_CLOEXEC)) < 0)
		return -errno;
	if ((r = pthread_attr_init(&attr)) != 0)
		return -r;
	if ((r = pthread_attr_setstacksize(&attr, STACK_BYTES)) == 0)
		r = pthread_create(&thread, &attr, watch, NULL);
	pthread_attr_destroy(&attr);
	/* A thread's beginning has calls that the sandbox has not. */
	while (r == 0 && read(is_there, &began, sizeof(began)) < 0)
		continue;
	close(is_there);
	return -r;
}

void
diskwatch_begin(void)
{
	if (timer < 0)
		return;
	atomic_fetch_add(&turn, 1);
	if (!atomic_load(&is_set))
		set_timer();
}

void
diskwatch_end(void)
{
	uint64_t mine = atomic_load(&turn);

	if (timer < 0)
		return;
	if (mine == OVERTAKEN ||
	    !atomic_compare_exchange_strong(&turn, &mine, mine + 1))
		for (;;)
			(void)ppoll(NULL, 0, NULL, NULL);
}
