/*
 * yaml_error: what libyaml could not read, in words for the file's author.
 */
#ifndef WEIR_CTL_YAML_ERROR_H
#define WEIR_CTL_YAML_ERROR_H

#include <yaml.h>

#include "ctl/source.h"
#include "ctl/yaml_fold.h"

/* The parser was given the folded source. */
void document_refuse(const yaml_parser_t *, const struct source *,
    const struct folded *, struct complaints *);

#endif
