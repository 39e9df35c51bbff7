/* SPDX-License-Identifier: ISC */
/* This host's settings: defaults, then the vendor's, then the host's files. */
#include <dirent.h>
#include <errno.h>
#include <limits.h>
#include <stdlib.h>
#include <string.h>

#include "auto.h"
#include "parse.h"
#include "path.h"
#include "proc.h"
#include "settings.h"
#include "uuid.h"

DEFINE_AUTO(settings_free, struct settings)

#define ROW(name, read, field)                                  \
	{                                                       \
		name, read, offsetof(struct settings, field), 0 \
	}

const struct conf_key settings_keys[] = {
	ROW("ServerHostname", conf_string, server_hostname),
	ROW("ServerId", conf_string, server_id),
	ROW("ClusterName", conf_string, cluster_name),
	{ "Label", conf_label, offsetof(struct settings, labels), 1 },
	ROW("UserCA", conf_path, user_ca),
	ROW("Policy", conf_path, policy),
	ROW("PolicyKey", conf_path, policy_key),
	{ "PolicySource", conf_source,
	    offsetof(struct settings, policy_sources), 1 },
	ROW("PolicySourceCA", conf_path, policy_source_ca),
	ROW("StalePolicy", conf_stale, stale_grace_s),
	ROW("RevokedKeys", conf_path, krl),
	ROW("FetchRevokedKeys", conf_yes_no, fetch_krl),
	ROW("BreakGlassGroup", conf_string, break_glass_group),
	ROW("SftpServer", conf_path, sftp_server),
	ROW("EventSocket", conf_path, event_socket),
	ROW("KeeperTimeout", conf_timeout, keeper_timeout_s),
	ROW("RecordingDirectory", conf_path, recording_dir),
	ROW("RecordingMax", conf_bytes, recording_max_bytes),
	ROW("RecordingReserve", conf_bytes, recording_reserve_bytes),
	{ "TraceIgnore", conf_program, offsetof(struct settings, trace_ignore),
	    1 },
	{ "TracePath", conf_paths, offsetof(struct settings, trace_paths), 1 },
	ROW("TraceUnixSockets", conf_yes_no, trace_unix),
	ROW("PrintMotd", conf_yes_no, print_motd),
	ROW("PrintLastLog", conf_yes_no, print_last_log),
};
const size_t settings_n_keys = ARRAY_SIZE(settings_keys);

static char *
default_hostname(void)
{
	char name[256];

	if (gethostname(name, sizeof(name)) < 0)
		return strdup("localhost");
	name[sizeof(name) - 1] = '\0';
	return strdup(name);
}

/* machine-id(5) asks not to show the id itself: hash it. */
static char *
default_server_id(void)
{
	char text[128] = "countersign server ";
	size_t at = strlen(text);
	struct uuid u;

	if (proc_read_line("/etc/machine-id", text + at, sizeof(text) - at) <
		0 ||
	    text[at] == '\0')
		return strdup("");
	uuid_of_bytes(text, strlen(text), &u);
	return strdup(u.text);
}

struct settings *
settings_new(void)
{
	AUTO(settings_free) struct settings *s = calloc(1, sizeof(*s));

	if (s == NULL)
		return NULL;
	s->server_hostname = default_hostname();
	s->server_id = default_server_id();
	s->cluster_name = strdup("default");
	s->user_ca = strdup("/etc/countersign/user_ca.pub");
	s->policy = strdup("/var/lib/countersign/policy.json");
	s->policy_key = strdup("/etc/countersign/policy_key.pub");
	s->policy_source_ca = strdup("");
	s->krl = strdup("/var/lib/countersign/krl");
	s->fetch_krl = true;
	s->break_glass_group = strdup("");
	s->sftp_server = strdup(CS_SFTP_SERVER);
	s->event_socket = strdup("/run/countersign/log");
	s->run_dir = strdup("/run/countersign");
	s->keeper_timeout_s = 1;
	s->recording_dir = strdup("/var/log/countersign/recordings");
	s->recording_max_bytes = UINT64_C(1) << 30;
	s->recording_reserve_bytes = UINT64_C(64) << 20;
	s->print_motd = s->print_last_log = true;
	if (s->server_hostname == NULL || s->server_id == NULL ||
	    s->cluster_name == NULL || s->user_ca == NULL ||
	    s->policy == NULL || s->policy_key == NULL ||
	    s->policy_source_ca == NULL || s->krl == NULL ||
	    s->break_glass_group == NULL || s->sftp_server == NULL ||
	    s->event_socket == NULL || s->run_dir == NULL ||
	    s->recording_dir == NULL)
		return NULL;
	return TAKE(s);
}

