/* SPDX-License-Identifier: ISC */
/* What is told of what an SFTP client and its server, or two scps, say. */
#include <stdarg.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "auto.h"
#include "filecopy.h"
#include "scptap.h"
#include "sftptap.h"
#include "unit.h"
#include "wire.h"

#define TOLD_MAX (1024 * 1024)

/* Lines of what was told. */
static char told[TOLD_MAX];
static size_t told_len;

static void
note(void *context, const struct fileop *op)
{
	static const char *const names[FILEOP_ACTIONS] = { "", "open", "close",
		"read", "write", "lstat", "fstat", "setstat", "fsetstat",
		"opendir", "readdir", "remove", "mkdir", "rmdir", "realpath",
		"stat", "rename", "readlink", "symlink", "link", "copy",
		"extended", "upload", "download", "lost" };
	size_t i;

	(void)context;
	ck_assert_uint_lt(told_len, TOLD_MAX - 3 * FILEOP_TEXT_MAX - 200);
	told_len += (size_t)sprintf(told + told_len, "%s", names[op->action]);
	for (i = 0; i < FILEOP_TEXTS; i++)
		if (op->texts[i].n > 0)
			told_len += (size_t)sprintf(told + told_len, " %.*s",
			    (int)op->texts[i].n, (const char *)op->texts[i].p);
	if (op->bytes_read > 0)
		told_len += (size_t)sprintf(told + told_len, " read=%llu",
		    (unsigned long long)op->bytes_read);
	if (op->bytes_written > 0)
		told_len += (size_t)sprintf(told + told_len, " wrote=%llu",
		    (unsigned long long)op->bytes_written);
	told_len += (size_t)sprintf(told + told_len, "%s%s%s\n",
	    op->has_failed ? " failed" : "",
	    op->is_unanswered ? " unanswered" : "", op->is_cut ? " cut" : "");
}

static void
is_told(const char *lines)
{
	ck_assert_str_eq(told, lines);
	told_len = 0;
	told[0] = '\0';
}

/* Both directions, cut into pieces of this size. */
static struct sftptap *sftp;
static size_t piece;

static void
start(size_t piece_size)
{
	free(sftp);
	sftp = calloc(1, sizeof(*sftp));
	sftp->tell = note;
	piece = piece_size;
	told_len = 0;
	told[0] = '\0';
}

/* Returns how much of it passed. */
static size_t
say(bool is_client, const struct writer *w)
{
	size_t at, n, passed = 0, all = 0;

	ck_assert_int_eq(writer_error(w), 0);
	for (at = 0; at < w->len && passed == all; at += n) {
		n = w->len - at < piece ? w->len - at : piece;
		/* A copy of its own: reading past it is seen. */
		uint8_t *p = malloc(n);

		memcpy(p, w->p + at, n);
		passed += is_client ? sftptap_client(sftp, p, n)
				    : sftptap_server(sftp, p, n);
		all += n;
		free(p);
	}
	return passed;
}

/* A packet: b a byte, u 32 bits, q 64 bits, s a string, n one with a NUL at its
 * end, z 32 bits and as many bytes of zero, l only these 32 bits. true: it
 * passed. */
static bool
packet(bool is_client, const char *form, ...)
{
	struct writer w = { .max_bytes = 2 * WRITER_MAX_BYTES };
	size_t mark = writer_string_begin(&w), passed;
	const char *text;
	uint32_t n;
	va_list ap;

	va_start(ap, form);
	for (; *form != '\0'; form++)
		switch (*form) {
		case 'b':
			writer_u8(&w, (uint8_t)va_arg(ap, int));
			break;
		case 'u':
			writer_u32(&w, va_arg(ap, uint32_t));
			break;
		case 'q':
			writer_u64(&w, va_arg(ap, uint64_t));
			break;
		case 'l':
			writer_u32(&w, va_arg(ap, uint32_t));
			break;
		case 's':
			writer_cstring(&w, va_arg(ap, const char *));
			break;
		case 'n':
			text = va_arg(ap, const char *);
			writer_string(&w, text, strlen(text) + 1);
			break;
		default:
			writer_u32(&w, n = va_arg(ap, uint32_t));
			while (n-- > 0)
				writer_u8(&w, 0);
		}
	va_end(ap);
	writer_string_end(&w, mark);
	passed = say(is_client, &w);
	n = (uint32_t)w.len;
	writer_clear(&w);
	return passed == n;
}

