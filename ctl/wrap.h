/*
 * wrap: text in lines no longer than the terminal is wide.
 */
#ifndef WEIR_CTL_WRAP_H
#define WEIR_CTL_WRAP_H

#include <stdio.h>

/*
 * Writes the text, which may hold SGR sequences, broken at blanks; the first
 * line is indented by so many columns, those that follow by two more.  Width in
 * columns; 0: as wide as it gets.
 */
void wrap_print(FILE *, const char *, unsigned indent, unsigned width);

#endif
