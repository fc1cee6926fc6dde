/*
 * time_text: points in time and durations, as people read them.
 */
#ifndef WEIR_CTL_TIME_TEXT_H
#define WEIR_CTL_TIME_TEXT_H

#include <stddef.h>
#include <stdint.h>

#define TIME_TEXT_MAX 64 /* bytes */

/* "850ms" "4.2s" "3m05s" "2h07m" "3d04h"; all take ns. */
void time_text_duration(int64_t, char[TIME_TEXT_MAX]);
/* "3m ago", "in 2h"; from now. */
void time_text_ago(int64_t then, int64_t now, char[TIME_TEXT_MAX]);
/* "2027-01-01 00:00:00.000 +0100", local time. */
void time_text_exact(int64_t, char[TIME_TEXT_MAX]);
int64_t time_now(void);

#endif