static void
begin(size_t piece_size)
{
	start(piece_size);
	packet(true, "bu", 1, 3U);
	packet(false, "bu", 2, 3U);
}

#define U(n)   ((uint32_t)(n))
#define NONE   ((uint32_t)0)
#define STATUS "buuss"

static void
status(unsigned id, unsigned code)
{
	packet(false, STATUS, 101, U(id), U(code), "words", "");
}

static const size_t pieces[] = { 1, 2, 3, 7, 64, 1000000 };

START_TEST(a_file_goes_up_and_comes_back)
{
	begin(pieces[_i]);
	packet(true, "busuu", 3, U(7), "/up", U(26), NONE);
	packet(false, "bus", 102, U(7), "H");
	packet(true, "busqz", 6, U(8), "H", (uint64_t)0, U(30000));
	packet(true, "busqz", 6, U(9), "H", (uint64_t)30000, U(5));
	status(8, 0);
	status(9, 0);
	packet(true, "bus", 4, U(10), "H");
	status(10, 0);
	packet(true, "busuu", 3, U(1), "/up", U(1), NONE);
	packet(false, "bus", 102, U(1), "H");
	packet(true, "busqu", 5, U(2), "H", (uint64_t)0, U(65536));
	packet(false, "buz", 103, U(2), U(30005));
	packet(true, "busqu", 5, U(3), "H", (uint64_t)30005, U(65536));
	status(3, 1);
	packet(true, "bus", 4, U(4), "H");
	status(4, 0);
	sftptap_end(sftp);
	is_told("open /up\nclose /up wrote=30005\n"
		"open /up\nclose /up read=30005\n");
}
END_TEST

START_TEST(requests_of_all_forms)
{
	begin(pieces[_i]);
	packet(true, "bus", 13, U(1), "/gone");
	status(1, 2);
	packet(true, "buss", 18, U(1), "/a", "/b");
	status(1, 0);
	packet(true, "busss", 200, U(1), "posix-rename@openssh.com", "/b",
	    "/c");
	status(1, 0);
	packet(true, "busss", 200, U(1), "hardlink@openssh.com", "/c", "/d");
	status(1, 3);
	packet(true, "buss", 20, U(1), "what", "/link");
	status(1, 0);
	packet(true, "busuu", 9, U(1), "/c", U(4), U(0600));
	status(1, 0);
	packet(true, "bus", 16, U(1), ".");
	packet(false, "buussu", 104, U(1), U(1), "/home", "l", NONE);
	packet(true, "bus", 11, U(1), "/dir");
	packet(false, "bus", 102, U(1), "D");
	packet(true, "bus", 12, U(1), "D");
	status(1, 1);
	packet(true, "bus", 4, U(1), "D");
	status(1, 0);
	packet(true, "buss", 200, U(1), "statvfs@openssh.com", "/");
	packet(false, "bu", 201, U(1));
	packet(true, "bus", 200, U(1), "new@example.com");
	status(1, 8);
	is_told("remove /gone failed\nrename /a /b\nrename /b /c\n"
		"link /c /d failed\nsymlink what /link\nsetstat /c\n"
		"realpath . /home\nopendir /dir\nclose /dir\n"
		"extended new@example.com failed\n");
}
END_TEST

/* A client numbers its requests as it likes, and may do so in order to be
 * misread. */
START_TEST(one_number_for_several)
{
	begin(64);
	packet(true, "bus", 13, U(5), "/shadow");
	packet(true, "bus", 17, U(5), "/harmless");
	packet(true, "busuu", 3, U(5), "/file", U(1), NONE);
	status(5, 0);
	packet(false, "buu", 105, U(5), NONE);
	packet(false, "bus", 102, U(5), "H");
	is_told("remove /shadow\nstat /harmless\nopen /file\n");
}
END_TEST

START_TEST(answers_out_of_order)
{
	begin(64);
	packet(true, "bus", 13, U(1), "/one");
	packet(true, "bus", 13, U(2), "/two");
	packet(true, "bus", 13, U(3), "/three");
	packet(true, "bus", 13, U(3), "/another");
	status(3, 0);
	status(3, 4);
	status(1, 0);
	status(9, 0);
	status(2, 0);
	is_told("remove /three\nremove /another failed\nremove /one\n"
		"remove /two\n");
}
END_TEST

