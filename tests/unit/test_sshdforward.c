/* SPDX-License-Identifier: ISC */
#include <string.h>

#include "auto.h"
#include "sshdforward.h"
#include "unit.h"

#define DIRECT \
	"debug1: serverloop.c:server_request_direct_tcpip():453 (pid=270): "
#define LISTEN \
	"debug1: channels.c:channel_setup_fwd_listener_tcpip():3810 (pid=2): "

#define ASKED                                                              \
	"debug1: serverloop.c:server_input_global_request():780 (pid=7): " \
	"server_input_global_request: "
#define REQUEST                                                        \
	"debug1: session.c:session_input_channel_req():2249 (pid=7): " \
	"session_input_channel_req: session 0 req "
#define NEW "debug1: channels.c:channel_new():359 (pid=7): channel 1: "

static const struct {
	const char *line;
	const char *direction; /* NULL: no such line */
	bool is_refusal;
	const char *target, *origin;
} lines[] = {
	{ ASKED "tcpip-forward listen localhost port 9006", "remote", false,
	    "localhost:9006", "" },
	{ ASKED "streamlocal-forward listen path /run/x", NULL, false, "", "" },
	{ ASKED "rtype keepalive@openssh.com want_reply 1", NULL, false, "",
	    "" },
	{ REQUEST "x11-req", "x11", false, "", "" },
	{ REQUEST "pty-req", NULL, false, "", "" },
	{ REQUEST "x11-req x", NULL, false, "", "" },
	{ NEW "new [auth socket]", "agent", false, "", "" },
	{ NEW "new auth-listener [auth socket] (inactive timeout: 0)", "agent",
	    false, "", "" },
	{ NEW "new [X11 inet listener]", "x11", false, "", "" },
	{ NEW "new [server-session]", NULL, false, "", "" },
	{ NEW "new [listen port 1 for [auth socket] port 2]", NULL, false, "",
	    "" },
	{ "debug1: channel 1: new [auth socket]", NULL, false, "", "" },
	{ "debug1: session.c:session_auth_agent_req():2103 (pid=7): "
	  "session_auth_agent_req: agent forwarding disabled",
	    "agent", true, "", "" },
	{ DIRECT "originator 127.0.0.1 port 48098, target db1 port 5432",
	    "local", false, "db1:5432", "127.0.0.1:48098" },
	{ DIRECT "originator ::1 port 1, target 2001:db8::1 port 22", "local",
	    false, "[2001:db8::1]:22", "[::1]:1" },
	{ "serverloop.c:server_request_direct_tcpip():463 (pid=270): refused "
	  "local port forward: originator 127.0.0.1 port 5, target h port 22",
	    "local", true, "h:22", "127.0.0.1:5" },
	{ "refused local port forward: originator 127.0.0.1 port 5, target h "
	  "port 22",
	    "local", true, "h:22", "127.0.0.1:5" },
	{ "debug1: serverloop.c:server_request_direct_streamlocal():498 "
	  "(pid=3): originator  port 0, target /run/x",
	    "streamlocal", false, "/run/x", ":0" },
	{ "refused streamlocal port forward: originator  port 0, target /run/x",
	    "streamlocal", true, "/run/x", ":0" },
	{ "Received request from 10.0.0.1 port 41108 to connect to host h port "
	  "22, but the request was denied.",
	    "local", true, "h:22", "" },
	{ "channels.c:channel_setup_remote_fwd_listener():4167 (pid=9): "
	  "Received request from 10.0.0.1 port 41108 to remote forward to host "
	  "localhost port 9003, but the request was denied.",
	    "remote", true, "localhost:9003", "" },
	{ LISTEN "Local forwarding listening on ::1 port 9003.", "remote",
	    false, "[::1]:9003", "" },
	/* Names of the client's making hide nothing. */
	{ DIRECT "originator a port 1, target good port 80 port 0, target evil "
		 "port 22",
	    "local", false, "good port 80 port 0, target evil:22", "a:1" },
	{ DIRECT "originator a port 1, target evil, target good port 22",
	    "local", false, "evil, target good:22", "a:1" },
	{ DIRECT "originator a", NULL, false, NULL, NULL },
	{ "originator a port 1, target b port 2", NULL, false, NULL, NULL },
	{ "Local forwarding listening on ::1 port 9003.", NULL, false, NULL,
	    NULL },
	{ "Received request from a port 1 to connect to host b", NULL, false,
	    NULL, NULL },
	{ "Connection closed by user refused local port forward: ", NULL, false,
	    NULL, NULL },
	{ "", NULL, false, NULL, NULL },
	{ "serverloop.c:", NULL, false, NULL, NULL },
	{ "debug1: ", NULL, false, NULL, NULL },
};

START_TEST(forwardings_are_known)
{
	struct sshdforward f;
	bool is_one = sshdforward_line(lines[_i].line, &f);

	ck_assert_msg(is_one == (lines[_i].direction != NULL), "%s",
	    lines[_i].line);
	if (!is_one)
		return;
	ck_assert_str_eq(sshdforward_name(f.direction), lines[_i].direction);
	ck_assert(f.is_refusal == lines[_i].is_refusal);
	ck_assert_str_eq(f.target, lines[_i].target);
	ck_assert_str_eq(f.origin, lines[_i].origin);
}
END_TEST

START_TEST(long_names_are_cut_and_look_so)
{
	char line[8192] = DIRECT "originator a port 1, target ";
	struct sshdforward f;

	memset(line + strlen(line), 'x', 4000);
	strncat(line, " port 1", 16);
	ck_assert(sshdforward_line(line, &f));
	ck_assert_uint_eq(strlen(f.target), SSHDFORWARD_TEXT_MAX - 1);
	ck_assert_str_eq(f.target + SSHDFORWARD_TEXT_MAX - 4, "...");
}
END_TEST

TCase *
case_sshdforward(void)
{
	TCase *c = tcase_create("sshdforward");

	tcase_add_loop_test(c, forwardings_are_known, 0, ARRAY_SIZE(lines));
	tcase_add_test(c, long_names_are_cut_and_look_so);
	return c;
}
