/* signals: their names. */
#ifndef WEIR_CORE_SIGNALS_H
#define WEIR_CORE_SIGNALS_H

/* "SIGTERM"; a phrase for one that has no common name. */
const char *signal_name(int);

#endif