START_TEST(what_has_no_answer)
{
	begin(64);
	packet(true, "busuu", 3, U(1), "/file", U(2), NONE);
	packet(false, "bus", 102, U(1), "H");
	packet(true, "busqz", 6, U(2), "H", (uint64_t)0, U(100));
	status(2, 0);
	packet(true, "busqz", 6, U(3), "H", (uint64_t)100, U(100));
	packet(true, "bus", 17, U(4), "/looked-at");
	packet(true, "bus", 13, U(5), "/file");
	sftptap_end(sftp);
	is_told("open /file\nremove /file unanswered\n"
		"close /file wrote=100 unanswered\n");
}
END_TEST

/* As many as there is no room for: the rest waits, and nothing is forgotten. */
START_TEST(too_many_without_an_answer)
{
	unsigned sent = 0, answered = 0, n = 20000, at = 0;
	char name[64], *line;

	begin(1000000);
	while (answered < n) {
		snprintf(name, sizeof(name), "/%u", sent);
		if (sent < n && packet(true, "bus", 13, U(sent), name)) {
			sent++;
			continue;
		}
		ck_assert_uint_gt(sent, answered);
		status(answered++, 0);
	}
	for (line = strtok(told, "\n"); line != NULL;
	     line = strtok(NULL, "\n")) {
		snprintf(name, sizeof(name), "remove /%u", at++);
		ck_assert_str_eq(line, name);
	}
	ck_assert_uint_eq(at, n);
}
END_TEST

/* By what the server has open when it reads a request, not when it is sent. */
START_TEST(handles_that_are_guessed)
{
	begin(64);
	packet(true, "busuu", 3, U(1), "/innocent", U(1), NONE);
	packet(false, "bus", 102, U(1), "H");
	packet(true, "bus", 4, U(2), "H");
	packet(true, "busuu", 3, U(3), "/secret", U(3), NONE);
	packet(true, "busqu", 5, U(4), "H", (uint64_t)0, U(100));
	packet(true, "busuu", 10, U(5), "H", U(4), U(04777));
	packet(true, "busqz", 6, U(6), "H", (uint64_t)0, U(7));
	packet(true, "bus", 4, U(7), "H");
	status(2, 0);
	packet(false, "bus", 102, U(3), "H");
	packet(false, "buz", 103, U(4), U(50));
	status(5, 0);
	status(6, 0);
	status(7, 0);
	is_told("open /innocent\nclose /innocent\nopen /secret\n"
		"fsetstat /secret\nclose /secret read=50 wrote=7\n");
}
END_TEST

START_TEST(what_reads_as_something_else)
{
	begin(3);
	/* No request has this type, though extensions have none. */
	packet(true, "buss", 0, U(1), "/innocent", "/innocent2");
	packet(true, "bus", 13, U(1), "/victim");
	status(1, 0);
	/* A NUL at the end is no part of a text. */
	packet(true, "bunnn", 200, U(1), "hardlink@openssh.com", "/a", "/b");
	status(1, 0);
	is_told("remove /victim\nlink /a /b\n");
}
END_TEST

/* The server would take the rest from the next packet. */
static void
is_refused(bool has_passed)
{
	ck_assert(!has_passed);
	ck_assert(sftp->is_refused);
	is_told("lost the client sent a request that no client sends; the "
		"session is ended failed\n");
	ck_assert(!packet(true, "bus", 13, U(1), "/more"));
	is_told("");
}

START_TEST(requests_that_are_too_short)
{
	begin(pieces[_i]);
	is_refused(packet(true, "b", 13));
	begin(pieces[_i]);
	is_refused(packet(true, "bul", 13, U(1), U(10)));
	begin(pieces[_i]);
	is_refused(packet(true, "busl", 18, U(1), "/a", U(100)));
	begin(pieces[_i]);
	is_refused(packet(true, "bus", 3, U(1), "/a"));
	begin(pieces[_i]);
	is_refused(packet(true, "busqu", 6, U(1), "H", (uint64_t)0, U(1)));
	begin(pieces[_i]);
	is_refused(packet(true, "busu", 9, U(1), "/a", U(4)));
}
END_TEST

START_TEST(more_files_open_than_are_followed)
{
	char name[64];
	unsigned i;

	begin(1000000);
	for (i = 0; i < SFTPTAP_HANDLES + 10; i++) {
		snprintf(name, sizeof(name), "%u", i);
		packet(true, "busuu", 3, U(1), "/f", U(2), NONE);
		packet(false, "bus", 102, U(1), name);
	}
	told_len = 0;
	packet(true, "busqz", 6, U(1), "1030", (uint64_t)0, U(7));
	status(1, 0);
	packet(true, "bus", 4, U(1), "1030");
	status(1, 0);
	packet(true, "bus", 4, U(1), "3");
	status(1, 0);
	/* Its place is free again. */
	packet(true, "busuu", 3, U(1), "/g", U(2), NONE);
	packet(false, "bus", 102, U(1), "new");
	packet(true, "bus", 4, U(1), "new");
	status(1, 0);
	is_told("close\nclose /f\nopen /g\nclose /g\n");
}
END_TEST

