/* SPDX-License-Identifier: GPL-2.0 OR ISC */
/*
 * The kernel's part of trace(8): which processes belong to a connection, what
 * they run, how they end, where they connect to. Tracepoints and cgroup hooks
 * only, as stock kernels since 5.8 have them. The structs are the kernel's, by
 * name: libbpf finds their places (CO-RE) in the running kernel's BTF.
 */
typedef unsigned char uint8_t;
typedef unsigned short uint16_t;
typedef unsigned int uint32_t;
typedef unsigned long long uint64_t;

#include <linux/bpf.h>

#include <bpf/bpf_core_read.h>
#include <bpf/bpf_endian.h>
#include <bpf/bpf_helpers.h>
#include <bpf/bpf_tracing.h>

#include "tracerecord.h"

#define AF_INET		2
#define AF_INET6	10
#define SOCK_RAW	3
#define IPPROTO_TCP	6
#define IPPROTO_UDP	17
#define IPPROTO_UDPLITE 136
#define IPPROTO_MPTCP	262
#define EEXIST		17
#define TCP_ESTABLISHED 1
#define TCP_SYN_SENT	2
#define LEVELS_MAX	4

char LICENSE[] SEC("license") = "Dual BSD/GPL";

#pragma clang attribute push(__attribute__((preserve_access_index)), \
    apply_to = record)
struct qstr {
	const unsigned char *name;
};
struct inode {
	unsigned int i_nlink;
};
struct dentry {
	struct dentry *d_parent;
	struct qstr d_name;
};
struct vfsmount {
	struct dentry *mnt_root;
};
struct mnt_namespace;
struct mount {
	struct mount *mnt_parent;
	struct mnt_namespace *mnt_ns;
	struct dentry *mnt_mountpoint;
	struct vfsmount mnt;
};
struct path {
	struct vfsmount *mnt;
	struct dentry *dentry;
};
struct file {
	struct path f_path;
	struct inode *f_inode;
};
struct fs_struct {
	struct path pwd;
};
struct linux_binprm {
	struct file *file;
	const char *filename, *interp;
	unsigned int secureexec : 1;
};
struct mm_struct {
	unsigned long arg_start, arg_end;
};
typedef struct {
	unsigned int val;
} kuid_t;
struct cred {
	kuid_t uid, euid;
};
struct tty_struct {
	char name[64];
};
typedef struct {
	int counter;
} atomic_t;
struct signal_struct {
	struct tty_struct *tty;
	atomic_t live;
};
struct ns_common {
	unsigned int inum;
};
struct pid_namespace {
	struct ns_common ns;
};
struct mnt_namespace {
	struct ns_common ns;
};
struct nsproxy {
	struct mnt_namespace *mnt_ns;
};
struct upid {
	int nr;
	struct pid_namespace *ns;
};
struct pid {
	unsigned int level;
	struct upid numbers[LEVELS_MAX];
};
struct task_struct {
	int pid, tgid;
	struct task_struct *real_parent, *group_leader;
	struct pid *thread_pid;
	struct mm_struct *mm;
	struct fs_struct *fs;
	struct signal_struct *signal;
	struct nsproxy *nsproxy;
	const struct cred *cred;
	kuid_t loginuid;
	unsigned int sessionid;
	int exit_code;
	uint64_t start_boottime;
};
struct in6_addr {
	uint8_t s6_addr[16];
};
struct sockaddr_un {
	unsigned short sun_family;
	char sun_path[108];
};
struct bpf_sock_addr_kern {
	struct sockaddr_un *uaddr; /* of a Unix socket */
	int uaddrlen;
};
struct sock_common {
	unsigned short skc_family;
	uint32_t skc_rcv_saddr, skc_daddr;
	struct in6_addr skc_v6_rcv_saddr, skc_v6_daddr;
	uint16_t skc_num, skc_dport;
};
struct sock {
	struct sock_common __sk_common;
};
#pragma clang attribute pop

/* Set before loading. */
const volatile struct trace_host host = { 0 };

