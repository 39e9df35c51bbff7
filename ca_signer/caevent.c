/* SPDX-License-Identifier: ISC */
/* The events of what a CA does (docs/FORMATS.md). */
#include <errno.h>
#include <string.h>

#include "auto.h"
#include "ca.h"
#include "ledger.h"
#include "sshcert.h"

DEFINE_AUTO(ledger_free, struct ledger)

static const char *
kind_name(uint32_t kind)
{
	return kind == CERT_HOST ? "host" : "user";
}

void
cert_create_event(struct event *ev, const struct event_context *ctx,
    struct cert_create *cc)
{
	static const struct facts none = { 0 };
	const struct facts *f = cc->facts != NULL ? cc->facts : &none;
	const struct cert_request *req = cc->req;

	event_init(ev, ctx, "cert.create", "TC000I");
	event_string(ev, "cert_type", kind_name(req->kind));
	event_uint(ev, "serial", req->serial);
	event_string(ev, "valid_after",
	    clock_rfc3339(req->valid_after, cc->valid_after));
	event_string(ev, "valid_before",
	    clock_rfc3339(req->valid_before, cc->valid_before));
	event_string(ev, "fingerprint", cc->fingerprint);
	event_string(ev, "ca_fingerprint", cc->ca_fingerprint);
	event_string(ev, "profile", cc->profile);
	event_string(ev, "request_id", f->request_id);
	event_string(ev, "reason", f->reason);
	event_object(ev, "identity");
	event_string(ev, "user", req->key_id);
	if (cc->roles != NULL)
		event_list(ev, "roles", cc->roles);
	event_list(ev, "principals", &req->principals);
	event_string(ev, "expires", cc->valid_before);
	event_string(ev, "connector_id", f->connector_id);
	event_string(ev, "mfa", f->mfa);
	event_string(ev, "client_ip", f->client_ip);
	event_json(ev, "claims", f->claims);
	event_object_end(ev);
}

void
cert_refused_event(struct event *ev, const struct event_context *ctx,
    const struct cert_refused *cr)
{
	const struct wanted *w = cr->wanted;

	event_init(ev, ctx, "cert.refused", "TC000W");
	event_string(ev, "cert_type", kind_name(w->kind));
	event_string(ev, "error", cr->error);
	event_string(ev, "rule", cr->rule);
	event_string(ev, "profile", cr->profile);
	event_string(ev, "fingerprint", cr->fingerprint);
	event_string(ev, "request_id", w->facts.request_id);
	event_string(ev, "reason", w->facts.reason);
	event_object(ev, "identity");
	event_string(ev, "user", w->id);
	event_list(ev, "roles", &w->roles);
	event_list(ev, "principals", &w->principals);
	event_string(ev, "connector_id", w->facts.connector_id);
	event_string(ev, "mfa", w->facts.mfa);
	event_string(ev, "client_ip", w->facts.client_ip);
	event_json(ev, "claims", w->facts.claims);
	event_object_end(ev);
}

bool
ca_take_line(struct reader *lines, struct reader *ret)
{
	const uint8_t *end;

	if (lines->left == 0 ||
	    (end = memchr(lines->p, '\n', lines->left)) == NULL)
		return false;
	*ret = (struct reader){ lines->p, (size_t)(end - lines->p) };
	lines->left -= ret->left + 1;
	lines->p = end + 1;
	return true;
}

static int
write_line(struct ledger *l, const struct event *ev)
{
	int r = ledger_add(l, ev, 0);

	return r < 0 ? r : ledger_commit(l);
}

int
ca_record(const char *dir, struct eventsink *sink, const struct event *ev)
{
	AUTO(ledger_free) struct ledger *l = NULL;
	char why[LEDGER_WHY_MAX];
	struct reader lines, line;
	int r;

	if ((r = ledger_open(dir, &l, why)) == 0 &&
	    (r = write_line(l, ev)) == 0) {
		lines = ledger_committed(l);
		if (ca_take_line(&lines, &line) &&
		    line.left <= EVENT_LINE_MAX) {
			eventsink_send_line(sink, (const char *)line.p,
			    line.left);
			return 0;
		}
	}
	eventsink_send(sink, ev);
	return r;
}