START_TEST(errors_of_a_file_once)
{
	begin(64);
	packet(true, "busuu", 3, U(1), "/full", U(2), NONE);
	packet(false, "bus", 102, U(1), "H");
	packet(true, "busqz", 6, U(2), "H", (uint64_t)0, U(100));
	packet(true, "busqz", 6, U(3), "H", (uint64_t)0, U(100));
	status(2, 4);
	status(3, 4);
	packet(true, "busqz", 6, U(4), "none", (uint64_t)0, U(100));
	status(4, 4);
	is_told("open /full\nwrite /full failed\nwrite failed\n");
}
END_TEST

START_TEST(a_path_that_is_too_long)
{
	AUTO(free) char *path = malloc(200001), *line = malloc(5000);

	memset(path, 'x', 200000);
	path[200000] = '\0';
	begin(pieces[_i]);
	packet(true, "bus", 13, U(1), path);
	status(1, 4);
	path[FILEOP_TEXT_MAX - 1] = '\0';
	sprintf(line, "remove %s failed cut\n", path);
	is_told(line);
	/* The longest that there is, twice. */
	packet(true, "buss", 18, U(1), path, path);
	status(1, 0);
	ck_assert_uint_eq(told_len, 7 + 2 * FILEOP_TEXT_MAX);
}
END_TEST

START_TEST(what_the_server_passes_over)
{
	begin(3);
	packet(true, "bus", 99, U(1), "unknown type");
	packet(true, "bus", 13, U(1), "/file");
	status(1, 0);
	is_told("remove /file\n");
}
END_TEST

START_TEST(what_is_not_sftp)
{
	struct writer w = WRITER_INIT;

	start(pieces[_i]);
	writer_bytes(&w, "GET / HTTP/1.1\r\n\r\n", 18);
	say(true, &w);
	is_told("lost a packet's length is not SFTP's failed\n");
	say(true, &w);
	is_told("");
	start(pieces[_i]);
	packet(true, "bus", 13, U(1), "/before-init");
	is_told("lost what the client sends is not SFTP failed\n");
	start(pieces[_i]);
	packet(true, "bu", 1, 3U);
	say(false, &w);
	is_told("lost a packet's length is not SFTP's failed\n");
	start(pieces[_i]);
	packet(true, "bu", 1, 3U);
	packet(false, "bu", 2, 6U);
	is_told("lost the server speaks a version of SFTP that is not followed "
		"failed\n");
	writer_clear(&w);
}
END_TEST

/* A conversation: "> bytes" of the sender, "< bytes" of the receiver. */
static struct scptap *scp;

static void
scp_start(uint8_t action)
{
	free(scp);
	scp = calloc(1, sizeof(*scp));
	scp->tell = note;
	scp->action = action;
	told_len = 0;
	told[0] = '\0';
}

/* How many pass at once; given byte by byte. */
static size_t
scp_say(bool is_sender, const char *p, size_t n)
{
	size_t at = 0, passed = 1;

	while (at < n && passed > 0) {
		passed = is_sender
		    ? scptap_sender(scp, (const uint8_t *)p + at, 1)
		    : scptap_receiver(scp, (const uint8_t *)p + at, 1);
		at += passed;
	}
	return at;
}

#define SENDS(text)                                              \
	ck_assert_uint_eq(scp_say(true, text, sizeof(text) - 1), \
	    sizeof(text) - 1)
#define ANSWERS(text)                                             \
	ck_assert_uint_eq(scp_say(false, text, sizeof(text) - 1), \
	    sizeof(text) - 1)

