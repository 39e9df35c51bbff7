/* SPDX-License-Identifier: ISC */
/* recorder(8): carries a session's bytes between what sshd has made for it, a
 * terminal or pipes, and what the program has, and writes down what passes.
 * Started by the keeper, as nobody's user, with its descriptors open
 * (recordermsg.h). */
#include <fcntl.h>
#include <getopt.h>
#include <stdbool.h>
#include <stdio.h>
#include <string.h>

#include "diskwatch.h"
#include "parse.h"
#include "recordermsg.h"
#include "relay.h"
#include "sandbox.h"

/* How long a write may take, up to twice that. A role that demands the record
 * would rather wait for a disk than end the session. */
#define DISK_MS	       2500
#define DISK_STRICT_MS 15000

static const char usage[] =
    "usage: recorder --start USEC [--reserve BYTES] [--strict] [--input] [--typed]\n"
    "           [--streams [--max BYTES] [--tap PROTOCOL]]\n"
    "(the keeper starts it; see countersign-keeper(8))\n";

static int
read_options(int argc, char **argv, struct recorder_options *ret)
{
	static const struct option longs[] = {
		{ "start", required_argument, NULL, 's' },
		{ "reserve", required_argument, NULL, 'r' },
		{ "strict", no_argument, NULL, 'S' },
		{ "input", no_argument, NULL, 'i' },
		{ "typed", no_argument, NULL, 'y' },
		{ "streams", no_argument, NULL, 't' },
		{ "max", required_argument, NULL, 'm' },
		{ "tap", required_argument, NULL, 'T' },
		{ NULL, 0, NULL, 0 },
	};
	uint64_t *number;
	int opt;

	while ((opt = getopt_long(argc, argv, "", longs, NULL)) != -1) {
		switch (opt) {
		case 's':
		case 'r':
		case 'm':
			number = opt == 's' ? &ret->start_usec
			    : opt == 'r'    ? &ret->reserve_bytes
					    : &ret->max_bytes;
			if (parse_uint(optarg, 0, UINT64_MAX, number) < 0)
				return -1;
			break;
		case 'S':
			ret->is_strict = true;
			break;
		case 'i':
			ret->has_input = true;
			break;
		case 'y':
			ret->has_typed = true;
			break;
		case 't':
			ret->has_streams = true;
			break;
		case 'T':
			if ((ret->tap = file_tap_of(optarg)) == FILE_TAP_NONE)
				return -1;
			break;
		default:
			return -1;
		}
	}
	return optind == argc && ret->start_usec != 0 ? 0 : -1;
}

static int
watch_disk(struct recorder_options *options)
{
	options->has_file = fcntl(RECORDER_FILE, F_GETFD) >= 0;
	if (!options->has_file)
		return 0;
	return diskwatch_start(options->is_strict ? DISK_STRICT_MS : DISK_MS,
	    options->has_streams ? streams_go_on : relay_go_on);
}

int
main(int argc, char **argv)
{
	struct recorder_options options = { 0 };

	if (read_options(argc, argv, &options) < 0) {
		fputs(usage, stderr);
		return 2;
	}
	relay_prepare();
	if (watch_disk(&options) < 0 || sandbox_enter() < 0)
		return 1;
	if (options.has_streams)
		streams_run(&options);
	else
		relay_run(&options);
	return 0;
}
