/* SPDX-License-Identifier: ISC */
/* Runs every unit test. */
#include <sodium.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "path.h"
#include "unit.h"

static long allocations_left = -1;
static bool has_failed;

void *__real_malloc(size_t n);
void *__real_calloc(size_t n, size_t size);
void *__real_realloc(void *p, size_t n);
void *__real_reallocarray(void *p, size_t n, size_t size);
char *__real_strdup(const char *s);
char *__real_strndup(const char *s, size_t n);
void *__wrap_malloc(size_t n);
void *__wrap_calloc(size_t n, size_t size);
void *__wrap_realloc(void *p, size_t n);
void *__wrap_reallocarray(void *p, size_t n, size_t size);
char *__wrap_strdup(const char *s);
char *__wrap_strndup(const char *s, size_t n);

static bool
is_failing(void)
{
	if (allocations_left < 0)
		return false;
	if (allocations_left > 0) {
		allocations_left--;
		return false;
	}
	return has_failed = true;
}

bool
alloc_fail_after(long n)
{
	bool before = has_failed;

	has_failed = false;
	allocations_left = n;
	return before;
}

void *
__wrap_malloc(size_t n)
{
	return is_failing() ? NULL : __real_malloc(n);
}

void *
__wrap_calloc(size_t n, size_t size)
{
	return is_failing() ? NULL : __real_calloc(n, size);
}

void *
__wrap_realloc(void *p, size_t n)
{
	return is_failing() ? NULL : __real_realloc(p, n);
}

void *
__wrap_reallocarray(void *p, size_t n, size_t size)
{
	return is_failing() ? NULL : __real_reallocarray(p, n, size);
}

char *
__wrap_strdup(const char *s)
{
	return is_failing() ? NULL : __real_strdup(s);
}

char *
__wrap_strndup(const char *s, size_t n)
{
	return is_failing() ? NULL : __real_strndup(s, n);
}

char *
vector_path(const char *name)
{
	char *path = NULL;

	ck_assert_int_gt(asprintf(&path, "%s/%s", CS_VECTORS, name), 0);
	return path;
}

char *
vector_read(const char *name, size_t *ret_len)
{
	char *path = vector_path(name), *text = NULL;
	FILE *f = fopen(path, "re");
	size_t len;

	ck_assert_msg(f != NULL, "no vector %s", path);
	ck_assert_int_eq(path_read(f, 1024 * 1024, &text,
			     ret_len != NULL ? ret_len : &len),
	    0);
	fclose(f);
	free(path);
	return text;
}

char *
vector_base64(const char *name)
{
	char *text = vector_read(name, NULL), *at = text, *word;

	ck_assert_ptr_nonnull(strsep(&at, " "));
	word = strsep(&at, " \n");
	ck_assert_ptr_nonnull(word);
	word = strdup(word);
	free(text);
	return word;
}

int
main(void)
{
	TCase *(*const cases[])(void) = { case_wire, case_text, case_conf,
		case_path, case_cert, case_policy, case_decide, case_hostpolicy,
		case_policytool, case_pamstack, case_event, case_messages,
		case_signer, case_krl, case_ledger, case_profile, case_agent,
		case_sshdlog, case_cast, case_filecopy, case_filetaps,
		case_jumps, case_follow, case_traceargs, case_tracefold,
		case_tracetable, case_sshdforward, case_sigma, case_engine,
		case_correlate };
	Suite *suite = suite_create("countersign");
	SRunner *runner;
	size_t i;
	int failed;

	if (sodium_init() < 0)
		return 1;
	for (i = 0; i < sizeof(cases) / sizeof(cases[0]); i++)
		suite_add_tcase(suite, cases[i]());
	runner = srunner_create(suite);
	srunner_run_all(runner, CK_NORMAL);
	failed = srunner_ntests_failed(runner);
	srunner_free(runner);
	return failed > 0;
}
