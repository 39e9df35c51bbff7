/* SPDX-License-Identifier: ISC */
/* OpenSSH 9.2: server_request_direct_tcpip() and its like. */
#include <stdio.h>
#include <string.h>

#include "auto.h"
#include "sshdforward.h"

/* "debug1: " and "serverloop.c:FUNCTION():453 (pid=270): ", which LogVerbose
 * puts before a message; *ret_function is where FUNCTION begins, or NULL. */
static const char *
skip_prefix(const char *message, const char **ret_function)
{
	const char *colon, *end;

	*ret_function = NULL;
	if (strncmp(message, "debug", 5) == 0 &&
	    (colon = strstr(message, ": ")) != NULL && colon - message < 8)
		message = colon + 2;
	if (strncmp(message, "serverloop.c:", 13) != 0 &&
	    strncmp(message, "channels.c:", 11) != 0 &&
	    strncmp(message, "session.c:", 10) != 0)
		return message;
	if ((end = strstr(message, " (pid=")) == NULL ||
	    (end = strstr(end, "): ")) == NULL)
		return message;
	*ret_function = strchr(message, ':') + 1;
	return end + 3;
}

static bool
is_in(const char *function, const char *name)
{
	size_t n = strlen(name);

	return function != NULL && strncmp(function, name, n) == 0 &&
	    strncmp(function + n, "():", 3) == 0;
}

static void
copy(char to[SSHDFORWARD_TEXT_MAX], const char *p, size_t n)
{
	bool is_cut = n >= SSHDFORWARD_TEXT_MAX;

	if (is_cut)
		n = SSHDFORWARD_TEXT_MAX - 4;
	memcpy(to, p, n);
	memcpy(to + n, is_cut ? "..." : "", is_cut ? 4 : 1);
}

static const char *
find_last(const char *p, const char *end, const char *words)
{
	size_t n = strlen(words);
	const char *at;

	for (at = end - n; (size_t)(end - p) >= n && at >= p; at--)
		if (memcmp(at, words, n) == 0)
			return at;
	return NULL;
}

/* "HOST port N" in p..end, as HOST:N. */
static void
copy_address(char to[SSHDFORWARD_TEXT_MAX], const char *p, const char *end)
{
	const char *port = find_last(p, end, " port ");
	char text[2 * SSHDFORWARD_TEXT_MAX];
	size_t host = port != NULL ? (size_t)(port - p) : 0;
	bool is_v6 = memchr(p, ':', host) != NULL;
	int n;

	if (port == NULL || host > SSHDFORWARD_TEXT_MAX ||
	    end - port > SSHDFORWARD_TEXT_MAX / 2) {
		copy(to, p, (size_t)(end - p));
		return;
	}
	n = snprintf(text, sizeof(text), "%s%.*s%s:%.*s", is_v6 ? "[" : "",
	    (int)host, p, is_v6 ? "]" : "", (int)(end - port - 6), port + 6);
	copy(to, text, n > 0 ? (size_t)n : 0);
}

/* "originator A port P, target T" */
static bool
read_pair(const char *p, struct sshdforward *ret)
{
	static const char first[] = "originator ", second[] = ", target ";
	const char *target;

	if (strncmp(p, first, strlen(first)) != 0)
		return false;
	p += strlen(first);
	if ((target = strstr(p, second)) == NULL)
		return false;
	copy_address(ret->origin, p, target);
	target += strlen(second);
	if (ret->direction == SSHDFORWARD_STREAMLOCAL)
		copy(ret->target, target, strlen(target));
	else
		copy_address(ret->target, target, target + strlen(target));
	return true;
}

static bool
read_refused_pair(const char *p, const char *start,
    enum sshdforward_direction direction, struct sshdforward *ret)
{
	ret->direction = direction;
	ret->is_refusal = true;
	return strncmp(p, start, strlen(start)) == 0 &&
	    read_pair(p + strlen(start), ret);
}

/* "Received request from A port P to WHAT host H port N, but the request was
 * denied." */
static bool
read_denied(const char *p, const char *what,
    enum sshdforward_direction direction, struct sshdforward *ret)
{
	static const char first[] = "Received request from ";
	static const char last[] = ", but the request was denied.";
	const char *end = p + strlen(p) - strlen(last), *host;

	if (strncmp(p, first, strlen(first)) != 0 ||
	    strlen(p) < strlen(first) + strlen(last) ||
	    strcmp(end, last) != 0 || (host = strstr(p, what)) == NULL ||
	    host + strlen(what) > end)
		return false;
	ret->direction = direction;
	ret->is_refusal = true;
	host += strlen(what);
	copy_address(ret->target, host, end);
	return true;
}

