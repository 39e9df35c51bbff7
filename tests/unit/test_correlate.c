/* SPDX-License-Identifier: ISC */
/* Counts over time do not depend on the order of what is counted: each is held
 * against a plain one that looks at everything. */
#include <stdlib.h>
#include <string.h>

#include "auto.h"
#include "dedup.h"
#include "keytable.h"
#include "shellwords.h"
#include "through.h"
#include "timecount.h"
#include "unit.h"
#include "valuecount.h"
#include "waiting.h"

#define EVENTS 12
#define SPAN   UINT64_C(10)
#define START  UINT64_C(1795653302000)

struct happening {
	uint64_t ms;
	uint32_t value;
};

/* At which times did it fire? */
struct fired {
	bool at[200];
};

static void
fire(void *context, uint64_t ms, uint64_t n)
{
	struct fired *f = context;

	(void)n;
	ck_assert(ms >= START && ms < START + 200);
	f->at[ms - START] = true;
}

static uint64_t seed;

static uint32_t
draw(uint32_t below)
{
	seed = seed * UINT64_C(6364136223846793005) + 1442695040888963407;
	return (uint32_t)(seed >> 33) % below;
}

static size_t
draw_happenings(struct happening *h)
{
	size_t i, n = 1 + draw(EVENTS);

	for (i = 0; i < n; i++)
		h[i] = (struct happening){ START + draw(60), draw(4) };
	return n;
}

static void
shuffle(struct happening *h, size_t n)
{
	size_t i, k;
	struct happening x;

	for (i = n; i > 1; i--) {
		k = draw((uint32_t)i);
		x = h[i - 1];
		h[i - 1] = h[k];
		h[k] = x;
	}
}

static int
by_time(const void *a, const void *b)
{
	const struct happening *x = a, *y = b;

	return x->ms < y->ms ? -1 : x->ms > y->ms;
}

/* How many, or how many different, in the span that ends at a time. */
static uint64_t
plainly(const struct happening *h, size_t n, uint64_t end, bool distinct)
{
	bool has[4] = { false };
	uint64_t count = 0;
	size_t i;

	for (i = 0; i < n; i++)
		if (h[i].ms <= end && h[i].ms + SPAN >= end &&
		    !(distinct && has[h[i].value])) {
			has[h[i].value] = true;
			count++;
		}
	return count;
}

static void
check_against_plain(const struct happening *h, size_t n, uint64_t wanted,
    bool distinct, const struct fired *f)
{
	size_t i;

	for (i = 0; i < n; i++)
		ck_assert_msg(f->at[h[i].ms - START] ==
			(plainly(h, n, h[i].ms, distinct) >= wanted),
		    "%zu events, at %llu", n,
		    (unsigned long long)(h[i].ms - START));
}

START_TEST(counts_do_not_depend_on_the_order)
{
	struct happening h[EVENTS];
	struct keytable t;
	struct fired f;
	size_t i, n;
	uint64_t wanted;

	seed = (uint64_t)_i;
	n = draw_happenings(h);
	wanted = 1 + draw(5);
	shuffle(h, n);
	f = (struct fired){ 0 };
	keytable_init(&t, TIMECOUNT_SLOTS);
	for (i = 0; i < n; i++)
		timecount_add(keytable_get(&t, 7, 0), h[i].ms, SPAN, wanted,
		    fire, &f);
	check_against_plain(h, n, wanted, false, &f);
	keytable_clear(&t);
}
END_TEST

START_TEST(different_values_do_not_depend_on_the_order)
{
	struct happening h[EVENTS];
	struct keytable t;
	struct fired f, sorted;
	size_t i, n, slots = valuecount_slots(20);
	uint64_t wanted;

	seed = (uint64_t)_i;
	n = draw_happenings(h);
	wanted = 1 + draw(4);
	f = sorted = (struct fired){ 0 };
	shuffle(h, n);
	keytable_init(&t, slots);
	for (i = 0; i < n; i++)
		valuecount_add(keytable_get(&t, 7, 0), slots, h[i].value,
		    h[i].ms, SPAN, wanted, fire, &f);
	keytable_clear(&t);
	qsort(h, n, sizeof(*h), by_time);
	for (i = 0; i < n; i++)
		valuecount_add(keytable_get(&t, 7, 0), slots, h[i].value,
		    h[i].ms, SPAN, wanted, fire, &sorted);
	keytable_clear(&t);
	/* In order, it is told at each time at which it is so; otherwise at the
	 * latest at the end of such a run, and never where it is not. */
	check_against_plain(h, n, wanted, true, &sorted);
	for (i = 0; i < n; i++)
		if (f.at[h[i].ms - START])
			ck_assert(plainly(h, n, h[i].ms, true) >= wanted);
	ck_assert_int_eq(memchr(f.at, 1, sizeof(f.at)) != NULL,
	    memchr(sorted.at, 1, sizeof(sorted.at)) != NULL);
}
END_TEST