START_TEST(scp_of_a_tree)
{
	scp_start(FILEOP_UPLOAD);
	ANSWERS("\0");
	SENDS("T1 0 1 0\n");
	ANSWERS("\0");
	SENDS("D0755 0 tree\n");
	ANSWERS("\0");
	SENDS("C0644 5 one\n");
	ANSWERS("\0");
	SENDS("12345\0");
	ANSWERS("\0");
	SENDS("C0644 0 empty\n");
	ANSWERS("\0");
	SENDS("\0");
	ANSWERS("\0");
	SENDS("D0755 0 sub\n");
	ANSWERS("\0");
	SENDS("C0644 2 two\n");
	ANSWERS("\0");
	SENDS("ab\0");
	ANSWERS("\0");
	SENDS("E\n");
	ANSWERS("\0");
	SENDS("E\n");
	ANSWERS("\0");
	SENDS("C0644 1 last\n");
	ANSWERS("\0");
	SENDS("x");
	scptap_end(scp);
	is_told("upload tree/one wrote=5\nupload tree/empty\n"
		"upload tree/sub/two wrote=2\nupload last wrote=1 failed\n");
}
END_TEST

START_TEST(scp_errors)
{
	scp_start(FILEOP_DOWNLOAD);
	ANSWERS("\0");
	SENDS("\1scp: no: No such file\n");
	SENDS("C0600 3 secret\n");
	ANSWERS("\1it is not wanted\n");
	/* After a refusal there is no data. */
	SENDS("C0600 3 next\n");
	ANSWERS("\0");
	SENDS("abc\1scp: next: Input/output error\n");
	ANSWERS("\0");
	SENDS("C0600 3 full\n");
	ANSWERS("\0");
	SENDS("abc\0");
	ANSWERS("\1disk is full\n");
	SENDS("D0700 0 dir\n");
	ANSWERS("\1may not\n");
	SENDS("C0600 0 after\n");
	ANSWERS("\0");
	SENDS("\0");
	ANSWERS("\0");
	is_told("download scp: no: No such file failed\n"
		"download secret it is not wanted failed\n"
		"download next scp: next: Input/output error read=3 failed\n"
		"download full disk is full read=3 failed\n"
		"download dir may not failed\ndownload after\n");
}
END_TEST

/* Whoever does not wait for the answers is made to: else a file's data could be
 * taken for records, or these for data. */
START_TEST(scp_without_waiting)
{
	static const char all[] = "C0600 5 a\nC0600\0C0600 1 b\nx";

	scp_start(FILEOP_UPLOAD);
	ck_assert_uint_eq(scp_say(true, all, sizeof(all)), 0);
	ck_assert_uint_eq(scp_say(false, "\0\0\0", 3), 1);
	ck_assert_uint_eq(scp_say(true, all, sizeof(all)), 10);
	ck_assert_uint_eq(scp_say(true, all + 10, sizeof(all) - 10), 0);
	ck_assert_uint_eq(scp_say(false, "\0\0", 2), 1);
	ck_assert_uint_eq(scp_say(true, all + 10, sizeof(all) - 10), 6);
	ANSWERS("\0");
	ck_assert_uint_eq(scp_say(true, all + 16, sizeof(all) - 16), 10);
	ANSWERS("\0");
	ck_assert_uint_eq(scp_say(true, all + 26, sizeof(all) - 26), 2);
	ANSWERS("\0");
	is_told("upload a wrote=5\nupload b wrote=1\n");
}
END_TEST

START_TEST(scp_as_scp_reads_it)
{
	AUTO(free) char *line = malloc(SCPTAP_LINE + 1);

	scp_start(FILEOP_UPLOAD);
	ANSWERS("\0");
	/* A NUL ends a name, and no line is so long. */
	SENDS("C0600 1 shown\0hidden\n");
	ANSWERS("\0");
	SENDS("x\0");
	ANSWERS("\0");
	is_told("upload shown wrote=1\n");
	memset(line, 'n', SCPTAP_LINE);
	memcpy(line, "C0600 1 ", 8);
	ck_assert_uint_eq(scp_say(true, line, SCPTAP_LINE), SCPTAP_LINE - 1);
	is_told("lost a line is longer than any of scp's; the session is ended "
		"failed\n");
	ck_assert_uint_eq(scp_say(true, "\n", 1), 0);
	ck_assert_uint_eq(scp_say(false, "\0", 1), 0);
}
END_TEST

static const char *const not_scp[] = { "hello\n", "C0644 5\n", "C0644 x y\n",
	"C0644 5 a/b\n", "C0644 -5 a\n", "C0644 5 \n", "\n" };

START_TEST(what_is_not_scp)
{
	scp_start(FILEOP_UPLOAD);
	ANSWERS("\0");
	(void)scp_say(true, not_scp[_i], strlen(not_scp[_i]));
	is_told("lost what the sender sends is not scp's failed\n");
	SENDS("anything");
	ANSWERS("anything");
	scptap_end(scp);
	is_told("");
}
END_TEST

