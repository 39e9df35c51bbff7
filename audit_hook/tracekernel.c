/* SPDX-License-Identifier: ISC */
/* libbpf. The object file is part of this program. */
#include <bpf/bpf.h>
#include <bpf/libbpf.h>
#include <errno.h>
#include <fcntl.h>
#include <linux/capability.h>
#include <mntent.h>
#include <stdarg.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

#include "auto.h"
#include "clock.h"
#include "proc.h"
#include "tracekernel.h"

#define CGROUP_UNIX_CONNECT 49
#define LINKS_MAX	    16
#define ENDED_USEC	    (5 * USEC_PER_SEC)

/* An object file as part of this program. */
#define OBJECT(name, file)                                \
	__asm__(".section .rodata\n"                      \
		".balign 16\n"                            \
		".globl " #name "\n" #name ":\n"          \
		".incbin \"" CS_TRACE_OBJECTS file "\"\n" \
		".globl " #name "_end\n" #name "_end:\n"  \
		".previous\n");                           \
	extern const char name[], name##_end[]

OBJECT(trace_plain, "plain.bpf.o");
/* With what only kernels have that let Unix sockets be seen. */
OBJECT(trace_unix, "unix.bpf.o");

struct tracekernel {
	struct bpf_object *object;
	struct ring_buffer *ring;
	struct bpf_link *links[LINKS_MAX];
	size_t n_links;
	int members, ended, audits, uids, lost, lost_of;
	tracesource_reader *read;
	void *context;
	unsigned left; /* records that may be read now */
	char cgroup[256];
};

static int
say_nothing(enum libbpf_print_level level, const char *fmt, va_list ap)
{
	(void)level;
	(void)fmt;
	(void)ap;
	return 0;
}

static int
take(void *context, void *data, size_t n)
{
	struct tracekernel *k = context;
	bool goes_on = true;

	if (n >= sizeof(struct trace_head) && n <= UINT32_MAX)
		goes_on = k->read(k->context, data, (uint32_t)n);
	/* This one is read all the same. */
	return --k->left == 0 || !goes_on ? -EINTR : 0;
}

static int
set_host(struct tracekernel *k)
{
	struct bpf_map *map =
	    bpf_object__find_map_by_name(k->object, ".rodata");
	struct trace_host ours;
	struct stat pid, mount;

	/* The host's, should a service manager have given us one of our own. */
	if (map == NULL || stat("/proc/self/ns/pid", &pid) < 0 ||
	    (stat("/proc/1/ns/mnt", &mount) < 0 &&
		stat("/proc/self/ns/mnt", &mount) < 0))
		return -ENOENT;
	ours = (struct trace_host){ (uint32_t)pid.st_ino,
		(uint32_t)mount.st_ino, k->cgroup[0] != '\0' };
	return bpf_map__set_initial_value(map, &ours, sizeof(ours));
}

/* Where cgroup2 is mounted; "": nowhere. */
static void
find_cgroup(struct tracekernel *k)
{
	FILE *f = setmntent("/proc/self/mounts", "r");
	const struct mntent *m;

	while (f != NULL && (m = getmntent(f)) != NULL)
		if (strcmp(m->mnt_type, "cgroup2") == 0) {
			snprintf(k->cgroup, sizeof(k->cgroup), "%s",
			    m->mnt_dir);
			break;
		}
	if (f != NULL)
		endmntent(f);
}

static bool
keep_link(struct tracekernel *k, struct bpf_link *link)
{
	if (link == NULL || k->n_links == LINKS_MAX) {
		bpf_link__destroy(link);
		return false;
	}
	k->links[k->n_links++] = link;
	return true;
}

static bool
attach(struct tracekernel *k, const char *name)
{
	struct bpf_program *p =
	    bpf_object__find_program_by_name(k->object, name);

	return p != NULL && keep_link(k, bpf_program__attach(p));
}

static bool
attach_cgroup(struct tracekernel *k, int cgroup, const char *name)
{
	struct bpf_program *p =
	    bpf_object__find_program_by_name(k->object, name);

	return p != NULL && keep_link(k, bpf_program__attach_cgroup(p, cgroup));
}