struct {
	__uint(type, BPF_MAP_TYPE_HASH);
	__uint(max_entries, TRACE_MEMBERS);
	__uint(map_flags, BPF_F_NO_PREALLOC);
	__type(key, uint32_t);
	__type(value, struct trace_member);
} members SEC(".maps");

/* Who has just ended: what they did to files is told later (fanotify). */
struct {
	__uint(type, BPF_MAP_TYPE_LRU_HASH);
	__uint(max_entries, 8192);
	__type(key, uint32_t);
	__type(value, struct trace_head);
} ended SEC(".maps");

/* By the kernel's audit session: for what is not in `members`. */
struct {
	__uint(type, BPF_MAP_TYPE_HASH);
	__uint(max_entries, 16384);
	__uint(map_flags, BPF_F_NO_PREALLOC);
	__type(key, uint32_t);
	__type(value, struct trace_member);
} audit_sessions SEC(".maps");

/* People who have a connection, by the login uid that PAM gave them. */
struct {
	__uint(type, BPF_MAP_TYPE_HASH);
	__uint(max_entries, 16384);
	__uint(map_flags, BPF_F_NO_PREALLOC);
	__type(key, uint32_t);
	__type(value, uint8_t);
} login_uids SEC(".maps");

/* Sockets whose attempt was told, by cookie. */
struct {
	__uint(type, BPF_MAP_TYPE_LRU_HASH);
	__uint(max_entries, 8192);
	__type(key, uint64_t);
	__type(value, struct trace_head);
} connecting SEC(".maps");

/* A number can be another process's later, which began at another time. */
struct target {
	uint64_t began;
	uint32_t pid;
	uint32_t connection;
	uint16_t port;
	uint8_t version;
	uint8_t protocol;
	uint32_t is_send;
	uint8_t address[16];
};

/* Where datagrams went already. */
struct {
	__uint(type, BPF_MAP_TYPE_LRU_HASH);
	__uint(max_entries, 8192);
	__type(key, struct target);
	__type(value, uint8_t);
} sent SEC(".maps");

struct {
	__uint(type, BPF_MAP_TYPE_RINGBUF);
	__uint(max_entries, TRACE_RING);
} ring SEC(".maps");

/* What the ring had no room for; what `members` had none for. */
struct {
	__uint(type, BPF_MAP_TYPE_PERCPU_ARRAY);
	__uint(max_entries, 2);
	__type(key, uint32_t);
	__type(value, uint64_t);
} lost SEC(".maps");

/* The former, by connection. */
struct {
	__uint(type, BPF_MAP_TYPE_HASH);
	__uint(max_entries, 16384);
	__uint(map_flags, BPF_F_NO_PREALLOC);
	__type(key, uint32_t);
	__type(value, uint64_t);
} lost_of SEC(".maps");

/* The stack is too small for an exec. `at` is where data ends: the verifier
 * follows each value of a register and none of memory, and so has less to do. */
struct scratch {
	struct trace_exec exec;
	uint8_t data[TRACE_DATA];
	uint64_t at;
};

struct {
	__uint(type, BPF_MAP_TYPE_PERCPU_ARRAY);
	__uint(max_entries, 1);
	__type(key, uint32_t);
	__type(value, struct scratch);
} scratches SEC(".maps");

static __always_inline void
count_lost(uint32_t which)
{
	uint64_t *n = bpf_map_lookup_elem(&lost, &which);

	if (n != NULL)
		++*n;
}

/* The process's number in our PID namespace; 0: it is in another. */
static __always_inline uint32_t
number_of(struct task_struct *task)
{
	struct pid *pid = BPF_CORE_READ(task, group_leader, thread_pid);
	uint32_t level = BPF_CORE_READ(pid, level), i;

	for (i = 0; i < LEVELS_MAX; i++) {
		if (i > level)
			break;
		if (BPF_CORE_READ(pid, numbers[i].ns, ns.inum) == host.pid)
			return BPF_CORE_READ(pid, numbers[i].nr);
	}
	return 0;
}

