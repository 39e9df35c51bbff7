/* SPDX-License-Identifier: ISC */
/* One alert to one receiver. */
#ifndef CS_DELIVER_H
#define CS_DELIVER_H

#include "routes.h"

enum delivery {
	DELIVERED,
	DELIVERY_LATER, /* the receiver does not answer, or is in trouble */
	DELIVERY_REFUSED, /* it says that this will never do */
	DELIVERY_NOTHING /* there is nothing for it in this alert */
};

#define DELIVER_WHY_MAX 160

/* Waits at most DELIVER_TIMEOUT_S. text is the alert's line; why is set unless
 * it is delivered, and *ret_wait_s if the receiver says how long to wait. */
#define DELIVER_TIMEOUT_S 15
enum delivery deliver(const struct route *r, json_t *alert, const char *text,
    size_t len, char why[DELIVER_WHY_MAX], unsigned *ret_wait_s);

#endif