START_TEST(an_order_is_one)
{
	static const struct {
		struct happening h[4];
		size_t n;
		bool fires;
	} orders[] = {
		{ { { START, 0 }, { START + 1, 1 }, { START + 2, 2 } }, 3,
		    true },
		{ { { START + 2, 2 }, { START, 0 }, { START + 1, 1 } }, 3,
		    true },
		{ { { START, 1 }, { START + 1, 0 }, { START + 2, 2 } }, 3,
		    false },
		{ { { START, 0 }, { START + 5, 1 }, { START + 11, 2 } }, 3,
		    false },
		{ { { START, 0 }, { START + 5, 0 }, { START + 6, 1 },
		      { START + 15, 2 } },
		    4, true },
		{ { { START, 0 }, { START + 1, 1 } }, 2, false },
	};
	size_t i, slots = valuecount_slots(3);
	struct fired f = { 0 };
	struct keytable t;

	keytable_init(&t, slots);
	for (i = 0; i < orders[_i].n; i++)
		valuecount_add_ordered(keytable_get(&t, 7, 0), slots,
		    orders[_i].h[i].value, orders[_i].h[i].ms, SPAN, 3, fire,
		    &f);
	ck_assert_int_eq(memchr(f.at, 1, sizeof(f.at)) != NULL,
	    orders[_i].fires);
	keytable_clear(&t);
}
END_TEST

static void
note(void *context, uint64_t ms, uint64_t n)
{
	uint64_t *most = context;

	(void)ms;
	*most = n > *most ? n : *most;
}

START_TEST(large_counts_are_kept_by_parts)
{
	struct keytable t;
	uint64_t most = 0, i;

	keytable_init(&t, TIMECOUNT_SLOTS);
	for (i = 0; i < 99; i++)
		timecount_add(keytable_get(&t, 7, 0), START + i * 10, 1000, 100,
		    note, &most);
	ck_assert_uint_eq(most, 0);
	timecount_add(keytable_get(&t, 7, 0), START + 990, 1000, 100, note,
	    &most);
	ck_assert_uint_eq(most, 100);
	/* A long time later nothing of it counts. */
	most = 0;
	timecount_add(keytable_get(&t, 7, 0), START + 100000, 1000, 2 + 15,
	    note, &most);
	ck_assert_uint_eq(most, 0);
	keytable_clear(&t);
}
END_TEST

START_TEST(keys_are_bounded_and_the_old_go)
{
	struct keyentry *e;
	struct keytable t;
	uint64_t i;

	keytable_init(&t, 1);
	for (i = 1; i < 50000; i++) {
		e = keytable_get(&t, i, i > 100 ? i - 100 : 0);
		ck_assert_ptr_nonnull(e);
		e->n = 1;
		e->last_ms = i;
	}
	/* Those that are too old have made room for the rest. */
	ck_assert(t.room <= 512);
	ck_assert_uint_eq(t.lost, 0);
	ck_assert_ptr_nonnull(keytable_find(&t, 49999));
	ck_assert_ptr_null(keytable_find(&t, 1));
	keytable_clear(&t);
}
END_TEST

struct told {
	size_t n;
	uint64_t count;
};

static void
tell(void *context, const struct dedup_window *w)
{
	struct told *t = context;

	t->n++;
	t->count += w->count;
}

