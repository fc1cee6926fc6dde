/*
 * tables: the lifecycle tables as text, for `weird -T` and the manuals.
 */
#ifndef WEIR_TABLES_H
#define WEIR_TABLES_H

#include <stdio.h>

void tables_print(FILE *);
/*
 * In mdoc, of what a person may ask for: which status each action leads to.
 */
void tables_print_mdoc(FILE *);

#endif
