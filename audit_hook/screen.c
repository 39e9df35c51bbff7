/* SPDX-License-Identifier: ISC */
/* termios(3), and xterm's control sequences. */
#include <signal.h>
#include <stddef.h>
#include <termios.h>
#include <unistd.h>

#include "auto.h"
#include "screen.h"

/* What a recording may have left switched on. */
static const char reset[] = "\x1b[0m\x1b[?25h\x1b[?1000l\x1b[?1002l\x1b[?1003l"
			    "\x1b[?1006l\x1b[?2004l\x1b[?1049l";

static struct termios modes;
static volatile sig_atomic_t has_modes, is_shown;

/* Nothing but what a signal's handler may do. */
void
screen_end(void)
{
	if (is_shown)
		(void)!write(STDOUT_FILENO, reset, sizeof(reset) - 1);
	/* Also from the background. */
	(void)signal(SIGTTOU, SIG_IGN);
	if (has_modes)
		(void)tcsetattr(STDIN_FILENO, TCSANOW, &modes);
	is_shown = has_modes = 0;
}

static void
on_signal(int sig)
{
	screen_end();
	/* Its default now (SA_RESETHAND), once this has returned. */
	raise(sig);
}

bool
screen_begin(bool takes_keys)
{
	static const int signals[] = { SIGINT, SIGTERM, SIGHUP, SIGPIPE };
	struct sigaction sa = { .sa_handler = on_signal,
		.sa_flags = (int)SA_RESETHAND };
	struct termios raw;
	size_t i;

	is_shown = isatty(STDOUT_FILENO);
	has_modes = takes_keys && isatty(STDIN_FILENO) &&
	    tcgetattr(STDIN_FILENO, &modes) == 0;
	for (i = 0; i < ARRAY_SIZE(signals); i++)
		sigaction(signals[i], &sa, NULL);
	if (!has_modes)
		return false;
	raw = modes;
	raw.c_lflag &= ~(tcflag_t)(ICANON | ECHO | ISIG);
	tcsetattr(STDIN_FILENO, TCSANOW, &raw);
	return true;
}
