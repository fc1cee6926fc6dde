/*
 * yaml_error: what libyaml could not read, in words for the file's author.
 */
#ifndef WEIR_CTL_YAML_ERROR_H
#define WEIR_CTL_YAML_ERROR_H

#include <yaml.h>

#include "ctl/source.h"

void document_refuse(
    const yaml_parser_t *, const struct source *, struct complaints *);

#endif