/* Without a cgroup2 there are TCP's connects, by their states. */
static void
attach_network(struct tracekernel *k, struct tracesource_can *ret)
{
	int fd = open(k->cgroup, O_RDONLY | O_DIRECTORY | O_CLOEXEC);

	ret->results = attach(k, "on_state");
	ret->connects = ret->results && k->cgroup[0] == '\0';
	if (fd < 0)
		return;
	ret->cgroup = k->cgroup;
	ret->connects = attach_cgroup(k, fd, "on_connect4") &&
	    attach_cgroup(k, fd, "on_connect6");
	ret->sends = ret->connects && attach_cgroup(k, fd, "on_sendmsg4") &&
	    attach_cgroup(k, fd, "on_sendmsg6");
	ret->raw_sockets = attach_cgroup(k, fd, "on_sock_create");
	ret->unix_sockets = attach_cgroup(k, fd, "on_connect_unix");
	ret->binds = attach_cgroup(k, fd, "on_post_bind4") &&
	    attach_cgroup(k, fd, "on_post_bind6");
	close(fd);
}

/* linux/bpf.h since 6.7; the enum of older headers ends before it. */
static void
set_unix_hook(const struct tracekernel *k)
{
	struct bpf_program *p =
	    bpf_object__find_program_by_name(k->object, "on_connect_unix");

	if (p != NULL)
		bpf_program__set_expected_attach_type(p,
		    (enum bpf_attach_type)CGROUP_UNIX_CONNECT);
}

static int
load(struct tracekernel *k, bool has_results, bool has_unix)
{
	struct bpf_object_open_opts options = { .sz = sizeof(options),
		.object_name = "countersign" };
	const char *start = has_unix ? trace_unix : trace_plain;
	const char *end = has_unix ? trace_unix_end : trace_plain_end;
	struct bpf_program *p;
	int r;

	k->object = bpf_object__open_mem(start,
	    (uintptr_t)end - (uintptr_t)start, &options);
	if (k->object == NULL)
		return -errno;
	p = bpf_object__find_program_by_name(k->object, "on_state");
	if (p != NULL)
		bpf_program__set_autoload(p, has_results);
	set_unix_hook(k);
	if ((r = set_host(k)) == 0)
		r = bpf_object__load(k->object);
	if (r < 0) {
		bpf_object__close(k->object);
		k->object = NULL;
	}
	return r;
}

/* An old kernel may refuse what it does not know: that is left out. */
static int
load_what_can(struct tracekernel *k, bool wants_unix)
{
	int r;

	if (wants_unix && load(k, true, true) == 0)
		return 0;
	if ((r = load(k, true, false)) < 0)
		r = load(k, false, false);
	return r;
}

static int
find_maps(struct tracekernel *k)
{
	int ring = bpf_object__find_map_fd_by_name(k->object, "ring");

	k->members = bpf_object__find_map_fd_by_name(k->object, "members");
	k->ended = bpf_object__find_map_fd_by_name(k->object, "ended");
	k->audits =
	    bpf_object__find_map_fd_by_name(k->object, "audit_sessions");
	k->uids = bpf_object__find_map_fd_by_name(k->object, "login_uids");
	k->lost = bpf_object__find_map_fd_by_name(k->object, "lost");
	k->lost_of = bpf_object__find_map_fd_by_name(k->object, "lost_of");
	if (k->members < 0 || k->lost_of < 0 || k->ended < 0 || k->audits < 0 ||
	    k->uids < 0 || k->lost < 0 || ring < 0)
		return -ENOENT;
	k->ring = ring_buffer__new(ring, take, k, NULL);
	return k->ring == NULL ? -errno : 0;
}

static void
release(void *of)
{
	struct tracekernel *k = of;

	while (k->n_links > 0)
		bpf_link__destroy(k->links[--k->n_links]);
	ring_buffer__free(k->ring);
	bpf_object__close(k->object);
	free(k);
}

static int
ring_fd(const void *of)
{
	const struct tracekernel *k = of;

	return ring_buffer__epoll_fd(k->ring);
}

static bool
read_ring(void *of, unsigned most)
{
	struct tracekernel *k = of;

	k->left = most;
	return ring_buffer__consume(k->ring) == -EINTR;
}

static int
add(void *of, uint32_t pid, struct trace_member m)
{
	const struct tracekernel *k = of;

	return bpf_map_update_elem(k->members, &pid, &m, BPF_ANY) < 0 ? -errno
								      : 0;
}

/* Its number may be another's by then. */
static bool
has_just_ended(const struct tracekernel *k, uint32_t pid,
    struct trace_member *ret)
{
	struct trace_head end;

	if (bpf_map_lookup_elem(k->ended, &pid, &end) < 0 ||
	    clock_boot_usec() > end.time_ns / 1000 + ENDED_USEC)
		return false;
	*ret = end.member;
	return true;
}

