/* SPDX-License-Identifier: ISC */
/* Events after which another must come. */
#ifndef CS_WAITING_H
#define CS_WAITING_H

#include <stddef.h>
#include <stdint.h>

#include "savefile.h"

#define WAITING_MAX	 8192
#define WAITING_LINE_MAX 8192 /* of the event: ours are shorter */

struct waiting;

struct waiting *waiting_new(void);
void waiting_free(struct waiting *w);
void waiting_clear(struct waiting *w);
/* Waits for the key until the deadline. One that is full lets the first go that
 * was to end first, and counts it. */
void waiting_add(struct waiting *w, uint64_t key, uint64_t time_us,
    uint64_t deadline_us, const char *line, size_t len);
/* It came: nothing that began before is waited for any more. */
void waiting_came(struct waiting *w, uint64_t key, uint64_t time_us);
/* What should have come before now goes to tell, in the order of deadlines. */
void waiting_advance(struct waiting *w, uint64_t now_us,
    void (*tell)(void *context, uint64_t key, uint64_t deadline_us,
	const char *line, size_t len),
    void *context);
void waiting_save(const struct waiting *w, struct savefile *s);
void waiting_load(struct waiting *w, struct savefile *s);
uint64_t waiting_lost(const struct waiting *w);

#endif
