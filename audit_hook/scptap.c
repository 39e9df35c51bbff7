/* SPDX-License-Identifier: ISC */
/* A state a byte or, of a file's data, a piece. */
#include <string.h>

#include "parse.h"
#include "scptap.h"

enum word {
	WORD_OK = 0,
	WORD_ERROR = 1,
	WORD_FATAL = 2
};

static struct fileop_text
text_of(const struct scptap_line *line)
{
	/* Without the word that it begins with. */
	size_t n = line->n > 0 ? line->n - 1 : 0;

	if (n > FILEOP_TEXT_MAX)
		n = FILEOP_TEXT_MAX;
	return (struct fileop_text){ line->bytes + 1, n };
}

static void
give_up(struct scptap *t, const char *why)
{
	struct fileop op = { .action = FILEOP_LOST, .has_failed = true };

	op.texts[FILEOP_MESSAGE] =
	    (struct fileop_text){ (const uint8_t *)why, strlen(why) };
	scptap_end(t);
	t->is_over = true;
	t->tell(t->context, &op);
}

/* Of the file that is being copied, or of none. */
static void
tell(struct scptap *t, bool has_failed, const struct scptap_line *message)
{
	struct fileop op = { .action = t->action,
		.has_failed = has_failed,
		.is_senders = message == &t->sent,
		.is_cut = t->n_left_out > 0 };
	uint64_t n = t->is_accepted ? t->size - t->left : 0;

	op.texts[FILEOP_PATH] = (struct fileop_text){ t->path, t->path_len };
	if (message != NULL)
		op.texts[FILEOP_MESSAGE] = text_of(message);
	if (t->action == FILEOP_UPLOAD)
		op.bytes_written = n;
	else
		op.bytes_read = n;
	t->tell(t->context, &op);
}

static void
enter(struct scptap *t, const char *name)
{
	size_t n = strlen(name), at = t->path_len;

	if (t->n_left_out > 0 || at + 1 + n >= sizeof(t->path)) {
		t->n_left_out++;
		return;
	}
	if (at > 0)
		t->path[at++] = '/';
	memcpy(t->path + at, name, n);
	t->path_len = at + n;
}

static void
leave(struct scptap *t)
{
	const uint8_t *slash = memrchr(t->path, '/', t->path_len);

	if (t->n_left_out > 0)
		t->n_left_out--;
	else
		t->path_len = slash != NULL ? (size_t)(slash - t->path) : 0;
}

static void
end_file(struct scptap *t)
{
	t->is_accepted = t->has_failed = false;
	t->record = 0;
	t->state = SCPTAP_RECORD;
	leave(t);
}

/* "C0644 1234 name", "D0755 0 name" */
static int
read_record(struct scptap *t, struct scptap_line *line)
{
	char *text = (char *)line->bytes, *size, *name;

	/* As scp does: a NUL ends it, too. */
	text[line->n] = '\0';
	if ((size = strchr(text, ' ')) == NULL)
		return -1;
	*size++ = '\0';
	if ((name = strchr(size, ' ')) == NULL)
		return -1;
	*name++ = '\0';
	if (*name == '\0' || strchr(name, '/') != NULL ||
	    parse_uint(size, 0, INT64_MAX, &t->size) < 0)
		return -1;
	enter(t, name);
	return 0;
}

/* A file's or a directory's, one of their ends, times; or an error in words,
 * which nothing answers. */
static void
take_record(struct scptap *t)
{
	struct scptap_line *line = &t->sent;
	uint8_t first = line->n > 0 ? line->bytes[0] : 0;
	bool is_known = first == 'E' || first == 'T';

	if (first == WORD_ERROR || first == WORD_FATAL) {
		tell(t, true, line);
		return;
	}
	if (first == 'C' || first == 'D')
		is_known = read_record(t, line) == 0;
	if (!is_known) {
		give_up(t, "what the sender sends is not scp's");
		return;
	}
	t->left = t->size;
	t->record = first;
	t->is_answered = false;
}