static __always_inline struct trace_member *
member_by_audit(struct task_struct *task)
{
	uint32_t session = BPF_CORE_READ(task, sessionid);

	if (session == 0xffffffff)
		return NULL;
	return bpf_map_lookup_elem(&audit_sessions, &session);
}

/* Started by cron, at, a user's systemd: of no connection, and not unknown. */
static __always_inline int
is_detached(struct task_struct *task)
{
	uint32_t uid = BPF_CORE_READ(task, loginuid.val);

	return uid != 0xffffffff &&
	    bpf_map_lookup_elem(&login_uids, &uid) != NULL;
}

static __always_inline void
fill_head(struct trace_head *head, uint32_t type, uint32_t pid,
    const struct trace_member *m)
{
	head->type = type;
	head->member = *m;
	head->pid = pid;
	head->time_ns = bpf_ktime_get_boot_ns();
}

SEC("tp_btf/sched_process_fork")
int
BPF_PROG(on_fork, struct task_struct *parent, struct task_struct *child)
{
	struct trace_member *m;
	uint32_t pid, child_pid;

	if (BPF_CORE_READ(child, pid) != BPF_CORE_READ(child, tgid))
		return 0;
	if ((pid = number_of(parent)) == 0)
		return 0;
	if ((m = bpf_map_lookup_elem(&members, &pid)) == NULL)
		return 0;
	/* Its leader is itself, but not yet: thread_pid is set. */
	if ((child_pid = number_of(child)) == 0)
		return 0;
	if (bpf_map_update_elem(&members, &child_pid, m, BPF_ANY) != 0)
		count_lost(1);
	return 0;
}

/* Appends a part of a path, with its NUL. */
static __always_inline void
put_part(struct scratch *s, const unsigned char *name)
{
	uint64_t at = s->at;
	long n;

	if (at > TRACE_DATA - TRACE_NAME)
		return;
	n = bpf_probe_read_kernel_str(&s->data[at], TRACE_NAME, name);
	if (n > 0)
		s->at = at + (uint64_t)n;
}

/* The parts of a path, the last first, over the mounts that it lies in. */
static __always_inline void
put_path(struct scratch *s, struct path *path)
{
	struct dentry *dentry = BPF_CORE_READ(path, dentry), *parent;
	struct vfsmount *vfs = BPF_CORE_READ(path, mnt);
	struct mount *mount =
	    (void *)vfs - bpf_core_field_offset(struct mount, mnt);
	struct mount *above;
	uint64_t end = s->at + TRACE_PATH - TRACE_NAME;
	int i;

	for (i = 0; i < TRACE_DEPTH; i++) {
		if (dentry == BPF_CORE_READ(mount, mnt.mnt_root)) {
			above = BPF_CORE_READ(mount, mnt_parent);
			if (above == mount) {
				/* Of no namespace, or of another: it says
				 * nothing of where this is on the host. */
				if (BPF_CORE_READ(mount, mnt_ns) == NULL ||
				    BPF_CORE_READ(mount, mnt_ns, ns.inum) !=
					host.mount)
					s->exec.flags |= TRACE_OTHER_MOUNTS;
				return;
			}
			dentry = BPF_CORE_READ(mount, mnt_mountpoint);
			mount = above;
			continue;
		}
		if (s->at >= end)
			break;
		put_part(s, BPF_CORE_READ(dentry, d_name.name));
		parent = BPF_CORE_READ(dentry, d_parent);
		/* Without a mount: a memfd. */
		if (parent == dentry)
			return;
		dentry = parent;
	}
	s->exec.flags |= TRACE_PATH_CUT;
}

static __always_inline void
fill_exec(struct scratch *s, struct task_struct *task,
    struct linux_binprm *bprm)
{
	struct tty_struct *tty = BPF_CORE_READ(task, signal, tty);
	const struct cred *cred = BPF_CORE_READ(task, cred);
	struct file *file = BPF_CORE_READ(bprm, file);

