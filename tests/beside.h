/*
 * beside: how a well-behaved client fares beside a hostile one, and how much
 * memory the daemon takes meanwhile.
 */
#ifndef WEIR_TESTS_BESIDE_H
#define WEIR_TESTS_BESIDE_H

#include <stdbool.h>
#include <stddef.h>

#define BESIDE_MIB ((size_t)1024 * 1024)

/* What hostile clients do, in a process of their own, until it is killed. */
struct attack {
	const char *name;
	/* Calls attack_begun once all of it is in force. */
	void (*run)(void);
	/* Bytes that the daemon may take for it at most. */
	size_t bound;
};

/* A daemon with weird.conf as given, and what the good client needs. */
void beside_begin(const char *conf);
void beside_end(void);
/*
 * Measures without and with the attack, prints both, and demands that the
 * client has got all its answers and that the memory was within its bound.
 */
void beside_attack(const struct attack *);
/* The daemon's memory now, in bytes. */
size_t beside_memory(void);
/* The same at its highest since beside_mark. */
size_t beside_peak(void);
void beside_mark(void);
/* Nothing is known of memory there. */
bool beside_is_sanitized(void);
/* Time that the daemon has spent computing since its start, in ms. */
long beside_cpu(void);

/* For attacks. */
void attack_begun(void);

#endif
