/*
 * complete: completions for shells and the manual's list of verbs, all from the
 * table of verbs.
 */
#ifndef WEIR_CTL_COMPLETE_H
#define WEIR_CTL_COMPLETE_H

#include <stdio.h>

void complete_bash(FILE *);
void complete_zsh(FILE *);
void complete_fish(FILE *);
void complete_mdoc(FILE *);

#endif
