/* processes: from /proc, or from the kernel where there is none */

#include "daemon/processes.h"

#ifndef __linux__
#include <sys/param.h>
#include <sys/sysctl.h>
#endif
#include <sys/stat.h>

#include <dirent.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#if defined(__FreeBSD__) || defined(__DragonFly__)
#include <sys/user.h>
#endif

#include "daemon/core/alloc.h"

/* Of a command; what is longer ends in dots. */
#define COMMAND_MAX 200

static void add(struct processes *, const struct process *);
static void inherit(struct processes *);
static const struct process *find(const struct processes *, pid_t);
static char *printable(const char *, size_t);

void
processes_free(struct processes *all)
{
	free(all->list);
	memset(all, 0, sizeof(*all));
}

static void
add(struct processes *all, const struct process *process)
{
	if ((all->count & (all->count - 1)) == 0) /* full: room doubles */
		all->list = xreallocarray(all->list,
		    all->count == 0 ? 1 : 2 * all->count, sizeof(*all->list));
	all->list[all->count++] = *process;
}

void
processes_choose(struct processes *all, pid_t leader, const void *of)
{
	for (size_t i = 0; i < all->count; i++) {
		struct process *process = &all->list[i];

		if (process->of == NULL &&
		    (process->pid == leader || process->session == leader))
			process->of = of;
	}
	inherit(all);
}

void
processes_choose_one(
    struct processes *all, struct process *process, const void *of)
{
	if (process->of != NULL)
		return;
	process->of = of;
	inherit(all);
}

/* Pids go up, but for where they begin again: mostly one pass does it. */
static void
inherit(struct processes *all)
{
	bool more = true;

	while (more) {
		more = false;
		for (size_t i = 0; i < all->count; i++) {
			struct process *process = &all->list[i];
			const struct process *parent;

			if (process->of != NULL)
				continue;
			parent = find(all, process->parent);
			if (parent == NULL || parent->of == NULL)
				continue;
			process->of = parent->of;
			more = true;
		}
	}
}

static const struct process *
find(const struct processes *all, pid_t pid)
{
	for (size_t i = 0; i < all->count; i++)
		if (all->list[i].pid == pid)
			return &all->list[i];
	return NULL;
}

/* Of size bytes, arguments that each end with a NUL. */
static char *
printable(const char *bytes, size_t size)
{
	char *text;
	size_t n = size;

	while (n > 0 && bytes[n - 1] == '\0')
		n--;
	text = xmalloc(n + 4);
	for (size_t i = 0; i < n; i++) {
		unsigned char c = (unsigned char)bytes[i];

		text[i] = c == '\0' ? ' ' : c < ' ' || c > '~' ? '?' : (char)c;
	}
	text[n] = '\0';
	if (n > COMMAND_MAX)
		strcpy(text + COMMAND_MAX, "...");
	return text;
}

#ifdef __linux__

static FILE *open_proc(pid_t, const char *);
static bool read_process(pid_t, struct process *);

static FILE *
open_proc(pid_t pid, const char *name)
{
	char path[64];

	snprintf(path, sizeof(path), "/proc/%d/%s", (int)pid, name);
	return fopen(path, "re");
}

/* False for one that is dead, or gone. */
static bool
read_process(pid_t pid, struct process *process)
{
	char line[512], *end, state = 'X';
	struct stat owner = {0};
	FILE *file = open_proc(pid, "stat");
	int got = 0;

	if (file == NULL)
		return false;
	memset(process, 0, sizeof(*process));
	/* The name, in parentheses, may have any byte in it. */
	if (fgets(line, sizeof(line), file) != NULL &&
	    (end = strrchr(line, ')')) != NULL)
		got = sscanf(end + 1, " %c %d %*d %d", &state, &process->parent,
		    &process->session);
	if (fstat(fileno(file), &owner) == -1)
		got = 0;
	fclose(file);
	process->pid = pid;
	process->uid = owner.st_uid;
	process->sleeps = state == 'D';
	return got == 3 && state != 'Z' && state != 'X';
}

void
processes_look(struct processes *all)
{
	DIR *dir = opendir("/proc");
	const struct dirent *entry;
	struct process process;

	memset(all, 0, sizeof(*all));
	if (dir == NULL)
		return;
	while ((entry = readdir(dir)) != NULL) {
		pid_t pid = (pid_t)strtol(entry->d_name, NULL, 10);

		if (pid > 0 && read_process(pid, &process))
			add(all, &process);
	}
	closedir(dir);
}

