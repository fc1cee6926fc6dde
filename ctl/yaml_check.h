/*
 * yaml_check: what keys and tags of a workflow file may be.
 */
#ifndef WEIR_CTL_YAML_CHECK_H
#define WEIR_CTL_YAML_CHECK_H

#include <stddef.h>

#include "ctl/yaml.h"

#define CORE_TAG "tag:yaml.org,2002:"

/* A tag, or NULL, that has to be one of the allowed words of the core's. */
void tag_check(const struct source *, const char *tag, const char *allowed,
    size_t at, struct complaints *);
/*
 * A scalar is what its tag, or NULL, says; a whole number may be made a float
 * by it.
 */
void scalar_check_tag(const struct source *, struct yaml_node *,
    const char *tag, struct complaints *);
/* Marks a key that can't be one as dropped. */
void
node_check_key(const struct source *, struct yaml_node *, struct complaints *);
/*
 * Takes the keys that were dropped out of a map that is complete, and those
 * that stand in it for the second time.
 */
void
node_drop_keys(const struct source *, struct yaml_node *, struct complaints *);

#endif
