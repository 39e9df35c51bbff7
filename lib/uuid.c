/* SPDX-License-Identifier: ISC */
/* UUIDs: RFC 9562 5.4 (random) and 5.8 (custom). */
#include <errno.h>
#include <sodium.h>
#include <stdio.h>
#include <string.h>
#include <sys/random.h>

#include "proc.h"
#include "uuid.h"

static void
uuid_format(uint8_t b[16], unsigned version, struct uuid *ret)
{
	static const char hex[] = "0123456789abcdef";
	char *out = ret->text;
	size_t i;

	b[6] = (uint8_t)((b[6] & 0x0f) | version << 4);
	b[8] = (uint8_t)((b[8] & 0x3f) | 0x80);
	for (i = 0; i < 16; i++) {
		if (i == 4 || i == 6 || i == 8 || i == 10)
			*out++ = '-';
		*out++ = hex[b[i] >> 4];
		*out++ = hex[b[i] & 15];
	}
	*out = '\0';
}

int
uuid_random(struct uuid *ret)
{
	uint8_t b[16];

	if (getrandom(b, sizeof(b), 0) != (ssize_t)sizeof(b))
		return -errno;
	uuid_format(b, 4, ret);
	return 0;
}

void
uuid_of_bytes(const void *p, size_t len, struct uuid *ret)
{
	uint8_t b[16];

	crypto_generichash(b, sizeof(b), p, len, NULL, 0);
	uuid_format(b, 8, ret);
}

int
uuid_of_connection(pid_t monitor, struct uuid *ret)
{
	char boot[64], text[160];
	struct proc_stat st;
	int r;

	if ((r = proc_read_line("/proc/sys/kernel/random/boot_id", boot,
		 sizeof(boot))) < 0)
		return r;
	if ((r = proc_stat(monitor, &st)) < 0)
		return r;
	snprintf(text, sizeof(text), "countersign connection %s %d %llu", boot,
	    monitor, (unsigned long long)st.start_ticks);
	uuid_of_bytes(text, strlen(text), ret);
	return 0;
}