static const struct {
	const char *command, *operand;
	enum file_tap tap;
} commands[] = {
	{ "/usr/lib/openssh/sftp-server -e", "", FILE_TAP_SFTP },
	{ "internal-sftp", "", FILE_TAP_SFTP },
	{ "sudo -n -u root /usr/lib/openssh/sftp-server", "", FILE_TAP_SFTP },
	{ "scp -t /tmp/x", "/tmp/x", FILE_TAP_SCP_SINK },
	{ "scp -v -r -p -f -- -x", "-x", FILE_TAP_SCP_SOURCE },
	{ "scp -vrt .", ".", FILE_TAP_SCP_SINK },
	{ "LC_ALL=C exec /usr/bin/scp -f 'a;b' c", "'a;b' c",
	    FILE_TAP_SCP_SOURCE },
	{ "scp -f \"a>b\" c\\;d", "\"a>b\" c\\;d", FILE_TAP_SCP_SOURCE },
	{ "scp -l 9999 -f F", "F", FILE_TAP_SCP_SOURCE },
	{ "scp -l9999 -o 'A -t' -f F", "F", FILE_TAP_SCP_SOURCE },
	{ "\\scp -f F", "F", FILE_TAP_SCP_SOURCE },
	{ "command scp -f F", "F", FILE_TAP_SCP_SOURCE },
	{ "'/usr/lib/openssh/sftp-server'", "", FILE_TAP_SFTP },
	{ "\"s\"cp '-t' x", "x", FILE_TAP_SCP_SINK },
	{ "scp -t x; bash", "", FILE_TAP_NONE },
	{ "scp -t x >y", "", FILE_TAP_NONE },
	{ "scp a b", "", FILE_TAP_NONE },
	{ "echo scp -t", "", FILE_TAP_NONE },
	{ "cat /usr/lib/openssh/sftp-server", "", FILE_TAP_NONE },
	{ "bash", "", FILE_TAP_NONE },
	{ "", "", FILE_TAP_NONE },
};

START_TEST(commands_have_their_taps)
{
	const char *operand;

	ck_assert_msg(file_tap_for(commands[_i].command, &operand) ==
		commands[_i].tap,
	    "'%s'", commands[_i].command);
	ck_assert_str_eq(operand, commands[_i].operand);
}
END_TEST

START_TEST(taps_have_names)
{
	enum file_tap tap;

	for (tap = FILE_TAP_SFTP; tap <= FILE_TAP_SCP_SOURCE; tap++)
		ck_assert_int_eq(file_tap_of(file_tap_name(tap)), tap);
	ck_assert_int_eq(file_tap_of("ftp"), FILE_TAP_NONE);
}
END_TEST

TCase *
case_filetaps(void)
{
	TCase *c = tcase_create("filetaps");

	tcase_add_loop_test(c, a_file_goes_up_and_comes_back, 0,
	    ARRAY_SIZE(pieces));
	tcase_add_loop_test(c, requests_of_all_forms, 0, ARRAY_SIZE(pieces));
	tcase_add_test(c, one_number_for_several);
	tcase_add_test(c, answers_out_of_order);
	tcase_add_test(c, what_has_no_answer);
	tcase_add_test(c, too_many_without_an_answer);
	tcase_add_test(c, handles_that_are_guessed);
	tcase_add_test(c, what_reads_as_something_else);
	tcase_add_loop_test(c, requests_that_are_too_short, 0,
	    ARRAY_SIZE(pieces));
	tcase_add_test(c, more_files_open_than_are_followed);
	tcase_add_test(c, errors_of_a_file_once);
	tcase_add_loop_test(c, a_path_that_is_too_long, 0, ARRAY_SIZE(pieces));
	tcase_add_test(c, what_the_server_passes_over);
	tcase_add_loop_test(c, what_is_not_sftp, 0, ARRAY_SIZE(pieces));
	tcase_add_test(c, scp_of_a_tree);
	tcase_add_test(c, scp_errors);
	tcase_add_test(c, scp_without_waiting);
	tcase_add_test(c, scp_as_scp_reads_it);
	tcase_add_loop_test(c, what_is_not_scp, 0, ARRAY_SIZE(not_scp));
	tcase_add_loop_test(c, commands_have_their_taps, 0,
	    ARRAY_SIZE(commands));
	tcase_add_test(c, taps_have_names);
	return c;
}