	s->exec.id =
	    s->exec.head.time_ns << 8 | (bpf_get_smp_processor_id() & 0xff);
	s->exec.parent = number_of(BPF_CORE_READ(task, real_parent));
	s->exec.uid = BPF_CORE_READ(cred, uid.val);
	s->exec.euid = BPF_CORE_READ(cred, euid.val);
	s->exec.login_uid = BPF_CORE_READ(task, loginuid.val);
	s->exec.tty[0] = '\0';
	if (tty != NULL)
		bpf_probe_read_kernel_str(s->exec.tty, TRACE_TTY, &tty->name);
	if (BPF_CORE_READ(file, f_inode, i_nlink) == 0)
		s->exec.flags |= TRACE_FILELESS;
	if (BPF_CORE_READ(bprm, interp) != BPF_CORE_READ(bprm, filename))
		s->exec.flags |= TRACE_SCRIPT;
	if (BPF_CORE_READ_BITFIELD_PROBED(bprm, secureexec))
		s->exec.flags |= TRACE_SECURE;
}

/* The first of argv's n bytes, which begin at start. */
static __always_inline void
put_args(struct scratch *s, unsigned long start, uint64_t n)
{
	uint32_t len = n < TRACE_ARGS - 1 ? (uint32_t)n : TRACE_ARGS - 1;
	uint64_t at = s->at;

	s->exec.args_len = 0;
	if (at > TRACE_DATA - TRACE_ARGS)
		return;
	len &= TRACE_ARGS - 1;
	if (bpf_probe_read_user(&s->data[at], len, (const void *)start) != 0) {
		s->exec.flags |= TRACE_NO_ARGS;
		return;
	}
	s->exec.args_len = len;
	s->at = at + len;
}

/* The name that exec was given: of a script, the script's. */
static __always_inline void
put_name(struct scratch *s, const char *name)
{
	uint64_t at = s->at;
	long n;

	s->exec.name_len = 0;
	if (at > TRACE_DATA - TRACE_PATH)
		return;
	n = bpf_probe_read_kernel_str(&s->data[at], TRACE_PATH, name);
	if (n <= 0)
		return;
	s->exec.name_len = (uint32_t)n;
	s->at = at + (uint64_t)n;
}

static __always_inline void
count_lost_of(const struct trace_head *head)
{
	uint32_t connection = head->member.connection;
	uint64_t *n = bpf_map_lookup_elem(&lost_of, &connection), one = 1;

	count_lost(0);
	if (n != NULL)
		__sync_fetch_and_add(n, 1);
	else
		bpf_map_update_elem(&lost_of, &connection, &one, BPF_NOEXIST);
}

/* p begins with a trace_head. */
static __always_inline void
send(const void *p, uint32_t n)
{
	/* The reader looks every few milliseconds: waking it for each record
	 * costs whoever is traced more than the record does. */
	uint64_t flags =
	    bpf_ringbuf_query(&ring, BPF_RB_AVAIL_DATA) < TRACE_WAKE
	    ? BPF_RB_NO_WAKEUP
	    : BPF_RB_FORCE_WAKEUP;

	if (n > sizeof(struct scratch))
		return;
	if (bpf_ringbuf_output(&ring, (void *)p, n, flags) != 0)
		count_lost_of(p);
}

static __always_inline void
send_more_args(struct scratch *s, unsigned long start, uint64_t n)
{
	struct trace_args *a = (struct trace_args *)s;
	uint64_t id = s->exec.id;
	uint32_t len = n < TRACE_ARGS - 1 ? (uint32_t)n : TRACE_ARGS - 1;

	len &= TRACE_ARGS - 1;
	a->head.type = TRACE_ARGS_MORE;
	a->id = id;
	if (bpf_probe_read_user(a + 1, len, (const void *)start) != 0)
		return;
	a->args_len = len;
	send(a, sizeof(*a) + len);
}

SEC("tp_btf/sched_process_exec")
int
BPF_PROG(on_exec, struct task_struct *task, int old_pid,
    struct linux_binprm *bprm)
{
	uint32_t pid = number_of(task), zero = 0, flags = 0;
	uint64_t start = BPF_CORE_READ(task, mm, arg_start), at;
	uint64_t n = BPF_CORE_READ(task, mm, arg_end) - start;
	struct trace_member *m, none = { 0 };
	struct scratch *s;