START_TEST(one_alert_a_window_whatever_the_order)
{
	struct happening h[EVENTS];
	struct dedup *d = dedup_new();
	struct told t = { 0 };
	bool is_new, had[200] = { false };
	size_t i, n, windows = 0, news = 0, many = 0, of[200] = { 0 };

	seed = (uint64_t)_i;
	n = draw_happenings(h);
	shuffle(h, n);
	for (i = 0; i < n; i++) {
		(void)dedup_count(d, 1, h[i].value, 20, h[i].ms, &is_new);
		news += is_new;
		of[(h[i].ms / 20 - START / 20) * 4 + h[i].value]++;
		if (!had[(h[i].ms / 20 - START / 20) * 4 + h[i].value])
			windows++;
		had[(h[i].ms / 20 - START / 20) * 4 + h[i].value] = true;
	}
	ck_assert_uint_eq(news, windows);
	for (i = 0; i < 200; i++)
		many += of[i] > 1 ? of[i] : 0;
	dedup_end(d, tell, &t);
	ck_assert_uint_eq(t.count, many);
	dedup_free(d);
}
END_TEST

START_TEST(what_comes_late_is_no_new_alert)
{
	struct dedup *d = dedup_new();
	struct told t = { 0 };
	bool is_new;

	(void)dedup_count(d, 1, 1, 1000000, 5, &is_new);
	ck_assert(is_new);
	dedup_advance(d, 5000000, tell, &t);
	ck_assert_uint_eq(t.n, 0);
	(void)dedup_count(d, 1, 1, 1000000, 6, &is_new);
	ck_assert(!is_new);
	dedup_advance(d, 6000000, tell, &t);
	ck_assert_uint_eq(t.n, 0);
	/* Told when it is forgotten, once. */
	dedup_advance(d, DEDUP_LATE_US + 2000000, tell, &t);
	ck_assert_uint_eq(t.n, 1);
	ck_assert_uint_eq(t.count, 2);
	dedup_free(d);
}
END_TEST

static void
missed(void *context, uint64_t key, uint64_t deadline_us, const char *line,
    size_t len)
{
	(void)deadline_us;
	ck_assert_uint_eq(len, strlen(line));
	*(uint64_t *)context = *(uint64_t *)context * 10 + key;
}

START_TEST(what_does_not_come_is_missed_once)
{
	struct waiting *w = waiting_new();
	uint64_t who = 0;

	waiting_add(w, 1, 10, 20, "a", 1);
	waiting_add(w, 2, 11, 19, "b", 1);
	waiting_add(w, 3, 12, 30, "c", 1);
	waiting_came(w, 3, 11); /* it began later */
	waiting_came(w, 1, 15);
	waiting_advance(w, 19, missed, &who);
	ck_assert_uint_eq(who, 0);
	waiting_advance(w, 40, missed, &who);
	ck_assert_uint_eq(who, 23);
	waiting_advance(w, 50, missed, &who);
	ck_assert_uint_eq(who, 23);
	waiting_free(w);
}
END_TEST

/* ---- shells -------------------------------------------------------------------- */

struct said {
	char text[4096];
};

static void
say(void *context, char *const *words, size_t n)
{
	struct said *s = context;
	size_t i;

	for (i = 0; i < n; i++) {
		strcat(s->text, i > 0 ? " " : "");
		strcat(s->text, words[i]);
	}
	strcat(s->text, "|");
}

static void
say_written(void *context, char *const *words, size_t n, char *const *written,
    size_t n_written)
{
	struct said *s = context;
	size_t i;

	say(context, words, n);
	for (i = 0; i < n_written; i++) {
		s->text[strlen(s->text) - 1] = '\0';
		strcat(s->text, ">");
		strcat(s->text, written[i]);
		strcat(s->text, "|");
	}
}