char *
process_command(pid_t pid)
{
	char bytes[2 * COMMAND_MAX], *name, *text;
	FILE *file = open_proc(pid, "cmdline");
	size_t size = 0;

	if (file != NULL) {
		size = fread(bytes, 1, sizeof(bytes), file);
		fclose(file);
	}
	if (size > 0)
		return printable(bytes, size);
	file = open_proc(pid, "comm");
	if (file != NULL) {
		size = fread(bytes, 1, sizeof(bytes), file);
		fclose(file);
	}
	name = printable(bytes, size > 0 ? size - 1 : 0);
	text = xasprintf("[%s]", name);
	free(name);
	return text;
}

#else

#if defined(__FreeBSD__) || defined(__DragonFly__)
typedef struct kinfo_proc kernel_process;
#define KERNEL_QUERY                                         \
	{                                                    \
		CTL_KERN, KERN_PROC, KERN_PROC_PROC, 0, 0, 0 \
	}
#define KERNEL_QUERY_SIZE 3
#elif defined(__NetBSD__)
typedef struct kinfo_proc2 kernel_process;
#define KERNEL_QUERY                                    \
	{                                               \
		CTL_KERN, KERN_PROC2, KERN_PROC_ALL, 0, \
		    sizeof(kernel_process), 0           \
	}
#define KERNEL_QUERY_SIZE 6
#else
typedef struct kinfo_proc kernel_process;
#define KERNEL_QUERY                                                           \
	{                                                                      \
		CTL_KERN, KERN_PROC, KERN_PROC_ALL, 0, sizeof(kernel_process), \
		    0                                                          \
	}
#define KERNEL_QUERY_SIZE 6
#endif

static bool convert(const kernel_process *, struct process *);

static bool
convert(const kernel_process *kernel, struct process *process)
{
	memset(process, 0, sizeof(*process));
#if defined(__FreeBSD__)
	process->pid = kernel->ki_pid;
	process->parent = kernel->ki_ppid;
	process->session = kernel->ki_sid;
	process->uid = kernel->ki_ruid;
	process->sleeps = kernel->ki_stat == SLOCK;
	return kernel->ki_stat != SZOMB;
#elif defined(__DragonFly__)
	process->pid = kernel->kp_pid;
	process->parent = kernel->kp_ppid;
	process->session = kernel->kp_sid;
	process->uid = kernel->kp_ruid;
	return kernel->kp_stat != SZOMB;
#else
	process->pid = kernel->p_pid;
	process->parent = kernel->p_ppid;
	process->session = kernel->p_sid;
	process->uid = kernel->p_ruid;
	return kernel->p_stat != 5 /* SZOMB */ && kernel->p_stat != 6;
#endif
}

/* What was started between the two questions may not have room. */
void
processes_look(struct processes *all)
{
	int query[6] = KERNEL_QUERY;
	struct process process;
	kernel_process *list;
	size_t size = 0;

	memset(all, 0, sizeof(*all));
	if (sysctl(query, KERNEL_QUERY_SIZE, NULL, &size, NULL, 0) == -1)
		return;
	size += size / 8 + sizeof(*list);
	list = xmalloc(size);
	if (KERNEL_QUERY_SIZE == 6)
		query[5] = (int)(size / sizeof(*list));
	if (sysctl(query, KERNEL_QUERY_SIZE, list, &size, NULL, 0) == -1)
		size = 0;
	for (size_t i = 0; i < size / sizeof(*list); i++)
		if (convert(&list[i], &process))
			add(all, &process);
	free(list);
}

char *
process_command(pid_t pid)
{
	char bytes[2 * COMMAND_MAX];
	size_t size = sizeof(bytes);
#if defined(__FreeBSD__) || defined(__DragonFly__)
	int query[4] = {CTL_KERN, KERN_PROC, KERN_PROC_ARGS, (int)pid};

	if (sysctl(query, 4, bytes, &size, NULL, 0) == 0 && size > 0)
		return printable(bytes, size);
#elif defined(__NetBSD__)
	int query[4] = {CTL_KERN, KERN_PROC_ARGS, (int)pid, KERN_PROC_ARGV};

	if (sysctl(query, 4, bytes, &size, NULL, 0) == 0 && size > 0)
		return printable(bytes, size);
#else
	(void)pid;
	(void)size;
	(void)bytes;
#endif
	return xstrdup("[unknown]");
}

#endif
