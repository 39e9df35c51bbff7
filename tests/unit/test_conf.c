/* SPDX-License-Identifier: ISC */
#include <errno.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

#include "auto.h"
#include "settings.h"
#include "unit.h"

static const struct {
	const char *text;
	size_t line; /* 0: fine */
	const char *words;
} texts[] = { { "", 0, NULL }, { "# x\n\n  \t\n", 0, NULL },
	{ "ClusterName x\n", 0, NULL }, { "clustername x\r\n", 0, NULL },
	{ "Label a=1\nLabel b=2\n", 0, NULL },
	{ "TraceIgnore /a\nTraceIgnore /a  x\nTraceIgnore /a\tx\n", 0, NULL },
	{ "TracePath /etc\nTracePath /root/.ssh\n", 0, NULL },
	{ "TracePath etc\n", 1, "absolute path" },
	{ "TraceIgnore a\n", 1, "absolute path" },
	{ "TraceIgnore /a x y\n", 1, "an account" },
	{ "ClusterName\n", 1, "has no value" },
	{ "\nNope 1\n", 2, "unknown keyword 'Nope'" },
	{ "ClusterName a\nClusterName b\n", 2, "twice" },
	{ "Policy relative\n", 1, "absolute path" },
	{ "KeeperTimeout soon\n", 1, "30 seconds" },
	{ "KeeperTimeout 1x\n", 1, "30 seconds" },
	{ "PrintMotd maybe\n", 1, "yes or no" },
	{ "Label pci=yes  # why\n", 1, "no quotes" },
	{ "Label pci=\"yes\"\n", 1, "no quotes" },
	{ "Label pci=a b\n", 1, "key=value" },
	{ "KeeperTimeout 1h\n", 1, "30 seconds" },
	{ "Label x\n", 1, "key=value" }, { "Label =x\n", 1, "key=value" },
	{ "Label x=\n", 1, "key=value" },
	{ "Label a=1\nLabel a=2\n", 2, "once" } };

START_TEST(settings_text_is_read_or_refused)
{
	struct settings *s = settings_new();
	struct conf_error e = { 0 };
	int r = conf_parse(texts[_i].text, strlen(texts[_i].text),
	    settings_keys, settings_n_keys, s, &e);

	ck_assert_int_eq(r, texts[_i].line == 0 ? 0 : -EINVAL);
	ck_assert_uint_eq(e.line, texts[_i].line);
	if (texts[_i].words != NULL)
		ck_assert_msg(strstr(e.what, texts[_i].words) != NULL, "%s",
		    e.what);
	settings_free(s);
}
END_TEST

START_TEST(a_nul_is_refused)
{
	struct settings *s = settings_new();
	struct conf_error e = { 0 };

	ck_assert_int_eq(conf_parse("ClusterName a\0b\n", 16, settings_keys,
			     settings_n_keys, s, &e),
	    -EINVAL);
	settings_free(s);
}
END_TEST

static void
put(const char *path, const char *text)
{
	FILE *f = fopen(path, "we");

	ck_assert_ptr_nonnull(f);
	fputs(text, f);
	fclose(f);
}

START_TEST(later_files_win_and_errors_name_the_file)
{
	char dir[] = "/tmp/unit-conf.XXXXXX", a[64], b[64], d[64], c[128];
	struct settings *s = settings_new();
	struct conf_error e = { 0 };

	ck_assert_ptr_nonnull(mkdtemp(dir));
	snprintf(a, sizeof(a), "%s/vendor", dir);
	snprintf(b, sizeof(b), "%s/host", dir);
	snprintf(d, sizeof(d), "%s/host.d", dir);
	snprintf(c, sizeof(c), "%s/10-x.conf", d);
	mkdir(d, 0755);
	put(a, "ClusterName vendor\nLabel env=dev\nLabel tier=web\n");
	put(b, "ClusterName host\nLabel env=prod\n");
	put(c, "ServerHostname h\n");
	ck_assert_int_eq(settings_load(s, a, b, d, getuid(), &e), 0);
	ck_assert_str_eq(s->cluster_name, "host");
	ck_assert_str_eq(s->server_hostname, "h");
	ck_assert_str_eq(labels_get(&s->labels, "env"), "prod");
	ck_assert_str_eq(labels_get(&s->labels, "tier"), "web");
	ck_assert_int_eq(settings_load(s, "/nowhere/a", "/nowhere/b",
			     "/nowhere/c", getuid(), &e),
	    0);
	put(c, "\nNope x\n");
	ck_assert_int_eq(settings_load(s, a, b, d, getuid(), &e), -EINVAL);
	ck_assert_msg(strstr(e.what, "10-x.conf:2:") != NULL, "%s", e.what);
	chmod(b, 0666);
	ck_assert_int_eq(settings_load(s, a, b, d, getuid(), &e), -EPERM);
	settings_free(s);
	unlink(a);
	unlink(b);
	unlink(c);
	rmdir(d);
	rmdir(dir);
}
END_TEST

TCase *
case_conf(void)
{
	TCase *c = tcase_create("conf");

	tcase_add_loop_test(c, settings_text_is_read_or_refused, 0,
	    ARRAY_SIZE(texts));
	tcase_add_test(c, a_nul_is_refused);
	tcase_add_test(c, later_files_win_and_errors_name_the_file);
	return c;
}
