/* duration: for people to read, as weir-workflow(5) writes them. */
#ifndef WEIR_CORE_DURATION_H
#define WEIR_CORE_DURATION_H

#include <stdint.h>

#define DURATION_TEXT 48 /* bytes that are always enough */

/* "1h30m", "250ms"; what is below a millisecond is left out. */
void duration_text(int64_t ns, char[DURATION_TEXT]);

#endif