void
settings_free(struct settings *s)
{
	if (s == NULL)
		return;
	free(s->server_hostname);
	free(s->server_id);
	free(s->cluster_name);
	labels_clear(&s->labels);
	free(s->user_ca);
	free(s->policy);
	free(s->policy_key);
	strv_clear(&s->policy_sources);
	strv_clear(&s->trace_ignore);
	strv_clear(&s->trace_paths);
	free(s->policy_source_ca);
	free(s->krl);
	free(s->break_glass_group);
	free(s->sftp_server);
	free(s->event_socket);
	free(s->run_dir);
	free(s->recording_dir);
	free(s);
}

/* The file's labels win over those of earlier files, key by key. */
static int
merge_labels(struct labels *newer, const struct labels *older)
{
	size_t i;
	int r;

	for (i = 0; i < older->n; i++) {
		r = labels_add(newer, older->v[i].key, older->v[i].value);
		if (r < 0 && r != -EEXIST)
			return r;
	}
	return 0;
}

static int
load_file(struct settings *s, const char *path, uid_t trusted,
    struct conf_error *reterr)
{
	AUTO(free) char *text = NULL;
	struct conf_error at = { 0 };
	struct labels older;
	size_t len;
	int r;

	r = path_read_trusted(path, trusted, CONF_FILE_MAX_BYTES, &text, &len);
	if (r == -ENOENT)
		return 0;
	if (r < 0) {
		conf_error(reterr, 0, "cannot read '%s': %s", path,
		    r == -EPERM ? "others than root may write it"
				: strerror(-r));
		return r;
	}
	older = s->labels;
	s->labels = (struct labels){ 0 };
	r = conf_parse(text, len, settings_keys, settings_n_keys, s, &at);
	if (r == 0)
		r = merge_labels(&s->labels, &older);
	labels_clear(&older);
	if (r == -EINVAL)
		return conf_error(reterr, at.line, "%s:%zu: %.180s", path,
		    at.line, at.what);
	return r;
}

static int
is_conf_name(const struct dirent *d)
{
	size_t n = strlen(d->d_name);

	return d->d_name[0] != '.' && n > 5 &&
	    strcmp(d->d_name + n - 5, ".conf") == 0;
}

static int
load_dir(struct settings *s, const char *dir, uid_t trusted,
    struct conf_error *reterr)
{
	struct dirent **names = NULL;
	char path[PATH_MAX];
	int i, n, r = 0;

	if ((n = scandir(dir, &names, is_conf_name, alphasort)) < 0)
		return errno == ENOENT ? 0 : -errno;
	for (i = 0; i < n; i++) {
		snprintf(path, sizeof(path), "%s/%s", dir, names[i]->d_name);
		free(names[i]);
		if (r == 0)
			r = load_file(s, path, trusted, reterr);
	}
	free(names);
	return r;
}

int
settings_load(struct settings *s, const char *vendor, const char *file,
    const char *dir, uid_t trusted, struct conf_error *reterr)
{
	int r;

	if ((r = load_file(s, vendor, trusted, reterr)) < 0 ||
	    (r = load_file(s, file, trusted, reterr)) < 0)
		return r;
	return load_dir(s, dir, trusted, reterr);
}

struct settings *
settings_load_host(struct conf_error *reterr)
{
	AUTO(settings_free) struct settings *s = settings_new();
	int r;

	if (s == NULL) {
		conf_error(reterr, 0, "out of memory");
		return NULL;
	}
	reterr->what[0] = '\0';
	r = settings_load(s, SETTINGS_VENDOR_FILE, SETTINGS_FILE, SETTINGS_DIR,
	    0, reterr);
	if (r < 0) {
		if (reterr->what[0] == '\0')
			conf_error(reterr, 0, "cannot read the settings: %s",
			    strerror(-r));
		return NULL;
	}
	return TAKE(s);
}
