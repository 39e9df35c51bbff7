/* SPDX-License-Identifier: ISC */
/* Runs a fuzz target over the files of its corpus, in any build. */
#include <dirent.h>
#include <stdlib.h>
#include <string.h>

#include "fuzz.h"
#include "path.h"

static void
run_file(const char *path)
{
	FILE *f = fopen(path, "re");
	uint8_t *exact;
	char *text;
	size_t len;

	if (f == NULL || path_read(f, 16 * 1024 * 1024, &text, &len) < 0) {
		fprintf(stderr, "cannot read '%s'\n", path);
		exit(1);
	}
	fclose(f);
	/* Exactly as long: a sanitizer sees a byte too many. */
	exact = malloc(len > 0 ? len : 1);
	if (exact == NULL)
		exit(1);
	memcpy(exact, text, len);
	LLVMFuzzerTestOneInput(exact, len);
	free(exact);
	free(text);
}

int
main(int argc, char **argv)
{
	struct dirent *d;
	char path[4096];
	int n = 0;
	DIR *dir;

	if (argc != 2 || (dir = opendir(argv[1])) == NULL) {
		fprintf(stderr, "usage: replay CORPUS\n");
		return 2;
	}
	while ((d = readdir(dir)) != NULL) {
		if (d->d_name[0] == '.')
			continue;
		snprintf(path, sizeof(path), "%s/%s", argv[1], d->d_name);
		run_file(path);
		n++;
	}
	closedir(dir);
	printf("%d inputs\n", n);
	return n == 0;
}