	if (pid == 0)
		return 0;
	if ((m = bpf_map_lookup_elem(&members, &pid)) == NULL) {
		flags = TRACE_BY_AUDIT_SESSION;
		if ((m = member_by_audit(task)) == NULL) {
			if (!is_detached(task))
				return 0;
			m = &none;
			flags = TRACE_DETACHED;
		}
	}
	if ((s = bpf_map_lookup_elem(&scratches, &zero)) == NULL)
		return 0;
	s->at = 0;
	s->exec.flags = flags;
	fill_head(&s->exec.head, TRACE_EXEC, pid, m);
	fill_exec(s, task, bprm);
	put_path(s, &BPF_CORE_READ(bprm, file)->f_path);
	s->exec.path_len = (uint32_t)s->at;
	put_path(s, &BPF_CORE_READ(task, fs)->pwd);
	s->exec.cwd_len = (uint32_t)s->at - s->exec.path_len;
	put_name(s, BPF_CORE_READ(bprm, filename));
	s->exec.args_total = n;
	put_args(s, start, n);
	at = s->at;
	if (at <= TRACE_DATA)
		send(s, sizeof(s->exec) + at);
	if (n > TRACE_ARGS - 1)
		send_more_args(s, start + TRACE_ARGS - 1, n - (TRACE_ARGS - 1));
	return 0;
}

SEC("tp_btf/sched_process_exit")
int
BPF_PROG(on_exit, struct task_struct *task)
{
	struct trace_exit x = { 0 };
	struct trace_member *m;
	uint32_t pid;

	if (BPF_CORE_READ(task, signal, live.counter) != 0 ||
	    (pid = number_of(task)) == 0 ||
	    (m = bpf_map_lookup_elem(&members, &pid)) == NULL)
		return 0;
	fill_head(&x.head, TRACE_EXIT, pid, m);
	x.code = (uint32_t)BPF_CORE_READ(task, exit_code);
	x.lived_ns =
	    x.head.time_ns - BPF_CORE_READ(task, group_leader, start_boottime);
	bpf_map_update_elem(&ended, &pid, &x.head, BPF_ANY);
	bpf_map_delete_elem(&members, &pid);
	send(&x, sizeof(x));
	return 0;
}

static __always_inline const struct trace_member *
current_member(uint32_t *ret_pid)
{
	struct task_struct *task = (struct task_struct *)bpf_get_current_task();
	const struct trace_member *m;

	if ((*ret_pid = number_of(task)) == 0)
		return NULL;
	if ((m = bpf_map_lookup_elem(&members, ret_pid)) != NULL)
		return m;
	return member_by_audit(task);
}

static __always_inline int
is_mapped_ipv4(const uint32_t a[4])
{
	return a[0] == 0 && a[1] == 0 && a[2] == bpf_htonl(0xffff);
}

static __always_inline void
take_address(struct bpf_sock_addr *ctx, int is_v6, struct trace_connect *c)
{
	uint32_t a[4];

	if (!is_v6) {
		a[0] = ctx->user_ip4;
		c->version = 4;
		__builtin_memcpy(c->address, a, 4);
		return;
	}
	a[0] = ctx->user_ip6[0];
	a[1] = ctx->user_ip6[1];
	a[2] = ctx->user_ip6[2];
	a[3] = ctx->user_ip6[3];
	c->version = 6;
	if (is_mapped_ipv4(a)) {
		c->version = 4;
		__builtin_memcpy(c->address, &a[3], 4);
		return;
	}
	__builtin_memcpy(c->address, a, sizeof(a));
}