static const struct {
	const char *text, *commands;
} shells[] = {
	{ "a b; c && d|e & f", "a b|c|d|e|f|" },
	{ "a 'b c' \"d $x\" e\\ f", "a b c d $x e f|" },
	{ "a > f 2>&1 < g", "a>f|" },
	{ "a >>f b", "a b>f|" },
	{ "X=1 Y=2 a b", "a b|" },
	{ "if a; then b; elif c; then d; else e; fi", "a|b|c|d|e|" },
	{ "for i in 1 2; do a $i; done", "a $i|" },
	{ "while ! a; do b; done", "a|b|" },
	{ "case $x in y) a;; esac", "a|" },
	{ "a $(b c) d", "b c|a $(b c) d|" },
	{ "a \"$(b \"c d\")\"", "b c d|a $(b \"c d\")|" },
	{ "a `b`", "b|a `b`|" },
	{ "a <(b) c", "b|a <(b) c|" },
	{ "f() { a; }", "a|" },
	{ "a # b; c\nd", "a|d|" },
	{ "a#b", "a#b|" },
	{ "cat <<EOF\nrm -rf /\nEOF\nb", "cat|b|" },
	{ "a <<< b c", "a c|" },
	{ "(a; b) > f", "a|b|" },
	{ "a ''", "a |" },
	{ "", "" },
	{ "a \\\nb", "a b|" },
	{ "a 'b", "a b|" },
	{ "a $(b", "b|a $(b|" },
	{ "\"if\" x", "if x|" },
};

START_TEST(a_shells_text_is_its_commands)
{
	struct said s = { "" };
	const struct shellwords to = { say_written, &s };

	ck_assert_int_eq(shellwords_read(shells[_i].text,
			     strlen(shells[_i].text), &to),
	    0);
	ck_assert_str_eq(s.text, shells[_i].commands);
}
END_TEST

static const struct {
	const char *words[8];
	const char *commands;
} wrapped[] = {
	{ { "sudo", "nmap", "-sS" }, "nmap -sS|" },
	{ { "/usr/bin/sudo", "-u", "bob", "-n", "id" }, "id|" },
	{ { "sudo", "--", "-x" }, "-x|" },
	{ { "env", "A=1", "-i", "B=2", "id" }, "id|" },
	{ { "timeout", "-k", "5", "10", "id" }, "id|" },
	{ { "nohup", "sh", "-c", "a; b c" }, "sh -c a; b c|a|b c|" },
	{ { "busybox", "wget", "x" }, "wget x|" },
	{ { "bash", "-lc", "sudo id" }, "sudo id|id|" },
	{ { "sh", "-c", "-e", "id" }, "id|" },
	{ { "sudo", "-uroot", "id" }, "id|" },
	{ { "sudo", "--user", "root", "id" }, "id|" },
	{ { "timeout", "--signal", "KILL", "5", "id" }, "id|" },
	{ { "sh", "-c", "exec id; command ls; eval 'ps x'" },
	    "exec id|id|command ls|ls|eval ps x|ps x|" },
	{ { "bash", "script.sh" }, "" },
	{ { "-bash", "-c", "id" }, "id|" },
	{ { "sudo", "-l" }, "" },
	{ { "sudo" }, "" },
	{ { "ls", "-l" }, "" },
	{ { "xargs", "-n", "1", "rm", "-f" }, "rm -f|" },
};

START_TEST(what_runs_another_is_seen_through)
{
	const char *const *from = wrapped[_i].words;
	char *words[8];
	struct said s = { "" };
	const struct through to = { say, &s };
	size_t n;

	for (n = 0; n < 8 && from[n] != NULL; n++)
		words[n] = strdup(from[n]);
	ck_assert_int_eq(through_read(words, n, &to), 0);
	ck_assert_str_eq(s.text, wrapped[_i].commands);
	while (n > 0)
		free(words[--n]);
}
END_TEST

TCase *
case_correlate(void)
{
	TCase *tc = tcase_create("correlate");

	tcase_add_loop_test(tc, counts_do_not_depend_on_the_order, 0, 500);
	tcase_add_loop_test(tc, different_values_do_not_depend_on_the_order, 0,
	    500);
	tcase_add_loop_test(tc, an_order_is_one, 0, 6);
	tcase_add_test(tc, large_counts_are_kept_by_parts);
	tcase_add_test(tc, keys_are_bounded_and_the_old_go);
	tcase_add_loop_test(tc, one_alert_a_window_whatever_the_order, 0, 200);
	tcase_add_test(tc, what_comes_late_is_no_new_alert);
	tcase_add_test(tc, what_does_not_come_is_missed_once);
	tcase_add_loop_test(tc, a_shells_text_is_its_commands, 0,
	    ARRAY_SIZE(shells));
	tcase_add_loop_test(tc, what_runs_another_is_seen_through, 0,
	    ARRAY_SIZE(wrapped));
	return tc;
}
