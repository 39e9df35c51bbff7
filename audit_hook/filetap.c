/* SPDX-License-Identifier: ISC */
/* Both readers' state, in memory that is not there before it is used. */
#include "clock.h"
#include "filetap.h"
#include "scptap.h"
#include "sftptap.h"

/* Whoever mounts a file system over SFTP looks at thousands of files a second:
 * so many are told, the others counted. */
#define LOOKS_AT_ONCE	 100
#define LOOKS_PER_SECOND 20

static struct sftptap sftp;
static struct scptap scp;
static struct filetap {
	enum file_tap kind;
	struct recorder_count *count;
	uint64_t looks_usec; /* since boot: when all of them are left again */
} tap;

static bool
only_looks(const struct fileop *op)
{
	switch (op->action) {
	case FILEOP_LSTAT:
	case FILEOP_STAT:
	case FILEOP_FSTAT:
	case FILEOP_REALPATH:
	case FILEOP_READLINK:
		return true;
	default:
		return false;
	}
}

static bool
are_too_many(void)
{
	const uint64_t each = USEC_PER_SEC / LOOKS_PER_SECOND;
	uint64_t now = clock_boot_usec();

	if (tap.looks_usec < now)
		tap.looks_usec = now;
	if (tap.looks_usec - now > (LOOKS_AT_ONCE - 1) * each)
		return true;
	tap.looks_usec += each;
	return false;
}

static void
tell(void *context, const struct fileop *op)
{
	(void)context;
	if (only_looks(op) && are_too_many())
		tap.count->not_told++;
	else
		recorderlink_say_fileop(op, tap.count);
}

void
filetap_init(enum file_tap kind, struct recorder_count *count)
{
	tap.kind = kind;
	tap.count = count;
	sftp.tell = scp.tell = tell;
	scp.action =
	    kind == FILE_TAP_SCP_SINK ? FILEOP_UPLOAD : FILEOP_DOWNLOAD;
}

bool
filetap_is_on(void)
{
	switch (tap.kind) {
	case FILE_TAP_SFTP:
		return !sftp.is_over;
	case FILE_TAP_SCP_SINK:
	case FILE_TAP_SCP_SOURCE:
		return !scp.is_over;
	case FILE_TAP_NONE:
		break;
	}
	return false;
}

size_t
filetap_client(const void *p, size_t n)
{
	if (!filetap_is_on())
		return filetap_is_refused() ? 0 : n;
	if (tap.kind == FILE_TAP_SCP_SINK)
		return scptap_sender(&scp, p, n);
	if (tap.kind == FILE_TAP_SCP_SOURCE)
		return scptap_receiver(&scp, p, n);
	return sftptap_client(&sftp, p, n);
}

size_t
filetap_server(const void *p, size_t n)
{
	if (!filetap_is_on())
		return filetap_is_refused() ? 0 : n;
	if (tap.kind == FILE_TAP_SCP_SINK)
		return scptap_receiver(&scp, p, n);
	if (tap.kind == FILE_TAP_SCP_SOURCE)
		return scptap_sender(&scp, p, n);
	return sftptap_server(&sftp, p, n);
}

bool
filetap_is_refused(void)
{
	return sftp.is_refused || scp.is_refused;
}

bool
filetap_only_takes(void)
{
	return tap.kind == FILE_TAP_SCP_SINK;
}

void
filetap_end(void)
{
	if (!filetap_is_on())
		return;
	if (tap.kind == FILE_TAP_SFTP) {
		sftptap_end(&sftp);
		sftp.is_over = true;
	} else {
		scptap_end(&scp);
		scp.is_over = true;
	}
}