/* "Local forwarding listening on A port N." */
static bool
read_listening(const char *p, struct sshdforward *ret)
{
	static const char first[] = "Local forwarding listening on ";
	size_t n = strlen(p);

	if (strncmp(p, first, strlen(first)) != 0 || p[n - 1] != '.')
		return false;
	ret->direction = SSHDFORWARD_REMOTE;
	copy_address(ret->target, p + strlen(first), p + n - 1);
	return true;
}

/* "channel 1: new [auth socket]"; since 9.4 "new auth-listener [auth socket]
 * (inactive timeout: 0)". Of other channels what stands in the brackets may be
 * the client's words, and more than these. */
static bool
read_channel(const char *p, struct sshdforward *ret)
{
	const char *open = strchr(p, '['), *first = strstr(p, ": new ");
	static const char agent[] = "[auth socket]",
			  x11[] = "[X11 inet listener]";

	if (open == NULL || first == NULL || first > open)
		return false;
	if (strncmp(open, agent, strlen(agent)) == 0)
		ret->direction = SSHDFORWARD_AGENT;
	else if (strncmp(open, x11, strlen(x11)) == 0)
		ret->direction = SSHDFORWARD_X11;
	else
		return false;
	return true;
}

/* "session_auth_agent_req: agent forwarding disabled" */
static bool
read_agent_refusal(const char *p, struct sshdforward *ret)
{
	ret->direction = SSHDFORWARD_AGENT;
	ret->is_refusal = true;
	return strstr(p, "agent forwarding disabled") != NULL;
}

/* "server_input_global_request: tcpip-forward listen A port N". Of a socket's
 * nothing is said when it listens: that it was asked for would look refused. */
static bool
read_asked(const char *p, struct sshdforward *ret)
{
	static const char tcp[] = "tcpip-forward listen ",
			  own[] = "server_input_global_request: ";

	ret->is_asked = true;
	ret->direction = SSHDFORWARD_REMOTE;
	if (strncmp(p, own, strlen(own)) == 0)
		p += strlen(own);
	if (strncmp(p, tcp, strlen(tcp)) != 0)
		return false;
	p += strlen(tcp);
	copy_address(ret->target, p, p + strlen(p));
	return true;
}

/* "session_input_channel_req: session 0 req x11-req" */
static bool
read_request(const char *p, struct sshdforward *ret)
{
	static const char x11[] = " req x11-req";
	size_t n = strlen(p);

	ret->direction = SSHDFORWARD_X11;
	ret->is_asked = true;
	return n > strlen(x11) && strcmp(p + n - strlen(x11), x11) == 0;
}

static bool
read_line(const char *p, const char *function, struct sshdforward *ret)
{
	if (is_in(function, "server_request_direct_streamlocal"))
		ret->direction = SSHDFORWARD_STREAMLOCAL;
	if ((is_in(function, "server_request_direct_tcpip") ||
		is_in(function, "server_request_direct_streamlocal")) &&
	    read_pair(p, ret))
		return true;
	if (is_in(function, "channel_setup_fwd_listener_tcpip"))
		return read_listening(p, ret);
	if (is_in(function, "server_input_global_request"))
		return read_asked(p, ret);
	if (is_in(function, "session_input_channel_req"))
		return read_request(p, ret);
	if (is_in(function, "channel_new"))
		return read_channel(p, ret);
	if (is_in(function, "session_auth_agent_req"))
		return read_agent_refusal(p, ret);
	return read_refused_pair(p,
		   "refused local port forward: ", SSHDFORWARD_LOCAL, ret) ||
	    read_refused_pair(p,
		"refused streamlocal port forward: ", SSHDFORWARD_STREAMLOCAL,
		ret) ||
	    read_denied(p, " to connect to host ", SSHDFORWARD_LOCAL, ret) ||
	    read_denied(p, " to remote forward to host ", SSHDFORWARD_REMOTE,
		ret);
}

bool
sshdforward_line(const char *message, struct sshdforward *ret)
{
	struct sshdforward found = { 0 };
	const char *function;

	message = skip_prefix(message, &function);
	if (!read_line(message, function, &found))
		return false;
	*ret = found;
	return true;
}

const char *
sshdforward_name(enum sshdforward_direction d)
{
	static const char *const names[] = { "local", "remote", "streamlocal",
		"agent", "x11" };

	return names[d];
}