/* 1 lets it pass, as ever. */
static __always_inline int
on_address(struct bpf_sock_addr *ctx, int is_v6, uint8_t is_send)
{
	const struct trace_member *m;
	struct trace_connect c = { 0 };
	struct target target = { 0 };
	uint8_t one = 1;
	uint32_t pid;

	if ((m = current_member(&pid)) == NULL)
		return 1;
	take_address(ctx, is_v6, &c);
	c.port = bpf_ntohs((uint16_t)ctx->user_port);
	c.protocol = (uint8_t)ctx->protocol;
	c.is_send = is_send;
	if (c.protocol != IPPROTO_TCP) {
		target.pid = pid;
		target.began =
		    BPF_CORE_READ((struct task_struct *)bpf_get_current_task(),
			group_leader, start_boottime);
		target.port = c.port;
		target.version = c.version;
		target.connection = m->connection;
		target.protocol = c.protocol;
		target.is_send = is_send;
		__builtin_memcpy(target.address, c.address, 16);
		if (bpf_map_update_elem(&sent, &target, &one, BPF_NOEXIST) ==
		    -EEXIST)
			return 1;
	}
	fill_head(&c.head, TRACE_CONNECT, pid, m);
	bpf_get_current_comm(c.program, sizeof(c.program));
	if (c.protocol == IPPROTO_TCP) {
		c.cookie = bpf_get_socket_cookie(ctx);
		bpf_map_update_elem(&connecting, &c.cookie, &c.head, BPF_ANY);
	}
	send(&c, sizeof(c));
	return 1;
}

SEC("cgroup/connect4")
int
on_connect4(struct bpf_sock_addr *ctx)
{
	return on_address(ctx, 0, 0);
}

SEC("cgroup/connect6")
int
on_connect6(struct bpf_sock_addr *ctx)
{
	return on_address(ctx, 1, 0);
}

SEC("cgroup/sendmsg4")
int
on_sendmsg4(struct bpf_sock_addr *ctx)
{
	return on_address(ctx, 0, 1);
}

SEC("cgroup/sendmsg6")
int
on_sendmsg6(struct bpf_sock_addr *ctx)
{
	return on_address(ctx, 1, 1);
}

/* What it sends is told when it does. ping's sockets are datagram sockets, and
 * have no hook of their own. */
static __always_inline int
is_ordinary(struct bpf_sock *ctx)
{
	uint32_t p = ctx->protocol;

	return ctx->type != SOCK_RAW &&
	    (p == IPPROTO_TCP || p == IPPROTO_UDP || p == IPPROTO_UDPLITE ||
		p == IPPROTO_MPTCP);
}

SEC("cgroup/sock_create")
int
on_sock_create(struct bpf_sock *ctx)
{
	const struct trace_member *m;
	struct trace_connect c = { 0 };
	uint32_t pid;

	if (is_ordinary(ctx) || (m = current_member(&pid)) == NULL)
		return 1;
	fill_head(&c.head, TRACE_RAW_SOCKET, pid, m);
	c.version = ctx->family == AF_INET ? 4 : 6;
	c.protocol = (uint8_t)ctx->protocol;
	bpf_get_current_comm(c.program, sizeof(c.program));
	send(&c, sizeof(c));
	return 1;
}

static __always_inline int
on_bind(struct bpf_sock *ctx, int is_v6)
{
	const struct trace_member *m;
	struct trace_connect c = { 0 };
	uint32_t pid, a[4];

	if ((m = current_member(&pid)) == NULL)
		return 1;
	a[0] = ctx->src_ip4;
	if (is_v6) {
		a[0] = ctx->src_ip6[0];
		a[1] = ctx->src_ip6[1];
		a[2] = ctx->src_ip6[2];
		a[3] = ctx->src_ip6[3];
		__builtin_memcpy(c.address, a, sizeof(a));
	} else
		__builtin_memcpy(c.address, a, 4);
	c.version = is_v6 ? 6 : 4;
	c.port = (uint16_t)ctx->src_port;
	c.protocol = (uint8_t)ctx->protocol;
	fill_head(&c.head, TRACE_BIND, pid, m);
	bpf_get_current_comm(c.program, sizeof(c.program));
	send(&c, sizeof(c));
	return 1;
}

SEC("cgroup/post_bind4")
int
on_post_bind4(struct bpf_sock *ctx)
{
	return on_bind(ctx, 0);
}

SEC("cgroup/post_bind6")
int
on_post_bind6(struct bpf_sock *ctx)
{
	return on_bind(ctx, 1);
}

