/* role_names: whether there are those who have roles by weird.conf. */
#ifndef WEIR_ROLE_NAMES_H
#define WEIR_ROLE_NAMES_H

#include "daemon/settings.h"

/* Tells of each user and group that this machine doesn't know: a slip, or one
 * who comes later. */
void role_names_check(const struct config *, settings_complain *, void *ctx);

#endif