static bool
find_process(const void *of, uint32_t pid, struct trace_member *ret)
{
	const struct tracekernel *k = of;
	uint32_t session;

	return bpf_map_lookup_elem(k->members, &pid, ret) == 0 ||
	    has_just_ended(k, pid, ret) ||
	    (proc_audit_session((pid_t)pid, &session) == 0 &&
		bpf_map_lookup_elem(k->audits, &session, ret) == 0);
}

static void
remove_process(void *of, uint32_t pid)
{
	const struct tracekernel *k = of;

	(void)bpf_map_delete_elem(k->members, &pid);
}

static int
add_audit(void *of, uint32_t audit_session_id, struct trace_member m)
{
	const struct tracekernel *k = of;

	if (audit_session_id == UINT32_MAX)
		return 0;
	return bpf_map_update_elem(k->audits, &audit_session_id, &m, BPF_ANY) <
		0
	    ? -errno
	    : 0;
}

static void
forget_audit(void *of, uint32_t audit_session_id)
{
	const struct tracekernel *k = of;

	(void)bpf_map_delete_elem(k->audits, &audit_session_id);
}

static void
watch_uid(void *of, uint32_t uid, bool is_watched)
{
	const struct tracekernel *k = of;
	uint8_t one = 1;

	if (is_watched)
		(void)bpf_map_update_elem(k->uids, &uid, &one, BPF_ANY);
	else
		(void)bpf_map_delete_elem(k->uids, &uid);
}

static void
find_used(const void *of, bool *used, uint32_t n)
{
	const struct tracekernel *k = of;
	struct trace_member m;
	uint32_t key, *before = NULL;

	while (bpf_map_get_next_key(k->members, before, &key) == 0) {
		if (bpf_map_lookup_elem(k->members, &key, &m) == 0 &&
		    m.connection < n)
			used[m.connection] = true;
		before = &key;
	}
}

static uint64_t
sum_of(const struct tracekernel *k, uint32_t which)
{
	int n = libbpf_num_possible_cpus(), i;
	AUTO(free)
	uint64_t *each = calloc(n > 0 ? (size_t)n : 1, sizeof(*each));
	uint64_t sum = 0;

	if (each == NULL || bpf_map_lookup_elem(k->lost, &which, each) < 0)
		return 0;
	for (i = 0; i < n; i++)
		sum += each[i];
	return sum;
}

static void
count_lost(const void *of, uint64_t *ret_records, uint64_t *ret_members)
{
	const struct tracekernel *k = of;

	*ret_records = sum_of(k, 0);
	*ret_members = sum_of(k, 1);
}

static uint64_t
take_lost_of(void *of, uint32_t connection)
{
	const struct tracekernel *k = of;
	uint64_t n;

	if (bpf_map_lookup_elem(k->lost_of, &connection, &n) < 0)
		return 0;
	/* What comes between the two is in the sum, and nobody's. */
	(void)bpf_map_delete_elem(k->lost_of, &connection);
	return n;
}

static int
begin(struct tracekernel *k, bool wants_unix)
{
	int r;

	if ((r = load_what_can(k, wants_unix)) < 0 || (r = find_maps(k)) < 0)
		return r;
	return attach(k, "on_exit") && attach(k, "on_fork") &&
		attach(k, "on_exec")
	    ? 0
	    : -errno;
}

int
tracekernel_open(bool wants_unix, tracesource_reader *read, void *context,
    struct tracesource *ret)
{
	static const struct tracesource_ops ops = { .free = release,
		.fd = ring_fd,
		.read = read_ring,
		.add = add,
		.find = find_process,
		.remove = remove_process,
		.add_audit = add_audit,
		.forget_audit = forget_audit,
		.watch_uid = watch_uid,
		.used = find_used,
		.lost = count_lost,
		.take_lost_of = take_lost_of };
	struct tracekernel *k = calloc(1, sizeof(*k));
	int r;

	if (k == NULL)
		return -ENOMEM;
	k->read = read;
	k->context = context;
	ret->ops = &ops;
	ret->of = k;
	libbpf_set_print(say_nothing);
	find_cgroup(k);
	if ((r = begin(k, wants_unix)) < 0)
		return r;
	attach_network(k, &ret->can);
	/* What is loaded and attached stays so; its maps want this. */
	ret->capabilities = UINT64_C(1) << CAP_BPF;
	return 0;
}