/* true with a whole line, without its newline. There is room for a NUL. */
static bool
take_line(struct scptap *t, struct scptap_line *line, uint8_t c)
{
	if (c == '\n')
		return true;
	if (line->n < sizeof(line->bytes) - 1) {
		line->bytes[line->n++] = c;
		return false;
	}
	give_up(t, "a line is longer than any of scp's; the session is ended");
	t->is_refused = true;
	return false;
}

/* After the data: no error, or one in words. */
static void
take_verdict(struct scptap *t, uint8_t c)
{
	struct scptap_line *line = &t->sent;
	bool is_word = line->n > 0 || c == WORD_ERROR || c == WORD_FATAL;

	if (is_word && !take_line(t, line, c))
		return;
	if (!is_word && c != WORD_OK) {
		give_up(t, "what the sender sends is not scp's");
		return;
	}
	t->has_failed = is_word;
	t->is_answered = false;
}

static void
take_sent(struct scptap *t, uint8_t c)
{
	if (t->state == SCPTAP_VERDICT)
		take_verdict(t, c);
	else if (take_line(t, &t->sent, c)) {
		take_record(t);
		t->sent.n = 0;
	}
}

/* Of n bytes `at` have been read. */
static size_t
passing(const struct scptap *t, size_t at, size_t n)
{
	if (t->is_refused)
		return 0;
	return t->is_over ? n : at;
}

size_t
scptap_sender(struct scptap *t, const uint8_t *p, size_t n)
{
	size_t at = 0, take;

	while (at < n && !t->is_over && t->is_answered) {
		if (t->state != SCPTAP_DATA) {
			take_sent(t, p[at++]);
			continue;
		}
		take = t->left < n - at ? (size_t)t->left : n - at;
		at += take;
		t->left -= take;
		if (t->left == 0)
			t->state = SCPTAP_VERDICT;
	}
	return passing(t, at, n);
}

/* What came of the record; of a file's, before its data. */
static void
take_record_answer(struct scptap *t, bool is_refusal)
{
	if (t->record == 'C' && !is_refusal) {
		t->is_accepted = true;
		t->state = t->left > 0 ? SCPTAP_DATA : SCPTAP_VERDICT;
		return;
	}
	if (is_refusal)
		tell(t, true, &t->answer);
	if (t->record == 'C')
		end_file(t);
	else if (t->record == 'E' || (t->record == 'D' && is_refusal))
		leave(t);
	t->record = 0;
}

/* Of two errors the sender's says more. */
static void
take_file_answer(struct scptap *t, bool is_refusal)
{
	tell(t, is_refusal || t->has_failed,
	    t->has_failed    ? &t->sent
		: is_refusal ? &t->answer
			     : NULL);
	t->sent.n = 0;
	end_file(t);
}

static void
take_answer(struct scptap *t, bool is_refusal)
{
	if (t->state == SCPTAP_VERDICT)
		take_file_answer(t, is_refusal);
	else
		take_record_answer(t, is_refusal);
	t->answer.n = 0;
	t->is_answered = true;
}

size_t
scptap_receiver(struct scptap *t, const uint8_t *p, size_t n)
{
	size_t at = 0;

	while (at < n && !t->is_over && !t->is_answered) {
		uint8_t c = p[at++];

		if (t->answer.n > 0 || c == WORD_ERROR || c == WORD_FATAL) {
			if (take_line(t, &t->answer, c))
				take_answer(t, true);
		} else if (c == WORD_OK)
			take_answer(t, false);
		else
			give_up(t, "what the receiver answers is not scp's");
	}
	return passing(t, at, n);
}

void
scptap_end(struct scptap *t)
{
	if (t->is_over || t->record != 'C')
		return;
	t->record = 0;
	tell(t, true, NULL);
}
