/* SPDX-License-Identifier: LGPL-2.1-or-later */
#ifndef HOT_H
#define HOT_H

/*
 * What each handshake runs: the compiler puts these functions side by side, in two pages instead of
 * one each. Between two handshakes the caches have seen elliptic curves and the kernel's network.
 */
#define HOT __attribute__((hot))

#endif
