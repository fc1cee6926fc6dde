/* duration: for people to read. */

#include "daemon/core/duration.h"

#include <stddef.h>
#include <stdio.h>

void
duration_text(int64_t ns, char text[DURATION_TEXT])
{
	static const struct {
		const char *unit;
		int64_t ms;
	} units[] = {{"d", 86400000}, {"h", 3600000}, {"m", 60000}, {"s", 1000},
	    {"ms", 1}};
	int64_t ms = ns / 1000000;
	size_t used = 0;

	for (size_t i = 0; i < sizeof(units) / sizeof(units[0]); i++) {
		if (ms < units[i].ms)
			continue;
		used += (size_t)snprintf(text + used, DURATION_TEXT - used,
		    "%lld%s", (long long)(ms / units[i].ms), units[i].unit);
		ms %= units[i].ms;
	}
	if (used == 0)
		snprintf(text, DURATION_TEXT, "0s");
}