#ifdef CS_TRACE_unix
/* Since 6.7, whose number for this hook the library does not know yet. */
void *bpf_cast_to_kern_ctx(void *) __ksym;

SEC("cgroup/connect4")
int
on_connect_unix(struct bpf_sock_addr *ctx)
{
	struct bpf_sock_addr_kern *kern = bpf_cast_to_kern_ctx(ctx);
	const struct trace_member *m;
	struct trace_unix u = { 0 };
	uint32_t pid;
	int n;

	if ((m = current_member(&pid)) == NULL)
		return 1;
	n = BPF_CORE_READ(kern, uaddrlen) - 2;
	if (n <= 0 || n > (int)sizeof(u.path))
		return 1;
	u.len = (uint32_t)n;
	bpf_probe_read_kernel(u.path, n, &BPF_CORE_READ(kern, uaddr)->sun_path);
	fill_head(&u.head, TRACE_UNIX, pid, m);
	bpf_get_current_comm(u.program, sizeof(u.program));
	send(&u, sizeof(u));
	return 1;
}
#endif

/* Where there is no cgroup to see it: TCP's first state, in the process that
 * connects. */
static __always_inline void
on_syn_sent(struct sock *sk)
{
	const struct trace_member *m;
	struct trace_connect c = { 0 };
	uint32_t pid, a[4];

	if ((m = current_member(&pid)) == NULL)
		return;
	if (BPF_CORE_READ(sk, __sk_common.skc_family) == AF_INET) {
		a[0] = BPF_CORE_READ(sk, __sk_common.skc_daddr);
		c.version = 4;
		__builtin_memcpy(c.address, a, 4);
	} else {
		struct in6_addr to =
		    BPF_CORE_READ(sk, __sk_common.skc_v6_daddr);

		__builtin_memcpy(a, &to, sizeof(a));
		c.version = is_mapped_ipv4(a) ? 4 : 6;
		if (c.version == 4)
			__builtin_memcpy(c.address, &a[3], 4);
		else
			__builtin_memcpy(c.address, a, sizeof(a));
	}
	c.port = bpf_ntohs(BPF_CORE_READ(sk, __sk_common.skc_dport));
	c.protocol = IPPROTO_TCP;
	fill_head(&c.head, TRACE_CONNECT, pid, m);
	bpf_get_current_comm(c.program, sizeof(c.program));
	c.cookie = bpf_get_socket_cookie(sk);
	bpf_map_update_elem(&connecting, &c.cookie, &c.head, BPF_ANY);
	send(&c, sizeof(c));
}

SEC("tp_btf/inet_sock_set_state")
int
BPF_PROG(on_state, struct sock *sk, int old_state, int new_state)
{
	struct trace_connected c = { 0 };
	struct trace_head *head;

	if (new_state == TCP_SYN_SENT && !host.has_cgroup)
		on_syn_sent(sk);
	if (old_state != TCP_SYN_SENT)
		return 0;
	c.cookie = bpf_get_socket_cookie(sk);
	if ((head = bpf_map_lookup_elem(&connecting, &c.cookie)) == NULL)
		return 0;
	c.head = *head;
	c.head.type = TRACE_CONNECTED;
	c.head.time_ns = bpf_ktime_get_boot_ns();
	c.is_established = new_state == TCP_ESTABLISHED;
	c.port = BPF_CORE_READ(sk, __sk_common.skc_num);
	if (BPF_CORE_READ(sk, __sk_common.skc_family) == AF_INET) {
		uint32_t a = BPF_CORE_READ(sk, __sk_common.skc_rcv_saddr);

		c.version = 4;
		__builtin_memcpy(c.address, &a, 4);
	} else {
		struct in6_addr a =
		    BPF_CORE_READ(sk, __sk_common.skc_v6_rcv_saddr);

		c.version = 6;
		__builtin_memcpy(c.address, &a, 16);
	}
	bpf_map_delete_elem(&connecting, &c.cookie);
	send(&c, sizeof(c));
	return 0;
}
